"""The numbers of an image, channel by channel."""

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QToolButton, QVBoxLayout, QWidget

from cnnstudio.gui.describe import describe, label
from cnnstudio.gui.theme import GRID, icon
from cnnstudio.gui.widgets.pixel_matrix import PixelMatrix

CHANNELS: tuple[tuple[str, str, str], ...] = (
    ("all", "All", "All three matrices: each pixel with its red, green and blue below each other."),
    ("red", "Red", "The first matrix alone: how much red each pixel has."),
    ("green", "Green", "The second matrix alone: how much green each pixel has."),
    ("blue", "Blue", "The third matrix alone: how much blue each pixel has."),
)
"""The chips that choose a channel: key, text and lesson; all of them first."""

_GREY = "A grey image is one matrix of numbers: 0 is black, 255 is white."
_COLOUR = "A colour image is three matrices: how much red, green and blue each pixel has, from 0 to 255."
_STEP = 1.25


class NumbersPane(QWidget):
    """A matrix with chips for its channels and buttons that zoom."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.matrix = PixelMatrix()
        self._lesson = label(_GREY, "secondary", "numbers_lesson")
        row = QHBoxLayout()
        row.setSpacing(GRID)
        group = QButtonGroup(self)
        self._chips: list[QPushButton] = []
        for number, (key, text, lesson) in enumerate(CHANNELS):
            chip = describe(QPushButton(text), f"channel_{key}_chip", f"Channel: {text}", lesson)
            chip.setProperty("role", "chip")
            chip.setCheckable(True)
            group.addButton(chip, number)
            row.addWidget(chip)
            self._chips.append(chip)
        self._chips[0].setChecked(True)
        group.idClicked.connect(self._choose)
        row.addStretch(1)
        top = QHBoxLayout()
        top.setSpacing(GRID)
        top.addWidget(self._lesson, 1, Qt.AlignmentFlag.AlignVCenter)
        for name, factor, text, lesson in (
            ("zoom-out", 1 / _STEP, "Zoom out", "Shows more of the image, with smaller numbers. The key − does, too."),
            ("zoom-in", _STEP, "Zoom in", "Shows the numbers larger. The key + does, too, and Ctrl with the wheel."),
        ):
            button = describe(QToolButton(), f"{name.replace('-', '_')}_button", text, lesson)
            button.setIcon(icon(name))
            button.setIconSize(QSize(20, 20))
            button.clicked.connect(lambda _=False, factor=factor: self.matrix.zoom(factor))
            top.addWidget(button)
        copy = describe(
            QToolButton(),
            "copy_numbers_button",
            "Copy the numbers",
            "Copies the matrix that is shown, row by row, to paste into a spreadsheet; all three below each other.",
        )
        copy.setIcon(icon("copy"))
        copy.setIconSize(QSize(20, 20))
        copy.clicked.connect(self._copy)
        top.addWidget(copy)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID)
        layout.addLayout(top)
        layout.addLayout(row)
        layout.addWidget(self.matrix, 1)

    def set_colourful(self, colourful: bool) -> None:
        """Offers channels for images in colour only."""
        self._lesson.setText(_COLOUR if colourful else _GREY)
        for chip in self._chips:
            chip.setVisible(colourful)

    @Slot()
    def _copy(self) -> None:
        matrices = ("\n".join("\t".join(map(str, row)) for row in one.tolist()) for one in self.matrix.shown())
        QGuiApplication.clipboard().setText("\n\n".join(matrices))

    @Slot(int)
    def _choose(self, number: int) -> None:
        self.matrix.set_channel(number - 1 if number else None)
