"""What must be true of every architecture as its paper has it; no memory is taken for its weights."""

import math
import re

from cnnstudio.models.architectures.catalogue import ARCHITECTURES
from tests.models.sample_networks import DOWNLOADED, outline


def rounded(number: int, like: int) -> int:
    """Rounded to as many digits as another number was."""
    step = 10 ** (len(str(like)) - len(str(like).rstrip("0")))
    return round(number / step) * step


def check_parameters(name: str) -> None:
    model, published = outline(name), ARCHITECTURES[name].published_parameters
    every = sum(math.prod(weight.shape) for weight in model.weights)
    statistics = sum(math.prod(weight.shape) for weight in model.weights if "moving_" in weight.path)
    # Keras counts running statistics; papers and PyTorch don't.
    count = every if name in DOWNLOADED else every - statistics
    assert rounded(count, published) == published, (count, published)


def check_that_pixels_are_scaled(name: str) -> None:
    kinds = [type(layer).__name__ for layer in outline(name).layers]
    first = next(place for place, kind in enumerate(kinds) if re.match("Conv2D|Dense", kind))
    assert "Rescaling" in kinds[:first], kinds[: first + 1]


def check_names(name: str) -> None:
    model = outline(name)
    names = [layer.name for layer in model.layers]
    # Where a network is built twice, Keras gives its own names a number.
    kinds = {re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", type(layer).__name__).lower() for layer in model.layers}
    made_up = [name for name in names if re.sub(r"_\d+$", "", name) in kinds and name[-1].isdigit()]
    assert made_up == []
    assert len(set(names)) == len(names), names
    assert [name for name in names if not re.fullmatch(r"[a-z][a-z0-9_]*", name)] == []
    assert (names[0], names[-1], model.name) == ("image", "output", name)


def check_that_layers_are_used_once(name: str) -> None:
    assert [layer.name for layer in outline(name).layers if len(layer._inbound_nodes) != 1] == []
