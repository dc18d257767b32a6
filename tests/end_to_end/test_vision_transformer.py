"""A vision transformer as people build it from Keras's layers: opened, written as code, asked for its arithmetic."""

from pathlib import Path

import numpy as np
import pytest

from cnnstudio.exporting.network_code import model_code
from cnnstudio.models.backend import import_keras
from cnnstudio.models.layer_table import describe
from cnnstudio.models.trained.adopt import inspect_model, read_image_config, remember
from cnnstudio.models.trained.library import load_classifier


@pytest.mark.parametrize("name", ["vit.keras", "vit.h5"])
def test_it_answers_as_in_plain_keras(tmp_path: Path, name: str) -> None:
    keras = import_keras()
    layers = keras.layers
    keras.utils.set_random_seed(4)
    image = keras.Input((16, 16, 3))
    x = layers.Reshape((16, 8))(layers.Conv2D(8, 4, 4)(image / 255))
    y = layers.LayerNormalization()(x)
    y = layers.MultiHeadAttention(2, 4, value_dim=3, dropout=0.1)(y, y)
    y = layers.Dense(8, "gelu")(layers.Add()([x, y]))
    outputs = layers.Dense(3, "softmax")(layers.GlobalAveragePooling1D()(keras.activations.relu(y)))
    model = keras.Model(image, outputs)
    path = tmp_path / name
    model.save(path)
    found = inspect_model(path)
    remember(found, found.guess)
    images = np.random.default_rng(2).integers(0, 256, (5, 16, 16, 3), np.uint8)
    answers = load_classifier(path).predict(images[0], feature_maps=True)
    np.testing.assert_allclose(answers.probabilities, model(images[:1].astype(np.float32))[0], atol=1e-5)
    assert (16, 8) in [layer.values.shape for layer in answers.layers]
    config = read_image_config(path)
    assert describe(config).parameters == model.count_params()
    code = model_code(config)[1]
    assert "layers.MultiHeadAttention(" in code and "(y, y)" in code
