"""A model's card: what must be known of it beside its weights, kept as card.json next to model.keras."""

import json
import math
import platform
from collections.abc import Callable, Mapping
from dataclasses import MISSING, asdict, dataclass, field, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from cnnstudio.data.report import Kind, LeftOut
from cnnstudio.errors import StudioError, reason
from cnnstudio.limits import MAX_CLASSES
from cnnstudio.storage import exists, is_file
from cnnstudio.version import __version__
from cnnstudio.wording import size

if TYPE_CHECKING:
    import keras

CARD_FILE = "card.json"
MODEL_FILE = "model.keras"
CONFIG_FILE = "config.json"
"""The file that a run's folder begins with, before there is a model in it."""

CARD_FORMAT = 1
MAX_CARD_BYTES = 5 * 10**6
MAX_TEXT = 10_000


def provenance(model: "keras.Model") -> dict[str, Any]:
    """The fields of a card on the size of a model, and on when and with which packages it was made, which is now."""
    import keras
    import numpy as np
    import tensorflow as tf

    return {
        "parameters": sum(math.prod(weight.shape) for weight in model.trainable_weights),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {
            "cnnstudio": __version__,
            "python": platform.python_version(),
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
            "numpy": np.__version__,
        },
    }


@dataclass(frozen=True)
class Card:
    """What a classifier needs beside its Keras model, and where it comes from.

    Attributes:
        name: what the model is called on screen; that of its folder, where it has one of its own.
        classes: the class names, in the order of the outputs.
        input_shape: (height, width, channels) of the images it takes.
        input_rule: key in `cnnstudio.data.pictures.input_rules.INPUT_RULES` by which a picture becomes such an image.
        dataset: the data set it was trained on; empty where unknown, as with the texts below.
        architecture: key of the architecture it was built by.
        command: the command line that trains it again.
        seed: the seed of its training.
        parameters: number of its trainable parameters.
        epochs: epochs it was trained for.
        planned_epochs: epochs it was to be trained for, more where the training was stopped; 0 where unknown.
        test_accuracy: share of the test images it gets right, 0–1; None where nobody measured.
        test_loss: mean cross-entropy on the test images, in nats; None where nobody measured.
        created: when, ISO 8601.
        versions: versions of the packages it was trained with, by name.
        licence: under which it may be used.
        left_out: what of its folder of images was not used, and why.
        independent: whether each class has a probability of its own, so that several may be right, or none; else their
            probabilities add up to 1.
        format: version of the card's own format.
    """

    name: str
    classes: tuple[str, ...]
    input_shape: tuple[int, int, int]
    input_rule: str
    dataset: str = ""
    architecture: str = ""
    command: str = ""
    seed: int = 0
    parameters: int = 0
    epochs: int = 0
    planned_epochs: int = 0
    test_accuracy: float | None = None
    test_loss: float | None = None
    created: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    licence: str = ""
    left_out: tuple[LeftOut, ...] = ()
    independent: bool = False
    format: int = CARD_FORMAT

    def to_json(self) -> str:
        """The text of card.json.

        Raises:
            ValueError: a number is not finite, which JSON cannot say.
        """
        values = vars(self) | {"versions": dict(self.versions), "left_out": [asdict(one) for one in self.left_out]}
        for key in ("left_out", "independent"):  # as in the cards of earlier versions
            if not values[key]:
                del values[key]
        return json.dumps(values, indent=2, ensure_ascii=False, allow_nan=False)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= MAX_TEXT


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value < 2**63


def _is_classes(value: Any) -> bool:
    return isinstance(value, list) and 2 <= len(value) <= MAX_CLASSES and all(_is_text(name) for name in value)


def _is_shape(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 3 and all(_is_count(n) and n > 0 for n in value)


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value) and value >= 0


def _is_date(value: Any) -> bool:
    if value == "":
        return True
    try:
        datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return False
    return True


def _is_versions(value: Any) -> bool:
    return isinstance(value, dict) and len(value) <= 1000 and all(_is_text(version) for version in value.values())


