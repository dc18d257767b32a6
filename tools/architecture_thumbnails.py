"""Small pictures of networks, for lists to choose from: the stages of the real layout, few enough for 32 pixels.

Those under `assets/pictures` are made by

    python -m tools.architecture_thumbnails assets/pictures alexnet vgg16 …

save those of softmax, mlp, lenet5 and lenet5-1998, which are drawn by hand.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log2
from pathlib import Path

from PySide6.QtGui import QGuiApplication

from cnnstudio.gui.widgets.network.layout.lay_out import lay_out
from cnnstudio.gui.widgets.network.layout.parts import Volume
from cnnstudio.models.layer_table import LayerTable, describe
from cnnstudio.models.networks.building import network_config

_COLOUR = "#5b8def"
_LEFT, _RIGHT, _TALLEST = 6.5, 56.5, 38.0
_MOST, _GAP, _HIDDEN = 7, 2.2, 2
_HEAD = (
    f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64" fill="none" stroke="{_COLOUR}" stroke-width="1.5" '
    'stroke-linejoin="round" stroke-linecap="round">\n'
    f'<rect x="1" y="1" width="62" height="62" rx="10" fill="{_COLOUR}" fill-opacity="0.10" stroke="none"/>\n'
)


@dataclass(frozen=True)
class _Slab:
    """Maps or units as seen from the side.

    Attributes:
        height: of the maps, 1 for the largest.
        width: how many maps there are, in any unit.
        fill: opacity.
        line: opacity.
    """

    height: float
    width: float
    fill: float
    line: float


def thumbnail(table: LayerTable) -> str:
    """An SVG of 64×64: maps as seen from the side, hidden units, classes; arcs where there are shortcuts.

    What is frozen is drawn pale.
    """
    layout = lay_out(table, folded=False)
    slabs = _maps(layout.volumes, table)
    maps = len(slabs)
    hidden = [one for one in layout.volumes if one.form == "bar" and one.role == "dense"][:-1]
    slabs += [_Slab(min(1.0, one.face.height() / 150), 2.5, 0.5, 1.0) for one in hidden[-_HIDDEN:]]
    room = _RIGHT - _LEFT - 3.5 - _GAP * len(slabs)
    scale = min(room / sum(slab.width for slab in slabs), 3.0)
    gap = _GAP + (room - scale * sum(slab.width for slab in slabs)) / len(slabs)
    middle = 35.0 if layout.arcs else 32.0
    lines, tops, x = [], [], _LEFT
    for slab in slabs:
        height, width = _TALLEST * slab.height, scale * slab.width
        tops.append((x + width / 2, middle - height / 2 - 2.5))
        lines.append(
            f'<rect x="{x:.1f}" y="{middle - height / 2:.1f}" width="{width:.1f}" height="{height:.1f}" rx="1" '
            f'fill="{_COLOUR}" fill-opacity="{slab.fill}" stroke-opacity="{slab.line}"/>'
        )
        x += width + gap
    if layout.arcs:
        lines += [_arc(*ends, slabs[0].line) for ends in pairwise(tops[:maps:2])]
    for step in range(-2, 3):
        lines.append(f'<circle cx="{_RIGHT:g}" cy="{middle + 5.2 * step:g}" r="1.4" fill="{_COLOUR}"/>')
    return _HEAD + "\n".join(lines) + "\n</svg>\n"


def _maps(volumes: Sequence[Volume], table: LayerTable) -> list[_Slab]:
    """The maps behind the image, some of them where they are many; the image where there are no others."""
    shapes = [(one, table.row(one.layer).output_shape) for one in volumes if one.form == "stack"]
    shown = [(one, shape) for one, shape in shapes[1:] if one.role != "pooling"] or shapes[:1]
    if len(shown) > _MOST:
        shown = [shown[round(number * (len(shown) - 1) / (_MOST - 1))] for number in range(_MOST)]
    frozen = 2 * table.trainable_parameters < table.parameters
    largest = max(one.face.height() for one, _ in shown)
    fill, line = (0.08, 0.65) if frozen else (0.2, 1.0)
    widths = [2 + 0.4 * log2(shape[-1] if shape else 1) for _, shape in shown]
    heights = [one.face.height() / largest for one, _ in shown]
    return [_Slab(height, width, fill, line) for height, width in zip(heights, widths, strict=True)]


def _arc(start: tuple[float, float], end: tuple[float, float], line: float) -> str:
    (left, first), (right, last) = start, end
    top = min(first, last) - 5
    path = f"M{left:.1f} {first:.1f}C{left:.1f} {top:.1f} {right:.1f} {top:.1f} {right:.1f} {last:.1f}"
    return f'<path d="{path}" stroke-width="1.3" stroke-opacity="{line}"/>'


def main(arguments: Sequence[str]) -> None:
    """Writes the thumbnails of some architectures into a folder: the folder, then their names."""
    folder, *names = arguments
    for name in names:
        content = thumbnail(describe(network_config(name, None, None)))
        (Path(folder) / f"{name}.svg").write_text(content, encoding="utf-8")


if __name__ == "__main__":
    application = QGuiApplication([])  # the layout measures its words
    main(sys.argv[1:])
