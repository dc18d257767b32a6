"""The predictions of a folder's pictures: made in a thread, kept for the view, the small pictures on disk."""

import math
import tempfile
import threading
import unicodedata
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from io import FileIO
from pathlib import Path, PurePath

import numpy as np
from PIL import Image

from cnnstudio.data.folders.file_names import class_in_name
from cnnstudio.data.folders.files import PictureFile, list_pictures
from cnnstudio.data.folders.split_names import split_named
from cnnstudio.data.report import LeftOut
from cnnstudio.errors import StudioError, reason
from cnnstudio.gui.pages.choosers.names import open_classifier
from cnnstudio.gui.pages.choosers.network_input.session import dataset_of, is_unsure
from cnnstudio.gui.widgets.images.thumbnail_grid import Label
from cnnstudio.models.trained.card import Card
from cnnstudio.models.trained.folder_prediction import FilePrediction, predict_files
from cnnstudio.models.trained.prediction_table import model_mark, save_table
from cnnstudio.progress import Cancelled, ending_with
from cnnstudio.storage import cache_folder
from cnnstudio.wording import NO_CLASS, certainty

TOP = 3
"""Classes that are named for each picture."""

THUMBNAIL_SIDES = (64, 192)
"""Longer side of a small picture at most: of very many, and of few."""

THUMBNAIL_BYTES = 2**28
"""What all small pictures may take on disk before they are made smaller."""


UNKNOWN = -1
"""In place of a class's number, where nobody knows which is right."""

FILTERS: dict[str, tuple[str, str]] = {
    "all": ("&All", "All pictures of all classes."),
    "unsure": (
        "&Uncertain",
        "Pictures of which the network is hardly sure, hatched at the left: look for mistakes here first. Press it "
        "again to see all pictures.",
    ),
    "wrong": (
        "&Wrong",
        "Pictures whose folder or name says another class than their answer. Press it again to see all pictures.",
    ),
    "unreadable": ("Un&readable", "Files that could not be used, and why."),
}
"""The chips that choose what is shown: text and lesson."""

ORDERS: dict[str, tuple[str, str]] = {
    "class": ("By class", "One class after the other, the most frequent first; in each the most certain first."),
    "least": (
        "Least certain first",
        "Pictures that the network is least certain about come first: look for mistakes there.",
    ),
    "most": ("Most certain first", "Pictures that the network is most certain about come first."),
}
"""The orders of what is shown: text and lesson."""


class Thumbnails:
    """Small pictures of one size in a file without a name, which goes when this object goes.

    Written by one thread while another reads.

    Args:
        shape: (height, width, channels) of each.

    Raises:
        OSError: there is no room.
    """

    def __init__(self, shape: tuple[int, int, int]) -> None:
        self.shape = shape
        self._stride = int(np.prod(shape))
        self._file = _open_unnamed()
        self._lock = threading.Lock()
        self._count = 0

    def add(self, images: Sequence[np.ndarray]) -> None:
        """Appends pictures of the shape."""
        content = np.stack(images).tobytes()
        with self._lock:
            self._file.seek(self._count * self._stride)
            rest = memoryview(content)
            while rest:
                rest = rest[self._file.write(rest) :]
            self._count += len(images)

    def read(self, numbers: np.ndarray) -> np.ndarray:
        """The pictures at some places, (n, height, width, channels) uint8."""
        images = np.zeros((len(numbers), self._stride), np.uint8)
        with self._lock:
            for image, number in zip(images, numbers.tolist(), strict=True):
                if number >= 0:
                    self._file.seek(number * self._stride)
                    self._file.readinto(image.data)
        return images.reshape(-1, *self.shape)


def _open_unnamed() -> FileIO:
    """A file without a name in the cache, or where the system has such files, if nothing can be kept in the cache."""
    with suppress(OSError):
        cache_folder().mkdir(parents=True, exist_ok=True)
        return tempfile.TemporaryFile(dir=cache_folder(), buffering=0)
    return tempfile.TemporaryFile(buffering=0)


@dataclass(frozen=True, eq=False)
class Begun:
    """The work has begun.

    Attributes:
        root: the folder, or the archive.
        classes: of the model.
        mark: what distinguishes the model from others in a table.
        total: number of pictures.
        learnt: whether the model was trained on some of the pictures.
        problems: a sentence for each folder that cannot be read.
        left_out: a sentence on each kind of files that are no pictures to be classified, such as masks.
        thumbnails: where the small pictures will be.
    """

    root: Path
    classes: tuple[str, ...]
    mark: str
    total: int
    learnt: bool
    problems: tuple[str, ...]
    left_out: tuple[str, ...]
    thumbnails: Thumbnails


