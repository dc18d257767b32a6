"""The Try page with ordinary photos, deep networks, the camera, and data sets that are not here."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QLabel, QPushButton, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from cnnstudio.data.library import load_dataset
from cnnstudio.data.pictures.input_rules import looks_like_a_photo
from cnnstudio.data.pictures.open import open_image
from cnnstudio.gui.pages.choosers.network_input import session
from cnnstudio.gui.pages.choosers.network_input.sample_photos import SamplePhotos
from cnnstudio.gui.pages.choosers.network_input.session import BLOCK, blocks_of, rows_of
from cnnstudio.gui.pages.try_.page import TryPage, sureness
from cnnstudio.gui.settings import Settings
from cnnstudio.gui.widgets.charts.probability_bars import ProbabilityBars
from cnnstudio.gui.widgets.drawing.camera import TRY_AGAIN, CameraView
from cnnstudio.gui.widgets.drawing.crop_view import CropView
from cnnstudio.gui.widgets.drawing.photo_view import PhotoView
from cnnstudio.gui.widgets.maps.feature_maps import FeatureMapGrid
from cnnstudio.models.networks.building import build_network
from cnnstudio.models.trained.card import Card, read_card
from cnnstudio.models.trained.classifier import Classifier, LayerInfo
from cnnstudio.models.trained.library import load_classifier
from cnnstudio.storage import shipped

SECONDS = 60_000
PHOTOS = shipped("assets/photos")
DIGIT_MODEL = shipped("trained/lenet5-mnist")


@pytest.fixture(scope="module")
def photo_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network for photos of all classes of ImageNet, which is opened quickly and has learnt nothing."""
    folder = tmp_path_factory.mktemp("networks") / "photos"
    card = read_card(shipped("trained/efficientnet-lite0-imagenet"))
    card = replace(card, name="Photos", architecture="softmax", input_shape=(64, 64, 3))
    Classifier(build_network("softmax", card.input_shape, len(card.classes), seed=0), card).save(folder)
    return folder


@pytest.fixture
def page(qtbot: QtBot, photo_model: Path) -> Iterator[TryPage]:
    """The page with the network for photos open."""
    settings = Settings()
    settings.remember("try/model", str(photo_model))
    page = TryPage(settings)
    qtbot.addWidget(page)
    page.resize(1200, 760)
    page.show()
    with qtbot.waitSignal(page.ready, timeout=SECONDS):
        page.warm_up()
    yield page
    page.shut_down()


