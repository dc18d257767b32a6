"""“Show Keras code”: a network and its training as a script of plain Keras that runs by itself.

The script builds the same network from the same seed, holds out the same images for validation and shows the others in
the same order at the same learning rates. A comment says what plain Keras cannot do.
"""

import json
import textwrap
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from cnnstudio.data.augmentation.augment import Augmentation, find_augmentation
from cnnstudio.data.folders.disk import open_store
from cnnstudio.data.folders.layout import find_classes
from cnnstudio.data.library import find_dataset
from cnnstudio.data.published.catalogue import DatasetEntry
from cnnstudio.data.report import TEST_SHARE
from cnnstudio.errors import StudioError
from cnnstudio.exporting.network_code import ModelCode, model_code
from cnnstudio.exporting.python_text import INDENT, LINE, assignment, call, literal, number
from cnnstudio.models.architectures.catalogue import ARCHITECTURES
from cnnstudio.models.keras_config.graph import Config, Graph
from cnnstudio.storage import is_file
from cnnstudio.training.config import OPTIMIZERS, WARM_UP, TrainingConfig
from cnnstudio.training.fine_tuning import RATE_FACTOR
from cnnstudio.wording import shape

_ONEDNN = """\
# On many processors TensorFlow is several times faster with oneDNN, but uses it only
# where it is told to, before it is imported.
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
    batches(range({first}, {last})),
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

_LOAD = """\
# What the frozen layers have learnt elsewhere.
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

_SCHEDULES: dict[str, Sequence[str]] = {
    "constant": ("learning_rate = LEARNING_RATE",),
    "cosine": (
        "steps = EPOCHS * steps_per_epoch",
        f"# It rises for the first {100 * WARM_UP:g} % of the steps, and falls along a cosine.",
        "learning_rate = keras.optimizers.schedules.CosineDecay(",
        "    LEARNING_RATE / 11,",
        f"    decay_steps={1 - WARM_UP:g} * steps,",
        "    warmup_target=LEARNING_RATE,",
        f"    warmup_steps={WARM_UP:g} * steps,",
        ")",
    ),
}
"""How Keras says each of `cnnstudio.training.config.SCHEDULES`."""

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
"""For each of `cnnstudio.data.augmentation.changes.CHANGES` layers of Keras that do alike."""


def keras_script(config: Config, training: TrainingConfig, source: str = "", name: str = "") -> str:
    """Writes the script.

    It imports Keras, to ask for its defaults: call it where two seconds do not matter.

    Args:
        config: Keras's config of the network, as `cnnstudio.models.networks.building.network_config` gives it: from raw
            values 0–255 to probabilities.
        training: what to train it on, and how; its architecture is not looked at.
        source: key of the architecture that the network came from, where that is known and the network has another
            name; it tells where the weights of frozen layers are.
        name: of the file that the script saves, without its ending; by default the model's.

    Returns:
        The text of a Python program, formatted as Ruff and Black do.

    Raises:
        StudioError: the network does not fit the data set, or the data set is not there.
    """
    entry = find_dataset(training.dataset, training.image_size, training.channels)
    model = model_code(config)
    _check_fit(model, entry)
    images = _images_code(entry, training)
    augmentation = _augmentation_code(find_augmentation(training.augmentation))
    pretrained = _weights_file(config, source or model.name)
    constants = [
        f"SEED = {training.seed}",
        f"EPOCHS = {training.epochs}",
        *([f"FINE_TUNE_EPOCHS = {training.fine_tune_epochs}"] if training.fine_tune_epochs else []),
        f"BATCH_SIZE = {training.batch_size}",
        f"LEARNING_RATE = {number(float(training.learning_rate))}",
        *([f"WEIGHT_DECAY = {number(float(training.weight_decay))}"] if training.weight_decay else []),
        *images.constants,
        *assignment("MODEL_FILE", literal(f"{_file_name(name or model.name)}.keras")),
        *(assignment("PRETRAINED_FILE", literal(str(pretrained))) if pretrained else []),
    ]
    head = [
        '"""Builds, trains, measures and saves a network with plain Keras."""',
        "\n".join(
            sorted(["import math", "import os", *images.imports], key=lambda line: (line.startswith("from"), line))
        ),
        _ONEDNN,
        "import keras\nimport numpy as np\nfrom keras import layers",
        "\n".join(constants),
    ]
    middle = [*images.text, _network(model), *([_LOAD] if pretrained else []), *augmentation.text]
    return _set_off(
        "\n\n".join(head),
        *images.definitions,
        *model.definitions,
        "\n\n".join(middle),
        _BATCHES.format(images=augmentation.call.format("x_train[chosen]")),
        "\n\n".join([*_training(training, _compile_lines(config)), _EVALUATE]),
    )


