"""The network view of the Inside page while the pen moves, beside the forward pass of ConvNetJS on the same network."""

import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QWidget

from tests.benchmarks import Measurement, Skipped

PACKAGE = "convnetjs@0.3.0"
NETWORKS = {"lenet5": (28, 33), "tiny-vgg": (64, 50)}
"""Architectures: the side of their images, and the milliseconds within which 99 of 100 moves are to be seen."""

MOVES, FIRST = 220, 20
"""Moves of the pen, of which the first ones do not count: passes are compiled, pictures find their places."""

_FORWARD = """
const convnetjs = require("convnetjs");
const {layers, passes} = JSON.parse(process.argv[2]);
const net = new convnetjs.Net();
net.makeLayers(layers);
const {out_sx, out_sy, out_depth} = layers[0];
const image = new convnetjs.Vol(out_sx, out_sy, out_depth);
const times = [];
for (let pass = 0; pass < passes; pass++) {
  const begin = process.hrtime.bigint();
  net.forward(image);
  times.push(Number(process.hrtime.bigint() - begin) / 1e6);
}
console.log(JSON.stringify(times.slice(passes / 4).sort((a, b) => a - b)));
"""


def inside_live() -> list[Measurement]:
    """Mouse move to the whole network view redrawn."""
    from tests.benchmarks.window import in_window

    found = []
    with tempfile.TemporaryDirectory() as folder:
        _install(Path(folder))
        for name, (side, limit) in NETWORKS.items():
            forward = _forward(Path(folder), name, side)
            run = in_window("inside", name, side)
            milliseconds = 1000 * np.array(run["seconds"])
            median, slow = float(np.median(milliseconds)), float(np.percentile(milliseconds, 99))
            found += [
                Measurement(f"inside_live_{name}", median, "ms", "ConvNetJS's forward pass alone", forward),
                Measurement(f"inside_live_{name}_p99", slow, "ms", "the limit", limit),
                Measurement(f"inside_live_{name}_gap", 1000 * run["gap"], "ms", "the limit", 50),
            ]
    return found


def _install(folder: Path) -> None:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise Skipped("Node.js and npm, which run the peer ConvNetJS, are not here")
    command = [npm, "install", "--no-audit", "--no-fund", "--prefix", str(folder), PACKAGE]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    if done.returncode != 0:
        raise Skipped(f"npm could not install {PACKAGE}: {done.stderr.strip().splitlines()[-1:]}")


def _forward(folder: Path, name: str, side: int) -> float:
    """Milliseconds of a forward pass of ConvNetJS, the median of many."""
    script = folder / "forward.js"
    script.write_text(_FORWARD, "utf-8")
    question = json.dumps({"layers": _as_convnetjs(name, side), "passes": 200})
    done = subprocess.run(
        ["node", str(script), question], cwd=folder, capture_output=True, text=True, timeout=300, check=True
    )
    times = json.loads(done.stdout)
    return times[len(times) // 2]


def _as_convnetjs(name: str, side: int) -> list[dict[str, object]]:
    """The layers of an architecture as ConvNetJS wants them."""
    from cnnstudio.models.networks.building import build_network

    defs: list[dict[str, object]] = [{"type": "input", "out_sx": side, "out_sy": side, "out_depth": 1}]
    for layer in build_network(name, (side, side, 1), 10, seed=0).layers:
        match type(layer).__name__:
            case "Conv2D":
                padding = (layer.kernel_size[0] - 1) // 2 if layer.padding == "same" else 0
                defs.append(
                    {"type": "conv", "sx": layer.kernel_size[0], "filters": layer.filters, "stride": 1, "pad": padding}
                )
            case "MaxPooling2D" | "AveragePooling2D":
                defs.append({"type": "pool", "sx": layer.pool_size[0], "stride": layer.strides[0]})
            case "Dense" if layer.units == 10:
                defs.append({"type": "softmax", "num_classes": 10})
            case "Dense":
                defs.append({"type": "fc", "num_neurons": layer.units})
        if getattr(getattr(layer, "activation", None), "__name__", "") == "relu":
            defs[-1]["activation"] = "relu"
    return defs


def scenario() -> dict[str, object]:
    """Seconds from a mouse move to the network view redrawn, and the longest gap on the GUI thread meanwhile."""
    from cnnstudio.gui.app import create
    from cnnstudio.gui.widgets.maps.map_columns import MapColumns
    from cnnstudio.models.networks.building import build_network
    from cnnstudio.models.trained.card import Card
    from cnnstudio.models.trained.classifier import Classifier
    from tests.benchmarks.in_window import Painted, Ticker, send_mouse, turn_for, wait_until

    name, side = sys.argv[2], int(sys.argv[3])
    shape, classes = (side, side, 1), tuple("0123456789")
    folder = Path(tempfile.mkdtemp()) / name
    Classifier(build_network(name, shape, 10, seed=0), Card(name, classes, shape, "digit")).save(folder)
    application, window = create(["cnnstudio"])
    window.resize(1900, 1000)
    window.show_page("inside")
    page = window.page("inside")
    page.receive(folder)
    wait_until(application, lambda: page.model == folder)
    canvas, maps = page.findChild(QWidget, "drawing_canvas"), page.findChild(MapColumns)
    answered: list[object] = []
    page.answered.connect(answered.append)
    send_mouse(canvas, QEvent.Type.MouseButtonPress, 100, 60)
    wait_until(application, lambda: bool(answered) and not maps.missing())
    turn_for(application, 0.5)
    painted, ticker = Painted([maps.viewport()]), Ticker()
    seconds = []
    for move in range(MOVES):
        if move == FIRST:
            ticker.start()
        painted.reset()
        answered.clear()
        angle = 0.08 * move
        begin = time.perf_counter()
        place = (100 + (30 + move / 8) * np.sin(angle), 100 - (30 + move / 8) * np.cos(angle))
        send_mouse(canvas, QEvent.Type.MouseMove, *place)
        wait_until(application, lambda: bool(answered) and not painted.waiting)
        application.processEvents()
        seconds.append(time.perf_counter() - begin)
    ticker.stop()
    send_mouse(canvas, QEvent.Type.MouseButtonRelease, 100, 100)
    seen = maps.seen()
    window.quit()
    return {"seconds": seconds[FIRST:], "gap": max(ticker.gaps), "columns": len(seen)}
