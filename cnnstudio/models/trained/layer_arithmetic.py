"""How each number of a layer's output comes about from those that the layer was given, for one image."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from cnnstudio.lab.sizes import slide
from cnnstudio.models.layer_kinds import LAYER_KINDS, group_of
from cnnstudio.models.layer_kinds.activation_functions import ACTIVATIONS

if TYPE_CHECKING:
    import keras

Reduction = Literal["sum", "max", "mean", "each"]
"""What becomes of a patch: the sum of its products with a kernel, its largest number, its mean, or itself."""


@dataclass(frozen=True, eq=False)
class Number:
    """One number of a layer's output, and how it comes about.

    Attributes:
        reduction: what becomes of the patch.
        patch: (height, width, channels) float32, the inputs it depends on; NaN where the patch leaves the maps, which
            counts as 0 for a sum and not at all otherwise.
        kernel: (height, width, channels) float32, what the patch is multiplied with; None but for a sum.
        channels: the numbers of these channels among the maps that the layer was given.
        rows: (height,) where the patch lies in these maps; it may begin or end outside.
        columns: (width,) likewise.
        sums: (channels,) float64: of each channel the sum of patch × kernel; empty but for a sum.
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
    sums: np.ndarray
    bias: float | None
    before: float
    activation: str
    value: float


@dataclass(frozen=True, eq=False)
class LayerArithmetic:
    """A convolution, a pooling or an activation with what it was given and what it made of it, for one image.

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

    def number(self, row: int, column: int, channel: int) -> Number:
        """How one number comes about; of a layer whose output has no maps, only the channel counts."""
        if self.output.ndim == 1:
            row = column = 0
        rows, columns = (
            place * stride - padding + np.arange(size) * dilation
            for place, stride, padding, size, dilation in zip(
                (row, column), self.strides, self.padding, self.size, self.dilations, strict=True
            )
        )
        channels = self._channels(channel)
        patch = np.full((*self.size, len(channels)), np.nan, np.float32)
        inside = np.ix_((rows >= 0) & (rows < self.inputs.shape[0]), (columns >= 0) & (columns < self.inputs.shape[1]))
        patch[inside] = self.inputs[rows[inside[0].ravel()]][:, columns[inside[1].ravel()]][..., channels]
        kernel = None if self.kernel is None else self.kernel[..., channel]
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


def arithmetic_of(layer: "keras.Layer", inputs: np.ndarray, output: np.ndarray) -> LayerArithmetic | None:
    """The arithmetic of a layer for one image; None for a kind of layer whose numbers are not explained.

    Args:
        layer: built.
        inputs: float32, what it was given for the image.
        output: float32, what it answered.
    """
    explain = _EXPLAINED.get(type(layer).__name__)
    if explain is None or inputs.ndim != 3 or getattr(layer, "data_format", "channels_last") != "channels_last":
        return None
    return explain(layer, inputs, output)


def is_explained(kind: str) -> bool:
    """Whether the numbers of a kind of layer are explained."""
    return kind in _EXPLAINED


def _convolution(layer: "keras.layers.Conv2D", inputs: np.ndarray, output: np.ndarray) -> LayerArithmetic | None:
    function = _title_of(layer.activation)
    if function is None:
        return None
    kernel = np.asarray(layer.kernel)
    if type(layer).__name__ == "DepthwiseConv2D":  # (height, width, channels, filters of each)
        kernel = kernel.reshape(*kernel.shape[:2], 1, -1)
    size, strides, dilations = kernel.shape[:2], tuple(layer.strides), tuple(layer.dilation_rate)
    return LayerArithmetic(
        layer.name,
        inputs,
        output,
        "sum",
        size,
        strides,
        dilations,
        _padding(inputs, size, strides, layer.padding, dilations),
        kernel,
        np.asarray(layer.bias) if layer.use_bias else None,
        function,
    )


def _pooling(layer: "keras.Layer", inputs: np.ndarray, output: np.ndarray) -> LayerArithmetic:
    size, strides = tuple(layer.pool_size), tuple(layer.strides)
    padding = _padding(inputs, size, strides, layer.padding)
    return LayerArithmetic(layer.name, inputs, output, _reduction(layer), size, strides, padding=padding)


def _global_pooling(layer: "keras.Layer", inputs: np.ndarray, output: np.ndarray) -> LayerArithmetic:
    height, width = inputs.shape[:2]
    return LayerArithmetic(layer.name, inputs, output, _reduction(layer), (height, width))


def _activation(layer: "keras.Layer", inputs: np.ndarray, output: np.ndarray) -> LayerArithmetic | None:
    kind = type(layer).__name__
    title = _title_of(layer.activation) if kind == "Activation" else LAYER_KINDS[kind].title
    if title is None:
        return None
    highest = getattr(layer, "max_value", None)
    title += f" up to {float(highest):g}" if highest is not None else ""
    return LayerArithmetic(layer.name, inputs, output, "each", activation=title)


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


def _title_of(function: "Callable[..., object]") -> str | None:
    """What an activation is called; empty where it changes nothing, None where a number depends on others, too."""
    known = ACTIVATIONS.get(getattr(function, "__name__", ""))
    if known is None or known.mixes_channels:
        return None
    return "" if known.name == "linear" else known.title


_Explain = Callable[["keras.Layer", np.ndarray, np.ndarray], LayerArithmetic | None]

_EXPLAINED: dict[str, _Explain] = {
    "Conv2D": _convolution,
    "DepthwiseConv2D": _convolution,
    "MaxPooling2D": _pooling,
    "AveragePooling2D": _pooling,
    "GlobalMaxPooling2D": _global_pooling,
    "GlobalAveragePooling2D": _global_pooling,
    **{kind: _activation for kind in LAYER_KINDS if group_of(kind) == "Activation" and kind != "Softmax"},
}
"""The kinds of layers whose numbers are explained, by Keras's class."""
