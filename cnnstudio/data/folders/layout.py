"""Where the classes of a folder of images are: what a layout is, and how one is named."""

import re
from collections.abc import Callable, Container, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

import numpy as np

from cnnstudio.data.folders.disk import Store
from cnnstudio.data.folders.names import readable
from cnnstudio.data.folders.split_names import splits_named
from cnnstudio.data.pictures.open import is_picture
from cnnstudio.data.report import ONE_HOT, LeftOut, TableView
from cnnstudio.errors import StudioError

USES = {"train": "training", "validation": "validation", "test": "testing", "unused": ""}
"""What the pictures of a folder may be for: the split, and what it is called in a sentence."""

ORDER = ("all", "train", "validation", "test")
"""Of the splits in a layout; “all” where nothing says what pictures are for."""

KINDS = ("folders", "names", "table")

Item = TypeVar("Item")

_OFTEN = 2_000
"""Items between two calls."""

_MASK = re.compile(r"[ _.-](masks?|seg|segmentation|gt|ground_?truth)([ _.-]?\d+)?\.[a-z]+$", re.IGNORECASE)
"""The end of the name of a mask."""

_NOTES = frozenset(
    {"annotation", "annotations", "labels", "masks", "ground_truth", "groundtruth", "gt", "segmentations", "xmls"}
)
"""Names, in lower case, of folders with what is known of pictures in another one."""

_IMAGES = frozenset({"image", "images", "img", "imgs", "jpegimages", "pictures", "photos"})
"""Names of that one."""

