"""The list of models: what they are called, in which order they stand."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtGui import QAction
from pytestqt.qtbot import QtBot

from cnnstudio.errors import StudioError
from cnnstudio.gui.controls.library_menu import LibraryMenu
from cnnstudio.gui.controls.message_bar import MessageBar
from cnnstudio.gui.controls.picker import Picker
from cnnstudio.gui.library import Library
from cnnstudio.gui.pages.choosers.models import ModelChooser, describe_card
from cnnstudio.gui.pages.choosers.names import name_of
from cnnstudio.gui.settings import Settings
from cnnstudio.models.trained.adopt import inspect_model, open_adopted, remember, remembered
from cnnstudio.models.trained.card import CARD_FILE, MODEL_FILE, Card
from cnnstudio.models.trained.library import copy_model, list_models, rename_model
from cnnstudio.storage import runs_folder


def card(architecture: str = "lenet5", dataset: str = "mnist", created: str = "", name: str = "name") -> Card:
    return Card(name, ("a", "b"), (28, 28, 1), "digit", dataset, architecture, created=created, test_accuracy=0.98765)


def add_run(name: str, created: str = "") -> Path:
    """An MLP on MNIST that nobody can open; a list does not."""
    folder = runs_folder() / name
    folder.mkdir(parents=True)
    (folder / CARD_FILE).write_text(card("mlp", created=created).to_json(), "utf-8")
    (folder / MODEL_FILE).touch()
    return folder


def chooser(qtbot: QtBot) -> ModelChooser:
    made = ModelChooser(Library(), Settings(), MessageBar())
    qtbot.addWidget(made)
    return made


@pytest.mark.parametrize(
    ("architecture", "dataset", "folder", "kind", "name"),
    [
        ("softmax", "mnist", "softmax-mnist", "run", "My Softmax regression on MNIST"),
        ("softmax", "mnist", "softmax-mnist-2", "run", "My Softmax regression on MNIST (2)"),
        ("lenet5", "mnist", "lenet5-mnist", "shipped", "LeNet-5 on MNIST"),
        ("lenet5", "mnist", "lenet5-mnist-2", "run", "My LeNet-5 on MNIST"),
        ("lenet5", "mnist", "lenet5-mnist-3", "run", "My LeNet-5 on MNIST (2)"),
        ("lenet5", "/photos/my.cats.zip", "lenet5-my.cats", "run", "My LeNet-5 on my.cats"),
        ("Mine", "pets", "Mine-pets-3", "run", "Mine on pets (3)"),
        ("efficientnetv2-b0", "imagenet", "efficientnetv2-b0", "download", "EfficientNetV2-B0"),
        ("lenet5", "mnist", "Zahlen 1", "run", "Zahlen 1"),
        ("", "", "theirs", "file", "theirs"),
    ],
)
def test_models_are_named_as_people_would(architecture: str, dataset: str, folder: str, kind: str, name: str) -> None:
    assert name_of(card(architecture, dataset), folder, kind) == name


def test_a_copy_that_lies_elsewhere_is_named_by_its_card() -> None:
    assert name_of(card(name="lenet5-mnist-3")) == "LeNet-5 on MNIST (3)"
    assert name_of(card(name="For Ada")) == "For Ada"


def test_the_line_below_a_name_does_not_repeat_it() -> None:
    assert describe_card(card(), "run", "My LeNet-5 on MNIST") == "98.8 % right · trained here"
    assert describe_card(card(), "run", "For Ada") == "LeNet-5 · MNIST · 98.8 % right · trained here"
    assert describe_card(card("Mine", "pets"), "run", "My Mine on pets (2)") == "98.8 % right · trained here"


@pytest.mark.parametrize(
    ("epochs", "says"), [(3, "trained here"), (2, "stopped after 2 of 3 epochs"), (0, "stopped in its first epoch")]
)
def test_a_training_that_was_stopped_is_marked(epochs: int, says: str) -> None:
    stopped = replace(card(), epochs=epochs, planned_epochs=3)
    assert describe_card(stopped, "run", "My LeNet-5 on MNIST") == f"98.8 % right · {says}"


def test_the_newest_of_ones_own_comes_first(qtbot: QtBot) -> None:
    add_run("mlp-mnist", "2026-11-01T00:00:00+00:00")
    add_run("mlp-mnist-2", "2026-11-02T00:00:00+00:00")
    models = chooser(qtbot)
    choices = models.findChild(Picker, "model_picker").choices
    assert [(choice.title, choice.group) for choice in choices[:3]] == [
        ("My MLP on MNIST (2)", "Yours"),
        ("My MLP on MNIST", "Yours"),
        ("LeNet-5 on MNIST", "Comes with CNN Studio"),
    ]
    assert models.name == "My MLP on MNIST (2)"


def test_only_what_was_trained_here_has_a_training_to_show(qtbot: QtBot) -> None:
    run = add_run("mlp-mnist")
    models = chooser(qtbot)
    action = models.findChild(QAction, "show_training")
    with qtbot.waitSignal(models.training_wanted) as wanted:
        action.trigger()
    assert wanted.args == [run]
    choices = models.findChild(Picker, "model_picker").choices
    models.choose(Path(next(one.key for one in choices if one.title == "LeNet-5 on MNIST")))
    assert not action.isEnabled()


@pytest.fixture
def two(qtbot: QtBot) -> Iterator[tuple[ModelChooser, Library, MessageBar]]:
    """A chooser of which “mlp-mnist” is chosen, as a page shows it."""
    message = MessageBar()
    path = add_run("mlp-mnist")
    library = Library()
    models = ModelChooser(library, Settings(), message)
    library.changed.connect(models.refresh)
    qtbot.addWidget(models)
    qtbot.addWidget(message)
    models.choose(path)
    yield models, library, message
    library.shut_down()


def test_a_model_that_is_renamed_elsewhere_is_followed(
    qtbot: QtBot, two: tuple[ModelChooser, Library, MessageBar]
) -> None:
    models, library, message = two
    renamed = rename_model(library.model(models.path), "For Ada")
    with qtbot.waitSignal(models.chosen) as chosen:
        library.refresh()
    assert chosen.args == [renamed.path]
    assert (models.path, models.name) == (renamed.path, "For Ada")
    assert message.text == "“My MLP on MNIST” is called “For Ada” now."


def test_the_loss_of_a_model_is_said(qtbot: QtBot, two: tuple[ModelChooser, Library, MessageBar]) -> None:
    models, library, message = two
    shutil.rmtree(models.path)
    with qtbot.waitSignal(models.chosen) as chosen:
        library.refresh()
    assert chosen.args == [models.path]
    assert models.name == "LeNet-5 on MNIST"
    assert message.text == (
        "“My MLP on MNIST” is not there any more: it was moved or deleted elsewhere. LeNet-5 on MNIST is open instead."
    )


def opened(models: ModelChooser) -> list[str]:
    choices = models.findChild(Picker, "model_picker").choices
    return [choice.title for choice in choices if choice.group == "Opened"]


def test_what_was_opened_from_elsewhere_is_in_the_list_at_the_next_start(qtbot: QtBot, tmp_path: Path) -> None:
    shipped = next(entry for entry in list_models() if entry.name == "lenet5-mnist")
    models = chooser(qtbot)
    for name in ("gone.keras", "there.keras"):
        path = copy_model(shipped, tmp_path / name)
        models.choose(path)
        models.introduce(path, shipped.card)
    (tmp_path / "gone.keras").unlink()
    again = chooser(qtbot)
    qtbot.waitUntil(lambda: bool(opened(again)))
    assert opened(again) == ["LeNet-5 on MNIST"]
    again.choose(path)
    assert (again.path, again.name) == (path, "LeNet-5 on MNIST")


def test_two_models_of_one_name_are_told_apart_by_their_folders(qtbot: QtBot, tmp_path: Path) -> None:
    shipped = next(entry for entry in list_models() if entry.name == "lenet5-mnist")
    models = chooser(qtbot)
    for name in ("a/new/digits", "b/new/digits", "b/old/digits", "b/old/copy"):
        path = copy_model(shipped, tmp_path / f"{name}.keras")
        models.choose(path)
        models.introduce(path, shipped.card)
    choices = [one for one in models.findChild(Picker, "model_picker").choices if one.group == "Opened"]
    assert [(one.title, one.description.rpartition(" · ")[2]) for one in choices] == [
        ("LeNet-5 on MNIST", "opened from “a/new”"),
        ("LeNet-5 on MNIST", "opened from “b/new”"),
        ("LeNet-5 on MNIST", "opened from “old/digits.keras”"),
        ("LeNet-5 on MNIST", "opened from “old/copy.keras”"),
    ]


def test_what_cannot_be_done_with_a_model_says_why(qtbot: QtBot, tmp_path: Path) -> None:
    shipped = next(entry for entry in list_models() if entry.name == "lenet5-mnist")
    models = chooser(qtbot)
    actions = {action.objectName(): action for action in models.findChild(LibraryMenu).menu().actions()}
    possible = actions["copy_model"].toolTip()
    path = copy_model(shipped, tmp_path / "digits.keras")
    models.choose(path)
    models.introduce(path, shipped.card)
    grey = {name: action.toolTip() for name, action in actions.items() if name and not action.isEnabled()}
    assert {"copy_model", "show_training", "show_model_mistakes", "describe_model"} <= set(grey)
    assert "already" in grey["copy_model"] and "“What is it…”" in grey["rename_model"]
    assert len(set(grey.values())) == len(grey) - 1  # renaming and deleting have one reason
    models.choose(shipped.path)
    assert actions["copy_model"].isEnabled() and actions["copy_model"].toolTip() == possible


def test_two_trainings_of_one_name_are_told_apart_by_their_dates(qtbot: QtBot) -> None:
    add_run("mlp-mnist", "2026-11-01T12:00:00+00:00")
    add_run("My MLP on MNIST", "2026-11-02T12:00:00+00:00")
    one, other, *_ = chooser(qtbot).findChild(Picker, "model_picker").choices
    assert one.title == other.title == "My MLP on MNIST"
    assert "2 November 2026" in one.description and "1 November 2026" in other.description


def test_what_is_said_anew_of_a_model_is_heard_on_every_page(qtbot: QtBot, tmp_path: Path) -> None:
    shipped = next(entry for entry in list_models() if entry.name == "lenet5-mnist")
    path, library = copy_model(shipped, tmp_path / "theirs.keras"), Library()
    pages = [ModelChooser(library, Settings(), MessageBar()) for _ in range(2)]
    for models in pages:
        qtbot.addWidget(models)
    pages[0].choose(path)
    with qtbot.waitSignal(pages[0].described) as described, qtbot.assertNotEmitted(pages[1].described):
        library.described.emit(path)
    assert described.args == [path]


def test_what_is_refused_is_not_listed_and_the_model_in_use_stays(qtbot: QtBot, tmp_path: Path) -> None:
    shipped = next(entry for entry in list_models() if entry.name == "lenet5-mnist")
    message = MessageBar()
    models = ModelChooser(Library(), Settings(), message)
    qtbot.addWidget(models)
    qtbot.addWidget(message)
    models.choose(shipped.path)
    models.introduce(shipped.path, shipped.card)
    models.choose(tmp_path / "damaged.keras")
    with qtbot.waitSignal(models.chosen) as chosen:
        assert not models.take_failure(models.path, StudioError("It is damaged."))
    assert chosen.args == [shipped.path] == [models.path] and opened(models) == []
    assert message.text == "It is damaged."
    models.choose(tmp_path / "first.keras")
    models.choose(tmp_path / "second.keras")
    assert opened(models) == ["second.keras"]  # nobody knows yet whether it can be opened


def test_what_is_refused_without_another_in_use_leaves_the_first_that_is_here(qtbot: QtBot, tmp_path: Path) -> None:
    models = chooser(qtbot)
    models.choose(tmp_path / "damaged.keras")
    models.take_failure(models.path, StudioError("It is damaged."))
    first = models.path
    assert first is not None and models.card is not None
    models.take_failure(first, StudioError("It is damaged, too."))
    assert models.path not in (None, first)


def test_a_folder_that_holds_a_model_is_opened_whatever_else_lies_there(qtbot: QtBot, tmp_path: Path) -> None:
    shipped = next(entry for entry in list_models() if entry.name == "lenet5-mnist")
    message = MessageBar()
    models = ModelChooser(Library(), Settings(), message)
    qtbot.addWidget(models)
    qtbot.addWidget(message)
    path = copy_model(shipped, tmp_path / "theirs" / "model.keras")
    for name in ("logs", "pictures"):
        (tmp_path / "theirs" / name).mkdir()
    models.open_folder(tmp_path / "theirs")
    assert models.path == path
    models.open_folder(tmp_path / "theirs" / "logs")
    assert models.path == path and message.text.startswith(f"There is no model in {tmp_path / 'theirs' / 'logs'}.")


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    """A model of somebody else's, of which it was said what it is, as at the command line."""
    from tests.gui.pages.choosers.test_adopt_dialog import brightness

    path = brightness(tmp_path, 1)
    found = inspect_model(path)
    remember(found, replace(found.guess, name="Theirs"))
    return path


