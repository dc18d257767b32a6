"""Labels: where their lines break, and the colour of their links."""

import numpy as np
import pytest
from PySide6.QtGui import QColor, QPalette

from cnnstudio.gui.controls.describe import label


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<b>98.9 %</b> of 10 in 3 min 6 s", "<b>98.9~%</b> of 10 in 3~min 6~s"),
        ("3,554 images/s, 12.6 MB of 1 GB", "3,554~images/s, 12.6~MB of 1~GB"),
        ("8, as the network says (> 99.9 %). <b>conv1</b> 28", "8, as the network says (>~99.9~%). <b>conv1</b> 28"),
        ("7 shows 2 hours, 3 small and 5 MBs", "7 shows 2 hours, 3 small and 5 MBs"),
    ],
)
def test_a_line_does_not_break_between_a_number_and_its_unit(qtbot, text, shown):
    made = label()
    qtbot.addWidget(made)
    made.setText(text)
    assert made.text() == shown.replace("~", "\N{NO-BREAK SPACE}")
    assert label(text).text() == made.text()


def test_links_follow_the_theme(qtbot, theme, pixels):
    made = label('<a href="x">MMMMMM</a>')
    qtbot.addWidget(made)
    made.show()
    for choice in ("light", "dark", "light"):
        theme.choose(choice)
        colour = QColor(made.palette().color(QPalette.ColorRole.Link)).getRgb()[:3]
        assert np.any((pixels(made) == colour).all(axis=2)), choice
