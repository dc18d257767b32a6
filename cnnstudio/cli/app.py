"""The command line: joins the commands, and turns whatever goes wrong into a sentence and an exit code."""

import os
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from cnnstudio.cli.adopt import adopt
from cnnstudio.cli.architectures import architectures
from cnnstudio.cli.code import code
from cnnstudio.cli.console import complain, make_streams_lenient
from cnnstudio.cli.datasets import datasets
from cnnstudio.cli.doctor import doctor
from cnnstudio.cli.embedding import embedding
from cnnstudio.cli.evaluate import evaluate
from cnnstudio.cli.explain import explain
from cnnstudio.cli.failures import sentence
from cnnstudio.cli.feature_maps import feature_maps
from cnnstudio.cli.lesson import lesson
from cnnstudio.cli.models import models
from cnnstudio.cli.predict import predict
from cnnstudio.cli.robustness import robustness
from cnnstudio.cli.train import train
from cnnstudio.version import __version__

OpenWindow = Callable[[Sequence[str]], int]
"""Opens the window with an image, a model or a lesson, if one is named, and returns the exit code."""

app = typer.Typer(
    name="cnnstudio",
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Without a command, the window opens.",
)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"cnnstudio {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def start(
    context: typer.Context,
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
    _debug: Annotated[
        bool, typer.Option("--debug", help="Show tracebacks and TensorFlow's messages; allowed anywhere.")
    ] = False,
) -> int:
    """Train a convolutional network, draw or open an image, and see what every layer saw."""
    return context.obj([]) if context.invoked_subcommand is None else 0


@app.command(name="open")
def open_(
    context: typer.Context,
    path: Annotated[
        Path | None, typer.Argument(metavar="[IMAGE|MODEL|FOLDER]", help="What it opens with.", show_default=False)
    ] = None,
) -> int:
    """Open the window."""
    return context.obj([] if path is None else [str(path)])


for command in (
    train,
    predict,
    explain,
    feature_maps,
    embedding,
    robustness,
    evaluate,
    datasets,
    architectures,
    code,
    models,
    adopt,
    lesson,
    doctor,
):
    app.command()(command)


def run(arguments: Sequence[str], open_window: OpenWindow) -> int:
    """Runs a command line without the program's name; calls `open_window` for `open` and where there is no command.

    Returns:
        The exit code: 0, 1 for a failure, 2 for wrong use, 130 where Ctrl+C ended it.
    """
    make_streams_lenient()
    debug = "--debug" in arguments
    if debug:
        os.environ["TF_CPP_MIN_LOG_LEVEL"] = "0"
    try:
        code = typer.main.get_command(app).main(
            args=[argument for argument in arguments if argument != "--debug"],
            prog_name="cnnstudio",
            standalone_mode=False,
            obj=open_window,
        )
        sys.stdout.flush()
    except BrokenPipeError:
        return _reader_gone()
    except SystemExit as exit_:  # typer answers a closed pipe so
        _reader_gone()
        return exit_.code if isinstance(exit_.code, int) else 1
    except (KeyboardInterrupt, typer.Abort):
        return 130
    except Exception as error:  # noqa: BLE001 - the last one to catch anything
        if debug:
            traceback.print_exc()
        complain(sentence(error, arguments))
        return error.exit_code if isinstance(error, typer.TyperException) else 1
    return int(code or 0)


def _reader_gone() -> int:
    """Sends what is left in stdout's buffer nowhere, so that the interpreter does not stumble over it at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1
