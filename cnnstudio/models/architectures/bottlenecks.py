"""Inverted bottlenecks: the piece that MobileNetV2 and EfficientNet-Lite are made of.

Sandler, Howard, Zhu, Zhmoginov and Chen, MobileNetV2: Inverted Residuals and Linear Bottlenecks, CVPR 2018.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Stage:
    """Some inverted bottlenecks of one kind.

    Attributes:
        repeats: how many.
        kernel: side of the depthwise kernels.
        stride: of the first of them; the others have 1.
        expansion: factor by which the channels grow within.
        filters: channels they answer with.
    """

    repeats: int
    kernel: int
    stride: int
    expansion: int
    filters: int


def blocks(stages: Sequence[Stage]) -> Iterator[tuple[str, Stage, int]]:
    """Name (“block1a”), stage and stride of every bottleneck, in order."""
    for number, stage in enumerate(stages, start=1):
        for repeat in range(stage.repeats):
            yield f"block{number}{'abcd'[repeat]}", stage, 1 if repeat else stage.stride


def convolve(x: Any, convolution: "keras.Layer", active: bool = True) -> Any:
    """A convolution, its batch normalisation and, where it is `active`, ReLU6; named after the convolution."""
    from keras import layers

    stem = convolution.name.removesuffix("_conv")
    x = layers.BatchNormalization(epsilon=1e-3, name=f"{stem}_bn")(convolution(x))
    return layers.ReLU(max_value=6, name=f"{stem}_relu6")(x) if active else x


def bottleneck(x: Any, name: str, stage: Stage, stride: int) -> Any:
    """Expand the channels, convolve each by itself, project to few again; a shortcut where the shapes agree."""
    from keras import layers

    before, channels = x, x.shape[-1]
    if stage.expansion > 1:
        expand = layers.Conv2D(stage.expansion * channels, 1, use_bias=False, name=f"{name}_expand_conv")
        x = convolve(x, expand)
    depthwise = layers.DepthwiseConv2D(
        stage.kernel, strides=stride, padding="same", use_bias=False, name=f"{name}_depthwise_conv"
    )
    x = convolve(x, depthwise)
    project = layers.Conv2D(stage.filters, 1, use_bias=False, name=f"{name}_project_conv")
    x = convolve(x, project, active=False)
    if stride == 1 and stage.filters == channels:
        x = layers.Add(name=f"{name}_add")([before, x])
    return x
