"""What `cnnstudio doctor` looks at. No check raises: what it cannot find out, it reports."""

import json
import os
import platform
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import cnnstudio
from cnnstudio import ONEDNN_VARIABLE, screen, storage
from cnnstudio.data.published.catalogue import DATASETS, DatasetEntry
from cnnstudio.errors import StudioError, explain, is_full, reason
from cnnstudio.models.trained.card import MODEL_FILE
from cnnstudio.models.trained.library import list_broken_models, list_models
from cnnstudio.training.leftovers import find_leftovers
from cnnstudio.version import __version__
from cnnstudio.wording import size

if TYPE_CHECKING:
    from packaging.requirements import Requirement

State = Literal["ok", "warning", "problem"]

ENOUGH_MEMORY = 2 * 10**9
"""Bytes of memory: TensorFlow, MNIST and the window together take about half of it."""

ENOUGH_SPACE = 10**9
"""Free bytes on a disk that is written to."""

MAX_NAMED = 5
"""Files and folders that are named one by one, where many were left half done."""

PROBE_SECONDS = 120
"""Within which TensorFlow must have been loaded; a cold disk takes its time."""

PROBE = """
import json, keras, tensorflow as tf
assert keras.backend.backend() == "tensorflow"
assert float(tf.nn.conv2d(tf.ones((1, 3, 3, 1)), tf.ones((3, 3, 1, 1)), 1, "VALID")[0, 0, 0, 0]) == 9
details = tf.config.experimental.get_device_details
names = [(device.device_type, details(device).get("device_name", "")) for device in tf.config.list_physical_devices()]
try:
    from tensorflow.python.util._pywrap_util_port import IsMklEnabled
    onednn = IsMklEnabled()
except ImportError:
    onednn = None
print(json.dumps({"devices": names, "onednn": onednn}))
"""
"""Loads TensorFlow and convolves once; the last line of its output is an object with a list of (type, name) of the
devices, and whether oneDNN is in use, null where this TensorFlow does not tell."""


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Attributes:
        name: what.
        state: “problem” where it keeps the main job from being done with this installation, “warning” where it is a
            hindrance, or one of the moment.
        text: what was found.
        remedy: what to do; empty where nothing needs to be done.
    """

    name: str
    state: State
    text: str
    remedy: str = ""


def versions() -> Iterator[Check]:
    """Python and the packages, against what this version of CNN Studio asks for."""
    yield Check("Python", "ok", f"{platform.python_version()} ({sys.executable})")
    yield Check("cnnstudio", "ok", f"{__version__} ({Path(cnnstudio.__file__).parent})")
    try:
        wanted = metadata.requires("cnnstudio") or []
    except metadata.PackageNotFoundError:
        yield Check("packages", "warning", "cnnstudio runs without being installed", "python -m pip install .")
        return
    from packaging.requirements import Requirement

    for requirement in map(Requirement, wanted):
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield _version(requirement)
    yield from _qt_parts()


def _version(requirement: "Requirement") -> Check:
    name, wanted = requirement.name, requirement.specifier
    remedy = f'python -m pip install "{name}{wanted}"'
    try:
        found = metadata.version(name)
    except metadata.PackageNotFoundError:
        return Check(name, "problem", f"is missing; {wanted} is needed", remedy)
    if not wanted.contains(found, prereleases=True):
        return Check(name, "problem", f"{found} does not work here; {wanted} is needed", remedy)
    return Check(name, "ok", found)


def _qt_parts() -> Iterator[Check]:
    parts = {}
    for name in ("PySide6", "PySide6-Essentials", "PySide6-Addons", "shiboken6"):
        with suppress(metadata.PackageNotFoundError):
            parts[name] = metadata.version(name)
    if len(set(parts.values())) > 1:
        named = ", ".join(f"{name} {version}" for name, version in parts.items())
        version = parts.get("PySide6-Essentials", "6.11.3")
        fix = " ".join(f"{name}=={version}" for name in parts)
        yield Check("Qt", "problem", f"its parts are of different versions: {named}", f"python -m pip install {fix}")


def computing() -> Iterator[Check]:
    """Processor, memory, and whether TensorFlow computes, on which devices."""
    yield Check("processor", "ok", f"{os.cpu_count()} threads, {platform.machine()}")
    yield _memory()
    # In a process of its own: a broken TensorFlow may take the process down with it.
    try:
        probe = subprocess.run(
            [sys.executable, "-P", "-c", PROBE],
            capture_output=True,
            check=False,
            text=True,
            errors="replace",
            timeout=PROBE_SECONDS,
        )
    except subprocess.TimeoutExpired:
        yield Check("TensorFlow", "problem", f"was not ready after {PROBE_SECONDS} s", "Try again, then reinstall it.")
        return
    if probe.returncode != 0:
        yield _broken_tensorflow(probe.returncode, probe.stderr)
        return
    found = json.loads(probe.stdout.splitlines()[-1])
    named = ", ".join(f"{kind} ({name})" if name else kind for kind, name in found["devices"])
    yield Check("TensorFlow", "ok", f"computes on {named}")
    yield _onednn(found["onednn"])
    if shutil.which("nvidia-smi") and not any(kind == "GPU" for kind, _ in found["devices"]):
        yield Check(
            "graphics card",
            "warning",
            "an NVIDIA driver is installed, but TensorFlow finds no graphics card",
            'python -m pip install "tensorflow[and-cuda]"',
        )


def _onednn(used: bool | None) -> Check:
    """Whether TensorFlow uses the library that makes convolutions fast on processors of the x86 family."""
    if used:
        return Check("oneDNN", "ok", "on: convolutions are fast on this processor")
    setting = os.environ[ONEDNN_VARIABLE]
    if setting.lower() not in {"1", "true"}:
        return Check(
            "oneDNN",
            "warning",
            f"off, because {ONEDNN_VARIABLE} is {setting}: networks may learn several times slower",
            f"Remove the environment variable {ONEDNN_VARIABLE}, or set it to 1.",
        )
    return Check("oneDNN", "ok", "not in this build of TensorFlow, which computes in its own way")


def _broken_tensorflow(code: int, stderr: str) -> Check:
    lines = stderr.strip().splitlines()
    why = lines[-1] if lines else f"exit code {code}"
    if code == -4:  # SIGILL
        why = "this processor lacks instructions (AVX) that TensorFlow's package was built for"
    return Check("TensorFlow", "problem", f"does not work: {why}", "python -m pip install --force-reinstall tensorflow")


def _memory() -> Check:
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return Check("memory", "ok", "unknown on this system")
    if total < ENOUGH_MEMORY:
        return Check("memory", "warning", f"{size(total)} is little", "Close other programs while a network trains.")
    return Check("memory", "ok", size(total))


def folders() -> Iterator[Check]:
    """The user's folders: writable, with room, and with nothing left half done in them."""
    for name, place in storage.USER_FOLDERS.items():
        folder = place()
        try:
            storage.try_writing(folder)
            free = storage.free_bytes(folder)
        except OSError as error:
            remedy = "Make room there" if is_full(error) else "See to it that you may write there"
            yield Check(
                name,
                "problem" if name == "data" else "warning",
                f"{folder} cannot be written ({reason(error)})",
                f"{remedy}, or name another place in the environment variable CNNSTUDIO_HOME.",
            )
            continue
        text = f"{folder} ({size(storage.used_bytes(folder))} used, {size(free)} free)"
        if free < ENOUGH_SPACE:
            yield Check(name, "warning", text, "The disk is nearly full: free some space.")
        else:
            yield Check(name, "ok", text)
    yield from _leftovers()


