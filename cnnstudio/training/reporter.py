"""Reports a training to its listener: events, at a rate that a person can follow, with speed and time left."""

import math
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from cnnstudio.data.splits import Split
from cnnstudio.errors import StudioError
from cnnstudio.models.layer_kinds import group_of
from cnnstudio.models.trained.classifier import LayerInfo
from cnnstudio.training.events import Batches, Event, Probe
from cnnstudio.training.loop import Block

if TYPE_CHECKING:
    from cnnstudio.models.trained.classifier import Classifier

BATCHES_SECONDS = 1 / 20
"""Shortest time between two events of batches, except at the end of an epoch."""

PROBE_SECONDS = 1 / 4
"""Shortest time between two events of the probe image."""

PROBE_LAYERS = 4
"""Number of layers whose outputs are reported for the probe image, at most."""

SMOOTHING_SECONDS = 1.0
"""Time over which the speed is smoothed."""

WARM_UP_BLOCKS = 2
"""Number of blocks whose speed is taken as it is: the first one finds the processor cold and takes longer, so that the
second one replaces it.
"""

_UNLEARNT = frozenset({"Concatenate", "InputLayer", "Normalization", "Rescaling", "Resizing", "ZeroPadding2D"})
"""Kinds of layers that only arrange or scale their input."""


class ProbeChoice:
    """Which image the network is asked about while it learns; one thread may change it while another trains."""

    def __init__(self) -> None:
        self.number = 0

    def next(self) -> None:
        """Chooses the next image."""
        self.number += 1


class Speed:
    """The speed of a training, and an estimate of the time left.

    Args:
        images: number of images in all epochs together.
        epochs: number of epochs, each of which ends with a validation.
    """

    def __init__(self, images: int, epochs: int) -> None:
        self._images_left, self._validations_left = images, epochs
        self._blocks = self._images = 0
        self._seconds = self._seconds_per_image = self._validation_seconds = 0.0
        self.start()

    @property
    def images_per_second(self) -> float:
        """The speed now; 0 before the first block."""
        return 1 / self._seconds_per_image if self._seconds_per_image else 0.0

    @property
    def average(self) -> float:
        """Images per second over all blocks, at least one; validations do not count."""
        return self._images / self._seconds

    @property
    def seconds_left(self) -> float:
        """An estimate of the time that the rest of the training takes, validations included."""
        return self._images_left * self._seconds_per_image + self._validations_left * self._validation_seconds

    def start(self) -> None:
        """Starts the clock: blocks follow from now on."""
        self._since = time.perf_counter()

    def add_block(self, block: Block) -> None:
        """Counts a block that was trained since the last call."""
        seconds = self._lap()
        weight = 1.0 if self._blocks < WARM_UP_BLOCKS else 1 - math.exp(-seconds / SMOOTHING_SECONDS)
        self._seconds_per_image += weight * (seconds / block.images - self._seconds_per_image)
        self._images_left -= block.images
        self._blocks += 1
        self._images += block.images
        self._seconds += seconds

    def add_validation(self) -> None:
        """Counts a validation that was done since the last call."""
        self._validation_seconds = self._lap()
        self._validations_left -= 1

    def _lap(self) -> float:
        now = time.perf_counter()
        seconds, self._since = now - self._since, now
        return seconds


def probe_layers(layers: Sequence[LayerInfo]) -> tuple[str, ...]:
    """Returns the names of `PROBE_LAYERS` layers with feature maps at most.

    Where there are more, poolings are left out, which only shrink what was found before; of the layers that find
    something, the first, the last and some between are taken.

    Args:
        layers: all layers of the network, in its order.
    """
    found = [layer for layer in layers if layer.main and len(layer.shape) == 3 and layer.kind not in _UNLEARNT]
    if len(found) > PROBE_LAYERS:
        found = [layer for layer in found if group_of(layer.kind) != "Pooling"]
    names = [layer.name for layer in found]
    places = np.linspace(0, len(names) - 1, min(PROBE_LAYERS, len(names))).round().astype(int)
    return tuple(names[place] for place in places)


class Prober:
    """Asks a network about one image.

    Args:
        classifier: the network; it is used by one thread at a time.
        images: of which one is the probe image.
        choice: which of them; beyond the last, it goes on with the first.
    """

    def __init__(self, classifier: "Classifier", images: Split, choice: ProbeChoice) -> None:
        self.choice = choice
        self._classifier, self._images = classifier, images
        self._layers = probe_layers(classifier.layers)

    def probe(self) -> Probe | None:
        """What the network sees in the image that is chosen now; None where its answer is no number."""
        place = self.choice.number % len(self._images)
        image = self._images.images[place]
        try:
            prediction = self._classifier.predict(image, feature_maps=self._layers)
        except StudioError:
            return None
        label = int(self._images.labels[place])
        return Probe(image, label, prediction.probabilities, self._kernels(), prediction.layers)

    def _kernels(self) -> np.ndarray | None:
        import keras

        for layer in self._classifier.model.layers:
            if isinstance(layer, keras.layers.Conv2D):
                return layer.kernel.numpy()
        return None


class Reporter:
    """Sends the events of a training to its listener; without one it does nothing.

    Args:
        listener: called with every event, in the thread of the training; None where nobody listens.
        prober: asks the network that is trained about an image.
        speed: of the training.
    """

    def __init__(self, listener: Callable[[Event], None] | None, prober: Prober, speed: Speed) -> None:
        self._listener = listener
        self._prober = prober
        self._number = -1
        self._speed = speed
        self._waiting: list[Block] = []
        self._batches_sent = self._probe_sent = -math.inf

    def send(self, event: Event) -> None:
        """Sends an event at once."""
        if self._listener is not None:
            self._listener(event)

    def add_block(self, block: Block) -> None:
        """Sends what is due: the blocks since the last event of batches, and what the network sees now."""
        if self._listener is None:
            return
        self._waiting.append(block)
        if time.perf_counter() - self._batches_sent >= BATCHES_SECONDS:
            self.flush()
        if time.perf_counter() - self._probe_sent >= PROBE_SECONDS or self._number != self._prober.choice.number:
            self.send_probe()

    def flush(self) -> None:
        """Sends the blocks that are still waiting; they belong to one epoch."""
        blocks, self._waiting = self._waiting, []
        if not blocks:
            return
        self.send(
            Batches(
                epoch=blocks[0].epoch,
                first=blocks[0].first,
                loss=np.concatenate([block.loss for block in blocks]),
                accuracy=np.concatenate([block.accuracy for block in blocks]),
                images_per_second=self._speed.images_per_second,
                seconds_left=self._speed.seconds_left,
            )
        )
        self._batches_sent = time.perf_counter()

    def send_probe(self) -> None:
        """Sends what the network sees in the probe image now."""
        if self._listener is None:
            return
        self._number = self._prober.choice.number
        probe = self._prober.probe()
        if probe is None:
            return  # The training has diverged. The loss of the next batch shows it, and ends the training.
        self.send(probe)
        self._probe_sent = time.perf_counter()
