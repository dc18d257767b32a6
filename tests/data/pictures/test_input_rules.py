"""Pictures become images as the network was trained on: photographs, scans, screenshots and exported images."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cnnstudio.data.library import load_dataset
from cnnstudio.data.pictures.input_rules import INPUT_RULES, STEP_SIDE, Prepared, cut_out, shrunk
from cnnstudio.data.pictures.open import open_image
from cnnstudio.errors import StudioError
from cnnstudio.models.backend import import_keras
from cnnstudio.models.trained.classifier import Classifier
from cnnstudio.models.trained.library import load_classifier

SHAPE = (28, 28, 1)


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return load_classifier("lenet5-mnist")


@pytest.fixture(scope="module")
def digits() -> tuple[np.ndarray, np.ndarray]:
    test = load_dataset("mnist").test
    chosen = np.random.default_rng(7).permutation(len(test))[:4]
    return test.images[chosen, ..., 0], test.labels[chosen]


def prepare(picture: Image.Image, rule: str = "digit", shape: tuple[int, int, int] = SHAPE) -> Prepared:
    return INPUT_RULES[rule].prepare(picture, shape)


def photograph(digit: np.ndarray, random: np.random.Generator) -> Image.Image:
    """A digit in blue or black ink on lit, noisy paper, turned a little, as a JPEG."""
    height, width = 450, 600
    rows, columns = np.mgrid[:height, :width] / height
    light = random.uniform(150, 235) * (
        1 - random.uniform(0, 0.35) * (rows * random.random() + columns * random.random())
    )
    page = np.repeat(light[..., np.newaxis], 3, axis=2) + random.normal(0, 3, (height, width, 1))
    side = int(random.integers(112, 285))
    ink = np.asarray(Image.fromarray(digit).resize((side, side), Image.Resampling.BICUBIC)) / 255
    top, left = int(random.integers(30, height - side - 30)), int(random.integers(30, width - side - 30))
    colour = np.array([(40, 40, 45), (40, 60, 140)][random.integers(2)])
    part = page[top : top + side, left : left + side]
    part += ink[..., np.newaxis] * (np.minimum(colour, part) - part)
    picture = Image.fromarray(np.clip(page, 0, 255).astype(np.uint8))
    picture = picture.rotate(
        random.uniform(-5, 5), Image.Resampling.BICUBIC, fillcolor=tuple(int(v) for v in page[0, 0])
    )
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=80)
    return open_image(file.getvalue())


@pytest.fixture(scope="module")
def photographs(digits: tuple[np.ndarray, np.ndarray]) -> list[Image.Image]:
    random = np.random.default_rng(3)
    return [photograph(image, random) for image in digits[0]]


@pytest.fixture(scope="module")
def prepared(photographs: list[Image.Image]) -> list[Prepared]:
    """What the rule for digits makes of the photographs."""
    return [prepare(picture) for picture in photographs]


def share_right(classifier: Classifier, images: list[np.ndarray], labels: np.ndarray) -> float:
    return float((classifier.predict_many(np.stack(images)).argmax(axis=1) == labels).mean())


def test_photographs_are_recognised(
    classifier: Classifier, prepared: list[Prepared], digits: tuple[np.ndarray, np.ndarray]
) -> None:
    assert share_right(classifier, [each.image for each in prepared], digits[1]) >= 0.9


@pytest.mark.parametrize("ground", [0, 255])
def test_an_exported_image_stays_as_it_is(digits: tuple[np.ndarray, np.ndarray], ground: int) -> None:
    """Light on dark, and dark on light, which is turned round."""
    for image in digits[0]:
        picture = Image.fromarray(255 - image if ground else image)
        assert np.array_equal(prepare(picture).image[..., 0], image)


@pytest.mark.parametrize(("ink", "ground"), [("white", "black"), ("black", "white"), ("red", "lightyellow")])
def test_screenshots_of_any_colour(
    classifier: Classifier, digits: tuple[np.ndarray, np.ndarray], ink: str, ground: str
) -> None:
    images, labels = digits
    prepared = []
    for image in images[:3]:
        picture = Image.new("RGB", (500, 400), ground)
        stencil = Image.fromarray(image).resize((200, 200), Image.Resampling.BICUBIC)
        picture.paste(Image.new("RGB", (200, 200), ink), (250, 120), stencil)
        prepared.append(prepare(picture).image)
    assert share_right(classifier, prepared, labels[:3]) == 1


def test_steps_lead_from_the_picture_to_what_the_network_gets(
    photographs: list[Image.Image], prepared: list[Prepared]
) -> None:
    picture, steps = photographs[0], prepared[0].steps
    assert len(steps) >= 4
    assert len({step.title for step in steps}) == len(steps)
    assert steps[0].image.shape[1] / steps[0].image.shape[0] == pytest.approx(picture.width / picture.height, rel=0.01)
    assert steps[-1].image is prepared[0].image
    assert all(max(step.image.shape[:2]) <= STEP_SIDE and step.image.dtype == np.uint8 for step in steps)


@pytest.mark.parametrize("shape", [(28, 28, 1), (32, 32, 3), (20, 30, 1)])
@pytest.mark.parametrize("rule", INPUT_RULES)
def test_every_rule_gives_the_shape_that_is_asked_for(
    rule: str, shape: tuple[int, int, int], photographs: list[Image.Image]
) -> None:
    image = prepare(photographs[1], rule, shape).image
    assert image.shape == shape
    assert image.dtype == np.uint8


def test_the_digit_is_centred_by_its_mass(prepared: list[Prepared]) -> None:
    for each in prepared:
        image = each.image[..., 0].astype(float)
        centre = (np.indices(image.shape) * image).sum(axis=(1, 2)) / image.sum()
        assert np.abs(centre - 13.5).max() <= 1.5
        rows, columns = np.nonzero(image > 40)
        assert max(np.ptp(rows), np.ptp(columns)) + 1 in range(18, 22)


@pytest.mark.parametrize("grey", [0, 128, 255])
@pytest.mark.parametrize("size", [(400, 300), (1, 1)])
def test_a_blank_page_gets_a_sentence(grey: int, size: tuple[int, int]) -> None:
    with pytest.raises(StudioError, match="No digit was found"):
        prepare(Image.new("L", size, grey))


def test_centre_crop_takes_the_middle() -> None:
    pixels = np.zeros((100, 200, 3), np.uint8)
    pixels[:, 50:150] = (10, 200, 30)
    image = prepare(Image.fromarray(pixels), "centre-crop", (32, 32, 3)).image
    assert np.abs(image[1:-1, 1:-1].astype(int) - (10, 200, 30)).max() <= 3


@pytest.mark.parametrize("rule", ["centre-crop", "imagenet"])
@pytest.mark.parametrize("size", [(300, 200), (200, 301), (64, 64), (1, 1), (1, 900), (2000, 3), (7, 5)])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_the_crop_is_what_the_network_sees(rule: str, size: tuple[int, int], mode: str) -> None:
    """The box lies within the picture, in its middle, has the shape of the image, and holds what the image shows."""
    random = np.random.default_rng(5)
    coarse = random.integers(0, 256, (3, 3) if mode == "L" else (3, 3, 3), dtype=np.uint8)
    picture = Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)
    prepared = prepare(picture, rule, (32, 32, 3))
    assert prepared.crop is not None
    left, top, right, bottom = prepared.crop
    assert 0 <= left < right <= size[0]
    assert 0 <= top < bottom <= size[1]
    assert max(abs(left + right - size[0]), abs(top + bottom - size[1])) <= 1.01
    assert right - left == pytest.approx(bottom - top, rel=0.01)
    if min(size) >= 64:
        seen = picture.resize((32, 32), Image.Resampling.BICUBIC, box=prepared.crop).convert("RGB")
        assert np.abs(np.asarray(seen, np.int64) - prepared.image).max() <= 6


@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_a_part_that_was_chosen_is_scaled(mode: str) -> None:
    """Four squares of 40 pixels, each of one shade."""
    shades = np.array([[10, 90], [170, 250]], np.uint8).repeat(40, 0).repeat(40, 1)
    picture = Image.fromarray(shades).convert(mode)
    whole = cut_out(picture, (0, 0, 80, 80), (8, 8, 3))
    assert whole.image[[1, 1, 6, 6], [1, 6, 1, 6], 0] == pytest.approx([10, 90, 170, 250], abs=3)
    corner = cut_out(picture, (42.5, 40, 100, 90), (8, 8, 1))
    assert (corner.image[1:, 1:] >= 247).all()
    assert corner.crop == (42.5, 40, 80, 80)
    assert [step.title for step in corner.steps] == ["The picture", "What the network gets"]


def test_only_rules_that_take_a_rectangle_let_one_be_chosen() -> None:
    photo = Image.fromarray(np.random.default_rng(0).integers(0, 256, (50, 70, 3), dtype=np.uint8))
    assert {name for name, rule in INPUT_RULES.items() if rule.crops} == {"centre-crop", "imagenet"}
    for name in ("centre-crop", "imagenet"):
        assert INPUT_RULES[name].prepare(photo, (16, 16, 3)).crop is not None


def test_rules_differ_in_how_much_they_take() -> None:
    picture = Image.new("RGB", (640, 480))
    assert prepare(picture, "imagenet", (224, 224, 3)).crop == (110, 30, 530, 450)
    assert prepare(picture, "centre-crop", (224, 224, 3)).crop == pytest.approx((80, 0, 560, 480), abs=1.5)


def test_the_digit_rule_crops_no_rectangle(prepared: list[Prepared]) -> None:
    assert prepared[2].crop is None


@pytest.mark.parametrize("size", [(1, 1), (400, 3), (401, 400), (3000, 2000), (1, 9999)])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_shrunk_pictures_fit(size: tuple[int, int], mode: str) -> None:
    small = shrunk(Image.new(mode, size, 77 if mode == "L" else (77, 99, 11)), 400)
    assert small.mode == mode
    assert max(small.size) <= 400
    assert max(small.size) > 200 or small.size == size
    assert small.getpixel((0, 0)) == (77 if mode == "L" else (77, 99, 11))


def test_a_large_photo_shows_what_a_small_one_shows() -> None:
    """Phone cameras take pictures many times as large as the image that is made of them."""
    coarse = Image.fromarray(np.random.default_rng(12).integers(0, 256, (30, 40, 3), dtype=np.uint8))
    large = coarse.resize((3200, 2400), Image.Resampling.BICUBIC)
    image = prepare(large, "imagenet", (224, 224, 3)).image
    exact = large.crop((550, 150, 2650, 2250)).resize((224, 224), Image.Resampling.BICUBIC)
    assert np.abs(image.astype(int) - np.asarray(exact)).max() <= 3


def test_a_photo_for_imagenet_is_what_tensorflow_makes_of_it() -> None:
    """Central crop, then bicubic with smoothing, in TensorFlow; both round a little differently."""
    import tensorflow as tf

    random = np.random.default_rng(11)
    coarse = Image.fromarray(random.integers(0, 256, (40, 60, 3), dtype=np.uint8))
    picture = coarse.resize((600, 400), Image.Resampling.BICUBIC)
    middle = tf.image.crop_to_bounding_box(np.asarray(picture), 25, 125, 350, 350)
    expected = tf.image.resize(middle, (224, 224), tf.image.ResizeMethod.BICUBIC, antialias=True)
    image = prepare(picture, "imagenet", (224, 224, 3)).image
    assert np.abs(image - np.clip(expected.numpy(), 0, 255)).max() <= 2


@pytest.mark.parametrize("size", [(60, 40), (301, 500), (7, 5), (1, 1), (13, 900)])
def test_a_stretched_picture_is_what_keras_makes_of_a_folder(size: tuple[int, int], tmp_path: Path) -> None:
    """Pillow rounds down."""
    keras = import_keras()
    pixels = np.random.default_rng(4).integers(0, 256, (*reversed(size), 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    images = keras.utils.image_dataset_from_directory(
        tmp_path, labels=None, image_size=(20, 30), batch_size=None, shuffle=False, verbose=False
    )
    stretched = prepare(open_image(tmp_path / "a.png"), "stretch", (20, 30, 3))
    assert np.abs(stretched.image - next(iter(images)).numpy()).max() <= 1.01
    assert stretched.crop is None
