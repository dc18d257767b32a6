"""Where things lie on disk, and how they are written there."""

import errno
import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import platformdirs

from cnnstudio.errors import StudioError, is_full, reason
from cnnstudio.progress import HEARTBEAT

_PACKAGE = Path(__file__).resolve().parent

_LIST_FORMAT = 1
_MAX_LIST_BYTES = 64 * 10**6

_ABANDONED_SECONDS = 24 * 3600
_WRITTEN_SECONDS = 3600
"""Within which any file is written: what is temporary and untouched for longer belongs to nobody."""

TEMPORARY = ".cnnstudio-"
"""With which the name of each file or folder begins that is being written, until it takes its place."""

_NO_LOCKS = frozenset({errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP})

_Item = TypeVar("_Item")

_EARLIER_TEMPORARY = re.compile(r"\.(card|config|history|model)-[a-z0-9_]{8}\.(json|keras)")
"""The names that an earlier version gave to such files in the folder of a run."""

Content = Callable[[Path], object] | bytes | str
"""What a file gets: all of it, or a function that writes it to the path that it is given."""


def shipped(relative: str) -> Path:
    """Path of something that ships, such as `assets/mnist`, by its path in the repository.

    A checkout's own folder comes before the installed copy's: an editable install may have copied it, and the copy
    goes stale.

    Raises:
        FileNotFoundError: neither place has it, so the installation is incomplete.
    """
    checkout = _PACKAGE.parent / relative
    if is_file(_PACKAGE.parent / "pyproject.toml") and exists(checkout):
        return checkout
    installed = _PACKAGE / "_shipped" / relative
    if exists(installed):
        return installed
    raise FileNotFoundError(f"{relative} is missing from this installation of CNN Studio")


def _user_folder(kind: str, default: str) -> Path:
    home = os.environ.get("CNNSTUDIO_HOME")
    return Path(home).expanduser().absolute() / kind if home else Path(default)


def data_folder() -> Path:
    """The user's data folder: what they made and would miss. `CNNSTUDIO_HOME` moves all user folders.

    It need not be there, as none of the folders below: reading makes none, and writing makes it.
    """
    return _user_folder("data", platformdirs.user_data_dir("cnnstudio", appauthor=False))


def cache_folder() -> Path:
    """The user's cache folder: what can be made or downloaded again."""
    return _user_folder("cache", platformdirs.user_cache_dir("cnnstudio", appauthor=False))


CACHES = {
    "datasets": (
        "Downloads",
        "Published data sets, fetched at their first use; when needed again, downloaded again.",
    ),
    "images": ("Prepared images", "Your own images, brought to one size; when needed again, read again."),
}
"""What lies in the cache, by the name of its folder there: title, and one sentence for the user."""


def clear_cache(name: str) -> None:
    """Removes one of `CACHES`; what is in use by another program may stay.

    Raises:
        OSError: something cannot be removed.
    """
    folder = cache_folder() / name
    if exists(folder):
        shutil.rmtree(folder)


def used_bytes(folder: Path) -> int:
    """Bytes of all files in a folder, 0 where there is none; some may vanish meanwhile."""
    used = 0
    for path in folder.rglob("*"):
        with suppress(OSError):
            used += path.lstat().st_size
    return used


def config_folder() -> Path:
    """The user's settings folder."""
    return _user_folder("config", platformdirs.user_config_dir("cnnstudio", appauthor=False))


def log_folder() -> Path:
    """The folder of the log file."""
    return _user_folder("log", platformdirs.user_log_dir("cnnstudio", appauthor=False))


def runs_folder() -> Path:
    """The folder that holds the runs, one folder each, unless another place was chosen for a run."""
    return data_folder() / "runs"


def downloads_folder() -> Path:
    """The folder that holds the models that were downloaded, one folder each."""
    return data_folder() / "models"


USER_FOLDERS: dict[str, Callable[[], Path]] = {
    "data": data_folder,
    "settings": config_folder,
    "cache": cache_folder,
    "log": log_folder,
}
"""The user's folders, the one that they would miss most first."""