@pytest.fixture(scope="module")
def deep_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network of more layers than are shown at first, which is compiled quickly."""
    import keras
    from keras import layers

    folder = tmp_path_factory.mktemp("deep")
    card = Card("deep", ("cat", "dog"), (32, 32, 3), "centre-crop")
    image = maps = layers.Input(card.input_shape)
    for _ in range(15):
        maps = layers.ReLU()(layers.Conv2D(4, 3, padding="same")(maps))
    answer = layers.Dense(2, activation="softmax")(layers.Flatten()(maps))
    Classifier(keras.Model(image, answer), card).save(folder)
    return folder


def show(qtbot: QtBot, page: TryPage, path: Path) -> object:
    with qtbot.waitSignal(page.answered, timeout=SECONDS) as answered:
        page.receive(path)
    return answered.args[0]


def find(page: QWidget, kind: type, name: str) -> QWidget:
    found = page.findChild(kind, name)
    assert found is not None
    return found


def test_the_words_are_those_of_photos_and_drawing_is_not_offered(page: TryPage, qtbot: QtBot) -> None:
    assert not find(page, QPushButton, "draw_chip").isVisible()
    assert find(page, QPushButton, "photo_chip").isChecked()
    texts = [widget.text() for widget in page.findChildren(QLabel) if widget.isVisible()]
    assert not [text for text in texts if "digit" in text]
    with qtbot.waitSignal(page.ready, timeout=SECONDS):
        page.receive(DIGIT_MODEL)
    assert find(page, QPushButton, "draw_chip").isChecked()
    assert find(page, QWidget, "drawing_canvas").isVisible()
    assert not find(page, QToolButton, "sample_coffee").isVisible()


def test_the_answer_follows_the_frame(page: TryPage, qtbot: QtBot) -> None:
    show(qtbot, page, PHOTOS / "coffee.jpg")
    view, reset = find(page, CropView, "photo_view"), find(page, QToolButton, "reset_crop_button")
    usual, before = view.crop, find(page, QWidget, "network_input").image
    assert not reset.isEnabled()
    with qtbot.waitSignal(
        page.answered, timeout=SECONDS, check_params_cb=lambda a: a.input.crop == pytest.approx(view.crop)
    ):
        for _ in range(5):
            QTest.keyClick(view, Qt.Key.Key_Plus)
        QTest.keyClick(view, Qt.Key.Key_Left)
    chosen = view.crop
    assert chosen[2] - chosen[0] < usual[2] - usual[0]
    photo = open_image(PHOTOS / "coffee.jpg")
    box = tuple(np.array(chosen) * [photo.width, photo.height, photo.width, photo.height])
    expected = np.asarray(photo.resize((64, 64), Image.Resampling.BICUBIC, box)).astype(int)
    shown = find(page, QWidget, "network_input").image.astype(int)
    assert abs(shown - expected).mean() < 2
    assert reset.isEnabled()
    with qtbot.waitSignal(page.answered, timeout=SECONDS, check_params_cb=lambda a: a.input.crop is None):
        qtbot.mouseClick(reset, Qt.MouseButton.LeftButton)
    assert view.crop == pytest.approx(usual)
    assert np.array_equal(find(page, QWidget, "network_input").image, before)
    assert not reset.isEnabled()


def test_another_photo_begins_with_its_usual_part(page: TryPage, qtbot: QtBot) -> None:
    show(qtbot, page, PHOTOS / "coffee.jpg")
    view = find(page, CropView, "photo_view")
    with qtbot.waitSignal(page.answered, timeout=SECONDS):
        QTest.keyClick(view, Qt.Key.Key_Plus)
    answer = show(qtbot, page, PHOTOS / "rocket.jpg")
    assert answer.input.crop is None
    assert view.crop == pytest.approx(answer.crop)


@pytest.fixture(scope="module")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of two classes, trained on a folder of photos that lies beside it and has been read."""
    folder = tmp_path_factory.mktemp("own")
    random = np.random.default_rng(0)
    for name in ("cat", "dog"):
        (folder / "photos" / name).mkdir(parents=True)
        for number in range(8):
            pixels = random.integers(0, 256, (40, 60, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / "photos" / name / f"{number}.png")
    card = Card("shapes", ("cat", "dog"), (32, 32, 3), "centre-crop", dataset=str(folder / "photos"))
    Classifier(build_network("softmax", card.input_shape, 2, seed=0), card).save(folder / "model")
    return folder


def samples(page: TryPage) -> list[str]:
    return [button.accessibleName() for button in page.findChild(SamplePhotos).buttons]


def test_sample_photos_are_those_of_the_networks_own_data_set(
    page: TryPage, qtbot: QtBot, photo_model: Path, shapes: Path
) -> None:
    assert samples(page) == ["A cat", "A cup of coffee", "A rocket", "A person"]
    with qtbot.waitSignal(page.ready, timeout=SECONDS):
        page.receive(shapes / "model")
    assert samples(page) == ["A cat"]  # what ships, of what it knows: its own images have not been read here yet
    test = load_dataset(str(shapes / "photos"), 32, 3).test
    with qtbot.waitSignal(page.ready, timeout=SECONDS):
        page.receive(photo_model)
    with qtbot.waitSignal(page.ready, timeout=SECONDS):
        page.receive(shapes / "model")
    qtbot.waitUntil(lambda: sorted(samples(page)) == ["cat", "dog"], timeout=SECONDS)
    button = page.findChild(SamplePhotos).buttons[0]
    with qtbot.waitSignal(page.answered, timeout=SECONDS) as answered:
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert any(np.array_equal(answered.args[0].image, image) for image in test.images[:])
    assert find(page, QLabel, "photo_name").text() in [f"{number}.png" for number in range(8)]
    qtbot.mouseClick(find(page, QPushButton, "test_image_chip"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: ".png" in find(page, QLabel, "true_label").text(), timeout=SECONDS)


def test_a_photo_that_comes_while_the_network_is_opened_is_shown_at_once(qtbot: QtBot, photo_model: Path) -> None:
    settings = Settings()
    settings.remember("try/model", str(photo_model))
    page = TryPage(settings)
    qtbot.addWidget(page)
    page.resize(1200, 760)
    page.show()
    with qtbot.waitSignal(page.answered, timeout=SECONDS):
        page.receive(PHOTOS / "coffee.jpg")
        state = find(page, QLabel, "model_state")
        assert state.text() == "Opening the network photos … Your picture is answered as soon as it is open."
        assert find(page, QWidget, "opening_progress").isVisible()
        assert find(page, QLabel, "photo_name").text() == "coffee.jpg"
        qtbot.waitUntil(lambda: find(page, PhotoView, "photo_view").image is not None, timeout=SECONDS)
    assert not find(page, QWidget, "opening_progress").isVisible()
    assert "sure" in state.text()
    page.shut_down()


@pytest.mark.parametrize(
    ("probability", "words"),
    [
        (0.31, "only 31.0 % sure"),
        (0.5, "only 50.0 % sure"),
        (0.5004, "only 50.0 % sure"),
        (0.501, "50.1 % sure"),
        (0.9991, "99.9 % sure"),
        (0.9996, "> 99.9 % sure"),
        (1.0, "> 99.9 % sure"),
    ],
)
def test_no_network_is_quite_sure(probability: float, words: str) -> None:
    assert sureness(probability, classes=10) == words


def test_ten_of_a_thousand_classes_the_best_first(page: TryPage, qtbot: QtBot) -> None:
    answer = show(qtbot, page, PHOTOS / "rocket.jpg")
    assert page.findChild(ProbabilityBars).listed == tuple(name for _, name, _ in answer.prediction.top(10))


def test_the_maps_on_screen_are_those_of_the_photo(
    page: TryPage, qtbot: QtBot, deep_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "BLOCK", 2**15)  # several blocks
    path = PHOTOS / "astronaut.jpg"
    with qtbot.waitSignal(page.ready, timeout=SECONDS):
        page.receive(deep_model)
    classifier = load_classifier(deep_model)
    assert len(blocks_of(classifier.layers)) > 2
    show(qtbot, page, path)
    box = find(page, QCheckBox, "all_layers_box")
    assert box.text() == f"All {len(classifier.layers)} layers"
    maps = page.findChild(FeatureMapGrid)
    assert list(maps.rows) == [layer.name for layer in classifier.layers if layer.main]
    heading = find(page, QLabel, "layers_heading")
    assert heading.text() == "The output of the main layers"
    box.setChecked(True)
    assert heading.text() == "The output of every layer"
    assert len(maps.rows) == len(classifier.layers)
    shown_values = {}
    bar = maps.verticalScrollBar()
    for share in (0, 0.5, 1):
        qtbot.waitUntil(lambda: bar.maximum() > 0)
        bar.setValue(round(share * bar.maximum()))
        qtbot.waitUntil(lambda: bool(maps.seen()) and not maps.missing(), timeout=SECONDS)
        shown_values |= {name: maps.rows[name].values for name in maps.seen()}
    assert maps.seen()[-1] == list(maps.rows)[-1]
    for layer in classifier.predict(path, feature_maps=list(shown_values)).layers:
        assert np.allclose(shown_values.pop(layer.name), layer.values, atol=1e-3), layer.name
    assert not shown_values


@pytest.mark.parametrize("name", ["chelsea.jpg", "coffee.jpg", "rocket.jpg", "astronaut.jpg"])
def test_photos_look_like_photos(name: str) -> None:
    assert looks_like_a_photo(open_image(PHOTOS / name))


def test_ink_on_paper_under_a_lamp_does_not_look_like_a_photo() -> None:
    random = np.random.default_rng(0)
    paper = np.full((300, 400, 3), (228, 222, 205), float) + random.normal(0, 5, (300, 400, 1))
    paper += np.linspace(-50, 15, 400)[np.newaxis, :, np.newaxis]
    paper[80:220, 190:215] -= (170, 150, 70)
    assert not looks_like_a_photo(Image.fromarray(np.clip(paper, 0, 255).astype(np.uint8)))


def test_test_images_are_not_offered_where_there_are_none(page: TryPage, qtbot: QtBot, photo_model: Path) -> None:
    chip = find(page, QPushButton, "test_image_chip")
    assert not chip.isEnabled()
    assert "ImageNet, on which this model was trained, are not here" in chip.toolTip()
    with qtbot.waitSignal(page.ready, timeout=SECONDS):
        page.receive(DIGIT_MODEL)
    assert chip.isEnabled()
    with qtbot.waitSignal(page.answered, timeout=SECONDS):
        qtbot.mouseClick(chip, Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(page.ready, timeout=SECONDS):
        page.receive(photo_model)
    assert find(page, QPushButton, "photo_chip").isChecked()


def test_without_a_camera_nobody_is_asked_to_use_it(
    page: TryPage, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    camera = page.findChild(CameraView)
    monkeypatch.setattr(camera, "start", lambda: camera.failed.emit(f"No camera was found. {TRY_AGAIN}"))
    qtbot.mouseClick(find(page, QPushButton, "camera_chip"), Qt.MouseButton.LeftButton)
    assert find(page, QPushButton, "photo_chip").isChecked()
    assert find(page, QWidget, "photo_view").isVisible()
    assert page.message == "No camera was found. Then choose Camera again."
    monkeypatch.setattr(camera, "start", lambda: None)
    qtbot.mouseClick(find(page, QPushButton, "camera_chip"), Qt.MouseButton.LeftButton)
    assert find(page, QLabel, "model_state").text() == "Hold something in front of the camera."


def test_test_images_to_download_are_offered_not_fetched(
    page: TryPage, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cnnstudio.data.published.catalogue import DATASETS

    monkeypatch.delenv("CNNSTUDIO_DATASETS", raising=False)
    entry = DATASETS["cifar10"]
    card = Card("colours", entry.classes, entry.image_shape, "centre-crop", dataset="cifar10")
    Classifier(build_network("softmax", entry.image_shape, 10, seed=0), card).save(tmp_path / "colours")
    with qtbot.waitSignal(page.ready, timeout=SECONDS):
        page.receive(tmp_path / "colours")
    qtbot.mouseClick(find(page, QPushButton, "test_image_chip"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(find(page, QPushButton, "download_test_images_button").isVisible, timeout=SECONDS)
    assert "CIFAR-10" in find(page, QLabel, "true_label").text()


def test_blocks_hold_every_layer_once_and_are_bounded() -> None:
    layers = [LayerInfo(f"l{n}", "Conv2D", (64, 64, 2 ** (n % 11)), n % 3 == 0) for n in range(100)]
    blocks = blocks_of(layers)
    assert [name for block in blocks for name in block] == [layer.name for layer in layers]
    sizes = {layer.name: int(np.prod(layer.shape)) for layer in layers}
    assert all(sum(sizes[name] for name in block) <= BLOCK for block in blocks)
    assert len(blocks) > 1
    assert rows_of(layers[:20], every=False) == tuple(layers[:20])
    assert rows_of(layers, every=False) == tuple(layers[::3])


def test_live_from_the_camera_and_frozen(page: TryPage, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    cup, rocket = (np.asarray(open_image(PHOTOS / name)) for name in ("coffee.jpg", "rocket.jpg"))
    seen = [cup]
    camera = page.findChild(CameraView)
    monkeypatch.setattr(camera, "start", lambda: None)  # there is none on a test machine
    monkeypatch.setattr(CameraView, "picture", property(lambda _: seen[0]))
    qtbot.mouseClick(find(page, QPushButton, "camera_chip"), Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(page.answered, timeout=SECONDS):
        camera.picture_changed.emit()
    answer = find(page, QLabel, "answer")
    assert answer.text()
    with qtbot.waitSignal(page.answered, timeout=SECONDS):
        qtbot.mouseClick(find(page, QPushButton, "freeze_button"), Qt.MouseButton.LeftButton)
    still = find(page, PhotoView, "camera_still")
    assert still.isVisible()
    assert still.crop is not None
    frozen, seen[0] = answer.text(), rocket
    with qtbot.assertNotEmitted(page.answered, wait=300):
        camera.picture_changed.emit()
    assert answer.text() == frozen


def test_a_camera_picture_without_a_digit_is_no_cause_for_alarm(
    page: TryPage, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    with qtbot.waitSignal(page.ready, timeout=SECONDS):
        page.receive(DIGIT_MODEL)
    camera = page.findChild(CameraView)
    monkeypatch.setattr(camera, "start", lambda: None)
    monkeypatch.setattr(CameraView, "picture", property(lambda _: np.full((90, 120, 3), 200, np.uint8)))
    qtbot.mouseClick(find(page, QPushButton, "camera_chip"), Qt.MouseButton.LeftButton)
    camera.picture_changed.emit()
    qtbot.waitUntil(lambda: "No digit" in find(page, QLabel, "model_state").text(), timeout=SECONDS)
    assert not page.message


def test_a_model_of_drawings_speaks_of_drawings(page: TryPage, qtbot: QtBot, tmp_path: Path) -> None:
    card = Card("shapes", ("circle", "square"), (28, 28, 1), "digit")
    model = Classifier(build_network("softmax", (28, 28, 1), 2, seed=0), card)
    Classifier(model.model, replace(card, name="shapes")).save(tmp_path / "shapes")
    with qtbot.waitSignal(page.ready, timeout=SECONDS):
        page.receive(tmp_path / "shapes")
    assert "drawing" in find(page, QPushButton, "photo_chip").toolTip()
