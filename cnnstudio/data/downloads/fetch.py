"""Files that are fetched at first use: found on this computer or downloaded, and checked whenever they are used."""

import logging
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cnnstudio.data.downloads.http import (
    BrokenOffError,
    DiskFullError,
    Part,
    Patience,
    TransferError,
    UnreachableError,
    WrongBytesError,
    transfer,
    writing,
)
from cnnstudio.data.downloads.remote import RemoteFile, RemoteFolder
from cnnstudio.errors import StudioError
from cnnstudio.progress import Meter, OnProgress
from cnnstudio.storage import (
    alone,
    cache_folder,
    config_folder,
    is_file,
    is_folder,
    is_path,
    read_list,
    try_writing,
    used_bytes,
    write_list,
)

_log = logging.getLogger(__name__)

EXTRA_FOLDERS_FILE = "datasets-folders.json"
"""In the user's settings folder: the folders of data sets that were named in the settings."""

_WORTH_ASKING_AGAIN = 2**16
"""A server that breaks off is asked for the rest at once if this many bytes came."""


def dataset_folders() -> list[Path]:
    """The user's own folders of data sets, in which files are looked for before anything is downloaded.

    First those that the environment variable `CNNSTUDIO_DATASETS` names (separated as in `PATH`), then those of the
    settings. Some may not be there at the moment.
    """
    texts = os.environ.get("CNNSTUDIO_DATASETS", "").split(os.pathsep)
    named = [Path(text).expanduser().absolute() for text in texts if text]
    return list(dict.fromkeys([*named, *read_extra_folders()]))


def read_extra_folders() -> list[Path]:
    """The folders of data sets that the user named in the settings."""
    return _read_extra_folders()[0]


def folders_damage() -> str:
    """Says which of the folders that were named in the settings cannot be used, and what to do; empty where all can."""
    _, damage = _read_extra_folders()
    return f"{damage} Name the folders again on the Settings page." if damage else ""


def _read_extra_folders() -> tuple[list[Path], str]:
    return read_list(_extra_folders_file(), "folders", "The list of your folders of data sets", _folder)


def _folder(text: Any) -> Path:
    if not isinstance(text, str) or not is_path(text):
        raise ValueError("this cannot be a folder")
    return Path(text)


def write_extra_folders(folders: Sequence[Path]) -> None:
    """Keeps the folders of data sets that the user named in the settings.

    Raises:
        StudioError: the settings cannot be written.
    """
    with writing():
        write_list(_extra_folders_file(), "folders", [str(folder.absolute()) for folder in folders])


def _extra_folders_file() -> Path:
    return config_folder() / EXTRA_FOLDERS_FILE


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
    unseen = Meter(f"Checking {remote.title}", remote.bytes, "bytes", None)
    for file in remote.files:
        problems = [(path, file.problem(path, unseen.tell)) for path in _places(remote, file) if is_file(path)]
        if not problems:
            raise StudioError(f"{file.name} of {remote.title} is not on this computer.")
        if all(problem for _, problem in problems):
            path, problem = problems[-1]
            raise StudioError(f"{path} {problem}. It is downloaded again when {remote.title} is used.")


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
        for path in _places(remote, file):
            if is_file(path):
                problem = file.problem(path, checking.tell)
                if not problem:
                    found[file.name] = path
                    break
                _log.warning("%s %s; it is not used.", path, problem)
        checking.before += file.bytes
    missing = [file for file in remote.files if file.name not in found]
    if missing:
        folder = download_folder(remote)
        with writing(folder):
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


def _download(
    remote: RemoteFolder, files: Sequence[RemoteFile], folder: Path, on_progress: OnProgress | None, patience: Patience
) -> dict[str, Path]:
    """Downloads files that are not in the cache, or are damaged there; the caller alone writes to the cache."""
    meter = Meter(f"Downloading {remote.title}", remote.bytes, "bytes", on_progress)
    meter.before = remote.bytes - sum(file.bytes for file in files)
    placed = {}
    for number, file in enumerate(files):
        path = folder / file.name
        damaged = is_file(path) and bool(file.problem(path, meter.tell))
        if damaged:
            with writing(folder):
                path.unlink()
        if not is_file(path):
            reasons = _Download(file, path, meter, patience).run()
            if reasons:
                raise _failure(remote, files[number:], reasons, damaged) from list(reasons.values())[-1]
        placed[file.name] = path
        meter.before += file.bytes
    return placed


