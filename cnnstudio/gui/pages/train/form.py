"""The left column of the Train page: what to train, and how."""

from collections.abc import Callable, Container, Mapping
from dataclasses import replace
from functools import partial
from html import escape
from typing import Any

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QComboBox, QWidget

from cnnstudio import wording
from cnnstudio.data.augmentation.augment import AUGMENTATIONS, find_augmentation
from cnnstudio.data.augmentation.changes import AugmentationSpec
from cnnstudio.data.library import SIZES, find_dataset
from cnnstudio.data.published.catalogue import DatasetEntry
from cnnstudio.errors import StudioError
from cnnstudio.gui.controls.buttons import FoldButton, tool_button
from cnnstudio.gui.controls.describe import describe, label
from cnnstudio.gui.controls.forms import (
    TIP,
    WheelGuard,
    caption,
    choose_data,
    combo,
    number,
    rows,
    set_value,
    value_of,
)
from cnnstudio.gui.controls.layouts import STRETCH, column, row
from cnnstudio.gui.controls.message_bar import MessageBar
from cnnstudio.gui.controls.number_boxes import DecimalBox, WholeBox
from cnnstudio.gui.controls.picker import Picker
from cnnstudio.gui.library import Library
from cnnstudio.gui.look.theme import GRID
from cnnstudio.gui.pages.choosers.images import dataset_choice
from cnnstudio.gui.pages.choosers.networks import (
    about,
    architecture_choices,
    choice_key,
    is_transfer,
    network_choice,
)
from cnnstudio.gui.settings import Settings
from cnnstudio.gui.task import aside
from cnnstudio.limits import IMAGE_SIZES
from cnnstudio.models.architectures.architecture import Architecture
from cnnstudio.models.networks.building import find_network
from cnnstudio.models.networks.files import Network
from cnnstudio.training.config import MAX_SEED, OPTIMIZERS, SCHEDULES, TrainingConfig
from cnnstudio.training.precision import PRECISIONS

Recall = Callable[[str, Any, str, Callable[[Any], bool]], Any]


