"""Strokes are judged as MNIST is: by box, centre of mass and ink, and by an exact drawing of the same lines."""

import itertools
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cnnstudio.data.augmentation.made_up_digits import draw_digits
from cnnstudio.data.library import load_dataset
from cnnstudio.data.pictures import strokes
from cnnstudio.data.pictures.strokes import Drawing, read_drawings, render, render_all
from cnnstudio.errors import StudioError


@pytest.fixture(scope="module")
def digits() -> list[Drawing]:
    return draw_digits(200, seed=5)[0]


def _circle(points: int = 60) -> np.ndarray:
    turn = np.linspace(0, 2 * np.pi, points)
    return np.stack([np.cos(turn), np.sin(turn)], axis=1)


def _box(image: np.ndarray) -> tuple[int, int]:
    """Height and width of what is inked, one more than it is where it lies between pixels."""
    rows, columns = np.nonzero(image.max(axis=2) > 100)
    return int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1


def _centre(image: np.ndarray) -> tuple[float, float]:
    ink = image.astype(float).sum(axis=2)
    rows, columns = np.indices(ink.shape) + 0.5
    return float((rows * ink).sum() / ink.sum()), float((columns * ink).sum() / ink.sum())


def _difference(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one.astype(float) - other).mean())


def test_a_line_is_drawn_as_wide_as_the_distance_from_it_says() -> None:
    image = render([np.array([[0, 0], [300, 400]])]).astype(float)[..., 0] / 255
    # The line's own box is 20 less the pen high, and its middle is the middle of the image.
    half = (strokes.BOX - strokes.PEN) / 2 * np.array([0.75, 1])
    y, x = np.indices((28, 28)) + 0.5 - 14
    along = np.clip((x * half[0] + y * half[1]) / (half @ half), -1, 1)
    distance = np.hypot(x - along * half[0], y - along * half[1])
    expected = np.clip(strokes.PEN / 2 + 0.5 - distance, 0, 1)
    assert np.abs(image - expected).max() < 0.06


def test_the_ink_fills_the_box_and_has_its_mass_in_the_centre(digits: list[Drawing]) -> None:
    for image in render_all(digits):
        assert 19 <= max(_box(image)) <= 21
        assert _centre(image) == pytest.approx((14, 14), abs=0.2)


def test_drawings_look_like_mnist(digits: list[Drawing]) -> None:
    images, mnist = render_all(digits), load_dataset("mnist").test.images
    assert images.mean() == pytest.approx(mnist.mean(), rel=0.25)
    assert (images > 127).mean() == pytest.approx((mnist > 127).mean(), rel=0.25)
    grey, grey_mnist = (((i > 20) & (i < 235)).sum() / (i > 20).sum() for i in (images, mnist))
    assert grey == pytest.approx(grey_mnist, rel=0.25)


@pytest.mark.parametrize("unit", [1e-300, 1e-6, 1, 1e6, 1e300])
@pytest.mark.parametrize("place", [0, -3, 50])
def test_size_and_place_on_the_canvas_do_not_matter(digits: list[Drawing], unit: float, place: float) -> None:
    moved = [[(stroke + place) * unit for stroke in drawing] for drawing in digits[::20]]
    difference = render_all(moved).astype(int) - render_all(digits[::20])
    assert np.abs(difference).max() <= 1


def test_the_largest_numbers_do_not_overflow() -> None:
    square = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * np.finfo(np.float64).max
    assert np.array_equal(render([square]), render([np.sign(square)]))


def test_whole_numbered_coordinates_of_a_small_drawing_change_little(digits: list[Drawing]) -> None:
    def small(drawing: Drawing) -> Drawing:
        size = np.ptp(np.concatenate(drawing), axis=0).max()
        return [np.rint(stroke * 20 / size) for stroke in drawing]

    exact, rounded = render_all(digits), render_all([small(drawing) for drawing in digits])
    strangers = _difference(exact, np.roll(exact, 100, axis=0))
    assert _difference(exact, rounded) < 0.25 * strangers


def test_points_may_be_doubled_dense_or_sparse() -> None:
    line = np.array([[0.0, 0], [4, 10], [9, 3]])
    doubled = np.repeat(line, 3, axis=0)
    dense = np.concatenate([np.linspace(a, b, 500) for a, b in itertools.pairwise(line)])
    for same in (doubled, dense):
        assert np.abs(render([same]).astype(int) - render([line])).max() <= 2


def test_the_direction_of_a_stroke_does_not_matter(digits: list[Drawing]) -> None:
    backwards = [[stroke[::-1] for stroke in drawing[::-1]] for drawing in digits]
    assert np.abs(render_all(backwards).astype(int) - render_all(digits)).max() <= 1


@pytest.mark.parametrize("dot", [[[5, 5]], [[7, 7], [7, 7]], [[0, 0]]])
def test_a_dot_is_a_small_disc_in_the_centre(dot: list[list[float]]) -> None:
    image = render([np.array(dot)])
    assert _box(image) == (2, 2)
    assert _centre(image) == pytest.approx((14, 14), abs=0.02)


def test_several_dots_are_a_drawing() -> None:
    image = render([np.array([[0, 0]]), np.array([[0, 10]])])
    assert _box(image) == (20, 2)


