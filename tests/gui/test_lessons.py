"""Lessons beside the page: they open and light the right part, notice what was done, and leave all as it was."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QUrl
from PySide6.QtGui import QAction, QCursor, QHelpEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QApplication,
    QLabel,
    QListWidget,
    QSlider,
    QSpinBox,
    QTextBrowser,
    QToolTip,
    QWidget,
)
from pytestqt.qtbot import QtBot

from cnnstudio.gui.lessons import LessonGuide, Light
from cnnstudio.gui.main_window import MainWindow
from cnnstudio.gui.pages import PAGES
from cnnstudio.gui.pages.lab.panels import PANELS, Panel
from cnnstudio.gui.settings import Settings
from cnnstudio.gui.widgets.images.matrix import Matrix
from cnnstudio.lab.lessons import Lesson, list_lessons, own_lessons_folder
from tests.readme import README

LESSON = """+++
title = "Mine"
rests_on = "My own notes"

[[steps]]
panel = "size"
state = {{ size = 9 }}
light = "{light}"
done = ["stride = 2", "size_kernel_slider.value = 5"]
praise = "That is it."

[[steps]]
panel = "convolution"
state = {{ step = 4, kernel = [[1, 2], [3, 4]] }}
+++
Set it, see [convolution](lesson:convolution).

---

The end.
"""


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Those of the window."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CNNSTUDIO_HOME", str(tmp_path_factory.mktemp("home")))
        settings = Settings()
    settings.page = "lab"
    return settings


@pytest.fixture(scope="module")
def opened(qapp: QApplication, settings: Settings) -> Iterator[MainWindow]:
    """The one window of all these tests; it opens no model."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(PAGES, "try", replace(PAGES["try"], warms_up=False))
        window = MainWindow(settings)
        yield window
        window.quit()
        window.deleteLater()


@pytest.fixture
def window(opened: MainWindow, settings: Settings, qtbot: QtBot) -> Iterator[MainWindow]:
    """It shows the Lab, without a lesson, and none was completed."""
    settings.remember("lessons/done", "")
    opened.resize(1280, 800)
    opened.show_page("lab")
    opened.show()
    qtbot.waitExposed(opened)
    yield opened
    if guide(opened) is not None:
        guide(opened).leave()


@pytest.fixture
def own(home: Path) -> Callable[..., str]:
    def write(light: str = "size_stride_slider", text: str = LESSON) -> str:
        own_lessons_folder().mkdir(parents=True, exist_ok=True)
        (own_lessons_folder() / "mine.md").write_text(text.format(light=light))
        return "mine"

    return write


def guide(window: MainWindow) -> LessonGuide:
    """None before the first lesson."""
    return window.findChild(LessonGuide)


def said(window: MainWindow, name: str) -> str:
    found = window.findChild(QLabel, name)
    return found.text() if found.isVisibleTo(window) else ""


def press(window: MainWindow, name: str) -> None:
    button = guide(window).findChild(QAbstractButton, name)
    assert button.isVisibleTo(window) and button.isEnabled()
    button.click()


def test_a_lesson_is_done_and_leaves_all_as_it_was(
    window: MainWindow, settings: Settings, own: Callable[..., str], qtbot: QtBot
) -> None:
    lab = window.page("lab")
    before = {name: lab.show_panel(name).state() for name in ("convolution", "size")}
    window.show_page("about")
    window.open_lesson(own())
    assert window.current_page is lab and lab.panel_name == "size"
    assert lab.facts()["size"] == 9
    assert said(window, "lesson_answer").startswith("<b>Your turn.")
    with qtbot.waitSignal(guide(window).completed) as completed:
        lab.panel.show_state({"stride": 2, "kernel": 5})
    assert completed.args == ["mine"] and "That is it." in said(window, "lesson_answer")
    press(window, "lesson_next_button")
    assert lab.panel_name == "convolution" and lab.facts()["kernel"] == [[1, 2], [3, 4]]
    press(window, "close_lesson_button")
    assert window.current_page.objectName() == "page_about"
    assert not guide(window).isVisible()
    assert {name: lab.show_panel(name).state() for name in before} == before
    assert settings.recall("lessons/done", "", "") == "mine"


