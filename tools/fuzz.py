"""Feeds damaged files to whatever reads files: `python tools/fuzz.py [--seconds N] [--seed S] [READER …]`.

Real files are made, changed at random and read, each change by a seed of its own. What is more than a sentence for the
user (any exception but `StudioError`), more than `MEMORY` or longer than `SECONDS` is a finding: it is printed with the
command that repeats it, and the exit code is 1. A minute is enough to notice a reader that trusts its file; leave it
running for hours to find more.

Each reader runs in a process of its own, so that one that dies or hangs is a finding, too.
"""

import argparse
import contextlib
import io
import json
import logging
import multiprocessing
import os
import random
import resource
import signal
import struct
import sys
import tempfile
import time
import traceback
import zipfile
from collections.abc import Callable, Iterator
from ctypes import c_longlong
from dataclasses import asdict, dataclass, field
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
from PIL import Image
from PySide6.QtCore import QByteArray

from cnnstudio.data.folders.files import PictureFile
from cnnstudio.data.folders.load import load_folder, survey_folder
from cnnstudio.data.library import list_datasets
from cnnstudio.data.pictures.decode import decode
from cnnstudio.data.pictures.input_rules import INPUT_RULES
from cnnstudio.data.pictures.open import open_image, read_header
from cnnstudio.data.pictures.strokes import read_drawings, render_all
from cnnstudio.data.report import LeftOut
from cnnstudio.errors import StudioError
from cnnstudio.exporting.network_code import model_code
from cnnstudio.gui.settings import Settings
from cnnstudio.models.backend import import_keras
from cnnstudio.models.layer_table import describe
from cnnstudio.models.networks.building import fitted, network_config
from cnnstudio.models.networks.files import Network, read_network, write_network
from cnnstudio.models.networks.repairs import nearest_working, repairs
from cnnstudio.models.trained.adopt import inspect_model, read_class_names
from cnnstudio.models.trained.card import Card, parse_card
from cnnstudio.models.trained.classifier import Classifier
from cnnstudio.models.trained.files import embedded_card, load_model
from cnnstudio.models.trained.parts import is_model
from cnnstudio.models.trained.prediction_table import PredictionTable, columns
from cnnstudio.storage import config_folder, data_folder, shipped
from cnnstudio.training.config import TrainingConfig
from cnnstudio.training.runs import config_of_run, history_of_run

SECONDS = 20
"""Longest time of the processor for one file."""

MEMORY = 2**30
"""Most that one file may take, in bytes."""

PATIENCE = 15
"""So many times `SECONDS` a process may be silent before it is ended: it may share the machine with others."""

_STRANGERS = Path(__file__).parents[1] / "tests" / "strangers"

Samples = dict[str, bytes]
"""Files by their names."""


class TooLong(BaseException):
    """A reader took longer than `SECONDS`; no reader catches it."""


@dataclass(frozen=True)
class Reader:
    """Something that reads files from elsewhere.

    Attributes:
        samples: makes honest files; the same ones every time.
        read: reads one, as the program does.
    """

    samples: Callable[[], Samples]
    read: Callable[[Path], object]


# Honest files, and how they are read


