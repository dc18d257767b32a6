"""The camera on a real X server, where Qt may draw with OpenGL, beside TensorFlow."""

import sys
from pathlib import Path

import pytest

from tests.virtual_screen import missing_programs, run_on_virtual_screen

pytestmark = [
    pytest.mark.skipif(bool(missing_programs()), reason=f"a virtual screen needs {', '.join(missing_programs())}"),
    pytest.mark.qt_log_ignore("^Couldn't (load|resolve)"),
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
