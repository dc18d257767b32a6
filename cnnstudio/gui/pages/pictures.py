"""The pictures that ship for data sets and architectures."""

from functools import cache

from PySide6.QtGui import QIcon

from cnnstudio.storage import is_file, shipped


@cache
def picture(name: str) -> QIcon:
    """The picture that ships for a data set or an architecture, empty where there is none."""
    folder = shipped("assets/pictures")
    for suffix in (".svg", ".png"):
        file = folder / f"{name}{suffix}"
        if is_file(file):
            return QIcon(str(file))
    return QIcon()
