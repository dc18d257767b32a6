"""Undo and redo on the Collect page: of the strokes on the canvas, and of what was done to the set."""

from cnnstudio.data.collected.collection import Collection
from cnnstudio.gui.pages.collect.capture import CapturePanel

_INK, _SET = "ink", "set"


class History:
    """While there is ink that was not added yet, undo takes strokes back; else what was done to the set.

    Attributes:
        collection: the set that is open.
    """

    def __init__(self, capture: CapturePanel) -> None:
        self.collection: Collection | None = None
        self._capture = capture
        self._undone: list[str] = []

    @property
    def can_undo(self) -> bool:
        """There is a step to take back."""
        return self._capture.has_ink or (self.collection is not None and self.collection.can_undo)

    @property
    def can_redo(self) -> bool:
        """There is a step to do again."""
        return bool(self._undone)

    def undo(self) -> None:
        """Takes the last step back.

        Raises:
            StudioError: the set was changed from outside; the step is forgotten.
        """
        if self._capture.has_ink:
            undone = [*self._undone, _INK]
            self._capture.canvas.undo()
            self._undone = undone
        elif self.collection is not None and self.collection.can_undo:
            self.collection.undo()
            self._undone.append(_SET)

    def redo(self) -> None:
        """Does the step again that was taken back last.

        Raises:
            StudioError: the set was changed from outside; the step is forgotten.
        """
        if self._undone and self.collection is not None:
            *undone, what = self._undone
            self._undone = undone
            if what == _SET:
                self.collection.redo()
            else:
                self._capture.canvas.redo()
                self._undone = undone

    def forget_undone(self) -> None:
        """Something was done to the set: what was taken back cannot be done again."""
        self._undone.clear()

    def forget_strokes(self) -> None:
        """Something was drawn: the strokes that were taken back cannot be drawn again."""
        self._undone = [what for what in self._undone if what != _INK]
