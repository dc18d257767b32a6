"""The layer table: what each layer of a network does, and what it costs, worked out from Keras's own config alone.

No variable is made and Keras is not imported: shapes and counts follow from the arithmetic of each kind of layer
(`rules`), so that a network of 10⁹ parameters takes no more memory than a small one.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cnnstudio.models.rules.windows import Window

if TYPE_CHECKING:
    import keras

Config = dict[str, Any]
"""Keras's config of a Functional or Sequential model, as of `keras.saving.serialize_keras_object`."""


@dataclass(frozen=True)
class Misfit:
    """An impossible layer.

    Attributes:
        layer: its name.
        field: of its Keras config, as “kernel_size”; empty where the connection itself is wrong.
        value: of that field.
        nearest: the nearest value of that field with which the layer fits; None where none does.
        text: a sentence: what does not fit and why, and what would.
    """

    layer: str
    field: str
    value: Any
    nearest: Any | None
    text: str


@dataclass(frozen=True)
class LayerRow:
    """One layer.

    Attributes:
        name: of the layer; of one within a model within the model, “model/layer”.
        kind: Keras's class.
        title: what it is, short: “Convolution 5×5”.
        description: one sentence that teaches what this kind of layer does.
        inputs: names of the layers that feed it.
        output_shape: for one image; None where a misfit keeps it from being known.
        activation: Keras's name of the function that follows; empty where there is none.
        parameters: running statistics included, as in Keras's `count_params`.
        trainable_parameters: those that training changes.
        parameter_terms: “5·5·1·6 + 6 = 156”; empty where there are none.
        multiply_adds: multiplications by weights, each with its addition, for one image; as papers count them,
            normalisation, pooling and activations are left out.
        multiply_add_terms: “28·28·6·(5·5·1) = 117,600”; empty where there are none.
        receptive_field: (height, width) in pixels of the image: from the first to the last that one number of the output
            depends on, where that is most. None where a misfit keeps it from being known.
        windows: for convolutions and poolings, along the height and along the width.
    """

    name: str
    kind: str
    title: str
    description: str
    inputs: tuple[str, ...]
    output_shape: tuple[int, ...] | None
    activation: str
    parameters: int
    trainable_parameters: int
    parameter_terms: str
    multiply_adds: int
    multiply_add_terms: str
    receptive_field: tuple[int, int] | None
    windows: tuple[Window, Window] | None


@dataclass(frozen=True)
class LayerTable:
    """All layers of a network, in the order in which they are computed.

    Attributes:
        name: of the model.
        input_shape: (height, width, channels).
        classes: how many numbers it answers with; 0 where a misfit keeps that from being known.
        rows: a layer each, the input first.
        misfit: the first impossible layer; the rows from it on have no output shape.
    """

    name: str
    input_shape: tuple[int, int, int]
    classes: int
    rows: tuple[LayerRow, ...]
    misfit: Misfit | None

    @property
    def parameters(self) -> int:
        """Of all layers, running statistics included."""
        return sum(row.parameters for row in self.rows)

    @property
    def trainable_parameters(self) -> int:
        """Of all layers, those that training changes."""
        return sum(row.trainable_parameters for row in self.rows)

    @property
    def multiply_adds(self) -> int:
        """Of all layers, for one image."""
        return sum(row.multiply_adds for row in self.rows)

    def row(self, name: str) -> LayerRow:
        """The layer of that name.

        Raises:
            KeyError: there is none.
        """
        for row in self.rows:
            if row.name == name:
                return row
        raise KeyError(name)
