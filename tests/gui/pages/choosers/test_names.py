"""What people call models, and so what is said of them."""

from dataclasses import replace

import numpy as np
import pytest

from cnnstudio.errors import StudioError
from cnnstudio.gui.pages.choosers.names import called, open_classifier
from cnnstudio.models.trained.card import Card
from cnnstudio.storage import runs_folder, shipped

CARD = Card("mlp-mnist", ("no", "yes"), (28, 28, 1), "digit", "mnist", "mlp")


def test_only_the_users_own_trainings_are_theirs() -> None:
    assert called(runs_folder() / "mlp-mnist", CARD) == "My MLP on MNIST"
    assert called(runs_folder() / "digits", replace(CARD, name="digits")) == "digits"
    assert called(shipped("trained") / "mlp-mnist", CARD) == "MLP on MNIST"


def test_messages_call_a_model_as_the_window_does() -> None:
    classifier = open_classifier(shipped("trained") / "lenet5-mnist")
    with pytest.raises(StudioError, match="“LeNet-5 on MNIST” takes images of 28×28×1"):
        classifier.predict(np.zeros((3, 3, 1), np.uint8))