def test_the_experiment_that_was_shown_is_shown_again(window: MainWindow, own: Callable[..., str]) -> None:
    lab = window.page("lab")
    lab.show_panel("dropout")
    window.open_lesson(own())
    press(window, "lesson_next_button")
    guide(window).leave()
    assert lab.panel_name == "dropout"


IMAGES = """+++
title = "Images"
rests_on = "My own notes"

[[steps]]
page = "data"
shows = "mnist"
light = ["flatten_chip", "no_such_thing", "thumbnail_grid"]
done = ["flatten_chip.checked = true"]
+++
Look at one.
"""


def test_another_page_shows_what_a_lesson_names_and_then_what_it_did(
    window: MainWindow, own: Callable[..., str], qtbot: QtBot
) -> None:
    data = window.page("data")
    with qtbot.waitSignal(data.loaded, timeout=20_000):
        window.show_page("data", "mnist")
    grid, explorer = data.findChild(QWidget, "thumbnail_grid"), data.findChild(QWidget, "data_explorer")
    slider = explorer.findChild(QSlider, "resolution_slider")
    grid.activated.emit(3)
    explorer.findChild(QAbstractButton, "flatten_chip").click()
    slider.setValue(14)
    before = data.kept()
    window.show_page("about")

    def lit() -> list[str]:
        guide(window).look()
        return [light.target.objectName() for light in window.findChildren(Light) if light.isVisible()]

    window.open_lesson(own(text=IMAGES))
    assert grid.isVisible() and lit() == ["thumbnail_grid"]
    grid.activated.emit(0)
    assert slider.value() == 28 and explorer.findChild(QAbstractButton, "numbers_chip").isChecked()
    assert lit() == ["flatten_chip"]
    guide(window).leave()
    assert window.current_page.objectName() == "page_about"
    assert data.kept() == before and slider.value() == 14


def test_what_is_lit_is_framed_and_takes_its_clicks(window: MainWindow, own: Callable[..., str], qtbot: QtBot) -> None:
    window.open_lesson(own())
    qtbot.waitUntil(lambda: window.findChild(Light) is not None and window.findChild(Light).isVisible())
    light = window.findChild(Light)
    target = window.current_page.findChild(QWidget, "size_stride_slider")
    centre = target.mapTo(window.current_page, target.rect().center())
    assert light.geometry().contains(centre)
    assert window.current_page.childAt(centre) is target


def test_the_light_goes_with_what_it_lit(window: MainWindow, own: Callable[..., str], qtbot: QtBot) -> None:
    window.open_lesson(own())
    target = QSlider(window.current_page)
    target.setObjectName("passing_slider")
    window.open_lesson(own(light="passing_slider"))
    light = next(light for light in window.findChildren(Light) if light.target is target)
    with qtbot.waitSignal(light.destroyed):
        target.deleteLater()
    guide(window).look()
    assert not any(light.isVisible() for light in window.findChildren(Light))


def test_a_page_that_there_is_not_is_said(window: MainWindow, own: Callable[..., str]) -> None:
    window.open_lesson(
        own(text=LESSON.replace('panel = "size"', 'page = "moon"').replace("state = {{ size = 9 }}", ""))
    )
    assert "shows a page “moon”" in guide(window).problem


def test_the_list_shows_what_was_completed_and_what_is_damaged(
    window: MainWindow, settings: Settings, own: Callable[..., str]
) -> None:
    settings.remember("lessons/done", "convolution")
    own(text="nothing")
    window.findChild(QAbstractButton, "all_lessons_button").click()
    listed = guide(window).findChild(QListWidget, "lesson_list")
    lessons = list_lessons()[0]
    assert listed.count() == len(lessons)
    marked = [lesson.name for row, lesson in enumerate(lessons) if not listed.item(row).icon().isNull()]
    assert marked == ["convolution"]
    assert len({listed.visualItemRect(listed.item(row)).height() for row in range(listed.count())}) == 1
    assert "The lesson mine.md cannot be used" in guide(window).problem
    listed.itemActivated.emit(listed.item(0))
    assert guide(window).lesson == lessons[0]


def test_a_lesson_that_there_is_not_is_said(window: MainWindow) -> None:
    window.open_lesson("astrology")
    assert guide(window).lesson is None
    assert guide(window).problem.startswith("There is no lesson “astrology”")


