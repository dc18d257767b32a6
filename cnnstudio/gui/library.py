"""What there is to choose from: models, networks, data sets and sets that are being collected, in memory.

A worker reads the lists again and again, so that no page has to: after the window was activated, a page was shown, or
something was made, renamed or deleted here. What has not changed on disk is not read again.
"""

import logging
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QObject, Signal, Slot

from cnnstudio.data.collected.sets import CollectionKind, list_collections
from cnnstudio.data.library import collected_folder, list_datasets, survey_collected
from cnnstudio.data.published.catalogue import DATASETS, DatasetEntry
from cnnstudio.errors import StudioError
from cnnstudio.gui.task import LatestTask, ahead, aside
from cnnstudio.lab.lessons import lesson_files, own_lessons_folder, titles_by_concept
from cnnstudio.models.architectures.architecture import Architecture
from cnnstudio.models.architectures.catalogue import ARCHITECTURES
from cnnstudio.models.networks.files import Network, list_networks, read_listed
from cnnstudio.models.trained.adopt import Adopted, list_adopted
from cnnstudio.models.trained.card import CARD_FILE, read_card
from cnnstudio.models.trained.library import ModelEntry, list_models
from cnnstudio.models.trained.pretrained import PRETRAINED, Pretrained, is_downloaded
from cnnstudio.storage import downloads_folder, runs_folder

_SETTLED = 2 * 10**9
"""Nanoseconds after which a change is sure to have another time than the one before; some disks count in seconds."""

_log = logging.getLogger(__name__)
_Read = TypeVar("_Read")
_Stamp = tuple[Any, ...]


@dataclass(frozen=True)
class CollectedSet:
    """A set that is being collected.

    Attributes:
        path: its folder.
        kind: what it is made of; None where it cannot be opened.
        counts: how many examples each class has.
        problem: why it cannot be opened, as a sentence; empty where it can.
    """

    path: Path
    kind: CollectionKind | None
    counts: Mapping[str, int] = field(default_factory=dict)
    problem: str = ""


@dataclass(frozen=True)
class Lists:
    """What there was when it was looked for last.

    Attributes:
        models: as `list_models` gives them.
        adopted: as `list_adopted` gives them.
        networks: the user's own, by name, without their configs.
        datasets: as `list_datasets` gives them.
        sets: those that are being collected, by name.
        here: names of the published data sets that need no download any more.
        downloaded: names of the pretrained models that need none.
        lessons: the titles of lessons, by the concepts that they explain; known from the worker's first look on.
        places: what tells the folder of a model from any other, whatever it is called.
    """

    models: tuple[ModelEntry, ...] = ()
    adopted: tuple[Adopted, ...] = ()
    networks: tuple[Network, ...] = ()
    datasets: tuple[DatasetEntry, ...] = ()
    sets: tuple[CollectedSet, ...] = ()
    here: frozenset[str] = frozenset()
    downloaded: frozenset[str] = frozenset()
    lessons: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[Path, _Stamp] = field(default_factory=dict)


_LISTS: dict[type, str] = {
    ModelEntry: "models",
    Adopted: "adopted",
    Network: "networks",
    DatasetEntry: "datasets",
    CollectedSet: "sets",
}
"""In which list a thing stands."""


class Library(QObject):
    """The lists, in the thread of the window; a worker reads them, for the first time when this is made.

    Attributes:
        image: the image that a network answered last, as its page asked for it, for pages that show the same one; None
            before the first.

    Signals:
        changed(): the lists are others than before.
        refreshed(): the worker has looked, and the lists are as it found them.
        described(object): the user has said anew what the model from elsewhere with this path is: whoever has it open
            opens it again.
    """

    changed = Signal()
    refreshed = Signal()
    described = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.image: object = None
        self._reader = _Reader()
        self._first = ahead(self._reader.read)
        self._known: Lists | None = None
        self._moved: dict[Path, Path] = {}
        self._asked = 0
        self._task = LatestTask(self)
        self._task.finished.connect(self._take)
        self._task.failed.connect(self._fail)

    @property
    def lists(self) -> Lists:
        """What is known now; who asks before there is anything waits, while the window goes on painting."""
        if self._known is None:
            self._known = self._first()
        return self._known

    @Slot()
    def refresh(self) -> None:
        """Has the worker look again; `changed` comes where something is another."""
        self._asked += 1
        self._task.submit(self._reader.read_for, self._asked)

    def put(self, thing: ModelEntry | Network | DatasetEntry | CollectedSet, instead_of: Path | None = None) -> None:
        """Adds something that was just made or changed here, and looks again.

        Args:
            thing: as it is on disk now.
            instead_of: where it was before, if it was renamed.
        """
        if isinstance(thing, Network):
            thing = replace(thing, config={})  # those of hundreds would take much memory
        if instead_of is not None and thing.path is not None and instead_of != thing.path:
            self._moved[instead_of] = thing.path
        name = _LISTS[type(thing)]
        known, gone = getattr(self.lists, name), {thing.path, instead_of} - {None}
        things = [thing if one.path in gone else one for one in known]
        changes: dict[str, Any] = {name: tuple(things if thing in things else [*things, thing])}
        self._show(replace(self.lists, **changes))
        self.refresh()

    def drop(self, path: Path) -> None:
        """Takes off the lists what was just deleted here, or is not to be listed any more, and looks again."""
        kept: dict[str, Any] = {
            name: tuple(one for one in getattr(self.lists, name) if one.path != path) for name in _LISTS.values()
        }
        self._show(replace(self.lists, **kept))
        self.refresh()

    def network(self, name: str) -> Architecture | Network | None:
        """An architecture, or one of the user's own networks without its config; None where there is none."""
        own = {network.name: network for network in self.lists.networks}
        return ARCHITECTURES.get(name) or own.get(name)

    def model(self, path: Path) -> ModelEntry | None:
        """The model in a folder; None where it is not on the list."""
        return next((entry for entry in self.lists.models if entry.path == path), None)

    def learn(self, path: Path) -> None:
        """Puts the model of a folder on the list that may have been made this moment."""
        if self.model(path) is None and path.parent in (runs_folder(), downloads_folder()):
            for entry in aside(self._reader.models):
                if entry.path == path:
                    self.put(entry)

    def is_here(self, entry: DatasetEntry) -> bool:
        """Whether a data set needs no download."""
        return entry.remote is None or entry.name in self.lists.here

    def has_weights(self, entry: Pretrained) -> bool:
        """Whether a pretrained model needs no download."""
        return entry.name in self.lists.downloaded

    def follow(self, path: Path) -> Path:
        """Where a model lies now, which may have another name since."""
        seen = {path}
        while (there := self._moved.get(path)) is not None and there not in seen:
            seen.add(path := there)
        return path

    def shut_down(self) -> None:
        """Waits for what is being read."""
        self._task.shut_down()

    @Slot(object)
    def _take(self, answer: tuple[int, Lists]) -> None:
        asked, lists = answer
        if asked == self._asked:  # else something was changed since, and another answer is on its way
            self._show(lists)
            self.refreshed.emit()

    def _show(self, lists: Lists) -> None:
        before, self._known = self.lists, lists
        new = {place: path for path, place in lists.places.items() if path not in before.places}
        for path, place in before.places.items():
            if path not in lists.places and place in new:
                self._moved[path] = new[place]
        if lists != before:
            self.changed.emit()

    @Slot(object)
    def _fail(self, error: Exception) -> None:
        _log.error("the lists could not be read again", exc_info=error)


