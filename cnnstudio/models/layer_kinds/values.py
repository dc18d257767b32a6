"""Reading the fields of a layer's config, which may come from anybody."""

import difflib
import math
from collections.abc import Iterable, Mapping
from typing import Any

MANY = 6
"""Choices that are too many for a sentence."""

Pair = tuple[int, int]


class UnfitError(Exception):
    """A layer that is impossible as it is.

    Attributes:
        field: of its config; empty where the connection itself is wrong.
        text: the rest of a sentence that starts with the layer's name.
        candidates: values of the field that might do, the nearest first. Whoever catches this tries them.
    """

    def __init__(self, field: str, text: str, candidates: Iterable[Any] = ()) -> None:
        super().__init__(text)
        self.field = field
        self.text = text
        self.candidates = tuple(candidates)


class Values:
    """The fields of one layer's config; what is missing has Keras's default.

    Each method but `raw` and `flag` raises `UnfitError` where the value is of another kind or out of its range.
    """

    def __init__(self, fields: Mapping[str, Any]) -> None:
        self._fields = fields

    def raw(self, field: str, default: Any = None) -> Any:
        """The value as it stands there."""
        return self._fields.get(field, default)

    def whole(self, field: str, default: int | None = None, lowest: int = 1, highest: int | None = None) -> int:
        """A whole number."""
        value = self.raw(field, default)
        if not is_whole(value) or value < lowest or (highest is not None and value > highest):
            range_ = f"at least {lowest:,}" if highest is None else f"from {lowest:,} to {highest:,}"
            raise UnfitError(
                field,
                f"has {show(value)} as its {word(field)}, where a whole number of {range_} is needed",
                _near(value, lowest, highest, default),
            )
        return value

    def pair(self, field: str, default: Any = None, lowest: int = 1, highest: int = 2**31) -> Pair:
        """Two whole numbers, for height and width; one number stands for both."""
        value = self.raw(field, default)
        pair = (value, value) if is_whole(value) else value
        if isinstance(pair, list | tuple) and len(pair) == 2 and all(map(is_whole, pair)):
            fitting = tuple(min(max(side, lowest), highest) for side in pair)
            if fitting == tuple(pair):
                return fitting
            candidates = [like(value, fitting)]
        else:
            candidates = [default]
        raise UnfitError(
            field,
            f"has {show(value)} as its {word(field)}, where a whole number of at least {lowest} is needed, for the "
            "height and for the width",
            candidates,
        )

    def frame(self, field: str, default: Any) -> tuple[Pair, Pair]:
        """Pixels before and after, for height and width; one number stands for all, one for both ends of an axis."""
        value = self.raw(field, default)
        sides = (value, value) if is_whole(value) else value
        if isinstance(sides, list | tuple) and len(sides) == 2:
            ends = [(side, side) if is_whole(side) else side for side in sides]
            if all(isinstance(end, list | tuple) and len(end) == 2 and all(map(is_whole, end)) for end in ends):
                fitting = tuple((max(before, 0), max(after, 0)) for before, after in ends)
                if all(tuple(end) == fit for end, fit in zip(ends, fitting, strict=True)):
                    return fitting[0], fitting[1]
                raise UnfitError(field, f"has a negative {word(field)}: {show(value)}", [fitting])
        raise UnfitError(
            field,
            f"has {show(value)} as its {word(field)}, where pixels above and below, left and right are needed",
            [default],
        )

    def number(self, field: str, default: float, lowest: float, highest: float) -> float:
        """A number."""
        value = self.raw(field, default)
        if not _is_number(value):
            fitting = default
        elif lowest <= value <= highest:
            return float(value)
        else:
            fitting = lowest if value < lowest else highest
        raise UnfitError(
            field,
            f"has {show(value)} as its {word(field)}, where a number from {lowest:g} to {highest:g} is needed",
            [fitting, default],
        )

    def choice(self, field: str, choices: tuple[str, ...], default: str) -> str:
        """One of several words; None stands for the default."""
        value = self.raw(field, default)
        if value is None:
            return default
        if isinstance(value, str) and value in choices:
            return value
        near = difflib.get_close_matches(value.lower(), choices, cutoff=0.5) if isinstance(value, str) else []
        known = f"is none of {', '.join(choices)}" if len(choices) < MANY else "CNN Studio does not know"
        raise UnfitError(field, f"has {show(value)} as its {word(field)}, which {known}", [*near, default])

    def flag(self, field: str, default: bool) -> bool:
        """Whether something is so."""
        return bool(self.raw(field, default))

    @property
    def channels_first(self) -> bool:
        """Whether the layer takes the first axis for the channels."""
        return self.choice("data_format", ("channels_last", "channels_first"), "channels_last") == "channels_first"

    def axes(self, field: str, default: int, rank: int) -> tuple[int, ...]:
        """One or several axes.

        Args:
            field: counts from the batch's axis as 0, or from the end as −1.
            default: for a missing field.
            rank: how many axes there are beside that of the batch.

        Returns:
            Sorted, counted without the batch's axis.
        """
        value = self.raw(field, default)
        axes = value if isinstance(value, list | tuple) else [value]
        if not axes or not all(is_whole(axis) and axis != 0 and -rank <= axis <= rank for axis in axes):
            raise UnfitError(
                field, f"has {show(value)} as its {word(field)}, but there are axes 1 to {rank} only", [rank, -1, 1]
            )
        return tuple(sorted({(axis if axis > 0 else axis + rank + 1) - 1 for axis in axes}))


