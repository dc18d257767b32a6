"""The Inside page: a network that is open, an image that it answers, and several ways to look inside."""

import threading
from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget
from typing_extensions import override

from cnnstudio.errors import StudioError
from cnnstudio.gui.controls.buttons import chip, chip_group, on_key
from cnnstudio.gui.controls.describe import label
from cnnstudio.gui.controls.layouts import STRETCH, ButtonRows, column, row, widget_of
from cnnstudio.gui.controls.progress_panel import ProgressBar
from cnnstudio.gui.library import Library
from cnnstudio.gui.look.styled import Styled
from cnnstudio.gui.look.theme import GRID, SECTION
from cnnstudio.gui.pages import Page
from cnnstudio.gui.pages.choosers.lesson_link import LessonLink
from cnnstudio.gui.pages.choosers.models import ModelChooser
from cnnstudio.gui.pages.choosers.names import name_of
from cnnstudio.gui.pages.choosers.network_input.image_panel import ImagePanel
from cnnstudio.gui.pages.choosers.network_input.session import (
    Answer,
    LookInside,
    ModelInput,
    Session,
    UnopenedModelError,
    UnusablePictureError,
    flattened,
)
from cnnstudio.gui.pages.inside.view import VIEWS, Extra, OpenNetwork, Subject, View
from cnnstudio.gui.settings import Settings
from cnnstudio.gui.task import LatestTask, aside
from cnnstudio.lab.experiment import Origin
from cnnstudio.models.trained.classifier import Classifier
from cnnstudio.models.trained.operations import OPERATIONS, Operation
from cnnstudio.models.trained.parts import is_model
from cnnstudio.storage import is_folder, shipped

_SHARE = 21
"""Of the page's width for the image, in hundredths: the views need the rest."""

WAIT = 500
"""Milliseconds after which an answer that is not there yet is said to be on its way."""

_SHOWN = "inside/view"


