"""Layouts in which a table says the classes: train.csv, annotations.csv, one-hot columns, train.txt, JSON."""

import re
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from cnnstudio.data.folders.disk import Store
from cnnstudio.data.folders.file_names import stem
from cnnstudio.data.folders.layout import (
    ORDER,
    Branch,
    Layout,
    LayoutChoice,
    Place,
    branches_by_split,
    watched,
)
from cnnstudio.data.folders.names import composed, natural_key
from cnnstudio.data.folders.notes import table_notes, unreadable_folders
from cnnstudio.data.folders.split_names import split_named
from cnnstudio.data.folders.tables import ENDINGS, MAX_BYTES, Table, column_names, read_table
from cnnstudio.data.pictures.open import is_picture
from cnnstudio.data.report import ONE_HOT, TableView
from cnnstudio.errors import StudioError
from cnnstudio.wording import counted

_SPREADSHEETS = (".xlsx", ".xls", ".ods", ".numbers")

_MAX_TABLES = 20
_MAX_IN_A_FOLDER = 20
"""Files that could be tables: where there are more, each belongs to one picture."""

_MAX_FOLDERS = 500
"""Folders in which tables are looked for."""

_SAMPLE = 300
"""Rows by which it is seen what the columns hold."""

_SHARE = 0.2
"""Of the rows that name pictures which are there, at least."""

_SHOWN = 5
"""Rows of a table that are shown."""

_PER_CLASS = 1.5
"""Pictures of a class, on average, at least."""

_ONE = frozenset({"1", "1.0", "1,0", "true", "yes"})
_NONE = frozenset({"0", "0.0", "0,0", "", "false", "no"})
_NUMBER = re.compile(r"[-+]?\d+([.,]\d+)?([eE][-+]?\d+)?")
_WHOLE = re.compile(r"[-+]?\d+([.,]0+)?")
_NAMES_OF_CLASSES = re.compile(
    r"label|class|categor|target|breed|species|diagnos|kind|type|emotion|genre|digit|^dx$|^y$|^tag", re.IGNORECASE
)
_NO_LABELS = re.compile(r"submission", re.IGNORECASE)
"""Tables in which answers are to be handed in: what stands there is an example."""


@dataclass(frozen=True, eq=False)
class _Source:
    """A table that lies in the folder.

    Attributes:
        path: relative to the folder that was named.
        names: of the columns.
        rows: below them.
        table: as it was read.
        split: that its name or its folder says; empty where they say none.
    """

    path: str
    names: tuple[str, ...]
    rows: list[list[str]]
    table: Table
    split: str

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]


class Pictures:
    """The pictures of a folder, found by what tables write of them.

    Args:
        branches: the folders that hold them, with their splits.
    """

    def __init__(self, branches: Sequence[tuple[str, Branch]]) -> None:
        self.files = [
            (split, branch, place, file)
            for split, branch in branches
            for place, file in enumerate(branch.files)
            if is_picture(file)
        ]

    @cached_property
    def _by_name(self) -> dict[str, list[int]]:
        return _numbered(file.lower() for *_, file in self.files)

    @cached_property
    def _stems(self) -> list[str]:
        return [stem(file).lower() for *_, file in self.files]

    @cached_property
    def _by_stem(self) -> dict[str, list[int]]:
        return _numbered(self._stems)

    @cached_property
    def _by_number(self) -> dict[str, list[int]]:
        return _numbered(one.lstrip("0") if one.isdecimal() else "" for one in self._stems)

    def find(self, text: str, split: str = "") -> int | None:
        """The number of the picture that a cell of a table names; None where it names none.

        Args:
            text: a name with or without its ending, or a path: from here, from another machine, or of another system.
            split: whose pictures are meant, where several have that name.
        """
        steps = [step for step in text.replace("\\", "/").split("/") if step not in ("", ".")]
        if not steps:
            return None
        last = steps[-1].lower()
        found = self._by_name.get(last) or self._by_stem.get(last) or self._by_stem.get(stem(last))
        if not found and last.isdecimal():
            found = self._by_number.get(last.lstrip("0") or "0")
        if not found:
            return None
        if len(found) == 1:
            return found[0]
        above = [step.lower() for step in steps[-2::-1]]
        return max(found, key=lambda number: (self._alike(number, above), self.files[number][0] == split, -number))

    def _alike(self, number: int, above: Sequence[str]) -> int:
        """How many of the folders above a picture are named as in a path, from the nearest one on."""
        folders = self.files[number][1].path.lower().split("/")[::-1]
        same = [ours == theirs for ours, theirs in zip(folders, above, strict=False)]
        return same.index(False) if False in same else len(same)


