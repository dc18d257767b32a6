"""The layer table: what it says, how it is used, and how it shares its room."""

import csv
import io

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication

from cnnstudio.gui.look.theme import LIGHT
from cnnstudio.gui.widgets.network.layer_facts import COLUMNS
from cnnstudio.gui.widgets.network.layer_table import LayerTableView
from cnnstudio.models.keras_config.graph import Graph, Node, layer_config
from cnnstudio.models.layer_table import describe
from cnnstudio.models.networks.building import network_config
from cnnstudio.models.networks.editing import change_layer
from cnnstudio.models.trained.value_ranges import VALUE_RANGES

NAMES = [column.name for column in COLUMNS]


def teachable_machine(kernel: int = 3):
    """Keras's config of networks in networks."""

    def chain(name, *layers):
        return {"class_name": "Sequential", "name": name, "config": {"name": name, "layers": list(layers)}}

    def layer(kind, name, **values):
        return layer_config(kind, {"name": name, **values})

    pads = [layer("ZeroPadding2D", f"pad{number}", padding=1) for number in range(3)]
    convolutions = [
        layer("Conv2D", "conv1", filters=4, kernel_size=3),
        layer("Conv2D", "conv2", filters=6, kernel_size=kernel),
    ]
    base = chain("base", *pads, *convolutions, layer("ReLU", "relu"))
    features = chain("features", base, layer("GlobalAveragePooling2D", "pool"))
    dense = layer("Dense", "dense", units=10), layer("Dense", "answer", units=3, activation="softmax")
    image = layer("InputLayer", "image", batch_shape=[None, 12, 12, 3])
    return chain("theirs", image, features, chain("head", *dense))


@pytest.fixture(scope="module")
def lenet():
    return describe(network_config("lenet5"))


@pytest.fixture
def view(qtbot, theme, lenet):
    widget = LayerTableView()
    qtbot.addWidget(widget)
    widget.resize(900, 700)
    widget.set_table(lenet)
    widget.show()
    qtbot.waitExposed(widget)
    return widget


def cell(view, layer, column):
    model, number = view.model(), NAMES.index(column)
    line = model.number_of(layer)
    return model.lines[line].cells[number], model.at(line).siblingAtColumn(number)


@pytest.mark.parametrize(
    ("layer", "column", "text", "terms", "lesson"),
    [
        ("conv1", "parameters", "156", "5·5·1·6 + 6", "5·5·1·6 + 6 = 156"),
        ("conv1", "multiply_adds", "117,600", "28·28·6·(5·5·1)", "28.2 % of the whole network"),
        ("conv1", "output_shape", "28×28×6", "(28 − 5 + 2·2)/1 + 1", "(28 − 5 + 2·2)/1 + 1 = 28"),
        ("pool1", "output_shape", "14×14×6", "(28 − 2 + 2·0)/2 + 1", "6 feature maps of 14×14"),
        ("conv2", "receptive_field", "14×14", "", "14×14 pixels of the image"),
        ("dense1", "receptive_field", "28×28", "whole image", "the whole image"),
        ("conv1", "same_with_an_mlp", "3,687,936", "23,641 times", "784 × 4,704 = 3,687,936"),
        ("dense1", "same_with_an_mlp", "", "", ""),
        ("pool1", "parameters", "0", "", "no parameters"),
    ],
)
def test_each_number_has_its_arithmetic(view, layer, column, text, terms, lesson):  # noqa: PLR0917
    found, index = cell(view, layer, column)
    assert (found.text, found.terms) == (text, terms)
    assert lesson in (index.data(Qt.ItemDataRole.ToolTipRole) or "")


def test_the_bars_are_as_long_as_the_shares(view, pixels):
    lengths = {name: cell(view, name, "parameters")[0].bar for name in ("dense1", "dense2", "conv1", "pool1")}
    assert lengths == {"dense1": 1.0, "dense2": 10164 / 48120, "conv1": 156 / 48120, "pool1": 0.0}
    blue = QColor(LIGHT.plot[0]).getRgb()[:3]
    view.select("image")
    area = view.visualRect(cell(view, "dense1", "parameters")[1])
    shown = pixels(view.viewport())[area.top() : area.bottom(), area.left() : area.right()]
    longest = (shown == blue).all(axis=2).sum(axis=1).max()
    assert area.width() - 24 <= longest <= area.width()


