"""What is done in the window again and again leaves nothing behind; found by counting, never by the clock."""

import sys
from pathlib import Path

import pytest

from tests.benchmarks.soak import run


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="threads and files are counted in /proc")
def test_everything_that_was_used_leaves_nothing_behind(home: Path) -> None:
    report = run(home, {"QT_QPA_PLATFORM": "offscreen"}, "sweeps", 2)
    assert report["errors"] == []
    assert {kind: more for kind, more in report["more"].items() if more} == {}
