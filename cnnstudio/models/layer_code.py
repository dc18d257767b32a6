"""Layers of our own as code that needs Keras alone."""

LAYER_CODE = {
    "LocalResponseNormalization": '''\
@keras.saving.register_keras_serializable(package="cnnstudio")
class LocalResponseNormalization(layers.Layer):
    """Divides each number by what stands at the same place of neighbouring maps."""

    def __init__(self, size=5, k=2.0, alpha=1e-4, beta=0.75, **options):
        super().__init__(**options)
        self.size, self.k, self.alpha, self.beta = size, k, alpha, beta

    def call(self, inputs):
        channels, reach = inputs.shape[-1], self.size // 2
        around = [(0, 0)] * (len(inputs.shape) - 1) + [(reach, reach)]
        squares = keras.ops.pad(keras.ops.square(inputs), around)
        windows = (squares[..., start : start + channels] for start in range(self.size))
        return inputs * keras.ops.power(self.k + self.alpha * sum(windows), -self.beta)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        names = ("size", "k", "alpha", "beta")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}''',
}
"""For each of `cnnstudio.models.layers.LAYERS` a class that does the same."""
