"""The small pictures of architectures: those that ship, and how they are made."""

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from cnnstudio.models.architectures.catalogue import ARCHITECTURES
from cnnstudio.models.layer_table import describe
from cnnstudio.models.networks.building import network_config
from cnnstudio.storage import shipped
from tools.architecture_thumbnails import main, thumbnail

pytestmark = pytest.mark.usefixtures("qapp")
SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_each_architecture_ships_with_a_picture(name: str) -> None:
    root = ET.fromstring((shipped("assets/pictures") / f"{name}.svg").read_text(encoding="utf-8"))
    assert root.get("viewBox") == "0 0 64 64"


@pytest.mark.parametrize("name", ["tiny-vgg", "vgg16", "plain20", "resnet20", "alexnet"])
def test_those_that_ship_are_of_the_present_networks(name: str, tmp_path: Path) -> None:
    main([str(tmp_path), name])
    made = (tmp_path / f"{name}.svg").read_bytes()
    assert made == (shipped("assets/pictures") / f"{name}.svg").read_bytes()


@pytest.mark.parametrize("name", ["softmax", "mlp", "lenet5", "plain20", "resnet20", "mobilenetv2"])
def test_all_is_in_the_frame_and_nothing_overlaps(name: str) -> None:
    root = ET.fromstring(thumbnail(describe(network_config(name, None, None))))
    frame, *slabs = [
        [float(one.get(key, 0)) for key in ("x", "y", "width", "height")] for one in root.iter(f"{SVG}rect")
    ]
    right = frame[0]
    for x, y, width, height in slabs:
        assert right < x
        assert y > frame[1]
        assert y + height < frame[1] + frame[3]
        right = x + width
    assert all(float(one.get("cx", 0)) - 1.4 > right for one in root.iter(f"{SVG}circle"))
    assert bool(list(root.iter(f"{SVG}path"))) == (name in ("resnet20", "mobilenetv2"))
