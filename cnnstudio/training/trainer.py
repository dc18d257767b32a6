"""Trains a network: from a config to a classifier on disk."""

import math
import shlex
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cnnstudio.data.augmentation.augment import find_augmentation
from cnnstudio.data.library import find_dataset
from cnnstudio.data.report import LeftOut
from cnnstudio.data.splits import Dataset, Split
from cnnstudio.errors import StudioError
from cnnstudio.models.backend import give_memory_back, import_keras
from cnnstudio.models.networks.building import build_network, called, find_network, reference
from cnnstudio.models.trained.card import Card, provenance
from cnnstudio.models.trained.classifier import Classifier
from cnnstudio.models.trained.library import find_model
from cnnstudio.models.trained.starting import start_from
from cnnstudio.progress import Progress
from cnnstudio.training.config import OPTIMIZERS, TrainingConfig
from cnnstudio.training.diagnosis import diagnose
from cnnstudio.training.evaluation import Evaluation, evaluate
from cnnstudio.training.events import EpochEnd, Event, Moved, Preparing, Started, Stopped
from cnnstudio.training.fine_tuning import RATE_FACTOR, frozen_layers, unfreeze
from cnnstudio.training.loop import Block, TrainingLoop, mean_over_images
from cnnstudio.training.reporter import ProbeChoice, Prober, Reporter, Speed
from cnnstudio.training.runs import History, Run, create_run

if TYPE_CHECKING:
    import keras


class TrainingDiverged(StudioError):  # noqa: N818  # it reads as what happened
    """The loss became infinite or not a number."""


class NothingTrained(StudioError):  # noqa: N818
    """The training was stopped before its first batch, so there is nothing to keep."""


class _StopRequested(Exception):  # noqa: N818
    """Ends the training from wherever it is."""


@dataclass(frozen=True, eq=False)
class TrainingResult:
    """The outcome of a training.

    Attributes:
        run: the run's folder.
        dataset: name or path of the data set, as the config has it.
        dataset_title: its name for the screen.
        architecture: key of the architecture, or the name or the file of an edited one.
        architecture_title: its name for the screen.
        parameters: trainable parameters.
        epochs: number of epochs that were finished.
        train_seconds: time from the first batch to the last, with validation and saving.
        images_per_second: average speed over all batches; validation and saving do not count.
        test_images: number of test images.
        test_accuracy: share of the test images that are right, 0–1.
        test_loss: mean cross-entropy on the test images, in nats.
        left_out: what of a folder of images was not used, and why.
        stopped: whether it was stopped by request.
        advice: what is odd about it and what to do, in a sentence or two; empty where nothing is.
        classifier: with the weights of the best validation epoch; after a stop, those it had then.
        prober: asks it about the probe image, or another one.
    """

    run: Path
    dataset: str
    dataset_title: str
    architecture: str
    architecture_title: str
    parameters: int
    epochs: int
    train_seconds: float
    images_per_second: float
    test_images: int
    test_accuracy: float
    test_loss: float
    left_out: tuple[LeftOut, ...]
    stopped: bool
    advice: str
    classifier: Classifier
    prober: Prober


