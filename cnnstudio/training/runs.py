"""A run on disk: a classifier's folder that also keeps how it was trained.

`config.json` is written first and `history.json` after every epoch; `model.keras` and `card.json` appear with the first
epoch that is over, so a folder without them holds no model.

Somebody may rename the folder while the training goes on, move it away or throw it away. The run goes along with a new
name; where the folder is gone, it is begun again.
"""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnnstudio.errors import StudioError, is_full, reason
from cnnstudio.models.networks.building import build_network, called, find_network
from cnnstudio.models.trained.card import CARD_FILE, CONFIG_FILE, Card
from cnnstudio.names import checked_name
from cnnstudio.storage import (
    Claim,
    free_bytes,
    is_claimed,
    is_folder,
    is_temporary,
    remove,
    runs_folder,
    shipped,
    unused_folder,
    write_atomically,
)
from cnnstudio.training.config import TrainingConfig
from cnnstudio.training.events import EpochEnd
from cnnstudio.training.loop import Block
from cnnstudio.wording import size

if TYPE_CHECKING:
    import keras

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
        claim: on the folder.
        is_new: whether it was made for this run, so that `discard` removes it.

    Attributes:
        folder: where it was when it was last written to.
        has_model: whether a model is in it.
    """

    def __init__(self, folder: Path, claim: Claim, is_new: bool) -> None:
        self.folder = folder
        self.has_model = False
        self._is_new = is_new
        self._claim = claim
        self._texts: dict[str, str] = {}

    def write_config(self, config: TrainingConfig) -> None:
        """Keeps the config."""
        self._write_text(CONFIG_FILE, json.dumps({"format": 1, **asdict(config)}, indent=2))

    def write_history(self, history: History) -> None:
        """Keeps the history so far: a list of epochs, and the figures of every batch."""
        batches = {"loss": history.loss, "accuracy": history.accuracy}
        epochs = [asdict(epoch) for epoch in history.epochs]
        values = {"format": 1, "batches_per_epoch": history.batches_per_epoch, "advice": history.advice}
        self._write_text(HISTORY_FILE, json.dumps(values | {"epochs": epochs, "batches": batches}))

    def write_model(self, classifier: "Classifier") -> None:
        """Keeps a classifier in place of the one before, which stays where that fails."""
        self._write(classifier.save)
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

    def follow(self) -> None:
        """Goes along with a folder that was renamed; begins it again where it is gone, then without a model.

        Raises:
            StudioError: it cannot be begun again.
        """
        if self._claim.is_at(self.folder):
            return
        found = self._claim.find(self.folder.parent)
        if found is not None:
            self.folder = found
            return
        self._claim.end()
        try:
            self.folder, self._claim = _new_folder(self.folder.parent, self.folder.name)
            self.has_model, self._is_new = False, True
            for file, text in self._texts.items():
                write_atomically(self.folder / file, text)
        except OSError as error:
            raise _cannot_write(self.folder, error) from error

    def discard(self) -> None:
        """Removes what the run has written, and its folder where it was made for it."""
        if not self._claim.is_at(self.folder):
            return
        for name in () if self._is_new else self._texts:
            remove(self.folder / name)
        if self._is_new:
            remove(self.folder)

    def close(self) -> None:
        """Lets go of the folder: nothing more is going to be written."""
        self._claim.end()

    def _write(self, write: Callable[[Path], object]) -> None:
        """Writes into the folder, wherever it is by now."""
        self.follow()
        try:
            write(self.folder)
        except (StudioError, OSError):
            if self._claim.is_at(self.folder):
                raise
            self.follow()
            write(self.folder)

    def _write_text(self, name: str, text: str) -> None:
        self._texts[name] = text
        try:
            self._write(lambda folder: write_atomically(folder / name, text))
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
            run = Run(*_new_folder(runs_folder(), name), is_new=True)
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


def is_unfinished(folder: Path) -> bool:
    """Whether a folder is all that is left of a training that was killed before its first epoch was over.

    It is empty, or there is nothing in it but the config of a training, its history or the card of a model that was
    not written any more, and temporary files.
    """
    try:
        names = {path.name for path in folder.iterdir()}
        if (
            names & {CONFIG_FILE, HISTORY_FILE, CARD_FILE}
            and not {"dataset", "architecture"} <= config_of_run(folder).keys()
        ):
            return False  # somebody else's file of that name
    except (OSError, StudioError):
        return False
    rest = names - {CONFIG_FILE, CARD_FILE if CARD_FILE in names else HISTORY_FILE}
    return all(is_temporary(name) for name in rest) and not is_claimed(folder)


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
    except FileNotFoundError as error:
        raise StudioError(f"{path} is missing: how this model was trained is not known.") from error
    except OSError as error:
        raise StudioError(f"{path}, which says how this model was trained, cannot be read: {reason(error)}.") from error
    except (ValueError, TypeError, RecursionError) as error:
        raise StudioError(f"{path} does not say how this model was trained: it is damaged.") from error


def initial_model(folder: Path, card: Card) -> "keras.Model":
    """Builds the network of a run once more, as it was before its training: the same seed gives the same weights.

    Args:
        folder: of the run.
        card: of its model.

    Raises:
        StudioError: it was not trained here, or went on from another model, or its network is not there any more.
    """
    try:
        config = config_of_run(folder)
    except StudioError:
        raise StudioError(
            "With which weights its training began is known only of models that were trained here."
        ) from None
    if config.get("start_from"):
        raise StudioError("Its training went on from another model, so it did not begin with weights of its own.")
    try:
        seed = int(config["seed"])
        return build_network(str(config["architecture"]), card.input_shape, len(card.classes), seed)
    except (StudioError, LookupError, TypeError, ValueError) as error:
        raise StudioError("How its weights were at first is not known: its network is not there.") from error


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
        if is_unfinished(folder):
            for path in folder.iterdir():
                remove(path)
        if any(folder.iterdir()):
            raise StudioError(f"{folder} is not empty. Choose a new or an empty folder for the run.") from None
        return Run(folder, Claim(folder), is_new=False)
    return Run(folder, Claim(folder), is_new=True)


def _new_folder(parent: Path, name: str) -> tuple[Path, Claim]:
    """Makes a folder of this name, or of the next that is free, and claims it."""
    try:
        return _claimed(unused_folder(parent, name, taken=_shipped_names()))
    except (FileNotFoundError, BlockingIOError):  # another program took it for something left behind, this very moment
        return _claimed(unused_folder(parent, name, taken=_shipped_names()))


def _claimed(folder: Path) -> tuple[Path, Claim]:
    """Claims a folder that was just made; where that fails, it is as if it had not been made."""
    try:
        return folder, Claim(folder)
    except OSError:
        with suppress(OSError):  # another program may have removed it, or works in it
            folder.rmdir()
        raise


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
