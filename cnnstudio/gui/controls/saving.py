"""Saving a picture or a table where the user says."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QAction, QImage, QImageWriter, QPainter
from PySide6.QtWidgets import QFileDialog, QGraphicsItem, QGraphicsView, QMessageBox, QWidget

from cnnstudio.errors import reason
from cnnstudio.gui.look.theme import colours, icon
from cnnstudio.storage import write_atomically


@dataclass(frozen=True)
class Format:
    """A file format.

    Attributes:
        suffix: of its files, with the dot.
        title: what the dialog calls it.
        content: makes the whole content of a file.
    """

    suffix: str
    title: str
    content: Callable[[], bytes]


def png(image: QImage) -> bytes:
    """The image as a PNG file."""
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    QImageWriter(buffer, QByteArray(b"png")).write(image)
    return bytes(data.data())


def picture_of(widget: QWidget) -> QImage:
    """A picture of a widget on the theme's ground, two pixels per device-independent pixel."""
    image = QImage(widget.size() * 2, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(2)
    image.fill(colours().window)
    widget.render(image)
    return image


def svg(size: QSize, paint: Callable[[QPainter], object], title: str) -> bytes:
    """What is painted in an area of a size, as an SVG file."""
    from PySide6.QtSvg import QSvgGenerator

    data = QByteArray()
    buffer = QBuffer(data)
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setTitle(title)
    generator.setSize(size)
    generator.setViewBox(QRect(QPoint(), size))
    painter = QPainter(generator)
    paint(painter)
    painter.end()
    return bytes(data.data())


def svg_of(widget: QWidget) -> bytes:
    """A widget on the theme's ground as an SVG file, in which what a scene keeps as pictures is drawn, too."""
    scenes = (view.scene() for view in widget.findChildren(QGraphicsView))
    kept = [(item, item.cacheMode()) for scene in scenes for item in scene.items()]

    def paint(painter: QPainter) -> None:
        painter.fillRect(widget.rect(), colours().window)
        widget.render(painter, QPoint())

    for item, _ in kept:
        item.setCacheMode(QGraphicsItem.CacheMode.NoCache)
    try:
        return svg(widget.size(), paint, widget.accessibleName())
    finally:
        for item, mode in kept:
            item.setCacheMode(mode)


def in_last_folder(name: str) -> str:
    """The path of a new file in the folder where the last dialog ended: where the next one begins."""
    return QFileDialog().directory().filePath(name)


def save_as(parent: QWidget, title: str, name: str, formats: tuple[Format, ...]) -> str:
    """Asks where to, and in which format, then saves there; says so where that fails.

    Args:
        parent: the dialog's parent.
        title: the dialog's title.
        name: the suggested file name, without suffix.
        formats: what can be chosen; the first one is suggested.

    Returns:
        The file's path; empty where nothing was saved.
    """
    filters = {f"{one.title} (*{one.suffix})": one for one in formats}
    start = in_last_folder(name + formats[0].suffix)
    path, chosen = QFileDialog.getSaveFileName(parent, title, start, ";;".join(filters))
    if not path:
        return ""
    by_suffix = {one.suffix: one for one in formats}
    form = by_suffix.get(Path(path).suffix.lower())
    if form is None:
        form = filters.get(chosen, formats[0])
        path += form.suffix
    try:
        write_atomically(Path(path), form.content())
    except OSError as error:
        QMessageBox.warning(parent, "Not saved", f"{path} could not be written: {reason(error)}. Choose another place.")
        return ""
    return path


def offer_saving(chart: QWidget, name: str, copy: Callable[[], None], save: Callable[..., None]) -> None:
    """Gives a chart a menu to copy it, and to save it and its numbers.

    Args:
        chart: whose menu it is.
        name: begins the `objectName` of each action.
        copy: copies the picture.
        save: called as `save(numbers=…)`, saves the numbers or the picture.
    """
    chart.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
    for key, text, picture, act in (
        ("copy_picture", "Copy picture", "copy", copy),
        ("save_picture", "Save picture…", "image", partial(save, numbers=False)),
        ("save_data", "Save data…", "save", partial(save, numbers=True)),
    ):
        action = QAction(icon(picture), text, chart)
        action.setObjectName(f"{name}_{key}")
        action.triggered.connect(act)
        chart.addAction(action)
