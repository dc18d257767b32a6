"""Models that others made, which carry no card: what must be asked, what can be guessed, and where it is kept.

Such a file says nothing of its classes, nor of how a picture becomes what the network was trained on. The answers are
kept in the user's folder by the file's checksum, so that they are asked for once, wherever the file lies.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnnstudio import wording
from cnnstudio.data.pictures.input_rules import INPUT_RULES
from cnnstudio.data.published.catalogue import DATASETS
from cnnstudio.errors import StudioError, reason
from cnnstudio.limits import IMAGE_SIZES
from cnnstudio.models.backend import import_keras
from cnnstudio.models.keras_config.equivalents import is_mixing
from cnnstudio.models.keras_config.graph import Config, Graph, Node
from cnnstudio.models.keras_config.image_input import (
    ImageShape,
    OpenShape,
    image_input,
    likeliest,
    take_images,
    takes_images,
)
from cnnstudio.models.layer_kinds import group_of
from cnnstudio.models.layer_kinds.added import VALUE_RANGE
from cnnstudio.models.layer_table import describe
from cnnstudio.models.trained.card import MAX_CARD_BYTES, Card, parse_card
from cnnstudio.models.trained.class_names import find_class_names, is_from_teachable_machine, listed_names
from cnnstudio.models.trained.classifier import Classifier
from cnnstudio.models.trained.files import (
    NoCardError,
    compiled_loss,
    likely_size,
    load_model,
    model_digest,
    read_graph,
)
from cnnstudio.models.trained.outputs import OUTPUTS, give_probabilities, likely_outputs, set_two
from cnnstudio.models.trained.value_ranges import VALUE_RANGES, ValueRange
from cnnstudio.storage import data_folder, exists, write_atomically

if TYPE_CHECKING:
    import keras


_ALIKE = frozenset({"config", "keras_model", "model", "model.savedmodel", "saved_model", "weights"})
"""Names of files, without their endings, and of folders that say nothing of the model in them."""


@dataclass(frozen=True)
class Answers:
    """What the user says of a model.

    Attributes:
        name: what it is called on screen.
        classes: the class names, in the order of the outputs.
        image_size: (height, width) of its images.
        input_rule: key of `cnnstudio.data.pictures.input_rules.INPUT_RULES`.
        value_range: key of `VALUE_RANGES`.
        outputs: key of `OUTPUTS`.
        dataset: the data set of those classes, in the same order, that it was trained on; empty where unknown.
    """

    name: str
    classes: tuple[str, ...]
    image_size: tuple[int, int]
    input_rule: str
    value_range: str
    outputs: str
    dataset: str = ""


@dataclass(frozen=True)
class Inspection:
    """What a model's file says by itself.

    Attributes:
        path: the file.
        digest: SHA-256 of the file, by which the answers are found again.
        image_size: (height, width) of its images; None where it takes several.
        channels: 1 or 3, of the guess.
        shapes: (height, width, channels) that its images may have, the likeliest first; None for a side of any size.
        outputs: how many numbers it answers with; one stands for two classes, and is the probability of the second.
        guess: what is likely, with classes called “class 0”, “class 1”, …, where they are not likely the ten digits.
        input_reason: a sentence on the shape of its images; empty where it takes images as they are.
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
    shapes: tuple[OpenShape, ...]
    outputs: int
    guess: Answers
    input_reason: str
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
    try:
        taken = image_input(graph)
        likely = _likely_shape(graph, taken.shapes)
        value_range, range_reason = _likely_range(graph, likely[2])
        take_images(graph, likely)
        count = _count_outputs(graph)
        outputs, output_reason = likely_outputs(graph, count, compiled_loss(path))
    except StudioError as error:
        raise StudioError(f"{path} is not opened. {error}") from error
    is_teachable_machine = is_from_teachable_machine(path)
    if value_range != "0-255" and is_teachable_machine:
        value_range, range_reason = "-1-1", "It is called as Teachable Machine calls what it exports."
    rule, rule_reason = _likely_rule(likely, count, is_teachable_machine)
    names = unnamed(max(count, 2))
    if (rule, count) == ("digit", 10):
        names = DATASETS["mnist"].classes
    found, names_reason = find_class_names(path, max(count, 2))
    is_fixed = len(taken.shapes) == 1 and None not in taken.shapes[0]
    return Inspection(
        path=path,
        digest=model_digest(path),
        image_size=likely[:2] if is_fixed else None,
        channels=likely[2],
        shapes=taken.shapes,
        outputs=count,
        guess=Answers(_free_name(path), found or names, likely[:2], rule, value_range, outputs.name),
        input_reason=taken.words,
        range_reason=range_reason,
        rule_reason=rule_reason,
        output_reason=output_reason,
        names_reason=names_reason,
        names_found=found is not None,
    )


