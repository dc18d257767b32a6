"""The residual networks for small images of He, Zhang, Ren and Sun, and the same networks without shortcuts.

Deep Residual Learning for Image Recognition, CVPR 2016, section 4.2.
"""

from functools import partial
from typing import TYPE_CHECKING, Any

from cnnstudio.models.recipes.architecture import Architecture, ImageShape

if TYPE_CHECKING:
    import keras

STAGES = (16, 32, 64)
"""Filters of the three stages; the maps are halved at the start of the second and the third."""


def build_residual(image_shape: ImageShape, classes: int, blocks: int, shortcuts: bool, name: str) -> "keras.Model":
    """Builds a network of 6 · blocks + 2 weighted layers.

    Shortcuts have no parameters (option A of the paper): where the maps are halved, every second pixel is taken, and
    the channels that are new are filled with zeros, half of them in front. Both are said with layers of Keras's own.

    Args:
        image_shape: (height, width, channels).
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


def _normalised_convolution(x: Any, filters: int, strides: int, place: str) -> Any:
    from keras import layers

    x = layers.Conv2D(
        filters,
        3,
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


def _entry(depth: int, shortcuts: bool = True, **told: Any) -> Architecture:
    kind, title = ("resnet", "ResNet") if shortcuts else ("plain", "Plain")
    name = f"{kind}{depth}"
    return Architecture(
        name=name,
        title=f"{title}-{depth}",
        year=2016,
        authors="He, Zhang, Ren, Sun",
        paper="Deep Residual Learning for Image Recognition, CVPR, section 4.2",
        link="https://arxiv.org/abs/1512.03385",
        image_shape=(32, 32, 3),
        smallest_side=3,
        build=partial(build_residual, blocks=(depth - 2) // 6, shortcuts=shortcuts, name=name),
        **told,
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
        idea="The same with five blocks in each stage: more layers, more accurate.",
        reported="92.49 % of the CIFAR-10 test images",
        published_parameters=460_000,
    ),
    _entry(
        56,
        idea="The same with nine blocks in each stage; without shortcuts, a network this deep learns worse than one of "
        "20 layers.",
        reported="93.03 % of the CIFAR-10 test images",
        published_parameters=850_000,
    ),
)
