"""Two programs at once: nothing that one of them writes is lost, and both read the same."""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from cnnstudio.data.folders.load import load_folder
from cnnstudio.data.library import read_imported
from cnnstudio.data.splits import Dataset
from cnnstudio.progress import Progress


def pictures(folder: Path) -> Path:
    """A folder of random pictures of two classes."""
    random = np.random.default_rng(0)
    for name in ("cat", "dog"):
        (folder / name).mkdir(parents=True)
        for number in range(20):
            values = random.integers(0, 256, (20, 20, 3), dtype=np.uint8)
            Image.fromarray(values).save(folder / name / f"{number}.png")
    return folder


def pixels(dataset: Dataset) -> np.ndarray:
    return np.concatenate([dataset.train.images[:], dataset.test.images[:]])


def run_at_once(program: str, *arguments: Sequence[Path]) -> list[str]:
    """Starts a program several times, lets all go on once each has said that it is ready, and returns their outputs."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program, *given], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for given in arguments
    ]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()
    outputs = [process.communicate(timeout=60)[0] for process in processes]
    assert not any(process.returncode for process in processes)
    return outputs


SCAN = """
import hashlib, sys
from pathlib import Path
from cnnstudio.data.folders.load import load_folder
print("ready", flush=True)
sys.stdin.readline()
for _ in range(4):
    dataset = load_folder(Path(sys.argv[1]), rescan=True)
    dataset = load_folder(Path(sys.argv[1]))
    print(hashlib.sha256(dataset.train.images[:].tobytes()).hexdigest(), flush=True)
"""


def test_two_programs_may_scan_a_folder_at_once(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "set")
    wanted = pixels(load_folder(folder))
    hashes = [output.split() for output in run_at_once(SCAN, [folder], [folder])]
    assert len(hashes[0]) == len(hashes[1]) == 4
    assert len({*hashes[0], *hashes[1]}) == 1
    told: list[Progress] = []
    again = load_folder(folder, on_progress=told.append)
    assert not any(progress.task.startswith("Reading") for progress in told)
    assert np.array_equal(pixels(again), wanted)


IMPORT = """
import sys
from pathlib import Path
from cnnstudio.data.library import import_dataset
print("ready", flush=True)
sys.stdin.readline()
for folder in sys.argv[1:]:
    import_dataset(Path(folder))
"""


def test_two_programs_that_import_at_once_lose_nothing(tmp_path: Path) -> None:
    folders = [pictures(tmp_path / "set 0")]
    folders += [Path(shutil.copytree(folders[0], tmp_path / f"set {number}")) for number in range(1, 20)]
    run_at_once(IMPORT, folders[::2], folders[1::2])
    assert {entry.path for entry in read_imported()[0]} == set(folders)
