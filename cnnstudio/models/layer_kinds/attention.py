"""Attention: layers in which each place looks at all others."""

import math

from cnnstudio.limits import MAX_ACTIVATIONS, MAX_UNITS
from cnnstudio.models.layer_kinds.convolutions import bias
from cnnstudio.models.layer_kinds.effects import Effect, one
from cnnstudio.models.layer_kinds.kind import LayerKind
from cnnstudio.models.layer_kinds.receptive import Maps
from cnnstudio.models.layer_kinds.values import UnfitError, Values


def _self_attention(values: Values, maps: Maps) -> Effect:
    if len(maps.shape) < 2:
        raise UnfitError("", "compares places with each other, but is given a list of numbers")
    for field in ("attention_axes", "output_shape", "use_gate", "sliding_window"):
        usual = (None, False, [1]) if len(maps.shape) == 2 else (None, False)
        if values.raw(field) not in usual:
            raise UnfitError(field, "attends in a way that is not known here")
    heads, key = (values.whole(field, None, 1, MAX_UNITS) for field in ("num_heads", "key_dim"))
    value = key if values.raw("value_dim") is None else values.whole("value_dim", None, 1, MAX_UNITS)
    *places, channels = maps.shape
    if heads * math.prod(places) ** 2 > MAX_ACTIVATIONS:
        raise UnfitError("", f"compares {math.prod(places):,} places with each other, which are too many")
    sums = ((channels, heads, key), (channels, heads, key), (channels, heads, value), (heads, value, channels))
    biases = (*(one for size in (key, key, value) for one in bias(values, heads * size)), *bias(values, channels))
    return Effect(
        maps.mixed(tuple(range(len(places)))),
        f"{heads:,} {'head' if heads == 1 else 'heads'}",
        weights=(*sums, *biases),
        multiply_adds=tuple(((*places, *factors), ()) for factors in sums),
    )


KINDS = (
    LayerKind(
        "MultiHeadAttention",
        "Attention",
        "At each place, mixes what is found at all places, by how well they match; each head looks for something else, "
        "as in vision transformers.",
        "Dense",
        one(_self_attention),
        arguments=2,
    ),
)
