"""Numbers as people say them."""

import pytest

from cnnstudio import wording
from cnnstudio.progress import Progress
from cnnstudio.wording import certainty, counted, duration, number, percent, probability, progress, shape, size


@pytest.mark.parametrize(("seconds", "text"), [(0.2, "0 s"), (59.4, "59 s"), (200, "3 min 20 s"), (3900, "1 h 5 min")])
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_numbers_of_things() -> None:
    assert counted(1, "drawing") == "1 drawing"
    assert counted(1_200, "drawing") == "1,200 drawings"
    assert [counted(number, "class", "classes") for number in (0, 1)] == ["0 classes", "1 class"]


@pytest.mark.parametrize(("share", "text"), [(0, "0.0 %"), (0.987, "98.7 %"), (1, "100.0 %")])
def test_percentages(share: float, text: str) -> None:
    assert percent(share) == text


@pytest.mark.parametrize(
    ("share", "decimals", "text"),
    [
        (1, 1, "> 99.9 %"),
        (0.9995, 1, "> 99.9 %"),
        (0.9994, 1, "99.9 %"),
        (1, 0, "> 99 %"),
        (0.994, 0, "99 %"),
        (0, 1, "0.0 %"),
    ],
)
def test_nothing_is_quite_certain(share: float, decimals: int, text: str) -> None:
    assert certainty(share, decimals) == text


@pytest.mark.parametrize(
    ("share", "told"), [(0.9731234312057495, 0.97312), (0.99999994, 1.0), (1.2345678e-7, 1.2346e-7), (0.0, 0.0)]
)
def test_probabilities(share: float, told: float) -> None:
    assert probability(share) == told


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 bytes"),
        (12_601, "12.6 kB"),
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),
        (163_000_000, "163.0 MB"),
        (5 * 10**9, "5.0 GB"),
        (18 * 10**14, "1,800.0 TB"),
    ],
)
def test_sizes(count: int, text: str) -> None:
    assert size(count) == text


@pytest.mark.parametrize(
    ("sides", "text"), [((28, 28, 1), "28×28×1"), ((12_544,), "12,544"), ((None, 64, 3), "any×64×3"), ((), "")]
)
def test_shapes(sides: tuple[int | None, ...], text: str) -> None:
    assert shape(sides) == text


def test_progress() -> None:
    assert progress(Progress("", 34_000_000, 163_200_000, "bytes", 12)) == "34.0 MB of 163.2 MB, 12 s left"
    assert progress(Progress("", 5_000, None, "bytes")) == "5.0 kB"
    assert progress(Progress("", 1200, 60_000, "images")) == "1,200 of 60,000 images"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (5.96e-08, "< 0.001"),
        (0.001, "0.001"),
        (0.05678, "0.0568"),
        (2.304, "2.3"),
        (123_456.7, "123,457"),
    ],
)
def test_numbers(value: float, text: str) -> None:
    assert number(value) == text


def test_all_that_has_an_index_in_keras_counts_from_0() -> None:
    assert wording.numbered("filter", 1279) == "filter 1,279"
    assert [wording.channel(3, dimensions) for dimensions in (3, 1)] == ["map 3", "unit 3"]
    assert wording.cell(0, 12) == "row 0, column 12"
