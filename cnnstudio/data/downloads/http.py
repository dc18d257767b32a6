"""Downloads one file from the servers that have it, so that it can be stopped at any moment."""

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from cnnstudio import wording
from cnnstudio.data.downloads.remote import RemoteFile
from cnnstudio.progress import Cancelled, Meter, result_of
from cnnstudio.storage import DiskFullError, free_bytes, writing

if TYPE_CHECKING:
    import requests

_log = logging.getLogger(__name__)

_CHUNK = 2**14
"""Bytes that are read at a time."""

_SPARE_BYTES = 2**24
"""Free space that a download leaves on the disk."""

_WORTH_ASKING_AGAIN = 2**16
"""A server that breaks off is asked for the rest at once if this many bytes came."""

_Result = TypeVar("_Result")


@dataclass(frozen=True)
class Patience:
    """How long a download waits for its servers.

    Attributes:
        connect_seconds: within which a server must accept a connection.
        silence_seconds: for which it may send nothing.
        slow_seconds: after which one that sends less than `slow_rate` is left for another.
        slow_rate: bytes a second.
    """

    connect_seconds: float = 10.0
    silence_seconds: float = 30.0
    slow_seconds: float = 20.0
    slow_rate: float = 150_000.0


class TransferError(Exception):
    """A server did not give the file; the text ends a sentence that begins with the server's name."""


class BrokenOffError(TransferError):
    """Nothing more came, though there should be more: what came is kept."""


class UnreachableError(TransferError):
    """There was no answer at all."""


class WrongBytesError(TransferError):
    """Other bytes than expected came: they are thrown away."""


def download(file: RemoteFile, path: Path, meter: Meter, patience: Patience) -> dict[str, TransferError]:
    """Downloads a file to its place, whose folder is there, and checks it.

    What has come of a file with an MD5 is kept beside its place, as `NAME.part`, however this ends: the next time only
    the rest is asked for.

    Args:
        file: what to download.
        path: its place.
        meter: told how far it is; what it raises ends the download.
        patience: for the servers.

    Returns:
        Why each server failed, by its name; empty if one gave the file.

    Raises:
        StudioError: the disk is full or cannot be written.
    """
    running = _Download(file, path.with_name(f"{path.name}.part"), patience)
    meter.tell(running.done)
    try:
        # A silent server holds up a thread of its own, never this one.
        reasons = result_of(_in_thread(running.run), lambda: meter.tell(running.done))
    finally:
        running.stop.set()
    if not reasons:
        with writing(path.parent):
            running.part.replace(path)
        meter.tell(file.bytes)
    return reasons


def size_on_server(url: str, patience: Patience, while_waiting: Callable[[], object]) -> int | None:
    """How many bytes a file has, None where its server does not say; `while_waiting` is called several times a second.

    Raises:
        TransferError: the server does not have the file.
    """

    def ask() -> int | None:
        with _answer(url, {}, patience) as response:
            if response.status_code != 200:
                raise TransferError(f"answered with error {response.status_code}")
            return _number(response.headers.get("Content-Length", ""))

    return result_of(_in_thread(ask), while_waiting)


def _in_thread(work: Callable[[], _Result]) -> "Future[_Result]":
    """Starts a thread that the program does not wait for when it ends, as it would for one of an executor."""
    future: Future[_Result] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 - raised again where the result is waited for
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future


