"""Takes README's pictures of the real window: `python -m tests.end_to_end.screenshots`."""

import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from cnnstudio.gui.controls.picker import Picker
from cnnstudio.gui.main_window import MainWindow
from cnnstudio.gui.pages.try_.page import NO_ANSWER
from cnnstudio.gui.widgets.maps.map_columns import MapColumns, Tile
from tests.end_to_end.drive import SEVEN, Steps, act, drawn, place, run
from tests.virtual_screen import Hand, run_on_virtual_screen

SIZE = "1440x900"
TOP = Path(__file__).resolve().parents[2]
FOLDER = TOP / "assets" / "screenshots"


def save(window: MainWindow, path: Path) -> None:
    """Saves what the X server shows of the window, in 256 colours."""
    window.screen().grabWindow(window.winId()).toImage().save(str(path))
    from PIL import Image

    with Image.open(path) as image:
        image.convert("RGB").quantize(256).save(path, optimize=True)


def choose_theme(window: MainWindow, name: str) -> None:
    """Chooses “light” or “dark” on the Settings page."""
    window.page("settings").findChild(QPushButton, f"theme_{name}").click()


def train_page(window: MainWindow, hand: Hand, seen: dict) -> Steps:
    """LeNet-5 after some epochs."""
    window.showMaximized()
    choose_theme(window, "light")
    page = window.page("train")
    page.config = type(page.config)(epochs=4)
    yield act(partial(hand.press, "alt+t"))
    yield lambda: "Epoch 4" in page.findChild(QLabel, "training_status").text()
    save(window, FOLDER / "train-light.png")
    page.findChild(QPushButton, "stop_button").click()
    yield lambda: page.busy is None


def draw_seven(window: MainWindow, hand: Hand) -> Steps:
    """Draws a seven on the Try page, and waits for the answer."""
    window.show_page("try")
    page = window.page("try")
    yield lambda: page.model is not None
    canvas = page.findChild(QWidget, "drawing_canvas")
    yield act(partial(hand.draw, drawn(canvas, SEVEN)))
    yield lambda: page.findChild(QLabel, "answer").text() != NO_ANSWER
    yield act(lambda: None)


def try_page(window: MainWindow, hand: Hand, seen: dict) -> Steps:
    """A drawn seven."""
    window.showMaximized()
    choose_theme(window, "dark")
    yield from draw_seven(window, hand)
    save(window, FOLDER / "try-dark.png")


def data_page(window: MainWindow, hand: Hand, seen: dict) -> Steps:
    """A digit as numbers."""
    window.showMaximized()
    choose_theme(window, "light")
    window.show_page("data")
    page = window.page("data")
    yield lambda: page.dataset is not None
    grid = page.findChild(QWidget, "thumbnail_grid")
    yield act(partial(hand.click, *place(grid, 0.03, 0.05)))
    yield lambda: page.findChild(QWidget, "pixel_matrix").isVisible()
    yield act(partial(hand.move, *place(page.findChild(QWidget, "pixel_matrix"), 0.5, 0.5)))
    save(window, FOLDER / "data-light.png")


def photo_page(window: MainWindow, hand: Hand, seen: dict) -> Steps:
    """A cat, and what EfficientNet-Lite0 sees in it."""
    window.showMaximized()
    choose_theme(window, "dark")
    window.open_path(TOP / "trained" / "efficientnet-lite0-imagenet")
    page = window.page("try")
    yield lambda: page.model is not None and "efficientnet" in page.model.name
    window.open_path(TOP / "assets" / "photos" / "chelsea.jpg")
    yield lambda: "cat" in page.findChild(QLabel, "answer").text()
    yield act(lambda: None, lambda: None, lambda: None, lambda: None)
    save(window, FOLDER / "photo-dark.png")


def architecture_page(window: MainWindow, hand: Hand, seen: dict) -> Steps:
    """ResNet-20 for CIFAR-10, with a convolution that is chosen."""
    window.showMaximized()
    choose_theme(window, "dark")
    window.show_page("architecture")
    page = window.page("architecture")
    page.findChild(Picker, "network_picker").set_current("resnet20")
    page.findChild(Picker, "described_for_picker").set_current("cifar10")
    yield lambda: page.description is not None and page.description.request.image_shape == (32, 32, 3)
    picture = page.findChild(QWidget, "network_picture")
    point = picture.mapToGlobal(picture.place_of("conv"))
    yield act(partial(hand.click, point.x(), point.y()))
    yield act(lambda: None)
    save(window, FOLDER / "architecture-dark.png")


def inside_page(window: MainWindow, hand: Hand, seen: dict) -> Steps:
    """LeNet-5 looked into with a seven; what a map of its second convolution is made from is framed."""
    window.showMaximized()
    choose_theme(window, "light")
    yield from draw_seven(window, hand)
    window.page("try").findChild(QPushButton, "where_it_looked_button").click()
    window.page("inside").show_view("network")
    maps = window.page("inside").findChild(MapColumns)
    yield lambda: bool(maps.columns_shown) and not maps.missing()
    conv2 = [column.name for column in maps.columns_shown].index("conv2")
    point = maps.viewport().mapToGlobal(maps.rectangle_of(Tile(conv2, 3)).center().toPoint())
    yield act(partial(hand.move, point.x(), point.y()))
    yield lambda: maps.lit == Tile(conv2, 3)  # and no tip yet
    save(window, FOLDER / "inside-light.png")


_TAKEN = (train_page, try_page, data_page, photo_page, architecture_page, inside_page)
PICTURES = {picture.__name__: picture for picture in _TAKEN}


def main() -> int:
    """Takes each picture in a process and on a screen of its own."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in PICTURES:
        with tempfile.TemporaryDirectory() as home:
            command = [sys.executable, "-m", "tests.end_to_end.screenshots", name]
            done = run_on_virtual_screen(command, Path(home), SIZE)
        if done.returncode != 0:
            raise subprocess.CalledProcessError(done.returncode, command, done.stdout, done.stderr)
    return 0


if __name__ == "__main__":
    if len(sys.argv) > 1:
        run(PICTURES[sys.argv[1]])
    else:
        sys.exit(main())
