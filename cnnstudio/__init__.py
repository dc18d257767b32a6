"""CNN Studio: train a convolutional network, draw or open an image, and see what every layer saw.

The engine as a Python package:

    import cnnstudio

    dataset = cnnstudio.load_dataset("mnist")
    result = cnnstudio.train(cnnstudio.TrainingConfig(architecture="lenet5", epochs=1))
    classifier = cnnstudio.load_classifier(result.run)
    prediction = classifier.predict(dataset.test.images[0], feature_maps=True)

Names are loaded when first used, so that `import cnnstudio` costs nothing.
"""

import importlib
import os
from typing import TYPE_CHECKING, Any

from cnnstudio.version import __version__

if TYPE_CHECKING:
    from cnnstudio.data.library import load_dataset
    from cnnstudio.data.published.catalogue import DATASETS
    from cnnstudio.data.splits import Dataset, Split
    from cnnstudio.errors import StudioError
    from cnnstudio.explaining.attacks import ATTACKS, smallest_change
    from cnnstudio.explaining.data_map import MAPS, lay_out
    from cnnstudio.explaining.embedding import Embedding, embed
    from cnnstudio.explaining.explanation import Explanation
    from cnnstudio.explaining.explanations import EXPLANATIONS, explain
    from cnnstudio.explaining.pictures import draw_explanation, draw_feature_maps
    from cnnstudio.explaining.transformations import TRANSFORMATIONS, robustness_curve
    from cnnstudio.exporting.training_script import keras_script
    from cnnstudio.models.architectures.catalogue import ARCHITECTURES
    from cnnstudio.models.trained.classifier import Classifier, Prediction
    from cnnstudio.models.trained.library import load_classifier
    from cnnstudio.training.config import TrainingConfig
    from cnnstudio.training.evaluation import evaluate
    from cnnstudio.training.trainer import train


_HOME_OF = {
    "ARCHITECTURES": "cnnstudio.models.architectures.catalogue",
    "ATTACKS": "cnnstudio.explaining.attacks",
    "Classifier": "cnnstudio.models.trained.classifier",
    "DATASETS": "cnnstudio.data.published.catalogue",
    "Dataset": "cnnstudio.data.splits",
    "EXPLANATIONS": "cnnstudio.explaining.explanations",
    "Embedding": "cnnstudio.explaining.embedding",
    "Explanation": "cnnstudio.explaining.explanation",
    "MAPS": "cnnstudio.explaining.data_map",
    "Prediction": "cnnstudio.models.trained.classifier",
    "Split": "cnnstudio.data.splits",
    "StudioError": "cnnstudio.errors",
    "TRANSFORMATIONS": "cnnstudio.explaining.transformations",
    "TrainingConfig": "cnnstudio.training.config",
    "draw_explanation": "cnnstudio.explaining.pictures",
    "draw_feature_maps": "cnnstudio.explaining.pictures",
    "embed": "cnnstudio.explaining.embedding",
    "evaluate": "cnnstudio.training.evaluation",
    "explain": "cnnstudio.explaining.explanations",
    "keras_script": "cnnstudio.exporting.training_script",
    "lay_out": "cnnstudio.explaining.data_map",
    "load_classifier": "cnnstudio.models.trained.library",
    "load_dataset": "cnnstudio.data.library",
    "robustness_curve": "cnnstudio.explaining.transformations",
    "smallest_change": "cnnstudio.explaining.attacks",
    "train": "cnnstudio.training.trainer",
}

ONEDNN_VARIABLE = "TF_ENABLE_ONEDNN_OPTS"
"""The environment variable that tells TensorFlow whether to use oneDNN, Intel's library for neural networks."""

__all__ = [
    "ARCHITECTURES",
    "ATTACKS",
    "DATASETS",
    "EXPLANATIONS",
    "MAPS",
    "TRANSFORMATIONS",
    "Classifier",
    "Dataset",
    "Embedding",
    "Explanation",
    "Prediction",
    "Split",
    "StudioError",
    "TrainingConfig",
    "__version__",
    "draw_explanation",
    "draw_feature_maps",
    "embed",
    "evaluate",
    "explain",
    "keras_script",
    "lay_out",
    "load_classifier",
    "load_dataset",
    "robustness_curve",
    "smallest_change",
    "train",
]

# Keras reads its backend when it is first imported; a user's own choice of another one must not break us.
os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# TensorFlow reads this when it is imported. By itself it uses oneDNN on Linux alone, and only where the processor has
# VNNI or AMX; with AVX2 convolutional networks learn two to four times as fast with it.
os.environ.setdefault(ONEDNN_VARIABLE, "1")


def __getattr__(name: str) -> Any:
    try:
        home = _HOME_OF[name]
    except KeyError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
    return getattr(importlib.import_module(home), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
