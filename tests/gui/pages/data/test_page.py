"""The Data page with real images."""

import gc
import json
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from weakref import WeakSet

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLabel,
    QPlainTextEdit,
    QProgressBar,
    QSlider,
    QSpinBox,
    QTableWidget,
    QWidget,
)
from pytestqt.qtbot import QtBot

from cnnstudio.data.augmentation.augment import augment_examples
from cnnstudio.data.augmentation.changes import AugmentationSpec
from cnnstudio.data.library import list_datasets, load_dataset
from cnnstudio.data.published.catalogue import DATASETS
from cnnstudio.data.splits import Dataset
from cnnstudio.gui.controls.message_bar import MessageBar
from cnnstudio.gui.controls.picker import Picker
from cnnstudio.gui.pages.choosers.images import BringImages
from cnnstudio.gui.pages.data.augment_pane import AugmentPane
from cnnstudio.gui.pages.data.browser import DataBrowser
from cnnstudio.gui.pages.data.explorer import DataExplorer
from cnnstudio.gui.pages.data.import_panel import ImportPanel, examples_of, look_at
from cnnstudio.gui.pages.data.page import DataPage
from cnnstudio.gui.pages.data.selection import Selection, WrongAnswers, counts_of, mean_images
from cnnstudio.gui.settings import Settings
from cnnstudio.gui.task import Task
from cnnstudio.gui.widgets.charts.vector_strip import VectorStrip
from cnnstudio.gui.widgets.images.number_matrix import NumberMatrix
from cnnstudio.gui.widgets.images.pixel_view import PixelPicture
from cnnstudio.gui.widgets.images.thumbnail_grid import LARGEST, Label, ThumbnailGrid
from cnnstudio.models.trained.card import CARD_FILE, Card
from cnnstudio.models.trained.classifier import Classifier
from cnnstudio.models.trained.library import list_models, load_classifier
from cnnstudio.storage import runs_folder, shipped
from cnnstudio.training.evaluation import Mistakes, find_mistakes
from tests.data.made_folders import MADE

SECONDS = 30_000


@pytest.fixture(autouse=True)
def little_mnist(digits: Dataset, add_dataset: Callable[[Dataset], None]) -> None:
    """1,400 training and 300 test images, which are there at once."""
    add_dataset(replace(digits, name="mnist"))


@pytest.fixture
def page(qtbot: QtBot) -> Iterator[DataPage]:
    page = DataPage(Settings())
    qtbot.addWidget(page)
    page.resize(1190, 800)
    page.show()
    with qtbot.waitSignal(page.loaded, timeout=SECONDS):
        page.entered()
    yield page
    page.shut_down()


def photos(folder: Path, counts: dict[str, int], side: int = 40) -> Path:
    """A folder with so many pictures in each subfolder, each of one colour with some noise."""
    random = np.random.default_rng(0)
    for name, count in counts.items():
        (folder / name).mkdir(parents=True)
        for number in range(count):
            noise = random.integers(0, 20, (side, side + number % 3, 3))
            Image.fromarray((random.integers(0, 236, 3) + noise).astype(np.uint8)).save(folder / name / f"{number}.png")
    return folder


def click(page: DataPage, name: str) -> None:
    button = page.findChild(QAbstractButton, name)
    assert button.isVisible(), name
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def text(page: DataPage, name: str) -> str:
    return page.findChild(QLabel, name).text().replace("\N{NO-BREAK SPACE}", " ")


def open_image(page: DataPage, qtbot: QtBot, place: int) -> None:
    grid = page.findChild(QWidget, "thumbnail_grid")
    with qtbot.waitSignal(grid.activated):
        where = grid.item_rectangle(place).center().toPoint()
        QTest.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=where)
    QApplication.processEvents()  # the layout settles


def imported(page: DataPage, qtbot: QtBot, folder: Path) -> None:
    with qtbot.waitSignal(page.findChild(ImportPanel).previewed, timeout=SECONDS):
        page.receive(folder)
    with qtbot.waitSignal(page.loaded, timeout=SECONDS):
        click(page, "import_button")


def test_mnist_is_shown_at_first(page: DataPage) -> None:
    assert page.dataset.name == "mnist"
    assert text(page, "dataset_facts").startswith("1,700 images, 28×28, grey, 10 classes · CC BY-SA")
    assert text(page, "images_shown") == "1,700 images"
    assert not page.findChild(QAbstractButton, "validation_chip").isEnabled()
    assert not page.findChild(QAbstractButton, "data_menu_button").isVisible()
    assert page.busy is None


