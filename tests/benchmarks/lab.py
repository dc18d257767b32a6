"""A filter on a large photo in the Lab, from the slider to the screen."""

import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tests.benchmarks import Measurement

SIDE = 1000
"""Of the photo: 1 megapixel, in colour."""

ROUNDS, WARM = 40, 5
LIMIT = 33
"""Milliseconds: within a frame."""


def lab_filter() -> list[Measurement]:
    """A 5×5 filter, beside the faster one of SciPy and NumPy, which compute and paint nothing, and beside the limit."""
    from tests.benchmarks.window import in_window

    seconds = {name: statistics.median(times) for name, times in in_window("lab_filter").items()}
    ours = 1000 * seconds["ours"]
    peer = min("scipy", "numpy", key=seconds.__getitem__)
    title = {"scipy": "scipy.ndimage.convolve", "numpy": "NumPy, strip by strip"}[peer]
    return [
        Measurement("lab_filter", ours, "ms", title, 1000 * seconds[peer]),
        Measurement("lab_filter_limit", ours, "ms", "the limit", LIMIT),
    ]


def scenario() -> dict[str, list[float]]:
    """Seconds from each move of the slider until the filtered photo is painted; and of SciPy and NumPy."""
    from PySide6.QtWidgets import QSlider, QWidget
    from scipy import ndimage

    from cnnstudio.gui.app import create
    from cnnstudio.gui.pages.lab.picture_source import PictureSource
    from cnnstudio.lab.filters import filtered
    from cnnstudio.storage import shipped
    from tests.benchmarks.in_window import Painted, turn_for, wait_until

    application, window = create(["cnnstudio"])
    window.resize(1280, 800)
    ready: list[bool] = []
    window.page("try").ready.connect(lambda: ready.append(True))
    window.show_page("lab")
    panel = window.page("lab").show_panel("filters")
    wait_until(application, lambda: bool(ready))  # TensorFlow is there by then
    panel.show_state({"filters": ["gaussian_blur"], "kernels": [_bell().tolist()]})
    results: list[Any] = []
    panel.filtered.connect(results.append)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "photo.png"
        Image.open(shipped("assets/photos") / "chelsea.jpg").resize((SIDE, SIDE), Image.Resampling.BICUBIC).save(path)
        panel.findChild(PictureSource).open(path)
        wait_until(application, lambda: any(result.pixels.shape == (SIDE, SIDE, 3) for result in results))
    slider, after = panel.findChild(QSlider, "strength_slider"), panel.findChild(QWidget, "picture_after")
    wait_until(application, lambda: panel.is_fast)
    painted = Painted([after])
    picture = results[-1].picture
    seconds: dict[str, list[float]] = {"ours": [], "scipy": [], "numpy": []}
    for number in range(WARM + ROUNDS):
        turn_for(application, 0.02)
        results.clear()
        begin = time.perf_counter()
        slider.setValue(50 + number % 2 * 100 + number)
        wait_until(application, lambda: bool(results))
        painted.reset()
        after.update()
        wait_until(application, lambda: not painted.waiting)
        application.processEvents()
        times = {"ours": time.perf_counter() - begin}
        if number % 4 == 0:  # they take long, and are steady
            kernel = _bell() * (1 + number / 100)
            begin = time.perf_counter()
            ndimage.convolve(picture.astype(np.float32), kernel[..., np.newaxis], mode="nearest")
            times["scipy"] = time.perf_counter() - begin
            begin = time.perf_counter()
            filtered(picture, kernel)
            times["numpy"] = time.perf_counter() - begin
        if number >= WARM:
            for name, taken in times.items():
                seconds[name].append(taken)
    window.quit()
    return seconds


def _bell() -> np.ndarray:
    from cnnstudio.lab.filters import gaussian

    return gaussian(5)
