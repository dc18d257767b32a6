"""Recurrent layers: they go along a row, such as from the first row of an image to the last, and keep a state."""

from dataclasses import replace

from cnnstudio.limits import MAX_UNITS
from cnnstudio.models.layer_kinds.activation_functions import ACTIVATIONS
from cnnstudio.models.layer_kinds.convolutions import bias
from cnnstudio.models.layer_kinds.effects import Effect, Product, need_rows, one
from cnnstudio.models.layer_kinds.kind import LayerKind
from cnnstudio.models.layer_kinds.receptive import Maps
from cnnstudio.models.layer_kinds.values import UnfitError, Values

_SUMS = {"GRU": 3, "LSTM": 4, "SimpleRNN": 1}
"""By kind: how many sums each unit computes at each place, one for its state and one for each of its gates."""

RECURRENT = frozenset(_SUMS)
"""Kinds that a layer for both directions may be made of."""

_BOTH = "Bidirectional"

ACTIVATION_FIELDS = ("activation", "recurrent_activation")
"""Fields of their configs that name an activation function."""


def _recurrent(kind: str, values: Values, maps: Maps) -> Effect:
    places, channels = need_rows(values, maps)
    units = values.whole("units", None, 1, MAX_UNITS)
    for field in ACTIVATION_FIELDS:
        values.choice(field, tuple(ACTIVATIONS), "tanh")
    for field in ("return_state", "stateful"):
        if values.flag(field, False):
            raise UnfitError(field, "hands on its state, which is not done here", [False])
    sums = _SUMS[kind] * units
    # A GRU that resets its state after multiplying adds two numbers to each sum.
    biases = 2 if kind == "GRU" and values.flag("reset_after", True) else 1
    weights: tuple[Product, ...] = ((channels, sums), (units, sums), *bias(values, biases * sums))
    shape = (places, units) if values.flag("return_sequences", False) else (units,)
    each = (((places, channels, sums), ()), ((places, units, sums), ()))
    return Effect(replace(maps.mixed((0,)), shape=shape), weights=weights, multiply_adds=each)


def _both_directions(values: Values, maps: Maps) -> Effect:
    there, back = values.raw("layer"), values.raw("backward_layer") or values.raw("layer")
    effects = []
    for layer in (there, back):
        if not isinstance(layer, dict) or layer.get("class_name") not in tuple(RECURRENT):
            raise UnfitError("layer", "goes along a row by a layer that is none of " + ", ".join(sorted(RECURRENT)))
        effects.append(_recurrent(layer["class_name"], Values(layer["config"]), maps))
    one_way, other = (effect.maps for effect in effects)
    if one_way.shape != other.shape:
        raise UnfitError("backward_layer", "answers in another shape in one direction than in the other")
    if values.raw("merge_mode", "concat") is None:
        raise UnfitError("merge_mode", "gives two answers, one for each direction, where one is needed", ["concat"])
    mode = values.choice("merge_mode", ("concat", "sum", "mul", "ave"), "concat")
    joined = one_way.shape if mode != "concat" else (*one_way.shape[:-1], 2 * one_way.shape[-1])
    first, second = effects
    return Effect(
        replace(one_way, shape=joined),
        there["class_name"],
        weights=first.weights + second.weights,
        multiply_adds=first.multiply_adds + second.multiply_adds,
    )


def _kind(name: str, title: str, description: str) -> LayerKind:
    return LayerKind(name, title, description, "Dense", one(lambda values, maps: _recurrent(name, values, maps)))


KINDS = (
    _kind(
        "LSTM",
        "LSTM",
        "Goes along a row, such as the rows of an image one after the other, and keeps a memory: gates, which are "
        "learnt, say what it keeps, forgets and tells.",
    ),
    _kind(
        "GRU",
        "GRU",
        "Goes along a row and keeps a state; two gates, which are learnt, say how much of it is new at each place.",
    ),
    _kind(
        "SimpleRNN",
        "Recurrent layer",
        "Goes along a row; at each place it computes from what stands there and from its own answer before.",
    ),
    LayerKind(
        _BOTH,
        "Both directions:",
        "Goes along a row from both ends, with a recurrent layer for each.",
        "Dense",
        one(_both_directions),
    ),
)


def is_recurrent(kind: str) -> bool:
    """Whether layers of a kind go along a row place by place."""
    return kind in RECURRENT or kind == _BOTH
