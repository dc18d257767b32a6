"""Lessons beside the page: their texts, what they light and open in the window, and what has been done."""

import re
import weakref
from collections.abc import Container
from dataclasses import dataclass, field
from functools import partial
from html import escape
from typing import Any, Protocol

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QRectF,
    Qt,
    QTimer,
    QUrl,
    Signal,
    Slot,
)
from PySide6.QtGui import QColor, QHelpEvent, QPainter, QPaintEvent, QPen, QTextBlockFormat, QTextCursor
from PySide6.QtWidgets import (
    QAbstractScrollArea,
    QFrame,
    QListWidget,
    QListWidgetItem,
    QStackedWidget,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTextBrowser,
    QToolTip,
    QWidget,
)
from shiboken6 import isValid
from typing_extensions import override

from cnnstudio.errors import StudioError
from cnnstudio.gui.controls.buttons import push_button, tool_button
from cnnstudio.gui.controls.describe import describe, label
from cnnstudio.gui.controls.forms import TIP, combo, set_value
from cnnstudio.gui.controls.layouts import STRETCH, bring_into_sight, column, row, widget_of
from cnnstudio.gui.library import Library
from cnnstudio.gui.look.styled import Styled
from cnnstudio.gui.look.theme import GRID, colours, icon
from cnnstudio.gui.pages import PAGES, Page
from cnnstudio.gui.settings import Settings
from cnnstudio.gui.task import aside
from cnnstudio.lab.experiment import Experiment
from cnnstudio.lab.lessons import LANGUAGE, Condition, Lesson, Step, find_lesson, languages, list_lessons

GUIDE_WIDTH = 38 * GRID

LESSON_KEY = "Shift+F1"
"""Opens the lesson about a control."""

_LOOK_MILLISECONDS = 150
"""How often it is looked whether something was done, and where what is lit lies now."""

_MARGIN = 4
_LINE_PERCENT = 118


class Window(Protocol):
    """What lessons ask of the window around them."""

    @property
    def current_page(self) -> Page:
        """The page that is shown."""
        ...

    def page(self, name: str) -> Page:
        """The page of a name, made when first asked for."""
        ...

    def show_page(self, name: str, payload: object = None) -> None:
        """Brings a page to the front and hands it a payload, if there is one."""
        ...


@dataclass(frozen=True)
class Taught:
    """Where somebody is in a lesson.

    Attributes:
        lesson: which one.
        step: counted from 0.
        answered: the steps whose “done” has been done.
    """

    lesson: Lesson
    step: int = 0
    answered: frozenset[int] = frozenset()

    @property
    def completed(self) -> bool:
        """Whether all that is asked was done."""
        return all(not step.done or number in self.answered for number, step in enumerate(self.lesson.steps))


@dataclass
class _Before:
    """What there was before a lesson.

    Attributes:
        page: that was shown.
        shown: what it showed, as of `Page.kept`.
        changed: what pages showed that the lesson has used, by page and panel.
    """

    page: str
    shown: Any
    changed: dict[tuple[str, str], Any] = field(default_factory=dict)


