"""`cnnstudio doctor`: whether everything that CNN Studio needs is there, and what to do where it is not."""

from collections import Counter
from dataclasses import asdict
from itertools import groupby
from operator import attrgetter

from rich.text import Text

from cnnstudio.cli.checks import CHECKS, Check, State
from cnnstudio.cli.console import engine_at_work, messages, print_json, results
from cnnstudio.cli.options import JsonOption

STYLES: dict[State, str] = {"ok": "green", "warning": "yellow", "problem": "bold red"}


def doctor(as_json: JsonOption = False) -> int:
    """Check the installation: versions, devices, folders, screen."""
    found: dict[str, list[Check]] = {}
    console = messages()
    with engine_at_work():
        for title, look in CHECKS.items():
            with console.status(f"{title} …"):
                found[title] = list(look())
    counts = Counter(check.state for checks in found.values() for check in checks)
    if as_json:
        print_json(
            {
                "problems": counts["problem"],
                "warnings": counts["warning"],
                "checks": [{"group": title, **asdict(check)} for title, checks in found.items() for check in checks],
            }
        )
    else:
        _print_report(found, counts)
    return 1 if counts["problem"] else 0


def _print_report(found: dict[str, list[Check]], counts: Counter[State]) -> None:
    console = results()
    for title, checks in found.items():
        console.print(title, style="bold")
        # What helps against several things at once is said once, after the last of them.
        for remedy, alike in groupby(checks, key=attrgetter("remedy")):
            for check in alike:
                state = (f"  {check.state:8}", STYLES[check.state])
                console.print(Text.assemble(state, f" {check.name}: {check.text}"), soft_wrap=True)
            if remedy:
                console.print(Text(f"           To do: {remedy}"), soft_wrap=True)
    print()
    if counts["problem"] or counts["warning"]:
        print(f"Problems: {counts['problem']}. Warnings: {counts['warning']}.")
    else:
        print("Everything is in order.")
