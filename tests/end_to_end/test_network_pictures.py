"""What the picture of a network says is so: folds are of equal parts, arrows are the network's connections."""

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from cnnstudio.gui.widgets.network.layout.lay_out import NetworkLayout, lay_out
from cnnstudio.gui.widgets.network.layout.parts import Fold
from cnnstudio.models.architectures.catalogue import ARCHITECTURES
from cnnstudio.models.layer_kinds import is_elementwise
from cnnstudio.models.layer_table import LayerRow, LayerTable, describe
from cnnstudio.models.networks.building import network_config
from cnnstudio.models.networks.editing import add_layer, add_residual_block, change_layer, duplicate_layer, remove_layer
from cnnstudio.models.networks.repairs import repairs
from tests.models.sample_networks import SISTERS

Config = dict[str, Any]


def residual_lenet(config: Config) -> Config:
    """Unlike convolutions of one kernel size, and a shortcut that starts behind the second of them."""
    config = change_layer(config, "conv1", filters=12, kernel_size=3)
    config = add_layer(config, "conv1", "Conv2D", filters=16, kernel_size=3)
    config = add_layer(config, "conv3", "BatchNormalization")
    return add_residual_block(config, "norm1", 16)


def residual_misfit(config: Config) -> Config:
    return change_layer(residual_lenet(config), "block1_2_conv", filters=24)


def kernel_misfit(config: Config) -> Config:
    return change_layer(config, "conv1", kernel_size=99, padding="valid")


def shortcut_misfit(config: Config) -> Config:
    """A projection that does not fit, on a shortcut."""
    config = add_residual_block(config, "pool1", 16, stride=2)
    return change_layer(config, "block1_shortcut_conv", kernel_size=99, padding="valid")


def one_other_block(config: Config) -> Config:
    """In the middle of a stage."""
    return change_layer(config, "stage2_block3_1_conv", kernel_size=5)


def one_other_activation(config: Config) -> Config:
    return change_layer(config, "stage1_block4_1_conv", activation="tanh")


def without_a_sum(config: Config) -> Config:
    return remove_layer(config, "stage3_block4_add")


def one_dropout(config: Config) -> Config:
    return add_layer(config, "stage1_block1_1_conv", "Dropout")


def without_the_first_sum(config: Config) -> Config:
    return remove_layer(config, "stage1_block1_add")


def without_two_sums(config: Config) -> Config:
    """At the border of two stages; what is left of the blocks is a chain."""
    return remove_layer(remove_layer(config, "stage1_block3_add"), "stage2_block1_add")


def two_projections(config: Config) -> Config:
    """More maps in one block, and less again in the next one."""
    config = change_layer(config, "stage1_block1_2_conv", filters=24)
    for _ in range(2):
        ways = repairs(config, describe(config))
        config = next(way.config for way in ways if way.title == "1×1 convolution in the shortcut")
    return config


def equal_layers(config: Config) -> Config:
    for _ in range(4):
        config = duplicate_layer(config, "dense2")
    return config


def taking_turns(config: Config) -> Config:
    for _ in range(3):
        config = add_layer(config, "conv1", "Conv2D", filters=6, kernel_size=1)
        config = add_layer(config, "conv1", "DepthwiseConv2D", kernel_size=3)
    return config


EDITED: dict[str, tuple[str, Callable[[Config], Config]]] = {
    "lenet5, residual": ("lenet5", residual_lenet),
    "lenet5, residual, misfit": ("lenet5", residual_misfit),
    "lenet5, misfit": ("lenet5", kernel_misfit),
    "lenet5, misfit on a shortcut": ("lenet5", shortcut_misfit),
    "lenet5, equal layers": ("lenet5", equal_layers),
    "lenet5, taking turns": ("lenet5", taking_turns),
    "resnet20, dropout": ("resnet20", one_dropout),
    "resnet20, without the first sum": ("resnet20", without_the_first_sum),
    "resnet20, without two sums": ("resnet20", without_two_sums),
    "resnet20, two projections": ("resnet20", two_projections),
    "resnet32, another block": ("resnet32", one_other_block),
    "resnet32, another activation": ("resnet32", one_other_activation),
    "resnet32, without a sum": ("resnet32", without_a_sum),
}
SAME_BLOCKS = {*SISTERS, "transfer-efficientnetv2-b3", "transfer-efficientnetv2-s"}
"""Like another one, but for the number of blocks."""

ALL = (*(name for name in ARCHITECTURES if name not in SAME_BLOCKS), *EDITED)

pytestmark = pytest.mark.usefixtures("qapp")


@cache
def table_of(name: str) -> LayerTable:
    base, edit = EDITED.get(name, (name, lambda config: config))
    return describe(edit(network_config(base, None, None)))


@cache
def drawing(name: str) -> NetworkLayout:
    return lay_out(table_of(name))


@cache
def unfolded_drawing(name: str) -> NetworkLayout:
    return lay_out(table_of(name), unfolded=[one.key for one in drawing(name).folds])


def parts_of(fold: Fold, opened: NetworkLayout) -> list[list[LayerRow]]:
    """The layers of each part, in their order; those on shortcuts into it are among them."""
    (found,) = (one for one in opened.folds if one.key == fold.key)
    length = len(found.volumes) // found.count
    assert length * found.count == len(found.volumes)
    order = {row.name: number for number, row in enumerate(opened.table.rows)}
    parts = []
    for start in range(0, len(found.volumes), length):
        numbers = found.volumes[start : start + length]
        names = [name for number in numbers for name in opened.volumes[number].layers]
        names += [name for arc in opened.arcs if arc.target in numbers for name in arc.layers]
        parts.append([opened.table.row(name) for name in sorted(names, key=order.__getitem__)])
    return parts


