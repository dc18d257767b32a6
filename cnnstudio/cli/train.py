"""`cnnstudio train`: trains a network and keeps it as a run."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer
from typing_extensions import override

from cnnstudio.cli.console import ProgressBar, complain, engine_at_work, print_json, progress_bar
from cnnstudio.cli.failures import wrong_use
from cnnstudio.cli.options import (
    ARCHITECTURE_HELP,
    DATASET_HELP,
    JsonOption,
    architecture_named,
    dataset_named,
    found_layout,
)
from cnnstudio.cli.training_options import TrainingOptions, with_training_options
from cnnstudio.progress import Progress
from cnnstudio.training.config import FOR_PHOTOS, TrainingConfig
from cnnstudio.training.events import Batches, EpochEnd, Event, Moved, Preparing, Started, Stopped
from cnnstudio.training.leftovers import remove_leftovers
from cnnstudio.training.trainer import NothingTrained, TrainingResult
from cnnstudio.training.trainer import train as train_network
from cnnstudio.wording import duration, percent

INTERRUPTED = 130


@with_training_options(TrainingConfig)
def train(
    *,
    dataset: Annotated[
        str, typer.Option(metavar="NAME|PATH", help=DATASET_HELP.format("The data set"))
    ] = TrainingConfig.dataset,
    architecture: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|FILE",
            help=ARCHITECTURE_HELP.format("The network")
            + f" By default {TrainingConfig.architecture}, and {FOR_PHOTOS.name} for few or large photos of your own.",
            show_default=False,
        ),
    ] = None,
    training: TrainingOptions,
    output: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="The run's own folder, new or empty; by default one is made under the user's data folder.",
        ),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
    as_json: JsonOption = False,
) -> int:
    """Train a network; Ctrl+C stops it and keeps what was learnt."""
    entry = dataset_named(dataset, training.get("image_size"), training.get("channels"), training.get("layout") or "")
    if entry.layout and not training.get("layout") and entry.name == str(entry.path):
        complain(found_layout(entry))
    if architecture is not None:
        architecture_named(architecture)
    suggested = TrainingConfig.suggested(entry, architecture or "")
    given: dict[str, Any] = {"image_size": suggested.image_size, "channels": suggested.channels} | dict(training)
    given["layout"] = suggested.layout
    config = TrainingConfig(dataset=dataset, architecture=suggested.architecture, **given)
    with wrong_use():
        config.check()
    remove_leftovers()
    stop = threading.Event()
    try:
        with engine_at_work(), _interrupt_sets(stop), progress_bar(not quiet) as bar:
            on_event = _Warnings(bar) if quiet else _TrainingView(bar)
            result = train_network(config, on_event=on_event, stop=stop, output=output)
    except NothingTrained as error:
        complain(str(error))
        return INTERRUPTED
    if as_json:
        print_json(_as_json(result))
    else:
        _print_sentences(result)
    return INTERRUPTED if result.stopped else 0


def _as_json(result: TrainingResult) -> dict[str, Any]:
    return {
        "run": str(result.run),
        "dataset": result.dataset,
        "architecture": result.architecture,
        "parameters": result.parameters,
        "epochs": result.epochs,
        "train_seconds": result.train_seconds,
        "images_per_second": result.images_per_second,
        "test_accuracy": result.test_accuracy,
        "test_loss": result.test_loss,
        "advice": result.advice,
        "left_out": [asdict(one) for one in result.left_out],
    }


def _print_sentences(result: TrainingResult) -> None:
    if result.stopped:
        print("Stopped; what was learnt is kept.")
    print(
        f"{result.architecture_title} gets {percent(result.test_accuracy, 2)} of the {result.test_images:,} test "
        f"images of {result.dataset_title} right (loss {result.test_loss:.4f})."
    )
    print(
        f"{result.parameters:,} parameters, trained for {result.train_seconds:.1f} s "
        f"at {result.images_per_second:,.0f} images/s."
    )
    if result.advice:
        print(result.advice)
    print(f"Run: {result.run}")


@contextmanager
def _interrupt_sets(stop: threading.Event) -> Iterator[None]:
    """Lets the first Ctrl+C set `stop`; the second one ends the process at once."""

    def handle(_number: int, _frame: FrameType | None) -> None:
        stop.set()
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    previous = signal.signal(signal.SIGINT, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)


class _Warnings:
    """Says what of a folder of images is left out, which nobody should overlook."""

    def __init__(self, bar: ProgressBar) -> None:
        self._bar = bar

    def __call__(self, event: Event) -> None:
        if isinstance(event, Started):
            for one in event.left_out:
                self._bar.say(one.text)


class _TrainingView(_Warnings):
    """Shows a training's events: a moving bar in a terminal, a line an epoch everywhere."""

    def __init__(self, bar: ProgressBar) -> None:
        super().__init__(bar)
        self._batches = 0
        self._epochs = 0

    @override
    def __call__(self, event: Event) -> None:
        super().__call__(event)
        match event:
            case Preparing():
                self._bar.show(f"{event.task} …", 0, 0, "")
            case Progress():
                self._bar(event)
            case Started():
                self._epochs, self._batches = event.epochs, event.epochs * event.batches_per_epoch
                self._bar.say(
                    f"{event.parameters:,} parameters, {event.train_images:,} training images, "
                    f"{event.validation_images:,} for validation. Run: {event.run}"
                )
            case Batches():
                figures = (
                    f"loss {event.loss.mean():.4f}, {percent(event.accuracy.mean())} right, "
                    f"{event.images_per_second:,.0f} images/s, {duration(event.seconds_left)} left"
                )
                done = event.first + len(event.loss)
                self._bar.show(f"Epoch {event.epoch + 1} of {self._epochs}", done, self._batches, figures)
            case EpochEnd():
                self._bar.say(
                    f"Epoch {event.epoch + 1} of {self._epochs}: loss {event.loss:.4f}, {percent(event.accuracy)} "
                    f"right; validation loss {event.val_loss:.4f}, {percent(event.val_accuracy)} right"
                )
            case Moved():
                self._bar.say(f"The run's folder was renamed, moved or deleted meanwhile. Run: {event.run}")
            case Stopped():
                self._bar.say("Stopping: measuring what was learnt. Ctrl+C again ends at once.")
