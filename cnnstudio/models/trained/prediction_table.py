"""A table of predictions as a CSV file that spreadsheets open, and that a later run goes on with."""

import csv
import errno
import hashlib
import io
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from cnnstudio.data.folders.files import PictureFile
from cnnstudio.errors import StudioError, reason
from cnnstudio.models.trained.classifier import Classifier
from cnnstudio.models.trained.folder_prediction import FilePrediction
from cnnstudio.storage import alone, exists, is_file, remove, write_atomically
from cnnstudio.wording import NO_CLASS, probability

_BOM = b"\xef\xbb\xbf"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula."""

_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")


def model_mark(classifier: Classifier) -> str:
    """What tells a model in a table: its name, and what it has in common with every copy of it: “mine 3fa9c1d2”.

    That is all on which its answers depend: weights, layers with what they are made with, such as a range of values,
    classes, and how images are prepared.
    """
    layers = [
        (type(layer).__name__, sorted((key, repr(value)) for key, value in layer.get_config().items() if _counts(key)))
        for layer in classifier.model.layers
    ]
    given = classifier.classes, classifier.input_shape, classifier.card.input_rule, classifier.card.independent, layers
    digest = hashlib.sha256(repr(given).encode())
    for weights in classifier.model.get_weights():
        digest.update(weights.tobytes())
    return f"{classifier.card.name} {digest.hexdigest()[:8]}"


def _counts(key: str) -> bool:
    """Whether a value that a layer is made with changes its answers; the others only count in training."""
    in_training = key in ("dtype", "name", "seed", "trainable")
    return not (in_training or key.endswith(("_initializer", "_regularizer", "_constraint")))


_JUDGED = ["folder_class", "right"]
"""Headings of what the folder of a file says, which tables of earlier versions do not have."""


def columns(top: int, judged: bool = True) -> list[str]:
    """The headings of a table that names `top` classes for each file.

    Where a file is of none of the classes, `NO_CLASS` stands in the place of the first one, without a probability, and
    the most probable ones follow.

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
    named = [(name, share) for _, name, share in prediction.top]
    if prediction.sheet:
        named = [(f"a sheet of {prediction.sheet}", named[0][1])]
    cells = [cell for name, share in named for cell in (_text_cell(name), f"{probability(share):g}")]
    if prediction.of_none:
        cells = [NO_CLASS, "", *cells][: 2 * top]
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
        while_waiting: called every tenth of a second while another program writes the same file, which comes first.

    Raises:
        StudioError: the file cannot be read or written, or holds something else: another model's predictions, another
            number of classes, no table at all.
    """

    def __init__(
        self,
        path: Path,
        top: int,
        model: str,
        overwrite: bool = False,
        while_waiting: Callable[[], object] = lambda: None,
    ) -> None:
        self._path, self._top, self._model = path, top, model
        self._done: set[str] = set()
        self._judged = True
        self._regular = is_file(path) or not exists(path)  # a pipe has nothing to keep
        with ExitStack() as stack:
            try:
                if self._regular:
                    stack.enter_context(_alone(path.resolve(), while_waiting))
                self._file = stack.enter_context(self._open(overwrite))
                if not self._regular:
                    self._write(_as_bytes([columns(top)]))
            except OSError as error:
                raise _unwritable(path, error) from error
            self._open_things = stack.pop_all()

    def __enter__(self) -> "PredictionTable":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open_things.close()

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
            StudioError: the disk is full or gone, or another program has put another file into this one's place.
        """
        try:
            if self._regular and not os.path.samestat(os.fstat(self._file.fileno()), self._path.stat()):
                raise FileNotFoundError(errno.ENOENT, "another file is in its place")
            self._write(_as_bytes(_row(prediction, self._top, self._model, self._judged) for prediction in predictions))
        except FileNotFoundError as error:
            raise StudioError(
                f"{self._path} was moved, removed or replaced meanwhile. Run the same command again to make the table."
            ) from error
        except OSError as error:
            raise StudioError(
                f"{self._path} cannot be written any further: {reason(error)}. What is in it is kept; the same "
                "command goes on from there."
            ) from error

    def _open(self, overwrite: bool) -> BinaryIO:
        """The file, with nothing in it but what stays."""
        there = self._regular and exists(self._path) and not overwrite
        content = self._path.read_bytes() if there else b""
        kept = self._kept(content) if content else _as_bytes([columns(self._top)])
        if self._regular and kept != content:
            write_atomically(self._path.resolve(), kept)
        file = self._path.open("ab", buffering=0)
        if self._regular and self._path.read_bytes() != kept:  # another program has just saved a whole table here
            file.close()
            return self._open(overwrite)
        return file

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
            if row[-1].rpartition(" ")[2] != self._model.rpartition(" ")[2]:  # whatever it is called by now
                raise self._refusal(f"holds the predictions of another model ({row[-1]})")
        good = [row for row in rows if not row[-2]]
        self._done = {_same_file(row[0]) for row in good}
        return mark + _as_bytes([header, *good])

    def _refusal(self, why: str) -> StudioError:
        return StudioError(f"{self._path} {why}. Name another file, or add --overwrite to replace it.")


@contextmanager
def _alone(path: Path, while_waiting: Callable[[], object]) -> Iterator[None]:
    """Keeps other programs from writing the same table; nothing is left beside it."""
    lock = path.with_name(f".{path.name}.lock")
    path.parent.stat()  # a lock would make the folder
    with alone(lock, while_waiting):
        try:
            yield
        finally:
            remove(lock)


def _unwritable(path: Path, error: OSError) -> StudioError:
    return StudioError(f"{path} cannot be written: {reason(error)}. Choose another place.")
