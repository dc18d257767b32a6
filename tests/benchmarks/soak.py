"""Long use: a monkey in the real window, and what is left of it in memory, in objects, in threads and in time.

`python -m tests.benchmarks.soak --minutes 30 --seed 7` lets it run as long as that, on a virtual screen. The monkey
acts for a while, then comes home, to a state that it left before, where all that grows by itself is counted. What is
counted after the first minutes is compared: what there is more of at each visit leaks. Meanwhile a timer notes every
gap in which the event loop did not turn, and a thread notes where the window's thread stood.
"""

import argparse
import ctypes
import faulthandler
import gc
import json
import logging
import multiprocessing
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from multiprocessing import resource_tracker
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from tests.benchmarks import Measurement, Skipped

if TYPE_CHECKING:
    from PySide6.QtCore import QObject

TOP = Path(__file__).resolve().parents[2]

MINUTES, WARMING_MINUTES = 10.0, 3.0
ROUND_SECONDS = 25.0
"""Between two visits at home."""

LARGEST = "mobilenetv2"
"""What takes the most memory while it is trained. Python and the C library keep up to 40 MB of that for what comes, the
rest of pages of which something small is still in use."""

GAP, GAP_IN_TRAINING = 0.100, 0.150
"""Seconds that the event loop may stand still, without those in which other programs had the processors."""

MEGABYTES_A_MINUTE, MORE_PYTHON_OBJECTS = 1.0, 1.02
HUNG_SECONDS = 180


def soak(minutes: float = MINUTES, seed: int = 0) -> list[Measurement]:
    """What a monkey leaves behind; the limits, or what there was after the warming up, as peers."""
    from tests.virtual_screen import virtual_screen

    if not sys.platform.startswith("linux"):
        raise Skipped("threads and files are counted in /proc, which only Linux has")
    with tempfile.TemporaryDirectory() as home, virtual_screen("1360x900") as screen:
        report = run(Path(home), screen, "minutes", minutes, seed)
    print(text_of(report), file=sys.stderr)
    first, last = report["first"], report["last"]
    counts = {
        name: Measurement(f"soak_{name}", last[name], "", "after the warming up", first[name])
        for name in ("python_objects", "qobjects", "windows", "threads", "files")
    }
    return [
        Measurement("soak_memory", report["megabytes_a_minute"], "MB/min", "the limit", MEGABYTES_A_MINUTE),
        *counts.values(),
        Measurement("soak_gap", 1000 * report["worst"], "ms", "the limit", 1000 * GAP),
        Measurement("soak_gap_training", 1000 * report["worst_in_training"], "ms", "the limit", 1000 * GAP_IN_TRAINING),
    ]


