"""“Map of the data”: computed, drawn, kept; the image of the page in it; and what is said where there is none."""

import multiprocessing
import threading
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtWidgets import QComboBox, QLabel, QListWidget, QPushButton

from cnnstudio.data.splits import Dataset, Split
from cnnstudio.explaining.data_map import MAPS
from cnnstudio.gui.pages.choosers.network_input import session
from cnnstudio.gui.pages.inside.map_view import MapView
from cnnstudio.gui.pages.inside.page import InsidePage
from cnnstudio.gui.pages.inside.view import OpenNetwork
from cnnstudio.gui.settings import Settings
from cnnstudio.storage import shipped
from tests.explaining.small_networks import scores_of

SECONDS = 120_000
SHAPE = (28, 28, 1)
RANDOM = np.random.default_rng(0)
LABELS = np.arange(60) % 3
TEST = Split((RANDOM.integers(0, 80, (60, *SHAPE)) + 80 * LABELS[:, None, None, None]).astype(np.uint8), LABELS)
NOISE = Dataset("noise", tuple("abc"), TEST, TEST, title="Noise")
SEVEN = np.array([[90, 80], [150, 76], [220, 80], [195, 140], [170, 200], [150, 260]], np.float64)


@pytest.fixture(scope="module")
def convnet():
    from keras import layers

    return scores_of(
        layers.Rescaling(1 / 255),
        layers.Conv2D(3, 3, strides=2, activation="relu", name="conv"),
        layers.Flatten(name="flat"),
        layers.Dense(6, name="hidden"),
        layers.Dense(3, activation="softmax", name="answer"),
        shape=SHAPE,
        dataset="noise",
    )


@pytest.fixture
def view(qtbot, add_dataset):
    add_dataset(NOISE)
    made = MapView(Settings())
    qtbot.addWidget(made)
    made.resize(800, 700)
    made.show()
    yield made
    made.shut_down()


def open_network(view, scores):
    view.set_network(OpenNetwork(scores.classifier, threading.Lock(), "Ours"))


def state(view):
    return view.findChild(QLabel, "map_state").text()


def choose(view, name, data):
    box = view.findChild(QComboBox, name)
    box.setCurrentIndex(box.findData(data))


def test_the_map_of_the_test_images(view, qtbot, convnet):
    open_network(view, convnet)
    qtbot.waitUntil(lambda: view.method == "pca", timeout=SECONDS)
    assert view.embedding.layer == "hidden"
    np.testing.assert_array_equal(view.map.dots.labels, LABELS)
    np.testing.assert_array_equal(view.map.dots.read(4), TEST.images[4])
    assert "\N{NO-BREAK SPACE}%" in view.map.dots.caption(4)  # no line ends there
    legend = view.findChild(QListWidget, "map_legend")
    assert [legend.item(row).text() for row in range(legend.count())] == ["a", "b", "c"]
    legend.setCurrentRow(1)
    np.testing.assert_array_equal(view.map.rows, np.flatnonzero(LABELS == 1))
    assert view.go_back()
    assert len(view.map.rows) == 60
    assert not view.go_back()
    errors = view.findChild(QComboBox, "map_errors")
    wrong = convnet.classifier.predict_many(TEST.images).argmax(axis=1) != LABELS
    assert f"({wrong.sum()})" in errors.currentText()
    choose(view, "map_errors", "only")
    np.testing.assert_array_equal(view.map.rows, np.flatnonzero(wrong))
    with qtbot.waitSignal(view.image_wanted) as wanted:
        view.map.activated.emit(8)
    (image,) = wanted.args
    assert isinstance(image, session.TestImage)
    assert (image.index, image.label) == (8, LABELS[8])
    np.testing.assert_array_equal(image.image, TEST.images[8])


def test_another_map_is_made_in_a_process_and_kept(view, qtbot, convnet):
    open_network(view, convnet)
    qtbot.waitUntil(lambda: view.method == "pca", timeout=SECONDS)
    view.findChild(QPushButton, "map_t-sne").click()
    assert view.method == "pca"  # meanwhile
    assert state(view) == "Until t-SNE is done, this is the map by PCA."
    qtbot.waitUntil(lambda: view.method == "t-sne", timeout=SECONDS)
    assert not state(view)
    positions = view.map.dots.positions
    assert len(multiprocessing.active_children()) == 1
    view.findChild(QPushButton, "map_pca").click()
    assert view.method == "pca"
    view.findChild(QPushButton, "map_t-sne").click()
    assert view.method == "t-sne"  # at once
    choose(view, "map_layer", "conv")
    qtbot.waitUntil(lambda: view.method == "t-sne", timeout=SECONDS)
    assert view.embedding.layer == "conv"
    choose(view, "map_layer", "hidden")
    qtbot.waitUntil(lambda: view.method == "t-sne", timeout=SECONDS)
    np.testing.assert_array_equal(view.map.dots.positions, positions)
    view.shut_down()
    qtbot.waitUntil(lambda: multiprocessing.active_children() == [], timeout=SECONDS)


