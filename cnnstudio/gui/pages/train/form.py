"""The left column of the Train page: what to train, and how."""

from dataclasses import replace

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from cnnstudio import wording
from cnnstudio.data.augmentation.augment import AUGMENTATIONS, find_augmentation
from cnnstudio.data.library import SIZES, find_dataset, list_datasets
from cnnstudio.data.published.catalogue import DatasetEntry
from cnnstudio.errors import StudioError
from cnnstudio.gui.controls.buttons import FoldButton
from cnnstudio.gui.controls.describe import label
from cnnstudio.gui.controls.forms import TIP, ControlForm, caption, choose_data, rows
from cnnstudio.gui.controls.number_boxes import DecimalBox, WholeBox
from cnnstudio.gui.controls.picker import Choice, Picker
from cnnstudio.gui.look.theme import GRID, icon
from cnnstudio.gui.pages.choosers.networks import about, architecture_choices, is_transfer, network_choice, picture
from cnnstudio.models.networks.building import find_network
from cnnstudio.training.config import MAX_SEED, OPTIMIZERS, SCHEDULES, TrainingConfig
from cnnstudio.training.precision import PRECISIONS


class TrainingForm(ControlForm):
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
        self._entries: dict[str, DatasetEntry] = {}
        self._guests: dict[str, Choice] = {}
        """Networks from files that lie elsewhere, by their paths."""
        self._suggested = TrainingConfig()
        self._make_pickers()
        self._epochs = self._number(
            "epochs", "Epochs", WholeBox(1, 1000), "One epoch shows every training image to the network once."
        )
        self._fine_tuning = self._number(
            "fine_tune_epochs",
            "Fine-tuning",
            WholeBox(0, 1000),
            "Epochs that follow once the new layers have learnt: then the upper part of the pretrained network is "
            "trained, too, in small steps.",
        )
        self._variety = label(role="small", name="augmentation_note")
        self._options = TrainingOptions()
        self._options.augmentation_changed.connect(self._tell_variety)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID)
        above = QHBoxLayout()
        above.addWidget(caption(self._dataset), 1)
        above.addWidget(self._own_images)
        layout.addLayout(above)
        layout.addWidget(self._dataset)
        self._own_rows = rows(self._image_size, self._channels)
        layout.addWidget(self._own_rows)
        layout.addSpacing(GRID)
        layout.addWidget(caption(self._architecture))
        layout.addWidget(self._architecture)
        layout.addWidget(self._note)
        layout.addSpacing(GRID)
        layout.addWidget(rows(self._epochs))
        self._fine_tuning_row = rows(self._fine_tuning)
        layout.addWidget(self._fine_tuning_row)
        layout.addWidget(self._variety)
        layout.addWidget(self._options)
        layout.addStretch(1)
        self.refresh()
        self.config = TrainingConfig()

    def refresh(self) -> None:
        """Looks again which data sets and networks there are; the choices stay."""
        self._entries = {entry.name: entry for entry in list_datasets()}
        self._show_datasets()
        self._show_architectures()

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
        self._architecture.set_choices(architecture_choices())
        self._architecture.changed.connect(self._tell_architecture)
        self._note = label(role="secondary", name="architecture_note")

    @property
    def config(self) -> TrainingConfig:
        """What is chosen now."""
        own = self._entries[self._dataset.current_key].path is not None
        return self._options.chosen(
            TrainingConfig(
                dataset=self._dataset.current_key,
                architecture=self._architecture.current_key,
                epochs=self._epochs.value(),
                fine_tune_epochs=self._fine_tuning.value() if self._is_transfer() else 0,
                image_size=self._image_size.currentData() if own else None,
                channels=self._channels.currentData() if own else None,
            )
        )

    @config.setter
    def config(self, config: TrainingConfig) -> None:
        self.choose_dataset(config.dataset)
        self.choose_architecture(config.architecture)
        self._epochs.setValue(config.epochs)
        self._fine_tuning.setValue(config.fine_tune_epochs)
        self._options.show_config(config)
        for combo, value in ((self._image_size, config.image_size), (self._channels, config.channels)):
            if value is not None:
                choose_data(combo, value, str(value))
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

    def choose_architecture(self, text: str) -> None:
        """Chooses a network: what `cnnstudio.models.networks.building.find_network` finds."""
        if all(choice.key != text for choice in self._architecture.choices):
            try:
                self._guests[text] = network_choice(find_network(text), key=text)
            except StudioError as error:
                self.failed.emit(str(error))
                return
            self._show_architectures()
        self._architecture.set_current(text)

    def _show_architectures(self) -> None:
        known = architecture_choices()
        keys = {choice.key for choice in known}
        self._architecture.set_choices([*known, *(one for key, one in self._guests.items() if key not in keys)])

    def choose_augmentation(self, text: str) -> None:
        """Chooses an augmentation: one of the table, or changes such as “shift=0.1,flip=0.5”."""
        self._options.choose_augmentation(text)

    def set_locked(self, locked: bool) -> None:
        """Locks the choices while a training runs; they stay visible."""
        super().set_locked(locked)
        self._options.set_locked(locked)

    @Slot(str)
    def _tell_variety(self, text: str) -> None:
        """Says what is done to the images, also while the options are folded."""
        self._variety.setVisible(text != "none")
        self._variety.setText(find_augmentation(text).description)

    @Slot(str)
    def _tell_architecture(self, name: str) -> None:
        try:
            text, source = about(name)
        except StudioError as error:
            text, source = str(error), ""
        self._note.setText(text)
        self._note.setVisible(bool(text))
        self._note.setToolTip(source)
        self._fine_tuning_row.setVisible(self._is_transfer())

    def _is_transfer(self) -> bool:
        """Whether a pretrained network is built upon."""
        return is_transfer(self._architecture.current_key)

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
            choose_data(self._image_size, height, "")
            choose_data(self._channels, channels, "")
        before, self._suggested = self._suggested, TrainingConfig.suggested(entry)
        # What was typed in for one data set stays for another of its kind, and for no other.
        if replace(before, dataset=name) != self._suggested:
            self._epochs.setValue(self._suggested.epochs)
            self._options.suit(self._suggested)


def _description(entry: DatasetEntry) -> str:
    to_fetch = "" if entry.is_here() else f" {wording.size(entry.download_bytes)} are downloaded at first use."
    return entry.description + to_fetch


class TrainingOptions(ControlForm):
    """Batch size, optimizer, rates and whatever else hardly anybody changes; folded at first.

    Signals:
        augmentation_changed(str): another augmentation is chosen.
    """

    augmentation_changed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._make_controls()
        options = rows(
            self._batch_size,
            self._optimizer,
            self._learning_rate,
            self._schedule,
            self._weight_decay,
            self._augmentation,
            self._precision,
            self._seed,
        )
        options.setObjectName("more_options")
        fold = FoldButton(
            "more_options_button",
            "More options",
            "Batch size, optimizer, learning rate, augmentation, and what else can be chosen.",
            options,
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID)
        layout.addWidget(fold, alignment=Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(options)

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

    @Slot()
    def _suit_rate(self) -> None:
        self._learning_rate.setValue(OPTIMIZERS[self._optimizer.currentData()].learning_rate)

    @Slot()
    def _tell_augmentation(self) -> None:
        self.augmentation_changed.emit(self._augmentation.currentData() or "none")
