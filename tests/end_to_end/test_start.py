"""How the program starts and ends, in a process of its own: what it imports, the user's locale, no screen, Ctrl+C."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

RUN = "import sys; from cnnstudio.gui.app import main; sys.exit(main(['cnnstudio']))"


def python(
    code: str, before: Callable[[], object] | None = None, **environment: str | None
) -> subprocess.CompletedProcess[str]:
    """Runs code in a fresh interpreter, after a call in its process; None takes a variable away."""
    variables = {**os.environ, **environment}
    return subprocess.run(
        [sys.executable, "-c", code],
        env={name: value for name, value in variables.items() if value is not None},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        preexec_fn=before,
    )


def test_the_window_is_there_without_tensorflow_and_with_one_page(home: Path) -> None:
    done = python(
        "import json, sys\n"
        "import cnnstudio.gui.app\n"
        "assert 'PySide6' not in sys.modules\n"
        "application, window = cnnstudio.gui.app.create(['cnnstudio'])\n"
        "assert window.isVisible()\n"
        "modules = sorted(sys.modules)\n"
        "from cnnstudio.gui.pages import Page\n"
        "pages = [type(page).__name__ for page in window.findChildren(Page)]\n"
        "assert window.close()\n"
        "print(json.dumps([application.applicationDisplayName(), pages, modules]))\n"
    )
    assert done.returncode == 0, done.stderr
    name, pages, modules = json.loads(done.stdout)
    assert (name, pages) == ("CNN Studio", ["TrainPage"])
    inside = "cnnstudio.gui.pages."
    assert {name.removeprefix(inside).split(".")[0] for name in modules if name.startswith(inside)} == {
        "choosers",
        "train",
    }
    heavy = {
        "keras",
        "PySide6.QtMultimedia",
        "PySide6.QtSvg",
        "pi_heif",
        "pyqtgraph",
        "requests",
        "scipy",
        "tensorflow",
    }
    assert not heavy & set(modules), "too much is imported"


@pytest.mark.parametrize("country", ["de_DE", "ar_EG"])
def test_the_users_locale_reads_and_writes_no_number(home: Path, country: str) -> None:
    """In a process of its own, where the C library follows the locale, too; on a computer that has this locale."""
    done = python(
        "import locale, sys\n"
        "try:\n"
        "    locale.setlocale(locale.LC_ALL, '')\n"
        "except locale.Error:\n"
        "    sys.exit('missing')\n"
        "from PySide6.QtCore import QLocale, Qt\n"
        "from PySide6.QtTest import QTest\n"
        "from cnnstudio.gui.app import create\n"
        "from cnnstudio.gui.pages.train.form import TrainingForm\n"
        "from cnnstudio.gui.settings import Settings\n"
        "_, window = create(['cnnstudio'])\n"
        "form = window.page('train').findChild(TrainingForm)\n"
        "box = form.findChild(object, 'weight_decay_spin')\n"
        "for text in ('0,003', '0.004'):\n"
        "    box.selectAll()\n"
        "    QTest.keyClicks(box, text)\n"
        "    QTest.keyClick(box, Qt.Key.Key_Return)\n"
        "    print(form.config.weight_decay, box.text())\n"
        "settings = Settings()\n"
        "settings.remember('rate', 0.005)\n"
        "assert settings.save()\n"
        "print(QLocale.system().name(), locale.localeconv()['decimal_point'])\n",
        LC_ALL=f"{country}.UTF-8",
        LANGUAGE=None,  # Qt would believe it rather
    )
    if done.stderr == "missing\n":
        pytest.skip(f"the locale {country} is not installed")
    assert done.stdout == f"0.003 0.003\n0.004 0.004\n{country} .\n", done.stderr
    assert '"choices/rate": 0.005' in (home / "config" / "settings.json").read_text()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere there always is a screen")
def test_without_a_screen_one_sentence_and_exit_code_1(home: Path) -> None:
    done = python(RUN, DISPLAY=None, WAYLAND_DISPLAY=None, QT_QPA_PLATFORM=None)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "cnnstudio train" in done.stderr


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere there always is a screen")
def test_a_dead_screen_one_sentence_and_exit_code_1(home: Path) -> None:
    done = python(RUN, DISPLAY=":7654", WAYLAND_DISPLAY=None, QT_QPA_PLATFORM=None)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert ":7654" in done.stderr


def test_without_qt_one_sentence_and_exit_code_1(home: Path) -> None:
    done = python("import sys; sys.modules['PySide6'] = None\n" + RUN)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "apt-get install -y libegl1" in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
def test_ctrl_c_closes_the_window_cleanly(home: Path) -> None:
    """SIGTERM, which is handled alike, ends the windows of `tests/end_to_end/test_window.py`."""
    code = (
        "import sys\n"
        "from cnnstudio.gui import app, main_window\n"
        "main_window.MainWindow._after_first_paint = lambda window: print('painted', flush=True)\n" + RUN
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "painted\n"
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert "geometry" in json.loads((home / "config" / "settings.json").read_bytes())
