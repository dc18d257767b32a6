"""Rows and columns: what stands where, and what scrolls."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from cnnstudio.gui.controls.layouts import STRETCH, ScrollColumn, SectionColumn, column, row, widget_of


def shown(qtbot: QtBot, widget: QWidget, width: int, height: int) -> QWidget:
    qtbot.addWidget(widget)
    widget.resize(width, height)
    widget.show()
    qtbot.waitExposed(widget)
    return widget


def fixed(width: int, height: int) -> QWidget:
    widget = QWidget()
    widget.setFixedSize(width, height)
    return widget


def test_a_row_has_gaps_edges_room_and_stretches(qtbot: QtBot) -> None:
    left, middle, wide, right = fixed(10, 20), fixed(10, 20), QWidget(), fixed(10, 20)
    whole = shown(qtbot, widget_of(row(left, 30, middle, (wide, 1), right, gap=4, edge=5)), 200, 50)
    assert left.x() == 5
    assert middle.x() == left.x() + 10 + 30 + 4
    assert right.x() == whole.width() - 5 - 10
    assert wide.width() == right.x() - 4 - wide.x()


def test_a_column_takes_layouts_and_leaves_the_rest_empty(qtbot: QtBot) -> None:
    first, second, corner = fixed(10, 10), fixed(10, 10), fixed(10, 10)
    parts = column(row(first, second, STRETCH), (corner, 0, Qt.AlignmentFlag.AlignRight), STRETCH)
    whole = shown(qtbot, widget_of(parts), 99, 200)
    assert first.y() == second.y() == 0
    assert second.x() == 18
    assert (corner.x(), corner.y()) == (whole.width() - 10, 18)


def test_a_column_that_is_too_high_scrolls_up_and_down_only(qtbot: QtBot) -> None:
    scroll = ScrollColumn()
    scroll.set_content(column(QLabel("a line that is wider than the window"), fixed(10, 500)))
    shown(qtbot, scroll, 60, 100)
    qtbot.waitUntil(lambda: scroll.verticalScrollBar().maximum() >= 400)
    assert not scroll.horizontalScrollBar().isVisible()


@pytest.mark.parametrize("width", [400, 2000])
def test_sections_follow_each_other_and_are_no_wider_than_one_can_read(qtbot: QtBot, width: int) -> None:
    sections, last = SectionColumn("Settings"), QLabel("last")
    sections.add_section("First", QLabel("first"), explanation="What is first.")
    sections.add_section("", last)
    shown(qtbot, sections, width, 400)
    texts = [one for one in sections.findChildren(QLabel) if one.isVisible()]
    texts.sort(key=lambda one: one.mapTo(sections, one.rect().topLeft()).y())
    assert [one.text() for one in texts] == ["Settings", "First", "What is first.", "first", "last"]
    assert last.width() == min(720, width - 48)