def _numbered(keys: Iterable[str]) -> dict[str, list[int]]:
    """The places of each key."""
    found: dict[str, list[int]] = defaultdict(list)
    for number, key in enumerate(keys):
        found[key].append(number)
    return found


def tables_in(root: Branch, top: Branch, while_looking: Callable[[], object]) -> list[str]:
    """The paths of files that may be tables of the pictures: down to the folders in its top, the likeliest first."""
    found: list[str] = []
    waiting = deque([root])
    deepest = top.path.count("/") + 2
    for _ in range(_MAX_FOLDERS):
        if not waiting:
            break
        branch = waiting.popleft()
        while_looking()
        files = [file for file in branch.files if file.lower().endswith(ENDINGS) and not _NO_LABELS.search(file)]
        if len(files) <= _MAX_IN_A_FOLDER:
            found += [branch.full(file) for file in files]
        if not branch.path or branch.path.count("/") + 1 < deepest:
            waiting += branch.folders
    return sorted(found, key=_likelihood)[:_MAX_TABLES]


def _likelihood(path: str) -> tuple[bool, int, int, str]:
    """Sorts tables: those for training before those for testing, near ones before far ones, CSV before others."""
    name = path.rpartition("/")[2].lower()
    ending = next(number for number, ending in enumerate(ENDINGS) if name.endswith(ending))
    return split_named(stem(name)) in ("validation", "test"), path.count("/"), ending, path


def find_table(
    store: Store, roots: tuple[Branch, Branch], name: str, while_looking: Callable[[], object], choice: LayoutChoice
) -> Layout:
    """Finds the layout in which a table says the classes.

    Args:
        store: where all lies.
        roots: the folder that was named; and the one in it that holds the pictures, or folders of them.
        name: what messages call it.
        while_looking: called for every folder.
        choice: the table and its columns, where they are chosen.

    Raises:
        StudioError: there is no table, or the chosen one cannot be used.
    """
    root, top = roots
    paths = tables_in(root, top, while_looking)
    if choice.table and choice.table not in paths:
        raise StudioError(f"There is no table “{choice.table}” in {name}. Import the folder again.")
    spreadsheet = next((file for file in (*root.files, *top.files) if file.lower().endswith(_SPREADSHEETS)), "")
    if not paths and spreadsheet:
        raise StudioError(
            f"{spreadsheet} is a spreadsheet. If it says the classes, save it as CSV beside the pictures."
        )
    if not paths:
        raise NoTableError(f"There is no table in {name} that says the classes of its pictures.")
    pictures = Pictures(branches_by_split(top, store.above(), while_looking, dict(choice.uses)))
    if not pictures.files:
        raise NoTableError(f"{name} holds no pictures. Choose a folder that has the pictures in it.")
    sources, problems = _sources(store, paths, pictures, while_looking)
    for source in sources:
        if choice.table in ("", source.path):
            try:
                return _Labels(source, sources, pictures, choice, while_looking).layout(store, top)
            except StudioError as error:
                problems[source.path] = error
    if choice.table:
        raise problems[choice.table]
    told = [problem for path, problem in problems.items() if not path.lower().endswith(".txt")]
    raise told[0] if told else NoTableError(f"No list in {name} says the classes of its pictures.")


