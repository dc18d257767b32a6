"""Where the classes of a folder of images are: the layouts in which people bring them."""

import os
import re
import unicodedata
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Protocol

import numpy as np

from cnnstudio.data.pictures.files import natural_key
from cnnstudio.data.pictures.open import PICTURE_ENDINGS
from cnnstudio.errors import StudioError

SPLIT_FOLDERS = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "test": "test",
    "testing": "test",
}
"""Names of folders, whatever their case, that say what the images below are for."""

LEFT_OUT = frozenset({"__MACOSX", "Thumbs.db", "thumbs.db", "ehthumbs.db", "desktop.ini", "Desktop.ini", "Icon\r"})
"""What file managers leave behind; and everything that begins with a dot."""

_WRAPPINGS = 16


class Branch(Protocol):
    """A folder, on disk or in an archive.

    Attributes:
        path: relative to the top, with forward slashes; empty for the top itself. It may hold what is no valid text.
        files: names of the files in it that may be pictures, sorted.
        folders: the folders in it, sorted by name.
        identity: the same for a folder that is reached in two ways.
    """

    @property
    def path(self) -> str:  # noqa: D102 - told above, as the others
        ...

    @property
    def files(self) -> Sequence[str]:  # noqa: D102
        ...

    @property
    def folders(self) -> "Sequence[Branch]":  # noqa: D102
        ...

    @property
    def identity(self) -> Hashable:  # noqa: D102
        ...


@dataclass(frozen=True)
class Place:
    """A folder with files of one class.

    Attributes:
        split: “train”, “validation”, “test”, or “all” where the folders do not say it.
        label: index of the class.
        path: of the folder, relative to the top.
        files: names of the files.
    """

    split: str
    label: int
    path: str
    files: Sequence[str]


@dataclass(frozen=True, eq=False)
class Layout:
    """The files of all classes, numbered from 0 in the order of the places.

    Attributes:
        top: path of the folder in which the classes or splits were found, relative to the one that was named.
        classes: their names, as text that can be shown.
        places: by split, class and folder.
        notes: sentences on what was left out.
    """

    top: str
    classes: tuple[str, ...]
    places: tuple[Place, ...]
    notes: tuple[str, ...]

    @property
    def splits(self) -> tuple[str, ...]:
        """Those that are there, in the usual order."""
        found = {place.split for place in self.places}
        return tuple(split for split in ("all", "train", "validation", "test") if split in found)

    def __len__(self) -> int:
        return sum(len(place.files) for place in self.places)

    def counts(self) -> dict[str, np.ndarray]:
        """Files of each class, (classes,) int64, by split."""
        counts = {split: np.zeros(len(self.classes), np.int64) for split in self.splits}
        for place in self.places:
            counts[place.split][place.label] += len(place.files)
        return counts

    def paths(self) -> Iterator[str]:
        """Of every file, relative to the top."""
        for place in self.places:
            folder = f"{place.path}/" if place.path else ""
            for name in place.files:
                yield folder + name

    def some_paths(self, numbers: np.ndarray) -> list[str]:
        """The paths of the files of these numbers, ascending."""
        starts = [0, *accumulate(len(place.files) for place in self.places)]
        chosen = np.searchsorted(starts, numbers, side="right") - 1
        places = [self.places[index] for index in chosen.tolist()]
        names = [
            place.files[number - starts[index]]
            for place, number, index in zip(places, numbers.tolist(), chosen.tolist(), strict=True)
        ]
        return [f"{place.path}/{name}" if place.path else name for place, name in zip(places, names, strict=True)]


def readable(path: str) -> str:
    """A path or a name as text that can be shown and written, whatever it is made of."""
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    # A terminal would obey these.
    return re.sub("[\x00-\x1f\x7f-\x9f\u2028\u2029]", lambda match: ascii(match[0])[1:-1], text)


def is_left_out(name: str) -> bool:
    """Whether a file or folder of this name is none of the user's."""
    return name[:1] == "." or name in LEFT_OUT


def find_classes(root: Branch, name: str, while_looking: Callable[[], object]) -> Layout:
    """Finds the classes below a folder.

    Args:
        root: the folder that the user named.
        name: what messages call it.
        while_looking: called for every folder; what it raises ends the search.

    Raises:
        StudioError: there are no folders that could be classes, or fewer than two with files in them.
    """
    top = _unwrapped(root)
    branches = _split_folders(top, name)
    found: list[tuple[str, str, Branch]] = []
    for split, parents in branches.items():
        for parent in parents:
            found += [(split, _class_name(folder), folder) for folder in parent.folders]
    files: dict[tuple[str, str], list[Branch]] = {}
    empty = []
    for split, label, folder in found:
        while_looking()
        filled = [branch for branch in _walk(folder, while_looking) if branch.files]
        if filled:
            files.setdefault((split, label), []).extend(filled)
        else:
            empty.append(folder.path)
    classes = tuple(sorted({label for _, label in files}, key=natural_key))
    if len(classes) < 2:
        raise StudioError(_too_few(name, top, classes))
    numbers = {label: number for number, label in enumerate(classes)}
    places = tuple(
        Place(split, numbers[label], branch.path, branch.files)
        for split in branches
        for label in classes
        for branch in files.get((split, label), ())
    )
    notes = (*_notes_on_empty(empty), *_notes_on_strays(top, branches))
    return Layout(top.path, classes, places, notes)


