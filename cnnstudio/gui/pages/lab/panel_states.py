"""Checks of states that come from files: each says in a sentence what is wrong."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from cnnstudio.errors import StudioError
from cnnstudio.gui.widgets.images.matrix import LARGEST


def check_names(state: Mapping[str, Any], known: Iterable[str]) -> None:
    """Raises `StudioError` where a state names something that the panel does not have."""
    names = list(known)
    for name in state:
        if name not in names:
            raise StudioError(f"There is no “{name}” in this experiment: it has {', '.join(names)}.")


def checked_choice(name: str, value: Any, choices: Sequence[Any]) -> Any:
    """One of several choices; raises `StudioError` for any other."""
    if value not in choices or isinstance(value, bool) is not isinstance(choices[0], bool):
        said = ", ".join(map(str, choices))
        raise StudioError(f"“{name}” cannot be {value!r}: it is one of {said}.")
    return value


def checked_number(name: str, value: Any, lowest: float, highest: float) -> float:
    """A number within limits; raises `StudioError` for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not lowest <= value <= highest:
        raise StudioError(f"“{name}” must be a number from {lowest:g} to {highest:g}, not {value!r}.")
    return float(value)


def checked_array(name: str, values: Any, dimensions: tuple[int, ...], largest: tuple[int, ...]) -> np.ndarray:
    """Nested lists of numbers as an array of float64.

    Args:
        name: what they are called.
        values: the lists.
        dimensions: how deep they may be nested.
        largest: the longest that each side may be, counted from the innermost lists for the last two.

    Raises:
        StudioError: they are something else, or too many, or too large.
    """
    try:
        array = np.asarray(values, np.float64)
    except (TypeError, ValueError):
        array = np.empty(0)
    if array.ndim not in dimensions or not array.size:
        raise StudioError(f"“{name}” must be rows of numbers, all of the same length.")
    if max(array.shape) > max(largest) or array.size > np.prod(largest):
        raise StudioError(f"“{name}” has too many numbers to be followed: at most {max(largest)} a row.")
    if np.nanmax(np.abs(array), initial=0) > LARGEST:
        raise StudioError(f"“{name}” has a number that is too large to be followed: at most {LARGEST:,.0f}.")
    return array
