"""The Train page with real trainings."""

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QLabel,
    QProgressBar,
    QPushButton,
    QSpinBox,
    QToolButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from cnnstudio.data.augmentation.changes import AugmentationSpec
from cnnstudio.data.published.catalogue import DATASETS
from cnnstudio.data.report import LeftOut
from cnnstudio.data.splits import Dataset
from cnnstudio.gui.controls.picker import Picker
from cnnstudio.gui.look.theme import GRID
from cnnstudio.gui.pages.choosers.images import BringImages
from cnnstudio.gui.pages.train.form import TrainingForm
from cnnstudio.gui.pages.train.page import TrainPage
from cnnstudio.gui.settings import Settings
from cnnstudio.gui.widgets.images.pixel_view import PixelView
from cnnstudio.models.architectures.catalogue import ARCHITECTURES
from cnnstudio.models.networks.building import find_network, network_config
from cnnstudio.models.networks.files import Network, save_network, write_network
from cnnstudio.models.trained.card import CARD_FILE, read_card
from cnnstudio.models.trained.library import list_models
from cnnstudio.training.config import OPTIMIZERS, TrainingConfig
from cnnstudio.training.events import Batches, EpochEnd, Preparing, Probe, Started, Stopped
from cnnstudio.training.runs import config_of_run

MINUTE = 60_000


@pytest.fixture
def little_mnist(digits: Dataset, add_dataset: Callable[[Dataset], None]) -> None:
    """1,400 training and 300 test images, with which a training is short."""
    add_dataset(replace(digits, name="mnist"))


@pytest.fixture
def page(qtbot: QtBot) -> TrainPage:
    page = TrainPage(Settings())
    qtbot.addWidget(page)
    page.resize(1200, 780)
    page.show()
    yield page
    page.shut_down()


def choose(page: TrainPage, **choices: object) -> None:
    page.config = replace(page.config, **choices)


def status_of(page: TrainPage) -> QLabel:
    return page.findChild(QLabel, "training_status")


def press(qtbot: QtBot, page: TrainPage, name: str) -> None:
    qtbot.mouseClick(page.findChild(QPushButton, name), Qt.MouseButton.LeftButton)


def test_a_narrow_page_shows_the_curves_or_what_the_network_sees(page: TrainPage, qtbot: QtBot) -> None:
    curves, seen = page.findChild(QPushButton, "curves_chip"), page.findChild(QWidget, "learning_view")
    form = page.findChild(TrainingForm)
    assert not curves.isVisible() and seen.isVisible()
    page.resize(870, 600)
    assert curves.isVisible() and curves.isChecked() and not seen.isVisible()
    press(qtbot, page, "seen_chip")
    assert seen.isVisible()
    assert seen.mapTo(page, QPoint()).x() > form.mapTo(page, form.rect().topRight()).x()
    page.resize(1200, 780)
    assert not curves.isVisible() and seen.isVisible()
    page.resize(870, 600)
    assert seen.isVisible() and not curves.isChecked()


def test_a_newcomer_only_presses_train(page: TrainPage) -> None:
    assert page.config == TrainingConfig()
    assert any("Press Train" in label.text() and label.isVisible() for label in page.findChildren(QLabel))
    assert page.findChild(QPushButton, "train_button").isVisible()
    assert not page.findChild(QPushButton, "stop_button").isVisible()
    assert not page.findChild(QPushButton, "try_button").isVisible()
    assert page.busy is None


