"""MobileNetV2, made of depthwise-separable convolutions."""

from dataclasses import replace

from cnnstudio.models.architectures.architecture import LARGE_SIDE, Architecture, ImageShape, Model
from cnnstudio.models.architectures.bottlenecks import Stage, blocks, bottleneck, convolve

STAGES = (
    Stage(1, 3, 1, 1, 16),
    Stage(2, 3, 2, 6, 24),
    Stage(3, 3, 2, 6, 32),
    Stage(4, 3, 2, 6, 64),
    Stage(3, 3, 1, 6, 96),
    Stage(3, 3, 2, 6, 160),
    Stage(1, 3, 1, 6, 320),
)
"""Table 2 of the paper."""


def build_mobilenetv2(image_shape: ImageShape, classes: int) -> Model:
    """The published form; on small images without the first two of its five strides."""
    import keras
    from keras import layers

    small = min(image_shape[:2]) < LARGE_SIDE
    stages = (STAGES[0], replace(STAGES[1], stride=1), *STAGES[2:]) if small else STAGES
    inputs = keras.Input(image_shape, name="image")
    x = layers.Rescaling(1 / 127.5, offset=-1, name="rescaling")(inputs)
    stem = layers.Conv2D(32, 3, strides=1 if small else 2, padding="same", use_bias=False, name="stem_conv")
    x = convolve(x, stem)
    for block, stage, stride in blocks(stages):
        x = bottleneck(x, block, stage, stride)
    x = convolve(x, layers.Conv2D(1280, 1, use_bias=False, name="head_conv"))
    x = layers.GlobalAveragePooling2D(name="average")(x)
    x = layers.Dropout(0.2, name="dropout")(x)
    outputs = layers.Dense(classes, activation="softmax", name="output")(x)
    return keras.Model(inputs, outputs, name="mobilenetv2")


MOBILENET = (
    Architecture(
        name="mobilenetv2",
        title="MobileNetV2",
        year=2018,
        authors="Sandler, Howard, Zhu, Zhmoginov, Chen",
        paper="MobileNetV2: Inverted Residuals and Linear Bottlenecks, CVPR",
        link="https://arxiv.org/abs/1801.04381",
        idea="Each map is convolved separately, then convolutions of 1×1 mix the maps: a fraction of the "
        "multiplications, made for phones.",
        note=f"On images below {LARGE_SIDE} pixels the first convolution and the second stage have no stride. The "
        "paper rounds the parameters to 3.4 million, without those of the normalisations.",
        image_shape=(224, 224, 3),
        classes=1000,
        reported="72.0 % of ImageNet's validation images (top-1)",
        published_parameters=3_504_872,
        smallest_side=5,
        build=build_mobilenetv2,
    ),
)
