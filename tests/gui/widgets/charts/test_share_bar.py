"""The bar of shares: where a number sits, by mouse, by keys and in words."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor

from cnnstudio.gui.look.theme import LIGHT
from cnnstudio.gui.widgets.charts.share_bar import Share, ShareBar

SHARES = (
    Share("conv", "Convolution", 100),
    Share("pool", "Pooling", 0),
    Share("hidden", "Dense", 600),
    Share("out", "Dense", 300),
)


@pytest.fixture
def bar(qtbot, theme):
    widget = ShareBar("parameters_bar", "Parameters", "Where they sit.", 0)
    qtbot.addWidget(widget)
    widget.set_shares(SHARES)
    widget.resize(800, 28)
    widget.show()
    qtbot.waitExposed(widget)
    return widget


def middle(bar, number):
    return bar.item_rectangle(number).center().toPoint()


def test_the_parts_share_the_bar_as_they_share_the_number(bar):
    widths = [bar.item_rectangle(number).width() for number in range(3)]
    assert widths == pytest.approx([0.1 * bar.bar.width(), 0.6 * bar.bar.width(), 0.3 * bar.bar.width()])
    assert bar.item_rectangle(0).left() == bar.bar.left()
    assert bar.item_rectangle(2).right() == pytest.approx(bar.bar.right())
    assert bar.total == 1000


def test_a_click_chooses_a_part(bar, qtbot):
    for number, name in enumerate(("conv", "hidden", "out")):
        with qtbot.waitSignal(bar.selected) as told:
            qtbot.mouseClick(bar, Qt.MouseButton.LeftButton, pos=middle(bar, number))
        assert told.args == [name]


def test_beside_the_bar_nothing_is_chosen(bar, qtbot):
    with qtbot.assertNotEmitted(bar.selected):
        qtbot.mouseClick(bar, Qt.MouseButton.LeftButton, pos=QPoint(5, 14))
        qtbot.mouseClick(bar, Qt.MouseButton.LeftButton, pos=QPoint(795, 14))


def test_keys_go_from_part_to_part(bar, qtbot):
    told = []
    bar.selected.connect(told.append)
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Left, Qt.Key.Key_End, Qt.Key.Key_Right, Qt.Key.Key_Home):
        qtbot.keyClick(bar, key)
    assert told == ["conv", "hidden", "conv", "out", "out", "conv"]


def test_the_chosen_part_is_painted_in_full_colour(bar, pixels):
    full = QColor(LIGHT.plot[0]).getRgb()[:3]

    def is_full(number):
        place = bar.item_rectangle(number).toRect()
        return tuple(pixels(bar)[place.bottom() - 3, place.left() + 6]) == full

    assert not is_full(1)
    bar.select("hidden")
    assert is_full(1)
    assert not is_full(2)


def test_it_is_told_in_words(bar):
    assert bar.accessibleDescription() == "1,000. hidden 60.0 %, out 30.0 %, conv 10.0 %"


def test_nothing_to_share_is_no_mistake(bar, qtbot, pixels):
    bar.set_shares(())
    assert bar.total == 0
    assert pixels(bar).shape == (28, 800, 3)
    with qtbot.assertNotEmitted(bar.selected):
        qtbot.keyClick(bar, Qt.Key.Key_Right)
        qtbot.mouseClick(bar, Qt.MouseButton.LeftButton, pos=bar.bar.center().toPoint())


def test_of_what_is_not_known_nothing_is_told(bar):
    bar.set_shares(None)
    assert bar.accessibleDescription() == "–. "
