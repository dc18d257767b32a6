"""Maps of a data set: places on a plane for the images of an embedding, so that near ones are alike."""

import csv
import importlib.util
import io
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from cnnstudio.errors import StudioError
from cnnstudio.explaining.embedding import Embedding
from cnnstudio.progress import OnProgress, Progress

UMAP_INSTALL = 'python -m pip install "cnnstudio[umap]"'
"""The command that brings UMAP, wherever CNN Studio is installed."""

NEIGHBOURS = 15
"""Of an image, to which UMAP keeps it near; t-SNE counts twice as many (its perplexity)."""

EARLY_STEPS, STEPS = 250, 500
"""Of t-SNE: first with the clusters pulled together, then as they are."""

FEW = 1_000
"""Up to so many images t-SNE weighs each against each, or against near heaps of them (Barnes and Hut)."""

_TOLD_EVERY = 10


class Layout(Protocol):
    """Where the images lie.

    Attributes:
        positions: (n, 2) float32, y up.
    """

    positions: np.ndarray

    def place(self, coordinates: np.ndarray) -> np.ndarray:
        """Where other images would lie, (m, 2) float32; `coordinates` is (m, components), as of an `Embedding`."""


@dataclass(frozen=True)
class MapMethod:
    """A way to lay images out on a plane.

    Attributes:
        name: the key, as typed on the command line.
        title: for the screen.
        tells: what its map shows, in a sentence.
        limits: what it can't tell, in a sentence.
        lay_out: computes it from coordinates, (n, components) float32.
        at_once: whether it takes a moment only, and is computed where it is asked for.
        package: the module that it needs and that is not always installed; empty where there is none.
    """

    name: str
    title: str
    tells: str
    limits: str
    lay_out: Callable[[np.ndarray, OnProgress], Layout]
    at_once: bool = False
    package: str = ""

    @property
    def why_not(self) -> str:
        """Why it cannot be used here, and what to do; empty where it can."""
        if not self.package or importlib.util.find_spec(self.package) is not None:
            return ""
        return f"{self.title} is not installed: {UMAP_INSTALL} brings it; then start CNN Studio again."


class PcaLayout:
    """The first two principal components: each other image has its place, too, in no time."""

    def __init__(self, coordinates: np.ndarray, on_progress: OnProgress = lambda _: None) -> None:  # noqa: ARG002
        self.positions = np.ascontiguousarray(coordinates[:, :2], np.float32)

    def place(self, coordinates: np.ndarray) -> np.ndarray:
        """As of `Layout`."""
        return coordinates[:, :2].astype(np.float32)


class TsneLayout:
    """t-SNE, as openTSNE computes it (van der Maaten and Hinton, 2008; Poličar, Stražar and Zupan, 2024)."""

    def __init__(self, coordinates: np.ndarray, on_progress: OnProgress = lambda _: None) -> None:
        import openTSNE

        count = len(coordinates)
        on_progress(Progress("Looking for the neighbours of each image", len(coordinates), None, "images"))
        done = 0

        def tell(_step: int, _error: float, _positions: np.ndarray) -> bool:
            nonlocal done
            done += _TOLD_EVERY
            on_progress(Progress("Moving neighbours together (t-SNE)", done, EARLY_STEPS + STEPS, "steps"))
            return False

        start = openTSNE.initialization.rescale(coordinates[:, :2].astype(np.float64))
        tsne = openTSNE.TSNE(
            perplexity=min(2.0 * NEIGHBOURS, (count - 1) / 3),
            initialization=start,
            early_exaggeration_iter=EARLY_STEPS,
            n_iter=STEPS,
            # Of many images, one way takes time for all of them where one is placed; of few, the other for its grid.
            negative_gradient_method="fft" if count > FEW else "bh",
            # A grid twice as coarse as usual takes a third of the time, and keeps as many neighbours (45 of 47 %).
            ints_in_interval=2,
            callbacks=tell,
            callbacks_every_iters=_TOLD_EVERY,
            # Threads that wait for each other at every step gain nothing, and where one image is placed they take forty
            # times as long.
            n_jobs=1,
            random_state=0,
        )
        self._embedding = tsne.fit(coordinates.astype(np.float64))
        self._embedding.gradient_descent_params["callbacks"] = None
        self._affinities = {"perplexity": min(5.0, (count - 1) / 3), "k": min(25, count)}
        # Where openTSNE places others, it moves the map's middle to 0 first.
        found = np.asarray(self._embedding)
        self.positions = (found - (found.max(axis=0) + found.min(axis=0)) / 2).astype(np.float32)

    def place(self, coordinates: np.ndarray) -> np.ndarray:
        """As of `Layout`."""
        found = self._embedding.transform(coordinates.astype(np.float64), **self._affinities)
        return np.asarray(found).astype(np.float32)


