"""The model in use: chosen from a list, renamed, copied, deleted."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import QFileDialog, QWidget

from cnnstudio.errors import StudioError
from cnnstudio.gui.controls.buttons import Item
from cnnstudio.gui.controls.describe import describe
from cnnstudio.gui.controls.layouts import row
from cnnstudio.gui.controls.library_menu import LibraryItem, LibraryMenu
from cnnstudio.gui.controls.message_bar import MessageBar
from cnnstudio.gui.controls.picker import Choice, Picker
from cnnstudio.gui.controls.question import AnswerButton, Role, ask
from cnnstudio.gui.controls.saving import in_last_folder
from cnnstudio.gui.library import Library
from cnnstudio.gui.pages.choosers.names import name_of, title_of, title_of_dataset
from cnnstudio.gui.pages.choosers.networks import network_picture
from cnnstudio.gui.settings import Settings
from cnnstudio.gui.task import LatestTask, Task, aside
from cnnstudio.models.trained.adopt import remembered, take_off_list
from cnnstudio.models.trained.card import CARD_FILE, MODEL_FILE, Card
from cnnstudio.models.trained.files import NoCardError, WeightsAloneError, keep_layers
from cnnstudio.models.trained.library import ModelEntry, card_of, copy_model, rename_model, trash_model
from cnnstudio.models.trained.parts import is_model, model_file
from cnnstudio.storage import exists, is_file, is_folder
from cnnstudio.wording import percent

if TYPE_CHECKING:
    from cnnstudio.models.networks.weights import FittingArchitecture

IN_USE = "try/model"
"""Under which the settings keep the path of the model that was opened or trained last."""

OPENED, MOST_OPENED = "try/opened", 12
"""Under which the settings keep the paths of models from elsewhere, one a line, the newest first; and how many."""

SAVED_FILES = "Keras models (*.keras)"
_ENDINGS = "*.keras *.h5 *.hdf5 *.json *.zip saved_model.pb"
MODEL_FILES = f"Keras models ({_ENDINGS})"
OPENED_FILES = f"Models, cards of trainings ({_ENDINGS} {CARD_FILE})"
"""What the window opens as a model: a file or a zip of one, its layers or its weights; or a run, by its card."""

_SHORT = QFileDialog.Option.HideNameFilterDetails
"""Has a dialog name kinds of files without all their endings, for which there is no room."""

_ORIGINS = {
    "run": ("Yours", "trained here"),
    "shipped": ("Comes with CNN Studio", "comes with CNN Studio"),
    "download": ("Downloaded", "downloaded"),
    "file": ("Opened", "opened from"),
}
"""Heading and words for where models come from, in the order in which they are listed."""


@dataclass(frozen=True)
class _Opened:
    """A model from elsewhere, as the list shows it.

    Attributes:
        path: its file or its folder.
        name: what it is called.
        card: its card; None where it is not known before the model is opened.
        adopted: whether it has no card of its own: the user has said what it is.
        pending: whether it has never been opened; it is listed only while it is chosen.
    """

    path: Path
    name: str
    card: Card | None = None
    adopted: bool = False
    pending: bool = False

    def choice(self, place: str) -> Choice:
        """As the list shows it.

        Args:
            place: the end of the path of the folder that it lies in.
        """
        origin = f"{_ORIGINS['file'][1]} “{place}”"
        line = origin if self.card is None else describe_card(self.card, "file", self.name, origin)
        symbol = network_picture("" if self.card is None else self.card.architecture)
        return Choice(str(self.path), self.name, line, symbol, _ORIGINS["file"][0])


def _places(paths: Sequence[Path]) -> dict[Path, str]:
    """The ends of the paths of the folders that models lie in, as long as it takes to tell these models apart.

    Of models in the same folder, the end of their own path.
    """

    def end(path: Path, length: int) -> str:
        parts = [part for part in path.parent.parts if part != path.anchor]
        return "/".join(parts[-length:]) or str(path.parent)

    found = {}
    for path in paths:
        others = [other for other in paths if other != path]
        lengths = range(1, len(path.parts))
        unique = (n for n in lengths if all(end(other, n) != end(path, n) for other in others))
        same = any(other.parent == path.parent for other in others)
        found[path] = f"{end(path, 1)}/{path.name}" if same else end(path, next(unique, 1))
    return found


def _dated(choices: Sequence[Choice], cards: dict[str, Card]) -> list[Choice]:
    """The choices, with the time of their training where nothing else tells two of them apart."""
    alike = Counter((choice.title, choice.description) for choice in choices)
    return [
        replace(choice, description=f"{choice.description} · {_time(cards[choice.key].created)}")
        if alike[choice.title, choice.description] > 1 and choice.key in cards and cards[choice.key].created
        else choice
        for choice in choices
    ]


def _time(created: str) -> str:
    day = datetime.fromisoformat(created).astimezone()
    return f"{day.day} {day:%B %Y, %H:%M}"


def _place_of(path: Path) -> Path:
    """The folder of a model that has its card beside it; of any other model, its file."""
    if path.name in (MODEL_FILE, CARD_FILE) and is_file(path.parent / CARD_FILE):
        return path.parent
    if is_folder(path) and is_file(path / CARD_FILE):
        return path
    try:
        return model_file(path)
    except StudioError:
        return path  # it is told when it is opened


def describe_card(card: Card, kind: str, name: str = "", origin: str = "") -> str:
    """One line on a model, such as “LeNet-5 · MNIST · 99.4 % right · trained here”, without what its name says.

    Args:
        card: its card.
        kind: where it comes from, a key of `_ORIGINS`.
        name: what it is called.
        origin: where it comes from in words, where there is more to say of that.
    """
    known = [part for part in (title_of(card), title_of_dataset(card)) if part not in name]
    accuracy = "" if card.test_accuracy is None else f"{percent(card.test_accuracy)} right"
    origin = _stopped(card) or origin or _ORIGINS[kind][1]
    return " · ".join(part for part in (*known, accuracy, origin) if part)


def _stopped(card: Card) -> str:
    """When the training of a model was stopped, in words; empty where it was not."""
    if card.epochs >= card.planned_epochs:
        return ""
    if card.epochs == 0:
        return "stopped in its first epoch"
    return f"stopped after {card.epochs} of {card.planned_epochs} epochs"


def photo_model(library: Library) -> ModelEntry | None:
    """The model to propose for ordinary photos: the first that is here."""
    known = (entry for entry in library.lists.models if entry.kind != "run")
    return next((entry for entry in known if entry.card.input_rule == "imagenet"), None)


class ModelChooser(QWidget):
    """A picker of models with a menu of what can be done with the one that is chosen.

    Args:
        library: which models there are.
        settings: where it keeps which models from elsewhere were opened.
        message: where it says what has been done, and what could not be done.

    Signals:
        chosen(object): the path of the model that was chosen.
        described(object): the user has said anew what the chosen model is, which has this path: what is known of it is
            no longer true.
        layers_wanted(object): the layers of the model with this path are to be shown.
        mistakes_wanted(object): the test images that the model with this path gets wrong are to be shown.
        training_wanted(object): the training of the run with this path is to be shown.
    """

    chosen = Signal(object)
    described = Signal(object)
    layers_wanted = Signal(object)
    mistakes_wanted = Signal(object)
    training_wanted = Signal(object)

    def __init__(self, library: Library, settings: Settings, message: MessageBar) -> None:
        super().__init__()
        self._library = library
        self._settings = settings
        self._message = message
        self._entries: dict[str, ModelEntry] = {}
        self._guests: dict[str, _Opened] = {}
        """Those that were opened in a window."""
        self._adopted: dict[str, _Opened] = {}
        """The others of which the user has said what they are, such as at the command line."""
        self._asked: Path | None = None
        self._recalled = self._in_use = ""
        self._failed: set[str] = set()
        self._picker = describe(
            Picker(), "model_picker", "Model", "The trained network that answers; those you train are in this list too."
        )
        self._picker.changed.connect(self._choose)
        self._menu = LibraryMenu(
            "model",
            message,
            Item(
                "copy_model",
                "&Save a copy…",
                "save",
                "One .keras file that opens in plain Keras and here.",
                self._ask_place,
            ),
            Item(
                "show_model_layers",
                "Show its &layers",
                "architecture",
                "Its picture and its layer table, on the Architecture page.",
                self._show_layers,
            ),
            Item(
                "show_training",
                "Show its &training",
                "train",
                "Its curves and its options, on the Train page, where it can be trained more.",
                self._show_training,
            ),
            Item(
                "show_model_mistakes",
                "Show its &mistakes",
                "image",
                "The test images that it gets wrong, on the Data page.",
                self._show_mistakes,
            ),
            Item(
                "describe_model",
                "&What is it…",
                "help",
                "Asks again what its classes are called, in which order they are, and how it takes pictures.",
                self.ask_again,
            ),
            Item(
                "take_off_list",
                "Ta&ke off the list",
                "close",
                "Its file stays where it is, and what you said of it is kept: opened again, it is listed again.",
                self._take_off,
            ),
            Item(
                "open_model",
                "&Open another…",
                "open",
                f"A .keras or .h5 file of Keras, or a zip that holds one; or the {CARD_FILE} in the folder of a "
                "training. It stays in the list.",
                self._ask_model,
            ),
            Item(
                "open_model_folder",
                "Op&en a folder…",
                "folder",
                "A folder that holds a model, such as that of Teachable Machine, a SavedModel or a training.",
                self._ask_model_folder,
            ),
            Item(
                "get_larger_model",
                "&Get a larger one for photos…",
                "download",
                "Networks that others trained on more than a million photos.",
                self._ask_download,
            ),
            fixed="Models that come with CNN Studio, or lie elsewhere, can be neither renamed nor deleted. “What is "
            "it…” gives those of others another name here.",
        )
        actions = self._menu.menu().actions()
        self._copy, self._layers, self._training, self._mistakes, self._describe, self._leave_out = actions[2:8]
        self._tips = {action: action.toolTip() for action in actions[2:8]}
        self._menu.renamed.connect(self._take_renamed)
        self._menu.deleted.connect(self._take_deleted)
        self.setLayout(row((self._picker, 1), self._menu))
        library.described.connect(self._take_described)
        self.refresh()
        self._reader = LatestTask(self)
        self._reader.finished.connect(self._list_opened)
        self._listed: list[Path] = []
        self._read_list()

    def shut_down(self) -> None:
        """Waits for what is being read."""
        self._reader.shut_down()

    @property
    def path(self) -> Path | None:
        """The model that is chosen; None where there is none at all."""
        key = self._picker.current_key
        return Path(key) if key else None

    @property
    def card(self) -> Card | None:
        """The card of the model that is chosen; None where it is not known before the model is opened."""
        return self._entry.card if self._entry is not None else None

    @property
    def name(self) -> str:
        """What the model that is chosen is called; empty where there is none."""
        if self._entry is not None:
            return _name_of(self._entry)
        return self._guest.name if self._guest is not None else ""

    @property
    def adopted(self) -> bool:
        """Whether the model that is chosen has no card of its own, so that what it is can be said anew."""
        return self._guest is not None and self._guest.adopted

    @Slot()
    def refresh(self) -> None:
        """Shows which models there are now.

        The choice stays. Where its model has another name since, it is followed; where it is gone, that is said.
        """
        self._refresh()

    def _refresh(self, coming: str = "") -> None:
        """Shows which models there are now; one that was never opened only while it is chosen, or about to be."""
        before, name = self.path, self.name
        entries = sorted(self._library.lists.models, key=lambda entry: list(_ORIGINS).index(entry.kind))
        self._entries = {str(entry.path): entry for entry in entries}
        self._guests = {
            key: guest
            for key, guest in self._guests.items()
            if key not in self._entries and (not guest.pending or key in (self._picker.current_key, coming))
        }
        known = {
            str(one.path): _Opened(one.path, one.answers.name, adopted=True) for one in self._library.lists.adopted
        }
        self._adopted = {key: one for key, one in known.items() if key not in {*self._entries, *self._guests}}
        choices = [_choice(key, entry.card, entry.kind, _name_of(entry)) for key, entry in self._entries.items()]
        choices = _dated(choices, {key: entry.card for key, entry in self._entries.items()})
        guests = [*self._guests.values(), *self._adopted.values()]
        for guest in guests:
            alike = [other.path for other in guests if other.name == guest.name]
            choices.append(guest.choice(_places(alike)[guest.path]))
        there = None if before is None else self._library.follow(before)
        if there != before and str(there) in self._entries:
            with QSignalBlocker(self._picker):
                self._picker.set_choices(choices)
                self._picker.set_current(str(there))
            self._choose(str(there))
            self._message.show_info(f"“{name}” is called “{self.name}” now.")
            return
        self._picker.set_choices(choices)
        self._update_menu()
        if before not in (None, self.path):
            self._message.show_error(
                f"“{name}” is not there any more: it was moved or deleted elsewhere. {self.name} is open instead."
            )

    def choose(self, path: Path) -> None:
        """Chooses a model by its path; one from elsewhere joins the list."""
        path = _place_of(path)
        key = str(path)
        if not self._picker.offers(key):
            self._library.learn(path)
            self.refresh()
        if not self._picker.offers(key):
            self._guests[key] = _Opened(path, path.name, pending=True)
            self._refresh(coming=key)
        self._picker.set_current(key)

    def open(self, path: Path) -> None:
        """Chooses a model, and has it opened even where it was chosen already."""
        path = _place_of(path)
        if path == self.path:
            self.chosen.emit(path)
        else:
            self.choose(path)

    def recall(self) -> None:
        """Chooses the model that was opened or trained last, where that is another one than was known here.

        What was opened from elsewhere on another page is listed here, too.
        """
        before = self._recalled

        def is_usable(model: str) -> bool:
            return model == before or (exists(Path(model)) and is_model(Path(model)))

        self._recalled = self._settings.recall(IN_USE, "", "the model used last", is_usable)
        if self._recalled not in ("", before):
            self.choose(Path(self._recalled))
        self._read_list()

    def introduce(self, path: Path, card: Card, adopted: bool = False) -> None:
        """Says what a model is, now that it is open; keeps it as the one in use, and in the list if it is elsewhere.

        Args:
            path: its path.
            card: its card.
            adopted: whether that is what the user has said of it.
        """
        key = self._recalled = self._in_use = str(path)
        self._failed.discard(key)
        self._settings.remember(IN_USE, key)
        if self._is_guest(key):
            self._guests[key] = _Opened(path, name_of(card), card, adopted)
            self.refresh()
            before = [known for known in self._opened_before() if known != path]
            self._keep_opened([path, *before][:MOST_OPENED])

    def _opened_before(self) -> list[Path]:
        paths = self._settings.recall(OPENED, "", "the models opened before")
        return [Path(line) for line in paths.splitlines() if line]

    def _keep_opened(self, paths: Sequence[Path]) -> None:
        self._listed = list(paths)
        self._settings.remember(OPENED, "\n".join(map(str, paths)))

    def _read_list(self) -> None:
        """Lists what was opened before, where the list is another than was known here."""
        paths = self._opened_before()
        if paths != self._listed:
            self._listed = paths
            self._reader.submit(_read_opened, paths)

    @Slot(object)
    def _list_opened(self, opened: Sequence[_Opened]) -> None:
        chosen = {self._picker.current_key: self._guest} if self._guest is not None else {}
        self._guests = chosen | {str(one.path): one for one in opened}
        self.refresh()

    def take_failure(self, path: Path, error: Exception) -> bool:
        """Takes that a model could not be opened: asks what it is, where that helps; else the one in use stays in use.

        Of weights alone, it asks whether they belong to an architecture that they fit, if there is one.

        Args:
            path: the model that was chosen.
            error: why it could not be opened.

        Returns:
            Whether it asks, in place of saying what went wrong.
        """
        if isinstance(error, WeightsAloneError):
            self._look_for_layers(path, error)
            return True
        if not isinstance(error, NoCardError):
            self._refuse(path, error)
            return False
        # A model that was asked for twice fails twice.
        if self._asked != path:
            self._asked = path
            self._ask_about(path, partial(self._go_back, path), partial(self._refuse, path))
        return True

    @Slot()
    def ask_again(self) -> None:
        """Asks once more what the chosen model is; the answers take the place of the earlier ones, on all pages."""
        if self.path is not None:
            self._ask_about(self.path, lambda: None, self._message.show_failure)

    def _ask_about(
        self, path: Path, when_cancelled: Callable[[], object], when_refused: Callable[[Exception], object]
    ) -> None:
        from cnnstudio.gui.pages.choosers.adopt_dialog import ask_about

        ask_about(path, self, partial(self._answered, path), when_cancelled, when_refused)

    def _answered(self, path: Path) -> None:
        self._asked = None
        self._message.hide()
        self.choose(path)  # another one may be by now
        self._library.described.emit(path)

    @Slot(object)
    def _take_described(self, path: Path) -> None:
        """Follows what was said anew of a model, here or on another page."""
        if self._is_guest(str(path)):
            self._reader.submit(_read_opened, list(dict.fromkeys([path, *self._listed])))
        if path == self.path:
            self.described.emit(path)

    def _refuse(self, path: Path, error: Exception) -> None:
        """Says why a model was not opened; it is not listed any more, unless it is the user's own."""
        if self._is_guest(str(path)):
            self._leave(path)
        self._failed.add(str(path))
        self._go_back(path)
        self._message.show_failure(error)

    def _leave(self, path: Path) -> None:
        """Lists a model no more, here and in the windows to come; as long as it is chosen, it is still there."""
        key = str(path)
        if key in self._adopted:
            self._guests[key] = self._adopted[key]
        before = self._opened_before()
        if path in before:
            self._keep_opened([known for known in before if known != path])
        try:
            aside(partial(take_off_list, path))
        except StudioError as error:
            self._message.show_failure(error)
        self._library.drop(path)

    @Slot()
    def _take_off(self) -> None:
        path, name = self.path, self.name
        if path is None or self._guest is None:
            return
        self._picker.set_current(next(iter(self._entries)))
        self._leave(path)
        self._guests.pop(str(path), None)
        self.refresh()
        self._message.show_info(f"“{name}” is not in the list any more. Its file stays where it is: {path}.")

    def _go_back(self, path: Path) -> None:
        """Chooses the model in use instead of one that was not opened; the first that is here where there is none."""
        self._asked = None
        key = str(path)
        others = (other for other in (self._in_use, *self._entries) if other != key and other not in self._failed)
        there = next(filter(self._picker.offers, others), "")
        if key == self._picker.current_key and there:
            self._picker.set_current(there)
        if key != self._picker.current_key and path not in self._opened_before():
            self._guests.pop(key, None)
            self.refresh()

    def _look_for_layers(self, path: Path, error: WeightsAloneError) -> None:
        from cnnstudio.models.networks.weights import fitting_architectures

        task = Task(lambda **_: fitting_architectures(error.path), self)
        task.finished.connect(partial(self._offer_layers, path, error))
        task.failed.connect(lambda _: self._refuse(path, error))  # what is said of the weights already is enough
        task.start()

    def _offer_layers(self, path: Path, error: WeightsAloneError, fitting: "Sequence[FittingArchitecture]") -> None:
        if not fitting or path != self.path:
            self._refuse(path, error)
            return
        answers = {f"open_as_{one.architecture.name}": one for one in fitting}
        answer = ask(
            self,
            "layers_dialog",
            "Weights without layers",
            f"{path.name} holds weights without their layers. They fit {' or '.join(one.words for one in fitting)}.",
            *(
                AnswerButton(name, f"Open as {one.architecture.title}", Role.AcceptRole)
                for name, one in answers.items()
            ),
            AnswerButton("no_layers", "Cancel", Role.RejectRole),
            usual=next(iter(answers)),
        )
        if answer not in answers:
            self._go_back(path)
            return
        try:
            aside(partial(keep_layers, error.path, answers[answer].config))
        except StudioError as problem:
            self._refuse(path, problem)
        else:
            self.chosen.emit(path)

    @property
    def _entry(self) -> ModelEntry | None:
        return self._entries.get(self._picker.current_key)

    @property
    def _guest(self) -> _Opened | None:
        key = self._picker.current_key
        return self._guests.get(key, self._adopted.get(key))

    def _is_guest(self, key: str) -> bool:
        return key in self._guests or key in self._adopted

    def _update_menu(self) -> None:
        entry, path = self._entry, self.path
        item = None
        if entry is not None and entry.kind != "shipped":
            item = LibraryItem(self.name, entry.path, partial(_rename, entry), partial(_trash, entry))
        elif path is not None:
            item = LibraryItem(self.name, path)
        self._menu.set_item(item)
        is_measured = entry is not None and entry.card.test_accuracy is not None
        for action, possible, otherwise in (
            (self._copy, entry is not None, "It lies in a file of yours already: “Show in folder” leads there."),
            (self._layers, path is not None, "There is no model."),
            (self._training, entry is not None and entry.kind == "run", "It was not trained here."),
            (self._mistakes, is_measured, "It was never measured on the test images of a data set here."),
            (self._describe, self.adopted, "Its file says that itself: only models of others need to be described."),
            (self._leave_out, self._guest is not None, "It is no model that was opened from elsewhere."),
        ):
            action.setEnabled(possible)
            action.setToolTip(self._tips[action] if possible else otherwise)

    @Slot(str)
    def _choose(self, key: str) -> None:
        if any(guest.pending and other != key for other, guest in self._guests.items()):
            self.refresh()
        self._update_menu()
        self.chosen.emit(Path(key))

    @Slot(object)
    def _take_renamed(self, entry: ModelEntry) -> None:
        self._library.put(entry, instead_of=self.path)
        self.refresh()

    @Slot(object)
    def _take_deleted(self, path: Path) -> None:
        self._library.drop(path)
        self.refresh()

    @Slot()
    def _ask_model(self) -> None:
        name, _ = QFileDialog.getOpenFileName(
            self, "Open a model", "", f"{OPENED_FILES};;All files (*)", options=_SHORT
        )
        if name:
            self.open(Path(name))

    @Slot()
    def _ask_model_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(self, "Open a folder with a model")
        if name:
            self.open_folder(Path(name))

    def open_folder(self, folder: Path) -> None:
        """Opens the model in a folder, whatever else lies there."""
        try:
            found = is_file(folder / CARD_FILE) or aside(partial(model_file, folder)) != folder
        except StudioError as error:  # there are several
            self._message.show_failure(error)
            return
        if found:
            self.open(folder)
        else:
            self._message.show_error(
                f"There is no model in {folder}. Choose the folder with the .keras or .h5 file, with the "
                f"saved_model.pb or with the {CARD_FILE} itself."
            )

    @Slot()
    def _ask_download(self) -> None:
        from cnnstudio.gui.pages.choosers.model_downloads import ModelDownloads

        dialog = ModelDownloads(self)
        dialog.fetched.connect(self._take)
        dialog.open()

    @Slot(object)
    def _take(self, folder: Path) -> None:
        self._library.refresh()
        self.choose(folder)

    @Slot()
    def _ask_place(self) -> None:
        entry = self._entry
        if entry is None:
            return
        start = in_last_folder(f"{entry.name}.keras")
        name, _ = QFileDialog.getSaveFileName(self, "Save a copy of the model", start, SAVED_FILES)
        if not name:
            return
        target = Path(name) if name.lower().endswith(".keras") else Path(f"{name}.keras")
        try:
            aside(partial(copy_model, entry, target))
        except StudioError as error:
            self._message.show_failure(error)
        else:
            self._message.show_info(f"The model was saved as {target}. It opens here and in plain Keras.")

    @Slot()
    def _show_layers(self) -> None:
        if self.path is not None:
            self.layers_wanted.emit(self.path)

    @Slot()
    def _show_mistakes(self) -> None:
        if self.path is not None:
            self.mistakes_wanted.emit(self.path)

    @Slot()
    def _show_training(self) -> None:
        if self.path is not None:
            self.training_wanted.emit(self.path)


def _read_opened(paths: Sequence[Path]) -> list[_Opened]:
    """What is to be said of models from elsewhere; those that are gone are left out."""
    opened = []
    for path in paths:
        try:
            card = card_of(path)
            opened.append(_Opened(path, name_of(card), card))
        except NoCardError:
            answers = remembered(path)
            opened.append(_Opened(path, answers.name if answers else path.name, adopted=answers is not None))
        except StudioError:
            continue
    return opened


def _name_of(entry: ModelEntry) -> str:
    return name_of(entry.card, entry.name, entry.kind)


def _rename(entry: ModelEntry, name: str) -> ModelEntry:
    """Gives a model a name of the user's own; what is called as before keeps its folder."""
    return entry if name == _name_of(entry) else aside(partial(rename_model, entry, name))


def _trash(entry: ModelEntry) -> None:
    aside(partial(trash_model, entry))


def _choice(key: str, card: Card, kind: str, name: str) -> Choice:
    symbol = network_picture(card.architecture)
    return Choice(key, name, describe_card(card, kind, name), symbol, _ORIGINS[kind][0])