def test_filters_narrow_what_is_shown(page: DataPage, qtbot: QtBot) -> None:
    click(page, "test_chip")
    assert text(page, "images_shown") == "300 of 1,700 images"
    histogram = page.findChild(QWidget, "class_histogram")
    with qtbot.waitSignal(histogram.chosen):
        where = histogram.rectangle(7).center().toPoint()
        QTest.mouseClick(histogram.viewport(), Qt.MouseButton.LeftButton, pos=where)
    sevens = int((load_dataset("mnist").test.labels == 7).sum())
    assert text(page, "images_shown") == f"{sevens:,} of 1,700 images"
    combo = page.findChild(QComboBox, "class_combo")
    assert combo.currentText() == "7"
    shown = page.findChild(DataBrowser).selection
    assert {shown.at(place).label for place in range(len(shown))} == {7}
    combo.setCurrentIndex(0)
    assert histogram.chosen_class == -1
    assert text(page, "images_shown") == "300 of 1,700 images"


def test_shuffling_shows_the_same_images_in_another_order(page: DataPage) -> None:
    before = [page.findChild(DataBrowser).selection.at(place) for place in range(500)]
    click(page, "shuffle_button")
    shuffled = page.findChild(DataBrowser).selection
    assert [shuffled.at(place) for place in range(500)] != before
    assert len({(shown.split, shown.index) for shown in map(shuffled.at, range(1700))}) == 1700
    click(page, "shuffle_button")
    assert [page.findChild(DataBrowser).selection.at(place) for place in range(500)] == before


def test_a_selection_reads_what_it_says() -> None:
    mnist = load_dataset("mnist").hold_out(0.1, seed=0)
    places = np.array([3, 1699, 1260, 1401, 5])
    selection = Selection(mnist, seed=1)
    images = selection.read(places)
    splits = {"train": mnist.train, "validation": mnist.validation, "test": mnist.test}
    for image, place in zip(images, places.tolist(), strict=True):
        shown = selection.at(place)
        assert np.array_equal(image, splits[shown.split].images[shown.index])
        assert shown.label == splits[shown.split].labels[shown.index]


def test_means_of_classes(qtbot: QtBot) -> None:
    mnist = load_dataset("mnist")
    task = Task(lambda on_event, stop: mean_images(mnist, on_event, stop))
    with qtbot.waitSignal(task.finished, timeout=SECONDS) as finished:
        task.start()
    (means,) = finished.args
    expected = mnist.train.images[mnist.train.labels == 3].mean(axis=0)
    assert np.abs(means.images[3] - expected).max() <= 0.5
    assert means.known.all()
    assert counts_of(mnist)["test"].sum() == 300


