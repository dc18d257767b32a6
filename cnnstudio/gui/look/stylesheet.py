"""The stylesheet, built from a theme's colours."""

from collections.abc import Mapping
from string import Template

# A control is 32 high: 18 or more of text, 6 of padding and 1 of border on either side; while it has the focus, the
# border is 2 and the padding 1 less, so that nothing moves.
_TEMPLATE = Template("""
QToolTip { background: $surface; color: $text; border: 1px solid $border; padding: 6px 8px; }

QLabel[role="heading"] { font-size: ${heading}px; font-weight: 600; }
QLabel[role="strong"] { font-weight: 600; }
QLabel[role="secondary"] { color: $secondary; }
QLabel[role="small"] { color: $secondary; font-size: ${small}px; }
QFrame[role="panel"] { background: $surface; border: none; border-radius: 8px; }
QFrame[role="info"] { background: $accent_soft; border: none; border-radius: 8px; }
QFrame[role="error"] { background: $error_soft; border: none; border-radius: 8px; }
QWidget[role="guide"] { background: $surface; border: none; border-left: 1px solid $border; }
QTextBrowser { background: transparent; border: none; }
QFrame#window_message { border-radius: 0; }
QLabel[role="error"] { color: $error; background: transparent; }
QLabel:disabled { color: $disabled; }

QPushButton, QToolButton, QCheckBox, QAbstractItemView { outline: none; }
QPushButton {
    background: $surface; color: $text; border: 1px solid $border; border-radius: 6px;
    padding: 6px 15px; min-height: 18px;
}
QPushButton:hover { background: $hover; }
QPushButton:pressed { background: $accent_soft; }
QPushButton:checked { background: $accent_soft; color: $accent_text; border-color: $accent_soft; }
QPushButton:focus { border: 2px solid $accent_text; padding: 5px 14px; }
QPushButton:disabled { background: $window; color: $disabled; border-color: $hover; }

QPushButton[role="primary"] {
    background: $accent; color: $on_accent; border: 1px solid $accent; font-weight: 600;
    padding: 10px 23px;
}
QPushButton[role="primary"]:hover { background: $accent_hover; border-color: $accent_hover; }
QPushButton[role="primary"]:pressed { background: $accent_hover; }
QPushButton[role="primary"]:focus { border: 2px solid $text; padding: 9px 22px; }
QPushButton[role="primary"]:disabled { background: $hover; color: $disabled; border-color: $hover; }

QPushButton[role="quiet"], QToolButton {
    background: transparent; color: $text; border: 1px solid transparent; border-radius: 6px; padding: 6px;
}
QPushButton[role="quiet"] { color: $accent_text; padding: 6px 11px; }
QPushButton[role="quiet"]:hover, QToolButton:hover { background: $hover; }
QPushButton[role="quiet"]:pressed, QToolButton:pressed { background: $accent_soft; }
QToolButton:checked { background: $accent_soft; color: $accent_text; }
QPushButton[role="quiet"]:focus { border: 2px solid $accent_text; padding: 5px 10px; }
QToolButton:focus { border: 2px solid $accent_text; padding: 5px; }
QPushButton[role="quiet"]:disabled, QToolButton:disabled { color: $disabled; background: transparent; }
QToolButton::menu-indicator { image: none; }

QPushButton[role="chip"], QToolButton[role="chip"] {
    background: transparent; border: 1px solid $border; border-radius: 16px; padding: 6px 15px; min-height: 18px;
}
QPushButton[role="chip"]:hover, QToolButton[role="chip"]:hover { background: $hover; }
QPushButton[role="chip"]:checked, QToolButton[role="chip"]:checked {
    background: $accent_soft; color: $accent_text; border-color: $accent_text;
}
QPushButton[role="chip"]:focus, QToolButton[role="chip"]:focus {
    border: 2px solid $accent_text; padding: 5px 14px;
}

QWidget#rail { background: $rail; }
QToolButton[role="rail"] {
    color: $secondary; font-size: ${small}px; border: 2px solid transparent; border-radius: 8px; padding: 2px 0;
}
QToolButton[role="rail"]:hover { background: $hover; color: $text; }
QToolButton[role="rail"]:checked { background: $accent_soft; color: $accent_text; }
QToolButton[role="rail"]:focus { border: 2px solid $accent_text; padding: 6px 0; }

QComboBox, QLineEdit, QAbstractSpinBox {
    background: $surface; color: $text; border: 1px solid $border; border-radius: 6px;
    padding: 5px 9px; min-height: 20px; selection-background-color: $accent; selection-color: $on_accent;
}
QComboBox:hover, QLineEdit:hover, QAbstractSpinBox:hover { border-color: $secondary; }
QComboBox:focus, QLineEdit:focus, QAbstractSpinBox:focus { border: 2px solid $accent_text; padding: 4px 8px; }
QComboBox:disabled, QLineEdit:disabled, QAbstractSpinBox:disabled {
    background: $window; color: $disabled; border-color: $hover;
}
QLineEdit[readOnly="true"] { background: $window; }
QComboBox::drop-down { border: none; width: 28px; }
QComboBox::down-arrow { image: url("$icons/control-down.svg"); width: 16px; height: 16px; }
QComboBox { combobox-popup: 0; }
QComboBoxPrivateContainer { background: $surface; border: none; }
QComboBox QAbstractItemView, QComboBox QAbstractItemView:focus {
    background: $surface; color: $text; border: 1px solid $border; border-radius: 0; padding: 4px;
    selection-background-color: $accent_soft; selection-color: $text;
}
QComboBox QAbstractItemView::item { min-height: 24px; padding: 2px 6px; }
QComboBox QAbstractItemView::item:selected { background: $accent_soft; color: $text; border-radius: 4px; }
QAbstractSpinBox { padding: 5px 0; qproperty-alignment: AlignCenter; }
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button {
    background: transparent; border: none; border-radius: 4px; width: 28px; height: 28px; margin: 0 2px;
    subcontrol-origin: border;
}
QAbstractSpinBox::up-button { subcontrol-position: center right; }
QAbstractSpinBox::down-button { subcontrol-position: center left; }
QAbstractSpinBox::up-button:hover, QAbstractSpinBox::down-button:hover { background: $hover; }
QAbstractSpinBox::up-button:pressed, QAbstractSpinBox::down-button:pressed { background: $accent_soft; }
QAbstractSpinBox::up-arrow { image: url("$icons/control-plus.svg"); width: 16px; height: 16px; }
QAbstractSpinBox::down-arrow { image: url("$icons/control-minus.svg"); width: 16px; height: 16px; }
QAbstractSpinBox::up-arrow:off, QAbstractSpinBox::down-arrow:off { image: none; }
QComboBox QLineEdit { background: transparent; border: none; border-radius: 0; padding: 0; min-height: 0; }

QCheckBox {
    spacing: 8px; min-height: 24px; padding-right: 6px; border: 2px solid transparent; border-radius: 6px;
}
QCheckBox:focus { border-color: $accent_text; }
QCheckBox:disabled { color: $disabled; }
QCheckBox::indicator {
    width: 16px; height: 16px; background: $surface; border: 1px solid $secondary; border-radius: 4px;
}
QCheckBox::indicator:checked {
    background: $accent; border-color: $accent; image: url("$icons/control-check.svg");
}
QCheckBox::indicator:disabled { border-color: $disabled; }

QSlider { min-height: 24px; }
QSlider::groove:horizontal { height: 4px; border-radius: 2px; background: $border; margin: 0 2px; }
QSlider::sub-page:horizontal { background: $accent; border-radius: 2px; margin: 0 2px; }
QSlider::sub-page:horizontal:disabled { background: $disabled; }
QSlider::handle:horizontal {
    width: 12px; height: 12px; margin: -6px 0; border: 2px solid $accent; border-radius: 8px; background: $surface;
}
QSlider::handle:horizontal:hover { background: $accent_soft; }
QSlider::handle:horizontal:focus { background: $accent; border-color: $accent_text; }
QSlider::handle:horizontal:disabled { border-color: $disabled; }

QProgressBar { background: $hover; border: none; border-radius: 4px; max-height: 8px; min-height: 8px; }
QProgressBar::chunk { background: $accent; border-radius: 4px; }

QScrollArea { background: transparent; border: none; }
QScrollArea > QWidget > QWidget[role="content"] { background: transparent; }
QAbstractScrollArea::corner { background: transparent; border: none; }
QScrollBar { background: transparent; border: none; }
QScrollBar:vertical { width: 12px; }
QScrollBar:horizontal { height: 12px; }
ScrollColumn QScrollBar:vertical { width: 16px; margin-left: 4px; }
QScrollBar::handle { background: $border; border-radius: 4px; margin: 2px; }
QScrollBar::handle:vertical { min-height: 32px; }
QScrollBar::handle:horizontal { min-width: 32px; }
QScrollBar::handle:hover { background: $secondary; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }

QMenu { background: $surface; color: $text; border: 1px solid $border; padding: 4px; }
QMenu::item { padding: 6px 24px 6px 12px; border-radius: 4px; }
QMenu::item:selected { background: $accent_soft; }
QMenu::item:disabled { color: $disabled; }
QMenu::separator { height: 1px; background: $hover; margin: 4px 8px; }
QMenu::icon { padding-left: 8px; }

QSplitter::handle { background: transparent; }
QPlainTextEdit, QListView, QTableView, QTreeView {
    background: $surface; border: 1px solid $border; border-radius: 6px; padding: 4px;
}
QPlainTextEdit:focus, QListView:focus, QTableView:focus, QTreeView:focus {
    border: 2px solid $accent_text; padding: 3px;
}
QListView[role="navigation"], QListView[role="navigation"]:focus {
    background: transparent; border: none; padding: 0;
}
QListView[role="navigation"]::item {
    padding: 5px 8px; border: 2px solid transparent; border-radius: 6px; color: $text;
}
QListView[role="navigation"]::item:hover { background: $hover; }
QListView[role="navigation"]::item:selected { background: $accent_soft; color: $accent_text; }
QListView[role="navigation"]::item:focus { border-color: $accent_text; }
""")


def stylesheet(values: Mapping[str, object]) -> str:
    """The application's stylesheet.

    Args:
        values: the colours and text sizes by their names in `cnnstudio.gui.look.theme`, and `icons`, the folder with
            `control-*.svg`: arrows and check marks, which a stylesheet takes from files only.
    """
    return _TEMPLATE.substitute(values)
