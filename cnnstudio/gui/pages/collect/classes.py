"""The classes of a set that is being collected, one below the other."""

import weakref
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from html import escape
from pathlib import Path

from PySide6.QtCore import QPoint, QRectF, Qt, QTimer, Signal, Slot
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import QFrame, QLineEdit, QMenu
from typing_extensions import override

from cnnstudio.gui.controls.buttons import Item, menu_of, tool_button
from cnnstudio.gui.controls.describe import describe, label
from cnnstudio.gui.controls.layouts import STRETCH, ScrollColumn, column, row
from cnnstudio.gui.look.theme import GAP, GRID, icon
from cnnstudio.gui.widgets.images.example_tiles import ExampleTiles, moving_in
from cnnstudio.gui.widgets.items import focus_pen
from cnnstudio.wording import counted

KEYS = 9
"""The number of classes that have a number key."""

_NAME_TIP = "What the network will answer. Click to select the class; double-click, or press F2, to rename it."

_NAME = """
QLineEdit { font-weight: 600; }
QLineEdit:read-only:!focus { background: transparent; border-color: transparent; }
QLineEdit:read-only:focus { background: transparent; }
"""

_EDGE = 4 * GRID
"""A drag that is so near to the upper or lower edge scrolls the list."""
_SCROLL_EVERY = 30
"""Milliseconds between two steps of that."""


class NameEdit(QLineEdit):
    """A field for a name; Enter and Escape end there and do nothing else on the page."""

    left = Signal(bool)
    """Enter or Escape was pressed; whether it was Escape: the name is to stay as it was."""

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keeps Enter and Escape, which a field of text would pass on."""
        super().keyPressEvent(event)
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape}:
            event.accept()
            self.left.emit(event.key() == Qt.Key.Key_Escape)


class ClassName(NameEdit):
    """The name of a class: only shown, until a double click or F2 lets it be changed.

    Before that a click is the class's, as if on a label.
    """

    picked = Signal()
    """Enter or Space was pressed on a name that is only shown."""

    def __init__(self) -> None:
        super().__init__()
        self.setStyleSheet(_NAME)
        self.setAcceptDrops(False)
        self.left.connect(self._show_only)
        self._show_only()

    def begin(self) -> None:
        """Lets the name be changed."""
        self.setReadOnly(False)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.IBeamCursor)
        self.setFocus(Qt.FocusReason.OtherFocusReason)
        self.selectAll()

    @Slot()
    def _show_only(self) -> None:
        self.setReadOnly(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self.home(False)  # of a long name, the beginning is seen

    @override
    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() not in {Qt.FocusReason.PopupFocusReason, Qt.FocusReason.ActiveWindowFocusReason}:
            self._show_only()

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self.isReadOnly():
            event.ignore()
        else:
            super().mousePressEvent(event)

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self.isReadOnly():
            event.ignore()
        else:
            super().mouseMoveEvent(event)

    @override
    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self.isReadOnly():
            self.begin()
        else:
            super().mouseDoubleClickEvent(event)

    @override
    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if self.isReadOnly():
            event.ignore()
        else:
            super().contextMenuEvent(event)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        """While the name is only shown, all keys but two are the page's."""
        if not self.isReadOnly():
            super().keyPressEvent(event)
        elif event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space}:
            self.picked.emit()
        elif event.key() == Qt.Key.Key_F2:
            self.begin()
        else:
            event.ignore()


