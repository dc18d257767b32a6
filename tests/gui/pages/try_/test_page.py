"""The Try page with the model that ships."""

import shutil
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QAction, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from cnnstudio.data.augmentation.made_up_digits import draw_digits
from cnnstudio.data.library import load_dataset
from cnnstudio.data.pictures.input_rules import INPUT_RULES
from cnnstudio.gui.controls.picker import Picker
from cnnstudio.gui.controls.question import NameDialog
from cnnstudio.gui.pages.choosers.models import IN_USE, ModelChooser
from cnnstudio.gui.pages.choosers.network_input.image_panel import ImagePanel
from cnnstudio.gui.pages.choosers.network_input.input_texts import texts_for
from cnnstudio.gui.pages.choosers.network_input.photo_source import PhotoSource
from cnnstudio.gui.pages.try_.page import NO_ANSWER, NO_DIGIT, TryPage, answer_text, state_text
from cnnstudio.gui.settings import Settings
from cnnstudio.gui.widgets.charts.probability_bars import ProbabilityBars
from cnnstudio.gui.widgets.drawing.photo_view import PhotoView
from cnnstudio.gui.widgets.maps.arithmetic_view import ArithmeticView
from cnnstudio.gui.widgets.maps.feature_maps import FeatureMapGrid
from cnnstudio.models.trained.card import Card
from cnnstudio.models.trained.classifier import Prediction
from cnnstudio.models.trained.library import copy_model, list_models, load_classifier
from cnnstudio.storage import runs_folder, shipped
from tests.data.digit_photos import shapes_of_drawings, sheet

SECONDS = 30_000
MODEL = shipped("trained/lenet5-mnist")
SEVEN = [QPoint(90, 80), QPoint(150, 76), QPoint(220, 80), QPoint(195, 140), QPoint(170, 200), QPoint(150, 260)]


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


@pytest.fixture
def own_model() -> Path:
    """A model of the user's, as a training leaves it."""
    return Path(shutil.copytree(MODEL, runs_folder() / "mine"))


def draw(qtbot: QtBot, page: TryPage, points: list[QPoint]) -> None:
    canvas = page.findChild(QWidget, "drawing_canvas")
    with qtbot.waitSignal(page.answered, timeout=SECONDS, check_params_cb=lambda a: len(a.input.strokes[0]) > 40):
        QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=points[0])
        for a, b in pairwise(points):
            for part in np.linspace(0, 1, 12):
                QTest.mouseMove(canvas, a + (b - a) * float(part))
        QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=points[-1])


def answer(page: TryPage) -> str:
    return page.findChild(QLabel, "answer").text()


def test_a_drawn_seven_is_a_seven(page: TryPage, qtbot: QtBot) -> None:
    draw(qtbot, page, SEVEN)
    assert answer(page) == "7"
    pixels = page.findChild(QWidget, "network_input").image
    assert pixels.shape == (28, 28, 1)
    assert pixels.max() > 200
    assert len(page.findChild(FeatureMapGrid).rows) >= 8


def test_where_it_looked_is_one_click_away(page: TryPage, qtbot: QtBot) -> None:
    button = page.findChild(QPushButton, "where_it_looked_button")
    assert not button.isEnabled()
    draw(qtbot, page, SEVEN)
    with qtbot.waitSignal(page.navigate) as sent:
        button.click()
    name, wish = sent.args
    assert (name, wish.path, wish.view) == ("inside", MODEL, "why")
    assert len(wish.input.strokes) == 1


def test_clear_and_undo(page: TryPage, qtbot: QtBot) -> None:
    draw(qtbot, page, SEVEN)
    clear, undo = (page.findChild(QToolButton, name) for name in ("clear_button", "undo_button"))
    qtbot.mouseClick(clear, Qt.MouseButton.LeftButton)
    assert answer(page) == NO_ANSWER
    assert page.findChild(QWidget, "network_input").image is None
    with qtbot.waitSignal(page.answered, timeout=SECONDS):
        qtbot.mouseClick(undo, Qt.MouseButton.LeftButton)
    assert answer(page) == "7"


