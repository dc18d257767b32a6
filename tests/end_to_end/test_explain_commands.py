"""`cnnstudio explain` and `cnnstudio feature-maps`: the pictures they write, and what they say of wrong wishes."""

import json

import numpy as np
import pytest
from PIL import Image

from cnnstudio.__main__ import main


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The run of a softmax regression."""
    folder = tmp_path_factory.mktemp("trained") / "softmax"
    arguments = ["train", "--architecture", "softmax", "--epochs", "1", "--quiet", "--output", str(folder)]
    assert main(arguments) == 0
    return folder


@pytest.fixture
def digit(tmp_path):
    path = tmp_path / "digit.png"
    pixels = np.zeros((28, 28), np.uint8)
    pixels[4:24, 12:16] = 255
    Image.fromarray(pixels).save(path)
    return str(path)


def test_a_picture_and_its_facts(outcome, trained, digit, tmp_path):
    code, out, err = outcome(
        "explain", str(trained), digit, "--method", "integrated-gradients", "--class", "1", "--baseline", "mean",
        "--output", str(tmp_path / "why.png"), "--json",
    )  # fmt: skip
    assert code == 0
    facts = json.loads(out)
    assert (facts["class"], facts["index"], facts["explained"], facts["baseline"]) == ("1", 1, "logit", "mean")
    assert facts["completeness"]["sum"] == pytest.approx(facts["completeness"]["difference"], rel=1e-3)
    assert "why.png" in err
    with Image.open(tmp_path / "why.png") as picture:
        assert picture.size == (448, 448)
        assert picture.getbands() == ("R", "G", "B")


def test_numbers_in_place_of_a_picture(outcome, trained, digit, tmp_path):
    code, out, _ = outcome("explain", str(trained), digit, "--method", "saliency", "--output", str(tmp_path / "n.npy"))
    assert code == 0
    assert "Saliency of “" in out
    assert "the logit, the number before the softmax" in out
    assert np.load(tmp_path / "n.npy").shape == (28, 28)
    code, _, err = outcome("feature-maps", str(trained), digit, "--output", str(tmp_path / "maps.npz"))
    assert code == 0
    with np.load(tmp_path / "maps.npz") as maps:
        assert [maps[name].shape for name in maps.files][-1] == (10,)
        assert f"{len(maps.files)} layers" in err


def test_maps_as_a_picture(outcome, trained, digit, tmp_path):
    code, _, err = outcome(
        "feature-maps", str(trained), digit, "--layer", "rescaling", "--output", str(tmp_path / "maps.png")
    )
    assert (code, err.strip()) == (0, f"Written to {tmp_path / 'maps.png'}: 1 layer.")
    with Image.open(tmp_path / "maps.png") as picture:
        assert picture.width > 1000


def test_facts_of_maps(outcome, trained, digit, tmp_path):
    code, out, _ = outcome("feature-maps", str(trained), digit, "--output", str(tmp_path / "maps.npz"), "--json")
    assert code == 0
    first, *_, last = json.loads(out)["layers"]
    assert first == {"name": "rescaling", "kind": "Rescaling", "shape": [28, 28, 1], "least": 0.0, "largest": 1.0}
    assert last["shape"] == [10]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["explain", "MODEL", "IMAGE"], (2, "Name a file for the picture with --output")),
        (["explain", "MODEL", "IMAGE", "--output", "why.gif"], (2, "“why.gif” must end in .png")),
        (["explain", "MODEL", "IMAGE", "--json", "--method", "lime"], (2, "There is no explanation “lime”")),
        (["explain", "MODEL", "IMAGE", "--json"], (1, "has no convolution and so no feature maps")),
        (["explain", "MODEL", "IMAGE", "--json", "--method", "saliency", "--class", "x"], (1, "has no class “x”")),
        (["explain", "MODEL", "no.png", "--json", "--method", "saliency"], (1, "no.png does not exist")),
        (["explain", "MODEL", "IMAGE", "--output", "/no/why.png"], (2, "The folder /no does not exist")),
        (["explain", "MODEL", "IMAGE", "--output", "IMAGE"], (2, "is the image itself, which would be lost")),
        (
            ["explain", "MODEL", "IMAGE", "--json", "--patch", "3"],
            (2, "Grad-CAM takes no --patch: that is for occlusion"),
        ),
        (["explain", "MODEL", "IMAGE", "--json", "--method", "saliency", "--layer", "a"], (2, "takes no --layer")),
        (["feature-maps", "MODEL", "IMAGE", "--output", "IMAGE"], (2, "is the image itself, which would be lost")),
        (["feature-maps", "MODEL", "IMAGE", "--layer", "conv9", "--output", "m.png"], (1, "has no layer “conv9”")),
        (["feature-maps", "MODEL", "IMAGE", "--output", "m.npy"], (2, "“m.npy” must end in .png")),
    ],
)
def test_wrong_wishes(outcome, trained, digit, arguments, expected):
    named = [{"MODEL": str(trained), "IMAGE": digit}.get(argument, argument) for argument in arguments]
    found, out, err = outcome(*named)
    code, text = expected
    assert (found, out) == (code, "")
    assert text in err
