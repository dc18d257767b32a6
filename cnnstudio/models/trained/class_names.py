"""Class names as they lie beside models or are typed: lists, tables with numbers, JSON."""

import codecs
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cnnstudio.errors import StudioError
from cnnstudio.models.trained.parts import companions, model_names

MAX_NAMES_BYTES = 4 * 2**20
"""Of a file with class names, as much as is read."""

NAMES_FILES = (
    *("labels.txt", "class_names.json", "labels.json", "class_indices.json", "class_names.txt", "classes.txt"),
    *("classes.json", "labels.csv", "classes.csv", "metadata.json"),
)
"""Files with class names that are looked for beside a model, in this order, after those that are called after it."""

_CALLED_AFTER = ("{}_labels.txt", "{}_classes.txt", "{}_class_names.txt")
_MAYBE_NOTES = "{}.txt"
"""Texts that are called after a model: with its class names, and with them or whatever else; it is looked for last."""

_ALSO_OF_OTHERS = "metadata.json"
"""What Keras calls a file without class names, and Teachable Machine one that has them."""

_KEYS = ("class_names", "classes", "labels", "names", "class_indices", "id2label", "label2id", "tfjsMetadata")
"""Under which an object in JSON may hold the class names."""

_NUMBERED = re.compile(r"(\d{1,6})[\s:;,=]+(.+)")
_TEACHABLE_MACHINE = frozenset({"keras_model.h5", "model.savedmodel"})
"""What Teachable Machine calls the file or the folder of the model that it exports."""


def find_class_names(path: Path, count: int) -> tuple[tuple[str, ...] | None, str]:
    """Looks for class names beside a model.

    Args:
        path: of the model: a file, or a zip that it is packed in.
        count: how many outputs it has.

    Returns:
        The names in the order of the outputs, None where there are none or not as many; and a sentence on where they
        are from or why they are not taken, empty where there is no file with names.
    """
    trouble = ""
    own = Path(model_names(path)[-1]).stem.removesuffix(".weights").lower()
    notes = _MAYBE_NOTES.format(own)
    wanted = dict.fromkeys([*(form.format(own) for form in _CALLED_AFTER), *NAMES_FILES, notes])
    for file, data in companions(path, tuple(wanted), MAX_NAMES_BYTES):
        try:
            names = listed_names(decoded(data))
        except StudioError as error:
            if file.lower() not in (_ALSO_OF_OTHERS, notes):
                trouble = trouble or f"The names in {file} were not taken. {error}"
            continue
        if len(names) == count and len(set(names)) == count:
            return tuple(names), f"These are the names in {file}, which lies beside it."
        if names and not trouble and file.lower() != notes:
            why = f"there are {len(names):,}" if len(names) != count else "one is there twice"
            trouble = f"The names in {file} were not taken: {why}, and it has {count:,} outputs."
    return None, trouble


def is_from_teachable_machine(path: Path) -> bool:
    """Whether a model is called and numbered as Teachable Machine exports it."""
    if _TEACHABLE_MACHINE.isdisjoint(name.lower() for name in model_names(path)):
        return False
    return any(_NUMBERED.match(decoded(data)) for _, data in companions(path, ("labels.txt",), MAX_NAMES_BYTES))


def decoded(data: bytes) -> str:
    """The text of a file as an editor may have saved it."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace")
    return data.decode("utf-8-sig", "replace")


def listed_names(text: str) -> list[str]:
    """The names in a text, in the order of the outputs.

    Args:
        text: one name a line, or all on one line with commas between; with numbers before them that count from 0, as in
            the labels.txt of Teachable Machine, or without; or JSON: a list, or an object of names and numbers, as
            `class_indices` of Keras's generators.

    Raises:
        StudioError: it begins as JSON, but is damaged, or holds no class names.
    """
    if text.lstrip().startswith(("{", "[")):
        return _in_json(text)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) == 1:
        lines = [name.strip() for name in lines[0].split(",") if name.strip()]
    numbered = [_NUMBERED.fullmatch(line) for line in lines]
    if all(found and int(found[1]) == place for place, found in enumerate(numbered)):
        return [found[2].strip().strip('"') for found in numbered if found]
    return lines


def _in_json(text: str) -> list[str]:
    try:
        names = _names(json.loads(text))
    except (ValueError, RecursionError) as error:
        raise StudioError(f"It is damaged: it is not valid JSON ({error}).") from error
    if not names:
        raise StudioError(
            "It holds no class names: they are a list, or an object such as {“cat”: 0, “dog”: 1}, with numbers from 0."
        )
    return names


def _names(value: Any) -> list[str] | None:
    """The class names that a value of JSON stands for; None where it is something else."""
    if isinstance(value, list):
        return value if all(isinstance(name, str) and name.strip() for name in value) else None
    if not isinstance(value, Mapping):
        return None
    pairs = [(place, _name(name)) if str(place).isdecimal() else (name, place) for place, name in value.items()]
    by_place = {int(place): name for place, name in pairs if str(place).isdecimal() and isinstance(name, str)}
    if len(by_place) == len(value) and sorted(by_place) == list(range(len(value))):
        return [by_place[place] for place in range(len(value))]
    return next(filter(None, (_names(value[key]) for key in _KEYS if key in value)), None)


def _name(value: Any) -> Any:
    """The name itself, where it stands last in a list with others, as beside the number of WordNet."""
    return value[-1] if isinstance(value, list) and value else value
