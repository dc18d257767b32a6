import sys

import pytest

from cnnstudio import screen

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux can be without these")


def test_without_a_screen_the_commands_are_named() -> None:
    text = screen.problem({})
    assert text is not None
    assert "DISPLAY" in text
    for command in ("cnnstudio train", "predict", "evaluate", "doctor"):
        assert command in text


def test_a_screen_that_does_not_answer_is_named() -> None:
    text = screen.problem({"DISPLAY": ":7654"})
    assert text is not None
    assert ":7654" in text


@pytest.mark.parametrize("platform", ["offscreen", "minimal", "offscreen:configfile=x"])
def test_a_platform_without_a_screen_is_fine(platform: str) -> None:
    assert screen.problem({"QT_QPA_PLATFORM": platform}) is None


def test_missing_libraries_are_named_with_their_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(screen._QT_NEEDS, "libthatnobodyhas.so.9", "libthatnobodyhas9")
    assert screen.missing_packages({"QT_QPA_PLATFORM": "offscreen"}) == ("libthatnobodyhas9",)
    text = screen.problem({"QT_QPA_PLATFORM": "offscreen"})
    assert text is not None
    assert "apt-get install -y libthatnobodyhas9" in text


def test_libraries_of_x11_matter_on_x11_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(screen._X11_NEEDS, "libthatnobodyhas.so.9", "libthatnobodyhas9")
    assert "libthatnobodyhas9" in screen.missing_packages({"DISPLAY": ":0"})
    assert "libthatnobodyhas9" not in screen.missing_packages({"QT_QPA_PLATFORM": "offscreen", "DISPLAY": ":0"})
    assert "libthatnobodyhas9" not in screen.missing_packages({"WAYLAND_DISPLAY": "wayland-0", "DISPLAY": ":0"})


def test_every_package_is_in_the_one_line() -> None:
    line = screen.apt_line(screen.APT_PACKAGES)
    assert line.startswith("apt-get install -y libegl1 libgl1 ")
    assert len(set(screen.APT_PACKAGES)) == len(screen.APT_PACKAGES)
