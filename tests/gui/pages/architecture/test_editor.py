"""The editor of architectures with the real engine: every operation by mouse and by keys, and bad input."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QFileDialog,
    QFrame,
    QLabel,
    QLineEdit,
    QListWidget,
    QMessageBox,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from pytestqt.qtbot import QtBot

from cnnstudio.errors import StudioError
from cnnstudio.gui.controls.message_bar import MessageBar
from cnnstudio.gui.pages.architecture.code_dialog import script_of
from cnnstudio.gui.pages.architecture.draft import left_behind
from cnnstudio.gui.pages.architecture.editor import ArchitectureEditor
from cnnstudio.gui.pages.architecture.layer_panel import LayerPanel
from cnnstudio.models.architectures.catalogue import ARCHITECTURES
from cnnstudio.models.networks.building import build_network, find_network, network_config
from cnnstudio.models.networks.files import Network, list_networks, read_network, save_network, write_network
from cnnstudio.storage import data_folder

Press = Callable[[str], None]

MINUTE = 60_000
KEYS = {
    "duplicate_layer": (Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier),
    "move_layer_up": (Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier),
    "move_layer_down": (Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier),
    "remove_layer": (Qt.Key.Key_Delete, Qt.KeyboardModifier.NoModifier),
    "undo_edit": (Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier),
    "redo_edit": (Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier),
    "add_layer": (Qt.Key.Key_Insert, Qt.KeyboardModifier.NoModifier),
    "save_network": (Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier),
    "show_keras_code": (Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier),
}


def published(name: str = "lenet5") -> Network:
    return Network(name, ARCHITECTURES[name].title, network_config(name, (28, 28, 1), 10), name)


@pytest.fixture
def editor(qtbot: QtBot) -> Iterator[ArchitectureEditor]:
    column = QWidget()
    qtbot.addWidget(column)
    message = MessageBar()
    editor = ArchitectureEditor(message)
    layout = QVBoxLayout(column)
    layout.addWidget(message)
    layout.addWidget(editor, 1)
    column.resize(340, 780)
    column.show()
    qtbot.waitExposed(column)
    assert editor.edit(published())
    yield editor
    editor.shut_down()


def abandon_draft() -> None:
    """Leaves the draft as a process that was killed does: nobody holds its file, which has its name of earlier days."""
    folder = data_folder() / "drafts"
    (path,) = folder.glob("draft-*.cnn.json")
    path.rename(folder / "draft.cnn.json")


@pytest.fixture(params=["mouse", "keys"])
def press(request: pytest.FixtureRequest, qtbot: QtBot, editor: ArchitectureEditor) -> Press:
    """Does an action of the editor, once with the mouse and once with its keys."""

    def by_mouse(name: str) -> None:
        button = editor.findChild(QPushButton, f"{name}_button") or editor.findChild(QToolButton, f"{name}_button")
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)

    def by_keys(name: str) -> None:
        key, modifier = KEYS[name]
        editor.findChild(QPushButton, "train_network_button").setFocus()
        qtbot.keyClick(QApplication.focusWidget(), key, modifier)

    return by_mouse if request.param == "mouse" else by_keys


def names(editor: ArchitectureEditor) -> list[str]:
    return [row.name for row in editor.document.table.rows]


def click(qtbot: QtBot, editor: ArchitectureEditor, name: str) -> None:
    """Clicks a button that may just have appeared: Qt lays it out first."""
    QApplication.processEvents()
    qtbot.mouseClick(editor.findChild(QPushButton, name), Qt.MouseButton.LeftButton)


def undo(editor: ArchitectureEditor) -> None:
    editor.document.stack.undo()


def control(editor: ArchitectureEditor, field: str) -> QWidget:
    return editor.findChild(LayerPanel).form.control(field)


def retype(qtbot: QtBot, editor: ArchitectureEditor, field: str, text: str) -> None:
    spin = control(editor, field)
    spin.setFocus()
    spin.selectAll()
    qtbot.keyClicks(spin, text)


def fact(editor: ArchitectureEditor, name: str) -> str:
    QApplication.processEvents()  # facts that have just appeared are laid out first
    (shown,) = (one for one in editor.findChildren(QLabel, f"fact_{name}") if not one.isHidden())
    return plain(shown.text())


def plain(text: str) -> str:
    """A text without what says where a line may break and where not."""
    return text.replace("\N{ZERO WIDTH SPACE}", "").replace("\N{NO-BREAK SPACE}", " ")


def problem(editor: ArchitectureEditor) -> str:
    label = editor.findChild(QLabel, "layer_problem_text")
    return plain(label.text()) if label.isVisible() else ""


def message(editor: ArchitectureEditor) -> str:
    return editor.parentWidget().findChild(MessageBar).text


def answer(monkeypatch: pytest.MonkeyPatch, button: str) -> list[str]:
    """Answers every question with the button of that name; returns what is asked."""
    asked: list[str] = []
    monkeypatch.setattr(QMessageBox, "exec", lambda box: asked.append(box.text()))
    monkeypatch.setattr(QMessageBox, "clickedButton", lambda box: box.findChild(QPushButton, button))
    return asked


def test_an_architecture_is_edited_as_a_copy_of_ones_own(editor: ArchitectureEditor) -> None:
    assert editor.document.title == "My LeNet-5"
    assert editor.document.selected_layer == "conv1"
    assert not editor.document.unsaved
    assert editor.findChild(QLabel, "layer_title").text() == "Convolution 5×5"
    assert fact(editor, "formula") == "N = (28 − 5 + 2·2)/1 + 1 = 28"
    assert fact(editor, "parameters") == "5·5·1·6 + 6 = 156"
    assert not editor.findChild(QToolButton, "undo_edit_button").isEnabled()


def test_shapes_and_formula_follow_the_typing(editor: ArchitectureEditor, qtbot: QtBot) -> None:
    tables = []
    editor.document.changed.connect(tables.append)
    retype(qtbot, editor, "kernel_size", "7")
    assert fact(editor, "formula") == "N = (28 − 7 + 2·3)/1 + 1 = 28"
    assert fact(editor, "parameters") == "7·7·1·6 + 6 = 300"
    assert tables[-1].row("conv1").parameters == 300
    retype(qtbot, editor, "filters", "20")
    assert tables[-1].row("conv2").parameters == 5 * 5 * 20 * 16 + 16
    assert editor.document.unsaved


def test_a_window_that_is_not_square_has_two_formulas(editor: ArchitectureEditor) -> None:
    editor.document.change("kernel_size", [3, 5])
    assert fact(editor, "formula") == "height = (28 − 3 + 2·1)/1 + 1 = 28\nwidth = (28 − 5 + 2·2)/1 + 1 = 28"


def test_a_field_that_is_typed_in_is_one_step(editor: ArchitectureEditor, qtbot: QtBot) -> None:
    retype(qtbot, editor, "filters", "128")
    retype(qtbot, editor, "kernel_size", "3")
    assert editor.document.stack.count() == 2
    retype(qtbot, editor, "filters", "32")
    assert editor.document.stack.count() == 3
    for filters, kernel in ((128, 3), (128, 5), (6, 5)):
        undo(editor)
        assert control(editor, "filters").value() == filters
        assert control(editor, "kernel_size").value() == kernel
    assert not editor.document.unsaved


def test_undo_and_redo(editor: ArchitectureEditor, qtbot: QtBot, press: Press) -> None:
    before = editor.document.network.config
    retype(qtbot, editor, "filters", "12")
    after = editor.document.network.config
    press("undo_edit")
    assert editor.document.network.config == before
    press("redo_edit")
    assert editor.document.network.config == after
    assert control(editor, "filters").value() == 12


def test_undo_within_a_field_takes_the_network_back(editor: ArchitectureEditor, qtbot: QtBot) -> None:
    """Not only the last key that was pressed there."""
    retype(qtbot, editor, "filters", "12")
    spin = control(editor, "filters")
    qtbot.keyClick(spin, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert spin.value() == 6
    qtbot.keyClick(spin, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert spin.value() == 12


def test_undo_shows_the_layer_that_it_changes(editor: ArchitectureEditor, qtbot: QtBot) -> None:
    retype(qtbot, editor, "filters", "12")
    editor.document.select("dense1")
    undo(editor)
    assert editor.document.selected_layer == "conv1"


def test_adding_by_mouse(editor: ArchitectureEditor, qtbot: QtBot, press: Press) -> None:
    press("add_layer")
    menu = editor.findChild(QListWidget, "layer_menu")
    assert menu.isVisible()
    (item,) = menu.findItems("Batch normalisation", Qt.MatchFlag.MatchExactly)
    menu.scrollToItem(item)
    qtbot.mouseClick(menu.viewport(), Qt.MouseButton.LeftButton, pos=menu.visualItemRect(item).center())
    assert not menu.isVisible()
    assert names(editor)[2:4] == ["conv1", "norm1"]
    assert editor.document.selected_layer == "norm1"
    assert editor.document.table.misfit is None


def test_adding_by_keys(editor: ArchitectureEditor, qtbot: QtBot) -> None:
    editor.document.select("dense1")
    editor.show_kinds()
    menu = editor.findChild(QListWidget, "layer_menu")
    qtbot.keyClicks(menu, "Dropo")
    qtbot.keyClick(menu, Qt.Key.Key_Return)
    position = names(editor).index("dense1")
    assert names(editor)[position + 1] == "dropout1"
    assert control(editor, "rate").value() == 0.25


def test_the_menu_of_kinds_begins_with_the_first_one_each_time(editor: ArchitectureEditor, qtbot: QtBot) -> None:
    menu = editor.findChild(QListWidget, "layer_menu")
    editor.show_kinds()
    first = menu.currentItem().text()
    qtbot.keyClicks(menu, "Dropo")
    qtbot.keyClick(menu, Qt.Key.Key_Return)
    editor.show_kinds()
    assert menu.currentItem().text() == first == "Convolution"
    assert menu.verticalScrollBar().value() == 0


def test_the_menu_of_kinds_closes_without_adding(editor: ArchitectureEditor, qtbot: QtBot) -> None:
    before = names(editor)
    editor.show_kinds()
    qtbot.keyClick(editor.findChild(QListWidget, "layer_menu"), Qt.Key.Key_Escape)
    assert not editor.findChild(QListWidget, "layer_menu").isVisible()
    assert names(editor) == before


def test_a_residual_block_keeps_the_shape(editor: ArchitectureEditor) -> None:
    editor.document.select("pool1")
    editor.add("residual block")
    table = editor.document.table
    assert table.misfit is None
    added = [row for row in table.rows if row.kind == "Add"]
    assert len(added) == 1
    assert added[0].output_shape == table.row("pool1").output_shape
    undo(editor)
    assert editor.document.network.config == published().config


def test_a_halving_residual_block_fits(editor: ArchitectureEditor) -> None:
    editor.document.select("pool1")
    editor.add("halving residual block")
    table = editor.document.table
    (added,) = (row for row in table.rows if row.kind == "Add")
    assert added.output_shape == (7, 7, 12)


def test_duplicating(editor: ArchitectureEditor, press: Press) -> None:
    press("duplicate_layer")
    assert len(names(editor)) == 11
    copy = editor.document.selected_layer
    assert names(editor).index(copy) == names(editor).index("conv1") + 1
    assert editor.document.table.row(copy).kind == "Conv2D"


def test_moving(editor: ArchitectureEditor, press: Press) -> None:
    editor.document.select("pool1")
    press("move_layer_up")
    assert names(editor)[2:4] == ["pool1", "conv1"]
    press("move_layer_down")
    assert names(editor)[2:4] == ["conv1", "pool1"]
    assert editor.document.selected_layer == "pool1"


def test_removing(editor: ArchitectureEditor, press: Press) -> None:
    editor.document.select("dense1")
    press("remove_layer")
    assert "dense1" not in names(editor)
    assert editor.document.selected_layer == "dense2"
    assert editor.document.table.row("dense2").parameters == 400 * 84 + 84


def test_what_makes_no_sense_is_said_and_changes_nothing(editor: ArchitectureEditor) -> None:
    editor.document.select("dense2")
    editor.document.stack.clear()
    editor.findChild(QAction, "move_layer_down").trigger()
    assert "last layer" in message(editor)
    assert editor.document.stack.count() == 0


def test_input_and_output_stay(editor: ArchitectureEditor) -> None:
    for name in ("image", "output"):
        editor.document.select(name)
        for action in ("duplicate_layer", "move_layer_up", "move_layer_down", "remove_layer"):
            assert not editor.findChild(QAction, action).isEnabled()
    units = control(editor, "units")
    assert not units.isEnabled()
    assert "data set" in units.toolTip()
    assert not control(editor, "activation").isEnabled()


def test_a_layer_gets_another_name(editor: ArchitectureEditor, qtbot: QtBot) -> None:
    name = editor.findChild(QLineEdit, "layer_name")
    name.setFocus()
    name.selectAll()
    qtbot.keyClicks(name, "edges")
    qtbot.keyClick(name, Qt.Key.Key_Return)
    assert "edges" in names(editor)
    assert editor.document.selected_layer == "edges"
    name.selectAll()
    qtbot.keyClicks(name, "conv2")
    qtbot.keyClick(name, Qt.Key.Key_Return)
    assert "conv2" in message(editor)
    assert name.text() == "edges"
    undo(editor)
    assert names(editor)[2] == "conv1"


@pytest.mark.parametrize("text", ["0", "-3"])
@pytest.mark.parametrize("field", ["filters", "kernel_size", "strides"])
def test_zero_and_less_are_refused_at_their_field(
    editor: ArchitectureEditor, qtbot: QtBot, field: str, text: str
) -> None:
    retype(qtbot, editor, field, text)
    assert text in problem(editor)
    offer = editor.findChild(QPushButton, "use_nearest_button")
    assert offer.text() == "Use 1 instead"
    click(qtbot, editor, "use_nearest_button")
    assert problem(editor) == ""
    assert control(editor, field).value() == 1
    assert editor.document.table.misfit is None or editor.document.table.misfit.layer != "conv1"


def test_the_nearest_value_is_shown_even_where_it_is_the_old_one(editor: ArchitectureEditor, qtbot: QtBot) -> None:
    retype(qtbot, editor, "strides", "0")
    click(qtbot, editor, "use_nearest_button")
    assert control(editor, "strides").value() == 1
    assert problem(editor) == ""


def test_a_kernel_larger_than_its_input_says_which_fits(editor: ArchitectureEditor, qtbot: QtBot) -> None:
    editor.document.select("conv2")
    retype(qtbot, editor, "kernel_size", "40")
    assert "40×40" in problem(editor)
    assert editor.document.table.row("conv2").output_shape is None
    assert not editor.findChild(QPushButton, "train_network_button").isEnabled()
    offer = editor.findChild(QPushButton, "use_nearest_button")
    assert offer.text() == "Use 13 instead"
    offer.setFocus()
    qtbot.keyClick(offer, Qt.Key.Key_Space)
    assert problem(editor) == ""
    assert editor.document.table.row("conv2").output_shape == (2, 2, 16)
    assert fact(editor, "formula") == "N = (14 − 13 + 2·0)/1 + 1 = 2"
    assert editor.document.table.misfit is None


def test_a_network_that_shrinks_to_nothing_says_where(editor: ArchitectureEditor, qtbot: QtBot) -> None:
    """The number was typed in one layer, another one does not fit any more."""
    retype(qtbot, editor, "strides", "20")
    elsewhere = editor.findChild(QLabel, "misfit_elsewhere_text")
    assert elsewhere.isVisible()
    assert "conv2" in elsewhere.text()
    click(qtbot, editor, "show_misfit_button")
    assert editor.document.selected_layer == "conv2"
    assert not elsewhere.isVisible()
    assert "5×5" in problem(editor)
    click(qtbot, editor, "use_nearest_button")
    assert "conv2" not in (editor.document.table.misfit.text if editor.document.table.misfit else "")


def test_branches_of_unlike_shapes_are_told(editor: ArchitectureEditor, qtbot: QtBot) -> None:
    editor.document.select("pool1")
    editor.add("residual block")
    first = next(
        row.name for row in editor.document.table.rows if row.name.startswith("block") and row.kind == "Conv2D"
    )
    editor.document.select(first)
    retype(qtbot, editor, "strides", "2")
    assert "7×7×6" in editor.findChild(QLabel, "misfit_elsewhere_text").text()
    editor.findChild(QPushButton, "show_misfit_button").click()
    assert "14×14×6" in problem(editor)
    assert not editor.findChild(QPushButton, "use_nearest_button").isVisible()
    assert fact(editor, "joined") == "block1_2_norm: 7×7×6\npool1: 14×14×6"
    before, steps = editor.document.network.config, editor.document.stack.count()
    assert editor.findChild(QPushButton, "use_offer_1_button").text() == "1×1 convolution in the shortcut"
    click(qtbot, editor, "use_offer_1_button")
    assert problem(editor) == ""
    assert editor.document.table.row("block1_add").output_shape == (7, 7, 6)
    assert editor.document.stack.count() == steps + 1
    undo(editor)
    assert editor.document.network.config == before


def test_a_window_beyond_its_maps_gets_a_note(editor: ArchitectureEditor, qtbot: QtBot) -> None:
    retype(qtbot, editor, "kernel_size", "29")
    assert (
        fact(editor, "padding_hint")
        == "The window of 29×29 is larger than the maps of 28×28: part of it sees only padding."
    )
    retype(qtbot, editor, "kernel_size", "99")
    assert fact(editor, "padding_hint").endswith("28×28: most of it sees only padding.")
    retype(qtbot, editor, "kernel_size", "28")
    assert not [one for one in editor.findChildren(QLabel, "fact_padding_hint") if not one.isHidden()]


def test_a_kernel_too_large_offers_one_that_works_and_same_padding(editor: ArchitectureEditor, qtbot: QtBot) -> None:
    editor.document.change("padding", "valid")
    retype(qtbot, editor, "kernel_size", "99")
    assert editor.findChild(QPushButton, "use_nearest_button").text() == "Use 17 instead"
    click(qtbot, editor, "use_offer_1_button")
    assert editor.document.table.misfit is None
    assert control(editor, "padding").currentText() == "same"


def test_what_was_said_goes_with_the_next_edit(editor: ArchitectureEditor, qtbot: QtBot) -> None:
    editor.findChild(QLineEdit, "layer_name").setText("conv2")
    qtbot.keyClick(editor.findChild(QLineEdit, "layer_name"), Qt.Key.Key_Return)
    assert "conv2" in message(editor)
    retype(qtbot, editor, "filters", "7")
    assert message(editor) == ""


def test_a_billion_parameters_cost_nothing_but_a_warning(editor: ArchitectureEditor, qtbot: QtBot) -> None:
    for layer in ("dense1", "dense2"):
        editor.document.select(layer)
        retype(qtbot, editor, "units", "40000")
    warning = editor.findChild(QLabel, "size_warning")
    assert editor.document.table.parameters > 10**9
    assert warning.isVisible()
    assert f"{editor.document.table.parameters:,}" in warning.text()
    assert "GB" in warning.text()
    assert not editor.findChild(QPushButton, "train_network_button").isEnabled()
    undo(editor)
    assert not warning.isVisible()


def test_a_flat_layer_takes_no_convolution_behind_it(editor: ArchitectureEditor) -> None:
    editor.document.select("flatten")
    editor.add("Conv2D")
    assert "list of 400 numbers" in problem(editor)
    editor.add("residual block")
    assert message(editor)


def test_saving_keeps_the_network_under_its_name(editor: ArchitectureEditor, qtbot: QtBot, press: Press) -> None:
    retype(qtbot, editor, "filters", "12")
    assert editor.findChild(QToolButton, "save_network_button").isEnabled()
    with qtbot.waitSignal(editor.saved) as saved:
        press("save_network")
    assert saved.args[0].name == "My LeNet-5"
    assert not editor.document.unsaved
    assert not editor.findChild(QToolButton, "save_network_button").isEnabled()
    (network,) = list_networks()
    assert network.config == editor.document.network.config
    assert network.source == "lenet5"
    # Saved again, it takes its own place; under another name, it becomes a second one.
    retype(qtbot, editor, "filters", "14")
    press("save_network")
    assert len(list_networks()) == 1
    title = editor.findChild(QLineEdit, "network_title")
    title.selectAll()
    qtbot.keyClicks(title, "Wide")
    assert editor.document.unsaved
    press("save_network")
    assert [network.name for network in list_networks()] == ["My LeNet-5", "Wide"]


def test_what_was_saved_trains(editor: ArchitectureEditor, qtbot: QtBot) -> None:
    retype(qtbot, editor, "filters", "12")
    network = editor.save()
    model = build_network(network.name, (28, 28, 1), 10, seed=0)
    assert model.count_params() == editor.document.table.parameters


@pytest.mark.parametrize("name", ["", "a/b", "lenet5", "Taken", ".hidden", "con"])
def test_names_that_are_not_possible(editor: ArchitectureEditor, qtbot: QtBot, name: str) -> None:
    save_network(replace(published(), title=""), "Taken")
    title = editor.findChild(QLineEdit, "network_title")
    title.selectAll()
    qtbot.keyClick(title, Qt.Key.Key_Delete)
    qtbot.keyClicks(title, name)
    assert editor.save() is None
    assert message(editor)
    assert [network.name for network in list_networks()] == ["Taken"]


def test_a_second_copy_gets_a_name_of_its_own(editor: ArchitectureEditor, qtbot: QtBot) -> None:
    retype(qtbot, editor, "filters", "12")
    editor.save()
    editor.edit(published())
    assert editor.document.title == "My LeNet-5 2"


@pytest.mark.parametrize(
    ("button", "saved"), [("save_changes_button", 1), ("discard_changes_button", 0), ("keep_editing_button", 0)]
)
def test_what_is_not_saved_is_asked_about(
    editor: ArchitectureEditor, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, button: str, saved: int
) -> None:
    asked = answer(monkeypatch, button)
    left = button != "keep_editing_button"
    retype(qtbot, editor, "filters", "12")
    assert editor.edit(published("mlp")) is left
    assert len(asked) == 1
    assert "My LeNet-5" in asked[0]
    assert len(list_networks()) == saved
    assert ("hidden1" in names(editor)) is left


def test_the_question_belongs_to_the_page_and_so_looks_like_it(
    editor: ArchitectureEditor, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    parents: list[object] = []
    monkeypatch.setattr(QMessageBox, "exec", lambda box: parents.append(box.parent()))
    retype(qtbot, editor, "filters", "12")
    assert not editor.may_leave()
    assert parents == [editor]


def test_nothing_is_asked_where_nothing_would_be_lost(
    editor: ArchitectureEditor, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = answer(monkeypatch, "keep_editing_button")
    retype(qtbot, editor, "filters", "12")
    undo(editor)
    assert editor.edit(published("mlp"))
    assert asked == []


def test_a_draft_outlives_a_crash(editor: ArchitectureEditor, qtbot: QtBot) -> None:
    retype(qtbot, editor, "filters", "12")
    with qtbot.waitSignal(editor.draft.written):
        editor.draft.write()
    config = editor.document.network.config
    abandon_draft()
    left = left_behind()
    assert left is not None
    bar = MessageBar()
    again = ArchitectureEditor(bar)
    qtbot.addWidget(again)
    qtbot.addWidget(bar)
    again.show()
    assert again.open_draft(*left)
    assert again.document.network.config == config
    assert again.document.title == "My LeNet-5"
    assert again.document.unsaved
    assert again.save() is not None
    again.shut_down()
    assert left_behind() is None


def test_a_draft_is_offered_once_its_window_is_gone_and_by_one_window(editor: ArchitectureEditor, qtbot: QtBot) -> None:
    retype(qtbot, editor, "filters", "12")
    with qtbot.waitSignal(editor.draft.written):
        editor.draft.write()
    assert left_behind() is None, "it is being edited"
    editor.shut_down()
    file, network = left_behind()
    assert network.config == editor.document.network.config
    assert left_behind() is None, "another window offers it"
    file.release()
    file, _ = left_behind()
    file.remove()
    assert left_behind() is None


def test_a_draft_that_cannot_be_written_is_said_once(editor: ArchitectureEditor, qtbot: QtBot, home: Path) -> None:
    (home / "data").mkdir(parents=True, exist_ok=True)
    (home / "data" / "drafts").touch()
    retype(qtbot, editor, "filters", "12")
    with qtbot.waitSignal(editor.draft.unwritten):
        editor.draft.write()
    assert "drafts cannot be written" in message(editor)
    assert message(editor).endswith("Until that works again, a crash would lose your changes.")
    retype(qtbot, editor, "filters", "13")
    assert not message(editor)


def test_no_draft_is_left_where_all_is_saved(editor: ArchitectureEditor, qtbot: QtBot) -> None:
    retype(qtbot, editor, "filters", "12")
    with qtbot.waitSignal(editor.draft.written):
        editor.draft.write()
    with qtbot.waitSignal(editor.draft.written):
        editor.save()
    assert left_behind() is None


def test_a_draft_stays_where_nobody_was_asked(editor: ArchitectureEditor, qtbot: QtBot) -> None:
    """Ctrl+C in the terminal closes at once."""
    retype(qtbot, editor, "filters", "12")
    editor.shut_down()
    file, network = left_behind()
    assert network.config == editor.document.network.config
    file.release()
    editor.document.discard()
    editor.shut_down()
    assert left_behind() is None


def test_a_damaged_draft_is_passed_over(home: Path) -> None:
    (home / "data" / "drafts").mkdir(parents=True, exist_ok=True)
    (home / "data" / "drafts" / "draft.cnn.json").write_text("{")
    assert left_behind() is None


def test_files_go_to_others_and_come_back(
    editor: ArchitectureEditor, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    retype(qtbot, editor, "filters", "12")
    path = tmp_path / "shared.cnn.json"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args: (str(path), ""))
    editor.findChild(QAction, "save_network_file").trigger()
    assert str(path) in message(editor)
    sent = editor.document.network
    answer(monkeypatch, "discard_changes_button")
    editor.edit(published("mlp"))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_args: (str(path), ""))
    editor.findChild(QAction, "open_network_file").trigger()
    assert editor.document.network.config == sent.config
    assert editor.document.title == sent.title
    assert read_network(path).source == "lenet5"


def _lambda_layer(document: dict) -> None:
    document["model"]["config"]["layers"][1]["class_name"] = "Lambda"


@pytest.mark.parametrize(
    ("spoil", "word"),
    [
        (lambda document: document.update(format=99), "newer"),
        (lambda document: document.pop("model"), "model"),
        (_lambda_layer, "Lambda"),
        (lambda document: document["model"].update(config="x"), "damaged"),
    ],
    ids=["newer", "no model", "hostile", "damaged"],
)
def test_files_that_are_not_opened(
    editor: ArchitectureEditor,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    spoil: Callable[[dict], object],
    word: str,
) -> None:
    path = tmp_path / "bad.cnn.json"
    write_network(published("mlp"), path)
    document = json.loads(path.read_text())
    spoil(document)
    path.write_text(json.dumps(document))
    before = editor.document.network.config
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_args: (str(path), ""))
    editor.ask_file()
    assert word in message(editor)
    assert editor.document.network.config == before


def test_half_a_file_is_not_opened(editor: ArchitectureEditor, tmp_path: Path) -> None:
    path = tmp_path / "half.cnn.json"
    write_network(published("mlp"), path)
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(StudioError, match="damaged"):
        editor.open_file(path)


def test_a_number_out_of_its_range_is_corrected_before_training(editor: ArchitectureEditor, qtbot: QtBot) -> None:
    editor.document.select("conv2")
    facts = editor.findChild(QFrame, "layer_facts")
    assert facts.isVisible()
    retype(qtbot, editor, "strides", "0")
    assert "not 0" in problem(editor)
    assert not facts.isVisible()
    button = editor.findChild(QPushButton, "train_network_button")
    assert not button.isEnabled()
    retype(qtbot, editor, "strides", "1")
    assert facts.isVisible()
    assert button.isEnabled()
    retype(qtbot, editor, "strides", "0")
    click(qtbot, editor, "use_nearest_button")
    assert button.isEnabled()
    retype(qtbot, editor, "strides", "0")
    editor.document.select("conv1")  # which leaves the number behind
    assert button.isEnabled()


def test_train_saves_first(editor: ArchitectureEditor, qtbot: QtBot) -> None:
    button = editor.findChild(QPushButton, "train_network_button")
    with qtbot.waitSignal(editor.train_wanted) as wanted:
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert wanted.args[0] is ARCHITECTURES["lenet5"]
    assert list_networks() == []
    retype(qtbot, editor, "filters", "12")
    with qtbot.waitSignal(editor.train_wanted) as wanted:
        qtbot.keyClick(button, Qt.Key.Key_Space)
    assert wanted.args[0].path == list_networks()[0].path


def test_the_network_of_a_model_is_saved_before_it_is_trained(editor: ArchitectureEditor, qtbot: QtBot) -> None:
    """Unchanged, too: no name leads to it."""
    editor.edit(Network("", "theirs", network_config("softmax")))
    with qtbot.waitSignal(editor.train_wanted) as wanted:
        click(qtbot, editor, "train_network_button")
    assert wanted.args[0].path == list_networks()[0].path and find_network(wanted.args[0].name)


def test_keras_code_to_copy_and_save(
    editor: ArchitectureEditor, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, press: Press
) -> None:
    retype(qtbot, editor, "filters", "12")
    press("show_keras_code")
    qtbot.waitUntil(lambda: editor.window().findChild(QDialog, "keras_code_dialog") is not None, timeout=MINUTE)
    dialog = editor.window().findChild(QDialog, "keras_code_dialog")
    assert dialog.isVisible()
    code = dialog.view.code
    compile(code, "script", "exec")
    assert "Conv2D" in code
    assert "12" in code
    qtbot.mouseClick(dialog.findChild(QPushButton, "copy_code_button"), Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == code
    path = tmp_path / "net.py"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args: (str(path), ""))
    qtbot.mouseClick(dialog.findChild(QPushButton, "save_code_button"), Qt.MouseButton.LeftButton)
    assert path.read_text() == code
    dialog.close()


def test_code_of_what_does_not_fit_is_refused(editor: ArchitectureEditor, qtbot: QtBot) -> None:
    editor.document.select("conv2")
    retype(qtbot, editor, "kernel_size", "40")
    editor.show_code()
    assert "no code" in message(editor)
    assert "conv2" in message(editor)


def test_the_code_fits_the_network_to_the_chosen_images(editor: ArchitectureEditor) -> None:
    network = editor.document.network
    assert "(28, 28, 1)" in script_of(network, "")
    assert "(32, 32, 3)" in script_of(network, "cifar10")
    with pytest.raises(StudioError, match="MNIST"):
        script_of(replace(network, config=network_config("alexnet")), "")
    with pytest.raises(StudioError, match="takes images of 227×227×3 and tells 1,000 classes apart"):
        script_of(replace(network, config=network_config("alexnet")), "", as_it_is=True)


def test_every_tool_teaches_and_names_its_key(editor: ArchitectureEditor) -> None:
    for action in editor.actions():
        assert action.toolTip()
        for keys in action.shortcuts()[:1]:
            assert keys.toString(keys.SequenceFormat.NativeText) in action.toolTip()
    for button in editor.findChildren(QToolButton):
        assert button.accessibleName()
        assert button.toolTip()
