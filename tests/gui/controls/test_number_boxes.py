"""Numbers typed as people of many countries type them: the boxes alone, and every one that the application has."""

import random
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QLocale, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QLabel, QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from cnnstudio.gui.controls.number_boxes import DecimalBox, WholeBox, decimal_text, read_decimal, read_whole
from cnnstudio.gui.main_window import MainWindow
from cnnstudio.gui.pages import PAGES
from cnnstudio.gui.pages.choosers.adopt_dialog import AdoptDialog
from cnnstudio.gui.pages.choosers.images import OTHER, ImagesChooser
from cnnstudio.gui.pages.train.form import TrainingForm
from cnnstudio.gui.settings import Settings
from cnnstudio.gui.widgets.maps.map_dialog import MapDialog
from cnnstudio.gui.widgets.network.layer_form import LayerForm
from cnnstudio.models.layer_kinds import LAYER_KINDS
from cnnstudio.models.trained.adopt import Answers, Inspection

LOCALES = ("de_DE", "it_IT", "fr_FR", "en_US", "ar_EG", "C")
THIN, NO_BREAK, NARROW = "\N{THIN SPACE}", "\N{NO-BREAK SPACE}", "\N{NARROW NO-BREAK SPACE}"


@pytest.fixture(params=LOCALES)
def country(request: pytest.FixtureRequest) -> Iterator[str]:
    """Widgets that are made in the test take this locale for the user's."""
    before = QLocale()
    QLocale.setDefault(QLocale(request.param))
    yield request.param
    QLocale.setDefault(before)


def press(box: QWidget, text: str) -> None:
    """Types on a keyboard of any country."""
    for sign in text:
        for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            QApplication.sendEvent(box, QKeyEvent(kind, ord(sign.upper()), Qt.KeyboardModifier.NoModifier, sign))


def retype(qtbot: QtBot, box: QAbstractSpinBox, text: str) -> None:
    """Types over all that a box shows, and presses Enter."""
    box.setFocus()
    box.selectAll()
    press(box, text)
    qtbot.keyClick(box, Qt.Key.Key_Return)


@pytest.fixture
def show(qtbot: QtBot) -> Callable[..., None]:
    """Shows boxes above each other, with a line of text to go to with Tab."""
    window = QWidget()
    qtbot.addWidget(window)
    column = QVBoxLayout(window)

    def shown(*boxes: QWidget) -> None:
        for box in (*boxes, QLineEdit()):
            column.addWidget(box)
        with qtbot.waitActive(window):
            window.show()

    return shown


@pytest.mark.parametrize(
    ("text", "number"),
    [
        *[(text, 0.003) for text in ("0.003", "0,003", ".003", ",003", "3e-3", "3E-3", "3e-03", "0,3e-2", " 0.003 ")],
        *[(text, 0.003) for text in ("٠٫٠٠٣", "٠,٠٠٣", "٠،٠٠٣", "۰٫۰۰۳", "０．００３", "０，００３")],
        *[(text, 1234.5) for text in ("1,234.5", "1.234,5", "1 234,5", "1'234.5", "1’234,5", "١٬٢٣٤٫٥")],
        *[(f"1{space}234,5", 1234.5) for space in (THIN, NO_BREAK, NARROW)],
        ("1,234,567.5", 1234567.5),
        ("1.234.567", 1234567.0),
        ("1,000", 1.0),
        ("1.000", 1.0),
        ("1 000", 1000.0),
        ("5.", 5.0),
        ("0", 0.0),
        *[(f"{minus}2,5", -2.5) for minus in "-−–－"],
        ("\N{ARABIC LETTER MARK}-٢", -2.0),
        ("+1", 1.0),
        ("1e999", float("inf")),
        *[
            (text, None)
            for text in ("", " ", "-", ".", "e5", "1e", "1e-", "1,5,6", "1.2.3", "1,234,5", "1 23", "0 003")
        ],
        *[
            (text, None)
            for text in ("1,23.4", "1_000", "0x1", "inf", "nan", "10²", "½", "1.5 %", "--1", "12,345.678,9")
        ],
    ],
)
def test_a_decimal_number_is_read_as_anybody_writes_it(text: str, number: float | None) -> None:
    assert read_decimal(text) == number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        *[(f"1{mark}000", 1000) for mark in ("", ",", ".", " ", "'", "’", "٬", THIN, NO_BREAK, NARROW)],
        *[(text, 1234567) for text in ("1234567", "1,234,567", "1.234.567", "1 234 567", "١٢٣٤٥٦٧", "１２３４５６７")],
        ("007", 7),
        ("−3", -3),
        *[
            (text, None)
            for text in ("", "-", "1,5", "0,5", "0,500", "0.003", "1,00", "1,0000", "1,234.567", "1e3", "10²")
        ],
        *[(text, None) for text in ("1٫000", "12,34", "1_000", "1" * 5000)],
    ],
)
def test_a_whole_number_is_read_as_anybody_writes_it(text: str, number: int | None) -> None:
    assert read_whole(text) == number


