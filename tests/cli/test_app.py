"""Exit codes and sentences of the command line, whatever happens below it."""

import errno
from pathlib import Path

import pytest

from cnnstudio.errors import StudioError
from cnnstudio.storage import log_folder


def window_that_raises(error: BaseException):
    def open_window(arguments):
        raise error

    return open_window


@pytest.mark.parametrize(("arguments", "handed_on"), [([], []), (["open"], []), (["open", "seven.png"], ["seven.png"])])
def test_the_window_opens_and_its_exit_code_is_ours(outcome, arguments, handed_on):
    opened = []

    def open_window(given):
        opened.append(list(given))
        return 7

    assert outcome(*arguments, open_window=open_window) == (7, "", "")
    assert opened == [handed_on]


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (StudioError("The canvas is\nempty."), 1, "The canvas is empty.\n"),
        (
            PermissionError(errno.EACCES, "Keine Berechtigung", "/etc/x"),
            1,
            "/etc/x cannot be used: this needs a permission that you do not have.\n",
        ),
        (OSError(errno.ENOSPC, "Kein Platz"), 1, "The system cannot do this: the disk is full.\n"),
        (MemoryError(), 1, "There is not enough memory for this: close other programs, or choose smaller numbers.\n"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_failures_are_one_sentence(outcome, error, code, text):
    assert outcome("open", open_window=window_that_raises(error)) == (code, "", text)
    assert not log_folder().exists()


def test_an_import_that_fails_leads_to_the_doctor(outcome):
    error = ImportError("libGL.so.1: cannot open shared object file")
    code, out, err = outcome("open", open_window=window_that_raises(error))
    assert (code, out) == (1, "")
    assert "libGL.so.1" in err
    assert "cnnstudio doctor" in err


def test_an_unforeseen_error_names_the_log_that_holds_the_traceback(outcome):
    code, out, err = outcome("open", "x.png", open_window=window_that_raises(ZeroDivisionError("by zero")))
    assert (code, out) == (1, "")
    assert len(err.splitlines()) == 1
    [log] = log_folder().iterdir()
    assert str(log) in err
    text = log.read_text(encoding="utf-8")
    assert "cnnstudio open x.png" in text
    assert "Traceback" in text
    assert "ZeroDivisionError: by zero" in text


def test_an_unforeseen_error_where_the_log_cannot_be_written(outcome, home: Path):
    (log_folder() / "cnnstudio.log").mkdir(parents=True)
    code, _, err = outcome("open", open_window=window_that_raises(ZeroDivisionError("by zero")))
    assert code == 1
    assert len(err.splitlines()) == 1
    assert "by zero" in err


@pytest.mark.parametrize("arguments", [["--debug", "open"], ["open", "--debug"]])
def test_debug_shows_the_traceback(outcome, arguments, monkeypatch):
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "3")  # so that the change is undone afterwards
    code, out, err = outcome(*arguments, open_window=window_that_raises(StudioError("No.")))
    assert (code, out) == (1, "")
    assert err.startswith("Traceback")
    assert err.endswith("\nNo.\n")


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["trian"], ["trian"]),
        (["train", "--epcohs", "1"], ["--epcohs"]),
        (["train", "--epochs", "0"], ["number of epochs", "from 1"]),
        (["train", "--epochs", "many"], ["--epochs", "no whole number such as 10"]),
        (["train", "--learning-rate", "0,003"], ["--learning-rate", "no number such as 0.003"]),
        (["train", "--batch-size", "0"], ["batch size", "from 1"]),
        (["train", "--learning-rate", "nan"], ["learning rate", "above 0"]),
        (["train", "--learning-rate", "-1"], ["learning rate", "above 0"]),
        (["train", "--seed", "-1"], ["seed", "from 0"]),
        (["train", "--validation-fraction", "1"], ["validation fraction", "between 0 and 1"]),
        (["code", "lenet5", "--epochs", "0"], ["number of epochs", "from 1"]),
        (["train", "--dataset", "mnits"], ["mnits", "mnist"]),
        (["train", "--architecture", "lenet"], ["“lenet”", "lenet5", "softmax", "mlp", "lenet5-1998"]),
        (["train", "--augmentation", "x"], ["none", "handwriting"]),
        (["train", "--schedule", "x"], ["constant", "cosine"]),
        (["evaluate"], ["MODEL"]),
        (["evaluate", "m", "--dataset", "x"], ["mnist"]),
        (["predict", "m"], ["image", "--strokes"]),
        (["predict", "m", "x.png", "--top", "0"], ["--top"]),
        (["datasets", "extra"], ["extra"]),
    ],
)
def test_wrong_use_is_exit_code_2_and_one_line(outcome, arguments, named):
    code, out, err = outcome(*arguments)
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1
    for word in named:
        assert word in err


def test_help_names_every_command(outcome):
    code, out, err = outcome("--help")
    assert (code, err) == (0, "")
    commands = ("train", "predict", "evaluate", "datasets", "architectures", "code", "models", "adopt", "doctor")
    for command in ("open", *commands):
        assert command in out
