"""What is said of a convolution: its formula in letters and in numbers, and what becomes of a number or a weight."""

from cnnstudio.gui.widgets.images.matrix import number_text
from cnnstudio.lab.activations import ACTIVATIONS
from cnnstudio.lab.convolution import Convolution, Convolved, Meeting, Step, Use
from cnnstudio.wording import bracketed, counted, numbered

MOST_TERMS = 25
"""So many products of one channel are written out."""

Term = tuple[int, int, int]
"""A product: the channel among those that the filter sees, and the row and the column of its weight."""


def letters(convolved: Convolved) -> str:
    """The formula in letters, with what this layer has of it, as rich text."""
    layer = convolved.convolution
    down, across = convolved.windows
    row = _index("i", down.stride, "u", layer.dilations[0], down.padding[0])
    column = _index("j", across.stride, "v", layer.dilations[1], across.padding[0])
    last = (layer.kernel.shape[0] - 1, layer.kernel.shape[1] - 1)
    weight = f"{last[0]} − u, {last[1]} − v" if layer.flipped else "u, v"
    several = layer.kernel.shape[2] > 1
    channel = ", c" if several else ""
    total = f"Σ<sub>u, v{channel}</sub> x[{row}, {column}{channel}] · w[{weight}{channel}]"
    bias = " + b" if layer.bias is not None else ""
    if layer.activation == "linear":
        return f"y[i, j] = {total}{bias}"
    return f"y[i, j] = {ACTIVATIONS[layer.activation].title}({total}{bias})"


def parameters(layer: Convolution) -> str:
    """How many numbers the layer has to learn, and how they are counted: “3·3·3·2 + 2 = 56 parameters: …”"""
    factors = "·".join(map(str, layer.kernel.shape))
    count = layer.kernel.size + (layer.filters if layer.bias is not None else 0)
    added = f" + {layer.filters}" if layer.bias is not None else ""
    return f"{factors}{added} = {counted(count, 'parameter')}: rows · columns · channels · filters" + (
        " + biases." if added else "."
    )


def numbers(step: Step, bias: bool, pointed: Term | None) -> str:
    """How one number of the output comes about, as rich text in which each product is a link to itself.

    Args:
        step: the number.
        bias: whether there is one.
        pointed: the product that stands out.
    """
    lines, sums = [], [number_text(float(value)) for value in step.sums]
    count = step.kernel.shape[0] * step.kernel.shape[1]
    for place, channel in enumerate(step.channels):
        terms = [
            _term((place, row, column), float(step.patch[row, column, place]), float(weight), pointed)
            for (row, column), weight in _weights(step, place)
        ]
        more = " + …" if count > MOST_TERMS else ""
        which = f"{numbered('Channel', channel)}: " if len(step.channels) > 1 else ""
        lines.append(f"{which}{' + '.join(terms[:MOST_TERMS])}{more} = <b>{sums[place]}</b>")
    if len(step.channels) > 1 or bias:
        added = [*sums, *([number_text(step.bias)] if bias else [])]
        lines.append(f"{joined(added)} = <b>{number_text(step.before)}</b>")
    if step.activation != "linear":
        title = ACTIVATIONS[step.activation].title
        lines.append(f"{title}({number_text(step.before)}) = <b>{number_text(step.value)}</b>")
    name = f"y[{step.row}, {step.column}]"
    return "<br>".join([f"{name} = {lines[0]}" if len(lines) == 1 else f"{name}:<br>{lines[0]}", *lines[1:]])


def of_input(value: float, uses: list[Use], layer: Convolution) -> str:
    """What becomes of a number of the input."""
    shown = number_text(value)
    if not uses:
        return f"This {shown} goes nowhere: the window never covers it."
    outputs = counted(len({(use.row, use.column) for use in uses}), "output")
    each = "" if len(uses) == 1 else ", each time with another weight"
    edge = (
        " Numbers at the edge are used less often than those in the middle." if max(layer.kernel.shape[:2]) > 1 else ""
    )
    return f"This {shown} goes into {outputs}{each}.{edge}"


def of_weight(value: float, meeting: Meeting) -> str:
    """What a weight meets, and its gradient."""
    met = [number_text(float(one)) for one in meeting.values.ravel()]
    written = joined(met[:MOST_TERMS]) + (" + …" if len(met) > MOST_TERMS else "")
    return (
        f"This weight, {number_text(value)}, meets {counted(len(met), 'number')}, one for each output: the same weight "
        f"everywhere. Make it larger by 1, and all outputs together grow by {written} = "
        f"<b>{number_text(meeting.gradient)}</b>. That is its gradient where every output counts the same."
    )


def joined(terms: list[str]) -> str:
    """A sum of numbers as texts; those below 0 are taken away."""
    first, *others = terms
    return first + "".join(f" − {term[1:]}" if term.startswith("−") else f" + {term}" for term in others)


def term_of(link: str) -> Term | None:
    """The product that a link in `numbers` leads to; None where there is no link."""
    parts = link.split(",")
    return (int(parts[0]), int(parts[1]), int(parts[2])) if len(parts) == 3 else None


def _weights(step: Step, place: int) -> list[tuple[tuple[int, int], float]]:
    rows, columns = step.kernel.shape[:2]
    return [((row, column), step.kernel[row, column, place]) for row in range(rows) for column in range(columns)]


def _term(term: Term, number: float, weight: float, pointed: Term | None) -> str:
    text = f"{bracketed(number_text(number))}·{bracketed(number_text(weight))}"
    shown = f"<b>{text}</b>" if term == pointed else text
    return f'<a href="{",".join(map(str, term))}" style="color: palette(text); text-decoration: none">{shown}</a>'


def _index(place: str, stride: int, weight: str, dilation: int, padding: int) -> str:
    """The row or the column of the input that a weight meets at a place."""
    moved = f"{stride}{place}" if stride > 1 else place
    reached = f"{dilation}{weight}" if dilation > 1 else weight
    return f"{moved} + {reached}" + (f" − {padding}" if padding else "")
