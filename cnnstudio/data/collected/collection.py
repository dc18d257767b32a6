"""A data set that is being made by hand: drawn, photographed, or put together from pictures.

Every example is saved at once. What is deleted goes to a hidden folder of the set, from where it can be taken back
until the set is closed.
"""

import io
import os
import secrets
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from cnnstudio.data.collected.sets import disk_trouble, is_visible, read_set, write_set
from cnnstudio.data.folders.files import list_pictures
from cnnstudio.data.folders.names import natural_key
from cnnstudio.data.pictures.input_rules import INPUT_RULES
from cnnstudio.data.pictures.open import is_picture, open_image
from cnnstudio.data.pictures.strokes import Drawing, render
from cnnstudio.data.report import LeftOut
from cnnstudio.errors import StudioError, reason
from cnnstudio.names import checked_name
from cnnstudio.progress import Progress
from cnnstudio.storage import changing, exists, is_folder, remove_abandoned, write_atomically

ENOUGH = 3
"""Examples that two classes must have at least: one to learn from, one for validation, one to test with."""

GOOD_START = 10
"""Examples of a class with which a training begins to make sense."""

_DELETED = ".deleted"

_Step = Sequence[tuple[Path, Path]]
"""Something that was done, as the moves that do it: (from, to). Undoing is moving back."""


