"""The work of an import, done in threads: a quick look, examples, and the import itself. Knows no Qt."""

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cnnstudio.data.folders.files import PictureFile, list_pictures
from cnnstudio.data.folders.load import survey_folder
from cnnstudio.data.library import import_dataset
from cnnstudio.data.pictures.decode import decode
from cnnstudio.data.published.catalogue import DatasetEntry
from cnnstudio.data.report import FolderSurvey
from cnnstudio.errors import StudioError

EXAMPLES = 8
"""Pictures that are shown as they will look, at most."""


@dataclass(frozen=True, eq=False)
class Looked:
    """What the quick look found.

    Attributes:
        survey: classes, counts and a proposal.
        samples: some picture files, spread over all of them.
    """

    survey: FolderSurvey
    samples: tuple[PictureFile, ...]


def look(path: Path, on_event: Callable[[object], object], stop: threading.Event) -> Looked | None:  # noqa: ARG001
    """Surveys a folder or zip, and picks examples, in a thread; None where it was stopped.

    Raises:
        StudioError: it cannot be used.
    """
    survey = survey_folder(path)
    if stop.is_set():
        return None
    files = list_pictures([path]).files
    chosen = np.linspace(0, max(0, len(files) - 1), min(4 * EXAMPLES, len(files))).astype(int)
    return Looked(survey, tuple(files[number] for number in chosen))


def examples_of(samples: tuple[PictureFile, ...], image_size: int, channels: int) -> list[np.ndarray]:
    """Decodes the first pictures that can be decoded, `EXAMPLES` at most, each (size, size, channels) uint8."""
    images: list[np.ndarray] = []
    for file in samples[:: max(1, len(samples) // EXAMPLES)] + samples:
        if len(images) == EXAMPLES:
            break
        with suppress(StudioError):
            images.append(decode(file.source(), image_size, channels).pixels)
    return images


def register(
    path: Path,
    image_size: int,
    channels: int,
    on_event: Callable[[object], object],  # noqa: ARG001
    stop: threading.Event,  # noqa: ARG001
) -> DatasetEntry:
    """Remembers a folder or zip, in a thread, for it is looked through once more.

    Raises:
        StudioError: it cannot be used any more, or the list cannot be written.
    """
    return import_dataset(path, image_size, channels)
