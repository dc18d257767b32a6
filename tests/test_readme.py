"""README stays true: its commands run, its tables say what the code's tables say."""

import math
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from cnnstudio import screen
from cnnstudio.__main__ import main
from cnnstudio.cli.checks import CHECKS
from cnnstudio.data.pictures.open import KINDS
from cnnstudio.data.published.catalogue import DATASETS
from cnnstudio.data.splits import Dataset
from cnnstudio.models.architectures.catalogue import ARCHITECTURES
from cnnstudio.models.trained.card import read_card
from cnnstudio.models.trained.pretrained import PRETRAINED
from cnnstudio.storage import shipped
from tests.benchmarks import BENCHMARKS

TOP = Path(__file__).resolve().parents[1]
README = (TOP / "README.md").read_text(encoding="utf-8")
RUN_BY_CI = {
    "python -m pip install . && cnnstudio",
    'python -m pip install -e ".[test]" && python -m pytest',
    "python -m pytest tests/end_to_end",
    'python -m pip install ".[camera]"',
}

TRAINED_HERE = {"lenet5-mnist": "MNIST", "resnet20-fashion-mnist": "Fashion-MNIST", "resnet9-cifar10": "CIFAR-10"}
"""Models that ship and their data sets."""

DOWNLOADED = {f"transfer-{name}" for name in PRETRAINED}


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.S)


def commands() -> list[str]:
    return [line for block in blocks("sh") for line in block.splitlines()]


def test_every_command_is_one_that_something_runs() -> None:
    """`.ci/run` and the tests below take their commands from README; this finds one that nobody would run."""
    known = RUN_BY_CI | {
        f"sudo {screen.apt_line(screen.APT_PACKAGES)}",
        f"sudo {screen.apt_line(screen.CAMERA_PACKAGES)}",
        *shipped_commands(),
        "python -m tests.benchmarks --json",
        "python -m tests.end_to_end.screenshots",
        "python tools/run_tests_elsewhere.py",
    }
    assert [line for line in commands() if line not in known and not line.startswith("cnnstudio ")] == []
    assert known <= set(commands())


def shipped_commands() -> list[str]:
    """Those that trained what ships, which takes too long here: the last of a block is on the model's card."""
    last = {read_card(shipped(f"trained/{name}")).command for name in TRAINED_HERE}
    found = [block.splitlines() for block in blocks("sh") if block.splitlines()[-1] in last]
    assert len(found) == len(last)
    return [line for lines in found for line in lines]


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


def test_commands_of_the_command_line_run(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    digits: Dataset,
    add_dataset: Callable[[Dataset], None],
) -> None:
    """Those with a short result, one after the other, as a reader would type them; with fewer images and epochs."""
    dataset = replace(digits, name="mnist")
    add_dataset(dataset)
    monkeypatch.setattr("cnnstudio.training.config.MOST_EPOCHS", 3)
    monkeypatch.setitem(CHECKS, "Computing", lambda: ())  # loads TensorFlow anew, as the tests of `doctor` do
    Image.fromarray(dataset.test.images[0, ..., 0]).save(tmp_path / "digit.png")
    (tmp_path / "drawings.json").write_text("[[[[0, 0], [60, 0], [30, 100]]]]")
    shutil.copy(shipped("assets/photos/chelsea.jpg"), tmp_path / "holiday.jpg")
    write_model(tmp_path / "theirs.keras")
    for index, label in enumerate(dataset.test.labels[:60]):
        folder = tmp_path / "photos" / ("cat" if label < 5 else "dog")
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(dataset.test.images[index, ..., 0]).save(folder / f"{index}.png")
    lines = [line for line in commands() if line.startswith("cnnstudio ") and line not in shipped_commands()]
    assert len(lines) >= 11
    monkeypatch.chdir(tmp_path)
    for line in lines:
        code = main(shlex.split(line)[1:])
        told = capsys.readouterr()
        assert code == 0, f"{line}\n{told.err}"
        assert told.out or "--output" in line


def write_model(path: Path) -> None:
    """A model for two classes, as plain Keras saves it."""
    import keras

    inputs = keras.Input((32, 32, 3))
    x = keras.layers.GlobalAveragePooling2D()(keras.layers.Conv2D(4, 3)(inputs))
    keras.Model(inputs, keras.layers.Dense(2, activation="softmax")(x)).save(path)


def test_the_python_example_runs(capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = blocks("python")
    exec(compile(example, "README.md", "exec"), {})
    accuracy, layers = capsys.readouterr().out.splitlines()
    assert float(accuracy.split()[0]) > 0.85
    assert layers.startswith("[(")


@pytest.mark.parametrize("name", DATASETS)
def test_data_sets(name: str) -> None:
    entry = DATASETS[name]
    assert f"| {entry.title} (`{name}`) | {entry.size_text} | {entry.licence} |" in README


@pytest.mark.parametrize("name", sorted(ARCHITECTURES.keys() - DOWNLOADED))
def test_architectures(name: str) -> None:
    import keras

    entry = ARCHITECTURES[name]
    with keras.StatelessScope(initialize_variables=False):  # no memory, no time
        model = entry.build(entry.image_shape, entry.classes)
    parameters = sum(math.prod(weight.shape) for weight in model.weights if "moving_" not in weight.path)
    assert f"| {entry.title} (`{name}`) | {entry.year} | {parameters:,} | {entry.reported or '–'} |" in README


@pytest.mark.parametrize("name", sorted(DOWNLOADED))
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
