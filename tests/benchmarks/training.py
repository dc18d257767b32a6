"""How fast LeNet-5 learns MNIST, beside a plain Keras script, and how well."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

from cnnstudio.data.library import load_dataset
from cnnstudio.models.networks.building import build_network
from cnnstudio.training.config import TrainingConfig
from cnnstudio.training.events import Batches, Event
from cnnstudio.training.trainer import train
from tests.benchmarks import Measurement, plain_keras

ROUNDS = 3
CONFIG = TrainingConfig(architecture="lenet5", batch_size=128, epochs=1)
PEER = "plain Keras: fit on NumPy arrays, same net, Adam, batch 128"


@dataclass(frozen=True)
class Outcome:
    """What one epoch of training gave.

    Attributes:
        images_per_second: in the epoch, without compiling and without validation.
        accuracy: on the test images, 0–1.
    """

    images_per_second: float
    accuracy: float


class SpeedMeter:
    """Listens to a training and tells its speed: from the first event of batches to the last one of the same epoch."""

    def __init__(self, batch_size: int) -> None:
        self._batch_size = batch_size
        self._times: list[float] = []
        self._batches: list[int] = []

    def __call__(self, event: Event) -> None:
        """Takes an event; only batches count."""
        if isinstance(event, Batches):
            self._times.append(time.perf_counter())
            self._batches.append(event.first + len(event.loss))

    @property
    def images_per_second(self) -> float:
        """The speed; the training has one epoch."""
        images = (self._batches[-1] - self._batches[0]) * self._batch_size
        return images / (self._times[-1] - self._times[0])


def train_with_the_engine(seed: int) -> Outcome:
    """One epoch through `cnnstudio.train`, with a listener as the window has one."""
    meter = SpeedMeter(CONFIG.batch_size)
    result = train(TrainingConfig(**{**vars(CONFIG), "seed": seed}), on_event=meter)
    return Outcome(meter.images_per_second, result.test_accuracy)


def compare(name: str, ours: Callable[[int], Outcome], rounds: int = ROUNDS) -> list[Measurement]:
    """Measures a way to train beside the plain script, in turns.

    Args:
        name: of the measurement.
        ours: trains LeNet-5 for one epoch from a seed.
        rounds: how often each.
    """
    dataset = load_dataset("mnist")
    # The same number of images as we train on, after ours are held out.
    splits = dataset.hold_out(CONFIG.validation_fraction, CONFIG.seed).train, dataset.test
    peer = plain_keras.Training(
        lambda seed: build_network("lenet5", (28, 28, 1), 10, seed), *((split.images, split.labels) for split in splits)
    )
    mine, theirs = [], []
    for seed in range(rounds):
        theirs.append(Outcome(**peer(seed)))
        mine.append(ours(seed))
    return [
        Measurement(
            name,
            statistics.median(outcome.images_per_second for outcome in mine),
            "images/s",
            PEER,
            statistics.median(outcome.images_per_second for outcome in theirs),
        ),
        Measurement(
            f"{name}_accuracy",
            statistics.median(outcome.accuracy for outcome in mine),
            "share",
            f"{PEER}; one epoch",
            statistics.median(outcome.accuracy for outcome in theirs),
        ),
    ]


def training_engine() -> list[Measurement]:
    """Images per second of a training without a window, and its accuracy on the test images after one epoch."""
    return compare("training_engine", train_with_the_engine)
