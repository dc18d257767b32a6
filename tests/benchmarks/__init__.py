"""Benchmarks: we and a peer in one run, interleaved; medians. The peers that train or predict with plain Keras are
processes of their own, in which TensorFlow runs as it would without us.

Each benchmark is a function in a file of its own that returns what it measured; an entry in `BENCHMARKS` makes it one.
"""

import importlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ENVIRONMENT = dict(os.environ)
"""As it was before CNN Studio was imported, which tells TensorFlow a thing or two."""


@dataclass(frozen=True)
class Measurement:
    """One figure beside its peer's.

    Attributes:
        name: what was measured.
        value: ours.
        unit: of both.
        peer: what it is compared with, in words.
        peer_value: the peer's.
    """

    name: str
    value: float
    unit: str
    peer: str
    peer_value: float

    @property
    def ratio(self) -> float:
        """Ours by the peer's."""
        return self.value / self.peer_value


class Skipped(Exception):  # noqa: N818  # it reads as what happened
    """What a benchmark needs is not here; the text says what."""


def cifar10_archive() -> Path:
    """The zip of CIFAR-10's images as JPEG files.

    Raises:
        Skipped: there is none.
    """
    archive = Path(os.environ.get("CNNSTUDIO_DATASETS", ""), "cifar10", "cifar10-jpeg.zip")
    if not archive.is_file():
        raise Skipped("CNNSTUDIO_DATASETS does not name a folder with cifar10/cifar10-jpeg.zip")
    return archive


def _later(module: str, function: str) -> Callable[[], list[Measurement]]:
    """A benchmark whose module is imported when it runs: what one imports must not slow another down."""

    def run() -> list[Measurement]:
        return getattr(importlib.import_module(f"tests.benchmarks.{module}"), function)()

    return run


BENCHMARKS: dict[str, Callable[[], list[Measurement]]] = {
    "launch": _later("window", "launch"),
    "launch_prediction": _later("window", "launch_prediction"),
    "training": _later("window", "training"),
    "responsiveness": _later("window", "responsiveness"),
    "stroke": _later("window", "stroke"),
    "inside_live": _later("inside", "inside_live"),
    "stop": _later("window", "stop"),
    "theme": _later("theme", "theme"),
    "photo": _later("photo", "photo"),
    "describe": _later("describe", "describe"),
    "digits": _later("digits", "digits"),
    "soak": _later("soak", "soak"),
    "training_engine": _later("training", "training_engine"),
    "stop_engine": _later("stop", "stop_engine"),
    "resnet_training": _later("resnet_training", "resnet_training"),
    "folder_scan": _later("folders", "folder_scan"),
    "folder_scan_cached": _later("folders", "folder_scan_cached"),
    "folder_training": _later("folder_training", "folder_training"),
    "batch_predict": _later("batch_predict", "batch_predict"),
    "faults": _later("faults", "faults"),
    "graph_growth": _later("graph_growth", "graph_growth"),
    "explain": _later("explain", "explanations"),
    "top_images": _later("top_images", "top_images"),
}
"""Every benchmark by its name; each gives one measurement or several."""
