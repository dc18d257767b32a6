"""Models that others made, which carry no card: what must be asked, what can be guessed, and where it is kept.

Such a file says nothing of its classes, nor of how a picture becomes what the network was trained on. The answers are
kept in the user's folder by the file's checksum, so that they are asked for once, wherever the file lies.
"""

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cnnstudio import wording
from cnnstudio.data.pictures.input_rules import INPUT_RULES
from cnnstudio.data.published.catalogue import DATASETS
from cnnstudio.errors import StudioError, reason
from cnnstudio.limits import IMAGE_SIZES
from cnnstudio.models.backend import import_keras
from cnnstudio.models.keras_config.equivalents import is_mixing
from cnnstudio.models.keras_config.graph import Graph, Node, layer_config
from cnnstudio.models.layer_table import describe
from cnnstudio.models.trained.card import MAX_CARD_BYTES, Card, parse_card
from cnnstudio.models.trained.class_names import find_class_names, is_from_teachable_machine, listed_names
from cnnstudio.models.trained.classifier import Classifier
from cnnstudio.models.trained.files import NoCardError, likely_size, load_model, model_digest, read_graph
from cnnstudio.models.trained.value_ranges import VALUE_RANGES
from cnnstudio.storage import data_folder, write_atomically

if TYPE_CHECKING:
    import keras


_ALIKE = frozenset({"keras_model", "model", "saved_model", "weights", "config"})
"""Names of files, without their endings, that say nothing of the model in them."""


@dataclass(frozen=True)
class Answers:
    """What the user says of a model.

    Attributes:
        name: what it is called on screen.
        classes: the class names, in the order of the outputs.
        image_size: (height, width) of its images.
        input_rule: key of `cnnstudio.data.pictures.input_rules.INPUT_RULES`.
        value_range: key of `VALUE_RANGES`.
        softmax: whether its outputs must still be made probabilities.
    """

    name: str
    classes: tuple[str, ...]
    image_size: tuple[int, int]
    input_rule: str
    value_range: str
    softmax: bool


@dataclass(frozen=True)
class Inspection:
    """What a model's file says by itself.

    Attributes:
        path: the file.
        digest: SHA-256 of the file, by which the answers are found again.
        image_size: (height, width) of its images; None where it takes any.
        channels: 1 or 3.
        guess: what is likely, with classes called “class 0”, “class 1”, …, where they are not likely the ten digits.
        range_reason: a sentence on why that value range is likely.
        rule_reason: a sentence on why that input rule is likely.
        output_reason: a sentence on what its outputs are.
        names_reason: a sentence on a file with class names beside it; empty where there is none.
        names_found: whether its class names are from there.
    """

    path: Path
    digest: str
    image_size: tuple[int, int] | None
    channels: int
    guess: Answers
    range_reason: str
    rule_reason: str
    output_reason: str
    names_reason: str = ""
    names_found: bool = False


def inspect_model(path: Path) -> Inspection:
    """Looks at what a model is made of, without its weights and without TensorFlow.

    Args:
        path: a `.keras` or `.h5` file.

    Raises:
        StudioError: it is not opened, or it is no image classifier.
    """
    graph = read_graph(path, with_weights=True)
    shape = graph.node(graph.input).config.get("batch_shape") or []
    if len(shape) != 4 or shape[3] not in (1, 3):
        words = wording.shape(shape[1:]) or "single numbers"
        raise StudioError(
            f"{path} takes {words}, but an image classifier takes images of 1 channel (grey) or 3 (colour): height, "
            "width and channels, in this order."
        )
    size = None if None in shape[1:3] else (shape[1], shape[2])
    likely = likely_size(graph)
    classes = _count_classes(path, graph, (*likely, shape[3]))
    value_range, range_reason = _likely_range(graph, shape[3])
    if value_range != "0-255" and is_from_teachable_machine(path):
        value_range, range_reason = "-1-1", "Its file is called as Teachable Machine calls those it exports."
    rule, rule_reason = _likely_rule((*likely, shape[3]))
    outputs = "are no probabilities yet: a softmax makes them so" if graph.gives_logits else "are probabilities already"
    names = tuple(f"class {number}" for number in range(classes))
    if (rule, classes) == ("digit", 10):
        names = DATASETS["mnist"].classes
    found, names_reason = find_class_names(path, classes)
    guess = Answers(_called(path), found or names, likely, rule, value_range, graph.gives_logits)
    output_reason = f"Its {classes:,} outputs {outputs}."
    return Inspection(
        path,
        model_digest(path),
        size,
        shape[3],
        guess,
        range_reason,
        rule_reason,
        output_reason,
        names_reason,
        found is not None,
    )


