"""A folder classified in the window, with the models that ship."""

import csv
import os
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QFileDialog, QLabel, QPlainTextEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from cnnstudio.data.folders.files import PictureFile
from cnnstudio.data.library import load_dataset
from cnnstudio.gui.controls.message_bar import MessageBar
from cnnstudio.gui.pages.choosers.models import ModelChooser
from cnnstudio.gui.pages.try_.folder_results import Begun, Results, Thumbnails
from cnnstudio.gui.pages.try_.folder_view import FolderView
from cnnstudio.gui.pages.try_.page import TryPage
from cnnstudio.gui.settings import Settings
from cnnstudio.gui.widgets.charts.class_histogram import ClassHistogram
from cnnstudio.gui.widgets.images.thumbnail_grid import LARGEST, ThumbnailGrid
from cnnstudio.models.networks.building import build_network
from cnnstudio.models.trained.card import CARD_FILE, Card
from cnnstudio.models.trained.classifier import Classifier
from cnnstudio.models.trained.folder_prediction import FilePrediction, PartPrediction
from cnnstudio.models.trained.library import load_classifier
from cnnstudio.storage import shipped
from cnnstudio.wording import certainty

SECONDS = 60_000
MODEL = shipped("trained/lenet5-mnist")


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty digits in two folders, a damaged file and a text."""
    folder = tmp_path_factory.mktemp("pictures") / "digits"
    test = load_dataset("mnist").test
    for number in range(60):
        file = folder / ("even" if number % 2 == 0 else "odd") / f"{number}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(test.images[number, ..., 0]).save(file)
    (folder / "broken.jpg").write_bytes(b"no picture")
    (folder / "notes.txt").write_text("no picture either")
    return folder


@pytest.fixture(scope="module")
def other_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that tells two classes of small photos apart."""
    folder = tmp_path_factory.mktemp("other")
    card = Card("other", ("cat", "dog"), (32, 32, 3), "centre-crop")
    Classifier(build_network("softmax", card.input_shape, 2, seed=0), card).save(folder)
    return folder


@pytest.fixture
def view(qtbot: QtBot) -> FolderView:
    view = FolderView()
    qtbot.addWidget(view)
    view.resize(1100, 700)
    view.show()
    yield view
    view.shut_down()


def classify(qtbot: QtBot, view: FolderView, folder: Path) -> None:
    view.start(MODEL, "lenet5-mnist", folder)
    qtbot.waitUntil(lambda: not view.running, timeout=SECONDS)


def press(qtbot: QtBot, view: QWidget, name: str) -> None:
    qtbot.mouseClick(view.findChild(QPushButton, name), Qt.MouseButton.LeftButton)


def sort(view: FolderView, text: str) -> None:
    combo = view.findChild(QComboBox, "order_combo")
    combo.setCurrentIndex(combo.findText(text))


def lit(view: FolderView) -> list[str]:
    """The chips that are on."""
    chips = [button for button in view.findChildren(QPushButton) if button.objectName().endswith("_filter_chip")]
    return [chip.text().replace("&", "") for chip in chips if chip.isChecked()]


def shown(view: FolderView) -> list[tuple[str, str, float]]:
    """File, class and certainty of every thumbnail, in order."""
    return [(one.file.path.name, one.top[0][1], one.top[0][2]) for one in view.shown]


def test_thumbnails_are_grouped_by_class_and_sorted_by_certainty(qtbot: QtBot, view: FolderView, digits: Path) -> None:
    classify(qtbot, view, digits)
    classifier = load_classifier(MODEL)
    pictures = shown(view)
    assert sorted(name for name, _, _ in pictures) == sorted(f"{number}.png" for number in range(60))
    classes = [name for _, name, _ in pictures]
    groups = [name for index, name in enumerate(classes) if index == 0 or classes[index - 1] != name]
    assert len(groups) == len(set(groups))
    assert [classes.count(name) for name in groups] == sorted((classes.count(name) for name in groups), reverse=True)
    for name in groups:
        shares = [share for _, of, share in pictures if of == name]
        assert shares == sorted(shares, reverse=True)
    file, name, share = pictures[7]
    best = classifier.predict(next(digits.rglob(file))).top(1)[0]
    assert (best[1], pytest.approx(best[2], abs=1e-5)) == (name, share)
    sort(view, "Least certain first")
    assert sorted(shown(view)) == sorted(pictures)
    least = [share for _, _, share in shown(view)]
    assert least == sorted(least)
    sort(view, "Most certain first")
    assert [share for _, _, share in shown(view)] == least[::-1]


