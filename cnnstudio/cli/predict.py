"""`cnnstudio predict`: what a classifier says of images and of drawings."""

import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import numpy as np
import typer

from cnnstudio.cli.console import complain, engine_at_work, messages, percent, print_json
from cnnstudio.cli.failures import WrongUseError
from cnnstudio.cli.options import JsonOption, ModelArgument
from cnnstudio.errors import StudioError

if TYPE_CHECKING:
    from cnnstudio.data.strokes import Drawing
    from cnnstudio.models.classifier import Classifier

BATCH = 512
"""Images held in memory at a time, where they are small."""

MAX_BYTES = 64 * 2**20
"""Of all images held in memory at a time."""

Entry = dict[str, Any]
"""One subject's part of the JSON document: “file” or “drawing”, and “predictions” or “error”."""

Subject = TypeVar("Subject")


def predict(
    model: ModelArgument,
    images: Annotated[
        list[Path] | None, typer.Argument(metavar="[IMAGE]...", help="Image files.", show_default=False)
    ] = None,
    strokes: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.json",
            help="A JSON list of drawings, each a list of strokes, each a list of points x, y, with y down.",
        ),
    ] = None,
    top: Annotated[int, typer.Option(min=1, help="How many classes to name for each.")] = 3,
    as_json: JsonOption = False,
) -> int:
    """Say what is in images or drawings."""
    if not images and strokes is None:
        raise WrongUseError("Name at least one image, or a file of drawings with --strokes.")
    with engine_at_work():
        from cnnstudio.data.strokes import read_drawings
        from cnnstudio.models.library import load_classifier

        drawings = [] if strokes is None else read_drawings(strokes)
        classifier = load_classifier(model)
        files = [str(path) for path in images or ()]
        entries = [
            *_entries(classifier, top, kind="file", names=files, subjects=files, prepare=_prepare_all),
            *_entries(
                classifier, top, kind="drawing", names=range(len(drawings)), subjects=drawings, prepare=_render_all
            ),
        ]
    if as_json:
        print_json(entries)
    else:
        _print_lines(entries)
    wrong = [entry for entry in entries if "error" in entry]
    for entry in wrong:
        complain(entry["error"] if "file" in entry else f"{_name(entry)}: {entry['error']}")
    return 1 if wrong else 0


def _entries(
    classifier: "Classifier",
    top: int,
    *,
    kind: str,
    names: Sequence[str | int],
    subjects: Sequence[Subject],
    prepare: "Callable[[Classifier, Sequence[Subject]], list[np.ndarray | StudioError]]",
) -> Iterator[Entry]:
    """Yields an entry for each subject, in order; only a batch of them is held as images at a time."""
    from rich.progress import track

    from cnnstudio.models.classifier import Prediction

    console = messages()
    batch = max(1, min(BATCH, MAX_BYTES // math.prod(classifier.input_shape)))
    starts = range(0, len(subjects), batch)
    hidden = not console.is_terminal or len(starts) < 2
    for start in track(starts, "Predicting", console=console, transient=True, disable=hidden):
        prepared = prepare(classifier, subjects[start : start + batch])
        images = [image for image in prepared if isinstance(image, np.ndarray)]
        rows = iter(classifier.predict_many(np.stack(images)) if images else ())
        for name, image in zip(names[start : start + batch], prepared, strict=True):
            if isinstance(image, StudioError):
                yield {kind: name, "error": str(image)}
            else:
                best = Prediction(next(rows), classifier.classes).top(top)
                yield {
                    kind: name,
                    "predictions": [
                        {"class": name_of_class, "index": int(index), "probability": float(probability)}
                        for index, name_of_class, probability in best
                    ],
                }


def _prepare_all(classifier: "Classifier", files: Sequence[str]) -> list[np.ndarray | StudioError]:
    def prepare(file: str) -> np.ndarray | StudioError:
        try:
            return classifier.prepare(Path(file)).image
        except StudioError as error:
            return error

    return [prepare(file) for file in files]


def _render_all(classifier: "Classifier", drawings: "Sequence[Drawing]") -> list[np.ndarray | StudioError]:
    from cnnstudio.data.strokes import render_all

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
        if "predictions" in entry:
            named = (f"{one['class']} ({percent(one['probability'])})" for one in entry["predictions"])
            print(f"{_name(entry)}: {', '.join(named)}")


def _name(entry: Entry) -> str:
    return entry["file"] if "file" in entry else f"drawing {entry['drawing']}"
