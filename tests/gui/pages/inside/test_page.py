"""The Inside page before a network is open: what will be there, and what to do for it."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw
from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot
from typing_extensions import override

from cnnstudio.gui.controls.message_bar import MessageBar
from cnnstudio.gui.pages.choosers.network_input.draw_source import Source
from cnnstudio.gui.pages.choosers.network_input.session import Drawing, LookInside, Picture
from cnnstudio.gui.pages.inside.page import InsidePage
from cnnstudio.gui.pages.inside.robust_view import RobustView
from cnnstudio.gui.pages.inside.units_view import UnitsView
from cnnstudio.gui.pages.inside.view import VIEWS, View
from cnnstudio.gui.pages.inside.why_view import WhyView
from cnnstudio.gui.settings import Settings
from cnnstudio.gui.widgets.charts.line_chart import LineChart
from cnnstudio.gui.widgets.charts.plot import PlotView
from cnnstudio.gui.widgets.drawing.canvas import DrawingCanvas
from cnnstudio.gui.widgets.drawing.crop_view import CropView
from cnnstudio.gui.widgets.images.pixel_view import PixelView
from cnnstudio.gui.widgets.maps.map_columns import MapColumns
from cnnstudio.storage import shipped

SECONDS = 60_000
ONE = np.array([[140, 40], [140, 240]], np.float64)


def test_what_takes_long_to_make_is_made_when_it_is_wanted(qtbot: QtBot) -> None:
    page = InsidePage(Settings())
    qtbot.addWidget(page)
    assert page.findChild(View) is None  # the page is painted first
    qtbot.waitUntil(lambda: page.findChild(View) is not None)
    why = WhyView(Settings())
    qtbot.addWidget(why)
    assert why.findChild(LineChart) is None
    assert why.trust.sanity in why.findChildren(LineChart)
    assert set(why.trust.charts) < set(why.findChildren(LineChart))
    why.shut_down()
    page.shut_down()


@pytest.mark.parametrize(
    ("view", "part", "within"),
    [
        (WhyView, PixelView, "tile_grad-cam"),
        (UnitsView, PixelView, ""),
        (RobustView, PlotView, "first_chart"),
    ],
)
def test_pictures_and_curves_are_larger_where_there_is_room(
    view: type[View], part: type[QWidget], within: str, qtbot: QtBot
) -> None:
    made = view(Settings())
    qtbot.addWidget(made)
    made.show()
    whole = made.findChild(QWidget, within) if within else made
    heights = []
    for width, height in ((850, 600), (2850, 1950)):
        made.resize(width, height)
        heights.append([one.minimumHeight() for one in whole.findChildren(part)])  # it is fixed
    assert heights[0]
    assert all(large > 1.5 * small for small, large in zip(*heights, strict=True))
    made.shut_down()


def test_until_the_network_is_open_each_view_says_what_it_will_show(qtbot: QtBot) -> None:
    page = InsidePage(Settings())
    qtbot.addWidget(page)
    page.resize(1192, 800)
    page.show()
    empty = page.findChild(QLabel, "inside_empty")
    page.entered()  # it is being opened from here on
    for name, entry in VIEWS.items():
        page.findChild(QPushButton, f"view_{name}").click()
        assert empty.isVisible()
        assert empty.text() == entry.invitation.format(choose="Draw, or choose an image")
        assert not page.view.isVisible()
    page.show_view("network")
    with qtbot.waitSignal(page.ready, timeout=SECONDS):
        pass
    assert page.view.isVisible()
    invitation = page.findChild(QLabel, "inside_state")
    assert "Draw something" in invitation.text()
    page.show_view("units")
    assert not invitation.isVisible()  # units need no image
    page.show_view("network")
    assert invitation.isVisible()
    page.receive(shipped("trained/efficientnet-lite0-imagenet"))  # nobody draws for it
    assert "\nChoose an image: the maps" in empty.text()
    page.receive(shipped("trained/lenet5-mnist"))
    with qtbot.waitSignal(page.ready, timeout=SECONDS):
        pass
    assert not empty.isVisible()
    page.shut_down()


def test_what_was_drawn_on_another_page_is_there_at_first(qtbot: QtBot) -> None:
    page = InsidePage(Settings())
    qtbot.addWidget(page)
    page.library.image = Drawing([ONE])
    page.show()
    with qtbot.waitSignal(page.answered, timeout=SECONDS) as answered:
        page.entered()
    (stroke,) = answered.args[0].answer.input.strokes
    np.testing.assert_array_equal(stroke, ONE)
    page.findChild(QAbstractButton, "clear_button").click()
    page.entered()
    assert page.findChild(DrawingCanvas).drawing == []  # it was cleared on purpose
    page.shut_down()


def letters(buttons: list[QAbstractButton]) -> list[str]:
    """The letters that press buttons together with Alt."""
    return [key for button in buttons if (key := QKeySequence.mnemonic(button.text()).toString())]


def buttons_in(widget: QWidget) -> list[QAbstractButton]:
    return widget.findChildren(QAbstractButton)


def test_each_letter_presses_one_button_whatever_view_and_source_are_in_front(qtbot: QtBot) -> None:
    page = InsidePage(Settings())
    qtbot.addWidget(page)
    for name in VIEWS:
        page.show_view(name)
    sources = page.findChildren(Source)
    views = [page.findChild(QWidget, f"inside_{name}") for name in VIEWS]
    inside = {button for part in (*sources, *views) for button in buttons_in(part)}
    always = [button for button in buttons_in(page) if button not in inside]
    assert len(letters(always)) >= 4 + len(VIEWS)
    for source in sources:
        for view in views:
            found = letters([*always, *buttons_in(source), *buttons_in(view)])
            found = [letter for letter in found if letter != "Alt+E"]  # cancels whatever is at work
            assert len(found) == len(set(found)), (source, view, sorted(found))
    page.shut_down()


class Windows(QObject):
    """Notes the names of windows that are shown."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[str] = []

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow():
            self.shown.append(f"{type(watched).__name__} {watched.objectName()}")
        return False


