"""The methods that explain an answer: `EXPLANATIONS`, with what each can tell and what it can't, and `explain`."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from cnnstudio import wording
from cnnstudio.errors import StudioError
from cnnstudio.explaining.baselines import BASELINES
from cnnstudio.explaining.explanation import Asked, Explanation, Finding
from cnnstudio.explaining.grad_cam import grad_cam, grad_cam_plus_plus, why_no_maps
from cnnstudio.explaining.gradients import (
    guided_backpropagation,
    integrated_gradients,
    saliency,
    smooth_gradients,
    why_not_guided,
)
from cnnstudio.explaining.occlusion import occlusion
from cnnstudio.explaining.scores import ANSWERED, ClassScores
from cnnstudio.models.trained.classifier import Classifier
from cnnstudio.progress import OnProgress

if TYPE_CHECKING:
    from cnnstudio.models.trained.classifier import Picture

PATCH_SHARE = 7
"""A patch that covers is a seventh of the image's side, unless another is wanted."""


@dataclass(frozen=True)
class Method:
    """A way to explain an answer.

    Attributes:
        name: the key, as typed on the command line.
        title: for the screen.
        tells: what its picture shows, in a sentence.
        limits: what it can't tell, in a sentence.
        explain: computes it.
        takes_layer: whether it looks at the maps of a layer, which is to be chosen.
        takes_baseline: whether it compares the image with one without content, which is to be chosen.
        takes_patch: whether it covers squares, whose size is to be chosen.
        samples: images of which it takes a mean; 0 where it looks at one.
        why_not: why it does not fit a network, and what serves instead; empty where it does.
    """

    name: str
    title: str
    tells: str
    limits: str
    explain: Callable[[ClassScores, Asked, OnProgress], Finding]
    takes_layer: bool = False
    takes_baseline: bool = False
    takes_patch: bool = False
    samples: int = 0
    why_not: Callable[[ClassScores], str] = lambda _: ""


EXPLANATIONS: dict[str, Method] = {
    entry.name: entry
    for entry in (
        Method(
            "grad-cam",
            "Grad-CAM",
            "Where in a layer's maps the network found what speaks for the class.",
            "Only as sharp as the layer's maps, and silent on what speaks against the class.",
            grad_cam,
            takes_layer=True,
            why_not=why_no_maps,
        ),
        Method(
            "grad-cam++",
            "Grad-CAM++",
            "Like Grad-CAM, and finds several things of one kind, not only the largest.",
            "Only as sharp as the layer's maps, and silent on what speaks against the class.",
            grad_cam_plus_plus,
            takes_layer=True,
            why_not=why_no_maps,
        ),
        Method(
            "occlusion",
            "Occlusion",
            "How far the score falls when a square is covered: what the network really needs.",
            "Coarse, and blind to two things of which either is enough; the cover itself may look like something.",
            occlusion,
            takes_baseline=True,
            takes_patch=True,
        ),
        Method(
            "saliency",
            "Saliency",
            "Where a small change of a pixel's brightness would change the score most.",
            "Not how much a pixel has contributed; noisy, for neighbouring pixels are weighed one by one.",
            saliency,
        ),
        Method(
            "smooth-grad",
            "SmoothGrad",
            "The mean saliency of noisy copies of the image, which is calmer.",
            "How calm it looks depends on the noise; like the saliency, it says nothing of contributions.",
            smooth_gradients,
            samples=32,
        ),
        Method(
            "integrated-gradients",
            "Integrated gradients",
            "How much each pixel has contributed to the score, compared with an image without content.",
            "Another baseline gives another picture: where the image equals the baseline, it shows nothing.",
            integrated_gradients,
            takes_baseline=True,
            samples=64,
        ),
        Method(
            "guided-backpropagation",
            "Guided backpropagation",
            "A sharp picture of edges and strokes that the network can see.",
            "Sharp, but nearly blind to the weights: it hardly changes when they are random. See the sanity check.",
            guided_backpropagation,
            why_not=why_not_guided,
        ),
    )
}
"""Every method, in the order in which they are shown."""


def find_method(name: str) -> Method:
    """The method of a name.

    Raises:
        StudioError: there is none; the sentence names all.
    """
    if name not in EXPLANATIONS:
        raise StudioError(f"There is no explanation “{name}”: choose one of {', '.join(EXPLANATIONS)}.")
    return EXPLANATIONS[name]


