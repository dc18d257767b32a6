"""What a finished training says of itself, in a sentence: what is odd about its result, and what to do about it."""

from collections.abc import Sequence

import numpy as np

from cnnstudio.chance import SIGNIFICANCE, interval, probability_by_guessing
from cnnstudio.data.published.catalogue import DatasetEntry
from cnnstudio.training.config import FOR_PHOTOS, TrainingConfig, is_pretrained
from cnnstudio.training.evaluation import Evaluation
from cnnstudio.training.events import EpochEnd
from cnnstudio.wording import counted, percent

WIDEST_INTERVAL = 0.3
"""An accuracy that is known no better than within an interval of this width says little."""

LEARNT = 0.25
"""How much more than guessing, as a share of the rest, a network gets right of the images that it has learnt from."""

EPOCHS_TO_JUDGE = 3
"""Over so many epochs a loss is averaged: one epoch alone rises and falls by chance."""

RISE, FALL = 1.2, 0.8
"""Factors by which the validation loss must have risen, and the training loss have fallen, since the former was
lowest.
"""


def diagnose(config: TrainingConfig, entry: DatasetEntry, epochs: Sequence[EpochEnd], test: Evaluation) -> str:
    """Says what is odd about the result of a training, and what to do about it.

    Args:
        config: of the training.
        entry: the data set; to one of the user's own, images can be added.
        epochs: that were finished.
        test: how the network did on the test images.

    Returns:
        A sentence or two for the user; empty where nothing is odd.
    """
    right, images = int(test.confusion_matrix.trace()), test.images
    of_images = f"{percent(right / images, 0)} of {counted(images, 'test image')}"
    guessing = float(test.confusion_matrix.sum(axis=1).max() / images)
    by_guessing = probability_by_guessing(right, images, guessing)
    low, high = interval(right, images)
    if guessing**images > SIGNIFICANCE:
        says = f"{of_images} says little: guessing gets as many right in {percent(by_guessing, 0)} of all tries."
        return says if entry.path is None else f"{says} Add more images."
    if by_guessing > SIGNIFICANCE:
        begin = f"{of_images} may be mere guessing" if high - low > WIDEST_INTERVAL else "Hardly better than guessing"
        return (
            f"{begin} (always the commonest class: {percent(guessing, 0)}). {_remedy(config, entry, epochs, guessing)}"
        )
    if high - low > WIDEST_INTERVAL:
        return (
            f"With only {counted(images, 'test image')}, the true accuracy may lie anywhere from {percent(low, 0)} to "
            f"{percent(high, 0)}."
        )
    lowest = overfits_since(epochs)
    if lowest is not None:
        return (
            f"Since epoch {lowest + 1} the validation loss has risen while the training loss fell: the network "
            f"memorises its images. {_against_memorising(config, entry)}"
        )
    return ""


def overfits_since(epochs: Sequence[EpochEnd]) -> int | None:
    """The epoch since which the validation loss rises while the training loss falls, from 0; None where it does not.

    Losses are means over `EPOCHS_TO_JUDGE` epochs; those of the end are compared with those where the validation loss
    was lowest.
    """
    if len(epochs) < 2 * EPOCHS_TO_JUDGE:
        return None
    window = np.ones(EPOCHS_TO_JUDGE) / EPOCHS_TO_JUDGE
    loss, val_loss = (
        np.convolve([getattr(epoch, name) for epoch in epochs], window, mode="valid") for name in ("loss", "val_loss")
    )
    lowest = int(val_loss.argmin())
    risen = len(val_loss) - lowest > EPOCHS_TO_JUDGE and val_loss[-1] > RISE * val_loss[lowest]
    return lowest + EPOCHS_TO_JUDGE // 2 if risen and loss[-1] < FALL * loss[lowest] else None


def _remedy(config: TrainingConfig, entry: DatasetEntry, epochs: Sequence[EpochEnd], guessing: float) -> str:
    """What to do about a network that answers no better than somebody who guesses."""
    has_learnt = bool(epochs) and epochs[-1].accuracy > guessing + LEARNT * (1 - guessing)
    if has_learnt or _should_transfer(config, entry):
        return _against_memorising(config, entry)
    return "It has not learnt its training images either: train for more epochs, or with a smaller learning rate."


def _against_memorising(config: TrainingConfig, entry: DatasetEntry) -> str:
    if _should_transfer(config, entry):
        return f"Choose {FOR_PHOTOS.title}, which learns from few images, or add more."
    if config.augmentation == "none":
        return "Choose an augmentation, so that it never sees the same image twice, or train for fewer epochs."
    return "Train for fewer epochs." if entry.path is None else "Add more images."


def _should_transfer(config: TrainingConfig, entry: DatasetEntry) -> bool:
    is_suggested = TrainingConfig.suggested(entry).architecture == FOR_PHOTOS.name
    return is_suggested and not is_pretrained(config.architecture)