class NoTableError(StudioError):
    """There is nothing that could be a table of the pictures."""


def _sources(
    store: Store, paths: Sequence[str], pictures: Pictures, while_looking: Callable[[], object]
) -> tuple[list[_Source], dict[str, StudioError]]:
    """The tables that can be read, and why others cannot, by their path."""
    sources: list[_Source] = []
    problems: dict[str, StudioError] = {}
    for path in paths:
        while_looking()
        name = path.rpartition("/")[2]
        data = store.head(path, MAX_BYTES + 1)
        try:
            table = read_table(name, data)
        except ValueError as error:
            problems[path] = StudioError(f"{name} cannot be used as a table of classes: {error}.")
            continue
        names, rows = table.names, table.rows
        if not names:
            file = _file_column(rows[1:] or rows, pictures)
            has_names = len(rows) > 1 and (file is None or pictures.find(rows[0][file]) is None)
            names, rows = (tuple(rows[0]), rows[1:]) if has_names else (column_names(len(rows[0])), rows)
        folder = path.rpartition("/")[0].rpartition("/")[2]
        split = split_named(stem(name)) or split_named(folder) or ""
        sources.append(_Source(path, _told_apart(names), rows, table, split))
    return sources, problems


def _told_apart(names: Sequence[str]) -> tuple[str, ...]:
    """Names of columns, each once."""
    seen: Counter[str] = Counter()
    told = []
    for name, instead in zip(names, column_names(len(names)), strict=True):
        shown = name or instead
        seen[shown] += 1
        told.append(shown if seen[shown] == 1 else f"{shown} ({seen[shown]})")
    return tuple(told)


def _sampled(rows: Sequence[list[str]]) -> list[list[str]]:
    places = np.unique(np.linspace(0, len(rows) - 1, min(_SAMPLE, len(rows))).astype(int))
    return [rows[place] for place in places.tolist()]


def _file_column(rows: Sequence[list[str]], pictures: Pictures) -> int | None:
    """The column whose cells name the most pictures; None where none names enough."""
    if not rows:
        return None
    sample = _sampled(rows)
    hits = [
        len({found for row in sample if (found := pictures.find(row[column])) is not None})
        for column in range(min(len(sample[0]), 50))
    ]
    best = int(np.argmax(hits))
    return best if hits[best] >= max(1, _SHARE * len(sample)) else None


