"""The layout of networks: from softmax regression to ResNet-56, chains, shortcuts, branches, folds, misfits."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QRectF

from cnnstudio.gui.widgets.network.layout.lay_out import NetworkLayout, lay_out
from cnnstudio.gui.widgets.network.layout.parts import grown
from cnnstudio.models.layer_table import LayerTable, describe
from cnnstudio.models.networks.building import network_config
from tests.models.sample_networks import describe_model

NAMES = (
    "softmax",
    "mlp",
    "lenet5",
    "alexnet",
    "vgg16",
    "plain20",
    "resnet56",
    "resnet18",
    "mobilenetv2",
    "convnext",
    "transfer-efficientnet-lite0",
)

pytestmark = pytest.mark.usefixtures("qapp")


@cache
def table_of(name: str) -> LayerTable:
    if name in BUILT:
        return built(BUILT[name])
    return describe(network_config(name, None, None))


def built(make: Callable[[Any], Any]) -> LayerTable:
    """Of a network that Keras builds: what `make` makes of maps of 16×16 with 8 channels, and a dense layer."""
    import keras
    from keras import layers

    image = keras.Input((16, 16, 3), name="image")
    x = make(layers.Conv2D(8, 3, padding="same", name="stem")(image))
    x = layers.GlobalAveragePooling2D(name="average")(x)
    return describe_model(keras.Model(image, layers.Dense(10, activation="softmax", name="output")(x), name="built"))


def inception(x: Any) -> Any:
    from keras import layers

    for module in ("a", "b", "c"):
        x = layers.Concatenate(name=f"{module}_together")(
            [
                layers.Conv2D(8, 1, padding="same", name=f"{module}_1")(x),
                conv(conv(x, 4, 1, f"{module}_3_before"), 8, 3, f"{module}_3"),
                conv(conv(x, 4, 1, f"{module}_5_before"), 8, 5, f"{module}_5"),
                conv(layers.MaxPooling2D(3, 1, "same", name=f"{module}_pool")(x), 8, 1, f"{module}_after_pool"),
            ]
        )
    return x


def conv(x: Any, filters: int, kernel: int, name: str) -> Any:
    from keras import layers

    return layers.Conv2D(filters, kernel, padding="same", activation="relu", name=name)(x)


def gated(x: Any) -> Any:
    """Squeeze and excitation."""
    from keras import layers

    y = conv(x, 8, 3, "body")
    gate = layers.GlobalAveragePooling2D(keepdims=True, name="squeeze")(y)
    gate = layers.Conv2D(8, 1, activation="sigmoid", name="excite")(layers.Conv2D(2, 1, name="reduce")(gate))
    return layers.Add(name="sum")([layers.Multiply(name="gated")([y, gate]), x])


def u_net(x: Any) -> Any:
    from keras import layers

    y = conv(layers.MaxPooling2D(2, name="down")(x), 16, 3, "deep")
    return conv(layers.Concatenate(name="skip")([layers.UpSampling2D(2, name="up")(y), x]), 8, 3, "last")


def two_ways(x: Any) -> Any:
    """A sum of two branches, neither of which is a shortcut."""
    from keras import layers

    ways = [conv(conv(x, 8, 3, f"{way}_first"), 8, 3, f"{way}_second") for way in ("left", "right")]
    return layers.Add(name="sum")(ways)


BUILT: dict[str, Callable[[Any], Any]] = {"inception": inception, "gated": gated, "u-net": u_net, "two ways": two_ways}
ALL = (*NAMES, *BUILT)


def unfold_all(layout: NetworkLayout) -> NetworkLayout:
    return lay_out(layout.table, unfolded=[one.key for one in layout.folds])


def drawn_layers(layout: NetworkLayout) -> list[str]:
    drawn = [one.layers for one in layout.volumes] + [one.layers for one in layout.arcs]
    return sorted(name for names in drawn for name in names)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("state", ["folded", "unfolded", "never folded"])
def test_nothing_overlaps(name: str, state: str) -> None:
    layout = lay_out(table_of(name), folded=state != "never folded")
    if state == "unfolded":
        layout = unfold_all(layout)
    volumes = [one.box for one in layout.volumes]
    labels = [one.shape.box for one in layout.volumes] + [one.operation.box for one in layout.volumes]
    labels += [arc.label.box for arc in layout.arcs if arc.label] + [one.badge for one in layout.folds]
    assert not overlapping([*volumes, *labels])
    frames = [one.box for one in layout.folds]
    assert not overlapping(frames)
    for fold in layout.folds:
        for number, volume in enumerate(layout.volumes):
            for box in (volume.box, volume.shape.box, volume.operation.box):
                assert within(box, fold.box) if number in fold.volumes else not box.intersects(fold.box)
    for box in (*volumes, *labels, *frames):
        assert within(box, layout.box)


def overlapping(boxes: list[QRectF]) -> list[tuple[int, int]]:
    """Numbers of boxes that have more than an edge in common."""
    left, top, right, bottom = np.reshape([box.getCoords() for box in boxes], (-1, 4)).T[..., np.newaxis]
    both = (left < right.T) & (right > left.T) & (top < bottom.T) & (bottom > top.T)
    return [(int(one), int(other)) for one, other in np.argwhere(np.triu(both, 1))]


def within(box: QRectF, other: QRectF) -> bool:
    return grown(other, 1e-6).contains(box)


@pytest.mark.parametrize("name", ALL)
def test_all_goes_from_left_to_right(name: str) -> None:
    layout = unfold_all(lay_out(table_of(name)))
    reached = {0}
    for link in layout.links:
        first, second = layout.volumes[link.source], layout.volumes[link.target]
        assert first.box.right() < second.box.x()
        across = [x for x, _ in link.points]
        assert min(across) >= first.face.x()
        assert max(across) <= second.box.right()
        reached.add(link.target)
    assert reached == set(range(len(layout.volumes)))


@pytest.mark.parametrize("name", ALL)
def test_arcs_go_above_what_they_pass(name: str) -> None:
    layout = lay_out(table_of(name), folded=False)
    for arc in layout.arcs:
        assert arc.source < arc.target
        assert arc.start[0] < arc.end[0]
        for volume in layout.volumes:
            if arc.start[0] < volume.box.right() and volume.box.x() < arc.end[0]:
                assert arc.top < volume.box.y()
    for one, other in combinations(layout.arcs, 2):
        if one.top == other.top:
            assert one.end[0] <= other.start[0] or other.end[0] <= one.start[0]


@pytest.mark.parametrize("name", ["lenet5", "alexnet", "mobilenetv2"])
def test_larger_and_deeper_looks_so(name: str) -> None:
    layout = lay_out(table_of(name), folded=False)
    shapes = {row.name: row.output_shape for row in layout.table.rows}
    stacks = [(shapes[one.layer], one) for one in layout.volumes if one.form == "stack"]
    assert len(stacks) > 3
    for (shape, one), (other_shape, other) in combinations(stacks, 2):
        assert shape
        assert other_shape
        for axis, size in ((0, "height"), (1, "width")):
            difference = getattr(one.face, size)() - getattr(other.face, size)()
            assert sign(difference) == sign(shape[axis] - other_shape[axis])
        depths = [volume.box.width() - volume.face.width() for volume in (one, other)]
        assert sign(depths[0] - depths[1]) == sign(shape[2] - other_shape[2])
    bars = [(shapes[one.layer] or (), one.face.height()) for one in layout.volumes if one.form == "bar"]
    for (units, height), (other_units, other_height) in combinations(bars, 2):
        assert sign(height - other_height) == sign(units[0] - other_units[0])


def sign(value: float) -> int:
    return 0 if abs(value) < 1e-9 else 1 if value > 0 else -1


def test_labels_are_those_of_the_paper() -> None:
    layout = lay_out(table_of("lenet5"))
    shapes = [one.shape.lines for one in layout.volumes]
    assert [line for (line,) in shapes] == [
        "28×28", "6@28×28", "6@14×14", "16@10×10", "16@5×5", "400", "120", "84", "10",
    ]  # fmt: skip
    told = [" ".join(one.operation.lines) for one in layout.volumes]
    assert told == [
        "image", "convolution 5×5", "max pooling 2×2", "convolution 5×5", "max pooling 2×2", "flatten",
        "dense", "dense", "dense",
    ]  # fmt: skip
    assert layout.volumes[1].facts == (
        "conv1: convolution 5×5",
        "Output 28×28×6",
        "Parameters 5·5·1·6 + 6 = 156",
        "Size (28 − 5 + 2·2)/1 + 1 = 28",
        "Activation ReLU",
    )


def test_labels_stand_in_lines(name: str = "resnet56") -> None:
    layout = lay_out(table_of(name))
    assert len({one.shape.box.y() for one in layout.volumes}) == 1
    assert len({one.operation.box.y() for one in layout.volumes}) == 1


@pytest.mark.parametrize("name", ALL)
def test_each_layer_is_drawn_once(name: str) -> None:
    table = table_of(name)
    layout = lay_out(table)
    for drawn in (layout, unfold_all(layout), lay_out(table, folded=False)):
        assert drawn_layers(drawn) == sorted(row.name for row in table.rows)
        for row in table.rows:
            number = drawn.volume_of(row.name)
            assert number is not None
            arc = drawn.arc_of(row.name)
            assert row.name in (drawn.volumes[number] if arc is None else drawn.arcs[arc]).layers
    assert layout.volume_of("no such layer") is None


def test_the_stages_of_resnet56_are_nine_blocks_each_of_which_some_begin_with_another_one() -> None:
    layout = lay_out(table_of("resnet56"))
    assert [(one.count, one.folded, len(one.volumes)) for one in layout.folds] == [
        (9, True, 2), (8, True, 2), (8, True, 2),
    ]  # fmt: skip
    assert len(layout.arcs) == 5
    assert [one.shape.lines[0] for one in layout.volumes] == [
        "3@32×32", *["16@32×32"] * 3, *["32@16×16"] * 4, *["64@8×8"] * 4, "64", "10",
    ]  # fmt: skip
    strides = [one.layer for one in layout.volumes if "stride 2" in one.operation.lines]
    assert strides == ["stage2_block1_1_conv", "stage3_block1_1_conv"]


def test_a_fold_unfolds_and_folds_again() -> None:
    layout = lay_out(table_of("resnet56"))
    fold = layout.folds[1]
    opened = layout.toggled(fold.key)
    assert opened.folds[1].count == 8
    assert not opened.folds[1].folded
    assert len(opened.folds[1].volumes) == 16
    assert [one.folded for one in opened.folds] == [True, False, True]
    assert len(opened.arcs) == 12
    layers = {name for number in fold.volumes for name in layout.volumes[number].layers}
    assert {name for number in opened.folds[1].volumes for name in opened.volumes[number].layers} == layers
    assert opened.toggled(fold.key) == layout
    assert len(unfold_all(layout).arcs) == 27


def test_blocks_are_told_by_what_they_do_not_by_their_names() -> None:
    table = table_of("resnet56")
    names = {row.name: f"layer {number}" for number, row in enumerate(table.rows)}
    rows = [replace(row, name=names[row.name], inputs=tuple(names[i] for i in row.inputs)) for row in table.rows]
    renamed = lay_out(replace(table, rows=tuple(rows)))
    expected = lay_out(table)
    assert [one.box for one in renamed.volumes] == [one.box for one in expected.volumes]
    assert [one.box for one in renamed.folds] == [one.box for one in expected.folds]


def test_a_block_with_other_filters_stands_alone() -> None:
    table = table_of("resnet56")
    block = "stage2_block5_1_"
    rows = [
        replace(row, output_shape=(16, 16, 48)) if row.name.startswith(block) and row.output_shape else row
        for row in table.rows
    ]
    folds = lay_out(replace(table, rows=tuple(rows))).folds
    assert [one.count for one in folds] == [9, 3, 4, 8]


def test_shortcuts() -> None:
    assert not lay_out(table_of("plain20"), folded=False).arcs
    assert len(lay_out(table_of("resnet56"), folded=False).arcs) == 27
    resnet18 = lay_out(table_of("resnet18"), folded=False)
    assert len(resnet18.arcs) == 8
    projections = [arc for arc in resnet18.arcs if arc.label]
    assert [arc.label.lines for arc in projections if arc.label] == [("convolution 1×1, stride 2",)] * 3
    assert all(any("conv" in name for name in arc.layers) for arc in projections)


def test_branches_lie_in_lanes() -> None:
    layout = lay_out(table_of("inception"), folded=False)
    first = [layout.volumes[layout.volume_of(name) or 0] for name in ("a_3_before", "a_5_before", "a_pool")]
    assert len({volume.box.center().y() for volume in first}) == 3
    assert len({round(volume.box.center().x(), 6) for volume in first}) == 1
    assert not layout.arcs
    spine = [layout.volumes[layout.volume_of(name) or 0] for name in ("stem", "a_together", "b_together", "output")]
    assert {volume.box.center().y() for volume in spine} == {0.0}
    assert [(fold.count, len(fold.volumes)) for fold in lay_out(table_of("inception")).folds] == [(2, 8)]


def test_links_pass_beside_what_is_in_their_way() -> None:
    for name in ("inception", "two ways"):
        layout = lay_out(table_of(name), folded=False)
        for link in layout.links:
            for number, volume in enumerate(layout.volumes):
                if number not in (link.source, link.target):
                    assert not any(volume.box.contains(QPointF(*point)) for point in link.points)


def test_a_sum_of_branches_is_a_volume_of_its_own() -> None:
    layout = lay_out(table_of("two ways"), folded=False)
    assert "sum" in [volume.layer for volume in layout.volumes]
    assert not layout.arcs


def test_a_gate_belongs_to_what_it_multiplies() -> None:
    layout = lay_out(table_of("gated"), folded=False)
    assert [volume.layer for volume in layout.volumes] == ["image", "stem", "body", "average", "output"]
    assert {"squeeze", "reduce", "excite", "gated", "sum"} <= set(layout.volumes[2].layers)
    assert [(arc.source, arc.target) for arc in layout.arcs] == [(1, 2)]


def test_what_is_put_beside_deeper_maps_comes_by_an_arc() -> None:
    layout = lay_out(table_of("u-net"), folded=False)
    assert [(layout.volumes[a.source].layer, layout.volumes[a.target].layer) for a in layout.arcs] == [("stem", "skip")]
    assert len({volume.box.center().y() for volume in layout.volumes}) == 1


def test_what_does_not_fit_is_a_ghost() -> None:
    config = network_config("lenet5", None, None)
    layers = [
        {**layer, "config": {**layer["config"], "kernel_size": [50, 50]}} if layer["name"] == "conv2" else layer
        for layer in config["config"]["layers"]
    ]
    table = describe({**config, "config": {**config["config"], "layers": layers}})
    assert table.misfit
    layout = lay_out(table)
    states = {volume.layer: volume.state for volume in layout.volumes}
    assert states["pool1"] == "fine"
    assert states["conv2"] == "misfit"
    assert {states[name] for name in ("pool2", "dense1", "output")} == {"unknown"}
    wrong = next(volume for volume in layout.volumes if volume.state == "misfit")
    assert table.misfit.text in wrong.facts
    assert wrong.shape.lines == ("?",)
    assert drawn_layers(layout) == sorted(row.name for row in table.rows)


def test_chains_are_laid_out_without_a_library() -> None:
    """Only branches ask for one; so most networks are drawn without."""
    code = (
        "import sys; from PySide6.QtGui import QGuiApplication; app = QGuiApplication([]);"
        "from cnnstudio.models.layer_table import LayerRow, LayerTable;"
        "from cnnstudio.gui.widgets.network.layout.lay_out import lay_out;"
        "row = LayerRow('image', 'InputLayer', 'Image', '', (), (8, 8, 1), '', 0, 0, '', 0, '', (1, 1), None);"
        "lay_out(LayerTable('net', (8, 8, 1), 0, (row,), None));"
        "sys.exit(any(name in sys.modules for name in ('fast_sugiyama', 'keras', 'tensorflow')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
