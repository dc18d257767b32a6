import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QLocale, Qt
from PySide6.QtWidgets import QApplication, QToolButton
from pytestqt.qtbot import QtBot

from cnnstudio.gui.app import create
from cnnstudio.gui.main_window import PAGES
from cnnstudio.gui.theme import DARK, colours

RUN = "import sys; from cnnstudio.gui.app import main; sys.exit(main(['cnnstudio']))"


def python(code: str, **environment: str | None) -> subprocess.CompletedProcess[str]:
    """Runs code in a fresh interpreter; None takes a variable away."""
    variables = {**os.environ, **environment}
    return subprocess.run(
        [sys.executable, "-c", code],
        env={name: value for name, value in variables.items() if value is not None},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_window_is_there_without_tensorflow(home: Path) -> None:
    done = python(
        "import sys\n"
        "import cnnstudio.gui.app\n"
        "assert 'PySide6' not in sys.modules\n"
        "application, window = cnnstudio.gui.app.create(['cnnstudio'])\n"
        "assert window.isVisible()\n"
        "assert not {'tensorflow', 'keras', 'scipy', 'pi_heif'} & set(sys.modules), 'too much is imported'\n"
        "assert window.close()\n"
        "print(application.applicationDisplayName())\n"
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "CNN Studio\n"


def test_create_takes_the_application_that_there_is(qtbot: QtBot, qapp: QApplication) -> None:
    application, window = create(["cnnstudio"])
    qtbot.addWidget(window)
    assert application is qapp
    assert window.isVisible()
    assert window.objectName() == "main_window"
    for name in PAGES:
        window.show_page(name)
        assert window.current_page.objectName() == f"page_{name}"
        assert window.findChild(QToolButton, f"rail_{name}").isChecked()
    window.close()


def test_the_theme_setting_shows_at_once(qtbot: QtBot) -> None:
    _, window = create(["cnnstudio"])
    qtbot.addWidget(window)
    window.page("settings").findChild(object, "theme_dark").click()
    assert colours() is DARK
    window.page("settings").findChild(object, "theme_light").click()
    assert colours() is not DARK
    window.close()


def test_numbers_are_written_and_ordered_as_the_english_words_around_them(qtbot: QtBot, qapp: QApplication) -> None:
    before = QLocale(), qapp.layoutDirection()
    try:
        QLocale.setDefault(QLocale("ar_EG"))
        qapp.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        _, window = create(["cnnstudio"])
        qtbot.addWidget(window)
        assert window.layoutDirection() is Qt.LayoutDirection.LeftToRight
        assert window.locale().toString(1234.5) == "1234.5"
        window.close()
    finally:
        QLocale.setDefault(before[0])
        qapp.setLayoutDirection(before[1])


@pytest.mark.parametrize("country", ["de_DE", "it_IT", "fr_FR", "en_US", "ar_EG"])
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
        "from cnnstudio.gui.pages.training_form import TrainingForm\n"
        "from cnnstudio.gui.settings import Settings\n"
        "_, window = create(['cnnstudio'])\n"
        "form = window.page('train').findChild(TrainingForm)\n"
        "box = form.findChild(object, 'weight_decay_spin')\n"
        "for text in ('0,003', '0.004'):\n"
        "    box.selectAll()\n"
        "    QTest.keyClicks(box, text)\n"
        "    QTest.keyClick(box, Qt.Key.Key_Return)\n"
        "    print(form.config.weight_decay, box.text())\n"
        "Settings().remember('rate', 0.005)\n"
        "print(QLocale.system().name(), locale.localeconv()['decimal_point'])\n",
        LC_ALL=f"{country}.UTF-8",
    )
    if done.stderr == "missing\n":
        pytest.skip(f"the locale {country} is not installed")
    assert done.stdout == f"0.003 0.003\n0.004 0.004\n{country} .\n", done.stderr
    assert "rate=0.005" in (home / "config" / "settings.ini").read_text()


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


def test_a_home_that_is_a_file_one_sentence_and_exit_code_1(tmp_path: Path) -> None:
    home = tmp_path / "file"
    home.write_text("")
    done = python(RUN, CNNSTUDIO_HOME=str(home))
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "CNNSTUDIO_HOME" in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_closes_the_window_cleanly(home: Path, number: signal.Signals) -> None:
    code = (
        "import sys\n"
        "from cnnstudio.gui import app, main_window\n"
        "main_window.MainWindow._after_first_paint = lambda window: print('painted', flush=True)\n" + RUN
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "painted\n"
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert (home / "config" / "settings.ini").is_file(), "place and size were remembered"