def test_links_lead_to_other_lessons(window: MainWindow, own: Callable[..., str]) -> None:
    window.open_lesson(own())
    browser = guide(window).findChild(QTextBrowser, "lesson_text")
    browser.anchorClicked.emit(QUrl("lesson:convolution"))
    assert guide(window).lesson.name == "convolution"
    browser.anchorClicked.emit(QUrl("file:///etc/passwd"))
    assert guide(window).lesson.name == "convolution"


def test_the_experiment_leads_to_its_lesson(window: MainWindow) -> None:
    window.page("lab").show_panel("convolution")
    window.findChild(QAbstractButton, "panel_lesson_button").click()
    assert guide(window).lesson.name == "convolution"


def test_a_key_opens_the_lesson_about_a_control(window: MainWindow, qtbot: QtBot) -> None:
    window.page("lab").show_panel("convolution")
    QCursor.setPos(window.screen().geometry().bottomRight())
    box = QSpinBox()
    box.setObjectName("resolution_slider")
    window.current_page.layout().addWidget(box)
    box.show()
    window.activateWindow()
    for name, concept, lesson in (
        ("resolution_slider", None, "images"),
        ("resolution_slider", "MaxPooling2D", "pooling"),
        ("unheard_of", None, None),
    ):
        window.show_page("lab")
        box.setObjectName(name)
        box.setProperty("concept", concept)
        box.setFocus()
        qtbot.waitUntil(box.hasFocus)
        window.explain_control()
        assert (guide(window).lesson and guide(window).lesson.name) == lesson
    box.setParent(None)


def test_a_key_opens_the_lesson_about_an_experiment(window: MainWindow, qtbot: QtBot) -> None:
    panel = window.page("lab").show_panel("softmax")
    QCursor.setPos(window.screen().geometry().bottomRight())
    window.activateWindow()
    panel.findChild(QWidget, "true_class").setFocus()
    qtbot.waitUntil(panel.findChild(QWidget, "true_class").hasFocus)
    window.explain_control()
    assert guide(window).lesson.name == "try-it"


@pytest.mark.parametrize(
    ("text", "lesson", "step"),
    [("softmax", "try-it", 2), ("Dropout", "deeper", 3), ("normalisation", "deeper", 2), ("pooling", "pooling", 0)],
)
def test_a_lesson_about_an_experiment_begins_with_it(window: MainWindow, text: str, lesson: str, step: int) -> None:
    window.open_lesson(text)
    taught = guide(window).taught
    assert (taught.lesson.name, taught.step) == (lesson, step)
    assert window.page("lab").panel_name == text.casefold()


def shown_tip(control: QWidget) -> str:
    place = control.rect().center()
    target = control.viewport() if isinstance(control, QAbstractScrollArea) else control
    QApplication.sendEvent(target, QHelpEvent(QEvent.Type.ToolTip, place, control.mapToGlobal(place)))
    return QToolTip.text()


def test_tooltips_name_the_lesson_about_their_control(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: "resolution_slider" in window.library.lists.lessons)
    window.show_page("data", "mnist")
    data = window.page("data")
    qtbot.waitUntil(lambda: data.dataset is not None, timeout=20_000)
    data.findChild(QWidget, "thumbnail_grid").activated.emit(0)
    for name, title in (("resolution_slider", "Images are numbers"), ("shift_slider", "What an MLP does")):
        control = data.findChild(QWidget, name)
        assert control.toolTip() in shown_tip(control)
        assert f"Shift+F1: lesson “{title}”" in QToolTip.text()
    assert "Shift+F1: lesson “Images are numbers”" in shown_tip(data.findChild(QWidget, "pixel_matrix"))
    assert "Shift+F1" not in shown_tip(data.findChild(QWidget, "back_button"))
    window.open_lesson("images", alone=True)
    assert "Shift+F1" not in shown_tip(data.findChild(QWidget, "thumbnail_grid"))
    press(window, "close_lesson_button")
    assert "Shift+F1" in shown_tip(data.findChild(QWidget, "thumbnail_grid"))


