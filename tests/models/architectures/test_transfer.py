"""Transfer: the backbone is the one that was trained, frozen, and sees what it was trained for."""

import numpy as np
import pytest

from cnnstudio.errors import StudioError
from cnnstudio.models.architectures.catalogue import ARCHITECTURES
from cnnstudio.models.architectures.transfer import build_transfer
from cnnstudio.models.networks.building import build_network
from cnnstudio.models.trained.card import Card
from cnnstudio.models.trained.classifier import Classifier
from cnnstudio.models.trained.pretrained import PRETRAINED, build_pretrained
from cnnstudio.storage import downloads_folder
from tests.models.sample_networks import shallow_applications

pytestmark = pytest.mark.numbers

LITE0 = "transfer-efficientnet-lite0"


@pytest.fixture(scope="module")
def model():
    """Of as many classes as the backbone has learnt: its new last layer could take those weights."""
    return build_network(LITE0, (224, 224, 3), 1000, seed=0)


@pytest.fixture(scope="module")
def trained(photo_classifier):
    return photo_classifier.model


def small(shape, classes=2):
    """A transfer from a backbone of one convolution."""
    from keras import layers

    return build_transfer(shape, classes, layers.Conv2D(4, 3, padding="same", name="conv"), "small")


def test_the_backbone_is_the_one_that_ships(model, trained):
    import keras

    image = np.random.default_rng(0).integers(0, 256, (1, 224, 224, 3)).astype(np.float32)
    ours, theirs = (keras.Model(net.input, net.get_layer("average").output)(image) for net in (model, trained))
    np.testing.assert_array_equal(ours.numpy(), theirs.numpy())


def test_only_the_new_layer_is_trained(model, trained):
    assert [layer.name for layer in model.layers if layer.trainable_weights] == ["output"]
    assert [layer.name for layer in model.layers if layer.weights and layer.trainable] == ["output"]
    assert model.get_layer("output").kernel.shape == (1280, 1000)
    assert (model.get_layer("output").kernel.numpy() != trained.get_layer("output").kernel.numpy()).all()
    assert not any(hasattr(layer, "layers") for layer in model.layers), "no model within"


def test_a_grey_image_is_a_colour_image_without_colour():
    grey, colour = small((64, 48, 1)), small((64, 48, 3))
    grey.set_weights(colour.get_weights())
    image = np.random.default_rng(0).integers(0, 256, (1, 64, 48, 1)).astype(np.float32)
    np.testing.assert_allclose(grey(image).numpy(), colour(np.repeat(image, 3, axis=-1)).numpy(), atol=1e-5)


@pytest.mark.parametrize(
    ("shape", "size"),
    [
        ((28, 28, 1), (128, 128)),
        ((32, 64, 3), (128, 256)),
        ((10, 100, 3), (51, 512)),
        ((1, 512, 3), None),
        ((128, 130, 3), None),
        ((300, 200, 3), None),
    ],
)
def test_small_images_are_enlarged_as_they_are(shape, size):
    layers = {layer.name: layer for layer in small(shape).layers}
    assert ("resizing" in layers) == (size is not None)
    if size is not None:
        assert layers["resizing"].output.shape[1:3] == size
    assert ("three_channels" in layers) == (shape[2] == 1)


@pytest.mark.parametrize("channels", [2, 4])
def test_only_grey_and_colour_are_understood(channels):
    with pytest.raises(StudioError, match=f"takes images of 1 or 3 channels, not {channels}"):
        build_network(LITE0, (64, 64, channels), 2, seed=0)


@pytest.mark.parametrize("name", PRETRAINED)
def test_weights_that_are_not_here_are_asked_for(name, model):
    with pytest.raises(StudioError, match=f"not here yet.*“cnnstudio models --download {name}”"):
        ARCHITECTURES[f"transfer-{name}"].load_weights(model)


def test_weights_that_are_downloaded_are_used():
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
