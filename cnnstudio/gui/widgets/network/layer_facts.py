"""What the columns of a layer table say: numbers, the arithmetic under them, and the lesson in their tooltips."""

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from math import prod

from cnnstudio import wording
from cnnstudio.gui.widgets.network.layout.words import activation_text
from cnnstudio.models.layer_kinds.added import is_added
from cnnstudio.models.layer_table import LayerGroup, LayerRow, LayerTable, mlp_connections
from cnnstudio.wording import percent

UNKNOWN = "–"
"""Where an impossible layer keeps a number from being known."""

PARAMETERS, MULTIPLY_ADDS = 0, 1
"""The series of `Colours.plot` in which bars of parameters and of multiply-adds are painted."""


@dataclass(frozen=True)
class Cell:
    """What stands in a cell.

    Attributes:
        text: the number or the name.
        terms: how it comes about, or what else it is called; under it and smaller. May be empty.
        lesson: its tooltip, as HTML; empty where there is nothing to say.
        bar: length of its bar, 0–1.
    """

    text: str
    terms: str = ""
    lesson: str = ""
    bar: float = 0.0


@dataclass(frozen=True)
class LayerColumn:
    """A column of the layer table.

    Attributes:
        name: its key in a CSV file.
        title: its heading.
        terms: what stands under the heading.
        lesson: the concept behind it.
        cell: what it says of a layer.
        value: the same as plain text for a CSV file and the clipboard, with its arithmetic.
        numeric: aligned right.
        words: what stands under its numbers are words, which say nothing once they are cut, and no arithmetic.
        series: of its bars in `Colours.plot`; None where it has none.
    """

    name: str
    title: str
    terms: str
    lesson: str
    cell: Callable[["Facts", LayerRow], Cell]
    value: Callable[["Facts", LayerRow], str]
    numeric: bool = True
    words: bool = False
    series: int | None = None


class Facts:
    """A table with what concerns all of its rows, worked out once.

    Args:
        table: the layer table.
    """

    def __init__(self, table: LayerTable) -> None:
        self.table = table
        self.connections = mlp_connections(table)
        self.names = {row.name: row.name for row in table.rows}
        """What layers and networks are called below the network that they are in."""
        for group in table.groups:
            inside = [one.row if isinstance(one, LayerGroup) else one for one in group.members]
            self.names.setdefault(group.row.name, group.row.name)
            self.names |= {row.name: row.name.removeprefix(f"{group.row.name}.") for row in inside}
        rows = [*table.rows, *(group.row for group in table.groups)]
        self.most_parameters = max((row.parameters for row in rows), default=0)
        self.most_multiply_adds = max((row.multiply_adds for row in rows), default=0)

    def cells(self, row: LayerRow) -> list[Cell]:
        """What stands in the columns, of a layer or of a network within the network."""
        return [column.cell(self, row) for column in COLUMNS]


def shape_text(shape: tuple[int, ...] | None) -> str:
    """A shape as people say it: “28×28×6”, “120”."""
    return UNKNOWN if shape is None else wording.shape(shape)


def left_side(terms: str) -> str:
    """The arithmetic without its result, which stands above it: “5·5·1·6 + 6”."""
    return terms.rpartition(" = ")[0]


def _paragraphs(*lines: str) -> str:
    return "".join(f"<p>{escape(line)}</p>" for line in lines if line)


def _layer(facts: Facts, row: LayerRow) -> Cell:
    activation = activation_text(row.activation)
    feeds = f"Its inputs are {' and '.join(row.inputs)}." if len(row.inputs) > 1 else ""
    misfit = facts.table.misfit
    problem = misfit.text if misfit is not None and misfit.layer == row.name else ""
    title, _, details = row.title.partition(", ")
    added = "added" if is_added(row.name, row.kind) else ""
    terms = " · ".join(part for part in (facts.names[row.name], details, activation, added) if part)
    return Cell(title, terms, _paragraphs(problem, row.title, row.description, feeds))


def _formulas(row: LayerRow) -> tuple[str, ...]:
    """N = (W − F + 2P)/S + 1 for the height and the width, or once where both agree."""
    if row.windows is None:
        return ()
    height, width = row.windows
    return (height.formula,) if height == width else (f"height {height.formula}", f"width {width.formula}")


def _output(_: Facts, row: LayerRow) -> Cell:
    formulas = _formulas(row)
    lines: list[str] = []
    if row.windows is not None:
        window = row.windows[0]
        before, after = window.padding
        padding = f"P = {before}" if before == after else f"{before} + {after} in place of 2P"
        lines = [
            f"N = (W − F + 2P)/S + 1, with W = {window.size} numbers in, F = {window.kernel} the window's side, "
            f"{padding} zeros around, S = {window.stride} the step:",
            *formulas,
        ]
    shape = row.output_shape
    if shape is not None and len(shape) == 3:
        lines.append(f"{shape[2]:,} feature maps of {wording.shape(shape[:2])}.")
    return Cell(shape_text(shape), left_side(formulas[0]) if formulas else "", _paragraphs(*lines))


def _parameters(facts: Facts, row: LayerRow) -> Cell:
    if not row.parameters:
        return _nothing(row, "This layer has no parameters.")
    fixed = row.parameters - row.trainable_parameters
    kept = f"{fixed:,} of them are not trained." if fixed else ""
    lesson = _paragraphs(row.parameter_terms, _share(row.parameters, facts.table.parameters), kept)
    bar = row.parameters / facts.most_parameters
    return Cell(f"{row.parameters:,}", left_side(row.parameter_terms), lesson, bar)


