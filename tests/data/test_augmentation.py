"""Every augmentation keeps what training relies on; the arithmetic of “handwriting” is checked against SciPy."""

from dataclasses import replace

import numpy as np
import pytest

from cnnstudio.data import augmentation
from cnnstudio.data.augmentation import AUGMENTATIONS
from cnnstudio.data.library import load_dataset
from cnnstudio.data.splits import Dataset, Split

SHAPES = [(28, 28, 1), (32, 32, 3), (20, 33, 1)]


@pytest.fixture(scope="module")
def mnist() -> Dataset:
    dataset = load_dataset("mnist")
    return replace(dataset, train=dataset.train.take(np.arange(300)))


def _images(shape: tuple[int, int, int], count: int = 32) -> np.ndarray:
    """Smooth random blots on a dark ground, float32 0–255."""
    from scipy.ndimage import gaussian_filter

    noise = np.random.default_rng(0).normal(size=(count, *shape))
    return np.clip(2000 * gaussian_filter(noise, (0, 2, 2, 0)), 0, 255).astype(np.float32)


def _augment(name: str, images: np.ndarray, seed: tuple[int, int] = (0, 1)) -> np.ndarray:
    import tensorflow as tf

    function = tf.function(AUGMENTATIONS[name].build(images.shape[1:]))
    return np.asarray(function(tf.constant(images), tf.constant(seed)))


@pytest.mark.parametrize("name", AUGMENTATIONS)
@pytest.mark.parametrize("shape", SHAPES)
def test_shape_type_and_range_stay(name: str, shape: tuple[int, int, int]) -> None:
    images = _images(shape)
    changed = _augment(name, images)
    assert changed.shape == images.shape
    assert changed.dtype == np.float32
    assert changed.min() >= 0
    assert changed.max() <= 255


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_the_seed_decides(name: str) -> None:
    images = _images((28, 28, 1))
    assert np.array_equal(_augment(name, images, (3, 4)), _augment(name, images, (3, 4)))


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_batches_of_any_size_are_compiled_once(name: str) -> None:
    import tensorflow as tf

    function = tf.function(
        AUGMENTATIONS[name].build((28, 28, 1)),
        input_signature=[tf.TensorSpec((None, 28, 28, 1)), tf.TensorSpec((2,), tf.int32)],
    ).get_concrete_function()
    for count in (1, 5, 128):
        assert function(tf.zeros((count, 28, 28, 1)), tf.constant([0, 0])).shape == (count, 28, 28, 1)


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_a_dark_ground_stays_dark(name: str) -> None:
    assert not _augment(name, np.zeros((8, 28, 28, 1), np.float32)).any()


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_validation_test_and_labels_of_a_data_set_stay(name: str, mnist: Dataset) -> None:
    split = mnist.hold_out(0.1, seed=0)
    extended = AUGMENTATIONS[name].extend(split, 0)
    assert extended.validation is split.validation
    assert extended.test is split.test
    assert np.array_equal(extended.train.images[: len(split.train)], split.train.images)
    assert np.array_equal(extended.train.labels[: len(split.train)], split.train.labels)


def test_none_changes_nothing(mnist: Dataset) -> None:
    images = _images((28, 28, 1))
    assert np.array_equal(_augment("none", images), images)
    assert AUGMENTATIONS["none"].extend(mnist, 0) is mnist


def test_handwriting_changes_every_image_in_its_own_way() -> None:
    images = np.repeat(_images((28, 28, 1), count=1), 64, axis=0)
    changed = _augment("handwriting", images)
    assert len(np.unique(changed.reshape(64, -1), axis=0)) == 64
    assert not np.array_equal(changed, _augment("handwriting", images, (0, 2)))


