"""Networks that others have published: built and opened as they are, and the base of a transfer."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from cnnstudio.errors import StudioError
from cnnstudio.models.architectures.catalogue import ARCHITECTURES
from cnnstudio.models.layer_table import describe
from cnnstudio.models.networks.building import build_network
from cnnstudio.models.trained.card import Card
from cnnstudio.models.trained.classifier import Classifier
from cnnstudio.models.trained.files import load_model, read_config
from cnnstudio.models.trained.library import load_classifier
from cnnstudio.models.trained.pretrained import PRETRAINED, build_pretrained
from cnnstudio.storage import downloads_folder
from tests.models.architectures.outlines import (
    check_names,
    check_parameters,
    check_that_layers_are_used_once,
    check_that_pixels_are_scaled,
)
from tests.models.sample_networks import DOWNLOADED, outline, shallow_applications, small_convnext

if TYPE_CHECKING:
    import keras

pytestmark = pytest.mark.numbers


@pytest.mark.parametrize("name", DOWNLOADED)
def test_a_backbone_is_the_published_one(name: str) -> None:
    check_parameters(name)
    check_that_pixels_are_scaled(name)
    check_names(name)
    check_that_layers_are_used_once(name)


def test_other_backbones_fit_small_grey_images() -> None:
    model = outline("transfer-resnet50v2", (28, 40, 1), 5)
    assert model.input_shape == (None, 28, 40, 1)
    assert model.output_shape == (None, 5)
    # Five halvings.
    assert model.layers[-4].output.shape[1:3] == (4, 6)


@pytest.fixture(scope="module")
def transfer() -> "keras.Model":
    """Of as many classes as the backbone has learnt: its new last layer could take those weights."""
    return build_network("transfer-efficientnet-lite0", (224, 224, 3), 1000, seed=0)


@pytest.fixture(scope="module")
def shipped() -> "keras.Model":
    return load_classifier("efficientnet-lite0-imagenet").model


def test_the_backbone_is_the_one_that_ships(transfer: "keras.Model", shipped: "keras.Model") -> None:
    import keras

    image = np.random.default_rng(0).integers(0, 256, (1, 224, 224, 3)).astype(np.float32)
    ours, theirs = (keras.Model(net.input, net.get_layer("average").output)(image) for net in (transfer, shipped))
    np.testing.assert_array_equal(ours.numpy(), theirs.numpy())


def test_only_the_new_layer_is_trained(transfer: "keras.Model", shipped: "keras.Model") -> None:
    assert [layer.name for layer in transfer.layers if layer.trainable_weights] == ["output"]
    assert [layer.name for layer in transfer.layers if layer.weights and layer.trainable] == ["output"]
    assert transfer.get_layer("output").kernel.shape == (1280, 1000)
    assert (transfer.get_layer("output").kernel.numpy() != shipped.get_layer("output").kernel.numpy()).all()
    assert not any(hasattr(layer, "layers") for layer in transfer.layers), "no model within"


def test_weights_that_are_downloaded_are_used() -> None:
    import keras

    entry = PRETRAINED["efficientnetv2-b0"]
    classes = tuple(f"thing {number}" for number in range(1000))
    card = Card(name=entry.name, classes=classes, input_shape=(224, 224, 3), input_rule="imagenet")
    with shallow_applications():
        downloaded = build_pretrained(entry, None)
        Classifier(downloaded, card).save(downloads_folder() / entry.name)
        model = build_network("transfer-efficientnetv2-b0", (28, 28, 1), 3, seed=0)
    theirs = {layer.name: layer.get_weights() for layer in downloaded.layers}
    compared = 0
    for layer in model.layers[:-1]:
        for one, other in zip(layer.get_weights(), theirs.get(layer.name, []), strict=True):
            np.testing.assert_array_equal(one, other)
            compared += one.size
    assert compared == downloaded.count_params() - 1280 * 1000 - 1000
    assert [layer.name for layer in model.layers if layer.trainable_weights] == ["output"]

    # A frozen layer that is none of theirs would stay random.
    inputs = keras.Input((28, 28, 1), name="image")
    x = keras.layers.Conv2D(8, 3, name="mine", trainable=False)(inputs)
    other = keras.Model(inputs, keras.layers.Flatten(name="flatten")(x), name="edited")
    with pytest.raises(StudioError, match="“mine” of edited is frozen, but there are no weights for it"):
        ARCHITECTURES["transfer-efficientnetv2-b0"].load_weights(other)


@cache
def with_weights(build: Callable[[], "keras.Model"]) -> "keras.Model":
    """The network with weights that keep its numbers small."""
    model = build()
    rng = np.random.default_rng(0)
    for weight in model.weights:
        if weight.shape and weight.dtype == "float32" and "count" not in weight.name:
            weight.assign(np.abs(rng.normal(0.5, 0.1, weight.shape)) / max(1, np.prod(weight.shape[:-1])))
    return model


def small_mobilenet() -> "keras.Model":
    from keras.src.applications import mobilenet_v3

    def blocks(x: Any, kernel: int, activation: Any, se_ratio: float) -> Any:
        for expansion, block in ((1, 0), (4, 1)):
            x = mobilenet_v3._inverted_res_block(x, expansion, 16, kernel, 1, se_ratio, activation, block)
        return x

    return mobilenet_v3.MobileNetV3(blocks, 32, (32, 32, 3), model_type="small", weights=None, classes=4)


@pytest.mark.parametrize(
    ("build", "ending"), [(small_convnext, "keras"), (small_convnext, "h5"), (small_mobilenet, "keras")]
)
def test_networks_of_keras_are_opened_with_their_weights(
    build: Callable[[], "keras.Model"], ending: str, tmp_path: Path
) -> None:
    """MobileNetV3 adds and multiplies between its layers, ConvNeXt has a layer of its own."""
    import keras

    model = with_weights(build)
    path = tmp_path / f"model.{ending}"
    model.save(path)
    images = np.random.default_rng(1).uniform(0, 255, (2, 32, 32, 3)).astype(np.float32)
    expected = np.asarray(model(images))
    opened = load_model(path)
    np.testing.assert_array_equal(np.asarray(opened(images)), expected)
    if ending == "keras":
        opened.save(tmp_path / "again.keras")
        np.testing.assert_array_equal(np.asarray(keras.models.load_model(tmp_path / "again.keras")(images)), expected)
    table = describe(read_config(path))
    assert (table.misfit, table.parameters) == (None, model.count_params())
