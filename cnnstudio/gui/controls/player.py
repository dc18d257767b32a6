"""Buttons that walk through the steps of something: back, on, by themselves, and how fast."""

from PySide6.QtCore import QTimer, QVariantAnimation, Signal, Slot
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QLabel, QWidget
from typing_extensions import override

from cnnstudio.gui.controls.buttons import push_button, tool_button
from cnnstudio.gui.controls.describe import describe, label
from cnnstudio.gui.controls.forms import slider
from cnnstudio.gui.controls.layouts import STRETCH, row
from cnnstudio.gui.look.theme import GRID, icon

SECONDS = (3.0, 2.0, 1.2, 0.7, 0.35)
"""How long a step takes at each place of the slider for the speed."""


class Player(QWidget):
    """Walks through steps from 0, where nothing has been done yet, to their number, where all has.

    A step that it takes by itself, or with the button that goes on, is shown bit by bit; any other one at once.

    Args:
        noun: what a step makes, such as “output”.

    Signals:
        moved(): another step, or another bit of the way to it.

    Attributes:
        still: steps are shown at once, without movement.
    """

    moved = Signal()

    def __init__(self, noun: str) -> None:
        super().__init__()
        self._noun = noun
        self._count = 0
        self._step = 0
        self._share = 1.0
        self.still = False
        self._playing = False
        self._motion = QVariantAnimation(self)
        self._motion.setStartValue(0.0)
        self._motion.setEndValue(1.0)
        self._motion.valueChanged.connect(self._advance)
        self._motion.finished.connect(self._arrive)
        self._wait = QTimer(self)
        self._wait.setSingleShot(True)
        self._wait.timeout.connect(self._arrive)
        self._back = tool_button("step_back_button", "Step back", "One step back.", "chevron-left", self.go_back)
        self._play = push_button("play_button", "&Play", "Takes one step after the other.", self.toggle, picture="play")
        self._on = tool_button("step_on_button", "Step on", "One step on.", "chevron-right", self.go_on)
        self._end = tool_button(
            "step_end_button", "To the end", "Shows all steps as done.", "fast-forward", self._finish
        )
        self._speed = slider(
            "speed_slider", "Speed", "How fast the steps follow each other.", (0, len(SECONDS) - 1), self._set_speed
        )
        self._speed.setFixedWidth(8 * GRID)
        self._speed.setValue(2)
        self._where = label(role="secondary", name="step_text", wrap=False)
        self._where.setFixedSize(15 * GRID, 4 * GRID)  # else each step would lay out all that is around
        speed = QLabel("Speed")
        speed.setBuddy(self._speed)
        self.setLayout(row(self._back, self._play, self._on, self._end, GRID, self._where, STRETCH, speed, self._speed))
        self._play.setMinimumWidth(13 * GRID)  # for both of its words
        self._show()

    @property
    def count(self) -> int:
        """How many steps there are."""
        return self._count

    @property
    def step(self) -> int:
        """How many steps have been taken, the one that is being taken included."""
        return self._step

    @property
    def share(self) -> float:
        """How much of the step is shown, from 0 to 1."""
        return self._share

    @property
    def playing(self) -> bool:
        """Whether it goes on by itself."""
        return self._playing

    def set_count(self, count: int) -> None:
        """Says how many steps there are; where there are fewer than were taken, the last one is the last."""
        self._count = count
        self.show_step(min(self._step, count))

    def show_step(self, step: int) -> None:
        """Shows so many steps as taken, and stays there."""
        self.pause()
        self._settle(step)

    @Slot()
    def toggle(self) -> None:
        """Plays, from the beginning where the end was reached; or pauses."""
        if self._playing:
            self.pause()
        elif self._count:
            self._playing = True
            if self._step == self._count:
                self._step = 0
            self._take()

    @Slot()
    def pause(self) -> None:
        """Stops playing; the step that is being taken is shown whole."""
        self._playing = False
        self._wait.stop()
        self._motion.stop()
        if self._share < 1:
            self._settle(self._step)
        self._show()

    @Slot()
    def go_on(self) -> None:
        """Takes one step."""
        self.pause()
        if self._step < self._count:
            self._take()

    @Slot()
    def go_back(self) -> None:
        """Takes the last step back."""
        self.show_step(max(0, self._step - 1))

    @Slot()
    def _finish(self) -> None:
        """Shows the end; from there, the beginning."""
        self.show_step(0 if self._step == self._count else self._count)

    @Slot(int)
    def _set_speed(self, place: int) -> None:
        self._motion.setDuration(round(1000 * SECONDS[place]))
        self._wait.setInterval(round(1000 * SECONDS[place]))

    def _take(self) -> None:
        self._step += 1
        if self.still:
            self._settle(self._step)
            if self._playing:
                self._wait.start()
        else:
            self._share = 0.0
            self._show()
            self._motion.start()

    def _settle(self, step: int) -> None:
        self._step = step
        self._share = 1.0
        self._show()
        self.moved.emit()

    @Slot(object)
    def _advance(self, share: float) -> None:
        if self._motion.state() == QVariantAnimation.State.Running:
            self._share = share
            self.moved.emit()

    @Slot()
    def _arrive(self) -> None:
        self._settle(self._step)
        if self._playing and self._step < self._count:
            self._take()
        else:
            self.pause()

    def _show(self) -> None:
        at_end = self._step == self._count
        self._back.setEnabled(self._step > 0)
        self._on.setEnabled(not at_end)
        self._play.setEnabled(self._count > 0)
        words = "Pause" if self._playing else "Play"
        if self._play.accessibleName() != words:
            self._play.setText(f" &{words}")
            self._play.setAccessibleName(words)
            self._play.setIcon(icon("pause" if self._playing else "play"))
        end = (
            ("From the beginning", "Takes all steps back.", "reset")
            if at_end
            else ("To the end", "Shows all steps as done.", "fast-forward")
        )
        if self._end.accessibleName() != end[0]:
            describe(self._end, "step_end_button", *end[:2])
            self._end.setIcon(icon(end[2]))
        self._where.setText(f"{self._noun.capitalize()} {self._step} of {self._count}" if self._step else "Nothing yet")

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        """Nothing moves that is not seen."""
        self.pause()
        super().hideEvent(event)
