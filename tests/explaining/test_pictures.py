"""Pictures of explanations and of maps: colours that mean what they should."""

import numpy as np
import pytest

from cnnstudio.explaining.pictures import colour_table, draw_feature_maps, layer_title, overlay
from cnnstudio.models.trained.classifier import LayerOutput

IMAGE = np.full((1, 3, 1), 100, np.float32)
VALUES = np.array([[-2, 0, 4]], np.float32)


def test_colours_grow_with_the_values():
    blue, grey, red = overlay(IMAGE, VALUES, limit=2)[0].astype(int)
    assert blue[2] > blue[0] + 100
    assert tuple(grey) == (100, 100, 100)
    assert red[0] > red[2] + 100
    np.testing.assert_array_equal(red, colour_table("diverging")[-1].round())


def test_strength_leads_from_the_image_to_the_explanation():
    assert (overlay(IMAGE, VALUES, 2, strength=0) == 100).all()
    alone = overlay(IMAGE, VALUES, 2, strength=1)[0]
    np.testing.assert_array_equal(alone, colour_table("diverging")[[0, 128, 255]].round())
    half = overlay(np.repeat(IMAGE, 3, axis=2), VALUES / 2, 2, strength=0.25)[0, 2].astype(int)
    assert 100 < half[0] < overlay(IMAGE, VALUES / 2, 2)[0, 2, 0]


@pytest.mark.parametrize("limit", [0.0, 1.0])
def test_nothing_has_no_colour(limit):
    assert (overlay(IMAGE, np.zeros((1, 3)), limit) == 100).all()


def test_the_colours_are_those_of_the_window():
    from cnnstudio.gui.look.theme import colormap_table

    for name in ("diverging", "viridis"):
        packed = colormap_table(name)
        shown = np.stack([packed >> 16 & 255, packed >> 8 & 255, packed & 255], axis=1)
        np.testing.assert_allclose(colour_table(name), shown, atol=1)


def test_all_maps_are_drawn():
    random = np.random.default_rng(0)
    few = [LayerOutput("conv", "Conv2D", random.normal(size=(6, 6, 5)).astype(np.float32))]
    many = [*few, LayerOutput("dense", "Dense", random.normal(size=500).astype(np.float32))]
    one, both = draw_feature_maps(few), draw_feature_maps(many)
    assert both.height > one.height + 40
    flat = draw_feature_maps([LayerOutput("flat", "Flatten", np.zeros(3, np.float32))])
    assert flat.width >= 1000


def test_small_numbers_are_written_with_powers_of_ten():
    values = np.array([2.65e-11, 12345, 0], np.float32)
    assert layer_title(LayerOutput("output", "Dense", values[:2])).endswith("from 2.65 x 10^-11 to 1.23 x 10^4")
    assert layer_title(LayerOutput("output", "Dense", -values)).endswith("from -1.23 x 10^4 to 0")
