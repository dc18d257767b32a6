"""For which images a network is described: those of a data set, of the paper, or any others."""

from dataclasses import dataclass

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QWidget

from cnnstudio.data.published.catalogue import DatasetEntry
from cnnstudio.gui.controls.describe import describe
from cnnstudio.gui.controls.forms import combo, number
from cnnstudio.gui.controls.layouts import column, row, widget_of
from cnnstudio.gui.controls.number_boxes import WholeBox
from cnnstudio.gui.controls.picker import Choice, Picker
from cnnstudio.gui.library import Library
from cnnstudio.gui.pages.choosers.networks import picture
from cnnstudio.limits import IMAGE_SIZES

_OWN, OTHER = "as-in-the-paper", "…"
"""Keys of the choices that are no data set; no data set can be called so."""

MOST_CLASSES = 10_000


@dataclass(frozen=True)
class BringImages:
    """What the Data page is sent by a page whose user wants to bring images of their own."""


def dataset_choice(entry: DatasetEntry, description: str, group: str = "", facts: str = "") -> Choice:
    """A data set, as a picker shows it; the last three are those of `Choice`."""
    symbol = picture("own-images" if entry.path else entry.name)
    return Choice(entry.name, entry.title, description, symbol, group, facts)


class ImagesChooser(QWidget):
    """A picker of data sets, with numbers of one's own below it.

    Args:
        library: which data sets there are.
    """

    changed = Signal()
    """Other images are chosen."""

    def __init__(self, library: Library) -> None:
        super().__init__()
        self._library = library
        self._entries: dict[str, DatasetEntry] = {}
        self.picker = describe(
            Picker(),
            "described_for_picker",
            "On images of",
            "The layers’ sizes follow from the images’ height, width and channels, and the last layer’s from the "
            "number of classes.",
        )
        self._side = number(
            WholeBox(1, IMAGE_SIZES[-1]), "image_side_spin", "Height and width", "Pixels in height and width."
        )
        self._side.setValue(32)
        self._side.setSuffix(" px")
        self._channels = combo(
            "image_channels_combo",
            "Colour",
            "Grey images have one number for each pixel, colour three.",
            {3: ("Colour", ""), 1: ("Grey", "")},
        )
        self._classes = number(
            WholeBox(2, MOST_CLASSES), "classes_spin", "Classes", "The number of answers that the network can give."
        )
        self._classes.setValue(10)
        self._classes.setSuffix(" classes")
        self._numbers = widget_of(column(row((self._side, 1), self._channels), self._classes))
        self.setLayout(column(self.picker, self._numbers))
        self.refresh("Its usual size", "")
        self._numbers.hide()
        self.picker.changed.connect(self._choose)
        for box in (self._side, self._classes):
            box.setKeyboardTracking(False)
            box.valueChanged.connect(self.changed)
        self._channels.currentIndexChanged.connect(self.changed)

    def refresh(self, own_title: str, own_images: str) -> None:
        """Shows which data sets there are now, and says which images the network itself is about.

        Args:
            own_title: “Its usual size”, “As it was saved”.
            own_images: what those images are; empty where that is not known yet.
        """
        self._entries = {entry.name: entry for entry in self._library.lists.datasets}
        choices = [Choice(_OWN, own_title, own_images)]
        choices += [dataset_choice(entry, entry.size_text, "Data sets") for entry in self._entries.values()]
        choices.append(Choice(OTHER, "Other images", "Any height, width, colour and number of classes.", group="Any"))
        self.picker.set_choices(choices)

    @property
    def dataset(self) -> str:
        """The name of the chosen data set; empty where none is."""
        key = self.picker.current_key
        return key if key in self._entries else ""

    @property
    def image_shape(self) -> tuple[int, int, int] | None:
        """(height, width, channels); None for the network's own."""
        key = self.picker.current_key
        if key in self._entries:
            return self._entries[key].image_shape
        side = self._side.value()
        return (side, side, self._channels.currentData()) if key == OTHER else None

    @property
    def classes(self) -> int | None:
        """The number of classes; None for the network's own."""
        key = self.picker.current_key
        if key in self._entries:
            return len(self._entries[key].classes)
        return self._classes.value() if key == OTHER else None

    @Slot(str)
    def choose(self, key: str) -> None:
        """Makes a choice: a data set's name, or empty for the network's own images."""
        self.picker.set_current(key or _OWN)

    @Slot(str)
    def _choose(self, key: str) -> None:
        self._numbers.setVisible(key == OTHER)
        self.changed.emit()
