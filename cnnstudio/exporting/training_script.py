"""“Show Keras code”: a network and its training as a script of plain Keras that runs by itself.

The script builds the same network from the same seed, holds out the same images for validation and shows the others in
the same order at the same learning rates. A comment says what plain Keras cannot do.
"""

import textwrap
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from cnnstudio.data.augmentation.augment import Augmentation, find_augmentation
from cnnstudio.data.folders.disk import open_store
from cnnstudio.data.folders.find import find_layout
from cnnstudio.data.folders.layout import Layout
from cnnstudio.data.folders.names import composed
from cnnstudio.data.library import find_dataset
from cnnstudio.data.published.catalogue import DatasetEntry
from cnnstudio.data.report import TEST_SHARE
from cnnstudio.errors import StudioError
from cnnstudio.exporting.network_code import model_code
from cnnstudio.exporting.python_text import INDENT, LINE, assignment, call, literal, number
from cnnstudio.models.architectures.catalogue import ARCHITECTURES
from cnnstudio.models.keras_config.graph import Config, Graph
from cnnstudio.models.layer_table import LayerTable, describe
from cnnstudio.storage import is_file
from cnnstudio.training.config import OPTIMIZERS, WARM_UP, TrainingConfig
from cnnstudio.training.fine_tuning import RATE_FACTOR
from cnnstudio.wording import shape

_ONEDNN = """\
# On many processors TensorFlow is several times faster with oneDNN, but uses it only
# if this is set before it is imported.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")"""

_DRAW = '''\
def draw(labels, share, seed):
    """Draws at random the same share of each class; the same seed draws the same."""
    random = np.random.default_rng(seed)
    drawn = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        members = random.permutation(np.flatnonzero(labels == label))
        drawn[members[: max(1, round(share * len(members)))]] = True
    return drawn'''

_VALIDATION = """\
# Part of the training images is held out, to see how well it does on new ones.
held_out = draw(y_train, VALIDATION_SHARE, SEED)
x_val, y_val = x_train[held_out], y_train[held_out]
x_train, y_train = x_train[~held_out], y_train[~held_out]"""

_READ = '''\
def read_images(folder):
    """All images below a folder that has a folder of images for each class."""
    batches = keras.utils.image_dataset_from_directory(
        folder,
        class_names=CLASSES,
        color_mode={color_mode},
        image_size={image_size},
        crop_to_aspect_ratio=True,
        shuffle=False,
    )
    images, labels = zip(*batches)
    return np.concatenate(images).astype("uint8"), np.concatenate(labels)'''

_BATCHES = '''\
def batches(epochs):
    """All training images, a batch at a time, in a new order for each epoch."""
    for epoch in epochs:
        order = np.random.default_rng([SEED, epoch]).permutation(len(x_train))
        for start in range(0, len(order), BATCH_SIZE):
            chosen = order[start : start + BATCH_SIZE]
            yield {images}, y_train[chosen]'''

_FIT = """\
model.fit(
    batches(range({numbers})),
    epochs={epochs},
    steps_per_epoch=steps_per_epoch,
    validation_data=(x_val, y_val),
    shuffle=False,
    callbacks=[best],
)
model = keras.models.load_model(MODEL_FILE)"""

_EVALUATE = """\
loss, accuracy = model.evaluate(x_test, y_test)
print(f"{accuracy:.2%} of the test images are right, the loss is {loss:.4f}.")"""

_BEST = """\
# The file keeps the epoch that does best on the images held out.
best = keras.callbacks.ModelCheckpoint(
    MODEL_FILE, monitor="val_accuracy", save_best_only=True
)"""

_NETWORK = """\
# The network. The seed decides its initial weights.
keras.utils.set_random_seed(SEED)
{model}
model.summary()"""

_LOAD = """\
# The weights of the frozen layers, which were trained before.
pretrained = keras.models.load_model(PRETRAINED_FILE)
for layer in model.layers:
    if layer.weights and not layer.trainable:
        layer.set_weights(pretrained.get_layer(layer.name).get_weights())"""

_THAW = """\
# Fine-tuning: the last third of the frozen layers learns, too, in small steps.
frozen = [
    layer
    for layer in model.layers
    if layer.weights
    and not layer.trainable
    and not isinstance(layer, layers.BatchNormalization)
]
for layer in frozen[len(frozen) - round(len(frozen) / 3) :]:
    layer.trainable = True"""