def _model_files() -> Samples:
    keras = import_keras()
    logging.getLogger("absl").setLevel(logging.ERROR)  # .h5 is meant
    keras.utils.set_random_seed(0)
    layers = keras.layers
    inputs = keras.Input((8, 8, 1), name="image")
    x = layers.Conv2D(2, 3, activation="relu", padding="same", name="conv")(layers.Rescaling(1 / 255)(inputs))
    x = layers.Add(name="add")([x, layers.BatchNormalization(name="norm")(x)])
    x = layers.Flatten(name="flat")(layers.MaxPooling2D(2, name="pool")(x))
    graph = keras.Model(inputs, layers.Dense(3, activation="softmax", name="out")(x), name="graph")
    inner = keras.Sequential([layers.DepthwiseConv2D(3, name="each"), layers.PReLU(name="prelu")], name="inner")
    parts = [keras.Input((8, 8, 1)), inner, layers.GlobalAveragePooling2D(), layers.Dense(3), layers.Softmax()]
    chain = keras.Sequential(parts, name="chain")
    files = {}
    with tempfile.TemporaryDirectory() as folder:
        for model in (graph, chain):
            for ending in (".keras", ".h5"):
                path = Path(folder, f"{model.name}{ending}")
                model.save(path)
                files[path.name] = path.read_bytes()
        graph.save_weights(Path(folder, "graph.weights.h5"))
        weights = Path(folder, "graph.weights.h5").read_bytes()
    names = json.dumps({"class_names": ["cat", "dog", "bird"]}).encode()
    apart = {"graph.json": graph.to_json().encode(), "graph.weights.h5": weights, "labels.json": names}
    theirs = {path.name: path.read_bytes() for path in sorted(_STRANGERS.glob("*.zip"))}
    return {**files, "apart.zip": _packed(apart), **theirs}


def _read_model(path: Path) -> None:
    for look in (inspect_model, embedded_card):
        with contextlib.suppress(StudioError):
            look(path)
    is_model(path)
    model = load_model(path, (8, 8))
    classes = tuple(f"class {number}" for number in range(model.outputs[0].shape[-1]))
    classifier = Classifier(model, Card("model", classes, tuple(model.inputs[0].shape[1:]), "centre-crop"))
    classifier.predict(np.zeros(classifier.input_shape, np.uint8), feature_maps=True)


def _cards() -> Samples:
    card = Card("Mine", ("cat", "dog"), (28, 28, 3), "centre-crop", left_out=(LeftOut("files", 2, "2 files."),))
    found = {path.parent.name: path.read_bytes() for path in sorted(shipped("trained").glob("*/card.json"))}
    return {"mine.json": card.to_json().encode(), **{f"{name}.json": data for name, data in found.items()}}


def _read_card(path: Path) -> object:
    return parse_card(path.read_bytes(), path)


def _networks() -> Samples:
    files = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in ("lenet5", "resnet20"):
            path = write_network(Network(name, name, network_config(name)), Path(folder, name)).path
            assert path is not None
            files[path.name] = path.read_bytes()
    return files


def _read_network(path: Path) -> None:
    network = read_network(path)
    table = describe(network.config)
    if table.misfit is not None:
        nearest_working(network.config, table.misfit)
        repairs(network.config, table)
    else:
        fitted(network.config, (32, 32, 3), 7)
    model_code(network.config)


def _strokes() -> Samples:
    drawings = [[[[x, 20 * number + x % 7] for x in range(0, 90, 9)], [[5, 5]]] for number in range(4)]
    return {"strokes.json": json.dumps(drawings).encode()}


def _read_strokes(path: Path) -> object:
    return render_all(read_drawings(path))


_FORMATS = {"png": {}, "jpg": {"quality": 80}, "gif": {}, "bmp": {}, "tif": {}, "webp": {}, "tga": {}, "ppm": {}}


def _pictures() -> Samples:
    image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (24, 32, 3), np.uint8))
    exif = Image.Exif()
    exif[274] = 6
    files = {}
    for ending, options in _FORMATS.items():
        buffer = io.BytesIO()
        with_exif = {"exif": exif} if ending in ("jpg", "png", "webp") else {}
        image.save(buffer, {"jpg": "JPEG", "tif": "TIFF"}.get(ending, ending.upper()), **options, **with_exif)
        files[f"picture.{ending}"] = buffer.getvalue()
    return files


def _read_picture(path: Path) -> None:
    read_header(path.read_bytes()[: 256 << 10])
    decode(path.read_bytes(), 28, 3)
    INPUT_RULES["centre-crop"].prepare(open_image(path), (28, 28, 3))


