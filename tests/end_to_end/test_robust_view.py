"""“Robust or not?”: curves of two networks that follow sliders and image, and the smallest change that flips each."""

import threading
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton, QSlider

from cnnstudio.explaining.attacks import ATTACKS, smallest_change
from cnnstudio.explaining.scores import ClassScores
from cnnstudio.explaining.transformations import TRANSFORMATIONS, robustness_curve, transformed
from cnnstudio.gui.pages.choosers.network_input.session import Answer
from cnnstudio.gui.pages.inside.robust_view import RobustView
from cnnstudio.gui.pages.inside.view import OpenNetwork, Subject
from cnnstudio.gui.settings import Settings
from cnnstudio.models.trained.library import ModelEntry, load_classifier
from cnnstudio.storage import shipped
from tests.explaining.small_networks import SHAPE, convnet, scores_of

SECONDS = 60_000
IMAGES = np.random.default_rng(1).integers(0, 256, (3, *SHAPE)).astype(np.uint8)


@pytest.fixture(scope="module")
def others(tmp_path_factory) -> tuple[ModelEntry, ...]:
    """Two models on disk: one that fits images of `SHAPE` and classes a, b, c; and one of other images."""
    from keras import layers

    found = []
    for name, shape in (("fits", SHAPE), ("other-images", (9, 9, 1))):
        folder = tmp_path_factory.mktemp("models") / name
        scores_of(layers.Rescaling(1 / 255), layers.Flatten(), layers.Dense(3, activation="softmax"), shape=shape,
                  architecture="softmax").classifier.save(folder)  # fmt: skip
        found.append(ModelEntry(name, folder, "run", load_classifier(folder).card))
    return tuple(found)


@pytest.fixture
def view(qtbot):
    made = RobustView(Settings())
    qtbot.addWidget(made)
    made.failures = []
    made.failed.connect(made.failures.append)
    made.resize(850, 700)
    made.show()
    yield made
    made.shut_down()


def subject_of(classifier, image):
    answer = Answer(Path("ours"), classifier.card, classifier.layers, image=image, prediction=classifier.prediction(
        np.full(len(classifier.classes), 1 / len(classifier.classes))))  # fmt: skip
    return Subject(classifier, answer, threading.Lock())


def opened(view, qtbot, classifier, image, models=()):
    subject = subject_of(classifier, image)
    view.set_network(OpenNetwork(classifier, subject.lock, "Ours", lambda: models))
    view.show_subject(subject)
    qtbot.waitUntil(lambda: view.curves[0] is not None, timeout=SECONDS)
    return subject


def text(view, name):
    return view.findChild(QLabel, name).text().replace("\N{ZERO WIDTH SPACE}", "").replace("\N{NO-BREAK SPACE}", " ")


def attacked(view, qtbot):
    button = view.findChild(QPushButton, "attack_button")
    qtbot.waitUntil(button.isEnabled, timeout=SECONDS)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert not button.isEnabled()
    qtbot.waitUntil(button.isEnabled, timeout=SECONDS)


def test_without_an_image_it_says_what_to_do(view):
    assert view.findChild(QLabel, "robust_hint").isVisible()
    assert "Draw, or choose an image" in text(view, "robust_hint")
    assert not view.sliders.isVisible()
    network = OpenNetwork(convnet().classifier, threading.Lock(), "Ours")
    view.set_network(network)  # which takes photos: nobody draws for it
    assert text(view, "robust_hint").startswith("Choose an image")


def test_the_curves_are_those_of_the_two_networks_and_follow_the_image(view, qtbot, others):
    opened(view, qtbot, convnet().classifier, IMAGES[0], others)
    second = view.columns[1].picker
    assert "fits" in second.title
    assert len(second.others) == 1  # the one of other images is not offered
    for image in IMAGES[1:]:
        view.show_subject(subject_of(convnet().classifier, image))
    expected = robustness_curve(convnet(), IMAGES[2], "rotation")
    qtbot.waitUntil(
        lambda: view.curves[0] is not None and np.allclose(view.curves[0].probabilities, expected.probabilities),
        timeout=SECONDS,
    )
    beside = robustness_curve(ClassScores(load_classifier(second.path)), IMAGES[2], "rotation")
    np.testing.assert_allclose(view.curves[1].probabilities, beside.probabilities, atol=1e-5)
    titles = [[line.title for line in one.chart.lines] for one in view.columns]
    assert titles[0] == titles[1]  # the same classes in the same colours
    assert convnet().classifier.classes[expected.answer] == titles[0][0]
    view.forget()
    assert view.curves == (None, None) and view.findChild(QLabel, "robust_hint").isVisible()


