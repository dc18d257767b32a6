"""From choosing a theme to the window painted in it, with every page made."""

import statistics
import time
from typing import TYPE_CHECKING, Any

from tests.benchmarks import Measurement

if TYPE_CHECKING:
    from cnnstudio.gui.main_window import MainWindow

ROUNDS, WARM = 7, 2

LIMITS = {"theme": 150, "theme_beside_training": 300}
"""Milliseconds: idle, and while LeNet-5 trains."""


def theme() -> list[Measurement]:
    """The slowest page, by the median of its changes."""
    from tests.benchmarks.window import in_window

    seconds = in_window("theme")
    worst = {name: 1000 * max(map(statistics.median, seconds[name].values())) for name in LIMITS}
    return [Measurement(name, worst[name], "ms", "the limit", limit) for name, limit in LIMITS.items()]


def scenario() -> dict[str, dict[str, list[float]]]:
    """Seconds that each change took, by page."""
    from cnnstudio.gui.app import create
    from cnnstudio.gui.pages import PAGES
    from cnnstudio.training.events import Batches
    from tests.benchmarks.in_window import press_train, turn_for, wait_until

    application, window = create(["cnnstudio"])
    window.resize(1280, 800)
    tried: list[bool] = []
    window.page("try").ready.connect(lambda: tried.append(True))
    wait_until(application, lambda: bool(tried))
    for name in PAGES:
        window.show_page(name)
        turn_for(application, 1)  # it loads what it shows
    seconds = {"theme": {name: _changes(application, window, name) for name in PAGES}}
    train = window.page("train")
    train.config = train.config.__class__(epochs=1000)
    task = press_train(window)
    begun: list[bool] = []
    task.reported.connect(lambda event: begun.append(True) if isinstance(event, Batches) else None)
    wait_until(application, lambda: bool(begun))
    seconds["theme_beside_training"] = {name: _changes(application, window, name) for name in PAGES}
    window.quit()
    return seconds


def _changes(application: Any, window: "MainWindow", page: str) -> list[float]:
    """Changes the theme to and fro on a page; the seconds until the window and what is on it is painted."""
    from cnnstudio.gui.look.theme import Theme
    from tests.benchmarks.in_window import Painted, turn_for, wait_until

    window.show_page(page)
    theme = application.findChild(Theme)
    painted = Painted([window, window.current_page])
    seconds = []
    for _ in range(WARM + ROUNDS):
        turn_for(application, 0.2)
        painted.reset()
        begin = time.perf_counter()
        theme.choose("light" if theme.choice == "dark" else "dark")
        wait_until(application, lambda: not painted.waiting)
        application.processEvents()  # what asked to be painted only then
        seconds.append(time.perf_counter() - begin)
    return seconds[WARM:]
