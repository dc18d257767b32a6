"""Boxes for numbers: they read a number as people of any country write it, and show it in one way.

All words on screen are English, and so are the numbers among them: digits 0–9, a decimal point. Qt's own boxes read and
write by the user's locale instead, in which a point may be nothing, or part of a thousand.
"""

import math
import re
import unicodedata
from collections.abc import Callable
from decimal import Decimal
from typing import Generic, TypeVar

from PySide6.QtCore import QSignalBlocker
from PySide6.QtGui import QValidator
from PySide6.QtWidgets import QAbstractSpinBox, QDoubleSpinBox, QSpinBox
from typing_extensions import override

_Number = TypeVar("_Number", int, float)
_State = QValidator.State

_ALIKE = str.maketrans({"−": "-", "–": "-", "－": "-", "＋": "+", "，": ",", "،": ",", "．": ".", "’": "'", "٬": "'"})
"""Signs that mean the same: typographic, full-width and Arabic ones."""

_GROUPED = r"[1-9]\d{0,2}(?P<mark>[., '])\d{3}(?:(?P=mark)\d{3})*"
"""Digits in groups of three."""
_WHOLE = re.compile(rf"[-+]?(?:\d{{1,20}}|{_GROUPED})")
_DECIMAL = re.compile(
    rf"""
    (?P<sign>[-+]?)
    (?=[.,٫]?\d)
    (?: (?P<plain>\d*) (?:[.,٫](?P<part>\d*))?
      | (?P<grouped>{_GROUPED}) (?:(?!(?P=mark))[.,٫](?P<rest>\d*))? )
    (?P<exponent>e[-+]?\d+)?
    """,
    re.VERBOSE | re.IGNORECASE,
)
_BEGUN = r"[-+]?[\d., '٫]*"
_BEGUN_WHOLE = re.compile(_BEGUN)
_BEGUN_DECIMAL = re.compile(rf"{_BEGUN}(?:e[-+]?\d*)?", re.IGNORECASE)

_ALL_DIGITS = 323
"""The most decimals that Qt takes: it rounds no number of a size that occurs here."""


def read_whole(text: str) -> int | None:
    """The whole number that a text says; None where it says none.

    Digits may stand in groups of three, divided by points, commas, spaces or apostrophes. Digits of any script are
    read.
    """
    plain = _plain(text)
    return int(re.sub("[., ']", "", plain)) if _WHOLE.fullmatch(plain) else None


def read_decimal(text: str) -> float | None:
    """The number that a text says; None where it says none, infinity where it is too large.

    A single point or comma is the decimal mark. Where there are two kinds of marks, the last one is, and the others
    divide thousands. An exponent may follow, as in 3e-5.
    """
    found = _DECIMAL.fullmatch(_plain(text))
    if found is None:
        return None
    if found["grouped"]:
        whole, part = found["grouped"].replace(found["mark"], ""), found["rest"]
    else:
        whole, part = found["plain"], found["part"]
    return float(f"{found['sign']}{whole or 0}.{part or 0}{found['exponent'] or ''}")


def decimal_text(value: float) -> str:
    """The shortest text, of six digits or more, that is read as this number again: “0.003”, “1e-5”."""
    texts = (f"{value:.{digits}g}" for digits in range(6, 18))
    shortest = next((text for text in texts if float(text) == value), "nan")  # which equals nothing
    return re.sub(r"e(-?)\+?0*", r"e\1", shortest)


def _plain(text: str) -> str:
    """The text with plain digits, spaces and signs, and without invisible marks."""
    signs = (str(unicodedata.decimal(sign, " " if sign.isspace() else sign)) for sign in text)
    return "".join(sign for sign in signs if unicodedata.category(sign) != "Cf").translate(_ALIKE).strip()


