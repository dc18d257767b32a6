"""The data sets at hand: the published ones and the user's own, found by name or path.

A user's own images lie in a folder or a zip, wherever they like; what is imported here is only its place, in
`datasets.json` of the user's data folder. Sets that were collected here lie below `collected_folder`, each an ordinary
folder, and are found by themselves.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from cnnstudio.data.folders.load import load_folder, survey_folder
from cnnstudio.data.published.catalogue import DATASETS, DatasetEntry
from cnnstudio.data.report import TEST_SHARE, FolderSurvey
from cnnstudio.data.splits import Dataset
from cnnstudio.errors import StudioError, reason
from cnnstudio.progress import OnProgress
from cnnstudio.storage import data_folder, exists, is_file, is_folder, is_path, write_atomically

REGISTER_FORMAT = 1
MAX_REGISTER_BYTES = 64 * 2**20
MAX_IMAGE_SIZE = 1024
SIZES = (28, 32, 48, 64, 96, 128, 160, 224)
"""Sides in pixels that are offered for a user's own images; any from 8 to `MAX_IMAGE_SIZE` is taken."""


@dataclass(frozen=True)
class _Registered:
    """A line of the register: what must be known of a folder without looking at it."""

    name: str
    path: str
    image_size: int
    channels: int
    classes: tuple[str, ...]
    train_images: int
    test_images: int

    def __post_init__(self) -> None:
        texts = (self.name, self.path, *self.classes)
        numbers = (self.image_size, self.channels, self.train_images, self.test_images)
        if not all(isinstance(text, str) for text in texts) or not all(isinstance(number, int) for number in numbers):
            raise TypeError("a line of the register is damaged")
        if not (is_path(self.path) and all(map(is_path, (self.name, *self.classes)))):
            raise ValueError("a name in the register is none")
        if self.image_size not in range(8, MAX_IMAGE_SIZE + 1) or self.channels not in (1, 3) or min(numbers) < 0:
            raise ValueError("a number in the register is out of range")


def collected_folder() -> Path:
    """Where the sets lie that were collected here, each a folder of its own."""
    return data_folder() / "datasets"


def list_datasets() -> list[DatasetEntry]:
    """All data sets that can be chosen by name: the published ones, then the user's own by name.

    What was imported is listed without looking at it: its folder may be gone, which loading it says.
    """
    own = sorted([*_imported(), *_collected()], key=lambda entry: entry.name.casefold())
    return [*DATASETS.values(), *own]


def find_dataset(name: str, image_size: int | None = None, channels: int | None = None) -> DatasetEntry:
    """Finds a data set by what somebody typed.

    Args:
        name: a key of `DATASETS`, the name of one of the user's own, or the path of a folder or a zip.
        image_size: the side in pixels to which a user's own images are brought; as proposed or imported where None.
        channels: 1 (grey) or 3 (colour), likewise.

    Raises:
        StudioError: there is no such data set, or its images do not come in that size.
    """
    if name in DATASETS:
        return _as_published(DATASETS[name], image_size, channels)
    for entry in (*_imported(), *_collected()):
        if entry.name == name:
            return _own_entry(entry, image_size, channels)
    path = Path(name).expanduser()
    if exists(path):
        path = path.absolute()
        return _own_entry(_surveyed(str(path), survey_folder(path)), image_size, channels)
    import difflib

    names = [entry.name for entry in list_datasets()]
    similar = difflib.get_close_matches(name, names, n=1)
    hint = f" Did you mean “{similar[0]}”?" if similar else ""
    raise StudioError(
        f"There is no data set “{name}”.{hint} Choose one of: {', '.join(names)}; or name a folder or a zip of images."
    )


def load_dataset(
    name: str, image_size: int | None = None, channels: int | None = None, on_progress: OnProgress | None = None
) -> Dataset:
    """Loads a data set by its name.

    Args:
        name: a key of `DATASETS`, the name of one of the user's own, or the path of a folder or a zip.
        image_size: the side in pixels to which a user's own images are brought; as proposed or imported where None.
        channels: 1 (grey) or 3 (colour), likewise.
        on_progress: told how far a download or a scan is; what it raises ends that.

    Returns:
        The data set as published: training and test images, no validation split yet where none was published.

    Raises:
        StudioError: there is no such data set, or its files are missing, damaged or cannot be fetched.
    """
    return find_dataset(name, image_size, channels).load(on_progress)


def import_dataset(path: Path, image_size: int | None = None, channels: int | None = None) -> DatasetEntry:
    """Remembers a folder or a zip of images under a name, which is the folder's own where that is free.

    Args:
        path: as for `cnnstudio.data.folders.load.survey_folder`; what was imported before keeps its name.
        image_size: the side in pixels to which its images are brought; as proposed where None.
        channels: 1 (grey) or 3 (colour), likewise.

    Raises:
        StudioError: the folder cannot be used, or the register cannot be written.
    """
    path = path.expanduser().absolute()
    survey = survey_folder(path)
    for entry in _collected():
        if entry.path == path:
            return _own_entry(entry, image_size, channels)
    kept = list(_register())
    before = [line.name for line in kept if Path(line.path) == path]
    kept = [line for line in kept if Path(line.path) != path]
    entry = _own_entry(_surveyed(before[0] if before else _free_name(path, kept), survey), image_size, channels)
    _write_register([*kept, _line(entry)])
    return entry


