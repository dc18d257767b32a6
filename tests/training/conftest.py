"""A small data set of real digits, for trainings that take a second."""

from dataclasses import replace

import numpy as np
import pytest

from cnnstudio.data.datasets import DATASETS
from cnnstudio.data.library import load_dataset
from cnnstudio.data.splits import Dataset
from cnnstudio.training.config import TrainingConfig


@pytest.fixture(scope="session")
def digits() -> Dataset:
    """1,400 training and 300 test images of MNIST, not yet in the table."""
    dataset = load_dataset("mnist")
    return replace(
        dataset, name="digits", train=dataset.train.take(np.arange(1400)), test=dataset.test.take(np.arange(300))
    )


@pytest.fixture
def add_dataset(monkeypatch):
    """Adds a loaded data set to the table, for this test."""

    def add(dataset: Dataset) -> None:
        entry = replace(
            DATASETS["mnist"],
            name=dataset.name,
            train_images=len(dataset.train),
            test_images=len(dataset.test),
            read=lambda _: dataset,
        )
        monkeypatch.setitem(DATASETS, dataset.name, entry)

    return add


@pytest.fixture
def quick(add_dataset, digits) -> TrainingConfig:
    """A training of two epochs of 19 batches, the last of 48 images."""
    add_dataset(digits)
    return TrainingConfig(dataset="digits", architecture="mlp", epochs=2, batch_size=64, validation_fraction=1 / 7)
