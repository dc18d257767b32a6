"""How far a piece of work is, and the button that ends it."""

from collections.abc import Callable

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QProgressBar, QWidget

from cnnstudio.gui.controls.buttons import push_button
from cnnstudio.gui.controls.describe import breakable, describe, label
from cnnstudio.gui.controls.layouts import column, hand_focus, row
from cnnstudio.gui.look.theme import GRID
from cnnstudio.gui.task import Task, aside
from cnnstudio.progress import Cancelled, Progress
from cnnstudio.wording import progress

_STEPS = 1000


class ProgressBar(QProgressBar):
    """A bar without words; at first it shows that there is work, but not how much.

    Args:
        name: its `objectName`.
        title: its accessible name.
        tip: its tooltip.
    """

    def __init__(self, name: str, title: str, tip: str) -> None:
        super().__init__()
        describe(self, name, title, tip)
        self.setTextVisible(False)
        self.setRange(0, 0)

    def show_part(self, done: int, total: int | None) -> None:
        """Shows how much is done; `total` is None or 0 where it is not known."""
        # In steps of our own: Qt counts in 32 bits, and a download may have more bytes.
        self.setRange(0, _STEPS if total else 0)
        if total:
            self.setValue(min(_STEPS, _STEPS * done // total))


class ProgressPanel(QWidget):
    """Runs one function at a time as a `Task`, and shows a bar, a sentence and Cancel while it runs.

    Args:
        name: of the work, in snake_case: the bar is called `NAME_progress`, the sentence `NAME_state` and the button
            `cancel_NAME_button`.
        title: what is being done, such as “Loading”; the bar's accessible name.
        cancel: the tooltip of Cancel; without one there is no such button, for the page has another way out.

    Signals:
        reported(object): what the function passed to `on_event`, other than `Progress`.
        finished(object): the function's result.
        failed(object): the exception that the function raised, other than `Cancelled`.
        cancelled(): the function ended with `Cancelled`.
    """

    reported = Signal(object)
    finished = Signal(object)
    failed = Signal(object)
    cancelled = Signal()

    def __init__(self, name: str, title: str, cancel: str = "") -> None:
        super().__init__()
        self._task: Task | None = None
        self._bar = ProgressBar(f"{name}_progress", title, "How much is done.")
        self._state = label(role="secondary", name=f"{name}_state", plain=True)
        self._cancel = push_button(f"cancel_{name}_button", "Canc&el", cancel, self.cancel)
        self._cancel.setAutoDefault(False)
        if not cancel:
            self._cancel.hide()
        self.setLayout(column(row((self._bar, 1), self._cancel, gap=2 * GRID), self._state))
        self.hide()

    @property
    def running(self) -> bool:
        """Whether a function runs."""
        return self._task is not None

    def run(self, function: Callable[..., object], sentence: str) -> None:
        """Starts a function and appears; one that still runs is dropped.

        Args:
            function: called as `Task` does, `function(on_event=…, stop=…)`.
            sentence: what is shown until the function reports its progress.
        """
        self.drop()
        self._bar.show_part(0, None)
        self._state.setText(breakable(sentence))
        self._cancel.setEnabled(True)
        self._task = Task(function, self)
        self._task.reported.connect(self._report)
        self._task.finished.connect(self._finish)
        self._task.failed.connect(self._fail)
        self.show()
        self._task.start()

    @Slot()
    def cancel(self) -> None:
        """Asks the function to end; a signal comes when it has."""
        if self._task is not None:
            hand_focus(self._cancel, self)
            self._cancel.setEnabled(False)
            self._state.setText("Ending …")
            self._task.stop()

    def drop(self) -> None:
        """Asks the function to end and hides; no signal comes after."""
        if self._task is not None:
            self._task.drop()
            self._rest()

    def end(self) -> None:
        """Drops the function and goes on once it has ended; the window paints meanwhile."""
        if self._task is not None:
            task = self._task
            self.drop()
            aside(task.wait)

    def shut_down(self) -> None:
        """Drops the function and waits until it has ended."""
        if self._task is not None:
            self._task.shut_down()
            self._rest()

    def _rest(self) -> None:
        self._task = None
        if (around := self.parentWidget()) is not None:
            for one in (self._cancel, self):
                hand_focus(one, around)
        self.hide()

    @Slot(object)
    def _report(self, event: object) -> None:
        if not isinstance(event, Progress):
            self.reported.emit(event)
            return
        self._bar.show_part(event.done, event.total)
        if self._cancel.isEnabled():
            begins = not event.done and event.total is None
            self._state.setText(breakable(f"{event.task} …" if begins else f"{event.task}: {progress(event)}"))

    @Slot(object)
    def _finish(self, result: object) -> None:
        self._rest()
        self.finished.emit(result)

    @Slot(object)
    def _fail(self, error: Exception) -> None:
        self._rest()
        if isinstance(error, Cancelled):
            self.cancelled.emit()
        else:
            self.failed.emit(error)
