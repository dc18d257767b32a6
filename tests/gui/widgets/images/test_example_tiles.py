"""The examples of a class as small pictures."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, Qt
from PySide6.QtTest import QTest

from cnnstudio.gui.look.theme import LIGHT
from cnnstudio.gui.widgets.images.example_tiles import SIDE, ExampleTiles, moving_data, moving_in

pytestmark = pytest.mark.usefixtures("theme")


@pytest.fixture
def files(tmp_path) -> list[Path]:
    """Ten grey pictures, each brighter than the one before."""
    paths = [tmp_path / f"{number}.png" for number in range(10)]
    for number, path in enumerate(paths):
        Image.new("L", (28, 28), 20 * (number + 1)).save(path)
    return paths


@pytest.fixture
def tiles(qtbot, theme, files):
    widget = ExampleTiles()
    qtbot.addWidget(widget)
    widget.resize(330, 60)  # five to a line
    widget.set_files(files)
    widget.show()
    qtbot.waitExposed(widget)
    return widget


@pytest.fixture
def pixels(qtbot, pixels):
    """Grabs tiles once their pictures are read."""

    def grab(tiles):
        shown = pixels(tiles)
        while tiles.reading:
            qtbot.waitUntil(lambda: not tiles.reading)
            shown = pixels(tiles)
        return shown

    return grab


@pytest.mark.skipif(os.name == "nt", reason="a file that keeps its reader waiting is a pipe")
@pytest.mark.timeout(30)
@pytest.mark.qt_log_ignore("QFile::at")
def test_a_file_that_keeps_its_reader_waiting_does_not_hold_up_the_window(tiles, qtbot, tmp_path):
    qtbot.waitUntil(lambda: not tiles.reading)
    os.mkfifo(tmp_path / "slow.png")
    tiles.set_files([tmp_path / "slow.png"])
    tiles.repaint()
    assert tiles.reading
    (tmp_path / "slow.png").write_bytes(b"")
    qtbot.waitUntil(lambda: not tiles.reading)


def middle(tiles, number):
    return tiles.tile_rectangle(number).center()


def test_one_line_and_how_many_more(tiles, pixels):
    assert tiles.height() < 2 * SIDE
    shown = pixels(tiles)
    assert [shown[middle(tiles, n).y(), middle(tiles, n).x(), 0] for n in range(4)] == [20, 40, 60, 80]
    last = tiles.tile_rectangle(4)
    place = shown[last.top() : last.bottom(), last.left() : last.right()]
    accent = np.array([int(LIGHT.accent_text[i : i + 2], 16) for i in (1, 3, 5)])
    assert (np.abs(place.astype(int) - accent).sum(axis=2) < 60).any()  # “+6”


def test_all_lines(tiles, pixels):
    tiles.set_expanded(True)
    assert 2 * SIDE < tiles.height() < 3 * SIDE
    shown = pixels(tiles)
    assert shown[middle(tiles, 9).y(), middle(tiles, 9).x(), 0] == 200
    tiles.resize(200, 60)
    assert tiles.height() > 3 * SIDE


def test_more_asks_for_all(tiles, qtbot):
    with qtbot.waitSignal(tiles.expand_asked):
        QTest.mouseClick(tiles, Qt.MouseButton.LeftButton, pos=middle(tiles, 4))


def test_the_cross_deletes_and_the_rest_does_not(tiles, qtbot, files):
    with qtbot.assertNotEmitted(tiles.remove_asked):
        QTest.mouseClick(tiles, Qt.MouseButton.LeftButton, pos=middle(tiles, 2))
    with qtbot.waitSignal(tiles.remove_asked) as asked:
        QTest.mouseClick(tiles, Qt.MouseButton.LeftButton, pos=tiles.cross_rectangle(2).center())
    assert asked.args == [(files[2],)]


def test_the_cross_is_seen_under_the_mouse(tiles, pixels):
    place = tiles.cross_rectangle(1)

    def corner():
        return pixels(tiles)[place.top() : place.bottom(), place.left() : place.right()].copy()

    before = corner()
    assert (before == 40).all()
    QTest.mouseMove(tiles, middle(tiles, 1))
    assert (corner() != 40).any()
    QTest.mouseMove(tiles, QPoint(tiles.width() - 1, tiles.height() - 1))
    assert (corner() == before).all()


def test_keys_choose_and_delete(tiles, qtbot, files):
    tiles.set_expanded(True)
    tiles.setFocus()
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Left):
        QTest.keyClick(tiles, key)
    assert "Example 5 of 10" in tiles.accessibleDescription()
    with qtbot.waitSignal(tiles.remove_asked) as asked:
        QTest.keyClick(tiles, Qt.Key.Key_Delete)
    assert asked.args == [(files[5],)]
    QTest.keyClick(tiles, Qt.Key.Key_End)
    tiles.set_files(files[:3])
    with qtbot.waitSignal(tiles.remove_asked) as asked:
        QTest.keyClick(tiles, Qt.Key.Key_Delete)
    assert asked.args == [(files[2],)]


def test_clicks_and_keys_select_several(tiles, files):
    tiles.set_expanded(True)
    shift, control = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
    seen = []
    for number, keys in ((2, shift ^ shift), (6, shift), (4, control), (9, control), (4, shift ^ shift)):
        QTest.mouseClick(tiles, Qt.MouseButton.LeftButton, keys, middle(tiles, number))
        seen.append([files.index(path) for path in tiles.selected])
    assert seen == [[2], [2, 3, 4, 5, 6], [2, 3, 5, 6], [2, 3, 5, 6, 9], [4]]
    for key in (Qt.Key.Key_Right, Qt.Key.Key_End):
        QTest.keyClick(tiles, key, shift)
    assert tiles.selected == tuple(files[4:])
    QTest.keyClick(tiles, Qt.Key.Key_Home)
    assert tiles.selected == (files[0],)
    QTest.keyClick(tiles, Qt.Key.Key_A, control)
    assert tiles.selected == tuple(files)
    QTest.keyClick(tiles, Qt.Key.Key_Escape)
    assert tiles.selected == ()


def test_what_is_gone_is_selected_no_more(tiles, files):
    tiles.select(files[:4])
    tiles.set_files(files[2:])
    assert tiles.selected == tuple(files[2:4])


def test_what_is_selected_is_seen(tiles, pixels):
    before = pixels(tiles)
    QTest.mouseClick(tiles, Qt.MouseButton.LeftButton, pos=middle(tiles, 1))
    changed = (pixels(tiles) != before).any(axis=2)
    assert changed[middle(tiles, 1).y(), middle(tiles, 1).x()]
    assert not changed[middle(tiles, 3).y(), middle(tiles, 3).x()]


def test_examples_pass_through_the_clipboard(files):
    assert moving_in(moving_data(files)) == files
    assert moving_in(QMimeData()) == []


def test_nothing_is_deleted_where_nothing_is(tiles, qtbot):
    tiles.set_files(())
    tiles.setFocus()
    with qtbot.assertNotEmitted(tiles.remove_asked):
        QTest.keyClick(tiles, Qt.Key.Key_Delete)


def test_a_file_that_is_no_picture_or_gone_is_a_question_mark(tiles, files, pixels, tmp_path):
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"none")
    tiles.set_files([broken, tmp_path / "gone.png", *files])
    hover = tuple(int(LIGHT.hover[i : i + 2], 16) for i in (1, 3, 5))
    shown = pixels(tiles)
    for number in (0, 1):
        corner = tiles.tile_rectangle(number).topLeft()
        assert tuple(shown[corner.y() + 3, corner.x() + 3]) == hover


def test_small_pictures_keep_sharp_pixels(tiles, tmp_path, pixels):
    board = np.indices((28, 28)).sum(axis=0) % 2 * 255
    Image.fromarray(board.astype(np.uint8)).save(tmp_path / "board.png")
    tiles.set_files([tmp_path / "board.png"])
    place = tiles.tile_rectangle(0)
    shown = pixels(tiles)[place.top() : place.top() + SIDE, place.left() : place.left() + SIDE, 0]
    below_the_cross = slice(SIDE // 2, None)
    np.testing.assert_array_equal(shown[below_the_cross], board.repeat(2, axis=0).repeat(2, axis=1)[below_the_cross])


def test_a_wide_picture_shows_its_middle(tiles, tmp_path, pixels):
    image = Image.new("RGB", (300, 100), "red")
    image.paste("blue", (100, 0, 200, 100))
    image.save(tmp_path / "wide.png")
    tiles.set_files([tmp_path / "wide.png"])
    place = tiles.tile_rectangle(0)
    shown = pixels(tiles)[place.center().y(), place.left() + 2 : place.right() - 2]
    assert (shown == [0, 0, 255]).all()
