"""The camera as what a network gets: live, or frozen."""

from dataclasses import replace

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QStackedWidget

from cnnstudio.gui.controls.buttons import push_button
from cnnstudio.gui.controls.describe import describe, label
from cnnstudio.gui.controls.layouts import STRETCH, column, row
from cnnstudio.gui.pages.choosers.network_input.draw_source import Source
from cnnstudio.gui.pages.choosers.network_input.photo_source import marks_of
from cnnstudio.gui.pages.choosers.network_input.session import Answer, Picture
from cnnstudio.gui.widgets.drawing.camera import TRY_AGAIN, CameraView
from cnnstudio.gui.widgets.drawing.photo_view import PhotoView

_INVITATION = "Hold something in front of the camera."


class CameraSource(Source):
    """What the camera sees now, as often as the network can answer; Space freezes a picture.

    Signals:
        unavailable(str): the camera that was just chosen cannot be used: why, and what to do.
    """

    unavailable = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._starting = False
        self._stack = self._surface = QStackedWidget()
        self.invitation = _INVITATION
        self._camera = CameraView()
        self._camera.picture_changed.connect(self._take)
        self._camera.failed.connect(self._lose)
        self._still = PhotoView()
        describe(self._still, "camera_still", "The picture", "The frozen picture, not mirrored.")
        self._still.mark_chosen.connect(self.take_part)
        self._stack.addWidget(self._camera)
        self._stack.addWidget(self._still)
        self._freeze = push_button(
            "freeze_button",
            "Free&ze",
            "Freezes this picture, to look at the answer and at the maps; press it again to go on. (Space)",
            picture="camera",
        )
        self._freeze.setCheckable(True)
        self._freeze.setEnabled(False)
        self._freeze.toggled.connect(self._hold)
        note = label("Pictures stay on this computer.", "small")
        self.setLayout(column(self._stack, row((note, 1), self._freeze), STRETCH))

    def set_side(self, side: int) -> None:
        """In the shape of most cameras' pictures."""
        self._surface.setFixedSize(side, 3 * side // 4)

    def start(self) -> None:
        """Starts the camera, now that it is chosen."""
        if not self._freeze.isChecked():
            self._starting = True
            self._camera.start()

    def stop(self) -> None:
        """Stops the camera."""
        self._camera.stop()
        self.invitation = _INVITATION

    def shut_down(self) -> None:
        """Stops the camera."""
        self.stop()

    def show_answer(self, answer: Answer) -> None:
        """Shows the crop of a frozen picture, or the digits of a sheet."""
        if not self._freeze.isChecked():
            return
        if answer.picture is not self._still.image:
            self._still.set_image(answer.picture, answer.crop)
        self._still.set_marks(marks_of(answer), answer.part)

    @Slot()
    def _take(self) -> None:
        picture = self._camera.picture
        if picture is not None and not self._freeze.isChecked():
            self._input = Picture(picture, live=True)
            self.invitation = _INVITATION
            self._starting = False
            if not self._freeze.isEnabled():
                self._freeze.setEnabled(True)
                self._freeze.setFocus()  # so that Space is its key, and still that of any other button one goes to
            self.input_changed.emit()

    @Slot(str)
    def _lose(self, why: str) -> None:
        self._input = None
        self.invitation = ""  # the view says what is the matter
        self._freeze.setEnabled(False)
        if self._starting:
            self._starting = False
            self.unavailable.emit(why.replace(TRY_AGAIN, "Then choose Camera again."))
        else:
            self.input_changed.emit()

    @Slot(bool)
    def _hold(self, held: bool) -> None:
        self._freeze.setText("Go &on" if held else "Free&ze")
        if held and isinstance(self._input, Picture):
            self._input = replace(self._input, live=False)
            self._still.set_image(self._camera.picture)
            self._stack.setCurrentWidget(self._still)
            self._camera.stop()
            self.input_changed.emit()
        else:
            self._stack.setCurrentWidget(self._camera)
            self._camera.start()
