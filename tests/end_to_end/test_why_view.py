"""“Why this answer”: pictures beside each other, live; what does not fit says why; the checks as curves."""

import re
import threading
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QGraphicsView, QLabel, QPushButton, QScrollArea, QSlider, QWidget

from cnnstudio.explaining.explanations import EXPLANATIONS, explain
from cnnstudio.gui.pages.choosers.network_input.session import Answer
from cnnstudio.gui.pages.inside.view import OpenNetwork, Subject
from cnnstudio.gui.pages.inside.why_view import SHOWN_AT_FIRST, WhyView
from cnnstudio.gui.settings import Settings
from cnnstudio.gui.widgets.maps.colour_scale import format_value
from tests.explaining.small_networks import SHAPE, scores_of

SECONDS = 30_000
IMAGES = np.random.default_rng(1).integers(0, 256, (3, *SHAPE)).astype(np.uint8)


@pytest.fixture(scope="module")
def convnet():
    """Its weights are the same ones each time: with them, one of the scores is below 0."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(1)
    return scores_of(
        layers.Rescaling(1 / 255),
        layers.Conv2D(4, 3, activation="relu", name="conv1"),
        layers.Conv2D(5, 3, name="conv2"),
        layers.Flatten(),
        layers.Dense(3, activation="softmax", name="answer"),
    )


@pytest.fixture(scope="module")
def dense():
    from keras import layers

    return scores_of(layers.Flatten(), layers.Dense(3, activation="softmax"))


def subject_of(classifier, image):
    prediction = classifier.predict(image)
    answer = Answer(Path("ours"), classifier.card, classifier.layers, image=image, prediction=prediction)
    return Subject(classifier, answer, threading.Lock())


@pytest.fixture
def view(qtbot):
    made = WhyView(Settings())
    qtbot.addWidget(made)
    made.resize(900, 700)
    made.show()
    yield made
    made.shut_down()


def shown(view, qtbot, scores, image, methods=SHOWN_AT_FIRST):
    subject = subject_of(scores.classifier, image)
    view.set_network(OpenNetwork(scores.classifier, subject.lock, "Ours"))
    view.show_subject(subject)
    qtbot.waitUntil(lambda: all(found_for(view, name, image) for name in methods), timeout=SECONDS)


def found_for(view, method, image):
    found = view.explanations.get(method)
    return found is not None and np.array_equal(found.asked.image, image)


def facts(view, method):
    return view.findChild(QLabel, f"facts_{method}").text()


def test_pictures_stand_beside_each_other_and_follow_the_image(view, qtbot, convnet):
    assert "Draw, or choose an image" in view.findChild(QLabel, "why_hint").text()
    shown(view, qtbot, convnet, IMAGES[0])
    assert tuple(view.explanations) == SHOWN_AT_FIRST
    expected = explain(convnet, IMAGES[0], "grad-cam")
    np.testing.assert_allclose(view.explanations["grad-cam"].values, expected.values, atol=1e-5)
    assert f"Why “{expected.class_name}”: what is explained is" in view.findChild(QLabel, "explained_score").text()
    assert "4×5 places of “conv2”" in facts(view, "grad-cam")
    assert "All pixels add up to" in facts(view, "integrated-gradients")
    view.show_subject(subject_of(convnet.classifier, IMAGES[1]))
    view.show_subject(subject_of(convnet.classifier, IMAGES[2]))
    qtbot.waitUntil(lambda: all(found_for(view, name, IMAGES[2]) for name in SHOWN_AT_FIRST), timeout=SECONDS)
    view.forget()
    assert view.explanations == {}
    assert view.tiles["grad-cam"].view.placeholder == "It appears with an image."  # and not as if it were under way


def test_class_layer_and_strength_are_chosen(view, qtbot, convnet):
    shown(view, qtbot, convnet, IMAGES[0])
    layers = view.findChild(QComboBox, "explained_layer")
    assert [layers.itemData(row) for row in range(layers.count())] == ["conv1", "conv2"]
    layers.setCurrentIndex(0)
    qtbot.waitUntil(lambda: view.explanations["grad-cam"].asked.layer == "conv1", timeout=SECONDS)
    scores = {}
    for place, name in ((1, "a"), (3, "c"), (2, "b")):
        view.findChild(QComboBox, "explained_class").setCurrentIndex(place)
        qtbot.waitUntil(lambda name=name: view.explanations["occlusion"].class_name == name, timeout=SECONDS)
        scores[view.findChild(QLabel, "explained_score").text()] = view.explanations["occlusion"].score
    assert min(scores.values()) < 0
    assert all(
        f"It is {format_value(score)} here."
        in text.replace("\N{ZERO WIDTH SPACE}", "").replace("\N{NO-BREAK SPACE}", " ")
        for text, score in scores.items()
    )
    tile = view.tiles["occlusion"].view
    before = tile.grab().toImage()
    view.findChild(QSlider, "explanation_strength").setValue(0)
    assert tile.grab().toImage() != before


def test_the_square_that_is_pointed_at_is_covered_and_says_what_that_does(view, qtbot, convnet):
    shown(view, qtbot, convnet, IMAGES[0])
    picture = view.tiles["occlusion"].view
    found = picture.explanation
    before_pointing = picture.grab().toImage()
    place, fall = found.squares.nearest(4, 4)
    QTest.mouseMove(picture, picture.cell_rectangle((4, 4)).center().toPoint())
    assert picture.cell == (4, 4)
    covered = IMAGES[0].copy()
    covered[place] = 0
    index = found.asked.class_index
    logit = convnet.scores(covered[np.newaxis].astype(np.float32))[0, index]
    said = picture.text_of((4, 4))
    change, by, before, after = re.search(r"(falls|rises) by (\S+), from (\S+) to (\S+);", said).groups()
    by, before, after = (Decimal(number.replace("−", "-")) for number in (by, before, after))
    assert before - after == (by if change == "falls" else -by)  # as one would do it by hand
    assert float(before) == pytest.approx(found.score, rel=0.01) and float(before - after) == pytest.approx(
        fall, rel=0.02
    )
    assert said.endswith(f"mean of all squares over this pixel: {format_value(found.values[4, 4])}")
    assert logit == pytest.approx(found.score - fall, abs=1e-4)
    after = picture.grab().toImage()
    corner = picture.cell_rectangle((place[0].start, place[1].start)).center().toPoint()
    assert after.pixelColor(corner).getRgb()[:3] == (0, 0, 0) != before_pointing.pixelColor(corner).getRgb()[:3]
    picture.point(None)
    assert picture.grab().toImage() == before_pointing


def test_what_does_not_fit_says_why_and_what_serves_instead(view, qtbot, dense):
    shown(view, qtbot, dense, IMAGES[0], ("occlusion", "integrated-gradients"))
    assert "has no convolution and so no feature maps" in facts(view, "grad-cam").replace("\N{ZERO WIDTH SPACE}", "")
    assert view.tiles["grad-cam"].view.placeholder == "There is none."  # and not as if it were still to come
    assert not view.findChild(QComboBox, "explained_layer").isEnabled()


def test_what_is_chosen_is_remembered(view, qtbot, convnet):
    shown(view, qtbot, convnet, IMAGES[0])
    for name in ("occlusion", "saliency"):
        qtbot.mouseClick(view.findChild(QPushButton, f"show_{name}"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "saliency" in view.explanations, timeout=SECONDS)
    again = WhyView(Settings())
    qtbot.addWidget(again)
    chosen = [name for name in EXPLANATIONS if again.findChild(QPushButton, f"show_{name}").isChecked()]
    assert chosen == ["grad-cam", "saliency", "integrated-gradients"]
    again.shut_down()


def test_the_checks_give_curves_and_sentences(view, qtbot, convnet):
    sanity, faithful = (view.findChild(QPushButton, name) for name in ("sanity_button", "faithfulness_button"))
    assert not sanity.isEnabled()
    shown(view, qtbot, convnet, IMAGES[0])
    qtbot.waitUntil(sanity.isEnabled, timeout=SECONDS)
    sanity.click()
    qtbot.waitUntil(lambda: bool(view.trust.sanity.lines), timeout=SECONDS)
    assert [line.title for line in view.trust.sanity.lines] == [EXPLANATIONS[name].title for name in SHOWN_AT_FIRST]
    assert "as it is,1,1,1" in view.trust.sanity.csv_text()
    assert "Grad-CAM" in view.findChild(QLabel, "sanity_verdict").text()
    faithful.click()
    qtbot.waitUntil(lambda: bool(view.trust.charts[3].lines), timeout=SECONDS)
    assert view.trust.charts[0].lines[-1].title.startswith("Random order: 0.")
    assert "Occlusion is better than a random order in" in view.findChild(QLabel, "faithfulness_verdict").text()


def test_a_check_keeps_the_place_and_the_focus_and_shows_what_it_found(view, qtbot, convnet):
    shown(view, qtbot, convnet, IMAGES[0])
    view.resize(900, 480)
    view.activateWindow()
    qtbot.waitUntil(view.isActiveWindow)
    around = next(one for one in view.findChildren(QScrollArea) if one.isAncestorOf(view.trust))
    bar = around.verticalScrollBar()
    progress = view.findChild(QWidget, "checking_progress")
    for name, chart in (("sanity_button", "sanity_chart"), ("faithfulness_button", "deletion_black_chart")):
        button = view.findChild(QPushButton, name)
        qtbot.waitUntil(button.isEnabled, timeout=SECONDS)
        around.ensureWidgetVisible(button, 0, 0)
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
        before = bar.value()
        qtbot.waitUntil(lambda: not progress.visibleRegion().isEmpty())
        assert bar.value() >= before
        assert view.trust.isAncestorOf(QApplication.focusWidget()) or view.trust.hasFocus()
        qtbot.waitUntil(button.isEnabled, timeout=SECONDS)
        qtbot.waitUntil(lambda chart=chart: wholly_seen(view.findChild(QWidget, chart)))
        assert button.hasFocus() and bar.value() >= before


def wholly_seen(chart):
    """Whether nothing of a chart is cut off, from its heading to its axis; what a plot covers does not count."""
    if chart is None:
        return False
    heading, plot = chart.findChild(QLabel), chart.findChild(QGraphicsView).viewport()
    return all(one.visibleRegion().boundingRect() == one.rect() for one in (heading, plot))
