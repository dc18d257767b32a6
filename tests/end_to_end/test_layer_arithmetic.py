"""Every number of every kind of layer comes about as is said: recomputed from its inputs, it equals the model's own."""

import dataclasses

import numpy as np
import pytest

from cnnstudio.models.layer_kinds import LAYER_KINDS, group_of
from cnnstudio.models.trained.classifier import Classifier
from cnnstudio.models.trained.layer_arithmetic import (
    arithmetic_of,
    channels_feeding,
    is_explained,
)
from tests.models.trained.explained_numbers import IMAGE, check_every_number, every_kind, outputs_of, places_of


@pytest.fixture(scope="module")
def zoo() -> Classifier:
    return every_kind()


@pytest.fixture(scope="module")
def outputs(zoo: Classifier) -> dict[str, np.ndarray]:
    return outputs_of(zoo)


def test_every_number_is_the_models_own(zoo: Classifier) -> None:
    kinds = check_every_number(zoo)
    known = {kind for kind in LAYER_KINDS if is_explained(kind) and group_of(kind) != "Regularisation"}
    assert known <= kinds


def test_the_numbers_that_a_calculation_names_lie_where_it_says(
    zoo: Classifier, outputs: dict[str, np.ndarray]
) -> None:
    for name in ("flat", "permuted", "beside", "padded", "enlarged", "sum", "product", "batch", "softmax_of_maps"):
        info = next(info for info in zoo.layers if info.name == name)
        sources = tuple(outputs[source] for source in info.sources)
        arithmetic = arithmetic_of(zoo.model.get_layer(name), sources, outputs[name])
        for place in places_of(outputs[name], 20):
            for term in arithmetic.number(*place).terms:
                if term.place is not None:
                    source, *where = dataclasses.astuple(term.place)
                    array = sources[source]
                    assert term.value == pytest.approx(array[tuple(where)] if array.ndim == 3 else array[where[-1]])


def test_what_depends_on_a_place_of_the_inputs(zoo: Classifier) -> None:
    for name in ("strided", "dilated", "spread", "even", "max"):
        arithmetic = zoo.arithmetic(IMAGE, name)
        rows, columns = arithmetic.reached_by(4, 5)
        for row in range(arithmetic.output.shape[0]):
            for column in range(arithmetic.output.shape[1]):
                number = arithmetic.number(row, column, 0)
                reached = 4 in number.rows and 5 in number.columns
                assert not reached or (row in rows and column in columns)


def test_channels_that_feed_a_channel(zoo: Classifier) -> None:
    feeding = {
        ("grouped", 2): (range(2, 4),),
        ("depthwise", 5): (range(2, 3),),
        ("same", 1): (range(3),),
        ("max", 4): (range(4, 5),),
        ("beside", 7): (range(0), range(1, 2), range(0)),
        ("flat", 8): (range(2, 3),),
        ("softmax_of_units", 3): (range(6),),
        ("product", 3): (range(3, 4), range(3, 4)),
    }
    for (name, channel), expected in feeding.items():
        assert channels_feeding(zoo.model.get_layer(name), channel) == expected, name
