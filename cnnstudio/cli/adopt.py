"""`cnnstudio adopt`: adds to a model from elsewhere what its file does not say."""

import re
import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from cnnstudio.cli.console import engine_at_work, new_table, progress_bar, results
from cnnstudio.cli.failures import WrongUseError, wrong_use
from cnnstudio.cli.options import DATASET_HELP, choice, dataset_named
from cnnstudio.data.pictures.input_rules import INPUT_RULES
from cnnstudio.data.published.catalogue import DatasetEntry
from cnnstudio.errors import StudioError
from cnnstudio.models.networks.weights import fitting_architectures
from cnnstudio.models.trained.adopt import (
    PLAIN_RULE,
    Answers,
    Inspection,
    check_answers,
    image_shape,
    inspect_model,
    read_class_names,
    remember,
    remembered,
    unnamed,
    with_answers,
)
from cnnstudio.models.trained.class_names import MAX_NAMES_BYTES, decoded
from cnnstudio.models.trained.files import WeightsAloneError, keep_layers
from cnnstudio.models.trained.outputs import OUTPUTS
from cnnstudio.models.trained.parts import model_file
from cnnstudio.models.trained.range_trials import Trials, fitting_datasets, in_size, order_in_words, places, try_ranges
from cnnstudio.models.trained.value_ranges import VALUE_RANGES
from cnnstudio.storage import is_file
from cnnstudio.wording import certainty, percent

MOST_NAMED = 3
"""Other data sets that are proposed."""

