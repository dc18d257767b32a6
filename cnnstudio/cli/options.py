"""Options and arguments that several commands share, and options whose choices are a table."""

from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any

import typer

from cnnstudio.cli.failures import WrongUseError

JsonOption = Annotated[bool, typer.Option("--json", help="Write one JSON document to stdout.")]
ModelArgument = Annotated[
    str, typer.Argument(metavar="MODEL", help="A shipped model's name, a run's name, or a path.", show_default=False)
]


def one_of(table: Mapping[str, Any], noun: str) -> Callable[[str | None], str | None]:
    """A callback for `typer.Option` that lets only the keys of `table` pass.

    Args:
        table: the choices, by what is typed.
        noun: what they are called, for the message.
    """

    def check(value: str | None) -> str | None:
        if value is not None and value not in table:
            raise WrongUseError(f"There is no {noun} “{value}”: choose one of {', '.join(table)}.")
        return value

    return check


def choices_help(text: str, table: Iterable[str]) -> str:
    """The help text of an option with the choices of a table."""
    return f"{text}: {', '.join(table)}."
