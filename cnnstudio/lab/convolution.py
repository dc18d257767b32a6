"""A convolution done by hand: each number of its output, and what it came from, as objects that can be shown."""

import itertools
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from cnnstudio.errors import StudioError
from cnnstudio.lab.activations import ACTIVATIONS
from cnnstudio.lab.sizes import Fill, Padding, Sizes, Window
from cnnstudio.wording import counted

Pair = tuple[int, int]
"""Down and across."""

LECTURE_INPUT = np.array(
    [[1, 1, 1, 0, 0], [0, 1, 1, 1, 0], [0, 0, 1, 1, 1], [0, 0, 1, 1, 0], [0, 1, 1, 0, 0]], np.float64
)
LECTURE_KERNEL = np.array([[1, 0, 1], [0, 1, 0], [1, 0, 1]], np.float64)
"""The example with which lectures begin: 5×5 numbers and a kernel of 3×3 make 434 / 243 / 234."""


@dataclass(frozen=True, eq=False)
class Convolution:
    """A convolution as Keras's `Conv2D` computes it, with more ways to pad; depthwise where `groups` says so.

    Attributes:
        kernel: (height, width, channels that each filter sees, filters), converted to float64.
        bias: (filters,); None where nothing is added.
        strides: steps from place to place, down and across.
        dilations: steps from one weight to the next.
        padding: what is put around the input.
        fill: what stands in there.
        groups: into so many groups the input's channels and the filters are divided; each filter sees the channels of
            its own group. As many as there are channels make it depthwise.
        activation: a key of `ACTIVATIONS`, applied at the end; "linear" leaves the numbers as they are.
        flipped: whether the kernel is turned by 180° before it slides. That is what mathematics calls a convolution;
            Keras and the others leave it as it is, which is called cross-correlation.
    """

    kernel: np.ndarray
    bias: np.ndarray | None = None
    strides: Pair = (1, 1)
    dilations: Pair = (1, 1)
    padding: Padding = "valid"
    fill: Fill = "zero"
    groups: int = 1
    activation: str = "linear"
    flipped: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "kernel", np.asarray(self.kernel, np.float64))

    @classmethod
    def of_matrix(cls, kernel: np.ndarray, **settings: object) -> "Convolution":
        """A convolution with one filter for one channel, from its (height, width) kernel."""
        return cls(np.asarray(kernel)[:, :, np.newaxis, np.newaxis], **settings)  # type: ignore[arg-type]

    @classmethod
    def depthwise(cls, kernel: np.ndarray, **settings: object) -> "Convolution":
        """A depthwise convolution.

        Args:
            kernel: (height, width, channels, multiplier) as Keras's `DepthwiseConv2D` has it: so many filters for each
                channel.
            settings: the other attributes.
        """
        height, width, channels, multiplier = np.shape(kernel)
        flat = np.reshape(kernel, (height, width, 1, channels * multiplier))
        return cls(flat, groups=channels, **settings)  # type: ignore[arg-type]

    @property
    def applied(self) -> np.ndarray:
        """The kernel as it slides: turned where `flipped` is set."""
        return self.kernel[::-1, ::-1] if self.flipped else self.kernel

    @property
    def biases(self) -> np.ndarray:
        """(filters,) float64, what is added to the sums of each filter."""
        return np.zeros(self.filters) if self.bias is None else np.asarray(self.bias, np.float64)

    @property
    def filters(self) -> int:
        """How many maps come out."""
        return int(self.kernel.shape[3])

    @property
    def channels(self) -> int:
        """How many maps go in."""
        return int(self.kernel.shape[2]) * self.groups

    @property
    def is_depthwise(self) -> bool:
        """Whether each filter sees one channel alone, of several."""
        return self.groups == self.channels > 1

    def sizes(self, height: int, width: int) -> tuple[Sizes, Sizes]:
        """What decides how large the output gets, down and across, for an input of so many rows and columns."""
        down, across = (
            Sizes(size, kernel, self.padding, stride, dilation, self.fill)
            for size, kernel, stride, dilation in zip(
                (height, width), self.kernel.shape[:2], self.strides, self.dilations, strict=True
            )
        )
        return down, across

    def problem(self, shape: tuple[int, ...]) -> str:
        """Why it cannot be applied to an input of a shape, in one sentence; empty where it can.

        Args:
            shape: (height, width, channels).
        """
        height, width, channels = shape
        if self.groups < 1:
            return f"There cannot be {self.groups} groups of channels: choose 1 for filters that see all of them."
        for number, noun in ((channels, "channel"), (self.filters, "filter")):
            if number % self.groups:
                return (
                    f"{counted(number, noun)} cannot be divided into {self.groups} equal groups: choose "
                    f"{self.groups} {noun}s, or a multiple of {self.groups}. Keras refuses it, too."
                )
        if channels != self.channels:
            return (
                f"The filters see {counted(self.channels, 'channel')}"
                f"{f' in {self.groups} groups' if self.groups > 1 else ''}, but the input has {channels}: give both "
                "the same number."
            )
        down, across = self.sizes(height, width)
        return down.problem or across.problem

    def on(self, inputs: np.ndarray) -> "Convolved":
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
        return Convolved(self, values)

    @property
    def keras(self) -> str:
        """The same layer as a line of Keras, with a second one before it where Keras pads in a layer of its own; empty
        where Keras refuses it."""
        if self._strides_over_gaps:
            return ""
        height, width = self.kernel.shape[:2]
        options = [f"{height}" if height == width else f"({height}, {width})"]
        if self.is_depthwise:
            name, multiplier = "DepthwiseConv2D", self.filters // self.groups
            options += [f"depth_multiplier={multiplier}"] if multiplier > 1 else []
        else:
            name = "Conv2D"
            options.insert(0, f"{self.filters}")
            options += [f"groups={self.groups}"] if self.groups > 1 else []
        for option, (down, across) in (("strides", self.strides), ("dilation_rate", self.dilations)):
            if (down, across) != (1, 1):
                options.append(f"{option}={down}" if down == across else f"{option}=({down}, {across})")
        padded = self.padding not in ("valid", 0)
        by_layer = self.padding == "same" and self.fill == "zero"
        options += ['padding="same"'] if by_layer else []
        options += [f'activation="{self.activation}"'] if self.activation != "linear" else []
        options += ["use_bias=False"] if self.bias is None else []
        line = f"keras.layers.{name}({', '.join(options)})"
        if padded and not by_layer and self.fill == "zero":
            line = f"keras.layers.ZeroPadding2D({self.padding}),\n{line}"
        return line

    @property
    def _strides_over_gaps(self) -> bool:
        return max(self.strides) > 1 and max(self.dilations) > 1

    @property
    def remark(self) -> str:
        """What the line of Keras does not say, in sentences; empty where it says all."""
        remarks = []
        if self.padding not in ("valid", 0) and self.fill != "zero":
            done = "mirrors the input" if self.fill == "reflect" else "repeats the outermost numbers"
            remarks.append(
                f"Keras has no layer that {done}: pad the images before, with numpy.pad(…, mode=“{self.fill}”)."
            )
        if self._strides_over_gaps:
            remarks.append("Keras takes a stride or a dilation above 1, not both at once: it has no layer for this.")
        if self.flipped:
            remarks.append("Keras does not turn the kernel: give it the turned one.")
        return " ".join(remarks)