def test_a_number_is_shown_shortly_and_is_the_same_when_it_is_typed_again() -> None:
    shown = {
        0.003: "0.003",
        1e-5: "1e-5",
        2.5e30: "2.5e30",
        1e-12: "1e-12",
        1.0: "1",
        0.1 + 0.2: "0.30000000000000004",
        1 / 255: "0.00392156862745098",
    }
    assert {value: decimal_text(value) for value in shown} == shown
    assert decimal_text(float("nan")) == "nan"
    numbers = random.Random(0)
    for _ in range(2000):
        value = numbers.choice((-1, 1)) * numbers.random() * 10 ** numbers.uniform(-30, 30)
        assert read_decimal(decimal_text(value)) == value


def test_no_digit_is_lost_and_none_is_added(country: str, show: Callable, qtbot: QtBot) -> None:
    box = DecimalBox(0, 0.99, 0.0001)
    show(box)
    for text in ("0.0000123", "0,0000123", "1.23e-5", "1,23E-05", "٠٫٠٠٠٠١٢٣"):
        box.setValue(0.5)
        box.setFocus()
        box.selectAll()
        press(box, text)
        assert (box.value(), box.text()) == (1.23e-5, text), "while one types, the text is one's own"
        qtbot.keyClick(box, Qt.Key.Key_Tab)
        assert (box.value(), box.text()) == (1.23e-5, "1.23e-5")
        retype(qtbot, box, box.text())
        assert box.value() == 1.23e-5
    box.setValue(1 / 255)
    retype(qtbot, box, box.text())
    assert box.value() == 1 / 255


