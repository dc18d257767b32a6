"""The training loop: epochs, blocks of batches, and steps.

Going back to Python after every batch costs a small network half its speed. The loop therefore trains in blocks: one
compiled call trains as many batches as take about `BLOCK_SECONDS` and returns the loss of each. Python's lock is free
meanwhile, and another thread fetches the images of the next block from memory or from disk.

The order of the images depends on the seed and the epoch alone, the augmentation on the seed, the epoch and the batch
alone. A config therefore gives the same weights however the batches fall into blocks.
"""

import math
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cnnstudio.data.augmentation.augment import find_augmentation
from cnnstudio.data.splits import Split
from cnnstudio.errors import StudioError, reason
from cnnstudio.models.backend import trace
from cnnstudio.training.config import SCHEDULES, TrainingConfig
from cnnstudio.training.precision import training_arithmetic

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

BLOCK_SECONDS = 0.06
"""How long a block should take; a batch that takes longer is a block of its own."""


@dataclass(frozen=True, eq=False)
class Block:
    """Consecutive batches of one epoch, after they were trained.

    Attributes:
        epoch: from 0.
        first: number of the first batch, counted from 0 at the start of the training.
        loss: (n,) float32, the loss of each batch.
        accuracy: (n,) float32, the share of each batch that was right, 0–1.
        sizes: (n,) int64, the number of images in each batch.
    """

    epoch: int
    first: int
    loss: np.ndarray
    accuracy: np.ndarray
    sizes: np.ndarray

    @property
    def images(self) -> int:
        """The number of images in all batches together."""
        return int(self.sizes.sum())


def mean_over_images(blocks: Iterable[Block]) -> tuple[float, float]:
    """Returns the mean loss and accuracy over all images of some blocks, at least one."""
    sums = [(float(block.loss @ block.sizes), float(block.accuracy @ block.sizes), block.images) for block in blocks]
    loss, right, images = map(sum, zip(*sums, strict=True))
    return loss / images, right / images


