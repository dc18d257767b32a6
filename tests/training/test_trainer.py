import json
import random
import resource
import threading
import time
from dataclasses import replace

import numpy as np
import pytest

from cnnstudio.data.splits import Split
from cnnstudio.errors import StudioError
from cnnstudio.models.trained.classifier import LayerInfo
from cnnstudio.models.trained.library import list_models, load_classifier
from cnnstudio.storage import runs_folder
from cnnstudio.training import trainer
from cnnstudio.training.config import SCHEDULES, Schedule, TrainingConfig
from cnnstudio.training.evaluation import evaluate
from cnnstudio.training.events import Batches, EpochEnd, Probe, Started, Stopped
from cnnstudio.training.loop import Block
from cnnstudio.training.reporter import Speed, probe_layers
from cnnstudio.training.trainer import NothingTrained, TrainingDiverged, train

pytestmark = pytest.mark.numbers


def weights_of(result):
    return [weight.tobytes() for weight in result.classifier.model.get_weights()]


@pytest.fixture(scope="module")
def finished(digits, dataset_in_the_table, tmp_path_factory):
    """The quick training, done once: its result, its events and the seconds it took. Nobody writes into its run."""
    config = TrainingConfig(
        dataset="digits", architecture="softmax", epochs=2, batch_size=64, validation_fraction=1 / 7
    )
    events = []
    began = time.perf_counter()
    with dataset_in_the_table(digits):
        result = train(config, on_event=events.append, output=tmp_path_factory.mktemp("finished") / "run")
    return result, events, time.perf_counter() - began


def test_a_training_from_start_to_end(finished, quick, digits):
    import keras

    result, events, seconds = finished
    *preparing, started, first_look = events[:5]
    assert [event.task for event in preparing] == ["Starting TensorFlow", "Loading the images", "Building the network"]
    assert isinstance(started, Started)
    assert isinstance(first_look, Probe)
    assert (started.epochs, started.batches_per_epoch) == (2, 19)
    assert started.train_images + started.validation_images == len(digits.train)
    assert started.held_out
    batches = [event for event in events if isinstance(event, Batches)]
    firsts = np.cumsum([0] + [len(event.loss) for event in batches])
    assert [event.first for event in batches] == firsts[:-1].tolist()
    assert firsts[-1] == 2 * 19
    assert all(event.images_per_second > 0 and event.seconds_left >= 0 for event in batches)
    assert batches[-1].seconds_left < batches[0].seconds_left
    assert len(batches) <= 20 * seconds + 1 + quick.epochs  # one more at each epoch's end
    assert sum(isinstance(event, Probe) for event in events) <= 4 * seconds + 1
    epochs = [event for event in events if isinstance(event, EpochEnd)]
    assert [epoch.epoch for epoch in epochs] == [0, 1]
    assert epochs[1].val_accuracy > epochs[0].val_accuracy > 0.3
    assert events.index(epochs[0]) > events.index([event for event in batches if event.epoch == 0][-1])

    assert (result.run, result.parameters, result.epochs) == (started.run, started.parameters, 2)
    assert not result.stopped
    assert result.images_per_second > 0
    model = keras.models.load_model(result.run / "model.keras")
    answers = np.asarray(model(digits.test.images)).argmax(axis=1)
    assert (answers == digits.test.labels).mean() == pytest.approx(result.test_accuracy)
    card = load_classifier(result.run).card
    assert (card.test_accuracy, card.test_loss) == (result.test_accuracy, result.test_loss)
    assert (card.dataset, card.architecture, card.epochs) == ("digits", "softmax", 2)
    history = json.loads((result.run / "history.json").read_text())
    assert [epoch["val_loss"] for epoch in history["epochs"]] == [epoch.val_loss for epoch in epochs]
    told = np.concatenate([event.loss for event in batches])
    assert np.allclose(history["batches"]["loss"], told, rtol=1e-4)


def test_the_card_tells_how_to_train_it_again(quick):
    card = train(replace(quick, learning_rate=1.5e-3, seed=4, epochs=1)).classifier.card
    assert card.command == (
        "cnnstudio train --dataset digits --architecture softmax --epochs 1 --batch-size 64 --learning-rate 0.0015 "
        f"--seed 4 --augmentation none --schedule cosine --validation-fraction {1 / 7}"
    )


def test_layers_of_the_probe_are_spread_from_the_first_to_the_last():
    layers = [LayerInfo("rescaling", "Rescaling", (8, 8, 3), True)]
    for number in range(10):
        layers += [
            LayerInfo(f"conv{number}", "Conv2D", (8, 8, 4), False),
            LayerInfo(f"n{number}", "Add", (8, 8, 4), True),
        ]
    layers.append(LayerInfo("output", "Dense", (10,), True))
    assert probe_layers(layers) == ("n0", "n3", "n6", "n9")
    assert probe_layers(layers[-1:]) == ()


