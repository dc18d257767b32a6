"""Names of files as people have them: sorted as people sort, shown whatever they are made of."""

import os
import re
import unicodedata
from functools import lru_cache

LEFT_OUT = frozenset(
    {
        "__macosx",
        "thumbs.db",
        "ehthumbs.db",
        "ehthumbs_vista.db",
        "desktop.ini",
        "icon\r",
        "@eadir",
        "$recycle.bin",
        "system volume information",
        "lost+found",
    }
)
"""What systems and file managers leave behind, in lower case; and everything that begins with a dot."""

NaturalKey = tuple[tuple[tuple[int, int, str], ...], str]


def natural_key(name: str) -> NaturalKey:
    """Sorts names as people do: numbers by value, letters whatever their case."""
    parts = re.split(r"(\d+)", name.casefold())
    return tuple((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts if part), name


def readable(path: str | os.PathLike[str]) -> str:
    """A path or a name as text that can be shown and written, whatever it is made of."""
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    # A terminal would obey these.
    return re.sub("[\x00-\x1f\x7f-\x9f\u2028\u2029]", lambda match: ascii(match[0])[1:-1], text)


@lru_cache(4096)
def composed(name: str) -> str:
    """The name of a file or folder as that of a class is spelled."""
    # Some systems take letters apart from their accents in names of files, others do not.
    return unicodedata.normalize("NFC", readable(name))


def is_left_out(name: str) -> bool:
    """Whether a file or folder of this name is none of the user's."""
    return name[:1] == "." or name.lower() in LEFT_OUT
