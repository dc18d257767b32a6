import hashlib
import os
import threading
from dataclasses import replace

import numpy as np
import pytest

from cnnstudio.data.splits import Split
from cnnstudio.data.stored import StoredImages
from cnnstudio.errors import StudioError
from cnnstudio.models.networks.building import build_network
from cnnstudio.models.networks.files import Network
from cnnstudio.training import loop
from cnnstudio.training.config import SCHEDULES
from cnnstudio.training.loop import TrainingLoop, mean_over_images
from tests.models.sample_networks import sequential

pytestmark = pytest.mark.numbers


def compiled(network, seed=0):
    import keras

    model = build_network(network, (28, 28, 1), 10, seed)
    # Compiled by XLA the first batch would take longer than all of the training.
    model.compile(keras.optimizers.Adam(), "sparse_categorical_crossentropy", jit_compile=False)
    return model


def trained(config, split, network=None):
    """The model after all epochs, and the blocks."""
    model = compiled(network or config.architecture, config.seed)
    training = TrainingLoop(model, split, config)
    return model, [block for epoch in training.epochs for block in training.blocks(epoch)]


def losses(blocks):
    return np.concatenate([block.loss for block in blocks])


def digest(model):
    return hashlib.sha256(b"".join(weight.tobytes() for weight in model.get_weights())).hexdigest()


def small(*between):
    """A network of a convolution, what is given, and a dense layer."""
    config = sequential(
        (28, 28, 1),
        ("Rescaling", {"scale": 1 / 255, "offset": 0.0}),
        ("Conv2D", {"filters": 4, "kernel_size": 5, "strides": 2, "activation": "relu"}),
        *between,
        ("Flatten", {}),
        ("Dense", {"units": 10, "activation": "softmax"}),
    )
    return Network("small", "Small", config)


def varied():
    """One with a batch normalisation and dropout."""
    return small(("BatchNormalization", {}), ("Dropout", {"rate": 0.4}))


@pytest.mark.parametrize(
    ("network", "same", "tolerance"), [(small, 10, 1e-4), (varied, 2, 0.02)], ids=["small", "varied"]
)
def test_every_batch_is_trained_as_keras_does(network, same, tolerance, quick, digits):
    """Keras's own `train_on_batch` is the oracle, in the same process, so that both round as this processor does.

    Given the same images at the same rates it returns the same losses. A batch normalisation is computed in another
    order there: the first losses are the same, dropout included, and then the rounding grows.
    """
    config = replace(quick, epochs=2)
    split = digits.train.take(np.arange(300))
    model, blocks = trained(config, split, network())

    peer = compiled(network())
    peer.run_eagerly = True
    batches, expected = 5, []
    for epoch in range(config.epochs):
        order = np.random.default_rng([config.seed, epoch]).permutation(len(split))
        for batch in range(batches):
            done = np.array([(epoch + batch / batches) / config.epochs])
            peer.optimizer.learning_rate = float(config.learning_rate * SCHEDULES["cosine"].factors(done)[0])
            chosen = split.take(order[64 * batch : 64 * (batch + 1)])
            peer.reset_metrics()
            expected.append(peer.train_on_batch(chosen.images, chosen.labels))

    np.testing.assert_allclose(losses(blocks)[:same], expected[:same], rtol=1e-4)
    np.testing.assert_allclose(losses(blocks), expected, rtol=tolerance)
    for weight, other in zip(model.get_weights(), peer.get_weights(), strict=True):
        np.testing.assert_allclose(weight, other, atol=tolerance)


def test_blocks_cover_every_batch_once(quick, digits):
    _, blocks = trained(quick, digits.train)
    batches = -(-len(digits.train) // quick.batch_size)
    firsts = np.cumsum([0] + [len(block.loss) for block in blocks])
    assert [block.first for block in blocks] == firsts[:-1].tolist()
    assert firsts[-1] == quick.epochs * batches
    assert all(len(block.loss) == len(block.accuracy) == len(block.sizes) > 0 for block in blocks)
    sizes = np.full(batches, quick.batch_size)
    sizes[-1] = len(digits.train) - (batches - 1) * quick.batch_size
    accuracies = []
    for epoch in range(quick.epochs):
        mine = [block for block in blocks if block.epoch == epoch]
        assert np.concatenate([block.sizes for block in mine]).tolist() == sizes.tolist()
        loss, accuracy = mean_over_images(mine)
        assert loss == pytest.approx(losses(mine) @ sizes / len(digits.train))
        accuracies.append(np.concatenate([block.accuracy for block in mine]) @ sizes / len(digits.train))
        assert accuracy == pytest.approx(accuracies[-1])
    assert accuracies[1] > accuracies[0]


def test_the_same_config_gives_the_same_weights_however_blocks_fall(quick, digits, monkeypatch):
    config, network = replace(quick, augmentation="shift=0.1", epochs=1), varied()
    monkeypatch.setattr(loop, "BLOCK_SECONDS", 0.0)
    one, single = trained(config, digits.train, network)
    monkeypatch.setattr(loop, "BLOCK_SECONDS", 60.0)
    two, grown = trained(config, digits.train, network)
    assert [len(block.loss) for block in single] == [1] * 22
    assert [len(block.loss) for block in grown] == [1, 1, 2, 2, 4, 4, 8]
    assert digest(one) == digest(two)


def test_another_seed_gives_another_training(quick, digits):
    split = digits.train.take(np.arange(200))
    first, second = (trained(replace(quick, seed=seed, epochs=1), split)[0] for seed in (0, 1))
    assert digest(first) != digest(second)


def test_a_loop_that_is_left_trains_nothing_more_and_ends_its_thread(quick, digits):
    before_it = set(threading.enumerate())
    model = compiled(quick.architecture)
    training = TrainingLoop(model, digits.train, quick)
    before = digest(model)
    blocks = training.blocks(0)
    assert digest(model) == before
    next(blocks)
    after = digest(model)
    assert after != before
    [reader] = set(threading.enumerate()) - before_it
    del blocks
    assert digest(model) == after
    assert not reader.is_alive()


def test_images_on_disk_train_as_images_in_memory_do(quick, digits, tmp_path):
    """And when the file is cut short meanwhile, a sentence says so."""
    file = tmp_path / "images"
    file.write_bytes(digits.train.images.tobytes())
    config = replace(quick, epochs=1)
    split = Split(StoredImages(file, digits.train.images.shape), digits.train.labels)
    from_disk, from_memory = (trained(config, source)[0] for source in (split, digits.train))
    assert digest(from_disk) == digest(from_memory)

    training = TrainingLoop(compiled(config.architecture), split, config)
    os.truncate(file, 28 * 28)
    with pytest.raises(StudioError, match="cannot be read any more"):
        next(training.blocks(0))
