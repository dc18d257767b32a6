"""The folded part of the training form: how the network is trained."""

from dataclasses import replace

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QToolButton, QVBoxLayout, QWidget

from cnnstudio.data.augmentation import AUGMENTATIONS, find_augmentation
from cnnstudio.gui.controls.number_boxes import DecimalBox, WholeBox
from cnnstudio.gui.describe import describe
from cnnstudio.gui.pages.control_form import TIP, ControlForm, choose_data, rows
from cnnstudio.gui.theme import GRID, icon
from cnnstudio.training.arithmetic import PRECISIONS
from cnnstudio.training.config import MAX_SEED, OPTIMIZERS, SCHEDULES, TrainingConfig


class TrainingOptions(ControlForm):
    """Batch size, optimizer, rates and whatever else hardly anybody changes; folded at first.

    Signals:
        augmentation_changed(str): another augmentation is chosen.
    """

    augmentation_changed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._make_controls()
        self._fold = describe(
            QToolButton(),
            "more_options_button",
            "More options",
            "Batch size, optimizer, learning rate, augmentation, and what else can be chosen.",
        )
        self._fold.setText("More options")
        self._fold.setCheckable(True)
        self._fold.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._fold.setIcon(icon("chevron-right"))
        self._fold.toggled.connect(self._unfold)
        self._rows = rows(
            self._batch_size,
            self._optimizer,
            self._learning_rate,
            self._schedule,
            self._weight_decay,
            self._augmentation,
            self._precision,
            self._seed,
        )
        self._rows.setObjectName("more_options")
        self._rows.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID)
        layout.addWidget(self._fold, alignment=Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(self._rows)

    def _make_controls(self) -> None:
        self._batch_size = self._number(
            "batch_size", "Batch size", WholeBox(1, 8192), "So many images are averaged for one step of the weights."
        )
        self._optimizer = self._combo("optimizer", "Optimizer", "How the weights follow the gradients.", OPTIMIZERS)
        self._optimizer.currentIndexChanged.connect(self._suit_rate)
        self._learning_rate = self._number(
            "learning_rate",
            "Learning rate",
            DecimalBox(1e-9, 1e9, 0.0001, by_digit=True),
            "How far each step moves the weights. Too small learns slowly, too large does not learn at all; 0.0001 to "
            "0.1 is usual.",
        )
        self._schedule = self._combo(
            "schedule", "Schedule", "How the learning rate changes from the first batch to the last.", SCHEDULES
        )
        self._weight_decay = self._number(
            "weight_decay",
            "Weight decay",
            DecimalBox(0, 0.99, 0.0001),
            "Draws weights towards zero, so that none grows without need and the network keeps to what is common to "
            "many images. 0 does nothing; 0.005 is usual with SGD.",
        )
        self._augmentation = self._combo(
            "augmentation",
            "Augmentation",
            "Training images are changed a little each time, so that the network learns what does not matter.",
            AUGMENTATIONS,
        )
        self._augmentation.currentIndexChanged.connect(self._tell_augmentation)
        self._precision = self._combo("precision", "Precision", "With how many bits it computes.", PRECISIONS)
        self._seed = self._number(
            "seed",
            "Seed",
            WholeBox(0, MAX_SEED),
            "The same seed gives the same first weights and the same order of images.",
        )

    def chosen(self, config: TrainingConfig) -> TrainingConfig:
        """A config with what is chosen here in place of what it has."""
        return replace(
            config,
            batch_size=self._batch_size.value(),
            optimizer=self._optimizer.currentData(),
            learning_rate=self._learning_rate.value(),
            schedule=self._schedule.currentData(),
            weight_decay=self._weight_decay.value(),
            augmentation=self._augmentation.currentData(),
            precision=self._precision.currentData(),
            seed=self._seed.value(),
        )

    def show_config(self, config: TrainingConfig) -> None:
        """Chooses what a config has."""
        self._batch_size.setValue(config.batch_size)
        for combo, key in (
            (self._optimizer, config.optimizer),
            (self._schedule, config.schedule),
            (self._precision, config.precision),
        ):
            combo.setCurrentIndex(max(0, combo.findData(key)))
        self._learning_rate.setValue(config.learning_rate)
        self._weight_decay.setValue(config.weight_decay)
        self.choose_augmentation(config.augmentation)
        self._seed.setValue(config.seed)

    def suit(self, config: TrainingConfig) -> None:
        """Takes the batch size and the augmentation of a config, which suit a data set."""
        self._batch_size.setValue(config.batch_size)
        self.choose_augmentation(config.augmentation)

    def choose_augmentation(self, text: str) -> None:
        """Chooses an augmentation: one of the table, or changes such as “shift=0.1,flip=0.5”."""
        entry = find_augmentation(text)
        choose_data(self._augmentation, text, entry.title)
        self._augmentation.setItemData(self._augmentation.currentIndex(), entry.description, TIP)

    @Slot(bool)
    def _unfold(self, unfolded: bool) -> None:
        self._fold.setIcon(icon("chevron-down" if unfolded else "chevron-right"))
        self._rows.setVisible(unfolded)

    @Slot()
    def _suit_rate(self) -> None:
        self._learning_rate.setValue(OPTIMIZERS[self._optimizer.currentData()].learning_rate)

    @Slot()
    def _tell_augmentation(self) -> None:
        self.augmentation_changed.emit(self._augmentation.currentData() or "none")
