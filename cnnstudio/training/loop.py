"""Keras's `fit` at full speed, with the loss of every batch.

Between two batches `fit` fetches arrays, runs callbacks and keeps running means in Python, which costs a small network
half its speed, and what it reports is the mean over the epoch so far. Here one step of `fit` is a block of batches: a
compiled loop over them that returns the loss of each. A block takes so short a time that whoever looks between two of
them stops the training soon, and Python's lock is free meanwhile. While a block is trained, a second thread fetches the
images of the next one, from memory or from disk.
"""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

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
    """Some consecutive batches of an epoch.

    Attributes:
        epoch: from 0.
        first: number of the first of them, counted from 0 at the start of the training.
        loss: (n,) float32, the loss of each batch.
        accuracy: (n,) float32, the share of each batch that was right, 0–1.
        images: images in all of them.
    """

    epoch: int
    first: int
    loss: np.ndarray
    accuracy: np.ndarray
    images: int


@dataclass(frozen=True, eq=False)
class _Fetched:
    """The images of some batches.

    Attributes:
        first: the first batch, from 0 in each epoch.
        last: the one after the last.
        images: (n, height, width, channels) uint8.
        labels: (n,) int32.
    """

    first: int
    last: int
    images: np.ndarray
    labels: np.ndarray


class FastFit:
    """Runs `fit` on a compiled Keras model, block by block.

    The order of images depends on seed and epoch alone, the augmentation on seed and batch alone: the same config gives
    the same weights, however the batches fall into blocks.

    Args:
        model: compiled with an optimizer and a loss, without metrics.
        split: the training images.
        config: what to do.
        first_epoch: epochs that were done before, with other weights trained: those of now are counted on from there.
    """

    def __init__(self, model: "keras.Model", split: Split, config: TrainingConfig, first_epoch: int = 0) -> None:
        self.batches_per_epoch = -(-len(split) // config.batch_size)
        self._model = model
        self._config = config
        self._split = split
        self._first_epoch = first_epoch
        self._run = _compile_block(model, split.images.shape[1:], config)
        self._block_size = 1

    def fit(self, on_block: Callable[[Block], None], on_epoch_end: Callable[[int, dict[str, Any]], None]) -> None:
        """Trains for all epochs, in the calling thread.

        Args:
            on_block: called between two blocks. What it raises ends `fit`.
            on_epoch_end: called with the epoch, from 0, and its logs (`loss`, `accuracy`), to which it may add, as
                Keras's callbacks do. What it raises ends `fit`.
        """
        import keras
        import tensorflow as tf

        self._on_block = on_block
        self._on_epoch_end = on_epoch_end
        self._model.train_function = self._train_block
        callback = keras.callbacks.LambdaCallback(
            on_epoch_begin=self._begin_epoch, on_train_batch_end=self._leave_epoch, on_epoch_end=self._end_epoch
        )
        # The images come from elsewhere; `fit` only needs something without end to step through.
        steps = tf.data.Dataset.range(1).repeat()
        with ThreadPoolExecutor(1) as self._reader:
            self._model.fit(steps, epochs=self._config.epochs, callbacks=[callback], shuffle=False, verbose=0)

    def _begin_epoch(self, epoch: int, logs: dict[str, Any]) -> None:  # noqa: ARG002
        config, batches = self._config, self.batches_per_epoch
        done = (epoch + np.arange(batches) / batches) / config.epochs
        rates = config.learning_rate * SCHEDULES[config.schedule].factors(done)
        self._epoch = self._first_epoch + epoch
        self._order = np.random.default_rng([config.seed, self._epoch]).permutation(len(self._split))
        self._rates = rates.astype(np.float32)
        self._done = self._seen = 0
        self._loss = self._right = 0.0
        self._fetch_next()

    def _fetch_next(self) -> None:
        """Starts to fetch the block that follows those that are done."""
        size, first = self._config.batch_size, self._done
        last = min(first + self._block_size, self.batches_per_epoch)
        chosen = self._order[first * size : last * size]
        images, labels = self._split.images, self._split.labels
        self._next: Future[_Fetched] = self._reader.submit(
            lambda: _Fetched(first, last, images[chosen], labels[chosen])
        )

    def _train_block(self, _steps: Any) -> dict[str, float]:
        """One step of `fit`: trains a block and returns, as Keras does, the means over the epoch so far."""
        try:
            block = self._next.result()
        except OSError as error:
            raise StudioError(
                f"The training images cannot be read any more ({reason(error)}). Start the training again to read "
                "them anew."
            ) from error
        first, last, size = block.first, block.last, self._config.batch_size
        self._done = last
        if last < self.batches_per_epoch:
            self._fetch_next()
        started = time.perf_counter()
        loss, accuracy = self._run(block.images, block.labels, self._rates, (self._epoch, first, last))
        seconds = time.perf_counter() - started

        images = np.full(last - first, size)
        images[-1] = len(block.labels) - (last - first - 1) * size
        self._seen += int(images.sum())
        self._loss += float(loss @ images)
        self._right += float(accuracy @ images)
        # By twice at most: one short block says little about the next.
        self._block_size = max(1, min(2 * (last - first), int(BLOCK_SECONDS * (last - first) / seconds)))
        before = self._epoch * self.batches_per_epoch
        self._on_block(Block(self._epoch, before + first, loss, accuracy, int(images.sum())))
        return {"loss": self._loss / self._seen, "accuracy": self._right / self._seen}

    def _leave_epoch(self, batch: int, logs: dict[str, Any]) -> None:  # noqa: ARG002
        self._model.stop_training = self._done == self.batches_per_epoch

    def _end_epoch(self, epoch: int, logs: dict[str, Any]) -> None:
        self._model.stop_training = False  # it was set to leave the epoch, not the training
        self._on_epoch_end(self._first_epoch + epoch, logs)


def _compile_block(
    model: "keras.Model", image_shape: tuple[int, ...], config: TrainingConfig
) -> Callable[..., tuple[np.ndarray, np.ndarray]]:
    """Compiles the loop over a block's batches.

    Returns:
        A function of the block's images (n, height, width, channels) and labels (n,), the learning rates of the epoch's
        batches, and where it stands: the epoch, the block's first batch and the one after its last, from 0 in each
        epoch. It trains and returns the loss and the accuracy of each batch.
    """
    import tensorflow as tf

    augment = find_augmentation(config.augmentation).build((image_shape[0], image_shape[1], image_shape[2]))
    optimizer, variables = model.optimizer, model.trainable_variables
    optimizer.build(variables)

    def run(
        images: "tf.Tensor", labels: "tf.Tensor", rates: "tf.Tensor", place: "tf.Tensor"
    ) -> "tuple[tf.Tensor, tf.Tensor]":
        epoch, first, last = tf.unstack(place)

        def step(batch: "tf.Tensor") -> "tuple[tf.Tensor, tf.Tensor]":
            start = (batch - first) * config.batch_size
            chosen = slice(start, start + config.batch_size)
            seed = tf.random.fold_in(tf.stack([config.seed, epoch]), batch)
            x, y = augment(tf.cast(images[chosen], tf.float32), seed), labels[chosen]
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                # TensorFlow itself watches none that was frozen when it was made.
                tape.watch([variable.value for variable in variables])
                probabilities = model(x, training=True)
                loss = model.compute_loss(x, y, probabilities)
            gradients = tape.gradient(loss, variables)
            optimizer.learning_rate.assign(rates[batch])
            optimizer.apply(gradients, variables)
            right = tf.equal(tf.argmax(probabilities, axis=1, output_type=y.dtype), y)
            return loss, tf.reduce_mean(tf.cast(right, tf.float32))

        return tf.map_fn(
            step, tf.range(first, last), fn_output_signature=(tf.float32, tf.float32), parallel_iterations=1
        )

    signature = [
        tf.TensorSpec([None, *image_shape], tf.uint8),
        tf.TensorSpec([None], tf.int32),
        tf.TensorSpec([None], tf.float32),
        tf.TensorSpec([3], tf.int32),
    ]
    with training_arithmetic(model, config.precision):
        compiled = trace(run, signature)

    def train(*arguments: Any) -> tuple[np.ndarray, np.ndarray]:
        loss, accuracy = compiled(*map(tf.constant, arguments))
        return loss.numpy(), accuracy.numpy()

    # TensorFlow optimises the graph when it first runs: a block of no batches, so that the clock sees only training.
    train(np.empty((0, *image_shape), np.uint8), np.empty(0, np.int32), np.empty(0, np.float32), (0, 0, 0))
    return train