def test_a_test_image_shows_its_true_label(page: TryPage, qtbot: QtBot) -> None:
    with qtbot.waitSignal(page.answered, timeout=SECONDS) as answered:
        qtbot.mouseClick(page.findChild(QPushButton, "test_image_chip"), Qt.MouseButton.LeftButton)
    (shown,) = answered.args
    assert np.array_equal(load_dataset("mnist").test.images[shown.input.index], shown.image)
    label = load_dataset("mnist").test.labels[shown.input.index]
    assert f"<b>{label}</b>" in page.findChild(QLabel, "true_label").text()
    with qtbot.waitSignal(page.answered, timeout=SECONDS) as again:
        qtbot.mouseClick(page.findChild(QPushButton, "another_button"), Qt.MouseButton.LeftButton)
    assert again.args[0].input.index != shown.input.index


def photo_of(label: int, path: Path) -> Path:
    """A digit in dark ink on a light page."""
    test = load_dataset("mnist").test
    ink = test.images[np.flatnonzero(test.labels == label)[0], ..., 0]
    page = np.full((300, 400), 235, np.uint8)
    page[60:228, 100:268] = 235 - np.asarray(Image.fromarray(ink).resize((168, 168), Image.Resampling.BICUBIC)) // 5 * 4
    Image.fromarray(page).save(path)
    return path


def test_a_photo_is_prepared_step_by_step(page: TryPage, qtbot: QtBot, tmp_path: Path) -> None:
    with qtbot.waitSignal(page.answered, timeout=SECONDS) as answered:
        page.receive(photo_of(3, tmp_path / "three.jpg"))
    assert answer(page) == "3"
    assert page.findChild(QPushButton, "photo_chip").isChecked()
    assert len(answered.args[0].steps) >= 3
    qtbot.waitUntil(page.findChild(QWidget, "step_1").isVisible)


def test_a_sheet_of_digits_is_read_one_by_one(page: TryPage, qtbot: QtBot, tmp_path: Path) -> None:
    drawings, labels = draw_digits(3, seed=8)
    path = tmp_path / "sheet.jpg"
    sheet("plain sheet", shapes_of_drawings(drawings), 3, np.random.default_rng(4)).picture.save(path)
    with qtbot.waitSignal(page.answered, timeout=SECONDS):
        page.receive(path)
    view = page.findChild(PhotoView, "photo_view")
    assert [mark.text for mark in view.marks] == [str(label) for label in labels]
    assert "3 digits" in page.message
    assert answer(page) == str(labels[0])
    last = view.marks[2].box
    where = view.place().topLeft() + QPointF(
        (last[0] + last[2]) / 2 * view.place().width(), (last[1] + last[3]) / 2 * view.place().height()
    )
    with qtbot.waitSignal(page.answered, timeout=SECONDS):
        QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=where.toPoint())
    assert answer(page) == str(labels[2])
    assert "No. 3 of 3" in page.findChild(QLabel, "model_state").text()
    with qtbot.waitSignal(page.answered, timeout=SECONDS):
        QTest.keyClick(view, Qt.Key.Key_Left)
    assert answer(page) == str(labels[1])
    with qtbot.waitSignal(page.answered, timeout=SECONDS):
        page.receive(photo_of(3, tmp_path / "three.jpg"))
    assert not view.marks
    assert not page.message


def test_what_is_no_digit_is_not_called_one(page: TryPage, qtbot: QtBot) -> None:
    with qtbot.waitSignal(page.answered, timeout=SECONDS):
        page.receive(shipped("assets/photos/chelsea.jpg"))
    assert answer(page) == NO_DIGIT
    assert "looks like none" in page.findChild(QLabel, "model_state").text()


