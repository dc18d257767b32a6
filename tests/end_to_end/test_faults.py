"""Nothing is lost: what writes without TensorFlow, with some of its file operations going wrong, and some two at once.

All of it takes long: `python -m tests.benchmarks.faults`.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

AT_ONCE = ["import-folder", "forget-import", "rename-model", "copy-model", "add-class", "rename-class", "fill-table"]
"""Those that change what others change or read."""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="it forks processes that have imported Qt")
@pytest.mark.parametrize(
    "options",
    [
        ["--nth", "--light", "--tries", "2"],
        ["--pairs", "--tries", "1", *AT_ONCE],
        ["--pairs", "rename-network", "trash-network"],
        ["--pairs", "fill-table", "save-table"],
    ],
)
def test_nothing_is_lost(options: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.faults", *options],
        cwd=Path(__file__).parents[2],
        env=os.environ | {"PYTHONUTF8": "1"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith(" 0 lost\n")
