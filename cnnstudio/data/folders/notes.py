"""Sentences on what may spoil a training with the user's own images, and on what of them is left out."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from cnnstudio.data.folders.names import readable
from cnnstudio.data.report import LeftOut
from cnnstudio.wording import counted

IMBALANCE = 3
"""A class with so many times more images than another is favoured by the network."""

FEW = 10
"""Fewer images of a class than this teach a network little."""

_NAMED = 3


def classes_without(classes: Sequence[str], train: np.ndarray, test: np.ndarray | None) -> Iterator[LeftOut]:
    """Classes that have no images for training, or none for testing.

    Args:
        classes: the names.
        train: (classes,) images for training.
        test: (classes,) images for testing; None where it is not known yet which are.
    """
    untaught = [name for name, count in zip(classes, train, strict=True) if not count]
    if untaught:
        have, them = ("has", "it") if len(untaught) == 1 else ("have", "them")
        text = f"{_names(untaught)} {have} no images for training, so the network cannot learn {them}."
        yield LeftOut("classes", len(untaught), text)
    untested = [] if test is None else [name for name, count in zip(classes, test, strict=True) if not count]
    if untested:
        have = "has" if len(untested) == 1 else "have"
        yield LeftOut("classes", len(untested), f"{_names(untested)} {have} no images for testing.")


def unreadable_files(count: int, listed: Sequence[tuple[str, str]]) -> Iterator[LeftOut]:
    """Files that were left out because they cannot be read.

    Args:
        count: how many.
        listed: (path, why, in a sentence), one at least where there are any.
    """
    if count:
        files, were = ("1 file", "was") if count == 1 else (f"{count:,} files", "were")
        path, why = listed[0]
        yield LeftOut("files", count, f"{files} could not be read and {were} left out. {_first(count, path, why)}")


def unreadable_folders(shut: Sequence[tuple[str, str]]) -> Iterator[LeftOut]:
    """Folders that were left out because they cannot be looked into, (path, why, in the middle of a sentence)."""
    if shut:
        path, why = shut[0]
        if len(shut) == 1:
            text = f"The folder “{readable(path)}” cannot be read and was left out: {why}."
        else:
            text = f"{len(shut):,} folders cannot be read and were left out; the first, {readable(path)}: {why}."
        yield LeftOut("folders", len(shut), text)


def empty_folders(paths: Sequence[str]) -> Iterator[LeftOut]:
    """Folders that could have been classes, but hold nothing."""
    if len(paths) == 1:
        yield LeftOut("folders", 1, f"The folder “{readable(paths[0])}” is empty and was left out.")
    elif paths:
        text = f"{len(paths):,} folders are empty and were left out ({some(paths)})."
        yield LeftOut("folders", len(paths), text)


def folders_met_again(links: Sequence[str]) -> Iterator[LeftOut]:
    """Links that were not followed: they lead in a circle, or to where the same pictures are found anyway."""
    if len(links) == 1:
        text = f"The link “{readable(links[0])}” leads to a folder that is read anyway, and was left out."
        yield LeftOut("folders", 1, text)
    elif links:
        text = f"{len(links):,} links lead to folders that are read anyway, and were left out ({some(links)})."
        yield LeftOut("folders", len(links), text)


def stray_pictures(count: int) -> Iterator[LeftOut]:
    """Pictures that lie beside the folders of the classes."""
    if count:
        is_, was = ("is", "was") if count == 1 else ("are", "were")
        text = f"{counted(count, 'picture')} {is_} outside the class folders and {was} left out."
        yield LeftOut("files", count, text)


def pictures_above(count: int) -> Iterator[LeftOut]:
    """Pictures in folders above those of the classes."""
    if count:
        lie, were = ("lies", "was") if count == 1 else ("lie", "were")
        text = f"{counted(count, 'picture')} {lie} above the folders of the classes and {were} left out."
        yield LeftOut("files", count, text)


def unlabelled_pictures(folders: Sequence[str], count: int) -> Iterator[LeftOut]:
    """Pictures of which nothing says what they show, in some folders."""
    if count:
        were = "was" if count == 1 else "were"
        text = f"{counted(count, 'picture')} in {some(folders)} {were} left out: nothing says what they show."
        yield LeftOut("files", count, text)


def folders_of_other_files(paths: Sequence[str]) -> Iterator[LeftOut]:
    """Folders that could have been classes, but hold files of other kinds."""
    if paths:
        hold, were = ("holds", "was") if len(paths) == 1 else ("hold", "were")
        text = f"{some(paths)} {hold} no pictures, only other files, and {were} left out."
        yield LeftOut("folders", len(paths), text)


def folders_of_notes(names: Sequence[str]) -> Iterator[LeftOut]:
    """Folders with annotations or masks beside the pictures."""
    if names:
        were = "was" if len(names) == 1 else "were"
        yield LeftOut("folders", len(names), f"{some(names)} beside the pictures {were} left out.")


def masks_beside(names: Sequence[str]) -> Iterator[LeftOut]:
    """Pictures that say where something is in a picture beside them."""
    if names:
        was = "was" if len(names) == 1 else "were"
        masks = counted(len(names), "mask")
        text = f"{masks} beside the pictures {was} left out ({some(names)})."
        yield LeftOut("files", len(names), text)


def folders_beside(names: Sequence[str]) -> Iterator[LeftOut]:
    """Folders beside “train” and “test”."""
    if names:
        were = "was" if len(names) == 1 else "were"
        yield LeftOut("folders", len(names), f"{some(names)} beside “train” {were} left out.")


def table_notes(table: str, facts: Mapping[str, int], examples: Mapping[str, str]) -> list[LeftOut]:
    """What of a table, and of the pictures beside it, is not used.

    Args:
        table: its name.
        facts: rows that name a “missing” picture, rows that are “nameless” or name “several” classes, pictures with
            “contradictions”, lines that are “damaged”, and pictures that are “unnamed” in it.
        examples: by the same words, the first of each.
    """

    def first(fact: str) -> str:
        return f" {'It is' if facts[fact] == 1 else 'The first is'} “{examples[fact]}”."

    def were(fact: str) -> str:
        return "was" if facts[fact] == 1 else "were"

    def rows(fact: str) -> str:
        return f"{counted(facts[fact], 'row')} of {table}"

    lost = "picture that is" if facts["missing"] == 1 else "pictures that are"
    name = "names a" if facts["missing"] == 1 else "name"
    texts = {
        "missing": lambda: f"{rows('missing')} {name} {lost} not here.{first('missing')}",
        "nameless": lambda: f"{rows('nameless')} without a class {were('nameless')} left out.{first('nameless')}",
        "several": lambda: f"{rows('several')} with several classes {were('several')} left out.{first('several')}",
        "contradictions": lambda: (
            f"{counted(facts['contradictions'], 'picture')} {were('contradictions')} left out, because {table} gives "
            f"several classes for one.{first('contradictions')}"
        ),
        "damaged": lambda: (
            f"{counted(facts['damaged'], 'line')} of {table} {were('damaged')} left out: cut short or damaged."
        ),
        "unnamed": lambda: (
            f"{counted(facts['unnamed'], 'picture')} {were('unnamed')} left out: {table} does not name them."
        ),
    }
    return [LeftOut("files", facts[fact], text()) for fact, text in texts.items() if facts[fact]]


def notes_on_classes(classes: Sequence[str], counts: np.ndarray) -> Iterator[str]:
    """Sentences on classes with few images and on imbalance.

    Args:
        classes: the names.
        counts: (classes,) images for training.
    """
    few = [name for name, count in zip(classes, counts, strict=True) if 0 < count < FEW]
    if few:
        have = "has" if len(few) == 1 else "have"
        yield f"{_names(few)} {have} fewer than {FEW} images for training. More would help."
    present = np.flatnonzero(counts)
    if not len(present):
        return
    most, least = present[counts[present].argmax()], present[counts[present].argmin()]
    if counts[most] > IMBALANCE * counts[least]:
        yield (
            f"The classes are unbalanced: “{classes[most]}” has {_images(counts[most])} for training, "
            f"“{classes[least]}” only {counts[least]:,}. The network will favour what it sees more often."
        )


def notes_on_copies(leaked: int, judged: int, copies: int, misplaced: int, example: Sequence[str]) -> Iterator[str]:
    """Sentences on duplicates.

    Args:
        leaked: validation and test images that are among the training images too.
        judged: validation and test images in all.
        copies: images that have the same bytes as an earlier one of the same split.
        misplaced: pictures that lie in several classes.
        example: the paths of one of them in two classes; none where they are not known.
    """
    if leaked:
        yield (
            f"{leaked:,} of the {judged:,} validation and test images {'is' if leaked == 1 else 'are'} also among the "
            "training images: the accuracy will look better than it is. Remove them from one of the two."
        )
    if copies:
        are = "is an exact copy" if copies == 1 else "are exact copies"
        yield f"{_images(copies)} {are} of others in the same split."
    if misplaced:
        pictures = "picture lies" if misplaced == 1 else "pictures lie"
        such = f" ({' = '.join(f'“{readable(path)}”' for path in example)})" if example else ""
        yield (
            f"{misplaced:,} {pictures} in more than one class{such}, and only one can be right: remove the copies from "
            "the others."
        )


def some(names: Sequence[str]) -> str:
    """The first few names, as they are shown."""
    return ", ".join([*(f"“{readable(name)}”" for name in names[:_NAMED]), *(["…"] if len(names) > _NAMED else [])])


def _first(count: int, path: str, why: str) -> str:
    return f"{path}: {why}" if count == 1 else f"The first, {path}: {why}"


def _images(count: int) -> str:
    return counted(count, "image")


def _names(names: Sequence[str]) -> str:
    quoted = [f"“{name}”" for name in names[:_NAMED]]
    if len(names) > _NAMED:
        return f"{', '.join(quoted)} and {counted(len(names) - _NAMED, 'more class', 'more classes')}"
    return " and ".join(filter(None, [", ".join(quoted[:-1]), quoted[-1]]))
