"""The training plot: what is drawn, what the cursor tells, what is saved."""

import csv
import io

import numpy as np
import pyqtgraph as pg
import pytest
from PySide6.QtCore import QPoint, QPointF, QRect, QSize, Qt
from PySide6.QtGui import QAction, QColor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QToolButton

from cnnstudio.gui.controls.saving import picture_of, png, svg_of
from cnnstudio.gui.look.theme import DARK, LIGHT
from cnnstudio.gui.widgets.charts.training_plot import TrainingPlot


@pytest.fixture
def plot(qtbot, theme):
    widget = TrainingPlot()
    qtbot.addWidget(widget)
    widget.resize(560, 560)
    widget.show()
    qtbot.waitExposed(widget)
    return widget


def train(plot, epochs=2, per_epoch=100):
    plot.reset(epochs, per_epoch)
    batches = np.arange(epochs * per_epoch)
    loss = 2.3 * np.exp(-batches / 40).astype(np.float32) + 0.05
    plot.add_batches(0, loss, 1 - loss / 2.5)
    for epoch in range(epochs):
        plot.add_epoch(epoch, 0.5 - 0.1 * epoch, 0.8 + 0.05 * epoch, 0.4 - 0.1 * epoch, 0.85 + 0.05 * epoch)
    return loss


def has(picture, colour):
    return bool((picture == QColor(colour).getRgb()[:3]).all(axis=2).any())


def loss_of(plot):
    return plot.plots[0]


def readout(plot):
    return plot.findChild(QLabel, "plot_readout").text().replace("\N{NO-BREAK SPACE}", " ")


def test_a_training_that_goes_on_stands_behind_the_one_before(plot):
    train(plot)
    plot.reset(1, 100, goes_on=True)
    plot.add_batches(0, np.full(100, 0.07), np.full(100, 0.9))
    plot.add_epoch(0, 0.07, 0.9, 0.08, 0.9)
    rows = list(csv.DictReader(io.StringIO(plot.data_as_csv())))
    assert [float(row["loss"]) for row in rows if row["series"] == "training"] == [0.5, 0.4, 0.07]
    assert [row["epoch"] for row in rows if row["series"] == "batch"][200] == "2.01"
    assert "Epoch 3: loss 0.07, 90.0 %" in readout(plot)
    (left, right), _ = loss_of(plot).area.viewRange()
    assert (left, right) == pytest.approx((0, 3.06))
    assert loss_of(plot).seam.isVisible() and loss_of(plot).seam.value() == 2


@pytest.mark.parametrize(("batches", "goes_on"), [(100, False), (50, True)])
def test_another_training_begins_anew(plot, batches, goes_on):
    train(plot)
    plot.reset(1, batches, goes_on)
    assert len(loss_of(plot).batches) == 0
    assert not loss_of(plot).seam.isVisible()


def test_one_that_was_stopped_within_an_epoch_is_not_gone_on_with(plot):
    train(plot)
    plot.add_batches(200, np.full(30, 0.1), np.full(30, 0.9))
    plot.reset(1, 100, goes_on=True)
    assert len(loss_of(plot).batches) == 0


def test_both_series_are_drawn(plot, pixels):
    train(plot)
    below_legend = pixels(plot)[80:]
    assert has(below_legend, LIGHT.plot[0])
    assert has(below_legend, LIGHT.plot[1])


def test_the_legend_shows_the_markers_before_there_are_any(plot, pixels):
    plot.reset(1, 100)
    for colour in LIGHT.plot[:2]:
        rows = np.flatnonzero((pixels(plot)[:80] == QColor(colour).getRgb()[:3]).all(axis=2).any(axis=1))
        assert np.ptp(rows) >= 6  # the line alone has two


def test_the_curve_goes_where_the_numbers_are(plot, pixels):
    plot.reset(1, 100)
    plot.add_batches(0, np.full(100, 2.0), np.full(100, 0.5))
    low = np.argwhere((pixels(plot)[80:] != QColor(LIGHT.window).getRgb()[:3]).any(axis=2))
    plot.add_batches(50, np.full(50, 0.2), np.full(50, 0.9))
    high = np.argwhere((pixels(plot)[80:] != QColor(LIGHT.window).getRgb()[:3]).any(axis=2))
    assert len(high) != len(low)
    assert plot.data_as_csv().splitlines()[75].split(",")[3:] == ["0.2", "0.9"]


def test_what_was_drawn_for_a_small_plot_is_drawn_anew_for_a_large_one(qtbot, plot):
    train(plot, epochs=3, per_epoch=430)
    late = TrainingPlot()
    qtbot.addWidget(late)
    train(late, epochs=3, per_epoch=430)  # before it has its size, as where a training of before is shown
    late.resize(plot.size())
    late.show()
    for one, other in zip(plot.plots, late.plots, strict=True):
        qtbot.waitUntil(lambda one=one, other=other: one.area.width() == other.area.width())
        for drawn, expected in zip(other.curves[0].getData(), one.curves[0].getData(), strict=True):
            np.testing.assert_allclose(drawn, expected)