def _zips() -> Samples:
    pictures = _pictures()
    files = {}
    for name, method in (("stored.zip", zipfile.ZIP_STORED), ("deflated.zip", zipfile.ZIP_DEFLATED)):
        members = {
            f"set/{split}/{label}/{number}-{picture}": data
            for split in ("train", "test")
            for label in ("cat", "dog")
            for number in range(2)
            for picture, data in list(pictures.items())[:2]
        }
        settings = {"format": 1, "image_size": 32, "channels": 3, "input_rule": "centre-crop"}
        members["set/dataset.json"] = json.dumps(settings).encode()
        files[name] = _packed(members, method)
    return files


def _read_zip(path: Path) -> None:
    survey_folder(path)
    load_folder(path)


def _tables() -> Samples:
    rows = [columns(2), *([f"photos/cat/{n}.png", "cat", "0.9", "dog", "0.1", "", "Mine 0123abcd"] for n in range(9))]
    rows.append(["photos/broken.png", "", "", "", "", "It is damaged, “really”.", "Mine 0123abcd"])
    return {"table.csv": "".join(f"{','.join(row)}\n" for row in rows).encode()}


def _read_table(path: Path) -> None:
    with PredictionTable(path, 2, "Mine 0123abcd") as table:
        table.holds(PictureFile("photos/cat/1.png", Path("photos/cat/1.png")))


def _class_tables() -> Samples:
    rows = [(f"{number:03}.png", "cat" if number % 2 else "dog") for number in range(12)]
    categories = [{"id": number, "name": name} for number, name in enumerate(("cat", "dog"))]
    images = [{"id": number, "file_name": file} for number, (file, _) in enumerate(rows)]
    notes = [{"image_id": number, "category_id": name == "dog"} for number, (_, name) in enumerate(rows)]
    return {
        "labels.csv": "".join(f"{file},{name}\n" for file, name in [("id", "label"), *rows]).encode(),
        "german.csv": "".join(f'C:\\bilder\\{file};1,5;"{name}"\n' for file, name in rows).encode("utf-16"),
        "one_hot.csv": "".join(
            ["id,cat,dog\n", *(f"{file},{name == 'cat':d},{name == 'dog':d}\n" for file, name in rows)]
        ).encode(),
        "train.txt": "".join(f"pictures/{file} {name}\n" for file, name in rows).encode(),
        "labels.json": json.dumps(dict(rows)).encode(),
        "coco.json": json.dumps({"images": images, "annotations": notes, "categories": categories}).encode(),
    }


def _read_class_table(path: Path) -> None:
    folder = path.parent / "set"
    folder.mkdir(exist_ok=True)
    for number in range(12):
        (folder / f"{number:03}.png").touch()
    table = folder / path.name
    table.write_bytes(path.read_bytes())
    try:
        survey_folder(folder)
    finally:
        table.unlink()


def _settings() -> Samples:
    settings = Settings()
    settings.theme, settings.threads, settings.page = "dark", 2, "train"
    settings.geometry = QByteArray(b"\x01\xd9\xd0\xcb\x00\x03\x00\x00" + bytes(58))
    for name, value in _CHOICES.items():
        settings.remember(name, value)
    settings.save()
    return {"settings.json": settings.path.read_bytes(), "settings.ini": _EARLIER_SETTINGS}


_CHOICES: dict[str, Any] = {"train/dataset": "mnist", "train/epochs": 3, "train/rate": 0.004, "train/more": True}

_EARLIER_SETTINGS = rb"""[General]
geometry=@ByteArray(\x1\xd9\xd0\xcb\0\x3\0\0)
theme=dark
threads=2

[choices]
train\dataset=mnist
train\epochs=3
train\more=true
train\rate=0.004
"""
"""As earlier versions wrote them."""


