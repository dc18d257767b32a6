"""The Data page: which images there are, and what an image is to a computer."""

import time
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QStackedWidget, QWidget
from typing_extensions import override

from cnnstudio.data.augmentation.augment import AugmentationSpec
from cnnstudio.data.library import collected_folder, find_dataset, forget_dataset
from cnnstudio.data.published.catalogue import DATASETS, DatasetEntry
from cnnstudio.data.splits import Dataset
from cnnstudio.errors import StudioError
from cnnstudio.gui.controls.buttons import Item, MenuButton, push_button
from cnnstudio.gui.controls.describe import breakable, describe, label
from cnnstudio.gui.controls.layouts import column, row, widget_of
from cnnstudio.gui.controls.picker import Picker
from cnnstudio.gui.library import Library
from cnnstudio.gui.look.theme import GRID, SECTION
from cnnstudio.gui.pages import Page
from cnnstudio.gui.pages.choosers.images import BringImages, dataset_choice
from cnnstudio.gui.pages.choosers.names import called, title_of_dataset
from cnnstudio.gui.pages.data.browser import DataBrowser
from cnnstudio.gui.pages.data.explorer import DataExplorer, LookedAt
from cnnstudio.gui.pages.data.import_panel import ImportPanel, import_button
from cnnstudio.gui.pages.data.loading import LoadingPanel
from cnnstudio.gui.pages.data.report import ReportPanel
from cnnstudio.gui.pages.data.selection import Selection, WrongAnswers
from cnnstudio.gui.settings import Settings
from cnnstudio.gui.task import aside
from cnnstudio.models.trained.library import card_of
from cnnstudio.models.trained.parts import is_model
from cnnstudio.training.evaluation import check_fit

REMEMBERED = "data/dataset"

_NAMED = 20
"""Classes that the picker names, at most; most of them are cut off."""

WORTH_ASKING = 3.0
"""After so many seconds of work, closing the window asks first."""


@dataclass(frozen=True)
class Looked:
    """What the page shows.

    Attributes:
        dataset: its name.
        image: of it; None where all images are shown.
    """

    dataset: str
    image: LookedAt | None = None


