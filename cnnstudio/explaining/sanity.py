"""The sanity check: does an explanation change when the network forgets what it has learnt?

The weights are made random layer by layer, from the last one on, each as its own initialiser makes them (cascading
randomisation: Adebayo et al. 2018, arXiv 1810.03292). A method whose pictures stay as they were does not show what the
network has learnt.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from cnnstudio.explaining.explanations import EXPLANATIONS, explain
from cnnstudio.explaining.scores import ClassScores
from cnnstudio.models.backend import innermost_layers, take_apart
from cnnstudio.models.trained.classifier import Classifier
from cnnstudio.progress import OnProgress, Progress

if TYPE_CHECKING:
    import keras

MAX_STAGES = 12
"""Of deeper networks, several layers are made random at a time."""


@dataclass(frozen=True, eq=False)
class SanityCheck:
    """How like the pictures of each method stay while weights are made random.

    Attributes:
        stages: the layer down to which all are random, the last one of the network first; one less than there are
            numbers in a curve, for the first is that of the network as it is.
        signed: by method, Spearman's rank correlation with the picture of the network as it is, (stages + 1,), mean of
            all images; from 1 (the same) over 0 (nothing in common) to −1.
        unsigned: the same of the values without their signs.
        images: how many images were explained.
    """

    stages: tuple[str, ...]
    signed: dict[str, np.ndarray]
    unsigned: dict[str, np.ndarray]
    images: int


def sanity_check(
    classifier: Classifier | ClassScores,
    images: Sequence[np.ndarray],
    methods: Sequence[str],
    *,
    seed: int = 0,
    on_progress: OnProgress = lambda _: None,
) -> SanityCheck:
    """Makes a copy of a network random, layer by layer, and compares the explanations before and after.

    Args:
        classifier: it stays as it is; or its scores, where other threads use it, too.
        images: uint8, of the classifier's shape; each is explained for the class that the classifier answers.
        methods: keys in `EXPLANATIONS`; those that do not fit the network are left out.
        seed: of the random weights.
        on_progress: told how far it is; what it raises ends the work.
    """
    with _copied(classifier if isinstance(classifier, ClassScores) else ClassScores(classifier)) as scores:
        return _compared(scores, images, methods, seed, on_progress)


def _compared(
    scores: ClassScores, images: Sequence[np.ndarray], methods: Sequence[str], seed: int, on_progress: OnProgress
) -> SanityCheck:
    """Makes a network random, layer by layer, and compares the explanations before and after."""
    fitting = [name for name in methods if not EXPLANATIONS[name].why_not(scores)]
    classes = scores.classifier.predict_many(np.stack(images)).argmax(axis=1)
    boxes = [ink_box(image) for image in images]
    groups = _groups(_learning_layers(scores))
    stages = len(groups) + 1
    original: dict[tuple[str, int], np.ndarray] = {}
    signed = {name: np.zeros(stages) for name in fitting}
    unsigned = {name: np.zeros(stages) for name in fitting}
    done = 0
    for stage in range(stages):
        for layer in groups[stage - 1] if stage else ():
            randomise(layer, seed + stage)
        for name in fitting:
            for number, image in enumerate(images):
                values = explain(scores, image, name, class_name=int(classes[number])).values[boxes[number]]
                before = original.setdefault((name, number), values)
                signed[name][stage] += rank_correlation(before, values) / len(images)
                unsigned[name][stage] += rank_correlation(np.abs(before), np.abs(values)) / len(images)
                done += 1
                on_progress(Progress("Making weights random", done, stages * len(fitting) * len(images), "images"))
    return SanityCheck(tuple(group[-1].name for group in groups), signed, unsigned, len(images))


def rank_correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Spearman's rank correlation: 1 for the same values, 0 where only one of both is everywhere the same."""
    from scipy.stats import rankdata

    if np.array_equal(one, other):
        return 1.0

    ranks = [rankdata(values.ravel()) for values in (one, other)]
    first, second = (rank - rank.mean() for rank in ranks)
    norm = float(np.sqrt((first @ first) * (second @ second)))
    return float(first @ second) / norm if norm else 0.0


def ink_box(image: np.ndarray) -> tuple[slice, slice]:
    """The part of an image outside which all pixels are the background's: its border is no part of the comparison.

    On digits the empty border would make every correlation high. Of an image without such a border it is all.
    """
    ink = (image.reshape(*image.shape[:2], -1) != image[0, 0].reshape(-1)).any(axis=-1)
    if not ink.any():
        return slice(None), slice(None)
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def randomise(layer: "keras.Layer", seed: int) -> None:
    """Gives a layer the weights that a new one begins with, by its own initialisers."""
    config = _seeded(layer.get_config(), np.random.default_rng(seed)) | {"dtype": "float32"}
    new = type(layer).from_config(config)
    new.build_from_config(layer.get_build_config())
    layer.set_weights(new.get_weights())
    take_apart(new)


def _seeded(config: Any, random: np.random.Generator) -> Any:
    """A layer's config whose initialisers have seeds."""
    if isinstance(config, list | tuple):
        return [_seeded(one, random) for one in config]
    if not isinstance(config, dict):
        return config
    return {
        key: int(random.integers(2**31)) if key == "seed" else _seeded(value, random) for key, value in config.items()
    }


@contextmanager
def _copied(scores: ClassScores) -> Iterator[ClassScores]:
    """The scores of a copy of a classifier, whose weights may be changed; it is gone afterwards."""
    import keras

    classifier = scores.classifier
    with scores.lock:  # or it could be copied while its end is open
        model = keras.models.clone_model(classifier.model)
        model.set_weights(classifier.model.get_weights())
    copy = Classifier(model, classifier.card)
    copy.title = classifier.title
    try:
        yield ClassScores(copy)
    finally:
        take_apart(copy.model)


def _learning_layers(scores: ClassScores) -> "list[keras.Layer]":
    """The layers that have something to learn, the last one first."""
    layers = [layer for layer in innermost_layers(scores.classifier.model) if _learns(layer)][::-1]
    return layers[1:] if scores.ending.makes_two else layers


def _learns(layer: "keras.Layer") -> bool:
    return any(not weight.path.endswith(_STATISTICS) for weight in layer.weights)


_STATISTICS = ("/mean", "/variance", "/count", "/seed_generator_state")
"""Weights of layers that measure or draw, and do not learn."""


def _groups(layers: "list[keras.Layer]") -> "list[list[keras.Layer]]":
    """Layers in order, in at most `MAX_STAGES` groups of about the same size."""
    edges = np.linspace(0, len(layers), min(MAX_STAGES, len(layers)) + 1).round().astype(int)
    return [layers[start:end] for start, end in pairwise(edges)]
