"""Downloads one file from one server: with progress, and so that it can be stopped and resumed at any moment."""

import errno
import json
import os
import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from cnnstudio.data.downloads.remote import RemoteFile
from cnnstudio.errors import StudioError, is_full, reason
from cnnstudio.progress import HEARTBEAT, Meter
from cnnstudio.storage import free_bytes, write_atomically
from cnnstudio.wording import size

_CHUNK = 2**14
"""Bytes that are read at a time."""

_CHUNKS_AHEAD = 64
"""Of which so many may wait to be written."""

_SPARE_BYTES = 2**24
"""Free space that a download leaves on the disk."""


@dataclass(frozen=True)
class Patience:
    """How long a download bears with its servers.

    Attributes:
        connect_seconds: until a server must have answered a call.
        silence_seconds: for which it may send nothing.
        slow_seconds: after which one that sends less than `slow_rate` bytes a second is left for another.
        slow_rate: bytes a second.
        rounds: how often the servers are gone through; in the last round none is left for being slow.
    """

    connect_seconds: float = 10.0
    silence_seconds: float = 30.0
    slow_seconds: float = 20.0
    slow_rate: float = 150_000.0
    rounds: int = 2


class TransferError(Exception):
    """A server did not give the file; the text ends a sentence that begins with the server's name."""


class BrokenOffError(TransferError):
    """Nothing more came, though there should be more: what came is kept."""


class UnreachableError(TransferError):
    """There was no answer at all."""


class WrongBytesError(TransferError):
    """Other bytes than expected came: they are thrown away."""


class DiskFullError(StudioError):
    """There is no room for the file."""


@contextmanager
def writing(folder: Path | None = None) -> Iterator[None]:
    """Says in plain words what went wrong with a disk.

    Args:
        folder: what is written; None where the error itself knows it best.

    Raises:
        DiskFullError: there is no room.
        StudioError: the folder cannot be written for another reason.
    """
    try:
        yield
    except OSError as error:
        where = folder or error.filename
        if is_full(error) or error.errno == errno.EFBIG:
            raise DiskFullError(
                f"The disk that holds {where} is full. Make room there, or name another place in the environment "
                "variable CNNSTUDIO_HOME, and try again."
            ) from error
        raise StudioError(
            f"{where} cannot be written ({reason(error)}). Make it writable, or name another place in the "
            "environment variable CNNSTUDIO_HOME."
        ) from error


class Part:
    """What has come of a file so far, kept beside its place until it is whole.

    Args:
        file: what it becomes.
        folder: where.

    Attributes:
        path: where it lies.
    """

    def __init__(self, file: RemoteFile, folder: Path) -> None:
        self.file = file
        self.path = folder / f"{file.name}.part"
        self._origin = folder / f"{file.name}.part.json"

    @property
    def size(self) -> int:
        """Bytes that have come."""
        try:
            return self.path.stat().st_size
        except OSError:
            return 0

    def discard(self) -> None:
        """Forgets what has come."""
        for path in (self.path, self._origin):
            path.unlink(missing_ok=True)

    def place(self, path: Path) -> None:
        """Puts the whole file where it belongs."""
        with writing(path.parent):
            with self.path.open("rb+") as file:
                os.fsync(file.fileno())
            self.path.replace(path)
            self.discard()

    def begin(self, url: str, validator: str) -> None:
        """Empties the part for what comes from `url`, and notes by what that version of the file can be known."""
        self.discard()
        self.path.touch()
        if validator and not self.file.md5:
            write_atomically(self._origin, json.dumps({"url": url, "validator": validator}))

    def continuation(self, url: str) -> dict[str, str]:
        """Request headers that ask for the rest alone; empty where it cannot be known to be the rest of this.

        With an MD5 every server has the same bytes. Without one only the server from which the part came does, and
        only while it has the same version.
        """
        if not self.size:
            return {}
        wanted = {"Range": f"bytes={self.size}-"}
        if self.file.md5:
            return wanted
        with suppress(OSError, ValueError, KeyError, TypeError):
            origin = json.loads(self._origin.read_text(encoding="utf-8"))
            if origin["url"] == url:
                return {**wanted, "If-Range": str(origin["validator"])}
        return {}


@dataclass(frozen=True)
class Head:
    """How a server answers: the status and the headers, by their names in lower case."""

    status: int
    headers: Mapping[str, str]

    def number(self, name: str) -> int | None:
        """A header that is a number."""
        value = self.headers.get(name, "")
        return int(value) if value.isascii() and value.isdigit() else None

    @property
    def validator(self) -> str:
        """By what this version of the file can be known again; empty where there is nothing to rely on."""
        tag = self.headers.get("etag", "")
        return self.headers.get("last-modified", "") if not tag or tag.startswith("W/") else tag

    @property
    def rest(self) -> tuple[int, int | None]:
        """Where a partial answer begins, and how long the whole file is if that is said; (-1, None) if unreadable."""
        unit, _, value = self.headers.get("content-range", "").partition(" ")
        span, _, total = value.partition("/")
        start = span.partition("-")[0]
        if unit.lower() != "bytes" or not start.isdigit():
            return -1, None
        return int(start), int(total) if total.isdigit() else None


