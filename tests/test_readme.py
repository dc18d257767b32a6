"""README stays true: its commands run, its tables say what the code's tables say."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from cnnstudio import screen
from cnnstudio.__main__ import main
from cnnstudio.data.pictures.open import KINDS
from cnnstudio.data.published.catalogue import DATASETS
from cnnstudio.models.architectures.catalogue import ARCHITECTURES
from cnnstudio.models.trained.card import read_card
from cnnstudio.storage import shipped
from tests.benchmarks import BENCHMARKS
from tests.models.sample_networks import DOWNLOADED
from tests.readme import README, TOP, TRAINED_HERE, commands, shipped_commands

RUN_BY_CI = {
    "python -m pip install . && cnnstudio",
    'python -m pip install -e ".[test]" && python -m pytest',
    "python -m pytest tests/end_to_end",
    "python tools/fuzz.py",
}


def test_every_command_is_one_that_something_runs() -> None:
    """`.ci/run` and the tests take their commands from README; this finds one that nobody would run."""
    known = RUN_BY_CI | {
        f"sudo {screen.apt_line(screen.APT_PACKAGES)}",
        f"sudo {screen.apt_line(screen.CAMERA_PACKAGES)}",
        screen.CAMERA_INSTALL,
        *shipped_commands(),
        "python -m tests.benchmarks --json",
        "python -m tests.benchmarks lab_filter lab_step",
        "python -m tests.end_to_end.screenshots",
        "python tools/run_tests_elsewhere.py",
    }
    assert [line for line in commands() if line not in known and not line.startswith("cnnstudio ")] == []
    assert known <= set(commands())


def test_the_pictures_that_can_be_opened_are_named() -> None:
    *titles, last = (kind.title for kind in KINDS)
    assert f"Pictures may be {', '.join(titles)} or {last} files." in README.replace("\n", " ")


def test_long_trainings_are_understood(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where their images are missing, that is all there is to complain of."""
    monkeypatch.chdir(tmp_path)
    lines = [line for line in shipped_commands() if "cifar10-jpeg.zip" in line]
    assert len(lines) == 3
    for line in lines:
        assert main(shlex.split(line)[1:]) == 2
        assert "There is no data set “cifar10-jpeg.zip”" in capsys.readouterr().err


@pytest.mark.parametrize("name", DATASETS)
def test_data_sets(name: str) -> None:
    entry = DATASETS[name]
    assert f"| {entry.title} (`{name}`) | {entry.size_text} | {entry.licence} |" in README


@pytest.mark.parametrize("name", DOWNLOADED)
def test_architectures_whose_weights_are_downloaded(name: str) -> None:
    assert name in ARCHITECTURES
    assert f"`{name}`" in README


@pytest.mark.parametrize(("name", "title"), TRAINED_HERE.items())
def test_accuracy_of_the_shipped_models(name: str, title: str) -> None:
    card = read_card(shipped(f"trained/{name}"))
    assert f"{card.test_accuracy:.2%} of the {title} test images".replace("%", " %") in README


def test_pictures_are_there() -> None:
    pictures = re.findall(r"!\[.+?\]\((.+?)\)", README)
    assert pictures
    for picture in pictures:
        with Image.open(TOP / picture) as image:
            assert image.width >= 1280


def test_benchmarks_are_reachable() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks", "no-such-benchmark"],
        cwd=TOP,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert all(name in done.stderr for name in BENCHMARKS)


def test_the_tests_on_other_machines_are_reachable() -> None:
    command = [sys.executable, "tools/run_tests_elsewhere.py", "no-such-setting"]
    done = subprocess.run(command, cwd=TOP, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "long-path" in done.stderr