@pytest.mark.usefixtures("little_mnist")
def test_training_to_the_end(page: TrainPage, qtbot: QtBot) -> None:
    choose(page, architecture="softmax", epochs=1)
    press(qtbot, page, "train_button")
    assert page.busy == "Training is running."
    assert page.findChild(QPushButton, "stop_button").isVisible()
    for locked in ("epochs_spin", "dataset_picker", "architecture_picker", "seed_spin"):
        assert not page.findChild(QWidget, locked).isEnabled()
    events: list[object] = []
    page.task.reported.connect(events.append)
    bar, status, said, unknown = page.findChild(QProgressBar, "training_progress"), status_of(page), [], []
    page.task.reported.connect(lambda event: said.append(status.text()) if isinstance(event, Started) else None)
    page.task.reported.connect(
        lambda event: unknown.append(bar.maximum() == 0) if isinstance(event, Preparing | Started) else None
    )
    with qtbot.waitSignal(page.task.finished, timeout=MINUTE) as finished:
        pass
    (result,) = finished.args
    kinds = [type(event) for event in events]
    assert kinds[: kinds.index(Started)] == [Preparing] * 3
    (started,) = [event for event in events if isinstance(event, Started)]
    assert kinds.count(EpochEnd) == 1
    assert {Batches, Probe} <= set(kinds)
    assert all(unknown)  # a full bar would say that it is done
    assert said[0].endswith(f"Of 1,400 training images, {started.validation_images} are held out for validation.")
    batches = sum(len(event.loss) for event in events if isinstance(event, Batches))
    assert batches == started.batches_per_epoch
    text = page.findChild(QLabel, "training_status").text()
    assert f"recognises {round(result.test_accuracy * 300)}" in text
    wrong = 300 - round(result.test_accuracy * 300)
    assert f"See the {wrong} mistakes" in text
    status = page.findChild(QLabel, "training_status")
    status.setFocus(Qt.FocusReason.TabFocusReason)
    with qtbot.waitSignal(page.navigate) as navigated:
        qtbot.keyClick(status, Qt.Key.Key_Tab)
        qtbot.keyClick(status, Qt.Key.Key_Return)
    assert navigated.args == ["data", result.run]
    assert page.findChild(QProgressBar, "training_progress").value() == 1000
    assert page.findChild(QWidget, "epochs_spin").isEnabled()
    assert page.busy is None
    primary = [one.objectName() for one in page.findChildren(QPushButton) if one.property("role") == "primary"]
    assert primary == ["try_button"]
    with qtbot.waitSignal(page.navigate) as navigated:
        press(qtbot, page, "try_button")
    assert navigated.args == ["try", result.run]
    assert [entry.path for entry in list_models() if entry.kind == "run"] == [result.run]
    another, image = page.findChild(QToolButton, "another_probe_button"), page.findChild(PixelView, "probe_image")
    before = image.image
    qtbot.mouseClick(another, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not np.array_equal(image.image, before), timeout=MINUTE)


@pytest.mark.usefixtures("little_mnist")
def test_training_more_goes_on_from_the_result(page: TrainPage, qtbot: QtBot) -> None:
    choose(page, architecture="softmax", epochs=4)
    losses, results, said, status = [], [], [], page.findChild(QLabel, "training_status")
    for button in ("train_button", "train_more_button"):
        press(qtbot, page, button)
        assert not page.findChild(QPushButton, "train_more_button").isVisible()
        page.task.reported.connect(lambda event: losses.append(event.loss[0]) if isinstance(event, Batches) else None)
        page.task.reported.connect(lambda event: said.append(status.text()) if isinstance(event, EpochEnd) else None)
        with qtbot.waitSignal(page.task.finished, timeout=MINUTE) as finished:
            pass
        results.append(finished.args[0])
        first_loss = losses[0]
        losses.clear()
    assert [text.partition(" ·")[0] for text in said] == [f"Epoch {n} of {4 if n < 5 else 8}" for n in range(1, 9)]
    assert config_of_run(results[1].run)["start_from"] == str(results[0].run)
    assert "goes on from “My Softmax regression on MNIST”" in page.message
    assert page.plot.data_as_csv().count("training,") == 8
    assert first_loss < 1.0  # of 2.3 for one that has learnt nothing
    assert results[1].run != results[0].run


