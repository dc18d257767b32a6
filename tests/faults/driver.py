"""Does operations again and again, each time with something else going wrong, and judges what is left of the library.

Each time in a process of its own, on a fresh copy of a small library.
"""

import os
import random
import re
import shutil
import tempfile
import traceback
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from PIL import Image

from cnnstudio.errors import StudioError, explain
from cnnstudio.models.backend import import_keras
from tests.data.local_server import normal, running
from tests.faults import library
from tests.faults.disk import CHANGES, FAULTS, REMOVALS, Fault, Nth, watch
from tests.faults.library import Found, Seen
from tests.faults.operations import BODY, Operation
from tests.faults.process import LONGEST, ask, forked

PATIENCE = 0.4
"""Seconds that an operation gets while another is held up, before it is taken to wait for that one."""

ENGINE_PATIENCE = 10.0

_TEMPORARY = re.compile(r"(/\.[^/\s]*-)[a-z0-9_]{8}")
"""The name of a temporary file."""

_MEMORY = Path("/dev/shm")
"""Where Linux keeps files in memory: a disk that is slow for others would make this slow."""


@dataclass(frozen=True)
class Trouble:
    """Something that was lost, or untrue.

    Attributes:
        operation: its name, or those of two.
        fault: what went wrong.
        number: at which step, counted from 1.
        step: what that was.
        text: what came of it.
    """

    operation: str
    fault: str
    number: int
    step: str
    text: str


@dataclass(frozen=True)
class _Said:
    """How an operation ended: whether it was said to be done (None: it was killed), why not, and what it returned."""

    done: bool | None
    words: str = ""
    value: Any = None


@dataclass(frozen=True)
class _Hit:
    """The step of an operation that something happens to."""

    kind: str
    path: str


@dataclass(frozen=True)
class _Well:
    """An operation with which nothing goes wrong: the library before and after it, its value and its steps."""

    before: Found
    after: Found
    value: Any
    steps: tuple[str, ...]


_Outcome = tuple[bool | None, bool | None, Seen]
"""Of two operations: whether each was done, and what is seen then."""


