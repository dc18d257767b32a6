"""What the commands' tests share: a way to run one in this process, and a small network that it trained."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from cnnstudio.cli.app import run

Outcome = tuple[int, str, str]


def no_window(arguments: Sequence[str]) -> int:
    raise AssertionError("the window was opened")


@pytest.fixture
def outcome(capfd: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Runs a command line and gives (exit code, stdout, stderr)."""

    def outcome_of(*arguments: str, open_window: Callable[[Sequence[str]], int] = no_window) -> Outcome:
        capfd.readouterr()  # what fixtures said, as TensorFlow does where one imports it
        code = run(arguments, open_window)
        return code, *capfd.readouterr()

    return outcome_of


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run of a softmax regression, trained for one epoch by the command."""
    folder = tmp_path_factory.mktemp("trained") / "softmax"
    arguments = ["train", "--architecture", "softmax", "--epochs", "1", "--quiet", "--output", str(folder)]
    assert run(arguments, no_window) == 0
    return folder


@pytest.fixture
def strokes_file(tmp_path: Path) -> Callable[[list], str]:
    """Writes a file of drawings and gives its path."""

    def write(drawings: list) -> str:
        path = tmp_path / "drawings.json"
        path.write_text(json.dumps(drawings))
        return str(path)

    return write
