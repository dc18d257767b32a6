"""Images on disk read as an array does."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from cnnstudio.data.splits import Split
from cnnstudio.data.stored import StoredImages

IMAGES = np.random.default_rng(0).integers(0, 256, (50, 6, 4, 3), dtype=np.uint8)


@pytest.fixture
def stored(tmp_path: Path) -> StoredImages:
    (tmp_path / "images").write_bytes(IMAGES.tobytes())
    return StoredImages(tmp_path / "images", IMAGES.shape)


@pytest.mark.parametrize(
    "key",
    [
        0,
        -1,
        np.int64(7),
        slice(None),
        slice(10, 20),
        slice(40, 0, -3),
        slice(5, 5),
        np.array([3, 3, 49, 0, 1, 2]),
        np.array([], dtype=int),
        np.arange(50) % 2 == 0,
    ],
    ids=str,
)
def test_indexing(stored: StoredImages, key: object) -> None:
    assert np.array_equal(stored[key], IMAGES[key])
    assert stored[key].shape == IMAGES[key].shape


def test_it_looks_like_an_array(stored: StoredImages) -> None:
    assert (stored.shape, stored.ndim, stored.dtype, len(stored)) == (IMAGES.shape, 4, np.uint8, 50)
    assert np.array_equal(np.asarray(stored), IMAGES)
    assert np.asarray(stored, dtype=np.float32).dtype == np.float32


def test_an_index_that_is_not_there(stored: StoredImages) -> None:
    with pytest.raises(IndexError):
        stored[50]


def test_a_split_takes_without_reading(stored: StoredImages) -> None:
    split = Split(stored, np.arange(50, dtype=np.int32))
    taken = split.take(np.array([9, 4, 30])).take(np.array([2, 0]))
    assert isinstance(taken.images, StoredImages)
    assert np.array_equal(taken.images[:], IMAGES[[30, 9]])
    assert taken.labels.tolist() == [30, 9]


def test_threads_do_not_disturb_each_other(stored: StoredImages) -> None:
    orders = [np.random.default_rng(seed).permutation(50) for seed in range(200)]
    with ThreadPoolExecutor(8) as pool:
        for order, images in zip(orders, pool.map(stored.__getitem__, orders), strict=True):
            assert np.array_equal(images, IMAGES[order])


def test_a_file_of_another_length_is_refused(tmp_path: Path) -> None:
    (tmp_path / "images").write_bytes(b"123")
    with pytest.raises(ValueError, match="does not hold"):
        StoredImages(tmp_path / "images", (2, 1, 1, 1))


def test_a_file_that_became_shorter_says_so(stored: StoredImages, tmp_path: Path) -> None:
    os.truncate(tmp_path / "images", 100)
    with pytest.raises(OSError, match="shorter"):
        stored[2]


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps open files")
def test_a_removed_file_can_still_be_read(stored: StoredImages, tmp_path: Path) -> None:
    (tmp_path / "images").unlink()
    assert np.array_equal(stored[49], IMAGES[49])
