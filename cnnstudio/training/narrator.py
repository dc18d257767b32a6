"""Turns what happens in a training into events, no more often than somebody can look."""

import math
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from cnnstudio.data.splits import Split
from cnnstudio.errors import StudioError
from cnnstudio.models.trained.classifier import LayerInfo
from cnnstudio.training.events import Batches, Event, Probe
from cnnstudio.training.loop import Block

if TYPE_CHECKING:
    from cnnstudio.models.trained.classifier import Classifier

BATCHES_SECONDS = 1 / 20
PROBE_SECONDS = 1 / 4
WATCHED_LAYERS = 4
"""Layers of which is told what they see in the probe image, spread over the depth of the network."""

SPEED_SECONDS = 1.0
"""Time over which the speed shown is smoothed."""

WARM_UP_BLOCKS = 2
"""The first block of batches finds the processor cold and takes longer than the others: the second one's speed is taken
as it is, too.
"""

_UNLEARNT = frozenset({"Concatenate", "InputLayer", "Normalization", "Rescaling", "Resizing", "ZeroPadding2D"})
"""Kinds of layers that only arrange or scale what they are given."""


class Pace:
    """How fast a training goes and how long it will take.

    Args:
        batches: batches in the whole training.
        epochs: validations in the whole training.
    """

    def __init__(self, batches: int, epochs: int) -> None:
        self.trained_seconds = 0.0
        self.trained_images = 0
        self._blocks = 0
        self._batches_left = batches
        self._validations_left = epochs
        self._seconds_per_batch = self._seconds_per_image = self._validation_seconds = 0.0
        self._since = time.perf_counter()

    @property
    def images_per_second(self) -> float:
        """The speed now."""
        return 1 / self._seconds_per_image if self._seconds_per_image else 0.0

    @property
    def seconds_left(self) -> float:
        """An estimate for all that is still to come."""
        return self._batches_left * self._seconds_per_batch + self._validations_left * self._validation_seconds

    def start(self) -> None:
        """Batches follow from now on."""
        self._since = time.perf_counter()

    def count(self, block: Block) -> None:
        """A block is trained."""
        seconds = self._lap()
        weight = 1.0 if self._blocks < WARM_UP_BLOCKS else 1 - math.exp(-seconds / SPEED_SECONDS)
        self._blocks += 1
        self._seconds_per_batch += weight * (seconds / len(block.loss) - self._seconds_per_batch)
        self._seconds_per_image += weight * (seconds / block.images - self._seconds_per_image)
        self._batches_left -= len(block.loss)
        self.trained_seconds += seconds
        self.trained_images += block.images

    def count_validation(self) -> None:
        """A validation is over; batches follow."""
        self._validation_seconds = self._lap()
        self._validations_left -= 1

    def _lap(self) -> float:
        now = time.perf_counter()
        seconds, self._since = now - self._since, now
        return seconds


def watched_layers(layers: Sequence[LayerInfo]) -> tuple[str, ...]:
    """The names of the layers with feature maps that are worth watching: the first, the last, and some between.

    Args:
        layers: of the network, in its order.
    """
    names = [layer.name for layer in layers if layer.main and len(layer.shape) == 3 and layer.kind not in _UNLEARNT]
    places = np.linspace(0, len(names) - 1, min(WATCHED_LAYERS, len(names))).round().astype(int)
    return tuple(names[place] for place in places)


class Narrator:
    """Tells a listener of a training; without one it does nothing, at no cost.

    Args:
        listener: gets every event, in the thread of the training.
        classifier: the network that is trained.
        probes: images of which the first is the probe image.
    """

    def __init__(self, listener: Callable[[Event], None] | None, classifier: "Classifier", probes: Split) -> None:
        self._listener = listener
        self._classifier = classifier
        self._image, self._label = probes.images[0], int(probes.labels[0])
        self._watched = watched_layers(classifier.layers)
        self._waiting: list[Block] = []
        self._batches_told = self._probe_told = -math.inf

    def tell(self, event: Event) -> None:
        """Tells an event at once."""
        if self._listener is not None:
            self._listener(event)

    def tell_block(self, block: Block, pace: Pace) -> None:
        """Tells of a block and of what the network sees now, or keeps it until something was told long enough ago."""
        if self._listener is None:
            return
        self._waiting.append(block)
        if time.perf_counter() - self._batches_told >= BATCHES_SECONDS:
            self.flush(pace)
        if time.perf_counter() - self._probe_told >= PROBE_SECONDS:
            self.tell_probe()

    def flush(self, pace: Pace) -> None:
        """Tells of the blocks that were kept back."""
        blocks, self._waiting = self._waiting, []
        if not blocks:
            return
        self.tell(
            Batches(
                epoch=blocks[0].epoch,
                first=blocks[0].first,
                loss=np.concatenate([block.loss for block in blocks]),
                accuracy=np.concatenate([block.accuracy for block in blocks]),
                images_per_second=pace.images_per_second,
                seconds_left=pace.seconds_left,
            )
        )
        self._batches_told = time.perf_counter()

    def tell_probe(self) -> None:
        """Tells what the network sees in the probe image now."""
        if self._listener is None:
            return
        try:
            prediction = self._classifier.predict(self._image, feature_maps=self._watched)
        except StudioError:
            return  # its answers are no numbers: the next loss will say so too, and then the training ends
        self.tell(Probe(self._image, self._label, prediction.probabilities, self._kernels(), prediction.layers))
        self._probe_told = time.perf_counter()

    def _kernels(self) -> np.ndarray | None:
        import keras

        for layer in self._classifier.model.layers:
            if isinstance(layer, keras.layers.Conv2D):
                return layer.kernel.numpy()
        return None
