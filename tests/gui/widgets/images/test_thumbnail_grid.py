"""The grid of thumbnails, with real digits, many of them, and images on disk."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolTip, QWidget
from pytestqt.qtbot import QtBot

from cnnstudio.data.library import load_dataset
from cnnstudio.data.stored import StoredImages
from cnnstudio.gui.look.theme import LIGHT, Theme
from cnnstudio.gui.widgets.images.thumbnail_grid import (
    LABEL,
    LARGEST,
    Label,
    ThumbnailGrid,
    ThumbnailSource,
    lay_out,
    paint_line,
)

MANY = 100_000


@pytest.fixture(scope="module")
def digits() -> np.ndarray:
    return load_dataset("mnist").test.images


@pytest.fixture
def grid(qtbot: QtBot, theme: Theme, digits: np.ndarray) -> ThumbnailGrid:
    grid = ThumbnailGrid()
    qtbot.addWidget(grid)
    grid.resize(800, 600)
    grid.show()
    indices = np.random.default_rng(0).integers(0, len(digits), MANY)
    grid.set_images(ThumbnailSource(MANY, (28, 28, 1), lambda places: digits[indices[places]], "image {:,}".format))
    grid.indices = indices
    return grid


def near(grid: ThumbnailGrid, x: int, y: int) -> int:
    """A place that is on screen there, or right beside where a gap is there."""
    return max(grid.item_at(QPointF(x + step, y + step)) for step in (0, 8))


def middle(grid: ThumbnailGrid, place: int) -> QPoint:
    return grid.item_rectangle(place).center().toPoint()


def settle(grid: ThumbnailGrid) -> None:
    """Until no line that is on screen is missing."""
    for _ in range(50):
        grid.viewport().repaint()
        QApplication.processEvents()


def test_pixels_are_sharp_squares(
    grid: ThumbnailGrid, digits: np.ndarray, pixels: Callable[[QWidget], np.ndarray]
) -> None:
    grid.verticalScrollBar().setValue(123_456)
    settle(grid)
    shown = pixels(grid.viewport())
    place = near(grid, 300, 300)
    area = grid.item_rectangle(place).toRect()
    assert (area.width(), area.height()) == (56, 56)
    expected = digits[grid.indices[place], ..., 0].repeat(2, axis=0).repeat(2, axis=1)
    assert np.array_equal(shown[area.top() : area.top() + 56, area.left() : area.left() + 56, 0], expected)


def labelled(count: int, digits: np.ndarray, label: Callable[[int], Label]) -> ThumbnailSource:
    return ThumbnailSource(count, (28, 28, 1), lambda places: digits[places], str, label)


def test_labels_stand_below_and_marks_have_their_colours(
    grid: ThumbnailGrid, digits: np.ndarray, pixels: Callable[[QWidget], np.ndarray]
) -> None:
    grid.set_images(labelled(3, digits, lambda place: Label("a long name of a class", (True, False, None)[place])))
    settle(grid)
    shown = pixels(grid.viewport())
    for place, colour in ((0, LIGHT.good), (1, LIGHT.error), (2, None)):
        tile = grid.item_rectangle(place).toRect()
        below = shown[tile.bottom() + 2 : tile.bottom() + 2 + LABEL, tile.left() : tile.left() + 90].reshape(-1, 3)
        assert len(np.unique(below, axis=0)) > 3, "there is text"
        near = [abs(below.astype(int) - QColor(wanted).getRgb()[:3]).sum(axis=1).min() < 60 for wanted in MARKS]
        assert near == [wanted == colour for wanted in MARKS]
    assert not grid.item_rectangle(0).intersects(grid.item_rectangle(1))


MARKS = (LIGHT.good, LIGHT.error)


def test_small_thumbnails_have_no_labels(grid: ThumbnailGrid, digits: np.ndarray) -> None:
    grid.set_side(40)
    grid.set_images(labelled(100, digits, lambda _: Label("x")))
    with_labels = grid.item_rectangle(99)
    grid.set_images(ThumbnailSource(100, (28, 28, 1), lambda places: digits[places], str))
    assert grid.item_rectangle(99) == with_labels


@pytest.mark.parametrize("count", [1, 12, 60, 1000])
def test_thumbnails_fill_the_page(grid: ThumbnailGrid, digits: np.ndarray, count: int) -> None:
    grid.set_images(labelled(count, digits, lambda _: Label("x")))
    grid.fill(count, 96)
    scrolls = grid.verticalScrollBar().maximum() > 0
    assert grid.side == 96 if scrolls else grid.side >= 96
    if not scrolls and grid.side < LARGEST:
        grid.set_side(grid.side + 8)
        assert grid.verticalScrollBar().maximum() > 0, "larger ones would have had room"


def test_only_what_is_on_screen_is_read(grid: ThumbnailGrid, digits: np.ndarray) -> None:
    read: list[int] = []

    def reading(places: np.ndarray) -> np.ndarray:
        read.extend(places.tolist())
        return digits[places % len(digits)]

    grid.set_images(ThumbnailSource(MANY, (28, 28, 1), reading, str))
    settle(grid)
    assert 0 < len(read) < 400
    assert len(set(read)) == len(read)
    grid.verticalScrollBar().setValue(grid.verticalScrollBar().maximum())
    settle(grid)
    assert max(read) == MANY - 1
    assert len(read) < 800


def test_a_line_is_read_once_however_often_it_is_painted(grid: ThumbnailGrid, digits: np.ndarray) -> None:
    read: list[int] = []

    def reading(places: np.ndarray) -> np.ndarray:
        read.extend(places.tolist())
        return digits[places % len(digits)]

    grid.set_images(ThumbnailSource(MANY, (28, 28, 1), reading, str))
    for value in (0, 60, 120, 600, 0):
        grid.verticalScrollBar().setValue(value)
        settle(grid)
    assert len(set(read)) == len(read)


def test_there_is_a_scroll_bar_only_where_something_scrolls(grid: ThumbnailGrid, digits: np.ndarray) -> None:
    assert grid.verticalScrollBar().isVisible()
    width = grid.viewport().width()
    grid.set_images(ThumbnailSource(5, (28, 28, 1), lambda places: digits[places], str))
    assert not grid.verticalScrollBar().isVisible()
    assert grid.viewport().width() == width  # nothing moves
    grid.resize(800, 40)
    QApplication.processEvents()
    assert grid.verticalScrollBar().isVisible()


def test_a_click_opens(grid: ThumbnailGrid, qtbot: QtBot) -> None:
    grid.verticalScrollBar().setValue(5_000)
    place = near(grid, 400, 300)
    with qtbot.waitSignal(grid.activated) as activated:
        QTest.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=middle(grid, place))
    assert activated.args == [place]
    assert grid.current == place
    assert grid.accessibleDescription() == f"image {place:,}"


def test_a_press_that_slips_off_opens_nothing(grid: ThumbnailGrid, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(grid.activated):
        QTest.mousePress(grid.viewport(), Qt.MouseButton.LeftButton, pos=middle(grid, 0))
        QTest.mouseRelease(grid.viewport(), Qt.MouseButton.LeftButton, pos=middle(grid, 3))


def test_keys_walk_and_open(grid: ThumbnailGrid, qtbot: QtBot) -> None:
    columns = next(place for place in range(1, 100) if grid.item_rectangle(place).top() > grid.item_rectangle(0).top())
    grid.setFocus()
    walk = [
        (Qt.Key.Key_Right, 0),
        (Qt.Key.Key_Right, 1),
        (Qt.Key.Key_Down, 1 + columns),
        (Qt.Key.Key_Left, columns),
        (Qt.Key.Key_Up, 0),
        (Qt.Key.Key_Up, 0),
        (Qt.Key.Key_End, MANY - 1),
        (Qt.Key.Key_Right, MANY - 1),
        (Qt.Key.Key_Home, 0),
    ]
    for key, place in walk:
        QTest.keyClick(grid, key)
        assert grid.current == place
        assert grid.viewport().rect().contains(grid.item_rectangle(place).toRect())
    QTest.keyClick(grid, Qt.Key.Key_PageDown)
    page = grid.current
    assert page % columns == 0
    assert page // columns in (600 // 60 - 1, 600 // 60)
    with qtbot.waitSignal(grid.activated) as activated:
        QTest.keyClick(grid, Qt.Key.Key_Return)
    assert activated.args == [page]


def test_wheel_scrolls_and_ctrl_sizes(grid: ThumbnailGrid, qtbot: QtBot, turn_wheel: Callable[..., object]) -> None:
    view = grid.viewport()
    turn_wheel(view, view.rect().center(), QPoint(0, -600))
    scrolled = grid.verticalScrollBar().value()
    assert scrolled > 0
    with qtbot.waitSignal(grid.side_changed) as changed:
        turn_wheel(view, view.rect().center(), QPoint(0, 480), Qt.KeyboardModifier.ControlModifier)
    assert changed.args == [64]
    QTest.keyClick(grid, Qt.Key.Key_Minus, Qt.KeyboardModifier.ControlModifier)
    assert grid.side == 56


def test_the_same_images_stay_in_sight(grid: ThumbnailGrid) -> None:
    grid.verticalScrollBar().setValue(300_000)
    place = near(grid, 20, 40)
    grid.resize(500, 600)
    grid.set_side(84)
    assert abs(grid.item_rectangle(place).top()) < 2 * 88
    grid.set_side(56)
    grid.resize(800, 600)
    assert abs(grid.item_rectangle(place).top()) < 2 * 60


def test_the_outline(grid: ThumbnailGrid, pixels: Callable[[QWidget], np.ndarray]) -> None:
    grid.setFocus()
    grid.set_current(3)
    area = grid.item_rectangle(3).toRect()
    shown = pixels(grid.viewport())[area.center().y(), area.left() - 2]
    assert tuple(shown) == QColor(LIGHT.accent_text).getRgb()[:3]


def test_the_tooltip_tells_class_and_number(grid: ThumbnailGrid, qtbot: QtBot) -> None:
    from PySide6.QtCore import QEvent
    from PySide6.QtGui import QHelpEvent

    where = middle(grid, 7)
    event = QHelpEvent(QEvent.Type.ToolTip, where, grid.viewport().mapToGlobal(where))
    QApplication.sendEvent(grid.viewport(), event)
    qtbot.waitUntil(QToolTip.isVisible)
    assert "image 7" in QToolTip.text()
    QToolTip.hideText()


def test_images_on_disk_that_go_away(grid: ThumbnailGrid, qtbot: QtBot, tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (5_000, 32, 32, 3), dtype=np.uint8)
    file = tmp_path / "images.bin"
    file.write_bytes(images.tobytes())
    stored = StoredImages(file, images.shape)
    grid.set_images(ThumbnailSource(len(images), (32, 32, 3), stored.__getitem__, str))
    settle(grid)
    with file.open("r+b") as handle:
        handle.truncate(1_000_000)
    with qtbot.waitSignal(grid.failed) as failed:
        grid.verticalScrollBar().setValue(grid.verticalScrollBar().maximum())
        grid.viewport().repaint()
    assert "shorter" in failed.args[0]


def test_no_images(grid: ThumbnailGrid, digits: np.ndarray) -> None:
    grid.set_images(ThumbnailSource(0, (28, 28, 1), digits.__getitem__, str))
    assert grid.item_at(QPointF(20, 20)) == -1
    grid.set_images(None)
    grid.viewport().repaint()
    QTest.keyClick(grid, Qt.Key.Key_Return)
    assert grid.current == -1


@pytest.mark.parametrize("ratio", [1.0, 1.25, 1.5, 2.0])
def test_whole_screen_pixels_at_any_density(ratio: float) -> None:
    lines = lay_out((28, 28, 1), 1000, 56, 800, ratio)
    assert lines.height % 28 == lines.width % 28 == 0
    assert abs(lines.height - 56 * ratio) <= 14
    assert lines.columns * lines.across <= 800 * ratio + lines.across
    assert lines.line_count == -(-1000 // lines.columns)


def test_large_images_are_shrunk_to_their_means() -> None:
    colour = np.array([10, 200, 90], np.uint8)
    images = np.broadcast_to(colour, (3, 224, 112, 3)).copy()
    images[1, :112] = 0
    lines = lay_out(images.shape[1:], 3, 56, 300, 1.0)
    assert (lines.height, lines.width) == (56, 28)
    line = paint_line(images, lines)
    assert line.pixelColor(5, 5).getRgb()[:3] == (10, 200, 90)
    assert line.pixelColor(lines.across + 5, 20).getRgb()[:3] == (0, 0, 0)
    assert line.pixelColor(lines.across + 5, 40).getRgb()[:3] == (10, 200, 90)
    assert line.pixelColor(lines.width + 1, 5).alpha() == 0