def explain(
    classifier: Classifier | ClassScores,
    image: "np.ndarray | Picture",
    method: str = "grad-cam",
    *,
    class_name: str | int | None = None,
    layer: str | None = None,
    baseline: str | None = None,
    patch: int | None = None,
    stride: int | None = None,
    seed: int = 0,
    on_progress: OnProgress = lambda _: None,
) -> Explanation:
    """Explains why a classifier answers as it does.

    Args:
        classifier: the classifier, or its scores where several explanations are wanted: what is compiled is kept there.
        image: uint8 of the classifier's shape, or a picture, the path of one, or the bytes of its file.
        method: key in `EXPLANATIONS`.
        class_name: the class to explain, by its name or its index; None for the one that is answered.
        layer: the layer whose maps are looked at; None for the last one with maps.
        baseline: key in `BASELINES`; None for the first one.
        patch: side in pixels of the square that is covered; None for a seventh of the image's.
        stride: pixels from one square to the next; None for half a patch.
        seed: of what is drawn at random.
        on_progress: told how far it is; what it raises ends the work.

    Raises:
        StudioError: the method, the class or the layer does not exist, the method does not fit the network, or the
            image does not.
    """
    scores = classifier if isinstance(classifier, ClassScores) else ClassScores(classifier)
    known, chosen = scores.classifier, find_method(method)
    if reason := chosen.why_not(scores):
        raise StudioError(reason)
    image = image if isinstance(image, np.ndarray) else known.prepare(image).image
    pixels = known.as_batch(image[np.newaxis])[0].astype(np.float32)
    index = ANSWERED if class_name is None else class_index(known, class_name)
    if index == ANSWERED and (chosen.samples or chosen.takes_patch):  # many images: all for one class
        index = int(scores.scores(pixels[np.newaxis]).argmax())
    if baseline is not None and baseline not in BASELINES:
        raise StudioError(f"There is no baseline “{baseline}”: choose one of {', '.join(BASELINES)}.")
    side = patch if patch is not None else default_patch(known.input_shape)
    step = stride if stride is not None else max(1, side // 2)
    if not (1 <= side <= min(known.input_shape[:2]) and 1 <= step <= side):
        raise StudioError(
            f"A patch of {side} pixels in steps of {step} does not fit images of "
            f"{wording.shape(known.input_shape[:2])}: patches are 1 to {min(known.input_shape[:2])} pixels wide, and "
            "steps no longer than a patch, or pixels would be left out."
        )
    asked = Asked(
        pixels,
        index,
        (layer if layer is not None else scores.last_map_layer) if chosen.takes_layer else "",
        baseline or next(iter(BASELINES)),
        chosen.samples,
        side,
        step,
        seed,
    )
    found = chosen.explain(scores, asked, on_progress)
    if index == ANSWERED:
        index = int(found.scores.argmax())
    return Explanation(
        method,
        replace(asked, class_index=index),
        known.classes[index],
        float(found.scores[index]),
        scores.ending.score,
        scores.ending.words,
        enlarged(found.values, known.input_shape[:2]),
        (found.values.shape[0], found.values.shape[1]),
        _reach(found),
        found.completeness,
        found.squares,
    )


def _reach(found: Finding) -> float:
    """How far the score could move by what was found: by one square that is covered, or by all places together."""
    if found.squares is not None:
        return found.squares.largest
    return float(np.abs(found.values).sum(dtype=np.float64))


def default_patch(shape: tuple[int, int, int]) -> int:
    """The side of a patch that covers, in pixels, for images of a shape."""
    return max(1, min(shape[:2]) // PATCH_SHARE)


def class_index(classifier: Classifier, name: str | int) -> int:
    """The index of a class by its name, or by its index.

    Raises:
        StudioError: there is no such class.
    """
    if isinstance(name, int):
        if 0 <= name < len(classifier.classes):
            return name
    elif name in classifier.classes:
        return classifier.classes.index(name)
    elif name.isdecimal() and int(name) < len(classifier.classes):
        return int(name)
    some = ", ".join(classifier.classes[:10]) + (", …" if len(classifier.classes) > 10 else "")
    raise StudioError(
        f"“{classifier.title}” has no class “{name}”. It has {len(classifier.classes)}: {some}. A class may "
        "also be named by its number, from 0 on."
    )


def enlarged(values: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Values of a grid, brought to the size (height, width) of an image: linear in between, so nothing overshoots."""
    from PIL import Image

    if values.shape == size:
        return values
    picture = Image.fromarray(np.ascontiguousarray(values, np.float32))
    return np.asarray(picture.resize((size[1], size[0]), Image.Resampling.BILINEAR))
