"""Tables and lists as text, in the ways in which programs write them: CSV, lines of words, JSON."""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from cnnstudio.data.folders.names import readable

ENDINGS = (".csv", ".tsv", ".txt", ".json")
"""Of files that may hold a table, in lower case."""

MAX_BYTES = 64 << 20
"""Of a table; one line for each of a million pictures takes less."""

MAX_COLUMNS = 20_000
"""Of a table."""

_MAX_CELL = 100_000
_DELIMITERS = (",", ";", "\t", "|", " ")
_LOOKED_AT = 50
"""Lines by which it is seen what parts the cells."""


@dataclass(frozen=True, eq=False)
class Table:
    """The cells of a table.

    Attributes:
        rows: of text, each with as many cells as the first; the first may be the names of the columns.
        damaged: lines that had more or fewer cells, and were left out.
        names: of the columns, where they are known apart from the rows.
        note: what was odd about the file, in a sentence; empty where nothing was.
    """

    rows: list[list[str]]
    damaged: int = 0
    names: tuple[str, ...] = ()
    note: str = ""


def read_table(name: str, data: bytes) -> Table:
    """Reads a table; nothing in it is run, whatever it says.

    Args:
        name: of the file; its ending says whether it is JSON.
        data: what is in it.

    Raises:
        ValueError: it holds none; the text says why, in the middle of a sentence.
    """
    if len(data) > MAX_BYTES:
        raise ValueError("it is larger than any table of pictures")
    text, note = _decoded(data)
    if not text.strip():
        raise ValueError("it is empty")
    if name.lower().endswith(".json"):
        return _from_json(text)
    delimiter = _delimiter(text, name)
    try:
        csv.field_size_limit(_MAX_CELL)
        lines = [line for line in _lines(text, delimiter) if any(line)]
        if 2 * len(lines) < sum(map(bool, map(str.strip, text.splitlines()))):  # a quotation mark that is never closed
            lines = [line for line in _lines(text.replace('"', ""), delimiter) if any(line)]
    except csv.Error as error:
        raise ValueError(f"it is damaged ({error})") from error
    if not lines:
        raise ValueError("it is empty")
    width = Counter(map(len, lines[:_LOOKED_AT])).most_common(1)[0][0]
    if width > MAX_COLUMNS:
        raise ValueError(f"it has more than {MAX_COLUMNS:,} columns")
    rows = [line for line in lines if len(line) == width]
    return Table(rows, len(lines) - len(rows), note=note)


def _decoded(data: bytes) -> tuple[str, str]:
    """The text of a file, and what was odd about it."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        try:
            return data.decode("utf-16"), ""
        except UnicodeError as error:
            raise ValueError("its text is cut short") from error
    if b"\0" in data:
        raise ValueError("it holds no text")
    try:
        return data.decode("utf-8-sig"), ""
    except UnicodeError:
        # What spreadsheets write in Western Europe; any bytes are text then.
        text = data.decode("cp1252", "replace")
        return text, "is not written in UTF-8: letters with accents may be wrong."


def _lines(text: str, delimiter: str) -> Iterator[list[str]]:
    if delimiter == " ":  # a path may hold blanks, a class after it does not
        for line in text.splitlines():
            yield [cell if cell.isprintable() else readable(cell) for cell in line.strip().rsplit(None, 1)]
    else:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            cells = [cell.strip() for cell in row]
            yield [cell if cell.isprintable() else readable(cell) for cell in cells]


def _delimiter(text: str, name: str) -> str:
    """What parts the cells: what gives most of the first lines the same number of them, two or more."""
    head = text[: 200 * _LOOKED_AT * 10].splitlines()[:_LOOKED_AT]

    def agreement(delimiter: str) -> tuple[int, int]:
        try:
            widths = Counter(len(line) for line in _lines("\n".join(head), delimiter))
        except csv.Error:
            return 0, 0
        wide = [(count, width) for width, count in widths.items() if width > 1]
        return max(wide, default=(0, 0))

    offered = _DELIMITERS if name.lower().endswith(".txt") else _DELIMITERS[:-1]
    best = max(offered, key=lambda delimiter: (2 * agreement(delimiter)[0] >= len(head), agreement(delimiter)))
    return best if agreement(best)[0] else ","


def _from_json(text: str) -> Table:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError("it is no JSON, or is cut short") from error
    table = _of_coco(value) if isinstance(value, dict) and "annotations" in value else _of_records(value)
    if table is None or not table.rows:
        raise ValueError("it holds no list of pictures with their classes")
    return table


def _of_coco(value: dict[str, Any]) -> Table | None:
    """The file and the category of each annotation, as COCO writes them (Lin et al., 2014)."""
    try:
        files = {image["id"]: str(image["file_name"]) for image in value["images"]}
        names = {category["id"]: str(category["name"]) for category in value["categories"]}
        pairs = {
            (files[note["image_id"]], names[note["category_id"]])
            for note in value["annotations"]
            if note.get("image_id") in files and note.get("category_id") in names
        }
    except (LookupError, TypeError, AttributeError):
        return None
    rows = [[readable(file), readable(name)] for file, name in sorted(pairs)]
    return Table(rows, names=("file_name", "category"))


def _of_records(value: Any) -> Table | None:
    """Records with the same keys; or the class by the file, or the files by the class."""
    if isinstance(value, dict) and len(value) == 1 and isinstance(only := next(iter(value.values())), list):
        value = only
    if isinstance(value, list):
        records = [one for one in value if isinstance(one, dict)]
        keys = tuple(dict.fromkeys(key for one in records[:_LOOKED_AT] for key in one))[:MAX_COLUMNS]
        rows = [[_cell(one.get(key)) for key in keys] for one in records]
        return Table(rows, len(value) - len(records), names=tuple(map(readable, keys)))
    if not isinstance(value, dict):
        return None
    if all(isinstance(one, list) for one in value.values()):
        pairs: Iterable[tuple[Any, Any]] = ((file, name) for name, files in value.items() for file in files)
    else:
        pairs = ((file, _only_label(label)) for file, label in value.items())
    return Table([[_cell(file), _cell(label)] for file, label in pairs], names=("file", "class"))


def _only_label(value: Any) -> Any:
    """The class of a record that holds little else."""
    if isinstance(value, dict):
        return next((value[key] for key in ("label", "class", "category", "name") if key in value), None)
    return value


def _cell(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return "" if value is None else str(int(value))
    return readable(str(value)) if isinstance(value, str | int | float) else ""


def column_names(count: int) -> tuple[str, ...]:
    """Names for columns that have none."""
    return tuple(f"column {number}" for number in range(1, count + 1))