def _called(path: Path) -> str:
    """A name to propose: that of the file, or of its folder where all files of that kind are called alike."""
    name = path.stem.removesuffix(".weights")
    return path.parent.name if name in _ALIKE and path.parent.name else name


def read_class_names(text: str, count: int) -> tuple[str, ...]:
    """Reads class names that were typed or come from a file.

    Args:
        text: as of `listed_names`.
        count: how many there must be.

    Raises:
        StudioError: there are fewer or more, or one is there twice.
    """
    lines = listed_names(text)
    if len(lines) != count:
        raise StudioError(
            f"The network has {count:,} outputs, so it needs {count:,} class names, one a line; these "
            f"are {len(lines):,}."
        )
    twice = next((name for name, times in Counter(lines).items() if times > 1), None)
    if twice is not None:
        raise StudioError(f"“{twice}” is in the list twice. Each class needs a name of its own.")
    return tuple(lines)


def check_answers(model: Inspection, answers: Answers) -> None:
    """Checks that the answers make sense for a model.

    Raises:
        StudioError: one does not; the sentence says which, and what would do.
    """
    count = len(model.guess.classes)
    if len(answers.classes) != count:
        raise StudioError(f"The network has {count:,} outputs, so it needs {count:,} class names.")
    if model.image_size not in (None, answers.image_size):
        sides = wording.shape(model.image_size or ())
        raise StudioError(f"This network takes images of {sides} pixels and no others.")
    if not all(side in IMAGE_SIZES for side in answers.image_size):
        raise StudioError(f"The images can be {IMAGE_SIZES[0]} to {IMAGE_SIZES[-1]:,} pixels high and wide.")
    if answers.input_rule not in INPUT_RULES:
        raise StudioError(f"There is no input rule “{answers.input_rule}”. Choose one of: {', '.join(INPUT_RULES)}.")
    ranges = {name for name, entry in VALUE_RANGES.items() if model.channels in entry.channels}
    if answers.value_range not in ranges:
        raise StudioError(
            f"There is no range of values “{answers.value_range}” for such images. Choose one of: "
            f"{', '.join(name for name in VALUE_RANGES if name in ranges)}."
        )


def remember(model: Inspection, answers: Answers) -> None:
    """Keeps the answers for a model, in place of earlier ones.

    Raises:
        StudioError: they make no sense, or cannot be written.
    """
    check_answers(model, answers)
    card = _card(answers, model.channels)
    values = json.loads(card.to_json()) | {"value_range": answers.value_range, "softmax": answers.softmax}
    file = _answers_file(model.digest)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(file, json.dumps(values, indent=2, ensure_ascii=False))
    except OSError as error:
        raise StudioError(f"Your answers about this model cannot be saved: {reason(error)}.") from error


def remembered(path: Path) -> Answers | None:
    """The answers about a model; None where it was never asked for, or they cannot be read any more."""
    try:
        file = _answers_file(model_digest(path))
        with file.open("rb") as stream:
            text = stream.read(MAX_CARD_BYTES)
        values = json.loads(text)
        card = parse_card(text, file)
        height, width, _ = card.input_shape
        answers = Answers(
            card.name, card.classes, (height, width), card.input_rule, values["value_range"], values["softmax"] is True
        )
    except (OSError, ValueError, TypeError, KeyError, RecursionError, StudioError):
        return None
    return answers if answers.value_range in VALUE_RANGES and answers.input_rule in INPUT_RULES else None


def open_adopted(path: Path) -> Classifier:
    """Opens a model without a card, with the user's answers.

    Raises:
        NoCardError: there are no answers yet.
        StudioError: it is not opened.
    """
    answers = remembered(path)
    if answers is None:
        raise NoCardError(path)
    import_keras()
    model = load_model(path, answers.image_size)
    channels = model.inputs[0].shape[-1]
    return Classifier(_completed(model, path, answers), _card(answers, channels))


