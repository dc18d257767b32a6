"""What a folder of images says of itself, and what its pictures look like, without decoding them."""

import json
import statistics
from dataclasses import dataclass, replace

import numpy as np

from cnnstudio.data.folders.disk import Store
from cnnstudio.data.folders.layout import Layout
from cnnstudio.data.pictures.input_rules import INPUT_RULES
from cnnstudio.data.pictures.open import read_header
from cnnstudio.data.splits import CHANNELS
from cnnstudio.limits import IMAGE_SIZES

SETTINGS_FILE = "dataset.json"
"""May lie beside the folders of the classes: {"format": 1, "input_rule": …, "image_size": …, "channels": …}."""

USUAL_SIZE = 64
"""The side that is suggested for pictures larger than that: a network learns from such images without a GPU."""

_LOOKED_AT = 200
_HEAD_BYTES = 256 << 10
_SETTINGS_BYTES = 64 << 10


@dataclass(frozen=True)
class Suggestion:
    """How the pictures could be used.

    Attributes:
        image_size: side in pixels.
        channels: 1 (grey) or 3 (colour).
        input_rule: key of `INPUT_RULES`.
        notes: sentences on what is odd.
        original_side: shorter side of the pictures themselves, in pixels, the median; 0 where it is not known.
    """

    image_size: int
    channels: int
    input_rule: str
    notes: tuple[str, ...] = ()
    original_side: int = 0


def suggest(store: Store, layout: Layout) -> Suggestion:
    """Suggests how to use the files of a layout, by its settings or by the heads of some of the files."""
    looked_at = np.unique(np.linspace(0, len(layout) - 1, _LOOKED_AT).astype(np.int64))
    paths = layout.paths()
    headers = [read_header(store.head(paths[number], _HEAD_BYTES)) for number in looked_at.tolist()]
    known = [header for header in headers if header is not None]
    side = statistics.median_low([min(header.width, header.height) for header in known]) if known else USUAL_SIZE
    suggestion = Suggestion(
        image_size=max(IMAGE_SIZES[0], min(side, USUAL_SIZE)),
        channels=1 if known and all(_is_grey(header.mode) for header in known) else 3,
        input_rule="centre-crop",
        original_side=side if known else 0,
    )
    return _with_settings(suggestion, store.head(settings_path(layout), _SETTINGS_BYTES))


def settings_path(layout: Layout) -> str:
    """Where the settings would lie, relative to the folder that was named."""
    return f"{layout.top}/{SETTINGS_FILE}" if layout.top else SETTINGS_FILE


def _is_grey(mode: str) -> bool:
    return mode in {"1", "L", "LA", "La", "I", "F"} or mode.startswith("I;16")


def _with_settings(suggestion: Suggestion, text: bytes) -> Suggestion:
    if not text:
        return suggestion
    try:
        settings = json.loads(text)
        if settings["format"] != 1:
            raise ValueError("an unknown format")
        names = ("image_size", "channels", "input_rule")
        read = replace(suggestion, **{name: settings[name] for name in names if name in settings})
        if (
            type(read.image_size) is not int
            or read.image_size not in IMAGE_SIZES
            or read.channels not in CHANNELS
            or read.input_rule not in INPUT_RULES
        ):
            raise ValueError("a value out of range")
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return replace(suggestion, notes=(f"{SETTINGS_FILE} in the folder is damaged and was left out.",))
    return read
