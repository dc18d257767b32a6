"""The dialog that asks what somebody else's model is, and the Try page that asks it."""

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QLabel,
    QLineEdit,
    QMessageBox,
    QPlainTextEdit,
    QPushButton,
    QSpinBox,
    QWidget,
)
from pytestqt.qtbot import QtBot

from cnnstudio.data.published.catalogue import DATASETS
from cnnstudio.data.splits import Dataset
from cnnstudio.gui.controls.message_bar import MessageBar
from cnnstudio.gui.controls.picker import Picker
from cnnstudio.gui.controls.progress_panel import ProgressPanel
from cnnstudio.gui.pages.choosers.adopt_dialog import AdoptDialog
from cnnstudio.gui.pages.choosers.models import ModelChooser
from cnnstudio.gui.pages.try_.page import TryPage
from cnnstudio.gui.settings import Settings
from cnnstudio.models.networks.building import build_network
from cnnstudio.models.trained.adopt import inspect_model, remembered, with_answers
from cnnstudio.models.trained.library import load_classifier

SECONDS = 60_000
STRANGERS = Path(__file__).parents[3] / "strangers"


def saved(folder: Path, shape: tuple, name: str = "theirs.h5") -> Path:
    import keras
    from keras import layers

    model = keras.Sequential(
        [keras.Input(shape), layers.Conv2D(2, 3), layers.GlobalAveragePooling2D(), layers.Dense(3)]
    )
    model.save(folder / name)
    return folder / name


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    return saved(tmp_path, (28, 28, 1))


@pytest.fixture
def dialog(theirs: Path, qtbot: QtBot) -> AdoptDialog:
    return shown(theirs, qtbot)


def shown(path: Path, qtbot: QtBot) -> AdoptDialog:
    dialog = AdoptDialog(inspect_model(path))
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def press(qtbot: QtBot, dialog: QWidget, name: str) -> None:
    qtbot.mouseClick(dialog.findChild(QPushButton, name), Qt.MouseButton.LeftButton)


def test_what_is_likely_is_filled_in(dialog: AdoptDialog) -> None:
    assert dialog.findChild(QPlainTextEdit, "adopt_classes").toPlainText() == "class 0\nclass 1\nclass 2"
    assert dialog.findChild(Picker, "adopt_rule").current_key == "digit"
    assert dialog.findChild(Picker, "adopt_range").current_key == "0-1"
    assert dialog.findChild(Picker, "adopt_outputs").current_key == "logits"
    assert dialog.findChild(QSpinBox, "adopt_size") is None or not dialog.findChild(QSpinBox).isVisible()


def test_a_file_that_is_called_like_all_others_is_asked_about_by_its_folder(tmp_path: Path, qtbot: QtBot) -> None:
    (tmp_path / "flowers").mkdir()
    dialog = shown(saved(tmp_path / "flowers", (28, 28, 1), "keras_model.h5"), qtbot)
    assert "What is flowers?" in [label.text() for label in dialog.findChildren(QLabel)]


def test_its_buttons_end_where_its_fields_end(dialog: AdoptDialog) -> None:
    name, use = (dialog.findChild(QWidget, name) for name in ("adopt_name", "adopt_use"))
    field, button = (one.mapTo(dialog, one.rect().topRight()).x() for one in (name, use))
    assert field == button


@pytest.mark.parametrize("shape", [(28, 28, 1), (None, None, 3), (3072,)])
def test_each_letter_is_the_key_of_one_thing(tmp_path: Path, qtbot: QtBot, shape: tuple) -> None:
    import keras

    model = keras.Sequential([keras.Input(shape), keras.layers.Dense(1)])
    if len(shape) == 3:
        model.add(keras.layers.GlobalAveragePooling2D())
    model.save(tmp_path / "theirs.keras")
    dialog = shown(tmp_path / "theirs.keras", qtbot)
    texts = [one.text() for kind in (QLabel, QAbstractButton) for one in dialog.findChildren(kind)]
    letters = [found[1].lower() for text in texts if (found := re.search(r"&(\w)", text))]
    assert len(letters) > 9 and sorted(set(letters)) == sorted(letters), texts