@pytest.mark.usefixtures("little_mnist")
def test_who_stops_at_once_has_the_result_back_that_was_to_be_trained_more(page: TrainPage, qtbot: QtBot) -> None:
    choose(page, architecture="softmax", epochs=1)
    press(qtbot, page, "train_button")
    with qtbot.waitSignal(page.task.finished, timeout=MINUTE):
        pass
    more = page.findChild(QPushButton, "train_more_button")
    press(qtbot, page, "train_more_button")
    page.stop()
    with qtbot.waitSignal(page.task.failed, timeout=MINUTE):
        pass
    qtbot.waitUntil(more.isVisible, timeout=MINUTE)
    assert "before its first batch" in page.message
    assert page.plot.data_as_csv().count("training,") == 1


@pytest.mark.usefixtures("little_mnist")
def test_stop_keeps_what_was_learnt(page: TrainPage, qtbot: QtBot) -> None:
    choose(page, architecture="softmax", epochs=500)
    press(qtbot, page, "train_button")
    task = page.task
    with qtbot.waitSignal(task.reported, timeout=MINUTE, check_params_cb=lambda event: isinstance(event, Batches)):
        pass
    stopped: list[object] = []
    task.reported.connect(lambda event: stopped.append(event) if isinstance(event, Stopped) else None)
    with qtbot.waitSignal(task.finished, timeout=MINUTE) as finished:
        press(qtbot, page, "stop_button")
    (result,) = finished.args
    assert len(stopped) == 1
    assert result.stopped
    assert (Path(result.run) / "model.keras").is_file()
    assert page.findChild(QLabel, "training_status").text().startswith("Stopped.")
    assert page.findChild(QPushButton, "train_button").isVisible()


@pytest.mark.usefixtures("little_mnist")
def test_stop_before_the_first_batch_is_no_failure(page: TrainPage, qtbot: QtBot) -> None:
    choose(page, architecture="softmax")
    press(qtbot, page, "train_button")
    press(qtbot, page, "stop_button")
    qtbot.waitUntil(lambda: page.busy is None, timeout=MINUTE)
    assert "nothing to keep" in page.findChild(QLabel, "training_status").text()
    assert not page.message
    assert page.findChild(QPushButton, "train_button").isVisible()


@pytest.mark.usefixtures("little_mnist")
def test_a_diverging_training_says_what_to_try(page: TrainPage, qtbot: QtBot) -> None:
    choose(page, architecture="mlp", optimizer="sgd", learning_rate=1e9, schedule="constant", epochs=20)
    press(qtbot, page, "train_button")
    with qtbot.waitSignals([page.task.failed], timeout=2 * MINUTE):
        pass
    assert "learning rate" in page.message
    assert page.busy is None


@pytest.mark.usefixtures("little_mnist")
def test_closing_stops_the_training(page: TrainPage, qtbot: QtBot) -> None:
    choose(page, architecture="softmax", epochs=500)
    press(qtbot, page, "train_button")
    task = page.task
    with qtbot.waitSignal(task.reported, timeout=MINUTE, check_params_cb=lambda event: isinstance(event, Batches)):
        pass
    page.shut_down()
    assert [entry.kind for entry in list_models()].count("run") == 1


def test_more_options_unfold(page: TrainPage, qtbot: QtBot) -> None:
    assert not page.findChild(QSpinBox, "batch_size_spin").isVisible()
    qtbot.mouseClick(page.findChild(QToolButton, "more_options_button"), Qt.MouseButton.LeftButton)
    assert page.findChild(QSpinBox, "batch_size_spin").isVisible()


def test_every_option_reaches_the_config_and_back(page: TrainPage) -> None:
    choose(page, optimizer="sgd", weight_decay=5e-4, precision="bfloat16", seed=7, schedule="constant", batch_size=32)
    config = page.config
    assert (config.optimizer, config.weight_decay, config.precision) == ("sgd", 5e-4, "bfloat16")
    assert (config.seed, config.schedule, config.batch_size) == (7, "constant", 32)
    assert config.learning_rate == TrainingConfig().learning_rate