class DataPage(Page):
    """The choice of a data set above; its images, or one of them, below.

    Signals:
        navigate(str, object): to the Train page, with a data set's name or an `AugmentationSpec`.
        loaded(object): a `Dataset` is on screen.

    Attributes:
        dataset: the data set that is shown; None while there is none.
    """

    loaded = Signal(object)

    def __init__(self, settings: Settings, library: Library | None = None) -> None:
        super().__init__(library)
        self._settings = settings
        self._entries: dict[str, DatasetEntry] = {}
        self._began = 0.0
        self.dataset: Dataset | None = None
        self._shown = ("", "")
        """Name and size of what is shown, as the list had them."""
        self._report: ReportPanel | None = None
        self._offered: Path | None = None
        """A model that was chosen as if it were images."""
        self._message.accepted.connect(self._open_offered)
        head, facts, stack = self._build_head(), self._build_facts(), self._build_stack()
        self.setLayout(column(head, facts, self._message, (stack, 1), gap=2 * GRID, edge=SECTION))
        self._picker.changed.connect(self._choose)

    def entered(self) -> None:
        """What was told of an import is over."""
        if self._stack.currentWidget() is self._import and self._import.shows_help:
            self._message.hide()
            self._leave_import()
        super().entered()

    def refresh(self) -> None:
        """The list of data sets may have grown since; whoever looks at an image, or brings some, is not interrupted."""
        if self._stack.currentWidget() in (self._loading, self._browser):
            self._refresh()
        else:
            self._read_list("")

    @override
    def kept(self) -> Looked:
        """The data set that is chosen, and the image that is looked at."""
        image = self._explorer.looked if self._stack.currentWidget() is self._explorer else None
        return Looked(self._picker.current_key, image)

    @Slot(object)
    def receive(self, payload: Path | str | BringImages | Looked) -> None:
        """Shows a data set, by its name, or what a model gets wrong; or looks through images, to import them.

        Args:
            payload: the name of a data set, which is shown from its images on; or a folder or a zip of images, or a
                model's folder or file; `BringImages` says that the user has some; or what was kept.
        """
        if isinstance(payload, Looked):
            self.receive(payload.dataset)
            if payload.image is not None and payload.image.selection.dataset is self.dataset:
                self._stack.setCurrentWidget(self._explorer)
                self._explorer.look_again(payload.image)
            return
        if isinstance(payload, BringImages):
            self._show_help()
            return
        if isinstance(payload, Path) and payload.parent == collected_folder():
            payload = payload.name
        if isinstance(payload, str):
            if self._stack.currentWidget() in (self._explorer, self._report):
                self._stack.setCurrentWidget(self._browser)
            self._explorer.start_anew()
            self._refresh(choose=payload)
            return
        self._message.hide()
        if aside(partial(is_model, payload)):
            self._look_for_mistakes(payload)
            return
        self._stack.setCurrentWidget(self._import)
        self._import.open(payload)

    def bring(self, path: Path) -> None:
        """Looks through a folder or a zip that was chosen as images, to import them; of a model it says what it is."""
        if not aside(partial(is_model, path)):
            self.receive(path)
            return
        self._offered = path
        self._message.show_offer(f"“{path.name}” holds a model, no images. The Try page opens it.", "Open it there")

    @Slot()
    def _open_offered(self) -> None:
        self.navigate.emit("try", self._offered)

    @property
    def busy(self) -> str | None:
        """What would be interrupted if the window closed now, in words."""
        long = time.monotonic() - self._began > WORTH_ASKING
        return "A data set is being loaded." if self._loading.progress.running and long else None

    def shut_down(self) -> None:
        """Ends what is being loaded or computed, and waits for it."""
        for part in (self._loading.progress, self._browser, self._explorer, self._import):
            part.shut_down()

    def _build_head(self) -> QHBoxLayout:
        self._picker = describe(
            Picker(),
            "data_picker",
            "Data set",
            "Labelled images: from them, a network learns what belongs to which class.",
        )
        self._picker.setMinimumWidth(30 * GRID)
        self._picker.setMaximumWidth(64 * GRID)
        bring = import_button(self._ask_folder, self._ask_zip, self._show_help)
        self._train = push_button(
            "train_on_it_button",
            "Train &on it",
            "Goes to the Train page with this data set.",
            self._go_to_training,
            role="primary",
        )
        heading = label("Data", "heading", wrap=False)
        # The last one is always there: the others stay where they are when “Train on it” is hidden.
        head = row(heading, (self._picker, 1), self._train, bring, gap=2 * GRID)
        head.insertStretch(2)  # the picker has a largest width
        return head

    def _build_facts(self) -> QWidget:
        self._facts = label(role="secondary", name="dataset_facts", plain=True)
        self._found = push_button(
            "report_button",
            "What was found",
            "Counts, sizes, files that cannot be read, and images that are both in training and in test.",
            self._show_report,
            role="quiet",
        )
        self._more = MenuButton(
            "data_menu_button",
            "More about these images",
            "Scan the folder again, or forget it.",
            Item(
                "scan_again", "&Scan again", "reset", "Looks at every file: the folder has changed.", self._scan_again
            ),
            Item("forget_dataset", "&Forget", "clear", "Takes it off the list. No file is deleted.", self._forget),
        )
        self._forgetting = self._more.menu().actions()[-1]
        self._about = widget_of(row((self._facts, 1), self._found, self._more))
        return self._about

    def _build_stack(self) -> QStackedWidget:
        self._stack = QStackedWidget()
        self._loading, self._browser = LoadingPanel(self.library), DataBrowser()
        self._explorer, self._import = DataExplorer(self._message), ImportPanel()
        for panel in (self._loading, self._browser, self._explorer, self._import):
            self._stack.addWidget(panel)
        self._loading.download_asked.connect(self._load)
        self._loading.progress.finished.connect(self._show)
        self._loading.progress.failed.connect(self._message.show_failure)
        self._browser.opened.connect(self._explore)
        self._browser.failed.connect(self._tell_broken)
        self._explorer.closed.connect(self._leave_explorer)
        self._explorer.augment.used.connect(self._use_augmentation)
        self._import.imported.connect(self._accept)
        self._import.folder_wanted.connect(self._ask_folder)
        self._import.closed.connect(self._leave_import)
        self._import.failed.connect(self._message.show_failure)
        self._import.surveyed.connect(self._message.hide)
        self._stack.currentChanged.connect(self._tell_place)
        return self._stack

    @property
    def _entry(self) -> DatasetEntry | None:
        return self._entries.get(self._picker.current_key)

    def _refresh(self, choose: str = "") -> None:
        """Shows the list as it is now; the choice stays where it still exists, and is loaded if it is not on screen."""
        self._read_list(choose)
        entry = self._entry
        if entry is not None and (entry.name, entry.size_text) != self._shown:
            self._choose()

    def _read_list(self, choose: str) -> None:
        self._entries = {entry.name: entry for entry in self.library.lists.datasets}
        known = self._entries.__contains__
        last = self._settings.recall(REMEMBERED, "", "the data set looked at last", known)
        wanted = choose or self._picker.current_key or last
        with QSignalBlocker(self._picker):
            self._picker.set_choices([dataset_choice(entry, _sentence(entry)) for entry in self._entries.values()])
            self._picker.set_current(wanted)

    @Slot()
    def _choose(self) -> None:
        """Loads the chosen data set, or offers its download."""
        entry = self._entry
        if entry is None:
            return
        self._begin(entry)
        if self.library.is_here(entry):
            self._load()
        else:
            self._loading.offer(entry)
            self._stack.setCurrentWidget(self._loading)

    def _begin(self, entry: DatasetEntry) -> None:
        """Lets go of what was on screen, for this will be."""
        self._abandon()
        self._message.hide()
        self._settings.remember(REMEMBERED, entry.name)
        self._shown = (entry.name, entry.size_text)
        self._tell_facts(entry)

    def _look_for_mistakes(self, model: Path) -> None:
        """Asks a model about the test images of the data set that it was trained on."""
        try:
            card = aside(partial(card_of, model))
            name = called(model, card)
            if card.dataset not in self._entries:
                raise StudioError(
                    f"“{name}” was trained on {title_of_dataset(card) or 'images that it does not name'}, and "
                    "these images are not on the list here. Import them first, then look for the mistakes again."
                )
            height, _, channels = card.input_shape
            own = card.dataset not in DATASETS
            size = (height, channels) if own else (None, None)
            entry = aside(partial(find_dataset, card.dataset, *size))
            check_fit(card, entry)
        except StudioError as error:
            self._message.show_failure(error)
            return
        if not self.library.is_here(entry):
            self._refresh(choose=card.dataset)
            self._message.show_info(
                f"“{name}” was trained on {entry.called}. Download its images, then look for the mistakes again."
            )
            return
        self._read_list(choose=card.dataset)
        self._begin(self._entries[card.dataset])
        self._began = time.monotonic()
        self._stack.setCurrentWidget(self._loading)
        self._loading.look_for_mistakes(entry, model, name)

    def _tell_facts(self, entry: DatasetEntry) -> None:
        if self.dataset is not None:
            training = len(self.dataset.train) + len(self.dataset.validation or ())
            entry = replace(
                entry,
                train_images=training,
                test_images=len(self.dataset.test),
                image_shape=self.dataset.image_shape,
            )
        self._facts.setText(breakable(f"{entry.size_text} · {entry.licence or entry.path}"))
        self._found.setVisible(self.dataset is not None and self.dataset.report is not None)
        self._more.setVisible(entry.path is not None)
        self._forgetting.setEnabled(entry.path is not None and entry.path.parent != collected_folder())

    @Slot()
    def _tell_place(self) -> None:
        """Shows what belongs to the data set only beside its images: a page has one primary button."""
        self._train.setVisible(self._stack.currentWidget() not in (self._loading, self._import))
        self._about.setVisible(self._stack.currentWidget() is not self._import)

    def _abandon(self) -> None:
        """Lets go of the data set that is shown, and of what is being loaded."""
        self._loading.progress.drop()
        self._browser.stop()
        self._explorer.forget()
        self.dataset = None

    @Slot()
    def _load(self, rescan: bool = False) -> None:
        entry = self._entry
        if entry is None:
            return
        self._message.hide()
        self._began = time.monotonic()
        self._stack.setCurrentWidget(self._loading)
        self._loading.start(entry, rescan)

    @Slot(object)
    def _show(self, loaded: Dataset | WrongAnswers) -> None:
        dataset = loaded.dataset if isinstance(loaded, WrongAnswers) else loaded
        self.dataset = dataset
        self.library.refresh()  # it may have been downloaded
        if self._report is not None:
            self._stack.removeWidget(self._report)
            self._report.deleteLater()
            self._report = None
        self._browser.show_dataset(dataset)
        if isinstance(loaded, WrongAnswers):
            self._browser.show_mistakes(loaded)
        if self._stack.currentWidget() is self._loading:  # nobody looks through a folder meanwhile
            self._stack.setCurrentWidget(self._browser)
        entry = self._entry
        if entry is not None:
            self._tell_facts(entry)
        if loaded is dataset and dataset.report is not None and dataset.report.notes:
            self._message.show_info(" ".join(dataset.report.notes))
        self.loaded.emit(dataset)

    @Slot(str)
    def _tell_broken(self, why: str) -> None:
        self._message.show_error(
            f"The images cannot be read any more: {why}. Choose Scan again from the menu, or choose another data set."
        )

    @Slot(object, int)
    def _explore(self, selection: Selection, place: int) -> None:
        self._message.hide()
        self._stack.setCurrentWidget(self._explorer)
        self._explorer.open(selection, place)

    @Slot(int)
    def _leave_explorer(self, place: int) -> None:
        self._stack.setCurrentWidget(self._browser)
        self._browser.choose_place(place)

    @Slot()
    def _show_report(self) -> None:
        if self.dataset is None or self.dataset.report is None:
            return
        if self._report is None:
            self._report = ReportPanel(self.dataset.report)
            self._report.closed.connect(self._leave_import)
            self._stack.addWidget(self._report)
        self._message.hide()
        self._stack.setCurrentWidget(self._report)
        self._report.setFocus()

    @Slot()
    def _leave_import(self) -> None:
        """Back to what is behind."""
        self._import.stop()
        self._stack.setCurrentWidget(self._browser if self.dataset is not None else self._loading)

    @Slot()
    def _show_help(self) -> None:
        self._message.hide()
        self._stack.setCurrentWidget(self._import)
        self._import.show_help()

    @Slot()
    def _ask_folder(self) -> None:
        path = QFileDialog.getExistingDirectory(self, "Import a folder of images")
        if path:
            self.bring(Path(path))

    @Slot()
    def _ask_zip(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Import a zip of images", "", "Zip archives (*.zip)")
        if path:
            self.bring(Path(path))

    @Slot(object)
    def _accept(self, entry: DatasetEntry) -> None:
        self._abandon()
        self._shown = ("", "")
        self.library.put(entry)
        self._refresh(choose=entry.name)

    @Slot()
    def _scan_again(self) -> None:
        self._abandon()
        self._load(rescan=True)

    @Slot()
    def _forget(self) -> None:
        entry = self._entry
        if entry is None:
            return
        try:
            aside(partial(forget_dataset, entry.name))
        except StudioError as error:
            self._message.show_failure(error)
            return
        self._abandon()
        if entry.path is not None:
            self.library.drop(entry.path)
        self._refresh()
        self._message.show_info(f"{entry.called} is off the list. Its files are where they were: {entry.path}.")

    @Slot()
    def _go_to_training(self) -> None:
        if self.dataset is not None:
            self.navigate.emit("train", self.dataset.name)

    @Slot(object)
    def _use_augmentation(self, spec: AugmentationSpec) -> None:
        self._go_to_training()
        self.navigate.emit("train", spec)


def _sentence(entry: DatasetEntry) -> str:
    """What the picker says of a data set; the path of a user's own images would be cut there, and stands below it."""
    return entry.description if entry.path is None else f"Your own images: {', '.join(entry.classes[:_NAMED])}"
