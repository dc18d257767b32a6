"""Pooling done by hand: what becomes of each window, and where its maximum was."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from cnnstudio.errors import StudioError
from cnnstudio.lab.sizes import Sizes, Window

Pair = tuple[int, int]
"""Down and across."""

LECTURE_INPUT = np.array([[1, 1, 2, 4], [5, 6, 7, 8], [3, 2, 1, 0], [1, 2, 3, 4]], np.float64)
"""The example with which lectures begin: 2×2 maximum pooling with stride 2 makes 6 8 / 3 4."""


@dataclass(frozen=True)
class Pooling:
    """A pooling as Keras computes it.

    Attributes:
        kind: what becomes of a window: its largest number, or the mean of its numbers.
        size: of the window, down and across; None for the whole map, which is global pooling.
        strides: steps from window to window; None for the size.
        padding: with "same", windows may reach beyond the map; what lies outside counts for nothing.
    """

    kind: Literal["max", "average"] = "max"
    size: Pair | None = (2, 2)
    strides: Pair | None = None
    padding: Literal["valid", "same"] = "valid"

    def sizes(self, height: int, width: int) -> tuple[Sizes, Sizes]:
        """What decides how large the output gets, down and across, for a map of so many rows and columns."""
        size = self.size or (height, width)
        strides = size if self.size is None else self.strides or size
        down, across = (
            Sizes(length, window, self.padding, stride, noun="window")
            for length, window, stride in zip((height, width), size, strides, strict=True)
        )
        return down, across

    def problem(self, shape: tuple[int, ...]) -> str:
        """Why it cannot be applied to maps of a shape, (height, width, …), in one sentence; empty where it can."""
        down, across = self.sizes(shape[0], shape[1])
        return down.problem or across.problem

    def on(self, inputs: np.ndarray) -> "Pooled":
        """Applies it.

        Args:
            inputs: (height, width, channels), or (height, width) for one channel; converted to float64.

        Raises:
            StudioError: the setting is impossible for this input; its text is what `problem` says.
        """
        values = np.asarray(inputs, np.float64)
        values = values[..., np.newaxis] if values.ndim == 2 else values
        if problem := self.problem(values.shape):
            raise StudioError(problem)
        return Pooled(self, values)

    @property
    def keras(self) -> str:
        """The same layer as a line of Keras."""
        title = "Max" if self.kind == "max" else "Average"
        if self.size is None:
            return f"keras.layers.Global{title}Pooling2D()"
        options = [_pair(self.size)]
        if self.strides not in (None, self.size):
            options.append(f"strides={_pair(self.strides)}")
        options += ['padding="same"'] if self.padding == "same" else []
        return f"keras.layers.{title}Pooling2D({', '.join(options)})"


@dataclass(frozen=True, eq=False)
class PooledNumber:
    """One number of a pooling's output, and how it comes about.

    Attributes:
        rows: of the map, that the window covers.
        columns: likewise.
        patch: (rows, columns), their numbers.
        value: the number.
        source: (row, column) in the map of the first largest number; None for a mean.
    """

    rows: range
    columns: range
    patch: np.ndarray
    value: float
    source: Pair | None


@dataclass(frozen=True, eq=False)
class Pooled:
    """A pooling with what it was given and what it made of it.

    Attributes:
        pooling: as given.
        inputs: (height, width, channels) float64.
    """

    pooling: Pooling
    inputs: np.ndarray

    @property
    def windows(self) -> tuple[Window, Window]:
        """How the window slides, down and across."""
        down, across = self.pooling.sizes(*self.inputs.shape[:2])
        return down.window, across.window

    @cached_property
    def output(self) -> np.ndarray:
        """(output height, output width, channels)."""
        down, across = self.windows
        channels = self.inputs.shape[2]
        output = np.empty((down.output, across.output, channels))
        for place in np.ndindex(output.shape):
            output[place] = self.number(*place).value
        return output

    def number(self, row: int, column: int, channel: int = 0) -> PooledNumber:
        """How one number of the output comes about; NaN where its window holds one."""
        rows, columns = (_inside(window, place) for window, place in zip(self.windows, (row, column), strict=True))
        patch = self.inputs[rows.start : rows.stop, columns.start : columns.stop, channel]
        if self.pooling.kind == "average":
            return PooledNumber(rows, columns, patch, float(patch.mean()), None)
        down, across = np.unravel_index(int(np.argmax(patch)), patch.shape)
        source = (rows.start + int(down), columns.start + int(across))
        return PooledNumber(rows, columns, patch, float(patch.max()), source)


def shifted(image: np.ndarray, down: int, across: int) -> np.ndarray:
    """The image moved down and to the right, (height, width, …); what comes in from outside is 0."""
    height, width = image.shape[:2]
    moved = np.zeros_like(image)
    if abs(down) < height and abs(across) < width:
        to = slice(max(down, 0), height + min(down, 0)), slice(max(across, 0), width + min(across, 0))
        source = slice(max(-down, 0), height + min(-down, 0)), slice(max(-across, 0), width + min(-across, 0))
        moved[to] = image[source]
    return moved


def _inside(window: Window, place: int) -> range:
    start = place * window.stride - window.padding[0]
    return range(max(start, 0), min(start + window.kernel, window.size))


def _pair(pair: Pair | None) -> str:
    down, across = pair or (1, 1)
    return f"{down}" if down == across else f"({down}, {across})"
