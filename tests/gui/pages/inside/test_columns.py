"""A network as columns: what is folded, what feeds what, what is computed together."""

import pytest

from cnnstudio.gui.pages.choosers.network_input.session import blocks_of
from cnnstudio.gui.pages.inside.columns import BLOCK, columns_of
from cnnstudio.models.backend import import_keras
from cnnstudio.models.trained.card import Card
from cnnstudio.models.trained.classifier import Classifier


@pytest.fixture(scope="module")
def residual() -> Classifier:
    """Five equal blocks after each other, each with a shortcut."""
    keras = import_keras()
    layers, image = keras.layers, keras.Input((8, 8, 1))
    x = layers.Conv2D(2, 3, padding="same", name="first")(image)
    for block in range(1, 6):
        y = layers.Conv2D(2, 3, padding="same", name=f"conv{block}")(x)
        y = layers.BatchNormalization(name=f"norm{block}")(y)
        y = layers.Add(name=f"add{block}")([x, y])
        x = layers.ReLU(name=f"relu{block}")(y)
    output = layers.Dense(3, name="answer")(layers.GlobalAveragePooling2D(name="mean")(x))
    return Classifier(keras.Model(image, output), Card("own", ("a", "b", "c"), (8, 8, 1), "centre-crop"))


def test_equal_blocks_are_folded_and_unfolded(residual: Classifier) -> None:
    folded = columns_of(residual)
    assert [one.name for one in folded] == ["", "first", "conv1", "norm1", "add1", "relu1", "mean", "answer"]
    (fold,) = [one for one in folded if one.sign]
    assert (fold.name, fold.sign, fold.fold, fold.framed) == ("conv1", "× 5", "conv1", 4)
    assert folded[4].sources == (1, 3)  # of the sum: the layer before the block, and the normalisation
    assert folded[-1].answers == ("a", "b", "c") and folded[0].is_image
    whole = columns_of(residual, {"conv1"})
    assert len(whole) == 24 and [one.sign for one in whole if one.sign] == ["× 5 –"]
    assert [(one.name, one.framed) for one in whole if one.framed] == [("conv1", 20)]  # all five blocks


def test_every_layer_is_in_one_block(residual: Classifier) -> None:
    names = [name for block in blocks_of(residual.layers, BLOCK) for name in block]
    assert names == [layer.name for layer in residual.layers]


def test_an_inner_network_is_folded_and_unfolded_and_folded_again() -> None:
    keras = import_keras()
    layers, image = keras.layers, keras.Input((8, 8, 1))
    x = image
    for number in range(20):  # as a network within the network is opened
        x = layers.Conv2D(number + 1, 1, name=f"base.conv{number}")(x)
    output = layers.Dense(3, name="answer")(layers.GlobalAveragePooling2D(name="mean")(x))
    model = keras.Model(image, output)
    nested = Classifier(model, Card("own", ("a", "b", "c"), (8, 8, 1), "centre-crop"))
    folded = columns_of(nested)
    assert [(one.sign, one.fold) for one in folded if one.sign] == [("base", "base")]
    whole = columns_of(nested, {"base"})
    assert len(whole) == len(folded) + 19
    (sign, fold, framed) = next((one.sign, one.fold, one.framed) for one in whole if one.sign)
    assert (sign, fold, framed) == ("base –", "base", 20)
    assert "Click to fold" in next(one.fold_tip for one in whole if one.fold == "base")
