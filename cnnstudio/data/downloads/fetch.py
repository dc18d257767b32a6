"""Files that are fetched at first use: found on this computer or downloaded, and checked whenever they are used."""

import logging
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from cnnstudio.data.downloads.http import Patience, TransferError, UnreachableError, download
from cnnstudio.data.downloads.remote import RemoteFile, RemoteFolder, Tell
from cnnstudio.errors import StudioError
from cnnstudio.progress import Meter, OnProgress
from cnnstudio.storage import (
    alone,
    cache_folder,
    changing,
    config_folder,
    is_file,
    is_folder,
    is_path,
    read_list,
    read_list_to_change,
    try_writing,
    used_bytes,
    write_list,
    writing,
)

_log = logging.getLogger(__name__)

EXTRA_FOLDERS_FILE = "datasets-folders.json"
"""In the user's settings folder: the folders of data sets that were named in the settings."""


def dataset_folders() -> list[Path]:
    """The user's own folders of data sets, in which files are looked for before anything is downloaded.

    First those that the environment variable `CNNSTUDIO_DATASETS` names (separated as in `PATH`), then those of the
    settings. Some may not be there at the moment.
    """
    texts = os.environ.get("CNNSTUDIO_DATASETS", "").split(os.pathsep)
    named = [Path(text).expanduser().absolute() for text in texts if text]
    return list(dict.fromkeys([*named, *read_extra_folders()[0]]))


def read_extra_folders() -> tuple[list[Path], str]:
    """The folders of data sets that the user named in the settings, and sentences on those that cannot be used."""
    title, remedy = "The list of your folders of data sets", "Name the folders again on the Settings page."
    return read_list(config_folder() / EXTRA_FOLDERS_FILE, "folders", title, remedy, _folder)


def _folder(text: Any) -> Path:
    if not isinstance(text, str) or not is_path(text):
        raise ValueError("this cannot be a folder")
    return Path(text)


def change_extra_folders(add: Iterable[Path] = (), remove: Iterable[Path] = ()) -> None:
    """Adds to the folders of data sets that the user named in the settings, at their end, or takes some away.

    Raises:
        StudioError: the settings cannot be written.
    """
    file = config_folder() / EXTRA_FOLDERS_FILE
    new = [folder.absolute() for folder in add]
    without = {*new, *remove}
    with writing(config_folder()):
        config_folder().mkdir(parents=True, exist_ok=True)
        with changing(file):
            kept = [folder for folder in read_list_to_change(file, "folders", _folder) if folder not in without]
            write_list(file, "folders", [str(folder) for folder in (*kept, *new)])


def download_folder(remote: RemoteFolder) -> Path:
    """Where downloads are kept; the folder need not be there."""
    return cache_folder() / "datasets" / remote.folders[0]


def is_here(remote: RemoteFolder) -> bool:
    """Whether all files are on this computer: a quick look, they may still turn out to be damaged."""
    return all(any(file.seems_right(path) for path in _places(remote, file)) for file in remote.files)


def check(remote: RemoteFolder) -> None:
    """Reads all files, changes nothing.

    Raises:
        StudioError: one is missing or damaged; it would be fetched at the next use.
    """
    for file in remote.files:
        path, problem = _find(remote, file, lambda _: None)
        if path is None:
            raise StudioError(f"{problem}. It is downloaded when {remote.title} is used.")


