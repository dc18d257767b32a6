"""Predicting many picture files: large ones are decoded in threads while the network works on those before."""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import partial

import numpy as np
from PIL import Image

from cnnstudio.data.folders.file_names import class_in_name
from cnnstudio.data.folders.files import PictureFile
from cnnstudio.data.pictures.decode import SMALL, THREADS, decode, in_order
from cnnstudio.data.pictures.input_rules import Part
from cnnstudio.data.pictures.open import open_image
from cnnstudio.errors import StudioError
from cnnstudio.models.trained.classifier import Classifier
from cnnstudio.progress import Meter, OnProgress
from cnnstudio.wording import count_tied

MAX_BATCH = 512
"""Pictures that the network gets at once, at most."""

BATCH_BYTES = 2**20
"""Of the images that the network gets at once: a few dozen milliseconds' work, so that a cancel is answered soon."""

PATIENCE = 0.5
"""Seconds after which the network gets the pictures so far, even if the batch is not full."""

MAX_THREADS = 4
"""That decode, at most: each may hold one picture of the largest size in memory."""

_NAMELESS = "The picture"
"""What `open_image` calls a picture that is no file."""

_Top = tuple[tuple[int, str, float], ...]
"""The most probable classes as (index, class, probability), the best first."""

_Prepared = tuple[np.ndarray, tuple[Part, ...]]
"""The image that the network gets of a picture, and the things in it where it shows several."""

_Decoded = tuple[PictureFile, _Prepared | str]
"""A file and what the network gets of it, or why there is nothing."""


@dataclass(frozen=True, slots=True)
class PartPrediction:
    """The answer to one of several things in a picture, such as a digit on a sheet.

    Attributes:
        box: where it is: left, top, right and bottom in pixels of the upright picture.
        top: the most probable classes as (index, class, probability), the best first.
    """

    box: tuple[float, float, float, float]
    top: _Top


@dataclass(frozen=True, eq=False, slots=True)
class FilePrediction:
    """The answer of a classifier to one file.

    Attributes:
        file: the file.
        top: the most probable classes as (index, class, probability), the best first; of a picture that shows several
            things, those of the least certain one; empty where there is an error.
        error: why there is no prediction, in a sentence; empty where there is one.
        image: what the network got, uint8 (height, width, channels), several things side by side; whoever keeps many
            predictions does without it.
        truth: the class that the file's folder is named after, or else the file itself; empty where neither is.
        independent: the classes that are answered, where each has a probability of its own; None where the most
            probable one is the answer.
        parts: the answers to the things in a picture that shows several, in reading order; empty for one.
    """

    file: PictureFile
    top: _Top = ()
    error: str = ""
    image: np.ndarray | None = None
    truth: str = ""
    independent: tuple[str, ...] | None = None
    parts: tuple[PartPrediction, ...] = ()

    @property
    def answers(self) -> tuple[str, ...]:
        """The classes that are answered: one, or one for each part, or of independent ones any number, or none."""
        if self.parts:
            return tuple(part.top[0][1] for part in self.parts)
        return tuple(name for _, name, _ in self.top[:1]) if self.independent is None else self.independent

    @property
    def tied(self) -> tuple[str, ...]:
        """The class that is answered where only one can be, and the others of `top` that are as probable."""
        count = count_tied([share for *_, share in self.top]) if self.independent is None else 1
        return tuple(name for _, name, _ in self.top[:count])

    @property
    def of_none(self) -> bool:
        """Whether the answer is that it is of none of the classes."""
        return self.independent == () and bool(self.top)

    @property
    def right(self) -> bool | None:
        """Whether the true class is answered; None where it is not known, or there is no single answer."""
        return self.truth in self.answers if self.top and self.truth and not self.parts else None

    @property
    def sheet(self) -> str:
        """“4 digits: 3 1 4 1”, for a picture that shows several; empty for one of one thing."""
        return f"{len(self.parts)} digits: {' '.join(self.answers)}" if self.parts else ""


