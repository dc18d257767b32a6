"""The networks that Keras publishes, each built as it is: their outlines are what is told of them."""

import pytest

from tests.models.architectures.outlines import (
    check_names,
    check_parameters,
    check_that_layers_are_used_once,
    check_that_pixels_are_scaled,
)
from tests.models.sample_networks import DOWNLOADED, outline


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