def forget_dataset(name: str) -> None:
    """Takes an imported folder out of the list; the images stay where they are.

    Raises:
        StudioError: the register cannot be written.
    """
    _write_register([line for line in _register() if line.name != name])


def _as_published(entry: DatasetEntry, image_size: int | None, channels: int | None) -> DatasetEntry:
    height, _, own_channels = entry.image_shape
    if image_size not in (None, height) or channels not in (None, own_channels):
        raise StudioError(
            f"{entry.title} has images of one size ({entry.size_text}): only for your own images can size and colour "
            "be chosen."
        )
    return entry


def _own_entry(entry: DatasetEntry, image_size: int | None, channels: int | None) -> DatasetEntry:
    """The same images, brought to another size."""
    size, depth = image_size or entry.image_shape[0], channels or entry.image_shape[2]
    if not 8 <= size <= MAX_IMAGE_SIZE:
        raise StudioError(f"The image size must be a whole number from 8 to {MAX_IMAGE_SIZE:,} pixels, not {size:,}.")
    if depth not in (1, 3):
        raise StudioError(f"Images have 1 channel (grey) or 3 (colour), not {depth}.")
    return replace(entry, image_shape=(size, size, depth), read=_reader(entry.name, Path(str(entry.path)), size, depth))


def _reader(name: str, path: Path, image_size: int, channels: int) -> Callable[[OnProgress], Dataset]:
    return lambda on_progress: replace(load_folder(path, image_size, channels, on_progress=on_progress), name=name)


def _entry(line: _Registered) -> DatasetEntry:
    path = Path(line.path)
    return DatasetEntry(
        name=line.name,
        title=path.name.removesuffix(".zip") if line.name == line.path else line.name,
        description=f"Your own images in {path}.",
        image_shape=(line.image_size, line.image_size, line.channels),
        classes=line.classes,
        train_images=line.train_images,
        test_images=line.test_images,
        licence="",
        read=_reader(line.name, path, line.image_size, line.channels),
        path=path,
    )


def _surveyed(name: str, survey: FolderSurvey) -> DatasetEntry:
    images = int(sum(counts.sum() for counts in survey.counts.values()))
    test = int(survey.counts["test"].sum()) if "test" in survey.counts else round(TEST_SHARE * images)
    return _entry(
        _Registered(name, str(survey.path), survey.image_size, survey.channels, survey.classes, images - test, test)
    )


def _imported() -> Iterator[DatasetEntry]:
    return map(_entry, _register())


def _collected() -> Iterator[DatasetEntry]:
    """Sets without two classes cannot be trained on yet."""
    folders: list[Path] = []
    with suppress(OSError):  # nothing was collected yet
        folders = sorted(collected_folder().iterdir())
    for folder in folders:
        if is_folder(folder) and not folder.name.startswith("."):
            with suppress(StudioError):
                yield _surveyed(folder.name, survey_folder(folder))


def _free_name(path: Path, kept: list[_Registered]) -> str:
    taken = {*DATASETS, *(line.name for line in kept), *(entry.name for entry in _collected())}
    name = path.stem if is_file(path) else path.name or "images"
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}-{number}"
    return free


def _line(entry: DatasetEntry) -> _Registered:
    size, _, channels = entry.image_shape
    return _Registered(
        entry.name, str(entry.path), size, channels, entry.classes, entry.train_images, entry.test_images
    )


def _register_file() -> Path:
    return data_folder() / "datasets.json"


def _register() -> list[_Registered]:
    return _read_register()[0]


def list_damage() -> str:
    """Says what of the list of imported folders cannot be used; empty where all can."""
    return _read_register()[1]


def _read_register() -> tuple[list[_Registered], str]:
    """The lines that can be used, and a sentence on the others: they must not keep the window from opening."""
    file = _register_file()
    advice = "Import your folders again on the Data page."
    try:
        with file.open("rb") as opened:
            values: Any = json.loads(opened.read(MAX_REGISTER_BYTES))
        if values["format"] != REGISTER_FORMAT:
            return [], f"The list of your data sets, {file}, is of another version of CNN Studio. {advice}"
        lines: list[Any] = list(values["datasets"])
    except FileNotFoundError:
        return [], ""
    except OSError as error:
        return [], f"The list of your data sets, {file}, cannot be read: {reason(error)}. {advice}"
    except (ValueError, LookupError, TypeError, RecursionError):
        return [], f"The list of your data sets, {file}, is damaged. {advice}"
    usable = []
    for line in lines:
        with suppress(TypeError, LookupError, ValueError):
            usable.append(_Registered(**{**line, "classes": tuple(line["classes"])}))
    lost = len(lines) - len(usable)
    return usable, f"{lost} of your data sets in {file} cannot be used: its entry is damaged. {advice}" if lost else ""


def _write_register(lines: list[_Registered]) -> None:
    text = json.dumps({"format": REGISTER_FORMAT, "datasets": [asdict(line) for line in lines]}, indent=1)
    try:
        data_folder().mkdir(parents=True, exist_ok=True)
        write_atomically(_register_file(), text)
    except OSError as error:
        raise StudioError(
            f"The list of your data sets cannot be written: {reason(error)}. Make room on the disk of {data_folder()}."
        ) from error
