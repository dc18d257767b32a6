"""For which images a network is described: those of a data set, of the paper, or any others."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from cnnstudio.data.library import list_datasets
from cnnstudio.data.published.catalogue import DatasetEntry
from cnnstudio.gui.controls.describe import describe
from cnnstudio.gui.controls.number_boxes import WholeBox
from cnnstudio.gui.controls.picker import Choice, Picker
from cnnstudio.gui.look.theme import GRID
from cnnstudio.gui.pages.choosers.networks import picture
from cnnstudio.limits import IMAGE_SIZES

PAPER, OTHER = "", "…"
"""Keys of the choices that are no data set; no data set can be called so."""

MOST_CLASSES = 10_000

_PAPER_KEY = "as-in-the-paper"


class ImagesChooser(QWidget):
    """A picker of data sets, with numbers of one's own under it."""

    changed = Signal()
    """Other images are chosen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._entries: dict[str, DatasetEntry] = {}
        self._own = ""
        self.picker = describe(
            Picker(),
            "described_for_picker",
            "Images",
            "The layers’ sizes follow from the images’ height, width and channels, and the last layer’s from the "
            "number of classes.",
        )
        self._side = _number(
            "image_side_spin", "Height and width", "Pixels in height and width.", WholeBox(1, IMAGE_SIZES[-1])
        )
        self._side.setValue(32)
        self._side.setSuffix(" px")
        self._channels = describe(
            QComboBox(), "image_channels_combo", "Colour", "Grey images have one number for each pixel, colour three."
        )
        self._channels.addItem("Grey", 1)
        self._channels.addItem("Colour", 3)
        self._channels.setCurrentIndex(1)
        self._classes = _number("classes_spin", "Classes", "So many answers there are.", WholeBox(2, MOST_CLASSES))
        self._classes.setValue(10)
        self._classes.setSuffix(" classes")
        self._numbers = QWidget()
        rows = QVBoxLayout(self._numbers)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(GRID)
        above = QHBoxLayout()
        above.addWidget(self._side, 1)
        above.addWidget(self._channels)
        rows.addLayout(above)
        rows.addWidget(self._classes)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID)
        layout.addWidget(self.picker)
        layout.addWidget(self._numbers)
        self.refresh("Its own images", "")
        self._numbers.hide()
        self.picker.changed.connect(self._choose)
        for spin in (self._side, self._classes):
            spin.valueChanged.connect(self.changed)
        self._channels.currentIndexChanged.connect(self.changed)

    def refresh(self, own_title: str, own_images: str) -> None:
        """Looks again which data sets there are, and says which images the network itself is about.

        Args:
            own_title: “Its own images”, “As it was saved”.
            own_images: what those images are; empty where that is not known yet.
        """
        self._entries = {entry.name: entry for entry in list_datasets()}
        choices = [Choice(_PAPER_KEY, own_title, own_images)]
        for entry in self._entries.values():
            name = "own-images" if entry.path else entry.name
            choices.append(Choice(entry.name, entry.title, entry.size_text, picture(name), "Data sets"))
        choices.append(Choice(OTHER, "Other images", "Any height, width, colour and number of classes.", None, "Any"))
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
        """So many; None for the network's own."""
        key = self.picker.current_key
        if key in self._entries:
            return len(self._entries[key].classes)
        return self._classes.value() if key == OTHER else None

    @property
    def key(self) -> str:
        """The choice, to be remembered."""
        return self.picker.current_key

    @Slot(str)
    def choose(self, key: str) -> None:
        """Makes a choice: a data set's name, or empty for the network's own images."""
        self.picker.set_current(key or _PAPER_KEY)

    @Slot(str)
    def _choose(self, key: str) -> None:
        self._numbers.setVisible(key == OTHER)
        self.changed.emit()


def _number(name: str, title: str, lesson: str, box: WholeBox) -> WholeBox:
    box.setKeyboardTracking(False)
    return describe(box, name, title, f"{lesson} {box.bounds}")
