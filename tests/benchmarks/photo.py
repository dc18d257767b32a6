"""From a photo on disk to its five most probable classes and its feature maps, painted in the real window."""

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tests.benchmarks import Measurement

MODEL = "efficientnet-lite0-imagenet"
ROUNDS, WARM = 12, 3
LARGE = (4032, 3024)
"""What a phone takes: 12 megapixels."""


def photo() -> list[Measurement]:
    """The sample photos, and the first of them as large as from a phone."""
    from tests.benchmarks.window import in_window

    seconds = in_window("photo")
    return [
        Measurement(
            name,
            1000 * statistics.median(seconds[name]["ours"]),
            "ms",
            "bare compiled forward pass and decoding with Pillow",
            1000 * statistics.median(seconds[name]["theirs"]),
        )
        for name in seconds
    ]


def scenario() -> dict[str, dict[str, list[float]]]:
    """Seconds that each photo took in the window, and decoding it and a bare forward pass."""
    from cnnstudio.gui.app import create
    from cnnstudio.models.trained.library import find_model
    from cnnstudio.storage import shipped
    from tests.benchmarks.in_window import wait_until

    application, window = create(["cnnstudio"])
    window.resize(1280, 800)
    page = window.page("try")
    opened: list[object] = []
    page.ready.connect(lambda: opened.append(page.model))
    window.show_page("try")
    wait_until(application, lambda: bool(opened))
    page.receive(find_model(MODEL))
    wait_until(application, lambda: find_model(MODEL) in opened)
    bare = _bare_forward_pass(find_model(MODEL) / "model.keras")
    samples = sorted(shipped("assets/photos").glob("*.jpg"))
    with tempfile.TemporaryDirectory() as folder:
        large = Path(folder) / "large.jpg"
        Image.open(samples[0]).resize(LARGE, Image.Resampling.BICUBIC).save(large, quality=90)
        result = {
            "photo": _compare(application, page, bare, samples),
            "photo_12_megapixels": _compare(application, page, bare, [large]),
        }
    window.quit()
    return result


def _compare(application: Any, page: Any, bare: Callable[[Path], object], photos: list[Path]) -> dict[str, list[float]]:
    """Ours and theirs, in turn, on every photo, some times over."""
    seconds: dict[str, list[float]] = {"ours": [], "theirs": []}
    for number in range(WARM + ROUNDS):
        for path in photos:
            ours = _in_the_window(application, page, path)
            begin = time.perf_counter()
            bare(path)
            theirs = time.perf_counter() - begin
            if number >= WARM:
                seconds["ours"].append(ours)
                seconds["theirs"].append(theirs)
    return seconds


def _in_the_window(application: Any, page: Any, path: Path) -> float:
    """Opens a photo as if it was dropped; the seconds until bars and visible maps are painted."""
    from cnnstudio.gui.widgets.charts.probability_bars import ProbabilityBars
    from cnnstudio.gui.widgets.maps.feature_maps import FeatureMapGrid
    from tests.benchmarks.in_window import Painted, turn_for, wait_until

    turn_for(application, 0.05)  # what the photo before left behind
    bars, maps = page.findChild(ProbabilityBars), page.findChild(FeatureMapGrid)
    rows = [row for row in maps.rows.values() if not row.visibleRegion().isEmpty()]
    painted = Painted([bars, *rows])
    answered: list[object] = []
    page.answered.connect(answered.append)
    begin = time.perf_counter()
    page.receive(path)
    wait_until(application, lambda: bool(answered))
    painted.reset()
    bars.update()
    for row in rows:
        row.update()
    wait_until(application, lambda: not painted.waiting)
    seconds = time.perf_counter() - begin
    page.answered.disconnect(answered.append)
    assert not maps.missing()
    return seconds


def _bare_forward_pass(model_file: Path) -> Callable[[Path], object]:
    """Decodes a photo with Pillow and computes the network on 224×224 values that are there already."""
    import keras
    import tensorflow as tf

    model = keras.saving.load_model(model_file)
    image = np.random.default_rng(0).integers(0, 256, (1, 224, 224, 3), dtype=np.uint8)

    @tf.function(input_signature=[tf.TensorSpec((1, 224, 224, 3), tf.uint8)])
    def forward(images: Any) -> Any:
        return model(tf.cast(images, tf.float32), training=False)

    def run(path: Path) -> object:
        with Image.open(path) as picture:
            picture.convert("RGB")
        return forward(image).numpy()

    return run
