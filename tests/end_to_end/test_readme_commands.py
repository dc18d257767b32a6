"""README's commands of the command line, one after the other, its example in Python, and its table of architectures."""

import math
import shlex
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from cnnstudio.__main__ import main
from cnnstudio.cli.checks import CHECKS
from cnnstudio.data.splits import Dataset
from cnnstudio.models.architectures.catalogue import ARCHITECTURES
from cnnstudio.storage import shipped
from tests.models.sample_networks import HERE, outline
from tests.readme import README, blocks, commands, shipped_commands


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


@pytest.mark.parametrize("name", HERE)
def test_architectures(name: str) -> None:
    entry = ARCHITECTURES[name]
    weights = [weight for weight in outline(name).weights if "moving_" not in weight.path]
    parameters = sum(math.prod(weight.shape) for weight in weights)
    assert f"| {entry.title} (`{name}`) | {entry.year} | {parameters:,} | {entry.reported or '–'} |" in README


def test_the_python_example_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (example,) = blocks("python")
    exec(compile(example, "README.md", "exec"), {})
    accuracy, layers, kept = capsys.readouterr().out.splitlines()
    assert float(accuracy.split()[0]) > 0.85
    assert layers.startswith("[(")
    assert kept.startswith("(-")
    for picture in ("why.png", "maps.png"):
        with Image.open(tmp_path / picture) as image:
            assert image.width >= 400