def test_paste_a_picture(page: TryPage, qtbot: QtBot, tmp_path: Path) -> None:
    QApplication.clipboard().setImage(QImage(str(photo_of(6, tmp_path / "six.png"))))
    with qtbot.waitSignal(page.answered, timeout=SECONDS):
        page.findChild(QAction, "paste").trigger()
    assert answer(page) == "6"


def test_paste_a_file(page: TryPage, qtbot: QtBot, tmp_path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(photo_of(2, tmp_path / "two.png")))])
    QApplication.clipboard().setMimeData(data)
    with qtbot.waitSignal(page.answered, timeout=SECONDS):
        page.findChild(QAction, "paste").trigger()
    assert answer(page) == "2"


def test_nothing_to_paste(page: TryPage) -> None:
    QApplication.clipboard().setText("seven")
    page.findChild(QAction, "paste").trigger()
    assert "no picture in the clipboard" in page.message


def test_what_is_no_picture_gets_a_sentence(page: TryPage, qtbot: QtBot, tmp_path: Path) -> None:
    text = tmp_path / "notes.png"
    text.write_text("not a picture")
    page.receive(text)
    qtbot.waitUntil(lambda: "notes.png" in page.message, timeout=SECONDS)
    assert answer(page) == NO_ANSWER
    with qtbot.waitSignal(page.answered, timeout=SECONDS):
        page.receive(photo_of(8, tmp_path / "eight.png"))
    assert not page.message
    assert answer(page) == "8"
    page.receive(text)
    qtbot.waitUntil(lambda: "notes.png" in page.message, timeout=SECONDS)
    assert answer(page) == "8"  # the picture before is still there
    assert page.findChild(QLabel, "photo_name").text() == "eight.png"


def test_where_class_names_are_taken_is_told(page: TryPage, tmp_path: Path) -> None:
    (tmp_path / "Labels.txt").write_text("0 cat\n1 dog\n")
    page.receive(tmp_path / "Labels.txt")
    assert page.message.startswith("Labels.txt is not a picture. If it holds the class names")
    assert "“What is it…”" in page.message


def test_a_first_picture_that_is_none_is_not_blamed_on_the_model(qtbot: QtBot, tmp_path: Path) -> None:
    text = tmp_path / "notes.png"
    text.write_text("not a picture")
    page = TryPage(Settings())
    qtbot.addWidget(page)
    page.show()
    with qtbot.waitSignal(page.ready, timeout=SECONDS):
        page.receive(text)
    assert "notes.png" in page.message
    assert "could not be opened" not in page.findChild(QLabel, "model_state").text()
    page.shut_down()