def test_stray_specks_are_left_out() -> None:
    ring = _circle()
    specks = [np.array([[8.0, 9]]), np.array([[-4, 2], [-4.05, 2.05]])]
    assert np.array_equal(render([ring, *specks]), render([ring]))


def test_a_short_stroke_stays() -> None:
    stem, bar = np.array([[0.0, 0], [0, 10]]), np.array([[-1.0, 5], [1, 5]])
    assert _box(render([stem, bar]))[1] > _box(render([stem]))[1]


@pytest.mark.parametrize("points", [strokes.MAX_POINTS, 50_000])
def test_a_scribble_of_many_points_is_drawn(points: int) -> None:
    scribble = np.random.default_rng(0).normal(size=(points, 2))
    assert _box(render([scribble])) <= (20, 20)


@pytest.mark.parametrize("shape", [(28, 28, 1), (32, 32, 3), (64, 48, 1), (56, 56, 1), (8, 8, 1), (1, 1, 1)])
def test_images_of_any_shape(digits: list[Drawing], shape: tuple[int, int, int]) -> None:
    images = render_all(digits, shape)
    assert images.shape == (len(digits), *shape)
    assert images.dtype == np.uint8
    assert (images == images[..., :1]).all()
    assert images.max(axis=(1, 2, 3)).min() > 60


def test_a_larger_image_shows_the_same_digit(digits: list[Drawing]) -> None:
    large = render_all(digits, (56, 56, 1)).reshape(-1, 28, 2, 28, 2, 1).mean(axis=(2, 4))
    assert _difference(large, render_all(digits)) < 6


def test_many_at_once_are_drawn_as_one_by_one(digits: list[Drawing], monkeypatch: pytest.MonkeyPatch) -> None:
    together = render_all(digits)
    monkeypatch.setattr(strokes, "_CHUNK", 7)
    assert np.array_equal(together, render_all(digits))
    assert np.array_equal(together, np.stack([render(drawing) for drawing in digits]))


def test_no_drawings_give_no_images() -> None:
    assert render_all([], (32, 32, 3)).shape == (0, 32, 32, 3)


@pytest.mark.parametrize(
    ("drawing", "words"),
    [
        ([], "empty"),
        ([np.empty((0, 2))], "empty"),
        ([[]], "empty"),
        ([np.array([[0, np.nan], [1, 1]])], "finite"),
        ([np.array([[0, np.inf], [1, 1]])], "finite"),
        ([np.zeros((4, 3))], "strokes"),
        ([np.zeros(4)], "strokes"),
        ([[[1, 2], [3]]], "strokes"),
        ([np.zeros((strokes.MAX_POINTS + 1, 2))], "100,000 points"),
    ],
)
def test_nonsense_is_refused_in_plain_words(drawing: Drawing, words: str) -> None:
    with pytest.raises(StudioError, match=words):
        render(drawing)


def test_among_many_the_wrong_drawing_is_named(digits: list[Drawing]) -> None:
    with pytest.raises(StudioError, match="Drawing 201 is empty"):
        render_all([*digits, []])


@pytest.fixture
def strokes_file(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        path = tmp_path / "drawings.json"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_a_strokes_file_gives_its_drawings(digits: list[Drawing], strokes_file: Callable[[str], Path]) -> None:
    path = strokes_file(json.dumps([[stroke.tolist() for stroke in drawing] for drawing in digits]))
    assert np.array_equal(render_all(read_drawings(path)), render_all(digits))


def test_an_empty_drawing_in_a_file_keeps_its_place(strokes_file: Callable[[str], Path]) -> None:
    drawings = read_drawings(strokes_file("[[], [[]], [[[1, 2], [3.5, 4]]]]"))
    assert [len(drawing) for drawing in drawings] == [0, 0, 1]
    assert drawings[2][0].tolist() == [[1, 2], [3.5, 4]]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "{}",
        "7",
        "null",
        "[3]",
        '["abc"]',
        '[{"strokes": []}]',
        "[[7]]",
        "[[[7]]]",
        '[[["a", "b"]]]',
        '[[[["1", "2"]]]]',
        "[[[[1, 2, 3]]]]",
        "[[[[1, 2], [3]]]]",
        "[[[[true, false]]]]",
        "[[[[null, 1]]]]",
        "[[[[NaN, 1]]]]",
        "[[[[1e999, 1]]]]",
        f"[[[[{10**400}, 1]]]]",
        "[" * 100_000,
        "\0",
    ],
)
def test_a_file_of_nonsense_is_refused(text: str, strokes_file: Callable[[str], Path]) -> None:
    with pytest.raises(StudioError, match=r"drawings\.json"):
        read_drawings(strokes_file(text))


def test_a_file_that_is_not_there_or_too_large_is_refused(
    tmp_path: Path, strokes_file: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(StudioError, match="cannot be read"):
        read_drawings(tmp_path / "missing.json")
    with pytest.raises(StudioError, match="cannot be read"):
        read_drawings(tmp_path)
    monkeypatch.setattr(strokes, "MAX_FILE_BYTES", 10)
    with pytest.raises(StudioError, match="larger than"):
        read_drawings(strokes_file("[[[[1, 2], [3, 4]]]]"))
