"""The camera: on a real X server, where Qt may draw with OpenGL, beside TensorFlow; and what a frozen picture shows."""

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QPushButton

from cnnstudio.data.augmentation.made_up_digits import draw_digits
from cnnstudio.gui.pages.choosers.network_input.camera_source import CameraSource
from cnnstudio.gui.pages.choosers.network_input.session import Session
from cnnstudio.gui.widgets.drawing.camera import CameraView
from cnnstudio.gui.widgets.drawing.photo_view import PhotoView
from cnnstudio.storage import shipped
from tests.data.digit_photos import shapes_of_drawings, sheet
from tests.virtual_screen import missing_programs, run_on_virtual_screen

pytestmark = [
    pytest.mark.skipif(bool(missing_programs()), reason=f"a virtual screen needs {', '.join(missing_programs())}"),
    pytest.mark.qt_log_ignore("^Couldn't (load|resolve)", "No RHI backend"),
]

SHOW_A_FRAME = """
import tensorflow
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication
from cnnstudio.gui.widgets.drawing.camera import CameraView

application = QApplication([])
view = CameraView()
view.show()
view.problem()  # loads QtMultimedia
from PySide6.QtMultimedia import QVideoFrame
image = QImage(64, 48, QImage.Format.Format_RGB32)
image.fill("red")
view.listen().setVideoFrame(QVideoFrame(image))
print(view.picture.shape, view.picture[0, 0].tolist())
"""


def test_a_frame_beside_tensorflow(home: Path) -> None:
    """OpenGL drivers that compile with LLVM crash where TensorFlow has brought its own."""
    pytest.importorskip("PySide6.QtMultimedia", exc_type=ImportError)
    done = run_on_virtual_screen([sys.executable, "-c", SHOW_A_FRAME], home)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "(48, 64, 3) [255, 0, 0]"


def test_a_frozen_picture_of_a_sheet_is_read_digit_by_digit(qtbot) -> None:
    model = shipped("trained/lenet5-mnist")
    source = CameraSource()
    qtbot.addWidget(source)
    camera, still = source.findChild(CameraView), source.findChild(PhotoView, "camera_still")
    media = pytest.importorskip("PySide6.QtMultimedia", reason=camera.problem(), exc_type=ImportError)
    drawings, labels = draw_digits(3, seed=8)
    written = sheet("plain sheet", shapes_of_drawings(drawings), 3, np.random.default_rng(4)).picture
    picture: Image.Image = written.convert("RGB")
    frame = QImage(picture.tobytes(), *picture.size, 3 * picture.width, QImage.Format.Format_RGB888)
    with qtbot.waitSignal(source.input_changed):
        camera.listen().setVideoFrame(media.QVideoFrame(frame.convertToFormat(QImage.Format.Format_RGB32)))
    session = Session()
    assert not session.ask(model, source.input).parts  # live, the next picture comes at once
    with qtbot.waitSignal(source.input_changed):
        source.findChild(QPushButton, "freeze_button").click()
    source.show_answer(session.ask(model, source.input))
    assert [mark.text for mark in still.marks] == [str(label) for label in labels]
    with qtbot.waitSignal(source.input_changed):
        still.mark_chosen.emit(2)
    assert session.ask(model, source.input).part == 2
