"""The windows of convolutions and poolings, which slide over maps."""

from dataclasses import dataclass

from cnnstudio.lab.sizes import Window, slide
from cnnstudio.models.layer_kinds.fields import PADDING
from cnnstudio.models.layer_kinds.values import Pair, UnfitError, Values, like, word


@dataclass(frozen=True)
class SlidingWindow:
    """How a window slides; pairs are for (height, width).

    Attributes:
        field: of the layer's config that has its size.
        size: of the window.
        strides: steps from place to place.
        dilations: steps from one weight to the next within the window.
        same: whether zeros are added so that the maps stay as large, but for the stride.
    """

    field: str
    size: Pair
    strides: Pair
    dilations: Pair
    same: bool

    @classmethod
    def of_convolution(cls, values: Values) -> "SlidingWindow":
        """Reads a convolution's; raises `UnfitError` where a number is out of range."""
        size = values.pair("kernel_size")
        strides, dilations = values.pair("strides", 1), values.pair("dilation_rate", 1)
        return cls("kernel_size", size, strides, dilations, _is_same(values))

    @classmethod
    def of_pooling(cls, values: Values) -> "SlidingWindow":
        """Reads a pooling's, whose stride is its size where none is given; raises `UnfitError` likewise."""
        size = values.pair("pool_size", 2)
        strides = size if values.raw("strides") is None else values.pair("strides")
        return cls("pool_size", size, strides, (1, 1), _is_same(values))

    @property
    def extents(self) -> Pair:
        """How far it reaches along height and width."""
        height, width = ((size - 1) * step + 1 for size, step in zip(self.size, self.dilations, strict=True))
        return height, width

    @property
    def detail(self) -> str:
        """“3×3, stride 2”."""
        usual = (1, 1) if self.field == "kernel_size" else self.size
        strides = f", stride {words(self.strides)}" if self.strides != usual else ""
        dilations = f", dilation {words(self.dilations)}" if max(self.dilations) > 1 else ""
        return f"{self.size[0]}×{self.size[1]}{strides}{dilations}"

    def windows(self, values: Values, sizes: Pair) -> tuple[Window, Window]:
        """The places along height and width of maps of a size.

        Raises:
            UnfitError: there are none.
        """
        height, width = self._slid(sizes, self.dilations)
        if min(height.output, width.output) >= 1:
            return height, width
        raw = values.raw(self.field)
        if min(window.output for window in self._slid(sizes, (1, 1))) >= 1:
            raise UnfitError(
                "dilation_rate",
                f"has a kernel that a dilation of {words(self.dilations)} spreads over {height.kernel}×{width.kernel} "
                f"pixels, larger than the maps of {sizes[0]}×{sizes[1]} it is given",
                [like(values.raw("dilation_rate"), rates) for rates in self._dilations_within(sizes)],
            )
        fitting = (min(self.size[0], sizes[0]), min(self.size[1], sizes[1]))
        square = (min(fitting), min(fitting))
        raise UnfitError(
            self.field,
            f"has a {word(self.field)} of {self.size[0]}×{self.size[1]}, larger than the maps of "
            f"{sizes[0]}×{sizes[1]} it is given; with “same” as its padding it would fit",
            [like(raw, square if self.size[0] == self.size[1] else fitting)],
        )

    def _slid(self, sizes: Pair, dilations: Pair) -> tuple[Window, Window]:
        height, width = (
            slide(size, kernel, stride, "same" if self.same else "valid", dilation)
            for size, kernel, stride, dilation in zip(sizes, self.size, self.strides, dilations, strict=True)
        )
        return height, width

    def _dilations_within(self, sizes: Pair) -> list[Pair]:
        """The largest dilation that fits, alike both ways if it was so."""
        rates = [
            rate if kernel == 1 else min(rate, (size - 1) // (kernel - 1))
            for rate, kernel, size in zip(self.dilations, self.size, sizes, strict=True)
        ]
        alike = self.dilations[0] == self.dilations[1]
        return [(min(rates), min(rates)) if alike else (rates[0], rates[1])]


def window_on_rows(values: Values, places: int, field: str) -> Window:
    """The window of a layer that slides along a row.

    Args:
        values: of a convolution or a pooling.
        places: in the row.
        field: of the layer's config that has its size.

    Raises:
        UnfitError: it finds no place, or a number is out of range.
    """
    size = only(values, field, 2 if field == "pool_size" else None)
    stride = size if field == "pool_size" and values.raw("strides") is None else only(values, "strides", 1)
    padding = values.choice("padding", (*PADDING.choices, "causal"), "valid")
    window = slide(places, size, stride, "valid" if padding == "valid" else "same", only(values, "dilation_rate", 1))
    if window.output < 1:
        raise UnfitError(
            field, f"has a {word(field)} of {window.kernel}, longer than the {places:,} places it is given", [places]
        )
    return window


def only(values: Values, field: str, default: int | None = None) -> int:
    """A whole number, which Keras may keep as a list of that number alone."""
    value = values.raw(field, default)
    alone = value[0] if isinstance(value, list | tuple) and len(value) == 1 else value
    return Values({field: default if alone is None else alone}).whole(field)


def _is_same(values: Values) -> bool:
    return values.choice("padding", PADDING.choices, "valid") == "same"


def words(pair: Pair) -> str:
    """“2”, or “2×1” where they differ."""
    return str(pair[0]) if pair[0] == pair[1] else f"{pair[0]}×{pair[1]}"