def _read_settings(path: Path) -> None:
    config_folder().mkdir(parents=True, exist_ok=True)
    for name in ("settings.json", "settings.ini"):
        (config_folder() / name).unlink(missing_ok=True)
    (config_folder() / path.name).write_bytes(path.read_bytes())
    settings = Settings()
    for name in ("theme", "threads", "page", "geometry"):
        getattr(settings, name)
    for name, default in _CHOICES.items():
        settings.recall(name, default, name)
    settings.save()  # what was forgotten: not into the next file


def _labels() -> Samples:
    return {
        "labels.txt": "".join(f"{number} class {number}\n" for number in range(10)).encode(),
        "names.txt": b"zero, one, two, three, four, five, six, seven, eight, nine",
    }


def _read_labels(path: Path) -> object:
    return read_class_names(path.read_text("utf-8", "replace"), 10)


def _records() -> Samples:
    epochs = [{"epoch": n, "loss": 1.0, "accuracy": 0.5, "val_loss": 1.0, "val_accuracy": 0.5} for n in range(3)]
    batches = {"loss": [0.5] * 9, "accuracy": [0.5] * 9}
    entry = {"name": "mine", "path": "/nowhere/mine", "image_size": 32, "channels": 3, "classes": ["cat", "dog"]}
    return {
        "config.json": json.dumps({"format": 1, **asdict(TrainingConfig())}).encode(),
        "history.json": json.dumps({"format": 1, "epochs": epochs, "batches": batches}).encode(),
        "datasets.json": json.dumps(
            {"format": 1, "datasets": [{**entry, "train_images": 90, "test_images": 10, "original_side": 200}]}
        ).encode(),
    }


def _read_record(path: Path) -> None:
    if path.name == "datasets.json":
        data_folder().mkdir(parents=True, exist_ok=True)
        (data_folder() / path.name).write_bytes(path.read_bytes())
        list_datasets()
    else:
        (config_of_run if path.name == "config.json" else history_of_run)(path.parent)


READERS: dict[str, Reader] = {
    "models": Reader(_model_files, _read_model),
    "cards": Reader(_cards, _read_card),
    "networks": Reader(_networks, _read_network),
    "strokes": Reader(_strokes, _read_strokes),
    "zips": Reader(_zips, _read_zip),
    "tables": Reader(_tables, _read_table),
    "settings": Reader(_settings, _read_settings),
    "class-tables": Reader(_class_tables, _read_class_table),
    "labels": Reader(_labels, _read_labels),
    "pictures": Reader(_pictures, _read_picture),
    "records": Reader(_records, _read_record),
}
"""Every reader by its name."""


# Changes


_NUMBERS = (-1, 0, 1, 2, 255, 256, 65535, 2**31 - 1, 2**31, 2**32, 2**63, -(2**63), 10**30, 0.5, -0.0, 1e308, 1e-320)
_TEXTS = ("", " ", "\0", "..", "../../x", "ä", "\u2028", "\ud800", "=1+1", "<b>", "x" * 5000, "float3", "glu", "None")
_TOKENS = (
    b"\0",
    b"\xff\xfe",
    b"\n",
    b"\r",
    b'"',
    b",",
    b"=",
    b"@ByteArray(",
    b"[",
    b"]",
    b"{",
    b"\xe2\x80",
    b"%",
    b"PK",
)


def changed(data: bytes, chance: random.Random) -> bytes:
    """A file with some random changes: of its members, its values or its bytes, as its kind has them."""
    if chance.random() < 0.8:
        with contextlib.suppress(zipfile.BadZipFile):
            return _changed_archive(data, chance)
        with contextlib.suppress(ValueError, RecursionError):
            return _as_json(_changed_values(json.loads(data), chance))
    return _changed_bytes(data, chance)


def _packed(members: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return buffer.getvalue()


def _changed_archive(data: bytes, chance: random.Random) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = chance.choice(list(members))
    match chance.randrange(8):
        case 0:
            del members[name]
        case 1:
            members[chance.choice(("../out.png", "/etc/x.png", "a\\b.png", "x" * 300, "set", "\u202e.png"))] = b"x"
        case 2:
            members[name + chance.choice(("/", "/x.png", " ", "."))] = members.pop(name)
        case _:
            members[name] = changed(members[name], chance)
    with contextlib.suppress(ValueError, UnicodeError):
        return _packed(members, chance.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)))
    return _changed_bytes(data, chance)


