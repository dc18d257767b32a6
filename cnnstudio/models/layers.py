"""Layers of our own: only what published networks need and Keras has not.

A saved model asks for them by a name that begins with “cnnstudio>”. The text of each class also goes into the scripts
that `cnnstudio.exporting` writes: it needs nothing but `keras`, and its lines are no longer than a script's.
"""

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras

PACKAGE = "cnnstudio"

MAX_NEIGHBOURS = 255


@cache
def local_response_normalization() -> "type[keras.Layer]":
    """The layer that AlexNet normalises with: Krizhevsky, Sutskever and Hinton 2012, section 3.3.

    Each number is divided by (k + α · Σ a²)^β. The sum is taken at the same place of the `size` neighbouring maps, its
    own in the middle, as far as there are so many. The defaults are the paper's.
    """
    import keras

    @keras.saving.register_keras_serializable(package="cnnstudio")
    class LocalResponseNormalization(keras.layers.Layer):
        """Divides each number by what stands at the same place of neighbouring maps.

        Args:
            size: how many maps are summed over; odd, 1 to 255.
            k: above 0.
            alpha: at least 0.
            beta: the exponent.
            options: of every layer, such as its name.
        """

        def __init__(
            self,
            size: int = 5,
            k: float = 2.0,
            alpha: float = 1e-4,
            beta: float = 0.75,
            **options: object,
        ) -> None:
            super().__init__(**options)
            if size not in range(1, 256, 2):
                raise ValueError(f"size must be odd, 1 to 255, not {size}")
            if not (k > 0 and alpha >= 0):
                raise ValueError("k must be above 0 and alpha at least 0")
            self.size, self.k, self.alpha, self.beta = size, k, alpha, beta

        def call(self, inputs: "keras.KerasTensor") -> "keras.KerasTensor":
            channels, reach = inputs.shape[-1], self.size // 2
            around = [(0, 0)] * (len(inputs.shape) - 1) + [(reach, reach)]
            squares = keras.ops.pad(keras.ops.square(inputs), around)
            total = sum(squares[..., n : n + channels] for n in range(self.size))
            return inputs * keras.ops.power(self.k + self.alpha * total, -self.beta)

        def compute_output_shape(self, input_shape: tuple[int, ...]) -> tuple[int, ...]:
            return input_shape

        def get_config(self) -> dict[str, object]:
            names = ("size", "k", "alpha", "beta")
            return super().get_config() | {name: getattr(self, name) for name in names}

    return LocalResponseNormalization


LAYERS: dict[str, Callable[[], "type[keras.Layer]"]] = {"LocalResponseNormalization": local_response_normalization}
"""What makes each of them, by its name."""


def register_layers() -> None:
    """Makes all of them known to Keras, so that models that contain them can be opened."""
    for make in LAYERS.values():
        make()


def __getattr__(name: str) -> "type[keras.Layer]":
    """The class of that name, as if it stood here; it is made when it is first asked for, for it needs Keras."""
    if name in LAYERS:
        return LAYERS[name]()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
