"""The engine and the commands on real disks that are full, or can only be read."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cnnstudio.data.collected.collection import Collection
from cnnstudio.data.collected.sets import create_collection, list_collections
from cnnstudio.data.library import collected_folder, import_dataset
from cnnstudio.errors import StudioError
from cnnstudio.models.networks.files import list_networks, rename_network
from cnnstudio.models.trained.library import list_broken_models, list_models, rename_model

SAVED = Path(__file__).parents[1] / "saved" / "0.1.0"
"""A library of an earlier version."""

Disk = Callable[[str], Path]


def mounted(folder: Path, options: str) -> bool:
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    return (
        shutil.which("mount") is not None and subprocess.run(command, capture_output=True, check=False).returncode == 0
    )


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A real disk of half a megabyte, in memory."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if not sys.platform.startswith("linux") or not mounted(folder, "size=512k"):
        pytest.skip("this machine lets nobody mount a small disk: run the tests as the superuser of a Linux for that")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def make_read_only(disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)


@pytest.fixture
def library(disk: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A library on the small disk."""
    home = disk / "home"
    monkeypatch.setenv("CNNSTUDIO_HOME", str(home))
    shutil.copytree(SAVED / "home" / "data", home / "data")
    return home


def fill(disk: Path) -> None:
    with (disk / "filler").open("wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)):
                pass
        except OSError:
            pass


def state(home: Path) -> dict[str, bytes]:
    """All files but the locks."""
    files = (path for path in home.rglob("*") if path.is_file() and path.suffix != ".lock")
    return {str(path.relative_to(home)): path.read_bytes() for path in files}


def test_what_a_full_disk_does_not_take_leaves_everything_as_it_was(disk: Path, library: Path) -> None:
    shapes = Collection(create_collection(collected_folder(), "Shapes", "drawings", ["circle", "square"]))
    images = shutil.copytree(SAVED / "shapes", disk / "images")
    import_dataset(images)
    [network] = list_networks()
    fill(disk)
    before = state(library)
    operations = {
        "rename a class": lambda: shapes.rename_class("circle", "ring"),
        "add a class": lambda: shapes.add_class("star"),
        "make a set": lambda: create_collection(collected_folder(), "New", "drawings", ["a", "b"]),
        "rename a network": lambda: rename_network(network, "mine"),
        "import a folder": lambda: import_dataset(images, 32, 1),
    }
    for name, operation in operations.items():
        with pytest.raises(StudioError, match="full"):
            operation()
        assert state(library) == before, name
        assert [path.name for path in list_collections(collected_folder())] == ["Shapes", "strokes"], name
    [model] = [model for model in list_models() if model.kind == "run"]
    assert rename_model(model, "mine").card.name == "mine"  # needs no room
    assert [model.name for model in list_models() if model.kind == "run"] == ["mine"]
    assert list_broken_models() == {}
    (disk / "filler").unlink()
    for operation in operations.values():
        operation()
    assert shapes.classes == ("ring", "square", "star")
    assert [network.title for network in list_networks()] == ["mine"]
    assert len(list_collections(collected_folder())) == 3


COMMANDS = (
    "architectures",
    "architectures small",
    "architectures small-shapes",
    "datasets",
    "models",
    "evaluate {model} --dataset mnist",
    "code lenet5 --dataset mnist",
    "code {model}",
    "predict {model} {picture}",
    "predict {model} --strokes {strokes}",
)


@pytest.mark.parametrize("is_there", [True, False], ids=["a library", "none"])
def test_commands_that_only_read(disk: Path, library: Path, tmp_path: Path, is_there: bool) -> None:
    if not is_there:
        shutil.rmtree(library)
    (tmp_path / "strokes.json").write_text("[[[[10, 10], [200, 200]]]]")
    make_read_only(disk)
    before = state(library)
    places = {"picture": SAVED / "shapes" / "bars", "strokes": tmp_path / "strokes.json", "model": "lenet5-mnist"}
    lines = [line.format(**places) for line in COMMANDS if is_there or "small" not in line]
    code = (
        "import shlex, sys\nfrom cnnstudio.cli.app import run\n"
        "for line in sys.argv[1:]:\n"
        "    code = run(shlex.split(line), None)\n"
        "    print(f'{line}: {code}', file=sys.stderr) if code else None\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *lines], capture_output=True, text=True, timeout=300, check=False, env=os.environ
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert state(library) == before


def test_doctor_says_once_what_to_do(disk: Path, library: Path) -> None:
    make_read_only(disk)
    code = "import sys\nfrom cnnstudio.__main__ import main\nsys.exit(main(['doctor']))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 1
    assert done.stdout.count("cannot be written (the disk is read-only)") == 4
    assert done.stdout.count("CNNSTUDIO_HOME") == 1
    assert "Traceback" not in done.stderr