def with_answers(model: Inspection, answers: Answers) -> Inspection:
    """A model that was asked about before: the answers of then, in place of what is likely.

    Answers that make no sense for it, as an earlier version may have kept them, are passed over; and so are classes
    without names, where names lie beside it by now.
    """
    try:
        check_answers(model, answers)
    except StudioError:
        return model
    likely = model.guess
    if model.names_found and answers.classes == unnamed(len(answers.classes)):
        answers = replace(answers, classes=likely.classes)

    def why(key: str, table: Mapping[str, Any], reason: str) -> str:
        """The reason for what is likely, and that it was not chosen."""
        name = getattr(likely, key)
        return reason if getattr(answers, key) == name else f"You chose this. Likely is “{table[name].title}”: {reason}"

    named = model.names_reason
    if model.names_found and answers.classes != likely.classes:
        named = "You named them so. Other names lie beside the model: “From a file…” takes them."
    return replace(
        model,
        guess=answers,
        range_reason=why("value_range", VALUE_RANGES, model.range_reason),
        rule_reason=why("input_rule", INPUT_RULES, model.rule_reason),
        output_reason=why("outputs", OUTPUTS, model.output_reason),
        names_reason=named,
    )


def usual_name(path: Path) -> str:
    """What a model is called of which nobody has said it: as its file, or its folder where all files are called so."""
    name = path.stem.removesuffix(".weights")
    for folder in path.absolute().parents[:2]:
        if name in _ALIKE and folder.name:
            name = folder.name
    return name


def _free_name(path: Path) -> str:
    """The usual name of a model, or a longer one where another model from elsewhere is called so."""
    taken = {one.answers.name for one in list_adopted() if one.path != path.absolute()}
    names = (usual_name(path), path.name, f"{path.absolute().parent.name}/{path.name}")
    return next((name for name in names if name not in taken), names[0])


def _likely_shape(graph: Graph, shapes: Sequence[OpenShape]) -> ImageShape:
    """The likeliest shape of the images that a network takes; of any size, those that it is likely made for."""
    likely = likeliest(shapes)
    return (*likely_size(graph), likely[2]) if None in shapes[0] else likely


def unnamed(count: int) -> tuple[str, ...]:
    """Names for so many classes of which nothing is known: “class 0”, “class 1”, …"""
    return tuple(f"class {number}" for number in range(count))


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
            f"The network has {count:,} classes, so it needs {count:,} class names; there "
            f"{'is' if len(lines) == 1 else 'are'} {len(lines):,}."
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
        raise StudioError(f"{_outputs_words(model)}, so it needs {count:,} class names.")
    shape = image_shape(model, answers)
    if not all(side in IMAGE_SIZES for side in answers.image_size):
        raise StudioError(f"The images can be {IMAGE_SIZES[0]} to {IMAGE_SIZES[-1]:,} pixels high and wide.")
    if answers.input_rule not in INPUT_RULES:
        raise StudioError(f"There is no input rule “{answers.input_rule}”. Choose one of: {', '.join(INPUT_RULES)}.")
    ranges = [name for name, entry in VALUE_RANGES.items() if shape[2] in entry.channels]
    if answers.value_range not in ranges:
        raise StudioError(
            f"There is no range of values “{answers.value_range}” for such images. Choose one of: {', '.join(ranges)}."
        )
    meanings = [name for name, entry in OUTPUTS.items() if entry.fits(model.outputs)]
    if answers.outputs not in meanings:
        raise StudioError(
            f"{_outputs_words(model)}, which cannot be “{answers.outputs}”. Choose one of: {', '.join(meanings)}."
        )


