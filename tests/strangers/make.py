"""Makes files of models as people have them, and what each network answers in the Keras that wrote it.

Run by hand, where the package tf_keras is installed beside TensorFlow:

    python -m tests.strangers.make                  the files in this folder, which the tests read, from Keras 2
    python -m tests.strangers.make FOLDER [NAME …]  the networks of `recipes`, the large ones too, into another folder;
                                                    says of each by how much the answers of CNN Studio differ, and
                                                    fails where one differs too much
"""

import json
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np

from tests.strangers.recipes import RECIPES, save

FOLDER = Path(__file__).parent
NAMES = "0 Cat\n1 Big Dog\n2 Käfer\n"


def image() -> np.ndarray:
    """What each network is asked about: raw values, (12, 12, 3)."""
    return (np.arange(12 * 12 * 3).reshape(12, 12, 3) * 37 % 256).astype(np.uint8)


def network(order: str):
    """A shortcut, a normalisation and a flattening, with the channels in one order."""
    import tf_keras
    from tf_keras import layers

    tf_keras.utils.set_random_seed(5)
    first = order == "channels_first"
    x = inputs = layers.Input((3, 12, 12) if first else (12, 12, 3))
    x = layers.Conv2D(4, 3, activation="relu", data_format=order, name="conv")(x)
    y = layers.DepthwiseConv2D(3, padding="same", data_format=order, name="depthwise")(x)
    x = layers.Add(name="sum")([x, y])
    x = layers.BatchNormalization(1 if first else 3, name="norm")(x)
    x = layers.MaxPooling2D(data_format=order, name="pool")(x)
    x = layers.Concatenate(1 if first else 3, name="both")([x, layers.ReLU(name="relu")(x)])
    x = layers.Flatten(order, name="flat")(x)
    model = tf_keras.Model(inputs, layers.Dense(3, activation="softmax", name="answer")(x), name="theirs")
    random = np.random.default_rng(4)
    model.set_weights([random.uniform(0.05, 0.4, weight.shape) for weight in model.get_weights()])
    return model


def teachable_machine():
    """Models in models, as Teachable Machine nests them: photos become features, and these become classes."""
    import tf_keras
    from tf_keras import layers

    tf_keras.utils.set_random_seed(6)
    inputs = layers.Input((12, 12, 3))
    x = layers.ZeroPadding2D(((0, 1), (0, 1)), name="Conv1_pad")(inputs)
    x = layers.Conv2D(4, 3, strides=2, use_bias=False, name="Conv1")(x)
    x = layers.ReLU(6.0, name="Conv1_relu")(layers.BatchNormalization(name="bn_Conv1")(x))
    y = layers.DepthwiseConv2D(3, padding="same", use_bias=False, name="expanded_conv_depthwise")(x)
    x = layers.Add(name="block_1_add")([x, layers.BatchNormalization(name="expanded_conv_depthwise_BN")(y)])
    network = tf_keras.Model(inputs, x, name="model1")
    features = tf_keras.Sequential([network, layers.GlobalAveragePooling2D()], name="sequential_1")
    classes = [layers.Dense(5, activation="relu"), layers.Dense(3, activation="softmax", use_bias=False)]
    model = tf_keras.Sequential([features, tf_keras.Sequential(classes, name="sequential_3")], name="sequential_4")
    model.build((None, 12, 12, 3))
    random = np.random.default_rng(8)
    model.set_weights([random.uniform(0.1, 0.9, weight.shape) for weight in model.get_weights()])
    model(image()[None].astype(np.float32))
    return model


def packed(source: Path, target: Path, around: str = "") -> None:
    """Packs a folder, as a Mac does."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(path for path in source.rglob("*") if path.is_file()):
            name = f"{around}{file.relative_to(source).as_posix()}"
            archive.write(file, name)
            archive.writestr(f"__MACOSX/{name.rpartition('/')[0]}/._{file.name}", b"\x00\x05\x16\x07" + bytes(60))


def make_kept() -> None:
    """Writes the files in this folder."""
    model = network("channels_last")
    raw = image()[None].astype(np.float32)
    nested = teachable_machine()
    answers = {"0-1": model(raw / 255), "-1-1": model(raw / 127.5 - 1), "nested": nested(raw / 127.5 - 1)}
    (FOLDER / "answers.json").write_text(json.dumps({key: value.numpy()[0].tolist() for key, value in answers.items()}))
    (FOLDER / "layers.json").write_text(model.to_json())
    model.save_weights(FOLDER / "weights.h5")
    first = network("channels_first")
    first.set_weights(model.get_weights())
    first.save(FOLDER / "channels_first.h5")
    with tempfile.TemporaryDirectory() as temporary:
        theirs = Path(temporary) / "converted_keras"
        theirs.mkdir()
        nested.save(theirs / "keras_model.h5")
        (theirs / "labels.txt").write_text(NAMES, encoding="utf-8")
        packed(theirs, FOLDER / "nested_keras.zip")
        model.save(theirs / "keras_model.h5")
        packed(theirs, FOLDER / "converted_keras.zip", "converted_keras/")
        model.save(Path(temporary) / "saved" / "model.savedmodel", save_format="tf")
        (Path(temporary) / "saved" / "labels.txt").write_text(NAMES, encoding="utf-8")
        packed(Path(temporary) / "saved", FOLDER / "converted_savedmodel.zip")
        nested.save(Path(temporary) / "nested" / "model.savedmodel", save_format="tf")
        (Path(temporary) / "nested" / "labels.txt").write_text(NAMES, encoding="utf-8")
        packed(Path(temporary) / "nested", FOLDER / "nested_savedmodel.zip")


SPREAD = 5e-5
"""By how much the answers to several images differ, at least: else a comparison says nothing."""


def make_others(folder: Path, names: list[str]) -> int:
    """Writes the networks of `recipes`, those of these names or all, and says how CNN Studio answers in their place.

    Returns:
        How many are not opened, answer otherwise, or answer to all images alike.
    """
    from cnnstudio.models.trained.files import load_model

    folder.mkdir(parents=True, exist_ok=True)
    wrong = 0
    for name in names or list(RECIPES):
        for version in RECIPES[name].versions:
            try:
                for saved in save(name, version, folder):
                    np.savez(folder / f"{saved.name}.npz", images=saved.images, answers=saved.answers)
                    model = load_model(saved.path, saved.images.shape[1:3])
                    difference = np.abs(np.asarray(model(saved.images, training=False)) - saved.answers).max()
                    spread = np.ptp(saved.answers, axis=0).max()
                    bad = difference > saved.recipe.tolerance or spread < SPREAD
                    wrong += bad
                    verdict = "  WRONG" if bad else ""
                    print(f"{saved.name:50} {difference:.0e}; between images {spread:.0e}{verdict}", flush=True)
            except Exception as error:  # noqa: BLE001  # the others are made all the same
                wrong += 1
                print(f"{name}, Keras {version}: {type(error).__name__}: {str(error)[:300]}  WRONG", flush=True)
    return wrong


if __name__ == "__main__":
    if sys.argv[1:]:
        sys.exit(1 if make_others(Path(sys.argv[1]), sys.argv[2:]) else 0)
    else:
        make_kept()
