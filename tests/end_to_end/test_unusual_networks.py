"""Networks and images that are not as usual: each is shown as far as it can be, or one sentence says why not."""

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from cnnstudio.gui.pages.choosers.network_input import session
from cnnstudio.gui.pages.inside.kernels_view import KernelsView
from cnnstudio.gui.pages.inside.levels import DenseLevel, FormulaLevel, NumberLevel
from cnnstudio.gui.pages.inside.network_view import NetworkView
from cnnstudio.gui.pages.inside.page import InsidePage
from cnnstudio.gui.pages.inside.view import VIEWS, OpenNetwork, Subject, View
from cnnstudio.gui.settings import Settings
from cnnstudio.gui.widgets.charts.histogram import Histogram
from cnnstudio.gui.widgets.maps.convolution_view import ConvolutionView
from cnnstudio.gui.widgets.maps.map_columns import MapColumns, Tile
from cnnstudio.models.backend import import_keras
from cnnstudio.models.trained.card import Card
from cnnstudio.models.trained.classifier import IMAGE, Classifier
from cnnstudio.models.trained.files import load_model
from cnnstudio.models.trained.outputs import set_two
from cnnstudio.storage import shipped

SECONDS = 60_000
STRANGERS = Path(__file__).parents[1] / "strangers"
RANDOM = np.random.default_rng(0)


class Looking:
    """A view with a network, asked as the page asks it, without threads."""

    def __init__(self, qtbot: QtBot, view: View, classifier: Classifier) -> None:
        self.view, self._classifier = view, classifier
        self._network = OpenNetwork(classifier, threading.Lock(), "own")
        self._image = RANDOM.integers(0, 256, classifier.input_shape, dtype=np.uint8)
        qtbot.addWidget(view)
        view.resize(1200, 700)
        view.show()
        view.set_network(self._network)
        view.layers_wanted.connect(self.answer)
        self.answer()

    def answer(self) -> None:
        """Shows the image with the layers that the view wants."""
        prediction = self._classifier.predict(self._image, self.view.layers)
        model, given = self._classifier, session.TestImage(self._image, 0, 0)
        answer = session.Answer(Path("own"), model.card, model.layers, given, self._image, prediction)
        extra = self.view.extra(self._classifier, answer) if self.view.extra is not None else None
        self.view.show_subject(Subject(self._classifier, answer, self._network.lock, extra))

    def open(self, name: str) -> object:
        """The level that a click on the first map of a layer leads to."""
        maps = self.view.findChild(MapColumns)
        column = [one.name for one in maps.columns_shown].index(name)
        maps.chosen.emit(Tile(column, 0))
        return self.view.level


@pytest.fixture(autouse=True)
def still() -> None:
    Settings().reduced_motion = True


def classifier_of(image: object, output: object, **of_card: object) -> Classifier:
    keras = import_keras()
    classes = tuple("abcdefgh"[: output.shape[-1]])
    return Classifier(
        keras.Model(image, output), Card("own", classes, tuple(image.shape[1:]), "centre-crop", **of_card)
    )


def test_a_layer_that_is_not_known_is_a_box_with_shape_and_weights(qtbot: QtBot) -> None:
    keras = import_keras()

    class Rows(keras.layers.Layer):
        def build(self, shape: tuple[int, ...]) -> None:
            self.factor = self.add_weight(shape=(shape[-1],), name="factor")

        def call(self, inputs: object) -> object:
            return keras.ops.mean(inputs * self.factor, axis=1)

    image = keras.Input((6, 5, 3))
    rows = Rows(name="rows")(image)
    looking = Looking(
        qtbot, NetworkView(Settings()), classifier_of(image, keras.layers.Dense(2)(keras.layers.Flatten()(rows)))
    )
    column = next(one for one in looking.view.findChild(MapColumns).columns_shown if one.name == "rows")
    assert column.subtitle == "5×3" and not column.has_tiles and "learned 3 numbers" in column.tip
    assert not looking.view.findChild(MapColumns).grab().isNull()
    assert looking.open("rows") is None
    assert "of the kind Rows, with 3 numbers" in looking.view.findChild(QLabel, "network_hint").text()


def test_each_class_with_a_probability_of_its_own(qtbot: QtBot) -> None:
    keras = import_keras()
    image = keras.Input((6, 5, 1))
    output = keras.layers.Dense(2, activation="sigmoid", name="both")(keras.layers.Flatten()(image))
    looking = Looking(qtbot, NetworkView(Settings()), classifier_of(image, output, independent=True))
    level = looking.open("both")
    assert isinstance(level, DenseLevel) and "Sigmoid(" in level.findChild(QLabel, "number_steps").text()


def test_a_network_without_convolutions_says_so(qtbot: QtBot) -> None:
    keras = import_keras()
    image = keras.Input((6, 5, 1))
    hidden = keras.layers.Dense(7, activation="relu", name="hidden")(keras.layers.Flatten(name="flat")(image))
    classifier = classifier_of(image, keras.layers.Dense(2, activation="softmax")(hidden))
    kernels = Looking(qtbot, KernelsView(Settings()), classifier).view
    assert kernels.findChild(QLabel, "no_kernels").isVisible()
    kernels.shut_down()
    looking = Looking(qtbot, NetworkView(Settings()), classifier)
    assert isinstance(looking.open("flat"), FormulaLevel)
    looking.view.go_back()
    assert isinstance(looking.open("hidden"), DenseLevel)


