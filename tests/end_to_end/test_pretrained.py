"""Classifiers of `keras.applications`: downloaded from a real server, and the same as with Keras's own preparation."""

import hashlib
import importlib
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cnnstudio.data.downloads.http import Patience
from cnnstudio.errors import StudioError
from cnnstudio.models.keras_config.allowlist import checked_config
from cnnstudio.models.trained.library import list_broken_models, list_models, load_classifier, rename_model
from cnnstudio.models.trained.pretrained import (
    PRETRAINED,
    Pretrained,
    build_pretrained,
    fetch_pretrained,
    is_downloaded,
    weights_source,
)
from cnnstudio.progress import Progress
from cnnstudio.storage import cache_folder
from tests.data import local_server
from tests.data.local_server import Server, breaking_off, claiming, normal, silent, status
from tests.models.sample_networks import shallow_applications

pytestmark = pytest.mark.numbers

SMALL = PRETRAINED["efficientnetv2-b0"]
IMAGES = np.random.default_rng(0).integers(0, 256, (2, 224, 224, 3)).astype(np.float32)
QUICK = Patience(connect_seconds=5, silence_seconds=0.4)


@pytest.fixture(scope="module", autouse=True)
def shallow() -> Iterator[None]:
    """What is built and downloaded here is the same for few blocks."""
    with shallow_applications():
        yield


class CancelledError(Exception):
    """What a test raises to end a download."""


def ignore(progress: Progress) -> None:
    """Nobody looks."""


def published(entry: Pretrained, path: Path):
    """Keras's own classifier with made-up weights, which are saved as Keras publishes them; it prepares by itself or,
    if it does not, by its own function.
    """
    import keras

    keras.utils.set_random_seed(7)
    model = getattr(keras.applications, entry.function)(weights=None, input_shape=(entry.side, entry.side, 3))
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.beta.assign(keras.random.normal(layer.beta.shape, stddev=0.1, seed=1))
            layer.moving_mean.assign(keras.random.normal(layer.beta.shape, stddev=0.1, seed=2))
    model.save(path)
    return model


def features(model, images: np.ndarray) -> np.ndarray:
    """What the last layer but the classes answers, from which they are weighed."""
    import keras

    return np.asarray(keras.Model(model.input, model.layers[-2].output)(images, training=False))


KINDS = {entry.scaling: name for name, entry in reversed(PRETRAINED.items())}.values()
"""One for each way of preparing images."""


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", KINDS)
def test_raw_images_give_what_keras_gives_with_its_own_preparation(name: str, tmp_path: Path) -> None:
    import keras

    entry = replace(PRETRAINED[name], side=64)
    theirs = published(entry, tmp_path / "weights.h5")
    ours = build_pretrained(entry, tmp_path / "weights.h5")
    assert ours.output_shape == (None, 1000)
    assert ours.input_shape == (None, 64, 64, 3)
    image = np.random.default_rng(1).integers(0, 256, (64, 64, 3)).astype(np.float32)
    modules = {"resnet50": "resnet", "resnet50v2": "resnet_v2"}
    prepare = getattr(keras.applications, modules.get(name, "efficientnet_v2")).preprocess_input
    [expected] = features(theirs, prepare(image[np.newaxis].copy()))
    ours_of_it, *ours_of_others = features(ours, np.stack([image, image / 255, image[..., ::-1]]))
    assert expected.std() > 1e-3
    np.testing.assert_allclose(ours_of_it, expected, rtol=1e-3, atol=1e-3 * np.abs(expected).max())
    for other in ours_of_others:
        assert np.abs(other - expected).max() > 10 * np.abs(ours_of_it - expected).max()
    kept = checked_config(ours.to_json().encode())  # as when it is opened
    assert len(kept["config"]["layers"]) == len(ours.layers)


@pytest.mark.parametrize("name", PRETRAINED)
def test_the_installed_keras_says_where_the_weights_are(name: str) -> None:
    url, md5 = weights_source(PRETRAINED[name])
    assert url.startswith("https://storage.googleapis.com/tensorflow/keras-applications/")
    assert url.endswith(PRETRAINED[name].file)
    assert len(bytes.fromhex(md5)) == 16


