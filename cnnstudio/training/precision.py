"""The arithmetic of a training step: its precision, and batch normalisations as one operation.

A layer's arithmetic matters only while TensorFlow traces it. A model is therefore changed for that long alone: what is
saved afterwards is the model as it was, float32 throughout and without layers of ours.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from cnnstudio.models.backend import innermost_layers

if TYPE_CHECKING:
    import keras
    import tensorflow as tf


@dataclass(frozen=True)
class Precision:
    """A number format for the training.

    Attributes:
        name: the key, as typed on the command line.
        title: for the screen.
        description: one sentence for a newcomer.
        policy: name of Keras's dtype policy.
    """

    name: str
    title: str
    description: str
    policy: str


PRECISIONS: dict[str, Precision] = {
    precision.name: precision
    for precision in (
        Precision("float32", "32 bits", "Every number has 32 bits, as is usual.", "float32"),
        Precision(
            "bfloat16",
            "16 bits (bfloat16)",
            "Feature maps have 16 bits, weights keep 32: about 1.5 times as fast on processors and graphics cards that "
            "compute with such numbers, slower on others.",
            "mixed_bfloat16",
        ),
    )
}
"""Every precision that can be chosen by name, in the order in which it is shown."""


@contextmanager
def training_arithmetic(model: "keras.Model", precision: str) -> Iterator[None]:
    """Changes the arithmetic of a model while it is traced for training.

    Layers whose outputs are the model's stay at 32 bits, because the loss is computed from them.

    Args:
        model: any functional model. Its batch normalisations must not be traced in another thread meanwhile.
        precision: a key of `PRECISIONS`.
    """
    import keras

    layers = [layer for layer in innermost_layers(model) if not isinstance(layer, keras.layers.InputLayer)]
    before = [layer.dtype_policy for layer in layers]
    normalisations = [layer for layer in layers if _can_be_fused(layer)]
    answering = {id(tensor) for tensor in model.outputs}
    try:
        if precision != "float32":
            for layer in layers:
                if id(layer.output) not in answering:
                    layer.dtype_policy = PRECISIONS[precision].policy
        for layer in normalisations:
            layer.call = partial(_normalise, layer, layer.call)
        yield
    finally:
        for layer in normalisations:
            del layer.call
        for layer, policy in zip(layers, before, strict=True):
            layer.dtype_policy = policy


def _can_be_fused(layer: "keras.Layer") -> bool:
    import keras

    return (
        type(layer) is keras.layers.BatchNormalization
        and len(layer.input.shape) == 4
        and layer.axis in (-1, 3)
        and not (layer.synchronized or layer.renorm)
    )


def _normalise(
    layer: Any, plainly: Callable[..., "tf.Tensor"], inputs: "tf.Tensor", training: bool | None = None, mask: Any = None
) -> "tf.Tensor":
    """Batch normalisation as Keras computes it, in one operation of TensorFlow's instead of a dozen."""
    import tensorflow as tf

    if not (training and layer.trainable) or mask is not None:
        return plainly(inputs, training=training, mask=mask)
    channels = inputs.shape[-1]
    outputs, mean, variance = tf.compat.v1.nn.fused_batch_norm(
        inputs,
        tf.cast(layer.gamma, tf.float32) if layer.scale else tf.ones(channels),
        tf.cast(layer.beta, tf.float32) if layer.center else tf.zeros(channels),
        epsilon=layer.epsilon,
        is_training=True,
    )
    # TensorFlow divides by n - 1, Keras by n.
    count = tf.cast(tf.size(inputs) // channels, tf.float32)
    for moving, value in ((layer.moving_mean, mean), (layer.moving_variance, variance * (count - 1) / count)):
        moving.assign(moving * layer.momentum + value * (1 - layer.momentum))
    return outputs
