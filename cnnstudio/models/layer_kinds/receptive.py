"""What flows between layers: shapes, and which pixels of the image each number depends on."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np

from cnnstudio.limits import MAX_MAP_SIDE
from cnnstudio.models.layer_kinds.values import UnfitError
from cnnstudio.models.layer_kinds.windows import Window

Shape = tuple[int, ...]
ROWS, COLUMNS = 0, 1


@dataclass(frozen=True, eq=False)
class Reach:
    """Which rows (or columns) of the image each place along an axis depends on: from the first to the last of them.

    Attributes:
        axis: of the image: rows or columns.
        first: (places,) int64, the first one for each place.
        last: (places,) int64, the last one; before the first where a place depends on none, as in padding.
    """

    axis: int
    first: np.ndarray
    last: np.ndarray

    @classmethod
    def single(cls, axis: int, size: int) -> Self:
        """Each place depends on its own row: the image itself."""
        return cls(axis, np.arange(size), np.arange(size))

    @classmethod
    def whole(cls, axis: int, size: int, places: int) -> Self:
        """Each place depends on all rows of an image of that size."""
        return cls(axis, np.broadcast_to(np.int64(0), places), np.broadcast_to(np.int64(size - 1), places))

    @cached_property
    def extent(self) -> int:
        """Rows that one place depends on, from the first to the last, where they are most."""
        return max(int((self.last - self.first).max()) + 1, 0)

    def gathered(self, starts: np.ndarray, ends: np.ndarray) -> "Reach":
        """Each new place depends on the places from a start to an end; those outside are padding.

        Args:
            starts, ends: (new places,) whole numbers.
        """
        first, last = self.first.take(starts, mode="clip"), self.last.take(ends, mode="clip")
        outside = (ends < 0) | (starts >= len(self.first)) | (starts > ends)
        if not outside.any():
            return Reach(self.axis, first, last)
        # Empty stretches keep in order with their neighbours, so that the ends of a window tell what is in it.
        before = np.where(outside & (ends < 0), self.first[0] - 1, np.where(outside, self.last[-1], last))
        return Reach(self.axis, np.where(outside, before + 1, first), before)

    def windowed(self, window: Window) -> "Reach":
        """A window slides over it."""
        starts = np.arange(window.output) * window.stride - window.padding[0]
        return self.gathered(starts, starts + window.kernel - 1)

    def joined(self, other: "Reach") -> "Reach":
        """Each place depends on what it does here and there; a single place stands for all."""
        if self is other:
            return self
        first, last = np.minimum(self.first, other.first), np.maximum(self.last, other.last)
        here, there = self.first > self.last, other.first > other.last
        first = np.where(here, other.first, np.where(there, self.first, first))
        return Reach(self.axis, first, np.where(here, other.last, np.where(there, self.last, last)))

    def appended(self, other: "Reach") -> "Reach":
        """The places of another one follow."""
        first, last = (np.concatenate(pair) for pair in ((self.first, other.first), (self.last, other.last)))
        return Reach(self.axis, first, last)


@dataclass(frozen=True, eq=False)
class Maps:
    """What one layer gives to the next, for one image.

    Attributes:
        shape: without the batch's axis.
        reaches: for each axis of the shape, what its places depend on; None where they are no places.
        image: (height, width) of the image.
        seen: (height, width) of the pixels that one number depends on, for those axes of the image that no axis of the
            shape stands for any more.
    """

    shape: Shape
    reaches: tuple[Reach | None, ...]
    image: tuple[int, int]
    seen: tuple[int, int]

    @classmethod
    def of_image(cls, shape: tuple[int, int, int]) -> Self:
        """The image itself."""
        height, width, _ = shape
        return cls(shape, (Reach.single(ROWS, height), Reach.single(COLUMNS, width), None), (height, width), (1, 1))

    @property
    def size(self) -> int:
        """How many numbers there are."""
        return math.prod(self.shape)

    def sizes(self, axes: tuple[int, int]) -> tuple[int, int]:
        """The sizes of two axes."""
        return self.shape[axes[0]], self.shape[axes[1]]

    @property
    def receptive_field(self) -> tuple[int, int]:
        """(height, width) of the pixels that one number depends on, where they are most."""
        seen = list(self.seen)
        for reach in self.reaches:
            if reach is not None:
                seen[reach.axis] = reach.extent
        return seen[ROWS], seen[COLUMNS]

    def windowed(self, axes: tuple[int, int], windows: tuple[Window, Window]) -> Self:
        """Windows slide over two axes."""
        return self.with_axes(
            {
                axis: (window.output, reach and reach.windowed(window))
                for axis, window, reach in zip(axes, windows, (self.reaches[axis] for axis in axes), strict=True)
            }
        )

    def with_axes(self, axes: dict[int, tuple[int, Reach | None]]) -> Self:
        """The same with other sizes and reaches of some axes."""
        shape, reaches = list(self.shape), list(self.reaches)
        for axis, (size, reach) in axes.items():
            shape[axis], reaches[axis] = size, reach
        return replace(self, shape=tuple(shape), reaches=tuple(reaches))

    def mixed(self, axes: tuple[int, ...], sizes: tuple[int, ...] | None = None) -> Self:
        """Each number now depends on all that stand along some axes, which may get other sizes.

        Where rows or columns of the image are hidden in a longer axis, they are taken to be all along these.
        """
        changed = {}
        for axis, size in zip(axes, sizes or tuple(self.shape[axis] for axis in axes), strict=True):
            reach = self.reaches[axis]
            changed[axis] = (size, reach and Reach.whole(reach.axis, self.image[reach.axis], size))
        return replace(self.with_axes(changed), seen=self.image)

    def without(self, axes: tuple[int, ...]) -> Self:
        """The same without some axes, of which each has one place."""
        kept = [axis for axis in range(len(self.shape)) if axis not in axes]
        return replace(
            self,
            shape=tuple(self.shape[axis] for axis in kept),
            reaches=tuple(self.reaches[axis] for axis in kept),
            seen=self.receptive_field,
        )

    def rearranged(self, shape: Shape) -> Self:
        """The same numbers in another shape; axes in front that stay the same keep their meaning."""
        kept = 0
        while kept < min(len(shape), len(self.shape)) and shape[kept] == self.shape[kept]:
            kept += 1
        if kept == len(self.shape) == len(shape):
            return self
        reaches = self.reaches[:kept] + (None,) * (len(shape) - kept)
        return replace(self, shape=shape, reaches=reaches, seen=self.receptive_field)


def check_side(maps: Maps, axis: int, size: int, field: str, candidates: Iterable[Any] = ()) -> None:
    """Refuses a side that no image network has, before anything is made that is as long.

    Args:
        maps, axis: what shall get that side.
        size: in pixels; channels may be any number.
        field: of the layer's config that asks for it.
        candidates: values of the field that might do.

    Raises:
        UnfitError: it is beyond `MAX_MAP_SIDE`.
    """
    if maps.reaches[axis] is not None and size > MAX_MAP_SIDE:
        raise UnfitError(
            field, f"would make maps with a side of {size:,} pixels, where {MAX_MAP_SIDE:,} are the most", candidates
        )