def test_it_can_be_cancelled(view, qtbot, convnet):
    open_network(view, convnet)
    qtbot.waitUntil(lambda: view.method == "pca", timeout=SECONDS)
    view.findChild(QPushButton, "map_t-sne").click()
    view.findChild(QPushButton, "cancel_map_button").click()
    qtbot.waitUntil(lambda: state(view).startswith("Stopped: this is the map by PCA. Choose t-SNE"), timeout=SECONDS)
    assert view.method == "pca"
    assert multiprocessing.active_children() == []


def test_images_of_other_classes_have_no_errors(view, qtbot, convnet, add_dataset):
    others = replace(NOISE, name="others", title="Others", classes=tuple("xyz"))
    add_dataset(others)
    open_network(view, convnet)
    datasets = view.findChild(QComboBox, "map_dataset")
    qtbot.waitUntil(lambda: datasets.findData("others") > 0, timeout=SECONDS)
    choose(view, "map_dataset", "others")
    qtbot.waitUntil(lambda: view.method == "pca" and view.embedding.dataset.classes == tuple("xyz"), timeout=SECONDS)
    assert not view.findChild(QComboBox, "map_errors").isEnabled()
    with qtbot.waitSignal(view.image_wanted) as wanted:
        view.map.activated.emit(3)
    assert isinstance(wanted.args[0], session.Picture)


FEW = Split(TEST.images[:3], LABELS[:3])
SMALL = Split(np.zeros((9, 8, 8, 1), np.uint8), LABELS[:9])


@pytest.mark.parametrize(
    ("splits", "text"),
    [
        ({"test": FEW}, "Noise has only 3 test images: a map needs 5"),
        ({"train": SMALL, "test": SMALL}, "takes images of 28×28×1, but those of Noise are 8×8×1"),
    ],
)
def test_images_that_make_no_map(view, qtbot, convnet, add_dataset, splits, text):  # noqa: PLR0917
    add_dataset(replace(NOISE, **splits))
    open_network(view, convnet)
    qtbot.waitUntil(lambda: text in state(view), timeout=SECONDS)
    assert view.map.dots is None


def test_a_network_whose_images_are_not_here(view, qtbot, convnet):
    classifier = convnet.classifier
    card, classifier.card = classifier.card, replace(classifier.card, dataset="")
    open_network(view, convnet)
    qtbot.waitUntil(lambda: "does not say on which images it was trained" in state(view), timeout=SECONDS)
    classifier.card = card


def test_umap_that_is_missing_says_how_to_get_it(view, qtbot, convnet, monkeypatch):
    monkeypatch.setitem(MAPS, "umap", replace(MAPS["umap"], package="no_such_package"))
    open_network(view, convnet)
    qtbot.waitUntil(lambda: view.method == "pca", timeout=SECONDS)
    view.findChild(QPushButton, "map_umap").click()
    assert 'python -m pip install "cnnstudio[umap]"' in state(view)


def test_the_image_of_the_page_lands_in_the_map(qtbot, add_dataset, digits):
    add_dataset(replace(digits, name="mnist"))
    page = InsidePage(Settings())
    qtbot.addWidget(page)
    page.resize(1192, 800)
    page.show()
    page.receive(session.LookInside(shipped("trained/lenet5-mnist"), session.Drawing([SEVEN]), "map"))
    view = page.view
    qtbot.waitUntil(lambda: view.landing is not None, timeout=SECONDS)
    embedding, landing = view.embedding, view.landing
    assert len(embedding) == 300
    assert (embedding.labels[landing.rows] == 7).mean() > 0.8
    assert (np.diff(landing.distances) >= 0).all()
    np.testing.assert_allclose(view.map.pin.position, landing.coordinates[0, :2], rtol=1e-5)
    assert [one.number for one in view.nearest.neighbours] == landing.rows.tolist()
    view.map.activated.emit(int(landing.rows[0]))
    qtbot.waitUntil(lambda: view.landing is not None and view.landing is not landing, timeout=SECONDS)
    assert landing.rows[0] not in view.landing.rows
    np.testing.assert_allclose(
        view.landing.coordinates[0], embedding.coordinates[landing.rows[0]], atol=1e-3 * np.ptp(embedding.coordinates)
    )
    page.shut_down()
