"""Reading what a lesson or another page wants a panel to show: nothing is changed before all of it is known to fit."""

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from cnnstudio.errors import StudioError


def merged(now: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The state now, with what is wanted in its place.

    Raises:
        StudioError: something is wanted that does not exist.
    """
    for name in wanted:
        if name not in now:
            raise StudioError(f"There is no “{name}” in this experiment: it has {', '.join(now)}.")
    return {**now, **wanted}


def read_choice(state: Mapping[str, Any], name: str, choices: Collection[Any]) -> Any:
    """One of several values; raises `StudioError` for another one."""
    value = state[name]
    if not isinstance(value, str | int) or value not in choices:
        raise StudioError(f"“{name}” must be one of {', '.join(map(str, choices))}, not {value!r}.")
    return value


def read_number(state: Mapping[str, Any], name: str, lowest: float, highest: float) -> float:
    """A number within limits; raises `StudioError` for anything else."""
    value = state[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or not lowest <= value <= highest:
        raise StudioError(f"“{name}” must be a number from {lowest:g} to {highest:g}, not {value!r}.")
    return float(value)


def read_matrix(state: Mapping[str, Any], name: str, largest: int) -> np.ndarray:
    """Rows of numbers, all of the same length, (rows, columns) float64; raises `StudioError` for anything else.

    Args:
        state: which has it.
        name: its name there.
        largest: number of rows, and of columns.
    """
    try:
        matrix = np.array(state[name], np.float64)
    except (TypeError, ValueError) as error:
        raise StudioError(f"“{name}” must be rows of numbers, all of the same length.") from error
    if matrix.ndim != 2 or not 1 <= min(matrix.shape) <= max(matrix.shape) <= largest:
        raise StudioError(f"“{name}” must have 1 to {largest} rows of 1 to {largest} numbers each.")
    return matrix
