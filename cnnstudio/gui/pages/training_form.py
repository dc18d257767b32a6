"""The left column of the Train page: what to train, and how."""

from functools import cache
from typing import TypeVar

from PySide6.QtCore import QEvent, QObject, Qt, Slot
from PySide6.QtGui import QIcon, QValidator
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QGridLayout,
    QLabel,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from cnnstudio.data.augmentation import AUGMENTATIONS
from cnnstudio.data.datasets import DATASETS
from cnnstudio.gui.describe import describe, label
from cnnstudio.gui.theme import GRID, icon
from cnnstudio.gui.widgets.picker import Choice, Picker
from cnnstudio.models.architectures import ARCHITECTURES
from cnnstudio.storage import shipped
from cnnstudio.training.config import MAX_SEED, SCHEDULES, TrainingConfig

CAPTION_WIDTH = 13 * GRID

_Control = TypeVar("_Control", bound=QWidget)


class _Rate(QDoubleSpinBox):
    """Shows a number without trailing zeros, and takes a decimal comma for what it is."""

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        return super().validate(text.replace(",", "."), position)

    def valueFromText(self, text: str) -> float:
        return float(text.replace(",", ".") or 0)

    def textFromValue(self, value: float) -> str:
        return f"{value:g}"


@cache
def picture(name: str) -> QIcon:
    """The picture that ships for a data set or an architecture, empty where there is none."""
    folder = shipped("assets/pictures")
    for suffix in (".svg", ".png"):
        file = folder / f"{name}{suffix}"
        if file.is_file():
            return QIcon(str(file))
    return QIcon()


class TrainingForm(QWidget):
    """Data set, architecture and a few numbers, with defaults that train well untouched."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("training_form")
        self._controls: list[QWidget] = []
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
        for picker, after in ((self._dataset, GRID), (self._architecture, 0)):
            layout.addWidget(_caption(picker))
            layout.addWidget(picker)
            layout.addSpacing(after)
        layout.addWidget(self._note)
        layout.addSpacing(GRID)
        layout.addWidget(_rows(self._epochs))
        layout.addWidget(self._more, alignment=Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(self._options)
        layout.addStretch(1)
        self.config = TrainingConfig()

    def _make_pickers(self) -> None:
        self._dataset = self._add(
            Picker(), "dataset_picker", "Data set", "The labelled images that the network learns from."
        )
        self._dataset.set_choices(
            [Choice(entry.name, entry.title, entry.description, picture(entry.name)) for entry in DATASETS.values()]
        )
        self._dataset.changed.connect(self._tell_dataset)
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

    @property
    def config(self) -> TrainingConfig:
        """What is chosen now."""
        return TrainingConfig(
            dataset=self._dataset.current_key,
            architecture=self._architecture.current_key,
            epochs=self._epochs.value(),
            batch_size=self._batch_size.value(),
            learning_rate=self._learning_rate.value(),
            seed=self._seed.value(),
            schedule=self._schedule.currentData(),
            augmentation=self._augmentation.currentData(),
        )

    @config.setter
    def config(self, config: TrainingConfig) -> None:
        self._dataset.set_current(config.dataset)
        self._architecture.set_current(config.architecture)
        self._epochs.setValue(config.epochs)
        self._batch_size.setValue(config.batch_size)
        self._learning_rate.setValue(config.learning_rate)
        self._seed.setValue(config.seed)
        for combo, key in ((self._schedule, config.schedule), (self._augmentation, config.augmentation)):
            combo.setCurrentIndex(max(0, combo.findData(key)))
        self._tell_architecture(config.architecture)

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

    @Slot(str)
    def _tell_architecture(self, name: str) -> None:
        architecture = ARCHITECTURES[name]
        self._note.setText(" ".join(part for part in (architecture.idea, architecture.note) if part))
        self._note.setToolTip(f"{architecture.authors} ({architecture.year}): {architecture.paper}")

    @Slot(str)
    def _tell_dataset(self, name: str) -> None:
        self._dataset.setToolTip(f"{DATASETS[name].size_text}. {DATASETS[name].licence}.")

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
            combo.setItemData(combo.count() - 1, entry.description, Qt.ItemDataRole.ToolTipRole)
        return combo


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
