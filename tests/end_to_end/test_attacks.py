"""The smallest change that flips an answer, for networks of every ending: within ε, valid, and along the loss."""

from functools import cache

import numpy as np
import pytest

from cnnstudio.errors import StudioError
from cnnstudio.explaining.attacks import ATTACKS, STEPS, Target, answers_of, smallest_change
from cnnstudio.explaining.scores import ClassScores
from cnnstudio.progress import Cancelled, Progress
from tests.explaining import small_networks
from tests.explaining.small_networks import IMAGE, SHAPE, scores_of

EXTREME = np.random.default_rng(8).choice([0, 2, 128, 253, 255], SHAPE).astype(np.uint8)
"""An image most of whose pixels can go one way only."""


NAMES = ("softmax", "dense only", "one sigmoid", "independent", "log-odds", "colour")


@cache
def networks() -> dict[str, ClassScores]:
    from keras import layers

    from cnnstudio.models.backend import import_keras
    from cnnstudio.models.trained.outputs import set_two

    import_keras().utils.set_random_seed(4)

    def front():
        return [layers.Rescaling(1 / 255), layers.Flatten()]

    both = layers.Dense(2, trainable=False)
    one_sigmoid = scores_of(*front(), layers.Dense(1, activation="sigmoid"), both, classes=2)
    set_two(both)
    return {
        "softmax": small_networks.convnet(),
        "dense only": scores_of(*front(), layers.Dense(3, activation="softmax")),
        "one sigmoid": ClassScores(one_sigmoid.classifier),
        "independent": scores_of(*front(), layers.Dense(3, activation="sigmoid"), independent=True),
        "log-odds": scores_of(*front(), layers.Dense(3, activation="softmax"), layers.Rescaling(1.0)),
        "colour": scores_of(*front(), layers.Dense(3, activation="softmax"), shape=(6, 5, 3)),
    }


def image_for(scores: ClassScores, extreme: bool = False) -> np.ndarray:
    image = EXTREME if extreme else IMAGE
    return np.resize(image, scores.classifier.input_shape)


def loss(scores: ClassScores, images: np.ndarray, answer: np.ndarray) -> np.ndarray:
    """The cross-entropy of an answer, from the probabilities."""
    probabilities = scores.probabilities_of(scores.scores(images)).astype(np.float64)
    if (answer < 0).any():
        return -np.log(np.where(answer > 0, probabilities, 1 - probabilities)).sum(axis=1)
    return -np.log(probabilities[:, answer > 0])[:, 0]


@pytest.mark.parametrize("name", NAMES)
def test_the_direction_is_that_in_which_the_loss_grows(name):
    scores = networks()[name]
    image = image_for(scores).astype(np.float32)
    answer = answers_of(scores.classifier, scores.probabilities_of(scores.scores(image[np.newaxis])))[0]
    gradients, _ = scores.loss_gradients(image[np.newaxis], answer[np.newaxis])
    step, checked = 4.0, 0
    for place in np.argsort(-np.abs(gradients[0]).ravel())[:12]:
        moved = np.stack([image, image])
        moved.reshape(2, -1)[:, place] += (step, -step)
        up, down = loss(scores, moved, answer)
        assert np.sign(up - down) == np.sign(gradients[0].ravel()[place])
        checked += 1
    assert checked == 12


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("extreme", [False, True])
def test_a_change_is_valid_and_within_epsilon_and_flips(name, attack, extreme):
    scores = networks()[name]
    found = smallest_change(scores, image_for(scores, extreme), attack, limit=255)
    assert found.changed.min() >= 0 and found.changed.max() <= 255
    assert found.epsilon is not None
    assert np.abs(found.perturbation).max() <= found.epsilon * (1 + 1e-6) + 1e-4
    known = scores.classifier
    before, after = (answers_of(known, one[np.newaxis]) for one in (found.before, found.after))
    assert not np.array_equal(before, after)
    again = scores.probabilities_of(scores.scores(found.changed[np.newaxis]))[0]
    np.testing.assert_allclose(found.after, again, atol=1e-6)
    np.testing.assert_allclose(found.before, known.predict(image_for(scores, extreme)).probabilities, atol=1e-5)


@pytest.mark.parametrize("attack", ATTACKS)
def test_every_step_of_an_attack_stays_within_its_epsilon(attack):
    scores = networks()["softmax"]
    image = EXTREME.astype(np.float32)
    answer = answers_of(scores.classifier, scores.probabilities_of(scores.scores(image[np.newaxis])))[0]
    epsilons = np.array([0.25, 1, 7, 40], np.float32)
    images = ATTACKS[attack].change(Target(scores, image, answer, lambda _: None), epsilons)
    assert images.min() >= 0 and images.max() <= 255
    assert (np.abs(images - image).max(axis=(1, 2, 3)) <= epsilons + 1e-4).all()


def test_small_steps_need_no_more_than_one_large_one():
    scores = networks()["softmax"]
    one, many = (smallest_change(scores, IMAGE, attack, limit=255).epsilon for attack in ("fgsm", "pgd"))
    assert many <= one + 255 / 16**3


def test_a_network_that_is_sure_to_the_last_digit_still_shows_the_way():
    """Of logits that differ by 90, the probabilities are 1 and 0 in float32, and the gradient of −ln p is 0."""
    from keras import layers

    dense = layers.Dense(2, activation="softmax")
    scores = scores_of(layers.Flatten(), dense, shape=(4, 5, 1), classes=2)
    weights = np.random.default_rng(7).normal(size=(20, 2)).astype(np.float32)
    image = np.random.default_rng(2).integers(60, 190, (4, 5, 1)).astype(np.uint8)
    difference = weights[:, 1] - weights[:, 0]
    dense.set_weights([weights, np.array([0, -difference @ image.ravel() - 90], np.float32)])
    found = smallest_change(scores, image, "fgsm")
    assert found.before[0] == 1
    assert found.epsilon == pytest.approx(90 / np.abs(difference).sum(), abs=2 / 128)


def test_a_gradient_that_is_zero_is_told():
    from keras import layers

    scores = scores_of(layers.Flatten(), layers.Dense(3, activation="softmax", kernel_initializer="zeros"))
    found = smallest_change(scores, IMAGE, "pgd")
    assert found.blind and found.epsilon is None
    assert np.array_equal(found.changed, IMAGE) and found.magnification == 1


def test_numbers_that_are_not_finite_are_refused():
    from keras import layers

    dense = layers.Dense(3, activation="softmax")
    scores = scores_of(layers.Flatten(), dense)
    dense.set_weights([np.full(weights.shape, np.nan) for weights in dense.get_weights()])
    with pytest.raises(StudioError, match="not finite"):
        smallest_change(scores, IMAGE)


def test_what_is_wrongly_asked_is_said():
    scores = networks()["softmax"]
    with pytest.raises(StudioError, match="no attack “cw”: choose one of fgsm, pgd"):
        smallest_change(scores, IMAGE, "cw")
    with pytest.raises(StudioError, match="not 0"):
        smallest_change(scores, IMAGE, limit=0)
    with pytest.raises(StudioError, match="takes images of 8×9×1"):
        smallest_change(scores, IMAGE[:4])


def test_progress_is_told_and_ends_the_work():
    told: list[Progress] = []
    smallest_change(networks()["softmax"], IMAGE, "pgd", limit=0.01, on_progress=told.append)
    assert [one.done for one in told] == list(range(1, STEPS + 1))

    def stop(_: Progress) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        smallest_change(networks()["softmax"], IMAGE, "pgd", on_progress=stop)
