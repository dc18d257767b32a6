"""How networks are drawn in which a layer does not fit."""

from itertools import combinations

from cnnstudio.gui.widgets.network.layout.lay_out import lay_out
from cnnstudio.models.layer_table import describe
from cnnstudio.models.networks.building import network_config
from cnnstudio.models.networks.editing import change_layer


def test_behind_a_misfit_all_is_narrow_where_there_is_little_room() -> None:
    config = change_layer(network_config("resnet20", None, None), "stage1_block1_2_conv", filters=24)
    table = describe(config)
    wide, narrow = lay_out(table, widest=3000), lay_out(table, widest=950)
    assert narrow.box.width <= 950 < wide.box.width
    assert {one.state for one in wide.volumes} == {one.state for one in narrow.volumes} == {"fine", "misfit", "unknown"}
    assert all(one.operation.lines for one in wide.volumes)
    for one in narrow.volumes:
        assert bool(one.operation.lines) == (one.state != "unknown")
        assert (one.box.width < 10) == (one.state == "unknown")
    boxes = [box for one in narrow.volumes for box in (one.box, one.shape.box)]
    assert not any(one.meets(other) for one, other in combinations(boxes, 2))
    for box in boxes:
        assert narrow.box.x <= box.x
        assert box.right <= narrow.box.right
