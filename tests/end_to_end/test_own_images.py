"""Sets of one's own are trained on as they come: a handful of drawings, colour photos in a zip, folders with splits."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cnnstudio.data.collected.collection import ENOUGH, Collection
from cnnstudio.data.collected.sets import create_collection
from cnnstudio.data.library import collected_folder, find_dataset, import_dataset
from cnnstudio.errors import StudioError
from cnnstudio.progress import Progress
from cnnstudio.training.config import TrainingConfig
from cnnstudio.training.trainer import NothingTrained, train


def colours(folder: Path, counts: dict[str, int]) -> Path:
    """Noisy pictures, each class of a colour of its own."""
    random = np.random.default_rng(0)
    for index, (name, count) in enumerate(counts.items()):
        (folder / name).mkdir(parents=True)
        for number in range(count):
            pixels = random.integers(0, 120, (40, 30, 3))
            pixels[..., index % 3] += 100
            Image.fromarray(pixels.astype(np.uint8)).save(folder / name / f"{number}.png")
    return folder


QUICK = TrainingConfig(architecture="softmax", epochs=8, batch_size=16, learning_rate=0.01)


def test_a_zip_is_trained_on_by_its_path_and_the_card_tells_how_to_do_it_again(tmp_path: Path) -> None:
    folder = colours(tmp_path / "colours", {"red": 40, "green": 40, "blue": 40})
    archive = shutil.make_archive(str(tmp_path / "colours"), "zip", folder)
    events: list[object] = []
    result = train(replace(QUICK, dataset=archive, image_size=16, channels=3), on_event=events.append)
    assert result.test_accuracy > 0.9
    assert result.test_images == 18
    card = result.classifier.card
    assert card.input_shape == (16, 16, 3)
    assert card.input_rule == "centre-crop"
    assert f"--dataset {archive}" in card.command
    assert "--image-size 16 --channels 3" in card.command
    assert card.licence == ""
    assert any(isinstance(event, Progress) and event.unit == "images" for event in events)
    picture = Image.new("RGB", (300, 200), (60, 160, 60))
    assert result.classifier.predict(picture).top(1)[0][1] == "green"


def test_validation_images_of_the_folder_are_used(tmp_path: Path) -> None:
    for split, count in (("train", 20), ("validation", 5), ("test", 4)):
        colours(tmp_path / "own" / split, {"red": count, "green": count})
    events: list[object] = []
    result = train(replace(QUICK, dataset=str(tmp_path / "own"), image_size=8), on_event=events.append)
    started = next(event for event in events if hasattr(event, "validation_images"))
    assert (started.train_images, started.validation_images, result.test_images) == (40, 10, 8)
    assert not started.held_out
    assert started.classes == ("green", "red")


def test_a_stop_while_the_folder_is_scanned_keeps_nothing(tmp_path: Path) -> None:
    import threading

    stop = threading.Event()
    folder = colours(tmp_path / "own", {"red": 30, "green": 30})
    with pytest.raises(NothingTrained):
        train(
            replace(QUICK, dataset=str(folder)),
            on_event=lambda event: stop.set() if isinstance(event, Progress) else None,
            stop=stop,
            output=tmp_path / "run",
        )
    assert not (tmp_path / "run").exists()


def test_a_batch_larger_than_the_folder_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    folder = colours(tmp_path / "own", {"red": 10, "green": 10})
    with pytest.raises(StudioError, match="batch size"):
        train(replace(QUICK, dataset=str(folder), batch_size=128))


def test_three_examples_of_two_classes_can_be_trained_on() -> None:
    random = np.random.default_rng(0)
    collection = Collection(create_collection(collected_folder(), "Few", "drawings", ["circle", "square"]))
    for name in ("circle", "square"):
        for _ in range(ENOUGH):
            collection.write(name, collection.render([random.uniform(40, 240, (8, 2))]))
    collection.close()
    result = train(
        replace(TrainingConfig.suggested(find_dataset("Few")), architecture="softmax", epochs=1, augmentation="none")
    )
    assert result.test_images == 2


def test_suggestions_grow_with_the_images() -> None:
    few, many = find_dataset("mnist"), find_dataset("mnist")
    few = replace(few, train_images=500, path=Path("own"))
    assert TrainingConfig.suggested(many) == TrainingConfig()
    assert TrainingConfig.suggested(few).epochs > 3
    assert TrainingConfig.suggested(few).batch_size < 128
    assert "shift" in TrainingConfig.suggested(few).augmentation
    assert TrainingConfig.suggested(replace(few, image_shape=(64, 64, 3))).augmentation == "photo"


def test_an_imported_folder_gone_meanwhile_says_so(tmp_path: Path) -> None:
    folder = colours(tmp_path / "own", {"red": 10, "green": 10})
    import_dataset(folder)
    folder.rename(tmp_path / "moved")
    with pytest.raises(StudioError, match="own"):
        train(replace(QUICK, dataset="own", batch_size=4))


def test_the_defaults_suit_a_small_folder_from_python_too(tmp_path: Path) -> None:
    folder = colours(tmp_path / "own", {"red": 30, "green": 30})
    config = TrainingConfig(dataset=str(folder), architecture="softmax", epochs=2)
    assert config.epochs == 2
    assert config.batch_size < 16
    assert config.augmentation == "photo"
    assert replace(config, seed=1).batch_size == config.batch_size
    assert train(config).test_images == 8


def test_few_or_large_photos_are_best_transferred() -> None:
    """And as large as the pictures themselves, as far as the network has learnt to see."""
    mnist, own = find_dataset("mnist"), Path("own")
    few = replace(mnist, path=own, image_shape=(64, 64, 3), train_images=30, original_side=500)
    proposed = TrainingConfig.suggested(few)
    assert (proposed.architecture, proposed.image_size, proposed.channels) == ("transfer-efficientnet-lite0", 160, 3)
    for entry, architecture, side in (
        (replace(few, original_side=100), "transfer-efficientnet-lite0", 96),
        (replace(few, image_shape=(40, 40, 3), original_side=40), "transfer-efficientnet-lite0", 40),
        (replace(few, original_side=0), "transfer-efficientnet-lite0", 64),
        (replace(few, train_images=20_000), "transfer-efficientnet-lite0", 128),
        (replace(few, image_shape=(32, 32, 3), original_side=32, train_images=20_000), "lenet5", 32),
        (replace(few, image_shape=(64, 64, 1)), "lenet5", 64),
    ):
        proposed = TrainingConfig.suggested(entry)
        assert (proposed.architecture, proposed.image_size) == (architecture, side), entry
    assert TrainingConfig.suggested(few, "resnet20").image_size == 64
    assert TrainingConfig.suggested(mnist, "transfer-efficientnet-lite0").image_size is None
    assert TrainingConfig.suggested(few).epochs < TrainingConfig.suggested(few, "resnet20").epochs / 2


def test_a_folder_knows_how_large_its_pictures_are(tmp_path: Path) -> None:
    colours(tmp_path / "own", {"red": 5, "green": 5})
    assert find_dataset(str(tmp_path / "own")).original_side == 30
    assert import_dataset(tmp_path / "own", 16).original_side == 30
    assert find_dataset("own", 64).original_side == 30
