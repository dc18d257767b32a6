"""From an experiment of the Lab to the same number in a trained network, and back to the Lab with its numbers."""

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtWidgets import QPushButton, QToolButton
from pytestqt.qtbot import QtBot

from cnnstudio.gui.pages.choosers.lesson_link import LessonLink
from cnnstudio.gui.pages.choosers.network_input import session
from cnnstudio.gui.pages.choosers.network_input.session import Drawing, LookInside, Picture
from cnnstudio.gui.pages.inside.levels import DenseLevel, NumberLevel, SoftmaxLevel
from cnnstudio.gui.pages.inside.page import InsidePage
from cnnstudio.gui.settings import Settings
from cnnstudio.gui.widgets.charts.histogram import Histogram
from cnnstudio.lab.experiment import Origin
from cnnstudio.storage import shipped

SECONDS = 60_000
MODEL = shipped("trained/lenet5-mnist")
ONE = np.array([[140, 40], [140, 240]], np.float64)
SEVEN = np.array([[90, 80], [150, 76], [220, 80], [195, 140], [170, 200], [150, 260]], np.float64)


@pytest.fixture
def page(qtbot: QtBot) -> Iterator[InsidePage]:
    """LeNet-5 looked into with a seven, where nothing moves by itself."""
    settings = Settings()
    settings.reduced_motion = True
    page = InsidePage(settings)
    qtbot.addWidget(page)
    page.resize(1192, 800)
    page.show()
    with qtbot.waitSignal(page.answered, timeout=SECONDS):
        page.receive(LookInside(MODEL, Drawing([SEVEN]), "network"))
    yield page
    page.shut_down()


def test_an_experiment_of_the_lab_is_found_in_the_network_and_goes_back(qtbot: QtBot, page: InsidePage) -> None:
    view = page.view
    with qtbot.waitSignal(page.library.refreshed):
        page.library.refresh()
    for operation, level, down, concept in (
        ("convolution", NumberLevel, 2, "Conv2D"),
        ("activation", NumberLevel, 2, "Conv2D"),  # LeNet-5 has it at the end of its convolutions
        ("pooling", NumberLevel, 1, "MaxPooling2D"),
        ("dense", DenseLevel, 1, "Dense"),
        ("softmax", SoftmaxLevel, 1, "softmax"),
    ):
        page.receive(LookInside(view="network", operation=operation))
        qtbot.waitUntil(lambda wanted=(level, down): (type(view.level), view.levels_down) == wanted, timeout=SECONDS)
        lesson = page.findChild(LessonLink)
        assert lesson.concept == concept
        if isinstance(view.level, NumberLevel):
            assert view.level.number.value == pytest.approx(float(view.level.arithmetic.output.max()))
        with qtbot.waitSignal(view.navigate) as sent:
            page.findChild(QPushButton, "level_to_lab_button").click()
        assert sent.args[0] == "lab"
        assert sent.args[1].panel == ("convolution" if operation == "activation" else operation)
        assert sent.args[1].origin == view.level.experiment.origin is not None
        view.go_back()
    page.receive(LookInside(view="network", operation="convolution", origin=Origin("conv2", 3, 4, 11, 2)))
    qtbot.waitUntil(lambda: isinstance(view.level, NumberLevel), timeout=SECONDS)
    assert view.level.experiment.origin == Origin("conv2", 3, 4, 11, 2)
    page.receive(LookInside(view="network", operation="pooling", origin=Origin("no_such_layer")))
    qtbot.waitUntil(lambda: isinstance(view.level, NumberLevel), timeout=SECONDS)
    assert view.level.arithmetic.name == "pool1"
    page.receive(LookInside(view="network", operation="normalisation"))
    assert page.message == "LeNet-5 on MNIST has no batch normalisation, but ResNet-20 on Fashion-MNIST has."
    offer = page.findChild(QPushButton, "accept_offer_button")
    assert offer.text() == "Open ResNet-20 on Fashion-MNIST"


@pytest.mark.parametrize("before", ["softmax", "convolution"])
def test_the_number_is_one_of_the_image_that_is_there(qtbot: QtBot, page: InsidePage, before: str) -> None:
    view = page.view
    page.receive(LookInside(view="network", operation=before))
    qtbot.waitUntil(lambda: view.level is not None, timeout=SECONDS)
    page.library.image = Drawing([ONE])  # as on the Try page
    page.receive(LookInside(view="network", operation="softmax"))
    qtbot.waitUntil(lambda: isinstance(view.level, SoftmaxLevel), timeout=SECONDS)
    assert view.level.title.startswith("7,")
    page.findChild(QToolButton, "clear_button").click()
    page.receive(LookInside(view="network", operation="softmax"))  # there is none now: that of the other page will do
    qtbot.waitUntil(lambda: isinstance(view.level, SoftmaxLevel) and view.level.title[0] != "7", timeout=SECONDS)
    assert view.level.title.startswith("1,")
    taken = view.level.experiment.state
    assert taken["true_class"] == np.argmax(taken["logits"])


def test_a_picture_that_the_network_cannot_read_gives_way_to_the_image_before(qtbot: QtBot, page: InsidePage) -> None:
    page.receive(LookInside(None, Picture(np.full((1, 300, 3), 128, np.uint8)), "kernels"))  # as from the Lab's filters
    qtbot.waitUntil(lambda: page.message.startswith("No digit was found"), timeout=SECONDS)
    page.receive(LookInside(view="network", operation="softmax"))
    qtbot.waitUntil(lambda: isinstance(page.view.level, SoftmaxLevel), timeout=SECONDS)
    assert page.view.level.title.startswith("7,")


def test_what_a_test_image_really_shows_is_the_true_class_in_the_lab(qtbot: QtBot, page: InsidePage) -> None:
    view, image = page.view, np.zeros((28, 28, 1), np.uint8)
    for given, true in ((session.TestImage(image, 4, 0), 4), (Drawing([ONE]), 1)):
        with qtbot.waitSignal(page.answered, timeout=SECONDS):
            page.receive(LookInside(MODEL, given, "network", "softmax"))
        qtbot.waitUntil(lambda: isinstance(view.level, SoftmaxLevel), timeout=SECONDS)
        with qtbot.waitSignal(view.navigate) as sent:
            page.findChild(QPushButton, "level_to_lab_button").click()
        assert sent.args[1].state["true_class"] == true


def test_a_network_that_takes_photos_is_not_shown_a_drawing(qtbot: QtBot, page: InsidePage) -> None:
    with qtbot.waitSignal(page.answered, timeout=SECONDS):
        page.receive(LookInside(shipped("trained/efficientnet-lite0-imagenet"), view="network"))
        page.library.image = Drawing([ONE])  # as on the Try page, with another network
        page.receive(LookInside(view="network", operation="convolution"))
    assert isinstance(page.library.image, Picture)  # a photo that suits it


def test_an_image_that_was_answered_for_another_view_has_its_activations_among_the_kernels(
    qtbot: QtBot, page: InsidePage
) -> None:
    page.receive(LookInside(view="kernels"))
    histogram = page.view.findChild(Histogram, "activations_histogram")
    qtbot.waitUntil(lambda: histogram.counts.size > 0, timeout=SECONDS)
    page.show_view("why")
    with qtbot.waitSignal(page.answered, timeout=SECONDS):
        page.receive(LookInside(MODEL, Drawing([ONE])))
    page.receive(LookInside(view="kernels"))
    qtbot.waitUntil(lambda: histogram.counts.size > 0, timeout=SECONDS)