class TrainingForm(QWidget):
    """Data set, architecture and a few numbers, with defaults that train well untouched.

    Args:
        library: which data sets and networks there are.
        message: where it says that a data set or a network cannot be used.

    Signals:
        own_images_wanted(): the user wants to bring images of their own.
        changed(): another data set or another network is chosen.
    """

    own_images_wanted = Signal()
    changed = Signal()

    def __init__(self, library: Library, message: MessageBar) -> None:
        super().__init__()
        self.setObjectName("training_form")
        self._library = library
        self._message = message
        self._entries: dict[str, DatasetEntry] = {}
        self._guests: dict[str, Network] = {}
        """Networks from files that lie elsewhere, by their paths."""
        self._proposed = TrainingConfig()
        """What is proposed for the data set."""
        self._suited = TrainingConfig()
        """What suits the data set and the network that is chosen."""
        self._dataset = describe(
            Picker(), "dataset_picker", "Data set", "The labelled images that the network learns from."
        )
        self._architecture = describe(
            Picker(), "architecture_picker", "Architecture", "The layers of the network and how they follow each other."
        )
        self._own_images = tool_button(
            "own_images_button",
            "Your own images",
            "Train on a folder or a zip of your own photos, one subfolder for each class.",
            "import",
            self.own_images_wanted,
        )
        self._own_images.setText("Your own images")
        self._own_images.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._note = label(role="secondary", name="architecture_note")
        self._augmentation_note = label(role="small", name="augmentation_note")
        self._controls = self._make_controls()
        self._lay_out()
        WheelGuard(self, *self._controls.values())
        self._dataset.changed.connect(self._choose_dataset)
        self._architecture.changed.connect(self._choose_architecture)
        for picker in (self._dataset, self._architecture):
            picker.changed.connect(self.changed)
        self._controls["optimizer"].currentIndexChanged.connect(self._suit_rate)
        self._controls["augmentation"].currentIndexChanged.connect(self._tell_augmentation)
        self.refresh()
        self.config = TrainingConfig()
        self._tell_augmentation()

    def _make_controls(self) -> dict[str, Any]:
        """The controls by the fields of `TrainingConfig`; the optimizer stands before the rate, which it changes."""
        return {
            "image_size": combo(
                "image_size_combo",
                "Image size",
                "Your images are cut square and scaled to this width and height. Larger shows more and trains slower.",
                {},
            ),
            "channels": combo(
                "channels_combo",
                "Colour",
                "Colour gives the network three numbers for each pixel, red, green and blue; grey gives it one.",
                {3: ("Colour", ""), 1: ("Grey", "")},
            ),
            "epochs": number(
                WholeBox(1, 1000),
                "epochs_spin",
                "Epochs",
                "One epoch shows every training image to the network once.",
            ),
            "fine_tune_epochs": number(
                WholeBox(0, 1000),
                "fine_tune_epochs_spin",
                "Fine-tuning",
                "Epochs that follow once the new layers have learnt: then the upper part of the pretrained network is "
                "trained, too, in small steps.",
            ),
            "batch_size": number(
                WholeBox(1, 8192),
                "batch_size_spin",
                "Batch size",
                "The number of images over which one step of the weights is averaged.",
            ),
            "optimizer": _choice_of("optimizer", "How the weights follow the gradients.", OPTIMIZERS),
            "learning_rate": number(
                DecimalBox(1e-9, 1e9, 0.0001, by_digit=True),
                "learning_rate_spin",
                "Learning rate",
                "How far each step moves the weights. Too small learns slowly, too large does not learn at all; 0.0001 "
                "to 0.1 is usual.",
            ),
            "schedule": _choice_of(
                "schedule", "How the learning rate changes from the first batch to the last.", SCHEDULES
            ),
            "weight_decay": number(
                DecimalBox(0, 0.99, 0.0001),
                "weight_decay_spin",
                "Weight decay",
                "Pulls weights towards zero, so that they stay small and the network relies on what many images have "
                "in common. 0 turns it off; 0.005 is usual with SGD.",
            ),
            "augmentation": _choice_of(
                "augmentation",
                "Training images are changed a little each time, so that the network learns to ignore such changes "
                "instead of memorising images.",
                AUGMENTATIONS,
            ),
            "precision": _choice_of("precision", "How many bits each number has in the computation.", PRECISIONS),
            "seed": number(
                WholeBox(0, MAX_SEED),
                "seed_spin",
                "Seed",
                "The same seed gives the same first weights and the same order of images.",
            ),
        }

    def _lay_out(self) -> None:
        own, always, fine_tuning = ("image_size", "channels"), ("epochs",), ("fine_tune_epochs",)
        rest = [name for name in self._controls if name not in (*own, *always, *fine_tuning)]
        self._own_rows, epochs, self._fine_tuning_row, options = (
            rows(*(self._controls[name] for name in names)) for names in (own, always, fine_tuning, rest)
        )
        options.setObjectName("more_options")
        fold = FoldButton(
            "more_options_button",
            "More options",
            "Batch size, optimizer, learning rate, augmentation, and what else can be chosen.",
            options,
        )
        self.setLayout(
            column(
                row((caption(self._dataset), 1), self._own_images),
                self._dataset,
                self._own_rows,
                GRID,
                caption(self._architecture),
                self._architecture,
                self._note,
                GRID,
                epochs,
                self._fine_tuning_row,
                self._augmentation_note,
                (fold, 0, Qt.AlignmentFlag.AlignLeft),
                options,
                STRETCH,
            )
        )

    def refresh(self) -> None:
        """Shows which data sets and networks there are now; the choices stay."""
        by_path = {name: entry for name, entry in self._entries.items() if name == str(entry.path)}
        self._entries = {entry.name: entry for entry in self._library.lists.datasets} | by_path
        self._show_datasets()
        self._show_architectures()

    def _show_datasets(self) -> None:
        self._dataset.set_choices(
            [dataset_choice(entry, self._about(entry), facts=_size(entry)) for entry in self._entries.values()]
        )

    def _show_architectures(self) -> None:
        is_own = self._entries[self._dataset.current_key].path is not None
        known = architecture_choices(self._library, self._proposed.architecture if is_own else "")
        keys = {choice.key for choice in known}
        guests = [network_choice(network, key) for key, network in self._guests.items() if key not in keys]
        self._architecture.set_choices([*known, *guests])

    def _about(self, entry: DatasetEntry) -> str:
        here = self._library.is_here(entry)
        to_fetch = "" if here else f" {wording.size(entry.download_bytes)} are downloaded at first use."
        return entry.description + to_fetch

    def _network(self, key: str) -> Architecture | Network | None:
        return self._guests.get(key) or self._library.network(key)

    @property
    def config(self) -> TrainingConfig:
        """What is chosen now."""
        dataset, architecture = self._dataset.current_key, self._architecture.current_key
        values = {name: value_of(control) for name, control in self._controls.items()}
        if self._entries[dataset].path is None:
            values |= _AS_PUBLISHED
        if not is_transfer(self._network(architecture)):
            values["fine_tune_epochs"] = 0
        layout = self._entries[dataset].layout
        return TrainingConfig(dataset=dataset, architecture=architecture, layout=layout, **values)

    @config.setter
    def config(self, config: TrainingConfig) -> None:
        self.choose_dataset(config.dataset, config.layout)
        self.choose_architecture(config.architecture)
        self.choose_augmentation(config.augmentation)
        for name, control in self._controls.items():
            value = getattr(config, name)
            if value is not None:
                set_value(control, value)
        self._tell_architecture(self._architecture.current_key)

    @property
    def title(self) -> str:
        """What is chosen, in words: “LeNet-5 on MNIST”."""
        return f"{self._architecture.currentText()} on {self._dataset.currentText()}"

    @property
    def dataset_words(self) -> str:
        """What the data set that is chosen is called, within a sentence."""
        return self._entries[self._dataset.current_key].called

    def changes_since(self, before: TrainingConfig, besides: Container[str]) -> list[str]:
        """What is chosen now that was not chosen before, each in a few words.

        Args:
            before: what was chosen.
            besides: fields of `TrainingConfig` that are left out.
        """
        controls = {"dataset": self._dataset, "architecture": self._architecture, **self._controls}
        now = vars(self.config)
        words = []
        for name, control in controls.items():
            if name in besides or now[name] in (getattr(before, name), None):
                continue
            value = control.currentText() if isinstance(control, QComboBox) else control.text()
            if name == "augmentation":
                value = _augmentation_in_words(now[name])
            elif name == "channels":
                value = value.lower()
            words.append(_IN_WORDS.get(name, f"{control.accessibleName().lower()} {{}}").format(value))
        return words

    def remember(self, settings: Settings) -> None:
        """Keeps what is chosen for the next start."""
        for name, value in vars(self.config).items():
            if value is not None and name in (*self._controls, "dataset", "architecture"):
                settings.remember(f"train/{name}", value)

    def recall(self, read: Recall) -> None:
        """Chooses what was kept, each on its own.

        Args:
            read: returns what was kept under the name of a field of `TrainingConfig`. It is also given what it returns
                where nothing usable was kept, what was chosen in words, and whether a value can be chosen.
        """
        for name, picker, choose, find in (
            ("dataset", self._dataset, self.choose_dataset, find_dataset),
            ("architecture", self._architecture, self.choose_architecture, find_network),
        ):
            what = f"the {picker.accessibleName().lower()} of the last training"
            choose(read(name, picker.current_key, what, partial(_is_there, picker, find)))
        for name, control in self._controls.items():
            if value_of(control) is None:  # published images have one size
                continue
            what = f"the {control.accessibleName().lower()} of the last training"
            value = read(name, value_of(control), what, partial(_can_have, control))
            if name == "augmentation":
                self.choose_augmentation(value)
            else:
                set_value(control, value)

    def choose_dataset(self, name: str, layout: str = "") -> None:
        """Chooses a data set by name or path, with the numbers that suit it where others were not typed in.

        Args:
            name: of the data set, or its path.
            layout: of a folder that was not imported; found out where it is empty.
        """
        if name not in self._entries:
            try:
                self._entries[name] = aside(partial(find_dataset, name, layout=layout))
            except StudioError as error:
                self._message.show_failure(error)
                return
            self._show_datasets()
        self._dataset.set_current(name)

    def choose_architecture(self, text: str) -> None:
        """Chooses a network: what `cnnstudio.models.networks.building.find_network` finds."""
        if not self._architecture.offers(text):
            try:
                network = aside(partial(find_network, text))
            except StudioError as error:
                self._message.show_failure(error)
                return
            self.choose_network(network, text)
        self._architecture.set_current(text)

    def choose_network(self, network: Architecture | Network, key: str = "") -> None:
        """Chooses a network; one that lies elsewhere joins the list, under a key if not by its own."""
        key = key or choice_key(network)
        if not self._architecture.offers(key) and isinstance(network, Network):
            self._guests[key] = network
            self._show_architectures()
        self._architecture.set_current(key)

    def choose_augmentation(self, text: str) -> None:
        """Chooses an augmentation: one of the table, or changes such as “shift=0.1,flip=0.5”."""
        entry, augmentation = find_augmentation(text), self._controls["augmentation"]
        choose_data(augmentation, text, entry.title)
        augmentation.setItemData(augmentation.currentIndex(), entry.description, TIP)

    def set_locked(self, locked: bool) -> None:
        """Locks the choices while a training runs; they stay visible."""
        for control in (self._dataset, self._own_images, self._architecture, *self._controls.values()):
            control.setEnabled(not locked)

    @Slot()
    def _suit_rate(self) -> None:
        optimizer = OPTIMIZERS[value_of(self._controls["optimizer"])]
        self._controls["learning_rate"].setValue(optimizer.learning_rate)

    @Slot()
    def _tell_augmentation(self) -> None:
        """Says what is done to the images, also while the options are folded."""
        text = value_of(self._controls["augmentation"])
        self._augmentation_note.setVisible(text != "none")
        self._augmentation_note.setText(find_augmentation(text).description)

    @Slot(str)
    def _tell_architecture(self, name: str) -> None:
        network = self._network(name)
        text, source = about(network) if network is not None else ("", "")
        self._note.setText(text)
        self._note.setVisible(bool(text))
        self._note.setToolTip(source)
        self._fine_tuning_row.setVisible(is_transfer(network))

    @Slot(str)
    def _choose_architecture(self, name: str) -> None:
        self._tell_architecture(name)
        self._suit("image_size", "epochs")

    def _suit(self, *fields: str, always: bool = False) -> None:
        """Chooses what suits the data set and the network that are chosen now.

        Args:
            fields: of `TrainingConfig`.
            always: also where the user has chosen something else.
        """
        entry = self._entries[self._dataset.current_key]
        before, self._suited = self._suited, TrainingConfig.suggested(entry, self._architecture.current_key)
        for field in fields:
            control, value = self._controls[field], getattr(self._suited, field)
            if value is not None and (always or value_of(control) == getattr(before, field)):
                set_value(control, value)

    @Slot(str)
    def _choose_dataset(self, name: str) -> None:
        entry = self._entries[name]
        licence = f" {entry.licence}." if entry.licence else ""
        self._dataset.setToolTip(f"<p>{escape(self._about(entry))} {entry.size_text}.{licence}</p>")
        self._own_rows.setVisible(entry.path is not None)
        if entry.path is not None:
            image_size = self._controls["image_size"]
            image_size.clear()
            for size in sorted({*SIZES, entry.image_shape[0]}):
                image_size.addItem(f"{wording.shape((size, size))} px", size)
        before, self._proposed = self._proposed, TrainingConfig.suggested(entry)
        self._show_architectures()
        if before.architecture != self._proposed.architecture:
            self.choose_architecture(self._proposed.architecture)
        self._suit("image_size", "channels", always=True)
        # What was typed in for one data set stays for another of its kind, and for no other.
        if replace(before, dataset=name) != self._proposed:
            self._suit("epochs", "batch_size", always=True)
            self.choose_augmentation(self._suited.augmentation)