def _set_off(*parts: str) -> str:
    return "\n\n\n".join(parts) + "\n"


def _file_name(name: str) -> str:
    """A name that every system takes for a file's."""
    return "".join(character if character.isalnum() or character in "-_." else "_" for character in name) or "model"


def _check_fit(model: ModelCode, entry: DatasetEntry) -> None:
    """Refuses a network that cannot be trained on a data set as it is."""
    if model.classes != len(entry.classes):
        raise StudioError(
            f"This network tells {model.classes:,} classes apart, but {entry.title} has {len(entry.classes):,}. Fit "
            "the network to them first, or choose another data set."
        )
    if model.image_shape != entry.image_shape:
        takes, has = shape(model.image_shape), shape(entry.image_shape)
        raise StudioError(
            f"This network takes images of {takes}, but those of {entry.title} are {has}. Fit the network to them "
            "first, or choose another data set."
        )


def _network(model: ModelCode) -> str:
    lines = [
        _comment("The network. The seed decides its initial weights."),
        "keras.utils.set_random_seed(SEED)",
        model.text,
        "model.summary()",
    ]
    return "\n".join(lines)


def _weights_file(config: Config, source: str) -> Path | None:
    """Where the weights of frozen layers are; None where none is frozen."""
    frozen = any(not layer["config"].get("trainable", True) for layer in config["config"]["layers"])
    architecture = ARCHITECTURES.get(source)
    if not frozen or architecture is None or architecture.weights_file is None:
        return None
    return architecture.weights_file()


def _compile_lines(config: Config) -> str:
    """The call of `compile`; outputs that are no probabilities are compared as they are."""
    graph = Graph.of(json.loads(json.dumps(config)))
    ready = graph.gives_probabilities or graph.node(graph.output).config.get("activation") == "sigmoid"
    own = "keras.losses.SparseCategoricalCrossentropy(from_logits=True)"
    loss = literal("sparse_categorical_crossentropy") if ready else own
    return "\n".join(call("", "model.compile", ["optimizer", f"loss={loss}", 'metrics=["accuracy"]']))


