"""Keras as CNN Studio needs it: on TensorFlow, channels last, float32."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

from cnnstudio.errors import StudioError
from cnnstudio.models.layers import register_layers


def import_keras() -> ModuleType:
    """Imports Keras, pins what a user's own `keras.json` or code may have set otherwise, and registers our layers.

    The backend itself is pinned in `cnnstudio/__init__.py`, because Keras reads it when it is first imported.

    Raises:
        StudioError: Keras was imported with another backend before CNN Studio was.
    """
    with _without_garbage_collection():
        import keras

    backend = keras.config.backend()
    if backend != "tensorflow":
        raise StudioError(
            f"CNN Studio needs Keras on TensorFlow, but this program has imported Keras on {backend} already. "
            "Import cnnstudio before keras."
        )
    if keras.config.image_data_format() != "channels_last":
        keras.config.set_image_data_format("channels_last")
    if keras.config.floatx() != "float32":
        keras.config.set_floatx("float32")
    register_layers()
    return keras


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Importing TensorFlow makes a million objects that stay: looking for garbage among them, again and again, takes a
    fifth of its time. Frozen, they are left out of every later search too, which would hold up the window.
    """
    if "keras" in sys.modules or not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