class Response:
    """An answer that a thread of its own reads: a silent server holds up that thread, never the one that waits.

    Args:
        url: what is asked for.
        headers: of the request.
        patience: for the server.
        wait: called several times a second while nothing comes; what it raises ends the waiting.
    """

    def __init__(self, url: str, headers: dict[str, str], patience: Patience, wait: Callable[[], object]) -> None:
        self._items: queue.Queue[Any] = queue.Queue(_CHUNKS_AHEAD)
        self._left = threading.Event()
        self._wait = wait
        self._stop_reading: Callable[[], None] = lambda: None
        self._thread = threading.Thread(target=self._read, args=(url, headers, patience), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        # A thread that still waits for a connection ends by itself once that has timed out.
        self._left.set()
        with suppress(OSError, ValueError, RuntimeError):
            self._stop_reading()

    def head(self) -> Head:
        """Waits for the head of the answer."""
        head: Head = self._next()
        return head

    def chunks(self) -> Iterator[bytes]:
        """The body as it comes."""
        while chunk := self._next():
            yield chunk

    def _next(self) -> Any:
        while True:
            try:
                item = self._items.get(timeout=HEARTBEAT)
            except queue.Empty:
                self._wait()
                if not self._thread.is_alive() and self._items.empty():
                    raise BrokenOffError("broke off") from None
                continue
            if isinstance(item, Exception):
                raise item
            return item

    def _put(self, item: object) -> None:
        while not self._left.is_set():
            with suppress(queue.Full):
                self._items.put(item, timeout=HEARTBEAT)
                return

    def _read(self, url: str, headers: dict[str, str], patience: Patience) -> None:
        import requests
        import urllib3

        timeouts = (patience.connect_seconds, patience.silence_seconds)
        answered = False
        try:
            with requests.get(url, headers=headers, timeout=timeouts, stream=True) as response:
                answered = True
                self._stop_reading = response.raw.shutdown
                self._put(Head(response.status_code, {k.lower(): v for k, v in response.headers.items()}))
                # Not iter_content: it would unpack a .gz file that a server labels as packed for the way.
                while not self._left.is_set() and (chunk := response.raw.read1(_CHUNK, decode_content=False)):
                    self._put(chunk)
            self._put(b"")
        except (OSError, ValueError, urllib3.exceptions.HTTPError) as error:
            self._put(_in_words(error, answered))


def _in_words(error: Exception, answered: bool) -> TransferError:
    from requests import exceptions
    from urllib3.exceptions import ReadTimeoutError

    words: TransferError
    if isinstance(error, exceptions.SSLError):
        words = TransferError("could not prove who it is")
    elif isinstance(error, exceptions.ProxyError):
        words = UnreachableError("could not be reached through the proxy")
    elif isinstance(error, ReadTimeoutError | exceptions.ReadTimeout):
        words = BrokenOffError("fell silent")
    elif answered:
        words = BrokenOffError("broke off")
    elif isinstance(error, exceptions.ConnectionError | exceptions.Timeout):
        words = UnreachableError("could not be reached")
    else:
        words = TransferError(f"gave no usable answer ({type(error).__name__})")
    words.__cause__ = error
    return words


def transfer(url: str, part: Part, meter: Meter, patience: Patience, leave_if_slow: bool) -> None:
    """Asks a server for a file, or for what is missing of it, and adds what comes to the part.

    Args:
        url: where the file is.
        part: what has come before; kept, with what comes, however this ends, unless it cannot be used.
        meter: told how far it is.
        patience: for the server.
        leave_if_slow: whether to give up a server that is slow.

    Raises:
        TransferError: the server did not give all that it should.
        StudioError: the disk is full or cannot be written.
    """
    headers = {"Accept-Encoding": "identity", "User-Agent": "cnnstudio", **part.continuation(url)}
    meter.tell(part.size if "Range" in headers else 0)
    with Response(url, headers, patience, meter.heartbeat) as response:
        head = response.head()
        with writing(part.path.parent):
            _prepare(part, url, head)
        _check_room(part)
        _receive(response, part, meter, patience, leave_if_slow)


def _prepare(part: Part, url: str, head: Head) -> None:
    """Makes the part end where the body begins.

    Raises:
        TransferError: the answer is not, or not a part of, the file.
    """
    if head.status == 206 and part.size:
        start, total = head.rest
        if start != part.size:
            part.discard()
            raise BrokenOffError("sent another part than asked for")
    elif head.status == 200:
        start, total = 0, head.number("content-length")
    elif head.status == 416:
        part.discard()
        raise BrokenOffError("has no more of the file")
    else:
        raise TransferError(f"answered with error {head.status}")
    if total is not None and (total > part.file.most_bytes or (part.file.md5 and total != part.file.bytes)):
        raise TransferError(f"has another file there, of {total:,} bytes")
    if not start:
        part.begin(url, head.validator)


def _check_room(part: Part) -> None:
    needed, folder = part.file.bytes - part.size, part.path.parent
    free = free_bytes(folder)
    if needed + _SPARE_BYTES > free:
        raise DiskFullError(
            f"{part.file.name} needs {size(max(needed, 0))}, and the disk that holds {folder} has only {size(free)} "
            "left. Make room there, or name another place in the environment variable CNNSTUDIO_HOME, and try again."
        )


def _receive(response: Response, part: Part, meter: Meter, patience: Patience, leave_if_slow: bool) -> None:
    begun = part.size
    done, since = begun, time.monotonic()
    with writing(part.path.parent):
        file = part.path.open("ab")
    try:
        for chunk in response.chunks():
            with writing(part.path.parent):
                file.write(chunk)
            done += len(chunk)
            if done > part.file.most_bytes:
                raise WrongBytesError("sends more than the file")
            meter.tell(done)
            seconds = time.monotonic() - since
            if leave_if_slow and seconds > patience.slow_seconds and done - begun < patience.slow_rate * seconds:
                raise TransferError("is slow")
    finally:
        with writing(part.path.parent):
            file.close()