def _leftovers() -> Iterator[Check]:
    """What killed programs have left half done."""
    found = find_leftovers()
    if found:
        names = ", ".join(str(path) for path in found[:MAX_NAMED])
        more = f" and {len(found) - MAX_NAMED:,} more" if len(found) > MAX_NAMED else ""
        yield Check(
            "left half done",
            "warning",
            f"{names}{more}, from a CNN Studio that was ended",
            "Open the window, or begin a training: then it is removed.",
        )


def window() -> Iterator[Check]:
    """The screen, and the libraries that the window needs of the system."""
    missing = screen.missing_packages()
    if missing:
        text = f"libraries of the system are missing: {', '.join(missing)}"
        yield Check("libraries", "problem", text, screen.apt_line(missing))
        return
    yield Check("libraries", "ok", "all that Qt needs of the system is here")
    trouble = screen.problem()
    yield Check("screen", "warning", trouble) if trouble else Check("screen", "ok", "a window can be opened")


def shipped_files() -> Iterator[Check]:
    """Data sets and models that come with CNN Studio or were downloaded, down to their checksums."""
    remedy = "Install CNN Studio again to restore it."
    for entry in DATASETS.values():
        yield _data_set(entry)
    shipped = [entry for entry in list_models() if entry.kind == "shipped"]
    if not shipped:
        yield Check("models", "problem", "no model ships with this installation", remedy)
    for model in shipped:
        damage = _damage(model.path / MODEL_FILE)
        if damage:
            yield Check(model.name, "problem", f"{MODEL_FILE} is damaged ({damage})", remedy)
        else:
            yield Check(model.name, "ok", str(model.path))
    for folder, problem in list_broken_models().items():
        yield Check(folder.name, "warning", problem, f"Restore what is missing, or delete {folder}.")


def _data_set(entry: DatasetEntry) -> Check:
    if not entry.is_here():
        return Check(entry.title, "ok", f"not downloaded yet ({size(entry.download_bytes)} at first use)")
    try:
        entry.check()
    except (StudioError, OSError) as error:
        if entry.download_bytes:
            return Check(entry.title, "warning", explain(error), "It is downloaded again when it is used.")
        return Check(entry.title, "problem", explain(error), "Install CNN Studio again to restore it.")
    return Check(entry.title, "ok", f"{entry.size_text}, checksums right")


def _damage(path: Path) -> str | None:
    """What is wrong with a model's file by its own checksums; None where they are right."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.testzip()
    except (zipfile.BadZipFile, OSError) as error:
        return reason(error)


CHECKS: dict[str, Callable[[], Iterator[Check]]] = {
    "Versions": versions,
    "Computing": computing,
    "Folders": folders,
    "Window": window,
    "Shipped files": shipped_files,
}
"""All groups of checks, in the order in which they are shown."""