def test_numbers_are_aligned_right_and_names_left(view):
    sides = [cell(view, "conv1", name)[1].data(Qt.ItemDataRole.TextAlignmentRole) for name in NAMES]
    assert sides[0] & Qt.AlignmentFlag.AlignLeft
    assert all(side & Qt.AlignmentFlag.AlignRight for side in sides[1:])


def test_a_click_and_the_keys_choose_a_layer(view, qtbot, lenet):
    place = view.visualRect(cell(view, "conv2", "multiply_adds")[1]).center()
    with qtbot.waitSignal(view.selected) as told:
        qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert told.args == ["conv2"]
    heard = []
    view.selected.connect(heard.append)
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Home, Qt.Key.Key_End):
        qtbot.keyClick(view, key)
    assert heard == ["pool2", lenet.rows[0].name, lenet.rows[-1].name]
    assert view.current == "output"


def test_choosing_from_outside_tells_nothing(view, qtbot):
    with qtbot.assertNotEmitted(view.selected):
        view.select("dense2")
    assert view.current == "dense2"
    with qtbot.assertNotEmitted(view.selected):
        view.select("no such layer")
    assert view.current == ""


def test_another_network_keeps_the_chosen_layer_where_it_has_one(view, qtbot):
    view.select("conv2")
    with qtbot.assertNotEmitted(view.selected):
        view.set_table(describe(change_layer(network_config("lenet5"), "conv2", filters=20)))
    assert view.current == "conv2"
    assert cell(view, "conv2", "output_shape")[0].text == "10×10×20"
    view.set_table(describe(network_config("softmax")))
    assert view.current == ""
    view.set_table(None)
    assert view.model().rowCount() == 0


def test_a_layer_that_was_added_to_a_network_is_marked_and_explained(view):
    graph = Graph.of(network_config("softmax"))
    (layer,) = VALUE_RANGES["0-1"].layers("value_range")
    graph.reconnect(graph.input, "value_range")
    graph.add(Node("value_range", layer, (graph.input,)))
    graph.sort()
    view.set_table(describe(graph.to_config()))
    shown = cell(view, "value_range", "layer")[0]
    assert shown.terms == "value_range · added" and "Added by CNN Studio: it brings the pixels" in shown.lesson


def test_an_impossible_layer_is_marked_and_says_why(view, pixels):
    broken = describe(change_layer(network_config("lenet5"), "conv2", kernel_size=99))
    view.set_table(broken)
    _, index = cell(view, "conv2", "layer")
    assert broken.misfit.text in index.data(Qt.ItemDataRole.ToolTipRole)
    assert cell(view, "conv2", "output_shape")[0].text == "–"
    assert cell(view, "pool2", "output_shape")[0].text == "–"
    area = view.visualRect(index)
    ground = pixels(view.viewport())[area.top() + 2, area.left() + 2]
    assert tuple(ground) == QColor(LIGHT.error_soft).getRgb()[:3]


