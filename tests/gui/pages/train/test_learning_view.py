"""What it sees: kernels, maps and the answer in words."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QToolButton

from cnnstudio.gui.look.theme import colormap_table
from cnnstudio.gui.pages.train.learning_view import LearningView, kernel_tiles, verdict
from cnnstudio.gui.widgets.images.pixel_view import PixelView
from cnnstudio.gui.widgets.maps.map_row import MapRow
from cnnstudio.models.trained.classifier import LayerOutput
from cnnstudio.training.events import Probe

DIGITS = tuple("0123456789")
RANDOM = np.random.default_rng(0)
IMAGE = RANDOM.integers(0, 256, (28, 28, 1), dtype=np.uint8)
KERNELS = RANDOM.normal(size=(5, 5, 1, 6)).astype(np.float32)
LAYERS = (LayerOutput("conv1", "Conv2D", RANDOM.random((28, 28, 6))),)
SEVEN = np.eye(10)[7] * 0.8 + 0.02
PROBE = Probe(IMAGE, 7, SEVEN, KERNELS, LAYERS)


@pytest.fixture
def view(qtbot, theme):
    widget = LearningView()
    qtbot.addWidget(widget)
    widget.resize(288, 700)
    widget.show()
    qtbot.waitExposed(widget)
    return widget


def visible_rows(view):
    return [row.accessibleName() for row in view.findChildren(MapRow) if row.isVisible()]


def test_the_answer_is_told_in_words():
    assert verdict("7", SEVEN, DIGITS) == "The network says 7 (82 %): right."
    assert verdict("4", SEVEN, DIGITS) == "The network says 7 (82 %): wrong so far."


def test_kernels_keep_their_channel_and_filter():
    kernels = np.arange(2 * 2 * 3 * 4).reshape(2, 2, 3, 4)
    tiles = kernel_tiles(kernels)
    assert tiles.shape == (2, 2, 12)
    np.testing.assert_array_equal(tiles[..., 2 * 3 + 1], kernels[:, :, 1, 2])


def test_kernels_and_learnt_maps_are_shown(view):
    view.show_probe(PROBE, DIGITS)
    assert visible_rows(view) == ["Kernels, 6 filters, each 5×5", "conv1, 28×28×6"]
    assert view.findChild(QLabel, "probe_label").text() == "This is: 7"


def test_a_long_name_makes_the_column_no_wider_than_there_is_room(view):
    view.show_probe(PROBE, [*DIGITS[:7], "Donaudampfschifffahrtsgesellschaftskapitän", *DIGITS[8:]])
    assert view.widget().minimumSizeHint().width() <= view.viewport().width()


def test_kernels_have_a_scale_about_zero(view, pixels):
    kernels = np.zeros((5, 5, 1, 1), np.float32)
    kernels[0, 0], kernels[4, 4] = 1.0, -0.5
    view.show_probe(replace(PROBE, kernels=kernels, layers=()), DIGITS)
    row = view.findChild(MapRow, "kernels")
    tile, side = row.tile_rectangle(0), row.tile_rectangle(0).width() // 5
    shown = pixels(row)
    table = colormap_table("diverging")
    for place, index in ((0, 255), (2, 128), (4, 64)):
        colour = int(table[index])
        expected = (colour >> 16 & 255, colour >> 8 & 255, colour & 255)
        assert tuple(shown[tile.top() + place * side + 2, tile.left() + place * side + 2]) == expected


def test_a_net_without_convolution_says_so(view):
    view.show_probe(replace(PROBE, kernels=None, layers=()), DIGITS)
    assert visible_rows(view) == []
    hint = view.findChild(QLabel, "learning_hint")
    assert hint.isVisible()
    assert "no convolution" in hint.text()


def test_the_empty_state_says_what_to_do(view):
    view.show_probe(PROBE, DIGITS)
    view.clear()
    assert visible_rows(view) == []
    assert view.findChild(QLabel, "learning_hint").text().startswith("Press Train")
    assert not view.findChild(QLabel, "probe_label").isVisible()


def test_another_image_is_asked_for_by_a_click_while_it_learns(view, qtbot):
    button, image = view.findChild(QToolButton, "another_probe_button"), view.findChild(PixelView, "probe_image")
    view.show_probe(PROBE, DIGITS)
    assert not button.isVisible()
    with qtbot.assertNotEmitted(view.another_wanted):
        qtbot.mouseClick(image, Qt.MouseButton.LeftButton)
    view.set_changeable(True)
    for way in (button, image):
        with qtbot.waitSignal(view.another_wanted):
            qtbot.mouseClick(way, Qt.MouseButton.LeftButton)


def test_it_changes_live(view, pixels):
    view.show_probe(PROBE, DIGITS)
    before = pixels(view)
    view.show_probe(replace(PROBE, probabilities=np.eye(10)[3], kernels=-KERNELS), DIGITS)
    assert (pixels(view) != before).any()
    said = view.findChild(QLabel, "probe_verdict").text().replace("\N{NO-BREAK SPACE}", " ")
    assert said.startswith("The network says 3 (> 99")
