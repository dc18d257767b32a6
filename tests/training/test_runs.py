import errno
import json
from dataclasses import replace
from pathlib import Path

import pytest

from cnnstudio.errors import StudioError
from cnnstudio.models.trained.library import card_of
from cnnstudio.storage import runs_folder, shipped
from cnnstudio.training.config import TrainingConfig
from cnnstudio.training.events import EpochEnd
from cnnstudio.training.runs import (
    History,
    config_of_run,
    create_run,
    histories_up_to_run,
    history_of_run,
    initial_model,
)

CONFIG = TrainingConfig(architecture="softmax", seed=7)


def test_runs_are_named_and_numbered():
    runs = [create_run(CONFIG) for _ in range(3)]
    assert [run.folder.name for run in runs] == ["softmax-mnist", "softmax-mnist-2", "softmax-mnist-3"]
    assert all(run.folder.parent == runs_folder() for run in runs)
    config = json.loads((runs[0].folder / "config.json").read_text())
    assert (config["architecture"], config["seed"], config["format"]) == ("softmax", 7, 1)


def test_no_run_is_called_like_a_model_that_ships():
    names = {folder.name for folder in shipped("trained").iterdir()}
    assert "lenet5-mnist" in names
    assert create_run(TrainingConfig(architecture="lenet5")).folder.name not in names


def test_output_may_be_new_or_empty(tmp_path, monkeypatch):
    (tmp_path / "empty").mkdir()
    assert create_run(CONFIG, tmp_path / "empty").folder == tmp_path / "empty"
    assert create_run(CONFIG, tmp_path / "deep" / "new").folder == tmp_path / "deep" / "new"
    monkeypatch.chdir(tmp_path)
    assert create_run(CONFIG, Path("relative")).folder == tmp_path / "relative"


def test_output_with_something_in_it_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("precious")
    with pytest.raises(StudioError, match="not empty"):
        create_run(CONFIG, tmp_path)
    assert [path.name for path in tmp_path.iterdir() if path.name != "home"] == ["thesis.txt"]
    with pytest.raises(StudioError, match="is a file"):
        create_run(CONFIG, tmp_path / "thesis.txt")
    with pytest.raises(StudioError, match="cannot be written"):
        create_run(CONFIG, tmp_path / "thesis.txt" / "below")


def test_a_folder_that_cannot_be_opened_is_not_left_behind(monkeypatch):
    def refuse(*_):
        raise PermissionError(errno.EACCES, "no permission")

    monkeypatch.setattr("cnnstudio.storage.os.open", refuse)
    with pytest.raises(StudioError, match="cannot be written"):
        create_run(CONFIG)
    assert list(runs_folder().iterdir()) == []


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="there is no file system here that nobody can write to")
def test_output_that_nobody_can_write_to():
    with pytest.raises(StudioError, match="/proc/self/run"):
        create_run(CONFIG, Path("/proc/self/run"))


def test_a_full_disk_is_seen_before_training(tmp_path):
    run = create_run(CONFIG, tmp_path / "run")
    run.check_space(1000)
    with pytest.raises(StudioError, match=r"full.*Make room"):
        run.check_space(2**60)


def test_discarding_removes_no_more_than_was_made(tmp_path):
    made = create_run(CONFIG, tmp_path / "made")
    made.discard()
    assert not made.folder.exists()
    (tmp_path / "given").mkdir()
    given = create_run(CONFIG, tmp_path / "given")
    given.discard()
    assert list(given.folder.iterdir()) == []


def test_a_folder_that_was_renamed_is_followed():
    run = create_run(CONFIG)
    renamed = run.folder.rename(run.folder.with_name("mine"))
    run.write_history(History(batches_per_epoch=3))
    assert run.folder == renamed
    assert sorted(path.name for path in renamed.iterdir()) == ["config.json", "history.json"]
    assert list(runs_folder().iterdir()) == [renamed]
    run.close()


def test_a_folder_that_was_thrown_away_is_begun_again(tmp_path):
    run = create_run(CONFIG)
    run.write_history(History(batches_per_epoch=2))
    run.has_model = True
    run.folder.rename(tmp_path / "trash")
    other = create_run(CONFIG)  # which takes the name
    run.write_history(History(batches_per_epoch=3))
    assert not run.has_model
    assert run.folder.name == "softmax-mnist-2"
    assert history_of_run(run.folder).batches_per_epoch == 3
    assert config_of_run(run.folder) == config_of_run(other.folder) == config_of_run(tmp_path / "trash")
    assert not (other.folder / "history.json").exists()
    run.discard()
    assert list(runs_folder().iterdir()) == [other.folder]
    for one in (run, other):
        one.close()