class InsidePage(Page):
    """The image on the left, one of several views of the network on the right.

    Signals:
        navigate(str, object): to the pages that a model or a folder is for.
        ready(): a model is open and compiled: the next drawing is answered at once.
        answered(object): a `Subject` is on screen.
    """

    in_parts = True

    ready = Signal()
    answered = Signal(object)

    def __init__(self, settings: Settings, library: Library | None = None) -> None:
        super().__init__(library)
        self._settings = settings
        self._session = Session()
        self._lock = threading.Lock()
        self._task = LatestTask(self)
        self._task.finished.connect(self._show)
        self._task.failed.connect(self._fail)
        self._slow = QTimer(self, singleShot=True, interval=WAIT)
        self._slow.timeout.connect(self._tell_work)
        self._network: OpenNetwork | None = None
        self._last_network: OpenNetwork | None = None
        """The one that was open last; where another cannot be opened, it is open again, with all that views made."""
        self._open: Path | None = None
        self._subject: Subject | None = None
        self._wanted: ModelInput | None = None
        self._operation: Operation | None = None
        self._origin: Origin | None = None
        self._has_answered = False
        """What the network view is to go down to, once the network is open, or one that has it."""
        self._views: dict[str, View] = {}
        self._told: dict[str, tuple[object, object]] = {}
        """What each view was told last: the network and the subject."""
        self._shown = next(iter(VIEWS))
        self._sent_by = ""
        """The view that sent one to the view in front; empty where that was chosen."""
        self._models = ModelChooser(self.library, settings, self._message)
        self._panel = ImagePanel(self._message, _SHARE)
        self._chips = [chip(f"view_{entry.name}", entry.title, entry.tip) for entry in VIEWS.values()]
        self._chip_rows = ButtonRows(self._chips)
        self._lesson = LessonLink("inside_lesson_button", self.library)
        self._lesson.wanted.connect(self.lesson_wanted)
        self._stack = QStackedWidget()
        self._empty = label("", "secondary", "inside_empty")
        self._without_network = Styled(column(self._empty))
        self._build()
        on_key(self, Qt.Key.Key_Escape, self.go_back)
        self._panel.add_keys(self)
        with QSignalBlocker(self._models):
            self._models.recall()
        if self._models.card is not None:
            self._panel.use(self._models.card)
        self._shown = settings.recall(_SHOWN, self._shown, "the view shown last", VIEWS.__contains__)
        self._chips[list(VIEWS).index(self._shown)].setChecked(True)
        self._tell()
        self._making = QTimer(self, singleShot=True, interval=0)  # the page itself is painted first
        self._making.timeout.connect(self._make_view)
        self._making.start()

    @property
    def model(self) -> Path | None:
        """The model that is open; None while one is being opened."""
        return self._open

    @property
    def view(self) -> View:
        """The view in front."""
        return self._made(self._shown)

    def entered(self) -> None:
        """What was trained or opened meanwhile is opened, at first with the image answered last on another page."""
        super().entered()
        self._models.recall()
        last, empty = self.library.image, self._panel.source.input is None and not self._has_answered
        if empty and isinstance(last, ModelInput) and self._panel.takes(last):
            self._panel.show_input(last)
        if self._open is None:
            self._ask()

    def refresh(self) -> None:
        """The list of models may be another now."""
        self._models.refresh()

    @Slot(object)
    def receive(self, payload: LookInside | Path) -> None:
        """Opens a model, a picture, or what another page looks at; folders of pictures are the Try page's."""
        if isinstance(payload, LookInside):
            self._look_inside(payload)
        elif aside(partial(is_model, payload)):
            self._models.open(payload)
        elif is_folder(payload) or payload.suffix.lower() == ".zip":
            self.navigate.emit("try", payload)
        else:
            self._panel.open_picture(payload)

    @override
    def set_alone(self, alone: bool) -> None:
        self._lesson.set_alone(alone)

    def shut_down(self) -> None:
        """Waits for the request that is being answered."""
        self._slow.stop()
        self._making.stop()
        self._panel.shut_down()
        self._models.shut_down()
        for view in self._views.values():
            view.shut_down()
        self._task.shut_down()

    def _look_inside(self, wanted: LookInside) -> None:
        self._message.hide()
        if wanted.view in VIEWS:
            self.show_view(wanted.view)
        if wanted.path is not None:
            self._models.choose(wanted.path)
        if wanted.input is not None:
            self._panel.show_input(wanted.input)
        elif wanted.path is None:
            self._show_some_image()
        self._operation, self._origin = OPERATIONS.get(wanted.operation), wanted.origin
        self._show_operation()  # only now, for it is chosen by the image which number is shown

    def _show_some_image(self) -> None:
        """Keeps the image that is here, unless the network could not read it; else shows the one answered last on any
        page, or one that suits the network.
        """
        last, card = self.library.image, self._models.card
        failed = self._open is not None and self._wanted is None and self._subject is None
        if self._panel.source.input is not None and not failed:
            return
        if isinstance(last, ModelInput) and self._panel.takes(last):
            self._panel.show_input(last)
        elif card is not None:
            if card.dataset in self.library.lists.here:
                self._panel.choose(self._panel.sample)
            elif card.input_rule == "imagenet":
                self._panel.open_picture(shipped("assets/photos") / "chelsea.jpg")

    def _show_operation(self) -> None:
        """Has the view go down to the number that is wanted, or says which network has a layer that does it."""
        operation, network, origin = self._operation, self._network, self._origin
        if operation is None or network is None:
            return
        if origin is not None and not any(layer.name == origin.layer for layer in network.classifier.layers):
            origin = None
        layer = operation.layer_of(network.classifier) if origin is None else origin.layer
        if layer is not None:
            self._operation = None
            self.view.look_at(layer, operation.name, origin)
            return
        while self.view.go_back():
            pass
        example = self.library.model(shipped("trained") / operation.example)
        if example is not None:
            title = name_of(example.card, example.name, example.kind)
            self._message.show_offer(f"{network.name} has no {operation.title}, but {title} has.", f"Open {title}")

    @Slot()
    def _open_example(self) -> None:
        if self._operation is not None:
            self._models.choose(shipped("trained") / self._operation.example)

    @Slot()
    def go_back(self) -> None:
        """Goes back one level in the view in front, or to the view that sent one there."""
        if not self.view.go_back() and self._sent_by:
            self.show_view(self._sent_by)

    @Slot(str)
    def show_view(self, name: str) -> None:
        """Brings a view to the front, a key of `VIEWS`."""
        self._settings.remember(_SHOWN, name)
        self._made(name)
        self._shown, self._sent_by = name, ""
        self._chips[list(VIEWS).index(name)].setChecked(True)
        self._tell()
        if self._opening.isHidden():
            self._tell_state()

    @Slot()
    def _make_view(self) -> None:
        self._made(self._shown)

    def _made(self, name: str) -> View:
        """A view, made when it is first wanted."""
        if name not in self._views:
            view = self._views[name] = VIEWS[name].make(self._settings)
            view.layers_wanted.connect(partial(self._look, view))
            view.failed.connect(self._message.show_failure)
            view.image_wanted.connect(self._panel.show_input)
            view.navigate.connect(self.navigate)
            view.unit_wanted.connect(self._show_unit)
            view.concepts_changed.connect(self._tell_lesson)
            self._stack.addWidget(view)
        return self._views[name]

    @Slot(str, int)
    def _show_unit(self, layer: str, unit: int) -> None:
        sender = self._shown
        self.show_view("units")
        self._sent_by = sender
        self.view.show_unit(layer, unit)

    def _build(self) -> None:
        self._models.setMinimumWidth(46 * GRID)
        self._models.setMaximumWidth(64 * GRID)
        self._models.chosen.connect(self._model_chosen)
        self._models.described.connect(self._reopen)
        self._models.layers_wanted.connect(partial(self.navigate.emit, "architecture"))
        self._models.mistakes_wanted.connect(partial(self.navigate.emit, "data"))
        self._models.training_wanted.connect(partial(self.navigate.emit, "train"))
        self._panel.asked.connect(self._ask)
        self._panel.source_changed.connect(self._start_anew)
        self._message.accepted.connect(self._open_example)
        self._panel.photo.path_chosen.connect(self.receive)
        chip_group(self, self._chips, lambda number: self.show_view(list(VIEWS)[number]))
        self._state = label(role="secondary", name="inside_state", plain=True)
        self._opening = ProgressBar(
            "opening_progress", "Opening the network", "The network is being read and compiled."
        )
        self._opening.show_part(0, None)
        self._opening.hide()
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._stack.addWidget(self._without_network)
        above = Styled(column(self._chip_rows, self._state, self._opening))
        right = column(above, (self._stack, 1))
        header = Styled(column(self._header(), self._message, gap=2 * GRID))
        page = column(header, (row(Styled(row(self._panel)), (right, 1), gap=SECTION), 1), gap=2 * GRID)
        page.setContentsMargins(SECTION, SECTION, SECTION, 2 * GRID)
        self.setLayout(column(widget_of(page)))

    def _header(self) -> QHBoxLayout:
        return row(label("Look inside", "heading"), STRETCH, self._lesson, (self._models, 2), gap=2 * GRID)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        """The canvas grows with the window."""
        super().resizeEvent(event)
        self._panel.fit_into(self.width(), self.height())
        self._chip_rows.fit(self.width() - self._panel.minimumWidth() - 3 * SECTION)

    @Slot()
    def _ask(self) -> None:
        path = self._models.path
        if path is None:
            self._message.show_error("There is no model yet. Train one on the Train page.")
            return
        self._wanted = self._panel.source.input
        if self._wanted is None:
            self._blank()
        elif self._open is None:
            self._panel.source.preview()
        self._tell_state()
        self._submit(path)

    def _submit(self, path: Path) -> None:
        """Asks about the image that is wanted, or just has the network opened."""
        layers = self.view.layers if path == self._open else None
        question = _Question(self._session, self._lock, layers, self.view.extra if path == self._open else None)
        self._task.submit(_ask, question, path, self._wanted)
        self._slow.start()

    def _look(self, view: View) -> None:
        """Asks for more layers of the image that is shown, unless a newer one is on its way, which brings them."""
        subject = self._subject
        if view is self.view and subject is not None and self._wanted is None:
            self._task.submit(_look, _Question(self._session, self._lock, view.layers, view.extra), subject)
            self._slow.start()

    @Slot()
    def _reopen(self) -> None:
        """What is known of the model is no longer true."""
        self._session.reopen()
        self._model_chosen()

    @Slot()
    def _model_chosen(self) -> None:
        self._message.hide()
        self._open = self._network = None
        self._blank()
        if self._models.card is not None:
            self._panel.use(self._models.card)
        self._tell()
        self._ask()

    @Slot()
    def _start_anew(self) -> None:
        self._message.hide()
        self._blank()
        self._ask()

    @Slot(object)
    def _show(self, result: "tuple[Classifier, Answer, object] | Subject | None") -> None:
        self._slow.stop()
        if isinstance(result, Subject):
            self._tell_state()
            if self._subject is not None and result.answer.input is self._subject.answer.input:
                self._subject = result
                self._tell()
            return
        if result is None or result[1].path != self._models.path:
            return
        classifier, answer, extra = result
        is_other = answer.path != self._open
        if is_other:
            self._opened(classifier, answer)
        if answer.input is self._wanted:
            self._wanted = None
        if answer.prediction is None or answer.image is None or not self._panel.is_current(answer.input):
            return
        if self._message.is_error and not is_other:
            self._message.hide()  # it was about an image before
        self._subject = Subject(classifier, answer, self._lock, extra)
        self._has_answered = True
        self.library.image = answer.input
        self._panel.show_answer(answer)
        self._tell_state()
        self._tell()
        self.answered.emit(self._subject)

    def _opened(self, classifier: Classifier, answer: Answer) -> None:
        self._open = answer.path
        self._models.introduce(answer.path, answer.card, answer.adopted)
        library = self.library
        last, name = self._last_network, self._models.name
        if last is None or last.classifier is not classifier or last.name != name:
            last = OpenNetwork(classifier, self._lock, name, lambda: library.lists.models)
        self._network = self._last_network = last
        self._panel.use(answer.card)
        self._panel.tell_flattened(flattened(answer.layers))
        self._panel.offer_samples(answer.card, answer.samples)
        self._tell_state()
        self._tell()
        self._show_operation()
        self.ready.emit()

    def _tell(self) -> None:
        """Tells the view in front what it does not know yet; says what will be there while no network is open."""
        self._empty.setText(VIEWS[self._shown].invitation.format(choose=self._panel.texts.choose))
        self._tell_lesson()
        self._stack.setCurrentWidget(self._without_network if self._network is None else self.view)
        if self._network is None:
            return  # the view keeps what it has: the network before is open again where the other cannot be opened
        network, subject = self._told.get(self._shown, (None, None))
        is_other = network is not self._network
        if self._subject is None and self._wanted is not None and not is_other:
            return  # an image is on its way, and may be the one that the view has
        self._told[self._shown] = (self._network, self._subject)
        if is_other:
            self.view.set_network(self._network)
            subject = None
        if self._subject is None:
            if subject is not None or is_other:
                self.view.forget()
        elif self._subject is not subject:
            self.view.show_subject(self._subject)

    @Slot()
    def _tell_lesson(self) -> None:
        self._lesson.show_concepts(*(() if self._network is None else self.view.concepts))

    def _blank(self) -> None:
        self._subject = None
        self._panel.forget()
        self._tell()

    def _tell_state(self) -> None:
        opening = self._open is None and self._models.path is not None
        self._opening.setVisible(opening)
        text = f"Opening the network {self._models.name} …" if opening else ""
        if not opening and self._subject is None and VIEWS[self._shown].needs_image:
            text = self._panel.source.invitation
        self._state.setText(text)
        self._state.setVisible(bool(text))

    @Slot()
    def _tell_work(self) -> None:
        """Layers that are computed for the first time are compiled, which takes seconds for those of deep networks."""
        if self._network is not None:
            self._opening.show()
            self._state.setText("Computing these layers for the first time …")
            self._state.show()

    @Slot(object)
    def _fail(self, error: Exception) -> None:
        wanted, self._wanted = self._wanted, None
        self._slow.stop()
        about_picture = self._open is not None and not isinstance(error, UnopenedModelError | UnusablePictureError)
        if about_picture and self._panel.source is self._panel.photo and self._panel.photo.take_back():
            self._tell_state()
            self._message.show_failure(error)
            return
        self._blank()
        if isinstance(error, UnopenedModelError):
            self._take_unopened(error)
            return
        self._opening.hide()
        self._state.setText("")
        self._empty.setText("")
        if isinstance(error, UnusablePictureError):
            self._panel.photo.show_picture(error.picture)
        elif self._panel.source is self._panel.camera and isinstance(error, StudioError) and self._open is not None:
            self._state.setText(str(error))  # no error message: the next picture may do
            self._state.show()
            return
        elif self._panel.source is self._panel.photo:
            self._panel.photo.drop()
        self._message.show_failure(error)
        if wanted is not None and self._open is None and self._models.path is not None:
            # The network can be looked into without the image.
            self._submit(self._models.path)

    def _take_unopened(self, error: UnopenedModelError) -> None:
        """The model in use stays in use; what is to be known of the other one first is asked."""
        asks = self._models.take_failure(error.path, error.cause)
        if error.path == self._models.path:  # there is no other one
            self._opening.hide()
            self._empty.setText("")
            self._state.setText(
                f"{self._models.name} opens as soon as you have said what it is."
                if asks
                else "The network could not be opened."
            )


@dataclass(frozen=True, eq=False)
class _Question:
    """What the thread of the page is asked: the outputs of which layers, and what else."""

    session: Session
    lock: threading.Lock
    layers: Collection[str] | None
    extra: Extra | None

    def answer_more(self, classifier: Classifier, answer: Answer) -> object:
        return None if self.extra is None or answer.prediction is None else self.extra(classifier, answer)


def _ask(question: _Question, path: Path, model_input: ModelInput | None) -> tuple[Classifier, Answer, object]:
    with question.lock:
        answer = question.session.ask(path, model_input, question.layers)
        classifier = question.session.classifier
        assert classifier is not None
        return classifier, answer, question.answer_more(classifier, answer)


def _look(question: _Question, subject: Subject) -> Subject | None:
    """The same image with the outputs of other layers; None where another model is open by now."""
    with question.lock:
        look = question.session.look(subject.answer, question.layers or ())
        if look is None:
            return None
        answer = replace(subject.answer, prediction=replace(subject.prediction, layers=look.layers))
        return replace(subject, answer=answer, extra=question.answer_more(subject.classifier, answer))
