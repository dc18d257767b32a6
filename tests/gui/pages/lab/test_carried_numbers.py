"""Numbers of a trained network in the Lab: each experiment comes to the number that the network had computed."""

import tracemalloc
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from cnnstudio.gui.controls.number_boxes import DecimalBox
from cnnstudio.gui.library import Library
from cnnstudio.gui.pages.inside.levels import levels_to_number
from cnnstudio.gui.pages.inside.view import VIEWS
from cnnstudio.gui.pages.lab.page import LabPage
from cnnstudio.gui.pages.lab.panels import PANELS, Panel
from cnnstudio.gui.settings import Settings
from cnnstudio.lab.experiment import Experiment, Origin
from cnnstudio.models.trained.lab_experiments import experiment_of, softmax_experiment
from cnnstudio.models.trained.layer_arithmetic import (
    TRAINED_MEAN,
    Arithmetic,
    CellArithmetic,
    LayerArithmetic,
    Place,
    Term,
    softmax_of,
)
from cnnstudio.models.trained.operations import OPERATIONS

RANDOM = np.random.default_rng(5)


@pytest.fixture(scope="module")
def page(qapp: QApplication) -> Iterator[LabPage]:
    """Its panels are made once."""
    page = LabPage(Settings(), Library())
    yield page
    page.shut_down()
    page.deleteLater()
    qapp.processEvents()


def normal(*shape: int) -> np.ndarray:
    return RANDOM.normal(size=shape).astype(np.float32)


def convolution(channels: int, size: tuple[int, int] = (3, 3), activation: str = "ReLU") -> LayerArithmetic:
    """Over maps of 6 × 6, the output by hand."""
    inputs, kernel, bias = normal(6, 6, channels), normal(*size, channels, 2), normal(2)
    windows = np.lib.stride_tricks.sliding_window_view(inputs, size, (0, 1))
    output = np.einsum("ijchw,hwcf->ijf", windows, kernel) + bias
    return LayerArithmetic(
        "conv1",
        inputs,
        np.maximum(output, 0) if activation else output,
        "sum",
        size,
        kernel=kernel,
        bias=bias,
        activation=activation,
    )


def carried(page: LabPage, arithmetic: Arithmetic, *place: int) -> dict[str, object]:
    """What comes of a number in the Lab."""
    experiment = experiment_of(arithmetic, *place)
    assert experiment is not None
    page.receive(experiment)
    assert page.panel_name == experiment.panel
    assert page.message == experiment.note
    assert arithmetic.name in experiment.note
    return page.facts()


@pytest.mark.parametrize("size", [(3, 3), (1, 3)])
def test_a_convolution(page: LabPage, size: tuple[int, int]) -> None:
    for channels, activation in ((1, "ReLU"), (3, "")):
        layer = convolution(channels, size, activation)
        row, column, channel = map(int, np.unravel_index(int(layer.output.argmax()), layer.output.shape))
        facts = carried(page, layer, row, column, channel)
        np.testing.assert_allclose(facts["output"], [[layer.output[row, column, channel]]], rtol=1e-5)


def test_of_many_input_maps_one_is_taken(page: LabPage) -> None:
    layer = convolution(6)
    experiment = experiment_of(layer, 1, 2, 0, 4)
    page.receive(experiment)
    np.testing.assert_allclose(page.facts()["output"], [[layer.of_one(0, 4)[1, 2]]], rtol=1e-5)
    assert "It is input map 4: the other 5 and the bias are added to this sum." in page.message
    assert "the other 5 are added to this sum." in experiment_of(replace(layer, bias=None), 1, 2, 0, 4).note


