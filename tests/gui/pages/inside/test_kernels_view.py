"""The kernels: pictures, numbers, orders, what training changed, and histograms."""

import gc
import threading
import weakref
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QPushButton, QSpinBox, QTableView, QWidget
from pytestqt.qtbot import QtBot

from cnnstudio.errors import StudioError
from cnnstudio.gui.pages.choosers.network_input.session import Answer, Drawing, LookInside
from cnnstudio.gui.pages.inside import kernels_view
from cnnstudio.gui.pages.inside.kernels_view import KernelsView, KernelTable, filters_of, ordered
from cnnstudio.gui.pages.inside.page import InsidePage
from cnnstudio.gui.pages.inside.view import OpenNetwork, Subject
from cnnstudio.gui.settings import Settings
from cnnstudio.gui.widgets.charts.histogram import Histogram
from cnnstudio.gui.widgets.maps.map_row import MapRow
from cnnstudio.models.trained.card import Card
from cnnstudio.models.trained.library import load_classifier
from cnnstudio.storage import shipped

SECONDS = 60_000
MODEL = shipped("trained/lenet5-mnist")
SEVEN = np.array([[90, 80], [150, 76], [220, 80], [195, 140], [170, 200], [150, 260]], np.float64)


@pytest.fixture
def page(qtbot: QtBot) -> Iterator[InsidePage]:
    page = InsidePage(Settings())
    qtbot.addWidget(page)
    page.resize(1192, 800)
    page.show()
    with qtbot.waitSignal(page.answered, timeout=SECONDS):
        page.receive(LookInside(MODEL, Drawing([SEVEN]), "kernels"))
    yield page
    page.shut_down()


def histogram(page: InsidePage, name: str) -> Histogram:
    return page.findChild(Histogram, f"{name}_histogram")


def choose(page: QWidget, name: str, data: str) -> None:
    combo = page.findChild(QComboBox, name)
    combo.setCurrentIndex(combo.findData(data))


def test_filters_are_pictures_and_numbers(page: InsidePage) -> None:
    kernel = np.asarray(load_classifier(MODEL).model.get_layer("conv2").kernel)
    choose(page, "kernel_layer_combo", "conv2")
    shown = page.findChild(MapRow, "kernel_pictures").values
    np.testing.assert_array_equal(shown[..., 7], kernel[:, :, 1, 1])  # the second kernel of the second filter
    assert page.findChild(MapRow, "kernel_pictures").lines().together == 6  # the kernels of a filter
    page.findChild(QPushButton, "kernels_as_numbers").click()
    assert page.findChild(QSpinBox, "filter_place").text() == "No. 1 of 16"
    table = page.findChild(QTableView, "kernel_numbers").model()
    assert (table.rowCount(), table.columnCount()) == (5 * 6, 5)
    assert table.data(table.index(6, 2)) == f"{kernel[1, 2, 1, 0]:.4f}".replace("-", "−")
    choose(page, "kernel_order_combo", "norm")
    strongest = int(np.linalg.norm(kernel.reshape(-1, 16), axis=0).argmax())
    assert f"Filter {strongest} " in page.findChild(QLabel, "filter_norm").text()
    assert page.findChild(MapRow, "kernel_pictures").item_text(1).startswith(f"filter {strongest}, input map 1, row ")


def test_histograms_of_weights_activations_and_gradients(page: InsidePage, qtbot: QtBot) -> None:
    choose(page, "kernel_layer_combo", "conv2")
    for name, numbers in (("weights", 2400), ("activations", 1600), ("gradients", 2400)):
        qtbot.waitUntil(lambda n=name: histogram(page, n).counts.size > 0, timeout=SECONDS)
        assert histogram(page, name).counts.sum() == numbers
    assert histogram(page, "activations").edges[0] == 0  # after a ReLU
    assert "from,to,numbers" in histogram(page, "weights").csv()


def test_of_a_model_that_was_not_trained_here_the_start_is_not_known(page: InsidePage, qtbot: QtBot) -> None:
    combo = page.findChild(QComboBox, "kernel_what_combo")
    qtbot.waitUntil(lambda: "trained here" in combo.toolTip(), timeout=SECONDS)
    assert not combo.isEnabled()


def test_the_gradient_is_that_of_the_loss() -> None:
    classifier = load_classifier(MODEL)
    image = np.random.default_rng(0).integers(0, 120, classifier.input_shape, dtype=np.uint8)  # it is not sure
    gradient = classifier.weight_gradient(image, "conv1")
    kernel = classifier.model.get_layer("conv1").kernel
    before, step = np.asarray(kernel), 1e-2
    best = int(classifier.predict(image).probabilities.argmax())
    place = np.unravel_index(np.abs(gradient).argmax(), gradient.shape)
    losses = []
    for sign in (1, -1):
        moved = before.copy()
        moved[place] += sign * step
        kernel.assign(moved)
        losses.append(-np.log(np.asarray(classifier.model(image[np.newaxis].astype(np.float32)))[0, best]))
    kernel.assign(before)
    assert gradient[place] == pytest.approx((losses[0] - losses[1]) / (2 * step), rel=0.05)


