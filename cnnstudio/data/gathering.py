"""Taking many pictures from elsewhere into a class of a set that is being collected."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from cnnstudio.data.collecting import Collection
from cnnstudio.data.images import open_image
from cnnstudio.data.picture_files import list_pictures
from cnnstudio.data.splits import Progress
from cnnstudio.errors import StudioError


@dataclass(frozen=True)
class Gathered:
    """What became of the pictures.

    Attributes:
        paths: the examples that were saved; for `Collection.note_added`.
        problems: a sentence for each picture or folder that could not be used.
    """

    paths: tuple[Path, ...]
    problems: tuple[str, ...]


def gather(
    collection: Collection,
    name: str,
    sources: Sequence[Path | bytes],
    on_event: Callable[[Progress], object],
    stop: threading.Event,
) -> Gathered:
    """Adds pictures to a class; what cannot be used is left out and told. Meant for a thread of its own.

    Args:
        collection: the set; only its `prepare` and `write` are used.
        name: of the class.
        sources: files, folders, zip archives, or the bytes of a picture.
        on_event: told the progress after each picture.
        stop: ends the work after the picture that is being read.

    Raises:
        StudioError: the class is gone, or the disk is full.
    """
    found = list_pictures([source for source in sources if isinstance(source, Path)])
    ready: list[Callable[[], Path | bytes]] = [file.source for file in found.files]
    ready += [partial(bytes, source) for source in sources if isinstance(source, bytes)]
    paths: list[Path] = []
    problems = list(found.problems)
    for number, source in enumerate(ready, 1):
        if stop.is_set():
            break
        try:
            pixels = collection.prepare(open_image(source()))
        except StudioError as error:
            problems.append(str(error))
        else:
            paths.append(collection.write(name, pixels))
        on_event(Progress("Adding pictures", number, len(ready), "images", None))
    return Gathered(tuple(paths), tuple(problems))
