"""Layers of our own: only what published networks need and Keras has not.

A saved model asks for them by a name that begins with “cnnstudio>”.
"""

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

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
    from keras import ops

    @keras.saving.register_keras_serializable(package=PACKAGE)
    class LocalResponseNormalization(keras.layers.Layer):
        """Divides each number by what stands at the same place of the neighbouring maps.

        Args:
            size: how many maps are summed over; odd.
            k: above 0.
            alpha: at least 0.
            beta: the exponent.
            options: of every layer, such as its name.

        Raises:
            ValueError: a number is out of its range.
        """

        def __init__(
            self, size: int = 5, k: float = 2.0, alpha: float = 1e-4, beta: float = 0.75, **options: Any
        ) -> None:
            super().__init__(**options)
            if size not in range(1, MAX_NEIGHBOURS + 1, 2):
                raise ValueError(f"size must be odd, 1 to {MAX_NEIGHBOURS}, not {size}")
            if not (k > 0 and alpha >= 0):
                raise ValueError(f"k must be above 0 and alpha at least 0, not {k} and {alpha}")
            self.size, self.k, self.alpha, self.beta = size, k, alpha, beta

        def call(self, inputs: Any) -> Any:
            channels, reach = inputs.shape[-1], self.size // 2
            squares = ops.pad(ops.square(inputs), [*[(0, 0)] * (len(inputs.shape) - 1), (reach, reach)])
            total = sum(squares[..., start : start + channels] for start in range(self.size))
            return inputs * ops.power(self.k + self.alpha * total, -self.beta)

        def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
            return input_shape

        def get_config(self) -> dict[str, Any]:
            settings = {"size": self.size, "k": self.k, "alpha": self.alpha, "beta": self.beta}
            return {**super().get_config(), **settings}

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