class TrainingLoop:
    """Trains a compiled Keras model for some epochs. Making the loop compiles its steps.

    The caller iterates: `for epoch in loop.epochs: for block in loop.blocks(epoch): …`, and between two blocks it may
    wait, save or change the model and its optimizer, or leave. Each part of a training has one place here: the images
    and their order `_fetch`, the learning rate of each batch `_learning_rates`, the number of batches until the caller
    has its turn `_choose_block_size`, and the change of the weights `step` in `_compile_block`.

    Args:
        model: compiled with an optimizer and a loss, without metrics. It is made, and the loop with it, in the scope of
            the `tf.distribute.Strategy` that runs its steps, if there is one.
        split: the training images.
        config: how to train them; the architecture is not looked at.
        first_epoch: number of epochs before, from which those of this loop are counted on.
    """

    def __init__(self, model: "keras.Model", split: Split, config: TrainingConfig, first_epoch: int = 0) -> None:
        self.epochs = range(first_epoch, first_epoch + config.epochs)
        self.batches_per_epoch = math.ceil(len(split) / config.batch_size)
        self._split = split
        self._config = config
        self._block_size = 1
        self._train_block = _compile_block(model, split.images.shape[1:], config)

    def blocks(self, epoch: int) -> Iterator[Block]:
        """Trains one epoch and yields each block as soon as it is trained.

        Nothing is trained until the next block is asked for.

        Args:
            epoch: one of `epochs`; they are meant to be trained in their order.

        Raises:
            StudioError: the images cannot be read any more.
        """
        rates = self._learning_rates(epoch)
        first = 0
        for images, labels in self._fetch(epoch):
            sizes = np.diff(np.arange(0, len(labels), self._config.batch_size), append=len(labels))
            last = first + len(sizes)
            started = time.perf_counter()
            loss, accuracy = self._train_block(images, labels, rates[first:last], (epoch, first))
            self._choose_block_size(len(sizes), time.perf_counter() - started)
            yield Block(epoch, epoch * self.batches_per_epoch + first, loss, accuracy, sizes)
            first = last

    def _learning_rates(self, epoch: int) -> np.ndarray:
        """The schedule: the learning rate of each batch of an epoch, float32."""
        batches = np.arange(self.batches_per_epoch) / self.batches_per_epoch
        done = (epoch - self.epochs.start + batches) / len(self.epochs)
        return (self._config.learning_rate * SCHEDULES[self._config.schedule].factors(done)).astype(np.float32)

    def _fetch(self, epoch: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yields images and labels of an epoch, one block after the other, in a new order for each epoch.

        While a block is used, the next one is fetched, of the size that is chosen then.
        """
        order = np.random.default_rng([self._config.seed, epoch]).permutation(len(self._split))
        images, labels = self._split.images, self._split.labels
        with ThreadPoolExecutor(1) as reader:

            def start(position: int) -> Future[tuple[np.ndarray, np.ndarray]]:
                chosen = order[position : position + self._block_size * self._config.batch_size]
                return reader.submit(lambda: (images[chosen], labels[chosen]))

            position, following = 0, start(0)
            while position < len(order):
                try:
                    block = following.result()
                except OSError as error:
                    raise StudioError(
                        f"The training images cannot be read any more ({reason(error)}). Start the training again to "
                        "read them anew."
                    ) from error
                position += len(block[1])
                if position < len(order):
                    following = start(position)
                yield block

    def _choose_block_size(self, batches: int, seconds: float) -> None:
        """Sets the number of batches in the next block, from the time that a block of `batches` took.

        It doubles at most: one short block says little about the next.
        """
        self._block_size = max(1, min(2 * batches, int(BLOCK_SECONDS * batches / seconds)))


def _compile_block(
    model: "keras.Model", image_shape: tuple[int, ...], config: TrainingConfig
) -> Callable[[np.ndarray, np.ndarray, np.ndarray, tuple[int, int]], tuple[np.ndarray, np.ndarray]]:
    """Compiles the training of a block.

    Returns:
        A function of the block's images (n, height, width, channels) and labels (n,), the learning rate of each of its
        batches, and its place: the epoch, and the first batch from 0 in each epoch. It trains the batches and returns
        the loss and the accuracy of each.
    """
    import tensorflow as tf

    height, width, channels = image_shape
    augment = find_augmentation(config.augmentation).build((height, width, channels))
    strategy = tf.distribute.get_strategy()
    optimizer, variables = model.optimizer, model.trainable_variables
    optimizer.build(variables)

    def step(x: "tf.Tensor", y: "tf.Tensor") -> "tuple[tf.Tensor, tf.Tensor]":
        """Trains one batch; where the strategy has several devices, each takes its share of the images."""
        if strategy.num_replicas_in_sync > 1:
            device = tf.distribute.get_replica_context().replica_id_in_sync_group
            x, y = (values[device :: strategy.num_replicas_in_sync] for values in (x, y))
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            # TensorFlow itself watches none that was frozen when it was made.
            tape.watch([variable.value for variable in variables])
            probabilities = model(x, training=True)
            loss = model.compute_loss(x, y, probabilities)
        optimizer.apply(tape.gradient(loss, variables), variables)
        right = tf.equal(tf.argmax(probabilities, axis=1, output_type=y.dtype), y)
        return loss, tf.reduce_mean(tf.cast(right, tf.float32))

    def block(
        images: "tf.Tensor", labels: "tf.Tensor", rates: "tf.Tensor", place: "tf.Tensor"
    ) -> "tuple[tf.Tensor, tf.Tensor]":
        epoch, first = tf.unstack(place)

        def train_batch(number: "tf.Tensor") -> "tuple[tf.Tensor, tf.Tensor]":
            chosen = slice(number * config.batch_size, (number + 1) * config.batch_size)
            seed = tf.random.fold_in(tf.stack([config.seed, epoch]), first + number)
            x = augment(tf.cast(images[chosen], tf.float32), seed)
            optimizer.learning_rate.assign(rates[number])
            loss, accuracy = strategy.run(step, (x, labels[chosen]))
            # Keras divides the loss by the number of devices, so that their gradients add up.
            return strategy.reduce("SUM", loss, axis=None), strategy.reduce("MEAN", accuracy, axis=None)

        outputs = (tf.float32, tf.float32)
        return tf.map_fn(train_batch, tf.range(tf.size(rates)), fn_output_signature=outputs, parallel_iterations=1)

    signature = [
        tf.TensorSpec([None, *image_shape], tf.uint8),
        tf.TensorSpec([None], tf.int32),
        tf.TensorSpec([None], tf.float32),
        tf.TensorSpec([2], tf.int32),
    ]
    with training_arithmetic(model, config.precision):
        compiled = trace(block, signature)

    def train_block(
        images: np.ndarray, labels: np.ndarray, rates: np.ndarray, place: tuple[int, int]
    ) -> tuple[np.ndarray, np.ndarray]:
        loss, accuracy = compiled(*map(tf.constant, (images, labels, rates, place)))
        return loss.numpy(), accuracy.numpy()

    # TensorFlow optimises the graph when it first runs: a block of no batches, so that the clock sees only training.
    train_block(np.empty((0, *image_shape), np.uint8), np.empty(0, np.int32), np.empty(0, np.float32), (0, 0))
    return train_block
