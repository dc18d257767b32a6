"""The networks that can be chosen: what a list says of them."""

import shutil
from pathlib import Path

from cnnstudio.gui.library import Library
from cnnstudio.gui.pages.choosers.networks import architecture_choices, guest_choice
from cnnstudio.models.trained.card import CARD_FILE, MODEL_FILE
from cnnstudio.storage import runs_folder, shipped


def test_a_list_tells_year_and_size() -> None:
    facts = {choice.key: choice.facts for choice in architecture_choices(Library())}
    assert facts["lenet5"] == "1998 · 60,000 weights"
    assert facts["alexnet"] == "2012 · 61 million weights"
    assert facts["transfer-efficientnet-lite0"] == "2019 · 4.7 million weights"
    assert facts["mlp"] == "1986"


def test_weights_that_are_not_here_are_said() -> None:
    sentences = {choice.key: choice.description for choice in architecture_choices(Library())}
    assert "downloaded first, 29 MB" in sentences["transfer-efficientnetv2-b0"]
    assert "downloaded" not in sentences["transfer-efficientnet-lite0"]


def test_what_is_recommended_stands_first_and_once() -> None:
    choices = architecture_choices(Library(), "resnet20")
    assert (choices[0].key, choices[0].group) == ("resnet20", "Recommended for these images")
    assert len(choices) == len(architecture_choices(Library()))


def test_a_model_says_where_it_comes_from(tmp_path: Path) -> None:
    model = shipped("trained/lenet5-mnist")
    run = runs_folder() / "lenet5-mnist-2"
    run.mkdir(parents=True)
    shutil.copy(model / CARD_FILE, run)
    (run / MODEL_FILE).touch()
    for path, title, words in (
        (model / MODEL_FILE, "LeNet-5 on MNIST", "Comes with CNN Studio."),
        (run / MODEL_FILE, "My LeNet-5 on MNIST", "Trained here."),
        (tmp_path / "theirs.keras", "theirs", f"Opened from the folder “{tmp_path.name}”."),
    ):
        choice = guest_choice(path, Library())
        assert (choice.title, choice.description) == (title, words)
