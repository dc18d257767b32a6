"""How many weights the first layer of an MLP and of a CNN has for pictures of a size."""

from dataclasses import dataclass


@dataclass(frozen=True)
class FirstLayer:
    """A first layer on pictures of a size.

    Attributes:
        side: height and width of the pictures.
        channels: 1 for grey ones, 3 for coloured ones.
        hidden: H, the units of the dense layer.
        kernel: height and width of the convolution's kernels.
        filters: how many the convolution has.
    """

    side: int
    channels: int = 1
    hidden: int = 256
    kernel: int = 3
    filters: int = 32

    @property
    def pixels(self) -> int:
        """P, how many numbers a picture has."""
        return self.side**2 * self.channels

    @property
    def dense(self) -> int:
        """P × H weights, and H biases: it grows with the picture."""
        return self.pixels * self.hidden + self.hidden

    @property
    def convolution(self) -> int:
        """Kernel² × channels × filters weights, and a bias a filter: the same for any picture."""
        return self.kernel**2 * self.channels * self.filters + self.filters