def test_what_a_sum_is_made_of_is_named(qtbot: QtBot) -> None:
    keras = import_keras()
    image = keras.Input((6, 5, 1))
    other = keras.layers.Conv2D(1, 3, padding="same", name="conv")(image)
    added = keras.layers.Add(name="sum")([other, image])
    output = keras.layers.Dense(2, activation="softmax")(keras.layers.Flatten()(added))
    level = Looking(qtbot, NetworkView(Settings()), classifier_of(image, output)).open("sum")
    names = [level.findChild(QLabel, f"formula_input_name_{number}").text() for number in (1, 2)]
    assert names == ["conv, map 0", "the image"]


def test_channels_first(qtbot: QtBot) -> None:
    model = load_model(STRANGERS / "channels_first.h5")
    classes = tuple("abcdefgh"[: model.output_shape[-1]])
    classifier = Classifier(model, Card("own", classes, tuple(model.input_shape[1:]), "centre-crop"))
    looking = Looking(qtbot, NetworkView(Settings()), classifier)
    for column in looking.view.findChild(MapColumns).columns_shown[1:]:
        level = looking.open(column.name)
        assert level is not None, column.name
        looking.view.go_back()


def test_maps_that_are_not_square_and_a_window_larger_than_they_are(qtbot: QtBot) -> None:
    keras = import_keras()
    image = keras.Input((3, 17, 2))
    layers = keras.layers
    maps = layers.Conv2DTranspose(3, (2, 5), strides=(3, 2), name="spread")(image)
    maps = layers.Conv2D(2, (9, 1), padding="same", name="tall")(maps)
    output = layers.Dense(2, activation="softmax")(layers.GlobalMaxPooling2D(name="pooled")(maps))
    looking = Looking(qtbot, NetworkView(Settings()), classifier_of(image, output))
    for name in ("spread", "tall"):
        level = looking.open(name)
        assert not level.grab().isNull()
        level.findChild(ConvolutionView).chosen.emit(1)
        assert looking.view.levels_down == 2 and not looking.view.grab().isNull()
        looking.view.go_back()
        looking.view.go_back()
    assert isinstance(looking.open("pooled"), NumberLevel)


def test_weights_that_are_not_numbers(qtbot: QtBot) -> None:
    keras = import_keras()
    image = keras.Input((6, 5, 1))
    maps = keras.layers.Conv2D(2, 3, name="conv")(image)
    classifier = classifier_of(image, keras.layers.Dense(2)(keras.layers.Flatten()(maps)))
    kernel = np.asarray(classifier.model.get_layer("conv").kernel).copy()
    kernel[0, 0] = np.nan
    classifier.model.get_layer("conv").kernel.assign(kernel)
    view = KernelsView(Settings())
    qtbot.addWidget(view)
    view.resize(1000, 700)
    view.show()
    view.set_network(OpenNetwork(classifier, threading.Lock(), "own"))
    assert "2 of its 18 weights are not finite" in view.findChild(QLabel, "kernels_note").text()
    histogram = view.findChild(Histogram, "weights_histogram")
    assert histogram.without == 2 and histogram.counts.sum() == 16
    assert not view.grab().isNull()
    view.shut_down()


@pytest.fixture
def page(qtbot: QtBot) -> Iterator[InsidePage]:
    page = InsidePage(Settings())
    qtbot.addWidget(page)
    page.resize(1192, 800)
    page.show()
    with qtbot.waitSignal(page.ready, timeout=SECONDS):
        page.receive(shipped("trained/lenet5-mnist"))
    yield page
    page.shut_down()


def test_the_page_says_why_a_model_or_an_image_cannot_be_looked_into(
    page: InsidePage, qtbot: QtBot, tmp_path: Path
) -> None:
    keras = import_keras()
    layers, image = keras.layers, keras.Input((6, 5, 1))
    answer = layers.Dense(2, name="answer")(layers.Flatten()(layers.Add()([image, other := keras.Input((6, 5, 1))])))
    keras.Model([image, other], answer).save(tmp_path / "two_inputs.keras")
    alone = layers.Dense(2)(layers.Flatten()(image))
    keras.Model(image, [alone, layers.Softmax()(alone)]).save(tmp_path / "two_outputs.keras")
    broken = classifier_of(image, alone)
    broken.model.layers[-1].kernel.assign(np.full((30, 2), np.nan))
    broken.save(tmp_path / "broken")
    for name, words in (
        ("two_inputs.keras", "input"),
        ("two_outputs.keras", "output"),
        ("broken", "not finite"),
    ):
        page.receive(tmp_path / name)
        qtbot.waitUntil(lambda w=words: w in page.message, timeout=SECONDS)
        qtbot.waitUntil(lambda: page.model == shipped("trained/lenet5-mnist"), timeout=SECONDS)  # it stays in use
        for view in VIEWS:
            page.show_view(view)
            assert words in page.message
    page.show_view("network")
    with qtbot.waitSignal(page.ready, timeout=SECONDS):
        page.receive(shipped("trained/lenet5-mnist"))
    (tmp_path / "torn.png").write_bytes(b"\x89PNG torn")
    page.receive(tmp_path / "torn.png")
    qtbot.waitUntil(lambda: "torn.png" in page.message, timeout=SECONDS)
    Image.new("L", (60, 60), 255).save(tmp_path / "empty.png")
    page.receive(tmp_path / "empty.png")
    qtbot.waitUntil(lambda: "torn.png" not in page.message and bool(page.message), timeout=SECONDS)
    assert page.view.findChild(MapColumns).values_of(IMAGE) is None