class Collection:
    """A set that is open.

    Nothing about its content is kept in memory but the order of the classes: two windows may work on one set, and the
    folder may be changed from outside.

    Args:
        path: its folder, made by `create_collection`.

    Attributes:
        kind: what it is made of.

    Raises:
        StudioError: the folder is gone, or its `dataset.json` is missing or damaged.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.kind, self._order = read_set(path)
        self._bin = path / _DELETED / secrets.token_hex(4)
        self._done: list[_Step] = []
        self._undone: list[_Step] = []
        self._last = datetime.fromtimestamp(0, UTC)
        remove_abandoned((path / _DELETED).glob("*"))

    @property
    def name(self) -> str:
        """By which the set is chosen for a training, too."""
        return self.path.name

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes, in the order in which they were added; those from outside last."""
        with suppress(OSError):
            found = {entry.name for entry in self.path.iterdir() if is_visible(entry) and is_folder(entry)}
            ordered = [name for name in self._order if name in found]
            return (*ordered, *sorted(found.difference(ordered), key=natural_key))
        return ()

    def examples(self, name: str) -> tuple[Path, ...]:
        """The files of a class, the oldest first; none where the class is gone."""
        folder = self.path / name
        with suppress(OSError):
            files = sorted(os.listdir(folder))  # noqa: PTH208 - a Path for each of 10,000 would take longer than the rest
            return tuple(folder / file for file in files if file[0] != "." and is_picture(file))
        return ()

    @property
    def contents(self) -> dict[str, tuple[Path, ...]]:
        """The examples of each class."""
        return {name: self.examples(name) for name in self.classes}

    @property
    def counts(self) -> dict[str, int]:
        """How many examples each class has."""
        return {name: len(examples) for name, examples in self.contents.items()}

    # What can be done. Each is one step of the history.

    def add_class(self, name: str) -> str:
        """Adds a class and returns its name as it is kept.

        Raises:
            StudioError: the name is not possible, or taken; or the disk does not take it.
        """
        with disk_trouble(f"“{name}” cannot be added"), self._alone():
            self._order = read_set(self.path)[1]
            name = self._free_class(name)
            self._set_order([*(other for other in self._order if other != name), name])
            (self.path / name).mkdir()
        self._remember([(self._bin / secrets.token_hex(4) / name, self.path / name)])
        return name

    def rename_class(self, old: str, new: str) -> str:
        """Gives a class another name and returns it as it is kept.

        Raises:
            StudioError: the name is not possible, or taken; the class is gone; or the disk does not take it.
        """
        with disk_trouble(f"“{old}” cannot be renamed"), self._alone():
            self._order = read_set(self.path)[1]
            new = self._free_class(new, instead_of=old)
            if new == old:
                return new
            order = [name for name in self.classes if name != new]
            order.insert(order.index(old) + 1 if old in order else len(order), new)
            self._set_order(order)
            (self.path / old).rename(self.path / new)
        self._remember([(self.path / old, self.path / new)])
        return new

    def remove_class(self, name: str) -> None:
        """Removes a class with its examples.

        Raises:
            StudioError: it is gone, or the disk does not let it go.
        """
        self._do([(self.path / name, self._bin / secrets.token_hex(4) / name)], f"“{name}” cannot be removed")

    def render(self, drawing: Drawing) -> np.ndarray:
        """A drawing as a network will get it: (height, width, channels) uint8.

        Raises:
            StudioError: the drawing is empty.
        """
        return render(drawing, self.kind.image_shape)

    def prepare(self, image: Image.Image) -> np.ndarray:
        """What is kept of a picture of any size: (height, width, channels) uint8, cut and scaled by the set's rule.

        Raises:
            StudioError: the rule finds nothing in the picture.
        """
        side = min(self.kind.kept_side, max(self.kind.image_size, min(image.size)))
        return INPUT_RULES[self.kind.input_rule].prepare(image, (side, side, self.kind.channels)).image

    def shrink(self, pixels: np.ndarray) -> np.ndarray:
        """What a network will get of an image that is kept: (height, width, channels) uint8, of the kind's shape."""
        shape = self.kind.image_shape
        if pixels.shape == shape:
            return pixels
        return INPUT_RULES[self.kind.input_rule].prepare(Image.fromarray(pixels), shape).image

    def write(self, name: str, pixels: np.ndarray) -> Path:
        """Saves an image in a class; not a step of the history before `note_added`. May be called from any thread.

        Args:
            name: of the class.
            pixels: (height, width, channels) uint8.

        Raises:
            StudioError: the class is gone, or the disk is full.
        """
        path = self.path / name / self._file_name()
        buffer = io.BytesIO()
        Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels).save(buffer, "PNG")
        with disk_trouble(f"The example cannot be saved in “{name}”"):
            write_atomically(path, buffer.getvalue())
        return path

    def note_added(self, paths: Sequence[Path]) -> None:
        """Makes the adding of files, which `write` has saved, one step of the history."""
        if paths:
            self._remember([(self._binned(path), path) for path in paths])

    def remove(self, paths: Sequence[Path]) -> None:
        """Removes examples.

        Raises:
            StudioError: one is gone, or the disk does not let it go.
        """
        if paths:
            self._do([(path, self._binned(path)) for path in paths], "The examples cannot be deleted")

    def move(self, paths: Sequence[Path], name: str) -> list[Path]:
        """Moves examples to another class; those that are in it already stay.

        Args:
            paths: the examples.
            name: of the class that they are to be in.

        Returns:
            Where those that were moved lie now.

        Raises:
            StudioError: the class or an example is gone, or the disk does not let it go.
        """
        folder = self.path / name
        if not is_folder(folder):
            raise StudioError(f"The examples cannot be moved: the class “{name}” is gone.")
        step = [(path, self._free_place(folder, path)) for path in paths if path.parent != folder]
        if step:
            self._do(step, "The examples cannot be moved")
        return [there for _, there in step]

    # The history.

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to undo."""
        return bool(self._done)

    @property
    def can_redo(self) -> bool:
        """Whether there is a step to redo."""
        return bool(self._undone)

    def undo(self) -> None:
        """Undoes the last step, if there is one.

        Raises:
            StudioError: what it changed has been changed from outside since, and the step is forgotten; or the disk
                does not take it.
        """
        if self._done:
            step = self._done[-1]
            with _forgetting(self._done):
                self._move([(there, here) for here, there in reversed(step)], "This cannot be undone")
            self._undone.append(step)

    def redo(self) -> None:
        """Does the step again that was undone last, if there is one.

        Raises:
            StudioError: what it would change has been changed from outside since, and the step is forgotten; or the
                disk does not take it.
        """
        if self._undone:
            step = self._undone[-1]
            with _forgetting(self._undone):
                self._move(step, "This cannot be redone")
            self._done.append(step)

    def close(self) -> None:
        """Lets go of what was deleted; the history is empty after it."""
        self._done.clear()
        self._undone.clear()
        shutil.rmtree(self._bin, ignore_errors=True)
        with suppress(OSError):
            self._bin.parent.rmdir()

    def _do(self, step: _Step, trouble: str) -> None:
        self._move(step, trouble)
        self._remember(step)

    def _move(self, step: _Step, trouble: str) -> None:
        with disk_trouble(trouble), self._alone():
            _move(self.path, step, trouble)

    def _remember(self, step: _Step) -> None:
        self._done.append(step)
        self._undone.clear()

    def _binned(self, path: Path) -> Path:
        return self._bin / path.parent.name / path.name

    def _free_place(self, folder: Path, path: Path) -> Path:
        """Where a file goes in a folder; pictures from outside may be called alike in two classes."""
        place = folder / path.name
        return place.with_stem(f"{path.stem}-{secrets.token_hex(2)}") if exists(place) else place

    def _file_name(self) -> str:
        """Unique, and later than that of any example before, even where the clock was set back."""
        self._last = max(datetime.now(UTC), self._last + timedelta(microseconds=1))
        return f"{self._last:%Y%m%d-%H%M%S-%f}-{secrets.token_hex(2)}.png"

    def _free_class(self, name: str, instead_of: str = "") -> str:
        name = checked_name(name, "A class's name")
        if name.casefold() in {other.casefold() for other in self.classes if other != instead_of}:
            raise StudioError(f"There is a class “{name}” already. Choose another name.")
        return name

    def _alone(self) -> AbstractContextManager[None]:
        """Keeps other windows from naming classes, moving examples and renaming the set meanwhile."""
        return changing(self.path)

    def _set_order(self, order: list[str]) -> None:
        """Keeps the order of the classes, before the folder of one gets its name: names without a folder do no harm."""
        write_set(self.path, self.kind, order)
        self._order = order


class _ChangedError(StudioError):
    """Something was changed from outside."""


@contextmanager
def _forgetting(steps: list[_Step]) -> Iterator[None]:
    """Takes away the last of the steps once it is done, or can be done no more; a disk may take it another time."""
    try:
        yield
    except _ChangedError:
        steps.pop()
        raise
    steps.pop()


def _move(within: Path, moves: _Step, trouble: str) -> None:
    """Moves files or folders within a folder; where one cannot be moved, none is."""
    done: list[tuple[Path, Path]] = []
    try:
        for here, there in moves:
            for above in reversed(there.relative_to(within).parents[:-1]):
                (within / above).mkdir(exist_ok=True)  # never the folder itself, which somebody may have renamed
            if exists(there) and not (exists(here) and there.samefile(here)):
                raise FileExistsError(f"there is a new “{there.name}”")
            here.rename(there)
            done.append((here, there))
    except OSError as error:
        for here, there in reversed(done):
            with suppress(OSError):
                there.rename(here)
        if isinstance(error, FileNotFoundError | FileExistsError):
            raise _ChangedError(f"{trouble}: {reason(error)}. The folder was changed from outside.") from error
        raise StudioError(f"{trouble}: {reason(error)}.") from error


def add_pictures(
    collection: Collection,
    name: str,
    sources: Sequence[Path | bytes],
    on_event: Callable[[Progress], object],
    stop: threading.Event,
) -> tuple[list[Path], list[str]]:
    """Adds pictures to a class; what cannot be used is left out and listed. Meant for a thread of its own.

    Args:
        collection: the set; only its `prepare` and `write` are used.
        name: of the class.
        sources: files, folders, zip archives, or the bytes of a picture.
        on_event: told the progress after each picture.
        stop: ends the work after the picture that is being read.

    Returns:
        The examples that were saved, for `Collection.note_added`; and a sentence for each picture or folder that could
        not be used.

    Raises:
        StudioError: the class is gone, or the disk is full.
    """
    left_out: list[LeftOut] = []
    files, problems = list_pictures([source for source in sources if isinstance(source, Path)], left_out)
    problems += [one.text for one in left_out]
    ready: list[Callable[[], Path | bytes]] = [file.source for file in files]
    ready += [partial(bytes, source) for source in sources if isinstance(source, bytes)]
    paths: list[Path] = []
    for number, source in enumerate(ready, 1):
        if stop.is_set():
            break
        try:
            pixels = collection.prepare(open_image(source()))
        except StudioError as error:
            problems.append(str(error))
        else:
            paths.append(collection.write(name, pixels))
        on_event(Progress("Adding pictures", number, len(ready), "images"))
    return paths, problems
