"""Transfer: a network that has learnt ImageNet's photos, frozen, and a new last layer that learns other classes."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from cnnstudio.errors import StudioError
from cnnstudio.models.architectures import efficientnet
from cnnstudio.models.architectures.architecture import Architecture, ImageShape, Model
from cnnstudio.models.trained import pretrained
from cnnstudio.models.trained.card import MODEL_FILE
from cnnstudio.storage import downloads_folder, shipped

LEAST_SIDE = 128
"""Images with a shorter side than this are enlarged: a network that has learnt large things sees little in small ones.

Measured with EfficientNet-Lite0 and a new last layer on 3,000 images of CIFAR-10, tested on 1,000: 46 % right at 32
pixels, 62 % at 64, 71 % at 96, 74 % at 128, 75 % at 160, 76 % at 192, 77 % at 224, while the time grows with the area.
Whether they are enlarged bicubically or bilinearly makes a difference of 0.6.
"""

LONGEST_SIDE = 512
"""To which the longer side of a narrow image is enlarged at most."""


def build_transfer(image_shape: ImageShape, classes: int, features: Callable[[Any], Any], name: str) -> Model:
    """Builds a network with a frozen backbone.

    Args:
        image_shape: (height, width, channels), of 1 or 3 channels.
        classes: number of classes.
        features: makes the layers of the backbone: from raw values 0–255, red first, to its last feature maps.
        name: of the model.
    """
    import keras
    from keras import layers

    height, width, channels = image_shape
    x = inputs = keras.Input(image_shape, name="image")
    if channels == 1:
        x = layers.Concatenate(name="three_channels")([x, x, x])
    scale = min(LEAST_SIDE / min(height, width), LONGEST_SIDE / max(height, width))
    if scale > 1:
        x = layers.Resizing(round(scale * height), round(scale * width), interpolation="bicubic", name="resizing")(x)
    x = features(x)
    for layer in keras.Model(inputs, x).layers:
        layer.trainable = not layer.weights
    x = layers.GlobalAveragePooling2D(name="average")(x)
    x = layers.Dropout(0.2, name="dropout")(x)
    outputs = layers.Dense(classes, activation="softmax", name="output")(x)
    return keras.Model(inputs, outputs, name=name)


def load_backbone(model: Model, find: Callable[[], Path]) -> None:
    """Copies the weights of a saved classifier, all but its last layer, to the layers of a backbone.

    Args:
        model: made by `build_transfer`, perhaps edited since.
        find: returns the file of the classifier.

    Raises:
        StudioError: the classifier is not there; or a frozen layer is none of its layers and would stay random.
    """
    from cnnstudio.models.trained.files import copy_weights, load_model

    copied = copy_weights(load_model(find()).layers[:-1], model)
    for layer in model.layers:
        if layer.weights and not layer.trainable and layer.name not in copied:
            raise StudioError(
                f"The layer “{layer.name}” of {model.name} is frozen, but there are no weights for it: it would stay "
                "random. Make it trainable, or leave it as it was."
            )


def _lite0_file() -> Path:
    return shipped(f"trained/{efficientnet.NAME}") / MODEL_FILE


def _downloaded_file(entry: pretrained.Pretrained) -> Path:
    if not pretrained.is_downloaded(entry):
        raise StudioError(
            f"The weights of {entry.title} are not here yet. Download them first, {entry.megabytes} MB: choose the "
            f"model on the Try page, or type “cnnstudio models --download {entry.name}”."
        )
    return downloads_folder() / entry.name / MODEL_FILE


def _entry(
    backbone: str, title: str, features: Callable[[Any], Any], find: Callable[[], Path], **fields: Any
) -> Architecture:
    name = f"transfer-{backbone}"
    return Architecture(
        name=name,
        title=f"Transfer from {title}",
        note="All other layers keep what they learnt on ImageNet, unless fine-tuning changes them a little. Images "
        f"with a side below {LEAST_SIDE} pixels are enlarged to that; grey ones are taken as colour.",
        classes=1000,
        channels=(1, 3),
        build=partial(build_transfer, features=features, name=name),
        load_weights=partial(load_backbone, find=find),
        weights_file=find,
        **fields,
    )


def _from_download(entry: pretrained.Pretrained) -> Architecture:
    return _entry(
        entry.name,
        entry.title,
        partial(pretrained.features, entry),
        partial(_downloaded_file, entry),
        year=entry.year,
        authors=entry.authors,
        paper=entry.paper,
        link=entry.link,
        idea=f"{entry.idea.rstrip('.')}: here its last layer is replaced by a new one for your classes.",
        image_shape=(entry.side, entry.side, 3),
        reported=f"{100 * entry.top1:.1f} % of ImageNet's validation images (top-1)",
        published_parameters=entry.parameters,
    )


TRANSFER = (
    _entry(
        "efficientnet-lite0",
        "EfficientNet-Lite0",
        efficientnet.features,
        _lite0_file,
        year=2019,
        authors="Tan, Le",
        paper="EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks, ICML",
        link="https://arxiv.org/abs/1905.11946",
        idea="For your own photos: it knows a million pictures already, and only a new last layer learns your classes, "
        "in a minute and from few images.",
        image_shape=efficientnet.IMAGE_SHAPE,
        reported="75.1 % of ImageNet's validation images (top-1), by its authors' repository",
        published_parameters=4_652_008,
    ),
    *(_from_download(entry) for entry in pretrained.PRETRAINED.values()),
)