class Workshop:
    """Where libraries are made, used and judged, until its context is left.

    Args:
        engine: whether operations that need TensorFlow will be tried: it is imported once, then.
        seed: decides what is tried where not everything is.
    """

    def __init__(self, engine: bool, seed: int = 0) -> None:
        self._random = random.Random(seed)
        self._wells: dict[Operation, _Well] = {}
        self._in_turns: dict[tuple[Operation, Operation], _Outcome] = {}
        self._stack = ExitStack()
        memory = _MEMORY if os.access(_MEMORY, os.W_OK) else None
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="faults-", dir=memory))).resolve()
        self._template, self._place, self._copy = (folder / name for name in ("template", "place", "copy"))
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
        _import_all(engine)
        server = self._stack.enter_context(forked(_serve))
        os.environ["CNNSTUDIO_TEST_SERVER"] = server.hear()
        ask(lambda: library.make(self._place))
        self._place.rename(self._template)

    def __enter__(self) -> "Workshop":
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def every_nth(self, operation: Operation, tries: int | None = None) -> Iterator[list[Trouble]]:
        """Does an operation with one of its steps going wrong: for each fault every step, or some of them.

        Args:
            operation: what is done.
            tries: how many steps are tried for each fault; all where None.

        Yields:
            What was lost or untrue, for each try.
        """
        well = self._well(operation)
        for fault in FAULTS.values():
            numbers = range(1, 1 + sum(kind in fault.kinds for kind in well.steps))
            for number in self._some(numbers, tries):
                yield self._nth(operation, fault, number, well)

    def two_at_once(self, first: Operation, second: Operation, tries: int | None = None) -> Iterator[list[Trouble]]:
        """Holds an operation before each of its changes, or before some, while another one is done.

        Yields:
            What was lost or untrue, for each try.
        """
        outcome = self._in_turn(second, first)
        orders = [self._in_turn(first, second), (outcome[1], outcome[0], outcome[2])]
        # One may also refuse, because of the other.
        orders += [(False, True, self._well(second).after.seen), (True, False, self._well(first).after.seen)]
        changes = sum(kind in CHANGES for kind in self._well(first).steps)
        for number in self._some(range(1, 1 + changes), tries):
            yield self._interleaved(first, second, number, orders)

    def _some(self, numbers: Sequence[int], tries: int | None) -> Sequence[int]:
        return numbers if tries is None or tries >= len(numbers) else sorted(self._random.sample(numbers, tries))

    def _begin_anew(self) -> None:
        for folder in (self._place, self._copy):
            shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self._template, self._place)

    def _well(self, operation: Operation) -> _Well:
        """Does an operation with nothing going wrong, once."""
        if operation not in self._wells:
            self._wells[operation] = self._do_well(operation)
        return self._wells[operation]

    def _do_well(self, operation: Operation) -> _Well:
        def work(line: Connection) -> None:
            library.use(self._place)
            opened = operation.ready(self._place)
            shutil.copytree(self._place, self._copy)
            steps: list[str] = []
            watch(self._place, lambda kind, _: steps.append(kind))
            line.send((_do(operation, opened), tuple(steps)))

        self._begin_anew()
        with forked(work) as child:
            said, steps = child.hear()
        if not said.done:
            raise RuntimeError(f"{operation.name} cannot be done at all: {said.words}")
        before, after = ask(lambda: [library.look(folder) for folder in (self._copy, self._place)])
        return _Well(before, after, said.value, steps)

    def _nth(self, operation: Operation, fault: Fault, number: int, well: _Well) -> list[Trouble]:
        """Does an operation with a step going wrong, and once more where it is not said to be done."""

        def work(line: Connection) -> None:
            library.use(self._place)
            opened = operation.ready(self._place)
            meeting = Nth(fault, number, lambda kind, path: line.send(_Hit(kind, path)))
            watch(self._place, meeting)
            said = _do(operation, opened)
            meeting.heal()
            line.send(said)
            shutil.copytree(self._place, self._copy)
            line.send(None if said.done else _do(operation, opened))

        self._begin_anew()
        hit = _Hit("nothing", "")
        try:
            with forked(work) as child:
                said = child.hear()
                if isinstance(said, _Hit):
                    hit, said = said, child.hear()
                again = child.hear() if said else None
            if said is None:  # it was killed
                said = _Said(None)
                shutil.copytree(self._place, self._copy)
                again = None if operation.session else ask(lambda: _open_and_do(operation, self._place))
            found, final = ask(lambda: [library.look(folder) for folder in (self._copy, self._place)])
            texts = _judge(operation, well, said, hit, found)
            if said.done is None and fault.error:
                texts.append("the process ended without a word")
            begun = found.seen == well.before.seen or operation.partly(well.before.seen, well.after.seen, found.seen)
            if again is not None and begun and found.seen != well.after.seen:
                texts += _judge_again(operation, well, again, final)
        except TimeoutError:
            texts = [f"it hangs for {LONGEST} s"]
        step = self._short(f"{hit.kind} {hit.path}")
        return [Trouble(operation.name, fault.name, number, step, self._short(text)) for text in texts]

    def _in_turn(self, first: Operation, second: Operation) -> _Outcome:
        """Does one operation after the other, once."""
        if (first, second) not in self._in_turns:
            self._begin_anew()
            done = [ask(lambda one=one: _open_and_do(one, self._place)).done for one in (first, second)]
            self._in_turns[first, second] = done[0], done[1], ask(lambda: library.look(self._place)).seen
        return self._in_turns[first, second]

    def _interleaved(
        self, first: Operation, second: Operation, number: int, orders: Sequence[_Outcome]
    ) -> list[Trouble]:
        def work(line: Connection, operation: Operation, before: Any) -> None:
            library.use(self._place)
            try:
                opened = operation.ready(self._place)
            except (StudioError, OSError) as error:
                line.send(_Said(False, explain(error)))
                return
            line.send("ready")
            line.recv()
            watch(self._place, before)
            line.send(_do(operation, opened))

        def first_work(line: Connection) -> None:
            count = 0

            def hold(kind: str, path: str) -> None:
                nonlocal count
                count += kind in CHANGES
                if kind in CHANGES and count == number:
                    line.send(_Hit(kind, path))
                    line.recv()

            work(line, first, hold)

        def second_work(line: Connection) -> None:
            work(line, second, lambda *_: None)

        self._begin_anew()
        hit = None
        try:
            with forked(first_work) as one, forked(second_work) as other:
                said = [one.hear(), other.hear()]
                if said[0] == "ready":
                    one.go_on()
                    said[0] = hit = one.hear()
                if said[1] == "ready":
                    other.go_on()
                    try:
                        said[1] = other.hear(ENGINE_PATIENCE if first.engine or second.engine else PATIENCE)
                    except TimeoutError:
                        said[1] = None
                if isinstance(hit, _Hit):
                    one.go_on()
                    said[0] = one.hear()
                said[1] = said[1] or other.hear()
            seen = ask(lambda: library.look(self._place)).seen
            if None in said:
                texts = ["a process ended without a word"]
            else:
                in_parts = (first.has_parts and not said[0].done) or (second.has_parts and not said[1].done)
                texts = _judge_two(said[0], said[1], seen, orders, in_parts)
        except TimeoutError:
            texts = [f"they hang for {LONGEST} s"]
        names = f"{first.name} with {second.name}"
        step = self._short(f"{hit.kind} {hit.path}") if isinstance(hit, _Hit) else ""
        return [Trouble(names, "held", number, step, self._short(text)) for text in texts]

    def _short(self, text: str) -> str:
        """A text without what is another each time: where the library lies, and the ends of temporary names."""
        return _TEMPORARY.sub(r"\1…", text.replace(f"{self._place}/", ""))


def _import_all(engine: bool) -> None:
    """Imports what operations import when they are done: once, instead of each time."""
    Image.init()
    for name in (
        "PIL.ImageOps",
        "cnnstudio.data.folders.load",
        "cnnstudio.gui.controls.saving",
        "cnnstudio.gui.settings",
        "filelock",
        "netrc",
        "numpy.ma",
        "pi_heif",
        "requests",
        "simplejpeg",
    ):
        import_module(name)
    if engine:
        import_keras()
        import_module("tensorflow")
        import_module("cnnstudio.cli.app")
        import_module("cnnstudio.training.trainer")


