"""Every network of a tutorial, in both formats of files: adopted at the command line, it answers as in plain Keras."""

from pathlib import Path

import numpy as np
import pytest

from cnnstudio.cli.app import run
from cnnstudio.models.backend import import_keras
from cnnstudio.models.layer_table import describe
from cnnstudio.models.trained.adopt import read_image_config
from cnnstudio.models.trained.library import load_classifier
from tests.models.trained.tutorials import TUTORIALS


@pytest.mark.parametrize("ending", ["keras", "h5"])
@pytest.mark.parametrize("name", TUTORIALS)
def test_it_answers_as_in_plain_keras(tmp_path: Path, name: str, ending: str) -> None:
    import_keras().utils.set_random_seed(1)
    tutorial = TUTORIALS[name]
    model = tutorial.build()
    path = tmp_path / f"{name}.{ending}"
    model.save(path)
    assert run(["adopt", str(path), "--value-range", tutorial.value_range], lambda _: 1) == 0
    classifier = load_classifier(path)
    images = np.random.default_rng(0).integers(0, 256, (8, *tutorial.image_shape), np.uint8)
    np.testing.assert_allclose(classifier.predict_many(images), tutorial.expected(model, images), atol=1e-5)
    table = describe(read_image_config(path))
    assert table.misfit is None and table.input_shape == tutorial.image_shape
    assert {layer.name for layer in model.layers} <= {row.name for row in table.rows}
