"""How long a folder of 60,000 pictures takes until it can be trained on, beside Keras's own way."""

import statistics
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cnnstudio.data.folders.cache import forget_cache
from cnnstudio.data.folders.load import load_folder
from tests.benchmarks import Measurement, cifar10_archive

ROUNDS = 3
SIZE = 32
PEER = "keras.utils.image_dataset_from_directory, and one pass over train and test"


@contextmanager
def unpacked_cifar10() -> Iterator[Path]:
    """A folder with the JPEG files of CIFAR-10, in train and test."""
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(cifar10_archive()) as file:
        file.extractall(folder)
        yield Path(folder)


def folder_scan() -> list[Measurement]:
    """Seconds from the path to images that can be trained on, nothing known of the folder."""
    return [_compare("folder_scan", forget_cache)]


def folder_scan_cached() -> list[Measurement]:
    """The same for a folder that has not changed since it was scanned."""
    return [_compare("folder_scan_cached", lambda folder: load_folder(folder, SIZE, 3))]


def _compare(name: str, prepare: Callable[[Path], object]) -> Measurement:
    import keras  # noqa: F401 - both begin with TensorFlow there

    ours, peer = [], []
    with unpacked_cifar10() as folder:
        _read_with_keras(folder)
        for _ in range(ROUNDS):
            prepare(folder)
            ours.append(_seconds(lambda: load_folder(folder, SIZE, 3)))
            peer.append(_seconds(lambda: _read_with_keras(folder)))
        forget_cache(folder)
    return Measurement(name, statistics.median(ours), "s", PEER, statistics.median(peer))


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _read_with_keras(folder: Path) -> None:
    import keras

    for split in ("train", "test"):
        dataset = keras.utils.image_dataset_from_directory(
            folder / split, image_size=(SIZE, SIZE), batch_size=128, verbose=False
        )
        for _ in dataset:
            pass