_WORDS = {
    "kernel_size": "kernel",
    "projection_dim": "number of scales",
    "pool_size": "pool",
    "strides": "stride",
    "dilation_rate": "dilation",
    "depth_multiplier": "depth multiplier",
    "target_shape": "shape",
    "filters": "number of filters",
    "units": "number of units",
    "groups": "number of groups",
    "dims": "order of axes",
    "batch_shape": "size",
    "data_format": "order of axes",
    "output_padding": "output padding",
    "negative_slope": "negative slope",
}


def word(field: str) -> str:
    """What a field is called in a sentence."""
    return _WORDS.get(field, field.replace("_", " "))


def show(value: Any) -> str:
    """A field's value in a sentence: “5×5” for a pair."""
    if isinstance(value, list | tuple) and value and all(map(is_whole, value)):
        return "×".join(f"{side:,}" for side in value)
    if isinstance(value, str):
        return f"“{value[:40]}”"
    if isinstance(value, list | tuple):
        return ", ".join(show(item) for item in value[:4]) if value else "nothing"
    if value is None:
        return "nothing"
    return f"{value:,}" if is_whole(value) else str(value)[:40]


def is_whole(value: Any) -> bool:
    """Whether it is a whole number; true and false are none."""
    return isinstance(value, int) and not isinstance(value, bool)


def like(value: Any, pair: Pair) -> Any:
    """A pair written as another value of the same field is: one number where that was one and one is enough."""
    if is_whole(value) and pair[0] == pair[1]:
        return pair[0]
    return list(pair)


def folded(value: Any) -> Any:
    """A size with one number for height and width, before and after, where they agree: 2 for ((2, 2), (2, 2))."""
    if not isinstance(value, list | tuple):
        return value
    items = [folded(item) for item in value]
    first = next(iter(items), None)
    return first if isinstance(first, int | float) and all(item == first for item in items) else items


def divisors_of(number: int) -> list[int]:
    """All divisors up to 4,096, in order."""
    return [divisor for divisor in range(1, min(number, 4096) + 1) if number % divisor == 0]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _near(value: Any, lowest: int, highest: int | None, default: int | None) -> list[int]:
    if not _is_number(value):
        return [lowest if default is None else default]
    middle = max(round(value), lowest)
    return [middle if highest is None else min(middle, highest), *range(lowest, lowest + 64)]