@dataclass(frozen=True, eq=False)
class More:
    """Predictions since the last event; the small pictures of those without an error are kept, in order."""

    predictions: tuple[FilePrediction, ...]


def classify(model: Path, folder: Path, on_event: Callable[[object], object], stop: threading.Event) -> bool:
    """Predicts all pictures of a folder, for a `Task`.

    Args:
        model: the model's path.
        folder: the folder, or a zip archive.
        on_event: called with `Begun`, `Progress` and `More`.
        stop: stops it.

    Returns:
        Whether all pictures were classified.

    Raises:
        StudioError: the model or the folder cannot be used, or there is no picture in it, or the disk is full.
    """
    tell = ending_with(stop, on_event)
    left_out: list[LeftOut] = []
    files, problems = list_pictures([folder], left_out)
    if not files:
        raise StudioError(" ".join([f"There is no picture in {folder}.", *problems[:1]]))
    classifier = open_classifier(model)
    classifier.freeze()
    height, width, channels = classifier.input_shape
    least, most = THUMBNAIL_SIDES
    side = min(max(least, math.isqrt(THUMBNAIL_BYTES // (channels * len(files)))), most)
    scale = min(1.0, side / max(height, width))
    shape = max(1, round(scale * height)), max(1, round(scale * width)), channels
    try:
        thumbnails = Thumbnails(shape)
        mark = model_mark(classifier)
        learnt = _was_learnt(classifier.card, folder)
        apart = tuple(one.text for one in left_out)
        on_event(Begun(folder, classifier.classes, mark, len(files), learnt, tuple(problems), apart, thumbnails))
        for batch in predict_files(classifier, files, min(TOP, len(classifier.classes)), tell):
            small = [_shrunk(one.image, shape) for one in batch if one.image is not None]
            if small:
                thumbnails.add(small)
            on_event(More(tuple(replace(one, image=None) for one in batch)))
    except Cancelled:
        return False
    except OSError as error:
        raise StudioError(f"The small pictures cannot be kept: {reason(error)}. Make room on the disk.") from error
    return True


def _was_learnt(card: Card, folder: Path) -> bool:
    """Whether a model was trained on some of a folder's pictures."""
    entry = dataset_of(card)
    if entry is None or entry.path is None:
        return False
    learnt, shown = entry.path.resolve(), folder.resolve()
    if not shown.is_relative_to(learnt):
        return learnt.is_relative_to(shown)
    inside = shown.relative_to(learnt).parts
    return not inside or split_named(inside[0]) in (None, "train")


def _shrunk(image: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
    if image.shape == shape:
        return image
    picture = Image.fromarray(image[..., 0] if shape[2] == 1 else image)
    return np.asarray(picture.resize((shape[1], shape[0]), Image.Resampling.BOX)).reshape(shape)


class Results:
    """The predictions so far, to be sorted and filtered.

    Args:
        begun: the first event.

    Attributes:
        answers: what a picture is counted as: each class, and behind them `NO_CLASS`, where none of them is likely.
    """

    def __init__(self, begun: Begun) -> None:
        self.begun = begun
        self.answers = (*begun.classes, NO_CLASS)
        self.everything: list[FilePrediction] = []
        self.predictions: list[FilePrediction] = []
        self.unreadable: list[FilePrediction] = []
        self._classes: list[int] = []
        self._shares: list[float] = []
        self._truths: list[int] = []
        self._rights: list[bool | None] = []
        self._several: dict[int, tuple[int, ...]] = {}
        self._numbers = {_plain(name): number for number, name in enumerate(begun.classes)}

    @property
    def judged(self) -> int:
        """The number of pictures whose folder or name says a class: of these it is known what is right."""
        return int((np.array(self._truths, int) != UNKNOWN).sum())

    @property
    def right(self) -> int:
        """How many of these were predicted to be of the class that their folder or name says."""
        return self._rights.count(True)

    def is_right(self, place: int) -> bool | None:
        """Whether a picture's folder or name says its answer; None where they say none."""
        return self._rights[place]

    def add(self, predictions: Sequence[FilePrediction]) -> None:
        """Adds predictions."""
        for given in predictions:
            truth = self._truth(given.file) if not given.parts else UNKNOWN
            one = replace(given, truth="" if truth == UNKNOWN else self.begun.classes[truth])
            self.everything.append(one)
            if one.error:
                self.unreadable.append(one)
            else:
                self.predictions.append(one)
                best, _, share = one.top[0]
                self._classes.append(len(self.begun.classes) if one.of_none else best)
                self._shares.append(1 - share if one.of_none else share)
                self._truths.append(truth)
                self._rights.append(one.right)
                if one.independent or one.parts:
                    answers = tuple(self.begun.classes.index(name) for name in dict.fromkeys(one.answers))
                    self._several[len(self.predictions) - 1] = answers

    def _truth(self, file: PictureFile) -> int:
        """The class that the nearest folder around a picture is named as, or else its file; `UNKNOWN` for none."""
        parents = PurePath(file.member).parents if file.archive else file.path.relative_to(self.begun.root).parents
        named = next((name for parent in parents if (name := _plain(parent.name)) in self._numbers), "")
        return self._numbers.get(named or class_in_name(_plain(file.file_name), self._numbers), UNKNOWN)

    def counts(self, sure: bool) -> np.ndarray:
        """For each of `answers`, the pictures that got it with certainty, or without; (classes + 1,).

        Where each class has a probability of its own, a picture counts for all of its answers, and so does a sheet of
        digits.
        """
        chosen = is_unsure(np.array(self._shares), len(self.begun.classes)) != sure
        several = [place for place in self._several if chosen[place]]
        chosen[several] = False
        named = np.array(self._classes, int)[chosen].tolist()
        named += [number for place in several for number in self._several[place]]
        return np.bincount(np.array(named, int), minlength=len(self.answers))

    def order(self, key: str, filter_: str, number: int | None) -> np.ndarray:
        """The places in `predictions` of the pictures to show.

        Args:
            key: of `ORDERS`; each is one order of all that is shown.
            filter_: of `FILTERS`.
            number: of the class, or of another of `answers`; None for all.
        """
        classes, shares = np.array(self._classes, int), np.array(self._shares, float)
        frequency = np.bincount(classes, minlength=len(self.answers))
        keys = {"class": (-shares, classes, -frequency[classes]), "least": (shares,), "most": (-shares,)}
        order = np.lexsort(keys[key])
        keep = np.ones(len(order), bool)
        if filter_ == "unsure":
            keep &= is_unsure(shares[order], len(self.begun.classes))
        if filter_ == "wrong":
            keep &= np.array([right is False for right in self._rights], bool)[order]
        if number is not None:
            also = [place for place, answers in self._several.items() if number in answers]
            keep &= (classes[order] == number) | np.isin(order, also)
        return order[keep]

    def save(self, path: Path) -> tuple[Path, int]:
        """Saves the table of all predictions so far, and returns its path and its number of rows.

        Raises:
            StudioError: the file cannot be written.
        """
        everything = tuple(self.everything)
        save_table(path, everything, min(TOP, len(self.begun.classes)), self.begun.mark)
        return path, len(everything)

    def caption(self, place: int) -> str:
        """A picture in words: its name, its best classes, and whether the first one is right."""
        one = self.predictions[place]
        named = ", ".join(f"{name} {certainty(share)}" for _, name, share in one.top)
        if len(one.tied) > 1:
            named = f"undecided: {named}"
        if one.of_none:
            named = f"{NO_CLASS}; the most probable: {named}"
        if one.sheet:
            named = f"a sheet of {one.sheet}; the least certain one is {certainty(one.top[0][2])} sure"
        truth = self._truths[place]
        verdict = {True: ". Right.", False: f". Wrong: its folder or name says {self.begun.classes[truth]}.", None: ""}
        return f"{one.file.name}: {named}{verdict[self.is_right(place)]}"

    def label(self, place: int) -> Label:
        """The answer in a few words, and whether it is right."""
        one = self.predictions[place]
        _, name, share = one.top[0]
        if one.sheet:
            return Label(one.sheet, None)
        if one.independent is None:
            return Label(f"{' or '.join(one.tied)} {certainty(share, 0)}", one.right)
        return Label(", ".join(one.answers) or f"none ({name} {certainty(share, 0)})", one.right)


def _plain(name: str) -> str:
    """A name of a folder or a class without what people and systems write in one way or the other."""
    return unicodedata.normalize("NFC", name).casefold().replace("_", " ").strip()


def problem_text(one: FilePrediction, root: Path) -> str:
    """Why there is no prediction for a file, with its path inside the folder or archive that was classified."""
    reason = one.error if one.file.name in one.error else f"{one.file.name}: {one.error}"
    name = one.file.name
    return reason.replace(name, name.removeprefix(str(root)).lstrip("/\\"))
