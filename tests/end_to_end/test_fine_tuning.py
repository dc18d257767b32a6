from dataclasses import replace

import numpy as np
import pytest

from cnnstudio.errors import StudioError
from cnnstudio.models.architectures.catalogue import ARCHITECTURES, Architecture
from cnnstudio.models.trained.files import copy_weights
from cnnstudio.models.trained.library import load_classifier
from cnnstudio.training.events import Batches, EpochEnd, Started
from cnnstudio.training.fine_tuning import frozen_layers, unfreeze
from cnnstudio.training.loop import TrainingLoop
from cnnstudio.training.trainer import train

pytestmark = pytest.mark.numbers


def with_frozen_backbone(image_shape, classes):
    """Three frozen convolutions with normalisations, and a head."""
    import keras
    from keras import layers

    inputs = x = keras.Input(image_shape, name="image")
    for number in range(3):
        x = layers.Conv2D(8, 3, strides=2, activation="relu", trainable=False, name=f"conv{number}")(x)
        x = layers.BatchNormalization(trainable=False, name=f"norm{number}")(x)
    x = layers.GlobalAveragePooling2D(name="average")(x)
    return keras.Model(inputs, layers.Dense(classes, activation="softmax", name="output")(x), name="small")


@pytest.fixture
def config(quick, monkeypatch):
    fields = ARCHITECTURES["lenet5"].__dict__ | {
        "name": "small",
        "build": with_frozen_backbone,
        "load_weights": lambda _: None,
    }
    monkeypatch.setitem(ARCHITECTURES, "small", Architecture(**fields))
    return replace(quick, architecture="small", epochs=1, fine_tune_epochs=2)


def test_only_the_last_convolutions_are_unfrozen():
    model = with_frozen_backbone((28, 28, 1), 10)
    assert frozen_layers(model)
    unfreeze(model)
    assert [layer.name for layer in model.layers if layer.trainable and layer.weights] == ["conv2", "output"]


def test_epochs_follow_each_other_and_the_upper_part_moves(config):
    events, before = [], None

    def listen(event):
        nonlocal before
        events.append(event)
        if isinstance(event, EpochEnd) and event.epoch == 0:
            before = load_classifier(next(one.run for one in events if isinstance(one, Started))).model

    result = train(config, listen)
    [started] = [event for event in events if isinstance(event, Started)]
    assert started.epochs == 3
    assert [event.epoch for event in events if isinstance(event, EpochEnd)] == [0, 1, 2]
    batches = [event for event in events if isinstance(event, Batches)]
    firsts = np.cumsum([0] + [len(event.loss) for event in batches])
    assert [event.first for event in batches] == firsts[:-1].tolist()
    assert firsts[-1] == 3 * started.batches_per_epoch
    assert batches[-1].seconds_left == pytest.approx(0, abs=1)
    assert result.epochs == 3
    assert "--fine-tune-epochs 2" in result.classifier.card.command

    after = result.classifier.model
    for name, moved in (("conv0", False), ("conv1", False), ("norm2", False), ("conv2", True), ("output", True)):
        weights = [model.get_layer(name).get_weights()[0] for model in (before, after)]
        assert np.array_equal(*weights) != moved, name


def test_networks_without_a_backbone_have_nothing_to_tune(quick):
    with pytest.raises(StudioError, match="nothing to fine-tune"):
        train(replace(quick, fine_tune_epochs=1))


def test_weights_that_got_their_memory_when_they_were_frozen_are_tuned_too(quick, digits):
    """As in a network that is built without memory first, so that it can be refused if it is too large."""
    import keras

    with keras.StatelessScope(initialize_variables=True):
        model = with_frozen_backbone((28, 28, 1), 10)
    unfreeze(model)
    model.compile(keras.optimizers.Adam(), "sparse_categorical_crossentropy")
    before = model.get_layer("conv2").get_weights()[0]
    split = digits.train.take(np.arange(128))
    assert list(TrainingLoop(model, split, replace(quick, epochs=1)).blocks(0))
    assert not np.array_equal(before, model.get_layer("conv2").get_weights()[0])


def test_a_training_goes_on_from_the_weights_of_another(quick, tmp_path):
    first = train(replace(quick, epochs=2), output=tmp_path / "first")
    again = train(replace(quick, epochs=1, learning_rate=1e-9, start_from=str(first.run)), output=tmp_path / "again")
    assert again.test_accuracy == first.test_accuracy
    assert f"--start-from first --validation-fraction {1 / 7}" in again.classifier.card.command
    for one, other in zip(first.classifier.model.get_weights(), again.classifier.model.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_layers_that_are_alike_take_the_weights_of_another():
    ten, seven = with_frozen_backbone((28, 28, 1), 10), with_frozen_backbone((32, 32, 1), 7)
    before = seven.get_layer("output").get_weights()[0]
    assert copy_weights(ten.layers, seven) == {layer.name for layer in ten.layers[:-1] if layer.weights}
    for layer in ten.layers[:-1]:
        for one, other in zip(layer.get_weights(), seven.get_layer(layer.name).get_weights(), strict=True):
            np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(seven.get_layer("output").get_weights()[0], before)


def test_what_has_no_layer_in_common_is_nothing_to_start_from(quick, tmp_path):
    with pytest.raises(StudioError, match="lenet5-mnist has no layer in common with Softmax regression"):
        train(replace(quick, architecture="softmax", start_from="lenet5-mnist"), output=tmp_path / "run")
    with pytest.raises(StudioError, match="There is no model “nowhere”"):
        replace(quick, start_from="nowhere").check()
