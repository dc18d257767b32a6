"""What the commands that make pictures share: the image they are about, and the file they write."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer

from cnnstudio.cli.failures import WrongUseError
from cnnstudio.errors import StudioError, reason
from cnnstudio.storage import exists, write_atomically

if TYPE_CHECKING:
    from PIL import Image

ImageArgument = Annotated[Path, typer.Argument(metavar="IMAGE", help="An image file.", show_default=False)]


def check_output(path: Path, image: Path, numbers: str) -> None:
    """Checks the name of a file for a picture, which ends in .png, or as `numbers` for the numbers that it shows.

    Raises:
        WrongUseError: it ends otherwise, is the image that is looked at, or is to lie in a folder that is not there.
    """
    if path.suffix.lower() not in (".png", numbers):
        raise WrongUseError(f"“{path.name}” must end in .png for a picture, or in {numbers} for numbers.")
    if not exists(path.expanduser().parent):
        raise WrongUseError(f"The folder {path.parent} does not exist. Make it, or name another one for --output.")
    with suppress(OSError):  # one of them is not there, or cannot be reached, which is told where it is opened
        if path.expanduser().samefile(image.expanduser()):
            raise WrongUseError(f"{path} is the image itself, which would be lost. Name another file for --output.")


def save_picture(path: Path, draw: "Callable[[], Image.Image]", numbers: np.ndarray | dict[str, np.ndarray]) -> None:
    """Writes a picture, or the numbers that it shows where the file's name ends so.

    Args:
        path: as checked by `check_output`.
        draw: makes the picture.
        numbers: what it shows.

    Raises:
        StudioError: the file cannot be written.
    """

    def write(file: Path) -> None:
        if path.suffix.lower() == ".png":
            draw().save(file)
        elif isinstance(numbers, dict):
            np.savez_compressed(file, allow_pickle=False, **numbers)
        else:
            np.save(file, numbers, allow_pickle=False)

    try:
        write_atomically(path.expanduser(), write)
    except OSError as error:
        raise StudioError(f"The picture cannot be written to {path}: {reason(error)}. Name another file.") from error