def _card(answers: Answers, channels: int) -> Card:
    return Card(answers.name, answers.classes, (*answers.image_size, channels), answers.input_rule)


def _answers_file(digest: str) -> Path:
    return data_folder() / "foreign" / f"{digest[:32]}.json"


def _completed(model: "keras.Model", path: Path, answers: Answers) -> "keras.Model":
    """The same network with what brings raw values into its range before it, and probabilities after it."""
    import keras

    graph = read_graph(path)
    image = graph.node(graph.input)
    channels = image.config["batch_shape"][3]
    graph.nodes[image.name] = image.with_values(batch_shape=[None, *answers.image_size, channels], dtype="float32")
    entry = VALUE_RANGES[answers.value_range]
    name = _free_name(graph, "value_range")
    if entry.layer is not None:
        graph.reconnect(image.name, name)
        graph.add(Node(name, entry.layer(name), (image.name,)))
    if answers.softmax:
        last = _free_name(graph, "probabilities")
        graph.add(Node(last, layer_config("Softmax", {"name": last}), (graph.output,)))
        graph.output = last
    graph.sort()
    completed = keras.saving.deserialize_keras_object(graph.to_config(), safe_mode=True)
    for layer in model.layers:
        completed.get_layer(layer.name).set_weights(layer.get_weights())
    if entry.weights is not None:
        completed.get_layer(name).set_weights(entry.weights())
    return completed


def _free_name(graph: Graph, name: str) -> str:
    while name in graph.nodes:
        name += "_"
    return name


def _count_classes(path: Path, graph: Graph, image_shape: tuple[int, int, int]) -> int:
    image = graph.node(graph.input)
    graph.nodes[image.name] = image.with_values(batch_shape=[None, *image_shape])
    table = describe(graph.to_config())
    if table.misfit is not None:
        raise StudioError(f"{path} is not opened. {table.misfit.text}")
    if table.classes < 2:
        raise StudioError(
            f"{path} has a single output. A classifier needs one for each class: train it with two outputs and a "
            "softmax instead of one and a sigmoid."
        )
    return table.classes


_SCALING = {
    "Rescaling": "a layer that scales its images",
    "Normalization": "a normalisation of its images",
    "BatchNormalization": "a normalisation of its images",
}

_FAMILIES = (
    (("expanded_conv", "mobilenet", "xception", "inception", "nasnet", "resnet50v2", "resnet101v2"), "-1-1"),
    (("densenet",), "imagenet"),
    (("vgg16", "vgg19", "resnet50", "resnet101", "resnet152", "conv2_block1"), "caffe"),
)
"""Pieces of names by which the networks of `keras.applications` are known, and what they take."""


def _likely_range(graph: Graph, channels: int) -> tuple[str, str]:
    following = graph.consumers(graph.input)
    while len(following) == 1 and (following[0].kind in _SCALING or _leaves_range(following[0])):
        node = following[0]
        if node.kind in _SCALING:
            return "0-255", f"The network begins with {_SCALING[node.kind]} itself."
        following = graph.consumers(node.name)
    names = json.dumps([graph.name, *(node.config for node in graph.nodes.values())]).lower()
    for words, name in _FAMILIES:
        found = next((word for word in words if word in names), None)
        if found is not None and channels in VALUE_RANGES[name].channels:
            return name, f"Its layers are named like those of a network (“{found}”) that takes its images this way."
    return "0-1", "Most networks that do not scale their images themselves were trained this way."


def _leaves_range(node: Node) -> bool:
    kind = node.kind
    if is_mixing(node):
        return True
    return kind.startswith("Random") or kind in {"ZeroPadding2D", "Resizing", "CenterCrop", "Cropping2D", "Identity"}


def _likely_rule(image_shape: tuple[int, int, int]) -> tuple[str, str]:
    height, width, channels = image_shape
    if channels == 1 and max(height, width) <= 32:
        return "digit", "Grey images of this size are most often handwritten digits, as in MNIST."
    if channels == 3 and min(height, width) >= 128:
        return "imagenet", "Colour images of this size are most often the middle of photos."
    return "centre-crop", "Nothing more is known about its images."
