"""Eight images side by side, as a training would see them."""

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout

from cnnstudio.gui.look.theme import GRID
from cnnstudio.gui.widgets.images.pixel_view import PixelPicture

EXAMPLES, COLUMNS = 8, 4


class ExampleGrid(QGridLayout):
    """Two rows of pictures.

    Args:
        name: of their `objectName`s, which are `NAME_0`, `NAME_1`, …
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setSpacing(GRID)
        self._views = [PixelPicture() for _ in range(EXAMPLES)]
        for number, view in enumerate(self._views):
            view.setObjectName(f"{name}_{number}")
            view.setAccessibleName(f"Example {number + 1}")
            view.setMinimumSize(6 * GRID, 6 * GRID)
            view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            self.addWidget(view, number // COLUMNS, number % COLUMNS)

    @property
    def has_images(self) -> bool:
        """Whether there is an image to be seen."""
        return self._views[0].image is not None

    def set_images(self, images: Sequence[np.ndarray] | np.ndarray) -> None:
        """Shows images, each (height, width, channels) uint8; `EXAMPLES` at most."""
        for number, view in enumerate(self._views):
            view.set_image(images[number] if number < len(images) else None)
            view.setVisible(number < len(images))
