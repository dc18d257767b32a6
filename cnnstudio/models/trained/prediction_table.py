"""A table of predictions as a CSV file that spreadsheets open, and that a later run goes on with."""

import csv
import hashlib
import io
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from cnnstudio.data.folders.files import PictureFile
from cnnstudio.errors import StudioError, reason
from cnnstudio.models.trained.classifier import Classifier
from cnnstudio.models.trained.folder_prediction import FilePrediction
from cnnstudio.storage import exists, is_file, write_atomically
from cnnstudio.wording import probability

_BOM = b"\xef\xbb\xbf"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula."""

_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")


def model_mark(classifier: Classifier) -> str:
    """What identifies a model in a table, as it does any copy of it, such as “lenet5-mnist 3fa9c1d2”."""
    digest = hashlib.sha256(repr((classifier.classes, classifier.input_shape, classifier.card.input_rule)).encode())
    for weights in classifier.model.get_weights():
        digest.update(weights.tobytes())
    return f"{classifier.card.name} {digest.hexdigest()[:8]}"


_JUDGED = ["folder_class", "right"]
"""Headings of what the folder of a file says, which tables of earlier versions do not have."""


def columns(top: int, judged: bool = True) -> list[str]:
    """The headings of a table that names `top` classes for each file.

    Args:
        top: how many.
        judged: whether it says of which class a file is by its folder, and whether the first class is that one.
    """
    ranks = ["", *(f"_{rank}" for rank in range(2, top + 1))]
    named = [f"{kind}{rank}" for rank in ranks for kind in ("class", "probability")]
    return ["file", *named, *(_JUDGED if judged else ()), "error", "model"]


def _same_file(name: str) -> str:
    """What all spellings of a file's path have in common; a relative one starts from the current folder."""
    return os.path.normcase(os.path.abspath(name))  # noqa: PTH100 - Path keeps “..”


def _file_cell(name: str) -> str:
    """A name that no spreadsheet takes for a formula, and that still names the same file."""
    return f".{os.sep}{name}" if name.startswith(_FORMULA) else name


def _text_cell(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) and not _NUMBER.fullmatch(text) else text


def _row(prediction: FilePrediction, top: int, model: str, judged: bool = True) -> list[str]:
    cells = [cell for _, name, share in prediction.top for cell in (_text_cell(name), f"{probability(share):g}")]
    cells += [""] * (2 * top - len(cells))
    if judged:
        cells += [_text_cell(prediction.truth), {True: "yes", False: "no", None: ""}[prediction.right]]
    return [_file_cell(prediction.file.name), *cells, _text_cell(prediction.error), _text_cell(model)]


def _as_bytes(rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode("utf-8", "backslashreplace")


def save_table(path: Path, predictions: Iterable[FilePrediction], top: int, model: str) -> None:
    """Writes a whole table for spreadsheets: with a mark that says it is UTF-8.

    Args:
        path: the file; one that is there is replaced.
        predictions: one for each row.
        top: how many classes a row names.
        model: as `model_mark` gives it.

    Raises:
        StudioError: the file cannot be written.
    """
    content = _BOM + _as_bytes([columns(top), *(_row(prediction, top, model) for prediction in predictions)])
    try:
        write_atomically(path, content)
    except OSError as error:
        raise _unwritable(path, error) from error


class PredictionTable:
    """A CSV file that grows batch by batch; a run that was ended at any moment goes on in it.

    Files whose rows are in it already are `done`, however their paths are spelled; rows of files that could not be read
    are taken out again, for they may have been repaired since.

    Args:
        path: the file; its folder exists.
        top: how many classes a row names.
        model: as `model_mark` gives it.
        overwrite: whether what is in the file does not matter.

    Raises:
        StudioError: the file cannot be read or written, or holds something else: another model's predictions, another
            number of classes, no table at all.
    """

    def __init__(self, path: Path, top: int, model: str, overwrite: bool = False) -> None:
        self._path, self._top, self._model = path, top, model
        self._done: set[str] = set()
        self._judged = True
        try:
            regular = is_file(path) or not exists(path)  # a pipe has nothing to keep
            content = path.read_bytes() if regular and exists(path) and not overwrite else b""
            kept = self._kept(content) if content else _as_bytes([columns(top)])
            if regular and kept != content:
                write_atomically(path.resolve(), kept)
            self._file: BinaryIO = path.open("ab", buffering=0)
            if not regular:
                self._write(kept)
        except OSError as error:
            raise _unwritable(path, error) from error

    def __enter__(self) -> "PredictionTable":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    @property
    def done(self) -> int:
        """Number of files that had their row in it when it was opened."""
        return len(self._done)

    def holds(self, file: PictureFile) -> bool:
        """Whether a file had its row in it when it was opened."""
        return _same_file(file.name) in self._done

    def add(self, predictions: Iterable[FilePrediction]) -> None:
        """Appends rows; they outlast the end of this process from here on.

        Raises:
            StudioError: the disk is full or gone.
        """
        try:
            self._write(_as_bytes(_row(prediction, self._top, self._model, self._judged) for prediction in predictions))
        except OSError as error:
            raise StudioError(
                f"{self._path} cannot be written any further: {reason(error)}. What is in it is kept; the same "
                "command goes on from there."
            ) from error

    def _write(self, content: bytes) -> None:
        rest = memoryview(content)
        while rest:
            rest = rest[self._file.write(rest) :]

    def _kept(self, content: bytes) -> bytes:
        """What stays of a table: its whole rows with predictions."""
        mark = _BOM if content.startswith(_BOM) else b""
        try:
            text = content[len(mark) : content.rfind(b"\n") + 1].decode()
            header, *rows = csv.reader(io.StringIO(text, newline="")) if text else [[]]
        except (UnicodeDecodeError, csv.Error) as error:
            raise self._refusal("is no table of predictions") from error
        self._judged = header[-4:-2] == _JUDGED
        wanted = columns(self._top, self._judged)
        if header[:1] != wanted[:1] or header[-2:] != wanted[-2:]:
            raise self._refusal("is no table of predictions")
        if header != wanted:
            raise self._refusal(
                f"names {(len(header) - 3) // 2 - self._judged} classes for each picture, not {self._top}"
            )
        if rows and len(rows[-1]) < len(wanted):  # cut off at a line break within a name
            rows.pop()
        for row in rows:
            if len(row) != len(wanted):
                raise self._refusal("is no table of predictions")
            if row[-1] != _text_cell(self._model):
                raise self._refusal(f"holds the predictions of another model ({row[-1]})")
        good = [row for row in rows if not row[-2]]
        self._done = {_same_file(row[0]) for row in good}
        return mark + _as_bytes([header, *good])

    def _refusal(self, why: str) -> StudioError:
        return StudioError(f"{self._path} {why}. Name another file, or add --overwrite to replace it.")


def _unwritable(path: Path, error: OSError) -> StudioError:
    return StudioError(f"{path} cannot be written: {reason(error)}. Choose another place.")
