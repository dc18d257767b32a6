"""Files as people really save them open, and answer as the Keras that wrote them.

All of `tests.strangers.recipes` but the large ones, which `python -m tests.strangers.make` tries by hand.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cnnstudio.exporting.network_code import model_code
from cnnstudio.models.layer_table import describe
from cnnstudio.models.trained.adopt import inspect_model, open_adopted, read_image_config, remember
from cnnstudio.models.trained.files import load_model, read_config
from cnnstudio.models.trained.value_ranges import VALUE_RANGES
from tests.strangers.recipes import RECIPES, Saved, save

pytest.importorskip("tf_keras")

CASES = [(name, version) for name, recipe in RECIPES.items() if not recipe.large for version in recipe.versions]


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.setenv("CNNSTUDIO_HOME", str(tmp_path / "home"))
    return None


@pytest.mark.parametrize(("name", "version"), CASES)
def test_it_opens_and_answers_as_plain_keras(name: str, version: int, tmp_path: Path) -> None:
    for saved in save(name, version, tmp_path):
        model = load_model(saved.path, saved.images.shape[1:3])
        answers = np.asarray(model(saved.images, training=False))
        np.testing.assert_allclose(answers, saved.answers, rtol=0, atol=saved.recipe.tolerance, err_msg=saved.name)
        assert not any(hasattr(layer, "layers") for layer in model.layers)
        if saved.images.ndim == 3:
            kept = adopted(saved).model(saved.images[..., None], training=False)
            np.testing.assert_allclose(kept, saved.answers, rtol=0, atol=saved.recipe.tolerance, err_msg=saved.name)
            continue
        table = describe(read_config(saved.path))
        assert table.misfit is None, saved.name
        assert {row.name for row in table.rows} == {layer.name for layer in model.layers}, saved.name


@pytest.mark.parametrize("name", ["teachable_machine", "network_in_a_graph", "preprocessing_of_resnet"])
def test_all_that_is_done_with_a_classifier_can_be_done_with_it(name: str, tmp_path: Path) -> None:
    for saved in save(name, 2, tmp_path):
        classifier = adopted(saved)
        prediction = classifier.predict(saved.images[2].round().astype(np.uint8), feature_maps=True)
        assert len(prediction.layers) == len(classifier.layers) > 5
        convolution = next(layer.name for layer in classifier.layers if layer.kind == "DepthwiseConv2D")
        arithmetic = classifier.arithmetic(saved.images[2].astype(np.uint8), convolution)
        assert arithmetic is not None
        number = arithmetic.number(3, 4, 1)
        assert number.value == pytest.approx(number.before, rel=1e-3, abs=1e-3)
        classifier.save(tmp_path / "kept")
        again = load_model(tmp_path / "kept" / "model.keras")
        answers = (one(saved.images, training=False) for one in (again, classifier.model))
        np.testing.assert_allclose(*answers, atol=1e-6)
        names: dict = {}
        definitions, text = model_code(read_config(saved.path))
        exec("\n\n\n".join(["import keras\nfrom keras import layers", *definitions, text]), names)
        assert names["model"].count_params() == load_model(saved.path).count_params()


@pytest.mark.parametrize("value_range", VALUE_RANGES)
def test_the_printed_code_computes_what_the_application_computes(value_range: str, tmp_path: Path) -> None:
    """Plain Keras, given the weights of the file, answers to raw values: the range, blue first too, is in the code."""
    import keras

    (saved, *_) = save("chain", 3, tmp_path)
    found = inspect_model(saved.path)
    remember(found, replace(found.guess, value_range=value_range))
    names: dict = {}
    definitions, text = model_code(read_image_config(saved.path))
    exec("\n\n\n".join(["import keras\nfrom keras import layers", *definitions, text]), names)
    for layer in keras.models.load_model(saved.path).layers:
        names["model"].get_layer(layer.name).set_weights(layer.get_weights())
    raw = saved.images[2:].round()
    answers = names["model"](raw, training=False)
    np.testing.assert_allclose(answers, open_adopted(saved.path).model(raw, training=False), atol=1e-6)
    plain = keras.models.load_model(saved.path)(VALUE_RANGES[value_range].apply(raw), training=False)
    np.testing.assert_allclose(answers, plain, atol=1e-5)


def adopted(saved: Saved):
    """The file as a classifier, its values as they are."""
    found = inspect_model(saved.path)
    remember(found, replace(found.guess, value_range="0-255", outputs="probabilities"))
    return open_adopted(saved.path)
