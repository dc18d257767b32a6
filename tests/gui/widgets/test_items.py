"""Items: where keys go from one to the next, what is told of them, and where they lie in lines."""

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QHelpEvent, QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolTip

from cnnstudio.gui.widgets.items import Cells, ItemWidget, Lines

LINES = Lines(count=7, columns=3, width=10, height=8, across=12, down=11)


class Tiles(ItemWidget):
    """Seven tiles in lines of three."""

    def item_count(self):
        return LINES.count

    def columns(self):
        return LINES.columns

    def lines_on_page(self):
        return 2

    def item_at(self, position):
        return LINES.item_at(position.x(), position.y())

    def item_rectangle(self, item):
        return QRectF(LINES.rectangle(item))

    def item_text(self, item):
        return f"tile <{item}>"


class Squares(Cells, ItemWidget):
    """Four rows of three squares."""

    def extent(self):
        return 4, 3

    def cell_rectangle(self, cell):
        return QRectF(cell[1] * 10, cell[0] * 10, 10, 10)


@pytest.fixture(params=[Tiles, Squares])
def widget(request, qtbot):
    made = request.param()
    qtbot.addWidget(made)
    made.resize(36, 40)
    made.show()
    qtbot.waitExposed(made)
    yield made
    QToolTip.hideText()


def walk(widget, *keys):
    places = []
    for key in keys:
        QTest.keyClick(widget, getattr(Qt.Key, f"Key_{key}"))
        places.append(widget.current)
    return places


@pytest.mark.parametrize("widget", [Tiles], indirect=True)
def test_keys_go_along_the_lines(widget):
    assert walk(widget, "Right", "Right", "Right", "Right") == [0, 1, 2, 3]
    assert walk(widget, "Left", "Up", "Down", "Down", "Down") == [2, 2, 5, 6, 6]
    assert walk(widget, "PageUp", "PageDown", "End", "Right", "Home", "Left") == [0, 6, 6, 6, 0, 0]
    assert widget.accessibleDescription() == "tile <0>"


@pytest.mark.parametrize("widget", [Squares], indirect=True)
def test_cells_begin_in_the_middle_and_stay_in_their_row(widget, qtbot):
    with qtbot.waitSignal(widget.pointed) as pointed:
        walk(widget, "Down")
    assert pointed.args == [(2, 1)]
    walk(widget, "Right", "Right", "Up")
    assert widget.cell == (1, 2)
    QTest.mouseMove(widget, QPoint(15, 25))
    assert widget.cell == (2, 1)
    QTest.mouseMove(widget, QPoint(35, 25))
    assert widget.cell is None


@pytest.mark.parametrize("widget", [Tiles], indirect=True)
def test_the_pointer_hovers_a_click_activates(widget, qtbot):
    QTest.mouseMove(widget, QPoint(14, 4))
    assert (widget.hovered, widget.current) == (1, -1)
    QApplication.sendEvent(widget, QEvent(QEvent.Type.Leave))
    assert widget.hovered == -1
    with qtbot.waitSignal(widget.activated) as activated:
        QTest.mouseClick(widget, Qt.MouseButton.LeftButton, pos=QPoint(26, 14))
    assert activated.args == [5]
    with qtbot.waitSignal(widget.activated):
        QTest.keyClick(widget, Qt.Key.Key_Space)


@pytest.mark.parametrize("widget", [Tiles], indirect=True)
def test_enter_goes_to_the_first_one_and_then_activates_it(widget, qtbot):
    with qtbot.assertNotEmitted(widget.activated):
        assert walk(widget, "Return") == [0]
    with qtbot.waitSignal(widget.activated) as activated:
        walk(widget, "Return")
    assert activated.args == [0]


@pytest.mark.parametrize("keeps", [True, False])
@pytest.mark.parametrize("widget", [Tiles], indirect=True)
def test_an_arrow_that_leads_nowhere_may_go_to_the_parent(widget, keeps):
    widget.keeps_arrows = keeps
    widget.set_current(0)
    event = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Up, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(widget, event)
    assert event.isAccepted() == keeps
    assert widget.current == 0


@pytest.mark.parametrize("widget", [Tiles], indirect=True)
def test_the_tooltip_is_that_of_the_item(widget, qtbot):
    widget.setToolTip("All tiles")
    for place, text in ((QPoint(5, 5), "<p style='white-space:pre'>tile &lt;0&gt;</p>"), (QPoint(11, 5), "All tiles")):
        QApplication.sendEvent(widget, QHelpEvent(QEvent.Type.ToolTip, place, widget.mapToGlobal(place)))
        assert QToolTip.text() == text


@pytest.mark.parametrize("place", [QPoint(15, 15), QPoint(15, 770)])
def test_a_tooltip_covers_nothing_of_what_it_is_about(widget, qtbot, place):
    widget.move(40, 790 - widget.height() if place.y() > 400 else 40)
    at = QPoint(15, 15)
    QApplication.sendEvent(widget, QHelpEvent(QEvent.Type.ToolTip, at, widget.mapToGlobal(at)))
    (tip,) = (one for one in QApplication.topLevelWidgets() if one.inherits("QTipLabel") and one.isVisible())
    kept = widget.kept_visible(widget.item_at(QPointF(at))).toAlignedRect()
    kept.translate(widget.mapToGlobal(QPoint(0, 0)))
    assert not tip.geometry().intersects(kept)
    assert widget.screen().geometry().contains(tip.geometry())


def test_lines_hold_their_items():
    assert LINES.line_count == 3
    assert LINES.total_height == 2 * 11 + 8
    for item in range(LINES.count):
        middle = QPointF(LINES.rectangle(item).center())
        assert LINES.item_at(middle.x(), middle.y()) == item
    for x, y in ((11, 2), (2, 9), (40, 2), (-1, 2), (14, 24)):
        assert LINES.item_at(x, y) == -1
    assert LINES.lines_between(0, 10) == range(1)
    assert LINES.lines_between(11, 100) == range(1, 3)