def test_another_optimizer_brings_its_own_rate(page: TrainPage) -> None:
    combo = page.findChild(QComboBox, "optimizer_combo")
    combo.setCurrentIndex(combo.findData("sgd"))
    assert page.config.learning_rate == pytest.approx(OPTIMIZERS["sgd"].learning_rate)
    combo.setCurrentIndex(combo.findData("adam"))
    assert page.config.learning_rate == pytest.approx(OPTIMIZERS["adam"].learning_rate)


def test_only_a_pretrained_network_is_fine_tuned(page: TrainPage) -> None:
    spin = page.findChild(QSpinBox, "fine_tune_epochs_spin")
    choose(page, architecture="transfer-efficientnet-lite0", fine_tune_epochs=2)
    assert spin.isVisible()
    assert page.config.fine_tune_epochs == 2
    choose(page, architecture="lenet5")
    assert not spin.isVisible()
    assert page.config.fine_tune_epochs == 0


def test_each_architecture_says_what_it_is(page: TrainPage) -> None:
    for name, architecture in ARCHITECTURES.items():
        choose(page, architecture=name)
        assert architecture.note in page.findChild(QLabel, "architecture_note").text()
        assert page.config.architecture == name


def test_every_data_set_has_a_picture(page: TrainPage) -> None:
    from cnnstudio.gui.pages.choosers.networks import picture

    for name in (*DATASETS, *ARCHITECTURES):
        assert not picture(name).isNull(), name


@pytest.mark.parametrize(("typed", "rate"), [("0,5", 0.5), ("0.02", 0.02), ("x7", 7)])
def test_a_decimal_comma_is_a_decimal_point(page: TrainPage, qtbot: QtBot, typed: str, rate: float) -> None:
    page.findChild(QToolButton, "more_options_button").click()
    spin = page.findChild(QDoubleSpinBox, "learning_rate_spin")
    spin.setValue(0.004)
    spin.setFocus()
    spin.selectAll()
    qtbot.keyClicks(spin, typed)
    qtbot.keyClick(spin, Qt.Key.Key_Tab)
    assert page.config.learning_rate == pytest.approx(rate)


def test_the_wheel_scrolls_the_form_and_leaves_numbers_alone(
    page: TrainPage, turn_wheel: Callable[[QWidget, QPoint, QPoint], QWheelEvent]
) -> None:
    spin = page.findChild(QSpinBox, "epochs_spin")
    before = spin.value()
    wheel = turn_wheel(spin, QPoint(5, 5), QPoint(0, 120))
    assert spin.value() == before
    assert not wheel.isAccepted()


def test_what_another_page_sends_is_chosen_and_said(page: TrainPage, qtbot: QtBot, tmp_path: Path) -> None:
    """A small folder gets numbers that suit it, an augmentation is told, and nothing makes the form wider."""
    form = page.findChild(TrainingForm)
    choose(page, epochs=1)
    page.receive(str(photos(tmp_path / "own", 40)))
    assert form.config.dataset == str(tmp_path / "own")
    assert form.config.epochs > 10
    assert form.config.batch_size < 10
    assert (form.config.image_size, form.config.channels) == (40, 3)
    assert form.config.augmentation == "photo"
    note = page.findChild(QLabel, "augmentation_note")
    assert note.isVisible()
    page.receive(AugmentationSpec.parse("shift,rotate,flip,zoom,contrast,noise,cutout"))
    assert form.config.augmentation.startswith("shift=0.125,rotate=15,flip=0.5")
    assert "rotate up to 15 degrees" in note.text()
    page.findChild(QToolButton, "more_options_button").click()
    assert form.minimumSizeHint().width() <= 34 * GRID
    page.receive("mnist")
    assert form.config == TrainingConfig()
    assert not note.isVisible()


def test_numbers_typed_in_stay_among_data_sets_of_a_kind(page: TrainPage) -> None:
    choose(page, epochs=7, augmentation="handwriting")
    page.receive("fashion-mnist")
    assert (page.config.epochs, page.config.augmentation) == (7, "handwriting")


def test_a_data_set_that_is_gone_is_said(page: TrainPage) -> None:
    page.receive("no-such-set")
    assert "no-such-set" in page.message
    assert page.config.dataset == "mnist"