def test_an_image_is_numbers(page: DataPage, qtbot: QtBot) -> None:
    open_image(page, qtbot, 2)
    image = load_dataset("mnist").train.images[2]
    assert page.findChild(DataExplorer).isVisible()
    assert text(page, "image_title") == "<b>4</b> · training image 3"
    assert text(page, "resolution_text") == "28 × 28 × 1 = <b>784 numbers</b>"
    assert not page.findChild(QAbstractButton, "channel_red_chip").isVisible()
    matrix, picture = page.findChild(NumberMatrix), page.findChild(PixelPicture, "explored_picture")
    row, column = np.argwhere(image[..., 0] == image.max())[0].tolist()
    QTest.mouseMove(matrix.viewport(), matrix.cell_rectangle((row, column)).center().toPoint())
    assert picture.cell == (row, column)
    assert text(page, "pixel_under_cursor") == f"Row {row}, column {column}: {image.max()}"
    QTest.mouseMove(picture, QPoint(picture.width() // 3, picture.height() // 3))
    assert matrix.cell == picture.cell != (row, column)


def test_the_first_pixel_that_is_pointed_at_is_the_right_one(page: DataPage, qtbot: QtBot) -> None:
    open_image(page, qtbot, 2)
    picture = page.findChild(PixelPicture, "explored_picture")
    picture.point((11, 9))
    assert picture.cell == page.findChild(NumberMatrix).cell == (11, 9)
    qtbot.mouseClick(page.findChild(QAbstractButton, "flatten_chip"), Qt.MouseButton.LeftButton)
    assert page.findChild(VectorStrip, "vector_strip").current == 11 * 28 + 9
    assert picture.cell == (11, 9)


def test_keys_go_on_and_back(page: DataPage, qtbot: QtBot) -> None:
    open_image(page, qtbot, 2)
    QTest.keyClick(page.findChild(NumberMatrix), Qt.Key.Key_PageDown)
    assert text(page, "image_title") == "<b>1</b> · training image 4"
    QTest.keyClick(page.findChild(NumberMatrix), Qt.Key.Key_PageUp)
    QTest.keyClick(page.findChild(NumberMatrix), Qt.Key.Key_PageUp)
    QTest.keyClick(page.findChild(NumberMatrix), Qt.Key.Key_PageUp)
    assert text(page, "image_title") == "<b>5</b> · training image 1"
    assert not page.findChild(QAbstractButton, "previous_button").isEnabled()
    with qtbot.waitSignal(page.findChild(DataExplorer).closed) as closed:
        QTest.keyClick(page.findChild(NumberMatrix), Qt.Key.Key_Escape)
    assert closed.args == [0]
    assert page.findChild(DataBrowser).isVisible()
    assert page.findChild(QWidget, "thumbnail_grid").current == 0


def test_a_lower_resolution_has_fewer_numbers(page: DataPage, qtbot: QtBot) -> None:
    open_image(page, qtbot, 0)
    page.findChild(QSlider, "resolution_slider").setValue(14)
    assert text(page, "resolution_text") == "14 × 14 × 1 = <b>196 numbers</b>"
    image = load_dataset("mnist").train.images[0].astype(np.float64)
    means = image.reshape(14, 2, 14, 2, 1).mean(axis=(1, 3))
    assert np.abs(page.findChild(DataExplorer).image - means).max() <= 0.5
    click(page, "flatten_chip")
    assert text(page, "connections_text") == "196 × 256 = 50,176 weights"
    click(page, "next_button")
    assert text(page, "resolution_text") == "14 × 14 × 1 = <b>196 numbers</b>"


def test_flattened(page: DataPage, qtbot: QtBot) -> None:
    open_image(page, qtbot, 0)
    click(page, "flatten_chip")
    assert text(page, "connections_text") == "784 × 256 = 200,704 weights"
    page.findChild(QSpinBox, "hidden_units_spin").setValue(1000)
    assert text(page, "connections_text") == "784 × 1,000 = 784,000 weights"
    assert "28 places further on" in text(page, "lost_text")
    image = load_dataset("mnist").train.images[0, ..., 0]
    page.findChild(QSlider, "shift_slider").setValue(-2)
    moved = np.pad(image, ((0, 0), (0, 2)))[:, 2:]
    assert f"{int((moved != image).sum())} of 784 numbers" in text(page, "shift_text")
    strip = page.findChild(QWidget, "vector_strip")
    strip.set_current(28 * 5 + 7)
    assert page.findChild(PixelPicture, "explored_picture").cell == (5, 7)


def test_augmented(page: DataPage, qtbot: QtBot) -> None:
    open_image(page, qtbot, 0)
    pane = page.findChild(AugmentPane)
    with qtbot.waitSignal(pane.shown, timeout=SECONDS):
        click(page, "augment_chip")
    for name in ("shift", "rotate", "zoom", "contrast", "noise", "cutout"):
        page.findChild(QSlider, f"{name}_amount").setValue(0)
    with qtbot.waitSignal(
        pane.shown, timeout=SECONDS, check_params_cb=lambda shown: len(np.unique(shown, axis=0)) == 2
    ):
        flip = page.findChild(QSlider, "flip_amount")
        flip.setValue(flip.maximum() // 2)
    image, spec = load_dataset("mnist").train.images[0], AugmentationSpec(flip=0.5)
    assert pane.spec == spec
    expected = augment_examples(image, spec, 8, 0)
    shown = [page.findChild(QWidget, f"example_{number}").image for number in range(8)]
    assert np.array_equal(shown, expected)
    assert {example.tobytes() for example in shown} == {image.tobytes(), image[:, ::-1].tobytes()}
    with qtbot.waitSignal(pane.shown, timeout=SECONDS) as again:
        click(page, "dice_button")
    assert not np.array_equal(again.args[0], expected)
    sent: list[list[object]] = []
    page.navigate.connect(lambda *args: sent.append(list(args)))
    click(page, "use_augmentation_button")
    assert sent == [["train", "mnist"], ["train", spec]]


def test_train_on_it(page: DataPage, qtbot: QtBot) -> None:
    with qtbot.waitSignal(page.navigate) as navigated:
        click(page, "train_on_it_button")
    assert navigated.args == ["train", "mnist"]


def test_a_download_is_offered_not_begun(page: DataPage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CNNSTUDIO_DATASETS", str(tmp_path))
    page.findChild(Picker, "data_picker").set_current("cifar10")
    assert page.findChild(QAbstractButton, "download_button").isVisible()
    assert "170.1 MB" in text(page, "loading_text")
    assert page.busy is None
    assert page.dataset is None
    assert not page.findChild(QAbstractButton, "train_on_it_button").isVisible()


def test_cancel_and_load_again(page: DataPage, qtbot: QtBot, tmp_path: Path) -> None:
    imported(page, qtbot, photos(tmp_path / "pets", {"cat": 12, "dog": 12}))
    page.findChild(Picker, "data_picker").set_current("mnist")
    assert page.busy is None  # nothing is lost yet that would be worth a question
    click(page, "cancel_loading_button")
    qtbot.waitUntil(lambda: not page.findChild(QProgressBar, "loading_progress").isVisible(), timeout=SECONDS)
    if page.dataset is None:  # it may have been faster
        with qtbot.waitSignal(page.loaded, timeout=SECONDS):
            click(page, "download_button")
    assert page.dataset.name == "mnist"


def test_import_a_folder(page: DataPage, qtbot: QtBot, tmp_path: Path) -> None:
    folder = photos(tmp_path / "pets", {"cat": 30, "dog": 10})
    (folder / "cat" / "broken.jpg").write_bytes(b"no picture")
    with qtbot.waitSignal(page.findChild(ImportPanel).previewed, timeout=SECONDS):
        page.receive(folder)
    assert text(page, "classes_found").startswith("2 classes")
    assert "unbalanced" in text(page, "import_notes")
    with qtbot.waitSignal(page.findChild(ImportPanel).previewed, timeout=SECONDS):
        page.findChild(QComboBox, "import_size_combo").setCurrentText("48×48")
    with qtbot.waitSignal(page.findChild(ImportPanel).previewed, timeout=SECONDS):
        click(page, "import_grey_chip")
    assert page.findChild(QWidget, "import_example_0").image.shape == (48, 48, 1)
    with qtbot.waitSignal(page.loaded, timeout=SECONDS):
        QTest.keyClick(page.findChild(QAbstractButton, "import_button"), Qt.Key.Key_Return)
    assert page.dataset.image_shape == (48, 48, 1)
    assert page.dataset.classes == ("cat", "dog")
    assert text(page, "dataset_facts").startswith("40 images, 48×48, grey, 2 classes")
    assert [entry.name for entry in list_datasets()] == [*DATASETS, "pets"]

    click(page, "report_button")
    report = page.findChild(QWidget, "report_panel")
    assert "has 10 images, the largest, cat, 30" in " ".join(one.text() for one in report.findChildren(QLabel))
    click(page, "show_unreadable_button")
    assert page.findChild(QPlainTextEdit, "unreadable_list").toPlainText().startswith("cat/broken.jpg: ")
    click(page, "copy_unreadable_button")
    assert QGuiApplication.clipboard().text().startswith("cat/broken.jpg: ")
    QTest.keyClick(report, Qt.Key.Key_Escape)
    assert page.findChild(DataBrowser).isVisible()


def test_duplicates_are_told(page: DataPage, qtbot: QtBot, tmp_path: Path) -> None:
    folder = tmp_path / "pets"
    photos(folder / "train", {"cat": 12, "dog": 12})
    photos(folder / "test", {"cat": 4, "dog": 4})
    (folder / "test" / "dog" / "0.png").write_bytes((folder / "train" / "dog" / "5.png").read_bytes())
    imported(page, qtbot, folder)
    click(page, "report_button")
    said = " ".join(one.text() for one in page.findChild(QWidget, "report_panel").findChildren(QLabel))
    assert "The accuracy comes out too high" in said
    click(page, "show_duplicates_button")
    lines = page.findChild(QPlainTextEdit, "duplicates_list").toPlainText().splitlines()
    assert any("test/dog/0.png" in line and "train/dog/5.png" in line for line in lines)


def test_scan_again_and_forget(page: DataPage, qtbot: QtBot, tmp_path: Path) -> None:
    folder = photos(tmp_path / "pets", {"cat": 20, "dog": 20})
    imported(page, qtbot, folder)
    photos(folder, {"fox": 20})
    with qtbot.waitSignal(page.loaded, timeout=SECONDS):
        page.findChild(QAction, "scan_again").trigger()
    assert page.dataset.classes == ("cat", "dog", "fox")
    with qtbot.waitSignal(page.loaded, timeout=SECONDS):
        page.findChild(QAction, "forget_dataset").trigger()
    assert page.dataset.name == "mnist"
    assert [entry.name for entry in list_datasets()] == list(DATASETS)
    assert len(list(folder.glob("*/*.png"))) == 60


def test_escape_leaves_the_help_and_no_button_moves(page: DataPage) -> None:
    button = page.findChild(QAbstractButton, "import_images_button")
    page.activateWindow()
    place = button.geometry()
    page.findChild(QAction, "import_help").trigger()
    assert page.findChild(QWidget, "folder_layout").isVisible()
    page.layout().activate()
    assert button.geometry() == place
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Escape)
    assert page.findChild(DataBrowser).isVisible()


def test_what_is_no_folder_of_images_is_refused_with_the_layout(page: DataPage, qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with qtbot.waitSignal(page.findChild(ImportPanel).failed, timeout=SECONDS):
        page.receive(tmp_path / "empty")
    assert page.message
    assert "cat/" in text(page, "folder_layout")
    assert page.findChild(QWidget, "folder_layout").isVisible()
    click(page, "cancel_import_button")
    assert page.findChild(DataBrowser).isVisible()


def test_a_model_that_is_chosen_as_images_is_offered_to_the_try_page(
    page: DataPage, qtbot: QtBot, tmp_path: Path
) -> None:
    folder = tmp_path / "theirs"
    folder.mkdir()
    (folder / "model.keras").touch()
    page.bring(folder)
    assert page.message == "“theirs” holds a model, no images. The Try page opens it."
    with qtbot.waitSignal(page.navigate) as sent:
        click(page, "accept_offer_button")
    assert sent.args == ["try", folder] and page.findChild(DataBrowser).isVisible()


def test_whoever_has_images_of_their_own_is_shown_how_to_bring_them(page: DataPage) -> None:
    page.receive(BringImages())
    assert page.findChild(QWidget, "folder_layout").isVisible()
    click(page, "cancel_import_button")
    assert page.findChild(DataBrowser).isVisible()


def test_the_images_are_back_after_a_failed_import(page: DataPage, qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with qtbot.waitSignal(page.findChild(ImportPanel).failed, timeout=SECONDS):
        page.receive(tmp_path / "empty")
    page.entered()  # after a look at another page
    assert page.findChild(DataBrowser).isVisible()
    assert not page.message


def test_the_preview_shows_every_class(tmp_path: Path) -> None:
    photos(tmp_path / "many", {"cat": 40, "cup": 3, "pen": 5})
    (tmp_path / "many" / "cup" / "0.png").write_bytes(b"none")
    samples = look_at(tmp_path / "many", threading.Event(), lambda _: None).samples
    shown = [file.folder for file in samples[:8]]
    assert [shown.count(name) for name in ("cat", "cup", "pen")] == [3, 3, 2]
    assert len(examples_of(samples, 28, 3)) == 8
    photos(tmp_path / "classes", {f"{number:02}": 2 for number in range(20)})
    samples = look_at(tmp_path / "classes", threading.Event(), lambda _: None).samples
    assert len({file.folder for file in samples[:8]}) == 8


# Folders that are laid out in another way.


def again(page: DataPage, qtbot: QtBot, name: str, text: str) -> None:
    """Chooses something in a list of the import, and waits until the folder was looked through again."""
    with qtbot.waitSignal(page.findChild(ImportPanel).previewed, timeout=SECONDS):
        page.findChild(QComboBox, name).setCurrentText(text)


def looked(page: DataPage, qtbot: QtBot, folder: Path) -> None:
    with qtbot.waitSignal(page.findChild(ImportPanel).previewed, timeout=SECONDS):
        page.receive(folder)


def test_names_that_say_the_classes_are_offered(page: DataPage, qtbot: QtBot, tmp_path: Path) -> None:
    looked(page, qtbot, MADE["dogs-vs-cats below train, and a test without classes"].make(tmp_path / "pets"))
    assert text(page, "classes_found") == "2 classes, by the names of the files"
    assert text(page, "layout_examples").splitlines()[1].startswith("cat: cat.0.jpg, cat.")
    assert page.findChild(QWidget, "import_example_0").image is not None
    with qtbot.waitSignal(page.loaded, timeout=SECONDS):
        click(page, "import_button")
    assert page.dataset.classes == ("cat", "dog")
    assert list_datasets()[-1].layout == "names"


def test_the_level_of_a_deep_tree_is_chosen(page: DataPage, qtbot: QtBot, tmp_path: Path) -> None:
    looked(page, qtbot, MADE["a deep tree"].make(tmp_path / "fruit"))
    layouts = page.findChild(QComboBox, "layout_combo")
    deeper = "Folders of level 2, 4 classes: Abate, Braeburn, Conference, …"
    assert [layouts.itemText(place) for place in range(2)] == ["Folders, 2 classes: Apple, Pear", deeper]
    again(page, qtbot, "layout_combo", deeper)
    assert text(page, "classes_found") == "4 classes"
    with qtbot.waitSignal(page.loaded, timeout=SECONDS):
        click(page, "import_button")
    assert page.dataset.classes == ("Abate", "Braeburn", "Conference", "Golden-Delicious")


def test_it_is_asked_what_a_folder_is_for_that_is_no_class(page: DataPage, qtbot: QtBot, tmp_path: Path) -> None:
    looked(page, qtbot, MADE["a test beside its classes"].make(tmp_path / "waste"))
    use = page.findChild(QComboBox, "use_combo_0")
    assert (use.accessibleName(), use.currentText()) == ("“data-uji”", "For testing")
    again(page, qtbot, "use_combo_0", "For validation")
    with qtbot.waitSignal(page.loaded, timeout=SECONDS):
        click(page, "import_button")
    assert page.dataset.validation is not None
    assert len(page.dataset.validation) == 4


def test_the_columns_of_a_table_are_chosen_and_previewed(page: DataPage, qtbot: QtBot, tmp_path: Path) -> None:
    folder = MADE["a column for the splits"].make(tmp_path / "birds")
    looked(page, qtbot, folder)
    table = page.findChild(QTableWidget, "table_preview")
    assert [table.horizontalHeaderItem(column).text() for column in range(3)] == ["class id", "filepaths", "labels"]
    assert table.item(0, 2).text() == "a"
    assert text(page, "classes_found") == "2 classes, by birds.csv"
    with qtbot.waitSignal(page.findChild(ImportPanel).failed, timeout=SECONDS):
        page.findChild(QComboBox, "file_column_combo").setCurrentText("class id")
    assert "birds.csv gives no class to any picture that is here" in page.message
    assert page.findChild(QComboBox, "file_column_combo").currentText() == "filepaths"
    again(page, qtbot, "label_column_combo", "class id")
    assert not page.message
    with qtbot.waitSignal(page.loaded, timeout=SECONDS):
        click(page, "import_button")
    assert page.dataset.classes == ("97", "98")


# What a network gets wrong.


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory, digits: Dataset) -> Path:
    """A network that has learnt nothing, as a run keeps it."""
    from cnnstudio.models.networks.building import build_network

    card = Card("Guesser", digits.classes, digits.image_shape, "digit", dataset="mnist", test_accuracy=0.1)
    folder = tmp_path_factory.mktemp("runs") / "guesser"
    folder.mkdir()
    Classifier(build_network("softmax", digits.image_shape, 10, seed=1), card).save(folder)
    return folder


@pytest.fixture
def mistakes(page: DataPage, qtbot: QtBot, model: Path) -> Mistakes:
    """What the model gets wrong; the page was asked for it."""
    with qtbot.waitSignal(page.loaded, timeout=SECONDS):
        page.receive(model)
    test = load_dataset("mnist").test
    return find_mistakes(load_classifier(model), test)


def test_the_mistakes_of_a_model(page: DataPage, mistakes: Mistakes) -> None:
    count = len(mistakes)
    assert f"“guesser” gets {count} of 300 test images wrong, the surest" in text(page, "mistakes_title")
    assert text(page, "images_shown") == f"{count} mistakes"
    selection = page.findChild(DataBrowser).selection
    test = load_dataset("mnist").test
    assert [selection.at(place).index for place in range(count)] == mistakes.indices.tolist()
    assert np.array_equal(selection.read(np.arange(count)), test.images[mistakes.indices])
    grid = page.findChild(QWidget, "thumbnail_grid")
    answer, truth = int(mistakes.answers[0]), int(test.labels[mistakes.indices[0]])
    assert grid.source.label(0) == Label(f"says {answer}, is {truth}")
    assert f"the network says {answer} (" in grid.item_text(0)
    combo = page.findChild(QComboBox, "class_combo")
    combo.setCurrentIndex(1 + truth)
    of_class = int((test.labels[mistakes.indices] == truth).sum())
    assert text(page, "images_shown") == f"{of_class} of {count} mistakes"


def test_few_mistakes_are_shown_large_so_that_their_notes_have_room(page: DataPage, mistakes: Mistakes) -> None:
    browser, grid = page.findChild(DataBrowser), page.findChild(ThumbnailGrid)
    many, few = grid.side, {name: getattr(mistakes, name)[:3] for name in ("indices", "answers", "probabilities")}
    browser.show_mistakes(WrongAnswers("guesser", load_dataset("mnist"), replace(mistakes, **few)))
    assert grid.side == LARGEST > many
    browser.show_all()


def test_a_model_is_called_here_as_in_the_list_of_models(page: DataPage, model: Path) -> None:
    named = shutil.copytree(model, runs_folder() / "For Ada")
    page.library.put(next(entry for entry in list_models() if entry.path == named))
    page.receive(named)
    assert text(page, "loading_title") == "Which ones does “For Ada” get wrong?"


def test_a_mistake_from_near_and_back_to_all_images(page: DataPage, qtbot: QtBot, mistakes: Mistakes) -> None:
    open_image(page, qtbot, 0)
    index, answer = int(mistakes.indices[0]), int(mistakes.answers[0])
    assert f"test image {index + 1} · the network says {answer} (" in text(page, "image_title")
    assert page.findChild(QAbstractButton, "back_button").text() == " All mistakes"
    QTest.keyClick(page.findChild(NumberMatrix), Qt.Key.Key_Escape)
    assert text(page, "images_shown") == f"{len(mistakes)} mistakes"
    click(page, "all_images_button")
    assert text(page, "images_shown") == "1,700 images"
    assert page.findChild(QAbstractButton, "test_chip").isVisible()
    assert page.findChild(QWidget, "thumbnail_grid").source.label is None


def test_mistakes_of_images_that_are_not_here(page: DataPage, tmp_path: Path, model: Path) -> None:
    copy = shutil.copytree(model, tmp_path / "copy")
    card = json.loads((copy / CARD_FILE).read_text())
    (copy / CARD_FILE).write_text(json.dumps(card | {"dataset": "my pets"}))
    page.receive(copy)
    assert "“copy” was trained on my pets" in page.message
    assert text(page, "images_shown") == "1,700 images"


def test_mistakes_of_images_that_are_not_downloaded(
    page: DataPage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CNNSTUDIO_DATASETS", str(tmp_path))
    page.receive(shipped("trained/resnet9-cifar10"))
    assert page.findChild(QAbstractButton, "download_button").isVisible()
    assert "was trained on CIFAR-10. Download its images" in page.message


def test_cancelled_looking_for_mistakes_offers_the_images(page: DataPage, qtbot: QtBot, model: Path) -> None:
    page.receive(model)
    assert "Which ones does “guesser” get wrong?" in text(page, "loading_title")
    click(page, "cancel_loading_button")
    button = page.findChild(QAbstractButton, "download_button")
    qtbot.waitUntil(button.isVisible, timeout=SECONDS)
    with qtbot.waitSignal(page.loaded, timeout=SECONDS):
        click(page, "download_button")
    assert text(page, "images_shown") == "1,700 images"


def test_a_folder_that_is_gone(page: DataPage, qtbot: QtBot, tmp_path: Path) -> None:
    folder = photos(tmp_path / "pets", {"cat": 20, "dog": 20})
    imported(page, qtbot, folder)
    folder.rename(tmp_path / "elsewhere")
    page.findChild(QAction, "scan_again").trigger()
    qtbot.waitUntil(lambda: bool(page.message), timeout=SECONDS)
    assert page.busy is None
    with qtbot.waitSignal(page.loaded, timeout=SECONDS):
        page.findChild(Picker, "data_picker").set_current("mnist")
    assert not page.message


def test_one_data_set_at_a_time_is_in_memory(page: DataPage, qtbot: QtBot, tmp_path: Path) -> None:
    imported(page, qtbot, photos(tmp_path / "photos", {"cat": 12, "dog": 12}))
    own, shown, handles = page.findChild(Picker, "data_picker").current_key, WeakSet(), []
    for _ in range(4):
        for name in ("mnist", own):
            with qtbot.waitSignal(page.loaded, timeout=SECONDS):
                page.findChild(Picker, "data_picker").set_current(name)
            shown.add(page.dataset)
        # The thread that computes the means of the one before holds it until it hears that it is to stop.
        qtbot.waitUntil(lambda: gc.collect() >= 0 and list(shown) == [page.dataset], timeout=SECONDS)
        handles.append(open_files())
        qtbot.waitUntil(lambda: open_files() <= handles[0], timeout=SECONDS)


def open_files() -> int:
    """Of this process; 0 where the system does not tell."""
    handles = Path("/proc/self/fd")
    return len(list(handles.iterdir())) if handles.is_dir() else 0


def test_very_long_names_widen_nothing(page: DataPage, qtbot: QtBot, tmp_path: Path) -> None:
    width = page.minimumSizeHint().width()
    folder = photos(tmp_path / ("Ausflug_ins_Gebirge_" * 10), {"Donaudampfschifffahrt" * 8: 20, "字" * 70: 20})
    with qtbot.waitSignal(page.findChild(ImportPanel).previewed, timeout=SECONDS):
        page.receive(folder)
    assert page.minimumSizeHint().width() <= width
    with qtbot.waitSignal(page.loaded, timeout=SECONDS):
        click(page, "import_button")
    open_image(page, qtbot, 0)
    assert page.minimumSizeHint().width() <= width


def test_colour_shows_three_matrices(page: DataPage, qtbot: QtBot, tmp_path: Path) -> None:
    imported(page, qtbot, photos(tmp_path / "pets", {"cat": 20, "dog": 20}, side=64))
    open_image(page, qtbot, 1)
    image = page.dataset.train.images[1]
    assert text(page, "resolution_text").endswith(f"= <b>{image.size:,} numbers</b>")
    matrix = page.findChild(NumberMatrix)
    together = matrix.cell_rectangle((0, 0)).height()
    click(page, "channel_green_chip")
    assert matrix.cell_rectangle((0, 0)).height() < together
    QTest.mouseMove(matrix.viewport(), matrix.cell_rectangle((1, 2)).center().toPoint())
    red, green, blue = image[1, 2].tolist()
    assert text(page, "pixel_under_cursor") == f"Row 1, column 2: red {red}, green {green}, blue {blue}"
    click(page, "copy_numbers_button")
    copied = [line.split("\t") for line in QGuiApplication.clipboard().text().split("\n")]
    assert np.array_equal(np.array(copied, dtype=int), image[..., 1])


def test_the_choice_is_remembered(qtbot: QtBot, tmp_path: Path, page: DataPage) -> None:
    imported(page, qtbot, photos(tmp_path / "pets", {"cat": 20, "dog": 20}))
    again = DataPage(Settings())
    qtbot.addWidget(again)
    with qtbot.waitSignal(again.loaded, timeout=SECONDS):
        again.entered()
    assert again.dataset.name == "pets"
    again.shut_down()


def test_closing_while_it_loads(qtbot: QtBot) -> None:
    page = DataPage(Settings())
    qtbot.addWidget(page)
    page.show()
    page.entered()
    page.shut_down()
    assert page.busy is None
    assert replace(DATASETS["mnist"]).is_here()


def test_every_control_has_a_name_and_teaches(page: DataPage, qtbot: QtBot, tmp_path: Path) -> None:
    imported(page, qtbot, photos(tmp_path / "pets", {"cat": 20, "dog": 20}))
    click(page, "report_button")
    own = [
        control
        for kind in (QAbstractButton, QAbstractSpinBox, QComboBox, QSlider, QAbstractScrollArea)
        for control in page.findChildren(kind)
        if control.focusPolicy() & Qt.FocusPolicy.TabFocus and not control.objectName().startswith("qt_")
        if not isinstance(control.parent(), QComboBox | MessageBar)
        if not isinstance(control.parent().parent(), QComboBox)
    ]
    assert len(own) > 50
    for control in own:
        assert control.objectName(), control
        assert control.accessibleName(), control.objectName()
        assert control.toolTip(), control.objectName()
    names = [control.objectName() for control in own]
    assert len(names) == len(set(names))
