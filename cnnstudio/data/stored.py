"""Images that lie on disk as raw bytes and are read when they are asked for."""

import threading
from pathlib import Path
from typing import Any

import numpy as np


class StoredImages:
    """Images of one size in one file, used like an array of them.

    Nothing is kept in memory but the numbers of the images: a training from disk needs as much memory for a million
    images as for a thousand. Read by several threads at once, it gives each what it asked for. The file stays open, so
    the images can still be read after it was renamed or removed (not on Windows, which does not remove open files).

    Args:
        path: uint8 values in the order (n, height, width, channels), nothing else.
        shape: (n, height, width, channels).

    Raises:
        OSError: the file cannot be opened.
        ValueError: the file is not as long as the shape demands.
    """

    dtype = np.dtype(np.uint8)
    ndim = 4

    def __init__(self, path: Path, shape: tuple[int, int, int, int]) -> None:
        self._file = path.open("rb", buffering=0)
        self._lock = threading.Lock()
        self._image_shape = shape[1:]
        self._stride = int(np.prod(shape[1:]))
        self._numbers = np.arange(shape[0])
        if path.stat().st_size != shape[0] * self._stride:
            self._file.close()
            raise ValueError(f"{path} does not hold images of shape {shape}")

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(n, height, width, channels)."""
        return (len(self._numbers), *self._image_shape)

    @property
    def numbers(self) -> np.ndarray:
        """(n,) the place of each in the file."""
        return self._numbers

    def __len__(self) -> int:
        return len(self._numbers)

    def at(self, indices: np.ndarray) -> "StoredImages":
        """The images at `indices`, in that order, still on disk."""
        view = object.__new__(StoredImages)
        view.__dict__.update(self.__dict__)
        view._numbers = self._numbers[indices]
        return view

    def __getitem__(self, key: "int | slice | np.ndarray") -> np.ndarray:
        """Reads images, as indexing an array along its first axis does.

        Raises:
            OSError: the file cannot be read any more, or has become shorter.
        """
        numbers = self._numbers[key]
        return self._read(np.atleast_1d(numbers)).reshape(*np.shape(numbers), *self._image_shape)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        images = self[:]
        return images if dtype is None else images.astype(dtype, copy=False)

    def _read(self, numbers: np.ndarray) -> np.ndarray:
        images = np.empty((len(numbers), self._stride), np.uint8)
        view = images.reshape(-1).data
        # Neighbours on disk that are asked for one after the other are read at once.
        starts = np.flatnonzero(np.diff(numbers, prepend=-2) != 1)
        places = (numbers[starts] * self._stride).tolist()
        bounds = [*(starts * self._stride).tolist(), len(view)]
        with self._lock:
            for place, start, end in zip(places, bounds[:-1], bounds[1:], strict=True):
                self._file.seek(place)
                self._fill(view[start:end])
        return images

    def _fill(self, view: memoryview) -> None:
        while view:  # the system reads 2 GB at once, at most
            count = self._file.readinto(view)
            if not count:
                raise OSError(f"{self._file.name} has become shorter: it was changed or damaged")
            view = view[count:]
