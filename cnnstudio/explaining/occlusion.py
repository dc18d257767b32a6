"""Explanation by covering: how much the score of a class falls where a square of the image is covered."""

import numpy as np

from cnnstudio.explaining.baselines import BASELINES
from cnnstudio.explaining.explanation import Asked, Finding, Squares, least_told
from cnnstudio.explaining.scores import ClassScores
from cnnstudio.progress import OnProgress, Progress


def starts(length: int, patch: int, stride: int) -> list[int]:
    """Where patches begin so that they cover a length wholly: the last one ends with it."""
    last = max(0, length - patch)
    return sorted({*range(0, last, stride), last})


def occlusion(scores: ClassScores, asked: Asked, on_progress: OnProgress) -> Finding:
    """By how much covering lowers the score, at each pixel the mean of all squares that cover it.

    A covered square of which the score knows nothing still moves its last digits: that counts as 0.

    Zeiler and Fergus 2013, arXiv 1311.2901.
    """
    image, cover = asked.image, BASELINES[asked.baseline].make(asked.image)
    tops, lefts = (starts(length, asked.patch, asked.stride) for length in image.shape[:2])
    places = [(slice(top, top + asked.patch), slice(left, left + asked.patch)) for top in tops for left in lefts]
    all_falls = []
    whole = scores.scores(image[np.newaxis])[0]
    least, largest = least_told(float(whole[asked.class_index])), 0.0
    total, count = np.zeros(image.shape[:2]), np.zeros(image.shape[:2])
    batch = scores.classifier.batch_size
    for start in range(0, len(places), batch):
        part = places[start : start + batch]
        covered = np.repeat(image[np.newaxis], len(part), axis=0)
        for one, place in zip(covered, part, strict=True):
            one[place] = cover[place]
        falls = whole[asked.class_index] - scores.scores(covered)[:, asked.class_index]
        largest = max(largest, float(np.abs(falls).max()))
        falls = np.where(np.abs(falls) > least, falls, 0)
        all_falls.append(falls)
        for place, fall in zip(part, falls, strict=True):
            total[place] += fall
            count[place] += 1
        on_progress(Progress("Covering squares", start + len(part), len(places), "images"))
    table = np.concatenate(all_falls).reshape(len(tops), len(lefts))
    squares = Squares(np.array(tops), np.array(lefts), asked.patch, table, largest)
    return Finding((total / count).astype(np.float32), whole, squares=squares)
