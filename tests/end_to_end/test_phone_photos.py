"""A photo of a phone that was turned, on every way into the window: the same image and the same answer.

The other orientations are tried in `tests/data/pictures` and `test_phone_orientations`.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QImage
from PySide6.QtWidgets import QAbstractButton, QApplication, QFileDialog, QLabel, QWidget
from pytestqt.qtbot import QtBot

from cnnstudio.data.pictures.open import open_image
from cnnstudio.gui.controls.progress_panel import ProgressPanel
from cnnstudio.gui.main_window import MainWindow
from cnnstudio.gui.pages.collect.set_view import SetView
from cnnstudio.gui.pages.try_.folder_view import FolderView
from cnnstudio.gui.settings import Settings
from cnnstudio.gui.widgets.drawing.camera import CameraView
from cnnstudio.gui.widgets.drawing.dropped_pictures import PICTURE_FILES, pictures_in
from cnnstudio.gui.widgets.images.thumbnail_grid import ThumbnailGrid
from cnnstudio.models.trained.library import load_classifier
from tests.data.phone_photos import PHOTOS, photo, seven

SECONDS = 60_000


@pytest.fixture(scope="module")
def expected() -> np.ndarray:
    """What the network gets of the photo where it was saved as it stands."""
    return load_classifier("lenet5-mnist").prepare(seven()).image


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[MainWindow]:
    window = MainWindow(Settings())
    qtbot.addWidget(window, before_close_func=MainWindow.quit)
    window.resize(1280, 800)
    window.show()
    return window


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The same photo saved as it stands, lying, and lying and mirrored."""
    folder = tmp_path_factory.mktemp("DCIM")
    paths = [folder / f"IMG_000{orientation}.JPG" for orientation in (1, 6, 7)]
    for orientation, path in zip((1, 6, 7), paths, strict=True):
        path.write_bytes(photo(seven(), orientation))
    return paths


def press(qtbot: QtBot, window: MainWindow, name: str) -> None:
    (button,) = [button for button in window.findChildren(QAbstractButton, name) if button.isVisible()]
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def file(path: Path) -> QMimeData:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    return data


def content(path: Path) -> QMimeData:
    """A photo as the command line and some programs copy it: its bytes, and what they are."""
    data = QMimeData()
    data.setData("image/jpeg", path.read_bytes())
    return data


