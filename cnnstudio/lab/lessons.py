"""Lessons: Markdown files that walk through a topic in the window, and say what is opened, lit and to be done.

A file begins with settings in TOML between two lines of `+++`, and goes on with a text for each step, divided by lines
of `---`. README shows one.
"""

import json
import math
import operator
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cnnstudio.errors import StudioError, reason
from cnnstudio.lab.experiment import Experiment
from cnnstudio.storage import data_folder, is_folder, shipped
from cnnstudio.wording import counted

LANGUAGE = "en"
"""The language in which there is every lesson."""

OPEN, ONLY = "--lesson", "--only"
"""What stands before the lesson with which the window is to open, and what leaves everything else away."""

_LARGEST_BYTES = 200_000
_MOST_STEPS = 20
_MARK = "+++"

_CONDITION = re.compile(
    r"(?P<widget>\w+\.)?(?P<name>\w+)(?P<places>(?:\[\d+\])*)\s*(?:(?P<sign><=|>=|!=|=|<|>)\s*(?P<value>.+)|(?P<word>changed))"
)
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True)
class Condition:
    """Something that is to be done in the window.

    Attributes:
        widget: `objectName` of the control that is looked at; empty for a fact of the page.
        name: of the property of the control, or of the fact.
        places: where to look in a fact that is a list of lists.
        sign: how it is compared; empty where any other value than in the beginning will do.
        value: with what.
    """

    widget: str
    name: str
    places: tuple[int, ...] = ()
    sign: str = ""
    value: Any = None

    @classmethod
    def parse(cls, text: str) -> "Condition":
        """Reads “output[0][0] = 4”, “resolution_slider.value <= 7” or “kernel changed”.

        Raises:
            StudioError: it is something else.
        """
        found = _CONDITION.fullmatch(text.strip())
        if found is None:
            raise StudioError(f"“{text}” is no condition: write one such as “step = 9” or “kernel changed”")
        value = found["value"]
        try:
            value = json.loads(value) if value is not None else None
        except ValueError:
            value = value.strip("\"'")
        places = tuple(int(place) for place in re.findall(r"\d+", found["places"]))
        return cls((found["widget"] or "").removesuffix("."), found["name"], places, found["sign"] or "", value)

    def look(self, fact: Any) -> Any:
        """The value within a fact that it is about; None where there is none."""
        for place in self.places:
            if not isinstance(fact, list) or place >= len(fact):
                return None
            fact = fact[place]
        return fact

    def holds(self, fact: Any, begun: Any) -> bool:
        """Whether it is done.

        Args:
            fact: the value of the property or the fact now.
            begun: what it was in the beginning.
        """
        seen = self.look(fact)
        if not self.sign:
            return seen is not None and seen != self.look(begun)
        # What is asked for may be a number where a text is found: “answer.text = 7”.
        value = json.dumps(self.value) if isinstance(seen, str) and not isinstance(self.value, str) else self.value
        if seen is None or isinstance(seen, bool) is not isinstance(value, bool):
            return False
        if isinstance(seen, int | float) and isinstance(value, int | float):
            close = math.isclose(seen, value, abs_tol=1e-6)
            return self.sign in ("=", "<=", ">=") if close else _COMPARE[self.sign](seen, value)
        return self.sign in ("=", "!=") and _COMPARE[self.sign](seen, value)


@dataclass(frozen=True)
class Step:
    """A step of a lesson.

    Attributes:
        text: Markdown.
        page: the page that it shows; empty where it leaves the one that is shown.
        shows: what that page shows at first, by its name: a data set, a network or a model; empty for what it did.
        experiment: what the Lab shows; None for other pages.
        light: `objectName`s of controls, of which the first one that can be seen is lit.
        done: what must have been done, all of it at once; nothing where the step is only read.
        praise: what is said then.
    """

    text: str
    page: str = ""
    shows: str = ""
    experiment: Experiment | None = None
    light: tuple[str, ...] = ()
    done: tuple[Condition, ...] = ()
    praise: str = ""


