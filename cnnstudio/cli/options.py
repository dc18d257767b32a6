"""Options and arguments that several commands share, and options whose choices are a table."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from cnnstudio.cli.failures import WrongUseError

JsonOption = Annotated[bool, typer.Option("--json", help="Write one JSON document to stdout.")]
ModelArgument = Annotated[
    str, typer.Argument(metavar="MODEL", help="A shipped model's name, a run's name, or a path.", show_default=False)
]


def choice(text: str, table: Mapping[str, Any], noun: str) -> Any:
    """An option whose value must be a key of a table.

    Args:
        text: its help; the choices are added.
        table: the choices, by what is typed.
        noun: what they are called, for the message.
    """

    def check(value: str | None) -> str | None:
        if value is not None and value not in table:
            raise WrongUseError(f"There is no {noun} “{value}”: choose one of {', '.join(table)}.")
        return value

    return typer.Option(metavar="NAME", callback=check, help=f"{text}: {', '.join(table)}.")
