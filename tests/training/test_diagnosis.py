"""What a finished training says of itself."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cnnstudio.data.library import find_dataset
from cnnstudio.data.published.catalogue import DatasetEntry
from cnnstudio.training.config import TrainingConfig
from cnnstudio.training.diagnosis import diagnose, overfits_since
from cnnstudio.training.evaluation import Evaluation
from cnnstudio.training.events import EpochEnd

MNIST = find_dataset("mnist")
PHOTOS = replace(MNIST, path=Path("photos"), image_shape=(64, 64, 3), train_images=30, original_side=500)
DRAWINGS = replace(MNIST, path=Path("drawings"), train_images=30)
TRANSFER = "transfer-efficientnet-lite0"


def measured(right: int, images: int, classes: int = 3) -> Evaluation:
    """As many images of each class as there can be; those that are wrong are taken for the next class."""
    labels = np.arange(images) % classes
    answers = np.where(np.arange(images) < right, labels, (labels + 1) % classes)
    matrix = np.zeros((classes, classes), np.int64)
    np.add.at(matrix, (labels, answers), 1)
    return Evaluation(right / images, 1.0, images, matrix)


def course(accuracy: float = 0.9, count: int = 3) -> list[EpochEnd]:
    """A training whose losses fall together."""
    return [EpochEnd(number, 1 / (number + 1), accuracy, 1 / (number + 1), accuracy) for number in range(count)]


def losses(loss: list[float], val_loss: list[float]) -> list[EpochEnd]:
    both = enumerate(zip(loss, val_loss, strict=True))
    return [EpochEnd(number, training, 0.5, validation, 0.5) for number, (training, validation) in both]


def advice(
    right: int, images: int, entry: DatasetEntry = PHOTOS, architecture: str = "lenet5", accuracy: float = 0.9
) -> str:
    config = TrainingConfig(architecture=architecture, epochs=3, batch_size=4, augmentation="photo")
    return diagnose(config, entry, course(accuracy), measured(right, images))


def test_a_good_result_says_nothing() -> None:
    assert advice(9_900, 10_000, MNIST) == ""
    assert advice(70, 100) == ""


def test_few_photos_at_chance_lead_to_transfer() -> None:
    """36 photos of three classes, of which 6 are tested: 1 right is as good as guessing, 5 are not."""
    assert advice(1, 6) == (
        "17 % of 6 test images may be mere guessing (always the commonest class: 33 %). Choose Transfer from "
        "EfficientNet-Lite0, which learns from few images, or add more."
    )
    assert advice(5, 6, architecture=TRANSFER) == (
        "With only 6 test images, the true accuracy may lie anywhere from 44 % to 97 %."
    )
    assert "Choose Transfer" not in advice(1, 6, architecture=TRANSFER)
    assert "Choose Transfer" not in advice(1, 6, DRAWINGS)


def test_a_network_that_learnt_nothing_is_told_apart() -> None:
    text = advice(3_400, 10_000, MNIST, accuracy=0.34)
    assert text.startswith("Hardly better than guessing (always the commonest class: 33 %). It has not learnt")
    assert "learning rate" in text


def test_the_commonest_class_is_what_guessing_gets() -> None:
    matrix = np.array([[90, 0], [10, 0]])
    says = diagnose(TrainingConfig(), MNIST, course(), Evaluation(0.9, 1.0, 100, matrix))
    assert "commonest class: 90 %" in says


@pytest.mark.parametrize(
    ("right", "begin"), [(2, "100 % of 2 test images says little: guessing gets as many right in 25 % of all tries.")]
)
def test_two_test_images_prove_nothing(right: int, begin: str) -> None:
    matrix = np.eye(2, dtype=np.int64)
    says = diagnose(TrainingConfig(), PHOTOS, course(), Evaluation(right / 2, 0.1, 2, matrix))
    assert says == f"{begin} Add more images."


def test_memorising_is_seen_and_noise_is_not() -> None:
    falling = [1 / (1 + 0.3 * number) for number in range(12)]
    rising = [abs(number - 4) * 0.1 + 0.5 for number in range(12)]
    assert overfits_since(losses(falling, rising)) == 4
    assert overfits_since(losses(falling, falling)) is None
    assert overfits_since(losses(rising, rising)) is None, "the training loss rises, too: it diverges"
    assert overfits_since(losses(falling[:5], rising[:5])) is None, "too short to tell"
    one_peak = [*falling[:8], 3.0, *falling[9:]]
    assert overfits_since(losses(falling, one_peak)) is None
    noise = np.random.default_rng(0).normal(0, 0.02, (2, 12))
    steady = [0.3 + value for value in noise[0]]
    assert overfits_since(losses(falling, steady)) is None


def test_memorising_is_said_with_what_to_do() -> None:
    falling = [1 / (1 + 0.3 * number) for number in range(12)]
    rising = [abs(number - 4) * 0.1 + 0.5 for number in range(12)]
    config = TrainingConfig()
    said = diagnose(config, MNIST, losses(falling, rising), measured(9_000, 10_000))
    assert said.startswith("Since epoch 5 the validation loss has risen while the training loss fell")
    assert "Choose an augmentation" in said
    varied = diagnose(replace(config, augmentation="photo"), MNIST, losses(falling, rising), measured(9_000, 10_000))
    assert varied.endswith("Train for fewer epochs.")