def _as_json(value: Any) -> bytes:
    return json.dumps(value).encode("utf-8", "surrogatepass")


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every container within a value with each of its keys."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        keys = list(one) if isinstance(one, dict) else range(len(one)) if isinstance(one, list) else ()
        for key in keys:
            yield one, key
            waiting.append(one[key])


def _changed_values(value: Any, chance: random.Random) -> Any:
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        places = list(_places(value))
        if not places:
            return chance.choice((None, [], {}, 3, "x", [[]]))
        holder, key = chance.choice(places)
        other, its_key = chance.choice(places)
        match chance.randrange(9):
            case 0 | 1:
                holder[key] = chance.choice(_NUMBERS)
            case 2:
                holder[key] = chance.choice(_TEXTS)
            case 3:
                holder[key] = chance.choice((None, True, False, [], {}, [None], {"": None}, float("nan"), float("inf")))
            case 4:
                del holder[key]
            case 5:
                holder[key] = json.loads(json.dumps(other[its_key]))
            case 6 if isinstance(holder, list):
                holder *= chance.choice((0, 2, 50))
            case 7 if isinstance(holder, dict):
                holder[chance.choice(("", "x", str(its_key)))] = holder[key]
            case _:
                for _ in range(chance.choice((1, 10, 200))):
                    holder[key] = [holder[key]]
    return value


