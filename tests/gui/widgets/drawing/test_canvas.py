"""The canvas: what pen, finger and keys leave on it."""

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QInputDevice, QPointingDevice, QTabletEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from cnnstudio.gui.look.theme import DARK, LIGHT
from cnnstudio.gui.widgets.drawing.canvas import DrawingCanvas
from cnnstudio.gui.widgets.drawing.stroke_history import SIDE

pytestmark = pytest.mark.usefixtures("theme")


@pytest.fixture
def canvas(qtbot, theme):
    widget = DrawingCanvas()
    qtbot.addWidget(widget)
    widget.resize(280, 280)
    widget.show()
    qtbot.waitExposed(widget)
    return widget


def drag(canvas, *places):
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=QPoint(*places[0]))
    for place in places[1:]:
        QTest.mouseMove(canvas, QPoint(*place))
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=QPoint(*places[-1]))


def rgb(colour):
    return QColor(colour).getRgb()[:3]


def test_a_drag_is_a_stroke_in_canvas_units(canvas, qtbot):
    canvas.resize(560, 560)
    with qtbot.waitSignal(canvas.drawing_changed):
        drag(canvas, (100, 100), (200, 100), (200, 300))
    (stroke,) = canvas.drawing
    np.testing.assert_allclose(stroke, [[50, 50], [100, 50], [100, 150]])
    assert stroke.dtype == np.float64


def test_the_drawing_changes_while_the_pen_moves(canvas):
    seen = []
    canvas.drawing_changed.connect(lambda: seen.append(sum(map(len, canvas.drawing))))
    drag(canvas, (10, 10), (20, 20), (30, 10))
    assert seen == [1, 2, 3]


def test_the_other_buttons_draw_nothing(canvas):
    QTest.mousePress(canvas, Qt.MouseButton.RightButton, pos=QPoint(50, 50))
    QTest.mouseMove(canvas, QPoint(90, 90))
    QTest.mouseRelease(canvas, Qt.MouseButton.RightButton, pos=QPoint(90, 90))
    assert canvas.drawing == []


def test_ink_is_dark_on_paper_and_light_in_the_dark(canvas, theme, pixels):
    drag(canvas, (60, 140), (220, 140))
    for choice, colours in (("light", LIGHT), ("dark", DARK)):
        theme.choose(choice)
        picture = pixels(canvas)
        assert tuple(picture[140, 140]) == rgb(colours.text)
        assert tuple(picture[60, 140]) == rgb(colours.surface)


def test_a_dot_is_drawn(canvas, pixels):
    QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=QPoint(80, 80))
    assert [stroke.tolist() for stroke in canvas.drawing] == [[[80, 80]]]
    assert tuple(pixels(canvas)[80, 80]) == rgb(LIGHT.text)


def test_drawing_bit_by_bit_looks_like_drawing_at_once(canvas, pixels):
    angles = np.linspace(0, 6, 40)
    drag(canvas, *[(int(140 + 90 * np.cos(a)), int(140 + 60 * np.sin(2 * a))) for a in angles])
    bit_by_bit = pixels(canvas).astype(int)
    canvas.undo()
    canvas.redo()
    at_once = pixels(canvas).astype(int)
    assert (at_once < 128).sum() > 5000
    # Where two pieces overlap, the antialiased edge is laid on twice: a shade, on few pixels.
    assert np.abs(bit_by_bit - at_once).mean() < 0.5


def test_resizing_keeps_the_drawing_in_place(canvas, pixels):
    drag(canvas, (70, 140), (210, 140))
    before = canvas.drawing[0]
    canvas.resize(420, 420)
    np.testing.assert_array_equal(canvas.drawing[0], before)
    picture = pixels(canvas)
    assert tuple(picture[210, 110]) == tuple(picture[210, 310]) == rgb(LIGHT.text)
    assert tuple(picture[210, 60]) == rgb(LIGHT.surface)


@pytest.mark.parametrize(("size", "place"), [((560, 560), (5, 5)), ((560, 280), (-130, 10)), ((280, 560), (10, -130))])
def test_the_square_lies_in_the_middle(canvas, size, place):
    canvas.resize(*size)
    QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=QPoint(10, 10))
    (dot,) = canvas.drawing
    np.testing.assert_allclose(dot, [place])


def test_a_stroke_beyond_the_edge_ends_there(canvas):
    drag(canvas, (140, 140), (400, 140), (400, 200), (140, 200))
    first, second = canvas.drawing
    assert first[-1].tolist() == [SIDE, 140]
    assert second[0].tolist() == [SIDE, 200]


def test_history(canvas):
    told = []
    canvas.history_changed.connect(lambda *now: told.append(now))
    drag(canvas, (20, 20), (60, 60))
    drag(canvas, (60, 20), (20, 60))
    canvas.undo()
    canvas.undo()
    canvas.redo()
    canvas.clear()
    assert canvas.drawing == []
    canvas.undo()
    assert len(canvas.drawing) == 1
    once, twice, both = (True, False), (True, False), (True, True)
    assert told == [once, twice, both, (False, True), both, (True, False), both]


