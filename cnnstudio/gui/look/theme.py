"""The look: colours in light and dark, sizes, fonts, icons, and pictures of arrays.

Nothing here keeps state of its own: `colours()` reads off the application's palette which of the two themes is on.
A widget that paints itself asks for `colours()` in its `paintEvent`; one that keeps colours elsewhere (a plot) is a
`FollowsTheme`, or asks again in its `changeEvent` when `event.type() == QEvent.Type.PaletteChange`. Icons follow by
themselves.

What a stylesheet rule is bound to is said with a property, `widget.setProperty("role", …)`:

* buttons (`QPushButton`, `QToolButton`): "primary" (the one accent button of a page), "quiet" (no frame), "chip"
  (checkable, in a row), "rail" (the main window's own);
* labels: "heading", "strong", "secondary", "small" (secondary and smaller), "error";
* frames (`QFrame`): "panel" (a surface to put things on), "info" and "error" (message bars).
"""

import functools
from dataclasses import asdict, dataclass

import numpy as np
from PySide6.QtCore import QByteArray, QEvent, QObject, QRect, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontInfo,
    QGuiApplication,
    QIcon,
    QIconEngine,
    QImage,
    QPainter,
    QPalette,
    QPen,
    QPixmap,
    QPixmapCache,
    QShowEvent,
)
from PySide6.QtWidgets import QApplication
from typing_extensions import override

from cnnstudio.gui.look.stylesheet import stylesheet
from cnnstudio.storage import shipped

GRID = 8
"""Every distance is a multiple of it, in device-independent pixels."""
GAP = GRID
"""Between things that belong together."""
SECTION = 3 * GRID
"""Between groups, and from a page's content to the page's edge."""

THEMES: dict[str, tuple[str, Qt.ColorScheme]] = {
    "system": ("Same as system", Qt.ColorScheme.Unknown),
    "light": ("Light", Qt.ColorScheme.Light),
    "dark": ("Dark", Qt.ColorScheme.Dark),
}
"""Every theme that can be chosen: its title and Qt's colour scheme."""


@dataclass(frozen=True)
class Colours:
    """The few colours that palette and stylesheet are built from, as `#rrggbb`.

    Attributes:
        window: behind everything.
        rail: behind the page rail.
        surface: what one types or draws on, and panels.
        hover: a quiet control under the pointer, an unfilled progress bar.
        border: the edge of a control.
        text: the reading text.
        secondary: text that explains; readable like `text` (at least 4.5 : 1).
        disabled: text and icons of what cannot be used now.
        accent: the filled primary button, a slider's filled part.
        accent_hover: the same under the pointer.
        on_accent: text on `accent`.
        accent_text: text and icons in the accent colour; also the focus ring.
        accent_soft: behind what is chosen.
        error: text of an error.
        error_soft: behind an error.
        good: text of a success.
        plot: colours of the series of a plot, in this order; they differ without colour vision, too.
    """

    window: str
    rail: str
    surface: str
    hover: str
    border: str
    text: str
    secondary: str
    disabled: str
    accent: str
    accent_hover: str
    on_accent: str
    accent_text: str
    accent_soft: str
    error: str
    error_soft: str
    good: str
    plot: tuple[str, ...]


LIGHT = Colours(
    window="#f5f6f8",
    rail="#eceef2",
    surface="#ffffff",
    hover="#e4e7ed",
    border="#c5cbd5",
    text="#1b1f26",
    secondary="#565f6d",
    disabled="#8d95a1",
    accent="#3355d1",
    accent_hover="#2a48b8",
    on_accent="#ffffff",
    accent_text="#2f4fc4",
    accent_soft="#dfe5fb",
    error="#b3261e",
    error_soft="#fbe9e7",
    good="#1b6e3c",
    plot=("#0072b2", "#c2540a", "#00795a", "#a6407f"),
)
DARK = Colours(
    window="#17191e",
    rail="#111317",
    surface="#22252c",
    hover="#2b2f37",
    border="#444b57",
    text="#e7e9ee",
    secondary="#a4acb9",
    disabled="#6d7582",
    accent="#4767e0",
    accent_hover="#3d5cd0",
    on_accent="#ffffff",
    accent_text="#a3b6ff",
    accent_soft="#263056",
    error="#ff9b8f",
    error_soft="#3d2220",
    good="#7fd6a0",
    plot=("#56b4e9", "#f0a030", "#2bbd93", "#e79cc6"),
)

LINE_STYLES = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine, Qt.PenStyle.DashDotLine)
"""Line styles of the series of a plot, in the order of `Colours.plot`: nothing depends on colour alone."""


def colours() -> Colours:
    """The colours of the theme that is on."""
    return DARK if QGuiApplication.palette().color(QPalette.ColorRole.Window).lightness() < 128 else LIGHT


def plot_pen(series: int, width: float = 2.0) -> QPen:
    """The pen of a plot's series, counted from 0, in the theme that is on; `width` in pixels at any zoom."""
    pen = QPen(QColor(colours().plot[series % len(LIGHT.plot)]), width, LINE_STYLES[series % len(LINE_STYLES)])
    pen.setCosmetic(True)
    return pen


