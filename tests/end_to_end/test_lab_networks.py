"""The MLP and the CNN that the Lab compares: what their cards say, and what they make of a digit that is moved."""

import numpy as np
from PySide6.QtWidgets import QLabel, QSlider
from pytestqt.qtbot import QtBot

from cnnstudio.data.library import load_dataset
from cnnstudio.gui.library import Library
from cnnstudio.gui.pages.lab.mlp_panel import FARTHEST, NETWORKS, MlpPanel
from cnnstudio.gui.settings import Settings
from cnnstudio.models.trained.library import load_classifier
from cnnstudio.storage import shipped
from cnnstudio.training.evaluation import evaluate


def test_their_cards_say_what_they_get_right() -> None:
    test = load_dataset("mnist").test
    for name in NETWORKS:
        classifier = load_classifier(shipped("assets/lab") / name)
        assert evaluate(classifier, test).accuracy == classifier.card.test_accuracy
        assert classifier.card.command.startswith("cnnstudio train --dataset mnist")


def test_a_moved_digit_is_lost_on_the_mlp_first(qtbot: QtBot) -> None:
    panel = MlpPanel(Settings(), Library())
    qtbot.addWidget(panel)
    with qtbot.waitSignal(panel.answered, timeout=120_000):
        panel.show()
    networks = panel.networks
    assert networks is not None
    middle = list(networks.moves).index(0)
    for name in NETWORKS:
        assert networks.right[name][middle] > 0.95
    moved = [middle - 3, middle + 3]
    assert (networks.right["cnn"][moved] > networks.right["mlp"][moved]).all()
    assert panel.facts()["mlp_says"] == panel.facts()["cnn_says"] == panel.facts()["label"]
    with qtbot.waitSignal(panel.answered):
        panel.findChild(QSlider, "digit_across").setValue(FARTHEST)
    said = panel.findChild(QLabel, "mlp_verdict").text()
    answer = networks.classifiers["mlp"].predict_many(
        np.roll(networks.images[:1], FARTHEST, axis=2)  # the digit does not reach its edge
    )
    assert said.startswith(f"says {answer.argmax()}, ")
