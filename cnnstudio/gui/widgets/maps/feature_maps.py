"""What every layer saw: a row for each, with all its feature maps."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from PySide6.QtCore import QCoreApplication, QEvent, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QKeyEvent, QResizeEvent, QShowEvent
from typing_extensions import override

from cnnstudio import wording
from cnnstudio.gui.controls.describe import describe, label
from cnnstudio.gui.controls.layouts import ScrollColumn, column
from cnnstudio.gui.look.theme import SECTION
from cnnstudio.gui.widgets.items import NONE
from cnnstudio.gui.widgets.maps.map_row import MapRow
from cnnstudio.models.layer_kinds.added import lesson_of
from cnnstudio.models.trained.classifier import LayerOutput
from cnnstudio.models.trained.layer_arithmetic import LayerArithmetic

_HOW = "Click a map, or press Enter, to enlarge it."


Row = tuple[str, str, tuple[int, ...]]
"""A layer's name, its Keras class, and the shape of its output."""


def kind_and_shape(kind: str, shape: tuple[int, ...]) -> str:
    """Kind and shape of a layer's output, such as “Conv2D · 28×28×6” or “Dense · 84 units”."""
    if len(shape) == 1:
        return f"{kind} · {shape[0]:,} {'unit' if shape[0] == 1 else 'units'}"
    return f"{kind} · {wording.shape(shape)}"


