"""What every test stands on: no screen, folders of its own, no network of its own."""

import gc
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication
from shiboken6 import delete

from cnnstudio.cli.app import run
from cnnstudio.data.library import load_dataset
from cnnstudio.data.published.catalogue import DATASETS
from cnnstudio.data.splits import Dataset
from cnnstudio.gui.garbage import GarbageCollector
from cnnstudio.training.config import TrainingConfig

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # else each process that a test starts compiles all modules anew
sys.dont_write_bytecode = False  # and each run of the tests all tests

Outcome = tuple[int, str, str]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begins with trainings, which are the longest files, so that no process has to wait for another in the end."""
    items.sort(key=lambda item: "/tests/training/" not in item.path.as_posix())


@pytest.fixture(scope="session", autouse=True)
def read_mnist_once() -> Iterator[None]:
    """All tests of a process share the images of MNIST, which are read from their files once."""
    entry = DATASETS["mnist"]
    images = cache(lambda: entry.read(None))
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(DATASETS, "mnist", replace(entry, read=lambda _: images()))
        yield


garbage_collector = GarbageCollector()


@pytest.fixture(autouse=True)
def garbage_is_collected_between_tests() -> Iterator[None]:
    """And in this thread alone, as in the application: pages that a test has closed may be among it."""
    gc.disable()
    yield
    application = QCoreApplication.instance()
    for one in application.findChildren(GarbageCollector) if application is not None else ():
        delete(one)  # that of a window that the test has opened
    garbage_collector.collect()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """All user folders of CNN Studio lie below a folder of this test alone."""
    monkeypatch.delenv("COLUMNS", raising=False)  # what runs tests side by side sets it
    folder = tmp_path / "home"
    monkeypatch.setenv("CNNSTUDIO_HOME", str(folder))
    return folder


@pytest.fixture
def outcome(capfd: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Runs a command line in this process and gives (exit code, stdout, stderr)."""

    def no_window(arguments: Sequence[str]) -> int:
        raise AssertionError("the window was opened")

    def outcome_of(*arguments: str, open_window: Callable[[Sequence[str]], int] = no_window) -> Outcome:
        capfd.readouterr()  # what fixtures said, as TensorFlow does where one imports it
        code = run(arguments, open_window)
        return code, *capfd.readouterr()

    return outcome_of


@pytest.fixture(scope="session")
def datasets_folder() -> Path:
    """The folder of real data beside the project; tests that need it are skipped where there is none."""
    value = os.environ.get("CNNSTUDIO_DATASETS")
    if not value or not Path(value).is_dir():
        pytest.skip("CNNSTUDIO_DATASETS does not name a folder of data sets")
    return Path(value)


@pytest.fixture(scope="session")
def digits() -> Dataset:
    """1,400 training and 300 test images of MNIST, not yet in the table."""
    dataset = load_dataset("mnist")
    return replace(
        dataset, name="digits", train=dataset.train.take(np.arange(1400)), test=dataset.test.take(np.arange(300))
    )


@contextmanager
def in_the_table(dataset: Dataset) -> Iterator[None]:
    entry = replace(
        DATASETS["mnist"],
        name=dataset.name,
        train_images=len(dataset.train),
        test_images=len(dataset.test),
        read=lambda _: dataset,
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(DATASETS, dataset.name, entry)
        yield


@pytest.fixture(scope="session")
def dataset_in_the_table() -> Callable[[Dataset], AbstractContextManager[None]]:
    """A context within which a loaded data set is in the table, for what several tests share."""
    return in_the_table


@pytest.fixture
def add_dataset() -> Iterator[Callable[[Dataset], None]]:
    """Adds a loaded data set to the table, for this test."""
    with ExitStack() as stack:
        yield lambda dataset: stack.enter_context(in_the_table(dataset))


@pytest.fixture
def quick(add_dataset: Callable[[Dataset], None], digits: Dataset) -> TrainingConfig:
    """A training of two epochs of 19 batches, the last of 48 images, which takes a second."""
    add_dataset(digits)
    return TrainingConfig(dataset="digits", architecture="softmax", epochs=2, batch_size=64, validation_fraction=1 / 7)
