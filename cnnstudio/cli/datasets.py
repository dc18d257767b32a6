"""`cnnstudio datasets`: the data sets that can be chosen by name, the user's own among them; or what a folder holds."""

from pathlib import Path
from typing import Annotated

import typer

from cnnstudio import wording
from cnnstudio.cli.console import new_table, print_json, progress_bar, results
from cnnstudio.cli.failures import wrong_use
from cnnstudio.cli.options import JsonOption
from cnnstudio.data.library import list_datasets
from cnnstudio.data.report import FolderSurvey
from cnnstudio.storage import exists
from cnnstudio.wording import counted


def datasets(
    folder: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FOLDER]",
            help="A folder or a zip of images: shows which classes are found in it, and how else it could be read.",
            show_default=False,
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List the data sets, or show what a folder of images holds."""
    if folder is not None:
        _show_folder(folder.expanduser(), as_json)
        return
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
                    "layout": entry.layout,
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


def _show_folder(folder: Path, as_json: bool) -> None:
    from cnnstudio.data.folders.layout import LayoutChoice
    from cnnstudio.data.folders.load import survey_folder

    with wrong_use(unless=exists(folder)), progress_bar() as bar:
        survey = survey_folder(folder, bar)
    if as_json:
        print_json(
            {
                "path": str(survey.path),
                "layout": survey.layout,
                "classes": survey.classes,
                "counts": {split: counts.tolist() for split, counts in survey.counts.items()},
                "notes": survey.notes,
                "layouts": [
                    {"layout": offer.layout, "classes": offer.number, "images": offer.pictures}
                    for offer in survey.layouts
                ],
            }
        )
        return
    print(LayoutChoice.parse(survey.layout).sentence)
    _print_classes(survey)
    for note in survey.notes:
        print(note)
    if len(survey.layouts) > 1:
        print("\nThe folder could also be read in another way, with --layout:")
        others = new_table("layout", "classes", "images", "such as")
        for offer in survey.layouts:
            names = ", ".join([*offer.classes[:3], *(["…"] if offer.number > 3 else [])])
            others.add_row(offer.layout, f"{offer.number:,}", f"{offer.pictures:,}", names)
        results().print(others)


def _print_classes(survey: FolderSurvey) -> None:
    images = sum(int(counts.sum()) for counts in survey.counts.values())
    table = new_table("class", *("images" if split == "all" else split for split in survey.counts), "such as")
    print(f"{counted(len(survey.classes), 'class', 'classes')}, {counted(images, 'image')}.")
    for number, (name, files) in enumerate(zip(survey.classes, survey.files, strict=True)):
        table.add_row(name, *(f"{counts[number]:,}" for counts in survey.counts.values()), ", ".join(files[:2]))
    results().print(table)
