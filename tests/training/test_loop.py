import hashlib
import os
from dataclasses import replace

import numpy as np
import pytest

from cnnstudio.data.splits import Split
from cnnstudio.data.stored import StoredImages
from cnnstudio.errors import StudioError
from cnnstudio.models.networks.building import build_network
from cnnstudio.training import loop as fast_fit
from cnnstudio.training.config import SCHEDULES
from cnnstudio.training.loop import FastFit

pytestmark = pytest.mark.numbers


def compiled(config):
    import keras

    model = build_network(config.architecture, (28, 28, 1), 10, config.seed)
    model.compile(keras.optimizers.Adam(), "sparse_categorical_crossentropy", run_eagerly=True)
    return model


def trained(config, split):
    """The model after `fit`, its blocks, and the logs of its epochs."""
    model, blocks, epochs = compiled(config), [], []
    FastFit(model, split, config).fit(blocks.append, lambda epoch, logs: epochs.append((epoch, dict(logs))))
    return model, blocks, epochs


def digest(model):
    return hashlib.sha256(b"".join(weight.tobytes() for weight in model.get_weights())).hexdigest()


def test_every_batch_is_what_keras_makes_of_it(quick, digits):
    """Keras's own `train_on_batch`, given the same images in the same order."""
    config = replace(quick, architecture="lenet5", epochs=2)
    split = digits.train.take(np.arange(300))
    model, blocks, epochs = trained(config, split)

    peer = compiled(replace(config, schedule="constant"))
    batches, losses = 5, []
    for epoch in range(config.epochs):
        order = np.random.default_rng([config.seed, epoch]).permutation(len(split))
        for batch in range(batches):
            done = np.array([(epoch + batch / batches) / config.epochs])
            peer.optimizer.learning_rate = float(config.learning_rate * SCHEDULES["cosine"].factors(done)[0])
            chosen = split.take(order[64 * batch : 64 * (batch + 1)])
            peer.reset_metrics()
            losses.append(peer.train_on_batch(chosen.images, chosen.labels))

    told = np.concatenate([block.loss for block in blocks])
    assert np.allclose(told, np.ravel(losses), rtol=1e-4)
    for weight, other in zip(model.get_weights(), peer.get_weights(), strict=True):
        assert np.allclose(weight, other, atol=1e-4)
    sizes = np.array([64, 64, 64, 64, 44])
    assert [logs["loss"] for _, logs in epochs] == pytest.approx([part @ sizes / 300 for part in told.reshape(2, 5)])


def test_blocks_cover_every_batch_once(quick, digits):
    _, blocks, epochs = trained(quick, digits.train)
    batches = -(-len(digits.train) // quick.batch_size)
    firsts = np.cumsum([0] + [len(block.loss) for block in blocks])
    assert [block.first for block in blocks] == firsts[:-1].tolist()
    assert firsts[-1] == quick.epochs * batches
    assert all(len(block.loss) == len(block.accuracy) > 0 for block in blocks)
    for epoch, logs in epochs:
        mine = [block for block in blocks if block.epoch == epoch]
        assert sum(block.images for block in mine) == len(digits.train)
        sizes = np.full(batches, quick.batch_size)
        sizes[-1] = len(digits.train) - (batches - 1) * quick.batch_size
        accuracy = np.concatenate([block.accuracy for block in mine]) @ sizes / len(digits.train)
        assert logs["accuracy"] == pytest.approx(accuracy)
    assert epochs[1][1]["accuracy"] > epochs[0][1]["accuracy"]


def test_the_same_config_gives_the_same_weights_however_blocks_fall(quick, digits, monkeypatch):
    config = replace(quick, architecture="lenet5", augmentation="shift=0.1", epochs=1)
    monkeypatch.setattr(fast_fit, "BLOCK_SECONDS", 0.0)
    one, single, _ = trained(config, digits.train)
    monkeypatch.setattr(fast_fit, "BLOCK_SECONDS", 60.0)
    two, grown, _ = trained(config, digits.train)
    assert [len(block.loss) for block in single] == [1] * 22
    assert [len(block.loss) for block in grown] == [1, 1, 2, 2, 4, 4, 8]
    assert digest(one) == digest(two)


def test_another_seed_gives_another_training(quick, digits):
    split = digits.train.take(np.arange(200))
    first, second = (trained(replace(quick, seed=seed, epochs=1), split)[0] for seed in (0, 1))
    assert digest(first) != digest(second)


def test_what_a_listener_raises_ends_fit(quick, digits):
    def object_to(block):
        raise KeyError("enough")

    with pytest.raises(KeyError, match="enough"):
        FastFit(compiled(quick), digits.train, quick).fit(object_to, print)


def test_images_on_disk_train_as_images_in_memory_do(quick, digits, tmp_path):
    """And when the file is cut short meanwhile, a sentence says so."""
    file = tmp_path / "images"
    file.write_bytes(digits.train.images.tobytes())
    config = replace(quick, epochs=1)
    split = Split(StoredImages(file, digits.train.images.shape), digits.train.labels)
    from_disk, from_memory = (trained(config, source)[0] for source in (split, digits.train))
    assert digest(from_disk) == digest(from_memory)

    fit = FastFit(compiled(config), split, config)
    os.truncate(file, 28 * 28)
    with pytest.raises(StudioError, match="cannot be read any more"):
        fit.fit([].append, print)