@dataclass(frozen=True, eq=False)
class Step:
    """One number of a convolution's output, and how it comes about.

    Attributes:
        row: of the number in the output.
        column: likewise.
        filter: the map of the output that it stands in.
        rows: (height,) the rows of the input that the window covers; those outside count on: −1, or the input's height.
        columns: (width,) likewise.
        channels: of the input that the filter sees.
        patch: (height, width, channels), the numbers under the window, padding included.
        inside: (height, width) bool, which of them are numbers of the input itself.
        kernel: (height, width, channels), as it lies on the patch: turned where the convolution turns it.
        products: patch × kernel.
        sums: (channels,) of each channel the sum of its products.
        total: the sum of these.
        bias: added to it.
        before: total + bias, which goes into the activation.
        activation: a key of `ACTIVATIONS`.
        value: the number.
    """

    row: int
    column: int
    filter: int
    rows: np.ndarray
    columns: np.ndarray
    channels: range
    patch: np.ndarray
    inside: np.ndarray
    kernel: np.ndarray
    products: np.ndarray
    sums: np.ndarray
    total: float
    bias: float
    before: float
    activation: str
    value: float


@dataclass(frozen=True)
class Use:
    """Where a number of the input goes: into one number of the output, times one weight.

    Attributes:
        row: of the number in the output.
        column: likewise.
        weight: (row, column) of the weight in the convolution's `kernel`.
    """

    row: int
    column: int
    weight: Pair