def test_answers_are_kept(dialog: AdoptDialog, theirs: Path, qtbot: QtBot) -> None:
    dialog.findChild(QPlainTextEdit, "adopt_classes").setPlainText("zero\none\ntwo\n")
    dialog.findChild(Picker, "adopt_range").set_current("-1-1")
    with qtbot.waitSignal(dialog.accepted):
        press(qtbot, dialog, "adopt_use")
    assert not dialog.isVisible()
    answers = remembered(theirs)
    assert answers is not None and answers.classes == ("zero", "one", "two") and answers.value_range == "-1-1"
    assert load_classifier(theirs).classes == ("zero", "one", "two")


def test_a_wrong_number_of_classes_is_told_and_nothing_kept(dialog: AdoptDialog, theirs: Path, qtbot: QtBot) -> None:
    dialog.findChild(QPlainTextEdit, "adopt_classes").setPlainText("zero\none")
    press(qtbot, dialog, "adopt_use")
    assert dialog.isVisible() and dialog.findChild(MessageBar).isVisible()
    assert remembered(theirs) is None


def test_class_names_come_from_a_file(dialog: AdoptDialog, tmp_path: Path) -> None:
    names = tmp_path / "labels.txt"
    names.write_text("0 Katze\n1 Hund\n2 Käfer\n", encoding="utf-8")
    dialog.read_names(names)
    assert dialog.answers.classes == ("Katze", "Hund", "Käfer")
    names.write_text("Katze\n")
    dialog.read_names(names)
    assert dialog.findChild(MessageBar).isVisible()
    dialog.read_names(tmp_path / "missing.txt")
    assert dialog.answers.classes == ("Katze", "Hund", "Käfer")


def test_a_file_dropped_on_the_class_names_is_read_for_them(dialog: AdoptDialog, tmp_path: Path) -> None:
    names = tmp_path / "labels.txt"
    names.write_text("0 Katze\n1 Hund\n2 Käfer\n", encoding="utf-8")
    dropped = QMimeData()
    dropped.setUrls([QUrl.fromLocalFile(str(names))])
    edit = dialog.findChild(QPlainTextEdit, "adopt_classes")
    place, action = QPointF(20, 20), Qt.DropAction.CopyAction
    buttons = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(edit.viewport(), QDragEnterEvent(place.toPoint(), action, dropped, *buttons))
    QApplication.sendEvent(edit.viewport(), QDropEvent(place, action, dropped, *buttons))
    assert edit.toPlainText() == "Katze\nHund\nKäfer"


def test_a_network_for_any_size_is_asked_for_one(tmp_path: Path, qtbot: QtBot) -> None:
    dialog = shown(saved(tmp_path, (None, None, 3), "any.keras"), qtbot)
    size = dialog.findChild(QSpinBox, "adopt_size")
    assert size.isVisible() and size.value() == 224
    size.setValue(64)
    assert dialog.answers.image_size == (64, 64)


def test_the_try_page_asks_once_and_then_opens_it(theirs: Path, tmp_path: Path, qtbot: QtBot) -> None:
    page = TryPage(Settings())
    qtbot.addWidget(page)
    page.show()
    page.receive(theirs)
    qtbot.waitUntil(lambda: page.findChild(AdoptDialog) is not None, timeout=SECONDS)
    qtbot.wait(50)  # a second failure of the same model would ask a second time by now
    assert len(page.findChildren(AdoptDialog)) == 1
    with qtbot.waitSignal(page.ready, timeout=SECONDS):
        press(qtbot, page.findChild(AdoptDialog), "adopt_use")
    assert remembered(theirs) is not None
    images = np.zeros((1, 28, 28, 1), np.uint8)
    np.testing.assert_allclose(load_classifier(theirs).predict_many(images).sum(), 1, rtol=1e-5)


