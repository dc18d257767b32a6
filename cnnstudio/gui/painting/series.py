"""A growing series of numbers, and as much of it as a screen can show."""

import numpy as np


class Series:
    """Numbers that arrive in chunks; room doubles when it runs out, so that adding stays cheap.

    Attributes:
        values: (n,) float64, all numbers so far; a view, valid until more are added.
    """

    def __init__(self) -> None:
        self._room = np.empty(1024)
        self.values = self._room[:0]

    def __len__(self) -> int:
        return len(self.values)

    def put(self, first: int, numbers: np.ndarray) -> None:
        """Puts numbers at the places from `first` on, over what lies there; a gap before them is filled with NaN."""
        count = len(self.values)
        end = max(count, first + len(numbers))
        if end > len(self._room):
            room = np.empty(max(end, 2 * len(self._room)))
            room[:count] = self.values
            self._room = room
        self._room[count:first] = np.nan
        self._room[first : first + len(numbers)] = numbers
        self.values = self._room[:end]


def outline(values: np.ndarray, start: int, stop: int, buckets: int) -> tuple[np.ndarray, np.ndarray]:
    """A line through lowest and highest value of every bucket: on screen the same as one through all values.

    Args:
        values: (n,) float; NaN leaves a gap only where a whole bucket is NaN.
        start: number of the first value to show.
        stop: number after the last one.
        buckets: at most so many; about one for each pixel across.

    Returns:
        The places and the values of the line's corners, two for each bucket; all values where they are few.
    """
    start, stop = max(0, start), min(stop, len(values))
    count = max(0, stop - start)
    size = -(-count // max(1, buckets))
    if size <= 2:
        return np.arange(start, start + count, dtype=np.float64), values[start : start + count]
    edges = np.arange(start, stop, size)
    part = values[start:stop]
    corners = np.empty((len(edges), 2))
    corners[:, 0] = np.fmin.reduceat(part, edges - start)
    corners[:, 1] = np.fmax.reduceat(part, edges - start)
    middles = np.minimum(edges + (size - 1) / 2, stop - 1)
    return np.repeat(middles, 2), corners.reshape(-1)
