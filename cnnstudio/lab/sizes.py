"""How many places a kernel finds along an axis: N = ⌊(W − F + 2P)/S⌋ + 1, which settings are possible, and why."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from cnnstudio.wording import counted

Padding = Literal["valid", "same"] | int
"""What is put around maps before a kernel slides: nothing, what Keras adds for `same`, or so much on each side."""

Fill = Literal["zero", "reflect", "edge"]
"""What stands in the padding: zeros, the maps mirrored at their edge, or their outermost numbers."""

_FEW = 4
"""So many rows and columns are named one by one."""


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
    def rest(self) -> int:
        """How many numbers at the end, padding counted, no place of the kernel reaches."""
        return (self.size - self.kernel + sum(self.padding)) % self.stride

    def missed(self, dilation: int = 1) -> np.ndarray:
        """Which numbers, padding counted, no weight meets at any place, bool: at the end, and between the places.

        Args:
            dilation: steps from one weight to the next.
        """
        missed = np.ones(self.size + sum(self.padding), bool)
        weights = np.arange(0, self.kernel, dilation)
        missed[np.add.outer(np.arange(self.output) * self.stride, weights)] = False
        return missed

    @property
    def formula(self) -> str:
        """The formula with its numbers: “(28 − 5 + 2·2)/1 + 1 = 28”; rounding down is shown where it happens."""
        before, after = self.padding
        padding = f"2·{before}" if before == after else f"{before} + {after}"
        quotient = f"({self.size} − {self.kernel} + {padding})/{self.stride}"
        if self.rest:
            quotient = f"⌊{quotient}⌋"
        return f"{quotient} + 1 = {self.output}"


def slide(size: int, kernel: int, stride: int = 1, padding: Padding = "valid", dilation: int = 1) -> Window:
    """Slides a kernel as TensorFlow does.

    Args:
        size: of the axis.
        kernel: of the kernel along it.
        stride: steps from place to place.
        padding: with "same" so much is added that ⌈size / stride⌉ places are found; an odd one goes to the end.
        dilation: steps from one weight of the kernel to the next.
    """
    reach = (kernel - 1) * dilation + 1
    if padding == "same":
        output = -(-size // stride)
        added = max((output - 1) * stride + reach - size, 0)
        return Window(size, reach, (added // 2, added - added // 2), stride, output)
    side = 0 if padding == "valid" else padding
    return Window(size, reach, (side, side), stride, (size - reach + 2 * side) // stride + 1)


@dataclass(frozen=True)
class Sizes:
    """The numbers that decide how large an output gets, along one axis; any whole numbers, possible or not.

    Attributes:
        size: W.
        kernel: F, its weights along the axis.
        padding: P, or how Keras chooses it.
        stride: S.
        dilation: D.
        fill: what stands in the padding.
        noun: what slides, for sentences.
    """

    size: int
    kernel: int
    padding: Padding = "valid"
    stride: int = 1
    dilation: int = 1
    fill: Fill = "zero"
    noun: str = "kernel"

    @property
    def window(self) -> Window:
        """What comes of it; asked for where there is no `problem`."""
        return slide(self.size, self.kernel, self.stride, self.padding, self.dilation)

    @property
    def output(self) -> int:
        """N, the length of the output along the axis; 0 where the setting is impossible."""
        return 0 if self.problem else self.window.output

    @property
    def letters(self) -> str:
        """The formula in letters, with the dilation only where there is one."""
        reach = "F" if self.dilation == 1 else "D·(F − 1) − 1"
        return f"N = ⌊(W − {reach} + 2P)/S⌋ + 1"

    @property
    def formula(self) -> str:
        """The formula in numbers: “N = ⌊(7 − 3 + 2·0)/3⌋ + 1 = 2”; empty where the setting is impossible."""
        if self.problem:
            return ""
        window = self.window
        before, after = window.padding
        reach = f"{self.kernel}" if self.dilation == 1 else f"{self.dilation}·({self.kernel} − 1) − 1"
        padding = f"2·{before}" if before == after else f"({before} + {after})"
        return f"N = ⌊({self.size} − {reach} + {padding})/{self.stride}⌋ + 1 = {window.output}"

    @property
    def problem(self) -> str:
        """Why the setting is impossible, in one sentence that says what to do; empty where it is possible."""
        for value, what, why in (
            (self.size, "The input", "without a number there is nothing to slide over"),
            (self.kernel, f"The {self.noun}", "else it would cover nothing"),
            (self.stride, "The stride", f"with a stride of 0 the {self.noun} would never move on"),
            (self.dilation, "The dilation", "with a dilation of 0 all weights would meet the same number"),
        ):
            if value < 1:
                return f"{what} must be at least 1: {why}."
        if isinstance(self.padding, int) and self.padding < 0:
            return "The padding must be at least 0: it adds numbers and takes none away."
        window = self.window
        side = max(window.padding)
        if self.fill == "reflect" and side >= self.size:
            return (
                f"An input of {self.size} has only {counted(self.size - 1, 'number')} to mirror at its edge, and the "
                f"padding asks for {side}: choose a smaller padding, or zeros."
            )
        if window.output < 1:
            reaches = f"The {self.noun} reaches over {counted(window.kernel, 'number')}"
            padded = self.size + sum(window.padding)
            around = " with its padding" if self.padding not in ("valid", 0) else ""
            return (
                f"{reaches}, but the input{around} has only {padded}: choose a smaller {self.noun}"
                f"{' or dilation' if self.dilation > 1 else ''}, or a larger input or padding."
            )
        return ""

    @property
    def remark(self) -> str:
        """What frameworks do where the formula has no whole number, and what of the input is never seen; or empty."""
        if self.problem:
            return ""
        window, unseen = self.window, self.unseen
        said = []
        if window.rest:
            span = self.size - window.kernel + sum(window.padding)
            said.append(f"{span}/{self.stride} is no whole number: Keras, TensorFlow and PyTorch round down.")
        if len(unseen) > _FEW:
            said.append(f"{len(unseen)} rows and columns of the input are never seen.")
        elif unseen:
            which = " and ".join(filter(None, (", ".join(map(str, unseen[:-1])), str(unseen[-1]))))
            said.append(f"{'Row and column' if len(unseen) == 1 else 'Rows and columns'} {which} are never seen.")
        elif window.rest:
            said.append("Only padding is left out.")
        return " ".join(said)

    @property
    def unseen(self) -> list[int]:
        """The numbers along the axis, counted from 0 and without padding, that no weight meets at any place."""
        if self.problem:
            return []
        before = self.window.padding[0]
        places: list[int] = np.flatnonzero(self.window.missed(self.dilation)[before : before + self.size]).tolist()
        return places

    def limits(self, name: str) -> range:
        """From the least to the greatest value of one of the numbers that is possible while the others stay.

        It keeps within `LARGEST`. Where the others alone are impossible, it holds no value but the present one.

        Args:
            name: of one of the attributes that are numbers, a key of `LARGEST`.
        """
        values = range(0 if name == "padding" else 1, LARGEST[name] + 1)
        least = next((value for value in values if not self._with(name, value).problem), None)
        if least is None:
            present = getattr(self, name)
            least = greatest = present if isinstance(present, int) else 0
        else:
            greatest = next(value for value in reversed(values) if not self._with(name, value).problem)
        return range(least, greatest + 1)

    def _with(self, name: str, value: int) -> "Sizes":
        return replace(self, **{name: value})  # type: ignore[arg-type]


LARGEST = {"size": 32, "kernel": 11, "padding": 8, "stride": 8, "dilation": 6}
"""What a slider for each of the numbers of `Sizes` goes up to."""
