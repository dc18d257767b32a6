"""What layers make of test images, the maps of it, the process that makes them, and the command."""

import csv
import multiprocessing
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cnnstudio.data.library import load_dataset
from cnnstudio.data.splits import Dataset, Split
from cnnstudio.errors import StudioError
from cnnstudio.explaining.data_map import MAPS, lay_out
from cnnstudio.explaining.embedding import embed, embedded_layers, numbers_of, penultimate_layer
from cnnstudio.explaining.map_process import MapProcess
from cnnstudio.models.trained.library import load_classifier
from cnnstudio.models.trained.outputs import set_two
from cnnstudio.progress import Cancelled, Progress
from tests.explaining import small_networks

RANDOM = np.random.default_rng(1)
LABELS = np.arange(60) % 3
TEST = Split(RANDOM.integers(0, 256, (60, 8, 9, 1), np.uint8), LABELS)
NOISE = Dataset("noise", tuple("abc"), TEST, TEST, title="Noise")


@pytest.fixture(scope="module")
def convnet():
    return small_networks.convnet()


@pytest.fixture(scope="module")
def clusters():
    """Three heaps of points in ten dimensions, far from each other."""
    middles = RANDOM.normal(size=(3, 10)) * 30
    return (middles[np.arange(240) % 3] + RANDOM.normal(size=(240, 10))).astype(np.float32)


def test_vectors_are_the_layer_s_outputs(convnet):
    told: list[Progress] = []
    for layer in ("hidden", "conv2", "answer"):
        found = embed(convnet, NOISE, layer, on_progress=told.append)
        for row in (0, 59):
            output = convnet.classifier.predict(TEST.images[row], [layer]).layers[0].values
            np.testing.assert_allclose(found.vectors[row], found.vector_of(output), atol=1e-5)
    probabilities = convnet.classifier.predict_many(TEST.images)
    np.testing.assert_array_equal(found.answers, probabilities.argmax(axis=1))
    np.testing.assert_allclose(found.probabilities, probabilities.max(axis=1), atol=1e-6)
    np.testing.assert_array_equal(found.wrong, probabilities.argmax(axis=1) != LABELS)
    assert told[-1].total == 60


def test_large_maps_count_with_their_means(convnet, monkeypatch):
    monkeypatch.setattr("cnnstudio.explaining.embedding.MOST_NUMBERS", 50)
    (conv1,) = (layer for layer in convnet.classifier.layers if layer.name == "conv1")
    assert numbers_of(conv1) == 4
    found = embed(convnet, NOISE, "conv1")
    output = convnet.classifier.predict(TEST.images[7], ["conv1"]).layers[0].values
    np.testing.assert_allclose(found.vectors[7], output.mean(axis=(0, 1)), atol=1e-5)


def test_of_many_images_each_class_gives_its_share(convnet):
    found = embed(convnet, NOISE, images=20)
    np.testing.assert_array_equal(np.bincount(found.labels), [6, 6, 6])
    assert (np.diff(found.places) > 0).all()
    np.testing.assert_array_equal(found.places, embed(convnet, NOISE, images=20).places)


def test_the_layer_before_those_that_answer(convnet):
    from keras import layers

    assert penultimate_layer(convnet.classifier) == "hidden"
    assert "flat" not in [layer.name for layer in embedded_layers(convnet.classifier)]
    alone = small_networks.scores_of(layers.Flatten(), layers.Dense(3, activation="softmax", name="only"))
    assert penultimate_layer(alone.classifier) == "only"
    pooled = small_networks.scores_of(
        layers.Conv2D(4, 3, name="conv"), layers.Conv2D(3, 3), layers.GlobalAveragePooling2D(), layers.Softmax()
    )
    assert penultimate_layer(pooled.classifier) == "conv"


