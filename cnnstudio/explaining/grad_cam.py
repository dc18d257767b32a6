"""Explanations by feature maps: which places of a layer's maps the score of a class depends on."""

import numpy as np

from cnnstudio.errors import StudioError
from cnnstudio.explaining.explanation import Asked, Finding
from cnnstudio.explaining.scores import ClassScores
from cnnstudio.progress import OnProgress


def grad_cam(scores: ClassScores, asked: Asked, _: OnProgress) -> Finding:
    """The maps, each by its mean gradient, added up; below 0 counts as 0 (Selvaraju 2016, arXiv 1610.02391)."""
    maps, gradients, found = _maps(scores, asked)
    return Finding(np.maximum(maps @ gradients.mean(axis=(0, 1)), 0), found)


def grad_cam_plus_plus(scores: ClassScores, asked: Asked, _: OnProgress) -> Finding:
    """Grad-CAM with another weight for each place (Chattopadhyay et al. 2017, arXiv 1710.11063, equation 19).

    Its second and third derivatives are powers of the first only for exp(score), of which this is the explanation: the
    factor exp(score) itself, which all places share, is left out.
    """
    maps, gradients, found = _maps(scores, asked)
    divisor = 2 * gradients**2 + (maps * gradients**3).sum(axis=(0, 1))
    shares = np.divide(gradients**2, divisor, out=np.zeros_like(divisor), where=divisor != 0)
    weights = (shares * np.maximum(gradients, 0)).sum(axis=(0, 1))
    return Finding(np.maximum(maps @ weights, 0), found)


def why_no_maps(scores: ClassScores) -> str:
    """Why Grad-CAM does not fit a network, and what serves instead; empty where it does."""
    if scores.map_layers:
        return ""
    return (
        f"“{scores.classifier.title}” has no convolution and so no feature maps, which Grad-CAM needs. Saliency, "
        "integrated gradients and occlusion work with any network."
    )


def _maps(scores: ClassScores, asked: Asked) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The maps of the layer for the image, (height, width, channels), their gradients, and the scores.

    Raises:
        StudioError: there is no such layer with maps.
    """
    known = [layer.name for layer in scores.map_layers]
    if asked.layer not in known:
        raise StudioError(
            f"“{scores.classifier.title}” has no layer “{asked.layer}” with feature maps behind a convolution. "
            f"It has: {', '.join(known)}."
        )
    maps, gradients, found = scores.maps(asked.image[np.newaxis], asked.class_index, asked.layer)
    return maps[0], gradients[0], found[0]
