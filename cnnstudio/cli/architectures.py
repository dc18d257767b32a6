"""`cnnstudio architectures`: the architectures that can be chosen by name, or the layer table of one."""

import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from typing import Annotated, Any

import typer
from rich.table import Table

from cnnstudio import wording
from cnnstudio.cli.console import complain, engine_at_work, new_table, print_json, results
from cnnstudio.cli.failures import WrongUseError
from cnnstudio.cli.options import (
    DATASET_HELP,
    ChannelsOption,
    ImageSizeOption,
    JsonOption,
    architecture_named,
    dataset_named,
)
from cnnstudio.errors import StudioError
from cnnstudio.models.architectures.catalogue import ARCHITECTURES, FAMILIES
from cnnstudio.models.layer_table import LayerGroup, LayerRow, LayerTable, describe, mlp_connections
from cnnstudio.models.networks.building import network_config
from cnnstudio.models.networks.files import Network, list_networks, saved_path
from cnnstudio.models.trained.library import find_model


def architectures(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME|FILE|MODEL]",
            help="Show the layers of one: its name, an architecture's file, or a trained model by its name or path.",
            show_default=False,
        ),
    ] = None,
    dataset: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|PATH",
            help=DATASET_HELP.format("Fit it to the images and classes of a data set")
            + " By default it is as its paper or its file has it.",
        ),
    ] = None,
    image_size: ImageSizeOption = None,
    channels: ChannelsOption = None,
    as_json: JsonOption = False,
) -> int:
    """List the architectures, or show every layer of one: sizes, parameters and multiply-adds."""
    if name is None:
        if dataset is not None:
            raise WrongUseError("Say which architecture to fit to the data set: “cnnstudio architectures NAME”.")
        _list(as_json)
        return 0
    if dataset is None and (image_size is not None or channels is not None):
        raise WrongUseError("--image-size and --channels say how the images of --dataset are taken: name that too.")
    entry = None if dataset is None else dataset_named(dataset, image_size, channels)
    table = _table(name, None if entry is None else (entry.image_shape, len(entry.classes)))
    if as_json:
        print_json(_as_json(table))
    else:
        _show(table)
    if table.misfit is not None:
        complain(table.misfit.text)
        return 1
    return 0


def _list(as_json: bool) -> None:
    if as_json:
        print_json(
            [
                {
                    "name": entry.name,
                    "title": entry.title,
                    "year": entry.year,
                    "authors": entry.authors,
                    "paper": entry.paper,
                    "link": entry.link,
                    "idea": entry.idea,
                    "note": entry.note,
                    "reported": entry.reported,
                    "input_shape": entry.image_shape,
                    "classes": entry.classes,
                    "published_parameters": entry.published_parameters or None,
                }
                for entry in ARCHITECTURES.values()
            ]
            + [{"name": network.name, "title": network.title, "source": network.source} for network in list_networks()]
        )
        return
    table = new_table("name", "architecture", "what it is", "parameters (paper)", "year", "authors")
    table.columns[3].justify = "right"
    for family in FAMILIES.values():
        table.add_section()
        for entry in family:
            published = f"{entry.published_parameters:,}" if entry.published_parameters else "–"
            table.add_row(entry.name, entry.title, entry.idea, published, str(entry.year), entry.authors)
    table.add_section()
    for network in list_networks():
        source = f", made from {ARCHITECTURES[network.source].title}" if network.source else ""
        table.add_row(network.name, network.title, f"Your own{source}.", "–", "", "")
    results().print(table)


def _table(text: str, size: tuple[tuple[int, int, int], int] | None) -> LayerTable:
    """The layer table of a network or model, fitted to (height, width, channels) and classes where they are given."""
    if text not in ARCHITECTURES and not saved_path(text):
        with suppress(StudioError):
            text = str(find_model(text))
    network = architecture_named(text)
    with engine_at_work():
        config = network_config(network, *(size or ()))
    return replace(describe(config).as_it_is(), name=network.title if isinstance(network, Network) else network.name)


def _as_json(table: LayerTable) -> dict[str, Any]:
    return {
        "name": table.name,
        "input_shape": table.input_shape,
        "classes": table.classes or None,
        "parameters": table.parameters,
        "trainable_parameters": table.trainable_parameters,
        "multiply_adds": table.multiply_adds,
        "layers": [
            {key: value for key, value in vars(row).items() if key != "windows"} | {"formula": _formula(row)}
            for row in table.rows
        ],
        "misfit": asdict(table.misfit) if table.misfit else None,
        "purpose": table.purpose,
    }


def _formula(row: LayerRow) -> str:
    """The formula of the output's size; where height and width differ, one after the other."""
    return "; ".join(dict.fromkeys(window.formula for window in row.windows or ()))


def _show(table: LayerTable) -> None:
    title = f"{table.name}: images of {_shape(table.input_shape)}, {table.classes_text}"
    grid = new_table(
        "layer", "what it is", "output", "parameters", "multiply-adds", "sees", "size along each side", title=title
    )
    for column in grid.columns[4:6]:
        column.justify = "right"
    _add_rows(grid, table.outline, "")
    grid.add_section()
    still = table.parameters - table.trainable_parameters
    parameters = f"{table.parameters:,}" + (f", {still:,} of them not trained" if still else "")
    grid.add_row("in all", "", "", parameters, f"{table.multiply_adds:,}")
    results().print(grid)
    if table.purpose:
        print(table.purpose)
    connections = mlp_connections(table)
    if connections:
        results().print(
            f"\nThe same with an MLP: {sum(map(math.prod, connections.values())):,} connections where the "
            f"convolutions have {sum(row.parameters for row in table.rows if row.name in connections):,} parameters."
        )


def _add_rows(grid: Table, members: Sequence[LayerRow | LayerGroup], networks: str) -> None:
    """Adds a row for each layer; those of a network within the network below a row for all of it, and set in.

    Args:
        grid: what the rows are added to.
        members: layers and networks.
        networks: the names of the networks that they are in, each with a dot behind it.
    """
    for one in members:
        row = one.row if isinstance(one, LayerGroup) else one
        grid.add_row(
            "  " * networks.count(".") + row.name.removeprefix(networks),
            f"{row.title}, {row.activation}" if row.activation and row.kind != "Activation" else row.title,
            _shape(row.output_shape),
            row.parameter_terms or (f"{row.parameters:,}" if row.parameters else ""),
            f"{row.multiply_adds:,}" if row.multiply_adds else "",
            _shape(row.receptive_field),
            _formula(row),
        )
        if isinstance(one, LayerGroup):
            _add_rows(grid, one.members, f"{row.name}.")


def _shape(sides: tuple[int, ...] | None) -> str:
    return "?" if sides is None else wording.shape(sides)