@pytest.mark.parametrize("name", VIEWS)
def test_no_part_of_a_view_is_a_window_of_its_own_for_a_moment(qtbot: QtBot, name: str) -> None:
    windows = Windows()
    QApplication.instance().installEventFilter(windows)
    view = VIEWS[name].make(Settings())
    qtbot.addWidget(view)
    QApplication.instance().removeEventFilter(windows)
    view.shut_down()
    assert windows.shown == []


def test_a_network_is_looked_into_without_an_image_that_cannot_be_used(qtbot: QtBot, tmp_path: Path) -> None:
    page = InsidePage(Settings())
    qtbot.addWidget(page)
    page.show()
    with qtbot.waitSignal(page.ready, timeout=SECONDS):
        page.receive(LookInside(shipped("trained/lenet5-mnist"), Picture(tmp_path / "missing.png"), "network"))
    assert "missing.png does not exist" in page.findChild(MessageBar).text
    assert page.findChild(MapColumns).isVisible()
    assert page.findChild(MapColumns).columns_shown[-1].name == "output"
    page.shut_down()


def test_a_picture_that_cannot_be_read_leaves_the_one_before_and_its_error_goes_with_the_next(
    qtbot: QtBot, tmp_path: Path
) -> None:
    (tmp_path / "empty.png").touch()
    page = InsidePage(Settings())
    qtbot.addWidget(page)
    page.show()
    page.entered()
    with qtbot.waitSignal(page.answered, timeout=SECONDS):
        page.receive(drawn(tmp_path / "one.png", (60, 20, 66, 100)))
    photo, message = page.findChild(CropView), page.findChild(MessageBar)
    before = photo.image
    page.receive(tmp_path / "empty.png")
    qtbot.waitUntil(lambda: "empty.png" in message.text)
    assert photo.image is before
    assert page.findChild(QLabel, "photo_name").text() == "one.png"
    assert not page.findChild(QLabel, "inside_state").isVisible()  # it is still answered
    with qtbot.waitSignal(page.answered, timeout=SECONDS) as answered:
        page.receive(drawn(tmp_path / "another.png", (40, 20, 50, 100)))
    assert answered.args[0].answer.input.source == tmp_path / "another.png"
    assert message.text == ""
    page.shut_down()


def drawn(path: Path, ink: tuple[int, int, int, int]) -> Path:
    """A dark box on a light page, as a file."""
    picture = Image.new("L", (120, 120), 240)
    ImageDraw.Draw(picture).rectangle(ink, fill=20)
    picture.save(path)
    return path
