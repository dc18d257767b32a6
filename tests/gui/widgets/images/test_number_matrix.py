"""The matrix of numbers, against the images' own values."""

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from cnnstudio.data.library import load_dataset
from cnnstudio.gui.look.theme import Theme
from cnnstudio.gui.widgets.images.number_matrix import NumberMatrix, cell_colours

PHOTO = np.random.default_rng(0).integers(0, 256, (224, 224, 3), dtype=np.uint8)


@pytest.fixture
def matrix(qtbot: QtBot, theme: Theme) -> NumberMatrix:
    matrix = NumberMatrix()
    qtbot.addWidget(matrix)
    matrix.resize(680, 560)
    matrix.show()
    return matrix


@pytest.fixture(scope="module")
def digit() -> np.ndarray:
    return load_dataset("mnist").test.images[0]


def test_a_whole_digit_can_be_read_at_once(matrix: NumberMatrix, digit: np.ndarray) -> None:
    matrix.set_image(digit)
    assert matrix.legible
    assert matrix.window_shown().width() == pytest.approx(28)
    assert matrix.window_shown().height() == pytest.approx(28)


def test_the_cell_under_the_mouse(matrix: NumberMatrix, digit: np.ndarray, qtbot: QtBot) -> None:
    matrix.set_image(digit)
    with qtbot.waitSignal(matrix.pointed) as pointed:
        QTest.mouseMove(matrix.viewport(), matrix.cell_rectangle((9, 13)).center().toPoint())
    assert pointed.args == [(9, 13)]
    assert matrix.text_of((9, 13)) == f"row 9, column 13: {digit[9, 13, 0]}"
    with qtbot.waitSignal(matrix.pointed) as pointed:
        QTest.mouseMove(matrix.viewport(), QPoint(3, 3))
    assert pointed.args == [None]


def test_colours_are_told_by_name(matrix: NumberMatrix) -> None:
    matrix.set_image(PHOTO)
    red, green, blue = PHOTO[5, 6].tolist()
    assert matrix.text_of((5, 6)) == f"row 5, column 6: red {red}, green {green}, blue {blue}"


def test_bands_and_channels() -> None:
    together = cell_colours(PHOTO, None)
    assert together.shape == (672, 224, 3)
    for channel in range(3):
        band = together[channel::3]
        assert np.array_equal(band[..., channel], PHOTO[..., channel])
        assert not np.delete(band, channel, axis=2).any()
        assert np.array_equal(cell_colours(PHOTO, channel), band)
    grey = cell_colours(PHOTO[..., :1], None)
    assert np.array_equal(grey, PHOTO[..., :1].repeat(3, axis=2))


def test_the_colour_of_a_cell_is_its_value(matrix: NumberMatrix, pixels: Callable[[QWidget], np.ndarray]) -> None:
    matrix.set_image(PHOTO[:12, :12])
    matrix.set_channel(1)
    shown = pixels(matrix.viewport())
    for cell in ((0, 0), (3, 7), (11, 11)):
        corner = (matrix.cell_rectangle(cell).topLeft() + QPointF(3, 3)).toPoint()
        assert shown[corner.y(), corner.x()].tolist() == [0, PHOTO[(*cell, 1)], 0]


def test_a_number_is_written(matrix: NumberMatrix, pixels: Callable[[QWidget], np.ndarray]) -> None:
    image = np.zeros((4, 4, 1), np.uint8)
    matrix.set_image(image)
    before = pixels(matrix.viewport())
    image = image.copy()
    image[2, 1] = 1
    matrix.set_image(image)
    area = matrix.cell_rectangle((2, 1)).toRect().adjusted(2, 2, -2, -2)
    part = slice(area.top(), area.bottom()), slice(area.left(), area.right())
    assert (before[part] != pixels(matrix.viewport())[part]).any(axis=-1).sum() > 20


def test_large_images_scroll_and_stay_legible(matrix: NumberMatrix, qtbot: QtBot) -> None:
    matrix.set_image(PHOTO)
    assert matrix.legible
    assert matrix.window_shown().width() < 40
    with qtbot.waitSignal(matrix.window_changed):
        matrix.point((200, 210))
    assert matrix.window_shown().contains(QPointF(210.5, 200.5))
    assert matrix.viewport().rect().contains(matrix.cell_rectangle((200, 210)).toRect())


def test_zoom_keeps_the_place_under_the_mouse(matrix: NumberMatrix, turn_wheel: Callable[..., object]) -> None:
    matrix.set_image(PHOTO[..., :1])
    matrix.point((100, 100))
    anchor = matrix.cell_rectangle((100, 100)).center()
    before = matrix.side
    turn_wheel(matrix.viewport(), anchor.toPoint(), QPoint(0, 120), Qt.KeyboardModifier.ControlModifier)
    assert matrix.side == pytest.approx(1.2 * before)
    assert (matrix.cell_rectangle((100, 100)).center() - anchor).manhattanLength() < 3
    for _ in range(30):
        QTest.keyClick(matrix, Qt.Key.Key_Minus)
    assert not matrix.legible
    assert matrix.window_shown().height() == pytest.approx(224)


def test_arrows_walk(matrix: NumberMatrix, digit: np.ndarray) -> None:
    matrix.set_image(digit)
    for key, cell in (
        (Qt.Key.Key_Down, (14, 14)),
        (Qt.Key.Key_Down, (15, 14)),
        (Qt.Key.Key_Right, (15, 15)),
        (Qt.Key.Key_Up, (14, 15)),
        (Qt.Key.Key_Left, (14, 14)),
    ):
        QTest.keyClick(matrix, key)
        assert matrix.cell == cell
    assert matrix.accessibleDescription() == matrix.text_of((14, 14))


def test_another_image_of_the_size_keeps_zoom_and_cell(matrix: NumberMatrix) -> None:
    matrix.set_image(PHOTO)
    matrix.zoom(1.5)
    side = matrix.side
    matrix.point((3, 3))
    matrix.set_image(255 - PHOTO)
    assert (matrix.side, matrix.cell) == (side, (3, 3))
    matrix.set_image(PHOTO[:7, :9])
    assert matrix.cell is None
    assert matrix.window_shown().width() == pytest.approx(9)