def test_the_table_is_copied_as_text_and_as_csv(view, qtbot, lenet):
    qtbot.keyClick(view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    text = QApplication.clipboard().text()
    assert len(text.splitlines()) == len(lenet.rows) + 1
    assert "5·5·1·6 + 6 = 156" in text
    view.copy_csv()
    rows = list(csv.DictReader(io.StringIO(QApplication.clipboard().text())))
    assert [row["name"] for row in rows] == [row.name for row in lenet.rows]
    assert sum(int(row["parameters"]) for row in rows) == lenet.parameters == 61706
    conv = next(row for row in rows if row["name"] == "conv1")
    assert (conv["output_shape"], conv["formula"]) == ("28x28x6", "(28 − 5 + 2·2)/1 + 1 = 28")
    assert (conv["multiply_adds"], conv["same_with_an_mlp"]) == ("117600", "3687936")


def test_wide_enough_nothing_scrolls_sideways_and_narrow_numbers_stay_whole(view, qtbot):
    assert not view.horizontalScrollBar().isVisible()
    filled = view.columnViewportPosition(5) + view.columnWidth(5)
    assert view.viewport().width() - len(COLUMNS) < filled <= view.viewport().width()
    view.resize(420, 700)
    qtbot.waitUntil(view.horizontalScrollBar().isVisible)
    metrics = view.fontMetrics()
    for number in range(1, len(COLUMNS)):
        widest = max(metrics.horizontalAdvance(line.cells[number].text) for line in view.model().lines)
        assert view.columnWidth(number) > widest


def test_the_names_stay_where_the_table_is_scrolled_sideways(view, pixels, qtbot):
    view.resize(420, 700)
    beyond = sum(map(view.columnWidth, range(len(COLUMNS)))) - view.viewport().width()
    assert beyond > 100
    qtbot.waitUntil(lambda: view.horizontalScrollBar().maximum() == beyond)  # columns get their widths one by one
    names = slice(8, view.columnWidth(0) - 8)
    before = pixels(view.viewport()), pixels(view.header().viewport())
    view.horizontalScrollBar().setValue(view.horizontalScrollBar().maximum())
    after = pixels(view.viewport()), pixels(view.header().viewport())
    for one, other in zip(before, after, strict=True):
        assert (one[:, names] == other[:, names]).all()
        assert (one != other).any()
    place = view.visualRect(view.model().index(2, 3)).center()
    assert view.indexAt(QPoint(20, place.y())) == view.model().index(2, 0)
    assert view.indexAt(QPoint(view.columnWidth(0) + 20, place.y())).column() > 2


def test_no_layer_has_a_widget_of_its_own(view):
    before = len(view.findChildren(object))
    view.set_table(describe(network_config("resnet56")))
    assert view.model().rowCount() > 150
    assert len(view.findChildren(object)) == before


@pytest.fixture(scope="module")
def nested():
    """What Teachable Machine exports: a network for photos with its pooling, and a network of two layers after it."""
    return describe(teachable_machine())


def shown_rows(view):
    """What the rows that are not folded away are called, from top to bottom."""
    model, names = view.model(), []
    index = model.index(0, 0)
    while index.isValid():
        names.append(model.cell(index).terms.partition(" ")[0])
        index = view.indexBelow(index)
    return names


def test_a_network_within_the_network_is_a_row_that_folds(view, nested, qtbot):
    view.set_table(nested)
    assert shown_rows(view) == ["image", "features", "head", "dense", "answer"]
    folded = view.model().index(1, 0)
    texts = [view.model().cell(folded.siblingAtColumn(number)).text for number in range(4)]
    inside = [row for row in nested.rows if row.name.startswith("features.")]
    costs = (f"{sum(getattr(row, name) for row in inside):,}" for name in ("parameters", "multiply_adds"))
    assert texts == [f"Network of {len(inside)} layers", "6", *costs]
    view.setCurrentIndex(folded)
    qtbot.keyClick(view, Qt.Key.Key_Right)
    assert shown_rows(view)[1:4] == ["features", "base", "pool"]
    assert view.model().cell(view.indexBelow(folded)).text == f"Network of {len(inside) - 1} layers"
    view.set_table(nested)
    assert "pool" in shown_rows(view)
    view.set_table(describe(network_config("lenet5")))
    view.set_table(nested)
    assert "pool" not in shown_rows(view)


def test_a_layer_of_a_folded_network_is_marked_as_that_network(view, nested, qtbot):
    view.set_table(nested)
    with qtbot.assertNotEmitted(view.selected):
        view.select("features.base.conv2")
    assert view.current == "features.base.conv2"
    folded = view.model().index(1, 0)
    assert view.currentIndex() == folded
    view.expand(folded)
    view.expand(view.indexBelow(folded))
    assert view.model().cell(view.currentIndex()).terms == "conv2"
    view.collapse(folded)
    assert view.currentIndex() == folded
    assert view.selectionModel().isSelected(folded)


def test_a_folded_network_is_chosen_by_its_last_layer(view, nested, qtbot):
    view.set_table(nested)
    place = view.visualRect(view.model().index(1, 2)).center()
    with qtbot.waitSignal(view.selected) as told:
        qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert told.args == ["features.pool"]


def test_what_does_not_fit_is_never_folded_away(view):
    view.set_table(describe(teachable_machine(kernel=99)))
    assert "conv2" in shown_rows(view)
