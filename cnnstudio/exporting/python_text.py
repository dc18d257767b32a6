"""Values as the text of a Python program, laid out as the common formatters do."""

import json
from collections.abc import Sequence
from typing import Any

LINE = 88
"""Characters in a line, as Black and Ruff have it."""

INDENT = "    "


def literal(value: Any) -> str:
    """A value of JSON's kinds as Python writes it; lists as tuples.

    Whatever a text holds, it stays one text: it ends no line and no quotation.

    Args:
        value: None, a text, a number, a truth value, or lists of these.
    """
    if isinstance(value, str):
        plain = '"' not in value or "'" in value
        return json.dumps(value, ensure_ascii=not value.isprintable()) if plain else repr(value)
    if isinstance(value, float):
        return number(value)
    if isinstance(value, list | tuple):
        inside = ", ".join(map(literal, value))
        return f"({inside},)" if len(value) == 1 else f"({inside})"
    return repr(value)


def number(value: float) -> str:
    """A number as a person would write it: 1 / 255 rather than 0.00392156862745098, 1e-4 rather than 0.0001.

    The text stands for exactly this number.
    """
    shortest = repr(value)
    if value == 0 or len(shortest) <= 8:
        return f"{value:.0e}".replace("e-0", "e-") if shortest in {"0.0001", "0.0005", "0.0002"} else shortest
    for divisor in (round(1 / value), round(1 / value, 1)):
        if 0 < abs(divisor) < 10_000 and 1 / divisor == value:
            return f"1 / {divisor:g}"
    return shortest


def assignment(name: str, text: str) -> list[str]:
    """The lines that give a name to a value, in brackets where only so they fit.

    Args:
        name: of the variable.
        text: the value, which cannot be broken.
    """
    if len(f"{name} = {text}") <= LINE or len(f"{INDENT}{text}") > LINE:
        return [f"{name} = {text}"]
    return [f"{name} = (", f"{INDENT}{text}", ")"]


def call(target: str, function: str, arguments: Sequence[str], tail: str = "") -> list[str]:
    """The lines of a call, on one line where it fits, else with the arguments on a line or on lines of their own.

    Args:
        target: what stands before it, such as `x = `.
        function: what is called.
        arguments: as text.
        tail: what it is called with in turn, such as `(x)`; empty where it is not.
    """
    start, inside = f"{target}{function}(", ", ".join(arguments)
    whole = f"{start}{inside}){tail}"
    if len(whole) <= LINE or not arguments:
        return [whole]
    if tail and len(f"{start}{inside})(") <= LINE:
        return [f"{start}{inside})(", f"{INDENT}{tail[1:-1]}", ")"]
    if len(f"{INDENT}{inside}") <= LINE:
        return [start, f"{INDENT}{inside}", f"){tail}"]
    return [start, *(f"{INDENT}{argument}," for argument in arguments), f"){tail}"]
