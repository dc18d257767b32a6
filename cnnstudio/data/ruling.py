"""Ruled and squared paper: finding its lines, and taking them out of a map of ink."""

import numpy as np

_STEEPEST = 0.16
"""Rise of a line over its run: a photo taken as crooked as 9° still has its lines found."""

_COVERED = 0.6
"""Share of the picture's width that a line must cover; the strokes of a digit do not."""

_THINNEST_PICTURE = 24


def without_lines(ink: np.ndarray, least: int) -> tuple[np.ndarray, np.ndarray]:
    """Takes out straight lines that cross the whole picture, nearly level or nearly upright.

    What is clearly stronger than the line it lies on, ink across a line, stays.

    Args:
        ink: (height, width) float32, how much each pixel differs from the ground, 0–1.
        least: so many lines in parallel make a ruling; fewer may be a digit's own stroke.

    Returns:
        ink: the same without the lines.
        lines: (height, width) bool, where they were.
    """
    level, upright = _lines(ink, least), _lines(ink.T, least).T
    lines = np.maximum(level, upright)
    cleared = np.where((lines > 0) & (ink < 1.5 * lines + 0.05), 0, ink)
    if cleared.max() < 0.02:
        return ink, np.zeros(ink.shape, dtype=bool)
    return cleared, lines > 0


def _lines(ink: np.ndarray, least: int) -> np.ndarray:
    """How strong the nearly level lines are at each pixel, 0 where there is none."""
    from scipy import ndimage

    height, width = ink.shape
    lines = np.zeros_like(ink)
    if min(height, width) < _THINNEST_PICTURE:
        return lines
    # A line that runs between two rows of pixels is seen whole in the stronger one.
    thickened = ndimage.maximum_filter1d(ink, 3, axis=0)[:, :: max(1, width // 64)]
    slope = _common_slope(thickened, width)
    strengths = _row_strengths(thickened, width, slope)
    strengths -= np.median(strengths)
    noise = 1.4826 * np.median(np.abs(strengths)) + 0.01
    bands, _ = ndimage.label(strengths > max(4 * noise, 0.06))
    thin = np.bincount(bands) <= max(6, 0.05 * height)
    thin[0] = False
    if np.count_nonzero(thin) < least:
        return lines
    strengths[~thin[bands]] = 0
    np.put_along_axis(lines, _rows_along(ink.shape, width, slope), strengths[:, np.newaxis], axis=0)
    return lines


def _common_slope(ink: np.ndarray, width: int) -> float:
    """The slope along which the rows differ most from each other: first roughly, then finely."""

    def contrast(slope: float) -> float:
        strengths = _row_strengths(ink, width, slope)
        return float(np.square((strengths - np.median(strengths)).clip(0)).sum())

    step = 1.5 / width
    rough = max(np.arange(-_STEEPEST, _STEEPEST + step, 4 * step), key=contrast)
    return max((rough + i * step for i in range(-3, 4)), key=contrast)


def _row_strengths(ink: np.ndarray, width: int, slope: float) -> np.ndarray:
    """What `_COVERED` of each row along the slope has at least: (height,)."""
    along = np.take_along_axis(ink, _rows_along(ink.shape, width, slope), axis=0)
    rank = int(along.shape[1] * (1 - _COVERED))
    return np.partition(along, rank, axis=1)[:, rank]


def _rows_along(shape: tuple[int, ...], width: int, slope: float) -> np.ndarray:
    """For columns spread over `width`, the row that a line through each row of the middle column has reached there."""
    height, columns = shape
    x = np.arange(columns) * (width / columns)
    rise = np.round(slope * (x - width / 2)).astype(np.intp)
    return np.clip(np.arange(height)[:, np.newaxis] + rise, 0, height - 1)
