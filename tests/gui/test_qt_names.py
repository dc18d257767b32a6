"""No name of ours hides one of Qt's.

PySide finds a method by its name: a signal named `event` keeps every parented object of its class alive after
`deleteLater`, and an attribute named `size` breaks whatever asks a widget for its size.
"""

import ast
import functools
import importlib
import inspect
import pkgutil
import textwrap
from collections.abc import Iterator
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from typing_extensions import override

import cnnstudio.gui
from cnnstudio.gui.controls.number_boxes import DecimalBox, WholeBox

EXTENDED = {WholeBox: {"setValue"}, DecimalBox: {"setValue"}}
"""Methods of Qt that are not, but are called with a little more by ours; nothing of Qt's own calls them."""


def own_classes() -> Iterator[type[QObject]]:
    for module in pkgutil.walk_packages(cnnstudio.gui.__path__, "cnnstudio.gui."):
        for _, own in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if issubclass(own, QObject) and own.__module__ == module.name:
                yield own


names_of = functools.cache(dir)


def qt_names(own: type[QObject]) -> set[str]:
    return {name for base in own.__mro__ if not base.__module__.startswith("cnnstudio") for name in names_of(base)}


@functools.cache
def classes_in(file: str) -> dict[str, ast.ClassDef]:
    """The classes of a module by name, read once for all of them."""
    return {node.name: node for node in ast.parse(Path(file).read_text("utf-8")).body if isinstance(node, ast.ClassDef)}


def attributes(own: type[QObject]) -> set[str]:
    """Every x of `self.x = …` in a class."""
    found = set()
    source = classes_in(inspect.getfile(own)).get(own.__qualname__)
    for node in ast.walk(source or ast.parse(textwrap.dedent(inspect.getsource(own)))):
        match node:
            case ast.Attribute(value=ast.Name(id="self"), attr=name, ctx=ast.Store()):
                found.add(name)
    return found


def hidden(own: type[QObject]) -> set[str]:
    names = qt_names(own) - {"staticMetaObject"}
    members = {name: value for name, value in vars(own).items() if not name.startswith("__")}
    overridden = {
        name
        for name, value in members.items()
        if inspect.isfunction(value) and (getattr(value, "__override__", False) or name in EXTENDED.get(own, set()))
    }
    return (set(members) - overridden | attributes(own)) & names


def test_no_name_hides_one_of_qt() -> None:
    found = {f"{own.__module__}.{own.__name__}": names for own in own_classes() if (names := hidden(own))}
    assert not found


def test_what_hides_a_name_is_found() -> None:
    class Hiding(QObject):
        event = Signal(object)
        parent = property(str)

        def __init__(self) -> None:
            super().__init__()
            self.signalsBlocked = True

        def deleteLater(self) -> None:
            pass

        @override
        def eventFilter(self, *_: object) -> bool:
            return False

    assert hidden(Hiding) == {"event", "parent", "signalsBlocked", "deleteLater"}
