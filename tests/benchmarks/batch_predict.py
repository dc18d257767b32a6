"""How fast the pictures of a folder are predicted and written as a table, beside a plain Keras script."""

import gc
import json
import statistics
import tempfile
import time
import zipfile
from pathlib import Path

import numpy as np

from cnnstudio.data.folders.files import list_pictures
from cnnstudio.models.networks.building import build_network
from cnnstudio.models.trained.card import Card
from cnnstudio.models.trained.classifier import Classifier
from cnnstudio.models.trained.folder_prediction import predict_files
from cnnstudio.models.trained.prediction_table import PredictionTable, model_mark
from tests.benchmarks import Measurement, cifar10_archive, plain_keras

ROUNDS = 3
SHAPE = (32, 32, 3)
PEER = "plain Keras: Pillow decodes each file, model.predict on the array"


def unpack_test_images(folder: Path) -> Path:
    """Unpacks the 10,000 JPEG files of CIFAR-10's test split, one folder a class."""
    with zipfile.ZipFile(cifar10_archive()) as packed:
        packed.extractall(folder, (name for name in packed.namelist() if name.startswith("test/")))
    return folder / "test"


def with_the_engine(classifier: Classifier, folder: Path, table: Path) -> int:
    """What `cnnstudio predict MODEL FOLDER --csv TABLE` does once TensorFlow is there; the number of pictures."""
    files = list_pictures([folder])[0]
    with PredictionTable(table, 3, model_mark(classifier)) as rows:
        for batch in predict_files(classifier, files):
            rows.add(batch)
    return len(files)


def batch_predict() -> list[Measurement]:
    """Images per second, from the folder's path to the last row of the table, model opened and compiled before."""
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        folder = unpack_test_images(work / "pictures")
        classes = tuple(sorted(path.name for path in folder.iterdir()))
        model = build_network("lenet5", SHAPE, len(classes), seed=0)
        classifier = Classifier(model, Card("lenet5", classes, SHAPE, "centre-crop"))
        classifier.predict_many(np.zeros((2, *SHAPE), np.uint8))
        model.save(work / "model.keras")
        (work / "classes.json").write_text(json.dumps(classes), encoding="utf-8")
        mine, theirs = [], []
        for turn in range(ROUNDS):
            theirs.append(plain_keras.run("prediction", work)["images_per_second"])
            gc.collect()
            began = time.perf_counter()
            count = with_the_engine(classifier, folder, work / f"{turn}.csv")
            mine.append(count / (time.perf_counter() - began))
    return [Measurement("batch_predict", statistics.median(mine), "images/s", PEER, statistics.median(theirs))]
