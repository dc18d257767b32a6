"""What a benchmark does inside the real window; a process of its own: `python -m tests.benchmarks.in_window SCENARIO`.

Prints one JSON object.
"""

import importlib
import json
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from PySide6.QtCore import QElapsedTimer, QEvent, QEventLoop, QObject, QPointF, Qt, QTimer
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QPushButton, QWidget

from cnnstudio.data.library import load_dataset
from cnnstudio.gui.app import create
from cnnstudio.gui.main_window import MainWindow
from cnnstudio.models.trained.classifier import Classifier, LayerOutput, Prediction
from cnnstudio.models.trained.library import load_classifier
from cnnstudio.training.events import Batches, Started, Stopped

PATIENCE_SECONDS = 300


def wait_until(application: QApplication, condition: Callable[[], bool]) -> None:
    """Turns the event loop until a condition holds."""
    patience = QElapsedTimer()
    patience.start()
    while not condition():
        if patience.hasExpired(PATIENCE_SECONDS * 1000):
            raise TimeoutError("the window did not come so far")
        application.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)


def turn_for(application: QApplication, seconds: float) -> None:
    """Turns the event loop for a while."""
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        application.processEvents()


def first_paint() -> dict[str, float]:
    """Wall-clock time at which the first window was painted."""
    application, window = create(["cnnstudio"])
    painted: list[float] = []
    window.first_painted.connect(lambda: painted.append(time.time()))
    window.first_painted.connect(application.quit)
    application.exec()
    return {"at": painted[0]}


def first_prediction() -> dict[str, float]:
    """Wall-clock time at which a stroke would be answered at once."""
    application, window = create(["cnnstudio"])
    ready: list[float] = []

    def note() -> None:
        ready.append(time.time())
        application.quit()

    window.page("try").ready.connect(note)
    application.exec()
    return {"at": ready[0]}


class Ticker(QObject):
    """Notes the gaps between 5 ms ticks on the GUI thread."""

    def __init__(self) -> None:
        super().__init__()
        self.gaps: list[float] = []
        self._last = 0.0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(5)
        self._timer.timeout.connect(self._tick)

    def start(self) -> None:
        """Starts to measure; once."""
        if not self._timer.isActive():
            self._last = time.perf_counter()
            self._timer.start()

    def stop(self) -> None:
        """Stops measuring."""
        self._timer.stop()

    def _tick(self) -> None:
        now = time.perf_counter()
        self.gaps.append(now - self._last)
        self._last = now


def press_train(window: MainWindow) -> object:
    """Presses Train on the Train page and returns the task that now runs."""
    page = window.page("train")
    window.show_page("train")
    page.findChild(QPushButton, "train_button").click()
    return page.task


def training(seed: int, epochs: int) -> dict[str, object]:
    """Trains LeNet-5 with the button; the ticks count from the first batch on."""
    return trained(Batches, seed=seed, epochs=epochs)


def resnet(seed: int, folder: str) -> dict[str, object]:
    """Trains ResNet-20 on a folder with the button; the ticks count from before the net is built and traced."""
    load_dataset(folder)  # what is measured is the training, not the scan
    return trained(None, seed=seed, epochs=1, dataset=folder, architecture="resnet20", augmentation="none")


def trained(first: type | None, **choices: object) -> dict[str, object]:
    """Trains with the button; tells its speed, its accuracy and how the GUI thread's ticks came meanwhile.

    Args:
        first: the kind of event from which on ticks count; None: from the press on the button.
        choices: what to choose, by the names of `TrainingConfig`.
    """
    application, window = create(["cnnstudio"])
    wait_until(application, lambda: window.first_paint_time not in (None, 0.0))
    tried: list[bool] = []
    window.page("try").ready.connect(lambda: tried.append(True))
    wait_until(application, lambda: bool(tried))  # a user has looked at the window by then
    page = window.page("train")
    if "dataset" in choices:
        page.receive(choices["dataset"])  # with the numbers that suit it
    page.config = replace(page.config, **choices)
    ticker, results, batches, sizes = Ticker(), [], [], []
    if first is None:
        ticker.start()
    task = press_train(window)

    def hear(event: object) -> None:
        if first is not None and isinstance(event, first):
            ticker.start()
        if isinstance(event, Started):
            sizes.append(event.batches_per_epoch)
        if isinstance(event, Batches):
            batches.append((time.perf_counter(), event.first + len(event.loss)))

    task.reported.connect(hear)
    task.finished.connect(lambda result: (ticker.stop(), results.append(result)))
    task.failed.connect(results.append)
    wait_until(application, lambda: bool(results))
    first_epoch = [(at, count) for at, count in batches if count <= sizes[0]]
    (begin, done), (end, all_done) = first_epoch[0], first_epoch[-1]
    gaps = np.array(ticker.gaps)
    window.quit()
    return {
        "images_per_second": (all_done - done) * page.config.batch_size / (end - begin),
        "accuracy": results[0].test_accuracy,
        "p99": float(np.percentile(gaps, 99)),
        "worst": float(gaps.max()),
        "ticks": len(gaps),
    }


