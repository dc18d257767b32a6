"""One map, large: every value can be read, and it stays live."""

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QPointF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication, QImage, QKeySequence, QShortcut
from PySide6.QtWidgets import QDialog, QSizePolicy, QWidget

from cnnstudio.gui.controls.buttons import push_button
from cnnstudio.gui.controls.describe import describe, label
from cnnstudio.gui.controls.layouts import STRETCH, column, row
from cnnstudio.gui.controls.number_boxes import WholeBox
from cnnstudio.gui.controls.saving import Format, png, save_as
from cnnstudio.gui.look.theme import GAP, GRID, SECTION, array_to_image
from cnnstudio.gui.widgets.items import NONE
from cnnstudio.gui.widgets.maps import arithmetic_view
from cnnstudio.gui.widgets.maps.arithmetic_view import ArithmeticView
from cnnstudio.gui.widgets.maps.colour_scale import ColourBar, Limits, format_value
from cnnstudio.gui.widgets.maps.value_map import ValueMap
from cnnstudio.lab.experiment import Experiment
from cnnstudio.models.trained.lab_experiments import experiment_of
from cnnstudio.models.trained.layer_arithmetic import LayerArithmetic, Reduction

_SAVED_SIDE = 512

_WIDEST = 120 * GRID
"""Width to which the window grows by itself, at most: that of the smallest screens."""


def as_map(values: np.ndarray, number: int) -> np.ndarray:
    """The two-dimensional array that is shown of a layer.

    Args:
        values: (height, width, channels), or (units,).
        number: of the channel; of no matter to units, which are all shown, line by line.

    Returns:
        (height, width), of units with NaN in the places left over.
    """
    if values.ndim == 3:
        return values[..., number]
    columns = int(np.ceil(np.sqrt(1.6 * len(values))))
    padding = -len(values) % columns
    return np.concatenate([values, np.full(padding, np.nan, values.dtype)]).reshape(-1, columns)


LESSONS: dict[Reduction, str] = {
    "sum": "convolution",
    "max": "pooling",
    "mean": "pooling",
    "each": "activation",
    "between": "convolution",
}
"""The operations about which there are lessons, by what becomes of a patch."""


class _Map(ValueMap):
    """The map itself, whose values stand below it."""

    def __init__(self) -> None:
        tip = "Point at a square, or go there with the arrow keys, to read its value."
        super().__init__("enlarged_map", "Map", tip)
        self.setMinimumSize(300, 300)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def tip_at(self, position: QPointF) -> str:
        """None for a square: its value stands below the map."""
        return self.toolTip() if self.item_at(position) == NONE else ""


