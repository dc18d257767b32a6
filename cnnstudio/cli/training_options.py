"""The options that say how a network is trained, for every command that takes them."""

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any, TypedDict, TypeVar, get_type_hints

import typer

from cnnstudio.cli.options import ChannelsOption, ImageSizeOption, LayoutOption
from cnnstudio.data.augmentation.augment import AUGMENTATIONS
from cnnstudio.data.augmentation.changes import CHANGES
from cnnstudio.training.config import OPTIMIZERS, SCHEDULES
from cnnstudio.training.precision import PRECISIONS

_BY_NUMBER = "by default as many as suit the number of images"

_Result = TypeVar("_Result")


class TrainingOptions(TypedDict, total=False):
    """Fields of `TrainingConfig`, which also checks them; those that were not given are left out."""

    epochs: Annotated[int, typer.Option(metavar="N", help=f"Passes over the training images; {_BY_NUMBER}.")]
    batch_size: Annotated[int, typer.Option(metavar="N", help=f"Images per step; {_BY_NUMBER}.")]
    learning_rate: Annotated[
        float,
        typer.Option(
            metavar="RATE",
            help="At the schedule's highest point; by default what suits the optimizer.",
        ),
    ]
    seed: Annotated[int, typer.Option(metavar="N", help="The same seed gives the same training.")]
    augmentation: Annotated[
        str,
        typer.Option(
            metavar="NAME|CHANGES",
            help=f"How training images are varied: {', '.join(AUGMENTATIONS)}; or changes with their sizes, "
            f"such as shift=0.1,flip=0.5, among {', '.join(CHANGES)}. By default none; a "
            "little for a small folder of your own.",
        ),
    ]
    schedule: Annotated[
        str, typer.Option(metavar="NAME", help=f"How the learning rate changes: {', '.join(SCHEDULES)}.")
    ]
    optimizer: Annotated[str, typer.Option(metavar="NAME", help=f"The optimizer: {', '.join(OPTIMIZERS)}.")]
    weight_decay: Annotated[
        float,
        typer.Option(metavar="SHARE", help="How strongly weights are drawn to zero; 5e-3 is usual with sgd."),
    ]
    precision: Annotated[str, typer.Option(metavar="NAME", help=f"Precision of numbers: {', '.join(PRECISIONS)}.")]
    fine_tune_epochs: Annotated[
        int,
        typer.Option(metavar="N", help="Further epochs that also train a pretrained network's upper part."),
    ]
    start_from: Annotated[
        str,
        typer.Option(
            metavar="MODEL",
            help="A trained model, by its name or path: layers with the same names and shapes begin with its weights, "
            "instead of random ones.",
        ),
    ]
    validation_fraction: Annotated[
        float,
        typer.Option(
            metavar="SHARE",
            help="Share of the training images that are held out for validation; by default a twelfth.",
            show_default=False,
        ),
    ]
    image_size: ImageSizeOption
    channels: ChannelsOption
    layout: LayoutOption


def with_training_options(defaults: type | None = None) -> Callable[[Callable[..., _Result]], Callable[..., _Result]]:
    """Gives a command an option for each of `TrainingOptions`, in the place of its keyword argument `training`.

    Args:
        defaults: has attributes that the help shows as what is taken where an option is not given.
    """
    hints = get_type_hints(TrainingOptions, include_extras=True)
    options = [
        inspect.Parameter(
            name, inspect.Parameter.KEYWORD_ONLY, default=getattr(defaults, name, None), annotation=annotation
        )
        for name, annotation in hints.items()
    ]

    def decorate(command: Callable[..., _Result]) -> Callable[..., _Result]:
        @wraps(command)
        def with_options(**given: Any) -> _Result:
            values = {name: given.pop(name) for name in hints}
            return command(**given, training={name: value for name, value in values.items() if value is not None})

        signature = inspect.signature(command)
        parameters = list(signature.parameters.values())
        place = list(signature.parameters).index("training")
        parameters[place : place + 1] = options
        with_options.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
        return with_options

    return decorate
