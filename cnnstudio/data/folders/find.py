"""Finds how a folder of images is laid out: which of its folders, names or tables say the classes."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace

from cnnstudio.data.folders.class_folders import are_numbered, find_folders, unwrapped
from cnnstudio.data.folders.class_tables import NoTableError, find_table
from cnnstudio.data.folders.disk import Store
from cnnstudio.data.folders.file_names import find_names
from cnnstudio.data.folders.layout import Branch, Layout, LayoutChoice
from cnnstudio.errors import StudioError

_MOST = 0.8
"""Share of the pictures of numbered folders that a table names, where it says the classes instead of them."""


def find_layout(store: Store, name: str, while_looking: Callable[[], object], choice: str = "") -> Layout:
    """Finds the layout of a folder.

    Args:
        store: the folder or archive.
        name: what messages call it.
        while_looking: called for every folder.
        choice: which layout, as `LayoutChoice` writes it; the one that suits best where it is empty.

    Raises:
        StudioError: the choice is none; or there are no classes, or fewer than two with files in them.
    """
    return _Finder(store, name, while_looking).find(LayoutChoice.parse(choice))


def find_layouts(
    store: Store, name: str, while_looking: Callable[[], object], choice: str = ""
) -> tuple[Layout, list[Layout]]:
    """Finds the layout of a folder, and all that it could have as well, the chosen one among them.

    Arguments and errors are those of `find_layout`.
    """
    finder = _Finder(store, name, while_looking)
    found = finder.find(LayoutChoice.parse(choice))
    return found, finder.others(found)


class _Finder:
    def __init__(self, store: Store, name: str, while_looking: Callable[[], object]) -> None:
        self._store, self._name, self._while_looking = store, name, while_looking
        self._root = Branch(store)
        self._top = unwrapped(self._root)
        self._further: list[LayoutChoice] = []
        self._known: dict[LayoutChoice, Layout | StudioError] = {}

    def find(self, choice: LayoutChoice) -> Layout:
        """The layout of a choice; the best one where nothing is chosen."""
        if choice.kind:
            return self._of(choice)
        problems: list[str] = []
        for kind in ("folders", "table", "names"):
            try:
                layout = self._of(LayoutChoice(kind))
            except StudioError as error:
                if kind == "folders" or (kind == "table" and not isinstance(error, NoTableError)):
                    problems.append(str(error))
                continue
            if kind == "folders" and are_numbered(layout.classes):
                with suppress(StudioError):
                    table = self._of(LayoutChoice("table"))
                    if len(table) >= _MOST * len(layout):
                        return table
            return replace(layout, notes=(*layout.notes, *problems[1:])) if len(problems) > 1 else layout
        raise StudioError(" ".join(problems))

    def others(self, found: Layout) -> list[Layout]:
        """All layouts that the folder could have, each once, the best first."""
        tried = [LayoutChoice("folders"), *([] if found.choice.kind == "table" else [LayoutChoice("table")])]
        layouts = [found, *self._tried(tried), *self._tried(self._further)]
        if not any(layout.choice.kind == "folders" for layout in layouts):
            layouts += self._tried([LayoutChoice("names")])
        first: dict[tuple[object, ...], Layout] = {}
        for layout in layouts:
            first.setdefault(_mark(layout), layout)
        return sorted(first.values(), key=lambda layout: (*_order(layout.choice),))

    def _tried(self, choices: list[LayoutChoice]) -> Iterator[Layout]:
        for choice in choices:
            with suppress(StudioError):
                yield self._of(choice)

    def _of(self, choice: LayoutChoice) -> Layout:
        if choice not in self._known:
            try:
                self._known[choice] = self._found(choice)
            except StudioError as error:
                self._known[choice] = error
        found = self._known[choice]
        if isinstance(found, StudioError):
            raise found
        return found

    def _found(self, choice: LayoutChoice) -> Layout:
        common = self._name, self._while_looking, choice
        if choice.kind == "names":
            return find_names(self._store, self._top, *common)
        if choice.kind == "table":
            return find_table(self._store, (self._root, self._top), *common)
        layout, further = find_folders(self._store, self._top, *common)
        if not choice.uses:
            self._further += [one for one in further if one not in self._further]
        return layout


def _mark(layout: Layout) -> tuple[object, ...]:
    """The same for layouts that give the same pictures the same classes."""
    counts = tuple((split, tuple(numbers.tolist())) for split, numbers in layout.counts().items())
    return layout.classes, counts


def _order(choice: LayoutChoice) -> tuple[int, str]:
    return ("folders", "table", "names").index(choice.kind), choice.level
