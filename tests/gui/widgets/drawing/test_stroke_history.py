"""The stroke history: clipping and history."""

import numpy as np
import pytest

from cnnstudio.gui.widgets.drawing.stroke_history import HISTORY, StrokeHistory, clip_segment

BOUNDS = (0.0, 0.0, 10.0, 8.0)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ((1.0, 1.0), (9.0, 7.0), ((1.0, 1.0), (9.0, 7.0))),
        ((5.0, 4.0), (15.0, 4.0), ((5.0, 4.0), (10.0, 4.0))),
        ((-5.0, 4.0), (5.0, 4.0), ((0.0, 4.0), (5.0, 4.0))),
        ((5.0, -4.0), (5.0, 12.0), ((5.0, 0.0), (5.0, 8.0))),
        ((-1.0, 1.0), (-1.0, 7.0), None),
        ((-2.0, 2.0), (2.0, -6.0), None),
        ((10.0, 8.0), (10.0, 8.0), ((10.0, 8.0), (10.0, 8.0))),
    ],
)
def test_a_segment_is_cut_at_the_edges(start, end, expected):
    assert clip_segment(start, end, BOUNDS) == expected


def test_cut_segments_agree_with_dense_sampling():
    random = np.random.default_rng(0)
    shares = np.linspace(0, 1, 2001)[:, np.newaxis]
    for _ in range(200):
        start, end = random.uniform(-10, 20, (2, 2))
        samples = start + shares * (end - start)
        inside = samples[((samples >= 0) & (samples <= (10, 8))).all(axis=1)]
        cut = clip_segment(tuple(start), tuple(end), BOUNDS)
        if cut is None:
            assert len(inside) == 0
        elif len(inside):
            step = np.linalg.norm(end - start) / 2000
            assert np.linalg.norm(inside[0] - cut[0]) <= step + 1e-9
            assert np.linalg.norm(inside[-1] - cut[1]) <= step + 1e-9


def draw(history: StrokeHistory, *points: tuple[float, float]) -> None:
    history.begin(points[0], BOUNDS)
    for point in points[1:]:
        history.move(point, BOUNDS)
    history.finish(2.0)


def test_a_stroke_that_leaves_and_comes_back_is_two_strokes_and_one_step():
    history = StrokeHistory()
    draw(history, (2.0, 2.0), (12.0, 2.0), (12.0, 6.0), (2.0, 6.0))
    assert [stroke.tolist() for stroke in history.strokes] == [[[2, 2], [10, 2]], [[10, 6], [2, 6]]]
    assert history.undo()
    assert history.strokes == []


def test_a_stroke_that_begins_outside_starts_at_the_edge():
    history = StrokeHistory()
    draw(history, (-4.0, 4.0), (4.0, 4.0))
    assert [stroke.tolist() for stroke in history.strokes] == [[[0, 4], [4, 4]]]


def test_a_gesture_outside_leaves_no_step():
    history = StrokeHistory()
    draw(history, (-4.0, -4.0), (-5.0, 4.0))
    assert history.empty
    assert not history.can_undo


def test_a_dot_is_a_stroke():
    history = StrokeHistory()
    draw(history, (3.0, 3.0), (3.0, 3.0))
    assert [stroke.tolist() for stroke in history.strokes] == [[[3, 3]]]


def test_a_new_step_forgets_what_was_undone():
    history = StrokeHistory()
    draw(history, (1.0, 1.0))
    draw(history, (2.0, 2.0))
    assert history.undo()
    draw(history, (3.0, 3.0))
    assert not history.can_redo
    assert [stroke.tolist() for stroke in history.strokes] == [[[1, 1]], [[3, 3]]]


def test_clearing_is_a_step():
    history = StrokeHistory()
    assert not history.clear()
    draw(history, (1.0, 1.0))
    assert history.clear()
    assert history.empty
    assert history.undo()
    assert len(history.strokes) == 1
    assert history.redo()
    assert history.empty


def test_the_history_is_bounded():
    history = StrokeHistory()
    for _ in range(HISTORY + 20):
        draw(history, (1.0, 1.0))
    steps = 0
    while history.undo():
        steps += 1
    assert steps == HISTORY
    assert len(history.strokes) == 20