@dataclass(frozen=True, eq=False)
class Meeting:
    """All numbers that one weight meets while its kernel slides.

    Attributes:
        rows: (output height,) the rows of the input that it meets; those in the padding count on: −1, or the height.
        columns: (output width,) likewise.
        values: (output height, output width), the numbers, for each place of the window; padding included.
        gradient: their sum: by so much the sum of all outputs grows when the weight grows by 1 (before the activation).
    """

    rows: np.ndarray
    columns: np.ndarray
    values: np.ndarray
    gradient: float


@dataclass(frozen=True, eq=False)
class Convolved:
    """A convolution with what it was given and what it made of it.

    Attributes:
        convolution: as given.
        inputs: (height, width, channels) float64.
    """

    convolution: Convolution
    inputs: np.ndarray

    @property
    def windows(self) -> tuple[Window, Window]:
        """How the kernel slides, down and across."""
        down, across = self.convolution.sizes(*self.inputs.shape[:2])
        return down.window, across.window

    @cached_property
    def padded(self) -> np.ndarray:
        """(height + padding, width + padding, channels), the input with what is put around it."""
        rows, columns = self.sources
        padded = self.inputs[np.ix_(rows, columns)]
        padded[rows < 0] = 0
        padded[:, columns < 0] = 0
        return padded

    @cached_property
    def sources(self) -> tuple[np.ndarray, np.ndarray]:
        """Which row, and which column, of the input each one of `padded` is; −1 for zeros."""
        rows, columns = (_padded_places(window, self.convolution.fill) for window in self.windows)
        return rows, columns

    @cached_property
    def before(self) -> np.ndarray:
        """(output height, output width, filters), the sums with their bias, before the activation."""
        layer = self.convolution
        patches = self._patches
        height, width = patches.shape[:2]
        seen, each = layer.kernel.shape[2], layer.filters // layer.groups
        sums = np.empty((height, width, layer.filters))
        for group in range(layer.groups):
            inputs, outputs = slice(group * seen, (group + 1) * seen), slice(group * each, (group + 1) * each)
            sums[..., outputs] = np.einsum("hwcij,ijcf->hwf", patches[:, :, inputs], layer.applied[..., outputs])
        return sums + layer.biases

    @cached_property
    def output(self) -> np.ndarray:
        """(output height, output width, filters)."""
        return ACTIVATIONS[self.convolution.activation].function(self.before)

    @cached_property
    def _patches(self) -> np.ndarray:
        """(output height, output width, channels, height, width): what lies under the kernel at each of its places."""
        (down, across), layer = self.windows, self.convolution
        windows = np.lib.stride_tricks.sliding_window_view(self.padded, (down.kernel, across.kernel), axis=(0, 1))
        return windows[:: down.stride, :: across.stride, :, :: layer.dilations[0], :: layer.dilations[1]]

    def step(self, row: int, column: int, filter_: int = 0) -> Step:
        """How one number of the output comes about."""
        layer = self.convolution
        channels = self.channels_of(filter_)
        patch = np.moveaxis(self._patches[row, column, channels.start : channels.stop], 0, -1)
        kernel = layer.applied[..., filter_]
        products = patch * kernel
        sums = products.sum(axis=(0, 1))
        total, bias = float(sums.sum()), float(layer.biases[filter_])
        rows, columns = self._under(row, column)
        height, width, _ = self.inputs.shape
        inside = ((rows >= 0) & (rows < height))[:, np.newaxis] & ((columns >= 0) & (columns < width))
        return Step(
            row,
            column,
            filter_,
            rows,
            columns,
            channels,
            patch,
            inside,
            kernel,
            products,
            sums,
            total,
            bias,
            total + bias,
            layer.activation,
            float(self.output[row, column, filter_]),
        )

    def channels_of(self, filter_: int) -> range:
        """The channels of the input that a filter sees."""
        layer = self.convolution
        seen = layer.kernel.shape[2]
        first = filter_ // (layer.filters // layer.groups) * seen
        return range(first, first + seen)

    def uses(self, row: int, column: int) -> list[Use]:
        """Where a number of the input goes, in the order of the output; the same for each channel and its filters.

        A number that is mirrored or repeated in the padding goes from there, too.
        """
        (rows, columns), (down, across), layer = self.sources, self.windows, self.convolution
        used_rows = _uses(np.flatnonzero(rows == row), down, layer.dilations[0], layer.kernel.shape[0])
        used_columns = _uses(np.flatnonzero(columns == column), across, layer.dilations[1], layer.kernel.shape[1])
        return sorted(
            (
                Use(place, beside, self._own((weight_row, weight_column)))
                for place, weight_row in used_rows
                for beside, weight_column in used_columns
            ),
            key=lambda use: (use.row, use.column, use.weight),
        )

    def meeting(self, weight_row: int, weight_column: int, channel: int, filter_: int = 0) -> Meeting:
        """All numbers that a weight meets.

        Args:
            weight_row: of the weight in the convolution's `kernel`.
            weight_column: likewise.
            channel: of those that the filter sees, counted from 0.
            filter_: whose weight it is.
        """
        row, column = self._own((weight_row, weight_column))  # flipping twice changes nothing
        seen = self.channels_of(filter_)[channel]
        values = self._patches[:, :, seen, row, column]
        rows, columns = (
            np.arange(window.output) * window.stride - window.padding[0] + weight * dilation
            for window, weight, dilation in zip(self.windows, (row, column), self.convolution.dilations, strict=True)
        )
        return Meeting(rows, columns, values, float(values.sum()))

    def _under(self, row: int, column: int) -> tuple[np.ndarray, np.ndarray]:
        """The rows and the columns of the input under the window at a place of the output."""
        layer = self.convolution
        rows, columns = (
            place * window.stride - window.padding[0] + np.arange(weights) * dilation
            for place, window, weights, dilation in zip(
                (row, column), self.windows, layer.kernel.shape[:2], layer.dilations, strict=True
            )
        )
        return rows, columns

    def _own(self, weight: Pair) -> Pair:
        """Where the weight that lies at a place of the window stands in the kernel as it was given."""
        if not self.convolution.flipped:
            return weight
        height, width = self.convolution.kernel.shape[:2]
        return height - 1 - weight[0], width - 1 - weight[1]


def _padded_places(window: Window, fill: Fill) -> np.ndarray:
    places = np.arange(window.size)
    if fill == "zero":
        return np.pad(places, window.padding, constant_values=-1)
    return np.pad(places, window.padding, mode=fill)


def _uses(places: np.ndarray, window: Window, dilation: int, weights: int) -> list[Pair]:
    """Where numbers at some places of the padded axis go: (place in the output, weight) for each."""
    pairs = []
    for place, weight in itertools.product(places.tolist(), range(weights)):
        output, rest = divmod(place - weight * dilation, window.stride)
        if rest == 0 and 0 <= output < window.output:
            pairs.append((output, weight))
    return pairs
