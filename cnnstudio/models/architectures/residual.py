"""The residual networks of He, Zhang, Ren and Sun, and the same without shortcuts.

Deep Residual Learning for Image Recognition, CVPR 2016: section 4.1 for ImageNet, section 4.2 for small images.
"""

from functools import partial
from typing import Any

from cnnstudio.models.architectures.architecture import LARGE_SIDE, Architecture, ImageShape, Model

STAGES = (16, 32, 64)
"""Filters of the three stages; the maps are halved at the start of the second and the third."""


def build_residual(image_shape: ImageShape, classes: int, blocks: int, shortcuts: bool, name: str) -> Model:
    """Builds a network of 6 · blocks + 2 weighted layers.

    Shortcuts have no parameters (option A of the paper): where the maps are halved, every second pixel is taken, and
    the channels that are new are filled with zeros, half of them in front. Both are said with layers of Keras's own.

    Args:
        image_shape: of the images.
        classes: number of classes.
        blocks: blocks of two convolutions in each stage; the paper has 3, 5, 7, 9 and 18.
        shortcuts: whether the input of each block is added to its output; without, it is the paper's plain network.
        name: of the model.
    """
    import keras
    from keras import layers

    inputs = keras.Input(image_shape, name="image")
    x = layers.Rescaling(1 / 127.5, offset=-1, name="rescaling")(inputs)
    x = layers.ReLU(name="relu")(_normalised_convolution(x, STAGES[0], 1, ""))
    for stage, filters in enumerate(STAGES, start=1):
        for block in range(1, blocks + 1):
            place = f"stage{stage}_block{block}_"
            strides = 2 if stage > 1 and block == 1 else 1
            y = _normalised_convolution(x, filters, strides, f"{place}1_")
            y = layers.ReLU(name=f"{place}1_relu")(y)
            y = _normalised_convolution(y, filters, 1, f"{place}2_")
            if shortcuts:
                y = layers.Add(name=f"{place}add")([y, _shortcut(x, filters, strides, place)])
            x = layers.ReLU(name=f"{place}relu")(y)
    x = layers.GlobalAveragePooling2D(name="average")(x)
    outputs = layers.Dense(classes, activation="softmax", kernel_initializer="he_normal", name="output")(x)
    return keras.Model(inputs, outputs, name=name)


def build_resnet18(image_shape: ImageShape, classes: int) -> Model:
    """ResNet-18 with shortcuts of 1×1 where the maps are halved (option B of the paper)."""
    import keras
    from keras import layers

    inputs = keras.Input(image_shape, name="image")
    x = layers.Rescaling(1 / 127.5, offset=-1, name="rescaling")(inputs)
    if min(image_shape[:2]) < LARGE_SIDE:
        x = layers.ReLU(name="relu")(_normalised_convolution(x, 64, 1, ""))
    else:
        x = layers.ReLU(name="relu")(_normalised_convolution(x, 64, 2, "", kernel=7))
        x = layers.MaxPooling2D(3, strides=2, padding="same", name="pool")(x)
    for stage, filters in enumerate((64, 128, 256, 512), start=1):
        for block in (1, 2):
            place = f"stage{stage}_block{block}_"
            strides = 2 if stage > 1 and block == 1 else 1
            y = _normalised_convolution(x, filters, strides, f"{place}1_")
            y = layers.ReLU(name=f"{place}1_relu")(y)
            y = _normalised_convolution(y, filters, 1, f"{place}2_")
            if strides > 1:
                x = _normalised_convolution(x, filters, strides, f"{place}shortcut_", kernel=1)
            y = layers.Add(name=f"{place}add")([y, x])
            x = layers.ReLU(name=f"{place}relu")(y)
    x = layers.GlobalAveragePooling2D(name="average")(x)
    outputs = layers.Dense(classes, activation="softmax", kernel_initializer="he_normal", name="output")(x)
    return keras.Model(inputs, outputs, name="resnet18")


def build_resnet9(image_shape: ImageShape, classes: int) -> Model:
    """ResNet-9 with three quarters of its filters: maps are halved by pooling, and few blocks have a shortcut."""
    import keras
    from keras import layers

    inputs = keras.Input(image_shape, name="image")
    x = layers.Rescaling(1 / 127.5, offset=-1, name="rescaling")(inputs)
    x = layers.ReLU(name="relu")(_normalised_convolution(x, 48, 1, ""))
    for stage, (filters, block) in enumerate(((96, True), (192, False), (384, True)), start=1):
        place = f"stage{stage}_"
        x = layers.ReLU(name=f"{place}relu")(_normalised_convolution(x, filters, 1, place))
        x = layers.MaxPooling2D(2, name=f"{place}pool")(x)
        if block:
            y = x
            for number in (1, 2):
                y = _normalised_convolution(y, filters, 1, f"{place}block_{number}_")
                y = layers.ReLU(name=f"{place}block_{number}_relu")(y)
            x = layers.Add(name=f"{place}block_add")([x, y])
    x = layers.GlobalAveragePooling2D(name="average")(x)
    outputs = layers.Dense(classes, activation="softmax", kernel_initializer="he_normal", name="output")(x)
    return keras.Model(inputs, outputs, name="resnet9")


