"""`cnnstudio models`: the models that ship and those trained here."""

from cnnstudio.cli.console import complain, new_table, print_json, results
from cnnstudio.cli.options import JsonOption
from cnnstudio.models.library import list_broken_models, list_models
from cnnstudio.wording import percent


def models(as_json: JsonOption = False) -> None:
    """List the models that ship and the runs trained here."""
    entries = list_models()
    for broken in list_broken_models():
        complain(broken.problem)
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
