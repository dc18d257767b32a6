"""The published data sets: their files, checked, and what is read from them."""

import gzip
import hashlib
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from cnnstudio.data.downloads.fetch import fetch
from cnnstudio.data.downloads.remote import RemoteFile, RemoteFolder
from cnnstudio.data.published import class_names
from cnnstudio.data.published.class_names import DIGITS
from cnnstudio.data.splits import Dataset, Split
from cnnstudio.errors import StudioError, reason
from cnnstudio.progress import Meter, OnProgress
from cnnstudio.storage import shipped

MNIST_SHA256 = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
"""SHA-256 of the unpacked files, as published by the authors of MNIST."""

_FASHION_SERVERS = (
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion",
    "https://storage.googleapis.com/tensorflow/tf-keras-datasets",
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
)
"""Its authors' repository, the copy that Keras loads, and the authors' first server."""

_FASHION_SHA256 = {
    "train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "train-labels-idx1-ubyte": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "t10k-images-idx3-ubyte": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "t10k-labels-idx1-ubyte": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
}


def _fashion_file(name: str, size: int, unpacked: int) -> RemoteFile:
    urls = tuple(f"{server}/{name}.gz" for server in _FASHION_SERVERS)
    return RemoteFile(f"{name}.gz", urls, size, unpacked_sha256=_FASHION_SHA256[name], unpacked_bytes=unpacked)


FASHION_MNIST = RemoteFolder(
    "Fashion-MNIST",
    ("fashion-mnist", "fashion_mnist", "FashionMNIST"),
    (
        _fashion_file("train-images-idx3-ubyte", 26_421_880, 47_040_016),
        _fashion_file("train-labels-idx1-ubyte", 29_515, 60_008),
        _fashion_file("t10k-images-idx3-ubyte", 4_422_102, 7_840_016),
        _fashion_file("t10k-labels-idx1-ubyte", 5_148, 10_008),
    ),
)


@dataclass(frozen=True)
class Cifar:
    """An archive in the binary format of CIFAR: records of some label bytes and 3,072 bytes of an image.

    Attributes:
        remote: the archive; its MD5 vouches for the rest.
        train: names of the files of training images in it, in order.
        test: name of the file of test images.
        labels: label bytes of each record.
    """

    remote: RemoteFolder
    train: tuple[str, ...]
    test: str
    labels: int


CIFAR10 = Cifar(
    RemoteFolder(
        "CIFAR-10",
        ("cifar10", "cifar-10"),
        (
            RemoteFile(
                "cifar-10-binary.tar.gz",
                (
                    "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
                    "https://storage.googleapis.com/s4tf-hosted-binaries/datasets/CIFAR10/cifar-10-binary.tar.gz",
                    "https://mindspore-website.obs.cn-north-4.myhuaweicloud.com/notebook/datasets/cifar-10-binary.tar.gz",
                    "https://cave.cs.toronto.edu/kriz/cifar-10-binary.tar.gz",
                ),
                170_052_171,
                md5="c32a1d4ab5d03f1284b67883e8d87530",
            ),
        ),
    ),
    train=tuple(f"data_batch_{i}.bin" for i in range(1, 6)),
    test="test_batch.bin",
    labels=1,
)
"""CIFAR-10: its author's server under both its names, and copies; which bytes are right is for his MD5 to say."""

CIFAR100 = Cifar(
    RemoteFolder(
        "CIFAR-100",
        ("cifar100", "cifar-100"),
        (
            RemoteFile(
                "cifar-100-binary.tar.gz",
                (
                    "https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz",
                    "https://mindspore-website.obs.cn-north-4.myhuaweicloud.com/notebook/datasets/cifar-100-binary.tar.gz",
                    "https://cave.cs.toronto.edu/kriz/cifar-100-binary.tar.gz",
                ),
                168_513_733,
                md5="03b5dce01913d631647c71ecec9e9cb8",
            ),
        ),
    ),
    train=("train.bin",),
    test="test.bin",
    labels=2,
)
"""CIFAR-100, from the same servers; of the two label bytes the first is the superclass, the second the class."""

_BUFFER = 2**18
"""Bytes that are read at a time: with as few as `tarfile` takes by itself, reading takes a third longer."""


