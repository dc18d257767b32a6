"""Options and arguments that several commands share, and options whose choices are a table."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from cnnstudio.cli.console import progress_bar
from cnnstudio.cli.failures import WrongUseError, wrong_use
from cnnstudio.data.library import find_dataset
from cnnstudio.data.published.catalogue import DatasetEntry
from cnnstudio.models.architectures.architecture import Architecture
from cnnstudio.models.networks.building import find_network
from cnnstudio.models.networks.files import Network, saved_path
from cnnstudio.storage import exists

JsonOption = Annotated[bool, typer.Option("--json", help="Write one JSON document to stdout.")]
ModelArgument = Annotated[
    str, typer.Argument(metavar="MODEL", help="A shipped model's name, a run's name, or a path.", show_default=False)
]

ARCHITECTURE_HELP = "{}: a name of “cnnstudio architectures”, or of one you saved, or an architecture's file."
DATASET_HELP = "{}: a name of “cnnstudio datasets”, or a folder or a zip of images."
ImageSizeOption = Annotated[
    int | None, typer.Option(metavar="N", help="Side in pixels to which the images of a folder are scaled.")
]
ChannelsOption = Annotated[
    int | None, typer.Option(metavar="1|3", help="Convert the images of a folder to grey (1) or colour (3).")
]
TestDatasetOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME|PATH",
        help=DATASET_HELP.format("The data set, by default the one that the model was trained on"),
    ),
]
LayoutOption = Annotated[
    str,
    typer.Option(
        metavar="LAYOUT",
        help="How a folder is laid out, if not as it is found out: folders, folders=2 (the classes are on the second "
        "level), names (of the files), table=FILE. “cnnstudio datasets FOLDER” shows what there is.",
        show_default=False,
    ),
]


def choice(text: str, table: Mapping[str, Any], noun: str) -> Any:
    """An option whose value must be a key of a table.

    Args:
        text: its help; the choices are added.
        table: the choices, by what is typed.
        noun: what they are called, for the message.
    """

    def check(value: str | None) -> str | None:
        if value is not None and value not in table:
            raise WrongUseError(f"There is no {noun} “{value}”: choose one of {', '.join(table)}.")
        return value

    return typer.Option(metavar="NAME", callback=check, help=f"{text}: {', '.join(table)}.")


def dataset_named(
    name: str, image_size: int | None = None, channels: int | None = None, layout: str = ""
) -> DatasetEntry:
    """The data set of this name or path.

    Raises:
        WrongUseError: there is none of that name, or it does not come in that size.
        StudioError: there is such a folder or zip, but it cannot be used.
    """
    with wrong_use(unless=exists(Path(name).expanduser())), progress_bar() as bar:
        return find_dataset(name, image_size, channels, bar, layout)


def found_layout(entry: DatasetEntry) -> str:
    """How the folder of a data set was understood, and what to do where that is wrong."""
    from cnnstudio.data.folders.layout import LayoutChoice  # it imports what reads pictures

    names = ", ".join([*(f"“{name}”" for name in entry.classes[:3]), *(["…"] if len(entry.classes) > 3 else [])])
    return (
        f"{LayoutChoice.parse(entry.layout).sentence} {len(entry.classes):,} classes: {names}. For another layout use "
        "--layout."
    )


def architecture_named(text: str) -> Architecture | Network:
    """The network of this name or path.

    Raises:
        WrongUseError: there is none of that name.
        StudioError: there is such a file, but it is not opened.
    """
    with wrong_use(unless=bool(saved_path(text)) or exists(Path(text).expanduser())):
        return find_network(text)
