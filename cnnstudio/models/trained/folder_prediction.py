"""Predicting many picture files: large ones are decoded in threads while the network works on those before."""

import math
import os
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass

import numpy as np

from cnnstudio.data.folders.files import PictureFile
from cnnstudio.data.pictures.decode import decode
from cnnstudio.data.pictures.open import open_image
from cnnstudio.errors import StudioError
from cnnstudio.models.trained.classifier import Classifier
from cnnstudio.progress import Meter, OnProgress, result_of

MAX_BATCH = 512
"""Pictures that the network gets at once, at most."""

BATCH_BYTES = 2**20
"""Of the images that the network gets at once: a few dozen milliseconds' work, so that a cancel is answered soon."""

CHUNK = 32
"""Pictures that a thread decodes at a time, at most: handing over each one by itself would cost more than decoding."""

CHUNK_SECONDS = 0.05
"""That a thread may take for them: large photos are handed over one by one."""

QUICK = 0.0005
"""Seconds: what takes less to decode is not given to threads, which would hold each other up."""

PATIENCE = 0.5
"""Seconds after which the network gets what there is, though it could take more."""

MAX_THREADS = 4
"""That decode: each may hold one picture of the largest size in memory."""

_NAMELESS = "The picture"
"""What `open_image` calls a picture that is no file."""


@dataclass(frozen=True, eq=False, slots=True)
class FilePrediction:
    """What a classifier says of one file.

    Attributes:
        file: the file.
        top: the most probable classes as (index, class, probability), the best first; empty where there is an error.
        error: why there is no prediction, in a sentence; empty where there is one.
        image: what the network got, uint8 (height, width, channels); whoever keeps many predictions does without it.
    """

    file: PictureFile
    top: tuple[tuple[int, str, float], ...] = ()
    error: str = ""
    image: np.ndarray | None = None


def predict_files(
    classifier: Classifier, files: Sequence[PictureFile], top: int = 3, on_progress: OnProgress | None = None
) -> Iterator[list[FilePrediction]]:
    """Predicts picture files; memory is bounded, however many there are.

    Args:
        classifier: used by the calling thread only.
        files: the pictures; each is prepared by the classifier's own input rule.
        top: how many classes to name for each.
        on_progress: told how far it is, several times a second; what it raises ends it.

    Yields:
        A batch of predictions, in the order of `files`; a file that cannot be read has its error instead.

    Raises:
        StudioError: the model's rule is not known, or its weights are damaged.
    """
    batch = max(1, min(MAX_BATCH, BATCH_BYTES // math.prod(classifier.input_shape)))
    meter, done = Meter("Predicting", len(files), "images", on_progress), 0
    waiting: list[tuple[PictureFile, np.ndarray | str]] = []
    since = time.monotonic()
    with closing(_decoded(files, _decoder(classifier), batch, meter.heartbeat)) as chunks:
        for chunk in chunks:
            waiting += chunk
            if len(waiting) >= batch or time.monotonic() - since > PATIENCE:
                yield _predict(classifier, waiting, top)
                done += len(waiting)
                meter.tell(done)
                waiting, since = [], time.monotonic()
    if waiting:
        yield _predict(classifier, waiting, top)
        meter.tell(done + len(waiting))


def _decoded(
    files: Sequence[PictureFile], decode: "_Decode", batch: int, while_waiting: Callable[[], object]
) -> "Generator[list[tuple[PictureFile, np.ndarray | str]]]":
    """Decodes in threads, a little ahead of what is asked for; gives a few files at a time, in order."""

    def work(part: Sequence[PictureFile]) -> tuple[list[tuple[PictureFile, np.ndarray | str]], float]:
        began = time.perf_counter()
        return [(file, decode(file)) for file in part], time.perf_counter() - began

    threads = max(1, min(MAX_THREADS, os.cpu_count() or 1))
    size, begun, quick = 1, 0, False
    pool = ThreadPoolExecutor(threads, "decode")
    chunks: deque[Future[tuple[list[tuple[PictureFile, np.ndarray | str]], float]]] = deque()
    try:
        while begun < len(files) or chunks:
            while begun < len(files) and len(chunks) < 2 * threads and not quick:
                chunks.append(pool.submit(work, files[begun : begun + size]))
                begun += size
            if chunks:
                chunk, seconds = result_of(chunks.popleft(), while_waiting)
            else:
                chunk, seconds = work(files[begun : begun + size])
                begun += size
            quick = seconds < QUICK * len(chunk)
            size = max(1, min(CHUNK, batch, int(CHUNK_SECONDS * len(chunk) / max(seconds, 1e-6))))
            yield chunk
    finally:
        pool.shutdown(cancel_futures=True)


def _predict(
    classifier: Classifier, decoded: "Sequence[tuple[PictureFile, np.ndarray | str]]", top: int
) -> list[FilePrediction]:
    images = [image for _, image in decoded if not isinstance(image, str)]
    best = iter(_best(classifier, np.stack(images), top) if images else ())
    return [
        FilePrediction(file, error=image) if isinstance(image, str) else FilePrediction(file, next(best), image=image)
        for file, image in decoded
    ]


def _best(classifier: Classifier, images: np.ndarray, top: int) -> list[tuple[tuple[int, str, float], ...]]:
    probabilities = classifier.predict_many(images)
    order = np.argsort(-probabilities, axis=1, kind="stable")[:, :top]
    shares = np.take_along_axis(probabilities, order, axis=1)
    names = classifier.classes
    return [
        tuple((index, names[index], share) for index, share in zip(indices, row, strict=True))
        for indices, row in zip(order.tolist(), shares.tolist(), strict=True)
    ]


_Decode = Callable[[PictureFile], np.ndarray | str]
"""The image that the network gets, or why there is none."""


def _decoder(classifier: Classifier) -> _Decode:
    height, width, channels = classifier.input_shape
    if classifier.card.input_rule == "centre-crop" and height == width:

        def prepare(file: PictureFile) -> np.ndarray:
            return decode(file.source(), height, channels, exactly=True).pixels
    else:

        def prepare(file: PictureFile) -> np.ndarray:
            return classifier.prepare(open_image(file.source())).image

    def attempt(file: PictureFile) -> np.ndarray | str:
        try:
            return prepare(file)
        except StudioError as error:
            text = str(error)
            return file.name + text.removeprefix(_NAMELESS) if text.startswith(_NAMELESS) else text
        except MemoryError:
            return f"{file.name} needs more memory than there is. Close other programs, or scale it down."

    return attempt