def read_idx(path: Path, sha256: str) -> np.ndarray:
    """Reads a gzipped IDX file of unsigned bytes (the format of MNIST) that ships.

    Returns:
        The uint8 array, read-only, of the shape that the file's header gives.

    Raises:
        StudioError: the file is missing, or the SHA-256 of the unpacked bytes is not `sha256`.
    """
    try:
        data = gzip.decompress(path.read_bytes())
    except (OSError, EOFError, zlib.error) as error:
        raise StudioError(
            f"{path} cannot be read ({reason(error)}). Install CNN Studio again to restore it."
        ) from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise StudioError(f"{path} is damaged: its checksum is wrong. Install CNN Studio again to restore it.")
    return _parse_idx(data)


def _parse_idx(data: bytes) -> np.ndarray:
    dimensions = data[3]
    shape = np.frombuffer(data, dtype=">u4", count=dimensions, offset=4)
    return np.frombuffer(data, dtype=np.uint8, offset=4 + 4 * dimensions).reshape(tuple(int(n) for n in shape))


def _split(images: np.ndarray, labels: np.ndarray) -> Split:
    return Split(images[..., np.newaxis], labels.astype(np.int32))


def read_mnist(on_progress: OnProgress | None) -> Dataset:  # noqa: ARG001 - it is done before anybody looks
    """All 70,000 MNIST images, from the files that ship."""
    folder = shipped("assets/mnist")
    arrays = [read_idx(folder / f"{name}.gz", digest) for name, digest in MNIST_SHA256.items()]
    return Dataset(
        name="mnist",
        classes=DIGITS,
        train=_split(*arrays[:2]),
        test=_split(*arrays[2:]),
    )


def read_fashion_mnist(on_progress: OnProgress | None, remote: RemoteFolder = FASHION_MNIST) -> Dataset:
    """All 70,000 Fashion-MNIST images.

    Raises:
        StudioError: the files cannot be fetched.
    """
    arrays = []
    for file, path in zip(remote.files, fetch(remote, on_progress), strict=True):
        with gzip.open(path) as packed:
            arrays.append(_parse_idx(packed.read(file.unpacked_bytes)))
    train, test = _split(*arrays[:2]), _split(*arrays[2:])
    return Dataset("fashion-mnist", class_names.FASHION_MNIST, train, test)


def read_cifar(
    cifar: Cifar, name: str, classes: tuple[str, ...], label: int, on_progress: OnProgress | None
) -> Dataset:
    """All 60,000 images of CIFAR-10 or CIFAR-100. The archive is read as a stream; nothing of it is written to disk.

    Args:
        cifar: the archive.
        name: of the data set.
        classes: its class names.
        label: which of the label bytes is the label.
        on_progress: told how far download and reading are; what it raises ends them.

    Raises:
        StudioError: the archive cannot be fetched.
    """
    import tarfile

    (path,) = fetch(cifar.remote, on_progress)
    meter = Meter(f"Reading {cifar.remote.title}", path.stat().st_size, "bytes", on_progress)
    record = np.dtype([("labels", np.uint8, (cifar.labels,)), ("planes", np.uint8, (3, 32, 32))])
    found: dict[str, np.ndarray] = {}
    with path.open("rb") as packed, tarfile.open(fileobj=packed, mode="r|gz", bufsize=_BUFFER) as archive:
        for member in archive:
            file = archive.extractfile(member) if member.isreg() else None
            file_name = PurePosixPath(member.name).name
            if file and file_name in (*cifar.train, cifar.test):
                data = bytearray()
                while block := file.read(_BUFFER):
                    data += block
                    meter.tell(packed.tell())
                found[file_name] = np.frombuffer(data, record)
    train = _cifar_split([found[part] for part in cifar.train], label)
    return Dataset(name, classes, train, _cifar_split([found[cifar.test]], label))


def _cifar_split(parts: list[np.ndarray], label: int) -> Split:
    planes = [part["planes"].transpose(0, 2, 3, 1) for part in parts]
    images = np.concatenate(planes, out=np.empty((sum(map(len, parts)), 32, 32, 3), np.uint8))
    return Split(images, np.concatenate([part["labels"][:, label] for part in parts]).astype(np.int32))
