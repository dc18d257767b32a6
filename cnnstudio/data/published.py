"""The published data sets: their files, checked, and what is read from them."""

import gzip
import hashlib
from pathlib import Path

import numpy as np

from cnnstudio.data.splits import Dataset, OnProgress, Split
from cnnstudio.errors import StudioError
from cnnstudio.storage import shipped

DIGITS = tuple("0123456789")

MNIST_SHA256 = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
"""SHA-256 of the unpacked files, as published by the authors of MNIST."""


def read_idx(path: Path, sha256: str) -> np.ndarray:
    """Reads a gzipped IDX file of unsigned bytes (the format of MNIST).

    Args:
        path: the `.gz` file.
        sha256: the expected SHA-256 of the unpacked bytes, in hex.

    Returns:
        The uint8 array, read-only, of the shape that the file's header gives.

    Raises:
        StudioError: the file is missing, cannot be unpacked, or holds other bytes than expected.
    """
    try:
        data = gzip.decompress(path.read_bytes())
    except (OSError, EOFError) as error:
        raise StudioError(f"{path} cannot be read ({error}). Install CNN Studio again to restore it.") from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise StudioError(f"{path} is damaged: its checksum is wrong. Install CNN Studio again to restore it.")
    dimensions = data[3]
    shape = np.frombuffer(data, dtype=">u4", count=dimensions, offset=4)
    return np.frombuffer(data, dtype=np.uint8, offset=4 + 4 * dimensions).reshape(tuple(int(n) for n in shape))


def _read_split(folder: Path, prefix: str, sha256: dict[str, str]) -> Split:
    images, labels = (
        read_idx(folder / f"{name}.gz", sha256[name])
        for name in (f"{prefix}-images-idx3-ubyte", f"{prefix}-labels-idx1-ubyte")
    )
    return Split(images[..., np.newaxis], labels.astype(np.int32))


def read_mnist(on_progress: OnProgress) -> Dataset:  # noqa: ARG001 - it is done before anybody looks
    """All 70,000 MNIST images, from the files that ship."""
    folder = shipped("assets/mnist")
    return Dataset(
        name="mnist",
        classes=DIGITS,
        train=_read_split(folder, "train", MNIST_SHA256),
        test=_read_split(folder, "t10k", MNIST_SHA256),
        input_rule="digit",
    )
