"""The words in a network's picture: labels, how much room they take, and tooltips."""

from collections.abc import Sequence
from math import prod

from cnnstudio.gui.widgets.network.layout.parts import Box, Label, Point
from cnnstudio.gui.widgets.network.layout.volumes import kernels_of
from cnnstudio.models.layer_kinds.activation_functions import ACTIVATIONS
from cnnstudio.models.layer_table import LayerRow, Misfit

TEXT = 12.0
"""Height of the letters, as fonts count it."""
LINE = 15.0
"""From a line of text to the next one."""

_LONGEST_LINE, _LONGEST_TERSE = 86.0, 68.0
_MOST_INSIDE, _MOST_TOLD = 4, 8
_SHORT = {
    "depthwise convolution": "depthwise",
    "convolution": "conv.",
    "pooling": "pool",
}
# Of DejaVu Sans, which is wider than what most systems use.
_NARROW = dict.fromkeys("iljI|.,·:'", 0.32) | dict.fromkeys(" ft()/-", 0.42)
_WIDE = dict.fromkeys("mwMW", 0.95) | {"@": 1.0, "×": 0.84, "…": 1.0}


def width_of(text: str, strong: bool = False) -> float:
    """About how wide a text is; rather too wide than too narrow."""
    width = TEXT * sum(_NARROW.get(letter) or _WIDE.get(letter) or 0.64 for letter in text)
    return width * (1.1 if strong else 1.0)


def label_at(lines: Sequence[str], x: float, top: float, strong: bool = False) -> Label:
    """A label that is centred at `x`, from `top` down."""
    width = max((width_of(line, strong) for line in lines), default=0.0)
    return Label(tuple(lines), Box(x - width / 2, top, width, LINE * len(lines)))


def wrapped(text: str, terse: bool = False) -> tuple[str, ...]:
    """A text in lines that are short where words allow it; what follows a comma has a line of its own."""
    longest = _LONGEST_TERSE if terse else _LONGEST_LINE
    lines: list[str] = []
    for part in text.split(", "):
        first, *words = part.split()
        lines.append(first)
        for word in words:
            if width_of(f"{lines[-1]} {word}") <= longest:
                lines[-1] += f" {word}"
            else:
                lines.append(word)
    return tuple(lines)


def shape_text(shape: tuple[int, ...] | None) -> str:
    """A shape as the LeNet-5 paper writes it: “6@28×28”; a vector by its length, one map without a number."""
    if shape is None:
        return "?"
    if len(shape) < 2:
        return f"{prod(shape):,}"
    sides = "×".join(map(str, shape[:-1]))
    return f"{shape[-1]:,}@{sides}" if shape[-1] > 1 else sides


def operation_text(row: LayerRow) -> str:
    """What a layer does, to stand between two volumes: “convolution 5×5”."""
    return _within_sentence(row.title)


def _within_sentence(title: str) -> str:
    """With a small letter first; but ReLU, and the class of a layer that is not known, keep their spelling."""
    first = title.split(" ", maxsplit=1)[0]
    return title if first[1:] != first[1:].lower() else first.lower() + title[len(first) :]


def activation_text(name: str) -> str:
    """An activation function as people write it within a sentence; empty for none."""
    return _within_sentence(ACTIVATIONS[name].title) if name else ""


def short_text(row: LayerRow) -> str:
    """The same where there is little room: “conv. 5×5”."""
    text = operation_text(row)
    for words, short in _SHORT.items():
        text = text.replace(words, short)
    return text


def inside_text(rows: Sequence[LayerRow], terse: bool) -> tuple[str, ...]:
    """What a part does of which only the end is drawn: the words for each of a few layers, else how many they are."""
    if len(rows) > _MOST_INSIDE:
        return (f"{len(rows)} layers",)
    return tuple(line for row in rows for line in wrapped(short_text(row), terse))


def facts_of(rows: Sequence[LayerRow], misfit: Misfit | None) -> tuple[str, ...]:
    """The tooltip of a volume: its name and kind first, then shape, parameters, the formula, what follows."""
    row = rows[0]
    facts = [f"{row.name}: {operation_text(row)}"]
    if misfit and misfit.layer == row.name:
        facts.append(misfit.text)
    if row.output_shape is not None:
        facts.append("Output " + "×".join(map(str, row.output_shape)))
    facts.append(f"Parameters {row.parameter_terms}" if row.parameter_terms else "No parameters")
    if row.windows:
        height, width = row.windows
        if height == width:
            facts.append(f"Size {height.formula}")
        else:
            facts += [f"Height {height.formula}", f"Width {width.formula}"]
    if row.activation:
        facts.append(f"Activation {activation_text(row.activation)}")
    if len(rows) > 1:
        facts.append("Then " + ", ".join(operation_text(other) for other in rows[1:]))
    return tuple(facts)


def facts_of_shortcut(rows: Sequence[LayerRow]) -> tuple[str, ...]:
    """The tooltip of a shortcut."""
    facts = ["Shortcut: what goes in is also added to what comes out"]
    if rows:
        facts.append("Through " + ", ".join(f"{row.name} ({operation_text(row)})" for row in rows))
    return tuple(facts)


def told_inside(rows: Sequence[LayerRow], shortcuts: Sequence[Sequence[LayerRow]]) -> str:
    """What a part does: “9 layers, 2 shortcuts inside”.

    Args:
        rows: what makes its volumes.
        shortcuts: those that are not drawn: for each, the layers on it.
    """
    text = ", ".join(operation_text(row) for row in rows) if len(rows) <= _MOST_TOLD else f"{len(rows)} layers"
    if shortcuts:
        text += f", {len(shortcuts)} shortcut{'s' if len(shortcuts) > 1 else ''} inside"
        if kernels := [row for way in shortcuts for row in kernels_of(way)[:1]]:
            text += f" ({len(kernels)} through a {operation_text(kernels[0]).split()[0]})"
    return text


def facts_of_fold(count: int, inside: str, folded: bool) -> tuple[str, ...]:
    """The tooltip of equal parts that follow each other; `inside`: what one part does."""
    click = "Click to unfold" if folded else "Click to fold"
    if count == 1:
        return f"Drawn by its end alone: {inside}" if folded else f"One part: {inside}", click
    return f"{count} equal parts, one after the other: {inside}", click


def above(point: Point, text: str) -> Label:
    """A label whose lower edge is centred at a point."""
    return label_at((text,), point[0], point[1] - LINE)
