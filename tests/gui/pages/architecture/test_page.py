"""The Architecture page with real networks: chosen, described, edited, sent on."""

import gc
import weakref
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QToolButton,
    QTreeView,
    QWidget,
)
from pytestqt.qtbot import QtBot

from cnnstudio.gui.controls.message_bar import MessageBar
from cnnstudio.gui.controls.picker import Picker
from cnnstudio.gui.library import Library
from cnnstudio.gui.look.theme import Theme
from cnnstudio.gui.pages.architecture.chooser import ArchitectureChooser
from cnnstudio.gui.pages.architecture.description import NetworkRequest, try_to_describe
from cnnstudio.gui.pages.architecture.page import ArchitecturePage
from cnnstudio.gui.pages.choosers.images import OTHER
from cnnstudio.gui.settings import Settings
from cnnstudio.gui.widgets.charts.share_bar import ShareBar
from cnnstudio.gui.widgets.network.layer_table import LayerTableView
from cnnstudio.gui.widgets.network.picture import NetworkPicture
from cnnstudio.models.architectures.catalogue import ARCHITECTURES
from cnnstudio.models.networks.building import build_network, network_config, reference
from cnnstudio.models.networks.files import Network, save_network
from cnnstudio.storage import shipped

MINUTE = 60_000


def choose(qtbot: QtBot, page: ArchitecturePage, network: str, images: str | None = None) -> None:
    """Chooses a network and images with the pickers, and waits until they are on screen."""
    with qtbot.waitSignal(page.shown, timeout=MINUTE, check_params_cb=lambda shown: shown.request.name == network):
        page.findChild(Picker, "network_picker").set_current(network)
    if images is not None:
        with qtbot.waitSignal(page.shown, timeout=MINUTE):
            page.findChild(Picker, "described_for_picker").set_current(images)


def press(qtbot: QtBot, page: QWidget, name: str) -> None:
    qtbot.mouseClick(page.findChild(QPushButton, name), Qt.MouseButton.LeftButton)


def fact(page: ArchitecturePage, name: str) -> str:
    return page.findChild(QLabel, f"fact_{name}").text()


def problem(page: ArchitecturePage) -> QLabel:
    return page.findChild(QLabel, "description_problem")


def test_a_newcomer_sees_lenet_as_in_its_paper(page: ArchitecturePage) -> None:
    assert page.description.table.parameters == 61706
    assert (fact(page, "parameters"), fact(page, "multiply-adds")) == ("61,706", "416,520")
    assert "1998" in fact(page, "published")
    assert ARCHITECTURES["lenet5"].link in fact(page, "paper")
    assert fact(page, "as_an_mlp").startswith("5,569,536 connections, 2,165 times")
    assert page.findChild(QLabel, "network_images").text() == "28×28, grey, 10 classes"
    assert page.findChild(NetworkPicture).network.table is page.description.table


def test_every_architecture_is_in_the_list_and_tells_its_facts_at_once(qtbot: QtBot) -> None:
    chooser = ArchitectureChooser(Library())
    qtbot.addWidget(chooser)
    picker = chooser.findChild(Picker, "network_picker")
    for name, architecture in ARCHITECTURES.items():
        picker.set_current(name)
        assert chooser.key == name
        assert chooser.findChild(QLabel, "architecture_idea").text() == architecture.idea
        assert str(architecture.year) in chooser.findChild(QLabel, "fact_published").text()
        assert chooser.findChild(QLabel, "fact_parameters").text() == ""


def test_the_link_to_the_paper_follows_the_theme(
    qtbot: QtBot, theme: Theme, pixels: Callable[[QWidget], np.ndarray]
) -> None:
    chooser = ArchitectureChooser(Library())
    qtbot.addWidget(chooser)
    chooser.show()
    for name in ("dark", "light"):
        theme.choose(name)
        chooser.refresh()
        link = chooser.palette().link().color()
        shown = pixels(chooser.findChild(QLabel, "fact_paper"))
        assert (shown == (link.red(), link.green(), link.blue())).all(-1).any()


def test_the_last_choice_is_the_one_that_is_shown(page: ArchitecturePage, qtbot: QtBot) -> None:
    picker = page.findChild(Picker, "network_picker")
    for name in ("resnet20", "vgg11", "mlp"):
        picker.set_current(name)
    qtbot.waitUntil(lambda: page.description is not None, timeout=MINUTE)
    assert page.description.request.name == "mlp"
    assert page.findChild(QLabel, "network_name").text() == ARCHITECTURES["mlp"].title


