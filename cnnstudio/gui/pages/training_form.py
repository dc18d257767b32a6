"""The left column of the Train page: what to train, and how."""

from dataclasses import replace
from typing import TypeVar

from PySide6.QtCore import QEvent, QObject, Qt, Signal, Slot
from PySide6.QtGui import QValidator
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from cnnstudio import wording
from cnnstudio.data.augmentation import AUGMENTATIONS, find_augmentation
from cnnstudio.data.datasets import DatasetEntry
from cnnstudio.data.library import SIZES, find_dataset, list_datasets
from cnnstudio.errors import StudioError
from cnnstudio.gui.describe import describe, label
from cnnstudio.gui.pages.pictures import picture
from cnnstudio.gui.theme import GRID, icon
from cnnstudio.gui.widgets.picker import Choice, Picker
from cnnstudio.models.architectures import ARCHITECTURES
from cnnstudio.training.config import MAX_SEED, SCHEDULES, TrainingConfig

CAPTION_WIDTH = 13 * GRID
_TIP = Qt.ItemDataRole.ToolTipRole

_Control = TypeVar("_Control", bound=QWidget)


class _Rate(QDoubleSpinBox):
    """Shows a number without trailing zeros, and takes a decimal comma for what it is."""

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        return super().validate(text.replace(",", "."), position)

    def valueFromText(self, text: str) -> float:
        return float(text.replace(",", ".") or 0)

    def textFromValue(self, value: float) -> str:
        return f"{value:g}"


