import numpy as np
import pytest
from PIL import Image

from cnnstudio.data.library import import_dataset
from cnnstudio.errors import StudioError
from cnnstudio.storage import data_folder
from cnnstudio.training.config import OPTIMIZERS, SCHEDULES, TrainingConfig


def test_the_defaults_pass():
    TrainingConfig().check()


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"dataset": "cats"}, "mnist"),
        ({"dataset": None}, "mnist"),
        ({"architecture": "lenet6"}, "lenet5"),
        ({"augmentation": "magic"}, "handwriting"),
        ({"schedule": ["cosine"]}, "constant"),
        ({"optimizer": "magic"}, "sgd"),
        ({"precision": "float8"}, "bfloat16"),
        ({"weight_decay": -0.1}, "weight decay"),
        ({"weight_decay": 1.0}, "weight decay"),
        ({"weight_decay": "some"}, "weight decay"),
        ({"fine_tune_epochs": -1}, "fine-tuning"),
        ({"epochs": 0}, "epochs"),
        ({"epochs": 1.5}, "epochs"),
        ({"epochs": True}, "epochs"),
        ({"epochs": 10**9}, "epochs"),
        ({"batch_size": 0}, "batch size"),
        ({"batch_size": -128}, "batch size"),
        ({"batch_size": 55_001}, "55,000"),
        ({"learning_rate": 0.0}, "above 0"),
        ({"learning_rate": -1e-3}, "above 0"),
        ({"learning_rate": float("nan")}, "above 0"),
        ({"learning_rate": float("inf")}, "above 0"),
        ({"learning_rate": "fast"}, "above 0"),
        ({"seed": -1}, "seed"),
        ({"seed": 2**31}, "seed"),
        ({"validation_fraction": 0.0}, "between 0 and 1"),
        ({"validation_fraction": 1.0}, "between 0 and 1"),
        ({"validation_fraction": float("nan")}, "between 0 and 1"),
    ],
)
def test_values_that_make_no_sense(wrong, word):
    with pytest.raises(StudioError, match=word):
        TrainingConfig(**wrong).check()


def test_a_list_of_data_sets_that_could_not_be_read_is_told(tmp_path):
    for name in ("cat/1.png", "cat/2.png", "dog/1.png", "dog/2.png"):
        (tmp_path / "pets" / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (32, 32)).save(tmp_path / "pets" / name)
    import_dataset(tmp_path / "pets", 32, 1)
    listed = data_folder() / "datasets.json"
    listed.rename(tmp_path / "listed")
    listed.mkdir()  # it cannot be read for a moment
    config = TrainingConfig(dataset="pets")
    listed.rmdir()
    (tmp_path / "listed").rename(listed)
    with pytest.raises(StudioError, match="cannot be read"):
        config.check()
    TrainingConfig(dataset="pets").check()


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_rate_suits_the_optimizer(name):
    import keras

    config = TrainingConfig(optimizer=name)
    config.check()
    optimizer = OPTIMIZERS[name].build(config.learning_rate)
    assert isinstance(optimizer, keras.optimizers.Optimizer)
    assert float(optimizer.learning_rate) == pytest.approx(OPTIMIZERS[name].learning_rate)


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules_stay_within_bounds(name):
    factors = SCHEDULES[name].factors(np.arange(1000) / 1000)
    assert factors.shape == (1000,)
    assert factors.min() > 0
    assert factors.max() <= 1
    assert factors.max() > 0.99


def test_cosine_follows_keras_after_its_warm_up():
    import keras

    steps = 1000
    schedule = SCHEDULES["cosine"]
    factors = schedule.factors(np.arange(steps) / steps)
    peak = int(factors.argmax())
    assert (np.diff(factors[: peak + 1]) > 0).all()
    oracle = keras.optimizers.schedules.CosineDecay(1.0, steps - peak)
    assert np.allclose(factors[peak::10], [oracle(step) for step in range(0, steps - peak, 10)], atol=1e-5)


def test_one_batch_is_enough_for_every_schedule():
    assert all(schedule.factors(np.zeros(1))[0] > 0 for schedule in SCHEDULES.values())


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimizer_names_its_variables_alike_each_time(name):
    """For every new name TensorFlow would keep a kernel."""
    assert OPTIMIZERS[name].build(0.1).name == OPTIMIZERS[name].build(0.1).name == name
