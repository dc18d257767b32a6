"""The data sets at hand: the published ones and the user's own, found by name or path.

A user's own images lie in a folder or a zip, wherever they like; what is imported here is only its place, in
`datasets.json` of the user's data folder. Sets that were collected here lie below `collected_folder`, each an ordinary
folder, and are found by themselves.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from cnnstudio.data.published.catalogue import DATASETS, DatasetEntry
from cnnstudio.data.report import BEFORE_CHOICES, TEST_SHARE, FolderSurvey
from cnnstudio.data.splits import CHANNELS, Dataset, check_image_shape
from cnnstudio.errors import StudioError
from cnnstudio.limits import IMAGE_SIZES
from cnnstudio.progress import OnProgress
from cnnstudio.storage import (
    changing,
    data_folder,
    exists,
    is_file,
    is_folder,
    is_path,
    numbered,
    read_list,
    read_list_to_change,
    write_list,
    writing,
)

SIZES = (28, 32, 48, 64, 96, 128, 160, 224)
"""Sides in pixels that are offered for a user's own images; any of `IMAGE_SIZES` is taken."""


class UnreadableListError(StudioError):
    """A data set was not found, but the list of imported ones, where it may stand, cannot be read or is damaged."""


def collected_folder() -> Path:
    """Where the sets lie that were collected here, each a folder of its own."""
    return data_folder() / "datasets"


def list_datasets(survey: Callable[[Path], DatasetEntry] | None = None) -> list[DatasetEntry]:
    """All data sets that can be chosen by name: the published ones, then the user's own by name.

    What was imported is listed without looking at it: its folder may be gone, which loading it says.

    Args:
        survey: how a set that was collected here is looked at, if not by `survey_collected`; whoever lists often may
            remember them.
    """
    own = sorted([*read_imported()[0], *_collected(survey)], key=lambda entry: entry.name.casefold())
    return [*DATASETS.values(), *own]


def survey_collected(path: Path) -> DatasetEntry:
    """The entry of a set that was collected here.

    Raises:
        StudioError: it has no two classes with pictures, and cannot be trained on yet.
    """
    return _surveyed(path.name, _survey(path))


def find_dataset(
    name: str,
    image_size: int | None = None,
    channels: int | None = None,
    on_progress: OnProgress | None = None,
    layout: str = "",
) -> DatasetEntry:
    """Finds a data set by what the user typed; arguments as for `load_dataset`.

    Raises:
        StudioError: there is no such data set, or its images do not come in that size; `UnreadableListError` where it
            may be among those that cannot be listed.
    """
    if name in DATASETS:
        return _as_published(DATASETS[name], image_size, channels, layout)
    imported, damage = read_imported()
    for entry in (*imported, *_collected()):
        if entry.name == name:
            is_other = entry.path is not None and layout not in ("", entry.layout)
            found = _surveyed(name, _survey(entry.path, on_progress, layout)) if entry.path and is_other else entry
            return _resized(found, image_size, channels)
    path = Path(name).expanduser()
    if exists(path):
        path = path.absolute()
        layout = layout or next((entry.layout for entry in imported if entry.path == path), "")
        return _resized(_surveyed(str(path), _survey(path, on_progress, layout)), image_size, channels)
    import difflib

    names = [entry.name for entry in list_datasets()]
    similar = difflib.get_close_matches(name, names, n=1)
    hint = f" Did you mean “{similar[0]}”?" if similar else ""
    said = (
        f"There is no data set “{name}”.{hint} Choose one of: {', '.join(names)}; or name a folder or a zip of images."
    )
    raise UnreadableListError(f"{said} {damage}") if damage else StudioError(said)


def load_dataset(
    name: str,
    image_size: int | None = None,
    channels: int | None = None,
    on_progress: OnProgress | None = None,
    layout: str = "",
) -> Dataset:
    """Loads a data set by its name.

    Args:
        name: a key of `DATASETS`, the name of one of the user's own, or the path of a folder or a zip.
        image_size: the side in pixels to which a user's own images are brought; as suggested or imported where None.
        channels: 1 (grey) or 3 (colour), likewise.
        on_progress: told how far a download or a scan is; what it raises ends that.
        layout: how a folder is laid out, as `cnnstudio.data.folders.layout.LayoutChoice` writes it; as imported or
            found out where it is empty.

    Returns:
        The data set as published: training and test images, no validation split yet where none was published.

    Raises:
        StudioError: there is no such data set, or its files are missing, damaged or cannot be fetched.
    """
    return find_dataset(name, image_size, channels, on_progress, layout).load(on_progress)


def import_dataset(
    path: Path, image_size: int | None = None, channels: int | None = None, layout: str = ""
) -> DatasetEntry:
    """Remembers a folder or a zip of images by the name that it had before, or by its own where that is free.

    Arguments as for `load_dataset`.

    Raises:
        StudioError: the folder cannot be used, or the list of imported folders cannot be written.
    """
    path = path.expanduser().absolute()
    survey = _survey(path, layout=layout)
    for entry in _collected():
        if entry.path == path:
            return _resized(entry, image_size, channels)
    with _changing_imported() as imported:
        before = [entry.name for entry in imported if entry.path == path]
        others = [entry for entry in imported if entry.path != path]
        entry = _resized(_surveyed(before[0] if before else _free_name(path, others), survey), image_size, channels)
        imported[:] = [*others, entry]
    return entry


def forget_dataset(name: str) -> None:
    """Takes an imported folder out of the list; the images stay where they are.

    Raises:
        StudioError: the list cannot be written.
    """
    with _changing_imported() as imported:
        imported[:] = [entry for entry in imported if entry.name != name]


