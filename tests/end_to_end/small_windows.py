"""Brings every page into its states in a small window, and looks for controls that cannot be read or used whole.

`QT_SCALE_FACTOR=1.5 python -m tests.end_to_end.small_windows WIDTH HEIGHT [FOLDER]` prints one JSON object: the faults
by state, each a list of sentences. In a folder it leaves a picture of each state.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QTreeView, QWidget

from cnnstudio.data.collected.sets import create_collection
from cnnstudio.data.library import collected_folder
from cnnstudio.gui.app import create
from cnnstudio.gui.main_window import MainWindow
from cnnstudio.gui.pages.choosers.network_input.session import Drawing, LookInside
from cnnstudio.gui.pages.lab.panels import PANELS
from cnnstudio.gui.pages.try_.page import NO_ANSWER
from cnnstudio.gui.widgets.charts.histogram import Histogram
from cnnstudio.gui.widgets.maps.convolution_view import ConvolutionView
from cnnstudio.gui.widgets.maps.map_columns import MapColumns, Tile
from cnnstudio.storage import shipped
from tests.gui.layout_faults import layout_faults

LONG_NAMES = ("Wolkenkratzer bei Nacht im strömenden Regen", "Donaudampfschifffahrtsgesellschaftskapitän", "Hund")
"""Classes as people name them."""

PATIENCE_SECONDS = 100


def until(condition: Callable[[], object]) -> None:
    """Lets the window work until something is true, and everything that is to be laid out is."""
    begin, settled = time.monotonic(), 0
    while settled < 10:
        settled = settled + 1 if condition() else 0
        if time.monotonic() - begin > PATIENCE_SECONDS:
            raise TimeoutError(condition.__qualname__)
        QApplication.processEvents()
        time.sleep(0.01)  # `QTest.qWait` would keep other threads from running
    QApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest)  # what the last round showed is not laid out yet


def click(page: QWidget, name: str) -> None:
    """Clicks a button of a page."""
    button = page.findChild(QAbstractButton, name)
    assert button is not None and button.isVisible() and button.isEnabled(), name
    button.click()


def photographs(folder: Path) -> Path:
    """Few photographs in three classes, and a picture that cannot be read."""
    random = np.random.default_rng(0)
    with Image.open(shipped("assets/photos/chelsea.jpg")) as opened:
        photo = opened.convert("RGB")
    for name in LONG_NAMES:
        (folder / name).mkdir(parents=True)
        for number in range(6):
            left, top = random.integers(0, 100, 2)
            piece = photo.crop((left, top, left + 180, top + 150))
            piece.save(folder / name / f"Aufnahme vom Sommerurlaub an der Ostsee {number}.jpg")
    (folder / LONG_NAMES[0] / "beschädigt.png").write_bytes(b"no picture")
    return folder


def states(window: MainWindow, home: Path) -> Iterator[tuple[str, QWidget]]:
    """Each state's name and its page, once the page is in it."""
    images = photographs(home / "Fotos vom Sommerurlaub an der Ostsee, alle Jahre 2019 bis 2026")
    for name in ("train", "settings", "about"):
        window.show_page(name)
        if name == "about":
            until(window.current_page.findChild(QAbstractButton, "copy_versions_button").isEnabled)
        until(lambda: True)
        yield name, window.current_page
    yield from _data(window, images)
    yield from _train(window)
    yield from _try(window, images)
    yield from _inside(window)
    yield from _architecture(window)
    yield from _collect(window)
    yield from _lab(window)


def _data(window: MainWindow, images: Path) -> Iterator[tuple[str, QWidget]]:
    window.show_page("data")
    page = window.page("data")
    until(lambda: page.dataset is not None)
    yield "data", page
    grid = page.findChild(QWidget, "thumbnail_grid")
    QTest.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(12, 12))
    until(lambda: page.findChild(QWidget, "pixel_matrix").isVisible())
    yield "data: an image", page
    window.open_path(images)
    until(lambda: page.findChild(QAbstractButton, "import_button").isEnabled())
    yield "data: what was found in a folder", page
    click(page, "import_button")
    until(lambda: page.dataset is not None and page.dataset.name == images.name)
    yield "data: own images", page


def _train(window: MainWindow) -> Iterator[tuple[str, QWidget]]:
    click(window.page("data"), "train_on_it_button")
    page = window.page("train")
    until(lambda: window.current_page is page)
    click(page, "more_options_button")
    until(lambda: True)
    yield "train: all options", page
    page.config = replace(page.config, architecture="lenet5", epochs=1000, batch_size=8)
    click(page, "train_button")
    until(lambda: "images/s" in page.findChild(QLabel, "training_status").text())
    until(lambda: page.findChild(QLabel, "probe_verdict").text())
    yield "train: running", page
    click(page, "stop_button")
    until(lambda: page.busy is None)
    yield "train: done", page


