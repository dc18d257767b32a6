"""The feature maps: rows, pixels, and enlarging by mouse and keyboard."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QSpinBox, QToolTip

from cnnstudio.gui.look.theme import LIGHT, colormap_table
from cnnstudio.gui.widgets.maps.feature_maps import FeatureMapGrid
from cnnstudio.gui.widgets.maps.map_dialog import MapDialog
from cnnstudio.gui.widgets.maps.map_row import MapRow
from cnnstudio.models.layer_kinds import LAYER_KINDS
from cnnstudio.models.trained.classifier import LayerOutput


def layers(seed=0, units=84):
    random = np.random.default_rng(seed)
    return (
        LayerOutput("conv1", "Conv2D", random.random((28, 28, 6)).astype(np.float32)),
        LayerOutput("pool1", "MaxPooling2D", random.random((14, 14, 6)).astype(np.float32)),
        LayerOutput("dense1", "Dense", random.random(units).astype(np.float32)),
    )


def show(grid, layers):
    grid.set_rows([(layer.name, layer.kind, layer.values.shape) for layer in layers])
    grid.show_outputs(layers)


@pytest.fixture
def grid(qtbot, theme):
    widget = FeatureMapGrid()
    qtbot.addWidget(widget)
    widget.resize(500, 500)
    show(widget, layers())
    widget.show()
    qtbot.waitExposed(widget)
    yield widget
    QToolTip.hideText()


def rows(grid):
    return sorted((row for row in grid.findChildren(MapRow)), key=lambda row: row.y())


def dialog(grid):
    (found,) = grid.findChildren(MapDialog)
    return found


def colour_of(value, low, high):
    number = int(colormap_table("viridis")[round(float((value - low) * (255 / (high - low))))])
    return number >> 16 & 255, number >> 8 & 255, number & 255


def test_a_row_for_each_layer_with_name_kind_and_shape(grid):
    assert [row.accessibleName() for row in rows(grid)] == [
        "conv1, Conv2D · 28×28×6",
        "pool1, MaxPooling2D · 14×14×6",
        "dense1, Dense · 84 units",
    ]
    for kind, row in zip(("Conv2D", "MaxPooling2D", "Dense"), rows(grid), strict=True):
        assert LAYER_KINDS[kind].description in row.toolTip()


@pytest.mark.parametrize(("layer", "row", "column"), [(0, 0, 0), (0, 27, 13), (1, 5, 9)])
def test_tiles_show_the_values_in_the_layers_own_scale(grid, pixels, layer, row, column):
    values = layers()[layer].values
    widget = rows(grid)[layer]
    for channel in (0, 5):
        tile = widget.tile_rectangle(channel)
        side = tile.width() / values.shape[1]
        shown = pixels(widget)[int(tile.top() + (row + 0.5) * side), int(tile.left() + (column + 0.5) * side)]
        assert tuple(shown) == colour_of(values[row, column, channel], values.min(), values.max())


def test_new_values_are_shown_in_the_same_rows(grid, pixels):
    before, pictures = rows(grid), [pixels(row) for row in rows(grid)]
    show(grid, layers(seed=1))
    assert rows(grid) == before
    assert all((pixels(row) != picture).any() for row, picture in zip(before, pictures, strict=True))


def test_other_layers_have_other_rows(grid):
    show(grid, layers()[:1])
    assert [row.accessibleName() for row in rows(grid)] == ["conv1, Conv2D · 28×28×6"]
    show(grid, (*layers(units=10), *layers()[:1]))
    assert [row.accessibleName().split(",")[0] for row in rows(grid)] == ["conv1", "pool1", "dense1", "conv1"]


def test_clearing_says_what_comes(grid):
    grid.set_rows(())
    assert rows(grid) == []
    assert any("appears here" in label.text() and label.isVisible() for label in grid.findChildren(QLabel))


def test_the_value_under_the_mouse_is_told(grid):
    row, values = rows(grid)[0], layers()[0].values
    tile = row.tile_rectangle(2)
    QTest.mouseMove(row, tile.topLeft() + QPoint(2 * 9 + 1, 2 * 4 + 1))
    assert QToolTip.text() == f"map 2, row 4, column 9: {values[4, 9, 2]:.3g}"
    show(grid, layers(seed=1))
    assert QToolTip.text() == f"map 2, row 4, column 9: {layers(seed=1)[0].values[4, 9, 2]:.3g}"
    show(grid, layers())
    row = rows(grid)[2]
    QTest.mouseMove(row, row.tile_rectangle(83).center())
    assert QToolTip.text() == f"unit 83: {layers()[2].values[83]:.3g}"


@pytest.mark.parametrize("width", [520, 260, 226])
def test_the_caption_says_name_and_size_at_any_width(qtbot, grid, width):
    kinds = [("rescaling", "Rescaling", (224, 224, 3)), ("block2a_relu", "ReLU", (112, 112, 96))]
    grid.resize(width, 500)
    show(grid, [LayerOutput(name, kind, np.zeros(shape, np.float32)) for name, kind, shape in kinds])
    for (name, kind, shape), row in zip(kinds, rows(grid), strict=True):
        size = "×".join(map(str, shape))
        assert row.shown_title() == name
        assert kind in row.toolTip()
        assert size in row.toolTip()
        below = row.tile_rectangle(0).top() >= 40
        taken = row.fontMetrics().horizontalAdvance(name if below else f"{name} {kind} · {size}")
        assert taken < row.width()


def test_how_many_more_stands_apart_from_the_last_map(grid, pixels):
    show(grid, [LayerOutput("top", "Conv2D", np.zeros((7, 7, 2048), np.float32))])
    (row,) = rows(grid)
    last = row.lines().count - 1
    before, place = row.tile_rectangle(last - 1), row.tile_rectangle(last)
    shown = pixels(row)[place.top() : place.bottom()].astype(int)
    ground = shown[0, place.right()]
    assert (abs(shown[:, before.right() + 1 : before.right() + 8] - ground).sum(axis=2) == 0).all()
    assert (abs(shown[:, before.right() + 8 : before.right() + 40] - ground).sum(axis=2) > 0).any()


def test_a_click_enlarges_a_map_and_it_stays_live(grid, qtbot):
    row = rows(grid)[1]
    QTest.mouseClick(row, Qt.MouseButton.LeftButton, pos=row.tile_rectangle(3).center())
    shown = dialog(grid)
    assert shown.windowTitle() == "pool1  ·  MaxPooling2D · 14×14×6"
    assert shown.findChild(QSpinBox, "map_number").value() == 3
    np.testing.assert_array_equal(shown.values, layers()[1].values[..., 3])
    show(grid, layers(seed=1))
    np.testing.assert_array_equal(shown.values, layers(seed=1)[1].values[..., 3])
    with qtbot.waitSignal(shown.destroyed):
        QTest.keyClick(shown, Qt.Key.Key_Escape)
    show(grid, layers())


def test_press_on_one_and_release_on_another_is_no_click(grid):
    row = rows(grid)[1]
    QTest.mousePress(row, Qt.MouseButton.LeftButton, pos=row.tile_rectangle(0).center())
    QTest.mouseRelease(row, Qt.MouseButton.LeftButton, pos=row.tile_rectangle(3).center())
    assert grid.findChildren(MapDialog) == []


def test_the_keyboard_walks_over_maps_and_rows_and_enlarges(grid):
    first, second, _ = rows(grid)
    first.setFocus()
    QTest.keyClick(first, Qt.Key.Key_Right)
    QTest.keyClick(first, Qt.Key.Key_Right)
    assert first.accessibleDescription().startswith("map 2")
    QTest.keyClick(first, Qt.Key.Key_Down)
    assert second.hasFocus()
    QTest.keyClick(second, Qt.Key.Key_End)
    QTest.keyClick(second, Qt.Key.Key_Return)
    assert dialog(grid).findChild(QSpinBox, "map_number").value() == 5


def test_the_enlarged_map_tells_values_and_goes_to_the_next(grid):
    row = rows(grid)[0]
    QTest.mouseClick(row, Qt.MouseButton.LeftButton, pos=row.tile_rectangle(5).center())
    shown = dialog(grid)
    number = shown.findChild(QSpinBox, "map_number")
    number.stepUp()
    assert (number.value(), number.text()) == (0, "map 0 (0 to 5)")
    picture = shown.findChild(object, "enlarged_map")
    picture.setFocus()
    QTest.keyClick(picture, Qt.Key.Key_Up)
    told = shown.findChild(QLabel, "value_under_cursor")
    assert told.text() == f"row 14, column 14: {layers()[0].values[14, 14, 0]:.3g}"
    show(grid, layers(seed=1))
    assert told.text() == f"row 14, column 14: {layers(seed=1)[0].values[14, 14, 0]:.3g}"


def test_the_picture_of_a_map_can_be_copied(grid):
    row = rows(grid)[1]
    QTest.mouseClick(row, Qt.MouseButton.LeftButton, pos=row.tile_rectangle(0).center())
    dialog(grid).findChild(object, "copy_map_button").click()
    image = QApplication.clipboard().image()
    values = layers()[1].values
    assert (image.width(), image.height()) == (504, 504)
    for place in (0, 13):
        expected = colour_of(values[place, place, 0], values.min(), values.max())
        assert image.pixelColor(place * 36 + 18, place * 36 + 18).getRgb()[:3] == expected


def test_another_net_closes_the_enlarged_map(grid, qtbot):
    row = rows(grid)[1]
    QTest.mouseClick(row, Qt.MouseButton.LeftButton, pos=row.tile_rectangle(0).center())
    with qtbot.waitSignal(dialog(grid).destroyed):
        show(grid, (layers()[2], *layers()[:2]))


def test_thousands_of_maps_are_shown_when_asked_for(grid):
    show(grid, [LayerOutput("top", "Conv2D", np.zeros((7, 7, 2048), np.float32))])
    (row,) = rows(grid)
    QApplication.sendPostedEvents()
    height = row.height()
    assert height < 300
    row.setFocus()
    QTest.keyClick(row, Qt.Key.Key_End)
    QTest.keyClick(row, Qt.Key.Key_Return)
    assert row.height() > 10 * height


def test_nan_is_shown_as_the_lowest(grid, pixels):
    values = np.ones((28, 28, 1), np.float32)
    values[0, 0, 0] = np.nan
    values[0, 1, 0] = 0
    show(grid, [LayerOutput("conv", "Conv2D", values)])
    (row,) = rows(grid)
    shown = pixels(row)[row.tile_rectangle(0).top() + 1]
    left = row.tile_rectangle(0).left()
    assert tuple(shown[left]) == tuple(shown[left + 2]) == colour_of(0, 0, 1)


def test_the_chosen_map_is_outlined(grid, pixels):
    row = rows(grid)[0]
    row.setFocus()
    tile = row.tile_rectangle(0)
    assert tuple(pixels(row)[tile.top() - 1, tile.center().x()]) == QColor(LIGHT.accent_text).getRgb()[:3]


def deep(count=40):
    return [(f"conv{number}", "Conv2D", (28, 28, 16)) for number in range(count)]


def outputs(rows, seed=0):
    random = np.random.default_rng(seed)
    return [LayerOutput(name, kind, random.random(shape).astype(np.float32)) for name, kind, shape in rows]


def test_rows_come_before_their_maps_and_tell_when_they_are_looked_at(qtbot, grid):
    known = deep()
    with qtbot.waitSignal(grid.rows_missing):
        grid.set_rows(known)
        grid.show_outputs([])
    missing = grid.missing()
    assert 0 < len(missing) < len(known)
    assert missing == tuple(name for name, _, _ in known)[: len(missing)]
    grid.show_outputs(outputs(known[:20]))
    assert grid.missing() == ()
    with qtbot.waitSignal(grid.rows_missing):
        grid.verticalScrollBar().setValue(grid.verticalScrollBar().maximum())
    missing = grid.missing()
    assert missing[-1] == "conv39"
    rest = outputs(known[20:], seed=1)
    with qtbot.assertNotEmitted(grid.rows_missing, wait=100):
        grid.show_outputs(rest, newer=False)
    assert grid.missing() == ()
    assert np.array_equal(rows(grid)[-1].values, rest[-1].values)


def test_a_newer_image_puts_all_other_maps_out_of_date(qtbot, grid):
    known = deep(20)
    grid.set_rows(known)
    grid.show_outputs(outputs(known))
    qtbot.waitUntil(lambda: grid.verticalScrollBar().maximum() > 0)
    grid.show_outputs(outputs(known[:5], seed=2))
    assert grid.missing() == ()
    assert not rows(grid)[-1].values.any()  # nobody shall see another image's maps there
    grid.verticalScrollBar().setValue(grid.verticalScrollBar().maximum())
    assert "conv19" in grid.missing()


def test_forgetting_keeps_the_rows_for_the_next_image(grid):
    before = rows(grid)
    grid.forget()
    assert not any(row.isVisible() for row in before)
    assert grid.missing() == ()
    show(grid, layers(seed=3))
    assert rows(grid) == before
    assert all(row.isVisible() for row in before)


def test_places_in_one_row_are_shown_as_one_map(qtbot, grid):
    tokens = LayerOutput("attention", "MultiHeadAttention", np.arange(12, dtype=np.float32).reshape(4, 3))
    show(grid, (tokens,))
    (row,) = rows(grid)
    assert row.accessibleName() == "attention, MultiHeadAttention · 4×3" and row.values.shape == (4, 3, 1)
    assert row.item_text(0) == "map 0, row 1, column 1: 4"
