"""`cnnstudio datasets`: the data sets that can be chosen by name, the user's own among them."""

from cnnstudio import wording
from cnnstudio.cli.console import new_table, print_json, results
from cnnstudio.cli.options import JsonOption
from cnnstudio.data.library import list_datasets


def datasets(as_json: JsonOption = False) -> None:
    """List the data sets."""
    if as_json:
        print_json(
            [
                {
                    "name": entry.name,
                    "title": entry.title,
                    "description": entry.description,
                    "image_shape": entry.image_shape,
                    "classes": entry.classes,
                    "train_images": entry.train_images,
                    "test_images": entry.test_images,
                    "licence": entry.licence,
                    "is_here": entry.is_here(),
                    "download_bytes": entry.download_bytes,
                    "path": None if entry.path is None else str(entry.path),
                }
                for entry in list_datasets()
            ]
        )
        return
    table = new_table("name", "data set", "size", "where", "what it is", "licence")
    for entry in list_datasets():
        where = "here" if entry.is_here() else f"{wording.size(entry.download_bytes)} at first use"
        table.add_row(entry.name, entry.title, entry.size_text, where, entry.description, entry.licence)
    results().print(table)
