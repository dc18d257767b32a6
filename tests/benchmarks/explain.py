"""What explanations cost beside the passes that they are made of."""

import statistics
import time
from collections.abc import Callable, Iterator

import numpy as np
from PIL import Image

from cnnstudio.explaining.explanations import EXPLANATIONS, explain
from cnnstudio.explaining.scores import ClassScores
from cnnstudio.models.trained.classifier import Classifier
from cnnstudio.models.trained.library import load_classifier
from cnnstudio.storage import shipped
from tests.benchmarks import Measurement

LARGE, SMALL = "efficientnet-lite0-imagenet", "lenet5-mnist"
ROUNDS, WARM = 15, 3
STEPS = EXPLANATIONS["integrated-gradients"].samples
PATCH, STRIDE = 4, 2


def interleaved(ours: Callable[[], object], theirs: Callable[[], object]) -> tuple[float, float]:
    """Median milliseconds of both, in turn."""
    seconds: tuple[list[float], list[float]] = ([], [])
    for number in range(WARM + ROUNDS):
        for work, taken in zip((ours, theirs), seconds, strict=True):
            began = time.perf_counter()
            work()
            if number >= WARM:
                taken.append(1000 * (time.perf_counter() - began))
    return statistics.median(seconds[0]), statistics.median(seconds[1])


def forward_pass(classifier: Classifier, batch: int | None) -> Callable[[np.ndarray], np.ndarray]:
    """The bare network, compiled, for images of float32."""
    import tensorflow as tf

    @tf.function(input_signature=[tf.TensorSpec((batch, *classifier.input_shape), tf.float32)])
    def compute(images):
        return classifier.model(images, training=False)

    return lambda images: compute(images).numpy()


def gradient(classifier: Classifier) -> Callable[[np.ndarray, int], np.ndarray]:
    """The gradient of one logit for one image, compiled."""
    import keras
    import tensorflow as tf

    last = classifier.model.layers[-1]
    before = keras.Model(classifier.model.input, last.input)

    @tf.function(input_signature=[tf.TensorSpec((1, *classifier.input_shape), tf.float32), tf.TensorSpec((), tf.int32)])
    def compute(images, index):
        with tf.GradientTape() as tape:
            tape.watch(images)
            logits = tf.matmul(before(images), last.kernel) + last.bias
            logit = logits[0, index]
        return tape.gradient(logit, images)

    return lambda images, index: compute(images, index).numpy()


def covered(image: np.ndarray) -> Iterator[np.ndarray]:
    """The image with each square of the occlusion black, one after the other."""
    height, width = image.shape[:2]
    for top in range(0, height - PATCH + 1, STRIDE):
        for left in range(0, width - PATCH + 1, STRIDE):
            one = image.copy()
            one[top : top + PATCH, left : left + PATCH] = 0
            yield one[np.newaxis]


def explanations() -> list[Measurement]:
    """Grad-CAM on a photo; integrated gradients and occlusion on a digit."""
    large = ClassScores(load_classifier(LARGE))
    photo = large.classifier.prepare(Image.open(shipped("assets/photos/chelsea.jpg"))).image
    forward = forward_pass(large.classifier, 1)
    floats = photo[np.newaxis].astype(np.float32)
    cam = interleaved(lambda: explain(large, photo, "grad-cam"), lambda: forward(floats))

    small = ClassScores(load_classifier(SMALL))
    digit = np.zeros(small.classifier.input_shape, np.uint8)
    digit[4:24, 12:16] = 255
    pixels = digit.astype(np.float32)
    differentiate, answer = gradient(small.classifier), forward_pass(small.classifier, 1)
    way = [pixels[np.newaxis] * np.float32(step / STEPS) for step in range(STEPS)]
    integral = interleaved(
        lambda: explain(small, digit, "integrated-gradients", class_name=1),
        lambda: [differentiate(one, 1) for one in way],
    )
    cover = interleaved(
        lambda: explain(small, digit, "occlusion", class_name=1, patch=PATCH, stride=STRIDE),
        lambda: [answer(one) for one in covered(pixels)],
    )
    return [
        Measurement("grad_cam", cam[0], "ms", "one compiled forward pass of EfficientNet-Lite0", cam[1]),
        Measurement("integrated_gradients", integral[0], "ms", f"{STEPS} separate gradient calls", integral[1]),
        Measurement("occlusion", cover[0], "ms", "one compiled forward pass for each square", cover[1]),
    ]
