"""Nothing is lost: every operation that writes, with each of its file operations going wrong, and beside every other.

`python -m tests.benchmarks.faults` tries all, which takes hours, or some operations alone; see `--help`.
"""

import argparse
import sys
import time
from collections.abc import Iterator

from tests.benchmarks import Measurement, Skipped
from tests.faults.driver import Trouble, Workshop
from tests.faults.operations import OPERATIONS, Operation

SOME = 4
"""Steps that the benchmark tries of each operation and fault; all would take hours."""


def faults() -> list[Measurement]:
    """How much was lost or untrue, beside how often it could have been."""
    if not sys.platform.startswith("linux"):
        raise Skipped("it forks processes in which TensorFlow was imported, which works on Linux")
    every = list(OPERATIONS.values())
    alone = try_all(every, tries=SOME, pairs=False)
    at_once = try_all([operation for operation in every if not operation.engine], tries=1, nth=False)
    tried, lost = (sum(counts) for counts in zip(alone, at_once, strict=True))
    return [Measurement("faults", lost, "lost", "faults tried", tried)]


def try_all(
    operations: list[Operation], seed: int = 0, tries: int | None = None, nth: bool = True, pairs: bool = True
) -> tuple[int, int]:
    """Tries operations, prints what was lost or untrue, and returns how much was tried and lost."""
    tried = lost = 0
    with Workshop(any(operation.engine for operation in operations), seed) as workshop:
        for name, results in _trials(workshop, operations, tries, nth, pairs):
            since, before = time.monotonic(), (tried, lost)
            found: list[Trouble] = []
            for troubles in results:
                tried += 1
                lost += bool(troubles)
                found += troubles
            _report(found)
            print(
                f"{name}: {tried - before[0]:,} tried, {lost - before[1]:,} lost, {time.monotonic() - since:.0f} s",
                file=sys.stderr,
                flush=True,
            )
    return tried, lost


def _trials(
    workshop: Workshop, operations: list[Operation], tries: int | None, nth: bool, pairs: bool
) -> Iterator[tuple[str, Iterator[list[Trouble]]]]:
    if nth:
        for operation in operations:
            yield operation.name, workshop.every_nth(operation, tries)
    if pairs:
        together = [operation for operation in operations if not operation.session]
        for first in together:
            for second in together:
                yield f"{first.name} with {second.name}", workshop.two_at_once(first, second, tries)


def _report(found: list[Trouble]) -> None:
    """Prints a line for each thing that happened, with all steps at which it did."""
    steps: dict[tuple[str, str, str], list[str]] = {}
    for one in found:
        steps.setdefault((one.operation, one.fault, one.text), []).append(f"{one.number} {one.step}")
    for (operation, fault, text), places in steps.items():
        print(f"{operation}, {fault} at {', '.join(places)}: {text}", file=sys.stderr, flush=True)


def main(arguments: list[str] | None = None) -> int:
    """Tries what is named, or all."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.faults", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="OPERATION", help=f"one of: {', '.join(OPERATIONS)}; all where none"
    )
    parser.add_argument(
        "--tries", type=int, metavar="N", help="try N steps of each, chosen by the seed, instead of all"
    )
    parser.add_argument("--seed", type=int, default=0, help="which steps --tries chooses")
    parser.add_argument("--light", action="store_true", help="leave out what needs TensorFlow")
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--nth", action="store_true", help="only one operation at a time")
    only.add_argument("--pairs", action="store_true", help="only two operations at once")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.names if name not in OPERATIONS]
    if unknown:
        parser.error(f"there is no operation {', '.join(unknown)}; there are: {', '.join(OPERATIONS)}")
    operations = [OPERATIONS[name] for name in options.names or OPERATIONS]
    if options.light:
        operations = [operation for operation in operations if not operation.engine]
    tried, lost = try_all(operations, options.seed, options.tries, nth=not options.pairs, pairs=not options.nth)
    print(f"{len(operations)} operations, {tried:,} faults tried, {lost:,} lost")
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