def test_a_thumbnail_is_what_the_network_got(qtbot: QtBot, view: FolderView, digits: Path) -> None:
    classify(qtbot, view, digits)
    images = view.findChild(ThumbnailGrid).source
    number = int(Path(shown(view)[3][0]).stem)
    assert np.array_equal(images.read(np.array([3]))[0], load_dataset("mnist").test.images[number])
    assert shown(view)[3][0] in images.caption(3)


def test_filters(qtbot: QtBot, view: FolderView, digits: Path) -> None:
    classify(qtbot, view, digits)
    results = view.results
    unsure = [one for one in results.predictions if one.top[0][2] < 0.5]
    assert lit(view) == ["All"]
    press(qtbot, view, "unsure_filter_chip")
    assert len(shown(view)) == len(unsure)
    assert lit(view) == [f"Uncertain ({len(unsure)})"]
    press(qtbot, view, "all_filter_chip")
    back = view.findChild(QPushButton, "all_classes_button")
    assert not back.isVisible()
    for way_back in ("all_filter_chip", "all_classes_button"):
        view.findChild(ClassHistogram).chosen.emit(0)
        assert len({name for _, name, _ in shown(view)}) == 1
        assert len(shown(view)) == int((results.counts(True) + results.counts(False)).max())
        assert lit(view) == []
        assert back.isVisible()
        press(qtbot, view, way_back)
        assert len(shown(view)) == 60
        assert lit(view) == ["All"]
    press(qtbot, view, "unreadable_filter_chip")
    listed = view.findChild(QPlainTextEdit, "unreadable_list")
    assert listed.isVisible()
    assert listed.toPlainText().startswith("broken.jpg is damaged, or not a picture despite its name.")
    assert not listed.horizontalScrollBar().maximum()
    assert not view.findChild(QComboBox, "order_combo").isEnabled()
    assert view.findChild(QLabel, "folder_count").text() == "1 file cannot be used"