def _unwrapped(root: Branch) -> Branch:
    """The folder that holds the classes: people zip the folder itself, and unpack archives into new ones."""
    branch = root
    for _ in range(_WRAPPINGS):
        folders = branch.folders
        if len(folders) != 1 or not folders[0].folders or _split_of(folders[0]) or any(map(_is_picture, branch.files)):
            return branch
        branch = folders[0]
    return branch


def _split_of(folder: Branch) -> str | None:
    return SPLIT_FOLDERS.get(_name(folder).casefold())


def _split_folders(top: Branch, name: str) -> dict[str, list[Branch]]:
    """The folders that hold classes, by split. A class may be called “train”, so the name alone does not decide."""
    if not top.folders:
        raise StudioError(_no_folders(name, top))
    named: dict[str, list[Branch]] = {}
    for folder in top.folders:
        split = _split_of(folder)
        if split and folder.folders:
            named.setdefault(split, []).append(folder)
    only_splits = all(_split_of(folder) for folder in top.folders)
    if "train" in named and (len(named) > 1 or only_splits):
        return {split: named[split] for split in ("train", "validation", "test") if split in named}
    if only_splits:
        below = "no folder “train” with folders in it" if named else "no folders below “train” or “test”"
        raise StudioError(f"{name} has {below}. Put the pictures into train/CLASS/, one folder for each class.")
    return {"all": [top]}


def _walk(folder: Branch, while_looking: Callable[[], object]) -> Iterator[Branch]:
    """The folder and all below, each once: links may lead in a circle."""
    seen = set()
    waiting = [folder]
    while waiting:
        branch = waiting.pop()
        if branch.identity not in seen:
            seen.add(branch.identity)
            while_looking()
            yield branch
            waiting += reversed(branch.folders)


def _name(folder: Branch) -> str:
    return folder.path.rpartition("/")[2]


def _class_name(folder: Branch) -> str:
    # Some systems take letters apart from their accents in names of files, others do not.
    return unicodedata.normalize("NFC", readable(_name(folder)))


def _is_picture(name: str) -> bool:
    return os.path.splitext(name)[1].lower() in PICTURE_ENDINGS  # noqa: PTH122 - called for very many


def _no_folders(name: str, top: Branch) -> str:
    if any(map(_is_picture, top.files)):
        return (
            f"{name} holds pictures but no folders. Make a folder for each class, named like it, and put the pictures "
            "into these."
        )
    return f"{name} holds no pictures. Choose a folder that has a folder of pictures for each class."


def _too_few(name: str, top: Branch, classes: tuple[str, ...]) -> str:
    if classes:
        return (
            f"{name} has pictures of one class only (“{classes[0]}”). A classifier needs two or more: add a folder for "
            "each further class."
        )
    return f"{name} holds no pictures: its {len(top.folders):,} folders are empty."


def _notes_on_empty(empty: list[str]) -> Iterator[str]:
    if len(empty) == 1:
        yield f"The folder “{readable(empty[0])}” is empty and was left out."
    elif empty:
        names = ", ".join(f"“{readable(path)}”" for path in empty[:3])
        yield f"{len(empty):,} folders are empty and were left out ({names}{', …' if len(empty) > 3 else ''})."


def _notes_on_strays(top: Branch, branches: dict[str, list[Branch]]) -> Iterator[str]:
    parents = [parent for parents in branches.values() for parent in parents]
    above = parents if parents == [top] else [top, *parents]
    strays = sum(_is_picture(file) for branch in above for file in branch.files)
    if strays:
        pictures = "1 picture lies" if strays == 1 else f"{strays:,} pictures lie"
        yield f"{pictures} in no folder of a class and {'was' if strays == 1 else 'were'} left out."
    if parents != [top]:
        taken = {parent.path for parent in parents}
        others = [f"“{readable(_name(folder))}”" for folder in top.folders if folder.path not in taken]
        if others:
            verb = "was" if len(others) == 1 else "were"
            yield f"{', '.join(others[:3])}{', …' if len(others) > 3 else ''} beside “train” {verb} left out."
