"""The live picture of a camera."""

import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PySide6 import QtCore
from PySide6.QtCore import QCoreApplication, QElapsedTimer, QRectF, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QColor, QHideEvent, QImage, QPainter, QPainterPath, QPaintEvent, QPen, QShowEvent
from PySide6.QtWidgets import QComboBox, QFrame, QPushButton, QSizePolicy, QStackedWidget, QVBoxLayout, QWidget
from typing_extensions import override

from cnnstudio.gui.controls.describe import describe, label
from cnnstudio.gui.look.theme import GAP, GRID, SECTION, colours
from cnnstudio.gui.widgets.drawing.photo_view import fitted, paint_shade
from cnnstudio.screen import apt_line, missing_camera_packages

TELL_EVERY = 100
"""Milliseconds between two `picture_changed`, at least."""

PATIENCE = 8_000
"""Milliseconds without a frame until the camera counts as lost."""

_SIDE = 480
"""Shorter side of the frames that are asked for: enough for any network here, and cheap to convert."""

_FRAMES_A_SECOND = 15

INSTALL = 'python -m pip install "cnnstudio[camera]"'
"""The command that brings the camera's part of Qt."""

_TRY_AGAIN = "Then press “Try again”."


class CameraScreen(QWidget):
    """Shows the newest frame whole.

    Args:
        guide: whether all but the square in the middle is shaded.

    Attributes:
        mirrored: whether left and right are exchanged, as in a mirror.
    """

    def __init__(self, guide: bool) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.mirrored = True
        self._guide = guide
        self._image: QImage | None = None

    def show_image(self, image: QImage | None) -> None:
        """Shows a frame, or that the camera is starting."""
        self._image = image
        self.update()

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paints the frame within rounded corners."""
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        area = QRectF(self.rect())
        outline = QPainterPath()
        outline.addRoundedRect(area.adjusted(1, 1, -1, -1), GRID, GRID)
        painter.fillPath(outline, QColor(colours().surface))
        if self._image is None:
            painter.setPen(QColor(colours().secondary))
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter, "The camera is starting …")
        else:
            painter.setClipPath(outline)
            self._paint_frame(painter, area, self._image)
            painter.setClipping(False)
        painter.strokePath(outline, QPen(QColor(colours().border), 1))
        painter.end()

    def _paint_frame(self, painter: QPainter, area: QRectF, image: QImage) -> None:
        place = fitted(image.size(), area)
        painter.fillRect(area, Qt.GlobalColor.black)
        painter.save()
        if self.mirrored:
            painter.translate(area.width(), 0)
            painter.scale(-1, 1)
        painter.drawImage(place, image)
        painter.restore()
        if self._guide:
            paint_shade(painter, area, fitted(QSize(1, 1), place))


class CameraView(QWidget):
    """Shows what a camera sees, or says why there is nothing to see and what to do.

    The picture on screen is mirrored, as in a mirror, unless the camera looks away from the user; `picture` never is.
    The camera is in use only while the view is started and visible; hidden, it is let go, and taken again when the view
    comes back.

    Args:
        parent: the parent widget.
        guide: whether all but the square in the middle, which a network gets, is shaded.
    """

    picture_changed = Signal()
    """`picture` is a newer one; at most ten times a second."""

    failed = Signal(str)
    """The camera cannot be used, or no longer: what happened and what to do. The view shows the same sentence."""

    def __init__(self, parent: QWidget | None = None, guide: bool = True) -> None:
        super().__init__(parent)
        describe(
            self,
            "camera_view",
            "Camera",
            "What the camera sees now, as in a mirror; it is kept unmirrored. Of each picture the network gets the "
            "square in the middle.",
        )
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
        self._since = QElapsedTimer()
        self._later = QTimer(self, singleShot=True)
        self._later.timeout.connect(self._tell)
        self._watch = QTimer(self, singleShot=True, interval=PATIENCE)
        self._watch.timeout.connect(self._no_frames)
        self._screen = CameraScreen(guide)
        self._choice = describe(
            QComboBox(),
            "camera_choice",
            "Which camera",
            "The camera to look through; the list follows what is plugged in.",
        )
        self._choice.activated.connect(self._choose)
        self._choice.hide()
        self._stack = QStackedWidget()
        self._stack.addWidget(self._screen)
        self._stack.addWidget(self._build_problem())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        column.addWidget(self._stack, 1)
        column.addWidget(self._choice)

    def _build_problem(self) -> QWidget:
        self._problem_text = label(role="secondary", name="camera_problem")
        self._problem_text.setTextFormat(Qt.TextFormat.PlainText)
        self._problem_text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._problem_text.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        again = describe(
            QPushButton("Try &again"), "camera_again_button", "Try again", "Looks for the camera once more, now."
        )
        again.clicked.connect(self.start)
        panel = QFrame()
        panel.setProperty("role", "panel")
        column = QVBoxLayout(panel)
        column.setContentsMargins(SECTION, SECTION, SECTION, SECTION)
        column.setSpacing(2 * GAP)
        column.addStretch(1)
        column.addWidget(self._problem_text)
        column.addWidget(again, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)
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
        if self.isVisible() and self._camera is None:
            self._open()

    @Slot()
    def stop(self) -> None:
        """Lets the camera go."""
        self._wanted = False
        self._release()

    @override
    def showEvent(self, event: QShowEvent) -> None:
        """Takes the camera again."""
        super().showEvent(event)
        if self._wanted and self._camera is None:
            self._open()

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        """Releases the camera while it is not seen. When the view is shown again, it is tried anew."""
        self._problem = None
        self._release()
        super().hideEvent(event)

    # Taking and letting go.

    def _load(self) -> str | None:
        """Imports QtMultimedia; returns why it cannot be, and what to do."""
        if self._media is None:
            importlib.invalidate_caches()  # it may have been installed since
            try:
                media = importlib.import_module("PySide6.QtMultimedia")
            except ImportError as error:
                return import_problem(error)
            if missing := missing_camera_packages():  # its plugin would not be loaded, without a word
                return _packages_problem(missing)
            self._media = media
            # Qt would convert frames with OpenGL, and drivers that compile with LLVM (Mesa's) find that of TensorFlow
            # in this process in place of their own, and crash. Without OpenGL for widgets, it is done here.
            QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_ForceRasterWidgets)
            self._devices = self._media.QMediaDevices(self)
            self._devices.videoInputsChanged.connect(self._plugged)
        return None

    def _cameras(self) -> Sequence[Any]:
        """The cameras, the system's default first."""
        return sorted(self._devices.videoInputs(), key=lambda camera: not camera.isDefault())

    def _open(self) -> None:
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
        if self._wanted and self.isVisible() and self._camera is None:
            self._open()

    def _chosen(self) -> Any:
        cameras = self._cameras()
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
        self._screen.mirrored = device.position() != self._media.QCameraDevice.Position.BackFace
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
        for timer in (self._later, self._watch):
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
        self._since.invalidate()
        self._screen.show_image(None)

    def _fail(self, text: str) -> None:
        self._release()
        self._problem_text.setText(text)
        self._stack.setCurrentIndex(1)
        self.failed.emit(text)

    # What the camera tells.

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
        self._screen.show_image(image)
        if not self._since.isValid() or self._since.elapsed() >= TELL_EVERY:
            self._tell()
        elif not self._later.isActive():
            self._later.start(TELL_EVERY - self._since.elapsed())

    @Slot()
    def _tell(self) -> None:
        self._later.stop()
        self._since.start()
        self.picture_changed.emit()

    @Slot(object, str)
    def _camera_failed(self, _error: object, text: str) -> None:
        self._problem = f"The camera cannot be used ({text}). Close other programs that use it. {_TRY_AGAIN}"
        self._fail(self._problem)

    @Slot()
    def _no_frames(self) -> None:
        self._problem = (
            "The camera sends no pictures. Close other programs that use it, or unplug it and plug it in again. "
            f"{_TRY_AGAIN}"
        )
        self._fail(self._problem)

    @Slot()
    def _plugged(self) -> None:
        """Follows the cameras as they come and go."""
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
        """As wide as the usual canvas, in the shape of most cameras."""
        return QSize(320, 240)


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
    return f"The system does not let CNN Studio use the camera. Allow it in the system's privacy settings. {_TRY_AGAIN}"


def import_problem(error: ImportError) -> str:
    """Why QtMultimedia could not be imported, and what to do."""
    if isinstance(error, ModuleNotFoundError):
        return f"The camera needs a part of Qt that is not installed. Install it with\n{INSTALL}\n{_TRY_AGAIN}"
    if missing := missing_camera_packages():
        return _packages_problem(missing)
    return f"The camera's part of Qt cannot be loaded ({error}). Install it anew with\n{INSTALL}\n{_TRY_AGAIN}"


def _packages_problem(packages: Sequence[str]) -> str:
    return (
        "The camera needs system libraries that are not installed. Install them with\n"
        f"sudo {apt_line(packages)}\n{_TRY_AGAIN}"
    )


def _no_camera() -> str:
    devices = list(Path("/dev").glob("video*")) if sys.platform.startswith("linux") else []
    if devices and not any(os.access(device, os.R_OK | os.W_OK) for device in devices):
        return (
            "There is a camera, but your account may not use it. Add yourself to its group with\n"
            "sudo usermod -aG video $USER\nand log in again."
        )
    return "No camera was found. Plug one in: its picture appears here by itself."