def _changed_bytes(data: bytes, chance: random.Random) -> bytes:
    found = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 4, 16))):
        start = chance.randrange(len(found) + 1)
        stop = min(len(found), start + chance.choice((1, 1, 2, 4, 8, 64, 4096)))
        match chance.randrange(8):
            case 0 | 1 if start < len(found):
                found[start] ^= 1 << chance.randrange(8)
            case 2:
                found[start:stop] = chance.randbytes(stop - start)
            case 3:
                layout = chance.choice(("<H", "<I", "<Q", ">H", ">I", ">Q"))
                most = 2 ** (8 * struct.calcsize(layout)) - 1
                number = struct.pack(layout, chance.choice((0, 1, most, most // 2, most // 2 + 1, 10**5 & most)))
                found[start : start + len(number)] = number
            case 4:
                del found[start:stop]
            case 5:
                found[start:start] = found[start:stop] * chance.choice((1, 2, 100))
            case 6:
                found[start:start] = chance.choice(_TOKENS)
            case 7 if chance.random() < 0.3:
                del found[start:]
            case _:
                del found[start:stop]
    return bytes(found)


# Reading


@dataclass
class Findings:
    """What was found, each kind once.

    Attributes:
        first: the seed that found it first, and its last lines, by kind.
        times: how often.
    """

    first: dict[str, tuple[int, str]] = field(default_factory=dict)
    times: dict[str, int] = field(default_factory=dict)

    def add(self, kind: str, seed: int, text: str) -> None:
        """Notes a finding."""
        self.first.setdefault(kind, (seed, text))
        self.times[kind] = self.times.get(kind, 0) + 1


def _work(name: str, seed: int, seconds: float, now: "Synchronized[int]", results: Any) -> None:
    """Reads files until the time is up, in a process of its own; the last result is the number of files."""
    with tempfile.TemporaryDirectory(prefix="cnnstudio-fuzz-") as folder:
        os.environ |= {"CNNSTUDIO_HOME": f"{folder}/home", "TF_CPP_MIN_LOG_LEVEL": "3", "QT_QPA_PLATFORM": "offscreen"}

        reader = READERS[name]
        samples = reader.samples()
        for sample, data in samples.items():  # an honest file is read, and all is imported that must be
            problem = _try(reader, Path(folder, sample), data)
            if problem is not None:
                results.put(("honest file", -1, f"{sample}: {problem[1]}"))
        _bound_memory()
        number = 0
        end = time.monotonic() + seconds
        while number == 0 or time.monotonic() < end:
            now.value = seed + number
            chance = random.Random(f"{name} {seed + number}")
            sample = chance.choice(list(samples))
            problem = _try(reader, Path(folder, sample), changed(samples[sample], chance))
            if problem is not None:
                results.put((problem[0], seed + number, problem[1]))
            number += 1
    results.put(number)


def _bound_memory() -> None:
    """Lets a reader that would fill the machine's memory fail instead."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + 4 * MEMORY, resource.RLIM_INFINITY))


def _try(reader: Reader, path: Path, data: bytes) -> tuple[str, str] | None:
    """Reads one file; what is wrong with how it was read, as its kind and in whole, or None."""
    path.write_bytes(data)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        reader.read(path)
    except StudioError:
        pass
    except (TooLong, Exception) as error:  # noqa: BLE001 - that is what is looked for
        place = traceback.extract_tb(error.__traceback__)[-1]
        kind = f"{type(error).__name__} at {Path(place.filename).name}:{place.lineno}"
        return kind, "".join(traceback.format_exception(error)[-4:])
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    taken = 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
    return ("memory", f"It took {taken / 1e6:,.0f} MB.") if taken > MEMORY else None


def _out_of_time(_number: int, _frame: FrameType | None) -> None:
    raise TooLong(f"longer than {SECONDS} s")


def _main_of_process(*arguments: Any) -> None:
    signal.signal(signal.SIGPROF, _out_of_time)
    _work(*arguments)


def fuzz(name: str, seed: int, seconds: float) -> tuple[int, Findings]:
    """Runs one reader for so many seconds; the number of files, and what was found."""
    context = multiprocessing.get_context("spawn")
    findings, done, end = Findings(), 0, time.monotonic() + seconds
    while True:
        results, now = context.Queue(), context.Value(c_longlong, seed)
        arguments = (name, seed, max(0.0, end - time.monotonic()), now, results)
        process = context.Process(target=_main_of_process, args=arguments)
        process.start()
        moved, last, count = time.monotonic(), now.value, None
        while count is None:
            with contextlib.suppress(Exception):  # nothing yet
                result = results.get(timeout=0.5)
                if isinstance(result, int):
                    count = result
                else:
                    findings.add(*result)
                continue
            if now.value != last:
                moved, last = time.monotonic(), now.value
            if not process.is_alive():
                break
            if time.monotonic() - moved > PATIENCE * SECONDS:
                process.kill()
        process.join()
        if count is not None:
            return done + count, findings
        findings.add("the process", now.value, f"It ended with {process.exitcode}, or was ended after a long silence.")
        done += now.value - seed + 1
        seed = now.value + 1
        if time.monotonic() >= end:
            return done, findings


def main(arguments: list[str] | None = None) -> int:
    """Runs the readers that are named, or all, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("readers", nargs="*", metavar="READER", help=f"one of: {', '.join(READERS)}; all where none")
    parser.add_argument("--seconds", type=float, default=60, help="for all readers together; 0 for one file each")
    parser.add_argument("--seed", type=int, default=0, help="of the first file; the next ones have the next numbers")
    options = parser.parse_args(arguments)
    names = options.readers or list(READERS)
    if unknown := [name for name in names if name not in READERS]:
        parser.error(f"there is no reader {', '.join(unknown)}")
    found = 0
    for name in names:
        count, findings = fuzz(name, options.seed, options.seconds / len(names))
        print(f"{name}: {count:,} files, {len(findings.first):,} findings", flush=True)
        for kind, (seed, text) in findings.first.items():
            print(f"\n{kind}, {findings.times[kind]} times. To repeat the first:")
            print(f"python tools/fuzz.py --seconds 0 --seed {seed} {name}\n{text}", flush=True)
        found += len(findings.first)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
