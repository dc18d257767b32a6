from types import SimpleNamespace

import numpy as np
import pytest

from cnnstudio.data.splits import Split
from cnnstudio.models.networks.building import build_network
from cnnstudio.models.trained.card import Card
from cnnstudio.models.trained.classifier import Classifier
from cnnstudio.training.evaluation import evaluate

pytestmark = pytest.mark.numbers


@pytest.fixture(scope="module")
def model():
    import keras

    inner = build_network("softmax", (28, 28, 1), 10, seed=1)
    model = keras.Model(inner.inputs, inner.outputs)
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"], run_eagerly=True)
    return model


@pytest.fixture(scope="module")
def classifier(model, digits):
    return Classifier(model, Card("Ours", digits.classes, (28, 28, 1), "digit"))


@pytest.mark.parametrize("scale", [1.0, 25.0])
def test_agrees_with_keras(model, classifier, digits, scale):
    """Also where the network is so sure that probabilities come near the limits of float32."""
    import tensorflow as tf

    weights = model.get_weights()
    model.set_weights([weight * scale for weight in weights])
    try:
        evaluation = evaluate(classifier, digits.train)
        loss, accuracy = model.evaluate(digits.train.images, digits.train.labels, batch_size=700, verbose=0)
        answers = model.predict_on_batch(digits.train.images).argmax(axis=1)
    finally:
        model.set_weights(weights)
    assert evaluation.images == len(digits.train)
    assert evaluation.loss == pytest.approx(loss, rel=1e-4)
    assert evaluation.accuracy == pytest.approx(accuracy, abs=1e-6)
    matrix = tf.math.confusion_matrix(digits.train.labels, answers, 10).numpy()
    assert np.array_equal(evaluation.confusion_matrix, matrix)
    assert evaluation.confusion_matrix.dtype == np.int64


def test_tells_of_its_progress_and_can_be_left(classifier, digits):
    seen = []
    evaluate(classifier, digits.train, lambda progress: seen.append((progress.done, progress.total)))
    assert seen == [(512, 1400), (1024, 1400), (1400, 1400)]

    def leave(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        evaluate(classifier, digits.train, leave)


def test_a_probability_of_nothing_costs_much_but_not_everything():
    probabilities = np.array([[0.0, 1.0], [1.0, 0.0]], np.float32)
    certain = SimpleNamespace(classes=("a", "b"), batch_size=2, predict_many=lambda _: probabilities)
    loss = evaluate(certain, Split(np.zeros((2, 4, 4, 1), np.uint8), np.zeros(2, np.int32))).loss
    assert 40 < loss < 50
