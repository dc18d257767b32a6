"""`cnnstudio lesson`: the lessons, and the window at one of them."""

from typing import Annotated

import typer

from cnnstudio.cli.console import complain, new_table, print_json, results
from cnnstudio.cli.failures import wrong_use
from cnnstudio.cli.options import JsonOption
from cnnstudio.lab.lessons import ONLY, OPEN, find_lesson, list_lessons


def lesson(
    context: typer.Context,
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME|FILE]", help="The lesson to open; without one, all are listed.", show_default=False
        ),
    ] = None,
    only: Annotated[bool, typer.Option(ONLY, help="Leave out the other pages and lessons.")] = False,
    as_json: JsonOption = False,
) -> int:
    """Open the window at a lesson, or list the lessons."""
    if name is not None:
        with wrong_use(unless=name.endswith(".md")):
            find_lesson(name)  # what is wrong with it is said here
        return int(context.obj([OPEN, name, *([ONLY] if only else [])]))
    lessons, problems = list_lessons()
    for problem in problems:
        complain(problem)
    if as_json:
        print_json([{"name": one.name, "title": one.title, "path": str(one.path)} for one in lessons])
        return 0
    table = new_table("name", "title", "steps")
    for one in lessons:
        table.add_row(one.name, one.title, str(len(one.steps)))
    results().print(table)
    return 0
