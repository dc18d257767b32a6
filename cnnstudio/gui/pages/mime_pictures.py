"""Pictures that are pasted or dropped."""

from pathlib import Path

from PySide6.QtCore import QBuffer, QMimeData
from PySide6.QtGui import QImage

PICTURE_FILES = "Pictures (*.png *.jpg *.jpeg *.bmp *.gif *.tif *.tiff *.webp *.avif *.ppm *.pgm)"
"""What a dialog for files shows."""


def pictures_in(data: QMimeData) -> list[Path | bytes]:
    """The files and folders, or else the bytes of the one picture, that somebody pastes or drops."""
    files: list[Path | bytes] = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
    picture = data.imageData() if data.hasImage() and not files else None
    if not isinstance(picture, QImage) or picture.isNull():
        return files
    buffer = QBuffer()
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    picture.save(buffer, "PNG")  # type: ignore[call-overload]  # the stubs want bytes, Qt wants text
    return [bytes(buffer.data().data())]
