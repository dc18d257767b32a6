"""`cnnstudio models`: the models that ship, those downloaded and those trained here; and getting more of them."""

from typing import Annotated

from cnnstudio.cli.console import complain, engine_at_work, new_table, print_json, progress_bar, results
from cnnstudio.cli.options import JsonOption, choice
from cnnstudio.models.trained.library import list_broken_models, list_models
from cnnstudio.models.trained.pretrained import PRETRAINED, fetch_pretrained
from cnnstudio.wording import percent


def models(
    download: Annotated[
        str | None,
        choice("First download a larger classifier for photos, from Keras", PRETRAINED, "classifier"),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List the models that ship, those downloaded and the runs trained here."""
    if download is not None:
        with engine_at_work(), progress_bar() as bar:
            fetch_pretrained(download, bar)
    entries = list_models()
    for problem in list_broken_models().values():
        complain(problem)
    if as_json:
        print_json(
            [
                {
                    "name": entry.name,
                    "kind": entry.kind,
                    "architecture": entry.card.architecture,
                    "dataset": entry.card.dataset,
                    "test_accuracy": entry.card.test_accuracy,
                    "path": str(entry.path),
                }
                for entry in entries
            ]
        )
        return
    if not entries:
        complain("There is no model yet: “cnnstudio train” makes one.")
        return
    table = new_table("name", "kind", "architecture", "data set", "test accuracy", "path")
    for entry in entries:
        accuracy = entry.card.test_accuracy
        measured = "" if accuracy is None else percent(accuracy, 2)
        table.add_row(entry.name, entry.kind, entry.card.architecture, entry.card.dataset, measured, str(entry.path))
    results().print(table)
