"""`cnnstudio robustness`: what it prints is what the functions of the same names return."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import cnnstudio
from cnnstudio.cli.app import run

IMAGE = np.zeros((28, 28), np.uint8)
IMAGE[4:24, 12:16] = 255


def outcome(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = run(["robustness", *arguments], lambda _: 0)
    out, err = capsys.readouterr()
    return code, out, err


def test_ranges_and_smallest_changes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    digit = tmp_path / "one.png"
    Image.fromarray(IMAGE).save(digit)
    code, out, _ = outcome(capsys, "lenet5-mnist", str(digit), "--json")
    assert code == 0
    facts, classifier = json.loads(out), cnnstudio.load_classifier("lenet5-mnist")
    assert facts["class"] == classifier.predict(digit).top(1)[0][1]
    assert list(facts["keeps"]) == list(cnnstudio.TRANSFORMATIONS)
    assert tuple(facts["keeps"]["rotation"]) == cnnstudio.robustness_curve(classifier, digit, "rotation").kept
    for attack in cnnstudio.ATTACKS:
        found = cnnstudio.smallest_change(classifier, digit, attack)
        assert facts["flips"][attack]["epsilon"] == found.epsilon
        assert facts["flips"][attack]["class"] == found.classes[int(found.after.argmax())]
    code, out, _ = outcome(capsys, "lenet5-mnist", str(digit), "--limit", "0.5")
    assert code == 0 and out.startswith(f"It says {facts['class']}, ")
    assert out.count("none up to 0.5") == len(cnnstudio.ATTACKS)


@pytest.mark.parametrize(
    ("image", "more", "words"), [("no.png", (), "no.png does not exist"), ("no.png", ("--limit", "300"), "--limit")]
)
def test_what_is_wrong_is_said(
    image: str, more: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = outcome(capsys, "lenet5-mnist", image, *more)
    assert code != 0 and out == "" and words in err
