"""What a classifier gives each class before it makes probabilities of it, and how that depends on the image.

An explanation asks for the logit and not for the probability: where a network is sure, its softmax hardly changes, and
whatever is explained with it fades. The softmax or sigmoid at the end is left out, therefore; of a network that ends
otherwise the log-odds of its probabilities are taken.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from cnnstudio.errors import StudioError
from cnnstudio.models.backend import innermost_layers, trace
from cnnstudio.models.layer_kinds import group_of
from cnnstudio.models.trained.classifier import Classifier, LayerInfo
from cnnstudio.models.trained.files import first_line

if TYPE_CHECKING:
    import keras

ANSWERED = -1
"""In place of a class: the one with the highest score."""

MAX_BATCH = 64
MAX_KEPT_BYTES = 2**28
"""What the layers may answer to one batch together, in bytes: for gradients all of it is kept."""

_LEAST = 1e-7
"""Probabilities nearer to 0 or 1 count as this far away, for their log-odds would be infinite."""

_KEEPS_ORDER = frozenset({"Dropout", "Flatten", "Identity", "Reshape"})
"""Kinds of layers behind which a softmax is still the one of the answer."""

_BOTH_CLASSES = np.array([[-1, 1]], np.float32), np.array([1, 0], np.float32)
"""Weights of the layer that makes two probabilities of one (`cnnstudio.models.trained.outputs.set_two`)."""


@dataclass(frozen=True)
class Ending:
    """How a network comes to its probabilities.

    Attributes:
        activation: the layer whose softmax or sigmoid is left out; None where there is none that could be.
        makes_two: whether a layer follows that makes two probabilities, 1 − p and p, of one.
        is_softmax: whether the probabilities are the softmax of the scores; else each is the sigmoid of its own.
    """

    activation: "keras.Layer | None"
    makes_two: bool = False
    is_softmax: bool = False

    @property
    def score(self) -> str:
        """What the scores are called."""
        return "log-odds" if self.activation is None else "logit"

    @property
    def words(self) -> str:
        """What is explained, for the end of a sentence."""
        if self.activation is None:
            return "the log-odds, ln p/(1 − p), for this network ends in no softmax or sigmoid that could be left out"
        return f"the logit, the number before the {_function(self.activation)}"


class ClassScores:
    """The scores of a classifier's classes, which can be differentiated.

    The first call of a kind compiles it, which takes 0.1–3 s, for deep networks longer.

    Args:
        classifier: its weights count as they are at each call.
        lock: held for each batch of images that is computed, where other threads use the classifier, too.

    Attributes:
        classifier: as given.
        lock: as given, or one that is always free.
        ending: what is left out of the network.
    """

    def __init__(self, classifier: Classifier, lock: AbstractContextManager[Any] | None = None) -> None:
        self.classifier = classifier
        self.lock: AbstractContextManager[Any] = lock or nullcontext()
        self.ending = ending_of(classifier.model)
        self._compiled: dict[tuple[str, ...], Callable[..., Any]] = {}

    @cached_property
    def batch_size(self) -> int:
        """How many images to differentiate at a time, given the memory that all layers take."""
        numbers = sum(int(np.prod(layer.shape)) for layer in self.classifier.layers)
        return max(1, min(MAX_BATCH, MAX_KEPT_BYTES // (4 * max(1, numbers))))

    @property
    def last_map_layer(self) -> str:
        """The last layer with feature maps whose size is not yet reduced for the answer; empty where there is none."""
        names = [
            layer.name
            for layer in self.map_layers
            if layer.shape[0] * layer.shape[1] > 1
            and group_of(layer.kind) not in ("Pooling", "Regularisation", "Shape")
        ]
        return names[-1] if names else ""

    @property
    def map_layers(self) -> tuple[LayerInfo, ...]:
        """The layers with feature maps, from the first convolution on."""
        layers = self.classifier.layers
        kinds = [group_of(layer.kind) for layer in layers]
        first = kinds.index("Convolution") if "Convolution" in kinds else len(kinds)
        return tuple(layer for layer in layers[first:] if len(layer.shape) == 3)

    @property
    def relus(self) -> "tuple[keras.Layer, ...]":
        """The layers that are ReLUs or end in one."""
        return tuple(layer for layer in innermost_layers(self.classifier.model) if _is_relu(layer))

    def scores(self, images: np.ndarray) -> np.ndarray:
        """The scores of all classes for some images, (n, classes).

        Args:
            images: float32 (n, height, width, channels), 0–255.
        """

        def compute(images: Any, _: Any) -> Any:
            return self._scores_of(self.classifier.model(images))

        compiled = self._function(("scores",), compute)
        size = self.classifier.batch_size
        return self._in_parts(lambda *part: [compiled(*part)], (images, _repeated(0, images)), size)[0]

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        """The classifier's probabilities for some images, uint8, (n, classes), in batches of its own."""
        size = self.classifier.batch_size
        parts = []
        for start in range(0, len(images), size):
            with self.lock:
                parts.append(self.classifier.predict_many(images[start : start + size]))
        return np.concatenate(parts)

    def probabilities_of(self, scores: np.ndarray) -> np.ndarray:
        """The probabilities that belong to scores, (n, classes): for images between whole numbers, too."""
        from scipy.special import expit, softmax

        return softmax(scores, axis=1) if self.ending.is_softmax else expit(scores)

    def loss_gradients(self, images: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The direction in which the loss of an answer grows fastest, for some images.

        Behind a softmax the loss, −ln p of the answer, hardly changes where the network is sure, and in float32 not at
        all. Its gradient has the same signs as that of ln (1 − p)/p, the log-odds against the answer, which is taken.

        Args:
            images: float32 (n, height, width, channels), 0–255.
            targets: float32 (n, classes): 1 for what is answered, 0 for what does not count, −1 for what is answered
                with no, of a network whose classes are independent.

        Returns:
            The gradients, of the images' shape, and the scores of all classes, (n, classes).
        """
        import tensorflow as tf

        def compute(images: Any, targets: Any) -> Any:
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(images)
                scores = self._scores_of(self.classifier.model(images))
                if self.ending.is_softmax:
                    others = tf.where(targets > 0, -np.inf, scores)
                    loss = tf.reduce_logsumexp(others, axis=1) - tf.reduce_sum(targets * scores, axis=1)
                else:
                    loss = tf.reduce_sum(tf.abs(targets) * tf.nn.softplus(-targets * scores), axis=1)
            return tape.gradient(loss, images, unconnected_gradients="zero"), scores

        compiled = self._function(("loss gradients",), compute, second=((len(self.classifier.classes),), np.float32))
        gradients, scores = self._in_parts(compiled, (images, targets))
        return gradients, scores

    def gradients(self, images: np.ndarray, class_index: int, guided: bool = False) -> tuple[np.ndarray, np.ndarray]:
        """How the score of a class changes with each number of some images.

        Args:
            images: float32 (n, height, width, channels), 0–255.
            class_index: of which class; `ANSWERED` of each image's own.
            guided: whether each ReLU lets through only what raises the score.

        Returns:
            The gradients, of the images' shape, and the scores of all classes, (n, classes).
        """
        import tensorflow as tf

        def compute(images: Any, classes: Any) -> Any:
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(images)
                scores = self._scores_of(self.classifier.model(images))
                score = _chosen(scores, classes)
            return tape.gradient(score, images, unconnected_gradients="zero"), scores

        key = "guided gradients" if guided else "gradients"
        compiled = self._function((key,), compute, self.relus if guided else ())
        gradients, scores = self._in_parts(compiled, (images, _repeated(class_index, images)))
        return gradients, scores

    def maps(self, images: np.ndarray, class_index: int, layer: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The feature maps of a layer, and how the score of a class changes with each of their numbers.

        Args:
            images: float32 (n, height, width, channels), 0–255.
            class_index: of which class; `ANSWERED` of each image's own.
            layer: the layer's name.

        Returns:
            The maps, (n, height, width, channels), their gradients, and the scores of all classes, (n, classes).
        """
        import keras
        import tensorflow as tf

        def compute(images: Any, classes: Any) -> Any:
            whole = self.classifier.model
            model = keras.Model(whole.input, [whole.get_layer(layer).output, whole.output])
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(images)
                maps, outputs = model(images)
                scores = self._scores_of(outputs)
                score = _chosen(scores, classes)
            return maps, tape.gradient(score, maps, unconnected_gradients="zero"), scores

        compiled = self._function(("maps", layer), compute)
        maps, gradients, scores = self._in_parts(compiled, (images, _repeated(class_index, images)))
        return maps, gradients, scores

    def _scores_of(self, outputs: Any) -> Any:
        import tensorflow as tf

        outputs = tf.cast(outputs, tf.float32)
        if self.ending.activation is None:
            probabilities = tf.clip_by_value(outputs, _LEAST, 1 - _LEAST)
            return tf.math.log(probabilities) - tf.math.log1p(-probabilities)
        return outputs - _BOTH_CLASSES[1] if self.ending.makes_two else outputs

    def _function(
        self,
        key: tuple[str, ...],
        compute: Callable[[Any, Any], Any],
        guided: "Sequence[keras.Layer]" = (),
        second: tuple[tuple[int, ...], type] = ((), np.int32),
    ) -> Callable[..., Any]:
        """Compiles a function of images and their classes, once, with the network open at its end.

        Args:
            key: under which it is kept.
            compute: the function.
            guided: the ReLUs that pass on only what raises the score.
            second: shape and type, for one image, of what comes beside the images.
        """
        import tensorflow as tf

        def compile_() -> Callable[..., Any]:
            images = tf.TensorSpec((None, *self.classifier.input_shape), tf.float32, "images")
            with ExitStack() as stack:
                if self.ending.activation is not None:
                    stack.enter_context(without_activation(self.ending.activation))
                for layer in guided:
                    stack.enter_context(_gated(layer))
                return trace(compute, [images, tf.TensorSpec((None, *second[0]), second[1], "classes")])

        return self.compiled(key, compile_)

    def compiled(self, key: tuple[str, ...], compile_: Callable[[], Callable[..., Any]]) -> Callable[..., Any]:
        """A compiled function, which is kept under a key; it is compiled while no other thread uses the classifier.

        Raises:
            StudioError: TensorFlow cannot do it.
        """
        if key not in self._compiled:
            with self.lock:
                try:
                    self._compiled[key] = compile_()
                except Exception as error:  # whatever TensorFlow makes of layers from elsewhere
                    name = self.classifier.title
                    raise StudioError(f"“{name}” cannot be differentiated ({first_line(error)}).") from error
        return self._compiled[key]

    def _in_parts(
        self, compiled: Callable[..., Any], arrays: tuple[np.ndarray, ...], size: int | None = None
    ) -> list[np.ndarray]:
        """Calls a compiled function for one part of the arrays after the other; its last result are the scores."""
        size = size or self.batch_size
        found = []
        for start in range(0, len(arrays[0]), size):
            with self.lock:
                results = compiled(*(array[start : start + size] for array in arrays))
                found.append([np.asarray(one) for one in results])
        results = [np.concatenate(parts) for parts in zip(*found, strict=True)]
        if not np.isfinite(results[-1]).all():
            raise StudioError(
                f"“{self.classifier.title}” answers with numbers that are not finite, so there is nothing to "
                "explain: its weights are damaged, or its training diverged. Train it again with a lower learning rate."
            )
        return results


def ending_of(model: "keras.Model") -> Ending:
    """How a network comes to its probabilities."""
    layer = _behind(model, model.outputs[0])
    makes_two = layer is not None and _makes_two(layer)
    if layer is not None and makes_two:
        layer = _behind(model, layer.input)
    while layer is not None and type(layer).__name__ in _KEEPS_ORDER:
        layer = _behind(model, layer.input)
    open_ended = layer is not None and _function(layer) in ("softmax", "sigmoid")
    if makes_two and layer is not None and _function(layer) != "sigmoid":
        open_ended = False
    if layer is None or not open_ended:
        return Ending(None)
    return Ending(layer, makes_two, _function(layer) == "softmax")


def _behind(model: "keras.Model", tensor: Any) -> "keras.Layer | None":
    """The layer that gives a tensor of a network; of a network within it, the layer that gives its answer."""
    for layer in reversed(model.layers):
        if any(tensor is one for one in _as_list(layer.output)):
            return _behind(layer, layer.outputs[0]) if hasattr(layer, "layers") else layer
        if hasattr(layer, "layers") and (inner := _behind(layer, tensor)) is not None:
            return inner
    return None


def _makes_two(layer: "keras.Layer") -> bool:
    if type(layer).__name__ != "Dense" or layer.trainable or layer.kernel.shape != (1, 2) or not layer.use_bias:
        return False
    return all(np.array_equal(np.asarray(one), two) for one, two in zip(layer.weights, _BOTH_CLASSES, strict=True))


def _function(layer: "keras.Layer") -> str:
    """Keras's name of the activation that a layer ends in; empty where there is none."""
    if type(layer).__name__ == "Softmax":
        return "softmax"
    return getattr(getattr(layer, "activation", None), "__name__", "")


def _is_relu(layer: "keras.Layer") -> bool:
    return type(layer).__name__ == "ReLU" or _function(layer) in ("relu", "relu6")


@contextmanager
def without_activation(layer: "keras.Layer") -> Iterator[None]:
    """A context in which a layer is called without the activation that it ends in; one that is one does nothing."""
    if hasattr(layer, "activation"):
        with changed(layer, "activation", lambda x: x):
            yield
    else:
        with changed(layer, "call", lambda inputs, *_, **__: inputs):
            yield


@contextmanager
def _gated(layer: "keras.Layer") -> Iterator[None]:
    """A context in which a ReLU passes on only those gradients that raise the score (Springenberg et al. 2015)."""
    import tensorflow as tf

    @tf.custom_gradient
    def gate(x: Any) -> Any:
        return tf.identity(x), tf.nn.relu

    name = "call" if type(layer).__name__ == "ReLU" else "activation"
    function = getattr(layer, name)
    with changed(layer, name, lambda x: function(gate(x))):
        yield


@contextmanager
def changed(layer: "keras.Layer", name: str, value: Callable[..., Any]) -> Iterator[None]:
    """A context in which an attribute of a layer is another; what is traced meanwhile keeps that."""
    own = name in vars(layer)
    before = getattr(layer, name)
    setattr(layer, name, value)
    try:
        yield
    finally:
        if own:
            setattr(layer, name, before)
        else:
            delattr(layer, name)


def _chosen(scores: Any, classes: Any) -> Any:
    """The score of each image's class."""
    import tensorflow as tf

    highest = tf.argmax(scores, axis=1, output_type=tf.int32)
    return tf.gather(scores, tf.where(classes == ANSWERED, highest, classes), batch_dims=1)


def _repeated(class_index: int, images: np.ndarray) -> np.ndarray:
    return np.full(len(images), class_index, np.int32)


def _as_list(tensors: Any) -> list[Any]:
    return list(tensors) if isinstance(tensors, list | tuple) else [tensors]