def test_a_control_without_a_tooltip_leaves_that_of_another_alone(window: MainWindow, qtbot: QtBot) -> None:
    """Qt takes a tooltip away some time after the pointer has left what it is about."""
    qtbot.waitUntil(lambda: "convolution" in window.library.lists.lessons)
    panel = window.page("lab").show_panel("convolution")
    kernel = panel.findChild(QWidget, "lab_kernel")
    QToolTip.showText(kernel.mapToGlobal(kernel.rect().center()), "Kernel, row 1, column 1: 1", kernel)
    assert shown_tip(panel) == "Kernel, row 1, column 1: 1"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("{light}", "lab_kernle", "the control “lab_kernle”, which is not on this page."),
        ("size_kernel_slider", "size_kernle", "the control “size_kernle”"),
        ("stride = 2", "strid = 2", "asks for “strid”, which is no fact of this page: there are only size, kernel, "),
    ],
)
def test_a_step_that_names_what_there_is_not_says_so(
    window: MainWindow, own: Callable[..., str], old: str, new: str, says: str
) -> None:
    window.open_lesson(own())
    assert guide(window).problem == ""
    window.open_lesson(own(text=LESSON.replace(old, new)))
    assert says in guide(window).problem


def test_alone_there_is_nothing_else(window: MainWindow, own: Callable[..., str]) -> None:
    away = ["rail", "all_lessons_button", "panel_list", "panel_lesson_button", "in_network_button"]
    window.open_lesson(own(), alone=True)
    lab = window.page("lab")
    assert not any(window.findChild(QWidget, name).isVisible() for name in [*away, "lessons_back_button"])
    assert not window.findChild(QAction, "show_data").isEnabled()
    window.explain_control()
    lab.lesson_wanted.emit("")
    assert guide(window).lesson.name == "mine" and window.current_page is lab
    press(window, "close_lesson_button")
    window.show_page("lab")
    assert all(window.findChild(QWidget, name).isVisible() for name in away)
    assert window.findChild(QAction, "show_data").isEnabled()


def test_beside_a_page_or_over_it(window: MainWindow, own: Callable[..., str], qtbot: QtBot) -> None:
    window.open_lesson(own())
    qtbot.waitUntil(lambda: window.current_page.width() <= 1280 - guide(window).width())
    window.resize(960, 600)
    qtbot.waitUntil(lambda: window.current_page.width() <= 960 - guide(window).width())  # the Lab makes room
    assert not window.findChild(QWidget, "panel_list").isVisible()
    window.show_page("about")
    assert guide(window).findChild(QWidget, "fold_lesson_button").isVisible()
    press(window, "fold_lesson_button")
    qtbot.waitUntil(lambda: guide(window).height() < 100)
    window.show_page("lab")
    qtbot.waitUntil(lambda: guide(window).height() > 400)


LECTURE = [[1, 1, 1, 0, 0], [0, 1, 1, 1, 0], [0, 0, 1, 1, 1], [0, 0, 1, 1, 0], [0, 1, 1, 0, 0]]
IDENTITY = [[0, 0, 0], [0, 1, 0], [0, 0, 0]]
WHITE = [[[0] * 4] * 3 + [[0, 0, 0, 255]]] * 3


def at(name: str, cell: tuple[int, int]) -> Callable[[Panel], None]:
    return lambda panel: panel.findChild(Matrix, name).point(cell)


ANSWERS: dict[str, tuple[dict[str, object] | Callable[[Panel], None], ...]] = {
    "colour": (at("lab_output", (0, 2)), {"input": WHITE}),
    "convolution": ({"step": 9}, at("lab_output", (1, 1)), {"kernel": [[0] * 3] * 3}),
    "filters": ({"filters": ["sobel_x"]}, {"kernel": IDENTITY}, {"kernel": [[0, 0, 0], [-1, 0, 1], [0, 0, 0]]}),
    "stride": ({"stride": 2}, {"stride": 3}),
    "padding": ({"padding": "same"}, {"padding": "same"}, {"fill": "reflect"}),
    "output-size": ({"size": 32}, {"dilation": 3}),
    "channels": (
        {"input": [LECTURE] * 3, "kernel": [[IDENTITY] * 3] * 2, "bias": True},
        {"input": [LECTURE] * 3, "kernel": [[IDENTITY]] * 3, "bias": True, "connections": "depthwise"},
    ),
    "relu": ({"biases": [-3]}, {"biases": [-4]}),
    "gradient": (at("lab_kernel", (0, 1)), at("lab_input", (2, 2))),
    "pooling": (
        {"input": [[1, 1, 2, 9], [5, 6, 7, 8], [3, 2, 1, 0], [1, 2, 3, 4]]},
        {"kind": "average"},
        {"shift": 1},
    ),
}
"""What one does in each step of the lessons about experiments; those about other pages are done in a real window."""


