"""A real X server without a screen, and a hand for mouse and keys, for tests and benchmarks of the real window."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

NEEDS = ("Xvfb", "openbox", "xdotool")


def missing_programs() -> list[str]:
    """The programs that a virtual screen needs and this machine lacks."""
    return [program for program in NEEDS if shutil.which(program) is None]


@contextmanager
def virtual_screen(size: str = "1280x800") -> Iterator[dict[str, str]]:
    """Runs an X server with a window manager; yields the environment in which a program opens its window there."""
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", f"{size}x24", "-nolisten", "tcp"],
        pass_fds=(write,),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    with os.fdopen(read) as pipe:
        number = pipe.readline().strip()
    environment = {**os.environ, "DISPLAY": f":{number}", "QT_QPA_PLATFORM": "xcb"}
    environment.pop("WAYLAND_DISPLAY", None)
    manager = subprocess.Popen(["openbox"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield environment
    finally:
        for process in (manager, server):
            process.terminate()
            process.wait(10)


def run_on_virtual_screen(
    command: Sequence[str], home: Path, size: str = "1280x800", timeout: float = 180
) -> subprocess.CompletedProcess[str]:
    """Runs a program with a real window to its end; user folders lie below `home`."""
    with virtual_screen(size) as environment:
        return subprocess.run(
            command,
            env={**environment, "CNNSTUDIO_HOME": str(home)},
            cwd=Path(__file__).resolve().parents[1],
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )


class Hand:
    """Mouse and keyboard, through the X server, as a user's."""

    def click(self, x: int, y: int) -> None:
        """Clicks at a place on the screen."""
        self._do("mousemove", x, y, "click", 1)

    def move(self, x: int, y: int) -> None:
        """Points at a place on the screen."""
        self._do("mousemove", x, y)

    def draw(self, points: Sequence[tuple[int, int]]) -> None:
        """Draws a line with the left button down."""
        (x, y), *rest = points
        self._do("mousemove", x, y, "mousedown", 1)
        for x, y in rest:
            self._do("mousemove", x, y)
            time.sleep(0.01)
        self._do("mouseup", 1)

    def press(self, *keys: str) -> None:
        """Presses keys, such as "alt+t"."""
        self._do("key", *keys)

    @staticmethod
    def _do(*arguments: object) -> None:
        subprocess.run(["xdotool", *map(str, arguments)], check=True, timeout=20)
