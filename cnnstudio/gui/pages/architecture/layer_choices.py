"""What the editor of architectures says of a layer."""

from dataclasses import dataclass

from cnnstudio import wording
from cnnstudio.gui.controls.picker import Choice
from cnnstudio.gui.look.theme import icon
from cnnstudio.lab.sizes import Window
from cnnstudio.limits import BYTES_PER_PARAMETER, MAX_PARAMETERS
from cnnstudio.models.layer_kinds import LAYER_KINDS
from cnnstudio.models.layer_table import LayerRow, LayerTable


@dataclass(frozen=True)
class ResidualBlock:
    """A block of layers that is listed among the kinds of layers.

    Attributes:
        title: its name.
        description: what it does, in a sentence.
        stride: of its first convolution; the channels are multiplied by it.
    """

    title: str
    description: str
    stride: int


RESIDUAL_BLOCKS = {
    "residual block": ResidualBlock(
        "Residual block",
        "Two convolutions and a shortcut past them: they learn only what to change. ResNets are made of these blocks.",
        1,
    ),
    "halving residual block": ResidualBlock(
        "Residual block, half the size",
        "The same with stride 2 and twice the filters; a 1×1 convolution brings the shortcut to the same shape.",
        2,
    ),
}
"""Blocks by their keys."""


def layer_choices() -> list[Choice]:
    """What can be added, residual blocks first among the branches."""
    choices = [
        Choice(kind.name, kind.title, kind.description, icon(kind.icon), kind.group)
        for kind in LAYER_KINDS.values()
        if kind.is_offered
    ]
    branches = next(number for number, choice in enumerate(choices) if choice.key == "Add")
    group, picture = choices[branches].group, icon("layer-residual")
    blocks = [Choice(key, block.title, block.description, picture, group) for key, block in RESIDUAL_BLOCKS.items()]
    return [*choices[:branches], *blocks, *choices[branches:]]


def size_warning(table: LayerTable) -> str:
    """Why a network is too large to be trained, with the memory it would take; empty where it is not."""
    if table.parameters <= MAX_PARAMETERS:
        return ""
    largest = max(table.rows, key=lambda row: row.parameters)
    return (
        f"{table.parameters:,} parameters would take {wording.size(BYTES_PER_PARAMETER * table.parameters)} of memory "
        f"to train: too many. {largest.parameters:,} of them are in “{largest.name}”."
    )


@dataclass(frozen=True)
class Fact:
    """Something that follows from a layer's numbers, and what that means, in a sentence."""

    name: str
    title: str
    text: str
    lesson: str


def facts_of(row: LayerRow, table: LayerTable) -> tuple[Fact, ...]:
    """What follows from a layer's numbers and those of the layers that feed it, what does not apply left out."""
    shapes = {one.name: one.output_shape for one in table.rows}
    lines = (f"{name}: {wording.shape(sides)}" if (sides := shapes.get(name)) else name for name in row.inputs)
    field = row.receptive_field if row.windows else None
    facts = (
        Fact(
            "joined",
            "Joins",
            "\n".join(lines) if len(row.inputs) > 1 else "",
            "The layers that feed it, with the shapes of their outputs.",
        ),
        Fact(
            "padding_hint",
            "Note",
            padding_hint(row.windows) if row.windows else "",
            "Such weights are multiplied by zeros, and learn nothing.",
        ),
        Fact(
            "formula",
            "N = (W − F + 2P)/S + 1",
            _formula(row.windows) if row.windows else "",
            "How many positions the window has: W is the size of the input, F of the window, P the zeros added on each "
            "side, S the stride.",
        ),
        Fact(
            "output",
            "Output",
            wording.shape(row.output_shape) if row.output_shape else "",
            "Height, width and channels, or the length of a list.",
        ),
        Fact("parameters", "Parameters", row.parameter_terms, "How many numbers training finds."),
        Fact(
            "multiply_adds",
            "Multiply-adds",
            row.multiply_add_terms,
            "How many multiplications, each with an addition, one image takes.",
        ),
        Fact(
            "receptive_field",
            "Receptive field",
            f"{wording.shape(field)} pixels" if field else "",
            "How much of the image one number of the output depends on.",
        ),
    )
    return tuple(fact for fact in facts if fact.text)


def padding_hint(windows: tuple[Window, Window]) -> str:
    """That a window reaches beyond the maps on which it slides; empty where it does not."""
    height, width = windows
    if height.kernel <= height.size and width.kernel <= width.size:
        return ""
    seen = min(height.kernel, height.size) * min(width.kernel, width.size)
    much = "most" if 2 * seen < height.kernel * width.kernel else "part"
    return (
        f"The window of {height.kernel}×{width.kernel} is larger than the maps of {height.size}×{width.size}: "
        f"{much} of it sees only padding."
    )


def _formula(windows: tuple[Window, Window]) -> str:
    height, width = windows
    if height == width:
        return f"N = {height.formula}"
    return f"height = {height.formula}\nwidth = {width.formula}"
