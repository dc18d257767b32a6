"""Made-up digits: repeatable, balanced, drawable, and curves that are what Catmull and Rom say."""

import numpy as np
import pytest

from cnnstudio.data.augmentation import made_up_digits as synthetic_digits
from cnnstudio.data.augmentation.made_up_digits import TEMPLATES, draw_digits
from cnnstudio.data.pictures.strokes import render_all


def test_every_digit_comes_equally_often() -> None:
    drawings, labels = draw_digits(230, seed=0)
    assert len(drawings) == len(labels) == 230
    assert np.bincount(labels).tolist() == [23] * 10


def test_the_seed_decides() -> None:
    images = render_all(draw_digits(60, seed=1)[0])
    assert np.array_equal(images, render_all(draw_digits(60, seed=1)[0]))
    assert not np.array_equal(images, render_all(draw_digits(60, seed=2)[0]))


@pytest.mark.parametrize("digit", TEMPLATES)
def test_a_drawing_has_the_strokes_of_its_template_and_about_its_size(digit: int) -> None:
    random = np.random.default_rng(digit)
    for template in TEMPLATES[digit]:
        for drawing in synthetic_digits._bend(template, 20, random):
            assert len(drawing) == len(template)
            points = np.concatenate(drawing)
            assert np.isfinite(points).all()
            assert 8 < np.ptp(points[:, 1]) < 30


def test_a_curve_runs_through_its_points_and_is_smooth_but_at_corners() -> None:
    points = np.array([[0, 0], [3, 5], [8, 4], [9, 9], [2, 12]], dtype=float)
    line = synthetic_digits._spline_matrix(5, corners=(2,)) @ points
    step = synthetic_digits._POINTS_A_PIECE
    assert line[::step] == pytest.approx(points)
    directions = np.diff(line, axis=0)
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    turns = np.degrees(np.arccos(np.clip((directions[:-1] * directions[1:]).sum(axis=1), -1, 1)))
    assert turns.argmax() == 2 * step - 1


def test_a_spline_reproduces_straight_lines_and_parabolas() -> None:
    """Catmull-Rom splines are exact for polynomials up to degree 2, away from the ends."""
    x = np.arange(6.0)
    line = synthetic_digits._spline_matrix(6, corners=()) @ np.stack([x, x**2], axis=1)
    step = synthetic_digits._POINTS_A_PIECE
    assert line[:, 0] == pytest.approx(np.arange(5 * step + 1) / step)
    inner = slice(step, 4 * step + 1)
    assert line[inner, 1] == pytest.approx(line[inner, 0] ** 2)


def test_a_point_given_twice_is_a_corner() -> None:
    points, corners = synthetic_digits._without_repeats(((0, 0), (1, 1), (1, 1), (2, 0), (3, 5), (3, 5), (4, 4)))
    assert points.tolist() == [[0, 0], [1, 1], [2, 0], [3, 5], [4, 4]]
    assert corners == (1, 3)


def test_every_stroke_of_every_template_can_be_a_curve() -> None:
    for templates in TEMPLATES.values():
        for template in templates:
            assert template
            assert all(len(synthetic_digits._without_repeats(stroke)[0]) >= 2 for stroke in template)
