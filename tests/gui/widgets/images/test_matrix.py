"""The matrix whose numbers can be changed, used with mouse and keys."""

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from cnnstudio.gui.look.theme import Theme
from cnnstudio.gui.widgets.images.matrix import Matrix, number_text, read_number


@pytest.fixture
def matrix(qtbot: QtBot, theme: Theme) -> Matrix:
    matrix = Matrix("numbers", "Input", "Numbers.", "grey", editable=True)
    qtbot.addWidget(matrix)
    matrix.set_values(np.arange(9).reshape(3, 3))
    matrix.show()
    matrix.activateWindow()
    qtbot.waitUntil(matrix.isActiveWindow)
    return matrix


def double_click(matrix: Matrix, cell: tuple[int, int]) -> QLineEdit:
    place = matrix.cell_rectangle(cell).center().toPoint()
    QTest.mouseDClick(matrix, Qt.MouseButton.LeftButton, pos=place)
    editor = matrix.findChild(QLineEdit, "cell_editor")
    assert editor is not None and editor.isVisible()
    return editor


def test_numbers_are_typed_one_after_the_other(matrix: Matrix, qtbot: QtBot) -> None:
    matrix.setFocus()
    matrix.point((0, 0))
    with qtbot.waitSignals([matrix.edited] * 2):
        QTest.keyClicks(matrix, "7")
        QTest.keyClicks(QApplication.focusWidget(), ".5\t")
        QTest.keyClicks(matrix, "-")
        QTest.keyClicks(QApplication.focusWidget(), "2")
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Return)
    assert matrix.values[0].tolist() == [7.5, -2, 2]
    assert matrix.cell == (1, 1)


def test_escape_leaves_a_cell_as_it_was(matrix: Matrix) -> None:
    editor = double_click(matrix, (1, 1))
    assert editor.selectedText() == "4"
    QTest.keyClicks(editor, "99")
    QTest.keyClick(editor, Qt.Key.Key_Escape)
    assert matrix.values[1, 1] == 4


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("abc", "“abc” is no number"),
        ("", "This cell is empty"),
        ("   ", "This cell is empty"),
        ("1e300", "1e300 is too large"),
        ("9e9999", "9e9999 is too large"),
        ("NaN", "“NaN” is no number"),
        ("inf", "“inf” is no number"),
    ],
)
def test_a_cell_says_why_it_cannot_be_used_and_the_rest_goes_on(matrix: Matrix, text: str, said: str) -> None:
    matrix.set_text((1, 2), text)
    assert matrix.problem.startswith(f"Row 1, column 2: {said}")
    assert np.isnan(matrix.values[1, 2])
    assert matrix.values[1, :2].tolist() == [3, 4]
    matrix.set_text((2, 0), "x")
    assert matrix.problem.endswith("And 1 more cell needs a number.")
    matrix.set_text((1, 2), "1,5")
    matrix.set_text((2, 0), "−1")
    assert (matrix.problem, matrix.values[1, 2], matrix.values[2, 0]) == ("", 1.5, -1)


def test_what_was_typed_wrong_can_be_put_right(matrix: Matrix) -> None:
    matrix.set_text((0, 1), "3x")
    assert double_click(matrix, (0, 1)).text() == "3x"


def test_numbers_go_to_a_spreadsheet_and_come_back(matrix: Matrix) -> None:
    matrix.copy()
    assert QGuiApplication.clipboard().text() == "0\t1\t2\n3\t4\t5\n6\t7\t8"
    QGuiApplication.clipboard().setText("10\t20\t30\nfour\t50")
    matrix.point((1, 1))
    matrix.paste()
    assert matrix.values[1].tolist() == [3, 10, 20]  # what has no room is left out
    assert matrix.values[2, 2] == 50 and "“four” is no number" in matrix.problem


def test_fixed_cells_stay_as_they_are(matrix: Matrix) -> None:
    matrix.set_fixed(np.eye(3, dtype=bool))
    matrix.edit((1, 1))
    assert matrix.findChild(QLineEdit, "cell_editor") is None