def told(part: list[LayerRow]) -> list[tuple[object, ...]]:
    """All that each layer of a part does, and from which layers of the part it gets what; -1 from before it."""
    places = {row.name: number for number, row in enumerate(part)}
    return [
        (
            row.kind,
            row.output_shape,
            row.windows,
            row.parameter_terms,
            row.activation,
            sorted(places.get(name, -1) for name in row.inputs),
        )
        for row in part
    ]


@pytest.mark.parametrize("name", ALL)
def test_what_is_folded_is_equal(name: str) -> None:
    for fold in drawing(name).folds:
        first, *others = map(told, parts_of(fold, unfolded_drawing(name)))
        assert len(others) == fold.count - 1 > 0
        assert all(part == first for part in others[:-1])
        last = others[-1]
        assert last[: len(first)] == first
        # What prepares the next stage may follow, after a sum.
        assert last == first or any(is_elementwise(entry[0]) for entry in first)
        assert all(entry[1] == first[-1][1] for entry in last[len(first) :])


def connections(layout: NetworkLayout) -> set[tuple[object, object]]:
    """What feeds what, of volumes (their numbers) and the layers on arcs ("arc", number), as the layer table says."""
    on: dict[str, object] = {row.name: layout.volume_of(row.name) for row in layout.table.rows}
    on |= {layer: ("arc", number) for number, arc in enumerate(layout.arcs) for layer in arc.layers}
    edges = {(on[source], on[row.name]) for row in layout.table.rows for source in row.inputs}
    return {(source, target) for source, target in edges if source != target}


@pytest.mark.parametrize("name", ALL)
def test_all_that_is_drawn_is_connected_so(name: str) -> None:
    table = table_of(name)
    for layout in (lay_out(table, folded=False), unfolded_drawing(name)):
        drawn: set[tuple[object, object]] = {(link.source, link.target) for link in layout.links}
        for number, arc in enumerate(layout.arcs):
            if arc.layers:
                drawn |= {(arc.source, ("arc", number)), (("arc", number), arc.target)}
            else:
                drawn.add((arc.source, arc.target))
            joined = {name for row in table.rows if len(row.inputs) > 1 for name in row.inputs}
            assert joined & {*arc.layers, *layout.volumes[arc.source].layers}
        assert drawn == connections(layout)


@pytest.mark.parametrize("name", ALL)
def test_a_fold_has_the_shortcuts_of_its_first_block(name: str) -> None:
    layout, opened = drawing(name), unfolded_drawing(name)
    expected = set()
    for arc in opened.arcs:
        source, target = (layout.volume_of(opened.volumes[number].layer) for number in (arc.source, arc.target))
        assert source is not None
        assert target is not None
        fold = layout.fold_of(target)
        if fold is not None and source >= target:  # from block to block: once they are folded, from before the first
            source = fold.volumes[0] - 1
        expected.add((source, target))
    assert {(arc.source, arc.target) for arc in layout.arcs} == expected
    assert len(layout.arcs) == len(expected)


def test_unlike_convolutions_of_one_size_stand_alone() -> None:
    layout = drawing("lenet5, residual")
    assert not layout.folds
    (arc,) = layout.arcs
    assert layout.volumes[arc.source].layer == "conv3"
    assert layout.volumes[arc.target].layer == "block1_2_conv"


def test_the_first_block_of_a_stage_stands_alone_where_it_is_another() -> None:
    layout = drawing("mobilenetv2")
    assert [(one.count, len(one.volumes)) for one in layout.folds] == [(2, 3), (3, 3), (2, 3), (2, 3)]
    ends = {layout.volumes[arc.target].layer for arc in layout.arcs}
    assert ends == {f"block{stage}b_project_conv" for stage in range(2, 7)}
    starts = {layout.volumes[arc.source].layer for arc in layout.arcs}
    assert starts == {f"block{stage}a_project_conv" for stage in range(2, 7)}


def test_one_edit_leaves_other_stages_as_they_were() -> None:
    before, after = drawing("resnet20"), drawing("resnet20, dropout")
    assert [one.count for one in before.folds] == [3, 2, 2]
    assert [one.count for one in after.folds] == [2, 2, 2]
    assert [one.key for one in after.folds[1:]] == [one.key for one in before.folds[1:]]


def test_layers_that_take_turns_are_blocks() -> None:
    """As depthwise and pointwise convolutions do in MobileNet."""
    fold = drawing("lenet5, taking turns").folds[0]
    assert (fold.count, len(fold.volumes)) == (3, 2)
    assert fold.facts[0].startswith("3 equal blocks, one after the other: ")


def test_equal_layers_fold_where_they_are_many() -> None:
    (fold,) = drawing("lenet5, equal layers").folds
    assert (fold.count, len(fold.volumes)) == (4, 1)


@pytest.mark.parametrize("name", [name for name in EDITED if "misfit" in name])
def test_nothing_folds_behind_what_does_not_fit_and_it_is_marked(name: str) -> None:
    misfit = table_of(name).misfit
    assert misfit
    assert not drawing(name).folds
    assert [one.layer for one in drawing(name).volumes if one.state == "misfit"] == [misfit.layer]
