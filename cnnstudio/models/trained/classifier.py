"""A classifier: a trained Keras model with its class names and its input rule."""

import math
from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from cnnstudio import wording
from cnnstudio.errors import StudioError, reason
from cnnstudio.models.backend import import_keras, trace
from cnnstudio.models.layer_kinds import group_of
from cnnstudio.models.layer_kinds.recurrent import is_recurrent
from cnnstudio.models.trained.card import CARD_FILE, MODEL_FILE, Card
from cnnstudio.models.trained.files import first_line
from cnnstudio.models.trained.layer_arithmetic import Arithmetic, arithmetic_of, is_explained
from cnnstudio.models.trained.outputs import LIKELY
from cnnstudio.storage import write_together

if TYPE_CHECKING:
    import keras
    from PIL import Image

    from cnnstudio.data.pictures.input_rules import Box, Part, Prepared

MAX_BATCH = 512
MAX_BATCH_BYTES = 2**26
"""What the largest layer may answer to one batch, in bytes; larger batches take more memory, and longer."""

MAX_PASSES = 4
"""Forward passes that a classifier keeps compiled, one for each choice of feature maps: those used last. One takes some
ten times the memory of its weights."""

MAX_FROZEN_BYTES = 2**25
"""Weights beyond this are not frozen: a compiled pass holds several copies of its own, and takes longer to compile."""

MAX_FROZEN_BYTES_OF_MANY = 2**21
"""Likewise where a pass is compiled for each choice of feature maps."""

IMAGE = ""
"""What stands for the image among the names of layers; no layer can be called so."""

Picture: TypeAlias = "Image.Image | str | Path | bytes"
"""A picture that has still to be prepared: an open one, the path of a file, or the bytes of one."""

_Pass: TypeAlias = Callable[[np.ndarray], Sequence[Any]]
"""A compiled forward pass: from images, (n, height, width, channels) uint8, to tensors."""


