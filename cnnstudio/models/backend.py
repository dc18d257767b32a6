"""Keras as CNN Studio needs it: on TensorFlow, channels last, float32."""

import ctypes
import gc
import os
import re
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext, suppress
from functools import cache
from importlib import import_module
from itertools import chain
from queue import SimpleQueue
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeVar

from cnnstudio.errors import StudioError
from cnnstudio.interpreter import GIVES_WAY, give_way, giving_way, is_shared
from cnnstudio.models.layers import register_layers

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

_Result = TypeVar("_Result")

_NOTICE = re.compile(
    rb"WARNING: All log messages before absl::InitializeLog"
    rb"|[IW]\d{4} "  # information and warnings, as Abseil writes them; errors begin with E or F
    rb"|E\d{4} .*(Unable to register cu\w+ factory|computation placer already registered)"
)
"""Lines that TensorFlow's libraries write while they are loaded, before they heed `TF_CPP_MIN_LOG_LEVEL`, and that call
for nothing: that oneDNN is used, that there is no graphics card, that they were loaded twice."""


_OPTIMIZER_OPTIONS = {"arithmetic_optimization": False}
"""TensorFlow's rewriting of sums brings no time for networks, and makes 2ⁿ numbers of n layers that each add a thing to
itself: of 22, in a file of 10 kB, it takes 3 GB."""


_making: set[int] = set()
"""The threads that import TensorFlow or trace a function."""
_changing_keras = threading.Lock()


def makes_many_objects() -> bool:
    """Whether a thread makes very many objects just now, none of which is garbage before it is done: a million while
    TensorFlow is imported, hundreds of thousands while the training of a deep network is traced.
    """
    return bool(_making)


@contextmanager
def _making_many_objects() -> Iterator[None]:
    thread = threading.get_ident()
    _making.add(thread)
    try:
        yield
    finally:
        _making.discard(thread)


def import_keras() -> ModuleType:
    """Imports Keras, pins what a user's own `keras.json` or code may have set otherwise, and registers our layers.

    The backend itself is pinned in `cnnstudio/__init__.py`, because Keras reads it when it is first imported.

    Raises:
        StudioError: Keras was imported with another backend before CNN Studio was.
    """
    if "keras" not in sys.modules:
        # In a thread of its own: TensorFlow keeps exceptions that it has caught, and with them all that is in use by
        # whoever imports it, such as the network that it opens.
        with _without_garbage_collection(), without_notices(), ThreadPoolExecutor(max_workers=1) as thread:
            thread.submit(import_module, "keras").result()
    import keras
    import tensorflow as tf

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
    if not _OPTIMIZER_OPTIONS.items() <= tf.config.optimizer.get_experimental_options().items():
        tf.config.optimizer.set_experimental_options(_OPTIMIZER_OPTIONS)
    register_layers()
    _give_way_while_building()
    return keras


def _give_way_while_building() -> None:
    """Has threads that build or trace a network give way to that of a window, at each layer and each operation."""
    import keras
    from tensorflow.python.framework import auto_control_deps
    from tensorflow.python.framework.func_graph import FuncGraph

    with _changing_keras:
        if not is_shared() or hasattr(keras.Layer.__call__, GIVES_WAY):
            return
        keras.Layer.__call__ = giving_way(keras.Layer.__call__)
        # What is TensorFlow's own business may go one day.
        for owner, name in ((FuncGraph, "_create_op_internal"), (auto_control_deps, "_get_resource_inputs")):
            if hasattr(owner, name):
                setattr(owner, name, giving_way(getattr(owner, name)))


def in_new_thread(work: Callable[[], _Result]) -> _Result:
    """Builds layers in a thread of its own, in the `tf.distribute` strategy of the caller, and waits for it.

    Keras keeps what is left of an interrupted building for the thread, and this one ends.
    """
    import tensorflow as tf

    strategy = tf.distribute.get_strategy() if tf.distribute.has_strategy() else None

    def run() -> _Result:
        with strategy.scope() if strategy else nullcontext():
            return work()

    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(run).result()


def build_checked(build: "Callable[[], keras.Model]", check: "Callable[[keras.Model], None]") -> "keras.Model":
    """Builds a model whose weights get memory only once it has passed a check, which raises otherwise."""
    import keras

    # Within the scope, variables have shapes but no memory. They are given it at its end, if all is well.
    with keras.StatelessScope(initialize_variables=False) as scope:
        model = build()
        check(model)
        scope.initialize_variables = True
    return model


def innermost_layers(model: "keras.Model") -> "Iterator[keras.Layer]":
    """The layers of a model, with those of models within it in their place."""
    for layer in model.layers:
        if hasattr(layer, "layers"):
            yield from innermost_layers(layer)
        else:
            yield layer


def take_apart(layer: "keras.Layer") -> None:
    """Empties a layer, or a whole model, that nobody uses any more, so that it goes at once.

    Layers refer to themselves and to each other: Python would have to look for 25,000 objects of a ResNet-56, and hold
    up a window.
    """
    for inner in getattr(layer, "layers", ()):
        take_apart(inner)
    vars(layer).clear()


