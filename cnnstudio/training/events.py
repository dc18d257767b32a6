"""The events that a training sends to its listener. Fields are named as in Keras's logs."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cnnstudio.data.report import LeftOut
from cnnstudio.models.trained.classifier import LayerOutput
from cnnstudio.progress import Progress


@dataclass(frozen=True)
class Preparing:
    """Some work begins that comes before the first batch and takes a while.

    Attributes:
        task: what is being done, such as “Starting TensorFlow”.
    """

    task: str


@dataclass(frozen=True, eq=False)
class Started:
    """The data is loaded and the model built; its steps are compiled, and the first batch follows.

    Attributes:
        run: the run's folder.
        parameters: trainable parameters of the model.
        epochs: number of epochs, those of fine-tuning included.
        batches_per_epoch: number of batches in one epoch.
        train_images: number of images trained on in each epoch.
        validation_images: number of images for validation.
        held_out: whether these were taken from the training images; else the data set has images for validation.
        classes: the class names, in the order of the labels.
        left_out: what of a folder of images is not used, and why.
    """

    run: Path
    parameters: int
    epochs: int
    batches_per_epoch: int
    train_images: int
    validation_images: int
    held_out: bool
    classes: tuple[str, ...]
    left_out: tuple[LeftOut, ...] = ()


@dataclass(frozen=True, eq=False)
class Batches:
    """The batches since the last such event, at most 20 events a second.

    Attributes:
        epoch: the epoch they belong to, from 0.
        first: number of the first of them, counted from 0 at the start of the training.
        loss: (n,) float32, the loss of each batch.
        accuracy: (n,) float32, the share of each batch that was right, 0–1.
        images_per_second: the speed now.
        seconds_left: an estimate of the time that the rest of the training takes, validations included.
    """

    epoch: int
    first: int
    loss: np.ndarray
    accuracy: np.ndarray
    images_per_second: float
    seconds_left: float


@dataclass(frozen=True, eq=False)
class EpochEnd:
    """An epoch is over and validated.

    Attributes:
        epoch: from 0.
        loss: mean loss over the epoch's batches.
        accuracy: share of training images that were right, 0–1, measured while the weights were changing.
        val_loss: mean loss on the validation images.
        val_accuracy: share of validation images that are right, 0–1.
    """

    epoch: int
    loss: float
    accuracy: float
    val_loss: float
    val_accuracy: float


@dataclass(frozen=True, eq=False)
class Probe:
    """What the network sees in one image now, a few times a second.

    Attributes:
        image: (height, width, channels) uint8, the probe image.
        label: its true class index.
        probabilities: (classes,) float32.
        kernels: (height, width, channels, filters) float32, the first convolution's weights; None in a net that has
            no convolution.
        layers: the outputs of a few layers from the first to the last, (height, width, channels) each.
    """

    image: np.ndarray
    label: int
    probabilities: np.ndarray
    kernels: np.ndarray | None
    layers: tuple[LayerOutput, ...] = ()


@dataclass(frozen=True, eq=False)
class Stopped:
    """The training was stopped by request; the weights as they are now will be measured and kept.

    Attributes:
        batches: number of batches trained in all.
    """

    batches: int


@dataclass(frozen=True)
class Moved:
    """The run lies elsewhere now: its folder was renamed, or begun again after it was moved away or deleted.

    Attributes:
        run: the run's folder.
    """

    run: Path


Event = Preparing | Progress | Started | Batches | EpochEnd | Probe | Moved | Stopped
"""A `Progress` comes before `Started` where the data set is downloaded or scanned, which happens at its first use."""
