"""What one network makes of a transformed image: its curve, what it says now, and the smallest changes that flip it."""

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from cnnstudio.explaining.attacks import ATTACKS, SmallestChange
from cnnstudio.explaining.transformations import TRANSFORMATIONS, RobustnessCurve
from cnnstudio.gui.controls.describe import breakable, describe, label
from cnnstudio.gui.controls.layouts import STRETCH, column, row, widget_of
from cnnstudio.gui.look.theme import GAP
from cnnstudio.gui.pages.inside.compared_network import NetworkPicker
from cnnstudio.gui.widgets.charts.line_chart import Line, LineChart
from cnnstudio.gui.widgets.images.pixel_view import PixelView
from cnnstudio.wording import certainty

SMALL = 3 * 28 + 4
"""Side of the pictures of an attack with their frames, in device-independent pixels."""


class AttackTile(QWidget):
    """The smallest change that one attack has found: image + what is added = changed image, and the answers.

    Args:
        name: of the attack, a key of `ATTACKS`.
        prefix: of the `objectName` of what is in it.
    """

    def __init__(self, name: str, prefix: str) -> None:
        super().__init__()
        self.change: SmallestChange | None = None
        attack = ATTACKS[name]
        self._title = label(name=f"{prefix}_{name}_epsilon")
        self._title.setToolTip(f"<p>{attack.tells}</p>")
        self._views: list[PixelView] = []
        self._factor = label()
        parts = []
        for key, title, tip in (
            ("image", "Image", "What the network gets."),
            ("added", "Added", "The change, about mid-grey, multiplied so that it can be seen."),
            ("changed", "Changed image", "Both together: what flips the answer."),
        ):
            view = describe(PixelView(""), f"{prefix}_{name}_{key}", title, tip)
            view.setFixedSize(SMALL, SMALL)
            word = label("", "small", wrap=False)
            word.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            self._views.append(view)
            self._factor = word if key == "added" else self._factor
            parts.append(column(view, word, gap=GAP // 2))
        signs = [label(sign, "secondary", wrap=False) for sign in "+="]
        for sign in signs:
            sign.setFixedHeight(SMALL)
        pictures = row(parts[0], column(signs[0], STRETCH), parts[1], column(signs[1], STRETCH), parts[2], STRETCH)
        self._text = label(role="secondary", name=f"{prefix}_{name}_text", plain=True)
        self._text.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.setLayout(column(self._title, pictures, self._text, gap=GAP // 2))
        self.hide()

    def show_change(self, change: SmallestChange | None) -> None:
        """Shows what was found, or nothing."""
        self.change = change
        self.setVisible(change is not None)
        if change is None:
            return
        title = ATTACKS[change.attack].title
        self._title.setText(f"{title}: " + ("no flip" if change.epsilon is None else f"ε = {grey_levels(change)}"))
        pictures = (change.image.astype(np.uint8), change.magnified, change.shown)
        for view, picture in zip(self._views, pictures, strict=True):
            view.set_image(picture)
        self._factor.setText(f"× {change.magnification:,}")
        self._text.setText("\n")
        self._text.setMinimumHeight(self._text.sizeHint().height())  # so that the tiles below stand in one row
        self._text.setText(breakable(in_words(change)))


class RobustColumn(QWidget):
    """One of the two networks.

    Args:
        prefix: of the `objectName` of what is in it.

    Attributes:
        picker: chooses the network.
        chart: the probabilities over the range of the transformation that is looked at.
        tiles: the smallest changes, by their attack.
        attacks: all of them, under the name of the network; the view gives them their place.
        curve: what is shown; None for nothing.
    """

    def __init__(self, prefix: str) -> None:
        super().__init__()
        self.curve: RobustnessCurve | None = None
        self._says = label(name=f"{prefix}_says", plain=True)
        self._keeps = label(role="secondary", name=f"{prefix}_keeps", plain=True)
        self.picker = NetworkPicker(f"{prefix}_network_picker")
        self.chart = LineChart(
            f"{prefix}_chart",
            "",
            "How probable the network finds the classes over the whole range of the slider. The upright line is where "
            "the slider stands: press or drag here to move it.",
            ("", "probability"),
            (0.0, 1.0),
        )
        self.chart.mark(0.0)
        self.tiles = {name: AttackTile(name, prefix) for name in ATTACKS}
        self._attacked = label(role="strong", plain=True)
        self.attacks = widget_of(column(self._attacked, *self.tiles.values(), STRETCH, gap=2 * GAP))
        self._problem = label(role="secondary", name=f"{prefix}_problem", plain=True)
        self._problem.hide()
        self.setLayout(column(self.picker, self.chart, self._says, self._keeps, self._problem, STRETCH, gap=GAP // 2))

    def show_name(self) -> None:
        """Says which network is chosen."""
        self.chart.setAccessibleName(f"Probabilities, {self.picker.title}")
        self._attacked.setText(breakable(self.picker.title))

    def say(self, problem: str) -> None:
        """Says why there is no curve; nothing where there is one."""
        self._problem.setText(breakable(problem))
        for part in (self._says, self.chart, self._keeps):
            part.setVisible(not problem)
        self._problem.setVisible(bool(problem))

    def show_curve(self, curve: RobustnessCurve | None, classes: Sequence[int], place: int) -> None:
        """Shows a curve, or none: its axes stay, so that nothing moves when the next one comes.

        Args:
            curve: of the network.
            classes: the indices of those that are shown.
            place: which of the amounts the slider has.
        """
        self.curve = curve
        if curve is None:
            self.chart.set_lines(np.empty(0), ())
            self._says.setText("")
            self._keeps.setText("")
            return
        lines = [Line(curve.classes[number], curve.probabilities[:, number]) for number in classes]
        self._draw(curve.transformation, curve.amounts, lines)
        self._keeps.setText(breakable(keeps(curve)))
        self.mark(place)

    def expect(self, name: str, amounts: np.ndarray, place: int) -> None:
        """Shows the axes of a curve that is being computed, where there is none.

        Args:
            name: of the transformation.
            amounts: over which the curve goes, growing.
            place: which of them the slider has.
        """
        if self.curve is None:
            self._draw(name, amounts, ())
            self.chart.mark(float(amounts[place]))

    def _draw(self, name: str, amounts: np.ndarray, lines: Sequence[Line]) -> None:
        entry = TRANSFORMATIONS[name]
        unit = f" ({entry.unit.strip()})" if entry.unit else " (grey levels of 255)"
        self.chart.set_across(f"{entry.title}{unit}", entry.spacing)
        self.chart.set_lines(amounts, lines)

    def mark(self, place: int) -> None:
        """The slider has moved."""
        if self.curve is None or place >= len(self.curve.amounts):
            return
        self.chart.mark(float(self.curve.amounts[place]))
        probabilities = self.curve.probabilities[place]
        said = int(probabilities.argmax())
        amount = TRANSFORMATIONS[self.curve.transformation].words(float(self.curve.amounts[place]))
        flipped = "" if said == self.curve.answer else f", no longer {self.curve.classes[self.curve.answer]}"
        text = f"At {amount} it says {self.curve.classes[said]}, {certainty(float(probabilities[said]))} sure{flipped}."
        self._says.setText(breakable(text))

    def show_change(self, change: SmallestChange) -> None:
        """Shows the smallest change that an attack has found."""
        self.attacks.show()
        self.tiles[change.attack].show_change(change)

    def forget_changes(self) -> None:
        """Shows no smallest changes any more."""
        self.attacks.hide()
        for tile in self.tiles.values():
            tile.show_change(None)


def keeps(curve: RobustnessCurve) -> str:
    """Where the answer stays, as a sentence."""
    entry, name = TRANSFORMATIONS[curve.transformation], curve.classes[curve.answer]
    if curve.kept is None:
        return f"The other sliders alone have flipped it: it does not say {name} any more."
    low, high = curve.kept
    if (low, high) == (curve.amounts[0], curve.amounts[-1]):
        return f"It keeps {name} over the whole range."
    if low == high:
        return f"It flips at the smallest step: it says {name} at {entry.words(low)} only."
    inside = (curve.amounts >= low) & (curve.amounts <= high)
    again = ", and again farther on" if (curve.probabilities[~inside].argmax(axis=1) == curve.answer).any() else ""
    return f"It keeps {name} from {entry.words(low)} to {entry.words(high)}{again}."


def grey_levels(change: SmallestChange) -> str:
    """The smallest ε of a change that was found, such as “12.4 of 255”."""
    assert change.epsilon is not None
    return f"{change.epsilon:.2g} of 255" if change.epsilon < 10 else f"{change.epsilon:.1f} of 255"


def in_words(change: SmallestChange) -> str:
    """What a change does to the answer, as sentences."""
    before, after = int(change.before.argmax()), int(change.after.argmax())
    if change.blind:
        return (
            "The gradient is 0 for every pixel here, so it shows no way to another answer. That does not mean that "
            "there is none."
        )
    was, now = (certainty(float(one[before])) for one in (change.before, change.after))
    moved = (
        f"The probability of {change.classes[before]} stays at {was}."
        if was == now
        else f"The probability of {change.classes[before]} goes from {was} to {now}."
    )
    if change.epsilon is None:
        return f"No ε up to {change.limit:g} of 255 flips it. {moved}"
    said = f"Says {change.classes[after]}, {certainty(float(change.after[after]))} sure. " if after != before else ""
    tiny = " Rounded to whole grey levels, as pictures are saved, it would be gone." if change.epsilon < 0.5 else ""
    return f"{said}{moved}{tiny}"