def test_titles_are_short_where_the_plots_are_low(plot, qtbot):
    titles = [measure.left.labelText for measure in plot.plots]
    assert titles == ["Loss (cross-entropy)", "Accuracy (%)"]
    plot.resize(400, 240)
    qtbot.waitUntil(lambda: [measure.left.labelText for measure in plot.plots] == ["Loss", "Accuracy"])
    plot.resize(560, 560)
    qtbot.waitUntil(lambda: [measure.left.labelText for measure in plot.plots] == titles)


@pytest.mark.parametrize("height", [360, 400, 440, 560])
def test_titles_stand_in_the_middle_of_their_axes(plot, qtbot, height):
    plot.resize(480, height)
    qtbot.waitUntil(lambda: plot.findChild(pg.GraphicsLayoutWidget).height() > height - 80)
    for measure in plot.plots:
        axis = measure.left
        title = axis.label.mapRectToItem(axis, axis.label.boundingRect())
        assert title.center().y() == pytest.approx(axis.size().height() / 2, abs=2)
        assert title.height() <= axis.size().height() + 1


@pytest.mark.parametrize("epochs", [2, 40])
def test_the_latest_number_stands_beside_its_own_marker(plot, epochs):
    for training, validation in ((0.6, 0.5), (0.5, 0.6), (0.5, 0.5), (0.98, 0.99), (0.02, 0.01), (0, 0), (1, 1)):
        plot.reset(epochs, 100)
        plot.add_batches(0, np.linspace(0, 1, 200), np.linspace(0, 1, 200))
        for epoch in range(2):
            plot.add_epoch(epoch, training, training, validation, validation)
        for measure in plot.plots:
            view, text = measure.area, measure.latest.textItem
            own = view.mapViewToScene(QPointF(2, validation))
            box = text.mapRectToScene(text.boundingRect())
            assert view.sceneBoundingRect().adjusted(-1, -1, 1, 1).contains(box)
            assert 5 <= max(own.x() - box.right(), box.left() - own.x()) <= 15
            apart = max(box.top() - own.y(), own.y() - box.bottom())
            assert 5 <= apart <= 15  # the line between the markers is not covered either


def test_the_theme_changes_live(plot, pixels, theme):
    train(plot)
    theme.choose("dark")
    shown = pixels(plot)
    assert has(shown, DARK.plot[0])
    assert not has(shown, LIGHT.plot[0])
    assert not has(shown, LIGHT.window)


@pytest.mark.parametrize(("choice", "colours"), [("dark", DARK), ("light", LIGHT)])
def test_the_ground_follows_the_theme(plot, pixels, theme, choice, colours):
    theme.choose("light" if choice == "dark" else "dark")
    theme.choose(choice)
    corner = plot.findChild(pg.GraphicsLayoutWidget).geometry().topLeft()
    assert tuple(pixels(plot)[corner.y() + 1, corner.x() + 1]) == QColor(colours.window).getRgb()[:3]


def test_the_latest_numbers_are_told(plot):
    loss = train(plot)
    assert readout(plot) == (
        f"Batch 200: loss {loss[-1]:.3g}, accuracy {100 * (1 - loss[-1] / 2.5):.1f} %\n"
        "Epoch 2: loss 0.4, 85.0 %  ·  validation 0.3, 90.0 %"
    )


def test_the_cursor_tells_the_numbers_under_the_mouse(plot):
    loss = train(plot)
    box, view = loss_of(plot).area, plot.findChild(pg.GraphicsLayoutWidget)
    place = view.mapFromScene(box.mapViewToScene(QPointF(0.5, 1.0)))
    QTest.mouseMove(view.viewport(), place)
    number = int(readout(plot).split()[1].rstrip(":"))
    assert number == pytest.approx(50, abs=1)
    assert f"loss {loss[number - 1]:.3g}," in readout(plot)
    assert "Epoch 1: loss 0.5, 80.0 %" in readout(plot)


def test_the_keyboard_moves_the_cursor(plot):
    train(plot)
    plot.setFocus()
    numbers = []
    for key in (Qt.Key.Key_Left,) * 8 + (Qt.Key.Key_Right,):
        QTest.keyClick(plot, key)
        numbers.append(int(readout(plot).split()[1].rstrip(":")))
    assert numbers[-2] < numbers[0]
    assert numbers[-1] == numbers[-2] + 1
    QTest.keyClick(plot, Qt.Key.Key_Escape)
    assert readout(plot).startswith("Batch 200:")


def test_nan_and_infinity_are_survived_and_told(plot):
    plot.reset(1, 10)
    plot.add_batches(0, np.array([2.0, np.inf, np.nan]), np.array([0.1, 0.1, 0.1]))
    plot.add_epoch(0, np.nan, 0.1, np.inf, 0.1)
    assert readout(plot).startswith("Batch 3: loss not a number, accuracy 10.0 %")
    plot.findChild(QAction, "logarithmic_action").trigger()
    assert plot.grab().width() == 560