def test_a_network_is_described_for_a_data_set_and_for_any_images(page: ArchitecturePage, qtbot: QtBot) -> None:
    choose(qtbot, page, "mlp", "cifar100")
    assert (page.description.table.input_shape, page.description.table.classes) == ((32, 32, 3), 100)
    assert not page.findChild(QSpinBox, "classes_spin").isVisible()
    with qtbot.waitSignal(page.shown, timeout=MINUTE):
        page.findChild(Picker, "described_for_picker").set_current(OTHER)
    with qtbot.waitSignal(page.shown, timeout=MINUTE):
        page.findChild(QSpinBox, "classes_spin").setValue(7)
    with qtbot.waitSignal(page.shown, timeout=MINUTE):
        page.findChild(QSpinBox, "image_side_spin").setValue(9)
    assert (page.description.table.input_shape, page.description.table.classes) == ((9, 9, 3), 7)


def test_what_does_not_fit_says_why_and_offers_the_papers_images(page: ArchitecturePage, qtbot: QtBot) -> None:
    choose(qtbot, page, "alexnet")
    page.findChild(Picker, "described_for_picker").set_current("mnist")
    qtbot.waitUntil(problem(page).isVisible, timeout=MINUTE)
    assert "too small for AlexNet" in problem(page).text()
    qtbot.waitUntil(lambda: problem(page).height() >= problem(page).heightForWidth(problem(page).width()))
    assert not page.findChild(QPushButton, "use_network_button").isEnabled()
    assert fact(page, "parameters") == ""
    with qtbot.waitSignal(page.shown, timeout=MINUTE):
        press(qtbot, page, "own_images_offer")
    assert page.description.table.parameters == 60965224
    assert not problem(page).isVisible()


