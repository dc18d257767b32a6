"""What a server answers, read by a thread of its own, so that a silent server holds up nobody."""

import queue
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Self

POLL_SECONDS = 0.1
"""How often somebody who waits for a server looks up."""

_CHUNK = 2**14
_CHUNKS_AHEAD = 64


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


class WrongFileError(TransferError):
    """Another file was announced: what came before is kept."""


class WrongBytesError(TransferError):
    """Other bytes than expected came: they are thrown away."""


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

    def __init__(self, url: str, headers: dict[str, str], patience: Patience, wait: Callable[[], None]) -> None:
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
                item = self._items.get(timeout=POLL_SECONDS)
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
                self._items.put(item, timeout=POLL_SECONDS)
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
