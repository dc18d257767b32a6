"""The pixel view: sharp squares with values."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRectF, QSize, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QToolTip

from cnnstudio.gui.widgets.images.pixel_view import PixelView, whole_pixel_rectangle


@pytest.fixture
def view(qtbot, theme):
    widget = PixelView()
    qtbot.addWidget(widget)
    widget.resize(144, 144)
    widget.show()
    qtbot.waitExposed(widget)
    yield widget
    QToolTip.hideText()


@pytest.mark.parametrize(
    ("area", "size", "ratio", "expected"),
    [
        ((0, 0, 140, 140), (28, 28), 1.0, (0, 0, 140, 140)),
        ((0, 0, 150, 160), (28, 28), 1.0, (5, 10, 140, 140)),
        ((0, 0, 150, 150), (28, 28), 2.0, (5, 5, 140, 140)),
        ((0, 0, 155, 155), (28, 28), 2.0, (0.5, 0.5, 154, 154)),
        ((0, 0, 50, 100), (100, 100), 1.0, (0, 25, 50, 50)),
    ],
)
def test_a_picture_is_as_large_as_whole_pixels_allow(area, size, ratio, expected):
    place = whole_pixel_rectangle(QRectF(*area), QSize(*size), ratio)
    assert place.getRect() == pytest.approx(expected)


def test_every_value_is_a_sharp_square(view, pixels):
    image = np.random.default_rng(0).integers(0, 256, (28, 28), dtype=np.uint8)
    view.set_image(image)
    shown = pixels(view)[2:142, 2:142]
    np.testing.assert_array_equal(shown, np.repeat(image.repeat(5, 0).repeat(5, 1)[..., np.newaxis], 3, axis=2))


def test_colour_images_keep_their_colours(view, pixels):
    image = np.random.default_rng(0).integers(0, 256, (28, 28, 3), dtype=np.uint8)
    view.set_image(image)
    np.testing.assert_array_equal(pixels(view)[4:142:5, 4:142:5], image)


def test_the_value_under_the_pointer_is_told(view, qtbot):
    image = np.zeros((28, 28, 1), np.uint8)
    image[12, 9] = 207
    view.set_image(image)
    with qtbot.waitSignal(view.pointed) as told:
        QTest.mouseMove(view, QPoint(2 + 9 * 5 + 2, 2 + 12 * 5 + 2))
    assert told.args == [(12, 9)]
    assert QToolTip.text() == "row 12, column 9: 207"
    image[12, 9] = 3
    view.set_image(image)
    assert QToolTip.text() == "row 12, column 9: 3"


def test_arrow_keys_walk_over_the_pixels(view):
    view.set_image(np.arange(12, dtype=np.uint8).reshape(3, 4))
    view.setFocus()
    for key in (Qt.Key.Key_Up, Qt.Key.Key_Up, Qt.Key.Key_Up, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Right):
        QTest.keyClick(view, key)
    assert view.cell == (0, 3)
    assert view.accessibleDescription() == "row 0, column 3: 3"


def test_another_size_forgets_the_pixel(view):
    view.set_image(np.zeros((28, 28), np.uint8))
    QTest.mouseMove(view, QPoint(70, 70))
    assert view.cell == (13, 13)
    view.set_image(np.zeros((28, 28), np.uint8))
    assert view.cell == (13, 13)
    view.set_image(None)
    assert view.cell is None


def test_the_empty_state_says_what_comes(view, pixels):
    view.set_image(None)
    words = pixels(view)
    view.set_image(np.zeros((28, 28), np.uint8))
    assert len(np.unique(words.reshape(-1, 3), axis=0)) > 5
    assert (pixels(view)[2:142, 2:142] == 0).all()
