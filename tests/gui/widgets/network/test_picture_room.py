"""The picture of a network where there is little room: all is in sight, and what is not drawn is told."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from cnnstudio.gui.look.theme import GRID, Theme, colours
from cnnstudio.gui.widgets.network.layout.lay_out import lay_out
from cnnstudio.gui.widgets.network.layout.words import TEXT
from cnnstudio.gui.widgets.network.picture import NetworkPicture
from cnnstudio.models.layer_table import describe
from cnnstudio.models.networks.building import network_config
from cnnstudio.models.networks.editing import change_layer


@pytest.fixture
def picture(qtbot: QtBot, theme: Theme) -> NetworkPicture:
    picture = NetworkPicture()
    qtbot.addWidget(picture)
    picture.resize(800, 230)
    picture.show()
    return picture


def test_all_of_a_misfit_is_in_sight_and_can_be_read(
    picture: NetworkPicture, pixels: Callable[[QWidget], np.ndarray]
) -> None:
    config = change_layer(network_config("resnet20", None, None), "stage1_block1_2_conv", filters=24)
    picture.set_network(lay_out(describe(config)))
    layout = picture.network
    assert layout
    first, last = layout.volumes[0].box, layout.volumes[-1].box
    scale = (picture.place_of("output").x() - picture.place_of("image").x()) / (last.middle[0] - first.middle[0])
    assert scale * TEXT > 9
    end = picture.place_of("output")
    assert end.x() + scale * last.width / 2 < picture.width() - GRID
    ink = np.array(QColor(colours().secondary).getRgb())[:3]
    shown = pixels(picture).astype(int)
    right = round(end.x() + scale * last.width / 2)
    assert (abs(shown[:, right - 2 : right + 2] - ink).sum(axis=-1) < 120).any()


def test_shortcuts_within_a_part_are_painted(picture: NetworkPicture, pixels: Callable[[QWidget], np.ndarray]) -> None:
    picture.set_network(lay_out(describe(network_config("mobilenetv2", None, None))))
    layout = picture.network
    assert layout
    assert not layout.arcs
    with_sign = pixels(picture)
    picture.set_network(replace(layout, folds=tuple(replace(one, arc=None) for one in layout.folds)))
    assert (pixels(picture) != with_sign).any(axis=-1).sum() > 5 * 10
