"""Dense layers."""

from cnnstudio.models.layer_kinds.activations import activation
from cnnstudio.models.layer_kinds.convolutions import bias
from cnnstudio.models.layer_kinds.effects import Effect, one
from cnnstudio.models.layer_kinds.fields import ACTIVATION, BIAS, TRAINABLE, UNITS
from cnnstudio.models.layer_kinds.kind import LayerKind
from cnnstudio.models.layer_kinds.receptive import Maps
from cnnstudio.models.layer_kinds.values import Values


def _dense(values: Values, maps: Maps) -> Effect:
    units = values.whole("units")
    last = len(maps.shape) - 1
    given = maps.shape[last]
    return Effect(
        maps.mixed((last,)).resized({last: units}),
        "" if last == 0 else "at each place",
        activation=activation(values),
        weights=((given, units), *bias(values, units)),
        multiply_adds=(((*maps.shape[:last], given, units), ()),),
    )


KINDS = (
    LayerKind(
        "Dense",
        "Dense",
        "Each unit is a weighted sum of all inputs, wherever in the image they come from.",
        "Dense",
        one(_dense),
        icon="layer-dense",
        stem="dense",
        fields=(UNITS, ACTIVATION, BIAS, TRAINABLE),
        defaults={"units": 64, "activation": "relu", "use_bias": True},
    ),
)
