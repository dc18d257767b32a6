"""One number of a trained network as an experiment of the Lab: what goes in, what it is computed with, how.

What an experiment of the Lab has no room for, such as a kernel of 11 × 11, is not taken there.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from cnnstudio.lab.activations import ACTIVATIONS
from cnnstudio.lab.experiment import (
    DENSE_MAPS,
    DENSE_UNITS,
    LARGEST_BATCH,
    LARGEST_KERNEL,
    LARGEST_POOLED,
    LARGEST_WINDOW,
    MOST_CHANNELS,
    MOST_CLASSES,
    Experiment,
    Origin,
)
from cnnstudio.models.trained.layer_arithmetic import (
    SOFTMAX,
    TRAINED_MEAN,
    Arithmetic,
    CellArithmetic,
    LayerArithmetic,
    Number,
    Softmax,
)
from cnnstudio.wording import counted, numbered

_NAMES = {activation.title: name for name, activation in ACTIVATIONS.items()} | {"": "linear"}
"""The Lab's activations by their titles."""


def experiment_of(arithmetic: Arithmetic, row: int, column: int, channel: int, input_map: int = 0) -> Experiment | None:
    """The experiment that makes one number of a layer's output; None where the Lab has none, or no room for it.

    Args:
        arithmetic: of the layer.
        row: of the number; of a layer whose output has no maps, only the channel counts.
        column: likewise.
        channel: likewise.
        input_map: of a convolution of more input maps than the Lab has room for, which is meant, among those that the
            filter sees.
    """
    made = _made(arithmetic, row, column, channel, input_map)
    return made and replace(made, origin=Origin(arithmetic.name, row, column, channel, input_map))


def _made(arithmetic: Arithmetic, row: int, column: int, channel: int, input_map: int) -> Experiment | None:
    if isinstance(arithmetic, CellArithmetic):
        return _of_cell(arithmetic, row, column, channel)
    number = arithmetic.number(row, column, channel)
    if number.reduction in ("max", "mean"):
        return _pooling(arithmetic, number)
    if number.reduction == "each":
        return _activation(arithmetic, number)
    if arithmetic.takes_vector:
        return _dense(arithmetic, channel)
    return _convolution(arithmetic, number, input_map)


def softmax_experiment(
    name: str, softmax: Softmax, channel: int, true_class: int | None = None, names: Sequence[str] = ()
) -> Experiment | None:
    """The softmax of a layer with the largest logits.

    Args:
        name: of the layer.
        softmax: what it computes.
        channel: the class that is looked at.
        true_class: the class that the image really shows; None where that is not known: `channel` stands for it.
        names: of the classes, where they have any.
    """
    true = channel if true_class is None or true_class >= len(softmax.logits) else true_class
    order = np.argsort(-softmax.logits, kind="stable")[:MOST_CLASSES].tolist()
    chosen = sorted(order if true in order else [*order[: MOST_CLASSES - 1], true])
    if len(chosen) < 2:
        return None
    left_out = len(softmax.logits) - len(chosen)
    note = f"The logits of {name}."
    if left_out:
        note = f"The {len(chosen)} largest logits of {name}: without the other {left_out:,} their shares are larger."
    named = [f"{place} {names[number]}" for place, number in enumerate(chosen) if names]
    if any(one != f"{place} {place}" for place, one in enumerate(named)):
        note += f" Its classes: {', '.join(named)}."
    note += " What the image really shows is not known here: choose the true class." if true_class is None else ""
    state = {
        "logits": softmax.logits[chosen].astype(float).tolist(),
        "temperature": 1.0,
        "true_class": chosen.index(true),
    }
    return Experiment("softmax", state, note, Origin(name, channel=channel))


def _convolution(arithmetic: LayerArithmetic, number: Number, input_map: int) -> Experiment | None:
    assert number.kernel is not None
    side = max(number.patch.shape[:2])
    if not 0 < side <= LARGEST_KERNEL or not min(number.patch.shape[:2]):
        return None
    # Neither a weight of 0 nor a number outside the map adds anything to the sum.
    around = [(0, side - length) for length in number.patch.shape[:2]] + [(0, 0)]
    patch, kernel = np.pad(np.nan_to_num(number.patch), around), np.pad(number.kernel, around)
    count = patch.shape[2]
    one = count > MOST_CHANNELS
    maps = slice(input_map, input_map + 1) if one else slice(None)
    note = f"The numbers under one window of {arithmetic.name}, and the kernel that lies on them."
    if one:
        which = numbered("input map", number.channels[input_map])
        rest = f"the other {count - 1:,}" + (" and the bias" if number.bias is not None else "")
        note += f" It is {which}: {rest} are added to this sum."
    known = not one and number.activation in _NAMES and _NAMES[number.activation] in ("linear", "relu")
    if not one and not known:
        note += f" What {number.activation} makes of the sum is another experiment."
    state = {
        "input": np.moveaxis(patch[..., maps], -1, 0).astype(float).tolist(),
        "kernel": np.moveaxis(kernel[..., maps], -1, 0)[np.newaxis].astype(float).tolist(),
        "biases": [number.bias or 0.0],
        "bias": number.bias is not None and not one,
        "activation": _NAMES[number.activation] if known else "linear",
        "stride": 1,
        "dilation": 1,
        "padding": "valid",
        "connections": "all",
        "turned": False,
        "step": 1,
    }
    return Experiment("convolution", state, note)