def _serve(line: Connection) -> None:
    with running() as server:
        for name in ("a.bin", "b.bin"):
            server.serve(f"/{name}", normal(BODY))
        line.send(server.address)
        line.recv()


def _do(operation: Operation, opened: Any) -> _Said:
    try:
        value = operation.do(opened)
    except (StudioError, OSError) as error:
        return _Said(False, explain(error))
    except Exception:  # noqa: BLE001 - a user would be told so
        return _Said(False, f"Something went wrong: {traceback.format_exc()}")
    return _Said(True, value=value if isinstance(value, str | tuple) else None)


def _open_and_do(operation: Operation, place: Path) -> _Said:
    library.use(place)
    try:
        return _do(operation, operation.ready(place))
    except (StudioError, OSError) as error:
        return _Said(False, explain(error))


def _judge(operation: Operation, well: _Well, said: _Said, hit: _Hit, found: Found) -> list[str]:
    """What is untrue or lost after something went wrong."""
    before, after = well.before, well.after
    texts = []
    if "Something went wrong" in said.words:
        texts.append(f"no sentence for it: {said.words.strip().splitlines()[-1]}")
    as_before, as_after = found.seen == before.seen, found.seen == after.seen
    partly = operation.partly(before.seen, after.seen, found.seen)
    if said.done and not as_after:
        texts.append(f"said to be done, but {_difference(after.seen, found.seen)}")
    elif said.done and said.value != well.value:
        texts.append("said to be done, but its result is another")
    elif said.done is False and not (as_before or partly):
        what = "is done" if as_after else f"left it half done: {_difference(before.seen, found.seen)}"
        texts.append(f"said to have failed, but {what} (“{said.words}”)")
    elif said.done is None and not (
        as_before or as_after or partly or operation.cut(before.seen, after.seen, found.seen)
    ):
        texts.append(f"half done: {_difference(before.seen, found.seen)}")
    kept = {path for path, digest in before.files.items() if after.files.get(path) == digest}
    lost = sorted(path for path in kept if found.files.get(path) != before.files[path])
    if lost:
        texts.append(f"lost: {', '.join(lost)}")
    if said.done is False and as_before and not as_after:
        more = sorted(found.files.keys() - before.files.keys())
        if more:
            texts.append(f"left behind: {', '.join(more)} (“{said.words}”)")
    if said.done is not None and hit.kind not in REMOVALS and found.left - before.left:
        texts.append(f"left behind, hidden: {', '.join(sorted(found.left - before.left))}")
    return texts


def _judge_again(operation: Operation, well: _Well, again: _Said, final: Found) -> list[str]:
    """What is wrong with doing it once more, where it was not done the first time."""
    if not again.done:
        return [f"the second time it fails, too: {again.words.strip().splitlines()[-1]}"]
    if not operation.complete(well.before.seen, well.after.seen, final.seen):
        return [f"the second time it is said to be done, but {_difference(well.after.seen, final.seen)}"]
    if again.value != well.value:
        return ["the second time its result is another"]
    return []


def _judge_two(one: _Said, other: _Said, seen: Seen, orders: Sequence[_Outcome], in_parts: bool) -> list[str]:
    """What is untrue or lost after two operations at once, one of which may have been done in part."""
    texts = [f"no sentence for it: {said.words}" for said in (one, other) if "Something went wrong" in said.words]
    few, many = orders[0][2], orders[1][2]
    partly = in_parts and (_is_between(few, seen, many) or _is_between(many, seen, few))
    if (one.done, other.done, seen) not in orders and not partly:
        said = ", ".join("done" if said.done else f"failed (“{said.words.strip()}”)" for said in (one, other))
        as_said = [order[2] for order in orders if order[:2] == (one.done, other.done)] or [orders[0][2]]
        texts.append(f"as in no order: {said}; {' / or '.join(_difference(wanted, seen) for wanted in as_said)}")
    return texts


def _is_between(few: Seen, found: Seen, many: Seen) -> bool:
    """Whether of each list there is as much as in the one library, at least, and as in the other, at most."""

    def fits(low: Any, value: Any, high: Any) -> bool:
        return value in (low, high) or (isinstance(value, list) and set(low) <= set(value) <= set(high))

    return few.keys() == found.keys() == many.keys() and all(fits(few[key], found[key], many[key]) for key in found)


def _difference(wanted: Seen, found: Seen) -> str:
    """In what something differs from what it should be."""
    parts = [
        *(f"{' '.join(key)} is missing" for key in wanted.keys() - found.keys()),
        *(f"there is {' '.join(key)}" for key in found.keys() - wanted.keys()),
        *(f"{' '.join(key)} is another" for key in wanted.keys() & found.keys() if wanted[key] != found[key]),
    ]
    return ", ".join(sorted(parts)) or "nothing differs"
