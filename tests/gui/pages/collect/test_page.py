"""The Collect page, used as somebody new uses it."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import (
    QAction,
    QContextMenuEvent,
    QDrag,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QImage,
)
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QLabel,
    QLineEdit,
    QMessageBox,
    QProgressBar,
    QPushButton,
    QToolButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from cnnstudio.data.collected.collection import Collection
from cnnstudio.data.collected.sets import create_collection, list_collections
from cnnstudio.data.library import collected_folder, load_dataset
from cnnstudio.data.pictures.strokes import render
from cnnstudio.gui.controls.message_bar import MessageBar
from cnnstudio.gui.controls.picker import Picker
from cnnstudio.gui.controls.question import NameDialog
from cnnstudio.gui.pages.collect.capture import CapturePanel
from cnnstudio.gui.pages.collect.classes import ClassList
from cnnstudio.gui.pages.collect.page import CollectPage
from cnnstudio.gui.pages.collect.set_view import advice, why_not
from cnnstudio.gui.settings import Settings
from cnnstudio.gui.widgets.drawing.camera import CameraView
from cnnstudio.gui.widgets.images.example_tiles import moving_data
from tests.gui.circles import in_circles

pytestmark = pytest.mark.qt_log_ignore("^Couldn't (load|resolve)", "No RHI backend")

SECONDS = 30_000
SHAPES = {"circle": 24, "square": 4, "triangle": 3}


@pytest.fixture
def page(qtbot: QtBot) -> CollectPage:
    page = CollectPage(Settings())
    qtbot.addWidget(page)
    page.resize(1192, 800)
    page.show()
    qtbot.waitExposed(page)
    yield page
    page.shut_down()


@pytest.fixture
def shapes(page: CollectPage, qtbot: QtBot) -> Collection:
    """The set that is made where nothing is changed in the form."""
    click(qtbot, page, "create_set_button")
    return page.collection


@pytest.fixture
def photos(page: CollectPage, qtbot: QtBot) -> Collection:
    """A set of photos with classes cup, pen and hand."""
    click(qtbot, page, "kind_photos")
    click(qtbot, page, "create_set_button")
    return page.collection


def find(page: CollectPage, name: str) -> QWidget:
    (found,) = [widget for widget in page.findChildren(QWidget, name) if widget.isVisibleTo(page)]
    return found


def click(qtbot: QtBot, page: CollectPage, name: str) -> None:
    qtbot.mouseClick(find(page, name), Qt.MouseButton.LeftButton)


def draw(page: CollectPage, corners: int = 4, turn: float = 0.0) -> None:
    canvas = find(page, "drawing_canvas")
    middle, radius = canvas.rect().center(), canvas.width() // 3
    angles = np.linspace(0, 2 * np.pi, corners + 1) + turn
    points = [middle + QPoint(int(radius * np.cos(a)), int(radius * np.sin(a))) for a in angles]
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=points[0])
    for a, b in pairwise(points):
        for part in (0.5, 1.0):
            QTest.mouseMove(canvas, a + (b - a) * part)
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=points[-1])


def text(page: CollectPage, name: str) -> str:
    return page.findChild(QLabel, name).text()


def counts(page: CollectPage) -> list[int]:
    return list(page.collection.counts.values())


@pytest.mark.usefixtures("shapes")
@pytest.mark.parametrize(("answer", "closes", "added"), [("add", True, 1), ("discard", True, 0), ("keep", False, 0)])
def test_a_drawing_that_was_not_added_is_asked_about(
    page: CollectPage, monkeypatch: pytest.MonkeyPatch, answer: str, closes: bool, added: int
) -> None:
    asked = []
    monkeypatch.setattr(QMessageBox, "exec", lambda box: asked.append(box.text()))
    monkeypatch.setattr(
        QMessageBox, "clickedButton", lambda box: box.findChild(QPushButton, f"{answer}_drawing_button")
    )
    assert page.may_close()
    assert not asked
    draw(page)
    assert page.may_close() == closes
    assert asked == ["Your drawing on the Collect page was not added to “circle” yet. Add it before you close?"]
    assert counts(page)[0] == added


def test_a_newcomer_gets_a_form_with_an_example(page: CollectPage, qtbot: QtBot) -> None:
    edits = [page.findChild(QLineEdit, f"first_class_{number}") for number in (1, 2, 3)]
    assert [edit.placeholderText() for edit in edits] == list(SHAPES)
    assert not page.findChild(QPushButton, "cancel_set_button").isVisible()
    assert not page.findChild(QPushButton, "new_set_button").isVisible()
    qtbot.keyClicks(edits[0], "sun")
    edits[1].setText("луна")
    qtbot.keyClicks(find(page, "set_name"), "Sky")
    qtbot.keyClick(find(page, "set_name"), Qt.Key.Key_Return)
    (path,) = list_collections(collected_folder())
    assert path.name == "Sky"
    assert Collection(path).classes == ("sun", "луна")
    assert find(page, "drawing_canvas").isVisible()
    assert page.focusWidget() is find(page, "drawing_canvas")


def test_a_name_that_cannot_be_is_told_in_the_form(page: CollectPage, qtbot: QtBot) -> None:
    qtbot.keyClicks(find(page, "set_name"), "a/b")
    click(qtbot, page, "create_set_button")
    assert "cannot contain “/”" in text(page, "set_problem")
    assert page.findChild(QLabel, "set_problem").isVisible()
    assert list_collections(collected_folder()) == []


def test_three_classes_of_ten_drawings(page: CollectPage, qtbot: QtBot, shapes: Collection) -> None:
    train = find(page, "train_on_it_button")
    assert not train.isEnabled()
    for key, (name, corners) in zip("123", SHAPES.items(), strict=True):
        qtbot.keyClicks(find(page, "drawing_canvas"), key)
        assert text(page, "capture_title") == f"Draw “{name}”"
        for number in range(10):
            draw(page, corners, turn=number / 5)
            expected = render(find(page, "drawing_canvas").drawing)
            qtbot.keyClick(find(page, "drawing_canvas"), Qt.Key.Key_Return)
            newest = np.asarray(Image.open(shapes.examples(name)[-1]))
            np.testing.assert_array_equal(newest, expected[..., 0])
        assert find(page, "drawing_canvas").drawing == []
    assert counts(page) == [10, 10, 10]
    assert text(page, "class_count_2") == "10 drawings"
    assert page.findChild(Picker, "set_picker").choices[0].description == "30 drawings in 3 classes"
    assert train.isEnabled()
    assert "good start" in text(page, "collect_hint")
    with qtbot.waitSignal(page.navigate) as asked:
        qtbot.mouseClick(train, Qt.MouseButton.LeftButton)
    assert asked.args == ["train", "My first set"]
    dataset = load_dataset("My first set")
    assert dataset.classes == tuple(SHAPES)
    assert len(dataset.train) + len(dataset.test) == 30


def test_training_needs_two_classes_with_three_each(page: CollectPage, qtbot: QtBot, shapes: Collection) -> None:
    train = find(page, "train_on_it_button")
    for key, enabled in zip("1111222", [False] * 6 + [True], strict=True):
        qtbot.keyClicks(find(page, "drawing_canvas"), key)
        draw(page)
        click(qtbot, page, "add_example_button")
        assert train.isEnabled() == enabled
    assert "7 more of “square”" in text(page, "collect_hint")


def test_there_is_nothing_to_add_before_something_is_drawn(page: CollectPage, qtbot: QtBot, shapes: Collection) -> None:
    assert not find(page, "add_example_button").isEnabled()
    qtbot.keyClick(find(page, "drawing_canvas"), Qt.Key.Key_Return)
    assert counts(page) == [0, 0, 0]
    draw(page)
    assert find(page, "add_example_button").isEnabled()
    np.testing.assert_array_equal(find(page, "example_preview").image, render(find(page, "drawing_canvas").drawing))


def test_undo_takes_strokes_back_then_examples(page: CollectPage, qtbot: QtBot, shapes: Collection) -> None:
    canvas = find(page, "drawing_canvas")
    for turn in (0.0, 0.5):
        draw(page, turn=turn)
        qtbot.keyClick(canvas, Qt.Key.Key_Return)
    draw(page)
    draw(page, turn=1.0)
    seen = []
    for name in ["undo_button"] * 4 + ["redo_button"] * 4:
        click(qtbot, page, name)
        seen.append((len(canvas.drawing), counts(page)[0]))
    assert seen == [(1, 2), (0, 2), (0, 1), (0, 0), (0, 1), (0, 2), (1, 2), (2, 2)]
    assert not find(page, "redo_button").isEnabled()
    click(qtbot, page, "undo_button")
    draw(page)
    assert not find(page, "redo_button").isEnabled()


def test_delete_an_example_and_bring_it_back(page: CollectPage, qtbot: QtBot, shapes: Collection) -> None:
    for turn in (0.0, 0.5, 1.0):
        draw(page, turn=turn)
        click(qtbot, page, "add_example_button")
    before = shapes.examples("circle")
    tiles = find(page, "examples_1")
    assert tiles.files == tuple(reversed(before))
    qtbot.mouseClick(tiles, Qt.MouseButton.LeftButton, pos=tiles.cross_rectangle(0).center())
    assert shapes.examples("circle") == before[:2]
    qtbot.mouseClick(tiles, Qt.MouseButton.LeftButton, pos=tiles.cross_rectangle(0).bottomLeft() + QPoint(-4, 4))
    assert tiles.hasFocus()
    qtbot.keyClick(tiles, Qt.Key.Key_Delete)
    assert shapes.examples("circle") == before[:1]
    for _ in range(2):
        click(qtbot, page, "undo_button")
    assert shapes.examples("circle") == before
    assert tiles.files == tuple(reversed(before))


def test_add_rename_and_remove_classes(page: CollectPage, qtbot: QtBot, shapes: Collection) -> None:
    field = find(page, "add_class")
    draw(page)
    field.setFocus()
    qtbot.keyClicks(field, "star 5")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert counts(page) == [0, 0, 0, 0]
    click(qtbot, page, "clear_button")
    assert shapes.classes == ("circle", "square", "triangle", "star 5")
    assert field.text() == ""
    assert text(page, "capture_title") == "Draw “star 5”"
    name = find(page, "class_name_4")
    draw(page)
    qtbot.mouseDClick(name, Qt.MouseButton.LeftButton)
    name.setText("étoile")
    qtbot.keyClick(name, Qt.Key.Key_Return)
    assert shapes.classes[-1] == "étoile"
    assert page.focusWidget() is find(page, "drawing_canvas")
    assert counts(page) == [0, 0, 0, 0]
    click(qtbot, page, "clear_button")
    assert text(page, "capture_title") == "Draw “étoile”"
    click(qtbot, page, "remove_class_1")
    assert shapes.classes == ("square", "triangle", "étoile")
    assert "Undo" in page.message
    for _ in range(3):
        click(qtbot, page, "undo_button")
    assert shapes.classes == ("circle", "square", "triangle")


def test_a_name_that_is_taken_is_told_and_not_kept(page: CollectPage, qtbot: QtBot, shapes: Collection) -> None:
    name = find(page, "class_name_1")
    qtbot.mouseDClick(name, Qt.MouseButton.LeftButton)
    qtbot.keyClicks(name, "square")  # all of the old name is selected
    qtbot.keyClick(name, Qt.Key.Key_Return)
    assert "already" in page.message
    assert name.text() == "circle"
    assert shapes.classes == ("circle", "square", "triangle")


def test_escape_leaves_a_name_as_it_was(page: CollectPage, qtbot: QtBot, shapes: Collection) -> None:
    name = find(page, "class_name_1")
    qtbot.mouseDClick(name, Qt.MouseButton.LeftButton)
    name.setText("nonsense")
    qtbot.keyClick(name, Qt.Key.Key_Escape)
    assert name.text() == "circle"
    assert name.isReadOnly()
    assert shapes.classes[0] == "circle"
    assert page.focusWidget() is find(page, "drawing_canvas")


@pytest.mark.parametrize("where", ["class_3", "class_name_3", "examples_3"])
def test_a_click_on_a_class_chooses_it(page: CollectPage, qtbot: QtBot, shapes: Collection, where: str) -> None:
    qtbot.mouseClick(page.findChild(QWidget, where).childAt(5, 5) or find(page, where), Qt.MouseButton.LeftButton)
    assert text(page, "capture_title") == "Draw “triangle”"
    assert page.focusWidget() is find(page, "drawing_canvas")
    draw(page)
    qtbot.keyClick(page.focusWidget(), Qt.Key.Key_Return)
    assert counts(page) == [0, 0, 1]


def test_a_second_click_meets_the_class_that_the_first_one_met(
    page: CollectPage, qtbot: QtBot, shapes: Collection
) -> None:
    fill(page, qtbot, 24)
    name = find(page, "class_name_2")
    places = [QPoint()]

    def settled() -> bool:
        places.append(name.mapTo(page, QPoint()))
        return len(places) > 5 and len(set(map(QPoint.toTuple, places[-5:]))) == 1

    qtbot.waitUntil(settled)
    before = places[-1]
    qtbot.mouseClick(name, Qt.MouseButton.LeftButton)
    QApplication.processEvents()
    assert name.mapTo(page, QPoint()) == before
    assert find(page, "examples_1").expanded
    click(qtbot, page, "fold_class_1")
    assert not find(page, "examples_1").expanded
    qtbot.waitUntil(lambda: name.mapTo(page, QPoint()).y() < before.y())


def test_f2_renames_the_chosen_class_and_undo_brings_the_name_back(
    page: CollectPage, qtbot: QtBot, shapes: Collection
) -> None:
    qtbot.keyClicks(find(page, "drawing_canvas"), "2")
    qtbot.keyClick(find(page, "drawing_canvas"), Qt.Key.Key_F2)
    name = find(page, "class_name_2")
    assert page.focusWidget() is name
    qtbot.keyClicks(name, "box")
    qtbot.keyClick(name, Qt.Key.Key_Return)
    assert shapes.classes == ("circle", "box", "triangle")
    assert text(page, "capture_title") == "Draw “box”"
    click(qtbot, page, "undo_button")
    assert shapes.classes == ("circle", "square", "triangle")
    assert text(page, "capture_title") == "Draw “square”"  # and not the first one


def test_a_name_is_reached_and_picked_by_keys(page: CollectPage, qtbot: QtBot, shapes: Collection) -> None:
    name = find(page, "class_name_3")
    name.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(name, Qt.Key.Key_2)  # a number is still the key of a class
    assert text(page, "capture_title") == "Draw “square”"
    name.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(name, Qt.Key.Key_Return)
    assert text(page, "capture_title") == "Draw “triangle”"
    assert name.text() == "triangle"


# Examples in the wrong class.


def fill(page: CollectPage, qtbot: QtBot, number: int) -> tuple[Path, ...]:
    """Draws examples of the chosen class."""
    for turn in range(number):
        draw(page, turn=turn)
        qtbot.keyClick(find(page, "drawing_canvas"), Qt.Key.Key_Return)
    return next(iter(page.collection.contents.values()))


def select(qtbot: QtBot, tiles: QWidget, *numbers: int) -> None:
    for number in numbers:
        keys = Qt.KeyboardModifier.NoModifier if number == numbers[0] else Qt.KeyboardModifier.ControlModifier
        place = tiles.tile_rectangle(number).bottomLeft() + QPoint(5, -5)
        qtbot.mouseClick(tiles, Qt.MouseButton.LeftButton, keys, place)


def drag(monkeypatch: pytest.MonkeyPatch, page: CollectPage, tiles: QWidget, number: int, target: str) -> bool:
    """Drags what is selected from one of its pictures to a class; returns whether that takes it."""
    taken = []
    viewport = page.findChild(ClassList).viewport()
    none, left = Qt.KeyboardModifier.NoModifier, Qt.MouseButton.LeftButton

    def carry(started: QDrag, _actions: object) -> Qt.DropAction:
        row = page.findChild(QWidget, target)
        place = row.mapTo(viewport, row.rect().center())
        enter = QDragEnterEvent(place, Qt.DropAction.MoveAction, started.mimeData(), left, none)
        move = QDragMoveEvent(place, Qt.DropAction.MoveAction, started.mimeData(), left, none)
        drop = QDropEvent(QPointF(place), Qt.DropAction.MoveAction, started.mimeData(), left, none)
        for event in (enter, move, drop):
            QApplication.sendEvent(viewport, event)
        taken.append(enter.isAccepted() and move.isAccepted() and drop.isAccepted())
        return Qt.DropAction.MoveAction

    monkeypatch.setattr(QDrag, "exec", carry)
    start = tiles.tile_rectangle(number).center()
    QTest.mousePress(tiles, left, pos=start)
    QTest.mouseMove(tiles, start + QPoint(40, 40))
    QTest.mouseRelease(tiles, left, pos=start + QPoint(40, 40))
    return taken == [True]


def test_drag_several_examples_to_another_class(
    page: CollectPage, qtbot: QtBot, shapes: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = fill(page, qtbot, 4)
    qtbot.keyClicks(find(page, "drawing_canvas"), "3")
    tiles = find(page, "examples_1")
    select(qtbot, tiles, 0, 2)
    qtbot.keyClicks(tiles, "3")
    assert drag(monkeypatch, page, tiles, 2, "class_2")
    assert counts(page) == [2, 2, 0]
    assert {path.name for path in shapes.examples("square")} == {files[3].name, files[1].name}
    assert set(find(page, "examples_2").selected) == set(shapes.examples("square"))
    assert text(page, "capture_title") == "Draw “triangle”"  # dragging chooses no other class to draw for
    click(qtbot, page, "undo_button")
    assert shapes.examples("circle") == files
    click(qtbot, page, "redo_button")
    assert counts(page) == [2, 2, 0]


def test_undo_takes_a_move_back_before_an_older_stroke(page: CollectPage, qtbot: QtBot, shapes: Collection) -> None:
    files = fill(page, qtbot, 2)
    canvas = find(page, "drawing_canvas")
    draw(page)
    page.findChild(ClassList).examples_moved.emit(files[:1], "square")
    seen = []
    for _ in range(3):
        click(qtbot, page, "undo_button")
        seen.append((len(canvas.drawing), counts(page)))
    assert seen == [(1, [2, 0, 0]), (0, [2, 0, 0]), (0, [1, 0, 0])]


def test_a_drag_near_the_edge_scrolls(page: CollectPage, qtbot: QtBot, shapes: Collection) -> None:
    files = fill(page, qtbot, 1)
    page.resize(900, 560)
    classes = page.findChild(ClassList)
    bar, viewport = classes.verticalScrollBar(), classes.viewport()
    qtbot.waitUntil(lambda: bar.maximum() > 0)
    where, none, left = QPoint(50, viewport.height() - 3), Qt.KeyboardModifier.NoModifier, Qt.MouseButton.LeftButton
    data = moving_data(files)
    for kind in (QDragEnterEvent, QDragMoveEvent):
        QApplication.sendEvent(viewport, kind(where, Qt.DropAction.MoveAction, data, left, none))
    qtbot.waitUntil(lambda: bar.value() == bar.maximum())
    QApplication.sendEvent(viewport, QDragLeaveEvent())
    assert counts(page) == [1, 0, 0]


def test_a_drag_to_its_own_class_changes_nothing(
    page: CollectPage, qtbot: QtBot, shapes: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(page, qtbot, 2)
    assert drag(monkeypatch, page, find(page, "examples_1"), 0, "class_1")
    assert counts(page) == [2, 0, 0]


def test_cut_and_paste(page: CollectPage, qtbot: QtBot, shapes: Collection, pixels) -> None:
    files = fill(page, qtbot, 3)
    tiles = find(page, "examples_1")
    select(qtbot, tiles, 1)
    tiles.repaint()
    qtbot.waitUntil(lambda: not tiles.reading)
    before = pixels(tiles)
    qtbot.keyClick(tiles, Qt.Key.Key_X, Qt.KeyboardModifier.ControlModifier)
    assert (pixels(tiles) != before).any()  # what was cut is faint
    assert counts(page) == [3, 0, 0]
    qtbot.mouseClick(find(page, "class_name_2"), Qt.MouseButton.LeftButton)
    click(qtbot, page, "paste_picture_button")
    assert [path.name for path in shapes.examples("square")] == [files[1].name]
    click(qtbot, page, "paste_picture_button")
    assert "no picture in the clipboard" in page.message
    click(qtbot, page, "undo_button")
    assert shapes.examples("circle") == files


def test_what_was_cut_stays_where_something_else_was_copied_since(
    page: CollectPage, qtbot: QtBot, shapes: Collection
) -> None:
    fill(page, qtbot, 1)
    tiles = find(page, "examples_1")
    select(qtbot, tiles, 0)
    qtbot.keyClick(tiles, Qt.Key.Key_X, Qt.KeyboardModifier.ControlModifier)
    QApplication.clipboard().setText("seven")
    qtbot.keyClicks(tiles, "2")
    click(qtbot, page, "paste_picture_button")
    assert "no picture in the clipboard" in page.message
    assert counts(page) == [1, 0, 0]


def test_the_menu_moves_cuts_and_deletes_what_is_selected(page: CollectPage, qtbot: QtBot, shapes: Collection) -> None:
    fill(page, qtbot, 3)
    tiles = find(page, "examples_1")
    select(qtbot, tiles, 0, 1)
    place = tiles.tile_rectangle(1).center()
    QApplication.sendEvent(tiles, QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, tiles.mapToGlobal(place)))
    actions = {action.objectName(): action for action in page.findChildren(QAction)}
    assert "rename_class" not in actions
    actions["move_to_2"].trigger()
    assert counts(page) == [1, 0, 2]
    click(qtbot, page, "undo_button")
    assert counts(page) == [3, 0, 0]
    actions["delete_examples"].trigger()
    assert counts(page) == [1, 0, 0]


def test_the_menu_of_a_class(page: CollectPage, qtbot: QtBot, shapes: Collection) -> None:
    row = find(page, "class_2")
    place = QPoint(300, 10)
    QApplication.sendEvent(row, QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, row.mapToGlobal(place)))
    actions = {action.objectName(): action for action in page.findChildren(QAction)}
    assert "cut_examples" not in actions
    actions["rename_class"].trigger()
    assert page.focusWidget() is find(page, "class_name_2")
    actions["remove_class"].trigger()
    assert shapes.classes == ("circle", "triangle")


def test_delete_several_examples_as_one_step(page: CollectPage, qtbot: QtBot, shapes: Collection) -> None:
    files = fill(page, qtbot, 3)
    tiles = find(page, "examples_1")
    tiles.setFocus()
    qtbot.keyClick(tiles, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(tiles, Qt.Key.Key_Delete)
    assert counts(page) == [0, 0, 0]
    click(qtbot, page, "undo_button")
    assert shapes.examples("circle") == files


def test_the_last_class_may_go(page: CollectPage, qtbot: QtBot, shapes: Collection) -> None:
    for _ in range(3):
        click(qtbot, page, "remove_class_1")
    assert shapes.classes == ()
    draw(page)
    assert not find(page, "add_example_button").isEnabled()
    assert "second class" in text(page, "collect_hint")


def test_another_set_and_back(page: CollectPage, qtbot: QtBot, shapes: Collection) -> None:
    draw(page)
    click(qtbot, page, "add_example_button")
    click(qtbot, page, "new_set_button")
    assert page.findChild(QPushButton, "cancel_set_button").isVisible()
    qtbot.keyClick(find(page, "set_name"), Qt.Key.Key_Escape)
    assert page.collection is shapes
    click(qtbot, page, "new_set_button")
    click(qtbot, page, "create_set_button")
    assert page.collection.name == "My set 2"
    assert counts(page) == [0, 0, 0]
    page.receive("My first set")
    assert counts(page) == [1, 0, 0]
    for nothing in ("none", collected_folder().parent, ".."):
        page.receive(nothing)
    assert page.collection.name == "My first set"
    page.findChild(Picker, "set_picker").set_current(str(collected_folder() / "My set 2"))
    assert page.collection.name == "My set 2"
    again = CollectPage(Settings())
    qtbot.addWidget(again)
    assert again.collection.name == "My set 2"
    again.shut_down()


def give_names(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Tries these names in the dialog that asks for one."""

    def give(dialog: NameDialog) -> int:
        for name in names:
            dialog.findChild(QLineEdit, "new_name").setText(name)
            dialog.accept()
        return dialog.result()

    monkeypatch.setattr(NameDialog, "exec", give)


