"""“What does this unit like?”: its strongest images with what it saw in them, and a picture that is being made up."""

import threading
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QComboBox, QLabel, QPushButton, QSpinBox

from cnnstudio.data.splits import Dataset, Split
from cnnstudio.explaining.units import strongest_images
from cnnstudio.gui.pages.choosers.network_input.session import Drawing, LookInside
from cnnstudio.gui.pages.inside.page import InsidePage
from cnnstudio.gui.pages.inside.units_view import UnitsView
from cnnstudio.gui.pages.inside.view import OpenNetwork
from cnnstudio.gui.settings import Settings
from cnnstudio.gui.widgets.maps.colour_scale import format_value
from cnnstudio.gui.widgets.maps.map_columns import MapColumns, Tile
from cnnstudio.storage import shipped
from tests.explaining.small_networks import scores_of

SECONDS = 30_000
SHAPE = (28, 28, 1)
RANDOM = np.random.default_rng(0)
TEST = Split(RANDOM.integers(0, 256, (30, *SHAPE), np.uint8), RANDOM.integers(0, 3, 30))


@pytest.fixture(scope="module")
def convnet():
    from keras import layers

    return scores_of(
        layers.Rescaling(1 / 255),
        layers.Conv2D(3, 3, strides=2, activation="relu", name="conv"),
        layers.Flatten(name="flat"),
        layers.Dense(3, activation="softmax", name="answer"),
        shape=SHAPE,
        dataset="noise",
    )


@pytest.fixture
def view(qtbot):
    made = UnitsView(Settings())
    qtbot.addWidget(made)
    made.resize(1000, 700)
    made.show()
    yield made
    made.shut_down()


def open_network(view, scores):
    view.set_network(OpenNetwork(scores.classifier, threading.Lock(), "Ours"))


def test_the_strongest_images_and_what_the_unit_saw(view, qtbot, convnet, add_dataset):
    add_dataset(Dataset("noise", tuple("abc"), TEST, TEST))
    open_network(view, convnet)
    layers = view.findChild(QComboBox, "unit_layer")
    assert [layers.itemData(row) for row in range(layers.count())] == ["conv", "answer"]
    layers.setCurrentIndex(0)
    view.findChild(QSpinBox, "unit_number").setValue(1)
    qtbot.waitUntil(lambda: view.liked is not None and view.liked.unit == ("conv", 1), timeout=SECONDS)
    (expected,) = strongest_images(convnet, TEST.images, ["conv"])
    for place, image in zip(expected.images[:, 1], view.images, strict=True):
        np.testing.assert_array_equal(image.image, TEST.images[place])
    answer = format_value(float(expected.values[0, 1]))
    name = "abc"[TEST.labels[expected.images[0, 1]]]
    assert view.images[0].accessibleName() == f"Image 1. Class {name}; the unit’s highest answer is {answer}."
    assert "its class, and the unit’s highest answer" in view.findChild(QLabel, "liked_state").text()
    view.findChild(QCheckBox, "patches_alone").setChecked(True)
    assert view.images[0].image.shape == (3, 3, 1)


def test_a_picture_begins_at_once_and_can_be_stopped(view, qtbot, convnet):
    open_network(view, convnet)
    qtbot.waitUntil(lambda: view.picture.image is not None, timeout=SECONDS)
    assert view.picture.image.shape == SHAPE
    button = view.findChild(QPushButton, "unit_button")
    qtbot.waitUntil(lambda: "Step" in view.findChild(QLabel, "unit_value").text(), timeout=SECONDS)
    if "Stop" in button.text():
        button.click()
    assert button.text() == "&Begin anew"
    (measured,) = strongest_images(convnet, view.picture.image[np.newaxis], [view.unit[0]])
    said = view.findChild(QLabel, "unit_value").text()
    assert said.endswith(f"It answers {format_value(float(measured.values[0, view.unit[1]]))}.")
    button.click()
    assert button.text() == "&Stop"


def test_of_few_test_images_only_those_that_excite_the_unit_are_shown(view, qtbot, convnet, add_dataset):
    images = np.stack([np.zeros(SHAPE, np.uint8), *TEST.images[:3]])  # nothing excites anything
    few = Split(images, np.zeros(4, int))
    add_dataset(Dataset("noise", tuple("abc"), few, few))
    open_network(view, convnet)
    assert all(image.isVisible() for image in view.images)  # they may come
    qtbot.waitUntil(lambda: view.liked is not None, timeout=SECONDS)
    exciting = sum(patch.value > 0 for patch in view.liked.patches)
    assert [image.isVisible() for image in view.images] == [place < exciting for place in range(len(view.images))]
    assert exciting <= 3


def test_a_picture_that_is_stopped_at_once_does_not_look_busy(view, convnet):
    open_network(view, convnet)
    assert view.picture.placeholder == "…"
    view.findChild(QPushButton, "unit_button").click()
    assert view.picture.placeholder == "Stopped before the first step."


def test_without_test_images_it_says_so(view, qtbot, convnet):
    classifier = convnet.classifier
    card, classifier.card = classifier.card, replace(classifier.card, dataset="")
    open_network(view, convnet)
    state = view.findChild(QLabel, "liked_state")
    qtbot.waitUntil(lambda: "no test images of this network here" in state.text(), timeout=SECONDS)
    assert not any(image.isVisible() for image in view.images)
    assert not view.findChild(QCheckBox, "patches_alone").isVisible()
    classifier.card = card
    open_network(view, convnet)
    assert all(image.isVisible() for image in view.images)


def test_two_clicks_lead_from_a_map_to_what_it_likes(qtbot):
    page = InsidePage(Settings())
    qtbot.addWidget(page)
    page.resize(1192, 800)
    page.show()
    drawing = Drawing([np.array([[90, 80], [220, 80], [150, 260]], np.float64)])
    with qtbot.waitSignal(page.answered, timeout=2 * SECONDS):
        page.receive(LookInside(shipped("trained/lenet5-mnist"), drawing, "network"))
    network, maps = page.view, page.findChild(MapColumns)
    button = page.findChild(QPushButton, "unit_likes_button")
    assert not button.isVisible()
    number = [column.name for column in maps.columns_shown].index("conv2")
    maps.show_column("conv2")
    qtbot.waitUntil(lambda: not maps.missing(), timeout=SECONDS)
    place = maps.rectangle_of(Tile(number, 3)).center().toPoint()
    QTest.mouseClick(maps.viewport(), Qt.MouseButton.LeftButton, pos=place)
    qtbot.waitUntil(button.isVisible, timeout=SECONDS)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert page.view is not network and page.view.unit == ("conv2", 3)
    QTest.keyClick(page, Qt.Key.Key_Escape)
    assert page.view is network and network.levels_down == 1  # as it was left
    page.go_back()
    assert not button.isVisible()
    page.shut_down()