_SCHEDULES = {
    "constant": "learning_rate = LEARNING_RATE",
    "cosine": f"""\
steps = EPOCHS * steps_per_epoch
# The rate rises for the first {100 * WARM_UP:g} % of the steps, then falls along a cosine.
learning_rate = keras.optimizers.schedules.CosineDecay(
    LEARNING_RATE / 11,
    decay_steps={1 - WARM_UP:g} * steps,
    warmup_target=LEARNING_RATE,
    warmup_steps={WARM_UP:g} * steps,
)""",
}
"""Each of `cnnstudio.training.config.SCHEDULES` in Keras."""

_LAYERS: dict[str, Callable[[float], tuple[str, ...]]] = {
    "shift": lambda value: (f'layers.RandomTranslation({value:g}, {value:g}, fill_mode="constant")',),
    "rotate": lambda value: (f'layers.RandomRotation({value:g} / 360, fill_mode="constant")',),
    "flip": lambda _: ('layers.RandomFlip("horizontal")',),
    "zoom": lambda value: (f'layers.RandomZoom({value:g}, fill_mode="constant")',),
    "contrast": lambda value: (f"layers.RandomContrast({value:g})",),
    # Keras takes no noise above 1.
    "noise": lambda value: ("layers.Rescaling(1 / 255)", f"layers.GaussianNoise({value:g})", "layers.Rescaling(255)"),
    "cutout": lambda value: (f"layers.RandomErasing(scale=({value:g} ** 2, {value:g} ** 2))",),
}
"""For each of `cnnstudio.data.augmentation.changes.CHANGES` layers of Keras that do nearly the same."""


def keras_script(config: Config, training: TrainingConfig, source: str = "", name: str = "") -> str:
    """Writes the script.

    It imports Keras, to ask for its defaults: call it where two seconds do not matter.

    Args:
        config: Keras's config of the network, as `cnnstudio.models.networks.building.network_config` gives it: from raw
            values 0–255 to probabilities, or one for two classes.
        training: what to train it on, and how; its architecture is not looked at.
        source: key of the architecture that the network came from, where that is known and the network has another
            name; it has the file with the weights of frozen layers.
        name: of the file that the script saves, without its ending; by default the model's.

    Returns:
        The text of a Python program, formatted as Ruff and Black do.

    Raises:
        StudioError: the network does not fit the data set, or the data set is not there.
    """
    entry = find_dataset(training.dataset, training.image_size, training.channels, layout=training.layout)
    table = describe(config)
    _check_fit(table, entry)
    graph = Graph.of(config)
    definitions, model = model_code(config)
    images = _own_images(entry, entry.path) if entry.path else _published_images(entry)
    augmentation, augmented = _augmentation_code(find_augmentation(training.augmentation))
    pretrained = _weights_file(graph, source or graph.name)
    constants = [
        f"SEED = {training.seed}",
        f"EPOCHS = {training.epochs}",
        *([f"FINE_TUNE_EPOCHS = {training.fine_tune_epochs}"] if training.fine_tune_epochs else []),
        f"BATCH_SIZE = {training.batch_size}",
        f"LEARNING_RATE = {number(float(training.learning_rate))}",
        *([f"WEIGHT_DECAY = {number(float(training.weight_decay))}"] if training.weight_decay else []),
        f"VALIDATION_SHARE = {number(float(training.validation_fraction))}",
        *images.constants,
        *assignment("MODEL_FILE", literal(f"{_file_name(name or graph.name)}.keras")),
        *(assignment("PRETRAINED_FILE", literal(str(pretrained))) if pretrained else []),
    ]
    head = [
        '"""Builds, trains, measures and saves a network with plain Keras."""',
        "\n".join(["import math", "import os", *images.imports]),
        _ONEDNN,
        "import keras\nimport numpy as np\nfrom keras import layers",
        "\n".join(constants),
    ]
    middle = [*images.paragraphs, _NETWORK.format(model=model)]
    middle += [_LOAD] if pretrained else []
    middle += [augmentation] if augmentation else []
    parts = [
        "\n\n".join(head),
        *images.definitions,
        *definitions,
        "\n\n".join(middle),
        _BATCHES.format(images=augmented.format("x_train[chosen]")),
        "\n\n".join([*_training(training, _compilation(graph, table.classes)), _EVALUATE]),
    ]
    return "\n\n\n".join(parts) + "\n"


def _file_name(name: str) -> str:
    """A name that every system takes for a file's."""
    return "".join(character if character.isalnum() or character in "-_." else "_" for character in name) or "model"