def run(home: Path, screen: dict[str, str], kind: str, number: float, seed: int = 0) -> dict[str, Any]:
    """Lets a monkey run in a process of its own.

    Args:
        home: an empty folder, outside of which it touches nothing.
        screen: environment variables with the screen for the window.
        kind: "minutes", in which it does what comes to its mind; or "sweeps", in each of which it uses everything once.
        number: of these.
        seed: of what it does.

    Returns:
        What was seen, as of `Soak.report`.
    """
    from tests.monkey import environment

    (home / "tmp").mkdir(parents=True)
    command = [sys.executable, "-m", "tests.benchmarks.soak", "--inside", kind, str(number), str(seed)]
    kept = {name: screen[name] for name in ("DISPLAY", "QT_QPA_PLATFORM") if name in screen}
    # Modules are compiled once, as pip leaves those of an installed program, whatever this process was told.
    # TensorFlow keeps what oneDNN compiles for each new shape of a batch, up to some thousand pieces: several megabytes
    # for each batch size that the monkey types, which would hide what the window itself keeps.
    usual = {"PYTHONDONTWRITEBYTECODE": "", "TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "0"}
    variables = environment(home) | kept | usual | {"TMPDIR": str(home / "tmp")}
    done = subprocess.run(command, cwd=TOP, env=variables, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


@dataclass
class Gap:
    """A time in which the event loop did not turn.

    Attributes:
        seconds: how long it was.
        waited: how much of it the window's thread waited for a processor, which others had, in seconds.
        worked: how much of it the window's thread had a processor, in seconds; the rest it waited for something else.
        collecting: how much of it Python collected garbage, in whatever thread, in seconds.
        garbage: how many objects that were.
        training: whether a training, or other work, was running.
        warming: whether it was before the first visit that counts.
        did: what was done last.
        stood: where the window's thread stood, innermost first, and how often it was seen there.
        beside: where others stood that were not waiting; one that holds the interpreter's lock is among them.
    """

    seconds: float
    waited: float
    worked: float
    collecting: float
    garbage: int
    training: bool
    warming: bool
    did: str
    stood: list[tuple[str, int]]
    beside: list[tuple[str, int]]

    @property
    def own(self) -> float:
        """How long it would have been with a processor free at any time, in seconds."""
        return self.seconds - self.waited

    @property
    def limit(self) -> float:
        """How long it may be, in seconds."""
        return GAP_IN_TRAINING if self.training else GAP


class Watch:
    """Notes every gap of the event loop that is longer than `GAP`, and where the thread stood in it.

    A thread that needs the interpreter's lock to look comes late where the lock is held, but then it gets it where the
    long call ends, before the next line.
    """

    def __init__(self, doing: Callable[[], str], busy: Callable[[], bool]) -> None:
        from PySide6.QtCore import Qt, QTimer

        self.gaps: list[Gap] = []
        self.warming = True
        self._doing, self._busy = doing, busy
        self._thread, self._native = threading.get_ident(), threading.get_native_id()
        self._seen: list[str] = []
        self._beside: list[str] = []
        self._last, self._waited, self._worked = self._now()
        self._collected = self._collecting_since = 0.0
        self._garbage = 0
        self._paused = False
        gc.callbacks.append(self._note_collection)
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self._timer.start(5)
        threading.Thread(target=self._look, name="watch", daemon=True).start()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Looks away, for what the soak itself does; what was before counts."""
        self._tick()
        self._paused = True
        yield
        self._last, self._waited, self._worked = self._now()
        self._paused = False

    def _tick(self) -> None:
        now, waited, worked = self._now()
        seconds, collected = now - self._last, self._collected
        if seconds > GAP and not self._paused and seconds - (waited - self._waited) > GAP:
            gap = Gap(
                seconds,
                waited - self._waited,
                worked - self._worked,
                collected,
                self._garbage,
                self._busy(),
                self.warming,
                self._doing(),
                Counter(self._seen).most_common(3),
                Counter(self._beside).most_common(3),
            )
            self.gaps.append(gap)
            print(text_of_gap(gap), file=sys.stderr, flush=True)
        self._last, self._waited, self._worked = now, waited, worked
        self._collected, self._garbage, self._seen, self._beside = 0.0, 0, [], []

    def _look(self) -> None:
        while True:
            time.sleep(0.02)
            if time.perf_counter() - self._last > GAP / 2:
                for thread, frame in sys._current_frames().items():
                    if thread == self._thread:
                        self._seen.append(_place(frame))
                    elif thread != threading.get_ident() and not _waits(frame):
                        self._beside.append(_place(frame))
                frame = None  # a name would keep it

    def _note_collection(self, phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            self._collecting_since = time.perf_counter()
        else:
            self._collected += time.perf_counter() - self._collecting_since
            self._garbage += info["collected"]

    def _now(self) -> tuple[float, float, float]:
        """The time, and how long the window's thread has waited for a processor and had one, all in seconds."""
        worked, waited, _ = Path(f"/proc/self/task/{self._native}/schedstat").read_text().split()
        return time.perf_counter(), int(waited) / 1e9, int(worked) / 1e9


def _waits(frame: FrameType) -> bool:
    """Whether a thread waits for another one, or for something to do."""
    return frame.f_code.co_name in {"wait", "select", "poll", "accept", "_recv", "get", "_worker", "let_go"}


def _place(frame: FrameType | None) -> str:
    """The innermost lines of a frame, without those of Qt's loop and of the soak."""
    lines = []
    while frame is not None and len(lines) < 6:
        file = frame.f_code.co_filename
        if not file.endswith(("benchmarks/soak.py", "runpy>")):
            short = re.sub(r".*/(site-packages|python3\.\d+|(?=cnnstudio/|tests/))", "", file)
            lines.append(f"{short}:{frame.f_lineno} {frame.f_code.co_name}")
        frame = frame.f_back
    return " < ".join(lines) or "Qt's event loop"


@dataclass
class Census:
    """What there was at a visit.

    Attributes:
        minute: when.
        memory: of the process, resident, in bytes.
        python: Python objects that the collector knows, by their class.
        qobjects: objects of Qt, by their class and their place in the tree.
        windows: top-level widgets, by their class.
        threads: threads of the process, by their name.
        files: open file handles, by what they are.
    """

    minute: float
    memory: int
    python: Counter[str]
    qobjects: Counter[str]
    windows: Counter[str]
    threads: Counter[str]
    files: Counter[str]

    def __str__(self) -> str:
        return (
            f"{self.memory / 1e6:,.0f} MB, {self.python.total():,} Python objects, {self.qobjects.total():,} QObjects, "
            f"{self.windows.total()} windows, {self.threads.total()} threads, {self.files.total()} files"
        )


def take_census(minute: float) -> Census:
    """Counts, once what is garbage is gone, also memory that the C library keeps for what comes."""
    gc.collect()
    with suppress(OSError, AttributeError):  # another C library than that of GNU
        ctypes.CDLL(None).malloc_trim(0)
    return Census(minute, _memory(), _python_objects(), _qobjects(), _windows(), _threads(), _files())


def _memory() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _python_objects() -> Counter[str]:
    """By their class; those that were put aside when TensorFlow was loaded cannot be told apart."""
    # The same name is one object at all visits, here and below: the soak is not to grow by what it has counted.
    found = Counter(sys.intern(f"{type(one).__module__}.{type(one).__qualname__}") for one in gc.get_objects())
    found["put aside"] = gc.get_freeze_count()
    return found


def _windows() -> Counter[str]:
    from PySide6.QtWidgets import QApplication

    def owners(one: "QObject | None") -> Iterator[str]:
        while one is not None:
            yield f"{type(one).__name__} {one.objectName()}".strip()
            one = one.parent()

    return Counter(" of ".join(owners(one)) for one in QApplication.topLevelWidgets())


def _qobjects() -> Counter[str]:
    """All below the application and the windows, and those without a parent that Python knows."""
    from PySide6.QtCore import QObject
    from PySide6.QtWidgets import QApplication, QStyle

    found: Counter[str] = Counter()
    roots = {id(one): one for one in (QApplication.instance(), *QApplication.topLevelWidgets()) if one is not None}
    roots |= {id(one): one for one in _known() if QObject.parent(one) is None}  # a model has another `parent`
    for root in roots.values():
        if isinstance(root, QStyle):
            continue  # one for each part of the window that Python has asked for its style
        if not root.isWidgetType() or root.parent() is None:
            _count_below(root, "", found)
    return found


_CURVES = {"ItemSample", "LabelItem", "PlotCurveItem", "PlotDataItem", "QGraphicsTextItem", "ScatterPlotItem"}
"""What charts have more of where they show more curves, as of other explanations."""


def _count_below(one: "QObject", above: str, found: Counter[str]) -> None:
    name = one.objectName()
    kind = type(one).__name__
    if kind == "QObject":  # of a class that Python does not know
        kind = one.metaObject().className()
    if kind.endswith("Gesture") or kind in ("QWindow", "ButtonRows") or kind in _CURVES:
        # One for each area that was touched, one for each list that was open, one for each row that buttons need in a
        # part of the window that was made narrow, some for each curve shown now.
        return
    path = sys.intern(f"{above} › {kind}{f' {name}' if name else ''}")
    found[path] += 1
    for child in one.children():
        _count_below(child, path, found)


def _threads() -> Counter[str]:
    """Those of the process, without those that wait for the next request of a `LatestTask`, which keeps its own."""
    from cnnstudio.gui.task import LatestTask

    names: Counter[str] = Counter()
    for task in Path("/proc/self/task").iterdir():
        try:
            names[(task / "comm").read_text().strip()] += 1
        except OSError:
            continue  # it has just ended
    waiting = sum(
        "gui/task.py" in _place(frame) and " take" in _place(frame) for frame in sys._current_frames().values()
    )
    names[Path("/proc/self/comm").read_text().strip()] -= waiting
    names["waiting without a task"] = max(0, waiting - sum(isinstance(one, LatestTask) for one in _known()))
    return names


def _known() -> list["QObject"]:
    """The objects of Qt that Python knows."""
    from PySide6.QtCore import QObject
    from shiboken6 import Shiboken

    return [one for one in Shiboken.getAllValidWrappers() if isinstance(one, QObject)]


def _files() -> Counter[str]:
    found: Counter[str] = Counter()
    for handle in Path("/proc/self/fd").iterdir():
        try:
            found[re.sub(r"\[\d+\]", "", str(handle.readlink()))] += 1
        except OSError:
            continue  # that of the folder itself
    # Those that lay maps out, `PROCESSES` at most, stay for what is drawn next: a socket and two pipes each. The first
    # one brings Python's own helper with it, which stays for good, at the end of a pipe.
    maps = len(multiprocessing.active_children())
    helper = resource_tracker._resource_tracker._fd is not None
    return found - Counter({"socket:": maps, "pipe:": 2 * maps + helper})


def _tops(more: dict[str, tuple[int, int]]) -> dict[str, tuple[int, int]]:
    """Without what lies in something else that there is more of."""
    return {name: counts for name, counts in more.items() if name.rpartition(" › ")[0] not in more}


def grown(visits: list[Counter[str]]) -> dict[str, tuple[int, int]]:
    """What there is more of at the last visits, two where there were many, than when it was first seen; both numbers.

    Something that is made once, when it is first wanted, is no more than when it was first seen.
    """
    ends = 2 if len(visits) > 2 else 1
    more = {}
    for name in sorted(set().union(*visits)):
        counts = [visit[name] for visit in visits]
        first, last = next((count for count in counts if count), 0), min(counts[-ends:])
        if last > first:
            more[name] = (first, last)
    return more


def slope(minutes: list[float], values: list[float]) -> float:
    """By how much values grow in a minute, by least squares."""
    count = len(minutes)
    mean_minute, mean_value = sum(minutes) / count, sum(values) / count
    spread = sum((minute - mean_minute) ** 2 for minute in minutes)
    products = ((a - mean_minute) * (b - mean_value) for a, b in zip(minutes, values, strict=True))
    return sum(products) / spread if spread else 0.0


class _Errors(logging.Handler):
    """Keeps what the window writes to its log of errors that nobody has caught."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(record.getMessage())
        print(self.texts[-1], file=sys.stderr, flush=True)


class Soak:
    """A monkey in the window of this process.

    Args:
        home: a folder that is its own.
        seed: of what it does.
    """

    def __init__(self, home: Path, seed: int) -> None:
        from cnnstudio.gui.app import create
        from cnnstudio.gui.pages import Page
        from tests.monkey import Monkey, pack, shorten_mnist

        pack(home)
        shorten_mnist()
        self.application, self.window = create(["cnnstudio"])
        self.window.closed.connect(self.application.quit)
        self.errors = _Errors()
        logging.getLogger("cnnstudio").addHandler(self.errors)
        self.monkey = Monkey(self.window, home, seed)
        self.visits: list[Census] = []
        self.begin = time.monotonic()
        self.trainings = 0
        self._page = Page
        self.watch = Watch(lambda: "; ".join(list(self.monkey.did)[-2:]), self.busy)

    @property
    def minute(self) -> float:
        """Minutes since the start."""
        return (time.monotonic() - self.begin) / 60

    def busy(self) -> bool:
        """Whether something runs that closing would interrupt."""
        return any(page.busy for page in self.window.findChildren(self._page))

    def use(self, minutes: float) -> dict[str, Any]:
        """Lets it run for some minutes, of which the first ones warm up."""
        warming = min(WARMING_MINUTES, minutes / 3)

        def steps() -> Iterator[Callable[[], bool]]:
            yield from self.monkey.use_everything()
            yield from self._visit()
            yield from self.monkey.open_networks()
            yield from self._visit()
            yield from self.monkey.train(LARGEST)
            while self.minute < minutes:
                end = time.monotonic() + ROUND_SECONDS
                while time.monotonic() < end:
                    yield from self._act()
                yield from self._visit()
                if self.watch.warming and self.minute >= warming:
                    self.watch.warming = False
                    self.visits = self.visits[-1:]

        return self._go(steps())

    def sweep(self, times: int) -> dict[str, Any]:
        """Lets it use everything some times over: after the first time, there should never be more."""

        def steps() -> Iterator[Callable[[], bool]]:
            for _ in range(times):
                yield from self.monkey.use_everything()
                yield from self._visit()

        return self._go(steps())

    def _act(self) -> Iterator[Callable[[], bool]]:
        from tests.monkey import passed

        with self.watch.paused():  # all widgets are looked at before it decides
            was_busy = self.busy()
            self.monkey.act()
        yield lambda: self.monkey.rests
        yield passed(0.03)
        with self.watch.paused():
            self.trainings += self.busy() and not was_busy

    def _visit(self) -> Iterator[Callable[[], bool]]:
        yield from self.monkey.come_home()
        with self.watch.paused():
            self.visits.append(take_census(self.minute))
        did = f"{self.monkey.actions:,} actions, {self.trainings} trainings"
        print(f"{self.minute:5.1f} min: {did}, {self.visits[-1]}", file=sys.stderr, flush=True)

    def _go(self, steps: Iterator[Callable[[], bool]]) -> dict[str, Any]:
        """Turns the event loop until all steps are done; they go on in the loops of dialogs, too."""
        from PySide6.QtCore import QTimer

        from cnnstudio.gui.log import run_loop

        condition: Callable[[], bool] | None = lambda: bool(self.window.first_paint_time)  # noqa: E731
        alive = 0.0

        def turn() -> None:
            nonlocal condition, alive
            if time.monotonic() - alive > 5:
                alive = time.monotonic()
                faulthandler.dump_traceback_later(HUNG_SECONDS, exit=True)  # needs no turn of Python's
            if condition is not None and condition():
                condition = next(steps, None)
                if condition is None:
                    timer.stop()
                    self.window.quit()

        timer = QTimer()
        timer.timeout.connect(turn)
        timer.start(10)
        run_loop(self.application)
        faulthandler.cancel_dump_traceback_later()
        return self.report()

    def report(self) -> dict[str, Any]:
        """What was seen, for JSON."""
        kinds = ("qobjects", "windows", "threads", "files")
        more = {kind: grown([getattr(visit, kind) for visit in self.visits]) for kind in kinds}
        first, last = self.visits[0], self.visits[-1]
        kinds_of_objects = {name: count - first.python[name] for name, count in last.python.items()}
        totals = {kind: getattr(first, kind).total() for kind in kinds}
        gaps = [gap for gap in self.watch.gaps if not gap.warming]
        return {
            "actions": self.monkey.actions,
            "trainings": self.trainings,
            "minutes": self.minute,
            "errors": self.errors.texts,
            "megabytes_a_minute": slope(
                [visit.minute for visit in self.visits], [visit.memory / 1e6 for visit in self.visits]
            ),
            "first": totals | {"python_objects": first.python.total()},
            "last": {kind: totals[kind] + sum(b - a for a, b in more[kind].values()) for kind in kinds}
            | {"python_objects": last.python.total()},
            "more": {kind: _tops(names) for kind, names in more.items()},
            "more_python_objects": sorted(kinds_of_objects.items(), key=lambda item: -item[1])[:20],
            "worst": max((gap.own for gap in gaps if not gap.training), default=0.0),
            "worst_in_training": max((gap.own for gap in gaps if gap.training), default=0.0),
            "gaps": [asdict(gap) for gap in gaps if gap.own > gap.limit],
        }


def text_of_gap(gap: Gap) -> str:
    """A gap in some lines."""
    beside = " beside a training" if gap.training else ""
    begin = "warming up, " if gap.warming else ""
    lines = [
        f"{begin}gap of {1000 * gap.own:.0f} ms{beside}, and {1000 * gap.waited:.0f} without a processor "
        f"({1000 * gap.worked:.0f} at work, {1000 * gap.collecting:.0f} collecting {gap.garbage:,} pieces of garbage): "
        f"{gap.did}"
    ]
    lines += [f"    {count}× {place}" for place, count in gap.stood]
    return "\n".join([*lines, *(f"    beside, {count}× {place}" for place, count in gap.beside)])


def text_of(report: dict[str, Any]) -> str:
    """What grew, in some lines."""
    lines = [
        f"{report['actions']:,} actions and {report['trainings']} trainings in {report['minutes']:.1f} minutes; "
        f"{len(report['errors'])} errors; {len(report['gaps'])} long gaps"
    ]
    for kind, more in report["more"].items():
        lines += [f"more {kind}: {first} -> {last} {name}" for name, (first, last) in more.items()]
    lines += [f"more Python objects: {count:+,} {name}" for name, count in report["more_python_objects"] if count > 0]
    return "\n".join(lines)


def _inside(how: list[str]) -> dict[str, Any]:
    home = Path(os.environ["HOME"])
    kind, number, seed = how[0], float(how[1]), int(how[2])
    faulthandler.enable()
    soak = Soak(home, seed)
    return soak.use(number) if kind == "minutes" else soak.sweep(round(number))


def main() -> None:
    """Prints what was measured."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=MINUTES, help="10, 30 or 480, for example")
    parser.add_argument("--seed", type=int, default=0, help="another one does other things")
    parser.add_argument("--inside", nargs="*", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        print(json.dumps(_inside(options.inside)), flush=True)
        os._exit(0)  # threads may still be at work; what they hold is of no interest
    for one in soak(options.minutes, options.seed):
        print(f"{one.name:24} {one.value:12,.4g} {one.unit:8} {one.peer}: {one.peer_value:,.4g}")


if __name__ == "__main__":
    main()