def train(
    config: TrainingConfig,
    on_event: Callable[[Event], None] | None = None,
    stop: threading.Event | None = None,
    output: Path | None = None,
    probe: ProbeChoice | None = None,
) -> TrainingResult:
    """Trains a network, measures it on the test images and keeps it as a run.

    Everything happens in the calling thread. After each epoch that is the best so far on the validation images the
    model is saved; at the end it is measured and kept.

    Args:
        config: what to train.
        on_event: called with every event, in this thread. What it raises ends the training.
        stop: once set, the training ends between two batches; the weights as they are then are measured and kept.
        output: the run's own folder, new or empty; without it one is made below the user's runs.
        probe: which validation image the network is asked about now and then; the first one where None.

    Raises:
        TrainingDiverged: the loss became infinite or not a number. If an epoch was over, the best model is kept.
        NothingTrained: it was stopped before the first batch.
        StudioError: the config makes no sense, or the run cannot be written.
    """
    config.check()
    config = replace(config, architecture=reference(find_network(config.architecture)))
    if config.start_from:
        config = replace(config, start_from=str(find_model(config.start_from).absolute()))
    run = create_run(config, output)
    stop = stop or threading.Event()
    try:
        return _Training(config, run, on_event, stop, probe or ProbeChoice()).result()
    except _StopRequested:
        if on_event is not None:
            on_event(Stopped(0))
        run.discard()
        raise NothingTrained("The training was stopped before its first batch: there is nothing to keep.") from None
    except BaseException as error:
        if not run.has_model:
            run.discard()
        elif isinstance(error, StudioError) and not isinstance(error, TrainingDiverged):
            raise StudioError(f"{error} The best model so far is kept in {run.folder}.") from error
        raise
    finally:
        run.close()
        give_memory_back()


