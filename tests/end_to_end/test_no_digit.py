"""Pictures of something else are told from digits."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from cnnstudio.data.augmentation.made_up_digits import draw_digits
from cnnstudio.data.library import load_dataset
from cnnstudio.data.pictures.input_rules import looks_like_a_photo
from cnnstudio.data.pictures.no_digit import looks_like_no_digit
from cnnstudio.data.pictures.strokes import render_all
from cnnstudio.models.trained.classifier import Classifier
from cnnstudio.models.trained.library import load_classifier
from cnnstudio.storage import shipped


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return load_classifier("lenet5-mnist")


def share_of_alarms(classifier: Classifier, images: np.ndarray) -> float:
    sure = classifier.predict_many(images).max(axis=1)
    alarms = [looks_like_no_digit(image, float(p), False) for image, p in zip(images, sure, strict=True)]
    return float(np.mean(alarms))


def test_digits_are_seldom_taken_for_something_else(classifier: Classifier) -> None:
    assert share_of_alarms(classifier, load_dataset("mnist").test.images[:300]) <= 0.01
    assert share_of_alarms(classifier, render_all(draw_digits(100, seed=3)[0])) <= 0.01


def hand() -> Image.Image:
    picture = Image.new("RGB", (480, 400), (205, 215, 190))
    pen = ImageDraw.Draw(picture)
    skin = (210, 150, 120)
    pen.ellipse((170, 190, 310, 340), fill=skin)
    pen.rectangle((195, 300, 285, 400), fill=skin)
    for x, y in ((105, 185), (175, 90), (240, 70), (300, 95), (345, 160)):
        pen.line((240, 260, x, y), fill=skin, width=30)
        pen.ellipse((x - 15, y - 15, x + 15, y + 15), fill=skin)
    return picture


def test_other_things_are_no_digits(classifier: Classifier) -> None:
    photos = [Image.open(shipped("assets/photos") / name).convert("RGB") for name in ("chelsea.jpg", "coffee.jpg")]
    for picture in (hand(), *photos):
        image = classifier.prepare(picture).image
        sure = float(classifier.predict(image).probabilities.max())
        assert looks_like_no_digit(image, sure, looks_like_a_photo(picture))
