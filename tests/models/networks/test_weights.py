"""Weights without layers: which architectures they fit, and that they then open as those."""

from pathlib import Path

import numpy as np
import pytest

from cnnstudio.errors import StudioError
from cnnstudio.models.networks.building import build_network
from cnnstudio.models.networks.weights import fitting_architectures
from cnnstudio.models.trained.files import WeightsAloneError, keep_layers, load_model, read_config


def test_weights_of_an_architecture_open_as_it(tmp_path: Path) -> None:
    shape = (32, 32, 3)
    model = build_network("tiny-vgg", shape, 7, seed=2)
    path = tmp_path / "mine.weights.h5"
    model.save_weights(path)
    with pytest.raises(WeightsAloneError):
        load_model(path)
    fitting = next(one for one in fitting_architectures(path) if one.architecture.name == "tiny-vgg")
    assert (fitting.image_shape, fitting.classes) == (shape, 7)
    assert "for images of 32×32×3 and 7 classes" in fitting.words
    keep_layers(path, fitting.config)
    images = np.random.default_rng(1).uniform(0, 255, (2, *shape)).astype(np.float32)
    np.testing.assert_allclose(load_model(path)(images), model(images), atol=1e-6)
    moved = path.rename(tmp_path / "moved.weights.h5")
    assert read_config(moved)["config"]["layers"]


def test_weights_of_something_else_fit_none(tmp_path: Path) -> None:
    import keras

    path = tmp_path / "mine.weights.h5"
    keras.Sequential([keras.Input((9, 9, 3)), keras.layers.Conv2D(3, 3), keras.layers.Dense(2)]).save_weights(path)
    assert fitting_architectures(path) == []
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(StudioError, match=r"mine\.weights\.h5 is not opened: it is cut off"):
        fitting_architectures(path)
