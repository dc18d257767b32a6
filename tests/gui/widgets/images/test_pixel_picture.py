"""The picture beside the matrix."""

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRectF
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from cnnstudio.gui.look.theme import Theme
from cnnstudio.gui.widgets.images.pixel_view import PixelPicture


@pytest.fixture
def picture(qtbot: QtBot, theme: Theme) -> PixelPicture:
    picture = PixelPicture()
    qtbot.addWidget(picture)
    picture.resize(284, 284)
    picture.show()
    return picture


def test_few_pixels_take_as_much_room_as_many(
    picture: PixelPicture, pixels: Callable[[QWidget], np.ndarray], qtbot: QtBot
) -> None:
    rows = np.arange(0, 252, 9, dtype=np.uint8)[:, np.newaxis, np.newaxis]
    picture.set_image(np.broadcast_to(rows, (28, 28, 1)).copy(), (28, 28))
    assert pixels(picture)[2 + 270, 2 + 5].tolist() == [27 * 9] * 3
    picture.set_image(np.array([[[10], [20]], [[30], [40]]], np.uint8), (28, 28))
    shown = pixels(picture)
    assert [int(shown[y, x, 0]) for y, x in ((5, 5), (5, 275), (275, 5), (275, 275))] == [10, 20, 30, 40]
    with qtbot.waitSignal(picture.pointed) as pointed:
        QTest.mouseMove(picture, QPoint(200, 20))
    assert pointed.args == [(0, 1)]


def test_a_large_picture_fills_its_place(picture: PixelPicture, pixels: Callable[[QWidget], np.ndarray]) -> None:
    picture.set_image(np.full((224, 224, 3), 77, np.uint8), (224, 224))
    assert pixels(picture)[278, 278].tolist() == [77, 77, 77]


def test_the_frame_shows_which_part_the_matrix_shows(
    picture: PixelPicture, pixels: Callable[[QWidget], np.ndarray]
) -> None:
    picture.set_image(np.full((28, 28, 1), 77, np.uint8), (28, 28))
    plain = pixels(picture)
    picture.set_window(QRectF(0, 0, 28, 28))
    assert np.array_equal(pixels(picture), plain)
    picture.set_window(QRectF(5, 5, 10, 10))
    changed = (pixels(picture) != plain).any(axis=-1)
    rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
    for found in (rows, columns):
        assert abs(found.min() - 52) <= 3
        assert abs(found.max() - 152) <= 3