def test_of_many_layers_the_probe_shows_those_that_find_something():
    """LeNet-5 with one more convolution; before, it was shown conv1, pool1, conv3 and pool2."""
    kinds = {"conv1": "Conv2D", "pool1": "MaxPooling2D", "conv2": "Conv2D", "conv3": "Conv2D", "pool2": "MaxPooling2D"}
    layers = [LayerInfo(name, kind, (8, 8, 4), True) for name, kind in kinds.items()]
    assert probe_layers(layers) == ("conv1", "conv2", "conv3")
    assert probe_layers(layers[:4]) == ("conv1", "pool1", "conv2", "conv3")


def test_a_slow_first_block_does_not_spoil_the_estimate(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: clock[0])
    speed = Speed(images=103 * 50, epochs=1)
    numbers = np.zeros(1, np.float32)
    estimates = []
    for seconds in (4.0, 0.1, 0.1):
        clock[0] += seconds
        speed.add_block(Block(0, len(estimates), numbers, numbers, sizes=np.array([50])))
        estimates.append(speed.seconds_left)
    assert estimates == pytest.approx([102 * 4.0, 101 * 0.1, 100 * 0.1])
    assert speed.images_per_second == pytest.approx(500)
    assert speed.average == pytest.approx(150 / 4.2)


def test_test_images_choose_nothing(finished, quick, digits, add_dataset):
    """Trained again with other test images the same network comes out, and only the measurement differs."""
    first, events, _ = finished
    shuffled = np.roll(digits.test.labels, 1)
    add_dataset(replace(digits, test=Split(digits.test.images, shuffled)))
    others = []
    second = train(quick, on_event=others.append)
    assert first.run != second.run
    assert weights_of(first) == weights_of(second)
    assert second.test_accuracy < 0.3 < first.test_accuracy
    ends, other_ends = ([event for event in told if isinstance(event, EpochEnd)] for told in (events, others))
    assert [epoch.val_loss for epoch in ends] == [epoch.val_loss for epoch in other_ends]


def test_the_random_numbers_of_the_program_go_on_undisturbed(quick):
    import tensorflow as tf

    def draw():
        return random.random(), np.random.random(), float(tf.random.uniform([]))

    def seed():
        random.seed(1), np.random.seed(1), tf.random.set_seed(1)

    seed()
    before = draw()
    seed()
    train(replace(quick, epochs=1, augmentation="noise=0.1"))
    assert draw() == before


def test_the_weights_of_the_best_epoch_are_kept(quick, digits, monkeypatch):
    spoil = Schedule("spoil", "", "", lambda done: np.where(done < 2 / 3, 1.0, 3e3))
    monkeypatch.setitem(SCHEDULES, "spoil", spoil)
    events = []
    result = train(replace(quick, epochs=3, schedule="spoil"), on_event=events.append)
    ends = [event for event in events if isinstance(event, EpochEnd)]
    assert ends[2].val_accuracy < ends[1].val_accuracy
    held = digits.hold_out(1 / 7, 0).validation
    for classifier in (result.classifier, load_classifier(result.run)):
        assert evaluate(classifier, held).accuracy == max(end.val_accuracy for end in ends)
    assert result.epochs == 3


def stop_at(kind, stop, events, count=1):
    """A listener that asks to stop at the `count`-th event of a kind."""

    def listen(event):
        events.append(event)
        if sum(isinstance(other, kind) for other in events) == count:
            stop.set()

    return listen


def test_stop_is_answered_within_one_block_and_keeps_what_was_learnt(quick, digits, monkeypatch):
    monkeypatch.setattr("cnnstudio.training.loop.BLOCK_SECONDS", 0.0)
    stop, events = threading.Event(), []
    result = train(replace(quick, epochs=50), on_event=stop_at(Batches, stop, events, 3), stop=stop)
    assert result.stopped
    assert isinstance(events[-1], Stopped)
    assert isinstance(events[-2], Batches | Probe)
    told = [event for event in events if isinstance(event, Batches)]
    assert events[-1].batches == told[-1].first + len(told[-1].loss)
    assert result.test_accuracy == evaluate(load_classifier(result.run), digits.test).accuracy
    card = result.classifier.card
    assert card.epochs == result.epochs < card.planned_epochs == 50


def test_stop_keeps_the_present_weights_not_the_best(quick, monkeypatch, digits):
    spoil = Schedule("spoil", "", "", lambda done: np.where(done < 1 / 9, 1.0, 3e3))
    monkeypatch.setitem(SCHEDULES, "spoil", spoil)
    stop, events = threading.Event(), []
    result = train(replace(quick, epochs=9, schedule="spoil"), on_event=stop_at(EpochEnd, stop, events, 2), stop=stop)
    best, present = (event for event in events if isinstance(event, EpochEnd))
    assert result.stopped
    assert present.val_accuracy < best.val_accuracy
    held = digits.hold_out(1 / 7, 0).validation
    assert evaluate(load_classifier(result.run), held).loss == pytest.approx(present.val_loss)