def test_a_slider_moves_the_mark_at_once_and_the_other_curves_with_it(view, qtbot, others):
    opened(view, qtbot, convnet().classifier, IMAGES[0], others)
    turn, noise = (view.findChild(QSlider, f"robust_{name}") for name in ("rotation", "noise"))
    before = view.curves[0]
    turn.setValue(turn.value() + 3)
    assert view.columns[0].chart.marked == view.columns[1].chart.marked == 15
    assert text(view, "robust_rotation_figure") == "+15°"
    assert text(view, "first_says").startswith("At +15° it says ")
    assert np.array_equal(view.changed, transformed(IMAGES[0], {"rotation": 15}))
    assert view.curves[0] is before  # nothing to compute
    noise.setValue(4)
    qtbot.waitUntil(lambda: view.curves[1].transformation == "noise", timeout=SECONDS)
    expected = robustness_curve(convnet(), IMAGES[0], "noise", {"rotation": 15.0})
    np.testing.assert_allclose(view.curves[0].probabilities, expected.probabilities, atol=1e-5)
    assert TRANSFORMATIONS["noise"].lesson in text(view, "robust_lesson")
    view.columns[1].chart.picked.emit(61.0)  # the chart moves the slider
    assert noise.value() == 15 and view.columns[0].chart.marked == 60
    qtbot.mouseClick(view.findChild(QPushButton, "robust_reset_button"), Qt.MouseButton.LeftButton)
    assert np.array_equal(view.changed, IMAGES[0]) and view.sliders.amounts == {}


def test_the_smallest_change_of_each_network_is_shown_until_the_image_changes(view, qtbot, others):
    opened(view, qtbot, convnet().classifier, IMAGES[0], others)
    attacked(view, qtbot)
    for one, scores in zip(view.columns, (convnet(), ClassScores(load_classifier(others[0].path))), strict=True):
        for name, tile in one.tiles.items():
            expected = smallest_change(scores, IMAGES[0], name)
            assert tile.isVisible() and tile.change.epsilon == pytest.approx(expected.epsilon, abs=0.02)
    flips = text(view, "first_pgd_epsilon")
    assert flips.startswith("PGD: ") and ("of 255" in flips or flips == "PGD: no flip")
    view.show_subject(subject_of(convnet().classifier, IMAGES[1]))
    assert not any(tile.isVisible() for one in view.columns for tile in one.tiles.values())


def test_what_no_epsilon_flips_is_said_plainly(view, qtbot):
    from keras import layers

    dense = layers.Dense(3, activation="softmax")
    scores = scores_of(layers.Flatten(), dense)
    dense.set_weights([np.full((72, 3), 1e-6, np.float32) * [0, 1, 2], np.array([9, 0, 0], np.float32)])
    opened(view, qtbot, scores.classifier, IMAGES[0])
    assert "no other network here that takes the same images" in text(view, "second_problem")
    assert not view.columns[1].picker.isVisible()
    attacked(view, qtbot)
    for name in ATTACKS:
        assert text(view, f"first_{name}_text").startswith("No ε up to 32 of 255 flips it. The probability of a ")


def test_one_sigmoid_output(view, qtbot):
    from keras import layers

    from cnnstudio.models.trained.outputs import set_two

    both = layers.Dense(2, trainable=False)
    scores = scores_of(layers.Rescaling(1 / 255), layers.Flatten(), layers.Dense(1, activation="sigmoid"), both,
                       classes=2)  # fmt: skip
    set_two(both)
    opened(view, qtbot, scores.classifier, IMAGES[0])
    np.testing.assert_allclose(view.curves[0].probabilities.sum(axis=1), 1, atol=1e-6)
    attacked(view, qtbot)
    change = view.columns[0].tiles["pgd"].change
    assert change is not None and change.before.sum() == pytest.approx(1, abs=1e-5)


def test_colour(view, qtbot):
    from keras import layers

    scores = scores_of(layers.Rescaling(1 / 255), layers.Flatten(), layers.Dense(3, activation="softmax"),
                       shape=(12, 10, 3))  # fmt: skip
    image = np.random.default_rng(3).integers(0, 256, (12, 10, 3)).astype(np.uint8)
    opened(view, qtbot, scores.classifier, image)
    view.sliders.set_amount("shift-x", 2)
    assert np.array_equal(view.changed[:, 2:], image[:, :-2])
    attacked(view, qtbot)
    assert view.columns[0].tiles["fgsm"].change.magnified.shape == (12, 10, 3)


def test_numbers_that_are_not_finite_are_said_and_nothing_is_shown(view, qtbot):
    from keras import layers

    dense = layers.Dense(3, activation="softmax")
    scores = scores_of(layers.Flatten(), dense)
    dense.set_weights([np.full(weights.shape, np.nan) for weights in dense.get_weights()])
    view.set_network(OpenNetwork(scores.classifier, threading.Lock(), "Ours"))
    with qtbot.waitSignal(view.failed, timeout=SECONDS):
        view.show_subject(subject_of(scores.classifier, IMAGES[0]))
    assert "not finite" in str(view.failures[0])
    assert view.curves == (None, None)