def _pooling(arithmetic: LayerArithmetic, number: Number) -> Experiment | None:
    patch = number.patch[..., 0]
    inside = ~np.isnan(patch)
    patch = patch[inside.any(axis=1)][:, inside.any(axis=0)]  # what lies outside the map does not count
    if not patch.size or max(patch.shape) > LARGEST_POOLED:
        return None
    height, width = patch.shape
    whole = height != width or height > LARGEST_WINDOW
    state = {
        "input": patch.astype(float).tolist(),
        "kind": "max" if number.reduction == "max" else "average",
        "size": 0 if whole else height,
        "stride": 1 if whole else height,
    }
    return Experiment("pooling", state, f"The numbers in one window of {arithmetic.name}.")


def _activation(arithmetic: LayerArithmetic, number: Number) -> Experiment | None:
    name = _NAMES.get(number.activation, "linear")
    x = np.array(number.before, np.float64)
    # Layers have slopes and limits of their own, which the Lab does not know.
    if name == "linear" or not np.isclose(ACTIVATIONS[name].function(x), number.value, rtol=1e-2, atol=1e-3):
        return None
    return Experiment("activation", {"function": name, "x": float(x)}, f"One number that {arithmetic.name} was given.")


def _dense(arithmetic: LayerArithmetic, unit: int) -> Experiment | None:
    """A unit with its strongest inputs, and two others; what the other inputs add stands in the biases."""
    assert arithmetic.kernel is not None
    units = [unit, *(other for other in np.argsort(-arithmetic.output).tolist() if other != unit)][:DENSE_UNITS]
    # The weights of these units alone: those of a thousand classes are millions of numbers.
    inputs, kernel = arithmetic.inputs[0, 0].astype(np.float64), arithmetic.kernel[0, 0][:, units].astype(np.float64)
    room = int(np.prod(DENSE_MAPS))
    strongest = np.sort(np.argsort(-np.abs(inputs * kernel[:, 0]), kind="stable")[:room])
    others = np.setdiff1d(np.arange(len(inputs)), strongest)
    bias = np.zeros(len(units)) if arithmetic.bias is None else arithmetic.bias[units].astype(np.float64)
    bias = bias + inputs[others] @ kernel[others]
    values, weights, biases = np.zeros(room), np.zeros((room, DENSE_UNITS)), np.zeros(DENSE_UNITS)
    values[: len(strongest)] = inputs[strongest]
    weights[: len(strongest), : len(units)] = kernel[strongest]
    biases[: len(units)] = bias
    known = _NAMES.get(arithmetic.activation)
    names = ", ".join(f"{number:,}" for number in units)
    note = f"{arithmetic.name}: unit{'' if len(units) == 1 else 's'} {names}"
    note += f" with the {len(strongest)} strongest inputs of {numbered('unit', unit)}."
    if len(others):
        note += f" What the other {len(others):,} inputs add stands in the bias."
    state: dict[str, Any] = {
        "maps": values.reshape(DENSE_MAPS).tolist(),
        "weights": weights.tolist(),
        "bias": biases.tolist(),
        "activation": known or "linear",
    }
    return Experiment("dense", state, note)


def _of_cell(arithmetic: CellArithmetic, row: int, column: int, channel: int) -> Experiment | None:
    made = arithmetic.number(row, column, channel)
    if made.formula == SOFTMAX and made.softmax is not None:
        return softmax_experiment(arithmetic.name, made.softmax, channel)
    values = {term.symbol: term.value for term in made.terms}
    if not any(term.name == TRAINED_MEAN for term in made.terms):
        return None
    (source,) = arithmetic.sources
    if source.ndim == 1:
        numbers = np.array([values["x"]])
    else:  # the number first, then those that follow it in its map
        along = source[..., channel].ravel()[row * source.shape[1] + column :]
        numbers = along[:LARGEST_BATCH]
    state = {
        "values": numbers.astype(float).tolist(),
        "gamma": _as_typed(values["γ"]),
        "beta": _as_typed(values["β"]),
        "epsilon": values["ε"],
        "training": False,
        "moving": [values["μ"], values["σ²"]],
    }
    note = f"{counted(len(numbers), 'number')} that {arithmetic.name} was given, the one you looked at first"
    note += ", with the mean and the variance that it gathered in training."
    return Experiment("normalisation", state, note[0].upper() + note[1:])


def _as_typed(value: float) -> float:
    """A weight without the digits that float32 does not have: 0.8073389, not 0.8073388934135437."""
    return float(f"{value:.7g}")
