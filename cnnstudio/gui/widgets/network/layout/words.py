"""The words in a network's picture: labels, how much room they take, and tooltips."""

from collections.abc import Sequence
from math import prod

from PySide6.QtCore import QRectF
from PySide6.QtGui import QFont, QFontMetricsF

from cnnstudio.gui.widgets.network.layout.parts import Label
from cnnstudio.models.layer_kinds.activation_functions import ACTIVATIONS
from cnnstudio.models.layer_table import LayerRow, Misfit

TEXT = 12
"""Height of the letters, as fonts count it."""

_LONGEST_LINE = 86.0
_MOST_TOLD = 8
_LONGEST_SIGN = 15


def label_font(strong: bool = False) -> QFont:
    """The font of labels: the application's, in a size of its own."""
    font = QFont()
    font.setPixelSize(TEXT)
    font.setWeight(QFont.Weight.DemiBold if strong else QFont.Weight.Normal)
    return font


def label_at(lines: Sequence[str], x: float, top: float, strong: bool = False) -> Label:
    """A label that is centred at `x`, from `top` down."""
    metrics = QFontMetricsF(label_font(strong))
    width = max(map(metrics.horizontalAdvance, lines), default=0.0)
    return Label(tuple(lines), QRectF(x - width / 2, top, width, metrics.lineSpacing() * len(lines)))


def wrapped(text: str) -> tuple[str, ...]:
    """A text in lines that are short where words allow it; what follows a comma has a line of its own."""
    metrics = QFontMetricsF(label_font())
    lines: list[str] = []
    for part in text.split(", "):
        first, *words = part.split()
        lines.append(first)
        for word in words:
            if metrics.horizontalAdvance(f"{lines[-1]} {word}") <= _LONGEST_LINE:
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
    facts = ["Shortcut: the input is added to the output"]
    if rows:
        facts.append("Through " + ", ".join(f"{row.name} ({operation_text(row)})" for row in rows))
    return tuple(facts)


def sign_of_fold(text: str, folded: bool) -> str:
    """What the badge of a fold says: “× 3” or the name of a network; behind a click on a dash, it folds again."""
    if len(text) > _LONGEST_SIGN:
        text = f"{text[: _LONGEST_SIGN - 1]}…"
    return text if folded else f"{text} –"


def width_of_sign(text: str) -> float:
    """How much room the text of a badge takes."""
    return QFontMetricsF(label_font(strong=True)).horizontalAdvance(text)


def facts_of_network(name: str, rows: Sequence[LayerRow], folded: bool) -> tuple[str, ...]:
    """The tooltip of a network within the network."""
    click = "Click to unfold" if folded else "Click to fold"
    parameters = sum(row.parameters for row in rows)
    return f"“{name}”, a network within the network: {len(rows)} layers", f"Parameters {parameters:,}", click


def facts_of_fold(count: int, rows: Sequence[LayerRow], folded: bool) -> tuple[str, ...]:
    """The tooltip of equal blocks that follow each other; `rows`: the layers that make the volumes of one block."""
    block = ", ".join(map(operation_text, rows)) if len(rows) <= _MOST_TOLD else f"{len(rows)} layers"
    click = "Click to unfold" if folded else "Click to fold"
    return f"{count} equal blocks, one after the other: {block}", click
