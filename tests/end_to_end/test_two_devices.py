"""Training on several devices at once."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.numbers

TWO_DEVICES = """
import json, sys
import numpy as np
import keras
import tensorflow as tf
from cnnstudio.data.library import load_dataset
from cnnstudio.models.networks.building import build_network
from cnnstudio.training.config import TrainingConfig
from cnnstudio.training.loop import TrainingLoop

[processor] = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(processor, 2 * [tf.config.LogicalDeviceConfiguration()])
split = load_dataset("mnist").train.take(np.arange(300))
config = TrainingConfig(architecture="mlp", epochs=1, batch_size=60)
figures = []
for strategy in (tf.distribute.get_strategy(), tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])):
    with strategy.scope():
        model = build_network("mlp", (28, 28, 1), 10, seed=0)
        model.compile(keras.optimizers.Adam(), "sparse_categorical_crossentropy")
        blocks = list(TrainingLoop(model, split, config).blocks(0))
    loss, accuracy = (np.concatenate([getattr(block, name) for block in blocks]) for name in ("loss", "accuracy"))
    figures.append([strategy.num_replicas_in_sync, loss.tolist(), accuracy.tolist()])
print(json.dumps(figures))
"""


def test_two_devices_share_each_batch_and_train_as_one():
    """In a process of its own: TensorFlow divides a processor into devices before its first operation only."""
    command = [sys.executable, "-c", TWO_DEVICES]
    environment = os.environ | {"CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(
        command, cwd=Path(__file__).parents[2], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    one, two = json.loads(done.stdout.splitlines()[-1])
    assert [one[0], two[0]] == [1, 2]
    np.testing.assert_allclose(one[1], two[1], rtol=1e-4)
    np.testing.assert_allclose(one[2], two[2])
