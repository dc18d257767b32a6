"""The Lab: from a step or a slider to all matrices painted."""

import statistics
import time
from typing import Any

from tests.benchmarks import Measurement

LIMIT = 16
"""Milliseconds, of the slowest in a hundred."""


SLIDERS = {
    "sizes": ("size", "size_size_slider", "size_input"),
    "shift": ("pooling", "lab_shift", "shifted_input"),
    "dropout": ("dropout", "dropout_rate", "dropout_output"),
    "softmax": ("softmax", "softmax_temperature", "softmax_probabilities"),
    "activation": ("activation", "activation_slider", "activation_slider"),
}
"""Sliders by what they move: the panel, the slider, and what is painted anew."""


def lab_step() -> list[Measurement]:
    """Steps of the lecture's convolution and of the largest one, and the sliders of all experiments."""
    from tests.benchmarks.window import in_window

    seconds: dict[str, list[float]] = in_window("lab_steps")
    return [
        Measurement(f"lab_step_{name}", 1000 * statistics.quantiles(times, n=100)[98], "ms", "the limit", LIMIT)
        for name, times in seconds.items()
    ]


def scenario() -> dict[str, list[float]]:
    """Seconds of each step, by what is shown."""
    from cnnstudio.gui.app import create
    from tests.benchmarks.in_window import turn_for, wait_until

    application, window = create(["cnnstudio"])
    window.resize(1280, 800)
    ready: list[bool] = []
    window.page("try").ready.connect(lambda: ready.append(True))
    lab = window.page("lab")
    window.show_page("lab")
    wait_until(application, lambda: bool(ready))  # the model of another page was opened meanwhile
    turn_for(application, 1)
    found = {"lecture": _steps(application, lab, {})}
    channels = [[[row * column % 3 for column in range(12)] for row in range(12)] for _ in range(4)]
    kernel = [[[[(row + column) % 3 - 1 for column in range(3)] for row in range(3)] for _ in range(4)]] * 4
    found["largest"] = _steps(application, lab, {"input": channels, "kernel": kernel, "bias": True})
    found |= {name: _slides(application, lab, *where) for name, where in SLIDERS.items()}
    window.quit()
    return found


def _steps(application: Any, lab: Any, state: dict[str, Any]) -> list[float]:
    from cnnstudio.gui.controls.player import Player
    from cnnstudio.gui.widgets.images.matrix import Matrix

    panel = lab.show_panel("convolution")
    panel.show_state(state)
    player = panel.findChild(Player)
    painted = [one for one in panel.findChildren(Matrix) if one.objectName().startswith("lab_input")]
    return _timed(application, painted[:1], [lambda step=step: player.show_step(step) for step in _walk(player.count)])


def _slides(application: Any, lab: Any, name: str, slider: str, painted: str) -> list[float]:
    from PySide6.QtWidgets import QSlider, QWidget

    panel = lab.show_panel(name)
    one = panel.findChild(QSlider, slider)
    one.setValue(one.minimum())
    lowest = one.value()  # of those that are possible
    places = [lowest + step for step in _walk(one.maximum() - lowest)]
    widget = panel.findChild(QWidget, painted)
    return _timed(application, [widget], [lambda place=place: one.setValue(place) for place in places])


def _walk(count: int) -> list[int]:
    """1, 2, …, count, 1, 2, … for two hundred steps."""
    return [number % count + 1 for number in range(max(200, count))]


def _timed(application: Any, widgets: list[Any], acts: list[Any]) -> list[float]:
    """Seconds until some widgets are painted after each of the acts; the first ten are not counted."""
    from tests.benchmarks.in_window import Painted, turn_for, wait_until

    turn_for(application, 0.5)
    painted = Painted(widgets)
    seconds = []
    for act in acts:
        painted.reset()
        begin = time.perf_counter()
        act()
        wait_until(application, lambda: not painted.waiting)
        application.processEvents()  # all else that is to be painted
        seconds.append(time.perf_counter() - begin)
    return seconds[10:]
