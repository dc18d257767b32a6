"""Any number of small images in lines, of which only those on screen are ever read and painted.

Painted by hand, a line of images as one picture that is made once: of 60,000 digits, a list view with a delegate took
ten times as long (0.6 s) to lay out at each change of its width, and four times as long or more to paint a frame.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout
from typing_extensions import override

from cnnstudio.errors import reason
from cnnstudio.gui.controls.describe import describe, label
from cnnstudio.gui.controls.forms import slider
from cnnstudio.gui.controls.layouts import row
from cnnstudio.gui.look.theme import GRID, colours, small_font, to_colours
from cnnstudio.gui.widgets.items import NONE, ItemArea, Lines, focus_pen, paint_placeholder, paint_tiles

SMALLEST, LARGEST = 3 * GRID, 24 * GRID
"""Sides of a thumbnail, in device-independent pixels."""

EDGE = GRID // 2
"""Left of the first thumbnail and above the first line, in device-independent pixels; the least gap between two."""

LABEL = 2 * GRID
"""Height of the line below a thumbnail that says what it is, in device-independent pixels."""

_LABEL_WIDTH = 11 * GRID
"""Room that such a line has, at least."""

_UNLABELLED = 6 * GRID
"""Thumbnails that are smaller have no such line: they are for an overview."""

_MARKS = {True: ("✓ ", "good"), False: ("✗ ", "error"), None: ("", "secondary")}
"""What begins a label, and its colour in the theme, by whether it is right."""

_NO_LINES = Lines(count=0, columns=1, width=1, height=1, across=1, down=1)
_CACHE_BYTES = 96 * 2**20
_SECONDS_A_FRAME = 0.006
"""So long one frame may make new lines; those that are still missing come with the next one."""


@dataclass(frozen=True)
class Label:
    """What stands below a thumbnail.

    Attributes:
        text: a few words.
        right: whether that is right or wrong, which a mark shows; None where nobody knows.
    """

    text: str
    right: bool | None = None


@dataclass(frozen=True, eq=False)
class ThumbnailSource:
    """Where a grid has its images from.

    Attributes:
        count: how many there are.
        shape: (height, width, channels) of each.
        read: takes places, (n,) whole numbers from 0 to `count` - 1, and gives (n, height, width, channels) uint8.
        caption: what is said of the image at a place.
        label: what stands below it; None where nothing does.
    """

    count: int
    shape: tuple[int, int, int]
    read: Callable[[np.ndarray], np.ndarray]
    caption: Callable[[int], str]
    label: Callable[[int], Label] | None = None


class ThumbnailGrid(ItemArea):
    """Thumbnails in lines; wheel, keys and scroll bar move through them, a click or Enter opens one.

    Args:
        placeholder: what stands there while there are no images.
    """

    side_changed = Signal(int)
    """Thumbnails have another size, in device-independent pixels."""
    failed = Signal(str)
    """Images could not be read, and why; emitted once for each `set_images`."""

    def __init__(self, placeholder: str = "There are no images.") -> None:
        super().__init__()
        describe(
            self,
            "thumbnail_grid",
            "Images",
            "Click an image, or press Enter on it, to see it as numbers. Ctrl and the wheel make thumbnails larger.",
        )
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self._placeholder = placeholder
        self._source: ThumbnailSource | None = None
        self._side = 7 * GRID
        self._problem = ""
        self._lines = _NO_LINES  # in pixels of the screen
        self._pictures: OrderedDict[int, QImage] = OrderedDict()

    @property
    def source(self) -> ThumbnailSource | None:
        """Where the images are from; None where there are none."""
        return self._source

    @property
    def side(self) -> int:
        """The desired longer side of a thumbnail, in device-independent pixels."""
        return self._side

    def set_placeholder(self, text: str) -> None:
        """Sets what stands there while there are no images."""
        self._placeholder = text
        self.viewport().update()

    def set_images(self, source: ThumbnailSource | None) -> None:
        """Shows other images from the first one on, or the placeholder."""
        self.hover(NONE)
        super().set_current(NONE)
        self._source, self._problem = source, ""
        self.verticalScrollBar().setValue(0)
        self._lay_out()

    def set_side(self, side: int) -> None:
        """Makes thumbnails larger or smaller; the images that are seen stay in sight."""
        side = min(max(side, SMALLEST), LARGEST)
        if side != self._side:
            self._side = side
            self._lay_out()
            self.side_changed.emit(side)

    def fill(self, count: int, least: int) -> None:
        """Makes thumbnails as large as so many of them can be on one page, and `least` pixels, at least."""
        if self._source is None:
            return
        ratio, height = self.devicePixelRatioF(), self.viewport().height()
        for side in (*range(LARGEST, least, -GRID), least):
            labelled = self._source.label is not None and side >= _UNLABELLED
            lines = lay_out(self._source.shape, count, side, self.viewport().width(), ratio, labelled=labelled)
            if lines.line_count * lines.down + round(EDGE * ratio) <= height * ratio:
                break
        self.set_side(side)

    def set_current(self, item: int) -> None:
        """Outlines an image and scrolls to it; -1 outlines none."""
        super().set_current(item)
        self.reveal(self.current)

    # Where the images lie.

    @property
    def _labelled(self) -> bool:
        return self._source is not None and self._source.label is not None and self._side >= _UNLABELLED

    def _lay_out(self) -> None:
        """Lays out all lines anew; the image at the top stays at the top."""
        bar, ratio, before = self.verticalScrollBar(), self.devicePixelRatioF(), self._lines
        first = round(bar.value() * ratio) // before.down * before.columns
        self._pictures.clear()
        self._lines = _NO_LINES
        bar.setRange(0, 0)
        if self._source is not None and self._source.count:
            width, height = self.viewport().width(), self.viewport().height()
            lines = lay_out(self._source.shape, self._source.count, self._side, width, ratio, labelled=self._labelled)
            total = -(-(lines.line_count * lines.down + round(EDGE * ratio)) // ratio)
            bar.setRange(0, max(0, int(total) - height))
            bar.setPageStep(max(1, height))
            bar.setSingleStep(max(1, round(lines.down / ratio / 2)))
            bar.setValue(round(first // lines.columns * lines.down / ratio))
            self._lines = lines
        bar.setVisible(bar.maximum() > 0)  # its room stays: the layout depends on the width
        self.viewport().update()

    def _top(self) -> int:
        """The top of the first line in the viewport, in screen pixels."""
        ratio = self.devicePixelRatioF()
        return round(EDGE * ratio) - round(self.verticalScrollBar().value() * ratio)

    def item_count(self) -> int:
        """How many images there are."""
        return self._source.count if self._source else 0

    def columns(self) -> int:
        """How many images there are in a line."""
        return self._lines.columns

    def lines_on_page(self) -> int:
        """How many lines the viewport has room for."""
        height = round(self.viewport().height() * self.devicePixelRatioF())
        return max(1, height // self._lines.down)

    def first_item(self) -> int:
        """The first image of the first line on screen."""
        return max(0, -self._top() // self._lines.down * self._lines.columns)

    def item_rectangle(self, item: int) -> QRectF:
        """Where an image lies in the viewport, in device-independent pixels."""
        ratio, place = self.devicePixelRatioF(), QRectF(self._lines.rectangle(item))
        place.translate(round(EDGE * ratio), self._top())
        return QRectF(place.topLeft() / ratio, place.size() / ratio)

    def item_at(self, position: QPointF) -> int:
        """The image at a point of the viewport; -1 where there is none."""
        ratio = self.devicePixelRatioF()
        return self._lines.item_at(position.x() * ratio - round(EDGE * ratio), position.y() * ratio - self._top())

    def item_text(self, item: int) -> str:
        """The image's caption."""
        return self._source.caption(item) if self._source else ""

    def reveal(self, item: int) -> None:
        """Scrolls to an image."""
        if item == NONE:
            return
        bar, shown = self.verticalScrollBar(), self.item_rectangle(item)
        shown.setHeight(shown.height() + (LABEL if self._labelled else 0))
        if shown.top() < EDGE:
            bar.setValue(bar.value() + int(shown.top()) - EDGE)
        elif shown.bottom() > self.viewport().height() - EDGE:
            bar.setValue(bar.value() + int(shown.bottom()) + 1 - self.viewport().height() + EDGE)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out()

    @override
    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._lay_out()
        return super().event(event)

    # Painting.

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        if not self.item_count():
            paint_placeholder(painter, self.viewport().rect(), self._placeholder)
            painter.end()
            return
        ratio, top = self.devicePixelRatioF(), self._top()
        deadline = time.perf_counter() + _SECONDS_A_FRAME
        for number in self._lines.lines_between(-top, round(self.viewport().height() * ratio) - top):
            if number not in self._pictures and time.perf_counter() > deadline:
                QTimer.singleShot(0, self.viewport().update)
                break
            picture = self._picture(number)
            if picture is not None:
                picture.setDevicePixelRatio(ratio)
                painter.drawImage(QPointF(round(EDGE * ratio), top + number * self._lines.down) / ratio, picture)
            if self._labelled:
                self._paint_labels(painter, number)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        hovered = QPen(QColor(colours().secondary), 1)
        for item, pen in (
            (self.hovered, hovered),
            (self.current, focus_pen() if self.hasFocus() else QPen(hovered.color(), 2)),
        ):
            if item != NONE:
                painter.setPen(pen)
                margin = pen.widthF() / 2 + 1
                painter.drawRoundedRect(self.item_rectangle(item).adjusted(-margin, -margin, margin, margin), 3, 3)
        if self.hasFocus() and self.current == NONE:
            painter.setPen(focus_pen())
            painter.drawRoundedRect(QRectF(self.viewport().rect()).adjusted(1, 1, -1, -1), EDGE, EDGE)
        painter.end()

    def _paint_labels(self, painter: QPainter, line: int) -> None:
        """Writes what stands below the thumbnails of a line."""
        if self._source is None or self._source.label is None:
            return
        theme, columns = colours(), self._lines.columns
        painter.setFont(small_font(self.font()))
        metrics, width = painter.fontMetrics(), self._lines.across / self.devicePixelRatioF() - EDGE
        for item in range(line * columns, min((line + 1) * columns, self._source.count)):
            label, tile = self._source.label(item), self.item_rectangle(item)
            mark, colour = _MARKS[label.right]
            place = QRectF(tile.left(), tile.bottom() + 1, width, LABEL)
            painter.setPen(QColor(getattr(theme, colour)))
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, mark)
            room = place.adjusted(metrics.horizontalAdvance(mark), 0, 0, 0)
            text = metrics.elidedText(label.text, Qt.TextElideMode.ElideMiddle, int(room.width()))
            painter.setPen(QColor(theme.text if label.right is False else theme.secondary))
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, text)

    def _picture(self, line: int) -> QImage | None:
        """The picture of a line, made if need be; None where its images cannot be read."""
        if line in self._pictures:
            self._pictures.move_to_end(line)
            return self._pictures[line]
        if self._source is None or self._problem:
            return None
        start = line * self._lines.columns
        places = np.arange(start, min(start + self._lines.columns, self._source.count))
        try:
            picture = paint_line(self._source.read(places), self._lines)
        except OSError as error:
            self._problem = reason(error)
            QTimer.singleShot(0, self._report_problem)  # not while it is painted
            return None
        self._pictures[line] = picture
        if len(self._pictures) * picture.sizeInBytes() > _CACHE_BYTES:
            self._pictures.popitem(last=False)
        return picture

    @Slot()
    def _report_problem(self) -> None:
        self.failed.emit(self._problem)

    @override
    def scrollContentsBy(self, dx: int, dy: int) -> None:
        self.hover(NONE)
        self.viewport().update()

    # Sizes.

    def step_zoom(self, direction: int, position: QPointF) -> None:  # noqa: ARG002
        """Makes thumbnails larger or smaller by a step."""
        self.set_side(self._side + direction * GRID)


