"""Sentences on what may spoil a training with the user's own images."""

from collections.abc import Iterator, Sequence

import numpy as np

IMBALANCE = 3
"""A class with so many times more images than another is favoured by the network."""

FEW = 10
"""Fewer images of a class than this teach a network little."""

_NAMED = 3


def notes_on_classes(classes: Sequence[str], counts: np.ndarray) -> Iterator[str]:
    """Sentences on classes with few images and on imbalance.

    Args:
        classes: the names.
        counts: (classes,) images for training.
    """
    missing = [name for name, count in zip(classes, counts, strict=True) if not count]
    if missing:
        yield (
            f"{_names(missing)} {'has' if len(missing) == 1 else 'have'} no images for training, so the network cannot "
            f"learn {'it' if len(missing) == 1 else 'them'}."
        )
    few = [name for name, count in zip(classes, counts, strict=True) if 0 < count < FEW]
    if few:
        have = "has" if len(few) == 1 else "have"
        yield f"{_names(few)} {have} fewer than {FEW} images for training. More would help."
    present = np.flatnonzero(counts)
    most, least = present[counts[present].argmax()], present[counts[present].argmin()]
    if counts[most] > IMBALANCE * counts[least]:
        yield (
            f"The classes are unbalanced: “{classes[most]}” has {_images(counts[most])} for training, "
            f"“{classes[least]}” only {counts[least]:,}. The network will favour what it sees more often."
        )


def notes_on_test(classes: Sequence[str], counts: np.ndarray) -> Iterator[str]:
    """A sentence on classes that have no images for testing, by (classes,) `counts`."""
    missing = [name for name, count in zip(classes, counts, strict=True) if not count]
    if missing:
        yield f"{_names(missing)} {'has' if len(missing) == 1 else 'have'} no images for testing."


def notes_on_files(unreadable: int, leaked: int, judged: int, copies: int) -> Iterator[str]:
    """Sentences on unreadable files and on duplicates.

    Args:
        unreadable: files that were left out.
        leaked: validation and test images that are among the training images too.
        judged: validation and test images in all.
        copies: images that have the same bytes as an earlier one of the same split.
    """
    if unreadable:
        files, were = ("1 file", "was") if unreadable == 1 else (f"{unreadable:,} files", "were")
        yield f"{files} could not be read and {were} left out."
    if leaked:
        yield (
            f"{leaked:,} of the {judged:,} validation and test images {'is' if leaked == 1 else 'are'} also among the "
            "training images: the accuracy will look better than it is. Remove them from one of the two."
        )
    if copies:
        are = "is an exact copy" if copies == 1 else "are exact copies"
        yield f"{_images(copies)} {are} of others for the same use."


def _images(count: int) -> str:
    return "1 image" if count == 1 else f"{count:,} images"


def _names(names: Sequence[str]) -> str:
    quoted = [f"“{name}”" for name in names[:_NAMED]]
    if len(names) > _NAMED:
        return f"{', '.join(quoted)} and {len(names) - _NAMED:,} more classes"
    return " and ".join(filter(None, [", ".join(quoted[:-1]), quoted[-1]]))
