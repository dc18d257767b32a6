"""What the window remembers from one start to the next."""

import errno
import json
import math
import os
import sys
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar, TypeVar
from weakref import WeakValueDictionary

from PySide6.QtCore import QByteArray, QObject, QSettings, Signal, Slot

from cnnstudio.errors import reason
from cnnstudio.gui.look.theme import THEMES
from cnnstudio.gui.task import LatestTask
from cnnstudio.storage import changing, config_folder, exists, write_atomically

_Value = TypeVar("_Value", str, int, float, bool)

PAGE = "the page shown last"
"""What the name of a page is called where it is none."""

_GEOMETRY_MARK = b"\x01\xd9\xd0\xcb"
"""With which all begins that `QWidget.saveGeometry` gives."""

_THREAD_VARIABLES = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")

_MOST_BYTES = 10**7
"""No settings are larger."""


class Settings(QObject):
    """Typed settings, in memory and in one JSON file of the user's settings folder.

    What is set holds at once, and a worker writes it, each value on its own and under a lock: two windows at once do
    not lose each other's, and each has the other's from when it next writes. Each value is read on its own, too, and
    one that cannot be used is forgotten. Where the file cannot be written, what is set holds as long as this object
    lives, and is written with what is set next, once that is possible.

    Signals:
        changed(str): the name of a property that has just got another value, here or from another window.
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
        self._file = _File.at(config_folder() / "settings.json")
        self._writer: LatestTask | None = None
        self._limiting = False
        self._told = False
        self.forgotten: list[str] = []
        if lost := self._file.read():
            self.forgotten.append(lost)

    @property
    def path(self) -> Path:
        """The file."""
        return self._file.path

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
        return _bytes_of(self._read("geometry", "", "the window’s place and size", _is_geometry))

    @geometry.setter
    def geometry(self, value: QByteArray) -> None:
        self._write("geometry", _text_of(value))

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
        self._change((key, None))
        self.forgotten.append(what)
        self.forgot.emit(what)

    def restore_defaults(self) -> None:
        """Forgets everything, the window's place and the pages' choices too."""
        names = ("theme", "threads", "reduced_motion")
        before = [getattr(self, name) for name in names]
        self._change(_ALL_FORGOTTEN)
        for name, value in zip(names, before, strict=True):
            if getattr(self, name) != value:
                self.changed.emit(name)

    def save(self, seconds: float = 10.0) -> bool:
        """Waits until all that was set is written, at most so long; if it cannot be, no signal says so.

        The worker's thread ends, and another one begins with the next change.

        Returns:
            Whether all is written.
        """
        if self._file.is_behind:  # what could not be written may be by now
            self._have_written()
        if self._writer is not None:
            self._writer.shut_down(seconds)
            self._writer.deleteLater()
            self._writer = None
        return not self._file.is_behind

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
        if key not in self._file.values:
            return default
        value = _as(type(default), self._file.values[key])
        if value is None or not is_usable(value):
            self.forget(key, what)
            return default
        return value

    def _write(self, key: str, value: Any) -> None:
        if _as(type(value), self._file.values.get(key)) == value:
            return
        self._change((key, value))
        self.changed.emit(key)

    def _change(self, change: "_Change") -> None:
        self._file.change(change)
        self._have_written()

    def _have_written(self) -> None:
        if self._writer is None:
            self._writer = LatestTask(self, keeps_last=True)
            self._writer.finished.connect(self._follow)
            self._writer.failed.connect(self._fail)
        self._writer.submit(self._file.write)

    @Slot(object)
    def _follow(self, keys: list[str]) -> None:
        """Says what other windows have set."""
        for key in keys:
            self.changed.emit(key)

    @Slot(object)
    def _fail(self, error: Exception) -> None:
        if not isinstance(error, OSError):
            raise error
        if not self._told:
            self._told = True
            what = f"Your choices cannot be saved: {self.path} cannot be written ({reason(error)})."
            self.unwritten.emit(f"{what} They hold until you close CNN Studio.")


_Change = tuple[str | None, Any]
"""A key and its new value, which is None where it has none any more."""

_ALL_FORGOTTEN: _Change = (None, None)


class _File:
    """The values of a file, in memory, and the changes that are not in the file yet.

    Any thread may use it. All settings of a process that lie in one file share it.

    Attributes:
        path: the file.
        values: what JSON makes of each, by its key; those that an earlier version kept are text.
    """

    _in_use: ClassVar["WeakValueDictionary[Path, _File]"] = WeakValueDictionary()

    def __init__(self, path: Path) -> None:
        self.path = path
        self.values: dict[str, Any] = {}
        self._earlier: dict[str, Any] | None = None
        self._changes: list[_Change] = []
        self._writing = threading.Lock()
        self._swapping = threading.Lock()

    @property
    def _earlier_path(self) -> Path:
        return self.path.with_suffix(".ini")

    @classmethod
    def at(cls, path: Path) -> "_File":
        """The one of a path, which is kept as long as somebody uses it or a worker writes it."""
        return cls._in_use.setdefault(path, cls(path))

    @property
    def is_behind(self) -> bool:
        """Whether something is not written."""
        return bool(self._changes)

    def read(self) -> str:
        """Reads all values; returns what is lost, and why, where none can be read."""
        changes = list(self._changes)  # before the file, which has them once they are gone from here
        values, lost = {}, ""
        try:
            values = self._load()
        except (OSError, ValueError) as error:
            is_earlier = exists(self._earlier_path) and not exists(self.path)
            source = self._earlier_path if is_earlier else self.path
            lost = f"all that is in {source} ({reason(error) if isinstance(error, OSError) else 'it is damaged'})"
        with self._swapping:
            self.values = _changed(values, changes)
        return lost

    def change(self, change: _Change) -> None:
        """Sets a value, or forgets it, or all; it waits to be written."""
        with self._swapping:
            self._changes.append(change)
            self.values = _changed(self.values, [change])

    def write(self) -> list[str]:
        """Writes what was changed, and takes over what others have changed in the file; for a worker.

        Returns:
            The keys of what others have changed.

        Raises:
            OSError: the file cannot be written, or what is in it cannot be read and would be lost.
        """
        with self._writing:
            if not self._changes:
                return []
            self._make_folder()
            with changing(self.path):
                changes = list(self._changes)
                values = _changed({} if _ALL_FORGOTTEN in changes else self._load_usable(), changes)
                write_atomically(self.path, json.dumps(values, indent=1, sort_keys=True))
            with self._swapping:
                del self._changes[: len(changes)]
                before, self.values = self.values, _changed(values, self._changes)
            return [key for key in before | self.values if before.get(key) != self.values.get(key)]

    def _make_folder(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except FileExistsError as error:  # “there is one of that name” would not say what is wrong
            raise NotADirectoryError(errno.ENOTDIR, "a file is in the place of a folder", error.filename) from error

    def _load(self) -> dict[str, Any]:
        """What is in the file, or what an earlier version kept; raises OSError, or ValueError where it is damaged."""
        try:
            with self.path.open("rb") as file:
                values = json.loads(file.read(_MOST_BYTES))
        except FileNotFoundError:
            return self._load_earlier()
        except RecursionError as error:
            raise ValueError(str(error)) from error
        if not isinstance(values, dict):
            raise ValueError("not an object")
        return values

    def _load_earlier(self) -> dict[str, Any]:
        """Reads it once: of a damaged file, Qt would give some of it the second time."""
        if self._earlier is None:
            try:
                self._earlier = _read_ini(self._earlier_path)
            except ValueError:
                self._earlier = {}
                raise
        return self._earlier

    def _load_usable(self) -> dict[str, Any]:
        with suppress(ValueError):
            return self._load()
        return {}


def _changed(values: dict[str, Any], changes: Iterable[_Change]) -> dict[str, Any]:
    """Values after some changes, in their order."""
    values = dict(values)
    for key, value in changes:
        if key is None:
            values.clear()
        elif value is None:
            values.pop(key, None)
        else:
            values[key] = value
    return values


def _read_ini(path: Path) -> dict[str, Any]:
    """What an earlier version kept: text, but for what Qt wrote in a code of its own; raises as `_File._load`."""
    try:
        is_empty = not path.read_bytes()  # Qt does not say why it cannot read
    except FileNotFoundError:
        return {}
    file = QSettings(str(path), QSettings.Format.IniFormat)
    values = {key: file.value(key) for key in file.allKeys() if key}
    if file.status() == QSettings.Status.FormatError or not (values or is_empty):
        raise ValueError("not an INI file")
    values = {key: _text_of(value) if isinstance(value, QByteArray) else value for key, value in values.items()}
    return {key: value if isinstance(value, str) else None for key, value in values.items()}


def _text_of(content: QByteArray) -> str:
    return content.toBase64().toStdString()


def _bytes_of(text: str) -> QByteArray:
    return QByteArray.fromBase64(QByteArray(text.encode(errors="replace")))


def _is_geometry(text: str) -> bool:
    return not text or _bytes_of(text).startsWith(_GEOMETRY_MARK)


_READ_FROM: dict[type, tuple[type, ...]] = {
    str: (str,),
    bool: (bool,),
    int: (int, str),
    float: (float, int, str),
}
"""The types of values of which one of each type can be made: earlier versions kept all as text."""


def _as(kind: type[_Value], value: Any) -> _Value | None:
    """A value as one of the type that is wanted, or None where it is none."""
    if kind is bool and value in ("true", "false"):
        return kind(value == "true")
    if type(value) not in _READ_FROM[kind]:
        return None
    with suppress(ValueError, OverflowError):
        found = kind(value)
        return found if isinstance(found, str) or math.isfinite(found) else None
    return None