def _training(training: TrainingConfig, compilation: str) -> Iterator[str]:
    """The paragraphs that compile, by `compilation`, and fit."""
    steps = "steps_per_epoch = math.ceil(len(x_train) / BATCH_SIZE)"
    schedule = "\n".join(_SCHEDULES[training.schedule])
    optimizer = "\n".join([*_optimizer(training), compilation])
    if training.start_from:
        told = _comment("CNN Studio starts this from the weights of another model; here all weights are random.")
        optimizer = f"{told}\n{optimizer}"
    if training.precision != "float32":
        told = _comment("CNN Studio trains this with 16 bits for feature maps; here all numbers have 32.")
        optimizer = f"{told}\n{optimizer}"
    yield f"{steps}\n{schedule}"
    yield optimizer
    yield f"{_BEST}\n{_FIT.format(first=0, last='EPOCHS', epochs='EPOCHS').replace('range(0, ', 'range(')}"
    if training.fine_tune_epochs:
        yield _THAW
        yield schedule.replace("LEARNING_RATE", f"LEARNING_RATE / {1 / RATE_FACTOR:g}").replace(
            "EPOCHS", "FINE_TUNE_EPOCHS"
        )
        yield optimizer
        yield _FIT.format(first="EPOCHS", last="EPOCHS + FINE_TUNE_EPOCHS", epochs="FINE_TUNE_EPOCHS")


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
        imports: lines for the standard library's modules.
        constants: lines for the top of the script.
        definitions: functions.
        text: statements in paragraphs; they make x_train, y_train, x_val, y_val, x_test and y_test.
    """

    imports: tuple[str, ...]
    constants: tuple[str, ...]
    definitions: tuple[str, ...]
    text: tuple[str, ...]


def _comment(text: str) -> str:
    """A comment, broken into lines."""
    return "\n".join(textwrap.wrap(text, LINE, initial_indent="# ", subsequent_indent="# "))


def _images_code(entry: DatasetEntry, training: TrainingConfig) -> _ImagesCode:
    """Writes the code that loads a data set and holds out a part of its training images.

    Args:
        entry: the data set.
        training: its seed and share.

    Raises:
        StudioError: Keras cannot load it, or the folder of a user's own images cannot be read.
    """
    share = f"VALIDATION_SHARE = {number(float(training.validation_fraction))}"
    if entry.path is not None:
        return _own_images(entry, entry.path, share)
    if not entry.keras:
        raise StudioError(f"Keras cannot load {entry.title}, so there is no script for it. Choose another data set.")
    module, *arguments = entry.keras
    lines = [
        "# Raw values 0–255, and the number of each image's class.",
        *call("(x_train, y_train), (x_test, y_test) = ", f"keras.datasets.{module}.load_data", arguments),
    ]
    if entry.image_shape[2] == 1:
        lines.append("x_train, x_test = x_train[..., np.newaxis], x_test[..., np.newaxis]")
    else:
        lines.append("y_train, y_test = y_train[:, 0], y_test[:, 0]")
    return _ImagesCode((), (share,), (_DRAW,), ("\n".join(lines), _VALIDATION))


def _own_images(entry: DatasetEntry, path: Path, share: str) -> _ImagesCode:
    with closing(open_store(path)) as store:
        layout = find_classes(store, path.name, lambda: None)
    folders = {place.split: _below(place.path, layout.top) for place in layout.places}
    height, width, channels = entry.image_shape
    read = _READ.format(
        color_mode=literal("grayscale" if channels == 1 else "rgb"), image_size=literal([height, width])
    )
    folder = path.with_suffix("") if is_file(path) else path
    text = [
        _comment(
            "CNN Studio scales and splits a folder of images in its own way: what follows trains on the same images, "
            "but not number for number the same. Keras reads the files that end in .jpg, .jpeg, .png, .gif and .bmp, "
            "leaves out all others, such as the HEIC photos of phones, and does not turn photos upright: save such "
            "photos upright and as PNG first."
        )
    ]
    if is_file(path):
        text.append(_comment("It reads the zip as it is; here it is unpacked first."))
        text += call("", "shutil.unpack_archive", [literal(str(path)), "FOLDER"])
    text += _reading(folders)
    return _ImagesCode(
        (*(("import shutil",) if is_file(path) else ()), "from pathlib import Path"),
        (share, *_constants(folder / layout.top, entry)),
        (*(() if {"validation", "test"} <= set(folders) else (_DRAW,)), read),
        ("\n".join(text), *(() if "validation" in folders else (_VALIDATION,))),
    )


def _below(path: str, top: str) -> str:
    """The first folder of a path below the top."""
    return path.removeprefix(top).lstrip("/").split("/")[0]


def _constants(folder: Path, entry: DatasetEntry) -> list[str]:
    classes = f"[{', '.join(map(literal, entry.classes))}]"
    lines = [f"CLASSES = {classes}"]
    if len(lines[0]) > LINE:
        one_line = f"{INDENT}{classes[1:-1]}"
        inside = [one_line] if len(one_line) <= LINE else [f"{INDENT}{literal(name)}," for name in entry.classes]
        lines = ["CLASSES = [", *inside, "]"]
    return [*call("FOLDER = ", "Path", [literal(str(folder))]), *lines]


def _reading(folders: dict[str, str]) -> list[str]:
    """The lines that read the splits.

    Args:
        folders: of each split, its folder within that of the images.
    """
    variables = {"all": "train", "train": "train", "validation": "val", "test": "test"}
    lines = []
    for split, name in folders.items():
        folder = "FOLDER" if split == "all" else f"FOLDER / {literal(name)}"
        lines.append(f"x_{variables[split]}, y_{variables[split]} = read_images({folder})")
    if "test" not in folders:
        lines += [
            f"for_test = draw(y_train, {number(TEST_SHARE)}, seed=0)",
            "x_test, y_test = x_train[for_test], y_train[for_test]",
            "x_train, y_train = x_train[~for_test], y_train[~for_test]",
        ]
    return lines


@dataclass(frozen=True)
class _AugmentationCode:
    """Code that varies images.

    Attributes:
        text: statements in paragraphs, none where nothing varies.
        call: what a batch of images, `{}`, becomes.
    """

    text: tuple[str, ...]
    call: str


def _augmentation_code(augmentation: Augmentation) -> _AugmentationCode:
    """Writes the code that varies the training images; a comment where Keras has no layers for it.

    Args:
        augmentation: as chosen.
    """
    if augmentation.name == "none":
        return _AugmentationCode((), "{}")
    if augmentation.spec is None:
        words = f"{augmentation.title}: {augmentation.description}"
        text = (
            f"CNN Studio varies the images ({words.rstrip('.')}), for which Keras has no layers: this trains without."
        )
        return _AugmentationCode((_comment(text),), "{}")
    layers = [layer for name, value in augmentation.spec.items() for layer in _LAYERS[name](value)]
    told = _comment(
        "Every epoch shows the images changed at random: as in CNN Studio, but not number for number the same."
    )
    lines = ["augment = keras.Sequential(", f"{INDENT}[", *(f"{INDENT * 2}{layer}," for layer in layers)]
    return _AugmentationCode(("\n".join([told, *lines, f"{INDENT}]", ")"]),), "augment({}, training=True)")
