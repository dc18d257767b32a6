"""Does the lessons about pages other than the Lab, as somebody would: `python -m tests.end_to_end.lessons_done`.

Prints which were completed, and whether the pages are as before, as JSON.
"""

import json
import os
import sys
from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QSlider, QWidget

from cnnstudio.gui.app import create
from cnnstudio.gui.lessons import LessonGuide, Light
from cnnstudio.gui.main_window import MainWindow
from cnnstudio.gui.pages import Page
from cnnstudio.gui.pages.choosers.network_input.session import Picture
from cnnstudio.lab.lessons import list_lessons
from cnnstudio.storage import shipped
from tests.end_to_end.small_windows import click, until


def open_image(page: Page) -> None:
    grid = page.findChild(QWidget, "thumbnail_grid")
    until(lambda: page.dataset is not None)
    QTest.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(12, 12))
    until(lambda: page.findChild(QWidget, "data_explorer").isVisible())


def flatten_one(page: Page) -> None:
    if not page.findChild(QWidget, "data_explorer").isVisible():
        open_image(page)
    click(page, "flatten_chip")


def choose(network: str) -> object:
    def act(page: Page) -> None:
        page.findChild(QWidget, "network_picker").set_current(network)

    return act


def select(layer: str) -> object:
    def act(page: Page) -> None:
        network = page.facts()["network"]
        until(lambda: page.description is not None and page.description.request.name == network)
        table = page.findChild(QWidget, "layer_table")
        row = [one.name for one in table.table.rows].index(layer)
        index = table.model().index(row, 0)
        table.scrollTo(index)
        place = table.visualRect(index).center()
        QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)

    return act


def draw_seven(page: Page) -> None:
    points = [*zip(np.linspace(100, 200, 12), [80] * 12, strict=True)]
    draw(page, [*points, *zip(np.linspace(200, 140, 12), np.linspace(80, 240, 12), strict=True)])


def draw_one(page: Page) -> None:
    page.findChild(QAbstractButton, "clear_button").click()
    draw(page, [*zip([150] * 12, np.linspace(60, 240, 12), strict=True)])


def draw(page: Page, points: list[tuple[float, float]]) -> None:
    until(lambda: page.model is not None)
    canvas = page.findChild(QWidget, "drawing_canvas")
    first, *others = (QPoint(round(x * canvas.width() / 300), round(y * canvas.height() / 300)) for x, y in points)
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=first)
    for point in others:
        QTest.mouseMove(canvas, point)
        QApplication.processEvents()
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=others[-1])


ACTS = {
    "images": (open_image, lambda page: page.findChild(QSlider, "resolution_slider").setValue(7)),
    "mlp": (flatten_one, lambda page: page.findChild(QSlider, "shift_slider").setValue(2), choose("mlp")),
    "lenet5": (select("dense1"), select("conv2")),
    "deeper": (
        choose("vgg16"),
        choose("resnet20"),
        lambda page: page.panel.show_state({"gamma": 2, "beta": 5}),
        lambda page: page.panel.show_state({"rate": 0.5}),
    ),
    "try-it": (draw_seven, draw_one, lambda page: page.panel.show_state({"logits": [9, 1, 0]})),
}
"""What is done in each step of a lesson."""


def answered(guide: LessonGuide, step: int) -> Callable[[], bool]:
    def is_answered() -> bool:
        return guide.taught is not None and step in guide.taught.answered

    return is_answered


def skip_all(window: MainWindow, guide: LessonGuide) -> list[str]:
    """Goes through all lessons without doing anything; the steps that count all the same.

    Each lights something that can be seen.
    """
    early = []
    for lesson in list_lessons()[0]:
        window.open_lesson(lesson.name)
        for number in range(len(lesson.steps)):
            until(lambda: any(light.isVisible() for light in window.findChildren(Light)))
            guide.look()
            early += [f"{lesson.name} {number}"] if answered(guide, number)() else []
            click(guide, "lesson_next_button")
    return early


def main(window: MainWindow) -> dict[str, object]:
    """The lessons that were completed, the steps that counted before anything was done, whether all is as before."""
    network, tried = window.page("architecture"), window.page("try")
    choose("tiny-vgg")(network)
    until(lambda: tried.model is not None)
    tried.receive(shipped("trained/resnet9-cifar10"))
    tried.receive(shipped("assets/photos/chelsea.jpg"))
    before = network.kept(), tried.kept().model
    window.open_lesson("")
    guide = window.findChild(LessonGuide)
    early = skip_all(window, guide)
    for name, acts in ACTS.items():
        window.open_lesson(name)
        for number, act in enumerate(acts):
            guide.look()
            early += [f"{name} {number}"] if answered(guide, number)() else []
            act(window.current_page)
            until(answered(guide, number))
            click(guide, "lesson_next_button")
    guide.leave()
    after = tried.kept()
    return {
        "done": sorted(guide.done),
        "early": early,
        "restored": (network.kept(), after.model) == before and isinstance(after.input, Picture),
    }


if __name__ == "__main__":
    _, shown = create(["cnnstudio"])
    sys.excepthook = sys.__excepthook__
    shown.resize(1280, 800)
    until(lambda: shown.first_paint_time)
    print(json.dumps(main(shown)), flush=True)
    os._exit(0)  # without an event loop, Qt cannot be taken apart in order
