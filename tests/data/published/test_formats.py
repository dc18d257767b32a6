"""The readers of the published data sets, on archives in the official format and on the official files."""

import gzip
import hashlib
import io
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cnnstudio.data.downloads.remote import RemoteFolder
from cnnstudio.data.published import class_names
from cnnstudio.data.published.catalogue import DATASETS
from cnnstudio.data.published.formats import (
    CIFAR10,
    CIFAR100,
    FASHION_MNIST,
    Cifar,
    read_cifar,
    read_fashion_mnist,
)
from cnnstudio.data.splits import Dataset
from cnnstudio.progress import OnProgress, Progress

COUNT = 80
"""Images in each file of the archives made here."""


def nobody(progress: Progress) -> None:
    pass


def archive(files: dict[str, bytes | tarfile.TarInfo]) -> bytes:
    """A `.tar.gz` of these files; a TarInfo is put in as it is."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", compresslevel=1) as tar:
        for name, content in files.items():
            if isinstance(content, tarfile.TarInfo):
                tar.addfile(content)
                continue
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


@pytest.fixture
def put(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Cifar, bytes], Cifar]:
    """Puts an archive into the user's own folder and gives the description that fits it."""

    def put(cifar: Cifar, data: bytes) -> Cifar:
        file = replace(cifar.remote.files[0], bytes=len(data), md5=hashlib.md5(data).hexdigest())
        folder = tmp_path / "sets" / cifar.remote.folders[-1]
        folder.mkdir(parents=True)
        (folder / file.name).write_bytes(data)
        monkeypatch.setenv("CNNSTUDIO_DATASETS", str(folder.parent))
        return replace(cifar, remote=replace(cifar.remote, files=(file,)))

    return put


def records(seed: int, *most: int) -> np.ndarray:
    """(COUNT, labels + 3072) uint8: label bytes below the given numbers, then the pixels, plane by plane."""
    random = np.random.default_rng(seed)
    labels = [random.integers(0, n, size=(COUNT, 1)) for n in most]
    return np.hstack([*labels, random.integers(0, 256, size=(COUNT, 3072))]).astype(np.uint8)


def cifar10_files() -> dict[str, bytes]:
    """In the order and with the company of the official archive."""
    names = [*CIFAR10.train[::-1], "batches.meta.txt", CIFAR10.test]
    return {
        f"cifar-10-batches-bin/{name}": b"airplane\n" if name.endswith("txt") else records(i, 10).tobytes()
        for i, name in enumerate(names)
    }


def read_cifar10(on_progress: OnProgress, data: bytes, put: Callable[[Cifar, bytes], Cifar]) -> Dataset:
    return read_cifar(put(CIFAR10, data), "cifar10", class_names.CIFAR10, 0, on_progress)


def test_cifar10_is_read_as_its_format_says(put) -> None:
    files = cifar10_files()
    seen: list[Progress] = []
    dataset = read_cifar10(seen.append, archive(files), put)
    assert (dataset.name, dataset.classes, dataset.image_shape) == ("cifar10", class_names.CIFAR10, (32, 32, 3))
    for number, name in enumerate(CIFAR10.train):
        data = np.frombuffer(files[f"cifar-10-batches-bin/{name}"], np.uint8).reshape(COUNT, 3073)
        part = slice(number * COUNT, (number + 1) * COUNT)
        assert np.array_equal(dataset.train.labels[part], data[:, 0])
        for i, (row, column) in enumerate([(0, 0), (0, 31), (31, 0), (17, 5)]):
            # “The first 1024 bytes are the red channel values”, row by row; then green, then blue.
            red = 1 + row * 32 + column
            assert (
                dataset.train.images[part][i, row, column].tolist() == data[i, [red, red + 1024, red + 2048]].tolist()
            )
    assert len(dataset.test) == COUNT
    assert any(progress.task == "Reading CIFAR-10" for progress in seen)


def test_cifar100_has_two_labels(put) -> None:
    train, test = records(1, 20, 100), records(2, 20, 100)
    files = {"cifar-100-binary/test.bin": test.tobytes(), "cifar-100-binary/train.bin": train.tobytes()}
    cifar = put(CIFAR100, archive(files))
    fine = read_cifar(cifar, "cifar100", class_names.CIFAR100, 1, nobody)
    coarse = read_cifar(cifar, "cifar100-coarse", class_names.CIFAR100_COARSE, 0, nobody)
    assert np.array_equal(coarse.train.labels, train[:, 0])
    assert np.array_equal(fine.test.labels, test[:, 1])
    assert fine.image_shape == (32, 32, 3)
    assert (len(fine.classes), len(coarse.classes)) == (100, 20)
    for dataset in (fine, coarse):
        assert np.array_equal(dataset.test.images[9, :, :, 2].ravel(), test[9, 2 + 2048 :])


