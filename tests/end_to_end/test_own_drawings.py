"""A handful of drawings, from collecting them to a network that recognises others."""

from dataclasses import replace
from itertools import pairwise

import numpy as np

from cnnstudio.data.collected.collection import Collection
from cnnstudio.data.collected.sets import create_collection
from cnnstudio.data.library import collected_folder, find_dataset
from cnnstudio.data.pictures.strokes import Drawing, render
from cnnstudio.models.trained.library import load_classifier
from cnnstudio.training.config import TrainingConfig
from cnnstudio.training.trainer import train

SHAPES = {"circle": 40, "square": 4, "triangle": 3}
"""Corners of each."""


def shape(name: str, random: np.random.Generator) -> Drawing:
    """A closed line as a careless hand draws it."""
    corners = np.linspace(0, 2 * np.pi, SHAPES[name] + 1) + random.normal(0, 0.15) - np.pi / 4
    radius = random.uniform(40, 100) * np.array([random.uniform(0.8, 1.2), 1])
    points = random.uniform(100, 180, 2) + radius * np.stack([np.cos(corners), np.sin(corners)], axis=1)
    points[-1] += random.normal(0, 5, 2)
    sides = [np.linspace(a, b, 12) for a, b in pairwise(points)]
    line = np.concatenate(sides)
    return [line + random.normal(0, 1.0, line.shape)]


def test_three_classes_of_ten_drawings_are_enough() -> None:
    """Collected, trained on for a third of the epochs that are suggested, and recognised in other drawings."""
    random = np.random.default_rng(0)
    collection = Collection(create_collection(collected_folder(), "Shapes", "drawings", list(SHAPES)))
    for name in SHAPES:
        for _ in range(10):
            collection.write(name, collection.render(shape(name, random)))
    collection.close()
    config = TrainingConfig.suggested(find_dataset("Shapes"))
    assert config.batch_size < 20
    result = train(replace(config, epochs=config.epochs // 3))
    assert (result.dataset_title, result.classifier.classes) == ("Shapes", ("circle", "square", "triangle"))
    fresh = [(name, shape(name, random)) for name in SHAPES for _ in range(20)]
    right = 0
    for name, drawing in fresh:
        image = render(drawing, result.classifier.input_shape)
        right += result.classifier.predict(image).top(1)[0][1] == name
    assert right >= 48
    assert load_classifier(result.run).card.dataset == "Shapes"
