"""TensorFlow in a process of its own, with the threads that the settings give it."""

import subprocess
import sys
from pathlib import Path

import pytest

LIMIT = """
import os, sys
from cnnstudio.gui.settings import Settings
settings = Settings()
settings.threads = 1
assert settings.limit_threads()
import tensorflow as tf
tf.ones((2, 2)) @ tf.ones((2, 2))
names = [open(f"/proc/self/task/{task}/comm").read() for task in os.listdir("/proc/self/task")]
print(sum(name.startswith("tf_Compute") for name in names))
assert not settings.limit_threads()
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="threads are counted in /proc")
def test_tensorflow_keeps_to_the_threads_that_it_was_given(home: Path) -> None:
    done = subprocess.run([sys.executable, "-c", LIMIT], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.split()[-1] == "1"
