"""The frame around what the network gets: dragged, pulled, zoomed, and put back."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from cnnstudio.gui.widgets.drawing.crop_view import CropView, moved, pulled, zoomed

RED = np.full((60, 120, 3), (200, 40, 40), np.uint8)
MIDDLE = (0.25, 0.0, 0.75, 1.0)
SMALL = (0.4, 0.3, 0.6, 0.7)


@pytest.fixture
def view(qtbot, theme):
    """The picture is 300×150 on screen, from (1, 26) on."""
    widget = CropView()
    qtbot.addWidget(widget)
    widget.resize(302, 202)
    widget.set_image(RED, MIDDLE)
    widget.show()
    qtbot.waitExposed(widget)
    return widget


def drag(view, start, end):
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=QPoint(*start))
    QTest.mouseMove(view, QPoint(*end))
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=QPoint(*end))


def test_moving_ends_at_the_edges():
    assert moved(SMALL, 0.1, -0.1) == pytest.approx((0.5, 0.2, 0.7, 0.6))
    assert moved(SMALL, 3, -3) == pytest.approx((0.8, 0.0, 1.0, 0.4))


@pytest.mark.parametrize("factor", [0.01, 0.5, 1.0, 2.0, 50.0])
def test_zooming_keeps_the_shape_and_stays_in_the_picture(factor):
    left, top, right, bottom = zoomed(SMALL, factor, 0.45, 0.5)
    assert (right - left) * 2 == pytest.approx(bottom - top)
    assert left >= 0
    assert top >= 0
    assert right <= 1 + 1e-9
    assert bottom <= 1 + 1e-9


def test_zooming_keeps_the_place_under_the_pointer():
    left, top, right, bottom = zoomed(SMALL, 0.5, 0.45, 0.4)
    assert (0.45 - left) / (right - left) == pytest.approx((0.45 - 0.4) / 0.2)
    assert (0.4 - top) / (bottom - top) == pytest.approx((0.4 - 0.3) / 0.4)


@pytest.mark.parametrize("corner", [(0, 0), (1, 0), (0, 1), (1, 1)])
def test_pulling_a_corner_leaves_the_opposite_one(corner):
    for x, y in ((0.0, 0.0), (1.0, 1.0), (0.5, 0.5), (0.9, 0.1), (3.0, -2.0)):
        new = pulled(SMALL, corner, x, y)
        for axis in (0, 1):
            opposite = axis if corner[axis] else axis + 2
            assert new[opposite] == pytest.approx(SMALL[opposite])
        assert (new[2] - new[0]) * 2 == pytest.approx(new[3] - new[1])
        assert min(new) >= -1e-9
        assert max(new) <= 1 + 1e-9


def test_dragging_moves_the_crop_and_tells_it_live(view, qtbot):
    told = []
    view.crop_chosen.connect(told.append)
    drag(view, (151, 101), (181, 101))
    assert told == [pytest.approx((0.35, 0.0, 0.85, 1.0))]
    assert view.crop == told[-1]
    drag(view, (151, 101), (299, 20))
    assert view.crop == pytest.approx((0.5, 0.0, 1.0, 1.0))


def test_a_press_elsewhere_brings_the_crop_there(view):
    view.set_crop(SMALL)
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=QPoint(1 + 210, 26 + 45))
    assert view.crop == pytest.approx((0.6, 0.1, 0.8, 0.5), abs=0.01)


def test_a_corner_can_be_pulled(view):
    drag(view, (1 + 225, 26 + 150), (1 + 150, 26 + 75))
    assert view.crop == pytest.approx((0.25, 0.0, 0.5, 0.5), abs=0.02)


def test_the_wheel_zooms_around_the_pointer_and_ends(view, turn_wheel):
    event = turn_wheel(view, QPoint(151, 101), QPoint(0, 120))
    assert event.isAccepted()
    assert view.crop[2] - view.crop[0] == pytest.approx(0.5 / 1.1)
    turn_wheel(view, QPoint(151, 101), QPoint(0, -1200))
    assert view.crop == pytest.approx(MIDDLE)
    assert not turn_wheel(view, QPoint(151, 101), QPoint(0, -120)).isAccepted()  # the column around scrolls


def test_the_keys(view, qtbot):
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_Right)
    assert view.crop == pytest.approx((0.27, 0.0, 0.77, 1.0))
    QTest.keyClick(view, Qt.Key.Key_Plus)
    assert view.crop[3] - view.crop[1] == pytest.approx(1 / 1.1)
    QTest.keyClick(view, Qt.Key.Key_Minus)
    assert view.crop == pytest.approx((0.27, 0.0, 0.77, 1.0))
    with qtbot.waitSignal(view.crop_chosen) as chosen:
        QTest.keyClick(view, Qt.Key.Key_Home)
    assert chosen.args == [None]


def test_a_double_click_asks_for_the_usual_part(view, qtbot):
    with qtbot.waitSignal(view.crop_chosen) as chosen:
        QTest.mouseDClick(view, Qt.MouseButton.LeftButton, pos=QPoint(151, 101))
    assert chosen.args == [None]


def test_without_a_crop_nothing_can_be_moved(view, qtbot, turn_wheel):
    view.set_image(RED)
    assert view.focusPolicy() == Qt.FocusPolicy.NoFocus
    with qtbot.assertNotEmitted(view.crop_chosen):
        drag(view, (151, 101), (181, 101))
        turn_wheel(view, QPoint(151, 101), QPoint(0, 120))
    view.set_image(None)
    with qtbot.assertNotEmitted(view.crop_chosen):
        drag(view, (151, 101), (181, 101))
        turn_wheel(view, QPoint(151, 101), QPoint(0, 120))


def test_the_focus_is_seen(view, pixels):
    view.clearFocus()
    before = pixels(view)
    view.setFocus()
    assert (pixels(view) != before).any()
