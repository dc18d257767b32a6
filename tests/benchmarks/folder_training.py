"""Training from a folder beside training from arrays: speed, and memory that does not grow with the images."""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from cnnstudio.data.library import find_dataset, load_dataset
from cnnstudio.data.published.catalogue import DATASETS
from cnnstudio.data.splits import Dataset, Split
from cnnstudio.training.config import TrainingConfig
from cnnstudio.training.events import Batches, Event
from cnnstudio.training.trainer import train
from tests.benchmarks import Measurement, cifar10_archive

ROUNDS = 3
CONFIG = TrainingConfig(architecture="lenet5", epochs=2)
MEGABYTE = 2**20
LIMIT_MEGABYTES = 1200.0
FEW = 6_000
"""Of the 60,000 images, as many of each class and split."""


@contextmanager
def cifar10_folder(images: int = 60_000) -> Iterator[Path]:
    """The JPEG copy of CIFAR-10, or a share of it, unpacked as a user would have it."""
    with tempfile.TemporaryDirectory() as name, zipfile.ZipFile(cifar10_archive()) as packed:
        wanted = [item for item in packed.namelist() if item.endswith(".jpg")]
        packed.extractall(name, wanted[:: len(wanted) // images])
        yield Path(name)


class SecondEpoch:
    """Listens to a training of two epochs and tells the speed of the second."""

    def __init__(self, batch_size: int) -> None:
        self._batch_size = batch_size
        self._times: list[float] = []
        self._batches: list[int] = []

    def __call__(self, event: Event) -> None:
        """Takes an event; only the second epoch's batches count."""
        if isinstance(event, Batches) and event.epoch == 1:
            self._times.append(time.perf_counter())
            self._batches.append(event.first + len(event.loss))

    @property
    def images_per_second(self) -> float:
        """From its first event of batches to its last."""
        return (self._batches[-1] - self._batches[0]) * self._batch_size / (self._times[-1] - self._times[0])


def speed(dataset: str, seed: int) -> float:
    """Images per second of the second epoch of a training."""
    config = replace(CONFIG, dataset=dataset, seed=seed)
    meter = SecondEpoch(config.batch_size)
    with tempfile.TemporaryDirectory() as run:
        train(config, on_event=meter, output=Path(run))
    return meter.images_per_second


def add_as_arrays(path: Path) -> str:
    """Adds the same data, held in memory, to the table of data sets; returns its name."""

    def in_memory(split: Split) -> Split:
        return Split(np.asarray(split.images), split.labels)

    dataset = load_dataset(str(path))
    arrays = Dataset(
        "arrays", dataset.classes, in_memory(dataset.train), in_memory(dataset.test), input_rule=dataset.input_rule
    )
    entry = find_dataset(str(path))
    DATASETS["arrays"] = replace(entry, name="arrays", read=lambda _: arrays, path=None)
    return "arrays"


def folder_training() -> list[Measurement]:
    """Images per second of the second epoch, from a folder and from arrays; then peak memory."""
    with cifar10_folder() as path:
        name = add_as_arrays(path)
        speeds = [(speed(str(path), seed), speed(name, seed)) for seed in range(ROUNDS)]
        del DATASETS["arrays"]
        mine, theirs = (statistics.median(values) for values in zip(*speeds, strict=True))
        all_images = _peak(path)
    with cifar10_folder(FEW) as path:
        few_images = _peak(path)
    bare = _peak(None)
    above = [(peak - bare) / MEGABYTE for peak in (all_images, few_images)]
    return [
        Measurement("folder_training", mine, "images/s", "the same data as arrays", theirs),
        Measurement("folder_memory", above[0], "MB above bare TensorFlow", "the limit", LIMIT_MEGABYTES),
        Measurement("folder_memory_growth", all_images / MEGABYTE, "MB in all", "6,000 images", few_images / MEGABYTE),
    ]


_PEAK = """
import re, sys
from pathlib import Path
import keras, tensorflow
if sys.argv[1:]:
    from cnnstudio.training.config import TrainingConfig
    from cnnstudio.training.trainer import train
    config = TrainingConfig(architecture="lenet5", epochs=1, dataset=sys.argv[1])
    train(config, on_event=lambda event: None, output=Path(sys.argv[2]))
print(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text()).group(1))
"""


def _peak(path: Path | None) -> int:
    """Most bytes in memory of a process that scans a folder and trains an epoch; or only imports TensorFlow.

    As Linux counts them for the process alone: what `getrusage` tells includes the parent's.
    """
    home = tempfile.mkdtemp()
    arguments = [] if path is None else [str(path), str(Path(home) / "run")]
    done = subprocess.run(
        [sys.executable, "-c", _PEAK, *arguments],
        env={**os.environ, "CNNSTUDIO_HOME": home, "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        check=True,
    )
    shutil.rmtree(home)
    return 1024 * int(done.stdout.splitlines()[-1])