@dataclass(frozen=True)
class Lesson:
    """A lesson.

    Attributes:
        name: by which it is opened; that of its file, without the number that orders them.
        title: on the list, and above its text.
        rests_on: the paper or the book.
        steps: in their order.
        concepts: what it explains: names of layers of Keras, of panels of the Lab, and words.
        path: of the file.
    """

    name: str
    title: str
    rests_on: str
    steps: tuple[Step, ...]
    concepts: tuple[str, ...] = ()
    path: Path = field(default=Path(), compare=False)


def languages() -> list[str]:
    """The languages in which lessons ship, by the names of their folders."""
    return sorted(folder.name for folder in shipped("assets/lessons").iterdir() if is_folder(folder))


def own_lessons_folder() -> Path:
    """Where one's own lessons lie; it need not be there."""
    return data_folder() / "lessons"


def list_lessons(language: str = LANGUAGE) -> tuple[list[Lesson], list[str]]:
    """All lessons that ship, then one's own; and a sentence for each file that cannot be used.

    Args:
        language: of those that ship; what has not been translated into it comes in English.
    """
    shipped_ones = {path.name: path for one in (LANGUAGE, language) for path in _files(shipped("assets/lessons") / one)}
    lessons: dict[str, Lesson] = {}
    problems = []
    for path in [*(shipped_ones[name] for name in sorted(shipped_ones)), *_files(own_lessons_folder())]:
        try:
            lesson = read_lesson(path)
        except StudioError as error:
            problems.append(str(error))
        else:
            lessons[lesson.name] = lesson
    return list(lessons.values()), problems


def lesson_files() -> list[Path]:
    """The files of all lessons, in whatever language, and one's own."""
    folders = [shipped("assets/lessons") / language for language in languages()]
    return [path for folder in (*folders, own_lessons_folder()) for path in _files(folder)]


def titles_by_concept() -> dict[str, str]:
    """The title of the lesson about each concept: the names of lessons, and what they say that they explain."""
    titles: dict[str, str] = {}
    for lesson in list_lessons()[0]:
        for concept in (lesson.name, *lesson.concepts):
            titles.setdefault(concept, lesson.title)
    return titles


def find_lesson(text: str, language: str = LANGUAGE) -> Lesson:
    """The lesson of a name, of a file's path, or that explains a concept.

    Raises:
        StudioError: there is none, or its file is damaged.
    """
    path = Path(text).expanduser()
    if path.suffix == ".md":
        return read_lesson(path)
    lessons, _ = list_lessons(language)
    for lesson in lessons:
        if lesson.name == text:
            return lesson
    for lesson in lessons:
        if text in lesson.concepts:
            return lesson
    names = ", ".join(lesson.name for lesson in lessons)
    raise StudioError(f"There is no lesson “{text}”: there are {names}.")


