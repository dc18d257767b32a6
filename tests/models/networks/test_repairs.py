"""Ways out of a misfit: each is held against the layer table and against Keras."""

import pytest

from cnnstudio.models.layer_table import describe
from cnnstudio.models.networks.building import network_config
from cnnstudio.models.networks.editing import add_residual_block, change_layer
from cnnstudio.models.networks.repairs import nearest_working, repairs
from tests.models.sample_networks import in_thread, keras_builds


@pytest.fixture(scope="module")
def lenet5():
    return network_config("lenet5", (28, 28, 1), 10)


def with_block(lenet5, layer, **values):
    return change_layer(add_residual_block(lenet5, "pool1", 6), f"block1_{layer}_conv", **values)


def titles(config):
    return [way.title for way in repairs(config, describe(config))]


@pytest.mark.parametrize("kernel", [99, [99, 99]])
def test_the_nearest_kernel_leaves_the_rest_of_the_network_working(lenet5, kernel):
    config = change_layer(lenet5, "conv1", kernel_size=kernel, padding="valid")
    misfit = describe(config).misfit
    assert misfit.nearest == [28, 28]
    nearest, text = nearest_working(config, misfit)
    assert nearest == [17, 17]
    assert text.endswith("For the layers after it to work, too, the kernel is at most 17×17.")
    assert describe(change_layer(config, "conv1", kernel_size=nearest)).misfit is None
    assert describe(change_layer(config, "conv1", kernel_size=18)).misfit is not None


def test_where_no_value_helps_the_rest_the_nearest_for_the_layer_stays(lenet5):
    config = change_layer(change_layer(lenet5, "pool2", pool_size=99), "conv2", kernel_size=40)
    misfit = describe(config).misfit
    assert nearest_working(config, misfit) == (misfit.nearest, misfit.text)


def test_same_padding_is_offered_where_it_fits(lenet5):
    config = change_layer(lenet5, "conv1", kernel_size=99, padding="valid")
    assert titles(config) == ["Use “same” padding"]
    (way,) = repairs(config, describe(config))
    assert describe(way.config).row("conv1").output_shape == (28, 28, 6)
    assert titles(lenet5) == []


def test_unlike_filters_are_mended_in_the_branch_or_in_the_shortcut(lenet5):
    config = with_block(lenet5, "2", filters=24)
    by_filters, by_projection = repairs(config, describe(config))
    assert by_filters.title == "Use 6 filters in block1_2_conv"
    assert describe(by_filters.config).row("block1_add").output_shape == (14, 14, 6)
    assert by_projection.title == "1×1 convolution in the shortcut"
    table = describe(by_projection.config)
    assert table.row("block1_shortcut_conv").output_shape == table.row("block1_add").output_shape == (14, 14, 24)
    assert set(table.row("block1_add").inputs) == {"block1_2_norm", "block1_shortcut_norm"}
    for way in (by_filters, by_projection):
        assert describe(way.config).misfit is None
        assert in_thread(keras_builds, way.config)


def test_a_stride_is_mended_in_the_shortcut(lenet5):
    config = with_block(lenet5, "1", strides=2)
    (way,) = repairs(config, describe(config))
    assert way.title == "1×1 convolution in the shortcut"
    assert describe(way.config).row("block1_add").output_shape == (7, 7, 6)
    assert in_thread(keras_builds, way.config)


def test_a_shortcut_with_a_convolution_gets_no_second_one(lenet5):
    config = change_layer(add_residual_block(lenet5, "pool1", 12, 2), "block1_2_conv", filters=20)
    assert titles(config) == ["Use 12 filters in block1_2_conv", "Use 20 filters in block1_shortcut_conv"]


def test_a_way_after_which_another_layer_fails_comes_last_and_names_it():
    config = change_layer(network_config("resnet20", (32, 32, 3), 10), "stage1_block1_2_conv", filters=24)
    assert describe(config).misfit.text.endswith("they must have the same shape.")
    whole, part = repairs(config, describe(config))
    assert (whole.title, whole.left) == ("Use 16 filters in stage1_block1_2_conv", "")
    assert (part.title, part.left) == ("1×1 convolution in the shortcut", "stage1_block2_add")
    for way in (whole, part):
        misfit = describe(way.config).misfit
        assert way.left == (misfit.layer if misfit else "")
