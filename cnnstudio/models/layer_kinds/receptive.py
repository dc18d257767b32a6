"""What flows between layers: shapes, and how much of the image each number depends on.

A window of k numbers with stride s makes the receptive field r larger by (k − 1)·j, where j is the distance, in pixels
of the image, of two neighbours that it looks at, and then multiplies j by s. Araujo et al., “Computing Receptive Fields
of Convolutional Neural Networks”, Distill, 2019.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from cnnstudio.lab.sizes import Window
from cnnstudio.limits import MAX_MAP_SIDE
from cnnstudio.models.layer_kinds.values import UnfitError

Shape = tuple[int, ...]
Sides = tuple[float, float]
"""Along the height and along the width."""

_ROUNDING = 1e-6
"""Of a field that is a whole number, after all steps."""


@dataclass(frozen=True)
class Maps:
    """What one layer gives to the next, for one image.

    Attributes:
        shape: without the batch's axis.
        image: (height, width) of the image.
        field: r along height and width, in pixels, at most the image's.
        jump: j along height and width, in pixels, at most the image's sides.
    """

    shape: Shape
    image: tuple[int, int]
    field: Sides = (1, 1)
    jump: Sides = (1, 1)

    @property
    def size(self) -> int:
        """How many numbers there are."""
        return math.prod(self.shape)

    @property
    def receptive_field(self) -> tuple[int, int]:
        """(height, width) of the pixels that one number depends on."""
        height, width = self.field
        return math.ceil(height - _ROUNDING), math.ceil(width - _ROUNDING)

    def sizes(self, axes: tuple[int, int]) -> tuple[int, int]:
        """The sizes of two axes."""
        return self.shape[axes[0]], self.shape[axes[1]]

    def resized(self, sizes: Mapping[int, int]) -> Self:
        """The same with other sizes of some axes."""
        return replace(self, shape=tuple(sizes.get(axis, size) for axis, size in enumerate(self.shape)))

    def windowed(self, axes: tuple[int, int], windows: tuple[Window, Window]) -> Self:
        """Windows slide over the height and the width, which are the given axes."""
        kernels, strides = [one.kernel for one in windows], [one.stride for one in windows]
        sizes = {axis: window.output for axis, window in zip(axes, windows, strict=True)}
        return self.resized(sizes).widened(kernels, strides)

    def widened(self, kernels: Iterable[float], strides: Iterable[float]) -> Self:
        """Each number now depends on k neighbours along height and width, the next one on those s further on."""
        along = zip(self.image, self.field, self.jump, kernels, strides, strict=True)
        height, width = ((min(r + (k - 1) * j, side), min(j * s, side)) for side, r, j, k, s in along)
        return replace(self, field=(height[0], width[0]), jump=(height[1], width[1]))

    def mixed(self, axes: tuple[int, ...]) -> Self:
        """Each number now depends on all that stand along some axes: on the whole image, unless these are channels."""
        return self if len(self.shape) > 1 and axes == (len(self.shape) - 1,) else replace(self, field=self.image)


def check_side(size: int, field: str, candidates: Iterable[Any] = ()) -> None:
    """Refuses a side that no image network has.

    Args:
        size: in pixels.
        field: of the layer's config that asks for it.
        candidates: values of the field that might do.

    Raises:
        UnfitError: it is beyond `MAX_MAP_SIDE`.
    """
    if size > MAX_MAP_SIDE:
        raise UnfitError(
            field, f"would make maps with a side of {size:,} pixels, where {MAX_MAP_SIDE:,} are the most", candidates
        )