@pytest.mark.parametrize(("reduction", "kind"), [("max", "max"), ("mean", "average")])
def test_a_pooling_and_its_edge(page: LabPage, reduction: str, kind: str) -> None:
    inputs, reduce = normal(5, 5, 1), {"max": np.max, "mean": np.mean}[reduction]
    output = np.zeros((3, 3, 1), np.float32)
    for row, column in np.ndindex(3, 3):
        output[row, column, 0] = reduce(inputs[2 * row : 2 * row + 2, 2 * column : 2 * column + 2])
    layer = LayerArithmetic("pool1", inputs, output, reduction, (2, 2), (2, 2))
    for place in ((0, 1), (2, 1)):
        facts = carried(page, layer, *place, 0)
        assert facts["kind"] == kind
        np.testing.assert_allclose(facts["output"], [[output[(*place, 0)]]], rtol=1e-6)


def test_an_activation_and_what_only_looks_like_it(page: LabPage) -> None:
    inputs = np.array([[[-130.0, 2.5]]], np.float32)
    layer = LayerArithmetic("relu", inputs, np.maximum(inputs, 0), "each", activation="ReLU")
    facts = carried(page, layer, 0, 0, 1)
    assert (facts["function"], facts["x"], facts["value"]) == ("relu", 2.5, 2.5)
    steeper = LayerArithmetic(
        "leaky", inputs, np.where(inputs > 0, inputs, 0.3 * inputs), "each", activation="Leaky ReLU"
    )
    assert experiment_of(steeper, 0, 0, 0) is None


@pytest.mark.parametrize(("inputs", "units"), [(40, 5), (3, 2)])
def test_a_dense_layer_with_all_that_does_not_fit_in_its_bias(page: LabPage, inputs: int, units: int) -> None:
    given, kernel, bias = normal(1, 1, inputs), normal(1, 1, inputs, units), normal(units)
    output = given[0, 0] @ kernel[0, 0] + bias
    layer = LayerArithmetic("dense1", given, output, "sum", kernel=kernel, bias=bias)
    facts = carried(page, layer, 0, 0, 1)
    assert facts["output"][0] == pytest.approx(output[1], rel=1e-4)
    assert ("What the other 32 inputs add stands in the bias." in page.message) is (inputs == 40)


def test_of_a_large_dense_layer_no_more_weights_are_read_than_are_carried() -> None:
    """The GUI thread asks at each level whether there is an experiment; all weights of a thousand classes take long."""
    given, kernel = normal(1, 1, 1280), normal(1, 1, 1280, 1000)
    layer = LayerArithmetic("output", given, given[0, 0] @ kernel[0, 0], "sum", kernel=kernel)
    tracemalloc.start()
    try:
        assert experiment_of(layer, 0, 0, 3) is not None
        assert tracemalloc.get_traced_memory()[1] < kernel.nbytes / 4
    finally:
        tracemalloc.stop()


def test_a_softmax_of_few_and_of_many_classes(page: LabPage) -> None:
    logits = RANDOM.normal(size=10)
    steps = softmax_of(logits, np.exp(logits) / np.exp(logits).sum())
    page.receive(softmax_experiment("output", steps, 3))
    facts = page.facts()
    np.testing.assert_allclose(facts["probabilities"], steps.probabilities, rtol=1e-6)
    assert facts["true_class"] == 3
    assert page.message == "The logits of output. What the image really shows is not known here: choose the true class."
    page.receive(softmax_experiment("output", steps, 3, true_class=8))
    assert page.facts()["true_class"] == 8
    assert page.facts()["loss"] == pytest.approx(-np.log(steps.probabilities[8]))
    assert page.message == "The logits of output."
    page.receive(softmax_experiment("output", steps, 3, 8, "0123456789"))
    assert page.message == "The logits of output."
    page.receive(softmax_experiment("output", steps, 3, 8, ("cat", "dog", *"23456789")))
    assert page.message == "The logits of output. Its classes: 0 cat, 1 dog, 2 2, 3 3, 4 4, 5 5, 6 6, 7 7, 8 8, 9 9."
    many = RANDOM.normal(size=1000)
    page.receive(softmax_experiment("output", softmax_of(many, np.exp(many) / np.exp(many).sum()), 7))
    facts = page.facts()
    assert facts["logits"][facts["true_class"]] == many[7]
    assert "without the other 990" in page.message


