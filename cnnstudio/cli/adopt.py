"""`cnnstudio adopt`: adds to a model from elsewhere what its file does not say."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from cnnstudio.cli.console import engine_at_work
from cnnstudio.cli.failures import WrongUseError, wrong_use
from cnnstudio.cli.options import choice
from cnnstudio.data.pictures.input_rules import INPUT_RULES
from cnnstudio.errors import StudioError
from cnnstudio.models.networks.weights import fitting_architectures
from cnnstudio.models.trained.adopt import check_answers, inspect_model, read_class_names, remember
from cnnstudio.models.trained.class_names import MAX_NAMES_BYTES, decoded
from cnnstudio.models.trained.files import WeightsAloneError, keep_layers
from cnnstudio.models.trained.parts import model_file
from cnnstudio.models.trained.value_ranges import VALUE_RANGES
from cnnstudio.storage import is_file


def adopt(
    model: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="A .keras or .h5 file, or the folder or zip it is in.", show_default=False),
    ],
    *,
    classes: Annotated[
        str | None,
        typer.Option(
            metavar="FILE|NAMES",
            help="The class names in the order of the outputs: a text file with one a line, or names with commas "
            "between; by default the digits 0 to 9 where it seems to read them, else class 0, class 1, ….",
        ),
    ] = None,
    input_rule: Annotated[str | None, choice("How a picture becomes an image", INPUT_RULES, "input rule")] = None,
    value_range: Annotated[str | None, choice("The range of its pixels", VALUE_RANGES, "range of values")] = None,
    image_size: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Side of its images, where it takes images of any size.")
    ] = None,
    name: Annotated[str | None, typer.Option(metavar="TEXT", help="Its name on screen.")] = None,
    architecture: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="For a file of weights alone: the architecture they belong to, a name of “cnnstudio architectures”.",
        ),
    ] = None,
) -> None:
    """Describe a model from elsewhere: its classes and the images it takes. What you leave out is guessed."""
    path = model_file(model.expanduser())
    if architecture is not None:
        _give_layers(path, architecture)
    try:
        found = inspect_model(path)
    except WeightsAloneError as error:
        raise StudioError(f"{error}{_offer(path)}") from error
    with wrong_use():
        answers = replace(
            found.guess,
            name=name or found.guess.name,
            classes=found.guess.classes if classes is None else _names(classes, len(found.guess.classes)),
            input_rule=input_rule or found.guess.input_rule,
            value_range=value_range or found.guess.value_range,
            image_size=(image_size, image_size) if image_size else found.guess.image_size,
        )
        check_answers(found, answers)
    remember(found, answers)
    height, width = answers.image_size
    print(
        f"“{answers.name}” takes images of {height}×{width} with values of {VALUE_RANGES[answers.value_range].title} "
        f"and has {len(answers.classes):,} classes."
    )
    if classes is None and found.names_reason:
        print(found.names_reason)
    print(f"Pictures become such images by: {INPUT_RULES[answers.input_rule].title}.")
    if value_range is None:
        print(
            f"The range of values is a guess. {found.range_reason} If its answers are poor, try another --value-range."
        )


def _give_layers(path: Path, architecture: str) -> None:
    """Takes the layers of an architecture for weights alone."""
    with engine_at_work():
        fitting = {one.architecture.name: one for one in fitting_architectures(path)}
    if architecture not in fitting:
        known = f"; they fit {', '.join(fitting)}" if fitting else ""
        raise WrongUseError(f"The weights in {path} do not fit the architecture “{architecture}”{known}.")
    keep_layers(path, fitting[architecture].config)


def _offer(path: Path) -> str:
    """What else can be done with weights alone."""
    with engine_at_work():
        fitting = fitting_architectures(path)
    if not fitting:
        return ""
    words = " or ".join(one.words for one in fitting)
    return f" They fit {words}: to open them so, add --architecture {fitting[0].architecture.name}."


def _names(text: str, count: int) -> tuple[str, ...]:
    path = Path(text).expanduser()
    if is_file(path):
        with path.open("rb") as file:
            text = decoded(file.read(MAX_NAMES_BYTES))
    return read_class_names(text, count)