def is_temporary(name: str) -> bool:
    """Whether a file of this name is being written, or was when its program was killed."""
    return name.startswith(TEMPORARY) or bool(_EARLIER_TEMPORARY.fullmatch(name))


def is_abandoned(path: Path) -> bool:
    """Whether a file or folder was left half done by what was killed, here or on another computer.

    Nothing has changed it for a day; or for an hour, in which anything temporary is written.
    """
    seconds = _WRITTEN_SECONDS if is_temporary(path.name) else _ABANDONED_SECONDS
    with suppress(OSError):
        return time.time() - path.stat().st_mtime > seconds
    return False


def remove_abandoned(paths: Iterable[Path]) -> None:
    """Removes those of some files and folders that are abandoned."""
    for path in filter(is_abandoned, paths):
        remove(path)


def remove(path: Path) -> None:
    """Removes a file, or a folder with all that is in it, as far as the disk lets it go."""
    if is_folder(path):
        shutil.rmtree(path, ignore_errors=True)
        return
    with suppress(OSError):
        path.unlink(missing_ok=True)


class Claim:
    """A folder that this program works on, until it ends or `end` is called; other programs can see it.

    A lock on the folder itself says so, where the system and the disk have such locks. It is known again, too, after it
    was renamed: while the claim holds, no other folder gets its number on the disk.

    Args:
        folder: it is there.

    Raises:
        OSError: it is gone, or another program works on it.
    """

    def __init__(self, folder: Path) -> None:
        self._status = folder.stat()
        self._handle: int | None = None
        if os.name == "nt":  # there are no locks on folders
            return
        import fcntl

        self._handle = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.end()
            raise
        except OSError:  # some network drives have none either
            pass
        if not self.is_at(folder):
            self.end()
            raise FileNotFoundError(errno.ENOENT, "it was removed", str(folder))

    def is_at(self, path: Path) -> bool:
        """Whether this is the folder."""
        with suppress(OSError):
            return os.path.samestat(self._status, path.stat())
        return False

    def find(self, parent: Path) -> Path | None:
        """The folder, if it lies within `parent`, whatever it is called by now."""
        with suppress(OSError):
            if self._status.st_ino:  # some disks number nothing
                return next((path for path in parent.iterdir() if self.is_at(path)), None)
        return None

    def end(self) -> None:
        """Lets go of the folder."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


def is_claimed(folder: Path) -> bool:
    """Whether a program works on a folder: one that has a `Claim` on it.

    Where that cannot be found out, as on a network drive, a folder that was changed within a day counts as claimed.
    """
    if os.name != "nt":
        import fcntl

        try:
            handle = os.open(folder, os.O_RDONLY)
        except OSError:
            return True
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            pass
        else:
            return False
        finally:
            os.close(handle)
    return not is_abandoned(folder)


def try_writing(folder: Path) -> None:
    """Writes one byte into a folder, or to where it is going to be made, and takes it back.

    Raises:
        OSError: nothing can be kept there.
    """
    with tempfile.TemporaryFile(dir=_nearest(folder)) as file:
        file.write(b"\0")


def _nearest(folder: Path) -> Path:
    """The folder, or else the nearest one above it that is there."""
    return next(place for place in (folder, *folder.parents) if exists(place))


def is_path(text: str) -> bool:
    """Whether a text can be a path at all: there are characters that no name may have."""
    with suppress(UnicodeEncodeError):
        return bool(text) and b"\0" not in os.fsencode(text)
    return False


def exists(path: Path) -> bool:
    """Whether something is there; False, too, where that cannot be found out, or for what can be no path.

    `Path.exists`, `is_file` and `is_dir` raise errors for some such paths before Python 3.14.
    """
    return os.path.exists(path)  # noqa: PTH110


def is_file(path: Path) -> bool:
    """Whether a file is there; otherwise as `exists`."""
    return os.path.isfile(path)  # noqa: PTH113


def is_folder(path: Path) -> bool:
    """Whether a folder is there; otherwise as `exists`."""
    return os.path.isdir(path)  # noqa: PTH112


def write_atomically(path: Path, content: Content) -> None:
    """Writes a file so that a kill at any moment leaves either the old file or the new one, whole.

    Args:
        path: the file to write; its folder exists.
        content: what it gets; a function is given a temporary path in the same folder, with the same suffix.

    Raises:
        OSError: the folder is read-only or full; the old file is untouched and nothing is left beside it.
    """
    write_together({path: content})


def write_together(files: Mapping[Path, Content]) -> None:
    """Writes files that belong together: none takes its place before all are written.

    A kill in between leaves the first of them new and the others old, each whole.

    Args:
        files: as for `write_atomically`, in the order in which they take their places. All but the last are small.

    Raises:
        OSError: the folder is read-only or full; the old files are as they were and nothing is left beside them.
    """
    temporaries: dict[Path, Path] = {}
    placed: dict[Path, bytes | None] = {}
    try:
        for path, content in files.items():
            handle, name = tempfile.mkstemp(prefix=TEMPORARY, suffix=path.suffix, dir=path.parent)
            temporaries[path] = Path(name)
            os.close(handle)
            _fill(temporaries[path], content)
        *earlier, last = files
        for path in earlier:
            old = path.read_bytes() if exists(path) else None
            temporaries[path].replace(path)
            placed[path] = old
        temporaries[last].replace(last)
    except BaseException:
        for temporary in temporaries.values():
            remove(temporary)
        for path, old in placed.items():
            with suppress(OSError):
                path.unlink() if old is None else write_atomically(path, old)
        raise


def _fill(temporary: Path, content: Content) -> None:
    """Writes a temporary file, down to the disk, with the permissions of any new file."""
    if isinstance(content, bytes):
        temporary.write_bytes(content)
    elif isinstance(content, str):
        temporary.write_text(content, encoding="utf-8")
    else:
        content(temporary)
    with temporary.open("rb+") as file:
        os.fsync(file.fileno())
    umask = os.umask(0)
    os.umask(umask)
    temporary.chmod(0o666 & ~umask)


class DiskFullError(StudioError):
    """There is no room on a disk."""


@contextmanager
def writing(folder: Path | None = None) -> Iterator[None]:
    """Says in plain words what went wrong with a disk.

    Args:
        folder: what is written; None where the error itself names it.

    Raises:
        StudioError: there is no room (`DiskFullError`), or the folder cannot be written for another reason.
    """
    try:
        yield
    except OSError as error:
        where = folder or error.filename
        if is_full(error):
            raise DiskFullError(
                f"The disk that holds {where} is full. Make room there, or name another place in the environment "
                "variable CNNSTUDIO_HOME, and try again."
            ) from error
        raise StudioError(
            f"{where} cannot be written ({reason(error)}). Make it writable, or name another place in the "
            "environment variable CNNSTUDIO_HOME."
        ) from error


def numbered(name: str) -> Iterator[str]:
    """The name itself, then `name-2`, `name-3`, …, without end."""
    yield name
    yield from (f"{name}-{number}" for number in count(2))


def unused_folder(parent: Path, name: str, taken: Container[str] = ()) -> Path:
    """Makes and returns a new folder `parent/name`, or `name-2`, `name-3`, … where that exists or is `taken`.

    Two processes that ask at the same moment get two folders.
    """
    for folder in (parent / free for free in numbered(name) if free not in taken):
        with suppress(FileExistsError):
            folder.mkdir(parents=True)
            break
    return folder


def move_to_trash(path: Path) -> None:
    """Moves a file or folder to the trash of the desktop.

    Raises:
        StudioError: it is not there, is in use, or its disk has no trash.
    """
    import send2trash

    try:
        send2trash.send2trash(path)
    except OSError as error:
        raise StudioError(
            f"“{path.name}” cannot be moved to the trash ({reason(error)}). To delete it for good, remove {path}."
        ) from error


def free_bytes(folder: Path) -> int:
    """Free space on the disk that holds `folder`, or will hold it, in bytes."""
    return shutil.disk_usage(_nearest(folder)).free


@contextmanager
def alone(lock_file: Path, while_waiting: Callable[[], object]) -> Iterator[bool]:
    """Keeps other programs out of what a file stands for, once they are done with it.

    Args:
        lock_file: made where it is not there; its folder exists.
        while_waiting: called every tenth of a second; what it raises ends the waiting.

    Yields:
        Whether another program was waited for: it may have made what is wanted.

    Raises:
        OSError: the file cannot be written.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(lock_file)
    waited = False
    while not lock.is_locked:
        try:
            lock.acquire(timeout=HEARTBEAT, poll_interval=HEARTBEAT / 2)
        except Timeout:
            waited = True
            while_waiting()
        except NotImplementedError:  # some network drives have no locks
            break
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise
            break
    try:
        yield waited
    finally:
        lock.release()


