"""A link to the lesson about what is shown."""

from pathlib import Path

from PySide6.QtCore import QEvent
from pytestqt.qtbot import QtBot

from cnnstudio.gui.library import Library
from cnnstudio.gui.pages.choosers.lesson_link import LessonLink
from cnnstudio.lab.lessons import own_lessons_folder
from tests.gui.seen_events import SeenEvents
from tests.lab.test_lessons import GOOD, write


def test_it_leads_to_the_lesson_that_there_is(qtbot: QtBot, home: Path) -> None:
    library = Library()
    link = LessonLink("link", library)
    qtbot.addWidget(link)
    link.show_concepts("mine", "MaxPooling2D")
    assert link.isHidden()  # no lessons are known yet
    with qtbot.waitSignal(library.changed):
        library.refresh()
    assert (link.accessibleName(), link.concept) == ("Lesson: Pooling", "MaxPooling2D")
    with qtbot.waitSignal(link.wanted) as wanted:
        link.click()
    assert wanted.args == ["MaxPooling2D"]
    write(own_lessons_folder(), GOOD)
    with qtbot.waitSignal(library.changed):
        library.refresh()
    assert (link.accessibleName(), link.concept) == ("Lesson: Mine", "mine")
    link.show_concepts("Permute")
    assert link.isHidden()
    library.shut_down()


def test_what_it_is_told_again_changes_nothing(qtbot: QtBot) -> None:
    link = LessonLink("link", Library())
    qtbot.addWidget(link)
    link.show_concepts("MaxPooling2D")
    with SeenEvents(link, QEvent.Type.ToolTipChange) as seen:
        link.show_concepts("MaxPooling2D")
        assert not seen.count
        link.show_concepts("Dense")
        assert seen.count