class UmapLayout:
    """UMAP, as its authors' package computes it (McInnes, Healy and Melville, 2018)."""

    def __init__(self, coordinates: np.ndarray, on_progress: OnProgress = lambda _: None) -> None:
        on_progress(Progress("Getting UMAP ready", len(coordinates), None, "images"))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that it uses one thread, because it is to give the same each time
            umap = _import_umap()
            on_progress(Progress("Looking for the neighbours of each image", len(coordinates), None, "images"))
            bar = {"disable": False, "file": _StepReader(on_progress), "bar_format": "{n}/{total}", "mininterval": 0.1}
            self._umap = umap.UMAP(
                n_neighbors=min(NEIGHBOURS, len(coordinates) - 1),
                init=coordinates[:, :2].copy(),
                random_state=0,
                tqdm_kwds=bar,
            ).fit(coordinates)
            self.positions = self._umap.embedding_.astype(np.float32)
            self._umap.tqdm_kwds = {"disable": True}
            on_progress(Progress("Getting ready to place other images", len(coordinates), None, "images"))
            self.place(coordinates[:1])  # which compiles, the first time

    def place(self, coordinates: np.ndarray) -> np.ndarray:
        """As of `Layout`."""
        found: np.ndarray = self._umap.transform(coordinates)
        return found.astype(np.float32)


def _import_umap() -> Any:
    """The package, without its UMAP by a Keras model, for which TensorFlow would be imported: 2.5 s and 550 MB."""
    hidden = "tensorflow" not in sys.modules
    if hidden:
        sys.modules["tensorflow"] = None  # type: ignore[assignment]  # stands for a package that is not there
    try:
        import umap
    finally:
        if hidden:
            del sys.modules["tensorflow"]
    return umap


class _StepReader:
    """The file into which UMAP's progress bar is written: it reads the steps off it."""

    def __init__(self, on_progress: OnProgress) -> None:
        self._on_progress = on_progress

    def write(self, text: str) -> None:
        done, _, total = text.strip().partition("/")
        if done.isdecimal() and total.isdecimal():
            self._on_progress(Progress("Moving neighbours together (UMAP)", int(done), int(total), "steps"))

    def flush(self) -> None:
        """All was told already."""


MAPS: dict[str, MapMethod] = {
    entry.name: entry
    for entry in (
        MapMethod(
            "pca",
            "PCA",
            "The layer's numbers seen from the side from which the images differ most: a straight view, like a shadow.",
            "What lies behind each other in such a view may be far apart in the layer.",
            PcaLayout,
            at_once=True,
        ),
        MapMethod(
            "t-sne",
            "t-SNE",
            "Images that the layer finds alike lie side by side.",
            "Distances between clusters, and their sizes, mean little: only who is next to whom is kept.",
            TsneLayout,
        ),
        MapMethod(
            "umap",
            "UMAP",
            "Images that the layer finds alike lie side by side, in tighter clusters than with t-SNE.",
            "Distances between clusters, and their sizes, mean little: only who is next to whom is kept.",
            UmapLayout,
            package="umap",
        ),
    )
}
"""Every kind of map, in the order in which they are shown."""


def find_map_method(name: str) -> MapMethod:
    """The method of a name.

    Raises:
        StudioError: there is none, or what it needs is not installed.
    """
    if name not in MAPS:
        raise StudioError(f"There is no map “{name}”: choose one of {', '.join(MAPS)}.")
    if why := MAPS[name].why_not:
        raise StudioError(why)
    return MAPS[name]


def lay_out(embedding: Embedding, method: str = "pca", on_progress: OnProgress = lambda _: None) -> Layout:
    """Gives each image of an embedding a place on a plane.

    Args:
        embedding: its principal components are what is laid out.
        method: a key of `MAPS`. All but PCA take from seconds to a minute, the same each time.
        on_progress: told how far it is; what it raises ends the work.

    Raises:
        StudioError: there is no such method, or what it needs is not installed.
    """
    return find_map_method(method).lay_out(embedding.coordinates, on_progress)


def map_table(embedding: Embedding, positions: np.ndarray) -> str:
    """A map as a table (CSV): of each image its number, its class, the answer, its probability, and its place."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["image", "class", "answer", "probability", "x", "y"])
    classes, answers = embedding.dataset.classes, embedding.answered_classes
    columns: tuple[Any, ...] = (
        embedding.places, embedding.labels, embedding.answers, embedding.probabilities, positions
    )  # fmt: skip
    for place, label, answer, probability, (x, y) in zip(*columns, strict=True):
        rows.writerow([place, classes[label], answers[answer], f"{probability:.6g}", f"{x:.6g}", f"{y:.6g}"])
    return text.getvalue()
