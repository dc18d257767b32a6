"""What the tests of the Try page share: the models that ship, each opened and compiled once, which takes seconds."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from cnnstudio.gui.pages.try_ import session
from cnnstudio.models.trained.classifier import Classifier
from cnnstudio.models.trained.library import load_classifier
from cnnstudio.storage import shipped

load_once = cache(load_classifier)
freeze_once = cache(Classifier.freeze)
warm_up_once = cache(Classifier.warm_up)


@pytest.fixture(scope="session")
def open_once() -> Callable[[Path], Classifier]:
    """Opens a model that ships, which its pages use one after the other; any other one anew."""

    def open_(path: Path) -> Classifier:
        return load_once(path) if path.is_relative_to(shipped("trained")) else load_classifier(path)

    return open_


@pytest.fixture(autouse=True)
def pages_open_once(open_once: Callable[[Path], Classifier], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "load_classifier", open_once)
    monkeypatch.setattr(Classifier, "freeze", freeze_once)
    monkeypatch.setattr(Classifier, "warm_up", warm_up_once)
