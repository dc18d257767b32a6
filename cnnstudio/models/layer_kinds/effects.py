"""The effect of one layer: what it gives on, its parameters and its multiply-adds."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from cnnstudio.lab.sizes import Window
from cnnstudio.models.layer_kinds.receptive import Maps
from cnnstudio.models.layer_kinds.values import UnfitError, Values

Product = tuple[int, ...]
"""Factors: (5, 5, 1, 6) is 5·5·1·6."""


@dataclass(frozen=True)
class Effect:
    """What one layer does to what it is given.

    Attributes:
        maps: what it gives on.
        detail: follows the title: “5×5, stride 2”.
        title: instead of the kind's; empty for that.
        activation: Keras's name of the function that follows; empty for none.
        weights: numbers of parameters that training changes, as a sum of products.
        statistics: numbers of parameters that are only counted along, as a sum of products.
        multiply_adds: a sum of (outputs, multiplications for each of them).
        windows: along height and width, where it slides.
    """

    maps: Maps
    detail: str = ""
    title: str = ""
    activation: str = ""
    weights: tuple[Product, ...] = ()
    statistics: tuple[Product, ...] = ()
    multiply_adds: tuple[tuple[Product, Product], ...] = ()
    windows: tuple[Window, Window] | None = None

    @property
    def trainable(self) -> int:
        """Parameters that training changes, unless the layer is frozen."""
        return sum(map(math.prod, self.weights))

    @property
    def parameters(self) -> int:
        """All parameters."""
        return self.trainable + sum(map(math.prod, self.statistics))

    @property
    def operations(self) -> int:
        """Multiply-adds for one image."""
        return sum(math.prod(outputs) * math.prod(each) for outputs, each in self.multiply_adds)

    @property
    def parameter_terms(self) -> str:
        """“5·5·1·6 + 6 = 156”."""
        return _sum_of([_product(factors) for factors in self.weights + self.statistics], self.parameters)

    @property
    def operation_terms(self) -> str:
        """“28·28·6·(5·5·1) = 117,600”."""
        terms = [
            f"{_product(outputs)}·({_product(each)})" if len(each) > 1 else _product(outputs + each)
            for outputs, each in self.multiply_adds
        ]
        return _sum_of(terms, self.operations)


def one(apply: Callable[[Values, Maps], Effect]) -> Callable[[Values, tuple[Maps, ...]], Effect]:
    """The arithmetic of a kind of layer that takes one input; given several, it raises `UnfitError`."""

    def apply_to_one(values: Values, inputs: tuple[Maps, ...]) -> Effect:
        if len(inputs) != 1:
            raise UnfitError("", f"takes one input, but {len(inputs)} are connected to it")
        return apply(values, inputs[0])

    return apply_to_one


def unchanged(_values: Values, maps: Maps) -> Effect:
    """What a layer does that changes numbers, if at all, one by one and without weights."""
    return Effect(maps)


def unchanged_maps(_values: Values, maps: Maps) -> Effect:
    """The same of a layer that works on maps alone."""
    need_maps(maps)
    return Effect(maps)


def spatial_axes(values: Values, maps: Maps) -> tuple[tuple[int, int], int]:
    """The axes that a layer takes for (height, width), and the one for the channels; raises as `need_maps` does."""
    need_maps(maps)
    return ((1, 2), 0) if values.channels_first else ((0, 1), 2)


def need_maps(maps: Maps) -> None:
    """Raises `UnfitError` where there are not three axes."""
    if len(maps.shape) != 3:
        raise UnfitError(
            "",
            f"works on maps (height × width × channels), but is given {shape_words(maps.shape)}; put it before the "
            "layer that flattens the maps",
        )


def need_rows(values: Values, maps: Maps) -> tuple[int, int]:
    """The sizes of (places, channels); raises `UnfitError` where there are not these two axes, in this order."""
    if len(maps.shape) != 2 or values.channels_first:
        raise UnfitError("", f"works on rows (places × channels), but is given {shape_words(maps.shape)}")
    return maps.shape[0], maps.shape[1]


def shape_words(shape: tuple[int, ...]) -> str:
    """A shape in a sentence."""
    if len(shape) == 1:
        return f"a list of {shape[0]:,} number{'s' if shape[0] != 1 else ''}"
    return "×".join(f"{size:,}" for size in shape)


def _product(factors: Product) -> str:
    return "·".join(f"{factor:,}" for factor in factors)


def _sum_of(terms: list[str], total: int) -> str:
    text = " + ".join(terms)
    return "" if not total else text if text == f"{total:,}" else f"{text} = {total:,}"