def image_shape(model: Inspection, answers: Answers) -> ImageShape:
    """(height, width, channels) of a model's images, given the answers about it.

    Raises:
        StudioError: it takes no images of that size.
    """
    fitting = _fitting(model.shapes, answers.image_size)
    if fitting is not None:
        return fitting
    sizes = " or ".join(wording.shape(shape[:2]) for shape in model.shapes)
    raise StudioError(f"This network takes images of {sizes} pixels and no others.")


def _fitting(shapes: Iterable[OpenShape], size: tuple[int, int]) -> ImageShape | None:
    """The shape of images of a size among those that a network takes; None where there is none."""
    height, width = size
    for *sides, channels in shapes:
        if all(side in (None, wanted) for side, wanted in zip(sides, size, strict=True)):
            return height, width, channels
    return None


def _outputs_words(model: Inspection) -> str:
    if model.outputs == 1:
        return "The network has one output, which stands for two classes"
    return f"The network has {model.outputs:,} outputs"


@dataclass(frozen=True)
class Adopted:
    """A model without a card, and what the user has said of it.

    Attributes:
        path: where it was when it was opened or described last.
        answers: what is known of it.
    """

    path: Path
    answers: Answers


def remember(model: Inspection, answers: Answers) -> None:
    """Keeps the answers for a model, in place of earlier ones.

    Raises:
        StudioError: they make no sense, or cannot be written.
    """
    check_answers(model, answers)
    card = _card(answers, image_shape(model, answers))
    values = json.loads(card.to_json()) | {
        "value_range": answers.value_range,
        "outputs": answers.outputs,
        _PLACE: str(model.path.absolute()),
    }
    try:
        _keep(_answers_file(model.digest), values)
    except OSError as error:
        raise StudioError(f"Your answers about this model cannot be saved: {reason(error)}.") from error


_PLACE = "path"
"""Under which the answers about a model say where it lies."""


def remembered(path: Path) -> Answers | None:
    """The answers about a model; None where it was never asked for, or they cannot be read any more."""
    try:
        found = _kept(path)
    except StudioError:
        return None
    return found[0] if found is not None else None


def _kept(path: Path) -> tuple[Answers, dict[str, Any]] | None:
    """The answers about a model, and all that is kept of it; named after where it lies, unless the user named it.

    Raises:
        StudioError: it is no model.
    """
    found = _read_answers(_answers_file(model_digest(path)))
    if found is None:
        return None
    answers, values = found
    place = values.get(_PLACE)
    if place not in (None, str(path.absolute())) and answers.name == usual_name(Path(str(place))):
        name = usual_name(path)
        return replace(answers, name=name), values | {"name": name}
    return found


def list_adopted() -> list[Adopted]:
    """The models without a card of which the user has said what they are, by name; those that are gone are left out."""
    found = []
    with suppress(OSError):
        for file in (data_folder() / _FOLDER).glob("*.json"):
            kept = _read_answers(file)
            if kept is not None and kept[1].get(_PLACE) and exists(place := Path(str(kept[1][_PLACE]))):
                found.append(Adopted(place, kept[0]))
    return sorted(found, key=lambda one: (one.answers.name.casefold(), str(one.path)))


