"""Digits as people write and photograph them: which share the network that ships reads right.

The pictures are made up (`tests.data.digit_photos`), half of them from MNIST's test images, half from drawings. They
come in two parts: one to develop on, one held back. Pen strokes of real people are measured too where the environment
variable `CNNSTUDIO_STROKES` names a folder with strokes.json and labels.json.

`python -m tests.benchmarks.digits --part development` prints the kinds and can keep the pictures that went wrong.
"""

import argparse
import json
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

from cnnstudio.data.augmentation.made_up_digits import Template, draw_digits
from cnnstudio.data.library import load_dataset
from cnnstudio.data.pictures.strokes import Drawing, read_drawings, render_all
from cnnstudio.errors import StudioError
from cnnstudio.models.trained.classifier import Classifier
from cnnstudio.models.trained.library import load_classifier
from tests.benchmarks import Measurement, Skipped
from tests.data.digit_photos import KINDS, SHEETS, Shape, photograph, shape_of_image, shapes_of_drawings, sheet

MODEL = "lenet5-mnist"

PARTS = {"development": 1, "held back": 2}
"""The parts and their seeds. MNIST's test images with an even number belong to the first, the others to the second."""

EACH = 40
"""Pictures of each kind in a part."""

ON_A_SHEET = 12
"""Digits on a sheet."""

GOALS = {"photos": 0.99, "sheets": 0.99, "strokes": 0.988, "mnist": 0.994}

RARE: dict[int, tuple[Template, ...]] = {
    1: (
        (((0.5, 8), (5, 0), (5, 0), (5, 14)), ((1.5, 14), (8.5, 14))),
        (((-0.5, 9.5), (5.3, 0), (5.3, 0), (5, 14), (5, 14), (2, 14), (2, 14), (8, 13.8)),),
        (((1, 7), (5.5, 0), (5.5, 0), (4.5, 14)), ((1, 14.2), (9, 13.6))),
    ),
    4: (
        (((5.5, 1.2), (1.2, 8.3), (1.2, 8.3), (9.3, 8.3)), ((6.6, 1), (6.4, 14))),
        (((4.8, 0.8), (0.8, 7.5), (0.8, 7.5), (8.2, 7.2)), ((6.2, 1.8), (5.7, 14))),
        (((4, 0), (1, 8), (1, 8), (6.8, 7.6)), ((6, 3), (5.6, 14))),
        (((2.2, 2.5), (1.5, 7), (1.5, 7), (8, 6.5)), ((7.6, 0), (7.2, 14))),
        (((6, 0), (1.5, 8), (1.5, 8), (7.4, 8)), ((6.4, 0.8), (6.2, 14))),
    ),
    3: ((((1.5, 1.5), (5.5, 0), (8, 2.5), (5, 6.2), (5, 6.2), (8.4, 9), (6.5, 13.5), (1.2, 13)),),),
    9: ((((8.2, 2), (5, 0.2), (1.8, 2.6), (2.8, 6), (6.4, 5.8), (8.2, 2), (8.2, 2), (7.6, 9), (5, 14)),),),
}
"""Ways of writing with which networks trained on MNIST have trouble."""


@cache
def _mnist() -> tuple[np.ndarray, np.ndarray]:
    test = load_dataset("mnist").test
    return test.images[..., 0], test.labels


