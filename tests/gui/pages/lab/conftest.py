"""What the tests of the Lab share."""

import pytest

from cnnstudio.gui.pages.lab import mlp_panel


@pytest.fixture(autouse=True)
def networks_stay_on_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """The two networks that the Lab compares take seconds; tests/end_to_end/test_lab_networks.py loads them."""
    monkeypatch.setattr(mlp_panel, "load_networks", lambda **_: None)
