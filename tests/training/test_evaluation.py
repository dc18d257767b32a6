from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from cnnstudio.data.published.catalogue import DATASETS
from cnnstudio.data.splits import Split
from cnnstudio.errors import StudioError
from cnnstudio.models.networks.building import build_network
from cnnstudio.models.trained.card import Card
from cnnstudio.models.trained.classifier import Classifier
from cnnstudio.training.evaluation import check_fit, evaluate, find_mistakes, in_order

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


def stand_in(probabilities: np.ndarray, independent: bool = False) -> Any:
    """A classifier that answers with these probabilities, whatever it is asked."""
    card = SimpleNamespace(independent=independent)
    classes = tuple("abcdef"[: probabilities.shape[1]])
    return SimpleNamespace(
        classes=classes, batch_size=len(probabilities), predict_many=lambda _: probabilities, card=card
    )


def test_a_probability_of_nothing_costs_much_but_not_everything():
    probabilities = np.array([[0.0, 1.0], [1.0, 0.0]], np.float32)
    certain = stand_in(probabilities)
    loss = evaluate(certain, Split(np.zeros((2, 4, 4, 1), np.uint8), np.zeros(2, np.int32))).loss
    assert 40 < loss < 50


def test_mistakes_are_what_evaluation_counts_the_surest_first(classifier, digits):
    seen = []
    mistakes = find_mistakes(classifier, digits.train, lambda progress: seen.append(progress.done))
    evaluation = evaluate(classifier, digits.train)
    assert seen == [512, 1024, 1400]
    assert mistakes.images == 1400
    assert len(mistakes) == 1400 - evaluation.confusion_matrix.trace()
    probabilities = classifier.predict_many(digits.train.images)
    assert set(mistakes.indices) == set(np.flatnonzero(probabilities.argmax(axis=1) != digits.train.labels))
    assert np.array_equal(mistakes.answers, probabilities[mistakes.indices].argmax(axis=1))
    assert np.allclose(mistakes.probabilities, probabilities[mistakes.indices].max(axis=1), atol=1e-6)
    assert (np.diff(mistakes.probabilities) <= 0).all()


def test_where_all_is_right_there_are_no_mistakes():
    answers = np.array([[0.1, 0.9], [1.0, 0.0]], np.float32)
    certain = stand_in(answers)
    right = Split(np.zeros((2, 4, 4, 1), np.uint8), np.array([1, 0], np.int32))
    assert len(find_mistakes(certain, right)) == 0


def test_images_and_classes_must_be_those_of_the_model(classifier):
    check_fit(classifier.card, DATASETS["mnist"])
    with pytest.raises(StudioError, match="28×28×1"):
        check_fit(classifier.card, DATASETS["cifar10"])
    with pytest.raises(StudioError, match="classes"):
        check_fit(replace(classifier.card, classes=("a", "b")), DATASETS["mnist"])


def test_of_independent_classes_several_are_answered_or_none():
    import keras

    probabilities = np.array([[0.9, 0.6, 0.1], [0.2, 0.4, 0.3], [0.7, 0.1, 0.5], [0.8, 0.9, 0.9]], np.float32)
    split = Split(np.zeros((4, 2, 2, 1), np.uint8), np.array([0, 1, 2, 1], np.int32))
    classifier = stand_in(probabilities, independent=True)
    evaluation = evaluate(classifier, split)
    assert evaluation.independent and evaluation.accuracy == 0.75
    assert evaluation.confusion_matrix.tolist() == [[1, 1, 0], [1, 1, 1], [1, 0, 1]]
    expected = keras.losses.BinaryCrossentropy()(np.eye(3)[split.labels], probabilities)
    assert evaluation.loss == pytest.approx(float(expected), rel=1e-5)
    mistakes = find_mistakes(classifier, split)
    assert mistakes.indices.tolist() == [1] and mistakes.answers.tolist() == [1]


def test_a_data_set_has_its_classes_in_the_order_of_the_model(digits, add_dataset):
    add_dataset(digits)
    entry, turned = DATASETS["digits"], tuple(reversed(digits.classes))
    assert in_order(entry, entry.classes) is entry and in_order(entry, ("a", "b")) is entry
    other = in_order(entry, turned)
    dataset = other.load()
    assert other.classes == dataset.classes == turned
    for split, before in ((dataset.test, digits.test), (dataset.train, digits.train)):
        np.testing.assert_array_equal(split.labels, 9 - before.labels)