class MapDialog(QDialog):
    """A map of a layer, enlarged, with its legend, its statistics and its neighbours.

    Args:
        colormap: a key of `cnnstudio.gui.look.theme.COLORMAPS`.
        noun: what a map is called here: "map", "kernel".
        called: what a map is, by its number.
        parent: the parent widget.

    Signals:
        lab_wanted(object): the arithmetic that is shown is to be done in the Lab, as this `Experiment`.
        lesson_wanted(str): the lesson about this operation is wanted.
    """

    lab_wanted = Signal(object)
    lesson_wanted = Signal(str)

    def __init__(self, colormap: str, noun: str, called: Callable[[int], str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("map_dialog")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._colormap = colormap
        self._noun = noun
        self._called = called
        self._title = ""
        self._values = np.zeros((1, 1, 1), np.float32)
        self._limits: Limits = (0.0, 0.0)
        self._heading = label(role="heading", wrap=False)
        self._map = _Map()
        self._map.pointed.connect(self._show_statistics)
        self._arithmetic: LayerArithmetic | None = None
        self._explanation = ArithmeticView()
        self._explanation.hide()
        self._bar = ColourBar(colormap)
        self._pointed = label(name="value_under_cursor", wrap=False)
        self._statistics = label(role="secondary", wrap=False)
        self._number = WholeBox(0, 0)
        self._number.setMinimumWidth(24 * GRID)
        self._number.valueChanged.connect(self._refresh)
        self._build()
        self.resize(560, 600)

    def _build(self) -> None:
        describe(
            self._number,
            "map_number",
            f"Number of the {self._noun}",
            f"Which {self._noun} of the layer is shown. Page Down goes to the next one, Page Up back.",
        )
        self._number.setPrefix(f"{self._noun} ")
        self._number.setWrapping(True)
        copy = push_button(
            "copy_map_button", "Copy", "Copies the map in its colours as a picture.", self._copy, picture="copy"
        )
        save = push_button(
            "save_map_button",
            "Save picture…",
            "Saves the map in its colours as a PNG file.",
            self._save,
            picture="save",
        )
        self._to_lab = push_button(
            "to_lab_button",
            "To the &Lab",
            "Takes the numbers of this sum to the Lab, to go through it there and to change it.",
            self._take_to_lab,
            picture="lab",
        )
        self._to_lab.hide()
        self._lesson = push_button(
            "map_lesson_button",
            "&Lesson",
            "Opens a short lesson about this arithmetic beside the page.",
            self._ask_for_lesson,
            role="quiet",
            picture="lesson",
        )
        self._lesson.hide()
        for key, slot in (
            (Qt.Key.Key_PageDown, self._number.stepUp),
            (Qt.Key.Key_PageUp, self._number.stepDown),
            (QKeySequence.StandardKey.Copy, self._copy),
            (QKeySequence.StandardKey.Save, self._save),
        ):
            QShortcut(QKeySequence(key), self, slot)
        for button in (self._lesson, self._to_lab, copy, save):
            button.setAutoDefault(False)  # Enter is for the number
        picture = row((self._map, 1), self._bar, self._explanation, gap=2 * GAP)
        texts = column(self._pointed, self._statistics)
        buttons = row(self._number, STRETCH, self._lesson, self._to_lab, copy, save)
        self.setLayout(column(self._heading, GAP, (picture, 1), texts, GAP, buttons, edge=SECTION))

    def show_layer(self, title: str, values: np.ndarray, limits: Limits, number: int | None = None) -> None:
        """Shows a layer's values; what was chosen and pointed at stays.

        Args:
            title: the layer's name, kind and shape.
            values: (height, width, channels) or (units,).
            limits: the values that get the colour map's two ends.
            number: of the map, counted from 0; None keeps the one that is shown.
        """
        self._title, self._values, self._limits = title, values, limits
        count = values.shape[-1] if values.ndim == 3 else 1
        chosen = min(self._number.value() if number is None else number, count - 1)
        self._number.blockSignals(True)
        self._number.show_indices(count)
        self._number.setValue(chosen)
        self._number.blockSignals(False)
        self._number.setVisible(count > 1)
        self._refresh()

    def show_arithmetic(self, arithmetic: LayerArithmetic | None) -> None:
        """Shows for the square that is pointed at how its number comes about; None where that is not known."""
        self._arithmetic = arithmetic
        self._lesson.setVisible(arithmetic is not None)
        if (arithmetic is not None) != self._explanation.isVisibleTo(self):
            width, wider = self.width(), arithmetic_view.WIDTH + 2 * GAP
            self._explanation.setVisible(arithmetic is not None)
            self.resize(min(width + wider, _WIDEST) if arithmetic is not None else width - wider, self.height())
        if arithmetic is not None and self._map.cell is None:
            self._map.point((self._map.values.shape[0] // 2, self._map.values.shape[1] // 2))
        self._explain()

    def _explain(self) -> None:
        """Explains the number that is pointed at."""
        cell, arithmetic = self._map.cell, self._arithmetic
        if cell is None or arithmetic is None:
            return
        if self._map.units:
            self._explanation.show_number(arithmetic, 0, 0, cell[0] * self._map.values.shape[1] + cell[1])
        else:
            self._explanation.show_number(arithmetic, *cell, self._number.value())
        self._to_lab.setVisible(self._experiment() is not None)

    def _experiment(self) -> Experiment | None:
        """The number that is explained, for the Lab."""
        place, arithmetic = self._explanation.place, self._arithmetic
        if place is None or arithmetic is None:
            return None
        return experiment_of(arithmetic, *place, self._explanation.input_map)

    @Slot()
    def _take_to_lab(self) -> None:
        if (experiment := self._experiment()) is not None:
            self.lab_wanted.emit(experiment)
            self.close()

    @Slot()
    def _ask_for_lesson(self) -> None:
        if self._arithmetic is not None:
            self.lesson_wanted.emit(LESSONS[self._arithmetic.reduction])

    @property
    def values(self) -> np.ndarray:
        """(height, width), what is shown."""
        return self._map.values

    @Slot()
    def _refresh(self) -> None:
        self._heading.setText(self._title)
        self.setWindowTitle(self._title)
        shown = as_map(self._values, self._number.value())
        self._map.units = len(self._values) if self._values.ndim == 1 else 0
        self._map.show_map(shown, self._colormap, self._limits)
        self._bar.set_limits(self._limits)
        self._show_statistics()

    @Slot()
    def _show_statistics(self) -> None:
        values = self._values if self._values.ndim == 1 else self._map.values
        numbers = [format_value(float(number)) for number in (values.min(), values.mean(), values.max())]
        name = self._called(self._number.value())
        which = f"{name}    " if name not in self._number.text() else ""  # where the box does not say which one it is
        self._statistics.setText("{}lowest {}    mean {}    highest {}".format(which, *numbers))
        cell = self._map.cell
        self._pointed.setText(self._map.text_of(cell) if cell else "Point at a square to read its value.")
        self._explain()

    def picture(self) -> QImage:
        """The map in its colours, every value a square of several pixels."""
        small = array_to_image(self._map.values, self._colormap, self._limits)
        scale = max(1, _SAVED_SIDE // max(small.width(), small.height()))
        return small.scaled(QSize(small.width() * scale, small.height() * scale))

    @Slot()
    def _copy(self) -> None:
        QGuiApplication.clipboard().setImage(self.picture())

    @Slot()
    def _save(self) -> None:
        name = f"{self._title.split()[0]}-{self._number.value()}"
        save_as(self, "Save picture", name, (Format(".png", "PNG picture", lambda: png(self.picture())),))