def take_off_list(path: Path) -> None:
    """Has `list_adopted` leave a model out until it is opened again; its file stays, and so do the answers about it.

    Raises:
        StudioError: that cannot be written.
    """
    place = str(path.absolute())
    try:
        for file in (data_folder() / _FOLDER).glob("*.json"):
            kept = _read_answers(file)
            if kept is not None and kept[1].get(_PLACE) == place:
                _keep(file, {key: value for key, value in kept[1].items() if key != _PLACE})
    except OSError as error:
        raise StudioError(f"{path.name} cannot be taken off the list: {reason(error)}.") from error


def _read_answers(file: Path) -> tuple[Answers, dict[str, Any]] | None:
    """Kept answers, and all that the file says; None where there are none, or they cannot be read any more."""
    try:
        with file.open("rb") as stream:
            text = stream.read(MAX_CARD_BYTES)
        values = json.loads(text)
        card = parse_card(text, file)
        outputs = values["outputs"] if "outputs" in values else _FROM_SOFTMAX[values["softmax"] is True]
        answers = Answers(
            card.name, card.classes, card.input_shape[:2], card.input_rule, values["value_range"], outputs, card.dataset
        )
        is_known = answers.value_range in VALUE_RANGES and answers.outputs in OUTPUTS
    except (OSError, ValueError, TypeError, KeyError, RecursionError, StudioError):
        return None
    return (answers, values) if is_known and answers.input_rule in INPUT_RULES else None