@pytest.mark.parametrize("name", ANSWERS)
def test_a_lesson_is_done_by_doing_what_it_asks(window: MainWindow, name: str) -> None:
    window.hide()  # to paint it takes most of the time
    window.open_lesson(name)
    lab = window.page("lab")
    lesson = guide(window).lesson
    assert len(lesson.steps) == len(ANSWERS[name])
    for number, (step, answer) in enumerate(zip(lesson.steps, ANSWERS[name], strict=True)):
        guide(window).look()
        assert guide(window).problem == ""
        assert number not in guide(window).taught.answered, "it asks for what is done already"
        facts = lab.panel.facts()
        assert not number or lab.panel_name != "convolution" or facts["step"] == facts["steps"], "its numbers are blank"
        assert all(lab.panel.findChildren(QWidget, name) for name in step.light)
        if callable(answer):
            answer(lab.panel)
        else:
            lab.panel.show_state(answer)
        guide(window).look()
        assert number in guide(window).taught.answered
        assert step.praise in said(window, "lesson_answer").replace("\N{NO-BREAK SPACE}", " ")
        press(window, "lesson_next_button")
    assert name in guide(window).done


def test_the_lesson_in_readme_is_done_by_doing_what_it_asks(window: MainWindow, tmp_path: Path) -> None:
    text = next(block for block in README.split("```") if block.lstrip().startswith("+++"))
    path = tmp_path / "shifting.md"
    path.write_text(text.lstrip())
    window.hide()
    window.open_lesson(str(path))
    panel = window.page("lab").panel
    assert panel.facts()["step"] == panel.facts()["steps"], "its numbers are blank"
    for kernel, counts in (([0, 0], False), ([1, 1], False), ([1, 0], True)):
        panel.show_state({"kernel": [[0, kernel[0], 0], [0, kernel[1], 0], [0, 0, 0]]})
        guide(window).look()
        assert bool(guide(window).taught.answered) is counts


def test_the_mean_and_the_variance_count_whichever_way_they_were_reached(window: MainWindow) -> None:
    window.hide()
    window.open_lesson("deeper")
    for _ in range(2):
        press(window, "lesson_next_button")
    for state, counts in (
        ({"gamma": 2, "beta": 5, "training": False}, False),
        ({"gamma": 2, "beta": 4, "training": True}, False),
        ({"gamma": -2, "beta": 5}, True),
    ):
        window.page("lab").panel.show_state(state)
        guide(window).look()
        assert (2 in guide(window).taught.answered) is counts


def test_no_line_ends_within_a_formula_s_brackets(window: MainWindow, own: Callable[..., str]) -> None:
    text = LESSON.replace("That is it.", "So P = (F − 1)/2 (as in the book) for 99 % of them.")
    window.open_lesson(own(text=text))
    window.page("lab").panel.show_state({"stride": 2, "kernel": 5})
    guide(window).look()
    gap = "\N{NO-BREAK SPACE}"
    assert f"So P = (F{gap}−{gap}1)/2 (as in the book) for 99{gap}% of them." in said(window, "lesson_answer")


def test_any_kernel_that_finds_the_edge_will_do(window: MainWindow) -> None:
    window.hide()
    window.open_lesson("filters")
    for _ in range(2):
        press(window, "lesson_next_button")
    for row, counts in (([0, 1, 0], False), ([0, 0, 0], False), ([1, -2, 0], False), ([-1, 1, 0], True)):
        window.page("lab").panel.show_state({"kernel": [[0, 0, 0], row, [0, 0, 0]]})
        guide(window).look()
        assert (2 in guide(window).taught.answered) is counts


@pytest.mark.parametrize("lesson", list_lessons()[0], ids=lambda lesson: lesson.name)
def test_lessons_name_pages_and_experiments_that_there_are(lesson: Lesson) -> None:
    for step in lesson.steps:
        assert step.page in PAGES
        assert step.experiment is None or step.experiment.panel in PANELS


def test_every_experiment_has_a_lesson() -> None:
    known = {concept for lesson in list_lessons()[0] for concept in (lesson.name, *lesson.concepts)}
    assert set(PANELS) <= known