def test_every_mark_is_seen(matrix: Matrix, pixels: Callable[[QWidget], np.ndarray]) -> None:
    marks = (
        lambda: matrix.set_window(QRectF(0.5, 0, 2, 2)),
        lambda: matrix.set_marked(np.eye(3, dtype=bool)),
        lambda: matrix.set_shown(np.eye(3, dtype=bool)),
        lambda: matrix.set_pinned((2, 2)),
        lambda: matrix.set_unused(np.eye(3, dtype=bool)),
        lambda: matrix.set_fixed(np.eye(3, dtype=bool)),
        lambda: matrix.set_text((2, 1), "x"),
    )
    for mark in marks:
        before = pixels(matrix)
        mark()
        assert (pixels(matrix) != before).any()


@pytest.mark.parametrize("name", ["light", "dark"])
def test_what_is_marked_is_seen_whatever_its_colour(
    matrix: Matrix, theme: Theme, pixels: Callable[[QWidget], np.ndarray], name: str
) -> None:
    """What only steps back stays as it is where it is of the colour of the ground: white in the light theme."""
    theme.choose(name)
    for value in (0.0, 1.0):
        matrix.set_values(np.full((3, 3), value), (0.0, 1.0))
        matrix.set_marked(None)
        before = pixels(matrix)
        marked = np.zeros((3, 3), bool)
        marked[1, 1] = True
        matrix.set_marked(marked)
        place = matrix.cell_rectangle((1, 1)).toRect()
        edge = (pixels(matrix) != before)[place.top(), place.left() : place.right()]
        assert edge.all()


def test_what_changed_is_painted_as_if_all_were_new(qtbot: QtBot) -> None:
    """Only cells that look otherwise are painted again, in the same picture."""
    changed, new = (Matrix("matrix", "Numbers", "Some.", editable=True) for _ in range(2))
    values = np.arange(30.0).reshape(5, 6)
    changed.set_values(values)
    for matrix in (changed, new):
        qtbot.addWidget(matrix)
    changed.grab()
    values[2, 3] = 7
    for matrix in (changed, new):
        matrix.set_values(values, (0.0, 29.0))
        matrix.set_marked(values % 4 > 0)
        matrix.set_shown(values < 28)
        matrix.set_text((1, 1), "words")
        if matrix is changed:
            matrix.grab()
        matrix.set_text((1, 2), "−0.5")
    assert changed.grab().toImage() == new.grab().toImage()


def test_all_numbers_are_written_in_one_size(matrix: Matrix, pixels: Callable[[QWidget], np.ndarray]) -> None:
    matrix.set_values(np.array([[1.0, -0.123]]), (1.0, 9.0))
    heights = []
    for column in range(2):
        cell = matrix.cell_rectangle((0, column)).toRect().adjusted(3, 3, -3, -3)
        shown = pixels(matrix)[cell.top() : cell.bottom(), cell.left() : cell.right()].astype(int)
        inked = (np.abs(shown - shown[0, 0]).sum(axis=2) > 100).any(axis=1)
        heights.append(int(inked.sum()))
    assert heights[0] == heights[1] > 4


def test_a_matrix_of_one_number_does_not_count_its_cell(qtbot: QtBot) -> None:
    bias = Matrix("bias", "Bias", "Is added.", editable=True)
    qtbot.addWidget(bias)
    bias.set_text((0, 0), "abc")
    assert bias.problem.startswith("“abc” is no number")


def test_a_cell_in_words(matrix: Matrix) -> None:
    matrix.set_values(np.array([[0.1234567, -2.0]]))
    assert matrix.text_of((0, 0)) == "Input, row 0, column 0: 0.123457"
    assert matrix.text_of((0, 1)) == "Input, row 0, column 1: −2"
    matrix.set_shown(np.array([[True, False]]))
    assert matrix.text_of((0, 1)) == "Input, row 0, column 1: not computed yet"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0001, "0"),
        (0.587, "0.587"),
        (1.0, "1"),
        (-2.5, "−2.5"),
        (4 / 3, "1.33"),
        (1 / 3, "0.333"),
        (123.45, "123.5"),
        (98765.4, "98765"),
        (1e6, "1e6"),
        (2.5e7, "2.5e7"),
        (float("nan"), "?"),
    ],
)
def test_numbers_are_short(value: float, text: str) -> None:
    assert number_text(value) == text


def test_numbers_are_read_as_people_write_them() -> None:
    assert [read_number(text) for text in ("1,5", " −3 ", "1e3", "٣")] == [1.5, -3, 1000, 3]
