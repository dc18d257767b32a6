"""The very pixels that the network gets."""

import numpy as np
from PySide6.QtCore import QSize
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnstudio.gui.describe import describe
from cnnstudio.gui.painting.crisp import Cell, CrispPicture
from cnnstudio.gui.theme import array_to_image


class PixelView(CrispPicture):
    """An image as the network gets it, every pixel a sharp square; its value is told when it is pointed at.

    Args:
        parent: the parent widget.
        placeholder: what stands there while there is no image.
    """

    def __init__(self, parent: QWidget | None = None, placeholder: str = "What the network gets appears here.") -> None:
        super().__init__(placeholder, parent)
        describe(
            self,
            "pixel_view",
            "What the network gets",
            "The very pixels that the network gets. Point at one to see its value: 0 is black, 255 is white.",
        )
        self.setMinimumSize(84, 84)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self._image: np.ndarray | None = None

    @property
    def image(self) -> np.ndarray | None:
        """The image that is shown."""
        return self._image

    def set_image(self, image: np.ndarray | None) -> None:
        """Shows an image, or none.

        Args:
            image: (height, width), (height, width, 1) or (height, width, 3) uint8.
        """
        self._image = image
        self.set_picture(None if image is None else array_to_image(image))

    def text_of(self, cell: Cell) -> str:
        """Row, column and value, such as “row 12, column 9: 207”."""
        if self._image is None:
            return ""
        values = np.atleast_1d(self._image[cell])
        return f"{super().text_of(cell)}: {', '.join(str(value) for value in values)}"

    def sizeHint(self) -> QSize:
        """Five pixels a pixel of MNIST, and the frame."""
        return QSize(144, 144)

    def heightForWidth(self, width: int) -> int:
        """As high as wide."""
        return width