_PARTS = re.compile(r",(?=(?:file|class|train|validation|test|unused)=)")


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

    @cached_property
    def masks(self) -> frozenset[str]:
        """Names of the files in it that say where something is in a picture beside them: cat.jpg, cat_mask.png."""
        named = [(file, mask) for file in self.files if (mask := _MASK.search(file))]
        stems = {file.rpartition(".")[0].casefold() for file in self.files} if named else set()
        return frozenset(file for file, mask in named if file[: mask.start()].casefold() in stems)

    @cached_property
    def pictures(self) -> int:
        """How many pictures lie in it, not in folders below, and masks not counted."""
        return sum(map(is_picture, self.files)) - sum(map(is_picture, self.masks))

    @cached_property
    def notes(self) -> "Sequence[Branch]":
        """The folders in it that belong to its pictures, or to those in another: annotations, masks."""
        named = [folder for folder in self.folders if folder.name.casefold() in _NOTES]
        if not named:
            return []
        own = {_stem(file) for file in self.files} if self.pictures else set()
        is_class = len(named) == len(self.folders)
        images = any(folder.name.casefold() in _IMAGES for folder in self.folders)
        return [
            folder
            for folder in named
            if any(is_picture(file) and _stem(file) in own for file in folder.files)
            or (not is_class and (images or not any(one.pictures for one in (folder, *folder.folders))))
        ]

    @property
    def identity(self) -> Hashable:
        """The same for a folder that is reached in two ways."""
        return self._store.identity(self.path)

    def full(self, name: str) -> str:
        """The path of one of its files."""
        return f"{self.path}/{name}" if self.path else name

    def walk(
        self,
        while_looking: Callable[[], object],
        elsewhere: Container[Hashable] = frozenset(),
        again: list[str] | None = None,
        without: "Callable[[Branch], Container[Branch]]" = lambda _: (),
    ) -> "Iterator[Branch]":
        """The folder and all below, each once: links may lead in a circle.

        Args:
            while_looking: called for every folder.
            elsewhere: identities of folders that are looked through by themselves, and are not followed to from here.
            again: to this the paths of what was not followed are added.
            without: called for every folder; those in it that are passed over.
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
                passed = without(branch)
                waiting += [folder for folder in reversed(branch.folders) if folder not in passed]
            elif again is not None:
                again.append(branch.path)


def _stem(file: str) -> str:
    """What a picture and its mask are both called."""
    mask = _MASK.search(file)
    return (file[: mask.start()] if mask else file.rpartition(".")[0]).casefold()


def watched(items: Iterable[Item], while_looking: Callable[[], object]) -> Iterator[Item]:
    """Very many items, with a call every now and then, so that a long look can be cancelled."""
    for number, item in enumerate(items):
        if number % _OFTEN == 0:
            while_looking()
        yield item


def branches_by_split(
    top: Branch, around: Container[Hashable], while_looking: Callable[[], object], uses: Mapping[str, str]
) -> list[tuple[str, Branch]]:
    """All folders with pictures in them, each with the split that it or one around it is named as.

    Args:
        top: the folder, with which the walk begins.
        around: identities of folders that links are not followed to.
        while_looking: called for every folder.
        uses: by path, what folders are for, where it is chosen.
    """
    found: list[tuple[str, Branch]] = []
    seen: set[Hashable] = set()
    waiting = [(uses.get(top.path, ""), top)]
    while waiting:
        split, branch = waiting.pop()
        identity = branch.identity
        if identity in seen or (identity in around and branch is not top):
            continue
        seen.add(identity)
        while_looking()
        if branch.pictures and split != "unused":
            found.append((split, branch))
        splits = splits_named([folder.name for folder in branch.folders])
        waiting += [
            (uses.get(folder.path) or named or split, folder)
            for folder, named in reversed(list(zip(branch.folders, splits, strict=True)))
        ]
    usual = "train" if any(split for split, _ in found) else "all"
    return sorted(((split or usual, branch) for split, branch in found), key=lambda one: ORDER.index(one[0]))


@dataclass(frozen=True)
class LayoutChoice:
    """Which layout a folder has, as people type it and files keep it: “folders=2”, “table=train.csv,class=breed”.

    Attributes:
        kind: “folders” are the classes, the “names” of the files say them, or a “table” does; empty where it is to be
            found out.
        level: of the folders that are classes, from 1; two numbers where they are named by all folders between: “1-2”.
        table: path of the table, relative to the folder that was named.
        file: the column that names the pictures; empty where it is to be found out.
        label: the column that names the classes, or `ONE_HOT`; likewise.
        uses: of some folders, their paths and what they are for, a key of `USES`.
    """

    kind: str = ""
    level: str = ""
    table: str = ""
    file: str = ""
    label: str = ""
    uses: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(cls, text: str) -> "LayoutChoice":
        """Reads a choice; raises StudioError where it is none."""
        if not text:
            return cls()
        first, *rest = _PARTS.split(text)
        kind, _, value = first.partition("=")
        values = [part.partition("=")[::2] for part in rest]
        columns = {name: value for name, value in values if name in ("file", "class")}
        uses = tuple((value, name) for name, value in values if name in USES)
        if (
            kind not in KINDS
            or (kind == "table" and not value.strip())
            or (kind == "names" and value)
            or (kind == "folders" and not re.fullmatch(r"(\d{1,2}(-\d{1,2})?)?", value))
            or (kind != "table" and columns)
        ):
            raise StudioError(
                f"“{text}” is no layout of a folder. Write folders, folders=2 (the classes are on the second level), "
                "names (the names of the files say the classes), or table=FILE, with file=COLUMN and class=COLUMN "
                "after it, parted by commas."
            )
        given = {"folders": {"level": value}, "table": {"table": value}}.get(kind, {})
        return cls(kind, **given, file=columns.get("file", ""), label=columns.get("class", ""), uses=uses)

    @property
    def sentence(self) -> str:
        """What it means, in a sentence or two."""
        first, _, last = self.level.partition("-")
        if self.kind == "table":
            column = "has a column for each class" if self.label == ONE_HOT else f"says the classes (“{self.label}”)"
            text = f"The table {self.table} {column}."
        elif self.kind == "names":
            text = "The names of the files say the classes."
        elif last:
            text = f"Each folder of level {last} is a class, named with those above it."
        elif first not in ("", "1"):
            text = f"Each folder of level {first} is a class."
        else:
            text = "Each folder is a class."
        used = [f"“{readable(path)}” is {f'for {USES[use]}' if USES[use] else 'not used'}" for path, use in self.uses]
        return f"{text} {', '.join(used)}." if used else text

    def __str__(self) -> str:
        value = self.level or self.table
        parts = [f"{self.kind}={value}" if value else self.kind]
        parts += [f"{name}={text}" for name, text in (("file", self.file), ("class", self.label)) if text]
        return ",".join([*parts, *(f"{use}={path}" for path, use in self.uses)])


@dataclass(frozen=True)
class Place:
    """Files of one class in a folder.

    Attributes:
        split: “train”, “validation”, “test”, or “all” where the folders do not say it.
        label: index of the class.
        path: of the folder, relative to the top.
        files: names of the files.
        pictures: how many of them are named as pictures.
        numbers: of these files, by the order of all files in the folder; None where they are all of them.
    """

    split: str
    label: int
    path: str
    files: Sequence[str]
    pictures: int
    numbers: Sequence[int] | None = None


@dataclass(frozen=True, eq=False)
class Layout:
    """The files of all classes, numbered from 0 in the order of the places.

    Attributes:
        top: path of the folder in which the classes or splits were found, relative to the one that was named.
        classes: their names, as text that can be shown.
        places: by split, class and folder.
        left_out: what of the folder is not used, and why.
        choice: by which this layout is found again.
        uses: folders of which it is not sure what they are for, and what they were taken for.
        table: what is seen of the table that names the classes; None where none does.
        beside: paths of files that say what the classes are, beside the pictures.
        notes: sentences on what is odd about these.
    """

    top: str
    classes: tuple[str, ...]
    places: tuple[Place, ...]
    left_out: tuple[LeftOut, ...]
    choice: LayoutChoice = field(default_factory=lambda: LayoutChoice("folders"))
    uses: tuple[tuple[str, str], ...] = ()
    table: TableView | None = None
    beside: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return sum(len(place.files) for place in self.places)

    def counts(self) -> dict[str, np.ndarray]:
        """Pictures of each class, (classes,) int64, by split: files named as such, all where none of a class is."""
        return dict(self._counts)

    @cached_property
    def _counts(self) -> dict[str, np.ndarray]:
        named: dict[str, np.ndarray] = {}
        every: dict[str, np.ndarray] = {}
        for place in self.places:
            for counts, files in ((named, place.pictures), (every, len(place.files))):
                counts.setdefault(place.split, np.zeros(len(self.classes), np.int64))[place.label] += files
        return {split: np.where(counts, counts, every[split]) for split, counts in named.items()}

    def paths(self) -> list[str]:
        """Of every file, relative to the top."""
        folders = ((f"{place.path}/" if place.path else "", place.files) for place in self.places)
        return [folder + name for folder, names in folders for name in names]