_IN_WORDS = {
    "dataset": "{}",
    "architecture": "{}",
    "image_size": "{}",
    "channels": "{}",
    "epochs": "{} epochs",
    "augmentation": "{}",
}
"""How a choice is called in a sentence, where not by its name."""

_AS_PUBLISHED: dict[str, Any] = {"image_size": None, "channels": None}
"""What cannot be chosen for a published data set."""


def _augmentation_in_words(text: str) -> str:
    """Such as “augmentation “Photo”” or “augmentation by shift, rotate”."""
    if text == "none":
        return "no augmentation"
    if text in AUGMENTATIONS:
        return f"augmentation “{AUGMENTATIONS[text].title}”"
    return f"augmentation by {', '.join(name for name, _ in AugmentationSpec.parse(text).items())}"


def _is_there(picker: Picker, find: Callable[[str], object], name: str) -> bool:
    return picker.offers(name) or aside(partial(_is_found, find, name))


def _is_found(find: Callable[[str], object], name: str) -> bool:
    try:
        find(name)
    except (StudioError, OSError, ValueError, RuntimeError):  # not every text can be a path
        return False
    return True


def _can_have(control: QComboBox | WholeBox | DecimalBox, value: Any) -> bool:
    """Whether a value can be chosen; lists of sizes and augmentations take others than theirs."""
    if not isinstance(control, QComboBox):
        return control.minimum() <= value <= control.maximum()
    match control.objectName():
        case "augmentation_combo":
            return _is_found(find_augmentation, value)
        case "image_size_combo":
            return value in IMAGE_SIZES
    return control.findData(value) >= 0


def _size(entry: DatasetEntry) -> str:
    """A few words on how large a data set is; one's own images can have any size."""
    images, (height, width, channels) = entry.train_images + entry.test_images, entry.image_shape
    if entry.path is not None:
        return f"{images:,} images · {len(entry.classes):,} classes"
    return f"{images:,} images · {wording.shape((height, width))} {'grey' if channels == 1 else 'colour'}"


def _choice_of(field: str, tip: str, table: Mapping[str, Any]) -> QComboBox:
    """A list of the entries of a table, each with its description as its tooltip."""
    entries = {key: (entry.title, entry.description) for key, entry in table.items()}
    made = combo(f"{field}_combo", field.capitalize(), tip, entries)
    # A long entry must not widen the column.
    made.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    made.setMinimumContentsLength(8)
    return made