class _Training:
    """One training, from its config to its result.

    Making one loads the data, builds the network and compiles the training loop.

    Raises:
        _StopRequested: a stop was requested meanwhile.
    """

    def __init__(
        self,
        config: TrainingConfig,
        run: Run,
        on_event: Callable[[Event], None] | None,
        stop: threading.Event,
        probe: ProbeChoice,
    ) -> None:
        self._config = config
        self._run = run
        self._stop = stop
        self._history = History()
        self._best: list[np.ndarray] = []

        def prepare(event: Preparing | Progress) -> None:
            self._check_stop()
            if on_event is not None:
                on_event(event)

        prepare(Preparing("Starting TensorFlow"))
        import_keras()
        prepare(Preparing("Loading the images"))
        self._entry = find_dataset(config.dataset, config.image_size, config.channels, layout=config.layout)
        dataset = self._entry.load(prepare)
        self._dataset_title = dataset.title
        self._left_out = dataset.left_out
        held = dataset.hold_out(config.validation_fraction, config.seed)
        fitting = config.fitting(self._entry, len(held.train))
        if fitting != config:
            self._config = config = fitting
            run.write_config(config)
        self._train, self._validation, self._test = _splits(held, config)
        prepare(Preparing("Building the network"))
        network = find_network(config.architecture)
        self._network_title = network.title
        model = build_network(network, dataset.image_shape, len(dataset.classes), config.seed)
        if config.start_from and not start_from(Path(config.start_from), model, dataset.classes):
            raise StudioError(
                f"{Path(config.start_from).name} has no layer in common with {network.title}, so there is nothing "
                "to start from. Choose the same architecture, or start from random weights."
            )
        if config.fine_tune_epochs and not frozen_layers(model):
            raise StudioError(
                f"There is nothing to fine-tune: all layers of “{config.architecture}” are trained from the start. "
                "Fine-tuning is for the architectures whose names begin with “transfer”."
            )
        run.check_space(4 * model.count_params())
        card = _card(config, dataset, model, run.folder.name, called(network))
        self._classifier = Classifier(model, card)
        epochs = config.epochs + config.fine_tune_epochs
        batches = self._history.batches_per_epoch = math.ceil(len(self._train) / config.batch_size)
        self._speed = Speed(epochs * len(self._train), epochs)
        self._prober = Prober(self._classifier, self._validation, probe)
        self._reporter = Reporter(on_event, self._prober, self._speed)
        self._reporter.send(
            Started(
                run=run.folder,
                parameters=card.parameters,
                epochs=epochs,
                batches_per_epoch=batches,
                train_images=len(self._train),
                validation_images=len(self._validation),
                held_out=dataset.validation is None,
                classes=dataset.classes,
                left_out=self._left_out,
            )
        )
        self._reporter.send_probe()
        self._loop = TrainingLoop(_compiled(model, config), self._train, config)
        # Compiles the measuring, too: after a stop nobody should wait for that.
        self._classifier.predict_many(self._validation.images[:1])
        self._check_stop()

    def result(self) -> TrainingResult:
        """Trains the network, measures it on the test images, keeps both and returns the outcome."""
        started = time.perf_counter()
        stopped = False
        try:
            self._fit(self._loop)
            if self._config.fine_tune_epochs:
                self._fit(self._fine_tuning())
        except _StopRequested:
            stopped = True
            self._reporter.send(Stopped(len(self._history.loss)))
        seconds = time.perf_counter() - started
        test = self._measure()
        return TrainingResult(
            run=self._run.folder,
            dataset=self._config.dataset,
            dataset_title=self._dataset_title,
            architecture=self._config.architecture,
            architecture_title=self._network_title,
            parameters=self._classifier.card.parameters,
            epochs=len(self._history.epochs),
            train_seconds=seconds,
            images_per_second=self._speed.average,
            test_images=test.images,
            test_accuracy=test.accuracy,
            test_loss=test.loss,
            left_out=self._left_out,
            stopped=stopped,
            advice=self._history.advice,
            classifier=self._classifier,
            prober=self._prober,
        )

    def _fit(self, loop: TrainingLoop) -> None:
        """Trains all epochs of a loop, and leaves the network with the weights of the best epoch so far."""
        self._speed.start()
        for epoch in loop.epochs:
            blocks = []
            for block in loop.blocks(epoch):
                blocks.append(block)
                self._end_block(block, loop.batches_per_epoch)
            self._end_epoch(epoch, *mean_over_images(blocks))
        self._classifier.model.set_weights(self._best)

    def _fine_tuning(self) -> TrainingLoop:
        """Unfreezes the upper part of the network and makes the loop that trains on, in smaller steps."""
        config = self._config
        model = self._classifier.model
        unfreeze(model)
        tuning = replace(config, epochs=config.fine_tune_epochs, learning_rate=config.learning_rate * RATE_FACTOR)
        return TrainingLoop(_compiled(model, tuning), self._train, tuning, first_epoch=config.epochs)

    def _end_block(self, block: Block, batches_per_epoch: int) -> None:
        finite = np.isfinite(block.loss)
        if not finite.all():
            number = block.first + int(finite.argmin()) - block.epoch * batches_per_epoch
            raise self._divergence(f"in batch {number + 1} of epoch {block.epoch + 1}")
        self._history.add(block)
        self._speed.add_block(block)
        self._reporter.add_block(block)
        self._check_stop()

    def _end_epoch(self, epoch: int, loss: float, accuracy: float) -> None:
        self._reporter.flush()
        try:
            validation = evaluate(self._classifier, self._validation, lambda _: self._check_stop())
        except StudioError as error:
            raise self._divergence(f"at the end of epoch {epoch + 1}") from error
        event = EpochEnd(epoch, loss, accuracy, validation.loss, validation.accuracy)
        is_best = all(_rank(event) > _rank(other) for other in self._history.epochs)
        self._history.epochs.append(event)
        if is_best:
            self._best = self._classifier.model.get_weights()
        self._keep_best(is_best)
        self._run.write_history(self._history)
        self._speed.add_validation()
        self._reporter.send(event)
        self._check_stop()

    def _keep_best(self, is_now: bool) -> None:
        """Writes the network with the best weights so far, where they are not written: those of now, or from before.

        The folder may have been thrown away since, and another one begun, without a model.
        """
        self._follow()
        if is_now:
            self._keep()
        elif not self._run.has_model:
            model = self._classifier.model
            now = model.get_weights()
            model.set_weights(self._best)
            self._keep()
            model.set_weights(now)

    def _keep(self) -> None:
        """Writes the network as it is now."""
        self._follow()
        epochs = len(self._history.epochs)
        self._classifier.card = replace(self._classifier.card, name=self._run.folder.name, epochs=epochs)
        self._run.write_model(self._classifier)

    def _follow(self) -> None:
        """Finds the run's folder, and tells where it is now if that is another one."""
        before = self._run.folder
        self._run.follow()
        if self._run.folder != before:
            self._reporter.send(Moved(self._run.folder))

    def _measure(self) -> Evaluation:
        """Measures the network as it is now on the test images, and writes it and the history with what it says."""
        test = evaluate(self._classifier, self._test)
        self._history.advice = diagnose(self._config, self._entry, self._history.epochs, test)
        self._classifier.card = replace(self._classifier.card, test_accuracy=test.accuracy, test_loss=test.loss)
        self._keep()
        self._run.write_history(self._history)
        return test

    def _divergence(self, when: str) -> TrainingDiverged:
        """Measures and keeps the best network so far, and returns the error that ends the training."""
        kept = ""
        if self._best:
            self._classifier.model.set_weights(self._best)
            self._measure()
            kept = f" The best model so far is kept in {self._run.folder}."
        return TrainingDiverged(
            f"The training diverged {when}: its loss became infinite or not a number. "
            f"Try a smaller learning rate, such as {self._config.learning_rate / 10:.1g}.{kept}"
        )

    def _check_stop(self) -> None:
        if self._stop.is_set():
            raise _StopRequested