@dataclass(frozen=True)
class TextSizes:
    """The two text sizes and the heading, in device-independent pixels."""

    body: int
    small: int
    heading: int


def text_sizes() -> TextSizes:
    """Sizes that follow the application's font."""
    body = QFontInfo(QGuiApplication.font()).pixelSize()
    return TextSizes(body=body, small=max(12, round(body * 0.86)), heading=round(body * 1.6))


def small_font(font: QFont) -> QFont:
    """A font in the smaller of the two text sizes."""
    small = QFont(font)
    small.setPixelSize(text_sizes().small)
    return small


def bold_font(font: QFont) -> QFont:
    """A font as bold as titles are."""
    bold = QFont(font)
    bold.setWeight(QFont.Weight.DemiBold)
    return bold


class FollowsTheme:
    """A widget that keeps colours, as a chart does, and takes those of another theme once it is seen.

    Among the bases of a class, it comes before Qt's. A page may have a dozen charts, each of which takes 10 ms.
    """

    _outdated = False

    def follow_theme(self) -> None:
        """Takes the colours and fonts of the theme that is on."""
        raise NotImplementedError

    def changeEvent(self, event: QEvent) -> None:
        """Follows the theme where it is seen; else, `showEvent` does."""
        super().changeEvent(event)  # type: ignore[misc]
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange):
            self._outdated = True
            self._catch_up()

    def showEvent(self, event: QShowEvent) -> None:
        """Follows what the theme has become meanwhile."""
        super().showEvent(event)  # type: ignore[misc]
        self._catch_up()

    def _catch_up(self) -> None:
        if self._outdated and self.isVisible():  # type: ignore[attr-defined]
            self._outdated = False
            self.follow_theme()


class Theme(QObject):
    """Keeps an application's look in step with a choice and, where that is "system", with the system.

    Style and font are set at once, the colours with the first `choose`. The style sheet is for whoever shows widgets
    to set on those that are seen: on the application, Qt would style all widgets of all pages anew at each change,
    which takes twenty times as long.

    Signals:
        restyled(str): another theme is shown, with this style sheet.

    Attributes:
        stylesheet: of the theme that is shown; empty before the first `choose`.
    """

    restyled = Signal(str)

    def __init__(self, application: QApplication) -> None:
        super().__init__(application)
        self._application = application
        self._choice = "system"
        self._shown: Colours | None = None
        self.stylesheet = ""
        application.setStyle("Fusion")
        application.setFont(_font(application.font()))
        application.styleHints().colorSchemeChanged.connect(self._apply)

    @property
    def choice(self) -> str:
        """A key of `THEMES`."""
        return self._choice

    @Slot(str)
    def choose(self, choice: str) -> None:
        """Shows a theme at once; `choice` is a key of `THEMES`, any other counts as "system"."""
        self._choice = choice if choice in THEMES else "system"
        self._application.styleHints().setColorScheme(THEMES[self._choice][1])
        self._apply()

    @Slot()
    def _apply(self) -> None:
        scheme = THEMES[self._choice][1]
        if scheme is Qt.ColorScheme.Unknown:
            scheme = self._application.styleHints().colorScheme()
        wanted = DARK if scheme is Qt.ColorScheme.Dark else LIGHT
        if wanted is self._shown:
            return
        self._shown = wanted
        self._application.setPalette(_palette(wanted))
        self.stylesheet = _stylesheet(wanted)
        self.restyled.emit(self.stylesheet)


def _stylesheet(theme: Colours) -> str:
    return stylesheet(asdict(theme) | asdict(text_sizes()) | {"icons": shipped("assets/icons").as_posix()})


def _font(font: QFont) -> QFont:
    """The system's own font, no smaller than 14 pixels; a sane family where the system names none."""
    font = QFont(font)
    if font.family() in {"", "Sans", "Sans Serif"}:
        font.setFamilies(["Inter", "Noto Sans", "Open Sans", "Cantarell", "Ubuntu", "Liberation Sans", "DejaVu Sans"])
    font.setPixelSize(max(14, min(QFontInfo(font).pixelSize(), 24)))
    return font


def _palette(theme: Colours) -> QPalette:
    roles = {
        "Window": theme.window,
        "WindowText": theme.text,
        "Base": theme.surface,
        "AlternateBase": theme.window,
        "Text": theme.text,
        "PlaceholderText": theme.secondary,
        "Button": theme.surface,
        "ButtonText": theme.text,
        "BrightText": theme.error,
        "ToolTipBase": theme.surface,
        "ToolTipText": theme.text,
        "Highlight": theme.accent,
        "HighlightedText": theme.on_accent,
        "Accent": theme.accent,
        "Link": theme.accent_text,
        "LinkVisited": theme.accent_text,
        "Light": theme.surface,
        "Midlight": theme.hover,
        "Mid": theme.border,
        "Dark": theme.border,
        "Shadow": theme.border,
    }
    palette = QPalette()
    for role, colour in roles.items():
        palette.setColor(QPalette.ColorRole[role], QColor(colour))
    for role in ("WindowText", "Text", "ButtonText", "PlaceholderText"):
        palette.setColor(QPalette.ColorGroup.Disabled, QPalette.ColorRole[role], QColor(theme.disabled))
    palette.setColor(QPalette.ColorGroup.Disabled, QPalette.ColorRole.Highlight, QColor(theme.border))
    return palette


