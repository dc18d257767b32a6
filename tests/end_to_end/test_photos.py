"""The model for photos that ships: what it knows, and the Try page with it: what it saw and what is inside."""

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QImage
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from cnnstudio.data.pictures.open import open_image
from cnnstudio.gui.pages.choosers.network_input.session import blocks_of, rows_of
from cnnstudio.gui.pages.try_.page import TryPage
from cnnstudio.gui.settings import Settings
from cnnstudio.gui.widgets.drawing.photo_view import PhotoView
from cnnstudio.gui.widgets.maps.feature_maps import FeatureMapGrid
from cnnstudio.models.trained.classifier import Classifier
from cnnstudio.models.trained.library import load_classifier
from cnnstudio.storage import shipped

SECONDS = 60_000
PHOTOS = shipped("assets/photos")
PHOTO_MODEL = shipped("trained/efficientnet-lite0-imagenet")
DIGIT_MODEL = shipped("trained/lenet5-mnist")


@pytest.fixture
def page(qtbot: QtBot) -> Iterator[TryPage]:
    page = TryPage(Settings())
    qtbot.addWidget(page)
    page.resize(1200, 760)
    page.show()
    with qtbot.waitSignal(page.ready, timeout=SECONDS):
        page.receive(DIGIT_MODEL)
    yield page
    page.shut_down()


def find(page: QWidget, kind: type, name: str) -> QWidget:
    found = page.findChild(kind, name)
    assert found is not None
    return found


def test_photos(page: TryPage, qtbot: QtBot) -> None:
    answer = find(page, QLabel, "answer")

    # A photo for a model of digits: it offers the model for photos.
    path = PHOTOS / "coffee.jpg"
    page.receive(path)
    offer = find(page, QPushButton, "accept_offer_button")
    qtbot.waitUntil(offer.isVisible, timeout=SECONDS)
    assert offer.text() == "Open it with EfficientNet-Lite0"
    with qtbot.waitSignal(page.answered, timeout=SECONDS, check_params_cb=lambda a: a.path == PHOTO_MODEL) as answered:
        qtbot.mouseClick(offer, Qt.MouseButton.LeftButton)
    assert not page.message

    # It is answered with the crop that is on screen.
    classifier = load_classifier(PHOTO_MODEL)
    expected = classifier.predict(path)
    assert answer.text().rstrip("?") == expected.top(1)[0][1] == "espresso"
    assert np.allclose(answered.args[0].prediction.probabilities, expected.probabilities, atol=1e-5)
    assert find(page, QWidget, "network_input").image.shape == (224, 224, 3)
    photo = open_image(path)
    crop = np.array(find(page, PhotoView, "photo_view").crop) * [photo.width, photo.height, photo.width, photo.height]
    assert np.allclose(crop, classifier.prepare(path).crop, atol=0.01)

    # Another photo while the deep layers are on screen, which stay there.
    maps = page.findChild(FeatureMapGrid)
    bar = maps.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 0)
    bar.setValue(bar.maximum())
    qtbot.waitUntil(lambda: not maps.missing(), timeout=SECONDS)
    with qtbot.waitSignal(page.answered, timeout=SECONDS):
        page.receive(PHOTOS / "rocket.jpg")
    qtbot.waitUntil(lambda: not maps.missing(), timeout=SECONDS)
    assert bar.value() == bar.maximum()
    name = maps.seen()[-1]
    block = blocks_of(rows_of(classifier.layers, every=False))[-1]
    layers = classifier.predict(PHOTOS / "rocket.jpg", feature_maps=block).layers
    (values,) = (layer.values for layer in layers if layer.name == name)
    assert np.allclose(maps.rows[name].values, values, atol=1e-3)

    # A sample photo, and one from the clipboard.
    sample = find(page, QToolButton, "sample_chelsea")
    assert not sample.icon().isNull()
    with qtbot.waitSignal(page.answered, timeout=SECONDS):
        qtbot.mouseClick(sample, Qt.MouseButton.LeftButton)
    assert "cat" in answer.text()
    QApplication.clipboard().setImage(QImage(str(path)))
    with qtbot.waitSignal(page.answered, timeout=SECONDS):
        find(page, QAction, "paste").trigger()
    assert answer.text().rstrip("?") == "espresso"


@pytest.fixture(scope="module")
def photo_classifier() -> Classifier:
    """The classifier of photos; it takes seconds to open."""
    return load_classifier(PHOTO_MODEL)


@pytest.mark.numbers
def test_the_card_of_the_photo_classifier_claims_nothing_unmeasured(photo_classifier: Classifier) -> None:
    card = photo_classifier.card
    assert photo_classifier.model.count_params() == 4_694_024
    assert card.parameters == sum(weight.numpy().size for weight in photo_classifier.model.trainable_weights)
    assert (card.test_accuracy, card.test_loss, card.epochs) == (None, None, 0)
    assert card.input_rule == "imagenet"
    licence = (PHOTO_MODEL / "LICENSE.md").read_text(encoding="utf-8")
    assert card.command in licence


@pytest.mark.numbers
@pytest.mark.parametrize(
    ("photo", "top", "first"),
    [
        ("chelsea", {"tabby", "tiger cat", "Egyptian cat"}, 3),
        ("coffee", {"espresso", "cup"}, 2),
        ("rocket", {"missile", "projectile", "drilling platform"}, 3),
    ],
)
def test_it_knows_photos(photo_classifier: Classifier, photo: str, top: set[str], first: int) -> None:
    prediction = photo_classifier.predict(PHOTOS / f"{photo}.jpg")
    assert {name for _, name, _ in prediction.top(first)} == top