def _rank(epoch: EpochEnd) -> tuple[float, float]:
    """The best epoch has the highest rank: accuracy on the validation images, then loss."""
    return epoch.val_accuracy, -epoch.val_loss


def _splits(held: Dataset, config: TrainingConfig) -> tuple[Split, Split, Split]:
    """Returns the training images, with those that the augmentation adds, the validation and the test images.

    Raises:
        StudioError: there are too few images for the config.
    """
    if held.validation is None or not len(held.validation):
        raise StudioError(
            "There are too few training images: no class has two, one of which could be held out for validation. Add "
            "more."
        )
    if config.batch_size > len(held.train):
        raise StudioError(
            f"The batch size, {config.batch_size:,}, is larger than the number of training images, "
            f"{len(held.train):,}. Choose a smaller one."
        )
    extended = find_augmentation(config.augmentation).extend(held, config.seed)
    return extended.train, held.validation, held.test


def _compiled(model: "keras.Model", config: TrainingConfig) -> "keras.Model":
    """Returns a second model of the same layers, compiled for training; the first one is saved without an optimizer."""
    import keras

    twin = keras.Model(model.inputs, model.outputs)
    optimizer = OPTIMIZERS[config.optimizer].build(config.learning_rate)
    optimizer.weight_decay = config.weight_decay or None
    optimizer.exclude_from_weight_decay([weight for weight in model.trainable_weights if len(weight.shape) < 2])
    twin.compile(optimizer, loss="sparse_categorical_crossentropy", jit_compile=False)
    return twin


def _card(config: TrainingConfig, dataset: Dataset, model: "keras.Model", name: str, architecture: str) -> Card:
    start_from = Path(config.start_from).name if config.start_from else None
    return Card(
        name=name,
        classes=dataset.classes,
        input_shape=dataset.image_shape,
        input_rule=dataset.input_rule,
        dataset=dataset.name,
        architecture=architecture,
        command=_command(replace(config, dataset=dataset.name, start_from=start_from)),
        seed=config.seed,
        planned_epochs=config.epochs + config.fine_tune_epochs,
        licence=f"Trained on {dataset.title}: {dataset.licence}" if dataset.licence else "",
        left_out=dataset.left_out,
        **provenance(model),
    )


_ALWAYS_WRITTEN = frozenset({"dataset", "architecture", "seed", "schedule"})
"""Options that a command line has even where they are the default."""


def _command(config: TrainingConfig) -> str:
    """Returns the command line that trains the same network again."""
    words = ["cnnstudio", "train"]
    for option in fields(config):
        value = getattr(config, option.name)
        if value != option.default or option.name in _ALWAYS_WRITTEN:
            words += [f"--{option.name.replace('_', '-')}", str(value)]
    return shlex.join(words)
