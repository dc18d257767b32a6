"""The one door, in fresh interpreters: what is imported when, and what leaves through which stream."""

import json
import os
import subprocess
import sys

import pytest

import cnnstudio

LIGHT_COMMANDS = (["--version"], ["--help"], ["train", "--help"], ["datasets"], ["architectures"], ["models"])


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "cnnstudio", *arguments]
    return subprocess.run(command, capture_output=True, check=False, env=os.environ | environment, timeout=60)


def test_light_commands_import_neither_tensorflow_nor_qt():
    code = f"""
import sys
from cnnstudio.__main__ import main
for arguments in {LIGHT_COMMANDS!r}:
    assert main(arguments) == 0, arguments
heavy = {{"tensorflow", "keras", "PySide6", "scipy", "pyqtgraph"}} & set(sys.modules)
sys.exit(f"imported: {{heavy}}" if heavy else 0)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


def test_importing_the_door_imports_no_command():
    code = "import sys, cnnstudio.__main__; sys.exit(bool({'typer', 'rich', 'numpy'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0


def test_version():
    done = run("--version")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode().strip() == f"cnnstudio {cnnstudio.version.__version__}"


@pytest.mark.skipif(
    not f"{sys.prefix}{__file__}".isascii(), reason="in such a folder Python itself does not start in an ASCII locale"
)
def test_ascii_streams_take_any_text():
    done = run("datasets", LC_ALL="C", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.isascii()
    assert b"28\\xd728" in done.stdout
    done = run("train", "--dataset", "Größe", LC_ALL="C", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.isascii()
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="pipes end differently there")
def test_a_reader_that_leaves_gets_no_traceback():
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "cnnstudio", "architectures", "--json"]
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, check=False, timeout=60)
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, b"")


def test_stdout_is_the_json_document_alone():
    done = run("architectures", "--json")
    assert done.returncode == 0
    assert {entry["name"] for entry in json.loads(done.stdout)} == set(cnnstudio.ARCHITECTURES)


def test_a_missing_package_is_a_sentence(tmp_path):
    (tmp_path / "typer.py").write_text("raise ImportError('there is no typer')")
    done = run("datasets", PYTHONPATH=str(tmp_path))
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"there is no typer" in done.stderr
    assert len(done.stderr.splitlines()) == 1