@contextmanager
def changing(file: Path) -> Iterator[None]:
    """Keeps other programs from changing a file between reading it and writing it; its folder exists.

    For a folder, it keeps them from adding to it between looking and writing.

    Raises:
        OSError: the folder is gone, or cannot be written.
    """
    with alone(file.with_name(f".{file.name}.lock"), while_waiting=lambda: None):
        yield


def read_list(file: Path, key: str, title: str, remedy: str, parse: Callable[[Any], _Item]) -> tuple[list[_Item], str]:
    """Reads a list that `write_list` has written.

    Args:
        file: need not be there.
        key: as for `write_list`.
        title: what a sentence calls it, such as “The list of your data sets”.
        remedy: what to do where it is damaged, in a sentence.
        parse: makes an item of the JSON of one; raises TypeError, LookupError or ValueError where it is damaged.

    Returns:
        The items that can be used, and sentences on what cannot and what to do, which are empty where all can.
    """
    try:
        items, damage = _read_list(file, key, parse)
    except OSError as error:
        items, damage = [], f"cannot be read: {reason(error)}"
    return items, f"{title}, {file}, {damage}. {remedy}" if damage else ""


def read_list_to_change(file: Path, key: str, parse: Callable[[Any], _Item]) -> list[_Item]:
    """Reads a list that is going to be written again; what cannot be used is kept beside it, in `NAME.damaged`.

    Args:
        file: as for `read_list`, and the others.
        key: likewise.
        parse: likewise.

    Raises:
        OSError: it cannot be read now, and would be begun anew.
    """
    items, damage = _read_list(file, key, parse)
    if damage:
        shutil.copyfile(file, file.with_name(f"{file.name}.damaged"))
    return items