class CompiledFunction:
    """A function of tensors that was compiled.

    Beside a window it goes in a thread that nobody waits for: TensorFlow takes its graph apart then, which takes 10 ms
    for a deep network, and a window has looked into it with a dozen of such functions.

    Args:
        function: TensorFlow's `ConcreteFunction`.
    """

    def __init__(self, function: "tf.types.experimental.ConcreteFunction") -> None:
        self._function = function
        self._unused = _unused() if is_shared() else None

    def __call__(self, *tensors: Any) -> Any:
        """What the function returns; arrays are taken for tensors."""
        return self._function(*tensors)

    def flat(self, *tensors: "tf.Tensor") -> "Sequence[tf.Tensor]":
        """The tensors that the function returns, one after the other, however it nests them.

        A call would bind the arguments, look for tapes and nest the results besides: up to a fifth of the time of a
        single image.
        """
        results: Sequence[tf.Tensor] = self._function.inference_fn.call_flat(*tensors, *self._function.captured_inputs)
        return results

    def __del__(self) -> None:
        if self._unused is not None:
            self._unused.put(self._function)


def trace(function: Callable[..., Any], signature: "Sequence[tf.TensorSpec]") -> CompiledFunction:
    """Compiles a function of tensors, and lets Python's side of its graph go.

    That serves only those who differentiate the compiled function from outside, which is not to be had here; a
    `GradientTape` within the function does without it. It is thousands of objects for a deep network, which Python's
    collector would look through again and again. TensorFlow also registers the custom gradients of a graph (that of
    SiLU, that of Keras's sum over devices) for good, and each holds the whole graph.

    Args:
        function: takes and returns tensors; it is called once, so what depends on their values is for TensorFlow's own
            `tf.cond` and the like.
        signature: the shape and type of each that it takes.
    """
    import tensorflow as tf

    with _making_many_objects():
        compiled = tf.function(function, input_signature=signature, autograph=False).get_concrete_function()
        _dismantle(compiled)
    return CompiledFunction(compiled)


@cache
def _unused() -> "SimpleQueue[Callable[..., Any]]":
    """Takes functions that nobody uses any more: a thread lets them go, one after the other."""
    functions: SimpleQueue[Callable[..., Any]] = SimpleQueue()

    def let_go() -> None:
        while True:
            functions.get()
            give_way()

    threading.Thread(target=let_go, name="let go", daemon=True).start()
    return functions


def give_memory_back() -> None:
    """Gives back what is kept for what may come, for the end of a training; another one would stand still for seconds.

    TensorFlow keeps the kernels of all operations that it has computed, for each shape anew: some 15 MB for each
    network that was built and trained. Those of functions that are still in use are made again at the next call, in
    0.04 s for LeNet-5 and 0.2 s for EfficientNet-Lite0. The C library keeps pages: without oneDNN, 1.2 GB after a
    training of MobileNetV2.
    """
    if "tensorflow" in sys.modules:
        from tensorflow.python.eager import context

        context.context().clear_kernel_cache()
    if sys.platform == "linux":
        with suppress(AttributeError):  # another C library than that of GNU
            ctypes.CDLL(None).malloc_trim(0)


def _dismantle(compiled: "tf.types.experimental.ConcreteFunction") -> None:
    """Lets Python's side of the graph of a function go, and what TensorFlow has registered for it."""
    from tensorflow.python.framework.func_graph import dismantle_func_graph
    from tensorflow.python.framework.ops import gradient_registry
    from tensorflow.python.ops.control_flow_v2_func_graphs import ControlFlowFuncGraph

    registered = {name for name in gradient_registry.list() if name.startswith("CustomGradient-")}
    if registered:  # among them may be those of graphs that other threads trace just now
        graph = compiled.graph.as_graph_def()
        nodes = chain(graph.node, *(inner.node_def for inner in graph.library.function))
        for name in registered & {node.attr["_gradient_op_type"].s.decode() for node in nodes}:
            del gradient_registry._registry[name]
    # Those of loops and branches belong to this function alone, others TensorFlow may use again.
    inner = [one.graph for one in _functions_in(compiled.inference_fn)]
    for graph in (compiled.graph, *(one for one in inner if isinstance(one, ControlFlowFuncGraph))):
        dismantle_func_graph(graph)
        for tensors in (graph.inputs, graph.outputs, graph.control_outputs):
            tensors.clear()
        graph.structured_outputs = None
        graph._unfeedable_tensors.clear()
        captured = graph.function_captures
        captured.reset_captures([], [])
        for kept in (captured.capture_types, captured.by_val_capture_tuples):
            kept.clear()


def _functions_in(function: Any) -> Iterator[Any]:
    """The functions that an `AtomicFunction` of TensorFlow calls, such as the bodies of its loops, and theirs."""
    for inner in function.children:
        yield inner
        yield from _functions_in(inner)


@contextmanager
def without_notices() -> Iterator[None]:
    """Leaves out `_NOTICE` of what is written to stderr meanwhile, unless the user's environment asks for such lines.

    They are written by C++, so Python's own stderr has no part in it.
    """
    if "keras" in sys.modules or os.environ.get("TF_CPP_MIN_LOG_LEVEL") != "3":
        yield
        return
    try:
        stderr = os.dup(2)
    except OSError:  # a program without a console has none
        yield
        return
    with tempfile.TemporaryFile() as written:
        os.dup2(written.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
            written.seek(0)
            for line in written:
                if not _NOTICE.match(line):
                    os.write(2, line)


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Importing TensorFlow makes a million objects that stay: looking for garbage among them, again and again, takes a
    fifth of its time. Frozen, they are left out of every later search too, which would hold up the window.
    """
    automatic = gc.isenabled()
    gc.disable()
    try:
        with _making_many_objects():
            yield
    finally:
        gc.freeze()
        if automatic:
            gc.enable()
