"""EfficientNet-Lite0: its shape as published, and its weights read from PyTorch's names and layouts."""

import json
import math
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from cnnstudio.errors import StudioError
from cnnstudio.models.architectures import efficientnet
from cnnstudio.models.trained.card import read_card
from cnnstudio.models.trained.library import load_classifier
from cnnstudio.storage import shipped
from tests.models.sample_networks import built_without_memory
from tools import convert_efficientnet
from tools.convert_efficientnet import (
    CLASSES,
    HINTS,
    convert,
    efficientnet_lite0,
    load_torch_weights,
    main,
    read_class_names,
)

pytestmark = pytest.mark.numbers


@pytest.fixture(scope="module")
def model():
    return efficientnet_lite0((20, 20, 3))


@pytest.fixture
def shallow(monkeypatch: pytest.MonkeyPatch) -> None:
    """One block in each stage, so that the network is made soon."""
    stages = tuple(replace(stage, repeats=1) for stage in efficientnet.STAGES)
    for module in (efficientnet, convert_efficientnet):
        monkeypatch.setattr(module, "STAGES", stages)


BLOCKS = ((16, 3), *[(24, 3)] * 2, *[(40, 5)] * 2, *[(80, 3)] * 3, *[(112, 5)] * 3, *[(192, 5)] * 4, (320, 3))
"""Filters and side of the kernels of each."""

SHALLOW_BLOCKS = tuple(dict.fromkeys(BLOCKS))


def torch_arrays(seed: int = 0, blocks: tuple[tuple[int, int], ...] = BLOCKS) -> dict[str, np.ndarray]:
    """Random arrays under PyTorch's names and in its shapes, written down from the package's own list."""
    return dict(_torch_arrays(seed, blocks))


@cache
def _torch_arrays(seed: int, blocks: tuple[tuple[int, int], ...]) -> dict[str, np.ndarray]:
    random = np.random.default_rng(seed)
    arrays = {}

    def normalisation(name: str, filters: int) -> None:
        for part in ("weight", "bias", "running_mean", "running_var"):
            arrays[f"{name}.{part}"] = random.uniform(0.5, 1.5, filters)

    def convolution(name: str, bn: str, *shape: int) -> None:
        arrays[f"{name}.weight"] = random.normal(0, 1 / math.sqrt(math.prod(shape[1:])), shape)
        normalisation(bn, shape[0])

    convolution("_conv_stem", "_bn0", 32, 3, 3, 3)
    before = 32
    for number, (filters, kernel) in enumerate(blocks):
        block, wide = f"_blocks.{number}", 6 * before if number else before
        if number:
            convolution(f"{block}._expand_conv", f"{block}._bn0", wide, before, 1, 1)
        convolution(f"{block}._depthwise_conv", f"{block}._bn1", wide, 1, kernel, kernel)
        convolution(f"{block}._project_conv", f"{block}._bn2", filters, wide, 1, 1)
        before = filters
    convolution("_conv_head", "_bn1", 1280, 320, 1, 1)
    arrays["_fc.weight"], arrays["_fc.bias"] = random.normal(0, 0.03, (1000, 1280)), random.normal(0, 1, 1000)
    return {name: array.astype(np.float32) for name, array in arrays.items()}


def test_it_has_the_published_size() -> None:
    model = built_without_memory(efficientnet_lite0)
    assert model.count_params() == 4_694_024
    assert sum(array.size for array in torch_arrays().values()) == 4_694_024
    assert model.output_shape == (None, 1000)
    sides = [layer.output.shape[1] for layer in model.layers if layer.name.endswith("_project_bn")]
    assert sides == [112, *[56] * 2, *[28] * 2, *[14] * 6, *[7] * 5]


def test_it_has_feature_maps_of_images_of_any_size(shallow: None) -> None:
    import keras

    with keras.StatelessScope(initialize_variables=False):
        maps = efficientnet.features(keras.Input((33, 65, 3)))
    assert maps.shape == (None, 2, 3, 1280)


