"""The real window on a real X server, used with mouse and keys."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cnnstudio.models.networks.files import list_networks
from tests.virtual_screen import missing_programs, run_on_virtual_screen, virtual_screen

pytestmark = [
    pytest.mark.skipif(bool(missing_programs()), reason=f"a virtual screen needs {', '.join(missing_programs())}"),
    pytest.mark.timeout(1000),
]


@pytest.fixture(scope="module")
def used_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The user folders of the window in which the journeys were made."""
    return tmp_path_factory.mktemp("used") / "home"


@pytest.fixture(scope="module")
def journeys(used_home: Path) -> dict[str, dict]:
    """What was seen in each journey; all were made in one window, one after the other."""
    done = run_on_virtual_screen([sys.executable, "-m", "tests.end_to_end.drive"], used_home, timeout=900)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    seen = json.loads(done.stdout.splitlines()[-1])
    assert "timeout" not in seen, seen
    return seen


def test_train_and_draw(journeys: dict[str, dict]) -> None:
    seen = journeys["train_and_draw"]
    assert "test images it had never seen" in seen["status"]
    assert seen["model"] == "lenet5-mnist-1" or seen["model"].startswith("lenet5-mnist")
    assert seen["answer"].endswith("7")
    assert len(seen["layers"]) >= 8


def test_keyboard_only(journeys: dict[str, dict]) -> None:
    assert journeys["keyboard_only"]["status"].startswith("Stopped.")


def test_closing_while_training_asks_and_keeps(journeys: dict[str, dict], used_home: Path) -> None:
    seen = journeys["close_while_training"]
    assert seen["goes_on"]
    assert "Stop it and close?" in seen["question"]
    runs = {path.parent.name for path in (used_home / "data" / "runs").glob("*/model.keras")}
    assert len(runs - set(seen["runs"])) == 1


def test_own_images(journeys: dict[str, dict]) -> None:
    seen = journeys["own_images"]
    assert seen["config"] == ["colours", 40, 3, "photo"]
    assert "Of 9 test images it had never seen" in seen["status"]
    assert seen["answer"].endswith("green")


def test_change_a_network(journeys: dict[str, dict], used_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = journeys["change_a_network"]
    monkeypatch.setenv("CNNSTUDIO_HOME", str(used_home))
    assert seen["parameters"] == 61706 + 4 * (5 * 5 * 6 + 1) + 4 * 25 * 120
    assert [network.name for network in list_networks()] == [seen["architecture"]]


def test_two_windows_at_once(home: Path) -> None:
    """Both come up with the same user folders, and go on a polite kill."""
    with virtual_screen() as screen:
        environment = {**screen, "CNNSTUDIO_HOME": str(home)}
        windows = [subprocess.Popen([sys.executable, "-m", "cnnstudio"], env=environment) for _ in range(2)]
        found: list[str] = []
        deadline = time.monotonic() + 60
        while len(found) < 2 and time.monotonic() < deadline:
            search = ["xdotool", "search", "--onlyvisible", "--name", "^CNN Studio$"]
            done = subprocess.run(search, env=environment, capture_output=True, text=True, check=False)
            found = done.stdout.split()
            time.sleep(0.2)
        assert len(found) == 2
        for window in windows:
            os.kill(window.pid, signal.SIGTERM)
        assert [window.wait(30) for window in windows] == [0, 0]
    assert "geometry" in json.loads((home / "config" / "settings.json").read_bytes())
