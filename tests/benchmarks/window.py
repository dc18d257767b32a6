"""Benchmarks of the real window on a virtual screen."""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from tests.benchmarks import Measurement
from tests.benchmarks.training import Outcome, compare
from tests.virtual_screen import run_on_virtual_screen, virtual_screen

LAUNCHES = 7
TOP = Path(__file__).resolve().parents[2]


def in_window(scenario: str, *arguments: object) -> dict:
    """Runs a scenario of `tests.benchmarks.in_window` on a fresh virtual screen with fresh user folders."""
    with tempfile.TemporaryDirectory() as home:
        command = [sys.executable, "-m", "tests.benchmarks.in_window", scenario, *map(str, arguments)]
        done = run_on_virtual_screen(command, Path(home), timeout=600)
    if done.returncode != 0:
        raise RuntimeError(f"{scenario} failed:\n{done.stdout}\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def _started_until(command: list[str], environment: dict[str, str]) -> float:
    """Seconds from the start of a process to the wall-clock time `at` that it prints."""
    begin = time.time()
    done = subprocess.run(command, env=environment, cwd=TOP, capture_output=True, text=True, timeout=120, check=True)
    return json.loads(done.stdout.splitlines()[-1])["at"] - begin


def _launch(name: str, scenario: str, imports: str) -> list[Measurement]:
    ours = [sys.executable, "-m", "tests.benchmarks.in_window", scenario]
    peer = [sys.executable, "-c", f"import json, time\n{imports}\nprint(json.dumps({{'at': time.time()}}))"]
    mine, theirs = [], []
    with tempfile.TemporaryDirectory() as home, virtual_screen() as screen:
        # Modules are compiled once, as pip leaves those of an installed program, whatever this process was told.
        compiled = {"PYTHONDONTWRITEBYTECODE": ""}
        environment = {**screen, **compiled, "CNNSTUDIO_HOME": home, "TF_CPP_MIN_LOG_LEVEL": "3"}
        for number in range(LAUNCHES + 1):
            seconds = _started_until(peer, environment), _started_until(ours, environment)
            if number:  # the first round reads the files from disk and compiles them
                theirs.append(seconds[0])
                mine.append(seconds[1])
    return [Measurement(name, statistics.median(mine), "s", f"bare {imports}", statistics.median(theirs))]


def launch() -> list[Measurement]:
    """Process start to first painted window."""
    return _launch("launch", "first_paint", "import PySide6.QtWidgets, pyqtgraph")


def launch_prediction() -> list[Measurement]:
    """Process start to the moment from which a stroke is answered at once."""
    return _launch("launch_prediction", "first_prediction", "import tensorflow, keras")


def responsiveness() -> list[Measurement]:
    """Gaps between 5 ms ticks on the GUI thread while LeNet-5 trains in the window, after the first batch."""
    runs = [in_window("training", seed, 2) for seed in range(3)]
    return [
        Measurement(name, 1000 * statistics.median(run[key] for run in runs), "ms", "the limit", limit)
        for name, key, limit in (("responsiveness", "p99", 16), ("responsiveness_worst", "worst", 100))
    ]


def _train_with_the_button(seed: int) -> Outcome:
    run = in_window("training", seed, 1)
    return Outcome(run["images_per_second"], run["accuracy"])


def training() -> list[Measurement]:
    """Images per second of a training started by the button, and its accuracy after one epoch."""
    return compare("training", _train_with_the_button)


def stroke() -> list[Measurement]:
    """Mouse move to bars and all visible feature maps painted."""
    seconds = in_window("stroke")
    ours, theirs = (1000 * np.array(seconds[key]) for key in ("ours", "theirs"))
    return [
        Measurement("stroke", float(np.median(ours)), "ms", "the same through model.predict", float(np.median(theirs))),
        Measurement("stroke_limit", float(np.median(ours)), "ms", "the limit", 10),
        Measurement("stroke_p99", float(np.percentile(ours, 99)), "ms", "the limit", 25),
    ]


def stop() -> list[Measurement]:
    """Press on Stop to stopped."""
    return [Measurement("stop", in_window("stop")["median"], "s", "the limit", 0.3)]
