"""Pictures that are opened, pasted or dropped."""

from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMimeData
from PySide6.QtGui import QImage, QImageWriter
from PySide6.QtWidgets import QFileDialog

from cnnstudio.data.pictures.open import OPENED_ENDINGS

# The dialogs of GTK and of the desktop portals distinguish upper from lower case; cameras write IMG_0001.JPG.
PICTURE_FILES = f"Pictures ({' '.join(f'*{ending} *{ending.upper()}' for ending in OPENED_ENDINGS)})"
"""What a dialog for files shows."""

NO_ENDINGS = QFileDialog.Option.HideNameFilterDetails
"""For a dialog with `PICTURE_FILES`: the endings, too many to read, are not named in it."""

NOTHING_TO_PASTE = "There is no picture in the clipboard. Copy one in another program first, then paste it here."

_ENCODED = ("image/png", "image/jpeg", "image/heic", "image/avif", "image/webp", "image/tiff")
"""Files that the clipboard may hold. Qt reads some of them, too, but leaves photos lying as the camera was held."""


def pictures_in(data: QMimeData | None) -> list[Path | bytes]:
    """The files and folders, or else the bytes of the one picture, that were pasted or dropped; None is nothing."""
    if data is None:
        return []
    files: list[Path | bytes] = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
    if files:
        return files
    for kind in _ENCODED:
        if data.hasFormat(kind):
            return [bytes(data.data(kind).data())]
    picture = data.imageData()
    return [_tiff(picture)] if isinstance(picture, QImage) and not picture.isNull() else []


def _tiff(picture: QImage) -> bytes:
    """The picture as a file, not compressed: to make a PNG file of a screenshot takes a second."""
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QImageWriter(buffer, QByteArray(b"tiff"))
    writer.setCompression(0)
    writer.write(picture.convertToFormat(QImage.Format.Format_RGBA8888))  # what Pillow reads of it for sure
    return bytes(data.data())