def shapes(part: str, count: int, seed: int) -> tuple[list[Shape], np.ndarray]:
    """Digits of a part, as many of MNIST as made-up ones, in an order of no meaning, and their labels."""
    random = np.random.default_rng([PARTS[part], seed])
    images, labels = _mnist()
    mine = np.arange(len(labels))[PARTS[part] - 1 :: 2]
    chosen = random.choice(mine, count // 2, replace=False)
    rest = count - count // 2
    usual = draw_digits(rest * 2 // 3, int(random.integers(2**31)))
    rare = draw_digits(rest - rest * 2 // 3, int(random.integers(2**31)), RARE)
    found = [shape_of_image(images[one]) for one in chosen] + shapes_of_drawings([*usual[0], *rare[0]])
    true = np.concatenate([labels[chosen], usual[1], rare[1]])
    order = random.permutation(count)
    return [found[one] for one in order], true[order]


def photographs(part: str, kind: str, count: int = EACH) -> Iterator[tuple[Image.Image, int]]:
    """The pictures of a kind in a part, and the digits in them."""
    seed = list(KINDS).index(kind)
    random = np.random.default_rng([PARTS[part], seed, 1])
    for shape, label in zip(*shapes(part, count, seed), strict=True):
        yield photograph(shape, KINDS[kind], random), int(label)


def read(classifier: Classifier, picture: Image.Image) -> tuple[int, float]:
    """What the network says of a picture, and how sure it is; −1 where no digit is found."""
    try:
        prediction = classifier.predict(picture)
    except StudioError:
        return -1, 0.0
    (index, _, probability), *_ = prediction.top(1)
    return index, probability


def read_sheets(classifier: Classifier, part: str) -> list[bool]:
    """Whether each digit on the sheets of a part is found and read right, and each that is found is one."""
    right = []
    for number, name in enumerate(SHEETS):
        random = np.random.default_rng([PARTS[part], number, 2])
        written, labels = shapes(part, ON_A_SHEET, 100 + number)
        page = sheet(name, written, int(random.integers(3, 7)), random)
        found = classifier.split(page.picture)
        answers = classifier.predict_many(np.stack([one.image for one in found])).argmax(axis=1) if found else []
        right += [False] * (len(found) - len(labels))
        for (left, top, right_edge, bottom), label in zip(page.boxes, labels, strict=True):
            here = [
                answer
                for one, answer in zip(found, answers, strict=True)
                if left <= (one.box[0] + one.box[2]) / 2 <= right_edge
                and top <= (one.box[1] + one.box[3]) / 2 <= bottom
            ]
            right.append(here == [label])
    return right


def strokes() -> tuple[list[Drawing], np.ndarray]:
    """Pen strokes of real people, and the digits that they meant.

    Raises:
        Skipped: there are none here.
    """
    folder = Path(os.environ.get("CNNSTUDIO_STROKES", ""))
    if not (folder / "strokes.json").is_file():
        raise Skipped("CNNSTUDIO_STROKES does not name a folder with strokes.json")
    return read_drawings(folder / "strokes.json"), np.array(json.loads((folder / "labels.json").read_text()))


def digits() -> list[Measurement]:
    """The shares that are right, beside the goals."""
    classifier = load_classifier(MODEL)
    measurements = []
    for part in PARTS:
        right = [read(classifier, picture)[0] == label for kind in KINDS for picture, label in photographs(part, kind)]
        measurements.append(_share(f"digit_photos_{part.replace(' ', '_')}", right, "photos"))
        measurements.append(_share(f"digit_sheets_{part.replace(' ', '_')}", read_sheets(classifier, part), "sheets"))
    try:
        drawings, labels = strokes()
        measurements.append(
            _share("digit_strokes", classifier.predict_many(render_all(drawings)).argmax(axis=1) == labels, "strokes")
        )
    except Skipped:
        pass
    test = load_dataset("mnist").test
    measurements.append(_share("mnist", classifier.predict_many(test.images).argmax(axis=1) == test.labels, "mnist"))
    return measurements


def _share(name: str, right: "np.ndarray | list[bool]", goal: str) -> Measurement:
    return Measurement(name, 100 * float(np.mean(right)), "%", "the goal", 100 * GOALS[goal])


def main(arguments: list[str] | None = None) -> None:
    """Prints the share of each kind that is right, and keeps the pictures that went wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.digits", description=__doc__)
    parser.add_argument("--part", choices=PARTS, default="development")
    parser.add_argument("--model", default=MODEL, help="a name or a path")
    parser.add_argument("--each", type=int, default=EACH, help="pictures of each kind")
    parser.add_argument("--wrong", type=Path, metavar="DIR", help="where to keep the pictures that went wrong")
    options = parser.parse_args(arguments)
    classifier = load_classifier(options.model)
    total = 0
    for kind in KINDS:
        right = 0
        for number, (picture, label) in enumerate(photographs(options.part, kind, options.each)):
            answer, _ = read(classifier, picture)
            right += answer == label
            if answer != label and options.wrong is not None:
                options.wrong.mkdir(parents=True, exist_ok=True)
                picture.save(options.wrong / f"{kind}-{number}-{label}-as-{answer}.png")
        total += right
        print(f"{kind:14} {right:4} of {options.each}", flush=True)
    print(f"{'together':14} {total:4} of {options.each * len(KINDS)}")
    on_sheets = read_sheets(classifier, options.part)
    print(f"{'on sheets':14} {sum(on_sheets):4} of {len(on_sheets)}")


if __name__ == "__main__":
    main()
