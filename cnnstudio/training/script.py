"""“Show Keras code”: a network and its training as a script of plain Keras that runs by itself.

The script builds the same network from the same seed, holds out the same images for validation and shows the others in
the same order at the same learning rates. What plain Keras cannot say, a comment tells.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from cnnstudio.data.augmentation import find_augmentation
from cnnstudio.data.datasets import DatasetEntry
from cnnstudio.data.library import find_dataset
from cnnstudio.errors import StudioError
from cnnstudio.models.architectures import ARCHITECTURES
from cnnstudio.models.graph import Config, Graph
from cnnstudio.models.keras_code import ModelCode, model_code
from cnnstudio.models.python_text import assignment, call, literal, number
from cnnstudio.training.config import OPTIMIZERS, WARM_UP, TrainingConfig
from cnnstudio.training.fine_tuning import RATE_FACTOR
from cnnstudio.training.script_images import augmentation_code, comment, images_code

_ONEDNN = """\
# On many processors TensorFlow is several times faster with oneDNN, but uses it only
# where it is told to, before it is imported.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")"""

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


def keras_script(config: Config, training: TrainingConfig, source: str = "", name: str = "") -> str:
    """Writes the script.

    It imports Keras, to ask for its defaults: call it where two seconds do not matter.

    Args:
        config: Keras's config of the network, as `cnnstudio.models.networks.network_config` gives it: from raw values
            0–255 to probabilities.
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
    images = images_code(entry, training)
    augmentation = augmentation_code(find_augmentation(training.augmentation))
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
        takes, has = ("×".join(map(str, shape)) for shape in (model.image_shape, entry.image_shape))
        raise StudioError(
            f"This network takes images of {takes}, but those of {entry.title} are {has}. Fit the network to them "
            "first, or choose another data set."
        )


def _network(model: ModelCode) -> str:
    lines = [
        comment("The network. The seed decides its initial weights."),
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
        told = comment("CNN Studio starts this from the weights of another model; here all weights are random.")
        optimizer = f"{told}\n{optimizer}"
    if training.precision != "float32":
        told = comment("CNN Studio trains this with 16 bits for feature maps; here all numbers have 32.")
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
