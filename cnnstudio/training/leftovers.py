"""What killed programs have left half done among the user's files: found, and removed once it belongs to nobody.

Nobody sees any of it, but it takes room. A training lets other programs of the same computer see that it works on its
folder; whether one does on another computer, or whether a file is being written at the moment, is told by when it was
touched last. Should a living training lose its folder all the same, it begins it again.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from cnnstudio.data.library import collected_folder
from cnnstudio.storage import (
    Claim,
    config_folder,
    data_folder,
    downloads_folder,
    is_abandoned,
    is_temporary,
    remove,
    runs_folder,
)
from cnnstudio.training.runs import is_unfinished


def find_leftovers() -> list[Path]:
    """The folders of trainings that ended before there was a model, and files that were being written."""
    return [*_unfinished_runs(), *filter(is_abandoned, _temporaries())]


def remove_leftovers() -> None:
    """Removes what `find_leftovers` finds, as far as the disk lets it go."""
    for folder in _unfinished_runs():
        with suppress(OSError):
            claim = Claim(folder)  # nobody begins a run there meanwhile
            remove(folder)
            claim.end()
    for path in filter(is_abandoned, _temporaries()):
        remove(path)


def _unfinished_runs() -> list[Path]:
    return [folder for folder in _inside(runs_folder()) if not folder.is_symlink() and is_unfinished(folder)]


def _temporaries() -> Iterator[Path]:
    """All that has the name of something that is being written, whether it is or not."""
    data = data_folder()
    models = [*_inside(runs_folder()), *_inside(downloads_folder())]
    sets = list(_inside(collected_folder()))
    classes = [path for collected in sets for path in _inside(collected)]
    for folder in (config_folder(), data, *_inside(data), *models, *sets, *classes):
        with suppress(OSError):
            names = os.listdir(folder)  # noqa: PTH208 - a Path for each of 10,000 examples would take longer
            yield from (folder / name for name in names if is_temporary(name))


def _inside(folder: Path) -> Iterator[Path]:
    with suppress(OSError):
        yield from folder.iterdir()
