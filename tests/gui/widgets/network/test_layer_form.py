"""The form of a layer: every kind of field by mouse and keys, and numbers that do not fit."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QToolButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from cnnstudio.gui.widgets.network.layer_form import LayerForm
from cnnstudio.models.layer_kinds import LAYER_KINDS

CONVOLUTION = LAYER_KINDS["Conv2D"].fields
VALUES = {
    "filters": 6,
    "kernel_size": 5,
    "strides": 1,
    "padding": "same",
    "activation": "relu",
    "dilation_rate": 1,
    "groups": 1,
    "use_bias": True,
    "trainable": True,
}


@pytest.fixture
def form(qtbot: QtBot) -> LayerForm:
    form = LayerForm()
    qtbot.addWidget(form)
    form.resize(320, 600)
    form.show_layer(CONVOLUTION, VALUES)
    form.show()
    qtbot.waitExposed(form)
    return form


def edits(form: LayerForm) -> list[tuple[str, object]]:
    heard: list[tuple[str, object]] = []
    form.edited.connect(lambda field, value: heard.append((field, value)))
    return heard


def retype(qtbot: QtBot, control: QWidget, text: str) -> None:
    control.setFocus()
    control.selectAll()
    qtbot.keyClicks(control, text)


def test_every_field_has_a_control_that_teaches(form: LayerForm, qtbot: QtBot) -> None:
    assert not form.control("groups").isVisible()
    qtbot.mouseClick(form.findChild(QToolButton, "more_fields_button"), Qt.MouseButton.LeftButton)
    for field in CONVOLUTION:
        control = form.control(field.name)
        assert control.isVisible()
        assert control.accessibleName() == field.title
        assert field.description.split(";")[0][:20] in control.toolTip().replace("&quot;", '"')
        assert control.focusPolicy() & Qt.FocusPolicy.TabFocus


def test_a_number_is_told_with_every_key(form: LayerForm, qtbot: QtBot) -> None:
    heard = edits(form)
    retype(qtbot, form.control("filters"), "32")
    assert heard == [("filters", 3), ("filters", 32)]


def test_showing_what_is_typed_leaves_the_typing_alone(form: LayerForm, qtbot: QtBot) -> None:
    """The page shows each change back while one still types."""
    form.edited.connect(lambda field, value: form.show_layer(CONVOLUTION, {**VALUES, field: value}))
    retype(qtbot, form.control("filters"), "128")
    assert form.control("filters").value() == 128


def test_showing_values_tells_nothing(form: LayerForm) -> None:
    heard = edits(form)
    form.show_layer(CONVOLUTION, {**VALUES, "filters": 99, "padding": "valid", "use_bias": False})
    assert heard == []
    assert form.control("filters").value() == 99


def test_mouse_and_arrow_keys_step(form: LayerForm, qtbot: QtBot) -> None:
    heard = edits(form)
    spin = form.control("kernel_size")
    spin.setFocus()
    qtbot.keyClick(spin, Qt.Key.Key_Up)
    qtbot.mouseClick(spin, Qt.MouseButton.LeftButton, pos=QPoint(spin.width() - 4, spin.height() // 4))
    assert heard == [("kernel_size", 6), ("kernel_size", 7)]


def test_buttons_keep_to_the_range_and_typing_does_not(form: LayerForm, qtbot: QtBot) -> None:
    """What cannot be is to be explained, not swallowed."""
    heard = edits(form)
    spin = form.control("strides")
    spin.setFocus()
    qtbot.keyClick(spin, Qt.Key.Key_Down)
    assert heard == []
    for text, value in (("0", 0), ("-2", -2)):
        retype(qtbot, spin, text)
        assert heard[-1] == ("strides", value)


def test_choices_and_switches(form: LayerForm, qtbot: QtBot) -> None:
    heard = edits(form)
    padding = form.control("padding")
    assert isinstance(padding, QComboBox)
    padding.setFocus()
    qtbot.keyClick(padding, Qt.Key.Key_Up)
    more = form.findChild(QToolButton, "more_fields_button")
    more.setFocus()
    qtbot.keyClick(more, Qt.Key.Key_Space)
    bias = form.control("use_bias")
    assert isinstance(bias, QCheckBox)
    bias.setFocus()
    qtbot.keyClick(bias, Qt.Key.Key_Space)
    assert heard == [("padding", "valid"), ("use_bias", False)]


def test_a_share_takes_a_decimal_comma_and_steps_by_twentieths(form: LayerForm, qtbot: QtBot) -> None:
    form.show_layer(LAYER_KINDS["Dropout"].fields, {"rate": 0.25})
    heard = edits(form)
    rate = form.control("rate")
    retype(qtbot, rate, "0,5")
    assert heard[-1] == ("rate", 0.5)
    qtbot.keyClick(rate, Qt.Key.Key_Up)
    assert heard[-1] == ("rate", 0.55)


def test_a_tiny_number_stays_exact(form: LayerForm, qtbot: QtBot) -> None:
    fields = LAYER_KINDS["BatchNormalization"].fields
    form.show_layer(fields, {"epsilon": 1e-5, "momentum": 0.99, "center": True, "scale": True})
    heard = edits(form)
    epsilon = form.control("epsilon")
    assert epsilon.value() == 1e-5
    retype(qtbot, epsilon, "1e-7")
    assert heard[-1] == ("epsilon", 1e-7)


def test_a_number_of_many_digits_is_not_changed_by_passing_through(form: LayerForm, qtbot: QtBot) -> None:
    form.show_layer(LAYER_KINDS["Rescaling"].fields, {"scale": 1 / 255, "offset": 0.0})
    heard = edits(form)
    scale = form.control("scale")
    scale.setFocus()
    qtbot.keyClick(scale, Qt.Key.Key_Return)
    assert scale.value() == 1 / 255
    assert set(heard) <= {("scale", 1 / 255)}


def test_a_size_that_is_not_square_has_two_numbers(form: LayerForm, qtbot: QtBot) -> None:
    form.show_layer(CONVOLUTION, {**VALUES, "kernel_size": [3, 5]})
    heard = edits(form)
    width = form.findChild(QSpinBox, "field_kernel_size_width")
    assert width.value() == 5
    retype(qtbot, width, "7")
    assert heard == [("kernel_size", [3, 7])]


def test_two_numbers_that_become_alike_stay_two_while_one_types(form: LayerForm, qtbot: QtBot) -> None:
    form.show_layer(CONVOLUTION, {**VALUES, "kernel_size": [3, 5]})
    width = form.findChild(QSpinBox, "field_kernel_size_width")
    form.edited.connect(lambda _field, pair: form.show_layer(CONVOLUTION, {**VALUES, "kernel_size": simple(pair)}))
    retype(qtbot, width, "31")
    assert form.findChild(QSpinBox, "field_kernel_size_width") is width
    assert width.value() == 31


def simple(pair: list[int]) -> int | list[int]:
    return pair[0] if pair[0] == pair[1] else pair


def test_a_value_of_another_kind_is_shown_and_not_edited(form: LayerForm) -> None:
    form.show_layer(LAYER_KINDS["ZeroPadding2D"].fields, {"padding": [[2, 3], [2, 3]]})
    control = form.control("padding")
    assert isinstance(control, QLineEdit)
    assert control.isReadOnly()
    assert control.text() == "2 × 3 × 2 × 3"


def test_an_activation_of_ones_own_is_kept(form: LayerForm) -> None:
    form.show_layer(CONVOLUTION, {**VALUES, "activation": "mish"})
    assert form.control("activation").currentData() == "mish"


def test_a_locked_field_says_why(form: LayerForm) -> None:
    form.show_layer(CONVOLUTION, VALUES, {"filters": "The data set decides."})
    assert not form.control("filters").isEnabled()
    assert "The data set decides." in form.control("filters").toolTip()
    form.show_layer(CONVOLUTION, VALUES)
    assert form.control("filters").isEnabled()


def test_what_does_not_fit_stands_under_its_field_and_offers_what_does(form: LayerForm, qtbot: QtBot) -> None:
    heard = edits(form)
    form.show_layer(CONVOLUTION, {**VALUES, "kernel_size": 50})
    form.set_problem("kernel_size", "50 is larger than the input.", 28)
    text = form.findChild(QLabel, "layer_problem_text")
    offer = form.findChild(QPushButton, "use_nearest_button")
    assert text.isVisible()
    below = text.mapTo(form, QPoint()).y() - form.control("kernel_size").mapTo(form, QPoint()).y()
    assert 0 < below < form.control("strides").mapTo(form, QPoint()).y()
    assert form.control("strides").mapTo(form, QPoint()).y() > text.mapTo(form, QPoint()).y()
    assert offer.text() == "Use 28 instead"
    qtbot.mouseClick(offer, Qt.MouseButton.LeftButton)
    assert heard == [("kernel_size", 28)]
    assert form.control("kernel_size").value() == 28
    form.set_problem("", "")
    assert not text.isVisible()
    assert form.problem == ""


def test_what_is_folded_away_unfolds_where_it_does_not_fit(form: LayerForm) -> None:
    form.set_problem("groups", "6 filters cannot be divided into 4 groups.", 3)
    assert form.control("groups").isVisible()
    assert form.findChild(QLabel, "layer_problem_text").isVisible()


def test_without_a_nearest_value_nothing_is_offered(form: LayerForm) -> None:
    form.set_problem("", "The branches have unlike shapes.")
    assert form.problem == "The branches have unlike shapes."
    assert not form.findChild(QPushButton, "use_nearest_button").isVisible()


def test_tab_goes_through_the_fields_in_order(form: LayerForm, qtbot: QtBot) -> None:
    form.control("filters").setFocus()
    order = []
    for _ in range(4):
        order.append(QApplication.focusWidget().objectName())
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
    assert order == ["field_filters", "field_kernel_size", "field_strides", "field_padding"]


def test_leaving_a_field_is_told(form: LayerForm, qtbot: QtBot) -> None:
    form.control("filters").setFocus()
    with qtbot.waitSignal(form.left):
        qtbot.keyClick(form.control("filters"), Qt.Key.Key_Tab)


def test_the_wheel_changes_only_what_was_chosen(
    form: LayerForm, turn_wheel: Callable[[QWidget, QPoint, QPoint], object]
) -> None:
    spin = form.control("filters")
    form.control("padding").setFocus()
    turn_wheel(spin, QPoint(5, 5), QPoint(0, 120))
    assert spin.value() == 6


def test_a_field_without_a_range_takes_any_number(qtbot: QtBot) -> None:
    form = LayerForm()
    qtbot.addWidget(form)
    form.show_layer([replace(CONVOLUTION[0], lowest=None, highest=None)], {"filters": 3})
    heard = edits(form)
    form.control("filters").setFocus()
    qtbot.keyClick(form.control("filters"), Qt.Key.Key_Down)
    assert heard == [("filters", 2)]
