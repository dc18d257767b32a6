"""What the commands' tests share: a small network that a command trained, and files of drawings."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from cnnstudio.__main__ import main


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run of a softmax regression, trained for one epoch by the command."""
    folder = tmp_path_factory.mktemp("trained") / "softmax"
    arguments = ["train", "--architecture", "softmax", "--epochs", "1", "--quiet", "--output", str(folder)]
    assert main(arguments) == 0
    return folder


@pytest.fixture
def strokes_file(tmp_path: Path) -> Callable[[list], str]:
    """Writes a file of drawings and gives its path."""

    def write(drawings: list) -> str:
        path = tmp_path / "drawings.json"
        path.write_text(json.dumps(drawings))
        return str(path)

    return write
