"""Trainings whose folder is moved or deleted meanwhile, what they show of an image, and leave in memory."""

import gc
import shutil
from dataclasses import replace

import numpy as np
import pytest

from cnnstudio.models.trained.library import card_of, list_models, load_classifier
from cnnstudio.storage import runs_folder
from cnnstudio.training import trainer
from cnnstudio.training.events import EpochEnd, Moved, Probe
from cnnstudio.training.reporter import ProbeChoice
from cnnstudio.training.runs import initial_model
from cnnstudio.training.trainer import train

pytestmark = pytest.mark.numbers


@pytest.mark.parametrize("what", ["renamed", "deleted", "deleted before an epoch that is worse"])
def test_a_run_outlives_what_is_done_to_its_folder(quick, monkeypatch, what):
    events = []
    if what.endswith("worse"):
        ranks = iter([(0.0, 0.0), (1.0, 0.0)])
        monkeypatch.setattr(trainer, "_rank", lambda _: next(ranks))

    def listen(event):
        events.append(event)
        if isinstance(event, EpochEnd) and event.epoch == 0:
            [folder] = runs_folder().iterdir()
            folder.rename(runs_folder() / "mine") if what == "renamed" else shutil.rmtree(folder)

    result = train(quick, on_event=listen)
    assert result.run.name == ("mine" if what == "renamed" else "softmax-digits")
    moves = [event.run for event in events if isinstance(event, Moved)]
    assert moves == ([result.run] if what == "renamed" else [])
    assert list(runs_folder().iterdir()) == [result.run]
    assert {path.name for path in result.run.iterdir()} == {"config.json", "history.json", "model.keras", "card.json"}
    [entry] = [entry for entry in list_models() if entry.kind == "run"]
    assert (entry.card.test_accuracy, entry.card.name) == (result.test_accuracy, result.run.name)
    assert result.classifier.card == entry.card


def test_a_training_leaves_nothing_behind(quick):
    from tensorflow.python.framework.ops import gradient_registry

    objects, registered = [], set(gradient_registry.list())
    for _ in range(3):
        train(replace(quick, epochs=1))
        gc.collect()
        objects.append(len(gc.get_objects()))
    assert objects[2] - objects[1] < 200  # pytest keeps the warnings; a graph has thousands of objects
    assert set(gradient_registry.list()) == registered


def test_tensorflow_keeps_no_kernels_of_a_training(quick, monkeypatch):
    from tensorflow.python.eager import context

    forgotten = []
    monkeypatch.setattr(context.context(), "clear_kernel_cache", lambda: forgotten.append("all"))
    train(replace(quick, epochs=1))
    assert forgotten == ["all"]


def test_a_training_that_hardly_moves_ends_where_it_began(quick):
    run = train(replace(quick, epochs=1, learning_rate=1e-7, seed=3)).run
    start, end = initial_model(run, card_of(run)), load_classifier(run).model
    for one, other in zip(start.weights, end.weights, strict=True):
        np.testing.assert_allclose(np.asarray(one), np.asarray(other), atol=1e-5)


def test_the_probe_shows_what_the_network_sees_of_one_image_after_the_other(quick, digits):
    choice, probes = ProbeChoice(), []

    def listen(event):
        if isinstance(event, Probe):
            probes.append(event)
            choice.next()

    result = train(replace(quick, architecture="lenet5", epochs=1), on_event=listen, probe=choice)
    held = digits.hold_out(1 / 7, 0).validation
    assert len(probes) >= 2
    for number, probe in enumerate(probes[:2]):
        assert np.array_equal(probe.image, held.images[number])
        assert probe.label == held.labels[number]
        assert probe.kernels.shape == (5, 5, 1, 6)
        assert probe.probabilities.sum() == pytest.approx(1, abs=1e-5)
        shapes = {layer.name: layer.values.shape for layer in probe.layers}
        assert shapes == {"conv1": (28, 28, 6), "pool1": (14, 14, 6), "conv2": (10, 10, 16), "pool2": (5, 5, 16)}
    assert not np.array_equal(probes[0].kernels, result.classifier.model.get_layer("conv1").kernel.numpy())
