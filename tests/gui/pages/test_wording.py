"""Numbers as people say them."""

import pytest

from cnnstudio.gui.pages.wording import duration, percent


@pytest.mark.parametrize(("seconds", "text"), [(0.2, "0 s"), (59.4, "59 s"), (200, "3 min 20 s"), (3900, "1 h 5 min")])
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(("share", "text"), [(0, "0.0 %"), (0.987, "98.7 %"), (1, "100.0 %")])
def test_percentages(share: float, text: str) -> None:
    assert percent(share) == text
