"""The window: the only place that imports Qt."""

import builtins
from contextlib import suppress

with suppress(ImportError):  # what is missing is told when the window is opened
    import PySide6.QtCore  # noqa: F401

    # PySide reads the source of every module that anything imports from now on, to see whether it uses its
    # `__feature__`, which nothing here does. TensorFlow takes a third longer so.
    builtins.__import__ = getattr(builtins, "__orig_import__", builtins.__import__)
