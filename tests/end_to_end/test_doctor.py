"""`cnnstudio doctor` where it starts TensorFlow in a process of its own."""

import json
import platform
import re
import sys

import pytest

from cnnstudio import ONEDNN_VARIABLE
from cnnstudio.__main__ import main
from cnnstudio.cli.checks import computing

NO_ONEDNN = sys.platform == "darwin" or platform.machine() not in {"x86_64", "AMD64"}


def test_doctor_computes_with_tensorflow(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv(ONEDNN_VARIABLE, "1")
    code = main(["doctor", "--json"])
    told = capsys.readouterr()
    assert told.err == ""
    document = json.loads(told.out)
    checks = document["checks"]
    states = [check["state"] for check in checks]
    assert (document["problems"], document["warnings"]) == (states.count("problem"), states.count("warning"))
    assert code == (1 if "problem" in states else 0)
    found = {(check["group"], check["name"]): check for check in checks}
    for key in (
        ("Versions", "Python"),
        ("Versions", "tensorflow"),
        ("Versions", "pyside6-essentials"),
        ("Computing", "TensorFlow"),
        ("Folders", "data"),
        ("Window", "libraries"),
        ("Shipped files", "MNIST"),
    ):
        assert key in found
    assert "CPU" in found["Computing", "TensorFlow"]["text"]
    assert found["Computing", "oneDNN"]["state"] == "ok"
    assert NO_ONEDNN or re.match(r"on\b", found["Computing", "oneDNN"]["text"])
    assert all(check["remedy"] for check in checks if check["state"] == "problem")


@pytest.mark.skipif(NO_ONEDNN, reason="no oneDNN here")
def test_onednn_is_told_where_it_is_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ONEDNN_VARIABLE, "0")
    check = next(check for check in computing() if check.name == "oneDNN")
    assert check.state == "warning"
    assert re.match(r"off\b", check.text)
