"""What the window remembers from one start to the next."""

import math
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from PySide6.QtCore import QByteArray, QObject, QSettings, Signal

from cnnstudio.errors import reason
from cnnstudio.gui.look.theme import THEMES
from cnnstudio.storage import config_folder, try_writing

_Value = TypeVar("_Value", str, int, float, bool)

PAGE = "the page shown last"
"""What the name of a page is called where it is none."""

_GEOMETRY_MARK = b"\x01\xd9\xd0\xcb"
"""With which all begins that `QWidget.saveGeometry` gives."""

_THREAD_VARIABLES = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")


class Settings(QObject):
    """Typed settings in one INI file of the user's settings folder.

    Each value is written on its own, under a lock: two windows at once do not lose each other's. Each is read on its
    own, too, and one that cannot be used is forgotten. Where the file cannot be written, what is set holds as long as
    this object lives, and is written with what is set next, once that is possible.

    Signals:
        changed(str): the name of a property that has just got another value.
        forgot(str): what could not be used, in words such as “the theme”.
        unwritten(str): what is set cannot be kept, why, and what then, in sentences; said once.

    Attributes:
        forgotten: all that could not be used so far, as `forgot` names it.
    """

    changed = Signal(str)
    forgot = Signal(str)
    unwritten = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._file = QSettings(str(config_folder() / "settings.ini"), QSettings.Format.IniFormat, self)
        self._limiting = False
        self._told = False
        self.forgotten: list[str] = []
        if not self._file.allKeys() or self._file.status() == QSettings.Status.FormatError:
            self._note_damage()

    @property
    def path(self) -> Path:
        """The file."""
        return Path(self._file.fileName())

    @property
    def theme(self) -> str:
        """A key of `cnnstudio.gui.look.theme.THEMES`."""
        return self._read("theme", "system", "the theme", THEMES.__contains__)

    @theme.setter
    def theme(self, value: str) -> None:
        self._write("theme", value)

    @property
    def threads(self) -> int:
        """Processor threads for TensorFlow; 0 leaves the choice to it."""
        return min(self._read("threads", 0, "the number of threads", lambda count: count >= 0), os.cpu_count() or 1)

    @threads.setter
    def threads(self, value: int) -> None:
        self._write("threads", value)

    @property
    def reduced_motion(self) -> bool:
        """Whether what moves on screen is to be there at once."""
        return self._read("reduced_motion", False, "whether things move")

    @reduced_motion.setter
    def reduced_motion(self, value: bool) -> None:
        self._write("reduced_motion", value)

    @property
    def page(self) -> str:
        """The name of the page that was shown last; empty at the first start."""
        return self._read("page", "", PAGE)

    @page.setter
    def page(self, value: str) -> None:
        self._write("page", value)

    @property
    def geometry(self) -> QByteArray:
        """The window's place and size, from `QWidget.saveGeometry`; empty at the first start."""
        value = self._file.value("geometry", QByteArray())
        if isinstance(value, QByteArray) and (value.isEmpty() or value.startsWith(_GEOMETRY_MARK)):
            return value
        self.forget("geometry", "the window’s place and size")
        return QByteArray()

    @geometry.setter
    def geometry(self, value: QByteArray) -> None:
        self._write("geometry", value)

    def recall(
        self, name: str, default: _Value, what: str, is_usable: Callable[[_Value], bool] = lambda _: True
    ) -> _Value:
        """A choice that a page has remembered.

        Args:
            name: as for `remember`.
            default: what it is where nothing is remembered, or nothing that can be used; the choice has its type.
            what: what was chosen, as `forgotten` says it, such as “the model used last”.
            is_usable: whether there is still such a thing to choose.
        """
        return self._read(f"choices/{name}", default, what, is_usable)

    def remember(self, name: str, value: str | int | float | bool) -> None:
        """Keeps a page's choice, such as the model used last, under a name like "try/model"."""
        self._write(f"choices/{name}", value)

    def forget(self, key: str, what: str) -> None:
        """Forgets something that cannot be used, and notes what it was.

        Args:
            key: "page", "geometry", …; "choices/" and its name for what a page remembers.
            what: what it is, as in `recall`.
        """
        self._file.remove(key)
        self._sync()
        self.forgotten.append(what)
        self.forgot.emit(what)

    def restore_defaults(self) -> None:
        """Forgets everything, the window's place and the pages' choices too."""
        names = ("theme", "threads", "reduced_motion")
        before = [getattr(self, name) for name in names]
        self._file.clear()
        self._sync()
        for name, value in zip(names, before, strict=True):
            if getattr(self, name) != value:
                self.changed.emit(name)

    def limit_threads(self) -> bool:
        """Sets how many threads TensorFlow may use, which it reads when it is imported.

        Variables that the user has set outside stay as they are while the choice is left to TensorFlow.

        Returns:
            Whether this was in time.
        """
        if "tensorflow" in sys.modules:
            return False
        threads = self.threads
        for variable in _THREAD_VARIABLES:
            if threads:
                os.environ[variable] = str(threads)
            elif self._limiting:
                os.environ.pop(variable, None)
        self._limiting = bool(threads)
        return True

    def _read(
        self, key: str, default: _Value, what: str, is_usable: Callable[[_Value], bool] = lambda _: True
    ) -> _Value:
        if not self._file.contains(key):
            return default
        value = _as(type(default), self._file.value(key))
        if value is None or not is_usable(value):
            self.forget(key, what)
            return default
        return value

    def _write(self, key: str, value: Any) -> None:
        if self._file.contains(key) and _as(type(value), self._file.value(key)) == value:
            return
        self._file.setValue(key, value)
        self._sync()
        self.changed.emit(key)

    def _sync(self) -> None:
        self._file.sync()
        if self._file.status() == QSettings.Status.AccessError and not self._told:
            self._told = True
            why = ""
            try:  # Qt does not say why
                try_writing(self.path.parent)
            except OSError as error:
                why = f" ({reason(error)})"
            what = f"Your choices cannot be saved: {self.path} cannot be written{why}."
            self.unwritten.emit(f"{what} They hold until you close CNN Studio.")

    def _note_damage(self) -> None:
        """Says of a file that is no INI file, or of which nothing can be read though there is something in it."""
        try:
            with self.path.open("rb") as file:
                damage = "it is damaged" if file.read(1) else ""
        except FileNotFoundError:
            return
        except OSError as error:
            damage = reason(error)
        if damage:
            self.forgotten.append(f"all that is in {self.path} ({damage})")


def _as(kind: type[_Value], value: Any) -> _Value | None:
    """What was read from an INI file as what it was written as, or None where it is something else.

    All but lists and what Qt writes in a code of its own comes back as text; what was set since the start is as it was.
    """
    if isinstance(value, kind):
        return value
    if not isinstance(value, str):
        return None
    if kind is bool:
        return kind(value == "true") if value in {"true", "false"} else None
    with suppress(ValueError, OverflowError):
        number = kind(value)
        return number if math.isfinite(float(number)) else None
    return None
