import gc
import os
import subprocess
import sys
import threading
import time
import weakref

import numpy as np
import pytest

from cnnstudio.models.backend import import_keras, makes_many_objects, trace, without_notices

pytestmark = pytest.mark.numbers

IMAGES = np.linspace(-3, 3, 12, dtype=np.float32).reshape(3, 4)


def plain(x):
    import tensorflow as tf

    return tf.nn.silu(x)


def in_a_loop(x):
    import tensorflow as tf

    return tf.map_fn(tf.nn.silu, x)


def with_its_gradient(x):
    import tensorflow as tf

    with tf.GradientTape() as tape:
        tape.watch(x)
        outputs = tf.nn.silu(x)
    return outputs + 0 * tape.gradient(outputs, x)


@pytest.mark.parametrize("function", [plain, in_a_loop, with_its_gradient])
def test_a_graph_goes_with_what_was_compiled(function):
    """Nobody has to look for it. SiLU has a custom gradient, which TensorFlow would keep, and the graph with it."""
    import_keras()
    import tensorflow as tf

    graphs = []

    def seen(x):
        graphs.append(weakref.ref(tf.compat.v1.get_default_graph()))
        return function(x)

    compiled = trace(seen, [tf.TensorSpec((None, 4))])
    assert np.allclose(compiled(tf.constant(IMAGES)), IMAGES / (1 + np.exp(-IMAGES)), atol=1e-6)
    del compiled
    assert [graph() for graph in graphs] == [None]


def test_beside_a_window_another_thread_takes_a_graph_apart(monkeypatch):
    """It takes 10 ms for a deep network."""
    import_keras()
    import tensorflow as tf

    monkeypatch.setattr("cnnstudio.models.backend.is_shared", lambda: True)
    graphs, threads = [], []

    def seen(x):
        graph = tf.compat.v1.get_default_graph()
        graphs.append(weakref.ref(graph, lambda _: threads.append(threading.current_thread().name)))
        return plain(x)

    compiled = trace(seen, [tf.TensorSpec((None, 4))])
    assert len(compiled(IMAGES)) == len(IMAGES)
    del compiled
    end = time.monotonic() + 10
    while not threads and time.monotonic() < end:
        time.sleep(0.01)
    assert threads == ["let go"]


def test_sums_are_computed_as_they_are_written():
    """TensorFlow would first write this one as a sum of 2 to the power of as many numbers."""
    import_keras()
    from tensorflow.python.eager import context

    def doubled(x):
        for _ in range(8):
            x = x + x
        return x

    import tensorflow as tf

    compiled = trace(doubled, [tf.TensorSpec((3, 4))])
    context.enable_run_metadata()
    try:
        assert np.array_equal(compiled(tf.constant(IMAGES)), 2**8 * IMAGES)
        graphs = context.export_run_metadata().function_graphs
    finally:
        context.disable_run_metadata()
    assert [node.op for node in graphs[-1].post_optimization_graph.node].count("AddV2") == 8


def test_graphs_of_others_are_left_alone():
    """Gradients through a function that somebody else has traced can still be taken."""
    import_keras()
    import tensorflow as tf

    theirs = tf.function(plain, input_signature=[tf.TensorSpec((None, 4))]).get_concrete_function()
    trace(plain, [tf.TensorSpec((None, 4))])
    x = tf.constant(IMAGES)
    with tf.GradientTape() as tape:
        tape.watch(x)
        outputs = theirs(x)
    assert np.isfinite(tape.gradient(outputs, x)).all()


LINES = """WARNING: All log messages before absl::InitializeLog() is called are written to STDERR
I0000 00:00:1795967541.312781    3772 port.cc:153] oneDNN custom operations are on.
I0000 00:00:1795967541.335180    3772 cudart_stub.cc:31] Could not find cuda drivers on your machine.
E0000 00:00:1795967541.335180    3772 cuda_dnn.cc:8310] Unable to register cuDNN factory: Attempting to register
E0000 00:00:1795967541.335180    3772 device.cc:31] The graphics card is damaged.
Traceback (most recent call last):
"""


def load(monkeypatch, capfd):
    """What is seen of TensorFlow's lines, written as its libraries write them, past Python."""
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    with without_notices():
        os.write(2, LINES.encode())
    os.write(2, b"after\n")
    return capfd.readouterr().err


def test_notices_while_tensorflow_is_loaded_are_left_out_and_errors_are_not(monkeypatch, capfd):
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "3")
    assert load(monkeypatch, capfd).splitlines() == [*LINES.splitlines()[-2:], "after"]


def test_who_asks_for_notices_gets_them(monkeypatch, capfd):
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "0")
    assert load(monkeypatch, capfd) == f"{LINES}after\n"


def test_the_operations_of_a_compiled_function_do_not_stay_in_python():
    """Nor those of a loop in it; and nobody has to look for them."""
    import tensorflow as tf

    operations = []

    def double(numbers: tf.Tensor) -> tf.Tensor:
        doubled = numbers * 2
        operations.append(weakref.ref(doubled.op))
        assert makes_many_objects()
        return doubled

    def compute(numbers: tf.Tensor) -> tf.Tensor:
        return tf.map_fn(double, double(numbers)) + 1

    gc.disable()
    try:
        compiled = trace(compute, [tf.TensorSpec((2,))])
        assert [operation() for operation in operations] == [None, None]
    finally:
        gc.enable()
    assert not makes_many_objects()
    assert compiled(tf.constant([1.0, 2.0])).numpy().tolist() == [5, 9]


_OPENS_A_NETWORK_FIRST = """
import gc, weakref
from cnnstudio.models.trained.library import load_classifier
from cnnstudio.storage import shipped

network = weakref.ref(load_classifier(shipped("trained/lenet5-mnist")).model)
gc.collect()
assert network() is None
"""


def test_the_network_that_was_opened_first_is_not_kept():
    """TensorFlow is loaded meanwhile, and keeps much of who loads it."""
    subprocess.run([sys.executable, "-c", _OPENS_A_NETWORK_FIRST], check=True)
