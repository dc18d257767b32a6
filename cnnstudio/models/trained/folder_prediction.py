"""Predicting many picture files: large ones are decoded in threads while the network works on those before."""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import partial

import numpy as np

from cnnstudio.data.folders.file_names import class_in_name
from cnnstudio.data.folders.files import PictureFile
from cnnstudio.data.pictures.decode import SMALL, THREADS, decode, in_order
from cnnstudio.data.pictures.open import open_image
from cnnstudio.errors import StudioError
from cnnstudio.models.trained.classifier import Classifier
from cnnstudio.progress import Meter, OnProgress

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

_Decoded = tuple[PictureFile, np.ndarray | str]
"""A file and the image that the network gets, or why there is none."""


@dataclass(frozen=True, eq=False, slots=True)
class FilePrediction:
    """The answer of a classifier to one file.

    Attributes:
        file: the file.
        top: the most probable classes as (index, class, probability), the best first; empty where there is an error.
        error: why there is no prediction, in a sentence; empty where there is one.
        image: what the network got, uint8 (height, width, channels); whoever keeps many predictions does without it.
        truth: the class that the file's folder is named after, or else the file itself; empty where neither is.
        independent: the classes that are answered, where each has a probability of its own; None where the most
            probable one is the answer.
    """

    file: PictureFile
    top: tuple[tuple[int, str, float], ...] = ()
    error: str = ""
    image: np.ndarray | None = None
    truth: str = ""
    independent: tuple[str, ...] | None = None

    @property
    def answers(self) -> tuple[str, ...]:
        """The classes that are answered: one, or of independent ones any number; none where there is an error."""
        return tuple(name for _, name, _ in self.top[:1]) if self.independent is None else self.independent

    @property
    def right(self) -> bool | None:
        """Whether the true class is answered; None where it is not known, or there is no answer."""
        return self.truth in self.answers if self.top and self.truth else None


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
    prepare: Callable[[PictureFile], np.ndarray], pool: ThreadPoolExecutor, file: PictureFile
) -> Future[_Decoded] | _Decoded:
    try:
        size = file.archive.read(file.member, 0)[1][0] if file.archive else file.path.stat().st_size
    except OSError:  # opening it raises, and says why
        size = 0
    return _decode(prepare, file) if size <= SMALL else pool.submit(_decode, prepare, file)


def _decode(prepare: Callable[[PictureFile], np.ndarray], file: PictureFile) -> _Decoded:
    try:
        return file, prepare(file)
    except StudioError as error:
        text = str(error)
        return file, file.name + text.removeprefix(_NAMELESS) if text.startswith(_NAMELESS) else text
    except MemoryError:
        return file, f"{file.name} needs more memory than there is. Close other programs, or scale it down."


def _preparation(classifier: Classifier) -> Callable[[PictureFile], np.ndarray]:
    """The function that makes the image that the network gets."""
    height, width, channels = classifier.input_shape
    if classifier.card.input_rule == "centre-crop" and height == width:
        return lambda file: decode(file.source(), height, channels, exactly=True).pixels
    return lambda file: classifier.prepare(open_image(file.source())).image


def _predict(classifier: Classifier, decoded: Sequence[_Decoded], top: int) -> list[FilePrediction]:
    images = [image for _, image in decoded if not isinstance(image, str)]
    probabilities = iter(classifier.predict_many(np.stack(images)) if images else ())
    classes = {name.casefold(): name for name in classifier.classes}
    predictions = []
    for file, image in decoded:
        truth = classes.get(file.folder.casefold()) or classes.get(class_in_name(file.file_name, classes), "")
        if isinstance(image, str):
            predictions.append(FilePrediction(file, error=image, truth=truth))
        else:
            prediction = classifier.prediction(next(probabilities))
            found = tuple(name for _, name, _ in prediction.answers) if prediction.independent else None
            best = tuple(prediction.top(top))
            predictions.append(FilePrediction(file, best, image=image, truth=truth, independent=found))
    return predictions