def test_stop_during_validation(quick, monkeypatch):
    stop, events = threading.Event(), []

    def evaluate_and_stop(classifier, split, on_progress=None):
        if on_progress is not None:
            stop.set()
        return evaluate(classifier, split, on_progress)

    monkeypatch.setattr(trainer, "evaluate", evaluate_and_stop)
    result = train(quick, on_event=events.append, stop=stop)
    assert result.stopped
    assert result.epochs == 0
    assert events[-1].batches == 19
    assert not any(isinstance(event, EpochEnd) for event in events)


@pytest.mark.parametrize("kind", [None, Started, Probe])
def test_stop_before_the_first_batch_leaves_nothing(quick, kind):
    stop, events = threading.Event(), []
    if kind is None:
        stop.set()
    with pytest.raises(NothingTrained, match="before its first batch"):
        train(quick, on_event=events.append if kind is None else stop_at(kind, stop, events), stop=stop)
    assert events[-1].batches == 0
    assert isinstance(events[-1], Stopped)
    assert list(runs_folder().iterdir()) == []


def test_a_loss_that_is_no_number_ends_the_training_with_advice(quick):
    with pytest.raises(TrainingDiverged, match=r"epoch 1.* smaller learning rate, such as 1e\+37\."):
        train(replace(quick, learning_rate=1e38, schedule="constant"))
    assert list(runs_folder().iterdir()) == []


def test_the_best_model_survives_a_divergence(quick, monkeypatch, tmp_path, digits):
    explode = Schedule("explode", "", "", lambda done: np.where(done < 0.75, 1.0, 1e41))
    monkeypatch.setitem(SCHEDULES, "explode", explode)
    events = []
    with pytest.raises(TrainingDiverged, match=r"epoch 2.*kept in"):
        train(replace(quick, schedule="explode"), on_event=events.append, output=tmp_path / "run")
    classifier = load_classifier(tmp_path / "run")
    [end] = [event for event in events if isinstance(event, EpochEnd)]
    assert evaluate(classifier, digits.hold_out(1 / 7, 0).validation).loss == pytest.approx(end.val_loss)
    assert classifier.card.test_accuracy == evaluate(classifier, digits.test).accuracy


def test_a_run_is_a_model_from_its_first_epoch_on(quick):
    """What a kill at these moments would leave behind."""
    seen = []

    def look(event):
        if isinstance(event, Batches | EpochEnd):
            [folder] = runs_folder().iterdir()
            names = {path.name for path in folder.iterdir()}
            if isinstance(event, EpochEnd):
                seen.append("model")
                assert names == {"config.json", "history.json", "model.keras", "card.json"}
                assert load_classifier(folder).card.epochs == event.epoch + 1
            elif event.epoch == 0:
                seen.append("none")
                assert names == {"config.json"}
                assert [entry for entry in list_models() if entry.kind == "run"] == []
                with pytest.raises(StudioError, match="no model yet"):
                    load_classifier(folder)

    train(quick, on_event=look)
    assert {"none", "model"} == set(seen)


def test_a_disk_that_fills_up_is_told_in_a_sentence(quick):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(event):
        if isinstance(event, Started):
            resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))

    try:
        with pytest.raises(StudioError, match="cannot be saved in"):
            train(quick, on_event=fill)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list(runs_folder().iterdir()) == []


def test_a_disk_that_fills_up_later_leaves_the_best_model(quick):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(event):
        if isinstance(event, EpochEnd):
            resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, limits[1]))

    try:
        with pytest.raises(StudioError, match=r"cannot be .* The best model so far is kept in .*softmax-digits\.$"):
            train(quick, on_event=fill)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    [entry] = [entry for entry in list_models() if entry.kind == "run"]
    assert load_classifier(entry.path).card.epochs == 1


def test_nothing_is_loaded_for_a_config_that_makes_no_sense(quick, tmp_path, add_dataset, digits):
    with pytest.raises(StudioError, match="epochs"):
        train(TrainingConfig(epochs=0), output=tmp_path / "run")
    assert not (tmp_path / "run").exists()
    one_each = np.unique(digits.train.labels, return_index=True)[1]
    add_dataset(replace(digits, name="few", train=digits.train.take(one_each)))
    with pytest.raises(StudioError, match="no class has two"):
        train(replace(quick, dataset="few", batch_size=1, validation_fraction=0.01))
    assert list(runs_folder().iterdir()) == []
