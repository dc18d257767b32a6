"""Opens the real window and uses it with the mouse and keys of a real X server; a process of its own.

`python -m tests.end_to_end.drive` makes all journeys, one after the other, in one window, and prints one JSON object of
what was seen in each.
"""

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
from PIL import Image
from PySide6.QtCore import QPoint, QTimer
from PySide6.QtWidgets import (
    QApplication,
    QLabel,
    QMessageBox,
    QPushButton,
    QSpinBox,
    QToolButton,
    QTreeView,
    QWidget,
)

from cnnstudio.gui.app import create
from cnnstudio.gui.main_window import MainWindow
from cnnstudio.gui.pages import PAGES
from cnnstudio.gui.pages.try_.page import NO_ANSWER
from cnnstudio.gui.widgets.maps.feature_maps import FeatureMapGrid
from cnnstudio.storage import runs_folder
from tests.monkey import shorten_mnist
from tests.virtual_screen import Hand

PATIENCE_SECONDS = 200
"""How long a step of a journey may take."""

SETTLING_SECONDS = 1.0
SEVEN = ((0.3, 0.25), (0.45, 0.24), (0.7, 0.25), (0.6, 0.45), (0.52, 0.65), (0.47, 0.82))

TRAIN_IMAGES, TEST_IMAGES = 12_000, 1_000
"""How many images MNIST has here."""

Steps = Iterator[Callable[[], bool]]
"""A journey: between its steps it waits until what it yields is true."""


def run(*journeys: Callable[[MainWindow, Hand, dict], Steps]) -> dict[str, dict]:
    """Makes journeys while the application's own event loop turns; the hand acts from another thread, as a user's.

    Returns:
        What was seen, by the journeys' names; under "timeout", the name of a journey that did not go on.
    """
    application, window = create(["cnnstudio"])
    window.closed.connect(application.quit)
    hand = Hand()
    seen: dict = {}
    steps = (step for one in journeys for step in one(window, hand, seen.setdefault(one.__name__, {})))
    condition: Callable[[], bool] | None = partial(settled, window)
    begin = time.monotonic()

    def turn() -> None:
        nonlocal condition, begin
        if condition():
            condition, begin = next(steps, None), time.monotonic()
        elif time.monotonic() - begin > PATIENCE_SECONDS:
            seen["timeout"] = next(reversed(seen), "start")
            condition = None
        if condition is None:
            timer.stop()
            window.quit()

    timer = QTimer()
    timer.timeout.connect(turn)
    timer.start(50)
    application.exec()
    return seen


def settled(window: MainWindow) -> bool:
    """The window manager has put the window where it will stay: no hand clicks sooner."""
    return bool(window.first_paint_time) and time.perf_counter() - window.first_paint_time > SETTLING_SECONDS


def act(*actions: Callable[[], None]) -> Callable[[], bool]:
    """Does something with the hand in another thread; true once that is done."""

    def work() -> None:
        for action in actions:
            action()
            time.sleep(0.2)

    thread = threading.Thread(target=work)
    thread.start()
    return lambda: not thread.is_alive()


def place(widget: QWidget, x: float = 0.5, y: float = 0.5) -> tuple[int, int]:
    """A place in a widget, as shares of its size, on the screen."""
    point = widget.mapToGlobal(QPoint(round(x * widget.width()), round(y * widget.height())))
    return point.x(), point.y()


def drawn(canvas: QWidget, corners: tuple[tuple[float, float], ...]) -> list[tuple[int, int]]:
    """Points along a line through some corners, on the screen."""
    return [
        place(canvas, *(np.array(a) + (np.array(b) - np.array(a)) * part))
        for a, b in pairwise(corners)
        for part in np.linspace(0, 1, 8)
    ]


def train_and_draw(window: MainWindow, hand: Hand, seen: dict) -> Steps:
    """The main job: press Train with the mouse, wait, press Try it, draw a seven, enlarge a feature map."""
    train, try_ = window.page("train"), window.page("try")
    train.config = type(train.config)(epochs=1)
    button = train.findChild(QPushButton, "train_button")
    yield act(partial(hand.click, *place(button)))
    yield lambda: train.busy is not None
    yield lambda: train.busy is None
    seen["status"] = train.findChild(QLabel, "training_status").text()
    try_button = train.findChild(QPushButton, "try_button")
    yield try_button.isVisible
    yield act(partial(hand.click, *place(try_button)))
    yield lambda: window.current_page is try_ and try_.model is not None and "lenet5-mnist" in try_.model.name
    seen["model"] = try_.model.name
    canvas = try_.findChild(QWidget, "drawing_canvas")
    yield act(partial(hand.draw, drawn(canvas, SEVEN)))
    answer = try_.findChild(QLabel, "answer")
    yield lambda: answer.text() != NO_ANSWER
    seen["answer"] = answer.text()
    seen["layers"] = list(try_.findChild(FeatureMapGrid).rows)
    yield act(partial(hand.press, "ctrl+z"))
    yield lambda: answer.text() == NO_ANSWER
    yield act(partial(hand.press, "ctrl+shift+z"))
    yield lambda: answer.text() == seen["answer"]
    row = list(try_.findChild(FeatureMapGrid).rows.values())[1]
    yield act(partial(hand.click, *place(row, 0.05, 0.8)))
    yield lambda: any(w.isVisible() for w in QApplication.topLevelWidgets() if w is not window)
    yield act(partial(hand.press, "Escape"))
    yield lambda: not any(w.isVisible() for w in QApplication.topLevelWidgets() if w is not window)