class _Mark(QStyledItemDelegate):
    """Puts the icon of a lesson that was completed behind its title, so that all titles begin at the same place."""

    @override
    def initStyleOption(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        super().initStyleOption(option, index)
        option.decorationPosition = QStyleOptionViewItem.Position.Right


class LessonGuide(Styled):
    """A list of lessons, or the one that is open.

    A lesson acts on the window: it shows pages, sets experiments of the Lab, and lights a control. When it is left, the
    page from before is shown again, and every experiment as it was.

    Args:
        window: around it.
        settings: keep which lessons were completed.

    Attributes:
        alone: there is only the lesson that is open, without a way to the others.

    Signals:
        closed(): it is to be put away.
        completed(str): the lesson of this name has just been completed.
        folded(bool): only its head is to be shown, or all of it.
    """

    closed = Signal()
    completed = Signal(str)
    folded = Signal(bool)

    def __init__(self, window: Window, settings: Settings) -> None:
        super().__init__()
        self.setObjectName("lesson_guide")
        self.setProperty("role", "guide")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._window: Window = weakref.proxy(window)
        self._settings = settings
        self.alone = False
        self._taught: Taught | None = None
        self._lessons: list[Lesson] = []
        self._before: _Before | None = None
        self._begun: list[Any] = []
        self._light: Light | None = None
        self._look = QTimer(self)
        self._look.setInterval(_LOOK_MILLISECONDS)
        self._look.timeout.connect(self.look)
        self._build()

    def _build(self) -> None:
        self._where = label(role="small", name="lesson_where", wrap=False)
        self._all = push_button(
            "lessons_back_button",
            "All lessons",
            "Back to all lessons.",
            self.show_list,
            role="quiet",
            picture="arrow-left",
        )
        self._fold = tool_button(
            "fold_lesson_button", "Fold", "Shows only the head of the lesson.", "chevron-down", None
        )
        self._fold.setCheckable(True)
        self._fold.toggled.connect(self._toggle_fold)
        close = tool_button(
            "close_lesson_button", "Close", "Closes the lesson, and shows what was there before.", "close", self.leave
        )
        self._head = label("Lessons", "strong", wrap=False)
        head = row(self._all, (self._head, 1), STRETCH, self._fold, close)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._build_list())
        self._stack.addWidget(self._build_lesson())
        self.setLayout(column(head, (self._stack, 1), edge=2 * GRID))

    def _build_list(self) -> QWidget:
        self._list = describe(QListWidget(), "lesson_list", "Lessons", "All lessons, in the order of a first course.")
        self._list.setProperty("role", "navigation")
        self._list.setItemDelegate(_Mark(self._list))
        self._list.setUniformItemSizes(True)  # else one with an icon is higher
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.itemActivated.connect(self._open_item)
        self._list.itemClicked.connect(self._open_item)
        self._progress = label(role="secondary", name="lessons_progress")
        self._problems = label(role="error", name="lesson_problems", plain=True)
        known = languages()
        tip = "In which language the lessons are; one that was not translated comes in English."
        self._language = combo("lesson_language", "Language", tip, {one: (one, tip) for one in known})
        set_value(
            self._language, self._settings.recall("lessons/language", LANGUAGE, "the language", known.__contains__)
        )
        self._language.setVisible(len(known) > 1)
        self._language.activated.connect(self._choose_language)
        return widget_of(column(self._progress, self._language, (self._list, 1), self._problems))

    def _build_lesson(self) -> QWidget:
        self._title = label(role="heading", name="lesson_title")
        self._text = describe(QTextBrowser(), "lesson_text", "Lesson", "The text of the lesson.")
        self._text.setToolTip("")
        self._text.setFrameShape(QFrame.Shape.NoFrame)
        self._text.setOpenLinks(False)
        self._text.anchorClicked.connect(self._follow)
        self._text.document().setDocumentMargin(0)
        self._answer = label(name="lesson_answer")
        self._problem = label(role="error", name="lesson_problem")
        self._rests_on = label(role="small", name="lesson_rests_on")
        self._back = push_button("lesson_back_button", "Back", "The step before.", self._go_back)
        self._next = push_button("lesson_next_button", "Next", "The next step.", self._go_on)
        return widget_of(
            column(
                self._where,
                self._title,
                (self._text, 1),
                self._answer,
                self._problem,
                row(self._back, STRETCH, self._next),
                self._rests_on,
            )
        )

    # What it shows.

    @property
    def lesson(self) -> Lesson | None:
        """The lesson that is open."""
        return None if self._taught is None else self._taught.lesson

    @property
    def taught(self) -> Taught | None:
        """Where one is in it."""
        return self._taught

    @property
    def done(self) -> frozenset[str]:
        """The names of the lessons that have been completed."""
        return frozenset(filter(None, self._settings.recall("lessons/done", "", "the completed lessons").split(",")))

    @property
    def problem(self) -> str:
        """What a lesson asks for that there is not, or which files are damaged."""
        shown = self._problems if self._taught is None else self._problem
        return shown.text()

    def open(self, text: str) -> None:
        """Opens the lesson of a name, of a file, or that explains a concept, at its step with that experiment.

        All lessons are listed where the text is empty.
        """
        if not text:
            self.show_list()
            return
        try:
            lesson = aside(partial(find_lesson, text, self._language.currentData()))
        except StudioError as error:
            self.show_list()
            self._problems.setText(str(error))
            self._problems.show()
        else:
            about = text.casefold()
            steps = enumerate(lesson.steps)
            self.teach(lesson, next((n for n, step in steps if step.experiment and step.experiment.panel == about), 0))

    def teach(self, lesson: Lesson, step: int = 0) -> None:
        """Begins a lesson at a step, counted from 0; another one that is open is left."""
        self._restore()
        page = self._window.current_page
        self._before = _Before(page.objectName().removeprefix("page_"), page.kept())
        self._taught = Taught(lesson, step)
        self._stack.setCurrentIndex(1)
        self._show_step()

    @Slot()
    def show_list(self) -> None:
        """Shows all lessons; what an open one has changed in the window is as before."""
        self._restore()
        self._lessons, problems = aside(partial(list_lessons, self._language.currentData()))
        done = self.done
        self._list.clear()
        for number, lesson in enumerate(self._lessons, start=1):
            item = QListWidgetItem(f"{number}  {lesson.title}")
            if lesson.name in done:
                item.setIcon(icon("check", "good"))
                item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{lesson.title}, completed")
            item.setData(TIP, f"<p>{lesson.rests_on}</p>")
            self._list.addItem(item)
        count = len(done & {lesson.name for lesson in self._lessons})
        self._progress.setText(
            f"{count} of {len(self._lessons)} completed. Each asks you to do something in the window."
        )
        self._problems.setText("\n".join(problems))
        self._problems.setVisible(bool(problems))
        self._all.hide()
        self._head.setText("Lessons")
        self._head.show()
        self._stack.setCurrentIndex(0)

    @Slot()
    def leave(self) -> None:
        """Ends the lesson, brings back what was there before, and is to be put away."""
        self._restore()
        self.closed.emit()

    @property
    def is_folded(self) -> bool:
        """Whether only its head is shown."""
        return self._fold.isChecked()

    def set_foldable(self, foldable: bool) -> None:
        """Says whether it lies over the page, where it can be folded."""
        self._fold.setVisible(foldable)
        if not foldable:
            self._fold.setChecked(False)

    @Slot(bool)
    def _toggle_fold(self, folded: bool) -> None:
        self._stack.setVisible(not folded)
        self._fold.setIcon(icon("chevron-right" if folded else "chevron-down"))
        self.folded.emit(folded)

    @Slot()
    def _choose_language(self) -> None:
        self._settings.remember("lessons/language", self._language.currentData())
        self.show_list()

    @Slot(QListWidgetItem)
    def _open_item(self, item: QListWidgetItem) -> None:
        self.teach(self._lessons[self._list.row(item)])

    @Slot(QUrl)
    def _follow(self, link: QUrl) -> None:
        """Links lead to other lessons: lesson:stride."""
        if link.scheme() == "lesson":
            self.open(link.path())

    # A step.

    @Slot()
    def _go_back(self) -> None:
        self._go(-1)

    @Slot()
    def _go_on(self) -> None:
        taught = self._taught
        if taught is not None and taught.step + 1 == len(taught.lesson.steps):
            (self.leave if self.alone else self.show_list)()
        else:
            self._go(1)

    def _go(self, by: int) -> None:
        if self._taught is not None:
            self._taught = Taught(self._taught.lesson, self._taught.step + by, self._taught.answered)
            self._show_step()

    def _show_step(self) -> None:
        taught = self._taught
        assert taught is not None
        lesson, step = taught.lesson, taught.lesson.steps[taught.step]
        self._all.setVisible(not self.alone)
        self._head.setText("Lesson")
        self._head.setVisible(self.alone)
        self._title.setText(lesson.title)
        self._where.setText(f"Step {taught.step + 1} of {len(lesson.steps)}")
        self._set_text(_unbroken(step.text))
        self._rests_on.setText(lesson.rests_on)
        self._back.setEnabled(taught.step > 0)
        try:
            self._act(step)
        except StudioError as error:
            self._problem.setText(str(error))
        else:
            self._problem.setText(self._unknown(step))
        self._problem.setVisible(bool(self._problem.text()))
        self._begun = [self._fact(one) for one in step.done]
        self._show_answer()
        self._put_out()
        self._put_light()
        self._look.start()

    def _set_text(self, text: str) -> None:
        document = self._text.document()
        document.setDefaultFont(self.font())
        self._text.setMarkdown(text)
        spaced = QTextBlockFormat()  # Qt sets paragraphs of Markdown without any room between them
        spaced.setBottomMargin(GRID + GRID // 2)
        spaced.setLineHeight(_LINE_PERCENT, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        cursor = QTextCursor(document)
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.mergeBlockFormat(spaced)

    def _act(self, step: Step) -> None:
        """Shows the page and what a step names on it, and keeps how they were."""
        if not step.page:
            return
        if step.page not in PAGES:
            raise StudioError(f"This lesson shows a page “{step.page}”: there are only {', '.join(PAGES)}.")
        page = self._window.page(step.page)
        if step.experiment is not None:
            self._window.show_page(step.page, Experiment(step.experiment.panel))
        panel = step.experiment.panel if step.experiment is not None else ""
        if self._before is not None and (step.page, panel) not in self._before.changed:
            self._before.changed[step.page, panel] = page.kept()
        self._window.show_page(step.page, step.experiment or step.shows or None)

    def _unknown(self, step: Step) -> str:
        """What a step names that there is not on the page: a control, or a fact; empty where all is known."""
        page = self._window.current_page
        facts = page.facts()
        widgets = [*step.light, *(one.widget for one in step.done if one.widget)]
        names = [name for name in widgets if _control(page, name) is None]
        said = [f"This step names the control “{name}”, which is not on this page." for name in dict.fromkeys(names)]
        for name in dict.fromkeys(one.name for one in step.done if not one.widget and one.name not in facts):
            known = f"only {', '.join(facts)}" if facts else "none"
            said.append(f"This step asks for “{name}”, which is no fact of this page: there are {known}.")
        return " ".join(said)

    def _restore(self) -> None:
        self._look.stop()
        self._put_out()
        self._taught = None
        if self._before is None:
            return
        before, self._before = self._before, None
        for (page, _), shown in before.changed.items():
            if shown is not None:
                self._window.page(page).receive(shown)
        # Of the experiments of the Lab, that is shown which was.
        touched = any(page == before.page for page, _ in before.changed)
        self._window.show_page(before.page, before.shown if touched else None)

    # What was done.

    @Slot()
    def look(self) -> None:
        """Looks whether what the step asks for was done, and where what is lit lies now."""
        taught = self._taught
        if taught is None:
            return
        self._put_light()
        step = taught.lesson.steps[taught.step]
        if not step.done or taught.step in taught.answered:
            return
        if all(one.holds(self._fact(one), begun) for one, begun in zip(step.done, self._begun, strict=True)):
            was = taught.completed
            self._taught = Taught(taught.lesson, taught.step, taught.answered | {taught.step})
            self._show_answer()
            if self._taught.completed and not was:
                self._settings.remember("lessons/done", ",".join(sorted(self.done | {taught.lesson.name})))
                self.completed.emit(taught.lesson.name)

    def _fact(self, condition: Condition) -> Any:
        page = self._window.current_page
        if not condition.widget:
            return page.facts().get(condition.name)
        found = _control(page, condition.widget)
        return None if found is None else found.property(condition.name)

    def _show_answer(self) -> None:
        taught = self._taught
        assert taught is not None
        step = taught.lesson.steps[taught.step]
        answered = taught.step in taught.answered
        theme = colours()
        if not step.done:
            self._answer.setText("")
        elif answered:
            self._answer.setText(f'<b style="color: {theme.good}">✓ Done.</b> {_unbroken(step.praise)}')
        else:
            self._answer.setText("<b>Your turn.</b> It is noticed here once you have done it.")
        self._answer.setVisible(bool(step.done))
        last = taught.step + 1 == len(taught.lesson.steps)
        if last:
            words = "Close" if self.alone else "All lessons" if taught.completed else "End here"
        else:
            words = "Next" if answered or not step.done else "Skip"
        self._next.setText(words)
        self._next.setAccessibleName(words)

    # The light.

    def _put_out(self) -> None:
        if self._light is not None and isValid(self._light):  # else it went with what it lit
            self._light.hide()  # at once: it is deleted when the event loop comes to it
            self._light.deleteLater()
        self._light = None

    def _put_light(self) -> None:
        """Lights the first of the step's controls that is there to be seen."""
        assert self._taught is not None
        page = self._window.current_page
        names = self._taught.lesson.steps[self._taught.step].light
        found = [control for name in names if (control := _control(page, name)) is not None]
        target = next((control for control in found if control.isVisible()), found[0] if found else None)
        if self._light is not None and target is self._light.target:
            self._light.follow()
            return
        self._put_out()
        if target is not None:
            bring_into_sight(target)
            self._light = Light(page, target)

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and getattr(self, "_taught", None) is not None:
            self._show_answer()


def _unbroken(text: str) -> str:
    """The text, whose lines do not end within the brackets of a formula, or between a number and its per cent sign."""
    return re.sub(
        r"\([^()a-z]*[=+−·×/][^()a-z]*\)|\d %", lambda found: found[0].replace(" ", "\N{NO-BREAK SPACE}"), text
    )


def concept_of(widget: QWidget | None, known: Container[str]) -> str:
    """What there is a lesson about: the control, or else what it lies in; empty for nothing.

    A control is known by its property `concept`, which may change with what is chosen in it, or by its name.

    Args:
        widget: the control.
        known: all that lessons explain.
    """
    while widget is not None:
        for concept in (widget.property("concept"), widget.objectName()):
            if concept and concept in known:
                return str(concept)
        widget = widget.parentWidget()
    return ""


class LessonTips(QObject):
    """Adds to the tooltips of controls about which there is a lesson that a key opens it.

    It hears of all events of the controls that it watches, so these are few: those that lessons name themselves.

    Args:
        parent: its owner.
        library: knows what lessons explain.

    Attributes:
        silent: whether the key opens nothing now, as beside a lesson that is alone.
    """

    def __init__(self, parent: QObject, library: Library) -> None:
        super().__init__(parent)
        self._library = library
        self.silent = False

    def watch(self, page: QWidget) -> None:
        """Watches the controls of a page; those that it knows already are watched once."""
        known = self._library.lists.lessons
        for widget in page.findChildren(QWidget):
            if widget.objectName() in known or widget.property("concept") is not None:
                (widget.viewport() if isinstance(widget, QAbstractScrollArea) else widget).installEventFilter(self)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if self.silent or event.type() != QEvent.Type.ToolTip:
            return False
        if not isinstance(event, QHelpEvent) or not isinstance(watched, QWidget):
            return False
        around = watched.parentWidget()
        if isinstance(around, QAbstractScrollArea) and watched is around.viewport():
            done = around.viewportEvent(event)
        else:
            done = watched.event(event)
        title = self._library.lists.lessons.get(concept_of(watched, self._library.lists.lessons))
        # Where the control has no tooltip, it lets the event go on, and what is seen may be that of another one.
        if title and event.isAccepted() and QToolTip.isVisible() and LESSON_KEY not in QToolTip.text():
            said = f'<p style="color: {colours().secondary}">{LESSON_KEY}: lesson “{escape(title)}”</p>'
            QToolTip.showText(event.globalPos(), QToolTip.text() + said, watched)
        return done


class Light(QWidget):
    """A frame around a control of a page, which does not take its clicks.

    Args:
        page: above which it lies.
        target: what it frames.

    Attributes:
        target: as given.
    """

    def __init__(self, page: QWidget, target: QWidget) -> None:
        super().__init__(page)
        self.setObjectName("lesson_light")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.target = target
        target.destroyed.connect(self.deleteLater)
        self.follow()

    def follow(self) -> None:
        """Lies where the control lies now; it is out of sight while that is."""
        page = self.parentWidget()
        assert page is not None
        seen = self.target.visibleRegion().boundingRect()
        if seen.isEmpty():
            self.hide()
            return
        place = QRect(self.target.mapTo(page, seen.topLeft()), seen.size())
        self.setGeometry(place.adjusted(-_MARGIN, -_MARGIN, _MARGIN, _MARGIN) & page.rect())
        self.show()
        self.raise_()

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(colours().plot[1]), 3))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1.5, 1.5, -1.5, -1.5), GRID, GRID)
        painter.end()


def _control(page: Page, name: str) -> QWidget | None:
    """The control of a name; where several panels of a page have one, that which is seen."""
    found = page.findChildren(QWidget, name)
    return next((one for one in found if one.isVisible()), found[0] if found else None)
