import numpy as np
import pytest

from cnnstudio.training.precision import PRECISIONS, training_arithmetic

pytestmark = pytest.mark.numbers


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (6, 8, 8, 3)).astype(np.float32)


def small_net(**options):
    """A convolution, a normalisation within a model within, and a softmax."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(3)
    inside = keras.Sequential(
        [
            keras.Input((6, 6, 4), name="maps"),
            layers.BatchNormalization(name="norm", **options),
            layers.ReLU(name="relu"),
        ],
        name="inside",
    )
    inputs = keras.Input((8, 8, 3), name="image")
    x = layers.Conv2D(4, 3, name="conv")(inputs)
    x = layers.Flatten(name="flatten")(inside(x))
    return keras.Model(inputs, layers.Dense(5, activation="softmax", name="output")(x), name="small")


def step(model, images, precision):
    """The loss, the gradients and the moving statistics of one training step; None: as plain Keras does it."""
    import tensorflow as tf

    @tf.function
    def compute(x):
        with tf.GradientTape() as tape:
            outputs = model(x, training=True)
            loss = tf.reduce_mean(-tf.math.log(outputs[:, 1]))
        return loss, tape.gradient(loss, model.trainable_variables), outputs

    if precision is None:
        compiled = compute.get_concrete_function(tf.constant(images))
    else:
        with training_arithmetic(model, precision):
            compiled = compute.get_concrete_function(tf.constant(images))
    loss, gradients, outputs = compiled(tf.constant(images))
    assert outputs.dtype == tf.float32
    statistics = [variable.numpy() for variable in model.non_trainable_variables]
    return loss.numpy(), [gradient.numpy() for gradient in gradients], statistics, compiled


@pytest.mark.parametrize(
    "options", [{}, {"scale": False, "center": False, "momentum": 0.7, "epsilon": 0.01}, {"axis": 1}]
)
def test_one_operation_normalises_as_keras_does(images, options):
    plain = step(small_net(**options), images, None)
    fused = step(small_net(**options), images, "float32")
    assert fused[0] == pytest.approx(plain[0], rel=1e-5)
    for ours, theirs in zip(fused[1] + fused[2], plain[1] + plain[2], strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-5)
    kinds = {operation.type for operation in fused[3].graph.get_operations()}
    assert ("FusedBatchNormV3" in kinds) == ("axis" not in options)
    assert "FusedBatchNormV3" not in {operation.type for operation in plain[3].graph.get_operations()}


def test_frozen_normalisations_stay_as_they_are(images):
    models = [small_net(), small_net()]
    for model in models:
        model.get_layer("inside").get_layer("norm").trainable = False
    plain, ours = step(models[0], images, None), step(models[1], images, "float32")
    assert ours[0] == pytest.approx(plain[0], rel=1e-5)
    for ours_now, theirs in zip(ours[2], plain[2], strict=True):
        np.testing.assert_array_equal(ours_now, theirs)


def test_half_the_bits_are_used_where_they_are_asked_for(images):
    exact, rough = step(small_net(), images, "float32"), step(small_net(), images, "bfloat16")
    assert rough[0] != exact[0]
    assert rough[0] == pytest.approx(exact[0], rel=0.02)
    operations = rough[3].graph.get_operations()
    kinds = {operation.type: operation.outputs[0].dtype.name for operation in operations if operation.outputs}
    assert kinds["Conv2D"] == "bfloat16"
    assert kinds["Softmax"] == "float32"


@pytest.mark.parametrize("precision", PRECISIONS)
def test_the_model_is_left_as_it_was(images, precision, tmp_path):
    import keras

    model, untouched = small_net(), small_net()
    step(model, images, precision)
    assert model.get_config() == untouched.get_config()
    assert all(variable.dtype == "float32" for variable in model.variables)
    assert "call" not in vars(model.get_layer("inside").get_layer("norm"))
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again(images), model(images))