def _read_list(file: Path, key: str, parse: Callable[[Any], _Item]) -> tuple[list[_Item], str]:
    """The items that can be used, and what is wrong with the rest, as the end of a sentence; raises OSError."""
    try:
        with file.open("rb") as opened:
            values: Any = json.loads(opened.read(_MAX_LIST_BYTES))
        if values["format"] != _LIST_FORMAT:
            return [], "is of another version of CNN Studio"
        lines: list[Any] = list(values[key])
    except FileNotFoundError:
        return [], ""
    except (ValueError, LookupError, TypeError, RecursionError):
        return [], "is damaged"
    items = []
    for line in lines:
        with suppress(TypeError, LookupError, ValueError):
            items.append(parse(line))
    lost = len(lines) - len(items)
    damaged = "1 damaged entry, which is" if lost == 1 else f"{lost:,} damaged entries, which are"
    return items, f"has {damaged} left out" if lost else ""


def write_list(file: Path, key: str, items: Sequence[Any]) -> None:
    """Writes a list that the user has made, such as that of imported folders, into a JSON file.

    Args:
        file: its folder exists.
        key: under which the list stands in the file.
        items: what JSON can say.
    """
    write_atomically(file, json.dumps({"format": _LIST_FORMAT, key: items}, indent=1))
