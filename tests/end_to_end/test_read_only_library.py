"""The program on user folders that can only be read: in a process of its own, which obeys permissions."""

import ctypes
import subprocess
import sys
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from cnnstudio.gui.app import create
from cnnstudio.gui.pages import PAGES

READ_ONLY = """
import sys
from PySide6.QtCore import QEventLoop
from PySide6.QtWidgets import QApplication, QPushButton
from cnnstudio.gui import app, main_window
from cnnstudio.gui.pages import PAGES
from cnnstudio.gui.controls.message_bar import MessageBar

def use(window):
    while not window.findChild(MessageBar, "window_message").text:
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
    print(window.findChild(MessageBar, "window_message").text.replace("\\u200b", ""))
    for name in PAGES:
        window.show_page(name)
    window.page("settings").findChild(QPushButton, "theme_dark").click()
    print(window.page("settings").findChild(QPushButton, "theme_dark").isChecked())
    window.quit()

def create(argv, create=app.create):
    application, window = create(argv)
    window.first_painted.connect(lambda: use(window))
    return application, window

main_window.MainWindow._after_first_paint = lambda window: window.first_painted.emit()
app.create = create
sys.exit(app.main(["cnnstudio"]))
"""


def obey_permissions() -> None:
    """Lets the superuser, too, write only where permissions say so: what is started next has no CAP_DAC_OVERRIDE."""
    ctypes.CDLL(None).prctl(24, 1, 0, 0, 0)  # PR_CAPBSET_DROP; for anybody else it is refused, and not needed


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="permissions work otherwise elsewhere")
def test_a_library_that_was_used_and_can_only_be_read(qtbot: QtBot, home: Path) -> None:
    _, window = create(["cnnstudio"])
    qtbot.addWidget(window)
    for name in PAGES:
        window.show_page(name)
    window.quit()
    assert (home / "config" / "settings.json").is_file()
    before = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
    for path in (*home.rglob("*"), home):
        path.chmod(0o555 if path.is_dir() else 0o444)
    done = subprocess.run(
        [sys.executable, "-c", READ_ONLY],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        preexec_fn=obey_permissions,
    )
    for path in (home, *home.rglob("*")):
        path.chmod(0o755)
    assert done.returncode == 0
    # TensorFlow always has something to say there.
    assert not [word for word in ("Traceback", "Errno", "Error") if word in done.stderr]
    sentence, checked = done.stdout.splitlines()
    assert sentence.startswith(f"Nothing can be saved: {home} cannot be written (this needs a permission")
    assert sentence.endswith("and start CNN Studio again.")
    assert checked == "True"
    assert {path: path.read_bytes() for path in home.rglob("*") if path.is_file()} == before
