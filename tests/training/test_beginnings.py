"""With which weights a training began."""

from dataclasses import replace

import numpy as np
import pytest

from cnnstudio.errors import StudioError
from cnnstudio.models.trained.library import card_of, load_classifier
from cnnstudio.storage import shipped
from cnnstudio.training.beginnings import initial_model
from cnnstudio.training.config import TrainingConfig
from cnnstudio.training.trainer import train


def test_a_training_that_hardly_moves_ends_where_it_began(quick: TrainingConfig) -> None:
    run = train(replace(quick, epochs=1, learning_rate=1e-7, seed=3)).run
    start, end = initial_model(run, card_of(run)), load_classifier(run).model
    for one, other in zip(start.weights, end.weights, strict=True):
        np.testing.assert_allclose(np.asarray(one), np.asarray(other), atol=1e-5)


def test_of_other_models_it_is_not_known() -> None:
    path = shipped("trained/lenet5-mnist")
    with pytest.raises(StudioError, match="trained here"):
        initial_model(path, card_of(path))