def test_one_sigmoid_that_answers_two_classes():
    from keras import layers

    answer, both = layers.Dense(1, activation="sigmoid"), layers.Dense(2, trainable=False)
    scores = small_networks.scores_of(layers.Flatten(), layers.Dense(5, name="hidden"), answer, both, classes=2)
    set_two(both)
    two = scores.classifier
    assert penultimate_layer(two) == "hidden"
    data = Dataset("two", tuple("ab"), Split(TEST.images, LABELS % 2), Split(TEST.images, LABELS % 2))
    found = embed(two, data)
    assert found.vectors.shape == (60, 5)
    np.testing.assert_array_equal(found.wrong, two.predict_many(TEST.images).argmax(axis=1) != LABELS % 2)


def test_a_network_of_dense_layers_and_other_classes(convnet):
    others = replace(NOISE, classes=tuple("xyz"))
    assert embed(convnet, others).wrong is None


def test_what_cannot_be_mapped_says_why(convnet):
    few = Split(TEST.images[:4], LABELS[:4])
    with pytest.raises(StudioError, match="Noise has only 4 test images: a map needs 5"):
        embed(convnet, replace(NOISE, test=few))
    large = Split(np.zeros((6, 9, 9, 1), np.uint8), LABELS[:6])
    with pytest.raises(StudioError, match="takes images of 8×9×1, but those of Noise are 9×9×1"):
        embed(convnet, replace(NOISE, train=large, test=large))
    with pytest.raises(StudioError, match="has no layer “conv9”"):
        embed(convnet, NOISE, "conv9")


def test_numbers_that_are_not_finite():
    from keras import layers

    hidden = layers.Dense(4, name="hidden")
    scores = small_networks.scores_of(layers.Flatten(), hidden, layers.Dense(3, activation="softmax"))
    hidden.set_weights([np.full((72, 4), np.nan, np.float32), np.zeros(4, np.float32)])
    with pytest.raises(StudioError, match="“hidden” of “Ours” answers with numbers that are not finite"):
        embed(scores, NOISE)


@pytest.mark.parametrize("method", MAPS)
def test_maps_keep_neighbours_together_and_place_others_among_them(clusters, method):
    if MAPS[method].why_not:
        pytest.skip(MAPS[method].why_not)
    told: list[Progress] = []
    layout = MAPS[method].lay_out(clusters, told.append)
    places = layout.positions
    assert places.shape == (240, 2)
    heaps = np.arange(240) % 3
    distances = np.linalg.norm(places[:, None] - places[None], axis=2) + np.eye(240) * 1e9
    assert (heaps[distances.argmin(axis=1)] == heaps).mean() > 0.99
    for row in (0, 1, 2):
        placed = layout.place(clusters[row : row + 1] + 0.01)[0]
        assert heaps[np.linalg.norm(places - placed, axis=1).argmin()] == row
    np.testing.assert_allclose(MAPS[method].lay_out(clusters, lambda _: None).positions, places, atol=1e-4)
    if not MAPS[method].at_once:
        steps = [one.done for one in told if one.unit == "steps"]
        assert steps == sorted(steps)
        assert told[-1].unit == "images" or steps[-1] == told[-1].total


@pytest.mark.parametrize("method", MAPS)
def test_five_images_are_enough(clusters, method):
    if MAPS[method].why_not:
        pytest.skip(MAPS[method].why_not)
    layout = MAPS[method].lay_out(clusters[:5], lambda _: None)
    assert np.isfinite(layout.positions).all()
    assert np.isfinite(layout.place(clusters[5:6])).all()


def test_a_process_gives_the_same_map_and_ends_when_told(clusters):
    told: list[Progress] = []
    process = MapProcess("t-sne", clusters, told.append)
    assert process.running
    np.testing.assert_allclose(process.positions, MAPS["t-sne"].lay_out(clusters, lambda _: None).positions, atol=1e-3)
    placed = process.place(clusters[:1])[0]
    assert np.linalg.norm(placed - process.positions[0]) < np.ptp(process.positions) / 10
    assert told[0].task == "Starting t-SNE"
    assert {"Looking for the neighbours of each image", "Moving neighbours together (t-SNE)"} <= {
        one.task for one in told
    }
    process.close()
    assert not process.running
    with pytest.raises(StudioError, match="t-SNE has ended too early"):
        process.place(clusters[:1])


@pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="open files are counted in /proc, which only Linux has"
)
def test_a_map_whose_process_was_ended_stays_without_its_pipes(clusters):
    def pipes() -> int:
        count = 0
        for handle in Path("/proc/self/fd").iterdir():
            with suppress(OSError):  # that of the folder itself
                count += str(handle.readlink()).startswith(("pipe:", "socket:"))
        return count

    counts, maps = [], []
    for _ in range(3):
        maps.append(MapProcess("t-sne", clusters, lambda _: None))
        maps[-1].close()
        end = time.monotonic() + 20
        while multiprocessing.active_children() and time.monotonic() < end:
            time.sleep(0.05)
        time.sleep(0.2)
        counts.append(pipes())
    assert counts[2] == counts[0], "the first one starts multiprocessing's own helper"
    assert all(one.positions.shape == (len(clusters), 2) for one in maps)


def test_a_process_can_be_cancelled_while_it_starts(clusters):
    def cancel(_: Progress) -> None:
        raise Cancelled

    before = set(multiprocessing.active_children())
    with pytest.raises(Cancelled):
        MapProcess("t-sne", clusters, cancel)
    assert set(multiprocessing.active_children()) <= before


def test_what_fails_in_a_process_is_said(clusters):
    with pytest.raises(StudioError, match=r"^t-SNE has failed \(\w+: .+\)\. Choose another map\.$"):
        MapProcess("t-sne", clusters[:, :0], lambda _: None)


LEAVING = """
import os

import numpy as np

from cnnstudio.explaining.map_process import MapProcess


def leave_at_work(progress):
    if progress.task.startswith("Looking"):
        os._exit(3)


if __name__ == "__main__":
    MapProcess("t-sne", np.random.default_rng(0).normal(size=(50_000, 50)).astype(np.float32), leave_at_work)
"""


def test_a_process_ends_with_the_program_that_started_it(tmp_path):
    """What the process inherits of the program's output is closed only once it has ended, too."""
    script = tmp_path / "leaving.py"
    script.write_text(LEAVING)
    done = subprocess.run([sys.executable, script], capture_output=True, check=False, timeout=120)
    assert (done.returncode, done.stdout) == (3, b"")


def test_the_command_writes_a_table(outcome, tmp_path):
    path = tmp_path / "map.csv"
    arguments = ["--images", "300", "--output", str(path)]
    code, out, err = outcome("embedding", "lenet5-mnist", *arguments)
    assert (code, out) == (0, "")
    assert "images by PCA of “dense2”" in err
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    found = embed(load_classifier("lenet5-mnist"), load_dataset("mnist"), images=300)
    expected = lay_out(found).positions
    assert [int(row["image"]) for row in rows] == found.places.tolist()
    places = np.array([[float(row["x"]), float(row["y"])] for row in rows])
    assert np.abs(places - expected).max() < 1e-3 * np.ptp(expected)


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["--output", "map.png"], 2, "“map.png” must end in .csv"),
        (["--method", "lle", "--output", "m.csv"], 2, "There is no map “lle”: choose one of pca, t-sne, umap."),
        (["--dataset", "colours", "--output", "m.csv"], 1, "takes images of 28×28×1, but those of Colours"),
        (["--layer", "conv9", "--output", "m.csv", "--images", "50"], 1, "has no layer “conv9”"),
        (["--output", "/no/map.csv", "--images", "50"], 1, "cannot be written to /no/map.csv"),
    ],
)
def test_wrong_wishes(outcome, add_dataset, arguments, code, text):
    images = Split(np.zeros((9, 32, 32, 3), np.uint8), np.zeros(9, np.int32))
    add_dataset(replace(NOISE, name="colours", title="Colours", train=images, test=images))
    found, out, err = outcome("embedding", "lenet5-mnist", *arguments)
    assert (found, out) == (code, "")
    assert text in err


def test_umap_comes_without_tensorflow():
    pytest.importorskip("umap")
    program = """
import sys
import numpy as np
from cnnstudio.explaining.data_map import MAPS

def stop(progress):
    if "neighbours" in progress.task:  # umap is imported by then
        raise SystemExit("tensorflow" in sys.modules)

MAPS["umap"].lay_out(np.zeros((9, 2), np.float32), stop)
"""
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