def test_explanations_stay_where_another_model_cannot_be_opened(page: InsidePage, qtbot: QtBot, tmp_path: Path) -> None:
    Image.fromarray(np.pad(np.full((20, 4), 255, np.uint8), ((4, 4), (12, 12)))).save(tmp_path / "one.png")
    with qtbot.waitSignal(page.answered, timeout=SECONDS):
        page.receive(tmp_path / "one.png")
    page.show_view("why")
    qtbot.waitUntil(lambda: len(page.view.explanations) == 3, timeout=SECONDS)
    before = page.view.explanations
    (tmp_path / "cut.keras").write_bytes(b"PK")
    with qtbot.waitSignal(page.answered, timeout=SECONDS):
        page.receive(tmp_path / "cut.keras")
    assert "cut.keras" in page.message and page.view.isVisible() and page.view.explanations == before
    page.view.shut_down()  # nothing is explained again
    assert page.view.explanations == before


def test_one_sigmoid_in_every_view(page: InsidePage, qtbot: QtBot, tmp_path: Path) -> None:
    """Two classes of one output: each view shows both, and none complains."""
    keras = import_keras()
    keras.utils.set_random_seed(1)
    layers, image = keras.layers, keras.Input((12, 10, 1))
    maps = layers.Conv2D(3, 3, activation="relu", name="conv")(layers.Rescaling(1 / 255)(image))
    one = layers.Dense(1, activation="sigmoid", name="one")(layers.Flatten()(maps))
    both = layers.Dense(2, trainable=False, name="both")
    classifier = classifier_of(image, both(one))
    set_two(both)
    classifier.save(tmp_path / "one_sigmoid")
    Image.fromarray(RANDOM.integers(0, 256, (12, 10), dtype=np.uint8)).save(tmp_path / "image.png")
    with qtbot.waitSignal(page.ready, timeout=SECONDS):
        page.receive(tmp_path / "one_sigmoid")
    with qtbot.waitSignal(page.answered, timeout=SECONDS):
        page.receive(tmp_path / "image.png")
    shows = {
        "network": lambda view: not view.findChild(MapColumns).missing(),
        "kernels": lambda view: view.findChild(Histogram, "weights_histogram").counts.sum() == 27,
        "why": lambda view: len(view.explanations) >= 2,
        "units": lambda view: "no test images" in view.findChild(QLabel, "liked_state").text(),
        "robust": lambda view: view.curves[0] is not None,
    }
    for name in VIEWS.keys() & shows.keys():
        page.show_view(name)
        qtbot.waitUntil(lambda shown=shows[name]: shown(page.view), timeout=SECONDS)
        assert not page.view.grab().isNull()
        assert page.message == ""
    page.show_view("robust")
    np.testing.assert_allclose(page.view.curves[0].probabilities.sum(axis=1), 1, atol=1e-5)
    page.show_view("network")
    values = page.view.findChild(MapColumns).values_of("both")
    assert values.shape == (2,) and values.sum() == pytest.approx(1, abs=1e-5)


def test_layers_that_take_long_to_compile_are_said_to_be_on_their_way(
    page: InsidePage, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Image.fromarray(np.pad(np.full((20, 4), 255, np.uint8), ((4, 4), (12, 12)))).save(tmp_path / "one.png")
    with qtbot.waitSignal(page.answered, timeout=SECONDS):
        page.receive(tmp_path / "one.png")
    qtbot.waitUntil(lambda: not page.view.findChild(MapColumns).missing(), timeout=SECONDS)
    bar, state = page.findChild(QWidget, "opening_progress"), page.findChild(QLabel, "inside_state")
    assert not bar.isVisible()
    compiled, look = threading.Event(), session.Session.look

    def slow(*arguments: object) -> object:
        compiled.wait(SECONDS / 1000)
        return look(*arguments)

    monkeypatch.setattr(session.Session, "look", slow)
    page.view.layers_wanted.emit()
    qtbot.waitUntil(bar.isVisible, timeout=SECONDS)
    assert state.text() == "Computing these layers for the first time …"
    compiled.set()
    qtbot.waitUntil(lambda: not bar.isVisible(), timeout=SECONDS)
    assert not state.isVisible()
