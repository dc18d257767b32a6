"""The models that ship are what their cards say; the one for digits knows them drawn at any size and place."""

from importlib.util import find_spec

import numpy as np
import pytest

from cnnstudio.data.augmentation.made_up_digits import draw_digits
from cnnstudio.data.library import load_dataset
from cnnstudio.data.pictures.strokes import Drawing, render_all
from cnnstudio.models.trained.classifier import Classifier
from cnnstudio.models.trained.library import list_models, load_classifier
from cnnstudio.storage import shipped

pytestmark = pytest.mark.numbers


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


SHIPPED = [path.name for path in sorted(shipped("trained").iterdir()) if path.is_dir()]


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_model_says_whose_it_is(name: str) -> None:
    folder = shipped(f"trained/{name}")
    assert {path.name for path in folder.iterdir()} == {"model.keras", "card.json", "LICENSE.md"}
    assert (folder / "model.keras").stat().st_size < 20_000_000
    licence = (folder / "LICENSE.md").read_text(encoding="utf-8")
    assert licence.startswith(f"# {name}\n")
    assert "Apache-2.0" in licence
    card = next(entry.card for entry in list_models() if entry.name == name)
    assert card.name == name
    assert "Apache-2.0" in card.licence
    program = card.command.removeprefix("python -m ").split()[0]
    assert program == "cnnstudio" or find_spec(program), f"there is no program {program}"


def test_the_smallest_model_comes_first() -> None:
    assert next(iter(list_models())).name == "lenet5-mnist"