def read_lesson(path: Path) -> Lesson:
    """Reads a lesson's file.

    Raises:
        StudioError: it cannot be read, or what is wrong in it.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST_BYTES + 1)
        if len(data) > _LARGEST_BYTES:
            raise StudioError(f"it has more than {_LARGEST_BYTES:,} bytes")
        head, texts = _divided(data.decode())
        return _lesson(path, head, texts)
    except (OSError, UnicodeDecodeError, RecursionError, tomllib.TOMLDecodeError, StudioError) as error:
        known = {UnicodeDecodeError: "it is no text in UTF-8", RecursionError: "its lists are nested too deeply"}
        why = known.get(type(error)) or reason(error)
        raise StudioError(f"The lesson {path.name} cannot be used: {why}.") from error


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.md")) if is_folder(folder) else []


def _divided(text: str) -> tuple[dict[str, Any], list[str]]:
    """The settings and the texts of a file."""
    lines = text.lstrip("\N{BYTE ORDER MARK}").splitlines()
    marks = [number for number, line in enumerate(lines) if line.strip() == _MARK]
    if len(marks) < 2 or marks[0] != 0:
        raise StudioError(f"it must begin with settings between two lines of {_MARK}")
    head = tomllib.loads("\n".join(["", *lines[1 : marks[1]]]))  # so that lines are counted from the file’s first
    texts: list[list[str]] = [[]]
    for line in lines[marks[1] + 1 :]:
        if line.strip() == "---":
            texts.append([])
        else:
            texts[-1].append(line)
    return head, ["\n".join(one).strip() for one in texts]


def _lesson(path: Path, head: Mapping[str, Any], texts: list[str]) -> Lesson:
    _check_keys(head, _LESSON_KEYS, "the settings")
    steps = head.get("steps", [])
    for name in ("title", "rests_on"):
        if not head.get(name):
            raise StudioError(f"its settings have no “{name}”")
    if not 1 <= len(steps) <= _MOST_STEPS or len(steps) != len(texts):
        raise StudioError(
            f"it has settings for {counted(len(steps), 'step')} and texts for {len(texts)}: it needs from 1 to "
            f"{_MOST_STEPS} of both, the texts divided by lines of ---"
        )
    read: list[Step] = []
    for number, (settings, text) in enumerate(zip(steps, texts, strict=True), start=1):
        read.append(_step(number, settings, text, read[-1] if read else None))
    if not any(step.done for step in read):
        raise StudioError("none of its steps has a “done”: a lesson asks for something to be done")
    concepts = tuple(map(str, head.get("concepts", ())))
    return Lesson(re.sub(r"^\d+-", "", path.stem), head["title"], head["rests_on"], tuple(read), concepts, path)


_KINDS: dict[type, str] = {str: "a text", list: "a list", dict: "a table"}
_LESSON_KEYS: dict[str, tuple[type, ...]] = {"title": (str,), "rests_on": (str,), "concepts": (list,), "steps": (list,)}
_STEP_KEYS: dict[str, tuple[type, ...]] = {
    "page": (str,),
    "shows": (str,),
    "panel": (str,),
    "state": (dict,),
    "light": (str, list),
    "done": (list,),
    "praise": (str,),
}


def _step(number: int, head: Any, text: str, before: Step | None) -> Step:
    """A step; where it names no page, it stays on that of the step before."""
    where = f"step {number}"
    if not isinstance(head, dict):
        raise StudioError(f"{where} is no table of settings")
    _check_keys(head, _STEP_KEYS, where)
    if not text:
        raise StudioError(f"{where} has no text")
    try:
        done = tuple(Condition.parse(str(one)) for one in head.get("done", ()))
    except StudioError as error:
        raise StudioError(f"in {where}, {error}") from error
    panel, page = head.get("panel", ""), head.get("page", "")
    if panel and page not in ("", "lab"):
        raise StudioError(f"{where} names the panel “{panel}” and the page “{page}”: panels are those of the Lab")
    if not panel and not page and before is not None:
        page, panel = before.page, before.experiment.panel if before.experiment else ""
    if "state" in head and not panel:
        raise StudioError(f"{where} has a “state” but no “panel” of the Lab")
    shows = head.get("shows", "")
    if shows and "page" not in head:
        raise StudioError(f"{where} has a “shows” but no “page”")
    experiment = Experiment(panel, head.get("state", {})) if panel else None
    page = "lab" if panel else page
    light = head.get("light", [])
    lit = (light,) if isinstance(light, str) else tuple(map(str, light))
    return Step(text, page, shows, experiment, lit, done, head.get("praise", ""))


def _check_keys(head: Mapping[str, Any], kinds: Mapping[str, tuple[type, ...]], where: str) -> None:
    for key, value in head.items():
        if key not in kinds:
            raise StudioError(f"{where} has “{key}”, which means nothing: there can be {', '.join(kinds)}")
        if not isinstance(value, kinds[key]):
            raise StudioError(f"“{key}” in {where} must be {' or '.join(_KINDS[kind] for kind in kinds[key])}")