MOST_TYPED = 10
"""Class names that are typed in the command line, at most."""


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
            help="The class names in the order of the outputs: a text file with a name on each line, or names with "
            "commas between. Of a network with one output, first the class of an output near 0, then that of one near "
            "1. By default those of the data set, else class 0, class 1, ….",
        ),
    ] = None,
    dataset: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|PATH",
            help=DATASET_HELP.format("What it was trained on, to name its classes and to try its range of values on")
            + " By default MNIST where its images are like those.",
        ),
    ] = None,
    input_rule: Annotated[str | None, choice("How a picture becomes an image", INPUT_RULES, "input rule")] = None,
    value_range: Annotated[str | None, choice("The range of its pixels", VALUE_RANGES, "range of values")] = None,
    outputs: Annotated[str | None, choice("What its outputs mean", OUTPUTS, "meaning of outputs")] = None,
    image_size: Annotated[
        str | None,
        typer.Option(
            metavar="N|HxW",
            help="Side of its images, or height and width, where it takes several sizes or all numbers in one row.",
        ),
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
    """Describe a model from elsewhere: its classes and the images it takes.

    What you leave out stays as you said it before; the first time, it is guessed.
    """
    path = model_file(model.expanduser())
    if architecture is not None:
        _give_layers(path, architecture)
    try:
        found = inspect_model(path)
    except WeightsAloneError as error:
        raise StudioError(f"{error}{_offer(path)}") from error
    known = remembered(path)
    if known is not None:
        found = with_answers(found, known)
    guess = found.guess
    with wrong_use():
        answers = replace(
            guess,
            name=name or guess.name,
            classes=guess.classes if classes is None else _names(classes, len(guess.classes)),
            input_rule=input_rule or guess.input_rule,
            value_range=value_range or guess.value_range,
            outputs=outputs or guess.outputs,
            image_size=guess.image_size if image_size is None else _size(image_size),
            dataset=guess.dataset if classes is None else "",
        )
        check_answers(found, answers)
    entry = _dataset(found, answers, dataset) if dataset is not None or known is None else None
    trials = None
    is_known = known is not None or found.names_found
    named = classes is not None or (is_known and (entry is None or places(entry.classes, answers.classes) is not None))
    if entry is not None:
        if not named:
            answers = replace(answers, classes=entry.classes)
        trials = _try(found, answers, entry) if value_range is None else None
        answers = _told(answers, trials, entry, named=named, ruled=input_rule is not None, chosen=dataset is not None)
    remember(found, answers)
    _print(found, answers)
    if classes is None and found.names_reason and (not found.names_found or answers.classes == guess.classes):
        print(found.names_reason)
    if trials is not None:
        _print_trials(trials, answers.classes)
        others = [other for other in fitting_datasets(found) if other.name != trials.dataset.name]
        if not trials.tells and others:
            names = ", ".join(f"--dataset {other.name} ({other.title})" for other in others[:MOST_NAMED])
            print(f"If it was trained on another data set of such images, name it: {names}.")
    elif value_range is None and known is None:
        print(
            f"The range of values is a guess. {found.range_reason} If its answers are poor, try another --value-range, "
            "or name images to try them on with --dataset."
        )


def _size(text: str) -> tuple[int, int]:
    sides = re.fullmatch(r"(\d{1,5})(?:[x×](\d{1,5}))?", text.strip())
    if sides is None:
        raise WrongUseError(f"“{text}” is no size of images: write one side, as 224, or height and width, as 48x64.")
    return int(sides[1]), int(sides[2] or sides[1])


def _dataset(model: Inspection, answers: Answers, named: str | None) -> DatasetEntry | None:
    """The data set to try the ranges on: the one that was named, else the first that is likely and here."""
    if named is None:
        wanted = image_shape(model, answers), answers.classes
        fitting = (entry for entry in fitting_datasets(model) if (entry.image_shape, entry.classes) == wanted)
        return next((entry for entry in fitting if entry.is_here()), None)
    entry = dataset_named(named)
    with wrong_use():
        entry = in_size(entry, image_shape(model, answers))
        if len(entry.classes) != len(answers.classes):
            raise WrongUseError(
                f"The network has {len(answers.classes):,} classes, but {entry.called} has {len(entry.classes):,}: "
                "name another data set."
            )
    return entry


def _try(model: Inspection, answers: Answers, entry: DatasetEntry) -> Trials:
    with engine_at_work(), progress_bar() as bar:
        return try_ranges(model, answers, entry, bar)


def _told(
    answers: Answers, trials: Trials | None, entry: DatasetEntry, *, named: bool, ruled: bool, chosen: bool
) -> Answers:
    """The answers with what a trial tells.

    Args:
        answers: with the class names by which it was tried.
        trials: None where nothing was tried.
        entry: the data set.
        named: whether the classes are known otherwise: their order is then left as it is.
        ruled: likewise, of the input rule.
        chosen: whether the user has named the data set; one that was only guessed must be told by the trial.
    """
    tells = False
    if trials is not None:
        if not named:
            trials = trials.named(trials.order)
            answers = replace(answers, classes=trials.classes)
        tells = trials.tells
        if tells:
            rule = answers.input_rule if ruled else trials.input_rule
            answers = replace(answers, value_range=trials.best.value_range, input_rule=rule)
        elif trials.excludes and not ruled and entry.path is None and answers.input_rule == trials.input_rule:
            answers = replace(answers, input_rule=PLAIN_RULE)
    if tells or chosen:
        return replace(answers, dataset=entry.name) if entry.classes == answers.classes else answers
    return answers if named else replace(answers, classes=unnamed(len(answers.classes)))


def _print(model: Inspection, answers: Answers) -> None:
    height, width = answers.image_size
    print(
        f"“{answers.name}” takes images of {height}×{width} with values of {VALUE_RANGES[answers.value_range].title} "
        f"and has {len(answers.classes):,} classes: {order_in_words(answers.classes)}."
    )
    for reason in (model.input_reason, model.output_reason):
        if reason:
            print(reason)
    if model.outputs == 1:
        first, second = answers.classes
        print(f"An output near 0 means “{first}”, one near 1 “{second}”: to swap them, add {_option((second, first))}.")
    elif OUTPUTS[answers.outputs].independent:
        print("Each class has a probability of its own: several can be right, or none.")
    rule, others = INPUT_RULES[answers.input_rule], [name for name in INPUT_RULES if name != answers.input_rule]
    why = f" {model.rule_reason}" if answers.input_rule == model.guess.input_rule else ""
    print(
        f"How a picture becomes such an image: {rule.title}. {rule.description}{why} If it was otherwise in its "
        f"training, add --input-rule with one of: {', '.join(others)}."
    )


def _print_trials(trials: Trials, classes: tuple[str, ...]) -> None:
    """Prints what was tried, and what became of the order of the classes."""
    print(trials.verdict)
    if trials.order != trials.classes:
        other = trials.classes if classes == trials.order else trials.order
        print(f"Kept is the order {order_in_words(classes)}; to have the other one, add {_option(other)}.")
        trials = trials.named(classes)
    table = new_table("--value-range", "values", "right", "sure")
    for column in table.columns[2:]:
        column.justify = "right"
    for trial in trials.each:
        title = VALUE_RANGES[trial.value_range].title
        table.add_row(trial.value_range, title, percent(trial.accuracy), certainty(trial.confidence))
    results().print(table)


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


def _option(names: Sequence[str]) -> str:
    """What to type for class names in this order."""
    if len(names) > MOST_TYPED or any("," in name for name in names):
        return "--classes FILE, with one name a line"
    return f"--classes {shlex.quote(','.join(names))}"


def _names(text: str, count: int) -> tuple[str, ...]:
    path = Path(text).expanduser()
    if is_file(path):
        with path.open("rb") as file:
            text = decoded(file.read(MAX_NAMES_BYTES))
    return read_class_names(text, count)