def predict_files(
    classifier: Classifier, files: Sequence[PictureFile], top: int = 3, on_progress: OnProgress | None = None
) -> Iterator[list[FilePrediction]]:
    """Predicts picture files; memory is bounded, however many there are.

    Args:
        classifier: used by the calling thread only.
        files: the pictures; each is prepared by the classifier's own input rule.
        top: how many classes to name for each.
        on_progress: called several times a second; what it raises ends the work.

    Yields:
        A batch of predictions, in the order of `files`; a file that cannot be read has its error instead.

    Raises:
        StudioError: the model's rule is not known, or its weights are damaged.
    """
    batch = max(1, min(MAX_BATCH, BATCH_BYTES // math.prod(classifier.input_shape)))
    meter, done = Meter("Predicting", len(files), "images", on_progress), 0
    waiting: list[_Decoded] = []
    since = time.monotonic()
    start = partial(_start, _preparation(classifier))
    with closing(in_order(start, files, meter.heartbeat, min(MAX_THREADS, THREADS))) as decoded:
        for result in decoded:
            waiting.append(result)
            meter.heartbeat()
            if len(waiting) >= batch or time.monotonic() - since > PATIENCE:
                yield _predict(classifier, waiting, top)
                done += len(waiting)
                meter.tell(done)
                waiting, since = [], time.monotonic()
    if waiting:
        yield _predict(classifier, waiting, top)
        meter.tell(done + len(waiting))


def _start(
    prepare: Callable[[PictureFile], _Prepared], pool: ThreadPoolExecutor, file: PictureFile
) -> Future[_Decoded] | _Decoded:
    try:
        size = file.archive.read(file.member, 0)[1][0] if file.archive else file.path.stat().st_size
    except OSError:  # opening it raises, and says why
        size = 0
    return _decode(prepare, file) if size <= SMALL else pool.submit(_decode, prepare, file)


def _decode(prepare: Callable[[PictureFile], _Prepared], file: PictureFile) -> _Decoded:
    try:
        return file, prepare(file)
    except StudioError as error:
        text = str(error)
        return file, file.name + text.removeprefix(_NAMELESS) if text.startswith(_NAMELESS) else text
    except MemoryError:
        return file, f"{file.name} needs more memory than there is. Close other programs, or scale it down."


def _preparation(classifier: Classifier) -> Callable[[PictureFile], _Prepared]:
    """The function that makes what the network gets of a file."""
    height, width, channels = classifier.input_shape
    if classifier.card.input_rule == "centre-crop" and height == width:
        return lambda file: (decode(file.source(), height, channels, exactly=True).pixels, ())

    def prepare(file: PictureFile) -> _Prepared:
        picture = open_image(file.source())
        if parts := classifier.split(picture):
            return _side_by_side([part.image for part in parts]), parts
        return classifier.prepare(picture).image, ()

    return prepare


def _side_by_side(images: Sequence[np.ndarray]) -> np.ndarray:
    """Images in rows, as many down as across, in the size of one of them."""
    height, width, channels = images[0].shape
    across = math.ceil(math.sqrt(len(images)))
    page = np.zeros((across * height, across * width, channels), np.uint8)
    for place, image in enumerate(images):
        top, left = place // across * height, place % across * width
        page[top : top + height, left : left + width] = image
    picture = Image.fromarray(page[..., 0] if channels == 1 else page)
    return np.asarray(picture.resize((width, height), Image.Resampling.BOX)).reshape(height, width, channels)


def _predict(classifier: Classifier, decoded: Sequence[_Decoded], top: int) -> list[FilePrediction]:
    images = [image for _, prepared in decoded if not isinstance(prepared, str) for image in _images(prepared)]
    rows = iter(classifier.predict_many(np.stack(images)) if images else ())
    classes = {name.casefold(): name for name in classifier.classes}
    predictions = []
    for file, prepared in decoded:
        truth = classes.get(file.folder.casefold()) or classes.get(class_in_name(file.file_name, classes), "")
        if isinstance(prepared, str):
            predictions.append(FilePrediction(file, error=prepared, truth=truth))
            continue
        image, parts = prepared
        answers = [classifier.prediction(next(rows)) for _ in _images(prepared)]
        best = [tuple(answer.top(top)) for answer in answers]
        least = min(best, key=lambda named: named[0][2])
        found = tuple(name for _, name, _ in answers[0].answers) if answers[0].independent else None
        read = tuple(PartPrediction(part.box, one) for part, one in zip(parts, best, strict=False))
        predictions.append(FilePrediction(file, least, image=image, truth=truth, independent=found, parts=read))
    return predictions


def _images(prepared: _Prepared) -> list[np.ndarray]:
    """What the network is asked about."""
    image, parts = prepared
    return [part.image for part in parts] or [image]
