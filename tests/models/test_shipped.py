"""The models that ship are what their cards say, and know digits drawn at any size and place."""

import numpy as np
import pytest

from cnnstudio.data.library import load_dataset
from cnnstudio.data.strokes import Drawing, render_all
from cnnstudio.data.synthetic_digits import draw_digits
from cnnstudio.models.classifier import Classifier
from cnnstudio.models.library import load_classifier
from cnnstudio.storage import shipped


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return load_classifier(shipped("trained/lenet5-mnist"))


def test_the_card_tells_the_truth(classifier: Classifier) -> None:
    card, test = classifier.card, load_dataset("mnist").test
    probabilities = classifier.predict_many(test.images)
    right = probabilities.argmax(axis=1) == test.labels
    loss = -np.log(probabilities[np.arange(len(test)), test.labels])
    # On another processor a borderline digit may fall to the other side.
    assert right.mean() == pytest.approx(card.test_accuracy, abs=2e-4)
    assert loss.mean() == pytest.approx(card.test_loss, rel=0.01)
    assert classifier.model.count_params() == card.parameters == 61_706
    assert card.command.startswith("cnnstudio train ")
    assert (shipped("trained/lenet5-mnist") / "LICENSE.md").is_file()


def test_it_is_good_enough_to_ship(classifier: Classifier) -> None:
    assert classifier.card.test_accuracy is not None
    assert classifier.card.test_accuracy >= 0.993


@pytest.mark.parametrize("size", [12, 20, 60, 400])
def test_it_knows_drawings_of_any_size_on_whole_pixels(classifier: Classifier, size: int) -> None:
    drawings, labels = draw_digits(1000, seed=2026)

    def on_canvas(drawing: Drawing) -> Drawing:
        scale = size / np.ptp(np.concatenate(drawing), axis=0).max()
        return [np.rint(stroke * scale + [37, 411]) for stroke in drawing]

    images = render_all([on_canvas(drawing) for drawing in drawings], classifier.input_shape)
    assert (classifier.predict_many(images).argmax(axis=1) == labels).mean() >= 0.98