def drop(widget: QWidget, data: QMimeData) -> None:
    """Drags it over a widget and lets go."""
    place, left, none = QPoint(20, 20), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(place, Qt.DropAction.CopyAction, data, left, none)
    QApplication.sendEvent(widget, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(widget, QDropEvent(QPointF(place), Qt.DropAction.CopyAction, data, left, none))


Way = Callable[[QtBot, MainWindow, Path], None]


def paste(make: Callable[[Path], QMimeData], button: str) -> Way:
    def way(qtbot: QtBot, window: MainWindow, path: Path) -> None:
        QApplication.clipboard().setMimeData(make(path))
        press(qtbot, window, button)

    return way


def choose(button: str) -> Way:
    def way(qtbot: QtBot, window: MainWindow, path: Path) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(QFileDialog, "getOpenFileName", lambda *_, **__: (str(path), ""))
            patch.setattr(QFileDialog, "getOpenFileNames", lambda *_, **__: ([str(path)], ""))
            press(qtbot, window, button)

    return way


TO_TRY: dict[str, Way] = {
    "named at the start": lambda _, window, path: window.open_path(path),
    "opened": choose("open_image_button"),
    "dropped": lambda _, window, path: drop(window, file(path)),
    "pasted file": paste(file, "paste_image_button"),
    "pasted picture": paste(content, "paste_image_button"),
}


def check_try(window: MainWindow, image: np.ndarray, expected: np.ndarray) -> None:
    # A JPEG that was stored in another direction differs by a little.
    assert np.abs(image.astype(int) - expected).max() <= 32
    assert window.page("try").findChild(QLabel, "answer").text() == "7"


@pytest.mark.parametrize("way", TO_TRY)
def test_a_photo_is_answered_however_the_phone_was_held(
    qtbot: QtBot, window: MainWindow, photos: list[Path], expected: np.ndarray, way: str
) -> None:
    page = window.page("try")
    window.show_page("try")
    window.page("try").findChild(QAbstractButton, "photo_chip").click()
    with qtbot.waitSignal(page.answered, timeout=SECONDS) as answered:
        TO_TRY[way](qtbot, window, photos[1])
    check_try(window, answered.args[0].image, expected)


@pytest.mark.parametrize("name", ["seven-phone.jpg", "seven-phone.heic"])
def test_the_photos_of_a_phone_are_a_seven(qtbot: QtBot, window: MainWindow, name: str) -> None:
    with qtbot.waitSignal(window.page("try").answered, timeout=SECONDS):
        window.open_path(PHOTOS / name)
    assert window.page("try").findChild(QLabel, "answer").text() == "7"


def test_a_folder_and_the_photos_that_open_from_it(
    qtbot: QtBot, window: MainWindow, photos: list[Path], expected: np.ndarray
) -> None:
    page = window.page("try")
    window.show_page("try", photos[0].parent)
    view = page.findChild(FolderView)
    qtbot.waitUntil(lambda: not view.running and view.results is not None, timeout=SECONDS)
    assert [one.top[0][1] for one in view.results.predictions] == ["7"] * len(photos)
    for place in range(len(photos)):
        with qtbot.waitSignal(page.answered, timeout=SECONDS) as answered:
            view.findChild(ThumbnailGrid).activated.emit(place)
        check_try(window, answered.args[0].image, expected)


def test_a_camera_frame_is_taken_as_it_stands(
    qtbot: QtBot, window: MainWindow, expected: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = window.page("try")
    window.show_page("try")
    camera = page.findChild(CameraView)
    monkeypatch.setattr(camera, "start", lambda: None)  # there is none on a test machine
    monkeypatch.setattr(CameraView, "picture", property(lambda _: np.asarray(seven())))
    press(qtbot, window, "camera_chip")
    with qtbot.waitSignal(page.answered, timeout=SECONDS) as answered:
        camera.picture_changed.emit()
    check_try(window, answered.args[0].image, expected)


TO_COLLECT: dict[str, Way] = {
    "opened": choose("open_pictures_button"),
    "dropped": lambda _, window, path: drop(window.page("collect"), file(path)),
    "pasted file": paste(file, "paste_picture_button"),
    "pasted picture": paste(content, "paste_picture_button"),
}


@pytest.mark.parametrize("way", TO_COLLECT)
def test_a_photo_is_collected_however_the_phone_was_held(
    qtbot: QtBot, window: MainWindow, photos: list[Path], expected: np.ndarray, way: str
) -> None:
    window.show_page("collect")
    press(qtbot, window, "create_set_button")
    collection = window.page("collect").findChild(SetView).collection
    adding = window.page("collect").findChild(SetView).findChild(ProgressPanel)
    with qtbot.waitSignal(adding.finished, timeout=SECONDS):
        TO_COLLECT[way](qtbot, window, photos[1])
    (path,) = collection.examples("circle")
    image = np.asarray(Image.open(path))[..., np.newaxis]
    assert np.abs(image.astype(int) - expected).max() <= 32


def test_dialogs_show_photos_of_phones() -> None:
    """Some dialogs tell letters by their case, and cameras write names in capitals."""
    title, _, patterns = PICTURE_FILES.removesuffix(")").partition(" (")
    assert title == "Pictures"
    for ending in ("jpg", "jpeg", "png", "jfif", "mpo", "jp2", "heic", "heif", "avif", "webp"):
        assert {f"*.{ending}", f"*.{ending.upper()}"} <= set(patterns.split())
    assert "*.svg" not in patterns.split()


def test_what_is_copied_as_a_file_is_taken_as_it_is(photos: list[Path]) -> None:
    data = content(photos[1])
    assert pictures_in(data) == [photos[1].read_bytes()]
    data.setData("image/png", b"the same, without loss")
    assert pictures_in(data) == [b"the same, without loss"]
    data.setUrls([QUrl.fromLocalFile(str(photos[1])), QUrl("https://example.org/7.jpg")])
    assert pictures_in(data) == [photos[1]]


@pytest.mark.parametrize(
    "kind", [QImage.Format.Format_RGB32, QImage.Format.Format_ARGB32_Premultiplied, QImage.Format.Format_RGBA64]
)
def test_what_is_copied_as_pixels_comes_without_loss_and_is_not_packed_meanwhile(kind: QImage.Format) -> None:
    pixels = (np.arange(31 * 53 * 3) % 7 * 30).astype(np.uint8).reshape(31, 53, 3)  # rows of no multiple of 4 bytes
    data = QMimeData()
    data.setImageData(QImage(pixels.tobytes(), 53, 31, 3 * 53, QImage.Format.Format_RGB888).convertToFormat(kind))
    (found,) = pictures_in(data)
    assert isinstance(found, bytes) and len(found) >= 4 * 31 * 53
    np.testing.assert_array_equal(np.asarray(open_image(found)), pixels)