class TrainingForm(QWidget):
    """Data set, architecture and a few numbers, with defaults that train well untouched.

    Signals:
        own_images_wanted(): the user wants to bring images of their own.
        failed(str): a sentence on a data set that cannot be used.
    """

    own_images_wanted = Signal()
    failed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("training_form")
        self._controls: list[QWidget] = []
        self._entries: dict[str, DatasetEntry] = {}
        self._suggested = TrainingConfig()
        self._make_pickers()
        self._make_numbers()
        self._more = describe(
            QToolButton(),
            "more_options_button",
            "More options",
            "Batch size, learning rate, seed, schedule and augmentation.",
        )
        self._more.setText("More options")
        self._more.setCheckable(True)
        self._more.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._more.setIcon(icon("chevron-right"))
        self._more.toggled.connect(self._unfold)
        self._options = _rows(self._batch_size, self._learning_rate, self._seed, self._schedule, self._augmentation)
        self._options.setObjectName("more_options")
        self._options.hide()

        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID)
        above = QHBoxLayout()
        above.addWidget(_caption(self._dataset), 1)
        above.addWidget(self._own_images)
        layout.addLayout(above)
        layout.addWidget(self._dataset)
        self._own_rows = _rows(self._image_size, self._channels)
        layout.addWidget(self._own_rows)
        layout.addSpacing(GRID)
        layout.addWidget(_caption(self._architecture))
        layout.addWidget(self._architecture)
        layout.addWidget(self._note)
        layout.addSpacing(GRID)
        layout.addWidget(_rows(self._epochs))
        layout.addWidget(self._variety)
        layout.addWidget(self._more, alignment=Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(self._options)
        layout.addStretch(1)
        self.refresh()
        self.config = TrainingConfig()

    def refresh(self) -> None:
        """Looks again which data sets there are; the choice stays."""
        self._entries = {entry.name: entry for entry in list_datasets()}
        self._show_datasets()

    def _show_datasets(self) -> None:
        self._dataset.set_choices(
            [
                Choice(
                    entry.name, entry.title, _description(entry), picture("own-images" if entry.path else entry.name)
                )
                for entry in self._entries.values()
            ]
        )

    def _make_pickers(self) -> None:
        self._dataset = self._add(
            Picker(), "dataset_picker", "Data set", "The labelled images that the network learns from."
        )
        self._dataset.changed.connect(self._choose_dataset)
        self._own_images = self._add(
            QToolButton(),
            "own_images_button",
            "Your own images",
            "Train on a folder or a zip of your own photos, one subfolder for each class.",
        )
        self._own_images.setText("Your own images")
        self._own_images.setIcon(icon("import"))
        self._own_images.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._own_images.clicked.connect(self.own_images_wanted)
        self._image_size = self._add(
            QComboBox(),
            "image_size_combo",
            "Image size",
            "Your images are cut square and brought to this width and height. Larger shows more and trains slower.",
        )
        self._channels = self._add(
            QComboBox(),
            "channels_combo",
            "Colour",
            "Colour gives the network three numbers for each pixel, red, green and blue; grey gives it one.",
        )
        self._channels.addItem("Colour", 3)
        self._channels.addItem("Grey", 1)
        self._architecture = self._add(
            Picker(), "architecture_picker", "Architecture", "The layers of the network and how they follow each other."
        )
        self._architecture.set_choices(
            [Choice(a.name, a.title, a.idea, picture(a.name)) for a in ARCHITECTURES.values()]
        )
        self._architecture.changed.connect(self._tell_architecture)
        self._note = label(role="secondary", name="architecture_note")

    def _make_numbers(self) -> None:
        self._epochs = self._spin(
            "epochs", "Epochs", 1, 1000, "One epoch shows every training image to the network once."
        )
        self._batch_size = self._spin(
            "batch_size", "Batch size", 1, 8192, "So many images are averaged for one step of the weights."
        )
        self._learning_rate = self._add(
            _Rate(),
            "learning_rate_spin",
            "Learning rate",
            "How far each step moves the weights. Too small learns slowly, too large does not learn at all: "
            "usually from 0.0001 to 0.1.",
        )
        self._learning_rate.setDecimals(5)
        self._learning_rate.setRange(0.00001, 1e9)
        self._learning_rate.setSingleStep(0.0005)
        self._seed = self._spin(
            "seed", "Seed", 0, MAX_SEED, "The same seed gives the same first weights and the same order of images."
        )
        self._schedule = self._combo(
            "schedule", "Schedule", "How the learning rate changes from the first batch to the last.", SCHEDULES
        )
        self._augmentation = self._combo(
            "augmentation",
            "Augmentation",
            "Training images are changed a little each time, so that the network learns what does not matter.",
            AUGMENTATIONS,
        )
        self._augmentation.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._augmentation.setMinimumContentsLength(8)
        self._augmentation.currentIndexChanged.connect(self._tell_variety)
        self._variety = label(role="small", name="augmentation_note")

    @property
    def config(self) -> TrainingConfig:
        """What is chosen now."""
        own = self._entries[self._dataset.current_key].path is not None
        return TrainingConfig(
            dataset=self._dataset.current_key,
            architecture=self._architecture.current_key,
            epochs=self._epochs.value(),
            batch_size=self._batch_size.value(),
            learning_rate=self._learning_rate.value(),
            seed=self._seed.value(),
            schedule=self._schedule.currentData(),
            augmentation=self._augmentation.currentData(),
            image_size=self._image_size.currentData() if own else None,
            channels=self._channels.currentData() if own else None,
        )

    @config.setter
    def config(self, config: TrainingConfig) -> None:
        self.choose_dataset(config.dataset)
        self._architecture.set_current(config.architecture)
        self._epochs.setValue(config.epochs)
        self._batch_size.setValue(config.batch_size)
        self._learning_rate.setValue(config.learning_rate)
        self._seed.setValue(config.seed)
        self._schedule.setCurrentIndex(max(0, self._schedule.findData(config.schedule)))
        self.choose_augmentation(config.augmentation)
        for combo, value in ((self._image_size, config.image_size), (self._channels, config.channels)):
            if value is not None:
                _choose_data(combo, value, str(value))
        self._tell_architecture(config.architecture)

    def choose_dataset(self, name: str) -> None:
        """Chooses a data set by name or path, with the numbers that suit it where others were not typed in."""
        if name not in self._entries:
            try:
                self._entries[name] = find_dataset(name)
            except StudioError as error:
                self.failed.emit(str(error))
                return
            self._show_datasets()
        self._dataset.set_current(name)

    def choose_augmentation(self, text: str) -> None:
        """Chooses an augmentation: one of the table, or changes such as “shift=0.1,flip=0.5”."""
        entry = find_augmentation(text)
        _choose_data(self._augmentation, text, entry.title)
        self._augmentation.setItemData(self._augmentation.currentIndex(), entry.description, _TIP)

    def set_locked(self, locked: bool) -> None:
        """Locks the choices while a training runs; they stay visible."""
        for control in self._controls:
            control.setEnabled(not locked)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The wheel scrolls the form; it changes only a number that was chosen before."""
        if event.type() == QEvent.Type.Wheel and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()
            return True
        return super().eventFilter(watched, event)

    @Slot(bool)
    def _unfold(self, unfolded: bool) -> None:
        self._more.setIcon(icon("chevron-down" if unfolded else "chevron-right"))
        self._options.setVisible(unfolded)

    @Slot()
    def _tell_variety(self) -> None:
        """Says what is done to the images, also while the options are folded."""
        text = self._augmentation.currentData()
        self._variety.setVisible(text != "none")
        self._variety.setText(find_augmentation(text or "none").description)

    @Slot(str)
    def _tell_architecture(self, name: str) -> None:
        architecture = ARCHITECTURES[name]
        self._note.setText(" ".join(part for part in (architecture.idea, architecture.note) if part))
        self._note.setToolTip(f"{architecture.authors} ({architecture.year}): {architecture.paper}")

    @Slot(str)
    def _choose_dataset(self, name: str) -> None:
        entry = self._entries[name]
        licence = f" {entry.licence}." if entry.licence else ""
        self._dataset.setToolTip(f"<p>{entry.size_text}.{licence}</p>")
        self._own_rows.setVisible(entry.path is not None)
        if entry.path is not None:
            height, _, channels = entry.image_shape
            self._image_size.clear()
            for size in sorted({*SIZES, height}):
                self._image_size.addItem(f"{size} × {size} pixels", size)
            _choose_data(self._image_size, height, "")
            _choose_data(self._channels, channels, "")
        before, self._suggested = self._suggested, TrainingConfig.suggested(entry)
        # What was typed in for one data set stays for another of its kind, and for no other.
        if replace(before, dataset=name) != self._suggested:
            self._epochs.setValue(self._suggested.epochs)
            self._batch_size.setValue(self._suggested.batch_size)
            self.choose_augmentation(self._suggested.augmentation)

    def _add(self, control: _Control, name: str, title: str, lesson: str) -> _Control:
        self._controls.append(control)
        control.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        control.installEventFilter(self)
        return describe(control, name, title, lesson)

    def _spin(self, key: str, title: str, low: int, high: int, lesson: str) -> QSpinBox:
        spin = self._add(QSpinBox(), f"{key}_spin", title, f"{lesson} From {low:,} to {high:,}.")
        spin.setRange(low, high)
        return spin

    def _combo(self, key: str, name: str, lesson: str, table: dict) -> QComboBox:
        combo = self._add(QComboBox(), f"{key}_combo", name, lesson)
        for entry_key, entry in table.items():
            combo.addItem(entry.title, entry_key)
            combo.setItemData(combo.count() - 1, entry.description, _TIP)
        return combo


def _description(entry: DatasetEntry) -> str:
    to_fetch = "" if entry.is_here() else f" {wording.size(entry.download_bytes)} are downloaded at first use."
    return entry.description + to_fetch


def _choose_data(combo: QComboBox, value: object, text: str) -> None:
    """Chooses the item of a value, which is added under a text where it is not among the items."""
    if combo.findData(value) < 0:
        combo.addItem(text, value)
    combo.setCurrentIndex(combo.findData(value))


def _caption(control: QWidget) -> QLabel:
    caption = QLabel(control.accessibleName())
    caption.setBuddy(control)
    caption.setToolTip(control.toolTip())
    return caption


def _rows(*controls: QWidget) -> QWidget:
    """Captions on the left, controls on the right, in columns that are alike wherever they are used."""
    box = QWidget()
    grid = QGridLayout(box)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setSpacing(GRID)
    grid.setColumnMinimumWidth(0, CAPTION_WIDTH)
    grid.setColumnStretch(1, 1)
    for row, control in enumerate(controls):
        grid.addWidget(_caption(control), row, 0)
        grid.addWidget(control, row, 1)
    return box
