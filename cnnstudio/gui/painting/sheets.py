"""The colours of an image's values, channel by channel."""

import numpy as np


def sheet_of(image: np.ndarray, channel: int | None) -> np.ndarray:
    """The colours behind the numbers.

    Args:
        image: (height, width, 1 or 3) uint8.
        channel: 0, 1 or 2 for red, green or blue alone; None for all, one band under the other in each row.

    Returns:
        (height × bands, width, 3) uint8: grey for one channel of one; else each band in its own colour.
    """
    height, width, channels = image.shape
    if channels == 1:
        return image.repeat(3, axis=2)
    shown = range(channels) if channel is None else (channel,)
    sheet = np.zeros((height, len(shown), width, 3), np.uint8)
    for band, number in enumerate(shown):
        sheet[:, band, :, number] = image[..., number]
    return sheet.reshape(-1, width, 3)
