"""What the scripts of plain Keras say; `end_to_end` runs them."""

import ast

import pytest

from cnnstudio.errors import StudioError
from cnnstudio.exporting.training_script import keras_script
from cnnstudio.models.networks.building import network_config
from cnnstudio.training.config import TrainingConfig
from tests.data.made_folders import MADE

SIZE = ((28, 28, 1), 10)


def test_what_keras_cannot_say_a_comment_tells():
    script = keras_script(network_config("softmax", *SIZE), TrainingConfig(augmentation="handwriting"))
    assert "Handwriting" in script and "augment(" not in script
    assert "feature maps of 16 bits" in keras_script(
        network_config("softmax", *SIZE), TrainingConfig(precision="bfloat16")
    )
    started = keras_script(network_config("softmax", *SIZE), TrainingConfig(start_from="lenet5-mnist"))
    assert "from the weights of another model" in started


def test_a_network_for_other_images_is_refused():
    with pytest.raises(StudioError, match=r"takes images of 32×32×3, but those of MNIST are 28×28×1"):
        keras_script(network_config("resnet20", (32, 32, 3), 10), TrainingConfig())
    with pytest.raises(StudioError, match=r"has 7 classes, but MNIST has 10"):
        keras_script(network_config("mlp", (28, 28, 1), 7), TrainingConfig())


def test_outputs_that_are_no_probabilities_are_trained_as_they_are():
    config = network_config("softmax", *SIZE)
    assert "from_logits" not in keras_script(config, TrainingConfig())
    config["config"]["layers"][-1]["config"]["activation"] = "linear"
    assert "from_logits=True" in keras_script(config, TrainingConfig())


def test_frozen_layers_get_what_they_learnt():
    training = TrainingConfig(dataset="cifar10", fine_tune_epochs=1)
    script = keras_script(network_config("transfer-efficientnet-lite0", (32, 32, 3), 10), training)
    ast.parse(script)
    assert "layer.set_weights(pretrained" in script and "range(EPOCHS, EPOCHS + FINE_TUNE_EPOCHS)" in script
    assert "LEARNING_RATE / 20" in script


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("PlantVillage", "x_train, y_train = read_images(FOLDER)"),
        ("Training and Testing", 'read_images(FOLDER / "Testing")'),
        ("seg_train/seg_train", 'read_images(FOLDER / "seg_test/seg_test")'),
        ("dogs-vs-cats", ""),
        ("splits below the classes", ""),
        ("a test beside its classes", ""),
    ],
)
def test_folders_that_keras_reads_and_others(name, code, tmp_path):
    made = MADE[name]
    folder = made.make(tmp_path / "own")
    training = TrainingConfig(dataset=str(folder), image_size=28, channels=1)
    network = network_config("softmax", (28, 28, 1), len(made.classes))
    if code:
        script = keras_script(network, training)
        ast.parse(script)
        assert code in script
    else:
        with pytest.raises(StudioError, match="own is laid out in another way, so there is no script for it"):
            keras_script(network, training)
