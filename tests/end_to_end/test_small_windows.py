"""Every page in every state, in small windows and at several scales of the screen: nothing is cut off or covered."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("width", "height", "scale"), [(960, 600, 1), (960, 600, 1.25), (853, 533, 1.5), (960, 600, 2), (1280, 800, 1)]
)
def test_everything_can_be_read_and_used(home: Path, width: int, height: int, scale: float) -> None:
    """A screen of 1280×800 at a scale of 1.5 leaves a window of 853×533, less than the least size of one."""
    environment = os.environ | {"QT_SCALE_FACTOR": str(scale)}
    command = [sys.executable, "-m", "tests.end_to_end.small_windows", str(width), str(height)]
    done = subprocess.run(command, cwd=TOP, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert len(found) >= 15
    assert {state: faults for state, faults in found.items() if faults} == {}
