"""`cnnstudio models`: the models that ship, are downloaded, trained or described here; and getting more of them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cnnstudio.cli.console import complain, engine_at_work, new_table, print_json, progress_bar, results
from cnnstudio.cli.options import JsonOption, choice
from cnnstudio.models.trained.adopt import list_adopted
from cnnstudio.models.trained.library import list_broken_models, list_models
from cnnstudio.models.trained.pretrained import PRETRAINED, fetch_pretrained
from cnnstudio.wording import percent


@dataclass(frozen=True)
class _Row:
    """A model, under the names that JSON gives its facts."""

    name: str
    kind: str
    architecture: str
    dataset: str
    test_accuracy: float | None
    path: Path


def models(
    download: Annotated[
        str | None,
        choice("First download a larger classifier for photos, from Keras", PRETRAINED, "classifier"),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List the models that ship, those downloaded, the runs trained here, and others' models that you have adopted."""
    if download is not None:
        with engine_at_work(), progress_bar() as bar:
            fetch_pretrained(download, bar)
    entries = list_models()
    for problem in list_broken_models().values():
        complain(problem)
    rows = [
        *(
            _Row(one.name, one.kind, one.card.architecture, one.card.dataset, one.card.test_accuracy, one.path)
            for one in entries
        ),
        *(_Row(one.answers.name, "adopted", "", one.answers.dataset, None, one.path) for one in list_adopted()),
    ]
    if as_json:
        print_json([vars(row) | {"path": str(row.path)} for row in rows])
        return
    if not rows:
        complain("There is no model yet: “cnnstudio train” makes one.")
        return
    table = new_table("name", "kind", "architecture", "data set", "test accuracy", "path")
    for row in rows:
        measured = "" if row.test_accuracy is None else percent(row.test_accuracy, 2)
        table.add_row(row.name, row.kind, row.architecture, row.dataset, measured, str(row.path))
    results().print(table)