def fetch(
    remote: RemoteFolder, on_progress: OnProgress | None = None, patience: Patience | None = None
) -> tuple[Path, ...]:
    """Finds all files, downloads those that are missing or damaged, and checks each.

    Files in the user's own folders are never changed. The cache is used by one process at a time.

    Args:
        remote: the files.
        on_progress: told several times a second how far it is; what it raises ends the download, of which what has
            come is kept for the next time.
        patience: for the servers.

    Returns:
        Where they lie, in the order of `remote.files`.

    Raises:
        StudioError: a file could not be fetched: no server gave it, or there is no room for it.
    """
    checking = Meter(f"Checking {remote.title}", remote.bytes, "bytes", on_progress)
    found: dict[str, Path] = {}
    for file in remote.files:
        path, _ = _find(remote, file, checking.tell)
        if path:
            found[file.name] = path
        checking.before += file.bytes
    missing = [file for file in remote.files if file.name not in found]
    if missing:
        folder = download_folder(remote)
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
            try_writing(folder)
        waiting = Meter(
            f"Waiting for another CNN Studio that downloads {remote.title}", remote.bytes, "bytes", on_progress
        )
        with alone(folder / ".lock", lambda: waiting.tell(used_bytes(folder))):
            found |= _download(remote, missing, folder, on_progress, patience or Patience())
    return tuple(found[file.name] for file in remote.files)


def _places(remote: RemoteFolder, file: RemoteFile) -> Iterator[Path]:
    """Where a file may lie: the user's own folders, then the cache."""
    for folder in dataset_folders():
        for name in remote.folders:
            yield folder / name / file.name
        yield folder / file.name
    yield download_folder(remote) / file.name


def _find(remote: RemoteFolder, file: RemoteFile, tell: Tell) -> tuple[Path | None, str]:
    """The first copy of a file that is right, None where there is none, and why, in words."""
    problem = f"{file.name} is not on this computer"
    for path in filter(is_file, _places(remote, file)):
        wrong = file.problem(path, tell)
        if not wrong:
            return path, problem
        problem = f"{path} {wrong}"
        _log.warning("%s; it is not used.", problem)
    return None, problem


def _download(
    remote: RemoteFolder, files: Sequence[RemoteFile], folder: Path, on_progress: OnProgress | None, patience: Patience
) -> dict[str, Path]:
    """Downloads files that are not in the cache, or are damaged there; the caller alone writes to the cache."""
    meter = Meter(f"Downloading {remote.title}", remote.bytes, "bytes", on_progress)
    meter.before = remote.bytes - sum(file.bytes for file in files)
    placed = {}
    for number, file in enumerate(files):
        path = placed[file.name] = folder / file.name
        damaged = is_file(path)
        # Another CNN Studio may have brought it while this one waited.
        if not damaged or file.problem(path, meter.tell):
            with writing(folder):
                path.unlink(missing_ok=True)
            reasons = download(file, path, meter, patience)
            if reasons:
                raise _failure(remote, files[number:], reasons, damaged) from list(reasons.values())[-1]
        meter.before += file.bytes
    return placed


def _failure(
    remote: RemoteFolder, files: Sequence[RemoteFile], reasons: dict[str, TransferError], damaged: bool
) -> StudioError:
    """What failed, why, and what to do: `files` are still missing, the first of them failed for `reasons`."""
    failed = f"{remote.title} cannot be downloaded"
    if damaged:
        failed = f"The copy of {remote.title} on this computer was damaged, and a new one cannot be downloaded"
    why = "; ".join(f"{server} {reason}" for server, reason in reasons.items())
    remedy = "Try again later"
    if all(isinstance(reason, UnreachableError) for reason in reasons.values()):
        why = "none of the servers that have it can be reached"
        remedy = "Check the connection to the internet and try again"
    looked = ", ".join(str(folder) if is_folder(folder) else f"{folder} (not there)" for folder in dataset_folders())
    if looked:
        why += f", and {files[0].name} is not in {looked}"
    server, _, name = files[0].urls[0].rpartition("/")
    missing = f"{server}/{name}" if len(files) == 1 else f"{', '.join(file.name for file in files)} from {server}"
    return StudioError(
        f"{failed}: {why}. {remedy}, or download {missing} in another way and name the folder that holds "
        f"{'it' if len(files) == 1 else 'them'} in the settings or in the environment variable CNNSTUDIO_DATASETS."
    )
