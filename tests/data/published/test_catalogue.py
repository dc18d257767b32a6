"""Data sets: what ships is whole, what is damaged is refused, what is held out is held out fairly."""

import gzip
import shutil
from pathlib import Path

import numpy as np
import pytest

from cnnstudio.data.library import load_dataset
from cnnstudio.data.published.catalogue import DATASETS
from cnnstudio.data.published.formats import MNIST_SHA256, read_idx
from cnnstudio.data.splits import Dataset, Split
from cnnstudio.errors import StudioError
from cnnstudio.storage import shipped


@pytest.fixture(scope="module")
def mnist() -> Dataset:
    return load_dataset("mnist")


@pytest.mark.parametrize("name", DATASETS)
def test_the_table_tells_what_is_loaded(name: str) -> None:
    entry = DATASETS[name]
    if not entry.is_here():
        pytest.skip("its files are in no folder of CNNSTUDIO_DATASETS")
    dataset = load_dataset(name)
    assert dataset.image_shape == entry.image_shape
    assert dataset.classes == entry.classes
    assert (len(dataset.train), len(dataset.test)) == (entry.train_images, entry.test_images)
    assert dataset.validation is None
    assert dataset.train.images.dtype == np.uint8


@pytest.mark.parametrize("name", DATASETS)
def test_what_must_be_downloaded_is_told(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CNNSTUDIO_DATASETS", raising=False)
    entry = DATASETS[name]
    assert entry.is_here() == (entry.download_bytes == 0)
    assert len(set(entry.classes)) == len(entry.classes)


def test_mnist_is_mnist(mnist: Dataset) -> None:
    """Figures that can be read off the published files."""
    assert mnist.train.labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert np.bincount(mnist.test.labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert mnist.train.images.mean() / 255 == pytest.approx(0.1307, abs=1e-4)


def test_an_unknown_name_gets_the_choices() -> None:
    with pytest.raises(StudioError, match="Choose one of: mnist"):
        load_dataset("mnits")


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    name = "t10k-labels-idx1-ubyte"
    path = tmp_path / f"{name}.gz"
    data = bytearray(gzip.decompress((shipped("assets/mnist") / path.name).read_bytes()))
    data[100] ^= 1
    path.write_bytes(gzip.compress(bytes(data)))
    with pytest.raises(StudioError, match="damaged"):
        read_idx(path, MNIST_SHA256[name])
    shutil.copyfile(shipped("assets/mnist") / path.name, path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(StudioError, match="cannot be read"):
        read_idx(path, MNIST_SHA256[name])
    path.unlink()
    with pytest.raises(StudioError, match="cannot be read"):
        read_idx(path, MNIST_SHA256[name])


def test_a_file_that_never_was_gzip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.gz"
    path.write_bytes(b"\x1f\x8b" + bytes(40))
    with pytest.raises(StudioError, match=r"cannot be read|damaged"):
        read_idx(path, "0" * 64)


def test_validation_is_taken_from_training_images_alike_from_every_class(mnist: Dataset) -> None:
    held = mnist.hold_out(1 / 12, seed=3)
    assert held.validation is not None
    assert len(held.train) + len(held.validation) == len(mnist.train)
    assert held.test is mnist.test
    shares = np.bincount(held.validation.labels) / np.bincount(mnist.train.labels)
    assert np.abs(shares - 1 / 12).max() < 1e-3
    total = mnist.train.images.sum(dtype=np.int64)
    assert held.train.images.sum(dtype=np.int64) + held.validation.images.sum(dtype=np.int64) == total


def test_the_seed_decides_what_is_held_out(mnist: Dataset) -> None:
    first, again, other = (mnist.hold_out(0.1, seed).validation for seed in (1, 1, 2))
    assert np.array_equal(first.images, again.images)
    assert not np.array_equal(first.images, other.images)


def test_what_is_held_out_stays_held_out(mnist: Dataset) -> None:
    held = mnist.hold_out(0.1, 1)
    assert held.hold_out(0.5, 2) is held


@pytest.mark.parametrize("counts", [(1, 1), (2, 1), (1, 50)])
def test_every_class_keeps_an_image_for_training(counts: tuple[int, ...]) -> None:
    labels = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
    split = Split(np.zeros((len(labels), 4, 4, 1), np.uint8), labels)
    held = Dataset("tiny", ("a", "b"), split, split).hold_out(0.9, 0)
    assert set(held.train.labels) == {0, 1}


@pytest.mark.parametrize("fraction", [0, 1, -0.5, 2])
def test_an_impossible_fraction_is_refused(mnist: Dataset, fraction: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        mnist.hold_out(fraction, 0)


def test_images_and_labels_must_belong_together() -> None:
    with pytest.raises(ValueError, match="do not belong together"):
        Split(np.zeros((3, 4, 4, 1), np.uint8), np.zeros(2, np.int32))
