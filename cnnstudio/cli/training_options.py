"""The options that say how a network is trained: None where somebody leaves it to CNN Studio."""

import math
from typing import Annotated, Any

import typer

from cnnstudio.cli.options import choice
from cnnstudio.data.augmentation import AUGMENTATIONS
from cnnstudio.data.variation import CHANGES
from cnnstudio.training.arithmetic import PRECISIONS
from cnnstudio.training.config import MAX_EPOCHS, MAX_SEED, OPTIMIZERS, SCHEDULES

_BY_NUMBER = "by default as many as suit the number of images"


def _positive(value: float | None) -> float | None:
    if value is not None and not (math.isfinite(value) and value > 0):
        raise typer.BadParameter("it must be a number above 0")
    return value


EpochsOption = Annotated[
    int | None,
    typer.Option(metavar="N", min=1, max=MAX_EPOCHS, help=f"How often it sees every training image; {_BY_NUMBER}."),
]
BatchSizeOption = Annotated[int | None, typer.Option(metavar="N", min=1, help=f"Images per step; {_BY_NUMBER}.")]
LearningRateOption = Annotated[
    float | None,
    typer.Option(
        metavar="RATE",
        callback=_positive,
        help="Size of the steps, at the schedule's highest point; by default what suits the optimizer.",
    ),
]
SeedOption = Annotated[
    int | None, typer.Option(metavar="N", min=0, max=MAX_SEED, help="The same seed gives the same training.")
]
AugmentationOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME|CHANGES",
        help=f"How images are varied while it learns: {', '.join(AUGMENTATIONS)}; or changes with their sizes, "
        f"such as shift=0.1,flip=0.5, among {', '.join(CHANGES)}. By default none; a "
        "little for a small folder of your own.",
    ),
]
ScheduleOption = Annotated[str | None, choice("How the learning rate changes", SCHEDULES, "schedule")]
OptimizerOption = Annotated[str | None, choice("How the weights follow the gradients", OPTIMIZERS, "optimizer")]
WeightDecayOption = Annotated[
    float | None,
    typer.Option(metavar="SHARE", min=0, max=1, help="How strongly weights are drawn to zero; 5e-3 is usual with sgd."),
]
PrecisionOption = Annotated[str | None, choice("How exactly it computes", PRECISIONS, "precision")]
FineTuneEpochsOption = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        min=0,
        max=MAX_EPOCHS,
        help="Epochs that follow with a pretrained network's upper part trained.",
    ),
]
StartFromOption = Annotated[
    str | None,
    typer.Option(
        metavar="MODEL",
        help="A trained model, by its name or path: layers with the same names and shapes begin with its weights, "
        "instead of random ones.",
    ),
]


def told(**values: Any) -> dict[str, Any]:
    """Those of the options that somebody gave, by the names that `TrainingConfig` has for them."""
    return {name: value for name, value in values.items() if value is not None}