class _NumberBox(Generic[_Number]):
    """What both kinds of boxes have in common; stands before Qt's own class, and asks nothing of its locale."""

    value: Callable[[], _Number]
    minimum: Callable[[], _Number]
    maximum: Callable[[], _Number]
    setValue: Callable[[_Number], None]  # noqa: N815  # Qt names it
    wrapping: Callable[[], bool]
    interpretText: Callable[[], None]  # noqa: N815
    selectAll: Callable[[], None]  # noqa: N815
    prefix: Callable[[], str]
    suffix: Callable[[], str]
    specialValueText: Callable[[], str]  # noqa: N815
    _buttons: tuple[_Number, _Number] | None
    _kept: _Number

    @property
    def bounds(self) -> str:
        """What can be typed, in a sentence for the tooltip."""
        ends = (self.minimum(), self.maximum())
        lowest, highest = (f"{end:,}" if isinstance(end, int) else self.textFromValue(end) for end in ends)
        return f"From {lowest} to {highest}."

    def stepBy(self, steps: int) -> None:
        """Moves the number, as far as the range goes; round it where the box wraps."""
        self.interpretText()
        lowest, highest = self._range
        moved = self._moved(steps)
        ends = (highest, lowest) if self.wrapping() else (lowest, highest)
        self.setValue(ends[0] if moved < lowest else ends[1] if moved > highest else moved)
        self.selectAll()

    def stepEnabled(self) -> QAbstractSpinBox.StepEnabledFlag:
        """Which of the two buttons would do something."""
        lowest, highest = self._range
        enabled = QAbstractSpinBox.StepEnabledFlag.StepNone
        if self.value() < highest or self.wrapping():
            enabled |= QAbstractSpinBox.StepEnabledFlag.StepUpEnabled
        if self.value() > lowest or self.wrapping():
            enabled |= QAbstractSpinBox.StepEnabledFlag.StepDownEnabled
        return enabled

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        """Takes what is a number in the range, or can become one."""
        value = self._number(text)
        if value is not None and self.minimum() <= value <= self.maximum():
            return _State.Acceptable, text, position
        return _State.Intermediate if self._begins(_plain(self._bare(text))) else _State.Invalid, text, position

    def fixup(self, text: str) -> str:  # noqa: ARG002  # whatever was typed, it is no number
        """The number from before the typing."""
        return self.textFromValue(self._kept)

    def valueFromText(self, text: str) -> _Number:
        """The number that was typed."""
        value = self._number(text)
        return self._kept if value is None else value

    def textFromValue(self, value: _Number) -> str:
        """The number, so that it can be typed again."""
        raise NotImplementedError

    def _moved(self, steps: int) -> _Number:
        raise NotImplementedError

    def _read(self, text: str) -> _Number | None:
        raise NotImplementedError

    def _begins(self, text: str) -> bool:
        """Whether a plain text can become a number of the range by more typing."""
        raise NotImplementedError

    @property
    def _range(self) -> tuple[_Number, _Number]:
        return self._buttons or (self.minimum(), self.maximum())

    def _bare(self, text: str) -> str:
        return text.removeprefix(self.prefix()).removesuffix(self.suffix())

    def _number(self, text: str) -> _Number | None:
        special = self.specialValueText()
        return self.minimum() if special and text == special else self._read(self._bare(text))

    def _keep(self) -> None:
        self._kept = self.value()


class WholeBox(_NumberBox[int], QSpinBox):
    """A box for a whole number.

    Where what was typed is no number, or nothing, the number from before the typing comes back.

    Args:
        lowest: the least that can be typed.
        highest: the most; a digit that would make more is refused.
        buttons: the range to which buttons, arrow keys and the wheel keep; None for all that can be typed.
    """

    def __init__(self, lowest: int, highest: int, buttons: tuple[int, int] | None = None) -> None:
        super().__init__()
        self._buttons = buttons
        self.setRange(lowest, highest)
        self._keep()
        self.editingFinished.connect(self._keep)

    @override
    def setValue(self, value: int) -> None:
        QSpinBox.setValue(self, value)
        self._keep()

    def show_indices(self, count: int) -> None:
        """Lets one of so many things be chosen by its index, from 0, and tells no one where it has to be another."""
        with QSignalBlocker(self):
            self.setRange(0, count - 1)
            self.setSuffix(f" (0 to {count - 1:,})" if count > 1 else "")
            self._keep()

    @override
    def textFromValue(self, value: int) -> str:
        """Digits, without marks between thousands, which would be in the way of typing."""
        return f"{value}"

    def _moved(self, steps: int) -> int:
        return self.value() + self.singleStep() * steps

    def _read(self, text: str) -> int | None:
        return read_whole(text)

    def _begins(self, text: str) -> bool:
        value = read_whole(text)
        too_high = value is not None and value > max(0, self.maximum())
        too_low = text.startswith("-") and (self.minimum() >= 0 or (value is not None and value < self.minimum()))
        return _BEGUN_WHOLE.fullmatch(text) is not None and not too_high and not too_low


class DecimalBox(_NumberBox[float], QDoubleSpinBox):
    """A box for a decimal number: what is typed is what is used, to its last digit.

    Where what was typed is no number, or nothing, the number from before the typing comes back.

    Args:
        lowest: the least that can be typed.
        highest: the most.
        step: how far buttons, arrow keys and the wheel go at once.
        by_digit: whether a number other than 0 moves by its second digit instead: 0.003 to 0.0031.
        buttons: the range to which they keep; None for all that can be typed.
    """

    def __init__(
        self,
        lowest: float,
        highest: float,
        step: float,
        *,
        by_digit: bool = False,
        buttons: tuple[float, float] | None = None,
    ) -> None:
        super().__init__()
        self._buttons = buttons
        self._by_digit = by_digit
        self.setDecimals(_ALL_DIGITS)
        self.setRange(lowest, highest)
        self.setSingleStep(step)
        self._keep()
        self.editingFinished.connect(self._keep)

    @override
    def setValue(self, value: float) -> None:
        QDoubleSpinBox.setValue(self, value)
        self._keep()

    @override
    def textFromValue(self, value: float) -> str:
        """As short as it can be."""
        return decimal_text(value)

    def _moved(self, steps: int) -> float:
        """Counted in decimal digits: 0.1 and four steps of 0.05 are 0.3, not 0.30000000000000004."""
        value = self.value()
        step = Decimal(decimal_text(self.singleStep()))
        if self._by_digit and value:
            step = Decimal(10) ** (math.floor(math.log10(abs(value))) - 1)
        return float(Decimal(decimal_text(value)) + steps * step)

    def _read(self, text: str) -> float | None:
        return read_decimal(text)

    def _begins(self, text: str) -> bool:
        """What is too large may yet get an exponent."""
        too_low = text.startswith("-") and self.minimum() >= 0
        return _BEGUN_DECIMAL.fullmatch(text) is not None and not too_low
