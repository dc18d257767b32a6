"""Numbers written by the hundred: a large matrix changes at each move of a slider."""

import functools
from collections.abc import Iterable

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QGlyphRun, QPainter, QRawFont

_SIGNS = "0123456789−.e,"
"""What `number_text` is made of, and the names of places."""
_WIDE = 1000.0


class Digits:
    """Writes short numbers in one font, each laid out once: many times as fast as texts that Qt lays out each time.

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
        self._laid_out = functools.lru_cache(1024)(self._lay_out)

    def draw(self, painter: QPainter, texts: Iterable[tuple[QPointF, str]]) -> None:
        """Writes texts in the colour of the painter's pen, each with its middle at a point."""
        painter.setFont(self._font)
        for middle, text in texts:
            glyphs = self._laid_out(text)
            if glyphs is not None:
                painter.drawGlyphRun(middle, glyphs)
            else:
                place = QRectF(middle.x() - _WIDE / 2, middle.y() - _WIDE / 2, _WIDE, _WIDE)
                painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)

    def _lay_out(self, text: str) -> QGlyphRun | None:
        """The glyphs of a text around its middle; None where it has other signs."""
        if not all(sign in self._glyphs for sign in text):
            return None
        known = [self._glyphs[sign] for sign in text]
        x, places = -sum(advance for _, advance in known) / 2, []
        for _, advance in known:
            places.append(QPointF(x, self._base))
            x += advance
        run = QGlyphRun()
        run.setRawFont(self._raw)
        run.setGlyphIndexes([glyph for glyph, _ in known])
        run.setPositions(places)
        return run


@functools.lru_cache(12)
def digits_of(family: str, size: int) -> Digits:
    """The one for a font."""
    return Digits(family, size)