def _is_left_out(value: Any) -> bool:
    return isinstance(value, list) and len(value) <= 1000 and all(map(_is_one_left_out, value))


def _is_one_left_out(value: Any) -> bool:
    if not isinstance(value, dict) or value.keys() != {"what", "count", "text"}:
        return False
    return value["what"] in get_args(Kind) and _is_count(value["count"]) and _is_text(value["text"])


_TEXT = (_is_text, "a text")
_COUNT = (_is_count, "a whole number of at least 0")

_RULES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "name": (lambda value: _is_text(value) and value.strip() != "", "a text that is not empty"),
    "classes": (_is_classes, "a list of at least 2 class names"),
    "input_shape": (_is_shape, "[height, width, channels], three whole numbers above 0"),
    "test_accuracy": (
        lambda value: value is None or (_is_number(value) and value <= 1),
        "a number between 0 and 1, or null",
    ),
    "test_loss": (lambda value: value is None or _is_number(value), "a number of at least 0, or null"),
    "created": (_is_date, "a date in the form of ISO 8601"),
    "versions": (_is_versions, "an object of package names and versions"),
    "left_out": (_is_left_out, "a list of what was left out, each with “what”, “count” and “text”"),
    "independent": (lambda value: isinstance(value, bool), "true or false"),
    "format": (lambda value: _is_count(value) and value > 0, "a whole number above 0"),
}
"""Whether a JSON value will do for a field, and what it must be in words; others are texts or counts, by their type."""


def parse_card(text: str | bytes, path: Path) -> Card:
    """Reads a card's text; fields it does not know are ignored.

    Args:
        text: the JSON text.
        path: the file it comes from, for the sentence of an error.

    Raises:
        StudioError: the text is not a card; the sentence names the field and what it must be.
    """
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise StudioError(f"{path} is damaged: it is not valid JSON ({error}).") from error
    if not isinstance(values, dict):
        raise StudioError(f"{path} is not a model's card: it holds no JSON object.")
    number = values.get("format")
    if isinstance(number, int) and number > CARD_FORMAT:
        raise StudioError(
            f"{path} was written by a newer CNN Studio (card format {number}, this one reads {CARD_FORMAT}). "
            "Update CNN Studio to open this model."
        )
    known: dict[str, Any] = {}
    for item in fields(Card):
        if item.name not in values:
            if item.name == "format" or (item.default is MISSING and item.default_factory is MISSING):
                raise StudioError(f"{path} is incomplete: the field “{item.name}” is missing.")
            continue
        is_valid, words = _RULES.get(item.name, _COUNT if item.type is int else _TEXT)
        value = values[item.name]
        if not is_valid(value):
            raise StudioError(f"{path} is damaged: “{item.name}” must be {words}.")
        known[item.name] = tuple(value) if isinstance(value, list) else value
    known["left_out"] = tuple(LeftOut(**one) for one in known.get("left_out", ()))
    return Card(**known)


def read_card(folder: Path) -> Card:
    """Reads the card of a model's folder, by whose name the model goes: one that was renamed has its new name.

    Raises:
        StudioError: there is no card, it cannot be read, or it is not one.
    """
    path = folder / CARD_FILE
    try:
        with path.open("rb") as file:
            data = file.read(MAX_CARD_BYTES + 1)
    except FileNotFoundError as error:
        if is_file(folder / CONFIG_FILE) and not exists(folder / MODEL_FILE):
            raise StudioError(
                f"{folder} holds no model yet: its training is in its first epoch, or was ended there."
            ) from error
        raise StudioError(
            f"{folder} has no {CARD_FILE}, which names the classes of the model: it is not a model of CNN Studio, "
            "or the file was left out when the folder was copied."
        ) from error
    except OSError as error:
        raise StudioError(f"{path} cannot be read: {reason(error)}.") from error
    if len(data) > MAX_CARD_BYTES:
        raise StudioError(f"{path} is too large for a model's card (over {size(MAX_CARD_BYTES)}).")
    card = parse_card(data, path)
    return replace(card, name=folder.absolute().name or card.name)
