"""Where labels stand: at their points where they can, near them where others are in the way, never on each other."""

from itertools import combinations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSizeF

from cnnstudio.gui.widgets.charts.label_places import label_places

AREA = QRectF(0, 0, 600, 400)


def test_a_label_with_room_stands_on_its_point() -> None:
    (place,) = label_places(np.array([[300.0, 200.0]]), [QSizeF(80, 16)], AREA)
    assert place is not None
    assert place.center() == QPointF(300, 200)
    assert place.size() == QSizeF(80, 16)


def test_labels_do_not_cover_each_other_and_stay_near_their_points() -> None:
    random = np.random.default_rng(1)
    points = random.normal((300, 200), 40, (20, 2))
    sizes = [QSizeF(width, 16) for width in random.uniform(20, 110, 20)]
    places = [place for place in label_places(points, sizes, AREA) if place is not None]
    assert len(places) == 20
    for one, other in combinations(places, 2):
        assert not one.intersects(other)
    assert all(AREA.contains(place) for place in places)
    ways = [
        np.hypot(*(np.array(place.center().toTuple()) - point)) for place, point in zip(places, points, strict=True)
    ]
    assert ways[0] == 0
    assert np.median(ways) < 60


def test_no_label_stands_where_something_else_is() -> None:
    pin = QRectF(280, 180, 48, 48)
    (place,) = label_places(np.array([[300.0, 200.0]]), [QSizeF(80, 16)], AREA, [pin])
    assert place is not None
    assert not place.intersects(pin)


def test_a_label_at_the_edge_moves_in_and_one_beyond_is_left_out() -> None:
    points = np.array([[2.0, 200.0], [-5.0, 100.0], [300.0, 401.0]])
    at_edge, *beyond = label_places(points, [QSizeF(60, 16)] * 3, AREA)
    assert at_edge is not None
    assert AREA.contains(at_edge)
    assert at_edge.left() < 8
    assert beyond == [None, None]


def test_a_label_without_room_near_its_point_is_left_out() -> None:
    places = label_places(np.full((40, 2), 200.0), [QSizeF(100, 30)] * 40, AREA)
    assert places[0] is not None
    assert None in places
    assert label_places(np.empty((0, 2)), [], AREA) == []
