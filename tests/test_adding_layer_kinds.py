"""What is entered in a table once is known everywhere: a kind of layer, an activation function."""

import json

import pytest

from cnnstudio.errors import StudioError
from cnnstudio.exporting.network_code import model_code
from cnnstudio.gui.pages.architecture.layer_choices import layer_choices
from cnnstudio.gui.widgets.network.layer_facts import Facts
from cnnstudio.gui.widgets.network.layout.lay_out import lay_out
from cnnstudio.models.keras_config.allowlist import RefusedError, checked_config
from cnnstudio.models.layer_kinds import LAYER_KINDS
from cnnstudio.models.layer_kinds.activation_functions import ACTIVATIONS, ActivationFunction
from cnnstudio.models.layer_kinds.effects import Effect, one
from cnnstudio.models.layer_kinds.fields import Field
from cnnstudio.models.layer_kinds.kind import LayerKind
from cnnstudio.models.layer_table import describe
from cnnstudio.models.networks.building import network_config
from cnnstudio.models.networks.editing import add_layer, change_layer, values
from tests.models.sample_networks import keras_builds

RMS = LayerKind(
    "RMSNormalization",
    "RMS normalisation",
    "Brings the root of the mean square of the channels at each place to 1, then scales them as learned.",
    "Normalisation",
    one(lambda _, maps: Effect(maps.mixed((2,)), weights=((maps.shape[-1],),))),
    icon="layer-normalization",
    stem="rms",
    fields=(Field("epsilon", "Epsilon", "What is added before dividing.", "float", 0, 1),),
    defaults={"axis": -1, "epsilon": 1e-6},
)
MERGE = LayerKind("Dot", "Product", "Adds up products.", "Branches", lambda _, inputs: Effect(inputs[0]), stem="dot")


@pytest.fixture
def config(monkeypatch):
    """LeNet-5 with a layer of a kind that the application has never heard of."""
    monkeypatch.setitem(LAYER_KINDS, RMS.name, RMS)
    return add_layer(network_config("lenet5"), "conv1", RMS.name)


@pytest.fixture
def table(config):
    return describe(config)


def test_a_kind_is_described_as_keras_builds_it(config, table):
    row = table.row("rms1")
    assert (row.title, row.description, row.output_shape) == (RMS.title, RMS.description, (28, 28, 6))
    assert row.parameter_terms == "6"
    assert keras_builds(config)


def test_a_kind_is_let_in(config, monkeypatch):
    text = json.dumps(config).encode()
    assert checked_config(text)["config"]["layers"][3]["class_name"] == RMS.name
    monkeypatch.delitem(LAYER_KINDS, RMS.name)
    with pytest.raises(RefusedError, match="RMSNormalization"):
        checked_config(text)


def test_a_kind_is_offered_and_edited(config):
    choice = next(choice for choice in layer_choices() if choice.key == RMS.name)
    assert (choice.title, choice.description, choice.group) == (RMS.title, RMS.description, RMS.group)
    assert not choice.icon.isNull()
    assert values(change_layer(config, "rms1", epsilon=0.5), "rms1") == {"epsilon": 0.5}
    with pytest.raises(StudioError, match="Epsilon is a number from 0 to 1"):
        change_layer(config, "rms1", epsilon=2.0)


def test_a_kind_is_drawn_and_tabled(table, qapp):
    layout = lay_out(table)
    volume = layout.volumes[layout.volume_of("rms1")]
    assert volume.layer == "conv1"
    assert volume.facts[-1] == "Then RMS normalisation"
    assert Facts(table).cells(table.row("rms1"))[0].text.startswith(RMS.title)


def test_a_kind_is_written_as_code(config):
    _, code = model_code(change_layer(config, "rms1", epsilon=0.5))
    assert 'x = layers.RMSNormalization(epsilon=0.5, name="rms1")(x)' in code


def test_a_kind_that_joins_branches_takes_two(monkeypatch):
    monkeypatch.setitem(LAYER_KINDS, MERGE.name, MERGE)
    config = add_layer(network_config("resnet20", (16, 16, 3), 10), "stage1_block1_relu", MERGE.name)
    assert len(describe(config).row("dot1").inputs) == 2


def test_an_activation_function_is_entered_once(monkeypatch):
    known = ActivationFunction("glu", "GLU")
    config = network_config("lenet5")
    layer = next(layer for layer in config["config"]["layers"] if layer["name"] == "conv1")
    layer["config"]["activation"] = known.name
    assert describe(config).misfit.field == "activation"
    monkeypatch.setitem(ACTIVATIONS, known.name, known)
    table = describe(config)
    assert table.misfit is None
    assert "GLU" in Facts(table).cells(table.rows[2])[0].terms
