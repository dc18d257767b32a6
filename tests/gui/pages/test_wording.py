"""Numbers as people say them."""

import pytest

from cnnstudio.gui.pages.wording import duration, percent


@pytest.mark.parametrize(("seconds", "text"), [(0.2, "0 s"), (59.4, "59 s"), (200, "3 min 20 s"), (3900, "1 h 5 min")])
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("share", "text"), [(0, "0 %"), (1e-9, "0.1 %"), (0.987, "98.7 %"), (0.99999, "99.9 %"), (1, "100 %")]
)
def test_percentages(share: float, text: str) -> None:
    assert percent(share) == text
