"""Names that people give, which become names of files."""

import unicodedata

from cnnstudio.errors import StudioError

MAX_NAME = 100
"""The longest name, in characters."""

_MAX_BYTES = 240
_FORBIDDEN = frozenset('/\\:*?"<>|')
_RESERVED = frozenset(
    {"con", "prn", "aux", "nul", *(f"com{digit}" for digit in range(10)), *(f"lpt{digit}" for digit in range(10))}
)
"""Names that Windows keeps for devices."""


def checked_name(name: str, what: str) -> str:
    """A name that can be that of a folder on every system, composed as Unicode does and without blanks around it.

    Args:
        name: in any script.
        what: what has the name, as the beginning of a sentence: “A class's name”.

    Raises:
        StudioError: the name is empty, too long, or has what a folder's name may not have.
    """
    name = unicodedata.normalize("NFC", name).strip()
    wrong = sorted({character for character in name if character in _FORBIDDEN or not character.isprintable()})
    if wrong:
        quoted = " or ".join(
            f"“{character if character in _FORBIDDEN else ascii(character)[1:-1]}”" for character in wrong
        )
        raise StudioError(f"{what} cannot contain {quoted}. Choose another one.")
    if not name or name.startswith((".", "-")) or name.endswith("."):
        raise StudioError(f"{what} must not be empty, nor begin with a dot or a dash, nor end with a dot.")
    if len(name) > MAX_NAME or len(name.encode()) > _MAX_BYTES:
        raise StudioError(f"{what} has at most {MAX_NAME} characters.")
    if name.split(".")[0].casefold() in _RESERVED:
        raise StudioError(f"“{name}” is a name that Windows keeps for itself. Choose another one.")
    return name