def test_reading_can_be_cancelled(put) -> None:
    class CancelledError(Exception):
        pass

    def cancel(progress: Progress) -> None:
        if progress.task == "Reading CIFAR-10":
            raise CancelledError

    with pytest.raises(CancelledError):
        read_cifar10(cancel, archive(cifar10_files()), put)


def test_nothing_is_ever_unpacked_to_disk(put, tmp_path: Path) -> None:
    """Paths that lead out of the archive, links and devices change nothing."""
    link = tarfile.TarInfo("data_batch_1.bin")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    pipe = tarfile.TarInfo("test_batch.bin")
    pipe.type = tarfile.FIFOTYPE
    official = {f"../../{name}": content for name, content in cifar10_files().items()}
    absolute = tmp_path / "absolute"
    data = archive({"link": link, "pipe": pipe, str(absolute): b"x", **official})
    assert len(read_cifar10(nobody, data, put).train) == 5 * COUNT
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [CIFAR10.remote.files[0].name]


def test_class_names() -> None:
    """Both lists are sorted, and the archive of pictures beside the project names its folders as CIFAR-10 does."""
    assert list(class_names.CIFAR100) == sorted(class_names.CIFAR100)
    assert list(class_names.CIFAR100_COARSE) == sorted(class_names.CIFAR100_COARSE)
    assert [len(DATASETS[name].classes) for name in ("cifar10", "cifar100", "cifar100-coarse")] == [10, 100, 20]
    known = {
        0: "apple",
        11: "boy",
        19: "cattle",
        39: "keyboard",
        49: "mountain",
        71: "sea",
        86: "telephone",
        99: "worm",
    }
    assert {label: class_names.CIFAR100[label] for label in known} == known


def test_class_names_of_cifar10(datasets_folder: Path) -> None:
    with zipfile.ZipFile(datasets_folder / "cifar10" / "cifar10-jpeg.zip") as pictures:
        folders = {
            name.split("/")[1] for name in pictures.namelist() if name.startswith("test/") and name.count("/") > 1
        }
    assert folders == set(class_names.CIFAR10)


def test_fashion_mnist_in_its_format(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(0)
    arrays = [random.integers(0, 10, shape, np.uint8) for shape in ((9, 28, 28), (9,), (4, 28, 28), (4,))]
    files = []
    for file, array in zip(FASHION_MNIST.files, arrays, strict=True):
        header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
        data = header + array.tobytes()
        (tmp_path / file.name).write_bytes(gzip.compress(data))
        sha256 = hashlib.sha256(data).hexdigest()
        files.append(replace(file, unpacked_sha256=sha256, unpacked_bytes=len(data)))
    monkeypatch.setenv("CNNSTUDIO_DATASETS", str(tmp_path))
    dataset = read_fashion_mnist(nobody, RemoteFolder("Few clothes", ("few",), tuple(files)))
    for split, images, labels in ((dataset.train, *arrays[:2]), (dataset.test, *arrays[2:])):
        assert np.array_equal(split.images[..., 0], images)
        assert np.array_equal(split.labels, labels)


@pytest.fixture(scope="module")
def fashion_mnist(datasets_folder: Path) -> Dataset:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CNNSTUDIO_DATASETS", str(datasets_folder))
        return DATASETS["fashion-mnist"].load()


def test_fashion_mnist_is_fashion_mnist(fashion_mnist: Dataset) -> None:
    """Figures that can be read off the official files."""
    assert fashion_mnist.train.images.shape == (60_000, 28, 28, 1)
    assert fashion_mnist.test.images.shape == (10_000, 28, 28, 1)
    assert [fashion_mnist.classes[label] for label in fashion_mnist.train.labels[:3]] == [
        "Ankle boot",
        "T-shirt/top",
        "T-shirt/top",
    ]
    assert np.bincount(fashion_mnist.train.labels).tolist() == [6000] * 10
    assert fashion_mnist.train.images.mean() / 255 == pytest.approx(0.2860, abs=1e-4)
    assert fashion_mnist.licence.startswith("MIT")
