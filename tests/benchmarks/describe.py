"""From choosing an architecture to its picture and layer table, painted in the real window."""

import contextlib
import io
import statistics
import time
from typing import TYPE_CHECKING, Any

from tests.benchmarks import Measurement

if TYPE_CHECKING:
    from cnnstudio.gui.main_window import MainWindow

ROUNDS, WARM = 9, 1

LIMITS = {"lenet5": 50, "resnet56": 1000}
"""Milliseconds, once TensorFlow is there."""

BEFORE = "softmax"
"""What is on screen before, so that all has to change."""


def describe() -> list[Measurement]:
    """Each network as it is described for the first time, beside the limit and beside what Keras prints of it."""
    from tests.benchmarks.window import in_window

    seconds = in_window("describe")
    measurements = []
    for name, limit in LIMITS.items():
        ours, theirs = (1000 * statistics.median(seconds[name][whose]) for whose in ("ours", "theirs"))
        measurements += [
            Measurement(f"describe_{name}_limit", ours, "ms", "the limit", limit),
            Measurement(f"describe_{name}", ours, "ms", "building it with Keras, and summary()", theirs),
        ]
    return measurements


def scenario() -> dict[str, dict[str, list[float]]]:
    """Seconds that each network took in the window, and Keras by itself."""
    from cnnstudio.gui.app import create
    from tests.benchmarks.in_window import wait_until

    application, window = create(["cnnstudio"])
    window.resize(1280, 800)
    page = window.page("architecture")
    window.show_page("architecture")
    wait_until(application, lambda: page.description is not None)
    seconds: dict[str, dict[str, list[float]]] = {name: {"ours": [], "theirs": []} for name in LIMITS}
    for number in range(WARM + ROUNDS):
        for name in LIMITS:
            _choose(application, window, BEFORE)
            ours = _choose(application, window, name)
            theirs = _summarise(name)
            if number >= WARM:
                seconds[name]["ours"].append(ours)
                seconds[name]["theirs"].append(theirs)
    window.quit()
    return seconds


def _choose(application: Any, window: "MainWindow", name: str) -> float:
    """Chooses an architecture in the list; the seconds until picture and table are painted.

    What is remembered of networks that were described before is forgotten.
    """
    from cnnstudio.gui.controls.picker import Picker
    from cnnstudio.gui.widgets.network.layer_table import LayerTableView
    from cnnstudio.gui.widgets.network.picture import NetworkPicture
    from cnnstudio.models.networks import building as networks
    from tests.benchmarks.in_window import Painted, turn_for, wait_until

    turn_for(application, 0.05)  # what the network before left behind
    page = window.page("architecture")
    networks._named_config.cache_clear()
    page._known.clear()
    seen = [page.findChild(view).viewport() for view in (NetworkPicture, LayerTableView)]
    painted = Painted(seen)
    shown: list[str] = []

    def note(description: Any) -> None:
        shown.append(description.request.name)
        painted.reset()
        for widget in seen:
            widget.update()

    page.shown.connect(note)
    begin = time.perf_counter()
    page.findChild(Picker, "network_picker").set_current(name)
    wait_until(application, lambda: shown == [name] and not painted.waiting)
    seconds = time.perf_counter() - begin
    page.shown.disconnect(note)
    return seconds


def _summarise(name: str) -> float:
    """Builds the same network with Keras and prints its summary, as one does without the program; the seconds."""
    from cnnstudio.models.architectures.catalogue import ARCHITECTURES

    entry = ARCHITECTURES[name]
    begin = time.perf_counter()
    model = entry.build(entry.image_shape, entry.classes)
    with contextlib.redirect_stdout(io.StringIO()):
        model.summary()
    return time.perf_counter() - begin
