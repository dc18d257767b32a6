"""The live picture of a camera."""

import importlib
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from PySide6 import QtCore
from PySide6.QtCore import QCoreApplication, QSize, Qt, QTimer, Signal, Slot, qInstallMessageHandler
from PySide6.QtGui import QHideEvent, QImage, QShowEvent, QTransform
from PySide6.QtWidgets import QFrame, QStackedWidget, QWidget
from typing_extensions import override

from cnnstudio.gui.controls.buttons import push_button
from cnnstudio.gui.controls.describe import describe, label
from cnnstudio.gui.controls.layouts import STRETCH, column
from cnnstudio.gui.controls.picker import ListBox
from cnnstudio.gui.look.theme import GAP, SECTION
from cnnstudio.gui.widgets.drawing.photo_view import Crop, PhotoView
from cnnstudio.screen import CAMERA_INSTALL, apt_line, missing_camera_packages

INTERVAL = 100
"""Milliseconds between two `picture_changed`, at least."""

PATIENCE = 8_000
"""Milliseconds without a frame until the camera counts as lost."""

_SIDE = 480
"""Shorter side of the frames that are asked for: enough for any network here, and cheap to convert."""

_FRAMES_A_SECOND = 15

TRY_AGAIN = "Then press “Try again”."
"""How a sentence on what to do ends, beside the button that says so."""


