"""Repairs in the editor: the keyboard stays where one works, and long names of layers do not widen the panel."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPushButton, QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from cnnstudio.gui.pages.architecture.editor import ArchitectureEditor
from cnnstudio.gui.pages.architecture.layer_panel import LayerPanel
from cnnstudio.gui.pages.architecture.page import ArchitecturePage
from cnnstudio.models.networks.building import network_config
from cnnstudio.models.networks.files import Network

MINUTE = 60_000


@pytest.fixture
def editor(qtbot: QtBot, page: ArchitecturePage) -> ArchitectureEditor:
    """The editor with a ResNet-20 in the page, where there are other places for the focus."""
    page.activateWindow()
    qtbot.mouseClick(page.findChild(QPushButton, "edit_network_button"), Qt.MouseButton.LeftButton)
    assert page.editor.edit(Network("resnet20", "ResNet-20", network_config("resnet20", (32, 32, 3), 10), "resnet20"))
    editor: ArchitectureEditor = page.editor
    return editor


def make_misfit(editor: ArchitectureEditor) -> None:
    editor.document.select("stage1_block1_2_conv")
    editor.document.change("filters", 24)
    editor.document.select("stage1_block1_add")


def press(qtbot: QtBot, editor: ArchitectureEditor, name: str) -> None:
    """Presses a button with the keyboard."""
    QApplication.processEvents()  # one that has just appeared is laid out first
    button = editor.findChild(QPushButton, name)
    button.setFocus()
    assert QApplication.focusWidget() is button
    qtbot.keyClick(button, Qt.Key.Key_Space)
    QApplication.processEvents()


def focus(editor: ArchitectureEditor) -> QWidget:
    """What has the focus: something in the panel of the layer."""
    focused = QApplication.focusWidget()
    assert focused is not None
    assert editor.findChild(LayerPanel).isAncestorOf(focused), focused.objectName()
    return focused


def undo(qtbot: QtBot, editor: ArchitectureEditor) -> None:
    qtbot.keyClick(focus(editor), Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    QApplication.processEvents()


@pytest.mark.parametrize("number", [1, 2])
def test_a_repair_is_undone_with_the_keys_that_follow(editor: ArchitectureEditor, qtbot: QtBot, number: int) -> None:
    make_misfit(editor)
    before = editor.document.network.config
    press(qtbot, editor, f"use_offer_{number}_button")
    assert editor.document.network.config != before
    undo(qtbot, editor)
    assert editor.document.network.config == before
    focus(editor)


def test_a_nearest_value_is_undone_with_the_keys_that_follow(editor: ArchitectureEditor, qtbot: QtBot) -> None:
    editor.document.select("stage2_block1_1_conv")
    editor.document.change("padding", "valid")
    editor.document.change("kernel_size", 99)
    before = editor.document.network.config
    press(qtbot, editor, "use_nearest_button")
    assert editor.document.network.config != before
    undo(qtbot, editor)
    assert editor.document.network.config == before


def test_a_repair_is_undone_while_its_button_has_the_focus(editor: ArchitectureEditor, qtbot: QtBot) -> None:
    make_misfit(editor)
    editor.findChild(QPushButton, "use_offer_1_button").setFocus()
    undo(qtbot, editor)
    assert editor.document.table.misfit is None
    focus(editor)


def test_going_to_what_does_not_fit_stays_in_the_panel(editor: ArchitectureEditor, qtbot: QtBot) -> None:
    make_misfit(editor)
    editor.document.select("stage1_block1_2_conv")
    press(qtbot, editor, "show_misfit_button")
    assert editor.document.selected_layer == "stage1_block1_add"
    undo(qtbot, editor)
    assert editor.document.table.misfit is None


def test_a_layer_that_goes_while_it_is_worked_on_leaves_the_focus(editor: ArchitectureEditor, qtbot: QtBot) -> None:
    editor.document.select("stage1_block1_add")
    editor.add("Dropout")
    editor.findChild(LayerPanel).form.control("rate").setFocus()
    undo(qtbot, editor)
    assert editor.document.selected_layer == "stage1_block1_add"
    focus(editor)


def test_a_layers_new_name_is_undone_once_it_stands(editor: ArchitectureEditor, qtbot: QtBot) -> None:
    editor.document.select("stage1_block1_add")
    name = editor.findChild(QLineEdit, "layer_name")
    name.setFocus()
    qtbot.keyClicks(name, "x")
    qtbot.keyClick(name, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert name.text() == "stage1_block1_add"  # as long as one types, Undo is the typing's
    qtbot.keyClicks(name, "2")
    qtbot.keyClick(name, Qt.Key.Key_Return)
    assert editor.document.selected_layer == "stage1_block1_add2"
    undo(qtbot, editor)
    assert editor.document.selected_layer == name.text() == "stage1_block1_add"


def test_no_name_of_a_layer_widens_the_panel(editor: ArchitectureEditor, qtbot: QtBot) -> None:
    make_misfit(editor)
    press(qtbot, editor, "use_offer_2_button")
    area, panel = editor.findChild(QScrollArea), editor.findChild(LayerPanel)
    for new in ("stage1_block1_a_sum_of_all_that_was_found_before", "sum" * 30):
        editor.document.rename_layer(new)
        for layer in (new, "stage1_block2_add", editor.document.table.rows[1].name):
            editor.document.select(layer)
            QApplication.processEvents()
            assert panel.width() <= area.viewport().width(), layer
            for button in panel.findChildren(QPushButton):
                assert button.isHidden() or button.width() >= button.sizeHint().width(), button.objectName()


def test_a_shape_stays_on_one_line(editor: ArchitectureEditor) -> None:
    editor.document.select("stage1_block1_add")
    text = editor.findChild(LayerPanel).findChild(QLabel, "fact_output").text()
    assert text == "32×32×16"


def test_an_offer_tells_which_layer_does_not_fit_then(editor: ArchitectureEditor) -> None:
    make_misfit(editor)
    whole, part = (editor.findChild(QPushButton, f"use_offer_{number}_button") for number in (1, 2))
    assert whole.accessibleName() == "Use 16 filters in stage1_block1_2_conv"
    assert "does not fit" not in whole.toolTip()
    assert part.accessibleName() == "1×1 convolution in the shortcut"
    assert "Then “stage1_block2_add” does not fit." in part.toolTip()
