"""What the operating system's errors are called, and that no other words for them reach the user."""

import ast
import builtins
import errno
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import cnnstudio
from cnnstudio.errors import REASONS, StudioError, explain, is_full, reason

SOURCES = sorted(Path(cnnstudio.__file__).parent.rglob("*.py"))
SYSTEM_ERRORS = {
    name for name, value in vars(builtins).items() if isinstance(value, type) and issubclass(value, OSError)
}


def system_error(number: int) -> OSError:
    return OSError(number, "Auf dem Gerät ist kein Speicherplatz mehr verfügbar", "/a/b")


@pytest.mark.parametrize("name", [name for name in REASONS if hasattr(errno, name)])
def test_every_reason_ends_a_sentence(name: str) -> None:
    said = reason(system_error(getattr(errno, name)))
    assert said in REASONS.values()
    assert re.fullmatch(r"[a-z][^.]*[a-z]", said)


@pytest.mark.parametrize("number", [*set(errno.errorcode), 99999, -2])
def test_no_error_is_told_in_the_systems_words(number: int) -> None:
    error = system_error(number)
    name = errno.errorcode.get(number, str(number))
    assert reason(error) == REASONS.get(name, f"the system reports the error {name}")
    assert explain(error) == f"/a/b cannot be used: {reason(error)}."


def test_what_another_program_holds_on_windows() -> None:
    error = PermissionError(errno.EACCES, "Der Prozess kann nicht auf die Datei zugreifen")
    error.winerror = 32
    assert reason(error) == "it is in use by another program"


def test_other_errors_speak_for_themselves() -> None:
    assert reason(OSError("cannot identify image file")) == "cannot identify image file"
    assert reason(ValueError("bad magic number")) == "bad magic number"
    assert reason(MemoryError()) == "MemoryError"
    assert explain(StudioError("The canvas is empty.")) == "The canvas is empty."
    assert explain(OSError(errno.ENOSPC, "?")) == "The system cannot do this: the disk is full."
    assert explain(OSError(errno.EIO, "?", b"\xff")).endswith(" cannot be used: the disk reports an error.")
    explain(OSError(errno.EIO, "?", "\udcff\ud800")).encode()


def test_a_full_disk_is_known() -> None:
    assert is_full(system_error(errno.ENOSPC))
    assert not is_full(system_error(errno.EROFS))
    assert not is_full(OSError("no number"))


def names_of(type_of_error: ast.expr | None) -> set[str]:
    return {node.id for node in ast.walk(type_of_error) if isinstance(node, ast.Name)} if type_of_error else set()


def said_raw(tree: ast.AST) -> Iterator[int]:
    """Lines that put an error of the system into a text, or take the system's words from it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr == "strerror":
            yield node.lineno
        caught: dict[str | None, list[ast.stmt]] = {}
        if isinstance(node, ast.ExceptHandler) and names_of(node.type) & SYSTEM_ERRORS:
            caught[node.name] = node.body
        if isinstance(node, ast.FunctionDef):
            for argument in node.args.args:
                if names_of(argument.annotation) & SYSTEM_ERRORS:
                    caught[argument.arg] = node.body
        for name, body in caught.items():
            for part in (part for statement in body for part in ast.walk(statement)):
                if isinstance(part, ast.FormattedValue):
                    said: list[ast.expr] = [part.value]
                elif isinstance(part, ast.Call) and isinstance(part.func, ast.Name) and part.func.id == "str":
                    said = part.args
                else:
                    continue
                if any(isinstance(value, ast.Name) and value.id == name for value in said):
                    yield part.lineno


def test_the_systems_words_are_taken_from_nowhere() -> None:
    sources = {path: path.read_text(encoding="utf-8") for path in SOURCES}
    caught = re.compile("|".join(("strerror", *SYSTEM_ERRORS)))
    found = {
        str(path): lines
        for path, text in sources.items()
        if caught.search(text) and (lines := list(said_raw(ast.parse(text))))
    }
    assert not found


@pytest.mark.parametrize(
    "source",
    [
        "def f(error): return error.strerror",
        "try: g()\nexcept (ValueError, FileNotFoundError) as e: print(f'no: {e}')",
        "try: g()\nexcept OSError as e: print(str(e))",
        "def f(e: OSError): return f'{e}'",
    ],
)
def test_such_words_would_be_found(source: str) -> None:
    assert list(said_raw(ast.parse(source)))
