"""Numbers of layers, recomputed from what the layers were given, against what Keras makes of it."""

import numpy as np
import pytest

from cnnstudio.models.backend import import_keras
from cnnstudio.models.trained.classifier import Classifier
from cnnstudio.models.trained.layer_arithmetic import CellArithmetic, Number, arithmetic_of

RANDOM = np.random.default_rng(0)
IMAGE = RANDOM.integers(0, 256, (11, 13, 3), dtype=np.uint8)


def outputs_of(zoo: Classifier) -> dict[str, np.ndarray]:
    """What every layer answers, by its name, and the image, by an empty one."""
    return {"": IMAGE.astype(np.float32)} | {layer.name: layer.values for layer in zoo.predict(IMAGE, True).layers}


def places_of(output: np.ndarray, most: int = 150) -> list[tuple[int, int, int]]:
    """Places all over an output, its corners among them."""
    every = list(np.ndindex(output.shape)) if output.ndim == 3 else [(0, 0, unit) for unit in range(len(output))]
    chosen = RANDOM.choice(len(every), min(most, len(every)), replace=False)
    return [every[0], every[-1], *(every[number] for number in chosen)]


def check_every_number(zoo: Classifier) -> set[str]:
    """Recomputes numbers of every layer from its inputs; returns the kinds of layers.

    Raises:
        AssertionError: one of them is not the model's own.
    """
    keras = import_keras()
    outputs, kinds = outputs_of(zoo), set()
    for info in zoo.layers:
        layer, output = zoo.model.get_layer(info.name), outputs[info.name]
        arithmetic = arithmetic_of(layer, tuple(outputs[name] for name in info.sources), output)
        assert arithmetic is not None, info.name
        kinds.add(info.kind)
        before = np.zeros(output.shape, np.float32)
        places = places_of(output, 60 if info.name == "all" else 150)
        for place in places:
            number = arithmetic.number(*place)
            where = place if output.ndim == 3 else place[-1]
            assert number.value == output[where]
            if isinstance(arithmetic, CellArithmetic):
                assert number.result == pytest.approx(number.value, abs=1e-5, rel=1e-5), (info.name, place)
            before[where] = number.before if isinstance(number, Number) else number.result
        if isinstance(arithmetic, CellArithmetic):
            continue
        if arithmetic.mixes:
            steps = arithmetic.softmax(*places[0][:2])
            shares = output if output.ndim == 1 else output[places[0][:2]]
            np.testing.assert_allclose(steps.exponentials / steps.total, shares, rtol=1e-5, atol=1e-6)
            continue
        if arithmetic.reduction == "each":
            expected = np.asarray(layer(before[np.newaxis]))[0]
        else:
            function = getattr(layer, "activation", keras.activations.linear)
            expected = np.asarray(function(keras.ops.convert_to_tensor(before)))
        for place in places:
            where = place if output.ndim == 3 else place[-1]
            assert expected[where] == pytest.approx(output[where], abs=1e-5, rel=1e-5), (info.name, place)
    return kinds
