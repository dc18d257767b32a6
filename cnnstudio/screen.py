"""Whether a window can be opened here: looked up without Qt, which ends the process where it cannot."""

import ctypes
import os
import sys
from collections.abc import Iterable, Mapping

WITHOUT_A_SCREEN = "Without a window, use `cnnstudio train`, `predict`, `evaluate` or `doctor`."

_QT_NEEDS = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libfontconfig.so.1": "libfontconfig1",
    "libxkbcommon.so.0": "libxkbcommon-x11-0",
    "libdbus-1.so.3": "libdbus-1-3",
}
_X11_NEEDS = {
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-shape.so.0": "libxcb-shape0",
}
_CAMERA_NEEDS = {
    "libpulse.so.0": "libpulse0",
    "libXrandr.so.2": "libxrandr2",
    "libXext.so.6": "libxext6",
    "libdrm.so.2": "libdrm2",
}
# What these pull in themselves (libX11, libxcb-image, …) is not listed.

APT_PACKAGES = tuple(dict.fromkeys([*_QT_NEEDS.values(), *_X11_NEEDS.values()]))
"""Debian's and Ubuntu's packages with the libraries that Qt needs and pip cannot install."""

CAMERA_PACKAGES = tuple(_CAMERA_NEEDS.values())
"""Those that the camera needs besides."""


CAMERA_INSTALL = 'python -m pip install "cnnstudio[camera]"'
"""The command that brings the camera's part of Qt, wherever CNN Studio is installed."""


def missing_packages(environment: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """The Debian packages that a window needs and this machine has not; always empty outside Linux.

    Args:
        environment: decides whether the libraries of X11 are needed.
    """
    if not _is_linux():
        return ()
    return _missing(_QT_NEEDS | (_X11_NEEDS if _platform(environment) == "xcb" else {}))


def missing_camera_packages() -> tuple[str, ...]:
    """The Debian packages that the camera needs besides, and this machine has not; always empty outside Linux."""
    return _missing(_CAMERA_NEEDS) if _is_linux() else ()


def _missing(needed: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(package for library, package in needed.items() if not _loads(library)))


def apt_line(packages: Iterable[str]) -> str:
    """The command that installs packages."""
    return f"apt-get install -y {' '.join(packages)}"


def problem(environment: Mapping[str, str] = os.environ) -> str | None:
    """Why no window can be opened here, and what to do, in plain sentences; None where one can.

    Args:
        environment: the variables that name the screen.
    """
    if not _is_linux():
        return None
    platform = _platform(environment)
    if platform is None:
        return f"There is no screen for a window: neither DISPLAY nor WAYLAND_DISPLAY is set. {WITHOUT_A_SCREEN}"
    missing = missing_packages(environment)
    if missing:
        return f"The window needs libraries that are not installed: {apt_line(missing)}. {WITHOUT_A_SCREEN}"
    if platform == "xcb" and not _x_server_answers(environment.get("DISPLAY", "")):
        return f"The screen that DISPLAY names ({environment.get('DISPLAY', '')}) does not answer. {WITHOUT_A_SCREEN}"
    return None


def _is_linux() -> bool:
    return sys.platform.startswith("linux")


def _platform(environment: Mapping[str, str]) -> str | None:
    """Qt's name of the kind of screen that it will open; None where there is none."""
    named = environment.get("QT_QPA_PLATFORM", "").split(";")[0].split(":")[0]
    if named:
        return named
    if environment.get("WAYLAND_DISPLAY"):
        return "wayland"
    return "xcb" if environment.get("DISPLAY") else None


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _x_server_answers(display: str) -> bool:
    xcb = ctypes.CDLL("libxcb.so.1")
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connect.argtypes = [ctypes.c_char_p, ctypes.c_void_p]
    xcb.xcb_connection_has_error.argtypes = xcb.xcb_disconnect.argtypes = [ctypes.c_void_p]
    connection = xcb.xcb_connect(display.encode(), None)
    try:
        return xcb.xcb_connection_has_error(connection) == 0
    finally:
        xcb.xcb_disconnect(connection)
