"""One explanation: its picture over the image, its scale, and what it can and can't tell."""

import math

import numpy as np
from PySide6.QtCore import QRectF, QSize, Slot
from PySide6.QtWidgets import QFrame
from typing_extensions import override

from cnnstudio.explaining.baselines import BASELINES
from cnnstudio.explaining.explanation import Explanation
from cnnstudio.explaining.explanations import Method
from cnnstudio.explaining.pictures import overlay
from cnnstudio.gui.controls.describe import breakable, describe, label
from cnnstudio.gui.controls.layouts import column
from cnnstudio.gui.look.theme import GAP, array_to_image
from cnnstudio.gui.widgets.images.pixel_view import PixelView
from cnnstudio.gui.widgets.items import Cell
from cnnstudio.gui.widgets.maps.colour_scale import ColourLegend, format_value
from cnnstudio.wording import percent, shape

NO_IMAGE, AT_WORK, STOPPED = "It appears with an image.", "…", "Stopped."
"""What stands in the place of an explanation."""

SIDE = 8 * 28 + 4
"""Of a picture with its frame, in device-independent pixels: eight for each pixel of a digit."""


class ExplanationView(PixelView):
    """An image under the colours of an explanation; the pixel that is pointed at says what it contributes."""

    def __init__(self, method: Method) -> None:
        super().__init__(placeholder=NO_IMAGE)
        describe(
            self,
            f"explanation_{method.name}",
            method.title,
            f"{method.tells} Red speaks for the class, blue against it.",
        )
        self.setFixedSize(SIDE, SIDE)
        self._explanation: Explanation | None = None
        self._strength = 0.5
        self.pointed.connect(self._cover)

    @property
    def explanation(self) -> Explanation | None:
        """The explanation that is shown."""
        return self._explanation

    def show_explanation(self, explanation: Explanation | None) -> None:
        """Shows an explanation, or none."""
        self._explanation = explanation
        self.set_image(None if explanation is None else explanation.asked.image.astype(np.uint8))
        self._paint_over()

    def set_strength(self, strength: float) -> None:
        """How strong the colours are, as of `overlay`."""
        self._strength = strength
        self._paint_over()

    def _paint_over(self) -> None:
        found = self._explanation
        if found is None:
            return
        colours_over = overlay(found.asked.image, found.values, found.limit, self._strength)
        if found.squares is not None and self.cell is not None:
            place, _ = found.squares.nearest(*self.cell)
            colours_over[place] = BASELINES[found.asked.baseline].make(found.asked.image)[place].mean(-1, keepdims=True)
        self.set_picture(array_to_image(colours_over))

    @override
    def text_of(self, cell: Cell) -> str:
        found = self._explanation
        if found is None:
            return super().text_of(cell)
        if found.squares is None:
            return f"{super().text_of(cell)}; here {format_value(found.values[cell])}"
        _, fall = found.squares.nearest(*cell)
        return (
            f"With this square covered, the {found.scores} {_change(found.score, fall)}; "
            f"mean of all squares over this pixel: {format_value(found.values[cell])}"
        )

    @override
    def outlined(self, cell: Cell) -> QRectF:
        """Of occlusion, the square that was covered nearest to the pixel."""
        if self._explanation is None or self._explanation.squares is None:
            return super().outlined(cell)
        (rows, columns), _ = self._explanation.squares.nearest(*cell)
        first, last = (rows.start, columns.start), (rows.stop - 1, columns.stop - 1)
        return self.cell_rectangle(first).united(self.cell_rectangle(last))

    @Slot()
    def _cover(self) -> None:
        """Of occlusion, the square is covered in the picture, too."""
        if self._explanation is not None and self._explanation.squares is not None:
            self._paint_over()


class ExplanationTile(QFrame):
    """An explanation with its words.

    Args:
        method: which one.
    """

    def __init__(self, method: Method) -> None:
        super().__init__()
        self.method = method
        self.setObjectName(f"tile_{method.name}")
        self.view = ExplanationView(method)
        tip = "One pixel in a hundred, the strongest, gets full colour."
        self._scale = ColourLegend("explanation_scale", tip, "diverging")
        self._facts = label(role="small", name=f"facts_{method.name}", plain=True)
        tells = label(method.tells)
        limits = label(f"But: {method.limits[0].lower()}{method.limits[1:]}", "small")
        title = label(method.title, "strong", wrap=False)
        self._content = column(title, self.view, self._scale, tells, limits, self._facts, gap=GAP // 2)
        self._content.addStretch()
        self.setLayout(self._content)
        self.set_side(SIDE)
        self.say("")

    def set_side(self, side: int) -> None:
        """Makes the picture so large."""
        self._side = side
        self.view.setFixedSize(side, side)
        self._scale.setFixedWidth(side)
        self.setFixedWidth(side)

    def show_explanation(self, found: Explanation | None, instead: str = NO_IMAGE) -> None:
        """Shows an explanation with its facts, or what stands in its place."""
        self.view.set_placeholder(instead)
        self.view.show_explanation(found)
        self._scale.set_limits(None if found is None else (-found.limit, found.limit))
        self.say("" if found is None else facts_of(found, self.method))

    def show_reason(self, why: str) -> None:
        """Says why there is no explanation of this kind."""
        self.show_explanation(None, "There is none.")
        self.say(why)

    def say(self, text: str) -> None:
        """Says something below the picture."""
        self._facts.setText(breakable(text))
        self._facts.setVisible(bool(text))

    @override
    def sizeHint(self) -> QSize:
        """As high as its texts are at this width, for which Qt does not ask in a grid."""
        return QSize(self._side, self._content.totalHeightForWidth(self._side))

    @override
    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()


def _change(score: float, fall: float) -> str:
    """What becomes of a score, with as many decimals everywhere as the fall needs: what is told adds up."""
    if not fall:
        return f"stays at {format_value(score)}"
    decimals = max(0, 2 - math.floor(math.log10(abs(fall))))
    before, after = round(score, decimals), round(score - fall, decimals)
    by, before_told, after_told = (
        f"{number + 0.0:,.{decimals}f}".replace("-", "−") for number in (abs(before - after), before, after)
    )
    return f"{'falls' if fall > 0 else 'rises'} by {by}, from {before_told} to {after_told}"


def facts_of(found: Explanation, method: Method) -> str:
    """What there is to know of how a picture came about."""
    image = found.values.shape
    facts = []
    if method.takes_layer:
        facts.append(f"Computed at the {shape(found.resolution)} places of “{found.asked.layer}”")
        if found.resolution != image:
            facts[-1] += f", then enlarged to {shape(image)}: it can be no sharper."
        else:
            facts[-1] += "."
    if method.takes_patch:
        square = shape((found.asked.patch, found.asked.patch))
        facts.append(
            f"Covered {square} pixels at a time: a pixel shows the mean of all squares that cover it. Point at the "
            "picture to see what one square does."
        )
    if found.completeness is not None:
        total, difference = found.completeness.total, found.completeness.difference
        facts.append(
            f"All pixels add up to {format_value(total)}; the scores of image and baseline differ by "
            f"{format_value(difference)}."
        )
        if not found.completeness.holds:
            facts.append(f"{percent(found.completeness.gap, 0)} are missing: do not trust small differences.")
    if found.is_rounding:
        facts.append(f"The {found.scores} does not depend on this image: what is left is the rounding of its numbers.")
    elif not found.values.any():
        facts.append("Nothing speaks for the class here.")
    return " ".join(facts)