def test_a_pasted_number_is_read_too(country: str, show: Callable, qtbot: QtBot) -> None:
    decimal, whole = DecimalBox(-1e4, 1e4, 1), WholeBox(1, 2000)
    whole.setSuffix(" px")
    show(decimal, whole)
    for box, text, number in (
        (decimal, f"−1{NARROW}234,5", -1234.5),
        (decimal, "1.234,5\n", 1234.5),
        (whole, f"1{NO_BREAK}024", 1024),
    ):
        box.setValue(5)
        QApplication.clipboard().setText(text)
        box.setFocus()
        box.selectAll()
        qtbot.keyClick(box, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
        qtbot.keyClick(box, Qt.Key.Key_Return)
        assert box.value() == number, text
    assert whole.text() == "1024 px"


@pytest.mark.parametrize("kind", [WholeBox, DecimalBox])
def test_what_is_no_number_of_the_range_leaves_the_one_from_before(
    country: str, show: Callable, qtbot: QtBot, kind: type
) -> None:
    if kind is WholeBox:
        box, number, texts = WholeBox(1, 1000), 128, ("", "1,5", "0,5", "1.23", "3 4", "0", "abc")
    else:
        box, number, texts = DecimalBox(0, 0.99, 0.0001), 0.25, ("", "-", "e", ",", "1,5,6", "5", "1e9", "abc")
    show(box)
    for text in texts:
        box.setValue(number)
        box.setFocus()
        qtbot.keyClick(box, Qt.Key.Key_End)
        for _ in box.text():  # passes through numbers that nobody meant
            qtbot.keyClick(box, Qt.Key.Key_Backspace)
        press(box, text)
        qtbot.keyClick(box, Qt.Key.Key_Tab)
        assert (box.value(), box.text()) == (number, f"{number}"), text


def test_what_can_never_become_a_number_is_refused_key_by_key(country: str, show: Callable, qtbot: QtBot) -> None:
    whole, decimal = WholeBox(1, 1000), DecimalBox(0, 0.99, 0.0001)
    show(whole, decimal)
    for box, typed, text in ((whole, "-x2e5000", "250"), (decimal, "-x0x,5x", "0,5")):
        box.setFocus()
        box.selectAll()
        press(box, typed)
        assert box.text() == text


def test_steps_are_counted_in_decimal_digits(show: Callable, qtbot: QtBot) -> None:
    rate = DecimalBox(1e-9, 1e9, 0.0005, buttons=(1e-5, 1e9))
    tiny = DecimalBox(-1e300, 1e300, 0.05, by_digit=True, buttons=(1e-12, 1))
    for box, start, keys, end in (
        (rate, 0.004, "u", 0.0045),
        (rate, 0.0003, "d", 1e-5),
        (rate, 1e-5, "d", 1e-5),
        (rate, 1e-7, "d", 1e-7),
        (rate, 0.0001, "uuuu", 0.0021),
        (tiny, 3e-5, "u", 3.1e-5),
        (tiny, 1e-12, "d", 1e-12),
        (tiny, 0.95, "uuuuuuuu", 1),
    ):
        show(box)
        box.setValue(start)
        box.setFocus()
        for key in keys:
            qtbot.keyClick(box, Qt.Key.Key_Up if key == "u" else Qt.Key.Key_Down)
        assert box.value() == end


def test_a_step_starts_from_what_was_typed(show: Callable, qtbot: QtBot) -> None:
    box = WholeBox(1, 1024)
    box.setKeyboardTracking(False)
    show(box)
    box.setFocus()
    box.selectAll()
    press(box, "64")
    qtbot.keyClick(box, Qt.Key.Key_Up)
    assert box.value() == 65


def test_a_word_that_stands_for_the_least(country: str, show: Callable, qtbot: QtBot) -> None:
    box = WholeBox(0, 8)
    box.setSpecialValueText("Automatic")
    show(box)
    assert box.text() == "Automatic"
    for text, number, shown in (("3", 3, "3"), ("0", 0, "Automatic"), ("x", 0, "Automatic")):
        retype(qtbot, box, text)
        assert (box.value(), box.text()) == (number, shown)
    qtbot.keyClick(box, Qt.Key.Key_Up)
    assert box.value() == 1


def config(window: MainWindow) -> object:
    return window.findChild(TrainingForm).config


def units(window: MainWindow) -> int:
    return int(re.search(r"× ([\d,]+) =", window.findChild(QLabel, "connections_text").text())[1].replace(",", ""))


LAB_FIELDS = ("size", "kernel_size", "channels", "filters", "stride", "dilation")


def of_the_lab(name: str, window: MainWindow) -> object:
    """The panel of a convolution has its options in its state, and the sizes in its matrices."""
    state = window.page("lab").panel.state()
    sizes = {
        "size": np.shape(state["input"])[-1],
        "channels": np.shape(state["input"])[0],
        "kernel_size": np.shape(state["kernel"])[-1],
        "filters": np.shape(state["kernel"])[0],
    }
    return (sizes | state)[name]


IN_THE_WINDOW: dict[str, Callable[[MainWindow], object]] = {
    "epochs_spin": lambda window: config(window).epochs,
    "fine_tune_epochs_spin": lambda window: config(window).fine_tune_epochs,
    "batch_size_spin": lambda window: config(window).batch_size,
    "learning_rate_spin": lambda window: config(window).learning_rate,
    "weight_decay_spin": lambda window: config(window).weight_decay,
    "seed_spin": lambda window: config(window).seed,
    "hidden_units_spin": units,
    "image_side_spin": lambda window: window.findChild(ImagesChooser).image_shape[0],
    "classes_spin": lambda window: window.findChild(ImagesChooser).classes,
    "threads_spin": lambda _: Settings().threads,
    **{f"lab_{name}": partial(of_the_lab, name) for name in LAB_FIELDS},
}
"""What every number field of the window decides, by the field's name."""


def check(qtbot: QtBot, box: QAbstractSpinBox, outcome: Callable[[], object]) -> None:
    """Types with point and comma into a field; what comes out is what was typed.

    That every field is one of our boxes is what matters: those are tested in all locales.
    """
    assert isinstance(box, WholeBox | DecimalBox), f"{box.objectName()} reads numbers by the user's locale"
    if isinstance(box, DecimalBox):
        cases = {"0.003": 0.003, "0,004": 0.004, "5e-3": 0.005, ",06": 0.06, "0.0000123": 0.0000123}
    else:
        cases = {"2": 2, "1,000": 1000, "3": 3, "1.000": 1000, f"1{NARROW}000": 1000, "٢": 2}
    for text, number in cases.items():
        if number <= box.maximum():
            retype(qtbot, box, text)
            assert outcome() == number, f"{box.objectName()}: {text}"
            assert box.value() == number


@pytest.mark.parametrize("country", ["de_DE"], indirect=True)
def test_every_number_field_of_the_window(country: str, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 4)
    window = MainWindow(Settings())
    qtbot.addWidget(window, before_close_func=MainWindow.quit)
    for name in PAGES:
        window.page(name)
    window.findChild(TrainingForm).choose_architecture("transfer-efficientnet-lite0")
    window.findChild(ImagesChooser).picker.set_current(OTHER)
    boxes = {box.objectName(): box for box in window.findChildren(QAbstractSpinBox)}
    assert set(boxes) == set(IN_THE_WINDOW), "say of every number field here what it decides"
    for name, box in boxes.items():
        check(qtbot, box, lambda name=name: IN_THE_WINDOW[name](window))
    checked = [edit.objectName() for edit in window.findChildren(QLineEdit) if edit.validator()]
    assert set(checked) == {"qt_spinbox_lineedit"}, "numbers are typed in number boxes"


@pytest.mark.parametrize("country", ["de_DE"], indirect=True)
@pytest.mark.parametrize("sides", [1, 2])
def test_every_number_field_of_a_layer(country: str, qtbot: QtBot, sides: int) -> None:
    """Of every kind of layer, with sizes that are one number and two."""
    form = LayerForm()
    qtbot.addWidget(form)
    told: dict[str, object] = {}
    form.edited.connect(lambda name, value: told.update({name: value}))
    values = {"int": 5 if sides == 1 else [5, 7], "float": 0.25, "bool": True, "choice": "linear"}
    for kind in LAYER_KINDS.values():
        form.show_layer(kind.fields, {field.name: values[field.kind] for field in kind.fields})
        for field in kind.fields:
            control = form.control(field.name)
            boxes = [control] if isinstance(control, QAbstractSpinBox) else control.findChildren(QAbstractSpinBox)
            assert len(boxes) == {"int": sides, "float": 1}.get(field.kind, 0)
            for place, box in enumerate(boxes):
                check(qtbot, box, lambda name=field.name, place=place: np.ravel(told[name])[place])


@pytest.mark.parametrize("country", ["de_DE"], indirect=True)
def test_every_number_field_of_the_dialogs(country: str, qtbot: QtBot, tmp_path: Path) -> None:
    answers = Answers("theirs", ("a", "b"), (224, 224), "centre-crop", "0-1", "probabilities")
    shapes = ((None, None, 3),)
    asking = AdoptDialog(Inspection(tmp_path / "theirs.keras", "", None, 3, shapes, 2, answers, "", "", "", ""))
    enlarging = MapDialog("viridis", "map", str)
    enlarging.show_layer("conv1", np.arange(2000, dtype=np.float32).reshape(1, 1, -1), (0.0, 1.0), 0)
    for dialog, outcome in (
        (asking, lambda: asking.answers.image_size[0]),
        (enlarging, lambda: int(enlarging.values.item())),
    ):
        qtbot.addWidget(dialog)
        (box,) = (box for box in dialog.findChildren(QAbstractSpinBox) if box.objectName() != "input_map_number")
        if dialog is asking:  # takes 8 and more
            for text, number in (("1,024", 1024), ("12", 12), ("1.024", 1024)):
                retype(qtbot, box, text)
                assert outcome() == number
        else:
            check(qtbot, box, outcome)
