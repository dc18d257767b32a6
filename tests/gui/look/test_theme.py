from dataclasses import fields
from itertools import product
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pyqtgraph
import pytest
from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QImage, QPalette
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from cnnstudio.gui.look import theme as look
from cnnstudio.gui.look.theme import COLORMAPS, DARK, LIGHT, Colours, Theme, array_to_image, colours, icon, plot_pen
from cnnstudio.storage import shipped

ICONS = sorted(path.stem for path in shipped("assets/icons").glob("*.svg"))
THEMES = {"light": LIGHT, "dark": DARK}


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    linear = [
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in QColor(colour).getRgbF()[:3]
    ]
    return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))


def contrast(first: str, second: str) -> float:
    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def to_array(image: QImage) -> np.ndarray:
    image = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()


def test_black_on_white_has_the_contrast_that_the_standard_gives() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


READ_ON = {
    "text": ("window", "rail", "surface", "hover", "accent_soft", "error_soft"),
    "secondary": ("window", "rail", "surface", "hover"),
    "accent_text": ("window", "surface", "accent_soft"),
    "on_accent": ("accent", "accent_hover"),
    "error": ("window", "surface", "error_soft"),
    "good": ("window", "surface"),
}


@pytest.mark.parametrize("name", THEMES)
@pytest.mark.parametrize(
    ("text", "ground"), [(text, ground) for text, grounds in READ_ON.items() for ground in grounds]
)
def test_text_can_be_read(name: str, text: str, ground: str) -> None:
    assert contrast(getattr(THEMES[name], text), getattr(THEMES[name], ground)) >= 4.5


@pytest.mark.parametrize("name", THEMES)
def test_focus_rings_and_filled_controls_stand_out(name: str) -> None:
    for mark, ground in product(("accent_text", "accent"), ("window", "surface")):
        assert contrast(getattr(THEMES[name], mark), getattr(THEMES[name], ground)) >= 3


# Viénot, Brettel and Mollon (1999): what a dichromat sees, as a matrix on linear RGB.
DICHROMATS = {
    "protan": [[0.11238, 0.88762, 0], [0.11238, 0.88762, 0], [0.00401, -0.00401, 1]],
    "deutan": [[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]],
}


@pytest.mark.parametrize("name", THEMES)
@pytest.mark.parametrize("kind", DICHROMATS)
def test_the_first_two_series_differ_without_colour_vision(name: str, kind: str) -> None:
    seen = []
    for colour in THEMES[name].plot[:2]:
        rgb = np.array(QColor(colour).getRgbF()[:3])
        linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
        seen.append(np.clip(np.array(DICHROMATS[kind]) @ linear, 0, 1) ** (1 / 2.2))
    assert np.linalg.norm(seen[0] - seen[1]) > 0.35


@pytest.mark.parametrize("name", THEMES)
def test_series_stand_out_and_differ_in_line_style_too(qtbot: QtBot, name: str) -> None:
    for colour in THEMES[name].plot:
        assert contrast(colour, THEMES[name].surface) >= 3
    assert len({plot_pen(series).style() for series in range(4)}) == 4


@pytest.mark.parametrize("name", THEMES)
def test_every_colour_is_a_colour(name: str) -> None:
    for field in fields(Colours):
        value = getattr(THEMES[name], field.name)
        assert all(QColor(colour).isValid() for colour in ([value] if isinstance(value, str) else value))


def test_the_theme_switches_while_the_window_is_open(qtbot: QtBot, qapp: QApplication, theme: Theme) -> None:
    button = QPushButton("Train")
    qtbot.addWidget(button)
    button.resize(120, 40)
    assert colours() is LIGHT
    assert to_array(button.grab().toImage())[20, 20].tolist() == list(QColor(LIGHT.surface).getRgb()[:3])
    theme.choose("dark")
    assert colours() is DARK
    assert to_array(button.grab().toImage())[20, 20].tolist() == list(QColor(DARK.surface).getRgb()[:3])
    assert qapp.palette().color(QPalette.ColorRole.WindowText) == QColor(DARK.text)


def test_an_unchanged_choice_costs_nothing(qtbot: QtBot, theme: Theme) -> None:
    class Recorder(QPushButton):
        def changeEvent(self, event: QEvent) -> None:
            seen.append(event.type())
            super().changeEvent(event)

    seen: list[QEvent.Type] = []
    button = Recorder("Train")
    qtbot.addWidget(button)
    button.show()
    seen.clear()
    theme.choose("light")
    assert not seen
    theme.choose("dark")
    assert QEvent.Type.PaletteChange in seen


def test_the_system_decides_where_it_may(qtbot: QtBot, qapp: QApplication, theme: Theme) -> None:
    theme.choose("dark")
    theme.choose("system")
    system_is_dark = qapp.styleHints().colorScheme() is Qt.ColorScheme.Dark
    assert colours() is (DARK if system_is_dark else LIGHT)


def test_an_unknown_theme_counts_as_the_system(qtbot: QtBot, theme: Theme) -> None:
    theme.choose("sepia")
    assert theme.choice == "system"


def test_the_stylesheet_has_no_blank_left_and_its_files_exist(qtbot: QtBot, theme: Theme) -> None:
    sheet = theme.stylesheet
    assert "$" not in sheet
    files = [part.split('"')[0] for part in sheet.split('url("')[1:]]
    assert files
    assert all(Path(file).is_file() for file in files)