class _Remembered(Generic[_Read]):
    """A function of a path that reads again only what has changed since.

    Args:
        read: the function; it may raise StudioError, which is remembered, too.
        stamp: what tells one state of a path from another, the time of its newest change first.
    """

    def __init__(self, read: Callable[[Path], _Read], stamp: Callable[[Path], _Stamp]) -> None:
        self._read, self._stamp = read, stamp
        self._known: dict[Path, tuple[_Stamp, _Read | StudioError]] = {}

    def __call__(self, path: Path) -> _Read:
        try:
            stamp = self._stamp(path)
        except OSError:  # reading it says what is wrong
            return self._read(path)
        known = self._known.get(path)
        if known is not None and known[0] == stamp:
            found = known[1]
        else:
            try:
                found = self._read(path)
            except StudioError as error:
                found = error
            self._known.pop(path, None)
            if time.time_ns() - stamp[0] > _SETTLED:
                self._known[path] = stamp, found
        if isinstance(found, StudioError):
            raise found.with_traceback(None)  # else it would be longer each time, and keep what it went through
        return found


def _stamp_of_file(path: Path) -> _Stamp:
    status = path.stat()
    return status.st_mtime_ns, status.st_size, status.st_ino


def _stamp_of_set(path: Path) -> _Stamp:
    """Changes with each example that comes or goes: a folder's time is that of its last one."""
    with os.scandir(path) as entries:
        parts = sorted((entry.name, entry.stat().st_mtime_ns) for entry in entries if not entry.name.startswith("."))
    return max([path.stat().st_mtime_ns, *(at for _, at in parts)]), *parts


def _stamp_of_lessons() -> _Stamp:
    parts = sorted((path.name, path.stat().st_mtime_ns) for path in lesson_files())
    return max((at for _, at in parts), default=0), *parts


class _Reader:
    """Reads the lists; may be used by two threads at once."""

    def __init__(self) -> None:
        self._card = _Remembered(read_card, lambda folder: _stamp_of_file(folder / CARD_FILE))
        self._network = _Remembered(read_listed, _stamp_of_file)
        self._survey = _Remembered(survey_collected, _stamp_of_set)
        self._set = _Remembered(_read_set, _stamp_of_set)
        self._lessons = _Remembered(lambda _: titles_by_concept(), lambda _: _stamp_of_lessons())

    def read(self) -> Lists:
        models = self.models()
        return Lists(
            models=tuple(models),
            adopted=tuple(list_adopted()),
            networks=tuple(list_networks(self._network)),
            datasets=tuple(list_datasets(self._survey)),
            sets=tuple(map(self._set, list_collections(collected_folder()))),
            here=frozenset(entry.name for entry in DATASETS.values() if entry.is_here()),
            downloaded=frozenset(entry.name for entry in PRETRAINED.values() if is_downloaded(entry)),
            places={entry.path: place for entry in models if (place := _place(entry.path)) is not None},
        )

    def models(self) -> list[ModelEntry]:
        return list_models(self._card)

    def read_for(self, asked: int) -> tuple[int, Lists]:
        return asked, replace(self.read(), lessons=self._lessons(own_lessons_folder()))


def _read_set(path: Path) -> CollectedSet:
    from cnnstudio.data.collected.collection import Collection  # reads pictures, which takes long to import

    try:
        collection = Collection(path)
    except StudioError as error:
        return CollectedSet(path, None, problem=str(error))
    return CollectedSet(path, collection.kind, collection.counts)


def _place(path: Path) -> _Stamp | None:
    """Stays as it is when a folder is renamed; None where the disk has no such thing, or the folder is gone."""
    try:
        status = path.stat()
    except OSError:
        return None
    return (status.st_dev, status.st_ino) if status.st_ino else None
