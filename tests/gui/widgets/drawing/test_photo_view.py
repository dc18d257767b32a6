"""The photo with what the network sees of it."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt

from cnnstudio.gui.widgets.drawing.photo_view import Mark, PhotoView

RED = np.full((60, 120, 3), (200, 40, 40), np.uint8)


@pytest.fixture
def view(qtbot, theme):
    widget = PhotoView("Open, drop or paste a photo.")
    qtbot.addWidget(widget)
    widget.resize(302, 202)
    widget.show()
    qtbot.waitExposed(widget)
    return widget


def test_the_empty_view_says_what_to_do(view, pixels):
    before = pixels(view)
    assert len(np.unique(before.reshape(-1, 3), axis=0)) > 1
    view.set_placeholder("Something else")
    assert (pixels(view) != before).any()


def test_a_picture_is_as_large_as_there_is_room_and_keeps_its_shape(view, pixels):
    view.set_image(RED)
    place = view.place()
    assert (place.width(), place.height()) == (300, 150)
    assert place.center() == view.place().center()
    shown = pixels(view)
    assert tuple(shown[100, 150]) == (200, 40, 40)
    assert tuple(shown[10, 150]) != (200, 40, 40)


def test_what_is_not_seen_is_dimmed(view, pixels):
    view.set_image(RED, (0.25, 0.0, 0.75, 1.0))
    shown = pixels(view).astype(int)
    inside, left, right = shown[100, 150], shown[100, 30], shown[100, 270]
    assert tuple(inside) == (200, 40, 40)
    assert np.allclose(left, np.array([200, 40, 40]) * (1 - 140 / 255), atol=3)
    assert np.array_equal(left, right)
    edge = shown[100, 73:80].sum(axis=1)
    assert edge.max() > 3 * 200  # the white outline


def test_grey_and_large_pictures(view, pixels):
    view.set_image(np.tile(np.arange(0, 256, dtype=np.uint8), (300, 10)))
    assert pixels(view)[100, 150].std() == 0
    view.set_image(None)
    assert view.image is None
    assert view.crop is None


def test_each_of_several_things_has_its_box_and_is_chosen(view, qtbot, pixels):
    view.set_image(RED)
    before = pixels(view)
    marks = (Mark((0.1, 0.3, 0.2, 0.7), "3"), Mark((0.6, 0.3, 0.8, 0.7), "5", sure=False))
    view.set_marks(marks)
    assert (pixels(view) != before).any()
    with qtbot.waitSignal(view.mark_chosen) as chosen:
        qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=QPoint(211, 100))
    assert chosen.args == [1]
    assert view.chosen == 1
    with qtbot.waitSignal(view.mark_chosen):
        qtbot.keyClick(view, Qt.Key.Key_Up)
    assert view.chosen == 0
    with qtbot.assertNotEmitted(view.mark_chosen):
        qtbot.keyClick(view, Qt.Key.Key_Left)
        qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=QPoint(150, 100))
    view.set_image(RED)
    assert view.marks == ()