def _failure(
    remote: RemoteFolder, files: Sequence[RemoteFile], reasons: dict[str, TransferError], damaged: bool
) -> StudioError:
    """What to tell the user: what failed, why, and what to do about it.

    Args:
        remote: what could not be downloaded.
        files: those of its files that are still missing; the first is the one that failed.
        reasons: why each server failed.
        damaged: whether it was on this computer, and had to be removed.
    """
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
        why += f", and {files[0].name} does not lie in {looked}"
    server, _, name = files[0].urls[0].rpartition("/")
    missing = f"{server}/{name}" if len(files) == 1 else f"{', '.join(file.name for file in files)} from {server}"
    return StudioError(
        f"{failed}: {why}. {remedy}, or get {missing} in another way and name the folder that holds "
        f"{'it' if len(files) == 1 else 'them'} in the settings or in the environment variable CNNSTUDIO_DATASETS."
    )


class _Download:
    """One file that is being downloaded, from whichever server gives it."""

    def __init__(self, file: RemoteFile, path: Path, meter: Meter, patience: Patience) -> None:
        self._file = file
        self._path = path
        self._part = Part(file, path.parent)
        self._meter = meter
        self._patience = patience

    def run(self) -> dict[str, TransferError]:
        """Puts the file in its place.

        Returns:
            Why each server failed; empty if one gave the file.

        Raises:
            StudioError: the disk is full or cannot be written.
        """
        reasons: dict[str, TransferError] = {}
        for turn in range(self._patience.rounds):
            # Without an MD5 another server would have to begin anew.
            leave_if_slow = turn < self._patience.rounds - 1 and len(self._file.urls) > 1 and bool(self._file.md5)
            for url in self._file.urls:
                try:
                    self._from_server(url, leave_if_slow)
                except TransferError as error:
                    _log.info("%s: the server %s", url, error)
                    reasons[urlsplit(url).netloc] = error
                else:
                    return {}
        return reasons

    def _from_server(self, url: str, leave_if_slow: bool) -> None:
        """Puts the file in its place.

        Raises:
            TransferError: this server did not give it.
            StudioError: the disk is full or cannot be written.
        """
        had_begun = self._part.size > 0
        try:
            self._bring(url, leave_if_slow)
        except TransferError:
            if self._part.size or not had_begun:
                raise
            # What had come before was thrown away: it may have been to blame.
            self._bring(url, leave_if_slow)
        self._part.place(self._path)

    def _bring(self, url: str, leave_if_slow: bool) -> None:
        """Makes the part whole and right; the server is asked for the rest as often as it breaks off."""
        try:
            whole = self._is_whole()
            while not whole:
                had, broken = self._part.size, None
                try:
                    transfer(url, self._part, self._meter, self._patience, leave_if_slow)
                except BrokenOffError as error:
                    broken = error
                whole = self._is_whole()
                if not whole and not broken and not self._file.md5:
                    raise WrongBytesError("sent wrong bytes")
                if not whole and self._part.size < had + _WORTH_ASKING_AGAIN:
                    raise broken or BrokenOffError("broke off")
            if self._file.md5 and self._problem():
                raise WrongBytesError("sent wrong bytes")
        except (DiskFullError, WrongBytesError):
            self._part.discard()
            raise

    def _is_whole(self) -> bool:
        """Whether all of the file has come, whatever the server says."""
        if self._file.md5:
            return self._part.size == self._file.bytes
        return self._part.size > 0 and not self._problem()

    def _problem(self) -> str:
        return self._file.problem(self._part.path, lambda _: self._meter.heartbeat())