def reference(arrays: dict[str, np.ndarray], image: np.ndarray) -> np.ndarray:
    """The first layers computed in NumPy and SciPy as PyTorch defines them, on arrays (channels, height, width)."""
    from scipy.signal import correlate

    def same(x: np.ndarray, kernel: int, stride: int) -> np.ndarray:
        """TensorFlow's padding: what is left over goes to the right and below."""
        total = max((-(-x.shape[1] // stride) - 1) * stride + kernel - x.shape[1], 0)
        return np.pad(x, ((0, 0), *[(total // 2, total - total // 2)] * 2))

    def convolve(x: np.ndarray, name: str, stride: int = 1) -> np.ndarray:
        weight = arrays[f"{name}.weight"].astype(np.float64)
        padded, depthwise = same(x, weight.shape[2], stride), weight.shape[1] == 1
        maps = [
            correlate(padded[number : number + 1] if depthwise else padded, kernel, "valid")[0]
            for number, kernel in enumerate(weight)
        ]
        return np.stack(maps)[:, ::stride, ::stride]

    def normalise(x: np.ndarray, name: str) -> np.ndarray:
        gamma, beta, mean, variance = (
            arrays[f"{name}.{part}"].astype(np.float64)[:, None, None]
            for part in ("weight", "bias", "running_mean", "running_var")
        )
        return (x - mean) / np.sqrt(variance + 1e-3) * gamma + beta

    x = (image.transpose(2, 0, 1).astype(np.float64) - 127) / 128
    x = np.clip(normalise(convolve(x, "_conv_stem", 2), "_bn0"), 0, 6)
    x = np.clip(normalise(convolve(x, "_blocks.0._depthwise_conv"), "_blocks.0._bn1"), 0, 6)
    x = normalise(convolve(x, "_blocks.0._project_conv"), "_blocks.0._bn2")
    x = np.clip(normalise(convolve(x, "_blocks.1._expand_conv"), "_blocks.1._bn0"), 0, 6)
    x = np.clip(normalise(convolve(x, "_blocks.1._depthwise_conv", 2), "_blocks.1._bn1"), 0, 6)
    return normalise(convolve(x, "_blocks.1._project_conv"), "_blocks.1._bn2")


def test_its_first_blocks_compute_what_pytorch_would(shallow: None) -> None:
    import keras

    arrays = torch_arrays(1, SHALLOW_BLOCKS)
    model = efficientnet_lite0((20, 20, 3))
    load_torch_weights(model, arrays)
    image = np.random.default_rng(2).integers(0, 256, (20, 20, 3), dtype=np.uint8)
    part = keras.Model(model.input, model.get_layer("block2a_project_bn").output)
    ours = np.asarray(part(image[np.newaxis].astype(np.float32), training=False))[0]
    np.testing.assert_allclose(ours.transpose(2, 0, 1), reference(arrays, image), atol=1e-4)


def test_every_array_is_used_and_can_be_found_again(model) -> None:
    arrays = torch_arrays()
    load_torch_weights(model, arrays)
    sums = sorted(float(np.float64(array).sum()) for array in arrays.values())
    np.testing.assert_allclose(sorted(float(np.float64(weight).sum()) for weight in model.get_weights()), sums)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda arrays: arrays.pop("_blocks.7._bn1.running_var"), r"lack the array “_blocks\.7\._bn1\.running_var”"),
        (lambda arrays: arrays.update(extra=np.zeros(3, np.float32)), "they hold “extra”, too"),
        (lambda arrays: arrays.update({"_fc.bias": np.zeros(10, np.float32)}), r"“_fc\.bias” does not fit"),
        (lambda arrays: arrays.update({"_fc.bias": np.zeros(1000, np.int64)}), r"“_fc\.bias” does not fit"),
        (lambda arrays: arrays.update({"_fc.bias": np.full(1000, np.nan, np.float32)}), r"“_fc\.bias” does not fit"),
    ],
)
def test_other_weights_are_refused(model, change, words) -> None:
    arrays = torch_arrays()
    change(arrays)
    with pytest.raises(StudioError, match=words):
        load_torch_weights(model, arrays)


def write_classes(path: Path, pairs: list) -> Path:
    path.write_text(json.dumps(pairs))
    return path


PAIRS = [[f"n{number:08}", f"thing_{number}"] for number in range(CLASSES)]


def test_class_names_are_readable_and_unique(tmp_path: Path) -> None:
    pairs = PAIRS.copy()
    pairs[134], pairs[517] = ["n02012849", "crane"], ["n03126707", "crane"]
    names = read_class_names(write_classes(tmp_path / "classes.json", pairs))
    assert names[:2] == ("thing 0", "thing 1")
    assert (names[134], names[517]) == ("crane (bird)", "crane (machine)")


@pytest.mark.parametrize("pairs", [PAIRS[:-1], [*PAIRS[:-1], PAIRS[0]], {"a": 1}, [1], 5, [[["n"], "x"]], [["n", 5]]])
def test_other_lists_of_classes_are_refused(tmp_path: Path, pairs) -> None:
    with pytest.raises(StudioError, match=r"is no list of class names|must name 1,000 different classes"):
        read_class_names(write_classes(tmp_path / "classes.json", pairs))


def test_the_command_writes_a_model_that_can_be_opened(shallow: None, tmp_path: Path, capsys) -> None:
    weights, classes = tmp_path / "weights.npz", write_classes(tmp_path / "classes.json", PAIRS)
    arrays = torch_arrays(1, SHALLOW_BLOCKS)
    np.savez(weights, **arrays)
    assert main([str(weights), str(classes), str(tmp_path / "out")]) == 0
    classifier = load_classifier(tmp_path / "out")
    np.testing.assert_array_equal(classifier.model.get_layer("output").bias.numpy(), arrays["_fc.bias"])
    assert classifier.card.command.startswith("python -m tools.convert_efficientnet weights.npz classes.json ")
    assert main([str(weights)]) == 2
    assert main([str(classes), str(classes), str(tmp_path / "out")]) == 1
    assert "holds no weights" in capsys.readouterr().err


def test_pickled_weights_are_refused(shallow: None, tmp_path: Path) -> None:
    weights, classes = tmp_path / "weights.npz", write_classes(tmp_path / "classes.json", PAIRS)
    np.savez(weights, **{"_conv_stem.weight": np.array([print], dtype=object)})
    with pytest.raises(StudioError, match="holds no weights"):
        convert(weights, classes)


def test_the_shipped_folder_names_the_classes_with_hints() -> None:
    names = read_card(shipped("trained/efficientnet-lite0-imagenet")).classes
    assert [names[index] for index in (0, 134, 281, 517, 638, 639, 999)] == [
        "tench",
        HINTS["n02012849"],
        "tabby",
        HINTS["n03126707"],
        HINTS["n03710637"],
        HINTS["n03710721"],
        "toilet tissue",
    ]
    assert len({name.casefold() for name in names}) >= CLASSES - 1  # a cardigan is worn, a Cardigan barks
