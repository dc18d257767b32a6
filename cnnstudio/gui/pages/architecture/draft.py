"""What is not saved yet, in a file that outlives a crash: each window has one of its own."""

import secrets
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from cnnstudio.errors import StudioError
from cnnstudio.gui.pages.architecture.document import ArchitectureDocument
from cnnstudio.gui.task import LatestTask
from cnnstudio.models.networks.files import SUFFIX, Network, read_network, write_network
from cnnstudio.storage import data_folder, exists, writing

_DELAY = 1_000


class DraftFile:
    """The file of a draft. Whoever holds it is the only one to write it; when a process ends, it holds none any more.

    Args:
        path: one that is there already; without it a new one, of a name that no other window has.
    """

    def __init__(self, path: Path | None = None) -> None:
        from filelock import FileLock  # who only looks at networks needs none

        self.path = path or _folder() / f"draft-{secrets.token_hex(4)}{SUFFIX}"
        self._lock = FileLock(self.path.with_name(f".{self.path.name}.lock"), thread_local=False)

    def hold(self) -> bool:
        """Keeps other windows away; returns whether none of them was here before."""
        from filelock import Timeout

        if not self._lock.is_locked:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            try:
                self._lock.acquire(timeout=0)
            except Timeout:
                return False
            except NotImplementedError:  # some network drives have no locks
                pass
        return True

    def write(self, network: Network) -> None:
        """Writes a network; raises StudioError where that cannot be done."""
        with writing(self.path.parent):
            self.hold()
        write_network(network, self.path)

    def remove(self) -> None:
        """Removes the file: all is saved, or not wanted any more."""
        with suppress(OSError):
            self.path.unlink(missing_ok=True)
        self.release()

    def release(self) -> None:
        """Leaves the file to others, if it is there."""
        if self._lock.is_locked:
            self._lock.release()
            with suppress(OSError):
                Path(self._lock.lock_file).unlink(missing_ok=True)


def left_behind() -> tuple[DraftFile, Network] | None:
    """The newest draft of a window that ended without its being saved, held from now on; None where there is none."""
    for path in _newest_first():
        file = DraftFile(path)
        with suppress(OSError):  # the folder is read-only: nothing can be held
            if not file.hold():
                continue
            with suppress(StudioError):
                if exists(path):  # its window may have removed it this moment
                    return file, replace(read_network(path), path=None)
            file.release()
    return None


class Draft(QObject):
    """Writes what is not saved to a file, a moment after each change, so that a crash loses little."""

    written = Signal(object)
    """The draft has been written, or taken away where all is saved."""

    unwritten = Signal(object)
    """The draft cannot be written: the `StudioError` that says why; sent once."""

    def __init__(self, document: ArchitectureDocument, parent: QObject) -> None:
        super().__init__(parent)
        self._document = document
        self._file = DraftFile()
        self._writing = LatestTask(self)
        self._writing.finished.connect(self.written)
        self._writing.failed.connect(self._fail)
        self._timer = QTimer(self, singleShot=True, interval=_DELAY)
        self._timer.timeout.connect(self.write)
        self._there = self._told = False
        document.state_changed.connect(self._follow)
        document.changed.connect(self._follow)

    def take(self, file: DraftFile) -> None:
        """Goes on with the file of a draft that was left behind, and is held."""
        self._file.remove()
        self._file, self._there = file, True

    @Slot()
    def write(self) -> None:
        """Writes the draft now, in another thread."""
        self._timer.stop()
        if self._document.unsaved:
            self._there = True
            self._writing.submit(self._file.write, self._document.network)

    def shut_down(self) -> None:
        """Keeps the draft if closing did not ask about unsaved changes; otherwise removes it."""
        self._timer.stop()
        self._writing.shut_down()
        if self._document.unsaved:
            with suppress(StudioError):
                self._file.write(self._document.network)
            self._file.release()
        else:
            self._file.remove()

    @Slot(object)
    def _fail(self, error: Exception) -> None:
        if not self._told:
            self._told = True
            self.unwritten.emit(error)

    @Slot()
    def _follow(self) -> None:
        if self._document.unsaved:
            self._timer.start()
            return
        self._timer.stop()
        if self._there:
            self._there = False
            self._writing.submit(self._file.remove)


def _folder() -> Path:
    return data_folder() / "drafts"


def _newest_first() -> list[Path]:
    with suppress(OSError):
        return sorted(_folder().glob(f"draft*{SUFFIX}"), key=lambda path: path.stat().st_mtime, reverse=True)
    return []
