"""Lessons as files: those that ship, those of a teacher, and damaged ones."""

from pathlib import Path

import pytest

from cnnstudio.errors import StudioError
from cnnstudio.gui.pages.lab.panels import PANELS
from cnnstudio.gui.widgets.maps.map_dialog import LESSONS
from cnnstudio.lab.experiment import Experiment
from cnnstudio.lab.lessons import (
    Condition,
    find_lesson,
    languages,
    list_lessons,
    own_lessons_folder,
    read_lesson,
    titles_by_concept,
)
from cnnstudio.models.layer_kinds import LAYER_KINDS

GOOD = """+++
title = "Mine"
rests_on = "My own notes"
concepts = ["mine"]

[[steps]]
panel = "convolution"
state = { step = 2 }
light = "play_button"

[[steps]]
done = ["step = 9", "output[0][1] > 2"]
praise = "Well done."
+++
Read this.

---

Do **this**.
"""


def write(folder: Path, text: str | bytes, name: str = "20-mine.md") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_every_lesson_that_ships_is_whole() -> None:
    lessons, problems = list_lessons()
    assert problems == []
    assert 12 <= len(lessons) <= 16
    for lesson in lessons:
        assert lesson.title and lesson.rests_on and lesson.concepts
        assert any(step.done for step in lesson.steps)
        for step in lesson.steps:
            assert step.page and 60 < len(step.text) < 1200
            assert bool(step.praise) is bool(step.done)


def test_each_concept_has_one_lesson() -> None:
    concepts = [concept for lesson in list_lessons()[0] for concept in (lesson.name, *lesson.concepts)]
    assert len(concepts) == len(set(concepts))


def test_what_the_window_links_to_its_lesson_has_one() -> None:
    titles = titles_by_concept()
    kinds = {kind for kind in titles if kind in LAYER_KINDS}
    assert {"Conv2D", "MaxPooling2D", "Dense", "ReLU", "BatchNormalization", "Dropout", "Flatten"} <= kinds
    assert {"Conv1D", "AdaptiveMaxPooling2D", "MaxPooling1D", "SpatialDropout1D", "Resizing"} <= kinds
    assert kinds.isdisjoint({"MultiHeadAttention", "LSTM", "Conv2DTranspose", "Concatenate", "RandomFlip"})
    # The lesson about batch normalisation says of these in what they differ.
    assert titles["LayerNormalization"] == titles["GroupNormalization"] == titles["BatchNormalization"]
    assert {*PANELS, *LESSONS.values(), "softmax", "filter"} <= titles.keys()
    assert titles["MaxPooling2D"] == titles["pooling"] == find_lesson("pooling").title


def test_a_lesson_of_one_s_own(tmp_path: Path, home: Path) -> None:
    lesson = read_lesson(write(tmp_path, GOOD))
    assert (lesson.name, lesson.title, len(lesson.steps)) == ("mine", "Mine", 2)
    first, second = lesson.steps
    assert first.experiment == Experiment("convolution", {"step": 2})
    assert (second.page, second.experiment) == ("lab", Experiment("convolution"))  # it stays there
    assert second.done[1] == Condition("", "output", (0, 1), ">", 2)
    assert second.text == "Do **this**."
    write(own_lessons_folder(), GOOD)
    assert find_lesson("mine") == lesson
    assert list_lessons()[0][-1] == lesson
    write(own_lessons_folder(), GOOD.replace("Mine", "Ours"), "convolution.md")  # takes the place of one that ships
    assert find_lesson("convolution").title == "Ours"


def test_lessons_are_found_by_what_they_explain() -> None:
    assert find_lesson("Conv2D").name == find_lesson("convolution").name == "convolution"
    with pytest.raises(StudioError, match="There is no lesson “astrology”: there are "):
        find_lesson("astrology")


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda _: "", "it must begin with settings"),
        (lambda text: text.replace("+++\n", "", 1), "it must begin with settings"),
        (lambda text: text.replace('"Mine"', "Mine"), "Invalid value"),
        (lambda text: text.replace('title = "Mine"', ""), "its settings have no “title”"),
        (lambda text: text.replace("---", ""), "settings for 2 steps and texts for 1"),
        (lambda text: text.replace("light", "colour"), "step 1 has “colour”, which means nothing"),
        (lambda text: text.replace('"play_button"', "3"), "“light” in step 1 must be a text or a list"),
        (lambda text: text.replace("step = 9", "do it"), "in step 2, “do it” is no condition"),
        (lambda text: text.replace("done", "praise", 1).replace('praise = "Well done."', ""), "must be a text"),
        (lambda text: text.replace("Read this.", ""), "step 1 has no text"),
        (lambda text: text.replace('panel = "convolution"', ""), "a “state” but no “panel”"),
        (lambda text: text.replace('panel = "c', 'page = "data"\npanel = "c'), "panels are those of the Lab"),
        (lambda text: text + "x" * 300_000, "more than 200,000 bytes"),
        (lambda text: text.encode("utf-16"), "it is no text in UTF-8"),
        (lambda text: text.replace("{ step = 2 }", "[" * 50_000), "nested too deeply"),
        (lambda text: text.replace("[[steps]]", "[[steps]]\n" * 30), "settings for 60 steps"),
    ],
)
def test_a_damaged_file_says_what_is_wrong_and_the_rest_goes_on(home: Path, damage, said: str) -> None:
    path = write(own_lessons_folder(), damage(GOOD))
    with pytest.raises(StudioError, match=said) as raised:
        read_lesson(path)
    assert str(raised.value).startswith("The lesson 20-mine.md cannot be used: ")
    lessons, problems = list_lessons()
    assert len(lessons) >= 12 and problems == [str(raised.value)]


def test_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="it does not exist"):
        find_lesson(str(tmp_path / "no.md"))


@pytest.mark.parametrize(
    ("text", "fact", "holds"),
    [
        ("step = 9", 9, True),
        ("step = 9", 9.0000001, True),
        ("step = 9", 8, False),
        ("step = 9", None, False),
        ("step != 9", None, False),
        ("step >= 9", 9, True),
        ("step > 9", 9, False),
        ("step < 9", "many", False),
        ("step = 9", float("nan"), False),
        ("kind = average", "average", True),
        ('kind = "average"', "average", True),
        ("answer.text = 7", "7", True),
        ("answer.text != 7", "7", False),
        ("bias = true", True, True),
        ("bias = true", 1, False),
        ("output[1][0] = 3", [[1, 2], [3]], True),
        ("output[1][1] = 3", [[1, 2], [3]], False),
        ("output = [[1]]", [[1.0]], True),
        ("kernel changed", [[1]], True),
        ("kernel changed", [[0]], False),
        ("kernel changed", None, False),
        ("resolution_slider.value <= 7", 7, True),
    ],
)
def test_what_is_asked_for(text: str, fact: object, holds: bool) -> None:
    assert Condition.parse(text).holds(fact, begun=[[0]]) is holds


def test_a_condition_on_a_control() -> None:
    assert Condition.parse("resolution_slider.value <= 7") == Condition("resolution_slider", "value", (), "<=", 7)


def test_lessons_in_another_language(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for language, title in (("en", "Mine"), ("de", "Meine")):
        write(tmp_path / language, GOOD.replace("Mine", title))
    write(tmp_path / "en", GOOD, "21-other.md")
    monkeypatch.setattr("cnnstudio.lab.lessons.shipped", lambda _: tmp_path)
    assert languages() == ["de", "en"]
    assert [lesson.title for lesson in list_lessons("de")[0]] == ["Meine", "Mine"]