def test_the_zip_of_teachable_machine_is_opened_in_one_go(qtbot: QtBot) -> None:
    page = TryPage(Settings())
    qtbot.addWidget(page)
    page.show()
    page.receive(STRANGERS / "converted_keras.zip")
    qtbot.waitUntil(lambda: page.findChild(AdoptDialog) is not None, timeout=SECONDS)
    dialog = page.findChild(AdoptDialog)
    assert dialog.findChild(QPlainTextEdit, "adopt_classes").toPlainText() == "Cat\nBig Dog\nKäfer"
    assert dialog.findChild(Picker, "adopt_range").current_key == "-1-1"
    assert any("labels.txt, which lies beside it" in label.text() for label in dialog.findChildren(QLabel))
    with qtbot.waitSignal(page.ready, timeout=SECONDS):
        qtbot.keyClick(dialog, Qt.Key.Key_Return)  # nothing is left to be typed
    assert page.model == STRANGERS / "converted_keras.zip"


def test_the_architecture_that_weights_alone_fit_is_offered(
    tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "mine.weights.h5"
    build_network("lenet5", (28, 28, 1), 10, seed=1).save_weights(path)
    page = TryPage(Settings())
    qtbot.addWidget(page)
    page.show()
    told = []

    def choose(box: QMessageBox) -> QPushButton:
        told.append((page.message, box.text()))
        return box.findChild(QPushButton, "open_as_lenet5")

    monkeypatch.setattr(QMessageBox, "exec", lambda _: 0)
    monkeypatch.setattr(QMessageBox, "clickedButton", choose)
    page.receive(path)
    qtbot.waitUntil(lambda: page.findChild(AdoptDialog) is not None, timeout=SECONDS)
    assert len(told) == 1 and told[0][0] == "" and "LeNet-5 for images of 28×28×1 and 10 classes" in told[0][1]
    assert page.findChild(AdoptDialog).answers.classes == tuple("0123456789")


@pytest.fixture
def page(qtbot: QtBot) -> Iterator[TryPage]:
    """The Try page with the network that ships open."""
    page = TryPage(Settings())
    qtbot.addWidget(page)
    page.show()
    with qtbot.waitSignal(page.ready, timeout=SECONDS):
        page.warm_up()
    yield page
    page.shut_down()


def listed(page: TryPage) -> list[str]:
    return [choice.title for choice in page.findChild(Picker, "model_picker").choices]


def test_who_does_not_answer_and_what_is_refused_leave_the_model_in_use(
    page: TryPage, theirs: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    before, models = page.model, listed(page)
    page.receive(theirs)
    qtbot.waitUntil(lambda: page.findChild(AdoptDialog) is not None, timeout=SECONDS)
    assert "theirs.h5" in listed(page)
    with qtbot.waitSignal(page.ready, timeout=SECONDS):
        press(qtbot, page.findChild(AdoptDialog), "adopt_cancel")
    assert (page.model, page.message, listed(page)) == (before, "", models)
    (tmp_path / "pointer.h5").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
    with qtbot.waitSignal(page.ready, timeout=SECONDS):
        page.receive(tmp_path / "pointer.h5")
    assert (page.model, listed(page)) == (before, models) and "Git LFS" in page.message
    assert page.findChild(ModelChooser).name == "LeNet-5 on MNIST"


def test_who_is_asked_again_finds_the_earlier_answers(theirs: Path, qtbot: QtBot) -> None:
    found = inspect_model(theirs)
    earlier = replace(found.guess, name="Theirs", classes=("ant", "bee", "cat"), value_range="-1-1")
    dialog = AdoptDialog(with_answers(found, earlier), again=True)
    qtbot.addWidget(dialog)
    dialog.show()
    assert dialog.answers == earlier and dialog.findChild(QLineEdit, "adopt_name").text() == "Theirs"
    assert any("You chose this. Likely is “0 to 1”" in one.text() for one in dialog.findChildren(QLabel))


def one_sigmoid(folder: Path, length: int = 3072) -> Path:
    import keras

    model = keras.Sequential([keras.Input((length,)), keras.layers.Dense(1, "sigmoid")])
    model.save(folder / "one.keras")
    return folder / "one.keras"


def test_two_classes_of_one_output_can_be_swapped(tmp_path: Path, qtbot: QtBot) -> None:
    dialog = shown(one_sigmoid(tmp_path), qtbot)
    assert [one.key for one in dialog.findChild(Picker, "adopt_outputs").choices] == ["probabilities", "logits"]
    dialog.findChild(QPlainTextEdit, "adopt_classes").setPlainText("cat\ndog")
    press(qtbot, dialog, "adopt_swap")
    assert dialog.answers.classes == ("dog", "cat")
    assert any("near 0, then the one near 1" in one.text() for one in dialog.findChildren(QLabel))


def test_a_network_of_vectors_is_asked_for_the_shape_of_its_images(tmp_path: Path, qtbot: QtBot) -> None:
    dialog = shown(one_sigmoid(tmp_path), qtbot)
    shape, ranges = dialog.findChild(Picker, "adopt_shape"), dialog.findChild(Picker, "adopt_range")
    assert shape.choices[0].title == "32 high, 32 wide, colour" and ranges.offers("imagenet")
    shape.set_current(shape.choices[1].key)
    assert dialog.answers.image_size == (48, 64) and not ranges.offers("imagenet")


def nearest_digit(folder: Path, digits: Dataset, order: list[int]) -> Path:
    """A network of flat digits that answers with the nearest mean image, its classes in some order."""
    import keras

    labels = digits.train.labels
    means = np.stack([digits.train.images[labels == n].mean(axis=0).ravel() / 255 for n in order])
    model = keras.Sequential([keras.Input((784,)), keras.layers.Dense(10)])
    model.layers[-1].set_weights([means.T, -np.square(means).sum(axis=1) / 2])
    model.save(folder / "digits.h5")
    return folder / "digits.h5"


@pytest.mark.parametrize("order", [range(10), [0] * 10])
def test_the_data_set_that_it_was_trained_on_is_tried(
    digits: Dataset, add_dataset: Callable[[Dataset], None], tmp_path: Path, qtbot: QtBot, order: list[int]
) -> None:
    add_dataset(digits)
    entry = replace(DATASETS["digits"], title="Digits")
    path = nearest_digit(tmp_path, digits, list(order))
    dialog = AdoptDialog(inspect_model(path), None, [entry, DATASETS["fashion-mnist"]])
    qtbot.addWidget(dialog)
    dialog.show()
    dataset, table = dialog.findChild(Picker, "adopt_dataset"), dialog.findChild(QLabel, "adopt_trials")
    assert dataset.current_key == "digits" and not table.isVisible()
    assert told(dialog).startswith("Digits has such images, and as many classes: is it this one?")
    with qtbot.waitSignal(dialog.findChild(ProgressPanel).finished, timeout=SECONDS):
        dialog.try_what_is_here()
    verdict = dialog.findChild(QLabel, "adopt_verdict").text()
    assert "of Digits" in verdict and "1 to 0, inverted" in table.text() and table.isVisible()
    if set(order) == {0}:
        assert dataset.current_key == "" and dialog.answers.classes[:2] == ("class 0", "class 1")
        assert "Fashion-MNIST has such images too" in verdict
        assert dialog.answers.input_rule == "stretch"
        assert "hardly those of Digits" in dialog.findChild(QLabel, "adopt_rule_reason").text()
        dataset.set_current("fashion-mnist")
        assert dialog.answers.classes == DATASETS["fashion-mnist"].classes
        assert (dialog.answers.dataset, dialog.answers.input_rule) == ("fashion-mnist", "clothing")
        assert "of Fashion-MNIST prepared" in dialog.findChild(QLabel, "adopt_rule_reason").text()
        return
    assert (dialog.answers.dataset, dialog.answers.value_range) == ("digits", "0-1") and "are right" in verdict
    assert dialog.answers.input_rule == "digit"


def test_a_trial_ends_with_the_dialog(
    digits: Dataset, add_dataset: Callable[[Dataset], None], tmp_path: Path, qtbot: QtBot
) -> None:
    add_dataset(digits)
    path = nearest_digit(tmp_path, digits, list(range(10)))
    dialog = AdoptDialog(inspect_model(path), None, [DATASETS["digits"]])
    qtbot.addWidget(dialog)
    dialog.show()
    dataset, try_it = dialog.findChild(Picker, "adopt_dataset"), dialog.findChild(QPushButton, "adopt_try")
    dataset.set_current("")
    assert not try_it.isEnabled()  # on what?
    dataset.set_current("digits")
    press(qtbot, dialog, "adopt_try")
    assert dialog.findChild(ProgressPanel).running
    dialog.reject()
    assert not dialog.findChild(ProgressPanel).running


def brightness(folder: Path, each: int, classes: tuple[str, ...] = ("dark", "light"), falls: bool = True) -> Path:
    """A network with an output for each level of grey, and pictures of these levels."""
    import keras
    from PIL import Image

    levels = [20 + 210 * place / (len(classes) - 1) for place in range(len(classes))]
    for name, level in zip(classes, levels, strict=True):
        for number in range(each):
            path = folder / "pictures" / name / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("L", (16, 16), int(level) + number % 20).save(path)
    means = np.array(levels[::-1] if falls else levels) / 255
    model = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(len(classes))])
    model.layers[-1].set_weights([np.tile(means, (64, 1)), -64 * np.square(means) / 2])
    model.save(folder / "brightness.keras")
    return folder / "brightness.keras"