def lay_out(shape: tuple[int, ...], count: int, side: int, room: int, ratio: float, *, labelled: bool = False) -> Lines:
    """Lays thumbnails out: small images by whole numbers of screen pixels a pixel, large ones made to fit.

    Args:
        shape: (height, width, …) of an image.
        count: how many there are.
        side: the desired longer side of a thumbnail, in device-independent pixels.
        room: width of a line, in device-independent pixels.
        ratio: screen pixels per device-independent pixel.
        labelled: whether there is room for a label below each.

    Returns:
        Lines whose lengths are in screen pixels.
    """
    longest = max(shape[0], shape[1])
    desired = max(1, round(side * ratio))
    share = round(desired / longest) if desired >= longest else desired / longest
    height, width = max(1, round(shape[0] * share)), max(1, round(shape[1] * share))
    edge = round(EDGE * ratio)
    available = int(room * ratio) - 2 * edge
    place = max(width, round(_LABEL_WIDTH * ratio)) if labelled else width
    columns = max(1, (available + edge) // (place + edge))
    gap = edge if columns == 1 else min(max(edge, (available - columns * place) // (columns - 1)), 3 * edge)
    below = edge + (round(LABEL * ratio) if labelled else 0)
    return Lines(count, columns, width, height, place + gap, height + below)


def paint_line(images: np.ndarray, lines: Lines) -> QImage:
    """A picture of a line of thumbnails, transparent between them.

    Args:
        images: (n, height, width, 1 or 3) uint8, `lines.columns` at most.
        lines: how they lie.
    """
    if lines.height < images.shape[1]:
        images = _shrunk(images, lines.height, lines.width)
    return paint_tiles(_as_colours(images), lines)


def _shrunk(images: np.ndarray, height: int, width: int) -> np.ndarray:
    """Images as small as thumbnails, each pixel the mean of about its area: fast rather than exact, for the eye."""
    flat = images[..., 0] if images.shape[-1] == 1 else images
    small = [
        np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.BOX, reducing_gap=1.0))
        for image in flat
    ]
    return np.stack(small).reshape(len(images), height, width, -1)


def _as_colours(images: np.ndarray) -> np.ndarray:
    """(n, height, width, 1 or 3) uint8 → (n, height, width) uint32 as 0xffrrggbb."""
    if images.shape[-1] == 1:
        return to_colours(images[..., 0])
    red, green, blue = np.moveaxis(images.astype(np.uint32), -1, 0)
    return 0xFF000000 | red << 16 | green << 8 | blue


def size_slider(grid: ThumbnailGrid, name: str) -> QHBoxLayout:
    """Makes a slider, of this `objectName`, for the size of a grid's thumbnails, with its caption."""
    made = slider(
        name,
        "Size of the thumbnails",
        "Makes the thumbnails larger or smaller; so does Ctrl with the wheel. The images stay as they are.",
        (SMALLEST, LARGEST),
        grid.set_side,
    )
    made.setSingleStep(GRID)
    made.setPageStep(2 * GRID)
    made.setFixedWidth(16 * GRID)
    made.setValue(grid.side)
    grid.side_changed.connect(made.setValue)
    return row(label("Size", "secondary"), made)