def photos(folder: Path, side: int, count: int = 12) -> Path:
    """Pictures of two classes."""
    for name in ("a", "b"):
        (folder / name).mkdir(parents=True)
        for number in range(count):
            Image.new("RGB", (side, side), (10 * number, 0, 0)).save(folder / name / f"{number}.png")
    return folder


def test_a_network_that_knows_photos_is_proposed_for_few_of_them(page: TrainPage, tmp_path: Path) -> None:
    """Above all others, and it sees as much of them as it can; whoever chooses another gets the usual size."""
    choose(page, architecture="mlp")
    picker = page.findChild(Picker, "architecture_picker")
    assert "Recommended" not in picker.choices[0].group
    page.receive(str(photos(tmp_path / "own", 300)))
    assert (page.config.architecture, page.config.image_size) == ("transfer-efficientnet-lite0", 160)
    first = picker.choices[0]
    assert (first.key, first.group) == (page.config.architecture, "Recommended for these images")
    assert [choice.key for choice in picker.choices].count(first.key) == 1
    assert page.message == (
        "“own” is chosen, and what suits it: Transfer from EfficientNet-Lite0, 160×160 px, colour, 15 epochs, batch "
        "size 2, augmentation “Photo”. A network that knows photos does best with images of that size."
    )
    page.entered()
    assert page.config.dataset == str(tmp_path / "own")
    picker.set_current("lenet5")
    assert (page.config.image_size, page.config.epochs) == (64, 40)
    picker.set_current(first.key)
    assert (page.config.image_size, page.config.epochs) == (160, 15)
    choose(page, image_size=96)
    picker.set_current("lenet5")
    assert page.config.image_size == 96
    page.receive("mnist")
    assert (page.config.architecture, picker.choices[0].group) == ("lenet5", "Without convolutions")


def test_what_was_chosen_is_chosen_again_at_the_next_start(page: TrainPage, qtbot: QtBot) -> None:
    choose(page, dataset="fashion-mnist", architecture="resnet20", epochs=9, optimizer="sgd", seed=3)
    choose(page, augmentation="shift=0.1,flip=0.5", learning_rate=0.05)
    config = page.config
    page.shut_down()
    settings = Settings()
    again = TrainPage(settings)
    qtbot.addWidget(again)
    assert again.config == config
    assert settings.forgotten == []


def test_a_choice_that_is_none_any_more_is_forgotten_alone(qtbot: QtBot) -> None:
    settings = Settings()
    for name, value in (("dataset", "gone"), ("epochs", -3), ("optimizer", "magic"), ("seed", 7)):
        settings.remember(f"train/{name}", value)
    page = TrainPage(settings)
    qtbot.addWidget(page)
    assert page.config == TrainingConfig(seed=7)
    assert settings.forgotten == [
        "the data set of the last training",
        "the epochs of the last training",
        "the optimizer of the last training",
    ]