def test_rename_and_delete_a_set(
    page: CollectPage, qtbot: QtBot, shapes: Collection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from PySide6.QtWidgets import QMessageBox

    draw(page)
    click(qtbot, page, "add_example_button")
    give_names(monkeypatch, "mnist", "Формы")
    page.findChild(QAction, "rename_set").trigger()
    assert page.collection.path == collected_folder() / "Формы"
    assert counts(page) == [1, 0, 0]
    monkeypatch.setattr("send2trash.send2trash", lambda path: Path(path).rename(tmp_path / "trash"))
    monkeypatch.setattr(QMessageBox, "exec", lambda _box: 0)
    monkeypatch.setattr(
        QMessageBox, "clickedButton", lambda box: box.findChild(QPushButton, "confirm_delete_set_button")
    )
    page.findChild(QAction, "delete_set").trigger()
    assert list_collections(collected_folder()) == []
    assert page.findChild(QPushButton, "create_set_button").isVisible()
    assert len(list((tmp_path / "trash").rglob("*.png"))) == 1


def test_a_refused_rename_leaves_the_set_open(
    page: CollectPage, qtbot: QtBot, shapes: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_names(monkeypatch, "mnist")
    page.findChild(QAction, "rename_set").trigger()
    draw(page)
    click(qtbot, page, "add_example_button")
    assert counts(page) == [1, 0, 0]


def test_the_folder_vanishes_under_the_page(page: CollectPage, qtbot: QtBot, shapes: Collection) -> None:
    with qtbot.waitSignal(page.library.refreshed):
        page.library.refresh()  # else an earlier look may end after the folder went
    draw(page)
    shapes.path.rename(shapes.path.with_name(".away"))
    click(qtbot, page, "add_example_button")
    assert "cannot be saved" in page.message
    with qtbot.waitSignal(page.library.refreshed):
        page.library.refresh()
    assert page.findChild(QPushButton, "create_set_button").isVisible()


def test_another_window_changes_the_set(page: CollectPage, qtbot: QtBot, shapes: Collection) -> None:
    other = Collection(shapes.path)
    other.remove_class("circle")
    draw(page)
    click(qtbot, page, "add_example_button")
    assert "its folder is gone" in page.message
    assert text(page, "capture_title") == "Draw “square”"
    assert find(page, "drawing_canvas").drawing != []
    click(qtbot, page, "add_example_button")
    assert counts(page) == [1, 0]


# Pictures from elsewhere.


def pictures(folder: Path, number: int) -> list[Path]:
    paths = [folder / f"{place}.png" for place in range(number)]
    for place, path in enumerate(paths):
        Image.new("RGB", (80, 60), (10 * place, 100, 50)).save(path)
    return paths


def mime(paths: list[Path]) -> QMimeData:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return data


def drop(page: CollectPage, data: QMimeData, place: QPoint) -> bool:
    where, left, none = QPointF(place), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(place, Qt.DropAction.CopyAction, data, left, none)
    QApplication.sendEvent(page, enter)
    if enter.isAccepted():
        QApplication.sendEvent(page, QDropEvent(where, Qt.DropAction.CopyAction, data, left, none))
    return enter.isAccepted()


def test_drop_pictures_on_a_class(page: CollectPage, qtbot: QtBot, photos: Collection, tmp_path: Path) -> None:
    target = find(page, "class_2")
    (tmp_path / "text.png").write_text("none")
    data = mime([*pictures(tmp_path, 5), tmp_path / "text.png"])
    assert drop(page, data, target.mapTo(page, target.rect().center()))
    qtbot.waitUntil(lambda: not page.findChild(QProgressBar, "adding_progress").isVisible(), timeout=SECONDS)
    assert counts(page) == [0, 5, 0]
    assert "text.png" in page.message
    click(qtbot, page, "undo_button")
    assert counts(page) == [0, 0, 0]
    click(qtbot, page, "redo_button")
    assert counts(page) == [0, 5, 0]
    assert not page.findChild(QPushButton, "cancel_adding_button").isVisible()


def test_a_drop_of_words_is_refused(page: CollectPage, photos: Collection) -> None:
    data = QMimeData()
    data.setText("seven")
    assert not drop(page, data, QPoint(500, 300))


def test_paste_a_picture(page: CollectPage, qtbot: QtBot, photos: Collection, tmp_path: Path) -> None:
    (path,) = pictures(tmp_path, 1)
    QApplication.clipboard().setImage(QImage(str(path)))
    click(qtbot, page, "paste_picture_button")
    qtbot.waitUntil(lambda: not page.findChild(QProgressBar, "adding_progress").isVisible(), timeout=SECONDS)
    assert counts(page) == [1, 0, 0]
    QApplication.clipboard().setText("seven")
    click(qtbot, page, "paste_picture_button")
    assert "no picture in the clipboard" in page.message


def test_open_pictures(
    page: CollectPage, qtbot: QtBot, photos: Collection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from PySide6.QtWidgets import QFileDialog

    names = [str(path) for path in pictures(tmp_path, 3)]
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_, **__: (names, ""))
    click(qtbot, page, "open_pictures_button")
    qtbot.waitUntil(lambda: not page.findChild(QProgressBar, "adding_progress").isVisible(), timeout=SECONDS)
    assert counts(page) == [3, 0, 0]


def test_a_photo_of_a_drawing_joins_the_drawings(
    page: CollectPage, qtbot: QtBot, shapes: Collection, tmp_path: Path
) -> None:
    paper = np.full((300, 300), 240, np.uint8)
    paper[80:220, 140:160] = 30
    Image.fromarray(paper).save(tmp_path / "one.png")
    drop(page, mime([tmp_path / "one.png"]), QPoint(10, 10))
    qtbot.waitUntil(lambda: not page.findChild(QProgressBar, "adding_progress").isVisible(), timeout=SECONDS)
    (path,) = shapes.examples("circle")
    image = np.asarray(Image.open(path))
    assert image.shape == (28, 28)
    assert image[14, 14] > 200
    assert image[0].max() == 0


# The camera.


def test_without_the_camera_the_page_says_what_to_do(page: CollectPage, photos: Collection) -> None:
    problem = page.findChild(QLabel, "camera_problem")
    if page.findChild(CameraView).problem() is None:
        pytest.skip("this machine has a camera")
    assert problem.isVisible()
    assert problem.text() == page.findChild(CameraView).problem()
    assert "Install " in problem.text() or "No camera was found" in problem.text()
    assert not find(page, "add_example_button").isEnabled()
    assert find(page, "open_pictures_button").isEnabled()


@pytest.fixture
def camera(page: CollectPage, qtbot: QtBot, photos: Collection):
    """The page's camera, whose frames come from `camera.show_frame(colour)`."""
    media = pytest.importorskip("PySide6.QtMultimedia", exc_type=ImportError)
    view = page.findChild(CameraView)
    sink = view.listen()

    def show_frame(colour: str) -> None:
        image = QImage(320, 240, QImage.Format.Format_RGB32)
        image.fill(colour)
        with qtbot.waitSignal(view.picture_changed):
            sink.setVideoFrame(media.QVideoFrame(image))

    view.show_frame = show_frame
    show_frame("red")
    return view


def test_take_a_picture(page: CollectPage, qtbot: QtBot, photos: Collection, camera) -> None:
    assert find(page, "example_preview").image.shape == (64, 64, 3)
    click(qtbot, page, "add_example_button")
    (path,) = photos.examples("cup")
    image = np.asarray(Image.open(path))
    assert image.shape == (240, 240, 3)
    assert (image == [255, 0, 0]).all()
    click(qtbot, page, "undo_button")
    assert counts(page) == [0, 0, 0]


def test_space_held_takes_one_after_another_as_one_step(
    page: CollectPage, qtbot: QtBot, photos: Collection, camera
) -> None:
    row = find(page, "class_2")
    qtbot.keyClick(row, Qt.Key.Key_2)
    qtbot.keyPress(row, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: counts(page)[1] >= 3)
    qtbot.keyRelease(row, Qt.Key.Key_Space)
    taken = counts(page)[1]
    assert not page.findChild(CapturePanel).bursting
    click(qtbot, page, "undo_button")
    assert counts(page) == [0, 0, 0]
    click(qtbot, page, "redo_button")
    assert counts(page) == [0, taken, 0]


def test_a_camera_that_fails_ends_the_burst(page: CollectPage, qtbot: QtBot, photos: Collection, camera) -> None:
    qtbot.keyPress(find(page, "class_1"), Qt.Key.Key_Space)
    camera._camera_failed(None, "unplugged")
    assert not page.findChild(CapturePanel).bursting
    assert not find(page, "add_example_button").isEnabled()
    assert counts(page) == [1, 0, 0]
    click(qtbot, page, "undo_button")
    assert counts(page) == [0, 0, 0]


def test_the_camera_is_let_go_with_the_page(page: CollectPage, photos: Collection, camera) -> None:
    page.hide()
    assert not camera.running
    assert camera._session is None


# Words and looks.


@pytest.mark.parametrize(
    ("counts", "why", "hint"),
    [
        ({}, "Add a second class", ""),
        ({"a": 20}, "Add a second class", ""),
        ({"a": 20, "b": 2}, "at least 3 examples to each of two classes", ""),
        ({"Train": 20, "test": 20}, "another name", ""),
        ({"train": 20, "bus": 20}, "", ""),
        ({"a": 4, "b": 5}, "", "6 more of “a”, 5 more of “b”"),
        ({"a": 4, "b": 4, "c": 0, "d": 1, "e": 9}, "", "10 more of “c” and of 2 more classes"),
        ({"a": 10, "b": 12}, "", "A good start."),
    ],
)
def test_what_is_missing(counts: dict[str, int], why: str, hint: str) -> None:
    assert why in why_not(counts)
    assert bool(why) == bool(why_not(counts))
    assert hint in advice(counts)


@pytest.mark.parametrize("size", [(872, 600), (1192, 800)])
def test_nothing_is_cut_off(page: CollectPage, qtbot: QtBot, shapes: Collection, size: tuple[int, int]) -> None:
    page.resize(*size)
    for name in ("add_example_button", "train_on_it_button", "drawing_canvas", "new_set_button", "set_menu_button"):
        widget = find(page, name)
        assert widget.visibleRegion().boundingRect() == widget.rect(), name


def test_every_control_teaches_and_has_a_name(page: CollectPage, qtbot: QtBot, shapes: Collection) -> None:
    for control in page.findChildren(QWidget):
        if isinstance(control, QToolButton | QPushButton | QLineEdit) and not control.objectName().startswith("qt_"):
            if isinstance(control.parent(), MessageBar):
                continue
            assert control.objectName(), control
            assert control.accessibleName(), control.objectName()
            assert len(control.toolTip()) > 15, control.objectName()


def test_a_set_with_a_damaged_file_is_told(qtbot: QtBot) -> None:
    path = create_collection(collected_folder(), "Broken", "drawings", ["a", "b"])
    (path / "dataset.json").write_text("{")
    page = CollectPage(Settings())
    qtbot.addWidget(page)
    page.show()
    assert "damaged" in page.message
    click(qtbot, page, "new_set_button")
    click(qtbot, page, "create_set_button")
    assert page.collection is not None
    page.shut_down()


@pytest.mark.usefixtures("shapes")
def test_neither_the_page_nor_a_class_on_it_refers_to_itself(page: CollectPage) -> None:
    assert in_circles(page) == set()
