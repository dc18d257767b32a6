"""The arithmetic of embeddings, against NumPy's; what needs a network is in `end_to_end/test_embedding.py`."""

from dataclasses import replace

import numpy as np
import pytest

from cnnstudio.data.splits import Dataset, Split
from cnnstudio.explaining import embedding
from cnnstudio.explaining.data_map import MAPS, PcaLayout, map_table
from cnnstudio.explaining.embedding import Embedding, principal_components

RANDOM = np.random.default_rng(3)
VECTORS = (RANDOM.normal(size=(40, 7)) * (9, 1, 4, 3, 2, 0.5, 0) + RANDOM.normal(size=7)).astype(np.float32)
LABELS = np.arange(40) % 2
TEST = Split(np.zeros((40, 2, 2, 1), np.uint8), LABELS)


@pytest.fixture
def found() -> Embedding:
    return Embedding(
        layer="hidden",
        dataset=Dataset("noise", ("cat", "dog, small"), TEST, TEST),
        places=np.arange(40),
        vectors=VECTORS,
        answers=np.ones(40, np.int64),
        probabilities=np.full(40, 0.75, np.float32),
        answered_classes=("cat", "dog, small"),
        wrong=LABELS == 0,
        components=principal_components(VECTORS),
    )


def test_principal_components_are_singular_vectors(found: Embedding) -> None:
    components = found.components
    _, values, right = np.linalg.svd(VECTORS - VECTORS.mean(axis=0), full_matrices=False)
    np.testing.assert_allclose(components.shares, values**2 / (values**2).sum(), atol=1e-5)
    signs = np.sign((components.directions * right.T).sum(axis=0))
    np.testing.assert_allclose(components.directions[:, :6], (right.T * signs)[:, :6], atol=1e-4)
    np.testing.assert_allclose(found.coordinates.std(axis=0, ddof=1), values / np.sqrt(39), atol=1e-4)
    assert np.take_along_axis(components.directions, np.abs(components.directions).argmax(axis=0)[None], 0).min() > 0
    np.testing.assert_allclose(PcaLayout(found.coordinates).place(found.coordinates[:3]), found.coordinates[:3, :2])


def test_fewer_components_are_the_first_ones() -> None:
    few, all_ = principal_components(VECTORS, 3), principal_components(VECTORS)
    np.testing.assert_allclose(few.directions, all_.directions[:, :3], atol=1e-5)
    np.testing.assert_allclose(few.shares, all_.shares[:3], atol=1e-6)


@pytest.mark.parametrize("vectors", [VECTORS[:, :1], np.ones((9, 3), np.float32)])
def test_there_are_always_two_directions(vectors: np.ndarray) -> None:
    components = principal_components(vectors)
    places = components.of(vectors)
    assert places.shape[1] >= 2
    assert np.isfinite(places).all()
    assert np.isfinite(components.shares).all()


def test_the_nearest_are_those_of_all_distances(found: Embedding) -> None:
    vector = VECTORS[11] + np.float32(0.1)
    distances = np.linalg.norm(VECTORS - vector, axis=1)
    rows, near = found.nearest(vector, 6)
    np.testing.assert_array_equal(rows, np.argsort(distances)[:6])
    np.testing.assert_allclose(near, np.sort(distances)[:6], atol=1e-5)
    assert len(found.nearest(vector, 100)[0]) == 40


def test_maps_with_many_numbers_count_with_their_means(found: Embedding, monkeypatch: pytest.MonkeyPatch) -> None:
    maps = RANDOM.normal(size=(2, 3, 4)).astype(np.float32)
    np.testing.assert_array_equal(found.vector_of(maps), maps.reshape(-1))
    monkeypatch.setattr(embedding, "MOST_NUMBERS", 23)
    np.testing.assert_allclose(found.vector_of(maps), maps.mean(axis=(0, 1)), rtol=1e-6)


def test_the_table_has_a_line_for_each_image(found: Embedding) -> None:
    two = np.array([4, 7])
    some = replace(found, places=two, answers=found.answers[two], probabilities=found.probabilities[two])
    table = map_table(some, np.array([[1.5, -2], [0, 1e-7]], np.float32))
    assert table == (
        'image,class,answer,probability,x,y\n4,cat,"dog, small",0.75,1.5,-2\n7,"dog, small","dog, small",0.75,0,1e-07\n'
    )


def test_every_map_says_what_it_can_and_cannot_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, method in MAPS.items():
        assert method.name == name
        assert method.tells.endswith(".")
        assert method.limits.endswith(".")
    missing = replace(MAPS["umap"], package="no_such_package")
    assert missing.why_not == (
        'UMAP is not installed: python -m pip install "cnnstudio[umap]" brings it; then start CNN Studio again.'
    )
    assert MAPS["pca"].why_not == ""
