"""Transfer: the backbone is the one that was trained, frozen, and sees what it was trained for."""

import numpy as np
import pytest

from cnnstudio.errors import StudioError
from cnnstudio.models.architectures.catalogue import ARCHITECTURES
from cnnstudio.models.architectures.transfer import build_transfer
from cnnstudio.models.networks.building import build_network
from cnnstudio.models.trained.pretrained import PRETRAINED

pytestmark = pytest.mark.numbers

LITE0 = "transfer-efficientnet-lite0"


def small(shape, classes=2):
    """A transfer from a backbone of one convolution."""
    from keras import layers

    return build_transfer(shape, classes, layers.Conv2D(4, 3, padding="same", name="conv"), "small")


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
def test_weights_that_are_not_here_are_asked_for(name):
    with pytest.raises(StudioError, match=f"not here yet.*“cnnstudio models --download {name}”"):
        ARCHITECTURES[f"transfer-{name}"].load_weights(small((28, 28, 1)))