def icon(name: str, colour: str = "text") -> QIcon:
    """An icon of `assets/icons`, in a colour of the theme; it follows the theme by itself.

    Args:
        name: the file's name without `.svg`.
        colour: the name of a field of `Colours`, such as "text", "on_accent" (on a primary button), "accent_text". On
            a button that is checked, the icon is in "accent_text".

    Raises:
        FileNotFoundError: there is no such icon.
    """
    _icon_source(name)
    return QIcon(_IconEngine(name, colour))


@functools.cache
def _icon_source(name: str) -> bytes:
    return (shipped("assets/icons") / f"{name}.svg").read_bytes()


class _IconEngine(QIconEngine):
    """Draws an SVG whose colour is `currentColor`, each time in the colours of the theme that is on."""

    def __init__(self, name: str, colour: str) -> None:
        super().__init__()
        self._name = name
        self._colour = colour

    @override
    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        ratio = painter.device().devicePixelRatioF()
        pixmap = self.pixmap(rect.size() * ratio, mode, state)
        painter.drawPixmap(rect, pixmap)

    @override
    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        wanted = "accent_text" if state is QIcon.State.On else self._colour
        colour = getattr(colours(), "disabled" if mode is QIcon.Mode.Disabled else wanted)
        key = f"cnnstudio/{self._name}/{colour}/{size.width()}x{size.height()}"
        pixmap = QPixmap()
        if QPixmapCache.find(key, pixmap):
            return pixmap
        from PySide6.QtSvg import QSvgRenderer

        pixmap = QPixmap(size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        renderer = QSvgRenderer(QByteArray(_icon_source(self._name).replace(b"currentColor", colour.encode())))
        renderer.setAspectRatioMode(Qt.AspectRatioMode.KeepAspectRatio)
        renderer.render(painter, QRectF(0, 0, size.width(), size.height()))
        painter.end()
        QPixmapCache.insert(key, pixmap)
        return pixmap


COLORMAPS = {"viridis": "viridis", "diverging": "CET-D1", "grey": None}
"""Colour maps for data, the same in both themes, and what pyqtgraph calls them."""


@functools.cache
def colormap_table(colormap: str) -> np.ndarray:
    """(256,) uint32: the colours of a map, from its lowest to its highest value, as 0xffrrggbb."""
    source = COLORMAPS[colormap]
    if source is None:
        rgb = np.repeat(np.arange(256, dtype=np.uint32)[:, np.newaxis], 3, axis=1)
    else:
        import pyqtgraph

        rgb = pyqtgraph.colormap.get(source).getLookupTable(nPts=256, alpha=False).astype(np.uint32)
    return (0xFF000000 | rgb[:, 0] << 16 | rgb[:, 1] << 8 | rgb[:, 2]).astype(np.uint32)


def array_to_image(array: np.ndarray, colormap: str = "grey", limits: tuple[float, float] = (0, 255)) -> QImage:
    """A picture of an array, one pixel a value, that owns its memory.

    Args:
        array: (height, width) or (height, width, 1) of any number type, or (height, width, 3) uint8, which is shown in
            its own colours.
        colormap: as for `to_colours`.
        limits: as for `to_colours`.
    """
    if array.ndim == 3 and array.shape[2] == 3:
        pixels = np.ascontiguousarray(array)
        height, width = pixels.shape[:2]
        return QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()
    return pixels_to_image(to_colours(array[..., 0] if array.ndim == 3 else array, colormap, limits))


def pixels_to_image(pixels: np.ndarray) -> QImage:
    """A picture of pixels, (height, width) uint32 as 0xffrrggbb, that owns its memory."""
    height, width = pixels.shape
    return QImage(np.ascontiguousarray(pixels).data, width, height, 4 * width, QImage.Format.Format_RGB32).copy()


def to_colours(values: np.ndarray, colormap: str = "grey", limits: tuple[float, float] = (0, 255)) -> np.ndarray:
    """The colours of values, uint32 as 0xffrrggbb.

    Args:
        values: of any shape and number type. NaN gets the colour of the lowest value.
        colormap: a key of `COLORMAPS`: "viridis" for feature maps, "diverging" for weights and gradients, "grey" for
            pixels.
        limits: the values that get the map's two ends; values outside are clipped.
    """
    table, (low, high) = colormap_table(colormap), limits
    if values.dtype == np.uint8 and limits == (0, 255):
        return table.take(values)
    if not 0 < high - low < np.inf:
        return np.full(values.shape, table[128 if colormap == "diverging" else 0])
    with np.errstate(invalid="ignore", over="ignore"):
        # fmin and fmax pass over NaN, where clip would keep it.
        scaled = np.fmax((values - low) * (255.0 / (high - low)) + 0.5, 0.0)
        return table.take(np.fmin(scaled, 255.0, out=scaled).astype(np.uint8))