def test_what_was_adopted_elsewhere_is_in_the_list(qtbot: QtBot, theirs: Path) -> None:
    models = chooser(qtbot)
    assert opened(models) == ["Theirs"]
    models.choose(theirs)
    assert (models.path, models.name, models.adopted) == (theirs, "Theirs", True)


@pytest.mark.parametrize("was_opened", [False, True])
def test_a_model_of_others_can_be_taken_off_the_list(qtbot: QtBot, theirs: Path, was_opened: bool) -> None:
    message, library = MessageBar(), Library()
    models = ModelChooser(library, Settings(), message)
    library.changed.connect(models.refresh)
    for widget in (models, message):
        qtbot.addWidget(widget)
    action = models.findChild(QAction, "take_off_list")
    models.choose(list_models()[0].path)
    assert not action.isEnabled()
    models.choose(theirs)
    if was_opened:
        models.introduce(theirs, replace(card(), name="Theirs"), adopted=True)
    with qtbot.waitSignal(library.refreshed), qtbot.waitSignal(models.chosen) as chosen:
        action.trigger()
    assert chosen.args == [models.path] and models.path != theirs
    assert message.text == f"“Theirs” is not in the list any more. Its file stays where it is: {theirs}."
    assert opened(models) == opened(chooser(qtbot)) == [] and theirs.exists()
    assert remembered(theirs) is not None
    open_adopted(theirs)
    library.shut_down()
    assert opened(chooser(qtbot)) == ["Theirs"]