@pytest.fixture(scope="module")
def weights(shallow: None, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("weights") / "weights.h5"
    published(SMALL, path)
    return path.read_bytes()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("CNNSTUDIO_DATASETS", raising=False)
    with local_server.running() as server:
        point_keras_to(server.address, b"", monkeypatch)
        yield server


def point_keras_to(address: str, body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes Keras say that its weights are these, and lie there."""
    module = importlib.import_module("keras.src.applications.efficientnet_v2")
    monkeypatch.setattr(module, "BASE_WEIGHTS_PATH", f"{address}/")
    monkeypatch.setitem(module.WEIGHTS_HASHES, "b0", (hashlib.md5(body).hexdigest(), ""))


@pytest.mark.filterwarnings("ignore")
def test_a_download_becomes_an_ordinary_model(server: Server, weights: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    point_keras_to(server.address, weights, monkeypatch)
    server.serve(f"/{SMALL.file}", breaking_off(weights, 3 * len(weights) // 4))
    told: list[Progress] = []
    assert not is_downloaded(SMALL)
    folder = fetch_pretrained(SMALL.name, told.append)
    assert is_downloaded(SMALL)
    assert {progress.task.split()[0] for progress in told} >= {"Asking", "Downloading", "Preparing", "Saving"}
    assert max(progress.done for progress in told if progress.task.startswith("Downloading")) > 1_000_000
    assert not list(cache_folder().rglob("*.h5*"))
    [entry] = [entry for entry in list_models() if entry.kind == "download"]
    assert (entry.name, entry.path, entry.card.architecture) == (SMALL.name, folder, SMALL.name)
    assert [entry.kind for entry in list_models() if entry.kind != "shipped"] == ["download"]
    classifier = load_classifier(SMALL.name)
    assert classifier.card.classes[285] == "Egyptian cat"
    assert classifier.card.test_accuracy is None
    path = Path(cache_folder() / "weights.h5")
    path.write_bytes(weights)
    expected = build_pretrained(SMALL, path)(IMAGES, training=False)
    np.testing.assert_allclose(classifier.predict_many(IMAGES.astype(np.uint8)), np.asarray(expected), atol=1e-5)
    assert sum(layer.main for layer in classifier.layers) < 0.6 * len(classifier.layers)
    asked = len(server.requests)
    assert fetch_pretrained(SMALL.name, told.append) == folder
    assert len(server.requests) == asked
    assert rename_model(entry, "mine").kind == "download"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (status(403), "error 403"),
        (status(500), "error 500"),
        (claiming(b"x" * 100, None), "does not say how large"),
        (silent, "stopped answering"),
        (normal(b"something else"), "sent wrong bytes"),
        (claiming(b"", 0), "another file there, of 0 bytes"),
        (claiming(b"", 2**31), "another file there, of 2,147,483,648 bytes"),
    ],
)
def test_a_server_that_fails_gets_a_sentence(server: Server, answer, words: str) -> None:
    server.serve(f"/{SMALL.file}", answer)
    with pytest.raises(StudioError, match=words):
        fetch_pretrained(SMALL.name, ignore, QUICK)
    assert not is_downloaded(SMALL)
    assert list_broken_models() == {}


def test_no_network_gets_a_sentence(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{probe.getsockname()[1]}"
    point_keras_to(nobody, b"", monkeypatch)
    with pytest.raises(StudioError, match=r"cannot be downloaded: .* could not be reached"):
        fetch_pretrained(SMALL.name, ignore, QUICK)


def test_right_bytes_that_are_no_weights_get_a_sentence(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    point_keras_to(server.address, b"no weights", monkeypatch)
    server.serve(f"/{SMALL.file}", normal(b"no weights"))
    with pytest.raises(StudioError, match="do not fit the Keras that is installed"):
        fetch_pretrained(SMALL.name, ignore, QUICK)
    assert list_broken_models() == {}


@pytest.mark.parametrize("task", ["Asking", "Downloading"])
def test_a_download_is_cancelled(server: Server, monkeypatch: pytest.MonkeyPatch, task: str) -> None:
    body = bytes(range(256)) * 4000
    point_keras_to(server.address, body, monkeypatch)
    server.serve(f"/{SMALL.file}", normal(body))

    def cancel(progress: Progress) -> None:
        if progress.task.startswith(task):
            raise CancelledError

    with pytest.raises(CancelledError):
        fetch_pretrained(SMALL.name, cancel, QUICK)


def test_an_unknown_name_gets_a_sentence() -> None:
    with pytest.raises(StudioError, match=r"Choose one of: .*resnet50"):
        fetch_pretrained("alexnet", lambda _: None)


def test_a_keras_that_has_changed_gets_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    module = importlib.import_module("keras.src.applications.efficientnet_v2")
    monkeypatch.delitem(module.WEIGHTS_HASHES, "b0")
    with pytest.raises(StudioError, match="does not say where the weights of EfficientNetV2-B0 are"):
        weights_source(SMALL)