class FeatureMapGrid(ScrollColumn):
    """A scrolling column of layers: name, kind, shape, legend and all feature maps, each of which can be enlarged.

    Of a deep network, rows may be there before their maps: `missing` names those that are looked at.
    """

    rows_missing = Signal()
    """Rows have come on screen whose maps are not those of the newest image."""

    lab_wanted = Signal(object)
    """The arithmetic of one number is to be done in the Lab, as this `Experiment`."""
    lesson_wanted = Signal(str)
    """The lesson about this operation is wanted."""

    arithmetic_wanted = Signal()
    """A map was enlarged: `show_arithmetic` may say how the numbers of the `enlarged` layers come about."""

    def __init__(self) -> None:
        super().__init__()
        describe(
            self,
            "feature_map_grid",
            "Feature maps of every layer",
            "A feature map is one channel of a layer's output for the image: bright where it found its pattern.",
        )
        self._layers: tuple[Row, ...] = ()
        self._rows: list[MapRow] = []
        self._stale: set[str] = set()
        self._filled = False
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._report_missing)
        # Not connected to `start` itself, which would take the value for an interval.
        self.verticalScrollBar().valueChanged.connect(lambda _: self._soon.start())
        self._placeholder = label("The output of every layer appears here.", "secondary")
        self._placeholder.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._column = column((self._placeholder, 1), gap=2 * SECTION // 3)
        self._column.setContentsMargins(0, 0, SECTION // 2, 0)
        self._column.addStretch(0)
        self.set_content(self._column)

    @property
    def rows(self) -> dict[str, MapRow]:
        """The row of each layer, by its name, from the top."""
        return {row.title: row for row in self._rows}

    @property
    def enlarged(self) -> tuple[str, ...]:
        """The names of the layers of which a map is shown large, in a window of its own."""
        return tuple(row.title for row in self._rows if row.enlarged)

    def show_arithmetic(self, arithmetic: Sequence[LayerArithmetic]) -> None:
        """Shows how the numbers of enlarged maps come about, of the layers of which that is known."""
        known = {one.name: one for one in arithmetic}
        for row in self._rows:
            row.show_arithmetic(known.get(row.title))

    def set_rows(self, layers: Sequence[Row]) -> None:
        """Makes a row for each layer, in this order, with room for its maps; rows stay where all are the same."""
        if self._layers != tuple(layers):
            self._layers = tuple(layers)
            self._rebuild()
            self._stale = set(self.rows)
            self._soon.start()

    def show_outputs(self, layers: Sequence[LayerOutput], newer: bool = True) -> None:
        """Shows the outputs of some layers.

        Args:
            layers: in any order; layers without a row are left out.
            newer: whether they are of another image than before: what the other layers show is out of date then.
        """
        outputs = {layer.name: layer.values for layer in layers}
        if self._filled != bool(self._rows):
            self._show_rows(True)
        self._stale = (set(self.rows) if newer else self._stale).difference(outputs)
        for row in self._rows:
            if row.title in outputs:
                row.set_values(outputs[row.title])
            elif newer and not self._is_seen(row):
                row.keep_room(row.values.shape)
        if self._stale:
            self._soon.start()

    def missing(self) -> tuple[str, ...]:
        """The names of the layers on screen whose maps are not those of the newest image."""
        self._column.activate()  # rows that are new have no places yet
        return tuple(row.title for row in self._rows if row.title in self._stale and self._is_seen(row))

    def seen(self) -> tuple[str, ...]:
        """The names of the layers on screen."""
        return tuple(row.title for row in self._rows if self._is_seen(row))

    def forget(self) -> None:
        """Shows the empty state; the rows stay for the next image."""
        self._stale = set(self.rows)
        self._show_rows(False)
        for row in self._rows:
            row.keep_room(row.values.shape)

    def _show_rows(self, shown: bool) -> None:
        self._filled = shown and bool(self._rows)
        with self._laid_out_once():
            for row in self._rows:
                row.setVisible(self._filled)
        self._placeholder.setVisible(not self._filled)
        self._column.setStretch(self._column.count() - 1, 1 if self._filled else 0)

    def _is_seen(self, row: MapRow) -> bool:
        if row.enlarged:
            return True
        top = self.verticalScrollBar().value()
        return (
            self.isVisible()
            and self._filled
            and row.y() < top + self.viewport().height()
            and row.y() + row.height() > top
        )

    @Slot()
    def _report_missing(self) -> None:
        if self.missing():
            self.rows_missing.emit()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._soon.start()

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._soon.start()

    def _rebuild(self) -> None:
        """Makes as many rows as there are layers; those there are already are used again."""
        with self._laid_out_once():
            while len(self._rows) > len(self._layers):
                row = self._rows.pop()
                row.setParent(None)
                row.deleteLater()
            while len(self._rows) < len(self._layers):
                row = MapRow()
                row.current_changed.connect(partial(self._scroll_to, row))
                row.enlarged_changed.connect(self.arithmetic_wanted)
                row.lab_wanted.connect(self.lab_wanted)
                row.lesson_wanted.connect(self.lesson_wanted)
                self._rows.append(row)
                self._column.insertWidget(self._column.count() - 1, row)
            for number, (row, (name, kind, shape)) in enumerate(zip(self._rows, self._layers, strict=True)):
                lesson = lesson_of(name, kind) or f"A layer of the kind {kind}."
                row.setObjectName(f"layer_row_{number}")
                row.set_header(name, kind_and_shape(kind, shape), f"{lesson} {_HOW}")
                row.keep_room(shape)
        self._show_rows(self._filled)

    @contextmanager
    def _laid_out_once(self) -> Iterator[None]:
        """Keeps Qt from laying all rows out for each of them: with 900, that took over a minute."""
        self._column.setEnabled(False)
        try:
            yield
        finally:
            self._column.setEnabled(True)
            content = self.widget()
            assert content is not None
            QCoreApplication.sendEvent(content, QEvent(QEvent.Type.LayoutRequest))

    def _scroll_to(self, row: MapRow, number: int) -> None:
        if row.hasFocus() and number != NONE:
            tile = row.tile_rectangle(number).translated(row.pos())
            self.ensureVisible(tile.center().x(), tile.center().y(), 0, tile.height())

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up and Down beyond a row's edge go on in the next row."""
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()), 0)
        focused = next((number for number, row in enumerate(self._rows) if row.hasFocus()), None)
        if step and focused is not None:
            if 0 <= focused + step < len(self._rows):
                self._rows[focused + step].setFocus(Qt.FocusReason.TabFocusReason)
            return
        super().keyPressEvent(event)