def test_text_sizes_are_two_and_a_heading(qtbot: QtBot, theme: Theme) -> None:
    sizes = look.text_sizes()
    assert 12 <= sizes.small < sizes.body < sizes.heading
    assert sizes.body >= 14


@pytest.mark.parametrize("name", ICONS)
def test_every_icon_is_well_formed_and_draws_something(qtbot: QtBot, theme: Theme, name: str) -> None:
    root = ElementTree.fromstring((shipped("assets/icons") / f"{name}.svg").read_text())
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    pixmap = icon(name).pixmap(QSize(24, 24), 2.0)
    assert pixmap.deviceIndependentSize().toSize() == QSize(24, 24)
    alpha = pixmap.toImage().convertToFormat(QImage.Format.Format_Alpha8)
    assert max(bytes(alpha.constBits())) == 255


def test_an_icon_follows_theme_and_state(qtbot: QtBot, theme: Theme) -> None:
    stop = icon("stop")

    def middle(mode: QIcon.Mode = QIcon.Mode.Normal, state: QIcon.State = QIcon.State.Off) -> str:
        return stop.pixmap(QSize(24, 24), 1.0, mode, state).toImage().pixelColor(12, 12).name()

    for name, wanted in THEMES.items():
        theme.choose(name)
        assert middle() == wanted.text
        assert middle(QIcon.Mode.Disabled) == wanted.disabled
        assert middle(state=QIcon.State.On) == wanted.accent_text


def test_an_icon_that_does_not_exist_is_an_error_where_it_is_asked_for(qtbot: QtBot) -> None:
    with pytest.raises(FileNotFoundError):
        icon("unicorn")


def test_grey_bytes_are_shown_as_they_are() -> None:
    array = np.arange(256, dtype=np.uint8).reshape(8, 32)
    shown = to_array(array_to_image(array))
    np.testing.assert_array_equal(shown, np.repeat(array[..., np.newaxis], 3, axis=2))
    np.testing.assert_array_equal(to_array(array_to_image(array[..., np.newaxis])), shown)


def test_viridis_is_viridis() -> None:
    shown = to_array(array_to_image(np.linspace(-3, 5, 256)[np.newaxis], "viridis", (-3, 5)))
    table = pyqtgraph.colormap.get("viridis").getLookupTable(nPts=256, alpha=False)
    np.testing.assert_array_equal(shown[0], table)
    np.testing.assert_allclose(shown[0, [0, 255]], [[68, 1, 84], [253, 231, 36]], atol=1)  # van der Walt and Smith


def test_diverging_is_symmetric_about_zero() -> None:
    shown = to_array(array_to_image(np.array([[-4.0, -1.0, 0.0, 1.0]]), "diverging", (-4, 4)))[0].astype(int)
    full = to_array(array_to_image(np.array([[-4.0, 4.0]]), "diverging", (-4, 4)))[0]
    np.testing.assert_array_equal(shown[0], full[0])
    assert np.ptp(shown[2]) < 12, "zero is without colour"
    assert shown[1][2] > shown[1][0], "below zero is blue"
    assert shown[3][0] > shown[3][2], "above zero is red"


def test_colour_maps_run_from_dark_to_light_or_meet_in_the_lightest() -> None:
    for name in ("viridis", "grey"):
        lightness = [QColor(int(colour)).getHslF() for colour in look.colormap_table(name)]
        assert lightness[0][2] < lightness[-1][2]
    middle = [luminance(QColor(int(colour)).name()) for colour in look.colormap_table("diverging")]
    assert np.argmax(middle) in range(120, 136)


def test_limits_are_kept_and_clip() -> None:
    shown = to_array(array_to_image(np.array([[-9.0, 0.0, 1.0, 9.0]]), "viridis", (0.0, 1.0)))[0]
    np.testing.assert_array_equal(shown[0], shown[1])
    np.testing.assert_array_equal(shown[2], shown[3])
    assert not np.array_equal(shown[1], shown[2])


@pytest.mark.parametrize("colormap", COLORMAPS)
@pytest.mark.parametrize("value", [0.0, -2.5, 3.0, np.nan, np.inf])
def test_a_constant_array_has_one_colour(colormap: str, value: float) -> None:
    shown = to_array(array_to_image(np.full((3, 4), value, np.float32), colormap, (value, value)))
    assert len(np.unique(shown.reshape(-1, 3), axis=0)) == 1
    if colormap == "diverging":
        assert np.ptp(shown[0, 0].astype(int)) < 12, "without colour"


def test_nan_gets_the_lowest_colour() -> None:
    shown = to_array(array_to_image(np.array([[np.nan, 0.0, 1.0]], np.float32), "viridis", (0, 1)))[0]
    np.testing.assert_array_equal(shown[0], shown[1])
    assert not np.array_equal(shown[1], shown[2])


def test_colour_images_keep_their_colours_whatever_their_strides() -> None:
    array = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    np.testing.assert_array_equal(to_array(array_to_image(array)), array)
    np.testing.assert_array_equal(to_array(array_to_image(array[::-1, ::2])), array[::-1, ::2])


def test_the_image_outlives_its_array() -> None:
    array = np.full((64, 64), 200, np.uint8)
    image = array_to_image(array)
    array[:] = 0
    del array
    assert (to_array(image) == 200).all()
