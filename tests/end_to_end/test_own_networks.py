"""Training a network that somebody edited: by its name, from a file, from another run."""

import json
import shlex
from dataclasses import replace

import pytest

from cnnstudio.errors import StudioError
from cnnstudio.models.layer_table import describe
from cnnstudio.models.networks.building import find_network, network_config
from cnnstudio.models.networks.editing import add_layer, change_layer
from cnnstudio.models.networks.files import Network, save_network, write_network
from cnnstudio.models.trained.library import load_classifier
from cnnstudio.training.config import TrainingConfig
from cnnstudio.training.trainer import train


@pytest.fixture
def edited() -> Network:
    """Softmax regression on the 24 numbers of another layer."""
    return Network("mine", "My net", add_layer(network_config("softmax"), "flatten", "Dense", units=24), "softmax")


@pytest.fixture
def lenet5() -> Network:
    return Network("mine", "My LeNet", network_config("lenet5"), "lenet5")


def weights_of(result):
    return [weight.tobytes() for weight in result.classifier.model.get_weights()]


def test_a_file_is_trained_and_the_run_can_be_repeated_without_it(quick, edited, tmp_path, monkeypatch):
    file = write_network(edited, tmp_path / "elsewhere" / "my net").path
    monkeypatch.chdir(file.parent)
    first = train(replace(quick, architecture="my net.cnn.json", epochs=1))
    assert (first.architecture, first.architecture_title) == (str(file), "My net")
    assert first.parameters == describe(edited.config).trainable_parameters
    assert first.test_accuracy > 0.3
    assert first.run.name == "My net-digits"
    card = load_classifier(first.run).card
    assert card.architecture == "My net"
    words = shlex.split(card.command)
    assert words[words.index("--architecture") + 1] == str(file)
    assert json.loads((first.run / "config.json").read_text())["architecture"] == str(file)

    file.unlink()
    again = train(replace(quick, architecture=str(first.run), epochs=1))
    assert weights_of(again) == weights_of(first)
    assert again.test_loss == first.test_loss


def test_a_saved_one_is_trained_by_its_name(quick, edited):
    save_network(edited, "wide net")
    result = train(replace(quick, architecture="wide net", epochs=1))
    assert (result.architecture, result.architecture_title) == ("wide net", "My net")
    assert result.run.name == "wide net-digits"
    assert "--architecture 'wide net'" in load_classifier(result.run).card.command
    assert describe(find_network(result.run).config).rows == describe(edited.config).rows


def test_one_that_does_not_fit_the_images_leaves_no_run(quick, lenet5, tmp_path):
    large = change_layer(lenet5.config, "conv2", kernel_size=30)
    file = write_network(replace(lenet5, config=large), tmp_path / "large").path
    with pytest.raises(StudioError, match="“conv2” has a kernel of 30×30, larger than"):
        train(replace(quick, architecture=str(file)), output=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_billion_parameters_end_before_they_begin(quick, lenet5, tmp_path):
    config = change_layer(change_layer(lenet5.config, "dense1", units=10**6), "dense2", units=10**3)
    file = write_network(replace(lenet5, config=config), tmp_path / "large").path
    with pytest.raises(StudioError, match="GB of memory"):
        train(replace(quick, architecture=str(file)), output=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_the_config_tells_of_files_that_are_none(tmp_path):
    (tmp_path / "bad.cnn.json").write_text("{}")
    for architecture, words in (
        (str(tmp_path / "bad.cnn.json"), "no architecture file"),
        (str(tmp_path / "gone.cnn.json"), "there is no such file"),
        ("lenet", "There is no architecture “lenet”"),
        (None, "There is no architecture"),
    ):
        with pytest.raises(StudioError, match=words):
            TrainingConfig(architecture=architecture).check()