def test_what_was_not_waited_for_is_not_told(
    page: ArchitecturePage, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, answers = [], []

    def describe(request: NetworkRequest) -> object:
        begun.append((request.name, request.image_shape))
        answers.append(try_to_describe(request))
        return answers[-1]

    monkeypatch.setattr("cnnstudio.gui.pages.architecture.page.try_to_describe", describe)
    picker = page.findChild(Picker, "network_picker")
    picker.set_current("alexnet")
    page.findChild(Picker, "described_for_picker").set_current("mnist")
    qtbot.waitUntil(lambda: ("alexnet", (28, 28, 1)) in begun, timeout=MINUTE)
    with qtbot.waitSignal(page.shown, timeout=MINUTE, check_params_cb=lambda shown: shown.request.name == "mlp"):
        picker.set_current("mlp")
    assert any(isinstance(answer, Exception) for _, answer in answers)
    assert not problem(page).isVisible()


def test_what_was_described_before_is_there_at_once(page: ArchitecturePage, qtbot: QtBot) -> None:
    choose(qtbot, page, "mlp")
    page.findChild(Picker, "network_picker").set_current("lenet5")
    assert page.description.request.name == "lenet5"


def test_only_the_last_descriptions_are_kept(
    page: ArchitecturePage, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cnnstudio.gui.pages.architecture.page.MOST_KNOWN", 1)
    choose(qtbot, page, "mlp")
    first = weakref.ref(page.description)
    choose(qtbot, page, "softmax")
    choose(qtbot, page, "lenet5")
    gc.collect()
    assert first() is None


def test_a_layer_chosen_anywhere_is_chosen_everywhere(page: ArchitecturePage, qtbot: QtBot) -> None:
    picture, table = page.findChild(NetworkPicture), page.findChild(QTreeView, "layer_table")
    names = [row.name for row in page.description.table.rows]

    def chosen() -> set[str]:
        return {picture.selection, names[table.currentIndex().row()]}

    qtbot.mouseClick(picture.viewport(), Qt.MouseButton.LeftButton, pos=picture.place_of("conv2"))
    assert chosen() == {"conv2"}
    place = table.visualRect(table.model().index(names.index("pool1"), 1)).center()
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert chosen() == {"pool1"}
    bar = page.findChild(ShareBar, "parameters_bar")
    qtbot.mouseClick(bar, Qt.MouseButton.LeftButton, pos=bar.bar.center().toPoint())
    assert chosen() == {"dense1"}


def test_another_network_has_no_chosen_layer(page: ArchitecturePage, qtbot: QtBot) -> None:
    picture, table = page.findChild(NetworkPicture), page.findChild(LayerTableView)
    qtbot.mouseClick(picture.viewport(), Qt.MouseButton.LeftButton, pos=picture.place_of("conv1"))
    assert picture.selection == table.current == "conv1"
    choose(qtbot, page, "alexnet-small")
    assert "conv1" in [row.name for row in page.description.table.rows]
    assert picture.selection == table.current == ""


def test_the_network_goes_to_the_train_page_with_its_data_set(page: ArchitecturePage, qtbot: QtBot) -> None:
    sent: list[list[object]] = []
    page.navigate.connect(lambda name, payload: sent.append([name, payload]))
    press(qtbot, page, "use_network_button")
    choose(qtbot, page, "resnet20", "cifar10")
    press(qtbot, page, "use_network_button")
    assert sent == [
        ["train", ARCHITECTURES["lenet5"]],
        ["train", "cifar10"],
        ["train", ARCHITECTURES["resnet20"]],
    ]


def test_the_code_is_shown_without_editing(page: ArchitecturePage, qtbot: QtBot) -> None:
    press(qtbot, page, "show_code_button")
    qtbot.waitUntil(lambda: page.findChild(QDialog, "keras_code_dialog") is not None, timeout=MINUTE)
    dialog = page.findChild(QDialog, "keras_code_dialog")
    assert "keras.Input((28, 28, 1)" in dialog.view.code
    assert not page.editing
    dialog.close()


def test_any_keras_model_is_opened_and_can_be_tried(page: ArchitecturePage, qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "mine.keras"
    build_network("mlp", (20, 24, 1), 3, seed=0).save(path)
    with qtbot.waitSignal(page.shown, timeout=MINUTE):
        page.receive(path)
    assert (page.description.table.input_shape, page.description.table.classes) == ((20, 24, 1), 3)
    assert page.findChild(QLabel, "network_name").text() == "mine"
    assert not page.findChild(QLabel, "architecture_idea").isVisible()
    assert fact(page, "parameters").replace(",", "") == str(page.description.table.parameters)
    with qtbot.waitSignal(page.navigate) as sent:
        press(qtbot, page, "use_network_button")
    assert sent.args == ["try", path]
    with qtbot.waitSignal(page.shown, timeout=MINUTE):
        page.findChild(Picker, "described_for_picker").set_current("cifar10")
    sent = []
    page.navigate.connect(lambda *args: sent.append(args))
    press(qtbot, page, "use_network_button")
    assert sent[0] == ("train", "cifar10") and sent[1][0] == "train" and reference(sent[1][1]) == str(path)
    choose(qtbot, page, "softmax")
    page.entered()
    assert str(path) in [choice.key for choice in page.findChild(Picker, "network_picker").choices]


def test_the_network_of_a_model_is_trained_on_what_that_was_trained_on(page: ArchitecturePage, qtbot: QtBot) -> None:
    with qtbot.waitSignal(page.shown, timeout=MINUTE):
        page.receive(shipped("trained/lenet5-mnist"))
    page.edit()
    sent = []
    page.navigate.connect(lambda where, what: sent.append((where, what)))
    press(qtbot, page, "train_network_button")
    assert [where for where, _ in sent] == ["train", "train"] and sent[0][1] == "mnist"
    assert sent[1][1].path is not None  # it was saved, for only its layers are taken


def test_a_detector_is_shown_as_the_network_that_it_is(page: ArchitecturePage, qtbot: QtBot, tmp_path: Path) -> None:
    import keras

    path = tmp_path / "yolo.keras"
    keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(30, 3)]).save(path)
    with qtbot.waitSignal(page.shown, timeout=MINUTE):
        page.receive(path)
    assert page.message == "" and page.findChild(QLabel, "network_images").text() == "8×8, colour, 6×6×30 numbers"
    assert "says what is where in an image" in page.findChild(QLabel, "architecture_idea").text()
    enabled = {
        name: page.findChild(QPushButton, name).isEnabled() for name in ("show_code_button", "use_network_button")
    }
    assert not any(enabled.values()) and page.findChild(QPushButton, "edit_network_button").isEnabled()


def test_a_trained_model_is_opened_by_its_folder(page: ArchitecturePage, qtbot: QtBot) -> None:
    with qtbot.waitSignal(page.shown, timeout=MINUTE):
        page.receive(shipped("trained/lenet5-mnist"))
    assert page.findChild(QLabel, "network_name").text() == "LeNet-5 on MNIST"
    assert page.description.table.parameters == 61706


def test_a_model_in_a_folder_or_a_zip_is_opened_as_on_the_try_page(
    page: ArchitecturePage, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = Path(__file__).parents[3] / "strangers" / "converted_savedmodel.zip"
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(tmp_path / "unpacked")
    for dialog, chosen in (
        ("getOpenFileName", (str(archive), "")),
        ("getExistingDirectory", str(tmp_path / "unpacked")),
    ):
        monkeypatch.setattr(QFileDialog, dialog, lambda *_, chosen=chosen, **__: chosen)
        action = "open_network_file" if dialog == "getOpenFileName" else "open_network_folder"
        with qtbot.waitSignal(page.shown, timeout=MINUTE):
            page.findChild(QAction, action).trigger()
        assert page.description.table.classes == 3 and page.message == ""
    for name in ("one.keras", "two.keras"):
        (tmp_path / "several" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "several" / name).touch()
    page.receive(tmp_path / "several")
    assert "it holds several models (one.keras, two.keras). Open one of them" in page.message
    assert page.description.table.classes == 3


@pytest.mark.parametrize("content", [b"", b"PK no zip at all"])
def test_a_file_that_is_no_model_is_refused(
    page: ArchitecturePage, qtbot: QtBot, tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "broken.keras"
    path.write_bytes(content)
    page.receive(path)
    qtbot.waitUntil(lambda: "broken.keras" in page.message, timeout=MINUTE)
    assert not problem(page).isVisible()
    assert page.description.request.name == "lenet5"
    assert page.findChild(QLabel, "network_name").text() == ARCHITECTURES["lenet5"].title
    assert str(path) not in [choice.key for choice in page.findChild(Picker, "network_picker").choices]
    assert page.findChild(QPushButton, "edit_network_button").isEnabled()


def test_networks_of_ones_own_are_in_the_list(page: ArchitecturePage, qtbot: QtBot) -> None:
    save_network(Network("mine", "Mine", network_config("mlp", (16, 16, 3), 4), source="mlp"), "mine")
    with qtbot.waitSignal(page.library.changed):
        page.library.refresh()
    choose(qtbot, page, "mine")
    assert page.description.table.input_shape == (16, 16, 3)
    with qtbot.waitSignal(page.navigate) as sent:
        press(qtbot, page, "use_network_button")
    assert sent.args[0] == "train"
    assert sent.args[1].name == "mine"


def test_editing_updates_picture_and_table_and_the_result_is_trained(page: ArchitecturePage, qtbot: QtBot) -> None:
    press(qtbot, page, "edit_network_button")
    assert page.editing
    table = page.findChild(QTreeView, "layer_table")
    names = [row.name for row in page.description.table.rows]
    place = table.visualRect(table.model().index(names.index("conv2"), 0)).center()
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert page.editor.document.selected_layer == "conv2"
    page.editor.document.change("filters", 20)
    shown = page.findChild(NetworkPicture).network.table
    assert shown.row("conv2").output_shape == (10, 10, 20)
    assert table.model().table is shown
    assert page.editor.document.unsaved
    table.setFocus()
    qtbot.keyClick(table, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert table.model().table.row("conv2").output_shape == (10, 10, 16)
    page.editor.document.change("filters", 24)
    title = page.findChild(QLineEdit, "network_title").text()
    with qtbot.waitSignal(page.navigate) as sent:
        press(qtbot, page, "train_network_button")
    assert sent.args[0] == "train"
    assert (sent.args[1].title, sent.args[1].source) == (title, "lenet5")
    assert page.may_close()
    with qtbot.waitSignal(page.shown, timeout=MINUTE):
        press(qtbot, page, "leave_editor_button")
    assert not page.editing
    assert page.description.table.row("conv2").output_shape == (10, 10, 24)
    assert page.findChild(Picker, "network_picker").current_key == sent.args[1].name


def test_it_says_where_the_picture_was_saved(
    page: ArchitecturePage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "lenet.svg"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    page.findChild(NetworkPicture).save()
    assert page.findChild(MessageBar).text == f"The picture was saved as {path}."
    assert path.read_bytes()


def test_the_choice_comes_back(page: ArchitecturePage, qtbot: QtBot) -> None:
    choose(qtbot, page, "resnet20", "cifar10")
    again = ArchitecturePage(Settings())
    qtbot.addWidget(again)
    with qtbot.waitSignal(again.shown, timeout=MINUTE) as shown:
        again.entered()
    assert (shown.args[0].request.name, shown.args[0].request.image_shape) == ("resnet20", (32, 32, 3))
    again.shut_down()


def test_it_fits_into_the_smallest_window(page: ArchitecturePage) -> None:
    assert page.minimumSizeHint().width() <= 960 - 88
    assert page.minimumSizeHint().height() <= 600


def test_every_control_teaches_and_has_a_name(page: ArchitecturePage) -> None:
    for control in page.findChildren(QWidget):
        if isinstance(control, QToolButton | QPushButton | Picker | QSpinBox | ShareBar):
            if control.objectName() in ("copy_details_button", "qt_toolbar_ext_button"):
                continue
            assert control.objectName().replace("_", "").islower(), control
            assert control.accessibleName(), control.objectName()
            assert len(control.toolTip()) > 15, control.objectName()
