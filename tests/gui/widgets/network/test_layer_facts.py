"""What stands in the layer table."""

from cnnstudio.gui.widgets.network.layer_facts import COLUMNS, Facts
from cnnstudio.models.layer_table import describe
from cnnstudio.models.networks.building import network_config


def test_what_costs_as_much_as_its_mlp_is_not_said_to_cost_one_times_as_much() -> None:
    """C5 of LeNet-5 has kernels as large as its maps: it is a dense layer."""
    table = describe(network_config("lenet5-1998", None, None))
    place = [column.name for column in COLUMNS].index("same_with_an_mlp")
    terms = {row.name: Facts(table).cells(row)[place].terms for row in table.rows}
    assert terms["c5"] == "about as many"
    assert terms["c3"].endswith(" times")
    assert terms["s4"] == ""