def _check_fit(table: LayerTable, entry: DatasetEntry) -> None:
    """Refuses a network that cannot be trained on a data set as it is."""
    if table.told_apart != len(entry.classes):
        raise StudioError(
            f"This network has {table.classes_text}, but {entry.called} has {len(entry.classes):,} classes. Fit the "
            "network to them first, or choose another data set."
        )
    if table.input_shape != entry.image_shape:
        raise StudioError(
            f"This network takes images of {shape(table.input_shape)}, but those of {entry.called} are "
            f"{shape(entry.image_shape)}. Fit the network to them first, or choose another data set."
        )


def _weights_file(graph: Graph, source: str) -> Path | None:
    """The file with the weights of frozen layers; None where none is frozen."""
    architecture = ARCHITECTURES.get(source)
    if all(node.trainable for node in graph.nodes.values()) or not architecture or not architecture.weights_file:
        return None
    return architecture.weights_file()


def _compilation(graph: Graph, outputs: int) -> str:
    """The call of `compile`; outputs that are no probabilities are compared as they are."""
    name = "BinaryCrossentropy" if outputs == 1 else "SparseCategoricalCrossentropy"
    loss = literal("binary_crossentropy" if outputs == 1 else "sparse_categorical_crossentropy")
    if graph.gives_logits:
        loss = f"keras.losses.{name}(from_logits=True)"
    return "\n".join(call("", "model.compile", ["optimizer", f"loss={loss}", 'metrics=["accuracy"]']))


def _training(training: TrainingConfig, compilation: str) -> Iterator[str]:
    """The paragraphs that compile, by `compilation`, and fit."""
    schedule = _SCHEDULES[training.schedule]
    optimizer = "\n".join([*_optimizer(training), compilation])
    if training.start_from:
        note = "CNN Studio starts from the weights of another model; here all weights are random."
        optimizer = f"{_comment(note)}\n{optimizer}"
    if training.precision != "float32":
        note = "CNN Studio trains with feature maps of 16 bits; here all numbers have 32."
        optimizer = f"{_comment(note)}\n{optimizer}"
    yield f"steps_per_epoch = math.ceil(len(x_train) / BATCH_SIZE)\n{schedule}"
    yield optimizer
    yield f"{_BEST}\n{_FIT.format(numbers='EPOCHS', epochs='EPOCHS')}"
    if training.fine_tune_epochs:
        yield _THAW
        smaller = schedule.replace("LEARNING_RATE", f"LEARNING_RATE / {1 / RATE_FACTOR:g}")
        yield smaller.replace("EPOCHS", "FINE_TUNE_EPOCHS")
        yield optimizer
        yield _FIT.format(numbers="EPOCHS, EPOCHS + FINE_TUNE_EPOCHS", epochs="FINE_TUNE_EPOCHS")


def _optimizer(training: TrainingConfig) -> list[str]:
    import keras

    optimizer = OPTIMIZERS[training.optimizer].build(training.learning_rate)
    class_ = type(optimizer)
    usual = class_().get_config()
    arguments = ["learning_rate"]
    for key, value in optimizer.get_config().items():
        if key not in {"learning_rate", "name"} and value != usual.get(key):
            arguments.append(f"{key}={literal(value)}")
    name = class_.__name__
    if not training.weight_decay:
        return call("optimizer = ", f"keras.optimizers.{name}", arguments)
    if issubclass(getattr(keras.optimizers, f"{name}W", object), class_):
        name += "W"
    return [
        *call("optimizer = ", f"keras.optimizers.{name}", [*arguments, "weight_decay=WEIGHT_DECAY"]),
        "# Biases and normalisations do not decay.",
        "optimizer.exclude_from_weight_decay(",
        "    [weight for weight in model.trainable_weights if len(weight.shape) < 2]",
        ")",
    ]


@dataclass(frozen=True)
class _ImagesCode:
    """Code that brings the images.

    Attributes:
        paragraphs: statements that make x_train, y_train, x_val, y_val, x_test and y_test.
        imports: lines for modules of the standard library.
        constants: lines for the top of the script.
        definitions: functions.
    """

    paragraphs: tuple[str, ...]
    imports: tuple[str, ...] = ()
    constants: tuple[str, ...] = ()
    definitions: tuple[str, ...] = (_DRAW,)


def _comment(text: str) -> str:
    """A comment, broken into lines."""
    return "\n".join(textwrap.wrap(text, LINE, initial_indent="# ", subsequent_indent="# "))