def test_clearing_an_empty_canvas_says_nothing(canvas, qtbot):
    with qtbot.assertNotEmitted(canvas.drawing_changed):
        canvas.clear()


def test_undo_under_the_pen_ends_the_stroke(canvas):
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=QPoint(50, 50))
    QTest.mouseMove(canvas, QPoint(90, 90))
    canvas.undo()
    assert canvas.drawing == []
    QTest.mouseMove(canvas, QPoint(120, 120))
    assert canvas.drawing == []


def test_the_brush_is_for_the_eye_only(canvas, pixels):
    drag(canvas, (60, 80), (220, 80))
    canvas.set_brush_width(60)
    drag(canvas, (60, 180), (220, 180))
    column = (pixels(canvas)[:, 140].sum(axis=1) < 300).tolist()
    assert sum(column[:130]) == pytest.approx(22, abs=2)
    assert sum(column[130:]) == pytest.approx(60, abs=2)
    assert all(stroke.shape == (2, 2) for stroke in canvas.drawing)


def test_the_placeholder_goes_with_the_first_ink(canvas, pixels):
    blank = np.array(rgb(LIGHT.surface))
    assert (pixels(canvas)[120:160, 60:220] != blank).any()
    drag(canvas, (20, 20), (40, 20))
    assert (pixels(canvas)[120:160, 60:220] == blank).all()


def test_arrow_keys_and_space_draw(canvas):
    canvas.setFocus(Qt.FocusReason.TabFocusReason)
    for _ in range(2):
        QTest.keyClick(canvas, Qt.Key.Key_Left)
    assert canvas.drawing == []
    QTest.keyClick(canvas, Qt.Key.Key_Space)
    QTest.keyClick(canvas, Qt.Key.Key_Down)
    QTest.keyPress(canvas, Qt.Key.Key_Down)
    QTest.keyPress(canvas, Qt.Key.Key_Right)
    QTest.keyRelease(canvas, Qt.Key.Key_Right)
    QTest.keyRelease(canvas, Qt.Key.Key_Down)
    QTest.keyClick(canvas, Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClick(canvas, Qt.Key.Key_Space)
    QTest.keyClick(canvas, Qt.Key.Key_Up)
    assert [stroke.tolist() for stroke in canvas.drawing] == [
        [[124, 140], [124, 148], [124, 156], [132, 164], [132, 163]]
    ]


def test_escape_lifts_the_keyboards_pen_and_else_goes_on_to_the_window(canvas):
    canvas.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(canvas, Qt.Key.Key_Space)
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    QTest.keyClick(canvas, Qt.Key.Key_Down)
    assert [len(stroke) for stroke in canvas.drawing] == [1]


def test_one_finger_draws_and_a_second_does_not(canvas):
    device = QTest.createTouchDevice()
    QTest.touchEvent(canvas, device).press(0, QPoint(50, 50)).commit()
    QTest.touchEvent(canvas, device).move(0, QPoint(90, 50)).press(1, QPoint(200, 200)).commit()
    QTest.touchEvent(canvas, device).move(0, QPoint(90, 90)).move(1, QPoint(220, 220)).commit()
    QTest.touchEvent(canvas, device).release(0, QPoint(90, 90)).release(1, QPoint(220, 220)).commit()
    (stroke,) = canvas.drawing
    np.testing.assert_allclose(stroke, [[50, 50], [90, 50], [90, 90]], atol=2)  # the window's frame, on some platforms


def pen(canvas, kind, place, button=Qt.MouseButton.NoButton, buttons=Qt.MouseButton.LeftButton):
    stylus, pointer = QInputDevice.DeviceType.Stylus, QPointingDevice.PointerType.Pen
    device = QPointingDevice("pen", 7, stylus, pointer, QInputDevice.Capability.Position, 1, 1)
    modifiers = Qt.KeyboardModifier.NoModifier
    event = QTabletEvent(
        kind, device, place, canvas.mapToGlobal(place), 0.7, 0.0, 0.0, 0.0, 0.0, 0.0, modifiers, button, buttons
    )
    QApplication.sendEvent(canvas, event)
    return event.isAccepted()


def test_a_pen_draws_fractions_of_a_pixel(canvas):
    left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
    assert pen(canvas, QEvent.Type.TabletPress, QPointF(40.25, 50.5), left)
    assert pen(canvas, QEvent.Type.TabletMove, QPointF(80.75, 60.5))
    assert pen(canvas, QEvent.Type.TabletRelease, QPointF(80.75, 60.5), left, none)
    assert [stroke.tolist() for stroke in canvas.drawing] == [[[40.25, 50.5], [80.75, 60.5]]]


def test_a_hidden_canvas_keeps_what_was_drawn(canvas):
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=QPoint(50, 50))
    QTest.mouseMove(canvas, QPoint(90, 90))
    canvas.hide()
    assert [len(stroke) for stroke in canvas.drawing] == [2]
    canvas.undo()
    assert canvas.drawing == []
