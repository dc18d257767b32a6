"""Where things lie on disk, and how they are written there."""

import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
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

_Item = TypeVar("_Item")


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


def remove_abandoned(folders: Iterable[Path]) -> None:
    """Removes those of some folders that nothing has changed for a day: left half done by what was killed."""
    for folder in folders:
        with suppress(OSError):
            if time.time() - folder.stat().st_mtime > _ABANDONED_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)


def try_writing(folder: Path) -> None:
    """Writes one byte into a folder, which is made where it is not there, and takes it back.

    Raises:
        OSError: nothing can be kept there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(b"\0")


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


def write_atomically(path: Path, write: Callable[[Path], object] | bytes | str) -> None:
    """Writes a file so that a kill at any moment leaves either the old file or the new one, whole.

    Args:
        path: the file to write; its folder exists.
        write: the content, or a function that writes it to the temporary path it is given (in the same folder, with
            the same suffix).

    Raises:
        OSError: the folder is read-only or full; the old file is untouched and nothing is left beside it.
    """
    handle, name = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        if isinstance(write, bytes):
            temporary.write_bytes(write)
        elif isinstance(write, str):
            temporary.write_text(write, encoding="utf-8")
        else:
            write(temporary)
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


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
    return shutil.disk_usage(next(place for place in (folder, *folder.parents) if exists(place))).free


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
    try:
        yield waited
    finally:
        lock.release()


@contextmanager
def changing(file: Path) -> Iterator[None]:
    """Keeps other programs from changing a file between reading it and writing it; its folder is made.

    Raises:
        OSError: the folder cannot be written.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
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
        with file.open("rb") as opened:
            values: Any = json.loads(opened.read(_MAX_LIST_BYTES))
        if values["format"] != _LIST_FORMAT:
            return [], f"{title}, {file}, is of another version of CNN Studio. {remedy}"
        lines: list[Any] = list(values[key])
    except FileNotFoundError:
        return [], ""
    except OSError as error:
        return [], f"{title}, {file}, cannot be read: {reason(error)}. {remedy}"
    except (ValueError, LookupError, TypeError, RecursionError):
        return [], f"{title}, {file}, is damaged. {remedy}"
    items = []
    for line in lines:
        with suppress(TypeError, LookupError, ValueError):
            items.append(parse(line))
    lost = len(lines) - len(items)
    damaged = "1 damaged entry, which is" if lost == 1 else f"{lost:,} damaged entries, which are"
    return items, f"{title}, {file}, has {damaged} left out. {remedy}" if lost else ""


def write_list(file: Path, key: str, items: Sequence[Any]) -> None:
    """Writes a list that the user has made, such as that of imported folders, into a JSON file.

    Args:
        file: its folder is made where it is not there.
        key: under which the list stands in the file.
        items: what JSON can say.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(file, json.dumps({"format": _LIST_FORMAT, key: items}, indent=1))
