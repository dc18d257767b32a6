"""Numbers written many at once: a matrix of hundreds that changes at each move of a slider."""

import functools
from collections.abc import Iterable

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QGlyphRun, QPainter, QRawFont

_SIGNS = "0123456789−.e"
"""What `number_text` is made of."""
_WIDE = 1000.0


class Digits:
    """Writes short numbers in one font, all of a colour in one go: six times as fast as text by text.

    Args:
        family: of the font.
        size: of its letters, in device-independent pixels.
    """

    def __init__(self, family: str, size: int) -> None:
        self._font = QFont(family)
        self._font.setPixelSize(size)
        self._raw = QRawFont.fromFont(self._font)
        glyphs = self._raw.glyphIndexesForString(_SIGNS)
        advances = [advance.x() for advance in self._raw.advancesForGlyphIndexes(glyphs)]
        # A sign that the font does not have (glyph 0) is written as any other text: Qt takes it from another font.
        known = zip(_SIGNS, glyphs, advances, strict=False) if len(glyphs) == len(_SIGNS) else ()
        self._glyphs = {sign: (glyph, advance) for sign, glyph, advance in known if glyph}
        self._base = (self._raw.ascent() - self._raw.descent()) / 2
        self._laid_out = functools.lru_cache(4096)(self._lay_out)

    def draw(self, painter: QPainter, texts: Iterable[tuple[QPointF, str]]) -> None:
        """Writes texts in the colour of the painter's pen, each with its middle at a point."""
        glyphs: list[int] = []
        places: list[QPointF] = []
        painter.setFont(self._font)
        for middle, text in texts:
            laid_out = self._laid_out(text)
            if laid_out is None:
                x, y = middle.x() - _WIDE / 2, middle.y() - _WIDE / 2
                painter.drawText(QRectF(x, y, _WIDE, _WIDE), Qt.AlignmentFlag.AlignCenter, text)
                continue
            x, y = middle.x(), middle.y() + self._base
            glyphs += laid_out[0]
            places += [QPointF(x + offset, y) for offset in laid_out[1]]
        if glyphs:
            run = QGlyphRun()
            run.setRawFont(self._raw)
            run.setGlyphIndexes(glyphs)
            run.setPositions(places)
            painter.drawGlyphRun(QPointF(), run)

    def _lay_out(self, text: str) -> tuple[list[int], list[float]] | None:
        """The glyphs of a text and where they begin, seen from its middle; None where it has other signs."""
        if not all(sign in self._glyphs for sign in text):
            return None
        known = [self._glyphs[sign] for sign in text]
        x = -sum(advance for _, advance in known) / 2
        offsets = []
        for _, advance in known:
            offsets.append(x)
            x += advance
        return [glyph for glyph, _ in known], offsets


@functools.lru_cache(64)
def digits_of(family: str, size: int) -> Digits:
    """The one for a font."""
    return Digits(family, size)