def test_the_order_by_similarity_is_found_away_from_the_window(
    page: InsidePage, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads = []

    def noting(filters: np.ndarray, order: str) -> list[int]:
        if order == "similar":
            threads.append(threading.current_thread())
        return ordered(filters, order)

    monkeypatch.setattr(kernels_view, "ordered", noting)
    choose(page, "kernel_layer_combo", "conv2")
    kernel = np.asarray(load_classifier(MODEL).model.get_layer("conv2").kernel)
    row = page.findChild(MapRow, "kernel_pictures")
    choose(page, "kernel_order_combo", "similar")
    first = ordered(kernel, "similar")[0]
    qtbot.waitUntil(lambda: np.array_equal(row.values[..., 0], kernel[:, :, 0, first]), timeout=SECONDS)
    assert len(threads) == 1
    assert threads[0] is not threading.main_thread()


def test_orders_of_filters() -> None:
    filters = np.zeros((1, 2, 1, 4), np.float32)
    filters[0, :, 0, :] = np.array([[1, 0], [0, 5], [3, 0.1], [0, 2]]).T
    assert ordered(filters, "own") == [0, 1, 2, 3]
    assert ordered(filters, "norm") == [1, 2, 3, 0]
    assert ordered(filters, "similar") == [1, 3, 2, 0]
    filters[0, 0, 0, 0] = np.nan
    assert sorted(ordered(filters, "similar")) == [0, 1, 2, 3]


def test_filters_of_all_kinds_of_convolutions() -> None:
    assert filters_of(np.zeros((3, 2, 4, 8)), "Conv2D").shape == (3, 2, 4, 8)
    assert filters_of(np.zeros((3, 2, 4, 2)), "DepthwiseConv2D").shape == (3, 2, 1, 8)
    assert filters_of(np.zeros((3, 2, 8, 4)), "Conv2DTranspose").shape == (3, 2, 4, 8)


def test_it_does_not_wait_for_pythons_collector(qapp: QApplication) -> None:
    view = KernelsView(Settings())
    there = weakref.ref(view)
    view.shut_down()
    del view
    assert there() is None


def test_the_start_of_a_network_is_read_though_that_of_another_is_not_read_yet(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cnnstudio.training import runs

    classifier, other = load_classifier(MODEL), load_classifier(MODEL)
    begun, go_on = threading.Event(), threading.Event()

    def initial_model(path: Path, _: Card) -> object:
        if path.name == "slow":
            begun.set()
            go_on.wait()
            raise StudioError("The start of the first one.")
        return other.model

    monkeypatch.setattr(runs, "initial_model", initial_model)
    view = KernelsView(Settings())
    qtbot.addWidget(view)
    combo = view.findChild(QComboBox, "kernel_what_combo")
    for name in ("slow", "fast"):
        answer = Answer(Path(name), classifier.card, classifier.layers, None, np.zeros((28, 28, 1), np.uint8))
        answer = replace(answer, prediction=classifier.predict(answer.image))
        view.set_network(OpenNetwork(classifier, threading.Lock(), name))
        view.show_subject(Subject(classifier, answer, threading.Lock()))
        assert not combo.isEnabled()
        assert begun.wait(10)
    go_on.set()
    qtbot.waitUntil(combo.isEnabled)
    assert "first one" not in combo.toolTip()
    weights = view.findChild(Histogram, "weights_histogram")
    assert weights.accessibleName() == "Weights"
    choose(view, "kernel_what_combo", "change")
    assert not view.findChild(MapRow, "kernel_pictures").values.any()  # it is the same
    assert weights.accessibleName() == "Changes"
    choose(view, "kernel_what_combo", "weights")
    assert weights.accessibleName() == "Weights"
    view.shut_down()


def test_a_network_that_was_closed_does_not_stay_in_memory(qtbot: QtBot) -> None:
    classifier = load_classifier(MODEL)
    view = KernelsView(Settings())
    qtbot.addWidget(view)
    answer = Answer(Path("gone"), classifier.card, classifier.layers, None, np.zeros((28, 28, 1), np.uint8))
    answer = replace(answer, prediction=classifier.predict(answer.image))
    network = OpenNetwork(classifier, threading.Lock(), "gone")
    closed = weakref.ref(network)
    view.set_network(network)
    view.show_subject(Subject(classifier, answer, threading.Lock()))
    choose(view, "kernel_order_combo", "similar")
    order = view._order_shown
    qtbot.waitUntil(lambda: view._order_shown != order)
    del network
    view.set_network(None)

    def is_gone() -> bool:
        gc.collect()
        return closed() is None

    qtbot.waitUntil(is_gone)
    view.shut_down()


def test_a_large_filter_is_laid_out_without_asking_for_all_of_its_numbers(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = KernelsView(Settings())
    qtbot.addWidget(view)
    numbers, asked = view.findChild(QTableView, "kernel_numbers"), []
    data = KernelTable.data

    def counted(table: KernelTable, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        asked.append(index.row())
        return data(table, index, role)

    monkeypatch.setattr(KernelTable, "data", counted)
    numbers.model().show_filter(np.full((3, 3, 1000), -0.25, np.float32), 1.0)
    numbers.resize(300, 200)
    numbers.setParent(None)
    qtbot.addWidget(numbers)
    numbers.show()
    qtbot.waitExposed(numbers)
    numbers.grab()
    assert 0 < max(asked) < 40
    view.shut_down()
