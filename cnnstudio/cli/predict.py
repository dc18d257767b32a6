"""`cnnstudio predict`: what a classifier says of images, of whole folders of them, and of drawings."""

import math
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from cnnstudio.cli.console import complain, engine_at_work, print_json, progress_bar
from cnnstudio.cli.failures import WrongUseError
from cnnstudio.cli.options import JsonOption, ModelArgument
from cnnstudio.errors import StudioError
from cnnstudio.wording import NO_CLASS, certainty, count_tied, counted, probability

if TYPE_CHECKING:
    from cnnstudio.data.folders.files import PictureFile
    from cnnstudio.data.pictures.strokes import Drawing
    from cnnstudio.data.report import LeftOut
    from cnnstudio.models.trained.classifier import Classifier

BATCH = 512
"""Drawings held in memory as images at a time, where they are small."""

MAX_BYTES = 64 * 2**20
"""Of all images of drawings held in memory at a time."""

INTERRUPTED = 130

Entry = dict[str, Any]
"""One subject's part of the JSON document: “file” or “drawing”, and “predictions” or “error”; of a sheet also “digits”.
"""


def predict(
    *,
    model: ModelArgument,
    images: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[IMAGE]...",
            help="Image files, folders (with all folders below) and zip archives of images.",
            show_default=False,
        ),
    ] = None,
    strokes: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.json",
            help="A JSON list of drawings, each a list of strokes, each a list of points x, y, with y down.",
        ),
    ] = None,
    top: Annotated[int, typer.Option(metavar="N", min=1, help="How many classes to name for each.")] = 3,
    csv: Annotated[
        Path | None,
        typer.Option(
            "--csv",
            metavar="OUT.csv",
            help="Write a table instead of text; if the file exists, only the images that it lacks are classified.",
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the table instead of going on with it.")
    ] = False,
    as_json: JsonOption = False,
) -> int:
    """Classify images or drawings. The exit code is 1 if any of them cannot be used."""
    if not images and strokes is None:
        raise WrongUseError("Name at least one image or folder, or a file of drawings with --strokes.")
    if csv is not None and (as_json or strokes is not None):
        raise WrongUseError("--csv makes a table of images: leave out --json and --strokes, or leave out --csv.")
    if overwrite and csv is None:
        raise WrongUseError("--overwrite is for a table: name one with --csv.")
    with engine_at_work():
        from cnnstudio.data.folders.files import list_pictures
        from cnnstudio.data.pictures.strokes import read_drawings
        from cnnstudio.models.trained.library import load_classifier

        drawings = [] if strokes is None else read_drawings(strokes)
        left_out: list[LeftOut] = []
        files, problems = list_pictures(images or (), left_out)
        if not files and not problems and strokes is None:
            raise StudioError(f"There is no image in {', '.join(str(path) for path in images or ())}.")
        classifier = load_classifier(model)
        classifier.freeze()
        if csv is None:
            entries = [*_file_entries(classifier, files, top), *_drawing_entries(classifier, drawings, top)]
    if csv is not None:
        code = _fill_table(classifier, files, csv, top, overwrite)
    else:
        if as_json:
            print_json(entries)
        else:
            _print_lines(entries)
        wrong = [entry for entry in entries if "error" in entry]
        for entry in wrong:
            complain(_complaint(_name(entry), entry["error"]))
        code = 1 if wrong else 0
    for problem in (*problems, *(one.text for one in left_out)):
        complain(problem)
    return code or (1 if problems else 0)


def _fill_table(classifier: "Classifier", files: "Sequence[PictureFile]", path: Path, top: int, overwrite: bool) -> int:
    """Predicts what a table does not hold yet; what is in it is kept at any moment."""
    from cnnstudio.models.trained.folder_prediction import predict_files
    from cnnstudio.models.trained.prediction_table import PredictionTable, model_mark

    # Where a picture may be of none of the classes, the most probable one stands second.
    top = min(max(top, 2 if classifier.card.independent else 1), len(classifier.classes))
    done, wrong, known, right = 0, 0, 0, 0
    waiting = cache(lambda: complain(f"{path} is being written by another CNN Studio: waiting until it is done."))
    with PredictionTable(path, top, model_mark(classifier), overwrite, waiting) as table:
        missing = [file for file in files if not table.holds(file)]
        if table.done:
            new = f"{len(missing):,} {'is' if len(missing) == 1 else 'are'} new" if missing else "none is new"
            complain(f"{path} holds {len(files) - len(missing):,} of {len(files):,} images already; {new}.")
        try:
            with engine_at_work(), progress_bar() as bar:
                for batch in predict_files(classifier, missing, top, bar):
                    table.add(batch)
                    done += len(batch)
                    known += sum(prediction.right is not None for prediction in batch)
                    right += sum(prediction.right is True for prediction in batch)
                    for unreadable in (prediction for prediction in batch if prediction.error):
                        wrong += 1
                        complain(_complaint(unreadable.file.name, unreadable.error))
        except KeyboardInterrupt:
            complain(f"Stopped: {len(missing) - done:,} images are left. Run the same command again to continue.")
            return INTERRUPTED
    unreadable_count = f"; {wrong:,} could not be read" if wrong else ""
    print(f"{len(files) - wrong:,} of {len(files):,} images are predicted in {path}{unreadable_count}.")
    if known and not table.done:  # what was predicted before was not counted
        print(
            f"{right:,} of {counted(known, 'image')} whose folder or name says the class "
            f"{'is' if right == 1 else 'are'} right."
        )
    return 1 if wrong else 0