class Painted(QObject):
    """Notes which of some widgets have been painted since it was last asked."""

    def __init__(self, widgets: list[QWidget]) -> None:
        super().__init__()
        self.waiting = {id(widget) for widget in widgets}
        self._all = set(self.waiting)
        for widget in widgets:
            widget.installEventFilter(self)

    def reset(self) -> None:
        """Forgets what was painted."""
        self.waiting = set(self._all)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Sees every paint event before the widget does."""
        if event.type() == QEvent.Type.Paint:
            self.waiting.discard(id(watched))
        return False


def stroke() -> dict[str, list[float]]:
    """Seconds from a mouse move to the bars and all visible feature maps painted; ours and through `model.predict`."""
    application, window = create(["cnnstudio"])
    window.resize(1280, 800)
    page = window.page("try")
    ready: list[bool] = []
    page.ready.connect(lambda: ready.append(True))
    window.show_page("try")
    wait_until(application, lambda: bool(ready))
    ours, theirs = Classifier.predict, through_model_predict(load_classifier(page.model))
    seconds: dict[str, list[float]] = {"ours": [], "theirs": []}
    for number in range(3):
        seconds["ours"] += draw_spiral(application, window, turns=160)[8:]
        Classifier.predict = theirs
        seconds["theirs"] += draw_spiral(application, window, turns=24 if number else 12)[4:]
        Classifier.predict = ours
    window.quit()
    return seconds


def through_model_predict(classifier: Classifier) -> Callable[..., Prediction]:
    """The same prediction as somebody writes it at first: `model.predict` on a model with all outputs."""
    import keras

    layers = [layer for layer in classifier.model.layers if type(layer).__name__ != "InputLayer"]
    model = keras.Model(classifier.model.inputs, [layer.output for layer in layers])

    def predict(_self: Classifier, image: np.ndarray, _feature_maps: object = False) -> Prediction:
        outputs = [output[0] for output in model.predict(image[np.newaxis], verbose=0)]
        maps = tuple(
            LayerOutput(layer.name, type(layer).__name__, output) for layer, output in zip(layers, outputs, strict=True)
        )
        return Prediction(outputs[-1], classifier.classes, maps)

    return predict


def draw_spiral(application: QApplication, window: MainWindow, turns: int) -> list[float]:
    """Draws, one mouse move after the other; the seconds that each took."""
    from cnnstudio.gui.widgets.charts.probability_bars import ProbabilityBars
    from cnnstudio.gui.widgets.maps.feature_maps import FeatureMapGrid

    page = window.page("try")
    canvas = page.findChild(QWidget, "drawing_canvas")
    canvas.clear()
    answered: list[object] = []
    page.answered.connect(answered.append)
    send_mouse(canvas, QEvent.Type.MouseButtonPress, 160, 100)
    wait_until(application, lambda: bool(answered))
    turn_for(application, 0.5)  # the rows of maps find their places
    rows = [row for row in page.findChild(FeatureMapGrid).rows.values() if not row.visibleRegion().isEmpty()]
    painted = Painted([page.findChild(ProbabilityBars), *rows])
    seconds = []
    for move in range(turns):
        painted.reset()
        answered.clear()
        angle = 0.08 * move
        begin = time.perf_counter()
        send_mouse(
            canvas,
            QEvent.Type.MouseMove,
            160 + (40 + move / 4) * np.sin(angle),
            150 - (40 + move / 4) * np.cos(angle),
        )
        wait_until(application, lambda: bool(answered) and not painted.waiting)
        application.processEvents()
        seconds.append(time.perf_counter() - begin)
    send_mouse(canvas, QEvent.Type.MouseButtonRelease, 160, 100)
    page.answered.disconnect(answered.append)
    wait_until(application, lambda: bool(seconds))
    return seconds


def send_mouse(widget: QWidget, kind: QEvent.Type, x: float, y: float) -> None:
    """Sends a mouse event to a widget, as Qt does."""
    button = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else Qt.MouseButton.LeftButton
    held = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseButtonRelease else Qt.MouseButton.LeftButton
    place = QPointF(x, y)
    event = QMouseEvent(kind, place, widget.mapToGlobal(place), button, held, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(widget, event)


def stop() -> dict[str, list[float]]:
    """Seconds from a press on Stop to the training's end, at different moments of a training."""
    application, window = create(["cnnstudio"])
    page = window.page("train")
    seconds = []
    for number in range(5):
        heard: list[tuple[float, object]] = []
        results: list[object] = []
        task = press_train(window)
        task.reported.connect(lambda event, heard=heard: heard.append((time.perf_counter(), event)))
        task.finished.connect(results.append)
        wait_until(application, lambda h=heard: any(isinstance(e, Batches) and e.first > 50 for _, e in h))
        turn_for(application, 0.1 + 0.017 * number)
        begin = time.perf_counter()
        page.findChild(QPushButton, "stop_button").click()
        wait_until(application, lambda h=heard: any(isinstance(e, Stopped) for _, e in h))
        seconds.append(next(at for at, event in heard if isinstance(event, Stopped)) - begin)
        wait_until(application, lambda r=results: bool(r))
    window.quit()
    return {"seconds": seconds, "median": statistics.median(seconds)}


SCENARIOS: dict[str, Callable[[], object]] = {
    "first_paint": first_paint,
    "first_prediction": first_prediction,
    "training": lambda: training(int(sys.argv[2]), int(sys.argv[3])),
    "resnet": lambda: resnet(int(sys.argv[2]), sys.argv[3]),
    "stroke": stroke,
    "stop": stop,
    "describe": lambda: importlib.import_module("tests.benchmarks.describe").scenario(),
    "theme": lambda: importlib.import_module("tests.benchmarks.theme").scenario(),
    "inside": lambda: importlib.import_module("tests.benchmarks.inside").scenario(),
    "photo": lambda: importlib.import_module("tests.benchmarks.photo").scenario(),
}

if __name__ == "__main__":
    print(json.dumps(SCENARIOS[sys.argv[1]]()))