def _keep(file: Path, values: Mapping[str, Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(file, json.dumps(values, indent=2, ensure_ascii=False))


_FROM_SOFTMAX = {True: "logits", False: "probabilities"}
"""What the answers of earlier versions say of outputs, by whether a softmax was to be added."""


def open_adopted(path: Path) -> Classifier:
    """Opens a model without a card, with the user's answers.

    Raises:
        NoCardError: there are no answers yet.
        StudioError: it is not opened, or no image classifier.
    """
    found = _kept(path)
    if found is None:
        inspect_model(path)  # of what is no classifier nothing needs to be asked
        raise NoCardError(path)
    answers, values = found
    model = completed_model(path, answers)
    place = str(path.absolute())
    if values.get(_PLACE) != place:
        with suppress(OSError):  # it is opened all the same
            _keep(_answers_file(model_digest(path)), values | {_PLACE: place})
    return Classifier(model, _card(answers, model.inputs[0].shape[1:]), adopted=True)


def completed_model(path: Path, answers: Answers) -> "keras.Model":
    """Opens a model with what brings raw values of images into its range before it, and probabilities after it.

    Raises:
        NoCardError: the answers are not about this model.
        StudioError: it is not opened.
    """
    import_keras()
    model = load_model(path, answers.image_size)
    graph = read_graph(path)
    shape = _fitting(image_input(graph).shapes, answers.image_size)
    if shape is None:
        raise NoCardError(path)
    return _completed(model, graph, shape, answers)


def read_image_config(path: Path) -> Config:
    """Reads what a model file says of its layers, as `read_config` does, with an input of images of one size.

    Where the file leaves that open, it is the size of the user's answers, or the likeliest. Where they say that the
    network takes its images in another range of values, a layer brings them into it.

    Raises:
        StudioError: the file is not opened.
    """
    graph = read_graph(path)
    answers = remembered(path)
    if takes_images(graph) and answers is None:
        return graph.to_config()
    shapes = image_input(graph).shapes
    shape = None if answers is None else _fitting(shapes, answers.image_size)
    take_images(graph, shape or _likely_shape(graph, shapes))
    if answers is not None:
        _add_range(graph, VALUE_RANGES[answers.value_range])
    return graph.to_config()


def _card(answers: Answers, shape: ImageShape) -> Card:
    independent = OUTPUTS[answers.outputs].independent
    return Card(
        answers.name, answers.classes, shape, answers.input_rule, dataset=answers.dataset, independent=independent
    )


_FOLDER = "foreign"
"""Of the answers, in the user's data folder."""


def _answers_file(digest: str) -> Path:
    return data_folder() / _FOLDER / f"{digest[:32]}.json"


def _completed(model: "keras.Model", graph: Graph, shape: ImageShape, answers: Answers) -> "keras.Model":
    import keras

    take_images(graph, shape)
    count = _count_outputs(graph)
    _add_range(graph, VALUE_RANGES[answers.value_range])
    two = give_probabilities(graph, OUTPUTS[answers.outputs], count)
    graph.sort()
    completed = keras.saving.deserialize_keras_object(graph.to_config(), safe_mode=True)
    for own in model.layers:
        layer = completed.get_layer(own.name)
        layer.set_weights(own.get_weights())
        if isinstance(layer, keras.layers.Normalization):
            layer.finalize_state()  # what it computes with is worked out from its weights
    if two is not None:
        set_two(completed.get_layer(two))
    return completed


def _add_range(graph: Graph, entry: ValueRange) -> None:
    """Adds what brings raw values into a range behind the image."""
    before = graph.input
    for layer in entry.layers(graph.free_name(VALUE_RANGE)):
        node = Node(layer["config"]["name"], layer, (before,))
        graph.reconnect(before, node.name)
        graph.add(node)
        before = node.name


def _count_outputs(graph: Graph) -> int:
    table = describe(graph.to_config())
    if table.purpose:
        raise StudioError(
            f"{table.purpose} CNN Studio opens classifiers, which give one number for each class; the Architecture "
            "page shows the layers of this one."
        )
    if table.misfit is not None:
        raise StudioError(table.misfit.text)
    return table.classes


_SCALING = {
    "AutoContrast": "a layer that changes their contrast",
    "ContrastLimitedAdaptiveHistogramEqualization": "a layer that changes their contrast",
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
        if node.kind in _SCALING and _takes_raw(node):
            return "0-255", f"The network begins with {_SCALING[node.kind]} itself."
        following = graph.consumers(node.name)
    names = json.dumps([graph.name, *(node.config for node in graph.nodes.values())]).lower()
    for words, name in _FAMILIES:
        found = next((word for word in words if word in names), None)
        if found is not None and channels in VALUE_RANGES[name].channels:
            return name, f"Its layers are named like those of a network (“{found}”) that takes its images this way."
    return "0-1", "Most networks that do not scale their images themselves were trained this way."


def _takes_raw(node: Node) -> bool:
    """Whether a layer of `_SCALING` that says for which values it was made was made for those of a picture."""
    values = node.config.get("value_range")
    return not isinstance(values, list) or values[-1:] == [255]


_LEAVES_RANGE = frozenset({"CenterCrop", "Cropping2D", "Flatten", "Permute", "Reshape", "Resizing", "ZeroPadding2D"})


def _leaves_range(node: Node) -> bool:
    return is_mixing(node) or group_of(node.kind) == "Regularisation" or node.kind in _LEAVES_RANGE


_IMAGENET_CLASSES = 1_000


def _likely_rule(image_shape: ImageShape, outputs: int, is_teachable_machine: bool) -> tuple[str, str]:
    """How pictures were most probably prepared for a network's training, and a sentence on why.

    It rests on what published code does. Teachable Machine cuts out the largest square in the middle, with Pillow's
    `ImageOps.fit`. Networks for the classes of ImageNet are tested on seven eighths of it. All others were most
    probably trained by Keras's own loaders, as in its tutorials, and these stretch pictures unless they are told not
    to: `image_dataset_from_directory`, `flow_from_directory`, `load_img` with a `target_size`.
    """
    height, width, channels = image_shape
    if is_teachable_machine:
        return "centre-crop", "Teachable Machine cuts the largest square out of the middle of a picture."
    if channels == 1 and max(height, width) <= 32:
        return "digit", "Grey images of this size are most often handwritten digits, as in MNIST."
    if outputs == _IMAGENET_CLASSES:
        return "imagenet", f"{outputs:,} classes are most often those of ImageNet."
    return PLAIN_RULE, "Most networks of Keras were trained on pictures that were loaded so."


PLAIN_RULE = "stretch"
"""How pictures are likely prepared for a network of whose images nothing is known."""