def _published_images(entry: DatasetEntry) -> _ImagesCode:
    if not entry.keras:
        raise StudioError(f"Keras cannot load {entry.called}, so there is no script for it. Choose another data set.")
    module, *arguments = entry.keras
    lines = [
        "# Raw values 0–255, and the number of each image's class.",
        *call("(x_train, y_train), (x_test, y_test) = ", f"keras.datasets.{module}.load_data", arguments),
    ]
    if entry.image_shape[2] == 1:
        lines.append("x_train, x_test = x_train[..., np.newaxis], x_test[..., np.newaxis]")
    else:
        lines.append("y_train, y_test = y_train[:, 0], y_test[:, 0]")
    return _ImagesCode(("\n".join(lines), _VALIDATION))


def _own_images(entry: DatasetEntry, path: Path) -> _ImagesCode:
    is_zip = is_file(path)
    with closing(open_store(path)) as store:
        layout = find_layout(store, path.name, lambda: None, entry.layout)
    folders = _folders_of_splits(layout)
    if not folders:
        raise StudioError(
            f"Keras reads folders that are named after classes, and {path.name} is laid out in another way, so there "
            "is no script for it. Arrange the pictures in one folder for each class, and import that."
        )
    folder = (path.with_suffix("") if is_zip else path) / layout.top
    constants = [
        *call("FOLDER = ", "Path", [literal(str(folder))]),
        *call("CLASSES = ", "", [literal(name) for name in entry.classes]),
    ]
    lines = [
        _comment(
            "CNN Studio scales and splits a folder of images in its own way: what follows trains on the same images, "
            "but not number for number the same. Keras reads the files that end in .jpg, .jpeg, .png, .gif and .bmp, "
            "leaves out all others, such as the HEIC photos of phones, and does not turn photos upright: save such "
            "photos upright and as PNG first."
        )
    ]
    if is_zip:
        lines.append(_comment("It reads the zip as it is; here it is unpacked first."))
        lines += call("", "shutil.unpack_archive", [literal(str(path)), "FOLDER"])
    variables = {"all": "train", "train": "train", "validation": "val", "test": "test"}
    for split, name in folders.items():
        images = f"FOLDER / {literal(name)}" if name else "FOLDER"
        lines.append(f"x_{variables[split]}, y_{variables[split]} = read_images({images})")
    if "test" not in folders:
        lines += [
            f"for_test = draw(y_train, {number(TEST_SHARE)}, seed=0)",
            "x_test, y_test = x_train[for_test], y_train[for_test]",
            "x_train, y_train = x_train[~for_test], y_train[~for_test]",
        ]
    height, width, channels = entry.image_shape
    colours = literal("grayscale" if channels == 1 else "rgb")
    read = _READ.format(color_mode=colours, image_size=literal([height, width]))
    return _ImagesCode(
        ("\n".join(lines), *(() if "validation" in folders else (_VALIDATION,))),
        imports=(*(("import shutil",) if is_zip else ()), "from pathlib import Path"),
        constants=tuple(constants),
        definitions=(read,) if {"validation", "test"} <= set(folders) else (_DRAW, read),
    )


def _folders_of_splits(layout: Layout) -> dict[str, str]:
    """By split, the folder below the top in which each class is a folder; empty where it is laid out otherwise."""
    found: dict[str, set[str]] = {}
    for place in layout.places:
        steps = place.path.removeprefix(layout.top).lstrip("/").split("/")
        names = list(map(composed, steps))
        label = layout.classes[place.label]
        above = "/".join(steps[: names.index(label)]) if label in names else None
        found.setdefault(place.split, set()).add("?" if above is None else above)
    folders = {split: next(iter(above)) for split, above in found.items() if len(above) == 1 and above != {"?"}}
    is_plain = layout.choice.kind == "folders" and not layout.choice.level and not layout.choice.uses
    return folders if is_plain and len(set(folders.values())) == len(found) else {}


def _augmentation_code(augmentation: Augmentation) -> tuple[str, str]:
    """A paragraph that makes the layers that vary images, and what becomes of a batch of images, `{}`.

    Where Keras has no such layers, the paragraph is a comment that says so; it is empty where nothing varies.
    """
    if augmentation.name == "none":
        return "", "{}"
    if augmentation.spec is None:
        words = f"{augmentation.title}: {augmentation.description.rstrip('.')}"
        note = f"CNN Studio varies the images ({words}), for which Keras has no layers: this trains without."
        return _comment(note), "{}"
    layers = [layer for name, value in augmentation.spec.items() for layer in _LAYERS[name](value)]
    lines = [
        _comment(
            "Every epoch shows the images changed at random, as in CNN Studio, but not number for number the same."
        ),
        "augment = keras.Sequential(",
        f"{INDENT}[",
        *(f"{INDENT * 2}{layer}," for layer in layers),
        f"{INDENT}]",
        ")",
    ]
    return "\n".join(lines), "augment({}, training=True)"
