"""Trials of value ranges: the one that a network was made for is found, and what it was not trained on is told."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cnnstudio.data.published.catalogue import DATASETS
from cnnstudio.data.splits import Dataset, Split
from cnnstudio.errors import StudioError
from cnnstudio.models.trained.adopt import Inspection, inspect_model
from cnnstudio.models.trained.range_trials import fitting_datasets, try_ranges
from cnnstudio.models.trained.value_ranges import VALUE_RANGES
from cnnstudio.progress import Cancelled, Progress


def nearest_mean(data: Dataset, value_range: str, shape: tuple[int, ...], classes: list[int]) -> object:
    """A network that answers with the class whose mean image is the nearest, without any training."""
    import keras
    from keras import layers

    images = VALUE_RANGES[value_range].apply(data.train.images).reshape(len(data.train), -1)
    means = np.stack([images[data.train.labels == label].mean(axis=0) for label in classes])
    scale = 20 / np.square(means).sum(axis=1).mean()
    front = [layers.Flatten()] if len(shape) > 1 else []
    model = keras.Sequential([keras.Input(shape), *front, layers.Dense(len(classes))])
    model.layers[-1].set_weights([scale * 2 * means.T, -scale * np.square(means).sum(axis=1)])
    return model


@pytest.fixture
def made(digits: Dataset, add_dataset: Callable[[Dataset], None], tmp_path: Path) -> Callable[..., Inspection]:
    add_dataset(digits)

    def make(value_range: str = "0-1", shape: tuple[int, ...] = (28, 28), classes: list[int] | None = None):
        path = tmp_path / "theirs.keras"
        nearest_mean(digits, value_range, shape, classes or list(range(10))).save(path)
        return inspect_model(path)

    return make


@pytest.mark.parametrize(("value_range", "shape"), [("0-255", (28, 28)), ("1-0", (784,))])
def test_the_range_that_a_network_was_made_for_is_the_best(made, value_range, shape):
    model = made(value_range, shape)
    told: list[Progress] = []
    trials = try_ranges(model, model.guess, DATASETS["digits"], told.append)
    assert ("Opening the network", None) in [(one.task, one.total) for one in told]  # no full bar meanwhile
    assert trials.best.value_range == value_range and trials.tells and not trials.swapped
    assert {trial.value_range for trial in trials.each} == {
        name for name, entry in VALUE_RANGES.items() if 1 in entry.channels
    }
    assert trials.input_rule == "digit" and f"with values of {VALUE_RANGES[value_range].title}" in trials.verdict


def test_classes_are_known_by_their_names_whatever_their_order(made):
    turned = list(reversed(range(10)))
    model = made(classes=turned)
    answers = replace(model.guess, classes=tuple(map(str, turned)))
    assert try_ranges(model, answers, DATASETS["digits"]).tells
    told = try_ranges(model, model.guess, DATASETS["digits"])
    assert not told.tells and "trained on something else" in told.verdict


def test_data_sets_of_such_images_are_found(made):
    model = made()
    assert [entry.name for entry in fitting_datasets(model)][:2] == ["mnist", "fashion-mnist"]
    with pytest.raises(StudioError, match="not of the network's shape"):
        try_ranges(model, model.guess, DATASETS["cifar10"])


def test_a_trial_can_be_cancelled(made):
    def cancel(_: object) -> None:
        raise Cancelled

    model = made()
    with pytest.raises(Cancelled):
        try_ranges(model, model.guess, DATASETS["digits"], cancel)


def test_two_classes_the_wrong_way_round_are_told(digits, made, add_dataset):
    def two(split: Split) -> Split:
        chosen = np.flatnonzero(split.labels < 2)
        return split.take(chosen)

    add_dataset(replace(digits, name="two", classes=("0", "1"), train=two(digits.train), test=two(digits.test)))
    entry = replace(DATASETS["two"], classes=("0", "1"))
    model = made(classes=[0, 1])
    right = try_ranges(model, model.guess, entry)
    assert right.tells and not right.swapped
    wrong = try_ranges(model, replace(model.guess, classes=("1", "0")), entry)
    assert wrong.swapped and not wrong.tells and "wrong way round" in wrong.verdict
