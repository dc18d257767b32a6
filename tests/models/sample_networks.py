"""Networks to describe: architectures without memory, nested ones, and configs by hand that may be impossible."""

import copy
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from cnnstudio.models.architectures import convnext, mobilenet
from cnnstudio.models.architectures.catalogue import ARCHITECTURES
from cnnstudio.models.layer_table import LayerTable, describe
from cnnstudio.models.networks.building import build_network
from cnnstudio.models.trained.pretrained import PRETRAINED

if TYPE_CHECKING:
    import keras

Config = dict[str, Any]

DOWNLOADED = tuple(f"transfer-{name}" for name in PRETRAINED)
"""Architectures whose weights are not here; as they take seconds to build, `end_to_end` looks at them."""

HERE = tuple(name for name in ARCHITECTURES if name not in DOWNLOADED)

SISTERS = ("vgg16", "plain20", "resnet18", "resnet32", "resnet56", "transfer-efficientnet-lite0")
"""Made of the same blocks as another; the last one of that of `test_transfer`."""

ONE_OF_EACH = tuple(name for name in HERE if name not in SISTERS)
"""Enough where it takes time."""


def in_thread(work: Callable[..., Any], *arguments: Any) -> Any:
    """What Keras remembers of a failure, it remembers for the thread."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(work, *arguments).result()


def describe_model(model: "keras.Model") -> LayerTable:
    import keras

    return describe(keras.saving.serialize_keras_object(model))


def built_without_memory(build: Callable[[], "keras.Model"]) -> "keras.Model":
    import keras

    with keras.StatelessScope(initialize_variables=False):
        return build()


@cache
def outline(name: str, shape: tuple[int, int, int] | None = None, classes: int | None = None) -> "keras.Model":
    """An architecture without memory for its weights, unchecked; without a shape and classes as its paper has it."""
    entry = ARCHITECTURES[name]
    return in_thread(built_without_memory, lambda: entry.build(shape or entry.image_shape, classes or entry.classes))


@contextmanager
def shallow_architectures() -> Iterator[None]:
    """The deepest architectures of ours with a block or two in each stage, otherwise as they are."""
    first, second, *others = mobilenet.STAGES
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mobilenet, "STAGES", (first, second, *(replace(stage, repeats=1) for stage in others)))
        patch.setattr(convnext, "STAGES", tuple((1, filters) for _, filters in convnext.STAGES))
        yield


def least_shape(name: str) -> tuple[int, int, int]:
    """Small images, not square, that the architecture works on; whole batches of them are computed fast."""
    side = max(ARCHITECTURES[name].smallest_side, 5)
    return side, side + 3, 1


@cache
def built_small(name: str, seed: int = 1) -> "keras.Model":
    """A model for small images, with few blocks where the architecture has many alike; nobody trains it."""
    with shallow_architectures():
        return build_network(name, least_shape(name), 3, seed)


@contextmanager
def shallow_applications() -> Iterator[None]:
    """The networks of `keras.applications` with a few blocks of each kind instead of dozens, otherwise as they are."""
    from keras.src.applications import efficientnet_v2, resnet

    def stack(original: Callable[..., Any]) -> Callable[..., Any]:
        return lambda x, filters, _, **options: x if filters > 64 else original(x, filters // 4, 2, **options)

    with pytest.MonkeyPatch.context() as patch:
        for name in ("efficientnetv2-b0", "efficientnetv2-s"):
            first, *_ = blocks = efficientnet_v2.DEFAULT_BLOCKS_ARGS[name]
            attentive = next(block for block in blocks if block["se_ratio"])
            chosen = [first, attentive | {"num_repeat": 2, "input_filters": first["output_filters"]}]
            patch.setitem(efficientnet_v2.DEFAULT_BLOCKS_ARGS, name, chosen)
        for name in ("stack_residual_blocks_v1", "stack_residual_blocks_v2"):
            patch.setattr(resnet, name, stack(getattr(resnet, name)))
        yield


def small_convnext() -> "keras.Model":
    """One block of each stage of Keras's ConvNeXt, which has a layer of its own, for four classes."""
    from keras.src.applications.convnext import ConvNeXt

    return ConvNeXt((1, 1, 1, 1), (8, 8, 16, 16), name="convnext", input_shape=(32, 32, 3), classes=4)


@cache
def nested() -> "keras.Model":
    """Models within a model within a model; a part of it frozen."""
    import keras
    from keras import layers

    inner_input = keras.Input((16, 16, 4))
    inner = keras.Model(inner_input, layers.Conv2D(5, 3, name="conv")(inner_input), name="inner")
    branches = keras.Input((16, 16, 4))
    left, right = layers.MaxPooling2D(2, name="left")(branches), layers.AveragePooling2D(2, name="right")(branches)
    forked = keras.Model(branches, [left, right], name="forked")
    tail = keras.Sequential([layers.Flatten(name="flat"), layers.Dense(6, name="dense")], name="tail")
    inputs = keras.Input((16, 16, 3), name="image")
    x = keras.Sequential([layers.Conv2D(4, 1, name="conv"), layers.BatchNormalization(name="norm")], name="stem")(
        inputs
    )
    left, right = forked(x)
    x = layers.Concatenate(name="both")([layers.Flatten(name="flat")(left), tail(right)])
    y = layers.Flatten(name="flat2")(inner(layers.ReLU(name="relu")(layers.Conv2D(4, 1, name="widen")(inputs))))
    outputs = layers.Dense(7, activation="softmax", name="output")(layers.Concatenate(name="all")([x, y]))
    model = keras.Model(inputs, outputs, name="nested")
    inner.trainable = False
    model.get_layer("tail").get_layer("dense").trainable = False
    return model


def sequential(shape: Any, *layers: tuple[str, Config]) -> Config:
    """Keras's config of a Sequential model, written by hand, so that it may be impossible."""
    input_layer = ("InputLayer", {"name": "image", "batch_shape": [None, *shape]})
    return {
        "module": "keras",
        "class_name": "Sequential",
        "registered_name": None,
        "config": {
            "name": "network",
            "layers": [
                {
                    "module": "keras.layers",
                    "class_name": kind,
                    "registered_name": None,
                    "config": {"name": f"layer{place}"} | fields,
                }
                for place, (kind, fields) in enumerate((input_layer, *layers))
            ],
        },
    }


def keras_builds(config: Config) -> bool:
    """Whether Keras makes such a network, with sizes of at least 1."""
    import keras

    try:
        with keras.StatelessScope(initialize_variables=False):
            model = keras.saving.deserialize_keras_object(copy.deepcopy(config))
    except (ValueError, TypeError, IndexError):
        return False
    return all(isinstance(side, int) and side > 0 for side in model.outputs[0].shape[1:])
