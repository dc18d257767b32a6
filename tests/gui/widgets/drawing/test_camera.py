"""The camera's live picture: real QtMultimedia without a camera, fed through its own sink."""

import sys

import numpy as np
import pytest
from PySide6.QtCore import QSize, Qt, qInstallMessageHandler, qWarning
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QComboBox, QLabel, QPushButton

from cnnstudio.gui.widgets.drawing import camera
from cnnstudio.gui.widgets.drawing.camera import CameraView, best_format, import_problem
from cnnstudio.screen import _CAMERA_NEEDS

pytestmark = [pytest.mark.usefixtures("theme"), pytest.mark.qt_log_ignore("^Couldn't (load|resolve)", "No RHI backend")]


@pytest.fixture
def media(qapp):
    problem = CameraView().problem()
    return pytest.importorskip("PySide6.QtMultimedia", reason=problem, exc_type=ImportError)


@pytest.fixture
def view(qtbot, theme):
    widget = CameraView()
    qtbot.addWidget(widget)
    widget.resize(320, 240)
    widget.show()
    qtbot.waitExposed(widget)
    return widget


@pytest.fixture
def sink(view, media):
    """The sink of a view that listens as it does with a camera."""
    view.problem()  # loads QtMultimedia
    return view.listen()


def frame(media, left="red", right="blue", size=(64, 48)):
    """Two halves, so that left and right can be told apart."""
    image = QImage(*size, QImage.Format.Format_RGB32)
    image.fill(QColor(right))
    for x in range(size[0] // 2):
        for y in range(size[1]):
            image.setPixelColor(x, y, QColor(left))
    return media.QVideoFrame(image)


def test_a_frame_is_told_and_is_not_mirrored(qtbot, view, sink, media):
    with qtbot.waitSignal(view.picture_changed):
        sink.setVideoFrame(frame(media))
    assert view.picture.shape == (48, 64, 3)
    assert view.picture.dtype == np.uint8
    assert view.picture[10, 10].tolist() == [255, 0, 0]
    assert view.picture[10, 50].tolist() == [0, 0, 255]
    assert view.running


def test_a_frame_marked_as_mirrored_is_kept_as_the_world_is(qtbot, view, sink, media):
    mirrored = frame(media)
    mirrored.setMirrored(True)
    with qtbot.waitSignal(view.picture_changed):
        sink.setVideoFrame(mirrored)
    assert view.picture[10, 10].tolist() == [255, 0, 0]


def test_a_frame_of_a_camera_that_is_held_sideways_stands_upright(qtbot, view, sink, media):
    """Red is to the left; turned by a quarter, clockwise, it is at the top."""
    layout = media.QVideoFrameFormat(QSize(64, 48), media.QVideoFrameFormat.PixelFormat.Format_BGRX8888)
    layout.setRotation(media.QtVideo.Rotation.Clockwise90)
    turned = media.QVideoFrame(layout)
    turned.map(media.QVideoFrame.MapMode.WriteOnly)
    turned.bits(0)[:] = (bytes([0, 0, 255, 255]) * 32 + bytes([255, 0, 0, 255]) * 32) * 48
    turned.unmap()
    with qtbot.waitSignal(view.picture_changed):
        sink.setVideoFrame(turned)
    assert view.picture.shape == (64, 48, 3)
    assert view.picture[10, 10].tolist() == [255, 0, 0]
    assert view.picture[50, 10].tolist() == [0, 0, 255]


def test_the_screen_is_a_mirror_and_shades_all_but_the_square(qtbot, view, sink, media, pixels):
    with qtbot.waitSignal(view.picture_changed):
        sink.setVideoFrame(frame(media))
    shown = pixels(view)
    middle = shown.shape[0] // 2
    assert shown[middle, 80].tolist() == [0, 0, 255]  # within the square: 40 to 280
    assert shown[middle, 240].tolist() == [255, 0, 0]
    assert shown[middle, 310, 0] < 150
    view.mirrored = False
    with qtbot.waitSignal(view.picture_changed):
        sink.setVideoFrame(frame(media))
    assert pixels(view)[middle, 80].tolist() == [255, 0, 0]


def test_frames_of_any_width_arrive_whole(qtbot, view, sink, media):
    with qtbot.waitSignal(view.picture_changed):
        sink.setVideoFrame(frame(media, size=(33, 20)))
    assert view.picture.shape == (20, 33, 3)
    assert view.picture[:, 20].tolist() == [[0, 0, 255]] * 20


def test_of_frames_that_come_at_once_only_the_last_is_told(qtbot, view, sink, media):
    told = []
    view.picture_changed.connect(lambda: told.append(view.picture[0, 0].tolist()))
    for shades in (range(1, 20), range(20, 40)):
        with qtbot.waitSignal(view.picture_changed):
            for shade in shades:
                sink.setVideoFrame(frame(media, left=QColor(shade, 0, 0)))
    assert told == [[19, 0, 0], [39, 0, 0]]


def test_stopping_lets_go_and_a_late_frame_is_nothing(view, sink, media):
    view.stop()
    assert view.picture is None
    sink.setVideoFrame(frame(media))
    assert view.picture is None


def test_hiding_lets_go(qtbot, view, sink, media):
    with qtbot.waitSignal(view.picture_changed):
        sink.setVideoFrame(frame(media))
    view.hide()
    assert view.picture is None
    assert not view.running


def test_without_a_camera_it_says_so_and_goes_on_looking(qtbot, view, media):
    if media.QMediaDevices.videoInputs():
        pytest.skip("this machine has a camera")
    with qtbot.waitSignal(view.failed) as failed:
        view.start()
    assert failed.args == [view.problem()]
    text = view.findChild(QLabel, "camera_problem")
    assert text.isVisible()
    assert text.text() == failed.args[0]
    assert "Plug one in" in text.text()
    with qtbot.waitSignal(view.failed):
        view.findChild(media.QMediaDevices).videoInputsChanged.emit()


def test_started_while_hidden_it_waits_until_it_is_seen(qtbot, view, media):
    view.hide()
    with qtbot.assertNotEmitted(view.failed):
        view.start()
    view.stop()
    with qtbot.assertNotEmitted(view.failed):
        view.show()
    view.hide()
    view.start()
    if media.QMediaDevices.videoInputs():
        pytest.skip("this machine has a camera")
    with qtbot.waitSignal(view.failed):
        view.show()


def test_a_camera_that_fails_is_told_with_its_reason(qtbot, view, media):
    """A camera of no device is a real one that fails at once."""
    view.problem()  # loads QtMultimedia
    with qtbot.waitSignal(view.failed) as failed:
        view.take(media.QCameraDevice())
    assert "(No camera" in failed.args[0]
    assert "Try again" in failed.args[0]
    assert not view.running
    assert view.problem() == failed.args[0]
    with qtbot.waitSignal(view.failed) as again:
        qtbot.mouseClick(view.findChild(QPushButton, "camera_again_button"), Qt.MouseButton.LeftButton)
    assert again.args != failed.args


def test_a_camera_without_further_frames_is_told(qtbot, media, monkeypatch):
    monkeypatch.setattr(camera, "PATIENCE", 50)
    view = CameraView()
    qtbot.addWidget(view)
    view.show()
    view.problem()  # loads QtMultimedia
    with qtbot.waitSignal(view.failed) as failed:
        view.listen().setVideoFrame(frame(media))
    assert "sends no pictures" in failed.args[0]


def test_one_camera_needs_no_choice(view):
    assert not view.findChild(QComboBox, "camera_choice").isVisible()


@pytest.mark.parametrize(
    ("formats", "best"),
    [
        ([], None),
        ([(320, 240, 30.0)], None),
        ([(1920, 1080, 30.0), (640, 480, 30.0), (320, 240, 60.0)], 1),
        ([(640, 480, 5.0), (1280, 720, 15.0), (1920, 1080, 30.0)], 1),
        ([(640, 480, 15.0), (640, 480, 30.0)], 1),
        ([(480, 640, 30.0)], 0),
    ],
)
def test_small_and_fast_enough(formats, best):
    assert best_format(formats) == best


def test_what_cannot_be_loaded_for_another_reason_is_told():
    problem = import_problem(ImportError("undefined symbol: x, version Qt_6"))
    assert "undefined symbol" in problem or "apt-get install -y" in problem


@pytest.mark.skipif(sys.platform != "linux", reason="other systems bring all libraries")
def test_a_library_that_only_the_plugin_needs_is_told_too(qtbot, view, media, monkeypatch):
    monkeypatch.setitem(_CAMERA_NEEDS, "libnone.so.9", "libnone9")
    with qtbot.waitSignal(view.failed) as failed:
        view.start()
    assert "sudo apt-get install -y libnone9" in failed.args[0]
    monkeypatch.delitem(_CAMERA_NEEDS, "libnone.so.9")
    qtbot.mouseClick(view.findChild(QPushButton, "camera_again_button"), Qt.MouseButton.LeftButton)
    assert "libnone9" not in (view.problem() or "")


def test_no_handler_in_python_hears_what_qt_says_while_it_loads(qtbot, media, monkeypatch):
    """Another thread that imports a library would wait for the loader, and this one for that thread."""
    heard = []

    class Devices(media.QMediaDevices):
        def __init__(self, parent):
            qWarning("loading")
            super().__init__(parent)

    monkeypatch.setattr(media, "QMediaDevices", Devices)
    view = CameraView()
    qtbot.addWidget(view)
    before = qInstallMessageHandler(lambda _kind, _context, text: heard.append(text))
    try:
        view.problem()
        qWarning("loaded")
    finally:
        qInstallMessageHandler(before)
    assert heard == ["loaded"]
