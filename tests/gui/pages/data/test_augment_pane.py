"""The pane that shows what augmentation makes of an image: how it writes numbers."""

import pytest

from cnnstudio.data.augmentation.changes import CHANGES
from cnnstudio.gui.pages.data.augment_pane import amount


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [("shift", 0.125, "12.5 %"), ("flip", 0.5, "50 %"), ("rotate", 15.0, "15°"), ("noise", 0.0, "off")],
)
def test_a_change_is_written_as_it_is_used(name: str, value: float, text: str) -> None:
    assert amount(CHANGES[name], value) == text