class _Labels:
    """The classes that a table, and those that belong to it, give to pictures.

    Raises:
        StudioError: the columns cannot be found, or do not give classes.
    """

    def __init__(
        self,
        source: _Source,
        sources: Sequence[_Source],
        pictures: Pictures,
        choice: LayoutChoice,
        while_looking: Callable[[], object],
    ) -> None:
        self._source, self._pictures, self._choice = source, pictures, choice
        self._while_looking = while_looking
        self._file, self._label = _columns(source, pictures, choice)
        self._group = [source]
        if source.split:
            self._group += [
                other for other in sources if other is not source and other.split and other.names == source.names
            ]
        self._facts: Counter[str] = Counter()
        self._first: dict[str, str] = {}
        self._given: dict[int, tuple[str, str]] = {}
        for one in self._group:
            self._read(one)

    def layout(self, store: Store, top: Branch) -> Layout:
        """The layout of the pictures that have one class each."""
        labels = self._agreed()
        classes = tuple(sorted({name for name, _ in labels.values()}, key=natural_key))
        if len(classes) < 2:
            raise StudioError(
                f"{self._source.name} gives its pictures one class only (“{classes[0]}”), and a classifier needs two "
                "or more. Choose another column, or another table."
            )
        view = TableView(
            self._source.names, tuple(tuple(row) for row in self._source.rows[:_SHOWN]), self._file, self._label
        )
        named = table_notes(self._source.name, self._facts, self._first)
        return Layout(
            top.path,
            classes,
            tuple(self._places(labels, {name: number for number, name in enumerate(classes)})),
            (*unreadable_folders(sorted(store.shut)), *named),
            LayoutChoice("table", table=self._source.path, file=self._file, label=self._label, uses=self._choice.uses),
            table=view,
            beside=tuple(one.path for one in self._group),
            notes=(
                *self._other_labels(),
                *(f"{one.name} {one.table.note}" for one in self._group if one.table.note),
            ),
        )

    def _other_labels(self) -> Iterator[str]:
        """Says where the column of the classes is one of several labels that a picture may have at once."""
        source = self._source
        columns = _one_hot_columns(source, source.names.index(self._file), _split_column(source))
        names = [source.names[column] for column in columns]
        several = sum(_ones(row, columns) > 1 for row in source.rows)
        if self._label in names and several:
            others = [name for name in names if name != self._label]
            yield (
                f"{source.name} gives pictures several labels at once: {counted(several, 'row')} of "
                f"{len(source.rows):,} {'has' if several == 1 else 'have'} more than one 1 in the columns "
                f"{', '.join(f'“{name}”' for name in names)}. A picture has one class here, so only “{self._label}” is "
                "learnt, with the classes 1 and 0. For another one, choose its column, on the command line with "
                f"--layout table={source.path},class={others[0]}."
            )

    def _agreed(self) -> dict[int, tuple[str, str]]:
        """The class and the split of each picture that has one class, by its number."""
        labels = {number: pair for number, pair in self._given.items() if pair[0]}
        several = len(self._given) - len(labels)
        if 2 * several > len(self._given):
            raise StudioError(
                f"{self._source.name} gives most pictures several classes, and a classifier answers one for each. "
                "Tables for finding things in pictures, or of several labels, cannot be used."
            )
        if not labels:
            raise StudioError(f"{self._source.name} gives no class to any picture that is here. Choose other columns.")
        self._facts["contradictions"] = several
        self._facts["unnamed"] = sum(
            number not in self._given
            for number, (split, *_) in enumerate(self._pictures.files)
            if split in ("all", "train")
        )
        return labels

    def _places(self, labels: Mapping[int, tuple[str, str]], numbers: Mapping[str, int]) -> Iterator[Place]:
        parted = any(self._split(number, split) != "all" for number, (_, split) in labels.items())
        files: dict[tuple[str, int, str], list[tuple[int, str]]] = defaultdict(list)
        for number, (name, split) in labels.items():
            _, branch, place, file = self._pictures.files[number]
            used = self._split(number, split)
            used = "train" if parted and used == "all" else used
            files[used, numbers[name], branch.path].append((place, file))
        for (split, label, path), found in sorted(
            files.items(), key=lambda item: (ORDER.index(item[0][0]), *item[0][1:])
        ):
            found.sort()
            yield Place(split, label, path, [file for _, file in found], len(found), [place for place, _ in found])

    def _split(self, number: int, split: str) -> str:
        """What a picture is for: as its folder says, else as the table does."""
        folder = self._pictures.files[number][0]
        return split or folder if folder == "all" else folder

    def _read(self, source: _Source) -> None:
        """Takes the classes of one table; counts what it does not say."""
        at = source.names.index(self._file)
        uses = _split_column(source)
        one_hot = _one_hot_columns(source, at, uses) if self._label == ONE_HOT else ()
        of_label = -1 if self._label == ONE_HOT else source.names.index(self._label)
        self._facts["damaged"] += source.table.damaged
        for row in watched(source.rows, self._while_looking):
            split = (split_named(row[uses]) or "" if uses is not None else "") or source.split
            number = self._pictures.find(row[at], split or "train")
            ones = [column for column in one_hot if row[column].lower() in _ONE]
            if number is None:
                self._count("missing", row[at])
            elif len(ones) > 1:
                self._count("several", row[at])
            else:
                name = row[of_label] if of_label >= 0 else source.names[ones[0]] if ones else ""
                if _WHOLE.fullmatch(name):  # a spreadsheet may write 3 as 3.0
                    name = re.split("[.,]", name)[0]
                if name:
                    self._give(number, composed(name), split)
                else:
                    self._count("nameless", row[at])

    def _count(self, fact: str, example: str) -> None:
        self._facts[fact] += 1
        self._first.setdefault(fact, example)

    def _give(self, number: int, name: str, split: str) -> None:
        known = self._given.setdefault(number, (name, split))
        if known[0] != name:
            self._given[number] = "", split
            self._first.setdefault("contradictions", self._pictures.files[number][3])