def _as_published(entry: DatasetEntry, image_size: int | None, channels: int | None, layout: str) -> DatasetEntry:
    height, _, own_channels = entry.image_shape
    if image_size not in (None, height) or channels not in (None, own_channels):
        raise StudioError(
            f"{entry.title} has images of one size ({entry.size_text}): size and colour can be chosen only for your "
            "own images."
        )
    if layout:
        raise StudioError(f"{entry.title} is no folder: a layout can be chosen only for your own images.")
    return entry


def _resized(entry: DatasetEntry, image_size: int | None, channels: int | None) -> DatasetEntry:
    """The entry of the same images of the user's, brought to another size; raises StudioError where there is none."""
    check_image_shape(image_size, channels)
    chosen = {"image_size": image_size, "channels": channels}
    return _entry(**_to_json(entry) | {name: value for name, value in chosen.items() if value is not None})


def _survey(path: Path, on_progress: OnProgress | None = None, layout: str = "") -> FolderSurvey:
    # What reads pictures is imported only now: the window lists data sets at once.
    from cnnstudio.data.folders.load import survey_folder

    return survey_folder(path, on_progress, layout)


def _entry(
    *,
    name: str,
    path: str,
    image_size: int,
    channels: int,
    classes: Sequence[str],
    train_images: int,
    test_images: int,
    original_side: int = 0,
    layout: str = "",
) -> DatasetEntry:
    """The entry of images of the user's own. The arguments' names are keys in `datasets.json`.

    Earlier versions did not keep `original_side`, then not `layout`.
    """
    folder = Path(path)

    def read(on_progress: OnProgress | None) -> Dataset:
        from cnnstudio.data.folders.load import load_folder

        dataset = load_folder(folder, image_size, channels, on_progress=on_progress, layout=layout)
        return replace(dataset, name=name)

    return DatasetEntry(
        name=name,
        title=folder.name.removesuffix(".zip") if name == path else name,
        description=f"Your own images in {folder}.",
        image_shape=(image_size, image_size, channels),
        classes=tuple(classes),
        train_images=train_images,
        test_images=test_images,
        licence="",
        read=read,
        path=folder,
        original_side=original_side,
        layout=layout,
    )


def _from_json(values: Any) -> DatasetEntry:
    """An entry as `_to_json` gave it; raises TypeError, LookupError or ValueError where the values are damaged."""
    texts = [values["name"], values["path"], *values["classes"]]
    if values.get("layout", "") != "":
        texts.append(values["layout"])
    numbers = values["train_images"], values["test_images"], values.get("original_side", 0)
    if not all(isinstance(text, str) and is_path(text) for text in texts):
        raise ValueError("a name cannot be one")
    if not all(isinstance(number, int) and number >= 0 for number in numbers):
        raise ValueError("a number of images cannot be one")
    if values["image_size"] not in IMAGE_SIZES or values["channels"] not in CHANNELS:
        raise ValueError("images cannot have this shape")
    return _entry(**{"layout": BEFORE_CHOICES, **values})


def _to_json(entry: DatasetEntry) -> dict[str, Any]:
    return {
        "name": entry.name,
        "path": str(entry.path),
        "image_size": entry.image_shape[0],
        "channels": entry.image_shape[2],
        "classes": entry.classes,
        "train_images": entry.train_images,
        "test_images": entry.test_images,
        "original_side": entry.original_side,
        "layout": entry.layout,
    }


def _surveyed(name: str, survey: FolderSurvey) -> DatasetEntry:
    images = int(sum(counts.sum() for counts in survey.counts.values()))
    test = int(survey.counts["test"].sum()) if "test" in survey.counts else round(TEST_SHARE * images)
    return _entry(
        name=name,
        path=str(survey.path),
        image_size=survey.image_size,
        channels=survey.channels,
        classes=survey.classes,
        train_images=images - test,
        test_images=test,
        original_side=survey.original_side,
        layout="" if survey.layout == "folders" and len(survey.layouts) < 2 else survey.layout,
    )


def _collected(survey: Callable[[Path], DatasetEntry] | None = None) -> Iterator[DatasetEntry]:
    """Sets without two classes cannot be trained on yet."""
    folders: list[Path] = []
    with suppress(OSError):  # nothing was collected yet
        folders = sorted(collected_folder().iterdir())
    for folder in folders:
        if is_folder(folder) and not folder.name.startswith("."):
            with suppress(StudioError):
                yield (survey or survey_collected)(folder)


def _free_name(path: Path, imported: list[DatasetEntry]) -> str:
    taken = {*DATASETS, *(entry.name for entry in (*imported, *_collected()))}
    name = path.stem if is_file(path) else path.name or "images"
    return next(free for free in numbered(name) if free not in taken)


def read_imported() -> tuple[list[DatasetEntry], str]:
    """The imported folders, and sentences on what of the list of them cannot be used; empty where all can."""
    title, remedy = "The list of your data sets", "Import your folders again on the Data page."
    return read_list(_list_file(), "datasets", title, remedy, _from_json)


@contextmanager
def _changing_imported() -> Iterator[list[DatasetEntry]]:
    """The imported folders, to be changed while no other program changes them, and then written."""
    with writing(data_folder()):
        data_folder().mkdir(parents=True, exist_ok=True)
        with changing(_list_file()):
            entries = read_list_to_change(_list_file(), "datasets", _from_json)
            yield entries
            write_list(_list_file(), "datasets", [_to_json(entry) for entry in entries])


def _list_file() -> Path:
    return data_folder() / "datasets.json"