def _file_entries(classifier: "Classifier", files: "Sequence[PictureFile]", top: int) -> Iterator[Entry]:
    from cnnstudio.models.trained.folder_prediction import predict_files

    with progress_bar() as bar:
        for batch in predict_files(classifier, files, top, bar):
            for prediction in batch:
                name = prediction.file.name
                if prediction.error:
                    yield {"file": name, "error": prediction.error}
                else:
                    entry: Entry = {"file": name, **_named(prediction.top, prediction.independent)}
                    digits = [
                        {"box": [round(length) for length in part.box], **_named(part.top, None)}
                        for part in prediction.parts
                    ]
                    yield entry | {"digits": digits} if digits else entry


def _named(top: Sequence[tuple[int, str, float]], independent: Sequence[str] | None) -> Entry:
    """The most probable classes; of independent ones also those that are answered, which may be none."""
    named = [{"class": name, "index": int(index), "probability": probability(share)} for index, name, share in top]
    return {"predictions": named} | ({} if independent is None else {"answers": list(independent)})


def _drawing_entries(classifier: "Classifier", drawings: "Sequence[Drawing]", top: int) -> Iterator[Entry]:
    """Yields an entry for each drawing, in order; only a batch of them is held as images at a time."""
    batch = max(1, min(BATCH, MAX_BYTES // math.prod(classifier.input_shape)))
    for start in range(0, len(drawings), batch):
        rendered = _render_all(classifier, drawings[start : start + batch])
        images = [image for image in rendered if isinstance(image, np.ndarray)]
        rows = iter(classifier.predict_many(np.stack(images)) if images else ())
        for number, image in enumerate(rendered, start):
            if isinstance(image, StudioError):
                yield {"drawing": number, "error": str(image)}
            else:
                prediction = classifier.prediction(next(rows))
                answers = [name for _, name, _ in prediction.answers] if prediction.independent else None
                yield {"drawing": number, **_named(prediction.top(top), answers)}


def _render_all(classifier: "Classifier", drawings: "Sequence[Drawing]") -> list[np.ndarray | StudioError]:
    from cnnstudio.data.pictures.strokes import render_all

    try:
        return list(render_all(drawings, classifier.input_shape))
    except StudioError as error:
        if len(drawings) == 1:
            return [error]
    # One bad drawing must not spoil the others: halve until it stands alone.
    middle = len(drawings) // 2
    return _render_all(classifier, drawings[:middle]) + _render_all(classifier, drawings[middle:])


def _print_lines(entries: Sequence[Entry]) -> None:
    for entry in entries:
        if "digits" in entry:
            best = (digit["predictions"][0] for digit in entry["digits"])
            read = ", ".join(f"{one['class']} ({certainty(one['probability'])})" for one in best)
            print(f"{_name(entry)}: {len(entry['digits'])} digits, row by row: {read}")
        elif "predictions" in entry:
            named = (f"{one['class']} ({certainty(one['probability'])})" for one in entry["predictions"])
            before = "" if entry.get("answers", ["one"]) else f"{NO_CLASS}; the most probable: "
            if "answers" not in entry and count_tied([one["probability"] for one in entry["predictions"]]) > 1:
                before = "undecided: "
            print(f"{_name(entry)}: {before}{', '.join(named)}")


def _complaint(name: str, error: str) -> str:
    return error if name in error else f"{name}: {error}"


def _name(entry: Entry) -> str:
    return entry["file"] if "file" in entry else f"drawing {entry['drawing']}"
