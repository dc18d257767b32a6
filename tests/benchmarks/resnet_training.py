"""How fast ResNet-20 learns colour images in the window, beside a plain Keras script, and how the window feels."""

import statistics

import numpy as np

from cnnstudio.data.library import load_dataset
from cnnstudio.models.networks.building import build_network
from tests.benchmarks import Measurement, plain_keras
from tests.benchmarks.folder_training import cifar10_folder
from tests.benchmarks.window import in_window

ROUNDS = 3
IMAGES = 12_000
"""Of CIFAR-10's 60,000, as many of each class and split: an epoch then takes half a minute at most."""
VALIDATION_FRACTION = 1 / 12


def resnet_training() -> list[Measurement]:
    """Images per second of an epoch started by the button, and gaps between 5 ms ticks on the GUI thread.

    The gaps count from before the network is built and traced.
    """
    with cifar10_folder(IMAGES) as path:
        dataset = load_dataset(str(path))
        train = dataset.hold_out(VALIDATION_FRACTION, 0).train
        peer = plain_keras.Training(
            lambda seed: build_network("resnet20", dataset.image_shape, len(dataset.classes), seed),
            (np.asarray(train.images), train.labels),
        )
        mine, theirs = [], []
        for seed in range(ROUNDS):
            theirs.append(peer(seed)["images_per_second"])
            mine.append(in_window("resnet", seed, path))
    speed = statistics.median(run["images_per_second"] for run in mine)
    peer = "plain Keras: fit on NumPy arrays, same net, Adam, batch 128"
    return [
        Measurement("resnet_training", speed, "images/s", peer, statistics.median(theirs)),
        *(
            Measurement(name, 1000 * statistics.median(run[key] for run in mine), "ms", "the limit", limit)
            for name, key, limit in (("resnet_p99", "p99", 16), ("resnet_worst", "worst", 200))
        ),
    ]
