"""`cnnstudio evaluate`: how well a classifier does on a data set's test images."""

from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cnnstudio.cli.console import engine_at_work, new_table, print_json, progress_bar, results
from cnnstudio.cli.options import JsonOption, LayoutOption, ModelArgument, TestDatasetOption, dataset_named
from cnnstudio.data.library import list_datasets
from cnnstudio.data.pictures.input_rules import INPUT_RULES
from cnnstudio.data.published.catalogue import DATASETS, DatasetEntry
from cnnstudio.errors import StudioError
from cnnstudio.models.trained.outputs import LIKELY
from cnnstudio.storage import exists
from cnnstudio.wording import percent

if TYPE_CHECKING:
    from cnnstudio.models.trained.classifier import Classifier
    from cnnstudio.training.evaluation import Evaluation

MAX_COLUMNS = 12
"""Classes up to which the confusion matrix is shown whole; more would not fit a terminal."""

MOST_CONFUSED = 5


def evaluate(
    model: ModelArgument,
    dataset: TestDatasetOption = None,
    layout: LayoutOption = "",
    as_json: JsonOption = False,
) -> None:
    """Measure a model on a data set's test images."""
    if dataset is not None:
        dataset_named(dataset, layout=layout)
    with engine_at_work():
        from cnnstudio.models.trained.library import load_classifier
        from cnnstudio.training.evaluation import check_fit, in_order
        from cnnstudio.training.evaluation import evaluate as evaluate_split

        classifier = load_classifier(model)
        entry = in_order(entry_for(model, classifier, dataset, layout), classifier.classes)
        check_fit(classifier.card, entry)
        with progress_bar() as bar:
            loaded = entry.load(bar)
            for one in loaded.left_out:
                bar.say(one.text)
            evaluation = evaluate_split(classifier, loaded.test, bar)
    if as_json:
        print_json(
            {
                "accuracy": evaluation.accuracy,
                "loss": evaluation.loss,
                "images": evaluation.images,
                "confusion_matrix": evaluation.confusion_matrix.tolist(),
                "left_out": [asdict(one) for one in loaded.left_out],
            }
        )
    else:
        _print_tables(evaluation, classifier.classes, entry.title)
        rule = INPUT_RULES.get(classifier.card.input_rule)
        if entry.path is not None and rule is not None and rule.name != loaded.input_rule:
            print(
                f"\nThe images of {entry.called} were cut square, as those of all folders. “cnnstudio predict” "
                f"prepares pictures as this model wants them ({rule.title}), and may answer otherwise."
            )


def _layout_of_run(model: str) -> str:
    """How the folder was laid out that a run was trained on; empty where that is not known."""
    from cnnstudio.models.trained.library import find_model
    from cnnstudio.training.runs import config_of_run

    with suppress(StudioError):
        layout = config_of_run(find_model(model)).get("layout")
        return layout if isinstance(layout, str) else ""
    return ""


def entry_for(model: str, classifier: "Classifier", named: str | None, layout: str) -> DatasetEntry:
    """The data set that was asked for, or the one that the model was trained on, in the model's size of images.

    Args:
        model: as the user named it.
        classifier: the model.
        named: the data set's name or path; None for the model's own.
        layout: how a folder is laid out; empty where that is not said.

    Raises:
        WrongUseError: there is no such data set.
        StudioError: it is not named, and the model's own is not here; or it cannot be used.
    """
    layout = layout or (_layout_of_run(model) if named is None else "")
    height, _, channels = classifier.input_shape
    name = named or classifier.card.dataset
    is_here = bool(name) and (exists(Path(name)) or any(entry.name == name for entry in list_datasets()))
    if not named and not is_here:
        trained_on = f"was trained on “{name}”, which is not here" if name else "does not say what it was trained on"
        names = ", ".join(entry.name for entry in list_datasets())
        raise StudioError(f"The model {trained_on}: name a data set with --dataset ({names}, or a folder or a zip).")
    if name in DATASETS:
        return dataset_named(name, layout=layout)
    return dataset_named(name, height, channels, layout)


def _print_tables(evaluation: "Evaluation", classes: tuple[str, ...], title: str) -> None:
    print(
        f"{percent(evaluation.accuracy, 2)} of the {evaluation.images:,} test images of {title} are right "
        f"(loss {evaluation.loss:.4f})."
    )
    if evaluation.independent:
        print(
            f"Each class has a probability of its own, and is answered from {percent(LIKELY, 0)} on: an image is right "
            "where its class is among its answers, whatever else is."
        )
    matrix = evaluation.confusion_matrix
    if len(classes) <= MAX_COLUMNS:
        _print_matrix(matrix, classes)
    _print_most_confused(matrix, classes)


def _print_matrix(matrix: np.ndarray, classes: tuple[str, ...]) -> None:
    table = new_table("true", *classes, "right", title="How often each class (row) was taken for which (column)")
    for column in table.columns[1:]:
        column.justify = "right"
    for name, row, right in zip(classes, matrix, np.diag(matrix), strict=True):
        share = percent(right / row.sum()) if row.sum() else ""
        table.add_row(name, *(str(count) if count else "·" for count in row), share)
    print()
    results().print(table)


def _print_most_confused(matrix: np.ndarray, classes: tuple[str, ...]) -> None:
    wrong = matrix - np.diag(np.diag(matrix))
    order = np.argsort(-wrong, axis=None, kind="stable")[:MOST_CONFUSED]
    table = new_table("true", "taken for", "times", title="Most confused")
    for row, column in zip(*np.unravel_index(order, wrong.shape), strict=True):
        if wrong[row, column]:
            table.add_row(classes[row], classes[column], str(wrong[row, column]))
    if table.row_count:
        print()
        results().print(table)
