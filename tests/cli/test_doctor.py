import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from cnnstudio import ONEDNN_VARIABLE
from cnnstudio.cli.checks import computing, folders, shipped_files, versions, window
from cnnstudio.data.downloads.fetch import download_folder
from cnnstudio.data.published.catalogue import DATASETS
from cnnstudio.storage import data_folder, runs_folder


def by_name(checks):
    return {check.name: check for check in checks}


def test_versions_are_those_the_package_asks_for():
    checks = by_name(versions())
    assert checks["numpy"].text == __import__("numpy").__version__
    assert {check.state for check in checks.values()} == {"ok"}


@pytest.mark.parametrize("package", ["PySide6_Essentials", "numpy"])
def test_a_version_that_does_not_work(tmp_path, monkeypatch, package):
    # An older copy earlier on the path is what Python finds first.
    info = tmp_path / f"{package}-0.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 0.1\n")
    monkeypatch.syspath_prepend(tmp_path)
    check = by_name(versions())[package.replace("_", "-").lower()]
    assert check.state == "problem"
    assert "0.1" in check.text
    assert check.remedy.startswith("python -m pip install")


@pytest.mark.parametrize(
    ("code", "words"),
    [("raise ImportError('libfoo.so is missing')", "libfoo.so is missing"), ("import os; os._exit(3)", "exit code 3")],
)
def test_a_broken_tensorflow_is_reported(tmp_path, monkeypatch, code, words):
    (tmp_path / "tensorflow.py").write_text(code)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    check = by_name(computing())["TensorFlow"]
    assert check.state == "problem"
    assert words in check.text
    assert "tensorflow" in check.remedy


@pytest.mark.parametrize(("chosen", "used"), [(None, "1"), ("0", "0")])
def test_onednn_is_on_unless_the_environment_says_otherwise(monkeypatch, chosen, used):
    monkeypatch.delenv(ONEDNN_VARIABLE)
    if chosen is not None:
        monkeypatch.setenv(ONEDNN_VARIABLE, chosen)
    code = f"import os, cnnstudio; print(os.environ[{ONEDNN_VARIABLE!r}])"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout == f"{used}\n"
    )


def test_folders():
    checks = by_name(folders())
    assert set(checks) == {"data", "cache", "settings", "log"}
    assert {check.state for check in checks.values()} <= {"ok", "warning"}
    assert str(data_folder()) in checks["data"].text


def test_a_folder_that_cannot_be_made(home: Path):
    home.write_text("a file is in its place")
    checks = by_name(folders())
    assert checks["data"].state == "problem"
    assert checks["cache"].state == "warning"
    assert str(home) in checks["data"].text
    assert "CNNSTUDIO_HOME" in checks["data"].remedy


def test_what_helps_against_several_things_is_said_once(home: Path, outcome, monkeypatch):
    home.write_text("a file is in its place")
    monkeypatch.setattr("cnnstudio.cli.doctor.CHECKS", {"Folders": folders})
    code, out, _ = outcome("doctor")
    assert code == 1
    assert out.count("cannot be written") == 4
    assert out.count("To do:") == out.count("CNNSTUDIO_HOME") == 1


def test_looking_makes_no_folders(home: Path):
    list(folders())
    assert not home.exists()


def test_what_a_killed_program_left_is_told(home: Path):
    assert "left half done" not in by_name(folders())
    killed = runs_folder() / "lenet5-mnist-2"
    killed.mkdir(parents=True)
    (killed / "config.json").write_text("{}")
    check = by_name(folders())["left half done"]
    assert check.state == "warning"
    assert str(killed) in check.text
    assert "removed" in check.remedy


def test_without_a_screen(monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    checks = by_name(window())
    if checks["libraries"].state == "ok":
        assert checks["screen"].state == "warning"
        assert "DISPLAY" in checks["screen"].text
    else:
        assert "apt-get install" in checks["libraries"].remedy


def test_data_sets_that_are_downloaded_at_first_use(monkeypatch):
    monkeypatch.delenv("CNNSTUDIO_DATASETS", raising=False)
    check = by_name(shipped_files())["CIFAR-10"]
    assert (check.state, check.text) == ("ok", "not downloaded yet (170.1 MB at first use)")
    entry = DATASETS["cifar10"]
    remote = replace(entry.remote, files=(replace(entry.remote.files[0], bytes=1000),))
    monkeypatch.setitem(DATASETS, "cifar10", replace(entry, remote=remote))
    path = download_folder(remote) / remote.files[0].name
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        file.truncate(remote.bytes)
    check = by_name(shipped_files())["CIFAR-10"]
    assert check.state == "warning"
    assert f"{path} has a wrong checksum" in check.text
    assert path.is_file()


def test_shipped_files_and_a_broken_run(trained):
    broken = runs_folder() / "broken"
    shutil.copytree(trained, broken)
    (broken / "card.json").write_text("{")
    checks = by_name(shipped_files())
    assert checks["MNIST"].state == "ok"
    assert checks["lenet5-mnist"].state == "ok"
    assert checks["broken"].state == "warning"
    assert str(broken) in checks["broken"].remedy