@pytest.fixture(scope="module")
def sorted_digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty digits in folders named as their classes; two lie in the wrong one."""
    folder = tmp_path_factory.mktemp("sorted") / "digits"
    test = load_dataset("mnist").test
    for number in range(40):
        label = int(test.labels[number]) if number > 1 else (int(test.labels[number]) + 1) % 10
        file = folder / "train" / str(label) / f"{number}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(test.images[number, ..., 0]).save(file)
    return folder


def test_folders_named_as_classes_say_what_is_right(qtbot: QtBot, view: FolderView, sorted_digits: Path) -> None:
    classify(qtbot, view, sorted_digits)
    results = view.results
    verdicts = {one.file.path.name: results.is_right(place) for place, one in enumerate(results.predictions)}
    wrong = {name for name, right in verdicts.items() if not right}
    assert {"0.png", "1.png"} <= wrong
    for place, one in enumerate(results.predictions):
        assert results.is_right(place) == (one.file.path.parent.name == one.top[0][1])
    right = 40 - len(wrong)
    assert f"{right} of 40 right" in view.findChild(QLabel, "folder_subtitle").text()
    assert results.label(0).right is verdicts[results.predictions[0].file.path.name]
    press(qtbot, view, "wrong_filter_chip")
    assert lit(view) == [f"Wrong ({len(wrong)})"]
    assert {name for name, _, _ in shown(view)} == wrong
    images = view.findChild(ThumbnailGrid).source
    assert "Wrong: its folder or name says" in images.caption(0)
    [(_, name, share), *_] = view.shown[0].top
    assert images.label(0).text == f"{name} {certainty(share, 0)}"


def test_what_a_model_was_trained_on_is_said(qtbot: QtBot, view: FolderView, tmp_path: Path, other_model: Path) -> None:
    photos = tmp_path / "photos"
    for split in ("train", "test"):
        for number, name in enumerate(("cat", "dog")):
            file = photos / split / name / "1.png"
            file.parent.mkdir(parents=True)
            Image.new("RGB", (32, 32), (80 * number, 0, 0)).save(file)
    model = shutil.copytree(other_model, tmp_path / "model")
    card = load_classifier(model).card
    (model / CARD_FILE).write_text(replace(card, dataset=str(photos)).to_json(), "utf-8")
    subtitle = view.findChild(QLabel, "folder_subtitle")
    for folder, said in ((photos, True), (photos / "train", True), (photos / "test", False)):
        view.start(model, "mine", folder)
        qtbot.waitUntil(lambda: not view.running, timeout=SECONDS)
        assert subtitle.text().endswith("It was trained on some of these pictures.") == said


def test_other_folders_say_nothing_of_right_and_wrong(qtbot: QtBot, view: FolderView, digits: Path) -> None:
    classify(qtbot, view, digits)
    assert not view.findChild(QPushButton, "wrong_filter_chip").isVisible()
    assert view.findChild(QLabel, "folder_subtitle").text() == "Classified by lenet5-mnist"
    assert view.findChild(ThumbnailGrid).source.label(0).right is None


def test_thumbnails_fill_the_page_until_their_size_is_chosen(
    qtbot: QtBot, view: FolderView, digits: Path, tmp_path: Path
) -> None:
    grid = view.findChild(ThumbnailGrid)
    shutil.copytree(digits / "odd", tmp_path / "some", ignore=lambda _, names: names[4:])
    classify(qtbot, view, tmp_path / "some")
    few = grid.side
    assert grid.verticalScrollBar().maximum() == 0
    grid.set_side(few + 8)
    assert few == LARGEST or grid.verticalScrollBar().maximum() > 0, "larger ones would have had room"
    grid.set_side(few)
    classify(qtbot, view, digits)
    assert few > grid.side >= 80
    grid.set_side(40)
    classify(qtbot, view, tmp_path / "some")
    assert grid.side == 40


def test_saved_as_the_command_line_saves(
    qtbot: QtBot, view: FolderView, digits: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    classify(qtbot, view, digits)
    starts: list[Path] = []

    def choose(_parent: QWidget, _title: str, start: str, _filter: str) -> tuple[str, str]:
        starts.append(Path(start))
        return str(tmp_path / "table"), ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", choose)
    press(qtbot, view, "save_table_button")
    message = view.findChild(MessageBar)
    qtbot.waitUntil(message.isVisible, timeout=SECONDS)
    assert message.text == f"61 rows saved as {tmp_path / 'table.csv'}: all pictures."
    press(qtbot, view, "unsure_filter_chip")
    assert not message.isVisible()
    monkeypatch.setattr(
        QFileDialog, "getSaveFileName", lambda _p, _t, start, _f: (starts.append(Path(start)), ("", ""))[1]
    )
    press(qtbot, view, "save_table_button")
    assert starts == [digits.parent / "digits.csv", tmp_path / "digits.csv"]
    with (tmp_path / "table.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 61
    assert rows[0]["file"] == str(digits / "broken.jpg")
    assert rows[0]["error"]
    assert rows[1]["file"] == str(digits / "even" / "0.png")
    assert (rows[1]["class"], rows[1]["folder_class"], rows[1]["right"]) == ("7", "", "")


def test_cancel_keeps_what_has_come(qtbot: QtBot, view: FolderView, digits: Path, tmp_path: Path) -> None:
    for number in range(3000):
        os.link(digits / "even" / f"{number % 10 * 2}.png", tmp_path / f"{number}.png")
    view.start(MODEL, "lenet5-mnist", tmp_path)
    qtbot.waitUntil(lambda: view.results is not None and bool(view.results.predictions), timeout=SECONDS)
    press(qtbot, view, "cancel_folder_button")
    qtbot.waitUntil(lambda: not view.running, timeout=SECONDS)
    done = len(view.results.predictions)
    assert 0 < done < 3000
    assert len(shown(view)) == done
    assert f"{done:,} of 3,000" in view.findChild(MessageBar).text


def test_a_folder_without_pictures(qtbot: QtBot, view: FolderView, tmp_path: Path) -> None:
    classify(qtbot, view, tmp_path)
    qtbot.waitUntil(lambda: "no picture" in view.findChild(MessageBar).text)
    assert not view.findChild(QPushButton, "save_table_button").isEnabled()


def test_another_folder_while_one_runs(qtbot: QtBot, view: FolderView, digits: Path, tmp_path: Path) -> None:
    for number in range(1000):
        os.link(digits / "even" / "2.png", tmp_path / f"{number}.png")
    view.start(MODEL, "lenet5-mnist", tmp_path)
    qtbot.waitUntil(lambda: view.results is not None, timeout=SECONDS)
    classify(qtbot, view, digits)
    assert len(shown(view)) == 60


@pytest.fixture
def page(qtbot: QtBot) -> TryPage:
    page = TryPage(Settings())
    qtbot.addWidget(page)
    page.resize(1200, 760)
    page.show()
    with qtbot.waitSignal(page.ready, timeout=SECONDS):
        page.warm_up()
    yield page
    page.shut_down()


def test_the_way_back_is_offered_while_there_is_something(
    qtbot: QtBot, page: TryPage, digits: Path, tmp_path: Path
) -> None:
    back = page.findChild(QPushButton, "to_folder_button")
    assert not back.isVisible()
    page.receive(digits / "odd")
    view = page.findChild(FolderView)
    qtbot.waitUntil(lambda: not view.running, timeout=SECONDS)
    press(qtbot, view, "leave_folder_button")
    assert back.isVisible()
    with qtbot.waitSignal(view.ended, timeout=SECONDS):
        page.receive(tmp_path)
    press(qtbot, view, "leave_folder_button")
    assert not back.isVisible()


def test_from_the_page_to_a_folder_to_one_picture_and_back(
    qtbot: QtBot, page: TryPage, digits: Path, tmp_path: Path
) -> None:
    packed = tmp_path / "digits.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for file in sorted((digits / "even").iterdir()):
            archive.write(file, file.name)
    page.receive(packed)
    view = page.findChild(FolderView)
    assert page.busy
    qtbot.waitUntil(lambda: not view.running, timeout=SECONDS)
    assert page.busy is None
    assert view.isVisible()
    with qtbot.waitSignal(page.answered, timeout=SECONDS):
        view.findChild(ThumbnailGrid).activated.emit(4)
    assert not view.isVisible()
    assert page.findChild(QLabel, "answer").text() == shown(view)[4][1]
    press(qtbot, page, "to_folder_button")
    assert view.isVisible()
    assert len(shown(view)) == 30
    press(qtbot, view, "leave_folder_button")
    assert not view.isVisible()


def test_a_picture_is_opened_with_the_model_of_its_folder(
    qtbot: QtBot, page: TryPage, digits: Path, other_model: Path
) -> None:
    page.receive(digits / "odd")
    view = page.findChild(FolderView)
    qtbot.waitUntil(lambda: not view.running, timeout=SECONDS)
    press(qtbot, view, "leave_folder_button")
    page.receive(other_model)
    chooser = page.findChild(ModelChooser)
    assert chooser.path != MODEL
    press(qtbot, page, "to_folder_button")
    message = view.findChild(MessageBar)
    assert message.isVisible()
    assert message.text.startswith("LeNet-5 on MNIST answered here;")
    answer = page.findChild(QLabel, "answer")
    view.findChild(ThumbnailGrid).activated.emit(2)
    assert chooser.path == MODEL
    qtbot.waitUntil(lambda: answer.text() == shown(view)[2][1], timeout=SECONDS)
    press(qtbot, page, "to_folder_button")
    assert not message.isVisible(), "the folder's own model is chosen again"


def test_classified_again_with_the_model_that_is_chosen(
    qtbot: QtBot, view: FolderView, digits: Path, other_model: Path
) -> None:
    classify(qtbot, view, digits / "odd")
    message = view.findChild(MessageBar)
    view.entered(MODEL, "LeNet-5 on MNIST")
    view.doubt(other_model)
    view.entered(MODEL, "LeNet-5 on MNIST")
    assert not message.isVisible()
    view.doubt(MODEL)
    view.entered(MODEL, "LeNet-5 on MNIST")
    assert message.text == "What this model is was said anew after it answered here."
    view.entered(other_model, "another")
    press(qtbot, view, "accept_offer_button")
    qtbot.waitUntil(lambda: not view.running, timeout=SECONDS)
    assert view.results.begun.classes == ("cat", "dog")
    assert view.findChild(QLabel, "folder_subtitle").text() == "Classified by another"


def test_a_model_that_is_gone(qtbot: QtBot, view: FolderView, digits: Path, tmp_path: Path) -> None:
    model = tmp_path / "model"
    shutil.copytree(MODEL, model)
    view.start(model, "mine", digits / "odd")
    qtbot.waitUntil(lambda: not view.running, timeout=SECONDS)
    shutil.rmtree(model)
    with qtbot.assertNotEmitted(view.opened):
        view.findChild(ThumbnailGrid).activated.emit(0)
    assert view.findChild(MessageBar).text.startswith("mine, which answered here, was deleted or moved.")


@pytest.mark.parametrize("keys", ["Alt+B", "Esc"])
def test_back_by_the_keys(qtbot: QtBot, view: FolderView, keys: str) -> None:
    view.activateWindow()
    view.setFocus()
    qtbot.waitUntil(view.isActiveWindow)
    with qtbot.waitSignal(view.left):
        qtbot.keySequence(view, keys)


def test_pictures_of_several_classes_count_for_each(tmp_path: Path) -> None:
    thumbnails = Thumbnails((8, 8, 3))
    results = Results(Begun(tmp_path, ("bar", "pole", "sun"), "m 1", 3, False, (), (), thumbnails))

    def one(name: str, independent: tuple[str, ...], *shares: float) -> FilePrediction:
        top = sorted(((n, results.begun.classes[n], share) for n, share in enumerate(shares)), key=lambda it: -it[2])
        return FilePrediction(PictureFile(name, tmp_path / name), tuple(top), independent=independent)

    results.add(
        [
            one("pole/a.png", ("bar", "pole"), 0.9, 0.8, 0.1),
            one("sun/b.png", (), 0.1, 0.1, 0.3),
            one("pole/c.png", ("pole",), 0.1, 0.7, 0.2),
        ]
    )
    assert results.answers == ("bar", "pole", "sun", "none of the classes")
    assert results.counts(sure=True).tolist() == [1, 2, 0, 1] and not results.counts(sure=False).any()
    assert (results.judged, results.right) == (3, 2)
    assert [results.label(place).text for place in range(3)] == ["bar, pole", "none (sun 30 %)", "pole"]
    assert sorted(results.order("class", "all", 1)) == [0, 2] and results.order("class", "wrong", 1).size == 0
    assert results.order("class", "wrong", None).tolist() == results.order("class", "all", 3).tolist() == [1]
    assert results.order("class", "unsure", None).size == 0 and results.order("least", "all", None)[-1] == 0
    assert results.caption(1).startswith("sun/b.png: none of the classes; the most probable: sun 30.0 %, bar")
    table, _ = results.save(tmp_path / "table.csv")
    assert table.read_text("utf-8-sig").splitlines()[2].startswith("sun/b.png,none of the classes,,sun,0.3,bar,0.1,")


def test_a_tie_is_not_told_as_if_it_were_sure(tmp_path: Path) -> None:
    results = Results(Begun(tmp_path, ("cat", "dog"), "m 1", 2, False, (), (), Thumbnails((8, 8, 1))))
    for name, share in (("a.png", 0.5), ("b.png", 0.76)):
        top = (0, "cat", share), (1, "dog", 1 - share)
        results.add([FilePrediction(PictureFile(name, tmp_path / name), top)])
    assert [results.label(place).text for place in (0, 1)] == ["cat or dog 50 %", "cat 76 %"]
    assert results.caption(0) == "a.png: undecided: cat 50.0 %, dog 50.0 %"
    assert results.caption(1) == "b.png: cat 76.0 %, dog 24.0 %"
    assert results.counts(sure=False)[0] == results.counts(sure=True)[0] == 1
    assert results.order("class", "unsure", None).tolist() == [0]


@pytest.mark.parametrize(("classes", "unsure"), [(("cat", "dog"), [0]), (("cat", "dog", "eel"), [])])
def test_of_two_classes_more_than_half_is_not_sure_yet(
    tmp_path: Path, classes: tuple[str, ...], unsure: list[int]
) -> None:
    results = Results(Begun(tmp_path, classes, "m 1", 1, False, (), (), Thumbnails((8, 8, 1))))
    results.add([FilePrediction(PictureFile("a.png", tmp_path / "a.png"), ((0, "cat", 0.7), (1, "dog", 0.3)))])
    assert results.order("class", "unsure", None).tolist() == unsure


def test_a_sheet_of_digits_counts_for_each_digit_and_is_neither_right_nor_wrong(tmp_path: Path) -> None:
    results = Results(Begun(tmp_path, tuple("0123456789"), "m 1", 2, False, (), (), Thumbnails((8, 8, 1))))
    read = [
        PartPrediction((0, 0, 1, 1), ((digit, str(digit), share),)) for digit, share in ((3, 0.99), (1, 0.9), (3, 1))
    ]
    several = FilePrediction(PictureFile("3/a.png", tmp_path / "3" / "a.png"), read[1].top, parts=tuple(read))
    single = FilePrediction(PictureFile("3/b.png", tmp_path / "3" / "b.png"), ((3, "3", 0.95),))
    results.add([several, single])
    assert results.counts(sure=True).tolist() == [0, 1, 0, 2, *[0] * 7]
    assert (results.judged, results.right) == (1, 1)
    assert results.label(0).text == "3 digits: 3 1 3"
    assert results.caption(0) == "3/a.png: a sheet of 3 digits: 3 1 3; the least certain one is 90.0 % sure"
    assert sorted(results.order("class", "all", 3)) == [0, 1]
