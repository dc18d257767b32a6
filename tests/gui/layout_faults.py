"""Finds controls that a window is too small for: cut off, squeezed, shortened with “…”, or one over another."""

from collections.abc import Iterator
from itertools import combinations

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QAbstractSpinBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QScrollBar,
    QSplitterHandle,
    QStackedWidget,
    QStyle,
    QStyleOptionComboBox,
    QToolButton,
    QWidget,
)

from cnnstudio.gui.controls.picker import Picker

SLACK = 1
"""Pixels by which sizes may be rounded."""


def layout_faults(root: QWidget) -> list[str]:
    """A sentence for each control below a widget, as it is laid out now, that cannot be read or used whole."""
    seen = [widget for widget in root.findChildren(QWidget) if widget.isVisibleTo(root) and not widget.isWindow()]
    return [
        f"{_path(widget, root)}: {fault}"
        for widget in (root, *seen)
        for fault in (*_squeezed(widget), *_beyond(widget, root), *_overlaps(widget))
    ]


def _squeezed(widget: QWidget) -> Iterator[str]:
    """Text that has less room than it takes; the names in a `Picker` are people's own, of any length."""
    room = widget.size()
    match widget:
        case QLabel() if widget.text():
            widget.setIndent(widget.indent())  # else Qt still knows the hint from before its size was fixed anew
            least = widget.minimumSizeHint()
            height = widget.heightForWidth(room.width()) if widget.wordWrap() else least.height()
            if least.width() > room.width() + SLACK or height > room.height() + SLACK:
                yield f"{widget.text()[:60]!r} takes {least.width()}×{height} pixels and has {room.toTuple()}"
        case QToolButton() if widget.toolButtonStyle() is Qt.ToolButtonStyle.ToolButtonTextUnderIcon:
            text = QFontMetrics(widget.font()).horizontalAdvance(widget.text())
            if text > room.width() - SLACK:
                yield f"{widget.text()!r} takes {text} pixels and has {room.width()}"
        case QAbstractButton() if widget.text():
            wanted = widget.sizeHint()
            if wanted.width() > room.width() + SLACK or wanted.height() > room.height() + SLACK:
                yield f"{widget.text()!r} takes {wanted.toTuple()} pixels and has {room.toTuple()}"
        case QComboBox() if not widget.isEditable() and not isinstance(widget, Picker):
            text = QFontMetrics(widget.font()).horizontalAdvance(widget.currentText())
            option = QStyleOptionComboBox()
            widget.initStyleOption(option)
            field = QStyle.SubControl.SC_ComboBoxEditField
            if text > widget.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, option, field, widget).width():
                yield f"{widget.currentText()!r} is shortened"
        case QAbstractSpinBox():
            if widget.minimumSizeHint().width() > room.width() + SLACK:
                yield f"the number {widget.text()!r} is cut off"
        case _:
            pass


def _beyond(widget: QWidget, root: QWidget) -> Iterator[str]:
    """A part that lies outside of what holds it, where nothing scrolls to it."""
    if widget is root or isinstance(widget, QScrollBar | QSplitterHandle):
        return
    across = down = True
    area, holder = widget.rect(), widget
    while holder is not root and (parent := holder.parentWidget()) is not None:
        area, holder = QRect(holder.mapToParent(area.topLeft()), area.size()), parent
        scroll = holder.parentWidget()
        if isinstance(scroll, QAbstractScrollArea) and scroll.viewport() is holder:
            across &= (
                scroll.horizontalScrollBar().maximum() == 0
                or scroll.horizontalScrollBarPolicy() is Qt.ScrollBarPolicy.ScrollBarAlwaysOff
            )
            down &= scroll.verticalScrollBar().maximum() == 0
        if across and (area.left() < -SLACK or area.right() > holder.width() + SLACK):
            yield f"it lies from {area.left()} to {area.right()} across, in {holder.width()} pixels"
            return
        if down and (area.top() < -SLACK or area.bottom() > holder.height() + SLACK):
            yield f"it lies from {area.top()} to {area.bottom()} down, in {holder.height()} pixels"
            return


def _overlaps(parent: QWidget) -> Iterator[str]:
    """Children that cover each other."""
    if isinstance(parent, QStackedWidget | QComboBox | QLineEdit | QAbstractSpinBox):
        return
    children = [
        child
        for child in parent.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly)
        if child.isVisible()
        and not child.isWindow()
        and not isinstance(child, QSplitterHandle)
        and not child.testAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)  # it lies over them on purpose
        and child.property("role") != "guide"  # it does, too, where the page needs the room, and can be folded
    ]
    for one, other in combinations(children, 2):
        common = one.geometry().intersected(other.geometry())
        if common.width() > SLACK and common.height() > SLACK:
            yield f"{_name(one)} and {_name(other)} overlap by {common.width()}×{common.height()} pixels"


def _name(widget: QWidget) -> str:
    return f"{type(widget).__name__}{f' {widget.objectName()}' if widget.objectName() else ''}"


def _path(widget: QWidget, root: QWidget) -> str:
    """The nearest named things around a widget, outermost first."""
    names = [_name(widget)]
    while widget is not root and (parent := widget.parentWidget()) is not None:
        widget = parent
        if widget.objectName() and not widget.objectName().startswith("qt_"):
            names.append(widget.objectName())
    return " › ".join(reversed(names))
