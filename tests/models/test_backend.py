import gc
import weakref

import numpy as np
import pytest

from cnnstudio.models.backend import import_keras, trace

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
    """SiLU has a custom gradient, which TensorFlow would keep, and the graph with it."""
    import_keras()
    import tensorflow as tf

    compiled = trace(function, [tf.TensorSpec((None, 4))])
    assert np.allclose(compiled(tf.constant(IMAGES)), IMAGES / (1 + np.exp(-IMAGES)), atol=1e-6)
    graph = weakref.ref(compiled.graph)
    del compiled
    gc.collect()
    assert graph() is None


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
