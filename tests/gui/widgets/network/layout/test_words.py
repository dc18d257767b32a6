"""The words in a network's picture."""

from cnnstudio.gui.widgets.network.layout.words import facts_of, operation_text
from cnnstudio.models.layer_table import LayerTable, describe
from cnnstudio.models.networks.building import network_config


def table_of(name: str) -> LayerTable:
    return describe(network_config(name, None, None))


def test_names_of_activations_keep_their_spelling() -> None:
    table = table_of("resnet20")
    block = [table.row(f"stage1_block1_1_{layer}") for layer in ("conv", "norm", "relu")]
    assert facts_of(block, None)[-1] == "Then batch normalisation, ReLU"
    assert operation_text(table_of("mobilenetv2").row("stem_relu6")) == "ReLU up to 6"
