"""A disk that fails at one operation; what is done on such a disk is in `tests/end_to_end/test_faults.py`."""

import errno
import shutil
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.faults.disk import FAULTS, Nth, watch
from tests.faults.process import ask

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="it forks processes that have imported Qt")


def write_text(folder: Path) -> None:
    (folder / "a.txt").write_text("a")


def write_arrays(folder: Path) -> None:
    np.savez(folder / "a.npz", a=np.zeros(3))


def write_zip(folder: Path) -> None:
    with zipfile.ZipFile(folder / "a.zip", "w") as archive:
        archive.writestr("a", "a")


def copy(folder: Path) -> None:
    shutil.copyfile(__file__, folder / "a.py")


def remove(folder: Path) -> None:
    (folder / "below").mkdir()
    write_text(folder / "below")
    shutil.rmtree(folder / "below")


WRITERS: dict[Callable[[Path], None], list[str]] = {
    write_text: ["create", "write", "close"],
    write_arrays: ["create", "write", "close"],
    write_zip: ["create", "write", "close"],
    copy: ["create", "write", "close"],
    remove: ["mkdir", "create", "write", "close", "read", "remove", "rmdir"],
}
"""Kinds of what each does, in order; the same one twice in a row counts once."""


@pytest.mark.parametrize("write", WRITERS)
def test_whoever_writes_every_operation_is_seen(write: Callable[[Path], None], tmp_path: Path) -> None:
    def kinds() -> list[str]:
        seen: list[str] = []
        watch(tmp_path, lambda kind, _: seen.append(kind))
        write(tmp_path)
        return seen

    seen = ask(kinds)
    assert [kind for kind, before in zip(seen, ["", *seen], strict=False) if kind != before] == WRITERS[write]


@pytest.mark.parametrize("name", ["no-space", "io-error"])
def test_half_is_written_where_the_writing_fails(name: str, tmp_path: Path) -> None:
    def fail() -> int | None:
        watch(tmp_path, Nth(FAULTS[name], 2, lambda *_: None))
        with (tmp_path / "a.txt").open("wb", buffering=0) as file:
            try:
                file.write(b"abcd")
            except OSError as error:
                return error.errno
        return None

    assert ask(fail) == {"no-space": errno.ENOSPC, "io-error": errno.EIO}[name]
    assert (tmp_path / "a.txt").read_text() == "ab"


def test_a_kill_cleans_nothing_up(tmp_path: Path) -> None:
    def be_killed() -> str:
        watch(tmp_path, Nth(FAULTS["killed"], 3, lambda *_: None))
        try:
            (tmp_path / "a.txt").write_text("abcd")
        finally:
            (tmp_path / "a.txt").unlink()
        return "alive"

    assert ask(be_killed) is None
    assert (tmp_path / "a.txt").read_text() == "abcd"