class ClassRow(QFrame):
    """A class on a panel; clicking it anywhere makes it the one that examples are added to.

    Args:
        number: its place, counted from 1.
        classes: the list that it is in, whose signals it emits.
    """

    def __init__(self, number: int, classes: "ClassList") -> None:
        super().__init__()
        self.setObjectName(f"class_{number}")
        self.name = ""
        self._classes: ClassList = weakref.proxy(classes)
        self._chosen = self._target = False
        key = str(number) if number <= KEYS else ""
        badge = label(key, "small", f"class_key_{number}")
        badge.setFixedWidth(2 * GRID)
        badge.setToolTip(f"<p>Press {key} to select this class.</p>" if key else "")
        self._edit = describe(ClassName(), f"class_name_{number}", f"Name of class {number}", _NAME_TIP)
        self._edit.editingFinished.connect(self._rename)
        self._edit.left.connect(self._leave)
        self._edit.picked.connect(self._choose)
        self._count = label(role="secondary", name=f"class_count_{number}", wrap=False)
        self._fold = tool_button(
            f"fold_class_{number}",
            f"All examples of class {number}",
            "Shows all examples, or one line.",
            "chevron-right",
        )
        self._fold.clicked.connect(self._toggle)
        self._fold.hide()
        remove = tool_button(
            f"remove_class_{number}",
            f"Remove class {number}",
            "Removes the class with all its examples; Undo brings them back.",
            "delete",
            lambda: classes.remove_asked.emit(self.name),
        )
        self.tiles = ExampleTiles()
        self.tiles.setObjectName(f"examples_{number}")
        self.tiles.clicked.connect(self._choose)
        self.tiles.selection_changed.connect(partial(classes.select_only_in, self))
        self.tiles.remove_asked.connect(classes.examples_remove_asked)
        self.tiles.cut_asked.connect(classes.cut_asked)
        self.tiles.menu_asked.connect(partial(classes.show_menu, self))
        self.tiles.expand_asked.connect(self.unfold)
        self.tiles.foldable_changed.connect(self._fold.setVisible)
        header = row(badge, (self._edit, 1), self._count, self._fold, remove, gap=GAP)
        content = column(header, self.tiles)
        content.setContentsMargins(2 * GRID, GRID, GRID, 2 * GRID)
        self.setLayout(content)

    def show_class(self, name: str, files: Sequence[Path], noun: str, chosen: bool) -> None:
        """Shows a class.

        Args:
            name: of the class.
            files: its examples, the oldest first.
            noun: what one example is called.
            chosen: whether it is the class that examples are added to.
        """
        if name != self.name:
            self.name = name
            self.reset_name()
            self._edit.setToolTip(f"<p><b>{escape(name)}</b></p><p>{_NAME_TIP}</p>")  # it may be longer than the room
            self.setAccessibleName(f"Class {name}")
            self.tiles.setAccessibleName(f"Examples of {name}")
        self.tiles.set_files(tuple(reversed(files)))
        self.tiles.set_placeholder(
            f"Selected: your next {noun} goes here." if chosen else f"No {noun}s yet. Click here to select this class."
        )
        self._count.setText(counted(len(files), noun) if files else "")
        self.setAccessibleDescription("Examples are added to this class." if chosen else "")
        if chosen and not self._chosen:
            self.unfold()
        self._chosen = chosen
        role = "info" if chosen else "panel"
        if role != self.property("role"):
            self.setProperty("role", role)
            self.style().unpolish(self)
            self.style().polish(self)

    def set_target(self, target: bool) -> None:
        """Outlines it as the class that gets what is being dragged."""
        self._target = target
        self.update()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._target:
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(focus_pen())
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), GRID, GRID)
            painter.end()

    @Slot()
    def unfold(self) -> None:
        """Shows all examples."""
        self._set_unfolded(True)

    def fold(self) -> None:
        """Shows one line of the examples, as at first."""
        self._set_unfolded(False)
        self._chosen = False

    @Slot()
    def _toggle(self) -> None:
        self._set_unfolded(not self.tiles.expanded)

    def _set_unfolded(self, unfolded: bool) -> None:
        self._fold.setIcon(icon("chevron-down" if unfolded else "chevron-right"))
        self.tiles.set_expanded(unfolded)

    def begin_renaming(self) -> None:
        """Lets the name be changed."""
        self._edit.begin()

    def reset_name(self) -> None:
        """Shows the name as it is, for another was refused."""
        self._edit.setText(self.name)
        self._edit.home(False)

    @Slot()
    def _rename(self) -> None:
        if self._edit.text() != self.name:
            self._classes.renamed.emit(self.name, self._edit.text())

    @Slot(bool)
    def _leave(self, given_up: bool) -> None:
        if given_up:
            self.reset_name()
        self._choose()

    @Slot()
    def _choose(self) -> None:
        self._classes.chosen.emit(self.name)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._classes.choose_in_place(self.name)
        event.accept()

    @override
    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Shows what can be done with the class."""
        self.tiles.select(())
        self._classes.show_menu(self, event.globalPos())


class ClassList(ScrollColumn):
    """A row for each class, and a field that adds one.

    Signals:
        chosen(str): a class was clicked.
        renamed(str, str): a class is to be renamed: from, to.
        remove_asked(str): a class is to be removed.
        examples_remove_asked(object): the examples of these paths are to be deleted.
        examples_moved(object, str): the examples of these paths are to be in this class.
        cut_asked(object): the examples of these paths are to be cut.
        paste_asked(str): what was cut or copied is to be in this class.
        open_asked(str): pictures from files are to be in this class.
        added(str): a class of this name is to be added.
    """

    chosen = Signal(str)
    renamed = Signal(str, str)
    remove_asked = Signal(str)
    examples_remove_asked = Signal(object)
    examples_moved = Signal(object, str)
    cut_asked = Signal(object)
    paste_asked = Signal(str)
    open_asked = Signal(str)
    added = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("class_list")
        self._rows: list[ClassRow] = []
        self._chosen = ""
        self._scroll = QTimer(self, singleShot=True)  # once the layout knows how high the rows are
        self._scroll.timeout.connect(self._scroll_to_chosen)
        self._add = describe(
            NameEdit(),
            "add_class",
            "Add a class",
            "Type the name of another class and press Enter. The more alike two classes are, the more examples they "
            "need.",
        )
        self._add.setPlaceholderText("Add a class…")
        self._add.left.connect(self._leave_field)
        self._add.returnPressed.connect(self._ask_add)
        self._column = column()
        self.set_content(column(self._column, self._add, STRETCH))
        self._menu: QMenu | None = None
        self.viewport().setAcceptDrops(True)
        self._scroll_step = 0
        self._scrolling = QTimer(self, interval=_SCROLL_EVERY)
        self._scrolling.timeout.connect(self._go_on_scrolling)

    def show_contents(self, contents: Mapping[str, Sequence[Path]], chosen: str, noun: str) -> None:
        """Shows the classes.

        Args:
            contents: the examples of each class, the oldest first.
            chosen: the class that examples are added to.
            noun: what one example is called.
        """
        while len(self._rows) < len(contents):
            self._rows.append(ClassRow(len(self._rows) + 1, self))
            self._column.addWidget(self._rows[-1])
        for one, (name, examples) in zip(self._rows, contents.items(), strict=False):
            one.show_class(name, examples, noun, name == chosen)
        for number, one in enumerate(self._rows):
            one.setVisible(number < len(contents))
        if chosen != self._chosen:
            self._scroll.start()
        self._chosen = chosen

    def choose_in_place(self, name: str) -> None:
        """Chooses a class that was clicked, which stays where it is: the next click may be the second of two."""
        self.chosen.emit(name)
        self._scroll.stop()

    def begin_renaming(self, name: str) -> None:
        """Lets the name of a class be changed."""
        for one in self._shown():
            if one.name == name:
                self.ensureWidgetVisible(one, 0, GRID)
                one.begin_renaming()

    def fold_all(self) -> None:
        """Shows one line of each class, as at first."""
        for one in self._rows:
            one.fold()

    def mark_cut(self, paths: Collection[Path]) -> None:
        """Shows these examples faintly: they move when they are pasted."""
        for one in self._rows:
            one.tiles.mark_cut(paths)

    def select(self, paths: Collection[Path], name: str) -> None:
        """Selects examples of a class and shows them all."""
        for one in self._shown():
            if one.name == name:
                one.unfold()
                one.tiles.select(paths)

    def select_only_in(self, chosen: ClassRow) -> None:
        """Selects nothing in any other class, once something is selected in one."""
        if chosen.tiles.selected:
            for one in self._rows:
                if one is not chosen:
                    one.tiles.select(())

    def _shown(self) -> list[ClassRow]:
        return [one for one in self._rows if not one.isHidden()]

    def reset_names(self) -> None:
        """Shows the names as they are, for another was refused."""
        for one in self._rows:
            one.reset_name()

    def clear_field(self) -> None:
        """Empties the field, for its class was added."""
        self._add.clear()

    def class_at(self, place: QPoint) -> str:
        """The class at a place on the screen; empty where there is none."""
        if self.rect().contains(self.mapFromGlobal(place)):
            for one in self._shown():
                if one.rect().contains(one.mapFromGlobal(place)):
                    return one.name
        return ""

    # The menu.

    def show_menu(self, one: ClassRow, place: QPoint) -> None:
        """Shows what can be done with a class, and with those of its examples that are selected.

        Args:
            one: the class.
            place: where, on the screen.
        """
        if self._menu is not None:
            self._menu.deleteLater()
        name, paths = one.name, one.tiles.selected
        paste = Item("paste_here", "&Paste\tCtrl+V", "paste", "", partial(self.paste_asked.emit, name))
        items: list[Item | None] = []
        if paths:
            items += [
                Item("cut_examples", "Cu&t\tCtrl+X", "cut", "", partial(self.cut_asked.emit, paths)),
                paste,
                Item("delete_examples", "&Delete\tDel", "delete", "", partial(self.examples_remove_asked.emit, paths)),
            ]
        else:
            items += [
                Item("rename_class", "&Rename\tF2", "rename", "", one.begin_renaming),
                paste,
                Item("open_here", "&Open pictures…", "open", "", partial(self.open_asked.emit, name)),
                None,
                Item("remove_class", "Re&move the class", "delete", "", partial(self.remove_asked.emit, name)),
            ]
        menu = self._menu = menu_of(self, *items)
        others = [other.name for other in self._shown() if other is not one]
        if paths and others:
            targets = QMenu("&Move to", menu)
            for number, other in enumerate(others, 1):
                action = targets.addAction(other.replace("&", "&&"))
                action.setObjectName(f"move_to_{number}")
                action.triggered.connect(partial(self.examples_moved.emit, paths, other))
            menu.insertMenu(menu.actions()[0], targets)
        menu.popup(place)

    # Examples that are dragged to another class.

    @override
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Takes examples; files from elsewhere are the page's."""
        if moving_in(event.mimeData()):
            event.acceptProposedAction()
        else:
            event.ignore()

    @override
    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Marks the class under the pointer, and scrolls near the edges."""
        place = event.position().toPoint()
        name = self.class_at(self.viewport().mapToGlobal(place))
        self._mark_target(name)
        event.setAccepted(bool(name))
        down = place.y() > self.viewport().height() - _EDGE
        self._scroll_step = GRID if down else -GRID if place.y() < _EDGE else 0
        if self._scroll_step:
            self._scrolling.start()
        else:
            self._scrolling.stop()

    @override
    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._end_drag()
        super().dragLeaveEvent(event)

    @override
    def dropEvent(self, event: QDropEvent) -> None:
        self._end_drag()
        name = self.class_at(self.viewport().mapToGlobal(event.position().toPoint()))
        if name:
            event.acceptProposedAction()
            self.examples_moved.emit(moving_in(event.mimeData()), name)

    def _end_drag(self) -> None:
        self._scrolling.stop()
        self._mark_target("")

    def _mark_target(self, name: str) -> None:
        for one in self._shown():
            one.set_target(one.name == name)

    @Slot()
    def _go_on_scrolling(self) -> None:
        bar = self.verticalScrollBar()
        bar.setValue(bar.value() + self._scroll_step)

    @Slot()
    def _scroll_to_chosen(self) -> None:
        for one in self._shown():
            if one.name == self._chosen:
                self.ensureWidgetVisible(one, 0, GRID)

    @Slot(bool)
    def _leave_field(self, given_up: bool) -> None:
        if given_up:
            self._add.clear()

    @Slot()
    def _ask_add(self) -> None:
        if self._add.text().strip():
            self.added.emit(self._add.text())
