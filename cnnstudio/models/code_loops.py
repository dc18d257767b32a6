"""Statements that make layers, with loops for blocks that repeat."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from cnnstudio.models.python_text import INDENT, call, literal

_COUNTERS = frozenset({"block", "cell", "group", "layer", "level", "module", "stage", "unit"})
"""Words before a number in layers' names that a loop's variable may be called by."""

_LONGEST_BLOCK = 80
"""Layers in a repeated block, at most."""


@dataclass(frozen=True)
class Statement:
    """One layer, made and called.

    Attributes:
        target: the variable that takes its output.
        layer: what makes it, such as `layers.Conv2D`.
        arguments: as text, without the name.
        name: of the layer; empty where it is made without.
        tail: the call on its inputs, as text.
    """

    target: str
    layer: str
    arguments: tuple[str, ...]
    name: str
    tail: str

    @property
    def shape(self) -> tuple[str, str, tuple[str, ...], str]:
        """All but the name."""
        return self.target, self.layer, self.arguments, self.tail

    def lines(self, indent: str = "", name: str | None = None) -> list[str]:
        """Its lines.

        Args:
            indent: before each.
            name: the text of the name, where it is not the name itself.
        """
        names = (f"name={name or literal(self.name)}",) if self.name else ()
        return call(f"{self.target} = ", self.layer, (*self.arguments, *names), self.tail, indent)


def with_loops(statements: Sequence[Statement], indent: str = "") -> list[str]:
    """The lines of statements; a block that repeats, with a number in its names that counts, becomes a loop."""
    lines: list[str] = []
    place = 0
    while place < len(statements):
        loop = _longest_loop(statements, place)
        if loop is None:
            lines += statements[place].lines(indent)
            place += 1
        else:
            lines += loop.lines(indent)
            place += len(loop.names) * loop.times
    return lines


@dataclass(frozen=True)
class _Loop:
    """A block that repeats.

    Attributes:
        statements: of its first round.
        names: for each of them the text before and after the number that counts the rounds.
        first: that number in the first round.
        times: how many rounds.
    """

    statements: tuple[Statement, ...]
    names: tuple[tuple[str, str], ...]
    first: int
    times: int

    @property
    def saved(self) -> int:
        """Statements that need not be written."""
        return (self.times - 1) * len(self.statements)

    def lines(self, indent: str) -> list[str]:
        """Its lines."""
        words = {re.split(r"[^a-zA-Z]", before.rstrip("_-. "))[-1].lower() for before, _ in self.names}
        word = words.pop() if len(words) == 1 else ""
        variable = (
            word if word.isalpha() and word not in {"x", "y", "z", "w", "lambda", "in", "is", "for"} else "number"
        )
        lines = [f"{indent}for {variable} in range({self.first}, {self.first + self.times}):"]
        for statement, (before, after) in zip(self.statements, self.names, strict=True):
            lines += statement.lines(indent + INDENT, f'f"{before}{{{variable}}}{after}"')
        return lines


_COUNTED = re.compile(r"[A-Za-z0-9_.-]+")
"""Names that may stand in an f-string as they are."""


def _longest_loop(statements: Sequence[Statement], place: int) -> _Loop | None:
    """The loop that begins here and saves most; None where none saves much."""
    longest = min(_LONGEST_BLOCK, (len(statements) - place) // 2)
    loops = (_loop(statements, place, length) for length in range(1, longest + 1))
    return max((loop for loop in loops if loop and loop.saved >= 4), key=lambda loop: loop.saved, default=None)


def _loop(statements: Sequence[Statement], place: int, length: int) -> _Loop | None:
    first = statements[place : place + length]
    second = statements[place + length : place + 2 * length]
    if any(one.shape != two.shape for one, two in zip(first, second, strict=True)):
        return None
    names = [_counted(one.name, two.name) for one, two in zip(first, second, strict=True)]
    if any(name is None or name[1] != names[0][1] for name in names if names[0]) or names[0] is None:
        return None
    start = names[0][1]
    parts = tuple((before, after) for before, _, after in filter(None, names))
    times = 2
    while _is_round(statements[place + times * length :][:length], first, parts, start + times):
        times += 1
    return _Loop(tuple(first), parts, start, times)


def _is_round(
    statements: Sequence[Statement], first: Sequence[Statement], parts: Sequence[tuple[str, str]], number: int
) -> bool:
    expected = [
        replace(one, name=f"{before}{number}{after}") for one, (before, after) in zip(first, parts, strict=True)
    ]
    return list(statements) == expected


def _counted(one: str, two: str) -> tuple[str, int, str] | None:
    """What stands before the number in which two names differ by one, the first number, and what stands after."""
    ones, twos = (re.split(r"(\d+)", name) for name in (one, two))
    differing = [place for place, (a, b) in enumerate(zip(ones, twos, strict=False)) if a != b]
    if len(ones) != len(twos) or len(differing) != 1 or differing[0] % 2 == 0 or not _COUNTED.fullmatch(one):
        return None
    place = differing[0]
    number = int(ones[place])
    if ones[place] != str(number) or twos[place] != str(number + 1):
        return None
    return "".join(ones[:place]), number, "".join(ones[place + 1 :])
