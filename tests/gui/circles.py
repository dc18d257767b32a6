"""Finds widgets that refer to themselves by way of what they hold: only Python's collector could free them."""

import gc
from types import FrameType, ModuleType

import numpy as np
from PySide6.QtCore import QObject

_NO_PART = (type, ModuleType, FrameType)
"""What everything refers to, and nothing is held by."""

_THEIRS = ("PySide6", "pyqtgraph")


def in_circles(held: QObject) -> set[str]:
    """The classes, other than those of Qt, whose objects, among all that an object holds, refer to themselves."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    things: list[object] = [held]
    numbers = {id(held): 0}
    links = []
    for number, thing in enumerate(things):  # which grow meanwhile
        for other in gc.get_referents(thing):
            if issubclass(type(other), _NO_PART) or (type(other) is dict and "__builtins__" in other):
                continue
            if id(other) not in numbers:
                numbers[id(other)] = len(things)
                things.append(other)
            links.append((number, numbers[id(other)]))
    graph = coo_array((np.ones(len(links)), tuple(np.transpose(links))), shape=(len(things), len(things)))
    _, circles = connected_components(graph, connection="strong")
    sizes = np.bincount(circles)
    turning = {type(thing) for thing, circle in zip(things, circles, strict=True) if sizes[circle] > 1}
    return {one.__name__ for one in turning if issubclass(one, QObject) and not one.__module__.startswith(_THEIRS)}