def test_a_folder_that_goes_away_while_it_is_written_to(tmp_path):
    run = create_run(CONFIG)

    class Slow:
        tried = 0

        def save(self, folder):
            self.tried += 1
            if self.tried == 1:
                folder.rename(tmp_path / "trash")
                raise StudioError("the folder is gone")

    slow = Slow()
    run.write_model(slow)
    assert (slow.tried, run.has_model) == (2, True)
    assert config_of_run(run.folder) == config_of_run(tmp_path / "trash")
    run.close()


def test_an_output_where_a_training_was_killed_is_as_good_as_empty(tmp_path):
    output = tmp_path / "run"
    run = create_run(CONFIG, output)
    (output / ".cnnstudio-abcd.keras").touch()
    with pytest.raises(StudioError, match="not empty"):
        create_run(CONFIG, output)  # it is going on
    run.close()
    again = create_run(CONFIG, output)
    assert [path.name for path in output.iterdir()] == ["config.json"]
    again.close()


def test_an_output_with_another_programs_config_is_left_alone(tmp_path):
    (tmp_path / "theirs").mkdir()
    config = tmp_path / "theirs" / "config.json"
    for text in ('{"model": "bert"}', "[]", "{"):
        config.write_text(text)
        with pytest.raises(StudioError, match="not empty"):
            create_run(CONFIG, tmp_path / "theirs")
        assert config.read_text() == text


def test_a_run_tells_how_it_went(tmp_path):
    run = create_run(CONFIG, tmp_path / "run")
    epochs = [EpochEnd(0, 0.5, 0.8, 0.4, 0.9), EpochEnd(1, 0.3, 0.9, float("nan"), 0.9)]
    run.write_history(History(epochs, [0.6, 0.4, 0.3, 0.2, 0.1], [0.7, 0.9, 0.9, 0.9, 1.0], 2, "Add more images."))
    history = history_of_run(run.folder)
    assert str(history.epochs) == str(epochs)
    assert (history.loss[-1], history.accuracy[0], history.batches_per_epoch) == (0.1, 0.7, 2)
    assert history.advice == "Add more images."


def test_a_run_of_an_earlier_version_did_not_count_its_batches(tmp_path):
    epoch = {"epoch": 0, "loss": 0.5, "accuracy": 0.8, "val_loss": 0.4, "val_accuracy": 0.9}
    batches = {"loss": [1.0] * 6, "accuracy": [0.5] * 6}
    (tmp_path / "history.json").write_text(json.dumps({"format": 1, "epochs": [epoch, epoch], "batches": batches}))
    assert history_of_run(tmp_path).batches_per_epoch == 3


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"epochs": 1, "batches": {}}',
        '{"epochs": [], "batches": {"loss": [1], "accuracy": []}}',
        "[" * 99_999,
    ],
)
def test_a_damaged_history_is_said(tmp_path, text):
    (tmp_path / "history.json").write_text(text)
    with pytest.raises(StudioError, match="missing or damaged"):
        history_of_run(tmp_path)


def test_a_run_is_told_with_what_it_goes_on_from():
    first = create_run(CONFIG)
    second = create_run(replace(CONFIG, start_from=str(first.folder)))
    third = create_run(replace(CONFIG, start_from=str(second.folder)))
    for number, run in enumerate((first, second, third)):
        run.write_history(History([EpochEnd(0, float(number), 0.5, 1.0, 0.5)], [1.0], [0.5], 1))
    assert [one.epochs[0].loss for one in histories_up_to_run(third.folder)] == [0, 1, 2]
    first.discard()
    assert [one.epochs[0].loss for one in histories_up_to_run(third.folder)] == [1, 2]
    second.write_config(replace(CONFIG, start_from=str(third.folder)))  # in a circle
    assert [one.epochs[0].loss for one in histories_up_to_run(third.folder)] == [1, 2]


def test_with_which_weights_other_models_began_is_not_known():
    path = shipped("trained/lenet5-mnist")
    with pytest.raises(StudioError, match="trained here"):
        initial_model(path, card_of(path))
