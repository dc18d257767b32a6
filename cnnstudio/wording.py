"""Numbers as people say them."""

import re
from collections.abc import Iterable, Sequence
from itertools import takewhile

from cnnstudio.progress import Progress


def counted(number: int, noun: str, plural: str = "") -> str:
    """So many things: “1 drawing”, “1,200 drawings”; `plural` where it is not the noun with an s."""
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"


def percent(share: float, decimals: int = 1) -> str:
    """A share, 0–1, such as “98.7 %”."""
    return f"{100 * share:.{decimals}f} %"


def certainty(share: float, decimals: int = 1) -> str:
    """How sure a network is of a class, such as “98.7 %”; of none is it quite sure, so never “100.0 %”."""
    most = 1 - 0.1 ** (2 + decimals)
    whole = percent(share, decimals)
    return f"> {percent(most, decimals)}" if whole == percent(1, decimals) else whole


def count_tied(shares: Sequence[float]) -> int:
    """How many of the largest shares, the largest first, are equal as they are shown, to a tenth of a percent."""
    return sum(1 for _ in takewhile(lambda share: round(share, 3) == round(shares[0], 3), shares))


NO_CLASS = "none of the classes"
"""The answer of a network whose classes have probabilities of their own, where none of them is likely."""


def number(value: float) -> str:
    """A number of at least 0 to three digits, without powers of ten: “0.0123”, “1,234”, “< 0.001”."""
    if 0 < value < 0.001:
        return "< 0.001"
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


COUNTING = "Maps, units, rows and columns count from 0, as in Keras."
"""Said once where numbered things are first met."""


def numbered(noun: str, index: int) -> str:
    """A map, a unit, a filter or the like by its index in Keras, which counts from 0: “map 0”, “unit 1,279”."""
    return f"{noun} {index:,}"


def channel(index: int, dimensions: int) -> str:
    """A channel of an output without its batch axis: “map 3” of (height, width, channels), “unit 3” of a vector."""
    return numbered("map" if dimensions == 3 else "unit", index)


def cell(row: int, column: int) -> str:
    """A place in a map: “row 3, column 4”."""
    return f"{numbered('row', row)}, {numbered('column', column)}"


_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def power_of_ten(number: str) -> str:
    """A number as Python writes it, such as “5e-08”, as people do: “5×10⁻⁸”."""
    return re.sub(r"e([-+]\d+)", lambda power: f"×10{str(int(power[1])).translate(_SUPERSCRIPT)}", number)


def bracketed(number: str) -> str:
    """A number as it stands behind a sign: in brackets where it has one of its own, “(−2)”."""
    return f"({number})" if number.startswith("−") else number


def probability(share: float) -> float:
    """A probability that a network computed in float32, 0–1, with the five digits that do not depend on the processor
    and on how many images were computed at a time.
    """
    return float(f"{share:.5g}")


def duration(seconds: float) -> str:
    """A duration: “8 s”, “3 min 20 s”, “1 h 5 min”."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def size(count: int) -> str:
    """A number of bytes in decimal units, as downloads and disks are sold: “12.6 MB”, “1.4 GB”."""
    if count < 1000:
        return f"{count} bytes"
    value, unit = count / 1e3, "kB"
    for larger in ("MB", "GB", "TB"):
        if value < 999.95:
            break
        value, unit = value / 1e3, larger
    return f"{value:,.1f} {unit}"


def shape(sides: Iterable[int | None]) -> str:
    """The sides of an array or the size of a picture: “28×28×1”; “any” stands for a side that is not fixed."""
    return "×".join("any" if side is None else f"{side:,}" for side in sides)


def progress(now: Progress) -> str:
    """How far a piece of work is: “34.0 MB of 163.2 MB, 12 s left” or “1,200 of 60,000 images”."""
    if now.unit == "bytes":
        text = size(now.done) + (f" of {size(now.total)}" if now.total else "")
    else:
        text = f"{now.done:,}" + (f" of {now.total:,}" if now.total else "") + f" {now.unit}"
    return text if now.seconds_left is None else f"{text}, {duration(now.seconds_left)} left"
