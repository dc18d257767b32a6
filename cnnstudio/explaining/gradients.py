"""Explanations by gradients: how the score of a class changes with each pixel.

All of them are in units of the score per pixel for the full range from black to white, or of the score itself, and sum
over the channels of a pixel.
"""

from collections.abc import Callable

import numpy as np

from cnnstudio.explaining.baselines import BASELINES
from cnnstudio.explaining.explanation import Asked, Completeness, Finding
from cnnstudio.explaining.scores import ClassScores
from cnnstudio.progress import OnProgress, Progress

RANGE = 255.0
"""From black to white."""

NOISE = 0.15
"""Standard deviation of SmoothGrad's noise as a share of the range; its paper finds 10–20 % best."""


def saliency(scores: ClassScores, asked: Asked, _: OnProgress) -> Finding:
    """The gradient of the score (Simonyan, Vedaldi and Zisserman 2013, arXiv 1312.6034), signed."""
    gradients, found = scores.gradients(asked.image[np.newaxis], asked.class_index)
    return Finding(RANGE * gradients[0].sum(axis=-1), found[0])


def guided_backpropagation(scores: ClassScores, asked: Asked, _: OnProgress) -> Finding:
    """The gradient, where each ReLU passes on only what raises the score (Springenberg 2014, arXiv 1412.6806)."""
    gradients, found = scores.gradients(asked.image[np.newaxis], asked.class_index, guided=True)
    return Finding(RANGE * gradients[0].sum(axis=-1), found[0])


def why_not_guided(scores: ClassScores) -> str:
    """Why guided backpropagation does not fit a network, and what serves instead; empty where it does."""
    if scores.relus:
        return ""
    return (
        f"“{scores.classifier.title}” has no ReLU, and guided backpropagation is about how ReLUs pass the "
        "gradient on. Use the saliency or integrated gradients instead."
    )


def smooth_gradients(scores: ClassScores, asked: Asked, on_progress: OnProgress) -> Finding:
    """The mean gradient of noisy copies (Smilkov et al. 2017, arXiv 1706.03825)."""
    random = np.random.default_rng(asked.seed)

    def noisy(numbers: np.ndarray) -> np.ndarray:
        noise = random.standard_normal((len(numbers), *asked.image.shape), np.float32)
        return asked.image + NOISE * RANGE * noise

    weights = np.full(asked.samples, 1 / asked.samples)
    values = RANGE * _weighted(scores, asked, noisy, weights, on_progress).sum(axis=-1)
    return Finding(values, scores.scores(asked.image[np.newaxis])[0])


def integrated_gradients(scores: ClassScores, asked: Asked, on_progress: OnProgress) -> Finding:
    """The gradients on the straight way from a baseline, added up (Sundararajan, Taly and Yan 2017, arXiv 1703.01365).

    The integral is taken by Gauss and Legendre's rule.
    """
    baseline = BASELINES[asked.baseline].make(asked.image)
    places, weights = np.polynomial.legendre.leggauss(asked.samples)
    shares = ((places + 1) / 2).astype(np.float32)
    way = asked.image - baseline

    def between(numbers: np.ndarray) -> np.ndarray:
        return baseline + shares[numbers, np.newaxis, np.newaxis, np.newaxis] * way

    mean = _weighted(scores, asked, between, weights / 2, on_progress)
    values = (way * mean).sum(axis=-1)
    here, there = scores.scores(np.stack([asked.image, baseline]))
    difference = float(here[asked.class_index] - there[asked.class_index])
    return Finding(values, here, Completeness(float(values.sum()), difference))


def _weighted(
    scores: ClassScores,
    asked: Asked,
    images: Callable[[np.ndarray], np.ndarray],
    weights: np.ndarray,
    on_progress: OnProgress,
) -> np.ndarray:
    """The sum of the gradients of images, which are made by their numbers a batch at a time, each with its weight."""
    total = np.zeros(asked.image.shape, np.float64)
    for start in range(0, len(weights), scores.batch_size):
        numbers = np.arange(start, min(start + scores.batch_size, len(weights)))
        gradients, _ = scores.gradients(images(numbers), asked.class_index)
        total += np.tensordot(weights[numbers], gradients, axes=1)
        on_progress(Progress("Computing gradients", int(numbers[-1]) + 1, len(weights), "images"))
    return total.astype(np.float32)