def _normalised_convolution(x: Any, filters: int, strides: int, place: str, kernel: int = 3) -> Any:
    from keras import layers

    x = layers.Conv2D(
        filters,
        kernel,
        strides=strides,
        padding="same",
        use_bias=False,
        kernel_initializer="he_normal",
        name=f"{place}conv",
    )(x)
    return layers.BatchNormalization(name=f"{place}norm")(x)


def _shortcut(x: Any, filters: int, strides: int, place: str) -> Any:
    from keras import layers

    new = filters - x.shape[-1]
    if strides == 1 and new == 0:
        return x
    x = layers.MaxPooling2D(1, strides=strides, name=f"{place}every_second")(x)
    # Read as channels first, the channels are what this layer takes for the columns.
    zeros = ((0, 0), (new // 2, new - new // 2))
    return layers.ZeroPadding2D(zeros, data_format="channels_first", name=f"{place}zeros")(x)


_PUBLICATION: dict[str, Any] = {
    "year": 2016,
    "authors": "He, Zhang, Ren, Sun",
    "link": "https://arxiv.org/abs/1512.03385",
}


def _entry(depth: int, shortcuts: bool = True, **fields: Any) -> Architecture:
    kind, title = ("resnet", "ResNet") if shortcuts else ("plain", "Plain")
    name = f"{kind}{depth}"
    return Architecture(
        name=name,
        title=f"{title}-{depth}",
        paper="Deep Residual Learning for Image Recognition, CVPR, section 4.2",
        image_shape=(32, 32, 3),
        smallest_side=3,
        build=partial(build_residual, blocks=(depth - 2) // 6, shortcuts=shortcuts, name=name),
        **_PUBLICATION,
        **fields,
    )


RESIDUAL = (
    _entry(
        20,
        shortcuts=False,
        idea="ResNet-20 without its shortcuts: compare the two, and see deep networks learn worse the deeper they are.",
        note="The paper shows the error of its plain networks as curves only.",
        published_parameters=270_000,
    ),
    _entry(
        20,
        idea="Every two convolutions only add a correction to what they were given: shortcuts let many layers be "
        "trained.",
        reported="91.25 % of the CIFAR-10 test images",
        published_parameters=270_000,
    ),
    _entry(
        32,
        idea="ResNet-20 with five blocks in each stage instead of three: more layers, more accurate.",
        reported="92.49 % of the CIFAR-10 test images",
        published_parameters=460_000,
    ),
    _entry(
        56,
        idea="ResNet-20 with nine blocks in each stage instead of three: without shortcuts, a network this deep would "
        "learn worse than one of 20 layers.",
        reported="93.03 % of the CIFAR-10 test images",
        published_parameters=850_000,
    ),
    Architecture(
        name="resnet18",
        title="ResNet-18",
        paper="Deep Residual Learning for Image Recognition, CVPR, section 4.1",
        idea="The smallest residual network for photos: four stages, each with twice the maps of half the size.",
        note="Shortcuts to smaller maps are convolutions of 1×1 (option B), as in all later work; the paper's accuracy "
        f"is with option A, and of ten crops. Images below {LARGE_SIDE} pixels get a first convolution of 3×3 without "
        "stride and without the pooling, as is usual.",
        image_shape=(224, 224, 3),
        classes=1000,
        reported="72.12 % of ImageNet's validation images (top-1)",
        published_parameters=11_689_512,
        smallest_side=5,
        build=build_resnet18,
        **_PUBLICATION,
    ),
    Architecture(
        name="resnet9",
        title="ResNet-9",
        year=2018,
        authors="Page",
        paper="How to Train Your ResNet, a series of articles",
        link="https://github.com/davidcpage/cifar10-fast",
        idea="A residual network for small images that learns fast: wide layers, only eight convolutions, and "
        "shortcuts around two pairs of them.",
        note="An adaptation: three quarters of the filters, so that it learns on a laptop; and the mean of each map "
        "at the end, where the original takes the highest value.",
        image_shape=(32, 32, 3),
        reported="94.08 % of the CIFAR-10 test images",
        smallest_side=8,
        build=build_resnet9,
    ),
)