@dataclass(frozen=True)
class LayerInfo:
    """A layer whose output a prediction can contain.

    Attributes:
        name: the layer's name in the model.
        kind: its Keras class, such as `Conv2D`.
        shape: of its output for one image, (height, width, channels) or (units,).
        main: whether its output is worth showing: not where only a normalisation, an activation or a sum follows,
            which shows the same further on, and not where it changes nothing, like dropout. With these alone, a
            prediction is nearly as fast as without any feature maps, for TensorFlow computes a convolution, its
            normalisation and its activation in one go.
        sources: the names of the layers that feed it, in the order in which it takes them; `IMAGE` for the image.
        parameters: how many numbers it has learned or measured.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    main: bool
    sources: tuple[str, ...] = ()
    parameters: int = 0


@dataclass(frozen=True, eq=False)
class LayerOutput:
    """The output of one layer for one image.

    Attributes:
        name: the layer's name in the model.
        kind: its Keras class, such as `Conv2D`.
        values: float32, (height, width, channels) where it has feature maps, (units,) where it is flat.
    """

    name: str
    kind: str
    values: np.ndarray


@dataclass(frozen=True, eq=False)
class Prediction:
    """The answer of a classifier to one image.

    Attributes:
        probabilities: (classes,) float32, 0–1; together 1, unless they are independent.
        classes: the class names, in the same order.
        layers: the outputs of the layers that were asked for, in the model's order.
        independent: whether each class has a probability of its own, so that several may be right, or none.
    """

    probabilities: np.ndarray
    classes: tuple[str, ...]
    layers: tuple[LayerOutput, ...] = ()
    independent: bool = False

    @property
    def answers(self) -> list[tuple[int, str, float]]:
        """The classes that are answered, as of `top`: the most probable one, or of independent ones all likely ones."""
        if not self.independent:
            return self.top(1)
        return [one for one in self.top(len(self.classes)) if one[2] >= LIKELY]

    @property
    def tied(self) -> list[tuple[int, str, float]]:
        """The most probable class and those that are as probable, as of `top`."""
        everything = self.top(len(self.classes))
        return everything[: wording.count_tied([share for *_, share in everything])]

    def top(self, n: int) -> list[tuple[int, str, float]]:
        """The `n` most probable classes as (index, class, probability), the best first; fewer where there are fewer."""
        order = np.argsort(-self.probabilities, kind="stable")[:n]
        return [(int(index), self.classes[index], float(self.probabilities[index])) for index in order]


class Classifier:
    """A trained Keras model with its card.

    A classifier is used by one thread at a time: its owner decides which. Different classifiers may be used by
    different threads at once.

    Args:
        model: a Keras model of one image input and one output of class probabilities, taking raw values 0–255.
        card: its card.
        adopted: whether the card is what a user has said of the model, for its file does not say it.

    Attributes:
        title: what messages call it: as its card names it, unless whoever opens it knows a better name.

    Raises:
        StudioError: the model and the card do not belong together.
    """

    def __init__(self, model: "keras.Model", card: Card, adopted: bool = False) -> None:
        keras = import_keras()
        # A Sequential model has no `input`; of its layers, the same can be made as a model that has.
        is_chain = isinstance(model, keras.Sequential) and model.built
        self.model = keras.Model(model.inputs[0], model.outputs[0], name=model.name) if is_chain else model
        self.card = card
        self.adopted = adopted
        self.title = card.name
        self._passes: OrderedDict[tuple[str, ...], _Pass] = OrderedDict()
        self._frozen: list[tuple[Any, np.ndarray]] = []
        self._check()

    @property
    def classes(self) -> tuple[str, ...]:
        """The class names, in the order of the outputs."""
        return self.card.classes

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """(height, width, channels) of the images it takes."""
        return self.card.input_shape

    @cached_property
    def _has_loops(self) -> bool:
        return any(is_recurrent(type(layer).__name__) for layer in self.model.layers)

    @cached_property
    def layers(self) -> tuple[LayerInfo, ...]:
        """Every layer that has an output of its own, in the model's order."""
        own = {layer.name for layer in self._layers}
        consumers: dict[int, list[str]] = {}
        for layer in self.model.layers:
            for tensor in _as_list(layer.input):
                consumers.setdefault(id(tensor), []).append(type(layer).__name__)
        found = []
        for layer in self._layers:
            kind, after = type(layer).__name__, consumers.get(id(layer.output), [])
            is_finished_later = len(after) == 1 and (
                group_of(after[0]) in ("Activation", "Normalisation") or after[0] == "Add"
            )
            main = group_of(kind) != "Regularisation" and not is_finished_later
            sources = tuple(_source(tensor, own) for tensor in _as_list(layer.input))
            shape = tuple(layer.output.shape[1:])
            found.append(LayerInfo(layer.name, kind, shape, main, sources, layer.count_params()))
        return tuple(found)

    def prepare(self, picture: Picture, box: "Box | None" = None) -> "Prepared":
        """Makes the image that the network gets from a picture, by the card's input rule.

        Args:
            picture: an open picture, or the path or the bytes of a file.
            box: the part of the upright picture that is taken, where the rule takes a rectangle; its own where None.

        Returns:
            The image, uint8 of `input_shape`, and the pictures of the steps that led there.

        Raises:
            StudioError: the picture cannot be read, or the rule finds nothing in it.
        """
        from cnnstudio.data.pictures.input_rules import INPUT_RULES, cut_out
        from cnnstudio.data.pictures.open import open_image

        try:
            rule = INPUT_RULES[self.card.input_rule]
        except KeyError:
            raise StudioError(
                f"“{self.title}” prepares pictures by the rule “{self.card.input_rule}”, which this version of CNN "
                f"Studio does not have. It has: {', '.join(INPUT_RULES)}."
            ) from None
        opened = open_image(picture)
        if box is not None and rule.crops:
            return cut_out(opened, box, self.input_shape)
        return rule.prepare(opened, self.input_shape)

    def split(self, picture: Picture) -> "tuple[Part, ...]":
        """Finds the several things that a picture shows, such as the digits on a sheet.

        Returns:
            At least two, each with the image that the network gets of it; nothing where the picture shows one thing,
            or where the network knows other things than digits.

        Raises:
            StudioError: the picture cannot be read.
        """
        from cnnstudio.data.pictures.input_rules import INPUT_RULES
        from cnnstudio.data.pictures.open import open_image

        rule = INPUT_RULES.get(self.card.input_rule)
        if rule is None or not all(name.isdigit() for name in self.classes):
            return ()
        return rule.split(open_image(picture), self.input_shape)

    def predict(self, image: "np.ndarray | Picture", feature_maps: bool | Collection[str] = False) -> Prediction:
        """Classifies one image.

        The first prediction with a new choice of feature maps compiles a forward pass, which takes some 0.1–0.5 s.

        Args:
            image: uint8 (height, width, channels) of `input_shape`, for one channel also (height, width); or a
                picture, the path of one, or the bytes of its file, which is prepared first.
            feature_maps: whether to return what every layer answered, or the names of the layers that are meant.

        Raises:
            StudioError: the image is of another shape or type, or cannot be read; or there is no such layer.
        """
        from tensorflow.python.eager.context import function_executor_type

        pixels = image if isinstance(image, np.ndarray) else self.prepare(image).image
        batch = self.as_batch(pixels[np.newaxis])
        names = self._chosen(feature_maps)
        compiled = self._pass(names) if names else self._probabilities
        # In this thread, one operation after the other: with oneDNN, handing each small one to another thread takes a
        # tenth to a fifth of the time of a single image. What an operation itself divides among threads, it still does.
        # The loops of recurrent layers cannot be computed so.
        with nullcontext() if self._has_loops else function_executor_type("SINGLE_THREADED_EXECUTOR"):
            *outputs, last = compiled(batch)
        kinds = {layer.name: layer.kind for layer in self.layers}
        layers = tuple(
            LayerOutput(name, kinds[name], np.asarray(output)[0]) for name, output in zip(names, outputs, strict=True)
        )
        return self.prediction(self._finite(last.numpy()[0]), layers)

    def arithmetic(self, image: np.ndarray, name: str) -> Arithmetic | None:
        """Says how each number of a layer's output for an image comes about.

        Args:
            image: uint8, as for `predict`.
            name: the layer's.

        Returns:
            None for a kind of layer whose numbers are not explained.

        Raises:
            StudioError: the image is of another shape or type; or there is no such layer.
        """
        self._chosen([name])
        layer = self.model.get_layer(name)
        if not is_explained(type(layer).__name__):
            return None
        batch = self.as_batch(image[np.newaxis])
        *sources, output = self._pass_to((name, "and its input"), lambda: [*_as_list(layer.input), layer.output])(batch)
        return arithmetic_of(layer, tuple(np.asarray(source)[0] for source in sources), np.asarray(output)[0])

    def weight_gradient(self, image: np.ndarray, name: str) -> np.ndarray | None:
        """How the loss of the class that is answered for an image changes with the weights of a layer.

        Args:
            image: uint8, as for `predict`.
            name: the layer's.

        Returns:
            The gradient of −log p by its kernel, in the kernel's shape; None where the layer has none.

        Raises:
            StudioError: the image is of another shape or type; or there is no such layer.
        """
        import tensorflow as tf

        self._chosen([name])
        kernel = kernel_of(self.model.get_layer(name))
        if kernel is None:
            return None
        batch = tf.cast(self.as_batch(image[np.newaxis]), tf.float32)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(kernel.value)
            answer = tf.reduce_max(self.model(batch, training=False)[0])
            loss = -tf.math.log(tf.maximum(answer, 1e-30))
        gradient = tape.gradient(loss, kernel.value)
        return None if gradient is None else gradient.numpy()

    def prediction(self, probabilities: np.ndarray, layers: tuple[LayerOutput, ...] = ()) -> Prediction:
        """What the probabilities for an image, (classes,), say, as of `predict_many`."""
        return Prediction(probabilities, self.classes, layers, self.card.independent)

    def predict_many(self, images: np.ndarray) -> np.ndarray:
        """Classifies many images, `batch_size` at a time.

        Args:
            images: uint8 (n, height, width, channels) of `input_shape`, for one channel also (n, height, width).

        Returns:
            (n, classes) float32 probabilities.

        Raises:
            StudioError: the images are of another shape or type.
        """
        batch = self.as_batch(images)
        probabilities = np.empty((len(batch), len(self.classes)), np.float32)
        for start in range(0, len(batch), self.batch_size):
            part = slice(start, start + self.batch_size)
            (answers,) = self._probabilities(batch[part])
            probabilities[part] = answers.numpy()
        return self._finite(probabilities)

    @cached_property
    def batch_size(self) -> int:
        """How many images to classify at a time, given the memory that the layers take."""
        largest = max((math.prod(layer.shape) for layer in self.layers), default=1)
        return max(1, min(MAX_BATCH, MAX_BATCH_BYTES // (4 * largest)))

    def freeze(self, most: int = MAX_FROZEN_BYTES) -> None:
        """Keeps the weights of now for all predictions, which makes them faster, by a quarter for deep networks.

        TensorFlow then merges normalisations into convolutions. Later changes of the model's weights do not count.

        Args:
            most: bytes of weights; where there are more, nothing happens.
        """
        variables = self.model.variables
        if sum(math.prod(variable.shape) for variable in variables) * 4 <= most:
            self._frozen = [(variable, np.asarray(variable)) for variable in variables]
            self._passes.clear()
            self.__dict__.pop("_probabilities", None)

    def warm_up(self, feature_maps: bool | Collection[str] = True) -> None:
        """Compiles a forward pass, which the first prediction would wait for otherwise.

        Args:
            feature_maps: as for `predict`.
        """
        self.predict(np.zeros(self.input_shape, np.uint8), feature_maps)

    def save(self, folder: Path) -> None:
        """Writes model.keras, which plain Keras opens too, and card.json into a folder.

        Both take their places once both are written, the card first: a folder with a model has a card.

        Args:
            folder: made where it does not exist.

        Raises:
            StudioError: the folder cannot be written to; what was in it is as it was.
        """
        import keras

        # The same layers and weights without what only training needs, which would triple the file.
        model = keras.Model(self.model.input, self.model.output, name=self.model.name)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            write_together({folder / CARD_FILE: self.card.to_json(), folder / MODEL_FILE: model.save})
        except OSError as error:
            raise StudioError(
                f"The model cannot be saved in {folder}: {reason(error)}. Choose another folder."
            ) from error

    @cached_property
    def _layers(self) -> list["keras.Layer"]:
        import keras

        # The input says nothing new, and the output of a model within is that of its last layer.
        return [layer for layer in self.model.layers if not isinstance(layer, keras.layers.InputLayer | keras.Model)]

    @cached_property
    def _probabilities(self) -> _Pass:
        return self._compile(lambda images: self.model(images, training=False), batch=None)

    def _chosen(self, feature_maps: bool | Collection[str]) -> tuple[str, ...]:
        """The names of the layers that are meant, in the model's order, each once."""
        if isinstance(feature_maps, bool):
            return tuple(layer.name for layer in self.layers) if feature_maps else ()
        wanted = {feature_maps} if isinstance(feature_maps, str) else set(feature_maps)
        names = tuple(layer.name for layer in self.layers if layer.name in wanted)
        if len(names) < len(wanted):
            raise StudioError(f"“{self.title}” has no layer “{min(wanted.difference(names))}”.")
        return names

    def _pass(self, names: tuple[str, ...]) -> _Pass:
        """The compiled forward pass that answers with these layers' outputs and the probabilities."""

        def outputs() -> list[Any]:
            chosen = set(names)
            return [*(layer.output for layer in self._layers if layer.name in chosen), self.model.output]

        return self._pass_to(names, outputs)

    def _pass_to(self, key: tuple[str, ...], tensors: Callable[[], list[Any]]) -> _Pass:
        """The compiled forward pass that answers with some tensors of the model, kept under a key."""
        import keras

        if key in self._passes:
            self._passes.move_to_end(key)
        else:
            model = keras.Model(self.model.input, tensors())
            if len(self._passes) == MAX_PASSES:
                self._passes.popitem(last=False)
            self._passes[key] = self._compile(lambda images: model(images, training=False), batch=1)
        return self._passes[key]

    def _compile(self, forward: Callable[[Any], Any], batch: int | None) -> _Pass:
        """Compiles a forward pass on raw bytes, once, for batches of one size or (None) of any."""
        import keras
        import tensorflow as tf

        def compute(images: Any) -> Any:
            constants = [(variable, tf.constant(value)) for variable, value in self._frozen]
            with keras.StatelessScope(state_mapping=constants) if constants else nullcontext():
                outputs = forward(tf.cast(images, tf.float32))
            return tf.nest.map_structure(lambda output: tf.cast(output, tf.float32), outputs)

        try:
            compiled = trace(compute, [tf.TensorSpec((batch, *self.input_shape), tf.uint8)])
        except Exception as error:  # whatever TensorFlow makes of layers from elsewhere
            raise StudioError(f"“{self.title}” cannot be computed ({first_line(error)}).") from error

        return lambda images: compiled.flat(tf.constant(images))

    def _check(self) -> None:
        name, card = self.title, self.card
        # A model that is not built yet, or only has a `call`, has neither.
        if any(len(getattr(self.model, side, None) or ()) != 1 for side in ("inputs", "outputs")):
            raise StudioError(f"“{name}” is no image classifier: it needs exactly one input and one output.")
        takes = tuple(self.model.inputs[0].shape[1:])
        if takes != card.input_shape:
            raise StudioError(
                f"The card of “{name}” says that its images are {_words(card.input_shape)}, but its network takes "
                f"{_words(takes)}. The two files do not belong together."
            )
        answers = tuple(self.model.outputs[0].shape[1:])
        if answers != (len(card.classes),):
            raise StudioError(
                f"The card of “{name}” names {len(card.classes)} classes, but its network answers with "
                f"{_words(answers)} numbers. The two files do not belong together."
            )

    def as_batch(self, images: np.ndarray) -> np.ndarray:
        """Checks images, and gives those of one channel that dimension where they lack it.

        Args:
            images: as for `predict_many`.

        Raises:
            StudioError: the images are of another shape or type.
        """
        if images.ndim == 3 and self.input_shape[2] == 1:
            images = images[..., np.newaxis]
        if images.ndim != 4 or images.shape[1:] != self.input_shape:
            raise StudioError(
                f"“{self.title}” takes images of {_words(self.input_shape)}, not {_words(images.shape[1:])}."
            )
        if images.dtype != np.uint8:
            raise StudioError(f"“{self.title}” takes images of whole numbers 0–255 (uint8), not {images.dtype}.")
        return images

    def _finite(self, probabilities: np.ndarray) -> np.ndarray:
        if not np.isfinite(probabilities).all():
            raise StudioError(
                f"“{self.title}” answers with numbers that are not finite: its weights are damaged, or its "
                "training diverged. Train it again with a lower learning rate."
            )
        return probabilities


def kernel_of(layer: "keras.Layer") -> "keras.Variable | None":
    """The weights of a convolution that slide, (height, width, channels, filters), or of a dense layer; else None.

    Of a separable convolution, those of its first step.
    """
    kernel = getattr(layer, "depthwise_kernel", None)
    return getattr(layer, "kernel", None) if kernel is None else kernel


def _source(tensor: Any, layers: Collection[str]) -> str:
    """The name of the layer that a tensor comes from, past operations that are no layers; `IMAGE` for none."""
    operation = tensor._keras_history.operation
    while operation.name not in layers:
        given = _as_list(operation.input) if operation._inbound_nodes else []
        if not given or given[0] is tensor:
            return IMAGE
        tensor = given[0]
        operation = tensor._keras_history.operation
    return str(operation.name)


def _as_list(tensors: Any) -> list[Any]:
    return list(tensors) if isinstance(tensors, list | tuple) else [tensors]


def _words(shape: Sequence[int | None]) -> str:
    return wording.shape(shape) or "single"
