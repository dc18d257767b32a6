"""Networks within the network: one volume each, until they are unfolded."""

from collections.abc import Callable

import pytest

from cnnstudio.gui.widgets.network.layout.lay_out import NetworkLayout, lay_out
from cnnstudio.models.keras_config.graph import Graph
from cnnstudio.models.layer_table import LayerTable, describe
from cnnstudio.models.networks.building import network_config
from cnnstudio.models.networks.editing import change_layer

HEAD = ("average", "output")


def table_with(inner: Callable[[str], bool], path: str = "base", **changes: int) -> LayerTable:
    """ResNet-20, with those of its layers that are said to be so in a network of that name."""
    graph = Graph.of(network_config("resnet20"))
    names = {name: f"{path}.{name}" if inner(name) else name for name in graph.nodes}
    nodes = [
        node.with_values(name=names[node.name]).fed_by(*(names[source] for source in node.inputs))
        for node in graph.nodes.values()
    ]
    config = Graph("outer", nodes, names[graph.output]).to_config()
    return describe(change_layer(config, f"{path}.stage2_block2_2_conv", **changes) if changes else config)


def is_body(name: str) -> bool:
    return name.startswith("stage")


def drawn(layout: NetworkLayout) -> list[str]:
    return sorted(name for part in (*layout.volumes, *layout.arcs) for name in part.layers)


@pytest.fixture(scope="module")
def table() -> LayerTable:
    return table_with(is_body)


def test_it_is_one_volume_with_the_shape_of_what_it_answers(table: LayerTable) -> None:
    layout = lay_out(table)
    (fold,) = layout.folds
    assert (fold.key, fold.sign, fold.folded, len(fold.volumes)) == ("base.", "base", True, 1)
    volume = layout.volumes[fold.volumes[0]]
    assert volume.shape.lines == ("64@8×8",)
    layers = [row for row in table.rows if row.name.startswith("base.")]
    assert volume.operation.lines == (f"{len(layers)} layers",)
    assert set(volume.layers) == {row.name for row in layers}
    assert f"{len(layers)} layers" in fold.facts[0]
    assert fold.facts[1] == f"Parameters {sum(row.parameters for row in layers):,}"


def test_every_layer_is_drawn_once_whatever_is_unfolded(table: LayerTable) -> None:
    layout = lay_out(table)
    everything = sorted(row.name for row in table.rows)
    assert drawn(layout) == everything
    for row in table.rows:
        assert layout.volume_of(row.name) is not None
    opened = layout.toggled("base.")
    assert drawn(opened) == everything
    assert drawn(opened.toggled(opened.folds[-1].key)) == everything


def test_unfolded_it_has_the_repeats_that_it_would_have_by_itself(table: LayerTable) -> None:
    plain = lay_out(describe(network_config("resnet20")))
    opened = lay_out(table).toggled("base.")
    network, *repeats = opened.folds
    assert (network.sign, network.folded) == ("base –", False)
    assert [one.sign for one in repeats] == [one.sign for one in plain.folds]
    assert len(opened.volumes) == len(plain.volumes)
    inner = repeats[0]
    assert network.box.contains(inner.box)
    assert not network.badge.intersects(inner.badge)
    assert opened.fold_of(inner.volumes[0]) == inner
    assert lay_out(table) == opened.toggled("base.")


def test_what_gives_the_answer_is_looked_into() -> None:
    layout = lay_out(table_with(lambda name: name not in ("image",)))
    assert all(fold.key != "base." for fold in layout.folds)
    assert len(layout.volumes) > 5


def test_what_does_not_fit_is_not_folded_away() -> None:
    layout = lay_out(table_with(is_body, kernel_size=3, filters=7))
    assert layout.table.misfit is not None
    assert all(fold.key != "base." for fold in layout.folds)
    assert any(volume.state == "misfit" for volume in layout.volumes)


def test_a_long_name_is_cut_on_the_badge_and_told_whole() -> None:
    (fold,) = lay_out(table_with(is_body, "mobilenetv2_1_00_224")).folds
    assert fold.sign == "mobilenetv2_1_…"
    assert "“mobilenetv2_1_00_224”" in fold.facts[0]
