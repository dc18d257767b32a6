"""What the window remembers from one start to the next."""

import os
import sys
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QByteArray, QObject, QSettings, Signal

from cnnstudio.gui.theme import THEMES
from cnnstudio.storage import config_folder

_Value = TypeVar("_Value", str, int, float, bool)
_THREAD_VARIABLES = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")


class Settings(QObject):
    """Typed settings in one INI file of the user's settings folder.

    Each value is written on its own, under a lock: two windows at once do not lose each other's. What cannot be
    understood in the file counts as not set.

    Signals:
        changed(str): the name of a property that has just got another value.
    """

    changed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._file = QSettings(str(config_folder() / "settings.ini"), QSettings.Format.IniFormat, self)
        self._limiting = False

    @property
    def path(self) -> Path:
        """The file."""
        return Path(self._file.fileName())

    @property
    def theme(self) -> str:
        """A key of `cnnstudio.gui.theme.THEMES`."""
        theme = self._read("theme", "system")
        return theme if theme in THEMES else "system"

    @theme.setter
    def theme(self, value: str) -> None:
        self._write("theme", value)

    @property
    def threads(self) -> int:
        """Processor threads for TensorFlow; 0 leaves the choice to it."""
        return max(0, min(self._read("threads", 0), os.cpu_count() or 1))

    @threads.setter
    def threads(self, value: int) -> None:
        self._write("threads", value)

    @property
    def page(self) -> str:
        """The name of the page that was shown last; empty at the first start."""
        return self._read("page", "")

    @page.setter
    def page(self, value: str) -> None:
        self._write("page", value)

    @property
    def geometry(self) -> QByteArray:
        """The window's place and size, from `QWidget.saveGeometry`; empty at the first start."""
        value = self._file.value("geometry")
        return value if isinstance(value, QByteArray) else QByteArray()

    @geometry.setter
    def geometry(self, value: QByteArray) -> None:
        self._write("geometry", value)

    def recall(self, name: str, default: _Value) -> _Value:
        """A choice that a page has remembered, of the type of `default`; `default` where there is none."""
        return self._read(f"choices/{name}", default)

    def remember(self, name: str, value: str | int | float | bool) -> None:
        """Keeps a page's choice, such as the model used last, under a name like "try/model"."""
        self._write(f"choices/{name}", value)

    def restore_defaults(self) -> None:
        """Forgets everything, the window's place and the pages' choices too."""
        before = (self.theme, self.threads)
        self._file.clear()
        self._file.sync()
        for name, value in zip(("theme", "threads"), before, strict=True):
            if getattr(self, name) != value:
                self.changed.emit(name)

    def limit_threads(self) -> bool:
        """Tells TensorFlow how many threads it may use; it listens only until it is loaded.

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

    def _read(self, key: str, default: _Value) -> _Value:
        value = self._file.value(key, default, type=type(default))
        return value if isinstance(value, type(default)) else default

    def _write(self, key: str, value: object) -> None:
        if self._file.contains(key) and self._file.value(key, type=type(value)) == value:
            return
        self._file.setValue(key, value)
        self._file.sync()
        self.changed.emit(key)
