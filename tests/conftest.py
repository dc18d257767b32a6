"""What every test stands on: no screen, folders of its own, no network of its own."""

import os
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """All user folders of CNN Studio lie below a folder of this test alone."""
    monkeypatch.delenv("COLUMNS", raising=False)  # what runs tests side by side sets it
    folder = tmp_path / "home"
    monkeypatch.setenv("CNNSTUDIO_HOME", str(folder))
    return folder


@pytest.fixture(scope="session")
def datasets_folder() -> Path:
    """The folder of real data beside the project; tests that need it are skipped where there is none."""
    value = os.environ.get("CNNSTUDIO_DATASETS")
    if not value or not Path(value).is_dir():
        pytest.skip("CNNSTUDIO_DATASETS does not name a folder of data sets")
    return Path(value)