def keyboard_only(window: MainWindow, hand: Hand, seen: dict) -> Steps:
    """Trains, stops and changes pages without a mouse."""
    train = window.page("train")
    train.config = type(train.config)(architecture="softmax", epochs=1000)
    yield act(partial(hand.press, "alt+t"))
    yield lambda: "images/s" in train.findChild(QLabel, "training_status").text()
    yield act(partial(hand.press, "alt+s"))
    yield lambda: train.busy is None
    seen["status"] = train.findChild(QLabel, "training_status").text()
    yield act(partial(hand.press, PAGES["try"].shortcut.lower()))
    yield lambda: window.current_page.objectName() == "page_try"
    yield act(partial(hand.press, "F1"))
    yield lambda: window.current_page.objectName() == "page_about"
    yield act(partial(hand.press, PAGES["train"].shortcut.lower()))
    yield lambda: window.current_page.objectName() == "page_train"


def close_while_training(window: MainWindow, hand: Hand, seen: dict) -> Steps:
    """Closing asks first; “Go on” goes on, “Stop and close” keeps what was learnt."""
    train = window.page("train")
    seen["runs"] = [path.name for path in runs_folder().iterdir()]
    train.config = type(train.config)(architecture="softmax", epochs=1000)
    yield act(partial(hand.press, "alt+t"))
    yield lambda: "images/s" in train.findChild(QLabel, "training_status").text()
    QTimer.singleShot(0, window.close)
    yield lambda: window.findChild(QMessageBox) is not None and window.findChild(QMessageBox).isVisible()
    seen["question"] = window.findChild(QMessageBox).text()
    yield act(partial(hand.press, "Escape"))
    yield lambda: not window.findChild(QMessageBox).isVisible()
    seen["goes_on"] = train.busy is not None and window.isVisible()


def own_images(window: MainWindow, hand: Hand, seen: dict) -> Steps:
    """Brings a folder of pictures, trains on it, and opens one of the pictures: mouse only."""
    folder = Path(os.environ["CNNSTUDIO_HOME"]) / "colours"
    random = np.random.default_rng(0)
    for channel, name in enumerate(("red", "green", "blue")):
        (folder / name).mkdir(parents=True)
        for number in range(20):
            pixels = random.integers(0, 120, (40, 60, 3), dtype=np.uint8)
            pixels[..., channel] += 100
            Image.fromarray(pixels).save(folder / name / f"{number}.png")
    data, train, try_ = (window.page(name) for name in ("data", "train", "try"))
    window.open_path(folder)
    yield lambda: data.findChild(QPushButton, "import_button").isEnabled()
    yield act(partial(hand.click, *place(data.findChild(QPushButton, "import_button"))))
    on_it = data.findChild(QPushButton, "train_on_it_button")
    yield lambda: on_it.isVisible() and on_it.isEnabled()
    yield act(partial(hand.click, *place(on_it)))
    yield lambda: window.current_page is train
    config = train.config
    seen["config"] = [config.dataset, config.image_size, config.channels, config.augmentation]
    train.config = replace(config, architecture="lenet5", epochs=10)  # enough for three colours
    yield act(partial(hand.click, *place(train.findChild(QPushButton, "train_button"))))
    yield lambda: train.busy is not None
    yield lambda: train.busy is None
    seen["status"] = train.findChild(QLabel, "training_status").text()
    yield act(partial(hand.click, *place(train.findChild(QPushButton, "try_button"))))
    yield lambda: try_.model is not None and "colours" in try_.model.name
    picture = folder / "green" / "0.png"
    answered: list[object] = []
    try_.answered.connect(lambda answer: answered.append(getattr(answer.input, "source", None)))
    window.open_path(picture)
    yield lambda: picture in answered
    seen["answer"] = try_.findChild(QLabel, "answer").text()


def change_a_network(window: MainWindow, hand: Hand, seen: dict) -> Steps:
    """Points at a layer, changes it with mouse and keys, takes a step back and forth, and sends it to be trained."""
    yield act(partial(hand.click, *place(window.findChild(QToolButton, "rail_architecture"))))
    yield lambda: window.current_page.objectName() == "page_architecture"
    page = window.page("architecture")
    yield lambda: page.description is not None
    picture, table = page.findChild(QWidget, "network_picture"), page.findChild(QTreeView, "layer_table")
    point = picture.mapToGlobal(picture.place_of("conv2"))
    yield act(partial(hand.click, point.x(), point.y()))
    yield lambda: table.current == "conv2"
    yield act(partial(hand.press, "alt+e"))
    yield lambda: page.editing
    point = picture.mapToGlobal(picture.place_of("conv2"))
    yield act(partial(hand.click, point.x(), point.y()))
    yield lambda: page.editor.document.selected_layer == "conv2"
    filters = page.findChild(QSpinBox, "field_filters")
    yield act(partial(hand.click, *place(filters)), partial(hand.press, "ctrl+a", "2", "0", "Tab"))
    yield lambda: table.model().table.row("conv2").output_shape == (10, 10, 20)
    yield act(partial(hand.click, *place(table, 0.3, 0.5)), partial(hand.press, "ctrl+z"))
    yield lambda: table.model().table.row("conv2").output_shape == (10, 10, 16)
    yield act(partial(hand.press, "ctrl+shift+z"))
    yield lambda: table.model().table.row("conv2").output_shape == (10, 10, 20)
    seen["parameters"] = table.model().table.parameters
    yield act(partial(hand.press, "alt+t"))
    train = window.page("train")
    yield lambda: window.current_page is train
    seen["architecture"] = train.config.architecture


if __name__ == "__main__":
    shorten_mnist(TRAIN_IMAGES, TEST_IMAGES)
    print(json.dumps(run(train_and_draw, own_images, change_a_network, keyboard_only, close_while_training)))
