"""The data sets at hand: the published ones and the user's own, found by name or path."""

from cnnstudio.data.datasets import DATASETS, DatasetEntry
from cnnstudio.data.splits import Dataset, OnProgress
from cnnstudio.errors import StudioError


def find_dataset(name: str) -> DatasetEntry:
    """Finds a data set by what somebody typed.

    Args:
        name: a key of `DATASETS`.

    Raises:
        StudioError: there is no such data set.
    """
    try:
        return DATASETS[name]
    except KeyError:
        raise StudioError(f"There is no data set “{name}”. Choose one of: {', '.join(DATASETS)}.") from None


def load_dataset(name: str, on_progress: OnProgress | None = None) -> Dataset:
    """Loads a data set by its name.

    Args:
        name: a key of `DATASETS`.
        on_progress: told how far a download or a scan is; what it raises ends that.

    Returns:
        The data set as published: training and test images, no validation split yet where none was published.

    Raises:
        StudioError: there is no such data set, or its files are missing, damaged or cannot be fetched.
    """
    return find_dataset(name).load(on_progress)