def test_a_damaged_model_gets_a_sentence_and_the_page_goes_on(page: TryPage, qtbot: QtBot, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(MODEL, broken)
    (broken / "model.keras").write_bytes(b"PK nothing")
    page.receive(broken)
    qtbot.waitUntil(lambda: bool(page.message), timeout=SECONDS)
    with qtbot.waitSignal(page.ready, timeout=SECONDS):
        page.receive(shipped("trained/lenet5-mnist"))
    draw(qtbot, page, SEVEN)
    assert answer(page) == "7"


def test_a_model_from_elsewhere_joins_the_list(page: TryPage, qtbot: QtBot, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(MODEL, elsewhere)
    with qtbot.waitSignal(page.ready, timeout=SECONDS):
        page.receive(elsewhere)
    assert page.findChild(ModelChooser).path == elsewhere


def test_a_run_from_elsewhere_is_opened_by_its_card_and_stays_listed(
    page: TryPage, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from PySide6.QtWidgets import QFileDialog

    run = tmp_path / "elsewhere"
    shutil.copytree(MODEL, run)
    asked = []

    def ask(*given: object, **options: object) -> tuple[str, str]:
        asked.append(given)
        return str(run / "card.json"), ""

    monkeypatch.setattr(QFileDialog, "getOpenFileName", ask)
    with qtbot.waitSignal(page.ready, timeout=SECONDS):
        page.findChild(QAction, "open_model").trigger()
    assert "card.json" in asked[0][-1]
    assert page.findChild(ModelChooser).path == run
    with qtbot.waitSignal(page.ready, timeout=SECONDS):
        page.receive(shipped("trained/lenet5-mnist"))
    page.entered()
    assert str(run) in [choice.key for choice in page.findChild(Picker).choices]
    page.findChild(ModelChooser).choose(run / "model.keras")
    assert page.findChild(ModelChooser).path == run


def test_a_model_file_alone_in_a_folder_is_itself_opened(page: TryPage, qtbot: QtBot, tmp_path: Path) -> None:
    entry = next(entry for entry in list_models() if entry.name == "lenet5-mnist")
    alone = copy_model(entry, tmp_path / "model.keras")
    with qtbot.waitSignal(page.ready, timeout=SECONDS):
        page.receive(alone)
    assert page.findChild(ModelChooser).path == alone


def test_what_was_trained_last_is_opened_once(page: TryPage, qtbot: QtBot, own_model: Path) -> None:
    Settings().remember(IN_USE, str(own_model))  # as the Train page does
    with qtbot.waitSignal(page.ready, timeout=SECONDS):
        page.entered()
    assert page.model == own_model
    with qtbot.waitSignal(page.ready, timeout=SECONDS):
        page.receive(shipped("trained/lenet5-mnist"))
    page.entered()
    assert page.findChild(ModelChooser).path == shipped("trained/lenet5-mnist")
    again = TryPage(Settings())
    qtbot.addWidget(again)
    assert again.findChild(ModelChooser).path == shipped("trained/lenet5-mnist")


def test_the_bars_are_blank_while_another_model_opens(page: TryPage, qtbot: QtBot, own_model: Path) -> None:
    draw(qtbot, page, SEVEN)
    page.entered()
    with qtbot.waitSignal(page.ready, timeout=SECONDS):
        page.receive(own_model)
        assert page.findChild(ProbabilityBars).listed == ()
    assert page.findChild(ProbabilityBars).listed == tuple("0123456789")


def test_a_drawing_stays_and_the_network_that_is_opened_next_answers_it(
    page: TryPage, qtbot: QtBot, own_model: Path
) -> None:
    draw(qtbot, page, SEVEN)
    before = page.findChild(QWidget, "drawing_canvas").drawing
    with qtbot.waitSignal(page.answered, timeout=SECONDS, check_params_cb=lambda a: a.path == own_model) as answered:
        page.receive(own_model)
        assert answer(page) == NO_ANSWER
    assert answered.args[0].input.strokes is not None
    assert all(np.array_equal(a, b) for a, b in zip(answered.args[0].input.strokes, before, strict=True))
    assert answer(page) == "7"


def test_an_enlarged_map_explains_its_numbers_and_follows_the_pen(page: TryPage, qtbot: QtBot) -> None:
    draw(qtbot, page, SEVEN)
    row = page.findChild(FeatureMapGrid).rows["conv2"]
    row.activated.emit(3)
    explanation = page.findChild(ArithmeticView)
    qtbot.waitUntil(lambda: explanation.number is not None, timeout=SECONDS)
    assert explanation.isVisible()
    assert len(explanation.number.sums) == 6
    before = explanation.number
    qtbot.mouseClick(page.findChild(QToolButton, "clear_button"), Qt.MouseButton.LeftButton)
    draw(qtbot, page, [QPoint(120 + 2 * step, 60 + 45 * step) for step in range(5)])
    assert explanation.number is not before
    assert explanation.number.value == pytest.approx(row.values[5, 5, 3], abs=1e-5)


def test_a_map_that_is_enlarged_while_an_answer_is_on_its_way_is_explained(page: TryPage, qtbot: QtBot) -> None:
    draw(qtbot, page, SEVEN)
    row = page.findChild(FeatureMapGrid).rows["conv2"]
    canvas = page.findChild(QWidget, "drawing_canvas")
    qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, pos=QPoint(80, 80))
    qtbot.mouseMove(canvas, QPoint(90, 120))
    qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=QPoint(90, 120))
    row.activated.emit(3)
    explanation = page.findChild(ArithmeticView)
    qtbot.waitUntil(lambda: explanation.number is not None, timeout=SECONDS)
    assert explanation.number.value == pytest.approx(row.values[5, 5, 3], abs=1e-5)


def test_a_name_that_is_no_file_is_shown_whole(page: TryPage) -> None:
    page.findChild(PhotoSource).open(np.zeros((8, 8, 1), np.uint8), "Test image: T-shirt/top")
    assert page.findChild(QLabel, "photo_name").text() == "Test image: T-shirt/top"


def test_the_file_name_of_a_photo_is_shown(page: TryPage, qtbot: QtBot, tmp_path: Path) -> None:
    path = photo_of(3, tmp_path / f"three-{'x' * 90}-end.png")
    with qtbot.waitSignal(page.answered, timeout=SECONDS):
        page.receive(path)
    name = page.findChild(QLabel, "photo_name")
    assert name.isVisible()
    assert name.text().startswith("three")
    assert name.text().endswith("end.png")
    assert name.fontMetrics().horizontalAdvance(name.text()) <= name.width()
    assert str(path) in name.toolTip()
    QApplication.clipboard().setImage(QImage(str(path)))
    with qtbot.waitSignal(page.answered, timeout=SECONDS):
        page.findChild(QAction, "paste").trigger()
    assert name.text() == "Pasted picture"


def test_a_picture_that_the_rule_cannot_use_is_still_shown(page: TryPage, qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "blank.png"
    Image.fromarray(np.full((300, 400), 235, np.uint8)).save(path)
    page.receive(path)
    offer = page.findChild(QPushButton, "accept_offer_button")
    qtbot.waitUntil(offer.isVisible, timeout=SECONDS)
    assert "No digit" in page.message
    assert page.findChild(PhotoView, "photo_view").image.shape[:2] == (300, 400)
    assert page.findChild(QLabel, "photo_name").text() == "blank.png"
    assert answer(page) == NO_ANSWER


def test_beside_a_test_image_nobody_talks_of_a_picture(page: TryPage, qtbot: QtBot) -> None:
    note = page.findChild(QLabel, "network_input_note")
    assert "ink" in note.text()
    qtbot.mouseClick(page.findChild(QPushButton, "test_image_chip"), Qt.MouseButton.LeftButton)
    assert "The test image as it is, 28×28 pixels in grey." in note.text()


@pytest.mark.parametrize("rule", INPUT_RULES)
def test_the_words_are_those_of_the_rule(rule: str) -> None:
    texts = texts_for(Card("m", ("a", "b"), (28, 28, 1), rule))
    said = {"digit": "the ink", "clothing": "The piece", "stretch": "The whole picture"}.get(rule, "in the frame")
    assert said in texts.gets
    assert "photo" not in texts.gets_sample


@pytest.mark.parametrize("size", [(872, 600), (1192, 800)])
def test_nothing_in_the_left_column_is_cut(page: TryPage, qtbot: QtBot, size: tuple[int, int]) -> None:
    page.resize(*size)
    panel = page.findChild(ImagePanel)
    bar = panel.verticalScrollBar()
    for chip in ("photo_chip", "test_image_chip"):
        qtbot.mouseClick(panel.findChild(QPushButton, chip), Qt.MouseButton.LeftButton)
        QApplication.processEvents()
        content = panel.widget()
        room = panel.width() - bar.sizeHint().width()
        for button in panel.findChildren(QPushButton):
            if button.isVisible():
                assert button.mapTo(content, QPoint(button.width(), 0)).x() <= room, button.objectName()
                assert button.width() >= button.sizeHint().width(), button.objectName()
    assert panel.source.width() >= 240
    assert page.findChild(ProbabilityBars).width() >= 240


def test_rename_copy_and_delete(
    page: TryPage, qtbot: QtBot, own_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from PySide6.QtWidgets import QFileDialog, QLineEdit, QMessageBox

    page.entered()
    with qtbot.waitSignal(page.ready, timeout=SECONDS):
        page.receive(own_model)

    def give(dialog: NameDialog) -> int:
        dialog.findChild(QLineEdit, "new_name").setText("Übung 1")
        dialog.accept()
        return dialog.result()

    monkeypatch.setattr(NameDialog, "exec", give)
    with qtbot.waitSignal(page.ready, timeout=SECONDS):
        page.findChild(QAction, "rename_model").trigger()
    assert [entry.name for entry in list_models() if entry.kind == "run"] == ["Übung 1"]

    target = tmp_path / "copy.keras"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: (str(target), ""))
    page.findChild(QAction, "copy_model").trigger()
    assert load_classifier(target).classes == tuple("0123456789")

    trash = tmp_path / "trash"
    monkeypatch.setattr("send2trash.send2trash", lambda path: Path(path).rename(trash))
    monkeypatch.setattr(QMessageBox, "exec", lambda _box: 0)
    monkeypatch.setattr(
        QMessageBox, "clickedButton", lambda box: box.findChild(QPushButton, "confirm_delete_model_button")
    )
    page.findChild(QAction, "delete_model").trigger()
    assert [entry.name for entry in list_models() if entry.kind == "run"] == []
    assert (trash / "model.keras").is_file()


def test_the_shipped_model_is_not_deleted(page: TryPage) -> None:
    assert not page.findChild(QAction, "delete_model").isEnabled()
    assert not page.findChild(QAction, "rename_model").isEnabled()
    assert page.findChild(QAction, "copy_model").isEnabled()


def test_the_models_layers_are_shown_elsewhere(page: TryPage, qtbot: QtBot) -> None:
    page.receive(shipped("trained/lenet5-mnist"))
    with qtbot.waitSignal(page.navigate) as sent:
        page.findChild(QAction, "show_model_layers").trigger()
    assert sent.args == ["architecture", shipped("trained/lenet5-mnist")]


def test_the_models_mistakes_are_shown_elsewhere(page: TryPage, qtbot: QtBot) -> None:
    page.receive(shipped("trained/lenet5-mnist"))
    with qtbot.waitSignal(page.navigate) as sent:
        page.findChild(QAction, "show_model_mistakes").trigger()
    assert sent.args == ["data", shipped("trained/lenet5-mnist")]


@pytest.mark.parametrize(("width", "height", "chips"), [(1192, 760, ("draw", "photo")), (872, 600, ("draw",))])
def test_what_the_network_gets_is_seen_whole(
    page: TryPage, qtbot: QtBot, width: int, height: int, chips: tuple[str, ...]
) -> None:
    page.resize(width, height)
    panel = page.findChild(ImagePanel)
    for name in chips:
        page.findChild(QPushButton, f"{name}_chip").click()
        qtbot.waitUntil(lambda: panel.verticalScrollBar().maximum() == 0)
        assert panel.widget().height() <= panel.viewport().height()


@pytest.mark.parametrize(
    ("probabilities", "answer", "state"),
    [
        ((0.5, 0.5), "cat or dog?", "undecided: 50.0 % each"),
        ((0.4999, 0.5001), "dog or cat?", "undecided: 50.0 % each"),
        ((0.2, 0.3, 0.5), "owl?", "only 50.0 % sure"),
        ((0.3, 0.4, 0.3), "dog?", "only 40.0 % sure"),
        ((0.2, 0.8), "dog", "80.0 % sure"),
        ((0.25, 0.25, 0.25, 0.25), "Undecided between 4 classes", "undecided: 25.0 % each"),
    ],
)
def test_a_tie_is_no_firm_answer(probabilities: tuple[float, ...], answer: str, state: str) -> None:
    classes = ("cat", "dog", "owl", "eel")[: len(probabilities)]
    prediction = Prediction(np.array(probabilities, np.float32), classes)
    assert (answer_text(prediction), state_text(prediction)) == (answer, state)