def test_handwriting_keeps_digits_near_their_place(mnist: Dataset) -> None:
    images = mnist.train.images.astype(np.float32)
    rows, columns = np.indices((28, 28)) + 0.5

    def centres(batch: np.ndarray) -> np.ndarray:
        ink = batch[..., 0]
        return np.stack([(ink * axis).sum(axis=(1, 2)) / ink.sum(axis=(1, 2)) for axis in (rows, columns)], axis=1)

    moved = centres(_augment("handwriting", images)) - centres(images)
    assert np.abs(moved).max() < 4
    assert moved.mean(axis=0) == pytest.approx([0, 0], abs=0.3)
    assert 0.5 < moved.std() < 1.5


def test_the_basis_and_the_sampling_agree_with_scipy() -> None:
    import tensorflow as tf
    from scipy.ndimage import map_coordinates

    height, width = 20, 33
    images = _images((height, width, 2), count=3)
    random = np.random.default_rng(1)
    basis = augmentation._displacement_basis(height, width)
    coefficients = random.normal(scale=0.05, size=(3, basis.shape[1], 2)).astype(np.float32)
    coefficients[:, 1, 0] += 1
    coefficients[:, 2, 1] += 1
    positions = np.einsum("pk,nkd->npd", basis, coefficients)
    ours = np.asarray(augmentation._sample(tf.constant(images), tf.constant(positions)))
    x = positions[..., 0] * width + (width - 1) / 2
    y = positions[..., 1] * width + (height - 1) / 2
    for image, at, result in zip(images, zip(y, x, strict=True), ours, strict=True):
        for channel in range(2):
            expected = map_coordinates(image[..., channel], at, order=1, mode="grid-constant").reshape(height, width)
            assert result[..., channel] == pytest.approx(expected, abs=0.01)


def test_no_displacement_leaves_the_image_as_it_is() -> None:
    import tensorflow as tf

    images = _images((20, 33, 1), count=2)
    basis = augmentation._displacement_basis(20, 33)
    positions = np.repeat(basis[np.newaxis, :, 1:3], 2, axis=0)
    assert np.asarray(augmentation._sample(tf.constant(images), tf.constant(positions))) == pytest.approx(
        images, abs=0.01
    )


def test_strokes_grow_and_shrink_between_erosion_and_dilation() -> None:
    import tensorflow as tf
    from scipy.ndimage import grey_dilation, grey_erosion

    images = _images((28, 28, 1), count=64)
    cross = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]])[np.newaxis, :, :, np.newaxis]
    thick = grey_dilation(images, footprint=cross, mode="constant")
    thin = grey_erosion(images, footprint=cross, mode="constant")
    changed = np.asarray(augmentation._vary_width(tf.constant(images), tf.constant([0, 1])))
    assert (changed <= thick + 0.01).all()
    assert (changed >= thin - 0.01).all()
    ink = changed.sum(axis=(1, 2, 3)) / images.sum(axis=(1, 2, 3))
    assert ink.min() < 0.8
    assert ink.max() > 1.1


def test_handwriting_adds_digits_to_digits_only(mnist: Dataset) -> None:
    extend = AUGMENTATIONS["handwriting"].extend
    extended = extend(mnist, 7)
    assert len(extended.train) == 500
    assert np.array_equal(extended.train.images, extend(mnist, 7).train.images)
    assert not np.array_equal(extended.train.images, extend(mnist, 8).train.images)
    made_up = extended.train.labels[300:]
    assert np.bincount(made_up, minlength=10).tolist() == [20] * 10
    letters = replace(mnist, classes=tuple("abcdefghij"))
    assert extend(letters, 7) is letters
    photos = replace(mnist, input_rule="centre-crop")
    assert extend(photos, 7) is photos


def test_made_up_digits_have_the_shape_of_the_data_set() -> None:
    images = np.zeros((30, 32, 32, 3), np.uint8)
    split = Split(images, np.zeros(30, np.int32))
    dataset = Dataset("mine", tuple("0123456789"), split, split, input_rule="digit")
    assert AUGMENTATIONS["handwriting"].extend(dataset, 0).train.images.shape == (50, 32, 32, 3)
