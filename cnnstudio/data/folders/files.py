"""Finding the pictures in folders and zip archives, in an order that people expect."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path, PurePosixPath

from cnnstudio.data.folders.disk import open_store
from cnnstudio.data.folders.layout import Branch
from cnnstudio.data.folders.names import composed, natural_key, readable
from cnnstudio.data.folders.notes import folders_of_notes, masks_beside
from cnnstudio.data.folders.zip_file import Archive
from cnnstudio.data.pictures.open import is_picture
from cnnstudio.data.report import LeftOut
from cnnstudio.errors import StudioError
from cnnstudio.storage import is_file, is_folder


@dataclass(frozen=True, eq=False)
class PictureFile:
    """A file that should be a picture, by its name.

    Attributes:
        name: what it is called on screen and in tables: the path as it was given, with what lies below it.
        path: the file, or the archive that holds it.
        archive: the open archive, or None for a plain file.
        member: its path in the archive.
    """

    name: str
    path: Path
    archive: Archive | None = None
    member: str = ""

    @property
    def folder(self) -> str:
        """Name of the folder that it lies in, as the name of a class is spelled; empty at the top of an archive."""
        inside = PurePosixPath(self.member) if self.archive is not None else self.path.absolute()
        return composed(inside.parent.name)

    @property
    def file_name(self) -> str:
        """The last part of its path."""
        return PurePosixPath(self.member).name if self.archive is not None else self.path.name

    def source(self) -> Path | bytes:
        """What `open_image` opens: the path, or the bytes of an archive's member.

        Raises:
            StudioError: the member cannot be unpacked.
        """
        if self.archive is None:
            return self.path
        try:
            return self.archive.source(self.member)
        except StudioError as error:
            raise StudioError(f"{self.name}: {error}") from error


def list_pictures(paths: Iterable[Path], left_out: list[LeftOut] | None = None) -> tuple[list[PictureFile], list[str]]:
    """Finds all pictures.

    Args:
        paths: files (taken as they are), folders (with all folders below; hidden files and folders are left out, and so
            are masks and annotations, as in an import; a folder that is reached twice, by symbolic links, counts once)
            and zip archives.
        left_out: to this is added which masks and annotations are left out.

    Returns:
        The pictures, every argument in turn, below it in natural order; and a sentence for each file or folder that
        cannot be read.

    Raises:
        StudioError: a folder or an archive cannot be opened.
    """
    files: list[PictureFile] = []
    problems: list[str] = []
    seen: set[str] = set()
    apart = [] if left_out is None else left_out
    for path in paths:
        is_store = is_folder(path) or (path.suffix.lower() == ".zip" and is_file(path))
        for file in _below(path, problems, apart) if is_store else (PictureFile(readable(path), path),):
            spelled_out = os.path.abspath(file.name)  # noqa: PTH100 - Path keeps “..”
            if spelled_out not in seen:
                seen.add(spelled_out)
                files.append(file)
    return files, problems


def _below(path: Path, problems: list[str], left_out: list[LeftOut]) -> Iterator[PictureFile]:
    """The pictures in a folder or archive: in every folder its files come before the folders in it."""
    store = open_store(path)
    archive = store if isinstance(store, Archive) else None
    branches = Branch(store).walk(lambda: None, without=attrgetter("notes"))
    masks: list[str] = []
    notes: list[str] = []
    for branch in sorted(branches, key=lambda branch: [natural_key(part) for part in branch.path.split("/")]):
        folder = f"{path}/{branch.path}" if branch.path else str(path)
        masks += [branch.full(name) for name in sorted(branch.masks)]
        notes += [below.path for below in branch.notes]
        pictures = (name for name in branch.files if is_picture(name) and name not in branch.masks)
        for name in sorted(pictures, key=natural_key):
            member = f"{branch.path}/{name}" if branch.path else name
            yield PictureFile(readable(f"{folder}/{name}"), path if archive else Path(folder, name), archive, member)
    left_out += [*folders_of_notes(notes), *masks_beside(masks)]
    shut = [(below, f"The folder cannot be read: {why}.") for below, why in store.shut]
    problems += [f"{readable(f'{path}/{below}')}: {why}" for below, why in (*shut, *store.problems)]
