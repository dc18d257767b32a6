"""The Try page: draw a digit or open a picture, see what the network answers and what every layer saw."""

from pathlib import Path

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QAction, QKeySequence, QResizeEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from cnnstudio.errors import StudioError
from cnnstudio.gui.describe import describe, label
from cnnstudio.gui.log import details
from cnnstudio.gui.pages.model_chooser import ModelChooser
from cnnstudio.gui.pages.try_session import Answer, Opened, Sampled, TrySession
from cnnstudio.gui.pages.try_sources import MINIMUM_SIDE, DrawSource, PhotoSource, SampleSource, Source
from cnnstudio.wording import percent
from cnnstudio.gui.settings import Settings
from cnnstudio.gui.task import LatestTask
from cnnstudio.gui.theme import GRID, SECTION
from cnnstudio.gui.widgets.feature_maps import FeatureMapGrid
from cnnstudio.gui.widgets.message_bar import MessageBar
from cnnstudio.gui.widgets.pixels import PixelView
from cnnstudio.gui.widgets.probability_bars import ProbabilityBars
from cnnstudio.models.card import CARD_FILE
from cnnstudio.models.classifier import MODEL_FILE, Prediction

UNSURE = 0.5
"""Below this probability the answer is put as a guess."""


NO_ANSWER = "–"


