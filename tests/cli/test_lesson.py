"""`cnnstudio lesson`: lists lessons, and opens the window at one."""

import json

import pytest

from cnnstudio.lab.lessons import list_lessons, own_lessons_folder


def test_lessons_are_listed(outcome):
    names = [lesson.name for lesson in list_lessons()[0]]
    code, out, err = outcome("lesson", "--json")
    assert (code, err) == (0, "")
    assert [entry["name"] for entry in json.loads(out)] == names
    code, out, err = outcome("lesson")
    assert (code, err) == (0, "")
    assert all(name in out for name in names)


def test_a_damaged_one_says_so_and_the_others_are_listed(outcome):
    own_lessons_folder().mkdir(parents=True)
    (own_lessons_folder() / "mine.md").write_text("nothing")
    code, out, err = outcome("lesson")
    assert code == 0 and "convolution" in out
    assert err.startswith("The lesson mine.md cannot be used: it must begin with settings")


@pytest.mark.parametrize(("options", "passed"), [([], []), (["--only"], ["--only"])])
def test_the_window_opens_at_a_lesson(outcome, options, passed):
    opened = []
    code, _, err = outcome("lesson", "convolution", *options, open_window=lambda given: opened.append(given) or 0)
    assert (code, err, opened) == (0, "", [["--lesson", "convolution", *passed]])


def test_a_lesson_that_there_is_not(outcome):
    code, out, err = outcome("lesson", "astrology")
    assert (code, out) == (2, "") and "There is no lesson “astrology”" in err


def test_a_damaged_file_opens_no_window(outcome, tmp_path):
    path = tmp_path / "mine.md"
    path.write_text("nothing")
    code, _, err = outcome("lesson", str(path))
    assert code == 1 and "mine.md cannot be used" in err
