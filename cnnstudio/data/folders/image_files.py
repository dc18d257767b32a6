"""Which picture file each image of a folder or archive came from."""

from contextlib import closing
from functools import cached_property
from pathlib import Path

import numpy as np

from cnnstudio.data.folders.disk import open_store
from cnnstudio.data.folders.find import find_layout
from cnnstudio.data.folders.names import readable
from cnnstudio.data.splits import Split
from cnnstudio.data.stored import StoredImages
from cnnstudio.errors import StudioError


class ImageFiles:
    """Names of files for images; nothing is listed before the first name is wanted.

    Args:
        path: the folder or archive.
        numbers: (n,) of each stored image, the number of its file in the layout.
        count: of all files in the layout.
        layout: which one the folder has.
    """

    def __init__(self, path: Path, numbers: np.ndarray, count: int, layout: str = "") -> None:
        self._path, self._numbers, self._count, self._layout = path, numbers, count, layout

    def name(self, split: Split, index: int) -> str:
        """The path of an image's file, relative to the folder; empty where the folder has changed meanwhile."""
        if not self._paths or not isinstance(split.images, StoredImages):
            return ""
        return readable(self._paths[self._numbers[split.images.numbers[index]]])

    @cached_property
    def _paths(self) -> list[str]:
        try:
            with closing(open_store(self._path)) as store:
                paths = find_layout(store, self._path.name, lambda: None, self._layout).paths()
        except (StudioError, OSError):
            return []
        return paths if len(paths) == self._count else []