class TryPage(QWidget):
    """The image on the left, the answer in the middle, what every layer saw on the right.

    Signals:
        ready(): a model is open and compiled: the next drawing is answered at once.
        answered(object): an `Answer` is on screen.
    """

    ready = Signal()
    answered = Signal(object)

    def __init__(self, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page_try")
        self._settings = settings
        self._session = TrySession()
        self._task = LatestTask(self)
        self._task.finished.connect(self._show)
        self._task.failed.connect(self._fail)
        self._open: Path | None = None
        self._classes: tuple[str, ...] = ()

        page = QVBoxLayout(self)
        page.setContentsMargins(SECTION, SECTION, SECTION, SECTION)
        page.setSpacing(2 * GRID)
        self._message = MessageBar()
        columns = QHBoxLayout()
        columns.setSpacing(SECTION)
        columns.addWidget(self._build_left())
        columns.addLayout(self._build_answer(), 2)
        columns.addLayout(self._build_layers(), 3)
        page.addLayout(self._build_header())
        page.addWidget(self._message)
        page.addLayout(columns, 1)
        self._paste = QAction("Paste", self)
        self._paste.setObjectName("paste")
        self._paste.setShortcut(QKeySequence(QKeySequence.StandardKey.Paste))
        self._paste.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        self._paste.triggered.connect(self._paste_picture)
        self.addAction(self._paste)
        self._open_file = QAction("Open", self)
        self._open_file.setObjectName("open_file")
        self._open_file.setShortcut(QKeySequence(QKeySequence.StandardKey.Open))
        self._open_file.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        self._open_file.triggered.connect(self._photo.ask)
        self.addAction(self._open_file)
        self._photo.file_chosen.connect(self.receive)
        self._recall_model()

    def warm_up(self) -> None:
        """Opens the model in the background, TensorFlow with it, so that the first stroke is answered at once."""
        self._ask()

    def entered(self) -> None:
        """The list of models may have grown since."""
        self._models.refresh()

    @Slot(object)
    def receive(self, payload: Path) -> None:
        """Opens a model, a run or a picture."""
        if (payload / CARD_FILE).is_file() or (payload / MODEL_FILE).is_file() or payload.suffix.lower() == ".keras":
            self._models.choose(payload.parent if payload.name in (MODEL_FILE, CARD_FILE) else payload)
            self._model_chosen()
        else:
            self._chips[1].click()
            self._photo.open(payload)

    def shut_down(self) -> None:
        """Waits for the request that is being answered."""
        self._task.shut_down()

    def _build_header(self) -> QHBoxLayout:
        heading = label("Try a network", "heading")
        self._models = ModelChooser()
        self._models.setMinimumWidth(46 * GRID)
        self._models.setMaximumWidth(64 * GRID)
        self._models.chosen.connect(self._model_chosen)
        self._models.failed.connect(self._message.show_error)
        self._models.done.connect(self._message.show_info)
        header = QHBoxLayout()
        header.setSpacing(2 * GRID)
        header.addWidget(heading)
        header.addStretch(1)
        header.addWidget(self._models, 2)
        return header

    def _build_left(self) -> QScrollArea:
        self._draw, self._photo, self._sample = DrawSource(), PhotoSource(), SampleSource()
        self._sources: tuple[Source, ...] = (self._draw, self._photo, self._sample)
        self._stack = QStackedWidget()
        self._stack.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Maximum)
        chips = QHBoxLayout()
        chips.setSpacing(GRID)
        group = QButtonGroup(self)
        self._chips = [
            describe(QPushButton("&Draw"), "draw_chip", "Draw", "Draw a digit with mouse, pen, finger or keyboard."),
            describe(
                QPushButton("P&hoto"), "photo_chip", "Photo", "Open, drop or paste a picture of a digit on paper."
            ),
            describe(
                QPushButton("Test i&mage"),
                "test_image_chip",
                "Test image",
                "An image of the data set that was kept away from all training.",
            ),
        ]
        for index, (chip, source) in enumerate(zip(self._chips, self._sources, strict=True)):
            chip.setProperty("role", "chip")
            chip.setCheckable(True)
            group.addButton(chip, index)
            chips.addWidget(chip)
            self._stack.addWidget(source)
            source.subject_changed.connect(self._ask)
            source.failed.connect(self._message.show_error)
        chips.addStretch(1)
        self._chips[0].setChecked(True)
        group.idClicked.connect(self._choose_source)
        self._pixels = PixelView()
        self._pixels.setObjectName("network_input")
        self._pixels.setFixedSize(18 * GRID, 18 * GRID)
        self._pixels_note = label(
            "<b>What the network gets</b><br>A small grey picture: the ink, scaled and centred like the images "
            "it was trained on.",
            "secondary",
            "network_input_note",
        )
        gets = QHBoxLayout()
        gets.setSpacing(2 * GRID)
        gets.addWidget(self._pixels)
        gets.addWidget(self._pixels_note, 1, Qt.AlignmentFlag.AlignTop)
        content = QWidget()
        content.setProperty("role", "content")
        left = QVBoxLayout(content)
        left.setContentsMargins(0, 0, 0, 0)
        left.setSpacing(2 * GRID)
        left.addLayout(chips)
        left.addWidget(self._stack)
        left.addLayout(gets)
        left.addStretch(1)
        self._left = QScrollArea()
        self._left.setWidget(content)
        self._left.setWidgetResizable(True)
        self._left.setFrameShape(QFrame.Shape.NoFrame)
        self._left.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._left.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        return self._left

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The canvas grows with the window, as far as the rest of its column leaves room."""
        super().resizeEvent(event)
        side = max(MINIMUM_SIDE, min(self.height() - 48 * GRID, self.width() * 3 // 10)) // GRID * GRID
        for source in self._sources:
            source.set_side(side)
        self._stack.setFixedWidth(side)
        self._left.setFixedWidth(side + 2 * GRID)
        self._pixels_note.setMaximumWidth(side - 20 * GRID)

    def _build_answer(self) -> QVBoxLayout:
        self._answer = label(NO_ANSWER, "heading", "answer")
        self._answer.setAccessibleName("The network's answer")
        self._state = label(role="secondary", name="model_state")
        self._bars = ProbabilityBars()
        middle = QVBoxLayout()
        middle.setSpacing(GRID)
        for widget in (self._answer, self._state):
            middle.addWidget(widget)
        middle.addWidget(self._bars, 1)
        self._bars.setMaximumHeight(50 * GRID)
        middle.addStretch(1)
        return middle

    def _build_layers(self) -> QVBoxLayout:
        title = label("What every layer saw", "strong")
        title.setToolTip("Each layer turns the maps of the layer before into its own. Click a map to enlarge it.")
        self._maps = FeatureMapGrid(placeholder="What every layer sees appears here.")
        column = QVBoxLayout()
        column.setSpacing(GRID)
        column.addWidget(title)
        column.addWidget(self._maps, 1)
        return column

    def _recall_model(self) -> None:
        remembered = self._settings.recall("try/model", "")
        if remembered and Path(remembered).exists():
            self._models.choose(Path(remembered))
        self._tell_state()

    @property
    def _source(self) -> Source:
        return self._sources[self._stack.currentIndex()]

    @Slot()
    def _ask(self) -> None:
        path = self._models.path
        if path is None:
            self._message.show_error("There is no model yet. Train one on the Train page.")
            return
        subject = self._source.subject
        if subject is None:
            self._blank()
        self._task.submit(self._session.ask, path, subject)

    @Slot()
    def _model_chosen(self) -> None:
        self._message.hide()
        self._open = None
        self._blank()
        self._tell_state()
        self._ask()

    @Slot(int)
    def _choose_source(self, index: int) -> None:
        self._message.hide()
        self._stack.setCurrentIndex(index)
        for source in self._sources:
            policy = QSizePolicy.Policy.Preferred if source is self._source else QSizePolicy.Policy.Ignored
            source.setSizePolicy(policy, policy)
        self._stack.adjustSize()
        self._blank()
        self._ask()

    @Slot()
    def _paste_picture(self) -> None:
        self._chips[1].click()
        self._photo.paste()

    @Slot(object)
    def _show(self, answer: Answer) -> None:
        if answer.path != self._models.path:
            return
        if answer.path != self._open:
            self._opened(answer)
        if answer.prediction is None or answer.image is None or self._source.subject is None:
            return
        if isinstance(answer.subject, Opened | Sampled) and answer.subject is not self._source.subject:
            return
        self._pixels.set_image(answer.image)
        self._bars.set_probabilities(answer.prediction.probabilities)
        self._maps.set_layers(answer.prediction.layers)
        self._say(answer.prediction)
        if isinstance(answer.subject, Opened):
            self._message.hide()
            self._photo.show_steps(answer.steps)
        if answer.label is not None and answer.index is not None:
            right = answer.prediction.top(1)[0][0] == answer.label
            self._sample.show_image(answer.image, answer.card.classes[answer.label], right, answer.index)
        self.answered.emit(answer)

    def _opened(self, answer: Answer) -> None:
        self._open = answer.path
        self._models.introduce(answer.path, answer.card)
        self._settings.remember("try/model", str(answer.path))
        if answer.card.classes != self._classes:
            self._classes = answer.card.classes
            self._bars.set_classes(self._classes)
        self._tell_state()
        self.ready.emit()

    def _say(self, prediction: Prediction) -> None:
        (_, name, probability), *_ = prediction.top(1)
        self._answer.setText(name if probability >= UNSURE else f"Perhaps {name}")
        self._state.setText(f"{percent(probability)} sure")

    def _blank(self) -> None:
        for clear in (self._pixels.set_image, self._bars.set_probabilities):
            clear(None)
        self._maps.clear()
        self._sample.forget()
        self._answer.setText(NO_ANSWER)
        self._tell_state()

    def _tell_state(self) -> None:
        self._state.setText(self._source.invitation if self._open else "Opening the model …")

    @Slot(object)
    def _fail(self, error: Exception) -> None:
        self._blank()
        if self._open is None and self._models.path is not None:
            self._state.setText("The model could not be opened.")
        if self._source is self._photo:
            self._photo.forget()
        self._message.show_error(str(error), "" if isinstance(error, StudioError) else details())
