"""ConvNeXt, in its smallest size, Atto."""

from typing import Any

from cnnstudio.models.architectures.architecture import LARGE_SIDE, Architecture, ImageShape, Model

STAGES = ((2, 40), (2, 80), (6, 160), (2, 320))
"""Of each stage: blocks and filters."""


def build_convnext(image_shape: ImageShape, classes: int) -> Model:
    """Figure 4 of the paper; layer scale is said with a depthwise convolution of 1×1."""
    import keras
    from keras import layers

    patch = 2 if min(image_shape[:2]) < LARGE_SIDE else 4
    inputs = keras.Input(image_shape, name="image")
    x = layers.Rescaling(1 / 127.5, offset=-1, name="rescaling")(inputs)
    x = _convolution(x, STAGES[0][1], patch, "stem_conv", strides=patch)
    x = _normalization(x, "stem_norm")
    for stage, (blocks, filters) in enumerate(STAGES, start=1):
        if stage > 1:
            x = _normalization(x, f"stage{stage}_halving_norm")
            x = _convolution(x, filters, 2, f"stage{stage}_halving_conv", strides=2)
        for block in range(1, blocks + 1):
            x = _block(x, filters, f"stage{stage}_block{block}_")
    x = layers.GlobalAveragePooling2D(name="average")(x)
    x = _normalization(x, "norm")
    outputs = layers.Dense(classes, activation="softmax", kernel_initializer=_start(), name="output")(x)
    return keras.Model(inputs, outputs, name="convnext")


def _block(x: Any, filters: int, place: str) -> Any:
    from keras import initializers, layers

    y = layers.DepthwiseConv2D(7, padding="same", depthwise_initializer=_start(), name=f"{place}depthwise_conv")(x)
    y = _normalization(y, f"{place}norm")
    y = _convolution(y, 4 * filters, 1, f"{place}expand_conv")
    y = layers.Activation("gelu", name=f"{place}gelu")(y)
    y = _convolution(y, filters, 1, f"{place}project_conv")
    scale = initializers.Constant(1e-6)
    y = layers.DepthwiseConv2D(1, use_bias=False, depthwise_initializer=scale, name=f"{place}layer_scale")(y)
    return layers.Add(name=f"{place}add")([x, y])


def _convolution(x: Any, filters: int, kernel: int, name: str, strides: int = 1) -> Any:
    from keras import layers

    return layers.Conv2D(filters, kernel, strides=strides, kernel_initializer=_start(), name=name)(x)


def _normalization(x: Any, name: str) -> Any:
    from keras import layers

    return layers.LayerNormalization(epsilon=1e-6, name=name)(x)


def _start() -> Any:
    from keras import initializers

    return initializers.TruncatedNormal(stddev=0.02)


CONVNEXT = (
    Architecture(
        name="convnext",
        title="ConvNeXt-Atto",
        year=2022,
        authors="Liu, Mao, Wu, Feichtenhofer, Darrell, Xie",
        paper="A ConvNet for the 2020s, CVPR",
        link="https://arxiv.org/abs/2201.03545",
        idea="A ResNet made modern by what vision transformers taught: patches, large depthwise kernels, few "
        "activations and layer normalisation.",
        note="The size Atto is not in the paper, whose smallest network has 28.6 million parameters; its accuracy is "
        "from ConvNeXt V2 (Woo and others 2023, table 14). Stochastic depth is left out. Images below "
        f"{LARGE_SIDE} pixels are cut into patches of 2×2 instead of 4×4.",
        image_shape=(224, 224, 3),
        classes=1000,
        reported="75.7 % of ImageNet's validation images (top-1)",
        published_parameters=3_700_000,
        smallest_side=16,
        build=build_convnext,
    ),
)
