"""What is found in a folder of images, and what of it is left out: by a quick look, and by a scan of all files."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

TEST_SHARE = 0.15
"""Of each class, where the folder does not say which images are for testing."""


Kind = Literal["files", "folders", "classes"]
"""What can be left out."""


@dataclass(frozen=True)
class LeftOut:
    """Something of a folder that is not used, or not for all that it could be used for.

    Attributes:
        what: of which there are so many.
        count: how many.
        text: a sentence that says how many, which, and why.
    """

    what: Kind
    count: int
    text: str


@dataclass(frozen=True)
class LayoutOffer:
    """One of the layouts that a folder may have.

    Attributes:
        layout: as `cnnstudio.data.folders.layout.LayoutChoice` writes it.
        classes: the names of the first few classes.
        number: of classes.
        pictures: of pictures in them.
    """

    layout: str
    classes: tuple[str, ...]
    number: int
    pictures: int


@dataclass(frozen=True)
class TableView:
    """What is seen of a table that says the classes of pictures.

    Attributes:
        columns: their names.
        rows: the first few.
        file: the column that names the pictures.
        label: the column that names the classes, or `ONE_HOT`.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    file: str
    label: str


BEFORE_CHOICES = "folders=1"
"""The layout that all folders had for earlier versions, which do not say it."""

ONE_HOT = "*"
"""In place of the column of the classes: each class has a column, with a 1 for its pictures."""


@dataclass(frozen=True, eq=False)
class FolderSurvey:
    """What a quick look finds: the listing, and the headers of some 200 files.

    Attributes:
        path: the folder or zip.
        classes: the class names; numbers by value, the others by the alphabet, whatever their case.
        counts: files, (classes,) int64, by the splits that the folder brings: “train”, “validation”, “test”, or only
            “all” where it brings none.
        image_size: the suggested side of the square images, in pixels.
        channels: the suggested 1 (grey) or 3 (colour).
        input_rule: key of `cnnstudio.data.pictures.input_rules.INPUT_RULES`.
        notes: sentences to show at once, those on what is left out first.
        original_side: shorter side of the pictures themselves, in pixels, the median; 0 where it is not known.
        layout: how the folder is laid out, as `cnnstudio.data.folders.layout.LayoutChoice` writes it.
        layouts: all that it may have, this one among them.
        uses: folders of which it is not sure what they are for: the path, and what it was taken for.
        table: what is seen of the table that says the classes; None where none does.
        files: relative paths of some files of each class.
    """

    path: Path
    classes: tuple[str, ...]
    counts: dict[str, np.ndarray]
    image_size: int
    channels: int
    input_rule: str
    notes: tuple[str, ...]
    original_side: int
    layout: str = ""
    layouts: tuple[LayoutOffer, ...] = ()
    uses: tuple[tuple[str, str], ...] = ()
    table: TableView | None = None
    files: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, eq=False)
class FolderReport:
    """What the scan of all files found.

    Attributes:
        path: the folder or zip.
        classes: the class names, in the order of the labels.
        counts: (3, classes) int64, usable images in train, validation and test as they are used.
        own_split: whether the folder itself says what is for training and what for testing.
        sizes: the ten commonest sizes as (width, height, count), the commonest first.
        smallest: (width, height) of the picture with the fewest pixels.
        largest: (width, height) of the picture with the most pixels.
        grey: pictures without colour.
        unreadable: files, (path relative to the folder, why, in a sentence), 1,000 at most.
        unreadable_count: how many there are in all.
        duplicates: groups of relative paths of files with the very same bytes that lie in more than one split, 1,000
            at most.
        duplicates_count: validation and test images whose very bytes are among the training images too.
        left_out: what is not used, and why.
        notes: sentences on what may spoil a training: what is left out, imbalance, duplicates, small classes.
    """

    path: Path
    classes: tuple[str, ...]
    counts: np.ndarray
    own_split: bool
    sizes: tuple[tuple[int, int, int], ...]
    smallest: tuple[int, int]
    largest: tuple[int, int]
    grey: int
    unreadable: tuple[tuple[str, str], ...]
    unreadable_count: int
    duplicates: tuple[tuple[str, ...], ...]
    duplicates_count: int
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...]
