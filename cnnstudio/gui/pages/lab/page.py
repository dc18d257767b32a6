"""The Lab page: the arithmetic of a network on small matrices, to be done step by step."""

from functools import partial
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QStackedWidget
from typing_extensions import override

from cnnstudio.errors import StudioError
from cnnstudio.gui.controls.buttons import push_button
from cnnstudio.gui.controls.describe import describe, label
from cnnstudio.gui.controls.forms import TIP, combo, set_value
from cnnstudio.gui.controls.layouts import ScrollColumn, column, row
from cnnstudio.gui.library import Library
from cnnstudio.gui.look.styled import Styled
from cnnstudio.gui.look.theme import GRID, SECTION
from cnnstudio.gui.pages import Page
from cnnstudio.gui.pages.lab.panels import PANELS, Panel
from cnnstudio.gui.settings import Settings
from cnnstudio.lab.experiment import Experiment, Origin

LIST_WIDTH = 28 * GRID
NARROW = 112 * GRID
"""A narrower page, as beside a lesson in a small window, has a box to choose from in place of the list."""

SHORT = 116 * GRID
"""A narrower page says it in fewer words, so that the title of an experiment keeps to one line."""

_IN_NETWORK, _IN_NETWORK_SHORT = "See this in my &network", "In my &network"


class LabPage(Page):
    """A list of experiments on the left, the one that is chosen on the right.

    What is set in a panel stays there until the window closes; which panel was shown last is remembered.
    """

    least_width = 66 * GRID
    in_parts = True

    def __init__(self, settings: Settings, library: Library | None = None) -> None:
        super().__init__(library)
        self._settings = settings
        self._alone = False
        self._panels: dict[str, Panel] = {}
        self._origins: dict[str, Origin | None] = {}
        self._list = describe(
            QListWidget(), "panel_list", "Experiments", "The experiments of the Lab, in the order of a first course."
        )
        self._list.setProperty("role", "navigation")
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        for name, entry in PANELS.items():
            item = QListWidgetItem(entry.title)
            item.setData(Qt.ItemDataRole.UserRole, name)
            item.setData(TIP, f"<p>{entry.tip}</p>")
            self._list.addItem(item)
        self._list.currentItemChanged.connect(self._choose)
        self._choice = combo(
            "panel_choice",
            "Experiment",
            "The experiments of the Lab, in the order of a first course.",
            {name: (entry.title, entry.tip) for name, entry in PANELS.items()},
        )
        self._choice.activated.connect(self._choose_from_box)
        self._title = label(role="heading", name="panel_title")
        self._tip = label(role="secondary", name="panel_tip")
        self._stack = QStackedWidget()
        self._lesson = push_button(
            "panel_lesson_button",
            "Lesson",
            "Opens the lesson about this experiment beside it.",
            self._open_lesson,
            role="quiet",
            picture="lesson",
        )
        self._network = push_button(
            "in_network_button",
            _IN_NETWORK,
            "Shows the same in the trained network in use, with your image, on the Inside page.",
            self._look_inside,
            role="quiet",
            picture="inside",
        )
        lessons = push_button(
            "all_lessons_button",
            "Lessons",
            "Short lessons that walk through the Lab and the other pages, with something to do in each.",
            partial(self.lesson_wanted.emit, ""),
            picture="lesson",
        )
        top = Qt.AlignmentFlag.AlignTop
        head = row((self._title, 1), (self._choice, 1, top), (self._network, 0, top), (self._lesson, 0, top))
        shown = column(Styled(column(head, self._tip)), GRID, (self._stack, 1))
        self._side = Styled(column((self._list, 1), lessons))
        self._side.setFixedWidth(LIST_WIDTH)
        body = row(self._side, (shown, 1), gap=SECTION, edge=SECTION)
        self.setLayout(column(Styled(column(self._message)), (body, 1), gap=0))
        last = settings.recall("lab/panel", next(iter(PANELS)), "the experiment shown last", PANELS.__contains__)
        self.show_panel(last)

    @property
    def panel(self) -> Panel:
        """The panel that is shown."""
        return self._panels[self.panel_name]

    @property
    def panel_name(self) -> str:
        """Its key in `PANELS`."""
        return str(self._list.currentItem().data(Qt.ItemDataRole.UserRole))

    def show_panel(self, name: str) -> Panel:
        """Shows the panel of a key of `PANELS`, made when first asked for, and returns it."""
        entry = PANELS[name]
        if self._panels:  # the first one was not chosen
            self._settings.remember("lab/panel", name)
        if name not in self._panels:
            panel = entry.make(self._settings, self.library)
            panel.navigate.connect(self.navigate)
            for scroll in panel.findChildren(ScrollColumn):  # the smallest screens are narrower than some panels
                scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
            self._panels[name] = panel
            self._stack.addWidget(panel)
        self._stack.setCurrentWidget(self._panels[name])
        with QSignalBlocker(self._list):
            self._list.setCurrentRow(list(PANELS).index(name))
        set_value(self._choice, name)
        self._title.setText(entry.title)
        self._tip.setText(entry.tip)
        return self._panels[name]

    @override
    def receive(self, payload: Any) -> None:
        """Shows an experiment that another page or a lesson sends, from its top; what cannot be shown says why."""
        if not isinstance(payload, Experiment):
            return
        try:
            if payload.panel not in PANELS:
                raise StudioError(f"The Lab has no experiment “{payload.panel}”: it has {', '.join(PANELS)}.")
            panel = self.show_panel(payload.panel)
            panel.show_state(payload.state)
            if payload.state:
                self._origins[payload.panel] = payload.origin
            for scroll in panel.findChildren(ScrollColumn):
                scroll.verticalScrollBar().setValue(0)
        except StudioError as error:
            self._message.show_failure(error)
        else:
            if payload.note:
                self._message.show_info(payload.note)
            else:
                self._message.hide()

    @override
    def shut_down(self) -> None:
        for panel in self._panels.values():
            panel.shut_down()

    @override
    def kept(self) -> Experiment:
        """The panel that is shown, as it is."""
        return Experiment(self.panel_name, self.panel.state(), origin=self._origins.get(self.panel_name))

    @override
    def facts(self) -> dict[str, Any]:
        """Those of the panel that is shown, and its name."""
        return self.panel.facts() | {"panel": self.panel_name}

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    @override
    def set_alone(self, alone: bool) -> None:
        self._alone = alone
        for part in (self._network, self._lesson):
            part.setHidden(alone)
        self._arrange()

    def _arrange(self) -> None:
        """Makes what leads to the experiments fit the width."""
        narrow = self.width() < NARROW
        self._choice.setVisible(narrow and not self._alone)
        self._side.setVisible(not narrow and not self._alone)
        self._title.setVisible(not narrow or self._alone)
        self._network.setText(f" {_IN_NETWORK_SHORT if self.width() < SHORT else _IN_NETWORK}")

    @Slot()
    def _look_inside(self) -> None:
        origin = self._origins.get(self.panel_name)
        self.navigate.emit("inside", PANELS[self.panel_name].in_network(self.panel, origin))

    @Slot()
    def _open_lesson(self) -> None:
        self.lesson_wanted.emit(self.panel_name)

    @Slot()
    def _choose(self) -> None:
        self._message.hide()
        self.show_panel(self.panel_name)

    @Slot()
    def _choose_from_box(self) -> None:
        self._message.hide()
        self.show_panel(self._choice.currentData())
