"""Opens a model and runs scripts in plain Keras, and tells of them as JSON.

Of the model it tells the answer to a ramp of grey, of each script its network's parameters and the losses of its
batches. Not a test: `test_plain_keras.py` starts it in a process of its own. Arguments: the file to write to, the
model, the scripts.
"""

import json
import runpy
import sys
import warnings
from pathlib import Path

import keras  # noqa: TID253
import numpy as np
from keras.src.trainers import trainer  # noqa: TID253
from keras.src.utils import file_utils  # noqa: TID253

told: dict[str, list] = {}
fit = keras.Model.fit


class Watcher(keras.callbacks.Callback):
    def on_train_batch_begin(self, batch: int, logs: dict | None = None) -> None:  # noqa: ARG002
        told["rates"].append(float(self.model.optimizer.learning_rate))

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:  # noqa: ARG002
        told["losses"].append(logs["loss"])


def watched_fit(model: keras.Model, *arguments: object, callbacks: list, **options: object) -> object:
    told["parameters"] = [sum(weight.numpy().size for weight in model.trainable_weights), model.count_params()]
    return fit(model, *arguments, callbacks=[*callbacks, Watcher()], **options)


keras.Model.fit = watched_fit
# XLA takes longer to compile these networks than all else takes, and computes the same.
trainer.model_supports_jit = lambda _: False
# The archive that Keras would download is here already, with fewer images, so its checksum is another one.
file_utils.validate_file = lambda *_, **__: True
with warnings.catch_warnings():
    warnings.simplefilter("error", UserWarning)
    model = keras.models.load_model(sys.argv[2])
ramp = np.arange(784, dtype="float32").reshape(1, 28, 28, 1) % 256
report: dict[str, dict] = {"model": {"answer": model(ramp).numpy()[0].tolist()}}
for script in map(Path, sys.argv[3:]):
    told = {"rates": [], "losses": []}
    runpy.run_path(str(script), run_name="__main__")
    report[script.stem] = told
assert "cnnstudio" not in sys.modules
Path(sys.argv[1]).write_text(json.dumps(report))