class _Download:
    """A file that is being downloaded, from whichever server gives it."""

    def __init__(self, file: RemoteFile, part: Path, patience: Patience) -> None:
        self.file = file
        self.part = part
        self.patience = patience
        self.stop = threading.Event()

    @property
    def done(self) -> int:
        """Bytes that have come."""
        try:
            return self.part.stat().st_size
        except OSError:
            return 0

    def run(self) -> dict[str, TransferError]:
        """Makes the part the whole file; returns why each server failed, nothing if one gave it."""
        reasons: dict[str, TransferError] = {}
        if self._is_right():
            return reasons
        for is_last_round in (False, True):
            for url in self.file.urls:
                try:
                    self._from_server(url, leave_if_slow=bool(self.file.md5) and not is_last_round)
                except TransferError as error:
                    _log.info("%s: the server %s", url, error)
                    reasons[urlsplit(url).netloc] = error
                else:
                    return {}
        return reasons

    def _from_server(self, url: str, leave_if_slow: bool) -> None:
        """Makes the part whole and right; the server is asked for the rest as often as it breaks off."""
        try:
            while True:
                had = self.done
                try:
                    self._transfer(url, leave_if_slow)
                    break
                except BrokenOffError:
                    if self.done < had + _WORTH_ASKING_AGAIN:
                        raise
            if not self._is_right():
                raise WrongBytesError("sent wrong bytes")
        except (DiskFullError, WrongBytesError):
            self.part.unlink(missing_ok=True)
            raise

    def _is_right(self) -> bool:
        return self.file.seems_right(self.part) and not self.file.problem(self.part, lambda _: None)

    def _transfer(self, url: str, leave_if_slow: bool) -> None:
        """Asks a server for the file, or for what is missing of it, and adds what comes to the part."""
        folder = self.part.parent
        # Of copies that were packed anew, one server's rest does not fit another's beginning.
        had = self.done if self.file.md5 and self.done < self.file.bytes else 0
        with _answer(url, {"Range": f"bytes={had}-"} if had else {}, self.patience) as response:
            done = start = self._start(response, had)
            self._check_room(start)
            self._check_stop()
            with writing(folder):
                file = self.part.open("ab" if start else "wb")
            with file:
                since = time.monotonic()
                # Not iter_content: it would unpack a .gz file that a server labels as packed for the way.
                while chunk := response.raw.read1(_CHUNK, decode_content=False):
                    self._check_stop()
                    with writing(folder):
                        file.write(chunk)
                        file.flush()
                    done += len(chunk)
                    if done > self.file.most_bytes:
                        raise WrongBytesError("sends more than the file")
                    seconds = time.monotonic() - since
                    is_slow = done - start < self.patience.slow_rate * seconds
                    if leave_if_slow and is_slow and seconds > self.patience.slow_seconds:
                        raise TransferError("is slow")
                with writing(folder):
                    os.fsync(file.fileno())
        if self.file.md5 and done < self.file.bytes:
            raise BrokenOffError("broke off the connection")

    def _start(self, response: "requests.Response", had: int) -> int:
        """Where in the file the answer begins; raises `TransferError` where it is none of this file."""
        if response.status_code == 200:
            start, total = 0, response.headers.get("Content-Length", "")
        elif response.status_code == 206 and had:
            span, _, total = response.headers.get("Content-Range", "").partition("/")
            start = had
            if not span.startswith(f"bytes {had}-"):
                raise TransferError("sent another part than asked for")
        else:
            raise TransferError(f"answered with error {response.status_code}")
        size = _number(total)
        if size is not None and (size > self.file.most_bytes or (self.file.md5 and size != self.file.bytes)):
            raise TransferError(f"has another file there, of {size:,} bytes")
        return start

    def _check_room(self, start: int) -> None:
        needed, free = self.file.bytes - start, free_bytes(self.part.parent)
        if needed + _SPARE_BYTES > free:
            raise DiskFullError(
                f"{self.file.name} needs {wording.size(needed)}, and the disk that holds {self.part.parent} has only "
                f"{wording.size(free)} left. Make room there, or name another place in the environment variable "
                "CNNSTUDIO_HOME, and try again."
            )

    def _check_stop(self) -> None:
        if self.stop.is_set():
            raise Cancelled


def _number(header: str) -> int | None:
    return int(header) if header.isascii() and header.isdigit() else None


@contextmanager
def _answer(url: str, headers: Mapping[str, str], patience: Patience) -> "Iterator[requests.Response]":
    """The answer of a server, its body not yet read; raises `TransferError` where it cannot be reached or read."""
    import requests
    import urllib3

    headers = {"Accept-Encoding": "identity", "User-Agent": "cnnstudio", **headers}
    timeouts = (patience.connect_seconds, patience.silence_seconds)
    answered = False
    try:
        with requests.get(url, headers=headers, timeout=timeouts, stream=True) as response:
            answered = True
            yield response
    except (OSError, ValueError, urllib3.exceptions.HTTPError) as error:
        raise _in_words(error, answered) from error


def _in_words(error: Exception, answered: bool) -> TransferError:
    from requests import exceptions
    from urllib3.exceptions import ReadTimeoutError

    if isinstance(error, exceptions.SSLError):
        return TransferError("has no valid certificate")
    if isinstance(error, exceptions.ProxyError):
        return UnreachableError("could not be reached through the proxy")
    if isinstance(error, ReadTimeoutError | exceptions.ReadTimeout):
        return BrokenOffError("stopped answering")
    if answered:
        return BrokenOffError("broke off the connection")
    if isinstance(error, exceptions.ConnectionError | exceptions.Timeout):
        return UnreachableError("could not be reached")
    return TransferError(f"gave no usable answer ({type(error).__name__})")
