"""The Try page: draw, open a picture or look through the camera; see what the network answers, and what layers saw."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QStackedWidget, QVBoxLayout
from typing_extensions import override

from cnnstudio.data.folders.files import PictureFile
from cnnstudio.errors import StudioError
from cnnstudio.gui.controls.buttons import push_button
from cnnstudio.gui.controls.describe import breakable, describe, label
from cnnstudio.gui.controls.layouts import STRETCH, column, row, widget_of
from cnnstudio.gui.controls.progress_panel import ProgressBar
from cnnstudio.gui.library import Library
from cnnstudio.gui.look.theme import GRID, SECTION
from cnnstudio.gui.pages import Page
from cnnstudio.gui.pages.choosers.models import ModelChooser, photo_model
from cnnstudio.gui.pages.choosers.names import title_of
from cnnstudio.gui.pages.choosers.network_input.draw_source import NARROW_PAGE
from cnnstudio.gui.pages.choosers.network_input.image_panel import ImagePanel
from cnnstudio.gui.pages.choosers.network_input.session import (
    MANY_LAYERS,
    Answer,
    Drawing,
    Look,
    LookInside,
    ModelInput,
    PartAnswer,
    Picture,
    Session,
    UnopenedModelError,
    UnreadablePictureError,
    UnusablePictureError,
    blocks_of,
    flattened,
    is_unsure,
    rows_of,
)
from cnnstudio.gui.settings import Settings
from cnnstudio.gui.task import LatestTask, aside
from cnnstudio.gui.widgets.charts.probability_bars import ProbabilityBars
from cnnstudio.gui.widgets.maps.feature_maps import FeatureMapGrid
from cnnstudio.models.trained.class_names import NAMES_FILES
from cnnstudio.models.trained.classifier import LayerInfo, Prediction
from cnnstudio.models.trained.outputs import LIKELY
from cnnstudio.models.trained.parts import is_model
from cnnstudio.storage import is_folder, shipped
from cnnstudio.wording import certainty

if TYPE_CHECKING:
    from cnnstudio.gui.pages.try_.folder_view import FolderView

_EVERY_LAYER = "The output of every layer"

NO_ANSWER = "No answer yet"

_MOST_TOLD = 30
"""Digits of a sheet that are listed; the others are beside their boxes."""

NO_DIGIT = "No digit?"
"""The answer to a picture that looks like none, in place of the most probable digit."""


@dataclass(frozen=True)
class Tried:
    """What the page shows.

    Attributes:
        model: in use; None where there is none.
        input: the image that it is tried on; None for a blank canvas.
    """

    model: Path | None
    input: ModelInput | None


class TryPage(Page):
    """The image on the left, the answer in the middle, what every layer saw on the right.

    Signals:
        navigate(str, object): to the Architecture or the Train page, with a model's path; to the Inside page, with a
            `LookInside`.
        ready(): a model is open and compiled: the next drawing is answered at once.
        answered(object): an `Answer` is on screen.
    """

    ready = Signal()
    answered = Signal(object)

    def __init__(self, settings: Settings, library: Library | None = None) -> None:
        super().__init__(library)
        self._settings = settings
        self._session = Session()
        self._task = LatestTask(self)
        self._task.finished.connect(self._show)
        self._task.failed.connect(self._fail)
        self._open: Path | None = None
        self._layers: tuple[LayerInfo, ...] = ()
        self._blocks: list[tuple[str, ...]] = []
        self._answer_shown: Answer | None = None
        self._awaited: ModelInput | None = None
        self._explained: tuple[str, ...] = ()
        """The enlarged maps for which the arithmetic was asked last."""
        self._folder: FolderView | None = None

        self._message.accepted.connect(self._open_photo_model)
        answer, layers = self._build_answer(), self._build_layers()
        self._columns = row(self._build_panel(), (answer, 2), (layers, 3), gap=SECTION)
        page = column(self._build_header(), self._message, (self._columns, 1), gap=2 * GRID, edge=SECTION)
        self._views = QStackedWidget()
        self._views.addWidget(widget_of(page))
        self.setLayout(column(self._views))
        self._panel.add_keys(self)
        with QSignalBlocker(self._models):  # it is opened once the window was painted
            self._models.recall()
        if self._models.card is not None:
            self._panel.use(self._models.card)
        self._tell_state()

    @property
    def model(self) -> Path | None:
        """The model that is open; None while one is being opened."""
        return self._open

    @property
    def busy(self) -> str | None:
        """What would be interrupted now, as a sentence."""
        running = self._folder is not None and self._folder.running
        return "A folder is being classified." if running else None

    def warm_up(self) -> None:
        """Opens the model in the background, TensorFlow with it, so that the first stroke is answered at once."""
        self._ask()

    def entered(self) -> None:
        """What was trained meanwhile is opened."""
        super().entered()
        self._models.recall()

    def refresh(self) -> None:
        """The list of models may be another now."""
        self._models.refresh()

    @override
    def kept(self) -> Tried:
        """The model that is chosen, and the image that it is tried on."""
        return Tried(self._models.path, self._panel.source.input)

    @override
    def facts(self) -> dict[str, Any]:
        """The answer; None where there is none."""
        return {"answer": None if self._answer_shown is None else self._answer.text()}

    @Slot(object)
    def receive(self, payload: Path | str | Tried) -> None:
        """Opens a model, a run, a picture, or a folder or zip archive of pictures; or what was kept.

        The name of a model that ships opens it, to draw for it.
        """
        self._views.setCurrentIndex(0)
        if isinstance(payload, str):
            payload = Tried(shipped("trained") / payload, Drawing([]))
        if isinstance(payload, Tried):
            if payload.model not in (None, self._models.path):
                self._models.open(payload.model)
            self._panel.show_input(payload.input or Drawing([]))
        elif aside(partial(is_model, payload)):
            self._models.open(payload)
        elif is_folder(payload) or payload.suffix.lower() == ".zip":
            self._classify_folder(payload)
        elif payload.name.lower() in NAMES_FILES:
            self._message.show_error(
                f"{payload.name} is not a picture. If it holds the class names of a model, open that model, choose "
                "“What is it…” in the menu beside its name, and drop the file on the classes there."
            )
        else:
            self._panel.open_picture(payload)

    def shut_down(self) -> None:
        """Waits for the request that is being answered."""
        self._panel.shut_down()
        self._models.shut_down()
        if self._folder is not None:
            self._folder.shut_down()
        self._task.shut_down()

    def _build_header(self) -> QHBoxLayout:
        self._models = ModelChooser(self.library, self._settings, self._message)
        self._models.setMinimumWidth(46 * GRID)
        self._models.setMaximumWidth(64 * GRID)
        self._models.chosen.connect(self._model_chosen)
        self._models.described.connect(self._reopen)
        self._models.layers_wanted.connect(partial(self.navigate.emit, "architecture"))
        self._models.mistakes_wanted.connect(partial(self.navigate.emit, "data"))
        self._models.training_wanted.connect(partial(self.navigate.emit, "train"))
        self._to_folder = push_button(
            "to_folder_button",
            "&Back to the folder",
            "Back to the pictures of the folder and their answers.",
            self._show_folder,
            picture="arrow-left",
        )
        self._to_folder.hide()
        heading = label("Try a network", "heading")
        return row(heading, self._to_folder, STRETCH, (self._models, 2), gap=2 * GRID)

    def _build_panel(self) -> ImagePanel:
        self._panel = ImagePanel(self._message)
        self._panel.asked.connect(self._ask)
        self._panel.source_changed.connect(self._start_anew)
        self._panel.photo.path_chosen.connect(self.receive)
        return self._panel

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        """The canvas grows with the window; in a narrow one the answer has as much room as the maps."""
        super().resizeEvent(event)
        self._columns.setStretch(1, 2 if self.width() >= NARROW_PAGE else 3)
        self._panel.fit_into(self.width(), self.height())

    def _build_answer(self) -> QVBoxLayout:
        self._answer = label(NO_ANSWER, "heading", "answer", plain=True)  # a class may be called anything
        self._answer.setAccessibleName("The network's answer")
        self._state = label(role="secondary", name="model_state", plain=True)
        self._opening = ProgressBar(
            "opening_progress", "Opening the network", "The network is being read and compiled."
        )
        self._opening.show_part(0, None)
        self._opening.hide()
        self._bars = ProbabilityBars()
        self._bars.setMaximumHeight(50 * GRID)
        self._why = push_button(
            "where_it_looked_button",
            "Where it looked",
            "Looks inside: which parts of the image speak for this answer, and which against it.",
            self._look_inside,
            picture="inside",
        )
        self._why.setEnabled(False)
        self._describe = push_button(
            "wrong_names_button",
            "Wrong names?",
            "Asks again what its classes are called, in which order they are, and how it takes pictures.",
            self._describe_again,
            role="quiet",
        )
        self._describe.hide()
        below = row(self._why, self._describe, STRETCH)
        middle = column(self._answer, self._state, self._opening, (self._bars, 1), below)
        middle.addStretch()  # the bars have a largest height
        return middle

    def _build_layers(self) -> QVBoxLayout:
        self._heading = label(_EVERY_LAYER, "strong", "layers_heading")
        self._heading.setToolTip(
            "Each layer turns the maps of the layer before into its own. Click a map to enlarge it."
        )
        self._every = describe(
            QCheckBox(),
            "all_layers_box",
            "All layers",
            "Also shows the layers in between, such as normalisations and activations.",
        )
        self._every.hide()
        self._every.toggled.connect(self._show_rows)
        self._maps = FeatureMapGrid()
        self._maps.rows_missing.connect(self._look)
        self._maps.arithmetic_wanted.connect(self._look)
        self._maps.lab_wanted.connect(partial(self.navigate.emit, "lab"))
        self._maps.lesson_wanted.connect(self.lesson_wanted)
        return column(row((self._heading, 1), self._every), (self._maps, 1))

    def _path(self) -> Path | None:
        if self._models.path is None:
            self._message.show_error("There is no model yet. Train one on the Train page.")
        return self._models.path

    @Slot()
    def _ask(self) -> None:
        path = self._path()
        if path is None:
            return
        model_input = self._panel.source.input
        if model_input is None:
            self._blank()
        elif self._open is None:
            self._tell_state()
            self._panel.source.preview()
        self._awaited = model_input
        wanted = self._wanted_layers() if path == self._open else None
        self._explained = self._maps.enlarged
        self._task.submit(self._session.ask, path, model_input, wanted, self._explained)

    @Slot()
    def _look_inside(self) -> None:
        """Shows why the answer is what it is, on the Inside page."""
        answer = self._answer_shown
        if answer is not None:
            self.navigate.emit("inside", LookInside(answer.path, answer.input, "why"))

    def _block_of(self, layers: Sequence[str]) -> tuple[str, ...]:
        """The layers that are computed together with the first of these; none for no layer."""
        return next((block for block in self._blocks if layers and layers[0] in block), ())

    def _wanted_layers(self) -> tuple[str, ...]:
        """The block of layers that is on screen, or the first one."""
        return self._block_of(self._maps.seen()) or next(iter(self._blocks), ())

    @Slot()
    def _look(self) -> None:
        """Asks for the maps that have come on screen, and for the arithmetic of those that were enlarged.

        Unless a newer image is on its way, which brings its own.
        """
        block, enlarged = self._block_of(self._maps.missing()), self._maps.enlarged
        if (block or enlarged) and self._answer_shown is not None and self._awaited is None:
            self._explained = enlarged
            self._task.submit(self._session.look, self._answer_shown, block, enlarged)

    @Slot()
    def _describe_again(self) -> None:
        self._models.ask_again()

    @Slot()
    def _reopen(self) -> None:
        """What is known of the model is no longer true."""
        self._session.reopen()
        if self._folder is not None and self._models.path is not None:
            self._folder.doubt(self._models.path)
        self._model_chosen()

    @Slot()
    def _model_chosen(self) -> None:
        self._message.hide()
        self._open = None
        self._blank()
        self._describe.hide()
        self._bars.set_classes(())
        self._maps.set_rows(())
        self._every.hide()
        if self._models.card is not None:
            self._panel.use(self._models.card)
        self._tell_state()
        self._ask()

    @Slot()
    def _start_anew(self) -> None:
        self._message.hide()
        self._blank()
        self._ask()

    @Slot(object)
    def _show(self, result: Answer | Look | None) -> None:
        if isinstance(result, Look):
            if result.answer is self._answer_shown:
                self._maps.show_outputs(result.layers, newer=False)
                self._maps.show_arithmetic(result.arithmetic)
        elif result is not None and result.path == self._models.path:
            self._show_answer(result)

    def _show_answer(self, answer: Answer) -> None:
        # Why another model was not opened is still there to be read, now that the one in use answers again.
        is_told = answer.path != self._open and bool(self._message.text)
        if answer.path != self._open:
            self._opened(answer)
        if answer.input is self._awaited:
            self._awaited = None
        if answer.prediction is None or answer.image is None or not self._panel.is_current(answer.input):
            return
        before, self._answer_shown = self._answer_shown, answer
        self.library.image = answer.input
        self._why.setEnabled(True)
        self._bars.set_probabilities(answer.prediction.probabilities)
        self._maps.show_outputs(answer.prediction.layers)
        self._maps.show_arithmetic(answer.arithmetic)
        if set(self._maps.enlarged) - set(self._explained):
            self._look()  # a map was enlarged while this answer was on its way
        self._answer.setText(breakable(answer_text(answer.prediction)))
        self._state.setText(state_text(answer.prediction))
        if answer.parts:
            self._state.setText(f"No. {answer.part + 1} of {len(answer.parts)}, {state_text(answer.prediction)}")
        elif not answer.known:
            self._answer.setText(NO_DIGIT)
            self._state.setText(f"It looks like none; the nearest is {answer.prediction.top(1)[0][1]}.")
        self._panel.show_answer(answer)
        if not is_told:
            self._tell_of_picture(answer, before)
        self.answered.emit(answer)

    def _tell_of_picture(self, answer: Answer, before: Answer | None) -> None:
        """Says what there is to say of a picture; what was said of the one before goes."""
        is_photo = isinstance(answer.input, Picture) and self._panel.source is self._panel.photo
        if is_photo or (before is not None and before.parts):
            self._message.hide()
        if answer.parts:
            self._message.show_info(sheet_found(answer.parts))
        elif is_photo and answer.photo:
            self._offer_photo_model("This looks like a photo, but this network knows drawings only.")

    def _opened(self, answer: Answer) -> None:
        self._open = answer.path
        self._models.introduce(answer.path, answer.card, answer.adopted)
        self._describe.setVisible(answer.adopted)
        self._bars.set_classes(answer.card.classes, LIKELY if answer.card.independent else None)
        self._layers = answer.layers
        self._every.setText(f"All {len(self._layers)} layers")
        self._every.setVisible(len(self._layers) > MANY_LAYERS)
        self._show_rows()
        self._panel.use(answer.card)
        self._panel.tell_flattened(flattened(answer.layers))
        self._panel.offer_samples(answer.card, answer.samples)
        self._tell_state()
        if self._folder is not None and self._views.currentWidget() is self._folder:
            self._show_folder()  # the model may have been described anew there
        self.ready.emit()

    @Slot()
    def _show_rows(self) -> None:
        shown = rows_of(self._layers, self._every.isChecked())
        self._heading.setText(_EVERY_LAYER if len(shown) == len(self._layers) else "The output of the main layers")
        self._blocks = blocks_of(shown)
        self._maps.set_rows([(layer.name, layer.kind, layer.shape) for layer in shown])

    def _blank(self) -> None:
        self._answer_shown = None
        self._why.setEnabled(False)
        self._bars.set_probabilities(None)
        self._maps.forget()
        self._panel.forget()
        self._answer.setText(NO_ANSWER)
        self._tell_state()

    def _tell_state(self) -> None:
        opening = self._open is None and self._models.path is not None
        self._opening.setVisible(opening)
        if opening:
            then = " Your picture is answered as soon as it is open." if self._panel.source.input is not None else ""
            self._state.setText(f"Opening the network {self._models.name} …{then}")
        else:
            self._state.setText(self._panel.source.invitation)

    def _classify_folder(self, folder: Path) -> None:
        """Classifies all pictures of a folder by the model that is chosen."""
        path = self._path()
        if path is None:
            return
        if self._folder is None:
            from cnnstudio.gui.pages.try_.folder_view import FolderView

            self._folder = FolderView()
            self._folder.left.connect(partial(self._views.setCurrentIndex, 0))
            self._folder.opened.connect(self._open_of_folder)
            self._folder.describe_wanted.connect(self._describe_of_folder)
            self._folder.ended.connect(self._offer_folder)
            self._views.addWidget(self._folder)
        self._show_folder()
        self._folder.start(path, self._models.name, folder, self._models.adopted)
        self._offer_folder()

    @Slot()
    def _offer_folder(self) -> None:
        """Offers the way back to a folder as long as there is something of it to see."""
        self._to_folder.setVisible(self._folder is not None and self._folder.has_content)

    @Slot()
    def _show_folder(self) -> None:
        if self._folder is not None:
            self._views.setCurrentWidget(self._folder)
            if self._models.path is not None:
                self._folder.entered(self._models.path, self._models.name, self._models.adopted)

    @Slot(object)
    def _describe_of_folder(self, model: Path) -> None:
        self._models.choose(model)
        self._models.ask_again()

    @Slot(object)
    def _open_of_folder(self, file: PictureFile, model: Path) -> None:
        """Opens a picture of the folder with the model that answered there."""
        self._views.setCurrentIndex(0)
        self._models.choose(model)
        try:
            source = file.source()
        except StudioError as error:
            self._message.show_failure(error)
            return
        self._panel.open_picture(source, file.name)

    def _offer_photo_model(self, why: str) -> None:
        entry = photo_model(self.library)
        if entry is None or entry.path == self._models.path:
            self._message.show_error(why)
        else:
            self._message.show_offer(why, f"Open it with {title_of(entry.card)}")

    @Slot()
    def _open_photo_model(self) -> None:
        entry = photo_model(self.library)
        if entry is not None:
            self._models.choose(entry.path)

    @Slot(object)
    def _fail(self, error: Exception) -> None:
        self._awaited = None
        about_picture = self._open is not None and not isinstance(error, UnopenedModelError | UnusablePictureError)
        if about_picture and self._panel.source is self._panel.photo and self._panel.photo.take_back():
            self._message.show_failure(error)
            return
        self._blank()
        if isinstance(error, UnopenedModelError):
            self._take_unopened(error)
            return
        if isinstance(error, UnreadablePictureError) and self._open is None:
            self._panel.photo.drop()
            self._message.show_failure(error)
            self._ask()  # for the model alone, of which nothing is known yet
            return
        self._opening.hide()
        if self._panel.source is self._panel.camera and isinstance(error, StudioError) and self._open is not None:
            self._state.setText(str(error))  # no error message: the next picture may do
            return
        if isinstance(error, UnusablePictureError):
            if self._panel.is_current(error.input):
                self._state.setText("This network cannot use this picture.")
                self._panel.photo.show_picture(error.picture)
                self._offer_photo_model(f"This looks like a photo. {error}" if error.photo else str(error))
            return
        if self._open is None and self._models.path is not None:
            self._take_unopened(UnopenedModelError(self._models.path, error))
            return
        if self._panel.source is self._panel.photo:
            self._panel.photo.drop()
        self._message.show_failure(error)

    def _take_unopened(self, error: UnopenedModelError) -> None:
        """The model in use stays in use; what is to be known of the other one first is asked."""
        asks = self._models.take_failure(error.path, error.cause)
        if error.path == self._models.path:  # there is no other one
            self._opening.hide()
            self._state.setText(
                f"{self._models.name} opens as soon as you have said what it is."
                if asks
                else "The network could not be opened."
            )


def sheet_found(parts: Sequence[PartAnswer]) -> str:
    """That a picture shows several digits, and how they are read."""
    read = " ".join([part.name for part in parts[:_MOST_TOLD]] + ["…"] * (len(parts) > _MOST_TOLD))
    return f"These are {len(parts)} digits, read one by one: {read}. Click a box for its answer."


_MOST_TIED = 3
"""Classes that an answer names where they are equally probable."""


def answer_text(prediction: Prediction) -> str:
    """The answer in a few words: the class, with a question mark where it is a guess; or all that are likely."""
    if prediction.independent:
        return ", ".join(name for _, name, _ in prediction.answers) or "None of the classes"
    best = prediction.tied
    if len(best) > _MOST_TIED:
        return f"Undecided between {len(best):,} classes"
    names = " or ".join(name for _, name, _ in best)
    return f"{names}?" if len(best) > 1 or is_unsure(best[0][2], len(prediction.probabilities)) else names


def state_text(prediction: Prediction) -> str:
    """How sure the answer is."""
    (_, name, probability), *_ = prediction.top(1)
    if not prediction.independent:
        if len(prediction.tied) > 1:
            return f"undecided: {certainty(probability)} each"
        return sureness(probability, len(prediction.probabilities))
    if not prediction.answers:
        return f"The most probable one is {name}: {certainty(probability)}"
    return "Each class has a probability of its own"


def sureness(probability: float, classes: int) -> str:
    """How sure an answer of so many classes is, in words and as the bar beside it has it."""
    return f"{'only ' if is_unsure(probability, classes) else ''}{certainty(probability)} sure"
