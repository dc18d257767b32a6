"""Which classes have a curve when an image is changed."""

import numpy as np

from cnnstudio.explaining.attacks import SmallestChange
from cnnstudio.explaining.transformations import RobustnessCurve
from cnnstudio.gui.pages.inside.robust_column import in_words
from cnnstudio.gui.pages.inside.robust_view import classes_to_show


def curve(*probabilities: list[float]) -> RobustnessCurve:
    """Of a network with eight classes that answers class 3 to the image as it is."""
    padded = np.array([row + [0.0] * (8 - len(row)) for row in probabilities])
    return RobustnessCurve("rotation", np.arange(float(len(padded))), padded, 3, tuple("abcdefgh"))


def test_every_class_that_wins_anywhere_has_a_curve() -> None:
    never_wins = [0.0, 0.49, 0.0, 0.51]
    wins_narrowly = [0.2, 0.19, 0.2, 0.0, 0.0, 0.0, 0.21]
    one, other = curve(never_wins, wins_narrowly), curve([0.0, 0.0, 0.0, 0.9], [0.0, 0.0, 0.9])
    shown = classes_to_show([one, other])
    assert shown[:3] == [3, 2, 6] and shown[3] == 1  # the answer, the winners, then who comes nearest
    many = curve(*np.eye(8)[:6].tolist())
    assert set(classes_to_show([many])) == {0, 1, 2, 3, 4, 5}
    assert classes_to_show([]) == []


def test_what_a_change_does_is_said_in_sentences_that_begin_well() -> None:
    image = np.zeros((1, 1, 1), np.float32)
    answers = np.array([0.9, 0.1]), np.array([0.2, 0.8])
    change = SmallestChange("fgsm", image, image, 2.0, 64.0, *answers, ("cup", "tea"))
    assert in_words(change) == "Says tea, 80.0 % sure. The probability of cup goes from 90.0 % to 20.0 %."
