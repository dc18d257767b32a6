"""Downloads from a real server that is slow, breaks off, lies, refuses or is not there at all."""

import gzip
import hashlib
import json
import logging
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from cnnstudio.data.downloads import fetch as downloads
from cnnstudio.data.downloads.fetch import download_folder, fetch, is_here
from cnnstudio.data.downloads.http import Patience
from cnnstudio.data.downloads.remote import RemoteFile, RemoteFolder
from cnnstudio.data.published.catalogue import DATASETS
from cnnstudio.errors import StudioError
from cnnstudio.progress import Progress
from cnnstudio.storage import cache_folder, config_folder
from tests.data import local_server
from tests.data.local_server import Server, breaking_off, claiming, normal, paced, silent, status, stuck, without_ranges

BODY = b"".join(hashlib.sha256(bytes([i % 256, i // 256])).digest() for i in range(20_000))
"""640,000 bytes that hold no part twice."""

QUICK = Patience(connect_seconds=5, silence_seconds=0.5)


class CancelledError(Exception):
    """What a test raises to end a download."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("CNNSTUDIO_DATASETS", raising=False)
    with local_server.running() as server:
        yield server


@pytest.fixture
def mirror(server: Server) -> Iterator[Server]:
    """A second server."""
    with local_server.running() as second:
        yield second


def closed_port() -> str:
    """An address at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}/a.bin"


def exact(*urls: str, body: bytes = BODY) -> RemoteFolder:
    file = RemoteFile("a.bin", urls, len(body), md5=hashlib.md5(body).hexdigest())
    return RemoteFolder("Test set", ("test-set", "test_set"), (file,))


def packed(*urls: str, body: bytes = BODY) -> RemoteFolder:
    sha256 = hashlib.sha256(body).hexdigest()
    file = RemoteFile("a.gz", urls, len(gzip.compress(body)), unpacked_sha256=sha256, unpacked_bytes=len(body))
    return RemoteFolder("Test set", ("test-set",), (file,))


def nobody(progress: Progress) -> None:
    pass


def names(remote: RemoteFolder) -> set[str]:
    """What lies in the cache, beside the lock."""
    return {path.name for path in download_folder(remote).iterdir()} - {".lock"}


def test_a_file_is_fetched_once_and_used_offline_ever_after(server: Server) -> None:
    remote = exact(server.serve("/a.bin", normal(BODY)))
    seen: list[Progress] = []
    assert not is_here(remote)
    (path,) = fetch(remote, seen.append)
    assert path.read_bytes() == BODY
    assert names(remote) == {"a.bin"}
    assert path.is_relative_to(cache_folder())
    assert is_here(remote)
    downloads.check(remote)
    done = [progress.done for progress in seen if progress.task == "Downloading Test set"]
    assert done == sorted(done)
    assert {(progress.total, progress.unit) for progress in seen} == {(len(BODY), "bytes")}
    server.answers.clear()
    assert fetch(remote, nobody) == (path,)
    assert len(server.requests) == 1


def test_several_files_are_one_download(server: Server) -> None:
    parts = [exact(server.serve(f"/{i}", normal(BODY[: i * 100_000])), body=BODY[: i * 100_000]) for i in (1, 2, 3)]
    files = tuple(replace(part.files[0], name=f"{i}.bin") for i, part in enumerate(parts))
    remote = RemoteFolder("Three", ("three",), files)
    seen: list[Progress] = []
    paths = fetch(remote, seen.append)
    assert [path.stat().st_size for path in paths] == [100_000, 200_000, 300_000]
    done = [progress.done for progress in seen if progress.task == "Downloading Three"]
    assert done == sorted(done)
    assert {progress.total for progress in seen} == {600_000}
    paths[1].unlink()
    seen.clear()
    assert fetch(remote, seen.append) == paths
    assert [path for path, _ in server.requests] == ["/1", "/2", "/3", "/2"]
    assert min(p.done for p in seen if p.task == "Downloading Three") >= 400_000


def test_a_cancelled_download_goes_on_where_it_was(server: Server) -> None:
    half = len(BODY) // 2
    remote = exact(server.serve("/a.bin", stuck(BODY, half)))

    def cancel(progress: Progress) -> None:
        if progress.done >= half:
            raise CancelledError

    with pytest.raises(CancelledError):
        fetch(remote, cancel)
    assert names(remote) == {"a.bin.part"}
    server.serve("/a.bin", normal(BODY))
    seen: list[Progress] = []
    (path,) = fetch(remote, seen.append)
    assert path.read_bytes() == BODY
    assert server.ranges == [None, f"bytes={half}-"]
    assert min(progress.done for progress in seen) >= half
    assert names(remote) == {"a.bin"}


@pytest.mark.parametrize("after", [None, 0, 100_000])
def test_a_silent_server_holds_up_nobody(server: Server, after: int | None) -> None:
    remote = exact(server.serve("/a.bin", silent if after is None else stuck(BODY, after)))
    times: list[float] = []

    def cancel(progress: Progress) -> None:
        if progress.done == (after or 0):
            times.append(time.monotonic())
        if len(times) == 6:
            raise CancelledError

    with pytest.raises(CancelledError):
        fetch(remote, cancel)
    assert time.monotonic() - times[-1] < 1
    gaps = sorted(later - earlier for earlier, later in pairwise(times))
    assert gaps[len(gaps) // 2] < 0.2


@pytest.mark.parametrize("error", [ValueError("x"), OSError("x"), KeyboardInterrupt()])
def test_what_ends_a_download_comes_through_as_it_is(server: Server, error: BaseException) -> None:
    remote = exact(server.serve("/a.bin", stuck(BODY, 1000)))

    def cancel(progress: Progress) -> None:
        raise error

    with pytest.raises(type(error)) as caught:
        fetch(remote, cancel)
    assert caught.value is error


def test_the_time_left_is_told(server: Server) -> None:
    pace = threading.Semaphore(0)
    remote = exact(server.serve("/a.bin", paced(BODY, len(BODY) // 64, pace)))
    times, seen = [time.monotonic()], []

    def drive(progress: Progress) -> None:
        pace.release()
        seen.append(progress)
        times.append(time.monotonic())
        if progress.seconds_left is not None:
            raise CancelledError

    with pytest.raises(CancelledError):
        fetch(remote, drive)
    elapsed = times[-1] - times[1]
    expected = elapsed * (len(BODY) - seen[-1].done) / (seen[-1].done - seen[0].done)
    assert seen[-1].seconds_left == pytest.approx(expected, rel=0.3)


def test_a_server_that_breaks_off_is_asked_for_the_rest(server: Server) -> None:
    remote = exact(server.serve("/a.bin", breaking_off(BODY, 200_000)))
    (path,) = fetch(remote, nobody)
    assert path.read_bytes() == BODY
    assert server.ranges == [None, "bytes=200000-", "bytes=400000-", "bytes=600000-"]


def test_a_server_that_gets_nowhere_is_left(server: Server, mirror: Server) -> None:
    remote = exact(server.serve("/a.bin", breaking_off(BODY, 1000)), mirror.serve("/a.bin", normal(BODY)))
    (path,) = fetch(remote, nobody)
    assert path.read_bytes() == BODY
    assert server.ranges == [None]
    assert mirror.ranges == ["bytes=1000-"]


def test_a_server_that_falls_silent_is_left(server: Server, mirror: Server) -> None:
    remote = exact(server.serve("/a.bin", stuck(BODY, 1000)), mirror.serve("/a.bin", normal(BODY)))
    assert fetch(remote, nobody, QUICK)[0].read_bytes() == BODY
    assert mirror.ranges == ["bytes=1000-"]


def test_a_slow_server_is_left_for_a_faster_one(server: Server, mirror: Server) -> None:
    pace = threading.Semaphore(0)
    remote = exact(server.serve("/a.bin", paced(BODY, 1000, pace)), mirror.serve("/a.bin", normal(BODY)))
    (path,) = fetch(remote, lambda _: pace.release(), Patience(slow_seconds=0.3))
    assert path.read_bytes() == BODY
    ((_, asked),) = mirror.requests
    assert asked is not None
    assert len(server.requests) == 1


def test_the_slow_server_serves_where_there_is_no_other(server: Server) -> None:
    pace = threading.Semaphore(0)
    body = BODY[:10_000]
    remote = exact(closed_port(), server.serve("/a.bin", paced(body, 1000, pace)), body=body)
    (path,) = fetch(remote, lambda _: pace.release(), Patience(slow_seconds=0.2))
    assert path.read_bytes() == body


def test_a_server_that_cannot_send_parts_sends_all(server: Server) -> None:
    remote = exact(server.serve("/a.bin", without_ranges(BODY)))
    download_folder(remote).mkdir(parents=True)
    (download_folder(remote) / "a.bin.part").write_bytes(b"x" * 5000)
    assert fetch(remote, nobody)[0].read_bytes() == BODY
    assert server.ranges == ["bytes=5000-"]


@pytest.mark.parametrize("rest", [b"x" * 5000, BODY + b"x", b"x" * len(BODY)], ids=["wrong", "long", "whole"])
def test_a_part_that_is_not_one_is_thrown_away(server: Server, rest: bytes) -> None:
    remote = exact(server.serve("/a.bin", normal(BODY)))
    download_folder(remote).mkdir(parents=True)
    (download_folder(remote) / "a.bin.part").write_bytes(rest)
    assert fetch(remote, nobody)[0].read_bytes() == BODY
    assert names(remote) == {"a.bin"}


def test_a_part_that_is_whole_is_all_there_is_to_it(server: Server) -> None:
    """As it is where the program was killed before the file was put into its place."""
    remote = exact(server.serve("/a.bin", normal(BODY)))
    download_folder(remote).mkdir(parents=True)
    (download_folder(remote) / "a.bin.part").write_bytes(BODY)
    assert fetch(remote, nobody)[0].read_bytes() == BODY
    assert (names(remote), server.requests) == ({"a.bin"}, [])


@pytest.mark.parametrize("length", [len(BODY) - 1000, len(BODY) + 1000, 10**15])
def test_a_wrong_length_is_not_believed(server: Server, mirror: Server, length: int) -> None:
    remote = exact(server.serve("/a.bin", claiming(BODY, length)), mirror.serve("/a.bin", normal(BODY)))
    assert fetch(remote, nobody)[0].read_bytes() == BODY
    assert mirror.ranges == [None]


@pytest.mark.parametrize("length", [len(gzip.compress(BODY)) - 1000, len(gzip.compress(BODY)) + 1000])
def test_a_wrong_length_of_a_packed_file(server: Server, mirror: Server, length: int) -> None:
    data = gzip.compress(BODY)
    remote = packed(server.serve("/a.gz", claiming(data, length)), mirror.serve("/a.gz", normal(data)))
    assert gzip.decompress(fetch(remote, nobody)[0].read_bytes()) == BODY
    assert names(remote) == {"a.gz"}


def test_a_length_need_not_be_told(server: Server) -> None:
    remote = exact(server.serve("/a.bin", claiming(BODY, None)))
    assert fetch(remote, nobody)[0].read_bytes() == BODY


@pytest.mark.parametrize("make", [exact, packed])
def test_a_server_that_never_ends_is_left(server: Server, make) -> None:
    remote = make(server.serve("/a", local_server.endless))
    with pytest.raises(StudioError, match="sends more than the file"):
        fetch(remote, nobody)
    assert sum(path.stat().st_size for path in download_folder(remote).iterdir()) < 2 * len(BODY)


def test_wrong_bytes_are_thrown_away(server: Server, mirror: Server) -> None:
    wrong = BODY[:-1] + b"x"
    remote = exact(server.serve("/a.bin", normal(wrong)), mirror.serve("/a.bin", normal(BODY)))
    assert fetch(remote, nobody)[0].read_bytes() == BODY
    assert mirror.ranges == [None]
    mirror.serve("/a.bin", normal(wrong))
    other = RemoteFolder("Other", ("other",), remote.files)
    with pytest.raises(StudioError, match=r"^Other cannot be downloaded: \S+ sent wrong bytes; \S+ sent wrong bytes\."):
        fetch(other, nobody)
    assert names(other) == set()


@pytest.mark.parametrize("code", [403, 404, 500, 503])
def test_a_server_that_refuses(server: Server, mirror: Server, code: int) -> None:
    remote = exact(server.serve("/a.bin", status(code)), mirror.serve("/a.bin", normal(BODY)))
    assert fetch(remote, nobody)[0].read_bytes() == BODY


def test_why_every_server_failed_and_what_to_do(server: Server, mirror: Server) -> None:
    remote = exact(server.serve("/a.bin", status(403)), mirror.serve("/a.bin", breaking_off(BODY, 10)), closed_port())
    with pytest.raises(StudioError) as caught:
        fetch(remote, nobody)
    text = str(caught.value)
    for words in ("answered with error 403", "broke off", "could not be reached", remote.files[0].urls[0]):
        assert words in text
    assert "CNNSTUDIO_DATASETS" in text
    assert "is not in" not in text
    assert caught.value.__cause__ is not None


def test_where_it_was_looked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folders = [tmp_path, tmp_path / "gone"]
    monkeypatch.setenv("CNNSTUDIO_DATASETS", os.pathsep.join(map(str, folders)))
    with pytest.raises(StudioError, match=r"a\.bin is not in .*, .*gone \(not there\)"):
        fetch(exact(closed_port()), nobody)


def test_without_a_network(server: Server) -> None:
    remote = exact(closed_port(), "http://no-such-host.invalid/a.bin")
    with pytest.raises(StudioError, match=r"none of the servers that have it can be reached\. Check the connection"):
        fetch(remote, nobody)
    assert names(remote) == set()
    both = replace(remote, files=(*remote.files, replace(remote.files[0], name="b.bin")))
    with pytest.raises(
        StudioError, match=r"download a\.bin, b\.bin from http://[^/]+ in another way and name the folder"
    ):
        fetch(both, nobody)


def test_a_redirect_is_followed(server: Server, mirror: Server) -> None:
    remote = exact(server.serve("/a.bin", local_server.redirect(mirror.serve("/b.bin", normal(BODY)))))
    assert fetch(remote, nobody)[0].read_bytes() == BODY
    remote = RemoteFolder("Circle", ("circle",), exact(server.serve("/c", local_server.redirect("/c"))).files)
    with pytest.raises(StudioError, match="gave no usable answer"):
        fetch(remote, nobody)


@pytest.mark.parametrize("damage", [BODY[:-1], BODY[:-1] + b"x", b""])
def test_a_file_that_was_damaged_later_is_fetched_anew(server: Server, damage: bytes) -> None:
    remote = exact(server.serve("/a.bin", normal(BODY)))
    (path,) = fetch(remote, nobody)
    path.write_bytes(damage)
    with pytest.raises(StudioError, match="It is downloaded when Test set is used"):
        downloads.check(remote)
    assert fetch(remote, nobody)[0].read_bytes() == BODY
    assert len(server.requests) == 2


def test_a_damaged_file_that_cannot_be_fetched_anew(server: Server) -> None:
    remote = exact(server.serve("/a.bin", normal(BODY)))
    (path,) = fetch(remote, nobody)
    path.write_bytes(BODY[:-1])
    server.serve("/a.bin", status(500))
    with pytest.raises(StudioError, match=r"was damaged, and a new one cannot be downloaded: .* error 500"):
        fetch(remote, nobody)
    assert names(remote) == set()


def test_other_packings_of_the_same_bytes_are_as_good(server: Server) -> None:
    data = gzip.compress(BODY, compresslevel=1, mtime=12345)
    remote = packed(server.serve("/a.gz", normal(data)))
    assert fetch(remote, nobody)[0].read_bytes() == data


def test_a_file_labelled_as_packed_for_the_way_is_kept_as_it_is(server: Server) -> None:
    data = gzip.compress(BODY)

    def answer(request: local_server.Request) -> None:
        request.begin(200, len(data), Content_Encoding="gzip")
        request.wfile.write(data)

    remote = packed(server.serve("/a.gz", answer))
    assert fetch(remote, nobody)[0].read_bytes() == data


def test_a_packed_file_begins_anew(server: Server, mirror: Server) -> None:
    """Another server may have packed it in another way."""
    data, other = gzip.compress(BODY), gzip.compress(BODY, mtime=99)
    remote = packed(server.serve("/a.gz", breaking_off(data, 400_000)), mirror.serve("/a.gz", normal(other)))
    assert fetch(remote, nobody)[0].read_bytes() == other
    assert {*server.ranges, *mirror.ranges} == {None}
    assert names(remote) == {"a.gz"}


def test_a_bomb_is_not_unpacked(server: Server) -> None:
    bomb = gzip.compress(bytes(300 * 2**20), compresslevel=1)
    remote = packed(server.serve("/a.gz", claiming(bomb[:500_000], None)))
    with pytest.raises(StudioError, match="sent wrong bytes"):
        fetch(remote, nobody)
    path = Path(download_folder(remote)) / "a.gz"
    path.write_bytes(bomb)
    assert remote.files[0].problem(path, lambda _: None) == f"holds more than {len(BODY):,} bytes"


def test_the_users_own_folders_come_first(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    remote = exact(server.serve("/a.bin", normal(BODY)))
    places = [tmp_path / "named" / "test_set" / "a.bin", tmp_path / "plain" / "a.bin", tmp_path / "set" / "a.bin"]
    for path in places:
        path.parent.mkdir(parents=True)
        path.write_bytes(BODY)
    folders = [tmp_path / "gone", tmp_path / "named", tmp_path / "plain"]
    monkeypatch.setenv("CNNSTUDIO_DATASETS", os.pathsep.join(["", *map(str, folders)]))
    downloads.change_extra_folders(add=[tmp_path / "set"])
    assert downloads.dataset_folders() == [*folders, tmp_path / "set"]
    for path in places:
        assert is_here(remote)
        assert fetch(remote, nobody) == (path,)
        path.write_bytes(BODY[:-1] + b"x")
    with caplog.at_level(logging.WARNING):
        assert fetch(remote, nobody) == (download_folder(remote) / "a.bin",)
    assert all(str(path) in caplog.text for path in places)
    assert all(path.is_file() for path in places)
    assert len(server.requests) == 1


@pytest.mark.parametrize("text", ["{", "[]", '{"folders": 3}', '{"folders": null}'])
def test_broken_settings_name_no_folders(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CNNSTUDIO_DATASETS", raising=False)
    config_folder().mkdir(parents=True)
    (config_folder() / "datasets-folders.json").write_text(text)
    assert downloads.dataset_folders() == []
    assert "is damaged. Name the folders again" in downloads.read_extra_folders()[1]


@pytest.mark.parametrize("hostile", ["", "a\0b", "\ud800", 7, None, ["x"], {}])
def test_what_can_be_no_folder_is_left_out_and_said(hostile: object, tmp_path: Path) -> None:
    downloads.change_extra_folders(add=[tmp_path])
    assert downloads.read_extra_folders()[1] == ""
    file = config_folder() / "datasets-folders.json"
    file.write_text(json.dumps({"format": 1, "folders": [hostile, str(tmp_path), "/" + "a" * 5000]}))
    assert downloads.read_extra_folders()[0] == [tmp_path, Path("/" + "a" * 5000)]
    assert "1 damaged entry, which is left out. Name the folders" in downloads.read_extra_folders()[1]
    assert all(isinstance(entry.is_here(), bool) for entry in DATASETS.values())


def test_a_list_of_folders_that_is_a_folder(tmp_path: Path) -> None:
    (config_folder() / "datasets-folders.json").mkdir(parents=True)
    assert downloads.read_extra_folders()[0] == []
    assert "cannot be read: it is a folder" in downloads.read_extra_folders()[1]


def test_a_file_larger_than_the_disk_is_not_begun(server: Server) -> None:
    remote = exact(server.serve("/a.bin", claiming(BODY, None)))
    huge = RemoteFolder("Huge", ("huge",), (replace(remote.files[0], bytes=10**18),))
    with pytest.raises(StudioError, match=r"a\.bin needs 1,000,000\.0 TB, and the disk .* left\. Make room"):
        fetch(huge, nobody)
    assert names(huge) == set()


def test_what_came_before_survives_a_server_with_another_file(server: Server, mirror: Server) -> None:
    remote = exact(mirror.serve("/a.bin", claiming(b"x" * 1000, 1000)), server.serve("/a.bin", normal(BODY)))
    download_folder(remote).mkdir(parents=True)
    (download_folder(remote) / "a.bin.part").write_bytes(BODY[:5000])
    assert fetch(remote, nobody)[0].read_bytes() == BODY
    assert server.ranges == ["bytes=5000-"]


def test_without_any_user_folder(server: Server, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home.write_text("a file is in its place")
    remote = exact(server.serve("/a.bin", normal(BODY)))
    assert not is_here(remote)
    with pytest.raises(StudioError, match=r"home\S* cannot be written .*CNNSTUDIO_HOME"):
        fetch(remote, nobody)
    (tmp_path / "a.bin").write_bytes(BODY)
    monkeypatch.setenv("CNNSTUDIO_DATASETS", str(tmp_path))
    assert fetch(remote, nobody) == (tmp_path / "a.bin",)


def test_a_folder_that_cannot_be_made(server: Server) -> None:
    cache_folder().mkdir(parents=True)
    (cache_folder() / "datasets").write_text("a file is in its place")
    with pytest.raises(StudioError, match=r"test-set cannot be written .*CNNSTUDIO_HOME"):
        fetch(exact(server.serve("/a.bin", normal(BODY))), nobody)


CHILD = """
import sys
from cnnstudio.data.downloads.fetch import fetch
from cnnstudio.data.downloads.remote import RemoteFile, RemoteFolder
from cnnstudio.errors import StudioError
url, size, md5 = sys.argv[1], int(sys.argv[2]), sys.argv[3]
remote = RemoteFolder("Test set", ("test-set", "test_set"), (RemoteFile("a.bin", (url,), size, md5=md5),))
try:
    print(fetch(remote, lambda progress: print(progress.task, progress.done, flush=True))[0])
except StudioError as error:
    print(error)
    sys.exit(1)
"""


def start(remote: RemoteFolder, before: str = "") -> subprocess.Popen[str]:
    """Another process that fetches the file and prints each report."""
    file = remote.files[0]
    arguments = [sys.executable, "-c", before + CHILD, file.urls[0], str(file.bytes), file.md5]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def test_two_processes_download_once(server: Server) -> None:
    remote = exact(server.serve("/a.bin", stuck(BODY, 1000)))
    with start(remote) as first:
        assert server.asked.wait(20)
        with start(remote) as second:
            line = second.stdout.readline()
            assert line.startswith("Waiting for another CNN Studio that downloads Test set")
            server.gate.set()
            path = Path(second.communicate(timeout=20)[0].splitlines()[-1])
        first.communicate(timeout=20)
    assert (first.returncode, second.returncode) == (0, 0)
    assert path.read_bytes() == BODY
    assert len(server.requests) == 1


def test_two_threads_download_once(server: Server) -> None:
    remote = exact(server.serve("/a.bin", stuck(BODY, 1000)))
    waiting = threading.Event()

    def second(progress: Progress) -> None:
        if progress.task.startswith("Waiting"):
            waiting.set()

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(fetch, remote, nobody)
        assert server.asked.wait(20)
        other = pool.submit(fetch, remote, second)
        assert waiting.wait(20)
        server.gate.set()
        assert first.result(20) == other.result(20)
    assert len(server.requests) == 1


def test_a_killed_download_goes_on(server: Server) -> None:
    remote = exact(server.serve("/a.bin", stuck(BODY, 400_000)))
    with start(remote) as process:
        for line in process.stdout:
            if int(line.split()[-1]) >= 300_000:
                break
        process.kill()
    size = (download_folder(remote) / "a.bin.part").stat().st_size
    assert size > 0
    server.serve("/a.bin", normal(BODY))
    assert fetch(remote, nobody)[0].read_bytes() == BODY
    assert server.ranges == [None, f"bytes={size}-"]
    assert names(remote) == {"a.bin"}


@pytest.mark.skipif(sys.platform == "win32", reason="files are limited by POSIX")
def test_a_disk_that_fills_up(server: Server) -> None:
    """The system refuses to write more than 100,000 bytes to a file."""
    remote = exact(server.serve("/a.bin", normal(BODY)))
    limit = "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
    with start(remote, before=limit) as process:
        out = process.communicate(timeout=20)[0]
    assert process.returncode == 1
    assert f"The disk that holds {download_folder(remote)} is full. Make room there" in out.splitlines()[-1]
    assert names(remote) == set()


def test_settings_are_plain_json(tmp_path: Path) -> None:
    downloads.change_extra_folders(add=[tmp_path])
    document = json.loads((config_folder() / "datasets-folders.json").read_text())
    assert document == {"format": 1, "folders": [str(tmp_path)]}
    assert downloads.read_extra_folders()[0] == [tmp_path]
