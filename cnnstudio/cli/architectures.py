"""`cnnstudio architectures`: the architectures that can be chosen by name."""

from cnnstudio.cli.console import new_table, print_json, results
from cnnstudio.cli.options import JsonOption
from cnnstudio.models.architectures import ARCHITECTURES


def architectures(as_json: JsonOption = False) -> None:
    """List the architectures."""
    if as_json:
        print_json(
            [
                {
                    "name": entry.name,
                    "title": entry.title,
                    "year": entry.year,
                    "authors": entry.authors,
                    "paper": entry.paper,
                    "idea": entry.idea,
                    "note": entry.note,
                }
                for entry in ARCHITECTURES.values()
            ]
        )
        return
    table = new_table("name", "architecture", "what it is", "year", "authors")
    for entry in ARCHITECTURES.values():
        table.add_row(entry.name, entry.title, entry.idea, str(entry.year), entry.authors)
    results().print(table)
