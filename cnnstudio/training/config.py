"""What a training is told."""

from dataclasses import dataclass


@dataclass(frozen=True)
class TrainingConfig:
    """Everything that decides a training; the same config trains the same network on the same machine.

    Attributes:
        dataset: a key of `cnnstudio.data.datasets.DATASETS`.
        architecture: a key of `cnnstudio.models.architectures.ARCHITECTURES`.
        epochs: passes over the training images, at least 1.
        batch_size: images per step, at least 1.
        learning_rate: the highest rate of the schedule, above 0.
        seed: decides initial weights, the order of images, the validation split and the augmentation.
        augmentation: a key of `cnnstudio.data.augmentation.AUGMENTATIONS`.
        schedule: a key of `cnnstudio.training.trainer.SCHEDULES`.
        validation_fraction: share of the training images that is held out for validation, between 0 and 1.
    """

    dataset: str = "mnist"
    architecture: str = "lenet5"
    epochs: int = 3
    batch_size: int = 128
    learning_rate: float = 2e-3
    seed: int = 0
    augmentation: str = "none"
    schedule: str = "cosine"
    validation_fraction: float = 1 / 12
