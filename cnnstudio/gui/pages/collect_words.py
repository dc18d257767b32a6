"""What the Collect page says of a set."""

from collections.abc import Mapping, Sequence

from cnnstudio.data.class_folders import SPLIT_FOLDERS
from cnnstudio.data.collecting import ENOUGH, GOOD_START

_NAMED = 3


def why_not(counts: Mapping[str, int]) -> str:
    """Why a set of so many examples a class cannot be trained on yet, and what to do; empty where it can."""
    if len(counts) < 2:
        return "Add a second class: a network learns to tell things apart."
    if all(name.casefold() in SPLIT_FOLDERS for name in counts):
        return "These are names for the parts of a data set: give one of the classes another name."
    if sum(count >= ENOUGH for count in counts.values()) < 2:
        return (
            f"Two classes with {ENOUGH} examples each are the least to train on; {GOOD_START} of each is a good start."
        )
    return ""


def advice(counts: Mapping[str, int]) -> str:
    """What would make a set better."""
    missing = [f"{GOOD_START - count} more of “{name}”" for name, count in counts.items() if count < GOOD_START]
    if not missing:
        return "A good start. More examples, and more different ones, make the network surer."
    rest = f" and of {len(missing) - _NAMED} more classes" if len(missing) > _NAMED else ""
    return f"{GOOD_START} of each is a good start: {', '.join(missing[:_NAMED])}{rest}."


def told_problems(problems: Sequence[str]) -> str:
    """What could not be added, in a sentence or two."""
    first, *others = problems
    return f"{first} {len(others):,} more could not be added." if others else first
