"""A run on disk: a classifier's folder that also keeps how it was trained.

`config.json` is written first and `history.json` after every epoch; `model.keras` and `card.json` appear with the first
epoch that is over, so a folder without them holds no model.
"""

import json
import shutil
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnnstudio.errors import StudioError, is_full, reason
from cnnstudio.models.networks.building import called, find_network
from cnnstudio.models.trained.card import CONFIG_FILE
from cnnstudio.names import checked_name
from cnnstudio.storage import free_bytes, is_folder, runs_folder, shipped, unused_folder, write_atomically
from cnnstudio.training.config import TrainingConfig
from cnnstudio.training.events import EpochEnd
from cnnstudio.training.loop import Block
from cnnstudio.wording import size

if TYPE_CHECKING:
    from cnnstudio.models.trained.classifier import Classifier

HISTORY_FILE = "history.json"

_MAX_CONFIG_BYTES = 2**20
_MAX_HISTORY_BYTES = 64 * 2**20


@dataclass(eq=False)
class History:
    """The course of a training.

    Attributes:
        epochs: every epoch that is over.
        loss: the loss of every batch.
        accuracy: the share of every batch that was right, 0–1.
        batches_per_epoch: number of batches in one epoch; 0 where it is not known.
        advice: what is odd about the result and what to do, in a sentence or two; empty where nothing is.
    """

    epochs: list[EpochEnd] = field(default_factory=list)
    loss: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)
    batches_per_epoch: int = 0
    advice: str = ""

    def add(self, block: Block) -> None:
        """Adds the batches of a block."""
        self.loss += (float(f"{value:.5g}") for value in block.loss)
        self.accuracy += (float(f"{value:.5g}") for value in block.accuracy)


class Run:
    """The folder of one training. Its methods raise `StudioError` where it cannot be written to.

    Args:
        folder: exists and is empty.
        is_new: whether it was made for this run, so that `discard` removes it.
    """

    def __init__(self, folder: Path, is_new: bool) -> None:
        self.folder = folder
        self.has_model = False
        self._is_new = is_new

    def write_config(self, config: TrainingConfig) -> None:
        """Keeps the config."""
        self._write(CONFIG_FILE, json.dumps({"format": 1, **asdict(config)}, indent=2))

    def write_history(self, history: History) -> None:
        """Keeps the history so far: a list of epochs, and the figures of every batch."""
        batches = {"loss": history.loss, "accuracy": history.accuracy}
        epochs = [asdict(epoch) for epoch in history.epochs]
        values = {"format": 1, "batches_per_epoch": history.batches_per_epoch, "advice": history.advice}
        self._write(HISTORY_FILE, json.dumps(values | {"epochs": epochs, "batches": batches}))

    def write_model(self, classifier: "Classifier") -> None:
        """Keeps a classifier in place of the one before, which stays where that fails."""
        classifier.save(self.folder)
        self.has_model = True

    def check_space(self, model_bytes: int) -> None:
        """Checks that the disk has room for the model, twice (the new file is written beside the old one).

        Raises:
            StudioError: it has not.
        """
        needed, free = 2 * model_bytes + 2**20, free_bytes(self.folder)
        if free < needed:
            raise StudioError(
                f"The disk of {self.folder} is full: the model needs {size(needed)}, {size(free)} are "
                "free. Make room, or choose another output folder."
            )

    def discard(self) -> None:
        """Removes what the run has written, and its folder where it was made for it."""
        if self._is_new:
            shutil.rmtree(self.folder, ignore_errors=True)
            return
        for name in (CONFIG_FILE, HISTORY_FILE):
            (self.folder / name).unlink(missing_ok=True)

    def _write(self, name: str, text: str) -> None:
        try:
            write_atomically(self.folder / name, text)
        except OSError as error:
            raise _cannot_write(self.folder, error) from error


