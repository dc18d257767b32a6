"""Where the classes of a folder of images are: the layouts in which people bring them."""

import unicodedata
from collections.abc import Callable, Container, Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from cnnstudio.data.folders.disk import Store
from cnnstudio.data.folders.names import natural_key, readable
from cnnstudio.data.folders.notes import (
    empty_folders,
    folders_beside,
    folders_met_again,
    stray_pictures,
    unreadable_folders,
)
from cnnstudio.data.pictures.open import is_picture
from cnnstudio.data.report import LeftOut
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

_WRAPPINGS = 16


class Branch:
    """A folder of a store; what is in it is looked up once.

    Attributes:
        path: relative to the top. It may hold what is no valid text.
    """

    def __init__(self, store: Store, path: str = "") -> None:
        self._store = store
        self.path = path

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]

    @property
    def files(self) -> Sequence[str]:
        """Names of the files in it, sorted."""
        return self._content[0]

    @property
    def folders(self) -> "Sequence[Branch]":
        """The folders in it, sorted by name."""
        return self._content[1]

    @cached_property
    def _content(self) -> "tuple[Sequence[str], Sequence[Branch]]":
        files, folders = self._store.names_in(self.path)
        prefix = f"{self.path}/" if self.path else ""
        return files, [Branch(self._store, prefix + name) for name in folders]

    @property
    def identity(self) -> Hashable:
        """The same for a folder that is reached in two ways."""
        return self._store.identity(self.path)

    def walk(
        self,
        while_looking: Callable[[], object],
        elsewhere: Container[Hashable] = frozenset(),
        again: list[str] | None = None,
    ) -> "Iterator[Branch]":
        """The folder and all below, each once: links may lead in a circle.

        Args:
            while_looking: called for every folder.
            elsewhere: identities of folders that are looked through by themselves, and are not followed to from here.
            again: to this the paths of what was not followed are added.
        """
        seen: set[Hashable] = set()
        waiting = [self]
        while waiting:
            branch = waiting.pop()
            identity = branch.identity
            if identity not in seen and (branch is self or identity not in elsewhere):
                seen.add(identity)
                while_looking()
                yield branch
                waiting += reversed(branch.folders)
            elif again is not None:
                again.append(branch.path)


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
        left_out: what of the folder is not used, and why.
    """

    top: str
    classes: tuple[str, ...]
    places: tuple[Place, ...]
    left_out: tuple[LeftOut, ...]

    def __len__(self) -> int:
        return sum(len(place.files) for place in self.places)

    def counts(self) -> dict[str, np.ndarray]:
        """Pictures of each class, (classes,) int64, by split: files named as such, all where none of a class is."""
        named: dict[str, np.ndarray] = {}
        every: dict[str, np.ndarray] = {}
        for place in self.places:
            for counts, files in ((named, sum(map(is_picture, place.files))), (every, len(place.files))):
                counts.setdefault(place.split, np.zeros(len(self.classes), np.int64))[place.label] += files
        return {split: np.where(counts, counts, every[split]) for split, counts in named.items()}

    def paths(self) -> list[str]:
        """Of every file, relative to the top."""
        folders = ((f"{place.path}/" if place.path else "", place.files) for place in self.places)
        return [folder + name for folder, names in folders for name in names]


def find_classes(store: Store, name: str, while_looking: Callable[[], object]) -> Layout:
    """Finds the classes below a folder, which messages call `name`; `while_looking` is called for every folder.

    Raises:
        StudioError: there are no folders that could be classes, or fewer than two with files in them.
    """
    top = _unwrapped(Branch(store))
    branches = _split_folders(top, name)
    files: dict[tuple[str, str], list[Branch]] = {}
    empty = []
    parents = [parent for parents in branches.values() for parent in parents]
    around = {*store.above(), *(parent.identity for parent in (top, *parents))}
    elsewhere = {*around, *(folder.identity for parent in parents for folder in parent.folders)}
    again: list[str] = []
    for split, holders in branches.items():
        for folder in (folder for holder in holders for folder in holder.folders):
            while_looking()
            if folder.identity in around:
                again.append(folder.path)
                continue
            filled = [branch for branch in folder.walk(while_looking, elsewhere, again) if branch.files]
            if filled:
                files.setdefault((split, _class_name(folder)), []).extend(filled)
            else:
                empty.append(folder.path)
    shut = {path for path, _ in store.shut}
    empty = [path for path in empty if path not in shut]
    classes = tuple(sorted({label for _, label in files}, key=natural_key))
    if len(classes) < 2:
        if not classes:
            raise StudioError(f"{name} holds no pictures: its {len(top.folders):,} folders are empty.")
        raise StudioError(
            f"{name} has pictures of one class only (“{classes[0]}”). A classifier needs two or more: add a folder for "
            "each further class."
        )
    numbers = {label: number for number, label in enumerate(classes)}
    places = tuple(
        Place(split, numbers[label], branch.path, branch.files)
        for split in branches
        for label in classes
        for branch in files.get((split, label), ())
    )
    left_out = (
        *unreadable_folders(store.shut),
        *empty_folders(empty),
        *folders_met_again(again),
        *_left_outside(top, parents),
    )
    return Layout(top.path, classes, places, left_out)


def _unwrapped(root: Branch) -> Branch:
    """The folder that holds the classes: people zip the folder itself, and unpack archives into new ones."""
    branch = root
    for _ in range(_WRAPPINGS):
        folders = branch.folders
        if len(folders) != 1 or not folders[0].folders or _split_of(folders[0]) or any(map(is_picture, branch.files)):
            return branch
        branch = folders[0]
    return branch


def _split_of(folder: Branch) -> str | None:
    return SPLIT_FOLDERS.get(folder.name.casefold())


def _split_folders(top: Branch, name: str) -> dict[str, list[Branch]]:
    """The folders that hold classes, by split. A class may be called “train”, so the name alone does not decide."""
    if not top.folders:
        if any(map(is_picture, top.files)):
            raise StudioError(
                f"{name} holds pictures but no folders. Make a folder for each class, named after it, and put the "
                "pictures into these."
            )
        raise StudioError(f"{name} holds no pictures. Choose a folder that has a folder of pictures for each class.")
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


def _class_name(folder: Branch) -> str:
    # Some systems take letters apart from their accents in names of files, others do not.
    return unicodedata.normalize("NFC", readable(folder.name))


def _left_outside(top: Branch, parents: list[Branch]) -> Iterator[LeftOut]:
    """What lies beside the folders of the classes, which `parents` hold."""
    above = parents if parents == [top] else [top, *parents]
    yield from stray_pictures(sum(is_picture(file) for branch in above for file in branch.files))
    if parents != [top]:
        taken = {parent.path for parent in parents}
        yield from folders_beside([folder.name for folder in top.folders if folder.path not in taken])