def test_one_number_that_is_none_hides_no_other(plot):
    plot.reset(10, 1000)
    loss = np.ones(10_000)
    loss[5000] = np.nan
    plot.add_batches(0, loss, loss)
    places, numbers = loss_of(plot).curves[0].getData()
    assert np.isfinite(numbers).all()
    assert np.diff(places).max() < 0.1


def test_a_logarithmic_axis_names_what_finds_room(plot):
    train(plot)
    plot.findChild(QAction, "logarithmic_action").trigger()
    axis = loss_of(plot).left
    named = axis.tickStrings(np.log10([0.1, 0.2, 0.3, 0.5, 0.9, 1, 2, 7]).tolist(), 1.0, None)
    assert named == ["0.1", "0.2", "", "0.5", "", "1", "2", ""]


def test_an_outlier_does_not_squeeze_the_rest(plot):
    plot.reset(1, 1000)
    loss = np.full(1000, 0.5)
    loss[:20], loss[700] = 2.3, 1e6
    plot.add_batches(0, loss, np.ones(1000))
    plot.add_epoch(0, 0.5, 0.9, 0.4, 0.9)
    assert loss_of(plot).area.viewRange()[1][1] < 5


def test_a_loss_that_explodes_stays_in_view(plot):
    plot.reset(1, 1000)
    plot.add_batches(0, np.full(100, 2.3), np.ones(100))
    plot.add_batches(100, np.full(10, 80.0), np.ones(10))
    assert loss_of(plot).area.viewRange()[1][1] > 80


def test_zoom_stays_until_everything_is_asked_for(plot):
    train(plot)
    loss_of(plot).area.setXRange(0.2, 0.4, padding=0)
    loss_of(plot).area.sigRangeChangedManually.emit([True, True])
    plot.add_batches(200, np.full(5, 9.0), np.full(5, 0.5))
    assert plot.plots[1].area.viewRange()[0] == pytest.approx([0.2, 0.4])
    plot.findChild(QAction, "show_everything_action").trigger()
    assert plot.plots[1].area.viewRange()[0] == pytest.approx([0, 2.04])


def test_a_hundred_thousand_batches_are_few_corners(plot):
    plot.reset(100, 1000)
    loss = np.random.default_rng(0).random(100_000)
    lowest, highest = loss.min(), loss.max()
    for first in range(0, 100_000, 5000):
        plot.add_batches(first, loss[first : first + 5000], loss[first : first + 5000])
    places, numbers = loss_of(plot).curves[0].getData()
    assert len(numbers) < 3000
    assert (numbers.min(), numbers.max()) == (lowest, highest)
    assert places[-1] == pytest.approx(100, abs=0.3)


def test_what_came_while_hidden_is_seen_when_shown(plot, pixels):
    plot.hide()
    train(plot)
    plot.show()
    assert has(pixels(plot)[80:], LIGHT.plot[1])


def test_a_new_training_begins_empty(plot):
    train(plot)
    plot.reset(5, 0)
    assert plot.data_as_csv() == "series,epoch,batch,loss,accuracy\n"
    assert loss_of(plot).area.viewRange()[0] == pytest.approx([0, 5.1])


def test_the_data_can_be_saved_as_csv(plot):
    loss = train(plot)
    table = list(csv.DictReader(io.StringIO(plot.data_as_csv())))
    batches = [row for row in table if row["series"] == "batch"]
    np.testing.assert_allclose([float(row["loss"]) for row in batches], loss, rtol=1e-6)
    assert (batches[-1]["epoch"], batches[-1]["batch"]) == ("2", "200")
    assert table[-1] == {"series": "validation", "epoch": "2", "batch": "200", "loss": "0.3", "accuracy": "0.9"}


def test_the_picture_can_be_copied_and_saved(plot):
    train(plot)
    plot.findChild(QAction, "copy_picture_action").trigger()
    assert QApplication.clipboard().image().width() == 1120
    assert QImage.fromData(png(picture_of(plot))).width() == 1120
    drawing = svg_of(plot)
    assert b"<svg" in drawing
    assert LIGHT.plot[1].encode() in drawing


def test_small_losses_are_written_without_powers_of_ten(plot):
    plot.reset(1, 2)
    plot.add_batches(0, np.full(2, 5.96e-08), np.ones(2))
    assert readout(plot) == "Batch 2: loss < 0.001, accuracy 100.0 %"
    assert loss_of(plot).left.tickStrings([2e-08], 1.0, 1e-08) == ["2×10⁻⁸"]


def test_a_button_at_the_plot_saves_it(plot):
    train(plot)
    button = plot.findChild(QToolButton, "plot_menu_button")
    assert button.isVisible()
    names = [action.objectName() for action in button.menu().actions()]
    assert {"save_picture_action", "save_data_action"} <= set(names)
    with_button = picture_of(plot)
    place = button.geometry().center() * 2
    corner = QRect(place - QPoint(20, 20), QSize(40, 40))
    assert with_button.copy(corner) != plot.picture().copy(corner)
    assert button.isVisible()
