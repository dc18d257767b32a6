"""How a training goes: loss above accuracy, over the epochs."""

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Slot
from PySide6.QtGui import QAction, QGuiApplication, QHelpEvent, QImage, QKeyEvent, QKeySequence, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from cnnstudio.gui.controls.buttons import MenuButton
from cnnstudio.gui.controls.describe import describe, label
from cnnstudio.gui.controls.layouts import column, row
from cnnstudio.gui.controls.saving import Format, picture_of, png, save_as, svg_of
from cnnstudio.gui.look.theme import GAP, GRID, FollowsTheme, colours, icon
from cnnstudio.gui.widgets.charts.curves import TRAINING, VALIDATION, CurveLegend, MeasurePlot
from cnnstudio.gui.widgets.items import focus_pen

_STRETCHES = (6, 7)
"""By which Qt shares out the height so that the plot of the loss is 1.5 times as high as that of the accuracy."""


class TrainingPlot(FollowsTheme, QWidget):
    """Two plots over a common axis of epochs, with a cursor that reads the numbers.

    The wheel zooms, dragging moves, a double click shows everything again; the left and right arrow keys move the
    cursor. The context menu saves picture and data.

    Attributes:
        loss: the upper plot.
        accuracy: the lower plot.
    """

    plots: tuple[MeasurePlot, ...] = ()

    def __init__(self) -> None:
        super().__init__()
        describe(
            self,
            "training_plot",
            "Loss and accuracy",
            "The loss says how wrong the network's answers are, the accuracy how many are right. The loss should fall; "
            "where validation gets worse while training gets better, the network overfits: it memorises images.",
        )
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        self.loss = MeasurePlot("Loss (cross-entropy)")
        self.accuracy = MeasurePlot("Accuracy (%)", "Epoch", is_share=True)
        self.plots = (self.loss, self.accuracy)
        self._per_epoch = 1
        self._before = 0
        self._cursor: float | None = None
        self._zoomed = False
        self._build()
        self._add_actions()
        self.follow_theme()

    def _build(self) -> None:
        self._view = pg.GraphicsLayoutWidget(self)
        self._view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._view.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self._view.ci.layout.setContentsMargins(0, 0, GAP, 0)
        self._view.ci.layout.setVerticalSpacing(GAP)
        self._legend = CurveLegend(self.loss)
        self._view.ci.addItem(self._legend, 0, 0)
        for place, (plot, stretch) in enumerate(zip(self.plots, _STRETCHES, strict=True), start=1):
            self._view.ci.addItem(plot, place, 0)
            self._view.ci.layout.setRowStretchFactor(place, stretch)
            plot.area.sigRangeChangedManually.connect(self._zoom)
        self.accuracy.area.setXLink(self.loss.area)
        self.loss.bottom.setStyle(showValues=False)
        self._view.scene().sigMouseMoved.connect(self._point_at)
        self._view.scene().sigMouseClicked.connect(self._clicked)
        self._readout = label(role="small", name="plot_readout", wrap=False)
        self._readout.setAccessibleName("Value under the cursor")
        self._readout.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._readout.setContentsMargins(GAP, 0, 0, 0)
        self._readout.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._readout.setFixedHeight(4 * GRID + GAP // 2)
        self._menu = MenuButton("plot_menu_button", "Save the curves", "Saves the curves as a picture or as numbers.")
        self._menu.setIcon(icon("save"))
        keeps = self._menu.sizePolicy()
        keeps.setRetainSizeWhenHidden(True)
        self._menu.setSizePolicy(keeps)
        top = row((self._readout, 1), (self._menu, 0, Qt.AlignmentFlag.AlignTop))
        self.setLayout(column(top, (self._view, 1), gap=GAP // 2, edge=4))

    def _add_actions(self) -> None:
        rows = (
            ("copy_picture", "Copy picture", "copy", QKeySequence.StandardKey.Copy, self._copy_picture),
            ("save_picture", "Save picture…", "image", None, self._save_picture),
            ("save_data", "Save data…", "save", None, self._save_data),
            ("show_everything", "Show everything", "reset", Qt.Key.Key_Home, self.show_everything),
        )
        separator = QAction(self)
        separator.setSeparator(True)
        for name, text, icon_name, key, slot in rows:
            action = QAction(icon(icon_name), text, self)
            action.setObjectName(f"{name}_action")
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            if key is not None:
                action.setShortcut(QKeySequence(key))
            action.triggered.connect(slot)
            self.addAction(action)
        self.insertAction(self.actions()[-1], separator)
        self._logarithmic = QAction("Logarithmic loss", self)
        self._logarithmic.setObjectName("logarithmic_action")
        self._logarithmic.setCheckable(True)
        self._logarithmic.toggled.connect(self.loss.set_logarithmic)
        self.addAction(self._logarithmic)
        self._menu.menu().addActions(self.actions())

    # What the page uses.

    @property
    def epochs_before(self) -> int:
        """Epochs of the trainings that the one which is shown goes on from."""
        return self._before

    def reset(self, epochs: int, batches_per_epoch: int, goes_on: bool = False) -> None:
        """Empties both plots for a new training.

        Args:
            epochs: how many are planned, at least 1.
            batches_per_epoch: 0 where that is not known yet; then `reset` is called again before the first batch.
            goes_on: whether it goes on from the training that is shown, whose curves then stay before its own; not
                where that has other batches, or ended within an epoch.
        """
        done = len(self.loss.epochs[TRAINING])
        stays = goes_on and batches_per_epoch == self._per_epoch and len(self.loss.batches) == done * self._per_epoch
        self._before = done if stays else 0
        self._per_epoch = max(1, batches_per_epoch)
        self._cursor = None
        self._zoomed = False
        for plot in self.plots:
            plot.reading_line.hide()
            plot.reset(epochs, self._per_epoch, self._before)
        self._readout.setText("")

    def add_batches(self, first: int, loss: np.ndarray, accuracy: np.ndarray) -> None:
        """Adds some batches.

        Args:
            first: number of the first of them, counted from 0 in each training.
            loss: (n,) the loss of each.
            accuracy: (n,) the share of each that was right, 0–1.
        """
        for plot, numbers in zip(self.plots, (loss, accuracy), strict=True):
            plot.add_batches(self._before * self._per_epoch + first, numbers)
            if not self._zoomed and plot.grows_beyond(numbers):
                plot.show_all()
        self._read_out()

    def add_epoch(self, epoch: int, loss: float, accuracy: float, val_loss: float, val_accuracy: float) -> None:
        """Adds an epoch.

        Args:
            epoch: its number, counted from 0 in each training.
            loss: mean over its batches.
            accuracy: share of its images that were right, 0–1.
            val_loss: on the validation images.
            val_accuracy: on the validation images, 0–1.
        """
        self.loss.add_epoch(self._before + epoch, loss, val_loss)
        self.accuracy.add_epoch(self._before + epoch, accuracy, val_accuracy)
        if not self._zoomed:
            for plot in self.plots:
                plot.show_all()
        self._read_out()

    @Slot()
    def show_everything(self) -> None:
        """Undoes any zoom."""
        self._zoomed = False
        self.loss.area.setXRange(*self.loss.area.state["limits"]["xLimits"], padding=0)
        for plot in self.plots:
            plot.show_all()

    # Drawing.

    @Slot()
    def _zoom(self) -> None:
        self._zoomed = True

    @override
    def event(self, event: QEvent) -> bool:
        """Follows a change of screen; keeps the tooltip off the plots, where it would hide what is pointed at."""
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self.follow_theme()
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip and self._view.underMouse():
            return True
        return super().event(event)

    @override
    def follow_theme(self) -> None:
        for plot in self.plots:
            plot.follow_theme(self.devicePixelRatioF())
        self._legend.follow_theme()
        self._view.setBackground(colours().window)  # without one, it keeps that of the theme before

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        if self.hasFocus():
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(focus_pen())
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 6, 6)
            painter.end()

    # The cursor.

    @Slot(object)
    def _point_at(self, place: QPointF) -> None:
        for plot in self.plots:
            if plot.area.sceneBoundingRect().contains(place):
                self._set_cursor(plot.area.mapSceneToView(place).x())
                return
        self._set_cursor(None)

    @Slot(object)
    def _clicked(self, event: object) -> None:
        if event.double() and event.button() == Qt.MouseButton.LeftButton:  # type: ignore[attr-defined]
            self.show_everything()

    def _set_cursor(self, epoch: float | None) -> None:
        self._cursor = epoch
        for plot in self.plots:
            plot.reading_line.setVisible(epoch is not None)
            if epoch is not None:
                plot.reading_line.setPos(epoch)
        self._read_out()

    def _read_out(self) -> None:
        """Shows the numbers of the batch and the epoch at the cursor, or of the latest ones."""
        count, epochs = len(self.loss.batches), len(self.loss.epochs[TRAINING])
        if not count:
            return
        batch, epoch = count, epochs
        if self._cursor is not None:
            batch = min(max(round(self._cursor * self._per_epoch), 1), count)
            epoch = min(max(round(self._cursor), 1), epochs)
        loss, accuracy = (plot.text_of(plot.batches[batch - 1]) for plot in self.plots)
        text = f"Batch {batch:,}: loss {loss}, accuracy {accuracy}"
        if epoch:
            training, validation = (
                ", ".join(plot.text_of(plot.epochs[series][epoch - 1]) for plot in self.plots)
                for series in (TRAINING, VALIDATION)
            )
            text += f"\nEpoch {epoch}: loss {training}  ·  validation {validation}"
        self._readout.setText(text)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        (left, right), _ = self.loss.area.viewRange()
        step = max(1 / self._per_epoch, (right - left) / 200)
        start = right if self._cursor is None else self._cursor
        if event.key() == Qt.Key.Key_Left:
            self._set_cursor(max(left, start - step))
        elif event.key() == Qt.Key.Key_Right:
            self._set_cursor(min(right, start + step))
        elif event.key() == Qt.Key.Key_Escape and self._cursor is not None:
            self._set_cursor(None)
        else:
            super().keyPressEvent(event)

    @override
    def leaveEvent(self, event: QEvent) -> None:
        self._set_cursor(None)
        super().leaveEvent(event)

    # Saving.

    def data_as_csv(self) -> str:
        """All numbers as CSV: series, epoch (a batch's is fractional), batch, loss, accuracy (0–1)."""
        text = io.StringIO()
        table = csv.writer(text, lineterminator="\n")
        table.writerow(("series", "epoch", "batch", "loss", "accuracy"))
        for name, step, columns in (
            ("batch", 1, [plot.batches for plot in self.plots]),
            ("training", self._per_epoch, [plot.epochs[TRAINING] for plot in self.plots]),
            ("validation", self._per_epoch, [plot.epochs[VALIDATION] for plot in self.plots]),
        ):
            for number, (loss, accuracy) in enumerate(zip(*columns, strict=True), start=1):
                batch = number * step
                table.writerow((name, f"{batch / self._per_epoch:.6g}", batch, f"{loss:.7g}", f"{accuracy:.7g}"))
        return text.getvalue()

    @contextmanager
    def _without_button(self) -> Iterator[None]:
        self._menu.hide()
        yield
        self._menu.show()

    def picture(self) -> QImage:
        """The curves, without the button."""
        with self._without_button():
            return picture_of(self)

    def drawing(self) -> bytes:
        """The curves, without the button, as an SVG file."""
        with self._without_button():
            return svg_of(self)

    @Slot()
    def _copy_picture(self) -> None:
        QGuiApplication.clipboard().setImage(self.picture())

    @Slot()
    def _save_picture(self) -> None:
        formats = (
            Format(".png", "PNG picture", lambda: png(self.picture())),
            Format(".svg", "SVG drawing", self.drawing),
        )
        save_as(self, "Save picture", "training", formats)

    @Slot()
    def _save_data(self) -> None:
        formats = (Format(".csv", "CSV table", lambda: self.data_as_csv().encode()),)
        save_as(self, "Save data", "training", formats)

    @override
    def sizeHint(self) -> QSize:
        return QSize(560, 520)