def _multiply_adds(facts: Facts, row: LayerRow) -> Cell:
    if not row.multiply_adds:
        return _nothing(row, "This layer multiplies by no weights.")
    lesson = _paragraphs(row.multiply_add_terms, _share(row.multiply_adds, facts.table.multiply_adds))
    bar = row.multiply_adds / facts.most_multiply_adds
    return Cell(f"{row.multiply_adds:,}", left_side(row.multiply_add_terms), lesson, bar)


def _nothing(row: LayerRow, lesson: str) -> Cell:
    return Cell("0" if row.output_shape is not None else UNKNOWN, "", _paragraphs(lesson))


def _share(number: int, total: int) -> str:
    return f"{percent(number / total)} of the whole network."


def _field(facts: Facts, row: LayerRow) -> Cell:
    if row.receptive_field is None:
        return Cell(UNKNOWN)
    height, width = row.receptive_field
    whole = height >= facts.table.input_shape[0] and width >= facts.table.input_shape[1]
    seen = "the whole image" if whole else f"{wording.shape((height, width))} pixels of the image"
    lesson = f"One number of this layer’s output depends on {seen}."
    return Cell(shape_text(row.receptive_field), "whole image" if whole else "", _paragraphs(lesson))


def _rough(number: float) -> str:
    """A number as it is, or in millions and billions where it is long."""
    if number < 10**7:
        return f"{number:,.0f}"
    return f"{number / 1e6:,.0f} million" if number < 10**9 else f"{number / 1e9:,.1f} billion"


def _dense(facts: Facts, row: LayerRow) -> Cell:
    if row.name not in facts.connections:
        return Cell("")
    inputs, outputs = facts.connections[row.name]
    ratio = _rough(inputs * outputs / row.parameters) if row.parameters else ""
    times = "about as many" if ratio == "1" else ratio and f"{ratio} times"
    product = f"{inputs:,} × {outputs:,} = {inputs * outputs:,}"
    lesson = (
        f"A dense layer that turns P = {inputs:,} numbers into H = {outputs:,} has a weight for each pair: "
        f"P × H = {product} connections. The convolution uses the same {row.parameters:,} parameters at every place."
    )
    return Cell(_rough(inputs * outputs), times, _paragraphs(lesson))


COLUMNS: tuple[LayerColumn, ...] = (
    LayerColumn(
        "layer",
        "Layer",
        "what it does",
        "The layers in the order in which an image goes through them; under each its name in Keras.",
        _layer,
        lambda _, row: f"{row.name}: {row.title}",
        numeric=False,
    ),
    LayerColumn(
        "output_shape",
        "Output shape",
        "(W − F + 2P)/S + 1",
        "Height × width × feature maps of the layer's output for one image. A window of F numbers that moves by S over "
        "W numbers, with P zeros added at each end, has N = (W − F + 2P)/S + 1 positions.",
        _output,
        lambda _, row: " ".join([shape_text(row.output_shape), *(f"[{formula}]" for formula in _formulas(row))]),
    ),
    LayerColumn(
        "parameters",
        "Parameters",
        "weights + bias",
        "The numbers that training finds. A convolution has height · width · channels weights and a bias for each "
        "filter; a dense layer has a weight for each pair of input and unit, and a bias for each unit.",
        _parameters,
        lambda _, row: row.parameter_terms or "0",
        series=PARAMETERS,
    ),
    LayerColumn(
        "multiply_adds",
        "Multiply-adds",
        "outputs · kernel",
        "Multiplications by a weight, each with an addition, for one image. They are what makes a network slow.",
        _multiply_adds,
        lambda _, row: row.multiply_add_terms or "0",
        series=MULTIPLY_ADDS,
    ),
    LayerColumn(
        "receptive_field",
        "Receptive",
        "field, in px",
        "The part of the image, in pixels, that one number of the output depends on. It grows from layer to layer.",
        _field,
        lambda _, row: shape_text(row.receptive_field),
        words=True,
    ),
    LayerColumn(
        "same_with_an_mlp",
        "With an MLP",
        "in × out",
        "How many weights a dense layer would need for as many outputs as this convolution has: one for each pair of "
        "input and output.",
        _dense,
        lambda facts, row: f"{prod(facts.connections[row.name]):,}" if row.name in facts.connections else "",
        words=True,
    ),
)
"""The columns, from left to right."""


def as_text(table: LayerTable) -> str:
    """The whole table as text in columns, for an e-mail or a lab report."""
    facts = Facts(table)
    lines = [[column.title for column in COLUMNS]]
    lines += [[column.value(facts, row) for column in COLUMNS] for row in table.rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def as_csv(table: LayerTable) -> str:
    """The whole table as CSV with plain numbers: for each layer one line under a line of names."""
    connections = Facts(table).connections
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    names = ("parameters", "parameter_terms", "multiply_adds", "multiply_add_terms")
    writer.writerow(["name", "kind", "title", "output_shape", "formula", *names, "receptive_field", "same_with_an_mlp"])
    for row in table.rows:
        shape = "" if row.output_shape is None else "x".join(map(str, row.output_shape))
        field = "" if row.receptive_field is None else "x".join(map(str, row.receptive_field))
        numbers = [getattr(row, name) for name in names]
        dense = prod(connections[row.name]) if row.name in connections else ""
        writer.writerow([row.name, row.kind, row.title, shape, "; ".join(_formulas(row)), *numbers, field, dense])
    return out.getvalue()
