"""What the tests of the window share: a theme to see it in, its pixels, the models that ship, and no leftovers."""

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QCursor, QImage, QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget

from cnnstudio.gui.look.theme import Theme
from cnnstudio.gui.pages.choosers import names
from cnnstudio.models.trained.classifier import Classifier
from cnnstudio.models.trained.library import load_classifier
from cnnstudio.storage import shipped

load_once = cache(load_classifier)
freeze_once = cache(Classifier.freeze)
warm_up_once = cache(Classifier.warm_up)


@pytest.fixture(autouse=True)
def leave_nothing_behind() -> Iterator[None]:
    """Deletes what a test closed, and takes the pointer out of the way.

    Qt itself deletes only in an event loop; without one, each change of theme styles what earlier tests left.
    """
    yield
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    if (screen := QApplication.primaryScreen()) is not None:
        QCursor.setPos(screen.geometry().bottomRight())


@pytest.fixture(scope="session")
def open_once() -> Callable[[Path], Classifier]:
    """Opens a model that ships, which windows use one after the other; any other one anew."""

    def open_(path: Path) -> Classifier:
        return load_once(path) if path.is_relative_to(shipped("trained")) else load_classifier(path)

    return open_


@pytest.fixture(autouse=True)
def models_open_once(open_once: Callable[[Path], Classifier], monkeypatch: pytest.MonkeyPatch) -> None:
    """Every window opens a model soon after it was painted, and to open and compile one takes seconds."""
    monkeypatch.setattr(names, "load_classifier", open_once)
    monkeypatch.setattr(Classifier, "freeze", freeze_once)
    monkeypatch.setattr(Classifier, "warm_up", warm_up_once)


@pytest.fixture
def theme(qapp: QApplication) -> Iterator[Theme]:
    """The light theme; `theme.choose("dark")` switches. What the application looked like before comes back.

    Without a window that would do it, the style sheet is set on all widgets.
    """
    palette, font, sheet = qapp.palette(), qapp.font(), qapp.styleSheet()
    theme = Theme(qapp)
    theme.restyled.connect(qapp.setStyleSheet)
    theme.choose("light")
    yield theme
    theme.choose("light")
    theme.setParent(None)
    qapp.setPalette(palette)
    qapp.setFont(font)
    qapp.setStyleSheet(sheet)


@pytest.fixture
def pixels() -> Callable[[QWidget], np.ndarray]:
    """Grabs a widget: (height, width, 3) uint8."""

    def grab(widget: QWidget) -> np.ndarray:
        image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
        rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
        return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()

    return grab


@pytest.fixture
def turn_wheel() -> Callable[..., QWheelEvent]:
    """Turns the wheel over a place of a widget by (x, y) eighths of a degree; returns the event."""

    def turn(
        widget: QWidget,
        place: QPoint,
        angle: QPoint,
        keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
    ) -> QWheelEvent:
        event = QWheelEvent(
            QPointF(place),
            QPointF(widget.mapToGlobal(place)),
            QPoint(),
            angle,
            Qt.MouseButton.NoButton,
            keys,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(widget, event)
        return event

    return turn
