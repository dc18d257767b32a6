"""Trials of value ranges: the one that a network was made for is found, and what it was not trained on is told."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cnnstudio.data.published.catalogue import DATASETS
from cnnstudio.data.splits import Dataset
from cnnstudio.errors import StudioError
from cnnstudio.models.trained.adopt import Inspection, inspect_model
from cnnstudio.models.trained.range_trials import Trials, fitting_datasets, likely_dataset, try_ranges
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
    assert trials.best.value_range == value_range and trials.tells and trials.order == trials.classes
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
    assert not told.tells and told.order == answers.classes
    assert "in the order “0”, “1”, “2”, “3”, “4”, …, but" in told.verdict
    assert told.named(told.order).tells


def test_data_sets_of_such_images_are_found(made):
    model = made()
    assert [entry.name for entry in fitting_datasets(model)][:2] == ["mnist", "fashion-mnist"]
    with pytest.raises(StudioError, match="not of the network's shape"):
        try_ranges(model, model.guess, DATASETS["cifar10"])


@pytest.mark.parametrize(("shape", "likely"), [((28, 28, 1), True), ((8, 8, 1), False), ((28, 28, 3), False)])
def test_the_same_class_names_are_not_enough_to_be_likely(made, shape: tuple[int, int, int], likely: bool):
    own = replace(DATASETS["mnist"], name="own", image_shape=shape, path=Path("own"))
    assert likely_dataset(made(), [DATASETS["fashion-mnist"], own]) == (own if likely else None)


def test_a_trial_can_be_cancelled(made):
    def cancel(_: object) -> None:
        raise Cancelled

    model = made()
    with pytest.raises(Cancelled):
        try_ranges(model, model.guess, DATASETS["digits"], cancel)


def trials_of(
    right: int, images: int, count: int = 2, path: Path | None = Path("pets"), ranges: tuple[str, ...] = ("0-1",)
) -> Trials:
    """As many images of each class as there can be; of those that are not right, each other class is answered."""
    numbers = np.arange(images)
    labels, others = numbers % count, 1 + numbers // count % (count - 1)
    answers = np.where(numbers < right, labels, (labels + others) % count)
    probabilities = np.full((images, count), 0.1 / count, np.float32)
    probabilities[numbers, answers] += 0.9
    names = ("cat", "dog", "eel", "fox")[:count]
    entry = replace(DATASETS["mnist"], title="pets", path=path, classes=names)
    return Trials(entry, "centre-crop", "0-1", names, np.arange(count), labels, dict.fromkeys(ranges, probabilities))


def test_two_classes_the_wrong_way_round_are_told():
    wrong = trials_of(1, 20)
    assert not wrong.tells and wrong.order == ("dog", "cat")
    assert wrong.verdict == (
        "Tried on 20 images of “pets”: 5 % are right with the classes in the order “cat”, “dog”, but 95 % the other "
        "way round."
    )
    right = wrong.named(("dog", "cat"))
    assert right.tells and right.verdict == "Tried on 20 images of “pets”: with values of 0 to 1, 95 % are right."


def test_other_names_stand_for_those_of_the_data_set():
    german = trials_of(0, 20).named(("Katze", "Hund"))
    assert german.order == ("Hund", "Katze") and german.named(("Hund", "Katze")).tells
    assert german.named(("DOG", "cat")).tells and not german.named(("Cat", "Dog")).tells


@pytest.mark.parametrize(
    ("trials", "words"),
    [
        (trials_of(2, 2), "Tried on 2 images of “pets”, which is too few to tell anything: try it on 10 or more."),
        (trials_of(0, 9), "Tried on 9 images of “pets”, which is too few to tell anything: try it on 10 or more."),
        (trials_of(7, 10), "Tried on 10 images of “pets”: 70 % are right, which may be mere guessing. Try it on more"),
        (trials_of(9, 10, ranges=tuple(VALUE_RANGES)), "which may be mere guessing"),
        (trials_of(50, 100), "trained on something else, or it has learnt little."),
        (trials_of(25, 100, 4), "something else, its classes are in another order, or it has learnt little."),
        (trials_of(30, 100, 4, path=None), "Tried on 100 test images of pets"),
    ],
)
def test_few_images_and_mere_guessing_tell_nothing(trials: Trials, words: str):
    assert words in trials.verdict and not trials.tells and trials.order == trials.classes


def test_no_range_is_better_than_is_said():
    """Of ranges that are as good as each other, the first is not the one with which most are right."""
    likely, other = trials_of(50, 100), trials_of(51, 100)
    probabilities = likely.probabilities | {"-1-1": other.probabilities["0-1"]}
    trials = replace(likely, probabilities=probabilities)
    assert trials.best.accuracy == 0.5 and "no more than 51 % are right" in trials.verdict


def test_who_always_answers_the_commonest_class_is_guessing():
    trials = trials_of(20, 20)
    assert trials.tells
    mostly = np.array([0] * 16 + [1] * 4)
    answers = np.tile(np.array([[0.9, 0.1]], np.float32), (20, 1))
    for probabilities in (answers, answers[:, ::-1]):
        told = replace(trials, labels=mostly, probabilities={"0-1": probabilities})
        assert not told.tells and told.order == told.classes
