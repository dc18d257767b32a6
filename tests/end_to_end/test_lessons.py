"""The lessons about other pages than the Lab are done in a window, with a network that answers."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.end_to_end.lessons_done import ACTS

TOP = Path(__file__).resolve().parents[2]


def test_they_notice_what_was_done_and_leave_the_pages_as_they_were(home: Path) -> None:
    command = [sys.executable, "-m", "tests.end_to_end.lessons_done"]
    done = subprocess.run(command, cwd=TOP, env=dict(os.environ), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert json.loads(done.stdout.splitlines()[-1]) == {"done": sorted(ACTS), "early": [], "restored": True}
