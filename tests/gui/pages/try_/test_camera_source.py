"""The camera on the Try page: what a frozen picture of a sheet of digits shows. Real QtMultimedia, without a camera."""

import numpy as np
import pytest
from PIL import Image
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QPushButton

from cnnstudio.data.augmentation.made_up_digits import draw_digits
from cnnstudio.gui.pages.try_.camera_source import CameraSource
from cnnstudio.gui.pages.try_.session import TrySession
from cnnstudio.gui.widgets.drawing.camera import CameraView
from cnnstudio.gui.widgets.drawing.photo_view import PhotoView
from cnnstudio.storage import shipped
from tests.data.digit_photos import shapes_of_drawings, sheet

pytestmark = [pytest.mark.usefixtures("theme"), pytest.mark.qt_log_ignore("^Couldn't (load|resolve)", "No RHI backend")]

MODEL = shipped("trained/lenet5-mnist")


def test_a_frozen_picture_of_a_sheet_is_read_digit_by_digit(qtbot) -> None:
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
    session = TrySession()
    assert not session.ask(MODEL, source.input).parts  # live, the next picture comes at once
    with qtbot.waitSignal(source.input_changed):
        source.findChild(QPushButton, "freeze_button").click()
    source.show_answer(session.ask(MODEL, source.input))
    assert [mark.text for mark in still.marks] == [str(label) for label in labels]
    with qtbot.waitSignal(source.input_changed):
        still.mark_chosen.emit(2)
    assert session.ask(MODEL, source.input).part == 2
