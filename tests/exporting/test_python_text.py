import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cnnstudio.exporting.python_text import assignment, call, literal


def test_lines_are_broken_as_ruff_breaks_them_whatever_their_length(tmp_path):
    ruff = shutil.which("ruff", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if ruff is None:
        pytest.skip("ruff is not installed")
    lines = []
    for length in range(1, 130):
        text = literal("ü" * length)
        lines += assignment("FILE", text)
        lines += call("FOLDER = ", "Path", [text])
        lines += call("", "unpack", [text, "FOLDER"])
    file = tmp_path / "lines.py"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    done = subprocess.run([ruff, "format", "--isolated", "--diff", file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
