"""The larger models that ship are what their cards say, on hundreds of test images."""

import os
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
from PIL import Image

from cnnstudio.data.library import find_dataset, load_dataset
from cnnstudio.models.trained.library import load_classifier
from cnnstudio.storage import shipped

pytestmark = pytest.mark.numbers


def test_the_card_of_the_clothing_classifier_tells_the_truth() -> None:
    if not find_dataset("fashion-mnist").is_here():
        pytest.skip("Fashion-MNIST is not here: CNNSTUDIO_DATASETS names no folder with it")
    clothing = load_classifier(shipped("trained/resnet20-fashion-mnist"))
    test = load_dataset("fashion-mnist").test.take(np.arange(0, 10_000, 20))
    accuracy = (clothing.predict_many(np.asarray(test.images)).argmax(axis=1) == test.labels).mean()
    assert accuracy == pytest.approx(clothing.card.test_accuracy, abs=0.02)
    assert clothing.card.test_accuracy >= 0.93


def test_the_card_of_the_classifier_of_small_photos_tells_the_truth() -> None:
    path = Path(os.environ.get("CNNSTUDIO_DATASETS", "")) / "cifar10" / "cifar10-jpeg.zip"
    if not path.is_file():
        pytest.skip("The JPEG files of CIFAR-10 are not here: CNNSTUDIO_DATASETS names no folder with them")
    photos = load_classifier(shipped("trained/resnet9-cifar10"))
    with ZipFile(path) as archive:
        names = sorted(name for name in archive.namelist() if name.startswith("test/") and name.endswith(".jpg"))[::25]
        images = np.stack([np.asarray(Image.open(archive.open(name))) for name in names])
    labels = [photos.classes.index(name.split("/")[1]) for name in names]
    assert len(labels) == 400
    accuracy = (photos.predict_many(images).argmax(axis=1) == labels).mean()
    assert accuracy == pytest.approx(photos.card.test_accuracy, abs=0.02)
    assert photos.card.test_accuracy >= 0.9
