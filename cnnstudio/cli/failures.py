"""Errors as one sentence; unexpected ones go to the log, too."""

import platform
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

import typer

from cnnstudio.errors import StudioError, explain, reason
from cnnstudio.storage import log_folder
from cnnstudio.version import __version__

_PLAIN = {
    "Input should be a valid number, unable to parse string as a number": "this is no number such as 0.003 or 3e-3",
    "Input should be a valid integer, unable to parse string as an integer": "this is no whole number such as 10",
}
"""What the library for command lines says of numbers, and what to say instead."""


class WrongUseError(typer.TyperException):
    """The command line says too little, too much or something impossible; its text is a whole sentence."""

    exit_code = 2


@contextmanager
def wrong_use(unless: bool = False) -> Iterator[None]:
    """What a `StudioError` says of the arguments is wrong use of the command line, `unless` it is another failure."""
    try:
        yield
    except StudioError as error:
        if unless:
            raise
        raise WrongUseError(str(error)) from error


def sentence(error: Exception, arguments: Sequence[str]) -> str:
    """Says what went wrong.

    An error that is no fault of the user's is written to the log, with the command line; the text names the file.
    """
    match error:
        case StudioError() | WrongUseError():
            return str(error)
        case typer.TyperException():
            context = getattr(error, "ctx", None)
            command = context.command_path if context else "cnnstudio"
            message = error.format_message().rstrip(".")
            for technical, plain in _PLAIN.items():
                message = message.replace(technical, plain)
            return f"{message}{' See' if message.endswith('?') else '; see'} “{command} --help”."
        case MemoryError():
            return "There is not enough memory for this: close other programs, or choose smaller numbers."
        case ImportError():
            return f"CNN Studio is not installed completely ({error}): “cnnstudio doctor” says what to do."
        case OSError() if error.errno is not None:
            return explain(error)
    return f"Something went wrong inside CNN Studio ({type(error).__name__}: {error}); {_log(error, arguments)}."


def _log(error: Exception, arguments: Sequence[str]) -> str:
    """Appends the traceback to the log file and says where that is."""
    folder = log_folder()
    path = folder / "cnnstudio.log"
    text = (
        f"{datetime.now().astimezone().isoformat(timespec='seconds')} cnnstudio {__version__}, "
        f"Python {platform.python_version()} on {platform.platform()}\n"
        f"cnnstudio {' '.join(arguments)}\n{''.join(traceback.format_exception(error))}"
    )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with path.open("ab", buffering=0) as file:  # at once: another program may write there, too
            file.write(text.encode("utf-8", "backslashreplace"))
    except OSError as refused:
        return f"the details could not be written to {path} ({reason(refused)}), --debug shows them"
    return f"the details are in {path}"
