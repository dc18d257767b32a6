"""Runs the tests as on other people's machines: `python tools/run_tests_elsewhere.py [NAME …] [--logs FOLDER]`.

Every machine that tests here is alike; the users' are not. For each setting of `SETTINGS` this clones the last commit,
makes a fresh environment, installs and tests by README's command, and says at the end what failed. What a setting needs
and this machine lacks (a version of Python, a locale) is told and left out. It takes some seven minutes a setting.

Tests that need data sets find them where the environment variable CNNSTUDIO_DATASETS points.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
LONG = Path("Ein Ordner mit Umlauten – äöüß ÄÖÜ", "und einem Namen der länger ist als die meisten anderen", "größer")
GERMAN = "de_DE.UTF-8"


@dataclass(frozen=True)
class Setting:
    """What is different on another machine.

    Attributes:
        words: it in a few words.
        python: the version of Python; None for the one that runs this.
        folder: below which checkout and home folder lie, relative to a temporary folder.
        variables: environment variables for the tests.
    """

    words: str
    python: str | None = None
    folder: Path = Path("checkout")
    variables: Mapping[str, str] = field(default_factory=dict)


SETTINGS: dict[str, Setting] = {
    "onednn-off": Setting("TensorFlow without oneDNN", variables={"TF_ENABLE_ONEDNN_OPTS": "0"}),
    "avx2": Setting("a processor without AVX-512", variables={"ONEDNN_MAX_CPU_ISA": "AVX2"}),
    "python-3.12": Setting("Python 3.12", python="3.12"),
    "python-3.13": Setting("Python 3.13", python="3.13"),
    "long-path": Setting("checkout and home folder with a long path, spaces and umlauts", folder=LONG),
    "german": Setting("a German locale", variables={"LC_ALL": GERMAN, "LANG": GERMAN, "LANGUAGE": "de"}),
}


class Missing(Exception):  # noqa: N818  # it reads as what happened
    """This machine lacks something; the text says what."""


def find_python(version: str | None) -> str:
    """An interpreter of a version: on the path, or among those of pyenv.

    Raises:
        Missing: there is none.
    """
    if version is None:
        return sys.executable
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
    for found in (shutil.which(f"python{version}"), *versions.glob(f"{version}.*/bin/python")):
        if found and subprocess.run([found, "-V"], capture_output=True, check=False).returncode == 0:
            return str(found)
    raise Missing(f"there is no Python {version} on this machine")


def check_locale(name: str | None) -> None:
    """Looks whether the system knows a locale.

    Raises:
        Missing: it does not.
    """
    if name is None:
        return
    known = subprocess.run(["locale", "-a"], capture_output=True, check=False, text=True).stdout.lower().split()
    if name.lower().replace("-", "") not in known:
        raise Missing(f"the system has no locale {name}; on Debian: sudo localedef -i de_DE -f UTF-8 {GERMAN}")


def test_command() -> tuple[str, str]:
    """README's command for the tests: what installs, and what tests."""
    readme = (TOP / "README.md").read_text(encoding="utf-8")
    found = re.search(r"^(python -m pip install -e .*) && (python -m pytest)$", readme, re.MULTILINE)
    if found is None:
        raise SystemExit("README has no test command.")
    return found[1], found[2]


def run(setting: Setting, work: Path, log: Path) -> str:
    """Installs and tests under a setting.

    Args:
        setting: what is different.
        work: an empty folder for all of it.
        log: the file for what the commands print.

    Returns:
        The last line of pytest, or what kept it from running.

    Raises:
        Missing: this machine lacks something.
    """
    python = find_python(setting.python)
    check_locale(setting.variables.get("LC_ALL"))
    place = work / setting.folder
    checkout, home, environment = place / "cnnstudio", place / "home", place / "environment"
    home.mkdir(parents=True)
    # Installing is not what is tested; it uses what this user's home folder says of package indexes.
    outside = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    outside["PATH"] = f"{environment / 'bin'}{os.pathsep}{outside['PATH']}"
    inside = outside | {"HOME": str(home), "CNNSTUDIO_HOME": str(home / "cnnstudio"), **setting.variables}
    install, test = test_command()
    steps = [
        (["git", "clone", "--quiet", str(TOP), str(checkout)], work, outside),
        ([python, "-m", "venv", str(environment)], work, outside),
        (["bash", "-c", install], checkout, outside),
        (["bash", "-c", f"{test} -r fE tests tests/end_to_end"], checkout, inside),
    ]
    with log.open("wb") as output:
        for command, folder, variables in steps:
            done = subprocess.run(command, cwd=folder, env=variables, stdout=output, stderr=output, check=False)
            if done.returncode != 0 and command is not steps[-1][0]:
                return f"{' '.join(command)} failed"
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    failed = [line for line in lines if line.startswith(("FAILED ", "ERROR "))]
    return "\n    ".join([lines[-1] if lines else "printed nothing", *failed])


def main() -> int:
    """Runs all settings, or those that are named; the exit code is 1 where a test failed."""
    parser = argparse.ArgumentParser(prog="python tools/run_tests_elsewhere.py", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(SETTINGS))
    parser.add_argument("--logs", type=Path, help="folder for what each run prints; by default a temporary one")
    options = parser.parse_args()
    if unknown := set(options.names).difference(SETTINGS):
        parser.error(f"there is no setting {', '.join(sorted(unknown))}; there are {', '.join(SETTINGS)}")
    logs = options.logs or Path(tempfile.mkdtemp(prefix="cnnstudio-tests-"))
    logs.mkdir(parents=True, exist_ok=True)
    failures = 0
    for name in options.names or SETTINGS:
        setting = SETTINGS[name]
        print(f"{name} ({setting.words}) …", flush=True)
        started = time.monotonic()
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as work:
            try:
                told = run(setting, Path(work), logs / f"{name}.log")
            except Missing as reason:
                print(f"  left out: {reason}", flush=True)
                continue
        passed = re.search(r"\d+ passed", told) is not None and "failed" not in told and "error" not in told
        failures += not passed
        print(f"  {'passed' if passed else 'FAILED'} in {time.monotonic() - started:.0f} s: {told}", flush=True)
    print(f"What each run printed: {logs}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
