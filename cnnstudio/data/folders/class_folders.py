"""Layouts in which folders are the classes: of which level, and which folders only say what their pictures are for."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from operator import attrgetter

from cnnstudio.data.folders.disk import Store
from cnnstudio.data.folders.layout import ORDER, Branch, Layout, LayoutChoice, Place
from cnnstudio.data.folders.names import composed, natural_key, readable
from cnnstudio.data.folders.notes import (
    empty_folders,
    folders_beside,
    folders_met_again,
    folders_of_notes,
    folders_of_other_files,
    masks_beside,
    pictures_above,
    stray_pictures,
    unlabelled_pictures,
    unreadable_folders,
)
from cnnstudio.data.folders.split_names import split_named, splits_named
from cnnstudio.data.report import LeftOut
from cnnstudio.errors import StudioError

_WRAPPINGS = 64

_DEEPEST = 8
"""Level of folders that is offered as the classes, at most."""

_MOST = 0.8
"""Share of the pictures that lie in the folders of a level, at least, where that is offered."""

_UNEQUAL = 2
"""So many times more pictures in one folder than in another with the same folders in it: they are splits."""

_NO_PICTURES = (
    *(".xml", ".txt", ".json", ".csv", ".tsv", ".md", ".mat", ".npy", ".npz", ".html", ".pdf", ".py", ".ipynb"),
    *(".zip", ".gz", ".tar", ".docx", ".xlsx", ".yaml", ".yml"),
)
"""Endings of what lies in folders beside those of pictures."""


@dataclass(frozen=True)
class Part:
    """A folder with classes in it.

    Attributes:
        split: what its pictures are for; “all” where nothing says it.
        branch: the folder.
        without: paths of folders in it that are no classes.
    """

    split: str
    branch: Branch
    without: frozenset[str] = frozenset()

    @property
    def folders(self) -> list[Branch]:
        """The folders in it that may be classes."""
        return [folder for folder in self.branch.folders if folder.path not in self.without]


@dataclass(frozen=True)
class Parts:
    """Which folders hold the classes.

    Attributes:
        parts: by split.
        uses: folders whose use was guessed from what is in them, and what they were taken for.
        instead: folders that were taken for classes, and what else they could be for.
    """

    parts: tuple[Part, ...]
    uses: tuple[tuple[str, str], ...] = ()
    instead: tuple[tuple[str, str], ...] = ()


@dataclass
class _Found:
    """What lies in the folders of a level, and below."""

    files: dict[tuple[str, str], list[Branch]] = field(default_factory=dict)
    empty: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    again: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    above: int = 0


def unwrapped(root: Branch, whatever_it_is_called: bool = False) -> Branch:
    """The folder that holds the classes: people zip the folder itself, and unpack archives into new ones.

    Args:
        root: the folder that was named.
        whatever_it_is_called: also where the only folder in one is named as a split.
    """
    branch = root
    seen = {root.identity}
    for _ in range(_WRAPPINGS):
        folders = [folder for folder in branch.folders if folder not in branch.notes]
        if len(folders) != 1 or not folders[0].folders or branch.pictures:
            return branch
        if split_named(folders[0].name) and not whatever_it_is_called:
            return branch
        if folders[0].identity in seen:  # a link leads back
            return root
        seen.add(folders[0].identity)
        branch = folders[0]
    return branch


def find_folders(
    store: Store, top: Branch, name: str, while_looking: Callable[[], object], choice: LayoutChoice
) -> tuple[Layout, list[LayoutChoice]]:
    """Finds the layout in which folders are the classes.

    Args:
        store: where they lie.
        top: in which the classes or the splits are.
        name: what messages call it.
        while_looking: called for every folder.
        choice: the level and the uses of folders, where they are chosen.

    Returns:
        The layout, and others that it could have as well.

    Raises:
        StudioError: there are no folders that could be classes, or fewer than two with files in them.
    """
    parts = _parts(store, top, name, choice, while_looking)
    levels = _levels(parts, while_looking, store)
    chosen = choice.level
    if not chosen and not _has_two(levels.get("", set())):
        chosen = next((level for level, names in levels.items() if level and _has_two(names)), "")
    elif not chosen and "1-2" in levels and are_numbered(levels[""]):
        chosen = "2"
    found = _files_by_class(store, top, parts, _span(chosen), while_looking)
    labelled = _without_unlabelled(found)
    classes = tuple(sorted({label for _, label in labelled}, key=natural_key))
    shut = {path for path, _ in store.shut}
    no_classes = (
        *unreadable_folders(sorted(store.shut)),
        *empty_folders([path for path in found.empty if path not in shut]),
        *folders_of_other_files(found.others),
    )
    if len(classes) < 2:
        why = " ".join(one.text for one in no_classes)
        if not classes:
            if shut or found.others:
                raise StudioError(f"No pictures are found in {name}. {why}")
            raise StudioError(f"{name} holds no pictures: its {len(top.folders):,} folders are empty.")
        raise StudioError(
            f"{name} has pictures of one class only (“{classes[0]}”). A classifier needs two or more: add a folder for "
            f"each further class. {why}".rstrip()
        )
    numbers = {label: number for number, label in enumerate(classes)}
    splits = [split for split in ORDER if any(split == used for used, _ in labelled)]
    listed = [
        (split, numbers[label], branch)
        for split in splits
        for label in classes
        for branch in labelled.get((split, label), ())
    ]
    masks = [branch.full(name) for _, _, branch in listed for name in sorted(branch.masks)]
    places = tuple(_place(*one, without_masks=bool(masks)) for one in listed)
    unlabelled = [branch for key, branches in found.files.items() if key not in labelled for branch in branches]
    left_out = (
        *no_classes,
        *folders_met_again(found.again),
        *unlabelled_pictures([branch.path for branch in unlabelled], sum(branch.pictures for branch in unlabelled)),
        *pictures_above(found.above),
        *_left_outside(top, parts.parts, found.notes),
        *masks_beside(masks),
    )
    level = "" if chosen == "1" else chosen
    uses = choice.uses or parts.uses
    layout = Layout(top.path, classes, places, left_out, LayoutChoice("folders", level=level, uses=uses), parts.uses)
    others = [replace(layout.choice, level=other or "1") for other in levels if other != level]
    return layout, [*others, *_otherwise(parts, choice)]


def _place(split: str, label: int, branch: Branch, without_masks: bool) -> Place:
    if not without_masks:
        return Place(split, label, branch.path, branch.files, branch.pictures)
    kept = [number for number, name in enumerate(branch.files) if name not in branch.masks]
    return Place(split, label, branch.path, [branch.files[number] for number in kept], branch.pictures, kept)


def _otherwise(parts: Parts, choice: LayoutChoice) -> Iterator[LayoutChoice]:
    """The layout in which folders that were taken for splits are classes, or the other way round."""
    if parts.uses and not choice.uses:
        yield LayoutChoice("folders", level="1")
    if parts.instead:
        yield LayoutChoice("folders", uses=parts.instead)


def _span(level: str) -> tuple[int, int]:
    first, _, last = (level or "1").partition("-")
    return max(1, int(first)), max(1, int(last or first))


def _has_two(names: set[str]) -> bool:
    return len(names) > 1


def _parts(store: Store, top: Branch, name: str, choice: LayoutChoice, while_looking: Callable[[], object]) -> Parts:
    if not top.folders:
        if top.pictures:
            raise StudioError(
                f"{name} holds pictures but no folders. Make a folder for each class, named after it, and put the "
                "pictures into these."
            )
        raise StudioError(f"{name} holds no pictures. Choose a folder that has a folder of pictures for each class.")
    if choice.uses:
        return _chosen_parts(top, choice.uses)
    if choice.level == "1" and choice.kind:
        named = _named_parts(top, name, must=False)
        return named or Parts((Part("all", top),))
    around = {*store.above(), top.identity, *(folder.identity for folder in top.notes)}
    folders = [folder for folder in top.folders if folder.identity not in around]
    named = _named_parts(top, name, must=True)
    without = frozenset(folder.path for folder in top.notes)
    plain = Parts((Part("all", top, without),))
    alike = _parts_alike(folders, while_looking)
    if alike is not None and not _splits_of(folders):
        return replace(plain, instead=alike.uses)
    return named or _parts_beside(top, folders) or alike or plain


def _chosen_parts(top: Branch, uses: Sequence[tuple[str, str]]) -> Parts:
    chosen = {path.strip("/"): use for path, use in uses}
    folders = {folder.path: folder for folder in top.folders}
    missing = [path for path in chosen if path not in folders]
    if missing:
        raise StudioError(f"There is no folder “{readable(missing[0])}” any more. Import the folder again.")
    rest = [path for path in folders if path not in chosen]
    parts = [Part(use, _inner(folders[path])) for path, use in chosen.items() if use in ORDER]
    if rest and "train" not in chosen.values():
        parts.append(Part("train" if parts else "all", top, frozenset(chosen)))
    return Parts(_in_order(parts), tuple(uses))


def _in_order(parts: Sequence[Part]) -> tuple[Part, ...]:
    return tuple(sorted(parts, key=lambda part: ORDER.index(part.split)))


def _splits_of(folders: Sequence[Branch]) -> dict[Branch, str]:
    found = zip(folders, splits_named([folder.name for folder in folders]), strict=True)
    return {folder: split for folder, split in found if split}


def _named_parts(top: Branch, name: str, must: bool) -> Parts | None:
    """The folders that are named as splits. A class may be called “train”, so the name alone does not decide."""
    splits = _splits_of(top.folders)
    named = {folder: split for folder, split in splits.items() if folder.folders}
    only_splits = len(splits) == len(top.folders)
    kinds = set(named.values())
    if "train" in kinds and (len(kinds) > 1 or only_splits or len(splits) > 1):
        return Parts(_in_order([Part(split, _inner(folder)) for folder, split in named.items()]))
    if only_splits and must:
        below = "no folder “train” with folders in it" if named else "no folders below “train” or “test”"
        raise StudioError(f"{name} has {below}. Put the pictures into train/CLASS/, one folder for each class.")
    return None


def _inner(folder: Branch) -> Branch:
    """The folder itself, or the only one in it where that holds the classes: seg_train/seg_train/sea."""
    return unwrapped(folder, whatever_it_is_called=True)


def _plain_names(folders: Sequence[Branch]) -> set[str]:
    return {composed(folder.name).casefold() for folder in folders}


def _parts_beside(top: Branch, folders: Sequence[Branch]) -> Parts | None:
    """Folders whose folders are named as those beside them: they hold other pictures of the same classes."""
    splits = _splits_of(folders)
    every = _plain_names(folders)
    found: dict[Branch, str] = {}
    for folder in folders:
        inside = _plain_names(_inner(folder).folders)
        common = inside & (every - {composed(folder.name).casefold()})
        if common and len(common) >= (1 if folder in splits else 2) and 2 * len(common) >= len(inside):
            found[folder] = splits.get(folder, "test")
    if not found or len(found) > len(folders) - 2:
        return None
    parts = [Part(split, _inner(folder)) for folder, split in found.items()]
    first = "validation" if "train" in found.values() else "train"
    rest = Part(first if first not in found.values() else "train", top, frozenset(folder.path for folder in found))
    return Parts(_in_order([*parts, rest]), tuple((folder.path, split) for folder, split in found.items()))


def _parts_alike(beside: Sequence[Branch], while_looking: Callable[[], object]) -> Parts | None:
    """Two or three folders with folders of the same names in them: a word or their sizes show that they are splits."""
    folders = [folder for folder in beside if folder.folders or folder.pictures]
    inside = [_plain_names(_inner(folder).folders) for folder in folders]
    if len(folders) not in (2, 3) or any(folder.pictures for folder in folders):
        return None
    common = set.intersection(*inside)
    if len(common) < 2 or 2 * len(common) < len(set.union(*inside)):
        return None
    splits = _splits_of(folders)
    sizes = {folder: sum(branch.pictures for branch in folder.walk(while_looking)) for folder in folders}
    by_size = sorted(folders, key=lambda folder: -sizes[folder])
    if not splits and sizes[by_size[0]] < _UNEQUAL * max(1, sizes[by_size[1]]):
        return None
    free = [split for split in ("train", "test", "validation") if split not in splits.values()]
    for folder in by_size:
        if folder not in splits:
            splits[folder] = free.pop(0) if free else "train"
    return Parts(
        _in_order([Part(split, _inner(folder)) for folder, split in splits.items()]),
        tuple((folder.path, splits[folder]) for folder in folders),
    )


def _levels(parts: Parts, while_looking: Callable[[], object], store: Store) -> dict[str, set[str]]:
    """The levels whose folders could be the classes, and the names of these; the first is called “”.

    A level counts where nearly all pictures lie in it or deeper, and where folders have several of its folders in them.
    """
    total, reach = 0, [0] * (_DEEPEST + 1)
    names: list[set[str]] = [set() for _ in range(_DEEPEST + 1)]
    paths: list[set[tuple[str, ...]]] = [set() for _ in range(_DEEPEST + 1)]
    around = {*store.above(), *(part.branch.identity for part in parts.parts)}
    for part in parts.parts:
        depth = part.branch.path.count("/") + 1 if part.branch.path else 0
        for folder in part.folders:
            inside = folder.walk(while_looking, around, without=attrgetter("notes"))
            for branch in () if folder.identity in around else inside:
                pictures = branch.pictures or (len(branch.files) if not _is_other(branch) else 0)
                if pictures:
                    steps = tuple(branch.path.split("/")[depth:])
                    total += pictures
                    for level in range(1, min(len(steps), _DEEPEST) + 1):
                        reach[level] += pictures
                        names[level].add(composed(steps[level - 1]))
                        paths[level].add(steps[:level])
    found = {"": names[1]}
    for level in range(2, _DEEPEST + 1):
        if all(splits_named(sorted(names[level]))):
            continue
        branching = len(paths[level]) > len({steps[:-1] for steps in paths[level]})
        if total and reach[level] >= _MOST * total and len(names[level]) > 1 and branching:
            found[str(level)] = names[level]
            together = {steps[-1] for steps in paths[level]}
            if len({composed(" ".join(steps)) for steps in paths[level]}) > len(together) and len(names[1]) > 1:
                found[f"1-{level}"] = {composed(" ".join(steps)) for steps in paths[level]}
    return found


def _files_by_class(
    store: Store, top: Branch, parts: Parts, level: tuple[int, int], while_looking: Callable[[], object]
) -> _Found:
    first, last = level
    found = _Found()
    around = {*store.above(), *(branch.identity for branch in (top, *(part.branch for part in parts.parts)))}
    folders: list[tuple[str, list[str], Branch]] = []
    for part in parts.parts:
        of_level = [([composed(folder.name)], folder) for folder in part.folders]
        for _ in range(1, last):
            deeper = []
            for names, folder in of_level:
                if folder.identity not in around:
                    found.above += folder.pictures
                    deeper += [([*names, composed(below.name)], below) for below in folder.folders]
            of_level = deeper
        folders += [(part.split, names, folder) for names, folder in of_level]
    if len(parts.parts) == last == 1:
        folders = _parted_below(folders)
    elsewhere = {*around, *(folder.identity for _, _, folder in folders)}
    for split, names, folder in folders:
        while_looking()
        if folder.identity in around:
            found.again.append(folder.path)
            continue
        filled = []
        for branch in folder.walk(while_looking, elsewhere, found.again, attrgetter("notes")):
            found.notes += [notes.path for notes in branch.notes]
            filled += [branch] if branch.files else []
        if filled and all(map(_is_other, filled)):
            found.others.append(folder.path)
        elif filled:
            found.files.setdefault((split, " ".join(names[first - 1 :])), []).extend(filled)
        else:
            found.empty.append(folder.path)
    return found


def _parted_below(folders: list[tuple[str, list[str], Branch]]) -> list[tuple[str, list[str], Branch]]:
    """The folders of the classes; or those in them, where each has folders named as splits and nothing else."""
    parted: list[tuple[str, list[str], Branch]] = []
    for _, names, folder in folders:
        splits = splits_named([below.name for below in folder.folders])
        if folder.pictures or not splits or not all(splits) or "train" not in splits:
            return folders
        parted += [(split, names, below) for split, below in zip(splits, folder.folders, strict=True) if split]
    return parted


def _without_unlabelled(found: _Found) -> dict[tuple[str, str], list[Branch]]:
    """Without pictures for testing that all lie in one folder which is no class: nobody says what they show."""
    taught = {label for split, label in found.files if split in ("train", "all")}
    alone = {
        split
        for split in ("validation", "test")
        if len(labels := {label for other, label in found.files if other == split}) == 1 and not labels & taught
    }
    return {key: branches for key, branches in found.files.items() if key[0] not in alone or len(taught) < 2}


def _is_other(branch: Branch) -> bool:
    """Whether a folder holds files, and all are of kinds that are never pictures."""
    return bool(branch.files) and all(file.lower().endswith(_NO_PICTURES) for file in branch.files)


def _left_outside(top: Branch, parts: Sequence[Part], notes: Sequence[str]) -> Iterator[LeftOut]:
    """What lies beside the folders of the classes, and annotations and masks, those in the folders (`notes`) too."""
    holders = [part.branch for part in parts]
    above = holders if top in holders else [top, *holders]
    yield from stray_pictures(sum(branch.pictures for branch in above))
    yield from folders_of_notes([*(folder.name for folder in top.notes), *notes])
    if top not in holders:
        beside = [
            folder.name
            for folder in top.folders
            if not any(f"{branch.path}/".startswith(f"{folder.path}/") for branch in holders)
        ]
        yield from folders_beside(beside)


def are_numbered(names: Iterable[str]) -> bool:
    """Whether all names are one with a number in it, or numbers: images_001, fold 1, 2021."""
    return len({re.sub(r"\d+", "", name) for name in names}) == 1
