"""One photo, however the phone was held, on every way into a network: the same image and the same answer."""

import csv
import json
import shutil
import threading
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cnnstudio.data.collected.collection import Collection, add_pictures
from cnnstudio.data.collected.sets import create_collection
from cnnstudio.data.folders.files import list_pictures
from cnnstudio.data.folders.load import load_folder
from cnnstudio.data.pictures.input_rules import INPUT_RULES
from cnnstudio.data.pictures.open import open_image
from cnnstudio.models.trained.classifier import Classifier
from cnnstudio.models.trained.folder_prediction import predict_files
from cnnstudio.models.trained.library import load_classifier
from tests.data.phone_photos import ORIENTATIONS, PHOTOS, photo, seven


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return load_classifier("lenet5-mnist")


@pytest.fixture(scope="module")
def cropping(classifier: Classifier) -> Classifier:
    """The same with the rule that takes the least time: pictures are turned before any rule."""
    return Classifier(classifier.model, replace(classifier.card, input_rule="centre-crop"))


@pytest.fixture(scope="module")
def scene() -> Image.Image:
    """What all photos are of."""
    return seven()


@pytest.fixture(scope="module")
def expected(classifier: Classifier, cropping: Classifier, scene: Image.Image) -> dict[bool, np.ndarray]:
    """What a network, or (True) a set of drawings, gets of the photo where it was saved as it stands."""
    return {False: cropping.prepare(scene).image, True: classifier.prepare(scene).image}


def predicted(classifier: Classifier, path: Path) -> np.ndarray:
    """The image that the network got of a folder's or an archive's one picture."""
    [[prediction]] = predict_files(classifier, list_pictures([path])[0])
    assert prediction.error == ""
    return prediction.image


def zipped(path: Path) -> Path:
    with zipfile.ZipFile(path.with_suffix(".zip"), "w") as archive:
        archive.write(path, f"DCIM/{path.name}")
    return path.with_suffix(".zip")


def collected(source: Path | bytes, folder: Path) -> np.ndarray:
    """The example that a set of drawings keeps of a photo."""
    collection = Collection(create_collection(folder, "Digits", "drawings", ["seven"]))
    paths, problems = add_pictures(collection, "seven", [source], lambda _: None, threading.Event())
    assert problems == []
    return np.asarray(Image.open(paths[0]))[..., np.newaxis]


WAYS: dict[str, Callable[[Classifier, Path], np.ndarray]] = {
    "file": lambda classifier, path: classifier.prepare(path).image,
    "bytes": lambda classifier, path: classifier.prepare(path.read_bytes()).image,
    "Pillow image": lambda classifier, path: classifier.prepare(Image.open(path)).image,
    "opened before": lambda classifier, path: classifier.prepare(open_image(path)).image,
    "folder": lambda classifier, path: predicted(classifier, path.parent),
    "zip": lambda classifier, path: predicted(classifier, zipped(path)),
    "collected file": lambda _, path: collected(path, path.parent),
    "collected bytes": lambda _, path: collected(path.read_bytes(), path.parent),
}


def taken(way: str, orientation: int) -> bool:
    """Whether a way takes an orientation: all do, but that sets keep bytes as they keep files, four do for each."""
    return not way.startswith("collected") or (orientation in {3, 4, 7, 8}) == way.endswith("bytes")


@pytest.mark.parametrize(
    ("way", "orientation"), [(way, one) for way in WAYS for one in ORIENTATIONS if taken(way, one)]
)
def test_however_the_phone_was_held(
    way: str,
    orientation: int,
    *,
    scene: Image.Image,
    cropping: Classifier,
    expected: dict[bool, np.ndarray],
    tmp_path: Path,
) -> None:
    # Each way takes four of the orientations as PNG and four as JPEG, the next way the other four.
    format = ("PNG", "JPEG")[(orientation + list(WAYS).index(way)) % 2]
    path = tmp_path / "photos" / "IMG_0001.JPG"
    path.parent.mkdir()
    path.write_bytes(photo(scene, orientation, format))
    image = WAYS[way](cropping, path)
    # A JPEG that was stored in another direction differs by a little.
    assert np.abs(image.astype(int) - expected[way.startswith("collected")]).max() <= (0 if format == "PNG" else 32)


@pytest.mark.parametrize("name", ["seven-phone.jpg", "seven-phone.heic"])
def test_the_photos_of_a_phone_are_a_seven(name: str, classifier: Classifier) -> None:
    _, answer, share = classifier.predict(PHOTOS / name).top(1)[0]
    assert answer == "7"
    assert share > 0.99


def test_training_images_stand_upright(scene: Image.Image, tmp_path: Path) -> None:
    rule = INPUT_RULES["centre-crop"]
    wanted = rule.prepare(scene, (48, 48, 3)).image
    for orientation in ORIENTATIONS:
        for format in ("PNG", "JPEG"):
            path = tmp_path / "photos" / format / f"{orientation}.JPG"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(photo(scene, orientation, format))
    (tmp_path / "photos" / "PNG" / "9.HEIC").write_bytes((PHOTOS / "seven-phone.heic").read_bytes())
    dataset = load_folder(tmp_path / "photos", 48, 3)
    assert dataset.report.unreadable_count == 0
    images = np.concatenate([dataset.train.images, dataset.test.images]).astype(int)
    assert len(images) == 17
    assert np.abs(images - wanted).mean(axis=(1, 2, 3)).max() < 4


def test_photos_however_the_phone_was_held(outcome: Callable[..., tuple[int, str, str]], tmp_path: Path):
    folder = tmp_path / "DCIM"
    folder.mkdir()
    (folder / "IMG_0008.JPG").write_bytes(photo(seven(), 8))
    shutil.copy(PHOTOS / "seven-phone.heic", folder / "IMG_0011.HEIC")
    files = sorted(str(path) for path in folder.iterdir())
    code, out, err = outcome("predict", "lenet5-mnist", *files, "--top", "1", "--json")
    assert (code, err) == (0, "")
    assert [(entry["file"], entry["predictions"][0]["class"]) for entry in json.loads(out)] == [(f, "7") for f in files]
    for number, source in enumerate((folder, shutil.make_archive(str(tmp_path / "photos"), "zip", folder))):
        table = tmp_path / f"{number}.csv"
        code, out, _ = outcome("predict", "lenet5-mnist", str(source), "--csv", str(table))
        assert (code, out) == (0, f"2 of 2 images are predicted in {table}.\n")
        assert [row["class"] for row in csv.DictReader(table.open(encoding="utf-8"))] == ["7"] * 2
