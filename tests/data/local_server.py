"""A real HTTP server on this computer that behaves as badly as it is told to."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LONGEST_WAIT = 30
"""Seconds after which a server that waits for a test gives up, so that nothing hangs."""


@dataclass
class Server:
    """What a test knows of the server.

    Attributes:
        address: `http://127.0.0.1:port`.
        answers: for each path how it is answered.
        requests: path and `Range` header of each request, in order.
        asked: set as soon as anything has been asked for.
        gate: for which some answers wait before they go on.
    """

    address: str
    answers: dict[str, Callable[["Request"], None]] = field(default_factory=dict)
    requests: list[tuple[str, str | None]] = field(default_factory=list)
    asked: threading.Event = field(default_factory=threading.Event)
    gate: threading.Event = field(default_factory=threading.Event)

    def serve(self, path: str, answer: Callable[["Request"], None]) -> str:
        """Answers `path` in this way from now on; gives the address of it."""
        self.answers[path] = answer
        return self.address + path

    @property
    def ranges(self) -> list[str | None]:
        """The `Range` headers so far."""
        return [asked for _, asked in self.requests]


class Request(BaseHTTPRequestHandler):
    """One request, with what answers are made of."""

    protocol_version = "HTTP/1.1"
    server: "_HttpServer"

    def do_GET(self) -> None:
        server = self.server.state
        server.requests.append((self.path, self.headers["Range"]))
        server.asked.set()
        # Who asked may be gone by now.
        with suppress(OSError):
            server.answers[self.path](self)
        self.close_connection = True

    def begin(self, status: int, length: int | None, **headers: str) -> None:
        """Sends the head of the answer."""
        self.send_response(status)
        if length is not None:
            self.send_header("Content-Length", str(length))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Connection", "close")
        self.end_headers()

    def begin_file(self, body: bytes) -> bytes:
        """Sends the head of a proper answer; gives what is to follow."""
        start = int((self.headers["Range"] or "bytes=0-").removeprefix("bytes=").partition("-")[0])
        if start >= len(body):
            self.begin(416, 0)
            return b""
        if start:
            self.begin(206, len(body) - start, Content_Range=f"bytes {start}-{len(body) - 1}/{len(body)}")
        else:
            self.begin(200, len(body))
        return body[start:]

    def log_message(self, format: str, *args: object) -> None:
        """Tests are quiet."""


class _HttpServer(ThreadingHTTPServer):
    daemon_threads = True
    state: Server

    def handle_error(self, request: object, client_address: object) -> None:
        """Broken connections are what the tests are about."""


@contextmanager
def running() -> Iterator[Server]:
    """A server, for as long as it is needed."""
    http = _HttpServer(("127.0.0.1", 0), Request)
    http.state = Server(f"http://127.0.0.1:{http.server_address[1]}")
    thread = threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield http.state
    finally:
        http.state.gate.set()
        http.shutdown()
        http.server_close()
        thread.join()


def normal(body: bytes) -> Callable[[Request], None]:
    """Sends what is asked for, or the rest of it."""
    return lambda request: _send(request, request.begin_file(body))


def _send(request: Request, data: bytes) -> None:
    request.wfile.write(data)


def without_ranges(body: bytes) -> Callable[[Request], None]:
    """Sends the whole file whatever part of it is asked for."""

    def answer(request: Request) -> None:
        request.begin(200, len(body))
        request.wfile.write(body)

    return answer


def status(code: int) -> Callable[[Request], None]:
    """Refuses."""
    return lambda request: request.begin(code, 0)


def redirect(url: str) -> Callable[[Request], None]:
    """Sends somebody to another place."""
    return lambda request: request.begin(302, 0, Location=url)


def claiming(body: bytes, length: int | None) -> Callable[[Request], None]:
    """Sends the file and says that it is of another length, or of none."""

    def answer(request: Request) -> None:
        request.begin(200, length)
        request.wfile.write(body)

    return answer


def breaking_off(body: bytes, after: int) -> Callable[[Request], None]:
    """Ends each answer after so many bytes."""
    return lambda request: _send(request, request.begin_file(body)[:after])


def stuck(body: bytes, after: int) -> Callable[[Request], None]:
    """Waits at the gate after so many bytes, and sends the rest then."""

    def answer(request: Request) -> None:
        rest = request.begin_file(body)
        request.wfile.write(rest[:after])
        request.server.state.gate.wait(LONGEST_WAIT)
        request.wfile.write(rest[after:])

    return answer


def silent(request: Request) -> None:
    """Does not answer at all."""
    request.server.state.gate.wait(LONGEST_WAIT)


def paced(body: bytes, piece: int, pace: threading.Semaphore) -> Callable[[Request], None]:
    """Sends one piece for every release of the semaphore."""

    def answer(request: Request) -> None:
        rest = request.begin_file(body)
        for start in range(0, len(rest), piece):
            if not pace.acquire(timeout=LONGEST_WAIT):
                return
            request.wfile.write(rest[start : start + piece])

    return answer


def endless(request: Request) -> None:
    """Sends for as long as anybody takes it."""
    request.begin(200, None)
    while True:
        request.wfile.write(bytes(2**16))