def test_a_batch_normalisation(page: LabPage) -> None:
    inputs = normal(4, 4, 2)
    mean, variance, gamma, beta, epsilon = 0.3, 2.0, float(np.float32(0.8073389)), -0.25, 1e-5
    output = gamma * (inputs - mean) / np.sqrt(variance + epsilon) + beta

    def calculate(row: int, column: int, channel: int) -> tuple[tuple[Term, ...], str, float]:
        x = Term("x", "what it was given", float(inputs[row, column, channel]), Place(0, row, column, channel))
        known = {"μ": mean, "σ²": variance, "ε": epsilon, "γ": gamma, "β": beta}
        terms = (x, *(Term(name, TRAINED_MEAN if name == "μ" else name, value) for name, value in known.items()))
        return terms, "", float(output[row, column, channel])

    facts = carried(page, CellArithmetic("norm", (inputs,), output, calculate), 1, 2, 1)
    np.testing.assert_allclose(facts["output"], output[..., 1].ravel()[6:14], rtol=1e-5)
    assert page.panel.findChild(DecimalBox, "gamma_box").text() == "0.8073389"  # which finds room


def test_what_there_is_no_room_for_stays_where_it_is() -> None:
    large = np.zeros((12, 12, 1), np.float32)
    whole = LayerArithmetic("average", large, np.zeros(1, np.float32), "mean", (12, 12))
    assert experiment_of(whole, 0, 0, 0) is None
    wide = np.zeros((11, 11, 1, 1), np.float32)
    assert experiment_of(LayerArithmetic("conv1", large, large, "sum", (11, 11), kernel=wide), 5, 5, 0) is None


def test_every_panel_has_its_like_in_a_network(page: LabPage, qtbot: QtBot) -> None:
    for entry in PANELS.values():
        wanted = entry.in_network(Panel(), None)
        assert (wanted.path, wanted.input) == (None, None)  # the model and the image in use
        assert wanted.operation in ("", *OPERATIONS)
        assert wanted.view in VIEWS
    page.show_panel("pooling")
    with qtbot.waitSignal(page.navigate) as sent:
        page.findChild(QPushButton, "in_network_button").click()
    assert sent.args == ["inside", sent.args[1]]
    assert sent.args[1].operation == "pooling"


def test_numbers_that_came_from_a_network_lead_back_to_their_place(page: LabPage, qtbot: QtBot) -> None:
    def wanted() -> Origin | None:
        with qtbot.waitSignal(page.navigate) as sent:
            page.findChild(QPushButton, "in_network_button").click()
        assert sent.args[0] == "inside" and sent.args[1].operation == "convolution"
        return sent.args[1].origin

    layer = convolution(6)
    page.receive(experiment_of(layer, 2, 1, 1, input_map=4))
    assert wanted() == Origin("conv1", 2, 1, 1, 4)
    kept = page.kept()
    page.receive(Experiment("convolution", {"kernel": [[1.0]]}))  # as a lesson does
    assert wanted() is None
    page.receive(kept)
    assert wanted() == Origin("conv1", 2, 1, 1, 4)


@pytest.mark.parametrize(("place", "found"), [((1, 2, 1), (1, 2, 1)), ((9, 0, 0), None), ((0, 0, 7), None)])
def test_the_way_down_leads_to_the_number_that_is_wanted(
    qtbot: QtBot, place: tuple[int, int, int], found: tuple[int, int, int] | None
) -> None:
    """Else, and where a network has another layer of that name, to the largest one."""
    layer = convolution(6)
    *_, make = levels_to_number(layer, (), "convolution", Origin("conv1", *place, 3))
    level = make()
    qtbot.addWidget(level)
    largest = np.unravel_index(int(layer.output.argmax()), layer.output.shape)
    shown = level.experiment.origin
    assert (shown.row, shown.column, shown.channel) == (found or largest)
    assert found is None or shown == Origin("conv1", *place, 3)