def try_on(dialog: AdoptDialog, folder: Path, qtbot: QtBot) -> str:
    """Tries the network on the folder, and returns what is told."""
    with qtbot.waitSignal(dialog.findChild(ProgressPanel).finished, timeout=SECONDS):
        dialog.try_folder(folder)
    return told(dialog)


def told(dialog: AdoptDialog) -> str:
    return dialog.findChild(QLabel, "adopt_verdict").text().replace("\N{NO-BREAK SPACE}", " ")


def test_a_folder_of_images_tells_names_and_their_order(tmp_path: Path, qtbot: QtBot) -> None:
    dialog = shown(brightness(tmp_path, 8), qtbot)
    classes, pictures = dialog.findChild(QPlainTextEdit, "adopt_classes"), tmp_path / "pictures"
    assert try_on(dialog, pictures, qtbot) == (
        "Tried on 16 images of “pictures”: 0 % are right with the classes in the order “dark”, “light”, but 100 % the "
        "other way round. That order is filled in."
    )
    assert dialog.answers.classes == ("light", "dark") and dialog.answers.dataset == ""
    press(qtbot, dialog, "adopt_swap")
    assert "but 100" in told(dialog) and dialog.answers.classes == ("dark", "light")
    classes.setPlainText("light\ndark")
    assert told(dialog).endswith("are right.")
    classes.setPlainText("hell\ndunkel")  # stand for the same
    assert told(dialog).endswith("are right.")
    press(qtbot, dialog, "adopt_swap")
    assert "in the order “dunkel”, “hell”, but 100" in told(dialog)
    assert "in the order “dunkel”, “hell”, but 100" in try_on(dialog, pictures, qtbot)  # names that were typed stay
    classes.clear()
    few = tmp_path / "few"
    for name in ("dark", "light"):
        shutil.copytree(pictures / name, few / name, ignore=lambda _, names: sorted(names)[3:])
    assert "6 images of “few”, which is too few" in try_on(dialog, few, qtbot)
    assert dialog.answers.classes == ("dark", "light")  # filled in, though nothing was told
    assert dialog.answers.dataset == str(few)
    dialog.findChild(Picker, "adopt_outputs").set_current("independent")
    assert "test images tell" in told(dialog).lower()
    with qtbot.waitSignal(dialog.findChild(ProgressPanel).failed, timeout=SECONDS):
        dialog.try_folder(tmp_path / "missing")
    assert dialog.findChild(MessageBar).isVisible()
