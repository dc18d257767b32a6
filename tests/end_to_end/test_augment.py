"""Every augmentation keeps what training relies on; the arithmetic of “handwriting” is checked against SciPy."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from cnnstudio.data.augmentation import augment as augmentation
from cnnstudio.data.augmentation.augment import AUGMENTATIONS, augment_examples, find_augmentation
from cnnstudio.data.augmentation.changes import CHANGES, AugmentationSpec, sample
from cnnstudio.data.library import load_dataset
from cnnstudio.data.splits import Dataset, Split
from cnnstudio.errors import StudioError

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


@cache
def _compiled(name: str, shape: tuple[int, int, int]) -> Callable[..., Any]:
    import tensorflow as tf

    signature = [tf.TensorSpec((None, *shape)), tf.TensorSpec((2,), tf.int32)]
    return tf.function(AUGMENTATIONS[name].build(shape), input_signature=signature).get_concrete_function()


def _augment(name: str, images: np.ndarray, seed: tuple[int, int] = (0, 1)) -> np.ndarray:
    import tensorflow as tf

    return np.asarray(_compiled(name, images.shape[1:])(tf.constant(images), tf.constant(seed)))


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
    for count in (1, 5, 128):
        images = np.zeros((count, 28, 28, 1), np.float32)
        assert _augment(name, images).shape == images.shape


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
    ours = np.asarray(sample(tf.constant(images), tf.constant(positions)))
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
    assert np.asarray(sample(tf.constant(images), tf.constant(positions))) == pytest.approx(images, abs=0.01)


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
    assert len(extended.train) == 600
    assert np.array_equal(extended.train.images, extend(mnist, 7).train.images)
    assert not np.array_equal(extended.train.images, extend(mnist, 8).train.images)
    made_up = extended.train.labels[300:]
    assert np.bincount(made_up, minlength=10).tolist() == [30] * 10
    letters = replace(mnist, classes=tuple("abcdefghij"))
    assert extend(letters, 7) is letters
    photos = replace(mnist, input_rule="centre-crop")
    assert extend(photos, 7) is photos


def test_made_up_digits_have_the_shape_of_the_data_set() -> None:
    images = np.zeros((30, 32, 32, 3), np.uint8)
    split = Split(images, np.zeros(30, np.int32))
    dataset = Dataset("mine", tuple("0123456789"), split, split, input_rule="digit")
    assert AUGMENTATIONS["handwriting"].extend(dataset, 0).train.images.shape == (60, 32, 32, 3)


PHOTO = np.random.default_rng(0).integers(0, 256, (24, 32, 3), dtype=np.uint8)


def examples(text: str, count: int = 8) -> np.ndarray:
    return augment_examples(PHOTO, AugmentationSpec.parse(text), count, seed=3)


def test_shift_moves_by_whole_pixels_and_leaves_black() -> None:
    for moved in examples("shift=0.25"):
        offsets = [
            (down, right)
            for down in range(-6, 7)
            for right in range(-8, 9)
            if np.array_equal(
                moved[max(0, down) : 24 + min(0, down), max(0, right) : 32 + min(0, right)],
                PHOTO[max(0, -down) : 24 - max(0, down), max(0, -right) : 32 - max(0, right)],
            )
        ]
        assert len(offsets) == 1
        down, right = offsets[0]
        assert moved.any(axis=2).sum() <= (24 - abs(down)) * (32 - abs(right))


def test_flip_mirrors_its_share() -> None:
    mirrored = [np.array_equal(image, PHOTO[:, ::-1]) for image in examples("flip=0.3", 1000)]
    same = [np.array_equal(image, PHOTO) for image in examples("flip=0.3", 1000)]
    assert sum(mirrored) + sum(same) == 1000
    assert 250 < sum(mirrored) < 350


def test_rotation_turns_about_the_centre() -> None:
    from scipy.ndimage import rotate

    smooth = np.zeros((33, 33, 1), np.float32)
    smooth[8:20, 12:24] = 200
    moved = augment_examples(smooth.astype(np.uint8), AugmentationSpec(rotate=40), 6, seed=1).astype(float)
    angles = np.linspace(-40, 40, 161)
    for image in moved:
        errors = [np.abs(rotate(smooth[..., 0], a, reshape=False, order=1) - image[..., 0]).mean() for a in angles]
        assert min(errors) < 0.8
    assert np.abs(smooth - moved[0]).mean() > 2


def test_the_shortcut_for_shifts_and_flips_says_the_same_as_sampling() -> None:
    """A turn by next to nothing takes the general path."""
    short, general = examples("shift=0.2,flip=0.5"), examples("shift=0.2,flip=0.5,rotate=0.00001")
    assert np.abs(short.astype(int) - general).max() <= 1


def test_zoom_contrast_noise_and_cutout_change_what_they_say() -> None:
    assert len({image.tobytes() for image in examples("zoom=0.3")}) == 8
    flat = examples("contrast=0.5").astype(float)
    assert 0.4 < (flat.std(axis=(1, 2, 3)) / PHOTO.std()).min() < 1
    grey = np.full((64, 64, 1), 128, np.uint8)
    noisy = augment_examples(grey, AugmentationSpec(noise=0.1), 4, 0).astype(float)
    assert noisy.std() == pytest.approx(25.5, rel=0.05)
    covered = (examples("cutout=0.5") != PHOTO).any(axis=3)
    assert 0 < covered.sum(axis=(1, 2)).max() <= 17 * 17
    square = np.argwhere(covered[0])
    assert covered[0].sum() >= 0.9 * np.prod(np.ptp(square, axis=0) + 1)


def test_the_same_seed_gives_the_same_examples() -> None:
    text = ",".join(CHANGES)
    assert np.array_equal(examples(text), examples(text))
    assert not np.array_equal(examples(text), augment_examples(PHOTO, AugmentationSpec.parse(text), 8, seed=4))


def test_a_spec_is_written_as_it_is_read() -> None:
    spec = AugmentationSpec.parse(" shift=0.1, flip ,cutout=0.25")
    assert spec == AugmentationSpec(shift=0.1, flip=0.5, cutout=0.25)
    assert AugmentationSpec.parse(str(spec)) == spec
    assert str(AugmentationSpec()) == "none"
    assert find_augmentation(str(spec)).name == str(spec)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("shift=2", "from 0 to 0.5"),
        ("shift=nan", "from 0 to 0.5"),
        ("shift=-1,flip", "from 0 to 0.5"),
        ("wobble=1", "Choose among: shift"),
        ("shift=wide", "must be a number"),
        ("handwritting", "Choose one of: none"),
    ],
)
def test_a_wrong_augmentation_is_refused_with_what_would_do(text: str, part: str) -> None:
    with pytest.raises(StudioError, match=part):
        find_augmentation(text)


def test_changes_are_said_in_per_cent_and_degrees():
    said = find_augmentation("shift=0.125,rotate=15,flip=0.5").description
    assert said.endswith("shift up to 12.5 % of the side, rotate up to 15 degrees, flip 50 % of the images.")