class CameraView(QWidget):
    """Shows what a camera sees, or says why there is nothing to see and what to do.

    The picture on screen is mirrored, as in a mirror, unless the camera looks away from the user; `picture` never is.
    All but the square in the middle, which a network gets, is dimmed. The camera is in use only while the view is
    started and visible; hidden, it is let go, and taken again when the view comes back.

    Attributes:
        mirrored: whether the picture on screen is mirrored.
    """

    picture_changed = Signal()
    """`picture` is a newer one; at most ten times a second."""

    failed = Signal(str)
    """The camera cannot be used, or no longer: what happened and what to do. The view shows the same sentence."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("camera_view")
        self.setMinimumSize(160, 160)
        self._wanted = False
        self._problem: str | None = None
        self._media: Any = None  # QtMultimedia, once it is imported
        self._devices: Any = None
        self._session: Any = None
        self._sink: Any = None
        self._camera: Any = None
        self._image: QImage | None = None
        self._picture: np.ndarray | None = None
        self.mirrored = True
        self._soon = QTimer(self, singleShot=True, interval=INTERVAL)
        self._soon.timeout.connect(self.picture_changed)
        self._watch = QTimer(self, singleShot=True, interval=PATIENCE)
        self._watch.timeout.connect(self._no_frames)
        self._screen = describe(
            PhotoView("The camera is starting …"),
            "camera_screen",
            "Camera",
            "What the camera sees, as in a mirror; pictures are kept unmirrored. The network gets the square in the "
            "middle.",
        )
        self._choice = describe(
            ListBox(),
            "camera_choice",
            "Which camera",
            "The camera to use, of those that are plugged in.",
        )
        self._choice.activated.connect(self._choose)
        self._choice.hide()
        self._stack = QStackedWidget()
        self._stack.addWidget(self._screen)
        self._stack.addWidget(self._build_problem())
        self.setLayout(column((self._stack, 1), self._choice))

    def _build_problem(self) -> QWidget:
        self._problem_text = label(role="secondary", name="camera_problem", plain=True)
        self._problem_text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._problem_text.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        again = push_button("camera_again_button", "Tr&y again", "Looks for the camera once more, now.", self.start)
        panel = QFrame()
        panel.setProperty("role", "panel")
        middle = (again, 0, Qt.AlignmentFlag.AlignHCenter)
        panel.setLayout(column(STRETCH, self._problem_text, middle, STRETCH, gap=2 * GAP, edge=SECTION))
        return panel

    @property
    def picture(self) -> np.ndarray | None:
        """The newest frame, (height, width, 3) uint8, not mirrored; None where there is none."""
        if self._picture is None and self._image is not None:
            self._picture = _to_array(self._image)
        return self._picture

    @property
    def running(self) -> bool:
        """Whether frames are coming."""
        return self._image is not None

    def problem(self) -> str | None:
        """Why no picture can come, and what to do; None where nothing is known to be in the way.

        Loads QtMultimedia, which takes some 0.1 s the first time.
        """
        return (
            self._load()
            or self._problem
            or _permission_problem()
            or (None if self._devices.videoInputs() else _no_camera())
        )

    @Slot()
    def start(self) -> None:
        """Takes the camera, now or as soon as the view is visible."""
        self._wanted = True
        self._problem = None
        self._open()

    @Slot()
    def stop(self) -> None:
        """Lets the camera go."""
        self._wanted = False
        self._release()

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._open()

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        self._problem = None  # it is tried again when the view is shown again
        self._release()
        super().hideEvent(event)

    # Taking and letting go.

    def _load(self) -> str | None:
        """Imports QtMultimedia; returns why it cannot be, and what to do."""
        if self._media is None:
            with _messages_left_to_qt():
                return self._import()
        return None

    def _import(self) -> str | None:
        importlib.invalidate_caches()  # it may have been installed since
        try:
            media: Any = importlib.import_module("PySide6.QtMultimedia")
        except ImportError as error:
            return import_problem(error)
        if missing := missing_camera_packages():  # its plugin would fail to load silently
            return _packages_problem(missing)
        # Qt would convert frames with OpenGL, and drivers that compile with LLVM (Mesa's) find that of TensorFlow
        # in this process in place of their own, and crash. Without OpenGL for widgets, it is done here.
        QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_ForceRasterWidgets)
        self._devices = media.QMediaDevices(self)
        self._devices.videoInputsChanged.connect(self._plugged)  # loads the plugin
        self._media = media
        return None

    def _open(self) -> None:
        """Takes the camera, once it is wanted and the view is visible."""
        if not self._wanted or not self.isVisible() or self._camera is not None:
            return
        problem = self.problem()
        if problem is not None:
            self._fail(problem)
            return
        if _permission() is Qt.PermissionStatus.Undetermined:
            _application().requestPermission(QtCore.QCameraPermission(), self, self._permitted)
        else:
            self.take(self._chosen())

    @Slot(object)
    def _permitted(self, _permission: object) -> None:
        self._open()

    def _chosen(self) -> Any:
        cameras = sorted(self._devices.videoInputs(), key=lambda camera: not camera.isDefault())
        key = self._choice.currentData()
        chosen = next((camera for camera in cameras if camera.id().data() == key), cameras[0])
        self._choice.clear()
        for camera in cameras:
            self._choice.addItem(camera.description(), camera.id().data())
        self._choice.setCurrentIndex(cameras.index(chosen))
        self._choice.setVisible(len(cameras) > 1)
        return chosen

    def take(self, device: Any) -> None:
        """Takes a camera, a `QCameraDevice` of QtMultimedia."""
        self.listen()
        self.mirrored = device.position() != self._media.QCameraDevice.Position.BackFace
        self._camera = self._media.QCamera(device, self)
        self._camera.errorOccurred.connect(self._camera_failed)
        formats = device.videoFormats()
        best = best_format([(*one.resolution().toTuple(), one.maxFrameRate()) for one in formats])
        if best is not None:
            self._camera.setCameraFormat(formats[best])
        self._session.setCamera(self._camera)
        self._stack.setCurrentIndex(0)
        self._watch.start()
        self._camera.start()
        # Qt reports errors as they happen, but not one that a camera has from its beginning.
        if self._camera is not None and self._camera.error() != self._media.QCamera.Error.NoError:
            self._camera_failed(self._camera.error(), self._camera.errorString())

    def listen(self) -> Any:
        """Makes the sink that frames arrive in, a `QVideoSink`, and returns it."""
        self._session = self._media.QMediaCaptureSession(self)
        self._sink = self._media.QVideoSink(self)
        self._sink.videoFrameChanged.connect(self._receive)
        self._session.setVideoSink(self._sink)
        return self._sink

    def _release(self) -> None:
        for timer in (self._soon, self._watch):
            timer.stop()
        if self._camera is not None:
            self._camera.errorOccurred.disconnect(self._camera_failed)
            self._camera.stop()
            self._session.setCamera(None)
        if self._session is not None:
            self._session.setVideoSink(None)
        for thing in (self._camera, self._session, self._sink):
            if thing is not None:
                thing.deleteLater()
        self._camera = self._session = self._sink = self._image = self._picture = None
        self._screen.set_picture(None)

    def _fail(self, text: str) -> None:
        self._release()
        self._problem_text.setText(text)
        self._stack.setCurrentIndex(1)
        self.failed.emit(text)

    # What comes from the camera.

    @Slot()
    def _receive(self) -> None:
        if self._sink is None:  # a frame that was still on its way
            return
        frame = self._sink.videoFrame()
        frame.setMirrored(False)
        image = frame.toImage()
        if image.isNull():
            return
        self._image, self._picture = image, None
        self._watch.start()
        self._stack.setCurrentIndex(0)
        shown = image.transformed(QTransform.fromScale(-1, 1)) if self.mirrored else image
        self._screen.set_picture(shown, middle_square(image.size()))
        if not self._soon.isActive():
            self._soon.start()

    @Slot(object, str)
    def _camera_failed(self, _error: object, text: str) -> None:
        self._problem = f"The camera cannot be used ({text}). Close other programs that use it. {TRY_AGAIN}"
        self._fail(self._problem)

    @Slot()
    def _no_frames(self) -> None:
        self._problem = (
            "The camera sends no pictures. Close other programs that use it, or unplug it and plug it in again. "
            f"{TRY_AGAIN}"
        )
        self._fail(self._problem)

    @Slot()
    def _plugged(self) -> None:
        if not self._wanted or not self.isVisible():
            return
        present = {camera.id().data() for camera in self._devices.videoInputs()}
        if self._camera is None:
            self.start()
        elif self._camera.cameraDevice().id().data() not in present:
            self._fail("The camera has been unplugged. Plug it in again; the picture comes back by itself.")
        else:
            self._chosen()

    @Slot(int)
    def _choose(self, _index: int) -> None:
        self._release()
        self.start()

    @override
    def sizeHint(self) -> QSize:
        return QSize(320, 240)


@contextmanager
def _messages_left_to_qt() -> Iterator[None]:
    """Keeps messages of Qt away from handlers in Python while libraries are loaded.

    Qt's plugin speaks while the system's loader is locked. A handler in Python lets other threads go on; one of them
    that imports a library, as TensorFlow does, would wait for the loader, and this one for Python: for good.
    """
    before = qInstallMessageHandler(None)
    try:
        yield
    finally:
        qInstallMessageHandler(before)


def middle_square(size: QSize) -> Crop:
    """The largest square in the middle of a picture."""
    side = min(size.width(), size.height())
    across, down = (1 - side / size.width()) / 2, (1 - side / size.height()) / 2
    return across, down, 1 - across, 1 - down


def best_format(formats: Sequence[tuple[int, int, float]]) -> int | None:
    """The place of the smallest format that is large and fast enough, of equal ones the fastest.

    Args:
        formats: (width, height, frames a second) of each.

    Returns:
        None where none is, and the camera's own choice is as good as any.
    """
    usable = [
        (width * height, -rate, place)
        for place, (width, height, rate) in enumerate(formats)
        if min(width, height) >= _SIDE and rate >= _FRAMES_A_SECOND
    ]
    return min(usable)[2] if usable else None


def _to_array(image: QImage) -> np.ndarray:
    """(height, width, 3) uint8, with memory of its own."""
    rgb = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(rgb.constBits(), np.uint8).reshape(rgb.height(), rgb.bytesPerLine())
    return rows[:, : 3 * rgb.width()].reshape(rgb.height(), rgb.width(), 3).copy()


def _application() -> Any:
    """The application; untyped, for its permissions are in no stub."""
    return QCoreApplication.instance()


def _permission() -> Qt.PermissionStatus:
    """What the system says of using the camera; systems without permissions grant it."""
    status: Qt.PermissionStatus = _application().checkPermission(QtCore.QCameraPermission())
    return status


def _permission_problem() -> str | None:
    if _permission() is not Qt.PermissionStatus.Denied:
        return None
    return f"The system does not let CNN Studio use the camera. Allow it in the system's privacy settings. {TRY_AGAIN}"


def import_problem(error: ImportError) -> str:
    """Why QtMultimedia could not be imported, and what to do."""
    if isinstance(error, ModuleNotFoundError):
        missing = missing_camera_packages()
        packages = f"sudo {apt_line(missing)}\n" if missing else ""
        what = "The camera needs a part of Qt that is not installed. Install it with"
        return f"{what}\n{packages}{CAMERA_INSTALL}\n{TRY_AGAIN}"
    if missing := missing_camera_packages():
        return _packages_problem(missing)
    return f"The camera's part of Qt cannot be loaded ({error}). Reinstall it with\n{CAMERA_INSTALL}\n{TRY_AGAIN}"


def _packages_problem(packages: Sequence[str]) -> str:
    return (
        "The camera needs system libraries that are not installed. Install them with\n"
        f"sudo {apt_line(packages)}\n{TRY_AGAIN}"
    )


def _no_camera() -> str:
    devices = list(Path("/dev").glob("video*")) if sys.platform.startswith("linux") else []
    if devices and not any(os.access(device, os.R_OK | os.W_OK) for device in devices):
        return (
            "There is a camera, but your account may not use it. Add yourself to its group with\n"
            "sudo usermod -aG video $USER\nand log in again."
        )
    return f"No camera was found. Plug one in. {TRY_AGAIN}"
