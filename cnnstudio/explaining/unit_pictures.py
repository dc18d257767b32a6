"""The picture that excites a unit most, found by changing an image step by step.

The image is made of waves (Olah, Mordvintsev and Schubert, “Feature Visualization”, Distill, 2017): slow ones change
first, so that what comes is a picture and not noise. What is raised is the number before the unit's activation, of a
map the mean of those above 0; and at first all ReLUs let gradients through where they are shut, or a unit that starts
silent would stay so.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cnnstudio.errors import StudioError
from cnnstudio.explaining.scores import ClassScores, changed, without_activation
from cnnstudio.models.backend import trace

if TYPE_CHECKING:
    import keras

STEPS = 256
RATE = 0.05
DECAY = 0.85
"""How much more slowly short waves change than long ones."""

OPEN_STEPS = 32
"""Steps in which shut ReLUs let gradients through, fewer and fewer."""

LARGE = 64
"""Side from which on an image is moved by up to `SHIFT` of it; smaller ones by a pixel."""

SHIFT = 1 / 16

_COLOURS = np.array([[0.56, 0.19, 0.02], [0.58, 0.0, -0.04], [0.56, -0.19, 0.02]], np.float32)
"""How much brightness, red against blue, and green against both vary in photos, as red, green and blue."""


@dataclass(frozen=True, eq=False)
class UnitPicture:
    """The picture as far as it is.

    Attributes:
        step: how many steps it took.
        steps: of how many.
        image: uint8 (height, width, channels).
        value: the unit's number before its activation; of a map the mean, where those below 0 count as 0.
    """

    step: int
    steps: int
    image: np.ndarray
    value: float


def unit_picture(
    scores: ClassScores,
    layer: str,
    unit: int,
    on_picture: Callable[[UnitPicture], object],
    stop: threading.Event,
    *,
    steps: int = STEPS,
    every: int = 4,
    seed: int = 0,
) -> UnitPicture:
    """Finds the picture that excites a unit most.

    Args:
        scores: of the classifier; what is compiled is kept there.
        layer: the layer's name.
        unit: the channel, or the number of a layer without places.
        on_picture: given the picture after every few steps.
        stop: ends the work with what there is when it is set.
        steps: how many.
        every: steps from one picture to the next.
        seed: of the first picture, which is nearly grey.

    Raises:
        StudioError: there is no such unit, or it does not depend on the image.
    """
    known = {info.name: info for info in scores.classifier.layers}
    if layer not in known or not 0 <= unit < known[layer].shape[-1]:
        raise StudioError(f"“{scores.classifier.title}” has no unit {unit} in a layer “{layer}”.")
    climb = scores.compiled(("unit", layer), lambda: _climb(scores, layer))
    random = np.random.default_rng(seed)
    height, width, channels = scores.classifier.input_shape
    waves = (0.01 * random.standard_normal((2, channels, height, width // 2 + 1))).astype(np.float32)
    state = np.stack([waves, np.zeros_like(waves), np.zeros_like(waves)])
    reach = [max(1, round(SHIFT * side)) if side >= LARGE else 1 for side in (height, width)]
    picture = None
    for step in range(1, steps + 1):
        shift = np.array([random.integers(-far, far + 1) for far in reach], np.int32)
        leak = max(0.0, 1 - (step - 1) / OPEN_STEPS)
        with scores.lock:
            image, value, state = climb(state, np.float32(step), np.int32(unit), shift, np.float32(leak))
        last = step == steps or stop.is_set()
        if last or step % every == 0 or step == 1:
            if not np.isfinite(float(value)):
                raise StudioError(
                    f"“{scores.classifier.title}” answers with numbers that are not finite: its weights are damaged."
                )
            picture = UnitPicture(step, steps, np.asarray(image).round().astype(np.uint8), float(value))
            on_picture(picture)
        if last:
            break
    assert picture is not None
    return picture


def _climb(scores: ClassScores, name: str) -> Callable[..., Any]:
    """One compiled step of Adam: from waves, with the means of their gradients, to some that excite the unit more."""
    import keras
    import tensorflow as tf

    classifier = scores.classifier
    height, width, channels = classifier.input_shape
    layer = classifier.model.get_layer(name)
    model = keras.Model(classifier.model.input, layer.output)
    down, across = np.fft.fftfreq(height)[:, np.newaxis], np.fft.rfftfreq(width)[np.newaxis]
    slow = 1 / np.maximum(np.hypot(down, across), 1 / max(height, width)) ** DECAY
    scale = (slow * np.sqrt(height * width)).astype(np.float32)
    mix = _COLOURS / np.linalg.norm(_COLOURS, axis=0).max() if channels == 3 else np.eye(channels, dtype=np.float32)

    def step(state: Any, number: Any, unit: Any, shift: Any, leak: Any) -> Any:
        waves, mean, square = tf.unstack(state)
        with tf.GradientTape(watch_accessed_variables=False) as tape, ExitStack() as stack:
            tape.watch(waves)
            flat = tf.signal.irfft2d(tf.complex(waves[0], waves[1]) * tf.cast(scale, tf.complex64), (height, width))
            image = 255 * tf.sigmoid(tf.tensordot(tf.transpose(flat, (1, 2, 0)), mix.T, 1))
            stack.enter_context(without_activation(layer))
            for relu in scores.relus:
                if relu is not layer:
                    stack.enter_context(_opened(relu, leak))
            answers = model(tf.roll(image, shift, (0, 1))[tf.newaxis], training=False)
            chosen = tf.gather(answers, unit, axis=-1)
            if len(answers.shape) == 4:  # else places below 0 would cancel those above, whatever the picture
                chosen = tf.nn.relu(chosen) + _let_through(chosen, leak)
            value = tf.reduce_mean(chosen)
        gradient = -tape.gradient(value, waves, unconnected_gradients="zero")
        # While ReLUs are open it is larger by many orders of magnitude, which Adam would remember for all steps.
        gradient = tf.math.divide_no_nan(gradient, tf.norm(gradient))
        mean = 0.9 * mean + 0.1 * gradient
        square = 0.999 * square + 0.001 * gradient**2
        change = mean / (1 - 0.9**number) / (tf.sqrt(square / (1 - 0.999**number)) + 1e-8)
        return image, value, tf.stack([waves - RATE * change, mean, square])

    state = tf.TensorSpec((3, 2, channels, height, width // 2 + 1), tf.float32)
    number, whole = tf.TensorSpec((), tf.float32), tf.TensorSpec((), tf.int32)
    return trace(step, [state, number, whole, tf.TensorSpec((2,), tf.int32), number])


@contextmanager
def _opened(layer: "keras.Layer", leak: Any) -> Iterator[None]:
    """A context in which a ReLU answers as ever, and lets a share of the gradient through where it is shut."""
    name = "call" if type(layer).__name__ == "ReLU" else "activation"
    function = getattr(layer, name)

    with changed(layer, name, lambda x: function(x) + _let_through(x, leak)):
        yield


def _let_through(x: Any, share: Any) -> Any:
    """0, with a share of the gradient where a ReLU of x is shut."""
    import tensorflow as tf

    shut = share * tf.minimum(x, 0.0)
    return shut - tf.stop_gradient(shut)
