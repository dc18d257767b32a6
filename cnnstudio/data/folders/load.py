"""A folder or a zip of labelled pictures as a data set: scanned or taken from the cache, split, and reported on."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np

from cnnstudio.data.folders.cache import Record, alone, find_cached, new_cache
from cnnstudio.data.folders.disk import DiskFolder, Stamp, open_store, sign_file
from cnnstudio.data.folders.find import find_layout, find_layouts
from cnnstudio.data.folders.image_files import ImageFiles
from cnnstudio.data.folders.layout import Layout
from cnnstudio.data.folders.names import readable
from cnnstudio.data.folders.notes import classes_without, notes_on_classes, notes_on_copies, unreadable_files
from cnnstudio.data.folders.scan import MAX_LISTED, Scan, scan_images
from cnnstudio.data.folders.suggestion import settings_path, suggest
from cnnstudio.data.report import TEST_SHARE, FolderReport, FolderSurvey, LayoutOffer
from cnnstudio.data.splits import Dataset, Split, check_image_shape, draw_from_each_class
from cnnstudio.data.stored import StoredImages
from cnnstudio.errors import StudioError
from cnnstudio.progress import Meter, OnProgress
from cnnstudio.storage import cache_folder, writing
from cnnstudio.wording import counted, percent

_TRAIN, _VALIDATION, _TEST = range(3)
_SPLIT_NUMBERS = {"all": _TRAIN, "train": _TRAIN, "validation": _VALIDATION, "test": _TEST}
_NAMED_CLASSES = 12
"""Of a layout that is offered, at most."""

_EXAMPLES = 400
"""Paths of files that a survey names, about."""

_MAX_COPIES = 20
"""Paths of one group of duplicates, at most."""


def survey_folder(path: Path, on_progress: OnProgress | None = None, layout: str = "") -> FolderSurvey:
    """Looks at a folder or zip quickly, decoding nothing.

    Args:
        path: a folder with one subfolder per class, with or without train, validation and test above, with pictures
            that are named after their classes, or with a table of them; or a zip of one.
        on_progress: told now and then that it is still looking; what it raises ends that.
        layout: how the folder is laid out, as `cnnstudio.data.folders.layout.LayoutChoice` writes it; found out where
            it is empty.

    Raises:
        StudioError: there is no such folder, it may not be read, it holds no pictures, or fewer than two classes.
    """
    path = path.absolute()
    with closing(open_store(path)) as store:
        looking = Meter(f"Looking through “{_title(path)}”", None, "images", on_progress).heartbeat
        found, others = find_layouts(store, _title(path), looking, layout)
        suggestion = suggest(store, found)
    counts = found.counts()
    train, test = next(iter(counts.values())), counts.get("test")
    problems = [(readable(below), why) for below, why in store.problems]
    left_out = [
        *found.left_out,
        *unreadable_files(len(problems), problems),
        *classes_without(found.classes, train, test),
    ]
    aside = np.zeros_like(train) if test is not None else np.array([_for_test(count) for count in train.tolist()])
    notes = (
        *(one.text for one in left_out),
        *found.notes,
        *suggestion.notes,
        *([] if test is not None else [_note_on_test(int(aside.sum()), train, is_split="train" in counts)]),
        *notes_on_classes(found.classes, train - aside),
    )
    return FolderSurvey(
        path,
        found.classes,
        counts,
        suggestion.image_size,
        suggestion.channels,
        suggestion.input_rule,
        notes,
        suggestion.original_side,
        layout=str(found.choice),
        layouts=tuple(_offer(other) for other in others),
        uses=found.uses,
        table=found.table,
        files=_examples(found),
    )


def _offer(layout: Layout) -> LayoutOffer:
    return LayoutOffer(str(layout.choice), layout.classes[:_NAMED_CLASSES], len(layout.classes), len(layout))


def _examples(layout: Layout) -> tuple[tuple[str, ...], ...]:
    """Paths of some files of each class, spread over them."""
    most = max(2, _EXAMPLES // len(layout.classes))
    found: list[list[str]] = [[] for _ in layout.classes]
    for place in layout.places:
        listed = found[place.label]
        if len(listed) < most:
            step = max(1, len(place.files) // most)
            folder = f"{place.path}/" if place.path else ""
            listed += [folder + name for name in place.files[::step][: most - len(listed)]]
    return tuple(map(tuple, found))


def load_folder(
    path: Path,
    image_size: int | None = None,
    channels: int | None = None,
    seed: int = 0,
    on_progress: OnProgress | None = None,
    *,
    rescan: bool = False,
    layout: str = "",
) -> Dataset:
    """Decodes all images of a folder or zip, or takes them from the cache where nothing has changed.

    How changes are noticed, and which may not be, is described in `cnnstudio.data.folders.cache`.

    Args:
        path: as for `survey_folder`.
        image_size: the side of the square images, in pixels; as the survey suggests where None.
        channels: 1 (grey) or 3 (colour); as the survey suggests where None.
        seed: decides which images are for testing, where the folder does not say it.
        on_progress: told how many images are done; what it raises ends the scan, and nothing is left behind.
        rescan: decodes everything anew, whatever the cache holds.
        layout: as for `survey_folder`.

    Returns:
        A data set with images on disk, named by the path, with a `FolderReport`.

    Raises:
        StudioError: as `survey_folder`; or no image can be read, or the disk is full.
    """
    path = path.absolute()
    check_image_shape(image_size, channels)
    looking = Meter(f"Looking through “{_title(path)}”", None, "images", on_progress).heartbeat
    found = None if rescan else find_cached(path, image_size, channels, looking, layout)
    if found is None:
        waiting = Meter(f"Waiting for another CNN Studio that reads {_title(path)}", None, "images", on_progress)
        with writing(cache_folder()), alone(path, waiting.heartbeat) as waited:
            found = find_cached(path, image_size, channels, looking, layout) if waited and not rescan else None
            found = found or _scan(path, image_size, channels, on_progress, layout)
    return _dataset(path, *found, seed)


def _title(path: Path) -> str:
    return readable(path.name or str(path))


def _scan(
    path: Path, image_size: int | None, channels: int | None, on_progress: OnProgress | None, choice: str
) -> tuple[Record, StoredImages]:
    """Decodes all images into the cache."""
    signed = [(str(path), *sign_file(str(path)))]
    with closing(open_store(path)) as store:
        looking = Meter(f"Looking through “{_title(path)}”", None, "images", on_progress).heartbeat
        layout = find_layout(store, _title(path), looking, choice)
        suggestion = suggest(store, layout)
        suggestion = replace(suggestion, notes=(*layout.notes, *suggestion.notes))
        shape = image_size or suggestion.image_size, channels or suggestion.channels
        stamps: tuple[Stamp, ...] = ()
        if isinstance(store, DiskFolder):
            stamps = tuple(store.stamps)
            signed = [(file, *sign_file(file)) for file in map(store.full, (settings_path(layout), *layout.beside))]
        places = tuple((place.split, place.label, place.path, len(place.files)) for place in layout.places)
        some = [place.numbers for place in layout.places if place.numbers is not None]
        chosen = np.concatenate([np.array(numbers, np.int64) for numbers in some]) if some else np.zeros(0, np.int64)

        def scan(images: Path) -> Record:
            found = scan_images(store, layout, shape, images, on_progress=on_progress, name=_title(path))
            return Record(
                shape,
                suggestion,
                layout.classes,
                places,
                layout.left_out,
                stamps,
                tuple(signed),
                found,
                choice=choice,
                layout=str(layout.choice),
                chosen=chosen,
            )

        return new_cache(path, shape, scan)


def _dataset(path: Path, record: Record, images: StoredImages, seed: int) -> Dataset:
    """Puts the images of a scan into splits, and says what was found."""
    labels = record.labels
    splits = record.splits(_SPLIT_NUMBERS)
    own_split = bool((splits == _TEST).any())
    if not own_split:
        splits[_drawn_for_test(record, labels, splits, seed)] = _TEST
    shape = len(record.classes), 3
    counts = np.bincount(3 * labels + splits, minlength=shape[0] * shape[1]).reshape(shape).T
    _check_enough(_title(path), counts)
    train, validation, test = (np.flatnonzero(splits == split) for split in (_TRAIN, _VALIDATION, _TEST))
    everything = Split(images, labels)
    return Dataset(
        name=str(path),
        classes=record.classes,
        train=everything.take(train),
        test=everything.take(test),
        validation=everything.take(validation) if len(validation) else None,
        input_rule=record.suggestion.input_rule,
        title=_title(path),
        report=_report(path, record, splits, counts, own_split),
        name_of_file=ImageFiles(
            path, record.scan.numbers, sum(count for *_, count in record.places), record.layout
        ).name,
    )


def _drawn_for_test(record: Record, labels: np.ndarray, splits: np.ndarray, seed: int) -> np.ndarray:
    """Numbers of the training images that are kept for testing; copies of others stay together where they can."""
    training = np.flatnonzero(splits == _TRAIN)
    repeated = np.zeros(len(labels), bool)
    repeated[record.scan.repeats[:, 0]] = True

    return training[draw_from_each_class(labels[training], _for_test, seed, repeated[training])]


def _for_test(count: int) -> int:
    """How many of the training images of a class are kept for testing, where the folder does not say which."""
    return max(1, round(TEST_SHARE * count)) if count >= 3 else 0


def _note_on_test(count: int, train: np.ndarray, is_split: bool) -> str:
    """What will be kept for testing.

    Args:
        count: how many images.
        train: (classes,) images that could be.
        is_split: whether the folder says what is for training.
    """
    if not count:
        return "No class has three images, so that one could be set aside for testing: add more to each class."
    images = counted(int(train.sum()), "training image" if is_split else "image")
    begin = "There are no images for testing, so " if is_split else ""
    share = f"about {percent(TEST_SHARE, 0)} of each class"
    return f"{begin}{count:,} of the {images} ({share}) will be set aside for testing."


def _check_enough(name: str, counts: np.ndarray) -> None:
    if np.count_nonzero(counts[_TRAIN]) < 2:
        raise StudioError(f"Fewer than two classes of {name} have training images that can be read. Add more.")
    if not counts[_TEST].any():
        raise StudioError(
            f"{name} has too few images: no class has three, so none can be kept for testing. Add more to each class."
        )


def _report(path: Path, record: Record, splits: np.ndarray, counts: np.ndarray, own_split: bool) -> FolderReport:
    scan = record.scan
    groups, leaked, copies = _duplicates(scan, splits)
    left_out = (
        *record.left_out,
        *unreadable_files(scan.unreadable_count, scan.unreadable),
        *classes_without(record.classes, counts[_TRAIN], counts[_TEST]),
    )
    notes = [*(one.text for one in left_out), *record.suggestion.notes]
    if not own_split:
        count = int(counts[_TEST].sum())
        are = "is" if count == 1 else "are"
        share = f"about {percent(TEST_SHARE, 0)} of each class"
        notes.append(f"{counted(count, 'image')} ({share}) {are} set aside for testing.")
    notes += notes_on_classes(record.classes, counts[_TRAIN])
    notes += notes_on_copies(leaked, int(counts[_VALIDATION:].sum()), copies, *_misplaced(scan, record.labels))
    return FolderReport(
        path=path,
        classes=record.classes,
        counts=counts,
        own_split=own_split,
        sizes=scan.sizes,
        smallest=scan.smallest,
        largest=scan.largest,
        grey=scan.grey,
        unreadable=scan.unreadable,
        unreadable_count=scan.unreadable_count,
        duplicates=groups,
        duplicates_count=leaked,
        left_out=left_out,
        notes=tuple(notes),
    )


def _duplicates(scan: Scan, splits: np.ndarray) -> tuple[tuple[tuple[str, ...], ...], int, int]:
    """Files with the same bytes.

    Returns:
        Groups of paths across splits; the number of validation and test images that are training images too; the
        number of images that are copies of others of the same split.
    """
    names, groups = np.unique(scan.repeats[:, 1], return_inverse=True)
    tally = np.zeros((len(names), 3), np.int64)
    np.add.at(tally, (groups, splits[scan.repeats[:, 0]]), 1)
    leaked = int(tally[tally[:, _TRAIN] > 0, _VALIDATION:].sum())
    copies = int(np.maximum(tally - 1, 0).sum())
    across = np.count_nonzero(tally, axis=1) > 1
    paths: dict[int, list[str]] = {}
    for group, name in zip(groups.tolist(), scan.repeat_paths, strict=False):
        if across[group] and (group in paths or len(paths) < MAX_LISTED):
            paths.setdefault(group, []).append(name)
    return tuple(tuple(found[:_MAX_COPIES]) for found in paths.values()), leaked, copies


def _misplaced(scan: Scan, labels: np.ndarray) -> tuple[int, tuple[str, ...]]:
    """How many pictures lie in several classes, and the paths of one of them in two, where these are kept."""
    names, groups = np.unique(scan.repeats[:, 1], return_inverse=True)
    found = labels[scan.repeats[:, 0]]
    lowest, highest = np.full(len(names), np.iinfo(np.int64).max), np.full(len(names), -1)
    np.minimum.at(lowest, groups, found)
    np.maximum.at(highest, groups, found)
    several = lowest < highest
    if not several.any():
        return 0, ()
    first = int(several.argmax())
    by_class: dict[int, str] = {}
    for group, label, path in zip(groups.tolist(), found.tolist(), scan.repeat_paths, strict=False):
        if group == first:
            by_class.setdefault(label, path)
    return int(several.sum()), tuple(by_class.values())[:2] if len(by_class) > 1 else ()