@pytest.mark.usefixtures("little_mnist")
def test_a_training_is_gone_on_with_after_a_restart(page: TrainPage, tmp_path: Path, qtbot: QtBot) -> None:
    """The model's menu brings its curves, its options and Train more, whatever was chosen since."""
    choose(page, architecture="softmax", epochs=2, seed=5, learning_rate=1e-9)
    press(qtbot, page, "train_button")
    with qtbot.waitSignal(page.task.finished, timeout=MINUTE) as finished:
        pass
    run, curves = finished.args[0].run, page.plot.data_as_csv()
    advice = page.findChild(QLabel, "training_advice")
    assert advice.isVisible() and "guessing" in advice.text()
    assert status_of(page).geometry().bottom() < advice.y() < page.findChild(QPushButton, "try_button").y()
    choose(page, dataset="fashion-mnist", architecture="lenet5", seed=0)
    page.shut_down()
    left_out = LeftOut("files", 2, "2 files could not be read and were left out.")
    (run / CARD_FILE).write_text(replace(read_card(run), left_out=(left_out,)).to_json(), encoding="utf-8")

    again = TrainPage(Settings())
    qtbot.addWidget(again)
    again.show()
    again.receive(run)
    again.receive("fashion-mnist")  # while the run is read, which then comes too late
    again.receive(tmp_path)
    qtbot.waitUntil(lambda: "card.json" in again.message, timeout=MINUTE)
    assert again.config.dataset == "fashion-mnist"
    again.receive(run)
    qtbot.waitUntil(again.findChild(QPushButton, "train_more_button").isVisible, timeout=MINUTE)
    assert (again.config.dataset, again.config.architecture, again.config.seed) == ("mnist", "softmax", 5)
    assert not again.message
    before, after = (list(csv.reader(io.StringIO(text)))[1:] for text in (curves, again.plot.data_as_csv()))
    assert [row[:3] for row in after] == [row[:3] for row in before]
    np.testing.assert_allclose(*([float(row[3]) for row in rows] for rows in (after, before)), rtol=1e-4)
    assert again.findChild(QLabel, "training_advice").text() == f"{left_out.text} {advice.text()}"
    assert "My Softmax regression on MNIST, trained on" in again.findChild(QLabel, "training_status").text()
    press(qtbot, again, "train_more_button")
    with qtbot.waitSignal(again.task.finished, timeout=MINUTE) as finished:
        pass
    assert config_of_run(finished.args[0].run)["start_from"] == str(run)
    both = again.plot.data_as_csv()
    assert both.count("training,") == 4
    again.receive("fashion-mnist")
    again.receive(finished.args[0].run)
    status = again.findChild(QLabel, "training_status")
    qtbot.waitUntil(lambda: "going on from “My Softmax regression on MNIST”" in status.text(), timeout=MINUTE)
    assert again.plot.epochs_before == 2
    assert again.plot.data_as_csv().count("training,") == 4
    again.shut_down()


def test_a_run_that_is_damaged_is_said(page: TrainPage, tmp_path: Path, qtbot: QtBot) -> None:
    page.receive(tmp_path)
    qtbot.waitUntil(lambda: bool(page.message), timeout=MINUTE)
    assert "card.json" in page.message
    assert not page.findChild(QPushButton, "train_more_button").isVisible()


def test_a_network_from_another_page_is_chosen(page: TrainPage) -> None:
    page.receive("fashion-mnist")
    page.receive(ARCHITECTURES["resnet20"])
    assert (page.config.dataset, page.config.architecture) == ("fashion-mnist", "resnet20")
    assert ARCHITECTURES["resnet20"].idea in page.findChild(QLabel, "architecture_note").text()
    assert page.message == "“ResNet-20” is chosen, to be trained on Fashion-MNIST."
    page.receive(AugmentationSpec.parse("shift,flip"))
    assert page.message == "Your augmentation is chosen, to train on Fashion-MNIST."
    page.findChild(Picker, "dataset_picker").set_current("mnist")
    assert page.message == ""


def test_whoever_has_images_of_their_own_is_shown_how_to_bring_them(page: TrainPage, qtbot: QtBot) -> None:
    with qtbot.waitSignal(page.navigate) as navigated:
        qtbot.mouseClick(page.findChild(QToolButton, "own_images_button"), Qt.MouseButton.LeftButton)
    assert navigated.args == ["data", BringImages()]


def test_networks_of_ones_own_are_in_the_list(page: TrainPage, tmp_path: Path) -> None:
    network = Network("mine", "Mine", network_config("mlp"), source="mlp")
    save_network(network, "mine")
    elsewhere = write_network(replace(network, name="sent", title="Sent"), tmp_path / "sent.cnn.json")
    page.entered()
    page.receive(find_network("mine"))
    assert page.config.architecture == "mine"
    assert "MLP" in page.findChild(Picker, "architecture_picker").choices[-1].description
    assert page.findChild(QLabel, "architecture_note").isHidden()  # the picker says all there is to say
    page.receive(elsewhere)
    assert page.config.architecture == str(elsewhere.path)
    page.entered()
    assert page.config.architecture == str(elsewhere.path)
