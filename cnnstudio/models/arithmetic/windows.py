"""How many places a sliding window finds along one axis: N = (W − F + 2P)/S + 1."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Window:
    """A convolution or a pooling along one axis, height or width.

    Attributes:
        size: W, what it slides over, without padding.
        kernel: F, how far the kernel reaches; a dilated one reaches (kernel − 1)·dilation + 1.
        padding: zeros before and after; P where both agree.
        stride: S.
        output: N, the places it finds; zero or negative where the kernel does not fit.
    """

    size: int
    kernel: int
    padding: tuple[int, int]
    stride: int
    output: int

    @property
    def formula(self) -> str:
        """The formula with its numbers: “(28 − 5 + 2·2)/1 + 1 = 28”; rounding down is shown where there is a rest."""
        before, after = self.padding
        padding = f"2·{before}" if before == after else f"{before} + {after}"
        quotient = f"({self.size} − {self.kernel} + {padding})/{self.stride}"
        if (self.size - self.kernel + before + after) % self.stride:
            quotient = f"⌊{quotient}⌋"
        return f"{quotient} + 1 = {self.output}"


def slide(size: int, kernel: int, stride: int, same: bool, dilation: int = 1) -> Window:
    """Slides a kernel as TensorFlow does.

    Args:
        size: of the axis.
        kernel: of the kernel along it.
        stride: steps from place to place.
        same: whether zeros are added so that ⌈size / stride⌉ places are found; an odd one goes to the end.
        dilation: steps from one weight of the kernel to the next.
    """
    reach = (kernel - 1) * dilation + 1
    if not same:
        return Window(size, reach, (0, 0), stride, (size - reach) // stride + 1)
    output = -(-size // stride)
    padding = max((output - 1) * stride + reach - size, 0)
    return Window(size, reach, (padding // 2, padding - padding // 2), stride, output)