def _columns(source: _Source, pictures: Pictures, choice: LayoutChoice) -> tuple[str, str]:
    """The columns of the pictures and of the classes."""
    for wanted in (choice.file, choice.label):
        if wanted not in ("", ONE_HOT, *source.names):
            has = ", ".join(source.names[:10])
            raise StudioError(f"{source.name} has no column “{wanted}”. Choose one of: {has}.")
    file = source.names.index(choice.file) if choice.file else _file_column(source.rows, pictures)
    if file is None:
        first = source.rows[0][0] if source.rows else ""
        raise StudioError(
            f"{source.name} names no picture that is here (its first row begins with “{first}”). Put it beside the "
            "pictures that it names."
        )
    if choice.label:
        return source.names[file], choice.label
    uses = _split_column(source)
    best = _label_column(source, file, uses)
    if best is not None and _NAMES_OF_CLASSES.search(source.names[best]):
        return source.names[file], source.names[best]
    if _is_one_hot(source, file, uses):
        return source.names[file], ONE_HOT
    if best is None:
        raise StudioError(
            f"{source.name} names pictures, but no column of it looks like classes: there must be two or more, and "
            "each must come several times."
        )
    return source.names[file], source.names[best]


def _values(source: _Source, column: int) -> Counter[str]:
    return Counter(row[column] for row in source.rows if row[column])


def _split_column(source: _Source) -> int | None:
    """The column that says what pictures are for."""
    for column in range(len(source.names)):
        values = {row[column] for row in source.rows[:_SAMPLE]} - {""}
        if 1 <= len(values) <= 3 and all(split_named(value) for value in values):
            return column
    return None


def _label_column(source: _Source, file: int, uses: int | None) -> int | None:
    """The column that looks most like classes: by its name, of words rather than numbers, with the fewest of them."""
    ranked = []
    for column, name in enumerate(source.names):
        if column in (file, uses):
            continue
        sample = {row[column] for row in source.rows[:_SAMPLE]} - {""}
        if any(_NUMBER.fullmatch(value) and not _WHOLE.fullmatch(value) for value in sample):
            continue
        values = _values(source, column)
        if len(values) < 2 or values.total() < _PER_CLASS * len(values):
            continue
        words = any(not _WHOLE.fullmatch(value) for value in sample)
        ranked.append((not _NAMES_OF_CLASSES.search(name), not words, len(values), column))
    return min(ranked)[-1] if ranked else None


def _one_hot_columns(source: _Source, file: int, uses: int | None) -> tuple[int, ...]:
    """The columns that hold nothing but ones and nothing."""
    sample = source.rows[:_SAMPLE]
    return tuple(
        column
        for column in range(len(source.names))
        if column not in (file, uses) and all(row[column].lower() in _ONE | _NONE for row in sample)
    )


def _ones(row: Sequence[str], columns: Iterable[int]) -> int:
    return sum(row[column].lower() in _ONE for column in columns)


def _is_one_hot(source: _Source, file: int, uses: int | None) -> bool:
    columns = _one_hot_columns(source, file, uses)
    sample = _sampled(source.rows)
    single = sum(_ones(row, columns) == 1 for row in sample)
    return len(columns) > 1 and 2 * single > len(sample)