def test_a_compared_network_that_cannot_be_opened_says_so_in_its_place(view, qtbot, others, tmp_path):
    gone = ModelEntry("gone", tmp_path / "gone", "run", others[0].card)
    opened(view, qtbot, convnet().classifier, IMAGES[0], (gone,))
    qtbot.waitUntil(lambda: bool(text(view, "second_problem")), timeout=SECONDS)
    assert "gone" in text(view, "second_problem")
    assert view.curves[0] is not None and view.curves[1] is None and view.failures == []


def test_the_axes_are_there_before_the_curves_and_stay_where_they_are(view, qtbot, others):
    subject = subject_of(convnet().classifier, IMAGES[0])
    view.set_network(OpenNetwork(subject.classifier, subject.lock, "Ours", lambda: others))
    charts = [one.chart for one in view.columns]
    with subject.lock:  # nothing is computed meanwhile
        view.show_subject(subject)
        qtbot.wait(100)
        assert view.curves == (None, None)
        assert all(chart.isVisible() and chart.lines == () and chart.marked == 0 for chart in charts)
        assert charts[0].csv_text().startswith("Turn (°)")
        before = [chart.geometry() for chart in charts]
    qtbot.waitUntil(lambda: None not in view.curves, timeout=SECONDS)
    qtbot.wait(100)
    assert [chart.geometry() for chart in charts] == before
    assert all(len(chart.lines) == 3 for chart in charts)


def test_that_a_network_stands_alone_is_said_with_every_image(view, qtbot):
    subject = opened(view, qtbot, convnet().classifier, IMAGES[0])
    for image in IMAGES[1:]:
        view.forget()  # as when a drawing is wiped
        view.show_subject(subject_of(subject.classifier, image))
        qtbot.waitUntil(lambda: view.curves[0] is not None, timeout=SECONDS)
        assert view.findChild(QLabel, "second_problem").isVisible() and text(view, "second_problem")
        assert not view.columns[1].chart.isVisible()


def test_of_a_compared_network_that_is_gone_nothing_stays(view, qtbot, others):
    models = [others[0]]
    opened(view, qtbot, convnet().classifier, IMAGES[0], models)
    assert view.curves[1] is not None
    models.clear()
    view.hide()
    view.show()
    assert view.curves[1] is None and not view.columns[1].chart.isVisible()
    assert "no other network here" in text(view, "second_problem")
    qtbot.waitUntil(lambda: "Around the original" not in text(view, "robust_lesson"), timeout=SECONDS)
    models.append(others[0])
    view.hide()
    view.show()
    qtbot.waitUntil(lambda: view.curves[1] is not None, timeout=SECONDS)
    assert view.columns[1].chart.isVisible() and not view.findChild(QLabel, "second_problem").isVisible()


def test_a_digit_is_looked_at_by_a_cnn_and_an_mlp(view, qtbot):
    """By default the shipped LeNet-5 and the MLP of the Lab; beside an MLP stands a CNN."""
    image = np.zeros((28, 28, 1), np.uint8)
    image[4:24, 13:16] = 255
    opened(view, qtbot, load_classifier(shipped("trained/lenet5-mnist")), image)
    qtbot.waitUntil(lambda: view.curves[1] is not None, timeout=SECONDS)
    assert view.columns[1].picker.title == "MLP of the Lab"
    assert "has learnt from images that were varied" in text(view, "robust_lesson")
    assert "Around the original, " in text(view, "robust_lesson")
    assert " of the range without a break" in text(view, "robust_lesson")
    mlp = load_classifier(shipped("assets/lab/mlp"))
    view.set_network(OpenNetwork(mlp, threading.Lock(), "Mine"))
    assert view.columns[1].picker.title == "CNN of the Lab"


def test_what_was_compared_last_is_compared_again(view, qtbot, others):
    opened(view, qtbot, load_classifier(shipped("assets/lab/cnn")), np.zeros((28, 28, 1), np.uint8))
    assert view.columns[1].picker.title == "MLP of the Lab"
    picker = view.columns[1].picker
    picker.set_current("open")
    picker.set_current(picker.others[-1])
    again = RobustView(Settings())
    qtbot.addWidget(again)
    again.set_network(OpenNetwork(load_classifier(shipped("assets/lab/cnn")), threading.Lock(), "Ours"))
    assert again.columns[1].picker.current_key == picker.others[-1]
    again.shut_down()


def test_narrow_windows_show_the_networks_below_each_other(view, qtbot, others):
    opened(view, qtbot, convnet().classifier, IMAGES[0], others)
    qtbot.waitUntil(lambda: view.curves[1] is not None, timeout=SECONDS)
    first, second = view.columns
    assert first.y() == second.y()
    view.resize(420, 700)
    qtbot.waitUntil(lambda: second.y() >= first.geometry().bottom(), timeout=SECONDS)