def _try(window: MainWindow, images: Path) -> Iterator[tuple[str, QWidget]]:
    click(window.page("train"), "try_button")
    page = window.page("try")
    until(lambda: window.current_page is page and page.model is not None)
    yield "try", page
    window.open_path(next((images / "Hund").iterdir()))
    until(lambda: page.findChild(QLabel, "answer").text() != NO_ANSWER)
    yield "try: a photo", page
    page.receive(images)
    until(lambda: page.busy is None)
    yield "try: a folder", page
    page.receive(shipped("trained/lenet5-mnist"))
    click(page, "draw_chip")
    until(lambda: page.model == shipped("trained/lenet5-mnist"))
    yield "try: nothing drawn", page


def _inside(window: MainWindow) -> Iterator[tuple[str, QWidget]]:
    window.page("settings").findChild(QAbstractButton, "reduced_motion_box").click()
    strokes = [np.array([[90.0, 80.0], [220.0, 80.0], [150.0, 260.0]])]
    until(lambda: True)
    window.show_page("inside", LookInside(shipped("trained/lenet5-mnist"), Drawing(strokes), "network"))
    page = window.page("inside")
    maps = page.findChild(MapColumns)
    until(lambda: page.model == shipped("trained/lenet5-mnist") and maps.values_of("conv2") is not None)
    yield "inside: all layers", page
    for name in ("conv2", "flatten", "output"):
        column = [one.name for one in maps.columns_shown].index(name)
        maps.chosen.emit(Tile(column, 0))
        until(lambda: page.view.level is not None)
        yield f"inside: {name}", page
        if name == "conv2":
            page.findChild(ConvolutionView).chosen.emit(0)
            until(lambda: page.view.levels_down == 2)
            yield "inside: one number", page
            page.go_back()
        page.go_back()
    click(page, "view_kernels")
    until(lambda: page.findChild(Histogram, "gradients_histogram").counts.size)
    yield "inside: kernels", page
    click(page, "kernels_as_numbers")
    yield "inside: kernels as numbers", page
    click(page, "view_map")
    until(lambda: page.view.landing is not None)
    yield "inside: map of the data", page


def _architecture(window: MainWindow) -> Iterator[tuple[str, QWidget]]:
    window.show_page("architecture")
    page = window.page("architecture")
    until(lambda: page.description is not None)
    yield "architecture", page
    click(page, "edit_network_button")
    until(lambda: page.editing)
    picture, table = page.findChild(QWidget, "network_picture"), page.findChild(QTreeView, "layer_table")
    QTest.mouseClick(picture.viewport(), Qt.MouseButton.LeftButton, pos=picture.place_of("conv2"))
    until(lambda: table.current == "conv2")
    yield "architecture: a layer is changed", page


def _collect(window: MainWindow) -> Iterator[tuple[str, QWidget]]:
    window.show_page("collect")
    page = window.page("collect")
    until(lambda: True)
    yield "collect: a new set", page
    name = "Wettersymbole aus dem Unterricht der Klasse 10b"
    path = create_collection(collected_folder(), name, "drawings", LONG_NAMES)
    window.library.refresh()  # it was made behind the window's back
    until(lambda: any(one.path == path for one in window.library.lists.sets))
    page.receive(path.name)
    until(lambda: page.collection is not None)
    yield "collect: an empty set", page


def _lab(window: MainWindow) -> Iterator[tuple[str, QWidget]]:
    window.show_page("lab")
    page = window.page("lab")
    for name, entry in PANELS.items():
        page.show_panel(name)
        if name == "mlp":
            until(lambda: page.panel.networks is not None)
        until(lambda: True)
        yield f"lab: {entry.title}", page
    window.open_lesson("convolution")
    until(lambda: page.panel_name == "convolution")
    yield "lab: a lesson", page
    window.open_lesson("")
    until(lambda: True)
    yield "lab: all lessons", page


def main(width: int, height: int, pictures: Path | None) -> None:
    """Prints the faults by state."""
    home = Path(os.environ["CNNSTUDIO_HOME"])
    _, window = create(["cnnstudio"])
    sys.excepthook = sys.__excepthook__
    window.resize(width, height)
    until(lambda: window.first_paint_time)
    found = {}
    for name, page in states(window, home):
        assert window.size().toTuple() == (width, height), f"{name}: the window is {window.size().toTuple()}"
        found[name] = layout_faults(window)
        if found[name]:  # a training says something new at any moment, which may not be laid out to the end yet
            until(lambda: True)
            found[name] = layout_faults(window)
        if pictures is not None:
            pictures.mkdir(parents=True, exist_ok=True)
            page.window().grab().save(str(pictures / f"{name.replace(': ', ' - ')}.png"))
    print(json.dumps(found, ensure_ascii=False), flush=True)
    window.quit()
    os._exit(0)  # without an event loop, Qt cannot be taken apart in order


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]) if len(sys.argv) > 3 else None)