def create_run(config: TrainingConfig, output: Path | None = None) -> Run:
    """Makes the folder of a new run and keeps its config there.

    Args:
        config: what will be trained.
        output: the folder to use, new or empty; without it one named after architecture and data set is made below
            the user's runs.

    Raises:
        StudioError: the folder holds something already, or cannot be made or written to.
    """
    try:
        if output is None:
            name = f"{_name_of_network(config)}-{Path(config.dataset).name.removesuffix('.zip')}"
            run = Run(unused_folder(runs_folder(), name, taken=_shipped_names()), is_new=True)
        else:
            run = _open_empty(output.expanduser().absolute())
    except OSError as error:
        raise _cannot_write(output, error) from error
    try:
        run.write_config(config)
    except StudioError:
        run.discard()
        raise
    return run


def _name_of_network(config: TrainingConfig) -> str:
    """Returns a network's title where a folder can have that name, otherwise its key: titles come from users' files."""
    network = find_network(config.architecture)
    try:
        return checked_name(called(network), "A run's name")
    except StudioError:
        return network.name


def config_of_run(folder: Path) -> dict[str, Any]:
    """Returns the config of a run, by the names of `TrainingConfig`'s fields.

    Raises:
        StudioError: the folder keeps no config, or one that cannot be read.
    """
    path = folder / CONFIG_FILE
    try:
        with path.open("rb") as file:
            values = json.loads(file.read(_MAX_CONFIG_BYTES))
        return {item.name: values[item.name] for item in fields(TrainingConfig) if item.name in values}
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise StudioError(f"{path} does not say how this model was trained: it is missing or damaged.") from error


def history_of_run(folder: Path) -> History:
    """Returns the course of a run's training.

    Raises:
        StudioError: the folder keeps no history, or one that cannot be read.
    """
    path = folder / HISTORY_FILE
    try:
        with path.open("rb") as file:
            values = json.loads(file.read(_MAX_HISTORY_BYTES))
        epochs = [
            EpochEnd(number, *(float(epoch[item.name]) for item in fields(EpochEnd)[1:]))
            for number, epoch in enumerate(values["epochs"])
        ]
        loss, accuracy = ([float(value) for value in values["batches"][name]] for name in ("loss", "accuracy"))
        if len(loss) != len(accuracy):
            raise ValueError("some batches have no accuracy")
        # An earlier version wrote neither this nor an advice: without a stop, all epochs have as many batches.
        per_epoch = int(values.get("batches_per_epoch", 0)) or len(loss) // max(1, len(epochs))
        return History(epochs, loss, accuracy, per_epoch, str(values.get("advice", "")))
    except (OSError, ValueError, TypeError, LookupError, AttributeError, RecursionError, OverflowError) as error:
        raise StudioError(f"{path} does not say how the training went: it is missing or damaged.") from error


def histories_up_to_run(folder: Path) -> list[History]:
    """Returns the courses of the trainings that a run goes on from, one from the other, as far as they are kept, and
    at last its own.

    Raises:
        StudioError: of the run itself.
    """
    histories, seen = [history_of_run(folder)], {folder}
    start = config_of_run(folder).get("start_from")
    while isinstance(start, str) and (folder := Path(start)) not in seen:
        seen.add(folder)
        try:
            histories.insert(0, history_of_run(folder))
            start = config_of_run(folder).get("start_from")
        except StudioError:  # a model from elsewhere, or a run that is gone
            break
    return histories


def _open_empty(folder: Path) -> Run:
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        if not is_folder(folder):
            raise StudioError(f"{folder} is a file. Choose a new or an empty folder for the run.") from None
        if any(folder.iterdir()):
            raise StudioError(f"{folder} is not empty. Choose a new or an empty folder for the run.") from None
        return Run(folder, is_new=False)
    return Run(folder, is_new=True)


def _shipped_names() -> set[str]:
    """Returns the names of the models that ship: by the same name, a run could not be found."""
    try:
        return {folder.name for folder in shipped("trained").iterdir()}
    except OSError:
        return set()


def _cannot_write(folder: Path | None, error: OSError) -> StudioError:
    elsewhere = "Choose another output folder"
    if folder is None:
        elsewhere = "Name another place for all your files in the environment variable CNNSTUDIO_HOME"
    room = ", or make room there" if is_full(error) else ""
    return StudioError(f"The run cannot be written to {folder or runs_folder()}: {reason(error)}. {elsewhere}{room}.")
