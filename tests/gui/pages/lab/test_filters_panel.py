"""Filters on pictures: what is on screen is what the filters make of the picture, and bad numbers spoil nothing."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QByteArray, QObject, QPoint, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QCheckBox, QComboBox, QLabel, QPushButton, QSlider
from pytestqt.qtbot import QtBot

from cnnstudio.errors import StudioError
from cnnstudio.gui.library import Library
from cnnstudio.gui.pages.lab.filters_panel import FilteredPicture, FiltersPanel
from cnnstudio.gui.pages.lab.picture_source import MOST_PIXELS, PictureSource, read_picture
from cnnstudio.gui.settings import Settings
from cnnstudio.gui.widgets.drawing.canvas import DrawingCanvas
from cnnstudio.gui.widgets.images.matrix import Matrix
from cnnstudio.lab.filters import FILTERS, filtered, joined, on_screen


@pytest.fixture
def panel(qtbot: QtBot) -> FiltersPanel:
    panel = FiltersPanel(Settings(), Library())
    qtbot.addWidget(panel)
    panel.resize(800, 640)
    with qtbot.waitSignal(panel.filtered):
        panel.show()
    return panel


def choose(qtbot: QtBot, panel: FiltersPanel, name: str, value: object) -> None:
    control = panel.findChild(QComboBox, name)
    control.setCurrentIndex(control.findData(value))
    with qtbot.waitSignal(panel.filtered):
        control.activated.emit(control.currentIndex())


def check_numbers(result: FilteredPicture, expected: np.ndarray) -> None:
    """Numbers at the edges and in the middle, and the pixels made of them."""
    height, width, _ = expected.shape
    for cell in ((0, 0), (0, width - 1), (1, 2), (height // 2, width // 3), (height - 1, 0), (height - 1, width - 2)):
        np.testing.assert_allclose(result.numbers_at(*cell), expected[cell], atol=0.05)
    assert result.pixels.dtype == np.uint8


def test_a_photo_is_filtered_as_the_kernel_says(panel: FiltersPanel, qtbot: QtBot) -> None:
    choose(qtbot, panel, "filter_choice", "gaussian_blur")
    choose(qtbot, panel, "kernel_side", 5)
    result = panel.result
    assert result is not None
    expected = filtered(result.picture, FILTERS["gaussian_blur"].make(5))
    check_numbers(result, expected)
    np.testing.assert_array_equal(result.pixels, on_screen(expected, "clip"))
    assert panel.facts()["side"] == 5
    with qtbot.waitSignal(panel.filtered):
        panel.findChild(QSlider, "strength_slider").setValue(0)
    np.testing.assert_array_equal(panel.result.pixels, result.picture)


def test_typing_a_weight_makes_a_filter_of_ones_own(panel: FiltersPanel, qtbot: QtBot) -> None:
    kernel = panel.findChild(Matrix, "filter_kernel")
    with qtbot.waitSignal(panel.filtered):
        kernel.set_text((1, 1), "9")
    assert panel.state()["filters"] == ["own"]
    assert panel.state()["kernels"][0][1] == [-1, 9, -1]
    for text in ("nine", "", "1e99", "nan"):
        with qtbot.waitSignal(panel.filtered):
            kernel.set_text((0, 0), text)
        assert panel.findChild(QLabel, "kernel_problem").text()
        assert np.isfinite(panel.result.numbers_at(0, 0)).all()  # the rest goes on, with 0 in its place
    with qtbot.waitSignal(panel.filtered):
        kernel.set_text((0, 0), "0")
    assert panel.findChild(QLabel, "kernel_problem").isHidden()
    choose(qtbot, panel, "kernel_side", 7)
    assert np.array(panel.state()["kernels"][0]).shape == (7, 7)
    assert panel.state()["kernels"][0][3][3] == 9


def test_filters_follow_each_other(panel: FiltersPanel, qtbot: QtBot) -> None:
    with qtbot.waitSignal(panel.filtered):
        panel.findChild(QPushButton, "add_filter_button").click()
    choose(qtbot, panel, "filter_choice", "sobel_x")
    picture = panel.result.picture
    both = filtered(filtered(picture, FILTERS["sharpen"].make(3)), FILTERS["sobel_x"].make(3))
    check_numbers(panel.result, both)
    whole = joined([FILTERS["sharpen"].make(3), FILTERS["sobel_x"].make(3)])
    np.testing.assert_allclose(panel.facts()["joined"], whole)
    assert "one kernel of 5×5" in panel.findChild(QLabel, "chain_text").text()
    with qtbot.waitSignal(panel.filtered):
        panel.findChild(QCheckBox, "relu_check").click()
    sharp = np.maximum(filtered(picture, FILTERS["sharpen"].make(3)), 0)
    check_numbers(panel.result, np.maximum(filtered(sharp, FILTERS["sobel_x"].make(3)), 0))
    with qtbot.waitSignal(panel.filtered):
        panel.findChild(QPushButton, "remove_filter_button").click()
    assert panel.state()["filters"] == ["sharpen"]
    assert not panel.findChild(QPushButton, "remove_filter_button").isEnabled()


def test_a_drawing_is_filtered_while_it_is_drawn(panel: FiltersPanel, qtbot: QtBot) -> None:
    panel.findChild(QPushButton, "drawing_chip").click()
    assert panel.result is None  # nothing is drawn yet
    canvas = panel.findChild(DrawingCanvas)
    with qtbot.waitSignal(panel.filtered):
        qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, pos=QPoint(60, 60))
        qtbot.mouseMove(canvas, QPoint(120, 140))
        qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=QPoint(120, 140))
    assert panel.result.picture.shape == (224, 224, 1)
    assert panel.result.picture.any()


def test_a_pixel_is_followed_through_the_filter(panel: FiltersPanel) -> None:
    panel.findChild(PictureSource).view.point((10, 20))
    was, now = panel.result.picture[10, 20], panel.result.numbers_at(10, 20)
    text = panel.findChild(QLabel, "pixel_text").text()
    assert text.startswith(f"Row 10, column 20: red {was[0]} becomes {now[0]:.0f}")


def test_pictures_of_ones_own_are_read_or_say_why_not(panel: FiltersPanel, qtbot: QtBot, tmp_path: Path) -> None:
    row = np.arange(40, dtype=np.uint8).reshape(1, 40)
    Image.fromarray(row).save(tmp_path / "row.png")
    source = panel.findChild(PictureSource)
    with qtbot.waitSignal(panel.filtered):
        source.open(tmp_path / "row.png")
    assert panel.result.pixels.shape == (1, 40, 1)
    (tmp_path / "none.png").write_bytes(b"no picture")
    with qtbot.waitSignal(source.failed) as failed:
        source.open(tmp_path / "none.png")
    assert isinstance(failed.args[0], StudioError)
    assert "none.png" in panel.message
    Image.new("RGB", (1800, 600)).save(tmp_path / "large.bmp")
    large = read_picture(tmp_path / "large.bmp")
    assert large.shape[0] * large.shape[1] <= MOST_PIXELS
    assert large.shape[1] == pytest.approx(3 * large.shape[0], rel=0.01)


def test_a_state_that_does_not_fit_changes_nothing(panel: FiltersPanel) -> None:
    before = panel.state()
    for state, says in (
        ({"filters": ["telepathy"]}, "no filter “telepathy”"),
        ({"filters": []}, "1 to 4 filters, not 0"),
        ({"filters": ["own"], "kernels": [[[1, 2], [3, 4]]]}, "3, 5 or 7 rows"),
        ({"filters": ["own"], "kernels": ["words"]}, "rows of numbers"),
        ({"photo": "elephant"}, "“photo” cannot be .elephant.: it is one of chelsea"),
        ({"show": 3}, "“show” cannot be 3: it is one of clip"),
    ):
        with pytest.raises(StudioError, match=says):
            panel.show_state(state)
        assert panel.state() == before


def test_a_state_by_names_alone_brings_the_kernels_along(panel: FiltersPanel, qtbot: QtBot) -> None:
    with qtbot.waitSignal(panel.filtered):
        panel.show_state({"filters": ["gaussian_blur", "sobel_y"], "chosen": 1, "show": "grey"})
    assert panel.state()["kernels"][1] == FILTERS["sobel_y"].make(3).tolist()


class Device:
    """What a `QCameraDevice` says of a camera that is plugged in."""

    def __init__(self, name: str) -> None:
        self._name = name

    def id(self) -> QByteArray:
        return QByteArray(self._name.encode())

    def description(self) -> str:
        return self._name

    def isDefault(self) -> bool:
        return True

    def position(self) -> None:
        return None

    def videoFormats(self) -> list[object]:
        return []


@pytest.fixture
def plugged(monkeypatch: pytest.MonkeyPatch) -> list[Device]:
    """The cameras that there are, for QtMultimedia; its own sink takes the frames."""
    media = pytest.importorskip("PySide6.QtMultimedia", exc_type=ImportError)
    plugged: list[Device] = []

    class Devices(media.QMediaDevices):
        def videoInputs(self) -> list[Device]:
            return list(plugged)

    class Camera(media.QCamera):
        def __init__(self, device: Device, parent: QObject) -> None:
            super().__init__(parent)
            self._device = device

        def cameraDevice(self) -> Device:
            return self._device

        def start(self) -> None:
            pass

        def error(self) -> object:
            return media.QCamera.Error.NoError

    monkeypatch.setattr(media, "QMediaDevices", Devices)
    monkeypatch.setattr(media, "QCamera", Camera)
    return plugged


@pytest.mark.qt_log_ignore("^Couldn't (load|resolve)", "No RHI backend", "^No camera")
def test_what_the_camera_sees_is_filtered_live(panel: FiltersPanel, qtbot: QtBot, plugged: list[Device]) -> None:
    from PySide6.QtMultimedia import QMediaDevices, QVideoFrame, QVideoSink

    def see(shade: int) -> None:
        image = QImage(64, 48, QImage.Format.Format_RGB32)
        image.fill(QColor(shade, 0, 0))
        panel.findChildren(QVideoSink)[-1].setVideoFrame(QVideoFrame(image))
        half = np.full((48, 64, 3), (shade // 2, 0, 0))
        qtbot.waitUntil(lambda: panel.result is not None and np.array_equal(panel.result.pixels, half))

    def plug(*devices: Device) -> None:
        plugged[:] = devices
        panel.findChild(QMediaDevices).videoInputsChanged.emit()

    panel.show_state({"kernels": [[[0, 0, 0], [0, 0.5, 0], [0, 0, 0]]], "filters": ["own"]})
    plugged.append(Device("Camera"))
    panel.findChild(QPushButton, "camera_chip").click()
    for shade in (200, 100):
        see(shade)
    plug()
    said = panel.findChild(QLabel, "camera_problem")
    assert said.isVisible() and said.text().startswith("The camera has been unplugged. Plug it in again")
    assert panel.result is None
    plug(Device("Camera"))
    see(60)
    assert not said.isVisible()
    panel.shut_down()


@pytest.mark.qt_log_ignore("^Couldn't (load|resolve)", "No RHI backend", "^No camera")
def test_without_a_camera_it_is_said_what_to_do(panel: FiltersPanel, plugged: list[Device]) -> None:
    assert not plugged
    panel.findChild(QPushButton, "camera_chip").click()
    said = panel.findChild(QLabel, "camera_problem")
    assert said.isVisible() and "camera" in said.text() and "Try again" in said.text()
    assert panel.result is None
