"""The strongest 9 of 10,000 test images for every unit of every layer, beside one plain `predict` over them."""

import resource
import statistics
import time

import numpy as np

from cnnstudio.data.library import load_dataset
from cnnstudio.explaining.scores import ClassScores
from cnnstudio.explaining.units import strongest_images
from cnnstudio.models.trained.library import load_classifier
from tests.benchmarks import Measurement

ROUNDS = 5
MODEL, DATASET = "lenet5-mnist", "mnist"
PHOTOS = 64
"""Images for the network for photos, of which only the memory is looked at."""


def megabytes() -> float:
    """The most memory that the process has held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def top_images() -> list[Measurement]:
    """Time on digits; memory on photos, per image a pass more than the images themselves take."""
    scores = ClassScores(load_classifier(MODEL))
    images = load_dataset(DATASET).test.images[:]
    floats = images.astype(np.float32)
    ours, theirs = [], []
    for number in range(ROUNDS + 1):
        began = time.perf_counter()
        strongest_images(scores, images)
        between = time.perf_counter()
        scores.classifier.model.predict(floats, verbose=0)
        if number:
            ours.append(between - began)
            theirs.append(time.perf_counter() - between)
    peer = "one plain model.predict over the same images"
    large = ClassScores(load_classifier("efficientnet-lite0-imagenet"))
    photos = np.random.default_rng(0).integers(0, 256, (PHOTOS, *large.classifier.input_shape), np.uint8)
    strongest_images(large, photos[: PHOTOS // 4])
    before = megabytes()
    strongest_images(large, photos)
    return [
        Measurement("top_images", statistics.median(ours), "s", peer, statistics.median(theirs)),
        Measurement(
            "top_images_memory",
            megabytes(),
            "MB",
            f"the same after a quarter of {PHOTOS} photos, EfficientNet-Lite0",
            before,
        ),
    ]
