"""How each number of a layer's output comes about from those that the layer was given, for one image.

There are two stories. A window slides over maps, and of each patch one number is made (`LayerArithmetic`: convolutions,
poolings, dense layers, activations, images made larger or smaller); or a number follows from a few others by a formula
(`CellArithmetic`).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from cnnstudio.lab.sizes import slide
from cnnstudio.models.layer_kinds import LAYER_KINDS, group_of
from cnnstudio.models.layer_kinds.activation_functions import ACTIVATIONS
from cnnstudio.wording import numbered

if TYPE_CHECKING:
    import keras

Reduction = Literal["sum", "max", "mean", "each", "between"]
"""What becomes of a patch: the sum of its products with a kernel, its largest number, its mean, itself, or the sum of
its products with weights that hold for this number alone, which lies between those of the patch.
"""


@dataclass(frozen=True, eq=False)
class Number:
    """One number of a layer's output, and how it comes about.

    Attributes:
        reduction: what becomes of the patch.
        patch: (height, width, channels) float32, the inputs it depends on; NaN where the patch leaves the maps, which
            counts as 0 for a sum and not at all otherwise.
        kernel: (height, width, channels), what the patch is multiplied with; None but for a sum, or between pixels.
        channels: the numbers of these channels among the maps that the layer was given.
        rows: (height,) where the patch lies in these maps; it may begin or end outside.
        columns: (width,) likewise.
        weights: the rows and the columns of the filter's kernel that `kernel` has: all, unless it is transposed.
        sums: (channels,) float64: of each channel the sum of patch × kernel; empty where there is no kernel.
        bias: what is added to the sums; None where nothing is.
        before: what goes into the activation.
        activation: its title; empty where there is none.
        value: the number itself, as the model computed it.
    """

    reduction: Reduction
    patch: np.ndarray
    kernel: np.ndarray | None
    channels: range
    rows: np.ndarray
    columns: np.ndarray
    weights: tuple[np.ndarray, np.ndarray]
    sums: np.ndarray
    bias: float | None
    before: float
    activation: str
    value: float


@dataclass(frozen=True, eq=False)
class Softmax:
    """How logits become probabilities.

    Attributes:
        logits: (n,) float64, what goes in.
        exponentials: (n,) float64, e to the power of each less the largest, as Keras computes them: the quotients are
            the same, and none is too large for a number.
        total: their sum.
        shift: what was taken from each logit, the largest of them.
        probabilities: (n,) float32, the quotients, as the model computed them.
    """

    logits: np.ndarray
    exponentials: np.ndarray
    total: float
    shift: float
    probabilities: np.ndarray


@dataclass(frozen=True)
class Place:
    """One number that a layer was given.

    Attributes:
        source: the number of the input among all that the layer takes.
        row: 0 for a vector.
        column: likewise.
        channel: or the unit of a vector.
    """

    source: int
    row: int
    column: int
    channel: int


@dataclass(frozen=True)
class Term:
    """A number in a formula.

    Attributes:
        symbol: how the formula calls it.
        name: what it is, in words.
        value: the number.
        place: where it lies among what the layer was given; None for what the layer has learned or measured.
    """

    symbol: str
    name: str
    value: float
    place: Place | None = None


@dataclass(frozen=True, eq=False)
class Calculation:
    """One number of a layer's output that follows from few others.

    Attributes:
        terms: in the order in which the formula has them.
        formula: with the symbols of the terms; empty where a number is handed on as it is.
        result: what the formula gives, float64.
        value: the number itself, as the model computed it.
        softmax: where the number is a share of a sum of exponentials.
    """

    terms: tuple[Term, ...]
    formula: str
    result: float
    value: float
    softmax: Softmax | None = None


@dataclass(frozen=True, eq=False)
class CellArithmetic:
    """A layer each of whose numbers follows from few others by a formula, for one image.

    Attributes:
        name: the layer's name in the model.
        sources: float32, all that it was given, (height, width, channels) or (units,) each.
        output: likewise.
        calculate: from row, column and channel to the calculation without its value.
        target: from a place of the inputs to row, column and channel of a number of the output that depends on it; None
            where that is the same place.
        source_names: the layers that gave the sources, `IMAGE` for the image; empty where they are not known.
    """

    name: str
    sources: tuple[np.ndarray, ...]
    output: np.ndarray
    calculate: "Callable[[int, int, int], _Calculated]"
    target: "Callable[[Place], tuple[int, int, int] | None] | None" = None
    source_names: tuple[str, ...] = ()

    def reached_by(self, place: Place) -> tuple[int, int, int] | None:
        """Row, column and channel of a number of the output that depends on a place of the inputs; None for none."""
        if self.target is not None:
            return self.target(place)
        alike = self.sources[place.source].shape == self.output.shape
        return (place.row, place.column, place.channel) if alike else None

    def number(self, row: int, column: int, channel: int) -> Calculation:
        """How one number comes about; of a layer whose output has no maps, only the channel counts."""
        if self.output.ndim == 1:
            row = column = 0
        terms, formula, result = self.calculate(row, column, channel)
        value = float(self.output[channel] if self.output.ndim == 1 else self.output[row, column, channel])
        softmax = None
        if formula == SOFTMAX:
            logits = np.array([term.value for term in terms])
            softmax = softmax_of(logits, self.output if self.output.ndim == 1 else self.output[row, column])
        return Calculation(terms, formula, result, value, softmax)


_Calculated = tuple[tuple[Term, ...], str, float]

SOFTMAX = "e^z / Σ e^z"
"""The formula of a softmax, whose terms are all logits."""


TRAINED_MEAN = "mean while it was trained"
"""What a mean is called that a layer gathered in training; others are measured in the image."""


def softmax_of(logits: np.ndarray, probabilities: np.ndarray) -> Softmax:
    """The steps from logits to probabilities, (n,) each."""
    logits = logits.astype(np.float64)
    shift = float(logits.max())
    exponentials = np.exp(logits - shift)
    return Softmax(logits, exponentials, float(exponentials.sum()), shift, probabilities)


@dataclass(frozen=True, eq=False)
class LayerArithmetic:
    """A convolution, a pooling, a dense layer or an activation: what it was given for an image and what it made of it.

    Attributes:
        name: the layer's name in the model.
        inputs: (height, width, channels) float32, the maps that it was given.
        output: (height, width, channels) or (channels,) float32.
        reduction: what becomes of a patch.
        size: (height, width) of a patch.
        strides: steps from one patch to the next, (down, across).
        dilations: steps from one number of a patch to the next, likewise.
        padding: rows above and columns left of the maps in which the first patch begins.
        kernel: (height, width, channels that each filter sees, filters) float32; None but for a convolution.
        bias: (filters,) float32; None where there is none.
        activation: the title of what is applied at the end; empty where nothing is.
        mixes: whether the activation makes each number from those of all channels at its place, as softmax does.
        transposed: whether each number of the inputs is spread over a patch of the output, and not the other way round;
            of the kernel, a number of the output then meets only what lies at its own steps.
        between: of a layer that computes numbers between pixels: how much each row of the inputs counts for each row of
            the output, (rows of the output, rows of the inputs) float64, and likewise for columns; the two multiplied
            are the kernel of a number. None for others.
        origin: of a layer that was given a vector, the layer whose output its numbers are, in their order, `IMAGE` for
            the image; None where that is not known.
        origin_shape: of that output, (height, width, channels) or (units,).
    """

    name: str
    inputs: np.ndarray
    output: np.ndarray
    reduction: Reduction
    size: tuple[int, int] = (1, 1)
    strides: tuple[int, int] = (1, 1)
    dilations: tuple[int, int] = (1, 1)
    padding: tuple[int, int] = (0, 0)
    kernel: np.ndarray | None = None
    bias: np.ndarray | None = None
    activation: str = ""
    mixes: bool = False
    transposed: bool = False
    between: tuple[np.ndarray, np.ndarray] | None = None
    origin: str | None = None
    origin_shape: tuple[int, ...] = ()

    @property
    def takes_vector(self) -> bool:
        """Whether it was given a vector, which stands here as maps of one number each."""
        return self.reduction in ("sum", "each") and self.inputs.shape[:2] == (1, 1) and self.output.ndim == 1

    @property
    def sources(self) -> tuple[np.ndarray, ...]:
        """All that it was given."""
        return (self.inputs,)

    def softmax(self, row: int, column: int) -> Softmax | None:
        """The steps from the sums at a place to the probabilities; None where there is no softmax."""
        if not (self.mixes and self.activation == ACTIVATIONS["softmax"].title):
            return None
        if self.takes_vector and self.kernel is not None:
            logits = self.inputs[0, 0].astype(np.float64) @ self.kernel[0, 0]
            logits += 0.0 if self.bias is None else self.bias
        else:
            count = self.output.shape[-1]
            logits = np.array([self.number(row, column, channel).before for channel in range(count)])
        return softmax_of(logits, self.output if self.output.ndim == 1 else self.output[row, column])

    def before(self, channel: int) -> np.ndarray:
        """What goes into the activation for a whole map of the output, (height, width) float64."""
        total = sum(self.of_one(channel, place) for place in range(len(self._channels(channel))))
        return np.asarray(total) + (0.0 if self.bias is None else float(self.bias[channel]))

    def of_one(self, channel: int, place: int) -> np.ndarray:
        """What one kernel of a filter makes of its input map, before all are added up: (height, width) float64.

        Args:
            channel: the filter.
            place: the number of the kernel in it.
        """
        assert self.kernel is not None
        source = self._channels(channel)[place]
        extended = np.pad(self.inputs[..., source].astype(np.float64), ((0, 1), (0, 1)))  # what is outside counts as 0
        rows, columns = self._tables
        patches = extended[rows[:, :, np.newaxis, np.newaxis], columns]
        return np.einsum("ihjw,hw->ij", patches, self.kernel[:, :, place, channel])

    def meeting(self, row: int, column: int) -> tuple[np.ndarray, np.ndarray]:
        """The rows and the columns of the inputs that one weight of a kernel meets, over all places of the output."""
        found = []
        for axis, weight in ((0, row), (1, column)):
            met = np.unique(self._tables[axis][:, weight])
            found.append(met[met < self.inputs.shape[axis]])
        return found[0], found[1]

    @cached_property
    def _tables(self) -> tuple[np.ndarray, np.ndarray]:
        """Along height and width, for each place of the output, the place of the inputs that each weight meets.

        (places, weights) int each; the length of the inputs stands for a place outside.
        """
        tables = []
        for axis in (0, 1):
            length, outside = 1 if self.output.ndim == 1 else self.output.shape[axis], self.inputs.shape[axis]
            table = np.full((length, self.size[axis]), outside)
            for place in range(length):
                steps, weights = self._steps(place, axis)
                inside = (steps >= 0) & (steps < outside)
                table[place, weights[inside]] = steps[inside]
            tables.append(table)
        return tables[0], tables[1]

    def reached_by(self, row: int, column: int) -> tuple[range, range]:
        """The rows and columns of the output that depend on a place of the inputs."""
        ranges = []
        places = zip((row, column), range(2), strict=True)
        for place, axis in places:
            length = 1 if self.output.ndim == 1 else self.output.shape[axis]
            hits = [out for out in range(length) if place in self._steps(out, axis)[0]]
            ranges.append(range(hits[0], hits[-1] + 1) if hits else range(0))
        return ranges[0], ranges[1]

    def _steps(self, place: int, axis: int) -> tuple[np.ndarray, np.ndarray]:
        """Along an axis, where the inputs lie on which a place of the output depends, and by what of the kernel."""
        if self.between is not None:
            counting = np.flatnonzero(self.between[axis][place])
            near = np.arange(counting[0], counting[-1] + 1)
            return near, near
        reach = np.arange(self.size[axis])
        stride, padding, dilation = self.strides[axis], self.padding[axis], self.dilations[axis]
        if not self.transposed:
            return place * stride - padding + reach * dilation, reach
        spread = place + padding - reach * dilation
        hits = spread % stride == 0
        return spread[hits][::-1] // stride, reach[hits][::-1]

    def number(self, row: int, column: int, channel: int) -> Number:
        """How one number comes about; of a layer whose output has no maps, only the channel counts."""
        if self.output.ndim == 1:
            row = column = 0
        (rows, down), (columns, across) = self._steps(row, 0), self._steps(column, 1)
        channels = self._channels(channel)
        patch = np.full((len(rows), len(columns), len(channels)), np.nan, np.float32)
        inside = np.ix_((rows >= 0) & (rows < self.inputs.shape[0]), (columns >= 0) & (columns < self.inputs.shape[1]))
        patch[inside] = self.inputs[rows[inside[0].ravel()]][:, columns[inside[1].ravel()]][..., channels]
        kernel = None if self.kernel is None else self.kernel[..., channel][down][:, across]
        if self.between is not None:
            vertical, horizontal = self.between
            kernel = np.outer(vertical[row, down], horizontal[column, across])[..., np.newaxis]
        sums = np.zeros(0)
        bias = None if self.bias is None else float(self.bias[channel])
        if kernel is not None:
            products = np.nan_to_num(patch.astype(np.float64)) * kernel
            sums = products.sum(axis=(0, 1))
            before = float(sums.sum()) + (bias or 0.0)
        else:
            before = float(np.nanmean(patch) if self.reduction == "mean" else np.nanmax(patch))
        value = self.output[channel] if self.output.ndim == 1 else self.output[row, column, channel]
        return Number(
            self.reduction,
            patch,
            kernel,
            channels,
            rows,
            columns,
            (down, across),
            sums,
            bias,
            before,
            self.activation,
            float(value),
        )

    def _channels(self, channel: int) -> range:
        """The maps of the input on which a map of the output depends."""
        if self.kernel is None:
            return range(channel, channel + 1)
        seen, filters = self.kernel.shape[2:]
        groups = self.inputs.shape[-1] // seen
        first = channel // (filters // groups) * seen
        return range(first, first + seen)


Arithmetic = LayerArithmetic | CellArithmetic


def arithmetic_of(layer: "keras.Layer", sources: tuple[np.ndarray, ...], output: np.ndarray) -> Arithmetic | None:
    """The arithmetic of a layer for one image; None for a kind of layer whose numbers are not explained.

    Args:
        layer: built.
        sources: float32, all that it was given for the image, (height, width, channels) or (units,) each.
        output: float32, what it answered, likewise.
    """
    explain = _EXPLAINED.get(type(layer).__name__)
    if explain is None:
        return None
    if explain not in (_copies, _resized) and getattr(layer, "data_format", None) == "channels_first":
        return None  # what is only copied, the layer itself says
    if not all(array.ndim in (1, 3) and array.size for array in (*sources, output)):
        return None
    return explain(layer, sources, output)


def channels_feeding(layer: "keras.Layer", channel: int) -> tuple[range, ...]:
    """On which channels of what it is given a channel, or a unit, of a layer's output depends, for each input.

    Where that is not known, on the same one, if there are as many, and else on all.
    """
    given = layer.input if isinstance(layer.input, list | tuple) else [layer.input]
    counts = [int(tensor.shape[-1]) for tensor in given]
    kind = type(layer).__name__
    if kind == "Concatenate":
        starts = np.cumsum([0, *counts])
        return tuple(
            range(channel - start, channel - start + 1) if start <= channel < start + count else range(0)
            for start, count in zip(starts.tolist(), counts, strict=False)
        )
    if kind == "Conv2D":
        seen = layer.kernel.shape[2]
        first = channel // (layer.filters // (counts[0] // seen)) * seen
        return (range(first, first + seen),)
    if kind == "DepthwiseConv2D":
        one = channel // layer.depth_multiplier
        return (range(one, one + 1),)
    if kind == "ZeroPadding2D" and layer.data_format == "channels_first":  # which adds channels to ours
        one = channel - layer.padding[1][0]
        return (range(one, one + 1) if 0 <= one < counts[0] else range(0),)
    if kind in ("Flatten", "Reshape") and len(layer.output.shape) == 2:
        return (range(channel % counts[0], channel % counts[0] + 1),)
    mixes = group_of(kind) in ("Convolution", "Dense") or _mixes(layer)
    alike = not mixes and all(count in (1, int(layer.output.shape[-1])) for count in counts)
    return tuple(range(min(channel, n - 1), min(channel, n - 1) + 1) if alike else range(n) for n in counts)


def _mixes(layer: "keras.Layer") -> bool:
    """Whether a layer that keeps the channels makes each from all of them."""
    if type(layer).__name__ == "Activation":
        return _title_of(layer.activation)[1]
    return type(layer).__name__ in _MIXING


_MIXING = frozenset({"Softmax", "LayerNormalization", "UnitNormalization", "LocalResponseNormalization"})
"""Kinds of layers that keep the channels and make each from all of them, or from several."""


def is_explained(kind: str) -> bool:
    """Whether the numbers of a kind of layer are explained."""
    return kind in _EXPLAINED


def _convolution(layer: "keras.layers.Conv2D", sources: tuple[np.ndarray, ...], output: np.ndarray) -> Arithmetic:
    (inputs,) = sources
    kind, kernel = type(layer).__name__, None
    if kind == "SeparableConv2D":  # one kernel a map and a filter: what the two steps together multiply with
        each, mixing = np.asarray(layer.depthwise_kernel), np.asarray(layer.pointwise_kernel)[0, 0]
        kernel = np.einsum("hwcm,cmf->hwcf", each, mixing.reshape(*each.shape[2:], -1))
    else:
        kernel = np.asarray(layer.kernel)
    if kind == "DepthwiseConv2D":  # (height, width, channels, filters of each)
        kernel = kernel.reshape(*kernel.shape[:2], 1, -1)
    transposed = kind == "Conv2DTranspose"
    if transposed:  # (height, width, filters, channels)
        kernel = kernel.transpose(0, 1, 3, 2)
    size, strides, dilations = kernel.shape[:2], tuple(layer.strides), tuple(layer.dilation_rate)
    title, mixes = _title_of(layer.activation)
    slid_over = output if transposed else inputs
    return LayerArithmetic(
        layer.name,
        inputs,
        output,
        "sum",
        size,
        strides,
        dilations,
        _padding(slid_over, size, strides, layer.padding, dilations),
        kernel,
        np.asarray(layer.bias) if layer.use_bias else None,
        title,
        mixes,
        transposed,
    )


def _dense(layer: "keras.layers.Dense", sources: tuple[np.ndarray, ...], output: np.ndarray) -> Arithmetic:
    (inputs,) = sources
    title, mixes = _title_of(layer.activation)
    return LayerArithmetic(
        layer.name,
        inputs.reshape(1, 1, -1) if inputs.ndim == 1 else inputs,
        output,
        "sum",
        kernel=np.asarray(layer.kernel)[np.newaxis, np.newaxis],
        bias=np.asarray(layer.bias) if layer.use_bias else None,
        activation=title,
        mixes=mixes,
    )


def _pooling(layer: "keras.Layer", sources: tuple[np.ndarray, ...], output: np.ndarray) -> Arithmetic:
    (inputs,) = sources
    size, strides = tuple(layer.pool_size), tuple(layer.strides)
    padding = _padding(inputs, size, strides, layer.padding)
    return LayerArithmetic(layer.name, inputs, output, _reduction(layer), size, strides, padding=padding)


def _global_pooling(layer: "keras.Layer", sources: tuple[np.ndarray, ...], output: np.ndarray) -> Arithmetic:
    (inputs,) = sources
    height, width = inputs.shape[:2]
    return LayerArithmetic(layer.name, inputs, output, _reduction(layer), (height, width))


def _activation(layer: "keras.Layer", sources: tuple[np.ndarray, ...], output: np.ndarray) -> Arithmetic | None:
    (inputs,) = sources
    kind = type(layer).__name__
    if kind == "Activation":
        title, mixes = _title_of(layer.activation)
        if mixes:
            is_softmax = title == ACTIVATIONS["softmax"].title
            return CellArithmetic(layer.name, sources, output, _shares(inputs, output)) if is_softmax else None
        title = title or "Linear"
    else:
        title = LAYER_KINDS[kind].title
    highest = getattr(layer, "max_value", None)
    title += f" up to {float(highest):g}" if highest is not None else ""
    maps = inputs.reshape(1, 1, -1) if inputs.ndim == 1 else inputs
    return LayerArithmetic(layer.name, maps, output, "each", activation=title)


def _softmax(layer: "keras.layers.Softmax", sources: tuple[np.ndarray, ...], output: np.ndarray) -> Arithmetic | None:
    if _axes(layer, output) != (output.ndim - 1,):
        return None
    return CellArithmetic(layer.name, sources, output, _shares(sources[0], output))


def _shares(inputs: np.ndarray, output: np.ndarray) -> "Callable[[int, int, int], _Calculated]":
    def calculate(row: int, column: int, channel: int) -> _Calculated:
        logits = inputs if inputs.ndim == 1 else inputs[row, column]
        terms = tuple(
            Term("z", numbered("logit", number), float(value), Place(0, row, column, number))
            for number, value in enumerate(logits)
        )
        steps = softmax_of(logits, output)
        return terms, SOFTMAX, float(steps.exponentials[channel] / steps.total)

    return calculate


def _scaled(layer: "keras.Layer", sources: tuple[np.ndarray, ...], output: np.ndarray) -> Arithmetic | None:
    """A layer that stretches and shifts each channel: rescaling, layer scale."""
    (inputs,) = sources
    channels = inputs.shape[-1]
    scale = layer.scale if type(layer).__name__ == "Rescaling" else layer.gamma
    factors = _for_each(np.asarray(scale, np.float64), channels)
    offsets = _for_each(np.asarray(getattr(layer, "offset", 0.0), np.float64), channels)
    if factors is None or offsets is None:
        return None

    def calculate(row: int, column: int, channel: int) -> _Calculated:
        x, factor, offset = _term(sources, 0, row, column, channel), float(factors[channel]), float(offsets[channel])
        terms = (x, Term("a", "factor", factor), Term("b", "offset", offset))
        return terms, "a · x + b", factor * x.value + offset

    return CellArithmetic(layer.name, sources, output, calculate)


def _normalised(x: Term, measured: tuple[Term, Term], epsilon: float, gamma: float, beta: float) -> _Calculated:
    """A number, less a mean, by the root of a variance, scaled and shifted."""
    terms = (
        x,
        *measured,
        Term("ε", "keeps the root from 0", float(epsilon)),
        Term("γ", "learned scale", float(gamma)),
        Term("β", "learned shift", float(beta)),
    )
    _, mu, spread, least, scale, shift = (term.value for term in terms)
    return terms, "γ · (x − μ) / √(σ² + ε) + β", scale * (x.value - mu) / (spread + least) ** 0.5 + shift


def _batch_normalisation(
    layer: "keras.layers.BatchNormalization", sources: tuple[np.ndarray, ...], output: np.ndarray
) -> Arithmetic | None:
    if _axes(layer, output) != (output.ndim - 1,):
        return None
    mean, variance = np.asarray(layer.moving_mean), np.asarray(layer.moving_variance)
    gamma = np.asarray(layer.gamma) if layer.scale else np.ones_like(mean)
    beta = np.asarray(layer.beta) if layer.center else np.zeros_like(mean)

    def calculate(row: int, column: int, channel: int) -> _Calculated:
        x = _term(sources, 0, row, column, channel)
        measured = (
            Term("μ", TRAINED_MEAN, float(mean[channel])),
            Term("σ²", "variance while it was trained", float(variance[channel])),
        )
        return _normalised(x, measured, layer.epsilon, gamma[channel], beta[channel])

    return CellArithmetic(layer.name, sources, output, calculate)


def _normalisation(
    layer: "keras.layers.Normalization", sources: tuple[np.ndarray, ...], output: np.ndarray
) -> Arithmetic | None:
    means = _for_each(np.asarray(layer.mean, np.float64), output.shape[-1])
    variances = _for_each(np.asarray(layer.variance, np.float64), output.shape[-1])
    if means is None or variances is None or layer.invert:
        return None

    def calculate(row: int, column: int, channel: int) -> _Calculated:
        x = _term(sources, 0, row, column, channel)
        mean, variance = float(means[channel]), float(variances[channel])
        terms = (x, Term("μ", "mean of the training images", mean), Term("σ²", "their variance", variance))
        return terms, "(x − μ) / √σ²", (x.value - mean) / max(variance**0.5, 1e-7)

    return CellArithmetic(layer.name, sources, output, calculate)


def _normalisation_of_this_image(
    layer: "keras.Layer", sources: tuple[np.ndarray, ...], output: np.ndarray
) -> Arithmetic | None:
    """A layer that normalises by what it measures in the image itself: over channels, or over groups of them."""
    (inputs,) = sources
    is_grouped = type(layer).__name__ == "GroupNormalization"
    if _axes(layer, output) != (output.ndim - 1,) or getattr(layer, "rms_scaling", False):
        return None
    groups = (inputs.shape[-1] if layer.groups == -1 else layer.groups) if is_grouped else 1
    in_group = inputs.shape[-1] // groups
    gamma = np.asarray(layer.gamma).ravel() if layer.scale else np.ones(inputs.shape[-1])
    beta = np.asarray(layer.beta).ravel() if layer.center else np.zeros(inputs.shape[-1])

    def calculate(row: int, column: int, channel: int) -> _Calculated:
        x = _term(sources, 0, row, column, channel)
        first = channel // in_group * in_group
        place = (slice(None), slice(None)) if is_grouped or inputs.ndim == 1 else (row, column)
        measured = inputs if inputs.ndim == 1 else inputs[place]
        measured = measured[..., first : first + in_group].astype(np.float64)
        found = (
            Term("μ", f"mean of the {measured.size:,} numbers that are normalised together", float(measured.mean())),
            Term("σ²", "their variance", float(measured.var())),
        )
        return _normalised(x, found, layer.epsilon, gamma[channel], beta[channel])

    return CellArithmetic(layer.name, sources, output, calculate)


def _unit_normalisation(
    layer: "keras.layers.UnitNormalization", sources: tuple[np.ndarray, ...], output: np.ndarray
) -> Arithmetic | None:
    if _axes(layer, output) != (output.ndim - 1,):
        return None

    def calculate(row: int, column: int, channel: int) -> _Calculated:
        x = _term(sources, 0, row, column, channel)
        (inputs,) = sources
        vector = (inputs if inputs.ndim == 1 else inputs[row, column]).astype(np.float64)
        length = float((vector**2).sum() ** 0.5)
        terms = (x, Term("n", f"length of all {vector.size:,} numbers at this place", length))
        return terms, "x / n", x.value / max(length, 1e-6)

    return CellArithmetic(layer.name, sources, output, calculate)


def _local_response(layer: "keras.Layer", sources: tuple[np.ndarray, ...], output: np.ndarray) -> Arithmetic:
    config: Any = layer

    def calculate(row: int, column: int, channel: int) -> _Calculated:
        x, reach = _term(sources, 0, row, column, channel), config.size // 2
        near = sources[0][row, column, max(0, channel - reach) : channel + reach + 1].astype(np.float64)
        total = float((near**2).sum())
        terms = (
            x,
            Term("k", "what is always there", float(config.k)),
            Term("α", "weight of the neighbours", float(config.alpha)),
            Term("s", f"sum of the squares of {near.size} neighbouring maps here", total),
            Term("b", "exponent", float(config.beta)),
        )
        return terms, "x / (k + α · s)^b", x.value / (config.k + config.alpha * total) ** config.beta

    return CellArithmetic(layer.name, sources, output, calculate)


_MERGES: dict[str, tuple[str, Callable[[np.ndarray], float]]] = {
    "Add": ("x₁ + x₂", np.sum),
    "Average": ("(x₁ + x₂) / n", np.mean),
    "Maximum": ("max(x₁, x₂)", np.max),
    "Minimum": ("min(x₁, x₂)", np.min),
    "Multiply": ("x₁ · x₂", np.prod),
    "Subtract": ("x₁ − x₂", lambda values: values[0] - values[1]),
}
"""The formulas of layers that join their inputs number by number, with two of them, and what they compute."""

_INDICES = "₁₂₃₄₅₆₇₈₉"


def _merge(layer: "keras.Layer", sources: tuple[np.ndarray, ...], output: np.ndarray) -> Arithmetic:
    formula, join = _MERGES[type(layer).__name__]
    count = len(sources)
    symbols = [f"x{_INDICES[number]}" if number < len(_INDICES) else f"x({number + 1})" for number in range(count)]
    for sign in (" + ", ", ", " · ", " − "):
        formula = formula.replace(f"x₁{sign}x₂", sign.join(symbols))
    formula = formula.replace("/ n", f"/ {count}")

    def calculate(row: int, column: int, channel: int) -> _Calculated:
        terms = tuple(
            Term(symbol, f"input {number + 1}", term.value, term.place)
            for number, symbol in enumerate(symbols)
            for term in [_term(sources, number, row, column, channel)]
        )
        return terms, formula, float(join(np.array([term.value for term in terms], np.float64)))

    return CellArithmetic(layer.name, sources, output, calculate)


def _copies(layer: "keras.Layer", sources: tuple[np.ndarray, ...], output: np.ndarray) -> Arithmetic | None:
    """A layer that only puts numbers elsewhere: the layer itself says where, for it is given their places."""
    sizes = np.cumsum([0, *(source.size for source in sources)])
    if sizes[-1] >= 2**24:  # larger whole numbers are not exact in float32
        return None
    numbered = [
        np.arange(start + 1, start + 1 + source.size, dtype=np.float32).reshape(1, *source.shape)
        for start, source in zip(sizes.tolist(), sources, strict=False)
    ]
    if group_of(type(layer).__name__) == "Regularisation":  # which changes nothing but while training
        places = numbered[0][0]
    else:
        places = np.asarray(layer(numbered if len(numbered) > 1 else numbered[0]))[0]
    if places.shape != output.shape or not np.array_equal(places, np.clip(np.rint(places), 0, sizes[-1])):
        return None  # it computes new numbers
    places = places.astype(np.int64)
    given = np.concatenate([[0.0], *(source.ravel() for source in sources)])
    if not np.array_equal(given[places].astype(np.float32), output, equal_nan=True):
        return None

    def calculate(row: int, column: int, channel: int) -> _Calculated:
        place = int(places[channel] if places.ndim == 1 else places[row, column, channel])
        if place == 0:
            return (Term("0", "a zero that this layer adds", 0.0),), "", 0.0
        number = int(np.searchsorted(sizes, place, side="left")) - 1
        index = np.unravel_index(place - 1 - sizes[number], sources[number].shape)
        there = (0, 0, int(index[0])) if len(index) == 1 else tuple(map(int, index))
        term = Term("x", "the same number", float(given[place]), Place(number, *there))
        return (term,), "", term.value

    def target(place: Place) -> tuple[int, int, int] | None:
        array = sources[place.source]
        index = (place.channel,) if array.ndim == 1 else (place.row, place.column, place.channel)
        hits = np.flatnonzero(places == 1 + sizes[place.source] + np.ravel_multi_index(index, array.shape))
        if not hits.size:
            return None
        there = tuple(map(int, np.unravel_index(hits[0], output.shape)))
        return (0, 0, there[0]) if len(there) == 1 else (there[0], there[1], there[2])

    return CellArithmetic(layer.name, sources, output, calculate, target)


def _resized(layer: "keras.Layer", sources: tuple[np.ndarray, ...], output: np.ndarray) -> Arithmetic | None:
    """A layer that copies pixels, or computes numbers between them.

    All of Keras's interpolations go along the height and along the width, one after the other.
    """
    if (copied := _copies(layer, sources, output)) is not None:
        return copied
    (inputs,) = sources
    if inputs.ndim != 3 or layer.data_format != "channels_last":
        return None
    vertical, horizontal = (_weights_along(layer, axis, inputs, output) for axis in (0, 1))
    if vertical is None or horizontal is None:
        return None
    again = np.einsum("ir,jc,rck->ijk", vertical, horizontal, inputs, optimize=True)
    if not np.allclose(again, output, rtol=0, atol=1e-5 * max(1.0, float(np.abs(inputs).max()))):
        return None  # there is more to it
    return LayerArithmetic(layer.name, inputs, output, "between", between=(vertical, horizontal))


def _weights_along(layer: "keras.Layer", axis: int, inputs: np.ndarray, output: np.ndarray) -> np.ndarray | None:
    """How much each row of the inputs counts for each row of the output, (rows of the output, rows of the inputs).

    The layer answers it for images in each of which one row is 1 and all others are 0; `axis` 1: likewise for columns.

    Returns:
        float64, or None where that would take too much memory, or where a row is made of none.
    """
    length, across = inputs.shape[axis], inputs.shape[1 - axis]
    if length * output.shape[0] * output.shape[1] >= 2**24:
        return None
    lines = np.eye(length, dtype=np.float32)[..., np.newaxis].repeat(across, 2)
    images = lines if axis == 0 else lines.swapaxes(1, 2)
    answers = np.asarray(layer(images[..., np.newaxis]))[..., 0]
    weights = answers.take(answers.shape[2 - axis] // 2, axis=2 - axis).T.astype(np.float64)
    return weights if np.allclose(weights.sum(axis=1), 1.0, atol=1e-5) else None


def _term(sources: tuple[np.ndarray, ...], number: int, row: int, column: int, channel: int) -> Term:
    """The number at a place of an input; one that has fewer rows, columns or channels is repeated."""
    array = sources[number]
    if array.ndim == 1:
        place = Place(number, 0, 0, min(channel, len(array) - 1))
        return Term("x", "what it was given", float(array[place.channel]), place)
    row, column, channel = (min(at, side - 1) for at, side in zip((row, column, channel), array.shape, strict=True))
    return Term("x", "what it was given", float(array[row, column, channel]), Place(number, row, column, channel))


def _for_each(values: np.ndarray, channels: int) -> np.ndarray | None:
    """One number for each channel; None where there is one for each place."""
    flat = values.ravel()
    return np.broadcast_to(flat, channels) if flat.size in (1, channels) else None


def _axes(layer: "keras.Layer", output: np.ndarray) -> tuple[int, ...]:
    """The axes that a layer works along, counted without that of the images."""
    axis = layer.axis
    axes = axis if isinstance(axis, list | tuple) else [axis]
    return tuple(one + output.ndim if one < 0 else one - 1 for one in axes)


def _reduction(layer: "keras.Layer") -> Reduction:
    return "max" if "Max" in type(layer).__name__ else "mean"


def _padding(
    inputs: np.ndarray,
    size: tuple[int, ...],
    strides: tuple[int, ...],
    padding: str,
    dilations: tuple[int, ...] = (1, 1),
) -> tuple[int, int]:
    down, across = (
        slide(length, kernel, stride, "same" if padding == "same" else "valid", dilation).padding[0]
        for length, kernel, stride, dilation in zip(inputs.shape[:2], size, strides, dilations, strict=True)
    )
    return down, across


def _title_of(function: "Callable[..., object]") -> tuple[str, bool]:
    """What an activation is called, empty where it changes nothing; and whether a number depends on others, too."""
    name = getattr(function, "__name__", "")
    known = ACTIVATIONS.get(name)
    if known is None:
        return name or "a function", False
    return "" if known.name == "linear" else known.title, known.mixes_channels


_Explain = Callable[["keras.Layer", tuple[np.ndarray, ...], np.ndarray], Arithmetic | None]


def _kinds() -> Iterator[tuple[str, _Explain]]:
    """What explains each kind of layer: by its group where all of one are alike, else by its name."""
    by_group: dict[str, _Explain] = {
        "Convolution": _convolution,
        "Activation": _activation,
        "Regularisation": _copies,
    }
    by_kind: dict[str, _Explain] = {
        "Dense": _dense,
        "MaxPooling2D": _pooling,
        "AveragePooling2D": _pooling,
        "GlobalMaxPooling2D": _global_pooling,
        "GlobalAveragePooling2D": _global_pooling,
        "Softmax": _softmax,
        "BatchNormalization": _batch_normalisation,
        "LayerNormalization": _normalisation_of_this_image,
        "GroupNormalization": _normalisation_of_this_image,
        "UnitNormalization": _unit_normalisation,
        "LocalResponseNormalization": _local_response,
        "LayerScale": _scaled,
        "Rescaling": _scaled,
        "Normalization": _normalisation,
        **dict.fromkeys(_MERGES, _merge),
        **dict.fromkeys(_MOVING, _copies),
        "UpSampling2D": _resized,
        "Resizing": _resized,
    }
    for kind in LAYER_KINDS:
        group = group_of(kind)
        explain = by_kind.get(kind) or (by_group.get(group) if group is not None else None)
        if explain is not None and not kind.endswith("1D"):  # those of rows have no maps
            yield kind, explain


_MOVING = (
    "Concatenate",
    "Flatten",
    "Reshape",
    "Permute",
    "ZeroPadding2D",
    "Cropping2D",
    "CenterCrop",
)
"""Kinds of layers that only put numbers elsewhere."""

_EXPLAINED: dict[str, _Explain] = dict(_kinds())
"""The kinds of layers whose numbers are explained, by Keras's class."""
