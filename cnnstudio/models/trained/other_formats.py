"""What a file is that people take for a model of Keras: told by its first bytes, with what to do instead.

None of these files is opened, and nothing in them is run.
"""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from cnnstudio.models.keras_config.allowlist import RefusedError
from cnnstudio.wording import size

SAVED_MODEL = "saved_model.pb"
"""The file by which a folder is known as a SavedModel of TensorFlow."""

RESAVE_IT = (
    'Save it as one file with Keras 2, the package tf_keras: tf_keras.models.load_model("FOLDER").save("model.keras")'
)
SAVE_IT = 'save the model where it comes from: model.save("model.keras")'
_LETTER = 4
"""Bytes of a letter in UTF-8, at most."""
_OPENED = "CNN Studio opens models of Keras: .keras and .h5 files"
_IN_KERAS = "Open the .keras or .h5 file that it was made from, or build the same network in Keras and save that"
_FROM_TEACHABLE_MACHINE = "from Teachable Machine, choose the export TensorFlow, Keras"


@dataclass(frozen=True)
class OtherFormat:
    """A kind of file that is no model of Keras.

    Attributes:
        is_it: whether a file is of this kind: its name in small letters, its content, and the names of the members
            where it is a zip.
        text: what it is and what to do, as the second half of a sentence; from the content, where that says more.
        endings: of such files, where these say that somebody takes them for models.
    """

    is_it: Callable[[str, bytes, Sequence[str]], bool]
    text: str | Callable[[bytes], str]
    endings: tuple[str, ...] = ()


def _begins(*starts: bytes) -> Callable[[str, bytes, Sequence[str]], bool]:
    return lambda _name, data, _members: data.startswith(starts)


def _begins_as_text(*starts: bytes) -> Callable[[str, bytes, Sequence[str]], bool]:
    return lambda _name, data, _members: data[:1_000].lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(starts)


def _is_text(data: bytes) -> bool:
    """Whether it begins as a text does: without a zero, and as UTF-8, of which the last letter may be cut off."""
    head = data[:1_000]
    return b"\0" not in head and len(head) - len(head.decode("utf-8", "ignore").encode()) < _LETTER


def _is_tflite(_: str, data: bytes, __: Sequence[str]) -> bool:
    return data[4:8] == b"TFL3"


def _is_onnx(name: str, data: bytes, _: Sequence[str]) -> bool:
    """A protobuf with field 1 first, the version of the format; then the producer, its domain or the graph."""
    fields = data[:1] == b"\x08" and data[1:2] < b"\x20" and data[2:3] in (b"\x12", b"\x1a", b"\x22", b"\x3a", b"\x42")
    return fields or name.endswith(".onnx")


def _is_pytorch(name: str, data: bytes, members: Sequence[str]) -> bool:
    return (
        any(member.rpartition("/")[2] in ("data.pkl", "constants.pkl") for member in members)
        or data.startswith(b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19")  # a number with which PyTorch began its pickles
        or name.endswith((".pt", ".pth"))
    )


def _is_pickle(name: str, data: bytes, _: Sequence[str]) -> bool:
    return (data[:1] == b"\x80" and b"\x02" <= data[1:2] <= b"\x05") or name.endswith((".pkl", ".pickle", ".joblib"))


def _is_safetensors(_: str, data: bytes, __: Sequence[str]) -> bool:
    return data[8:9] == b"{" and int.from_bytes(data[:8], "little") < len(data)


def _is_numpy(_: str, data: bytes, members: Sequence[str]) -> bool:
    return data.startswith(b"\x93NUMPY") or (bool(members) and all(member.endswith(".npy") for member in members))


def _is_checkpoint(name: str, data: bytes, _: Sequence[str]) -> bool:
    return bool(re.search(r"\.(ckpt|index|data-\d{5}-of-\d{5})$", name)) or data.startswith(b"model_checkpoint_path:")


def _lfs_text(data: bytes) -> str:
    found = re.search(rb"^size (\d{1,15})\s*$", data[:1_000], re.MULTILINE)
    of = f" of {size(int(found[1]))}" if found else ""
    return (
        f"it is a note of Git LFS that stands for a file: the file itself{of} was not downloaded. Get it with “git lfs "
        "pull”, or with the download button of its web page"
    )


def saved_model_text(graph: bytes) -> str:
    """What is to be done with a SavedModel.

    Args:
        graph: the content of its saved_model.pb.
    """
    if b"_tf_keras_" not in graph:
        return f"it is a SavedModel that only TensorFlow runs: Keras's layers are gone. {_IN_KERAS}"
    return f"it is a SavedModel of TensorFlow whose layers are not told apart. {RESAVE_IT}"


def is_web_model(head: bytes) -> bool:
    """Whether a JSON text begins as the model.json of TensorFlow.js."""
    return b'"modelTopology"' in head or b'"layers-model"' in head or b'"graph-model"' in head


OTHER_FORMATS = (
    OtherFormat(lambda _name, data, members: not data and not members, "it is empty. Download or copy it again"),
    OtherFormat(_begins(b"version https://git-lfs"), _lfs_text),
    OtherFormat(
        _begins_as_text(b"<!doctype html", b"<html"),
        "it is a web page under the name of a model. Open the page in a browser and download the file itself, on "
        "GitHub with “Download raw file”",
    ),
    OtherFormat(
        _begins_as_text(b"<?xml"),
        "it is an XML text, which a web server sends in place of a file that it does not give away. Download the file "
        "again in a browser",
    ),
    OtherFormat(
        _is_tflite,
        f"it is a TensorFlow Lite model, made for phones, in which Keras's layers are gone. {_IN_KERAS}; "
        f"{_FROM_TEACHABLE_MACHINE}",
        (".tflite",),
    ),
    OtherFormat(
        lambda _name, data, _members: data[:1_000].lstrip().startswith(b"{") and is_web_model(data[:4_096]),
        f"it is a TensorFlow.js model, made for web pages. {_IN_KERAS}; {_FROM_TEACHABLE_MACHINE}",
    ),
    OtherFormat(
        _is_pytorch,
        "it is a file of PyTorch, which runs code when it is opened and does not hold Keras's layers. Build the same "
        "network in Keras, copy the weights into it, and save that",
        (".pt", ".pth"),
    ),
    OtherFormat(_is_onnx, f"it is an ONNX model, in which Keras's layers are gone. {_IN_KERAS}", (".onnx",)),
    OtherFormat(
        _is_pickle,
        f"it is a pickle of Python, which runs code when it is opened. Instead, {SAVE_IT}",
        (".pkl", ".pickle", ".joblib"),
    ),
    OtherFormat(
        _is_safetensors,
        f"it holds weights as safetensors, without the layers they belong to. {_IN_KERAS}",
        (".safetensors",),
    ),
    OtherFormat(
        _is_numpy, f"it holds arrays of NumPy, not a model. If they are the weights of one, {SAVE_IT}", (".npy", ".npz")
    ),
    OtherFormat(
        _is_checkpoint,
        "it is a part of a TensorFlow checkpoint, which holds weights without their layers. In the program that "
        'made it: model.load_weights("NAME.ckpt"); model.save("model.keras")',
        (".ckpt", ".index"),
    ),
    OtherFormat(
        lambda name, _data, _members: name.endswith(".pb") and name != SAVED_MODEL,
        f"it is a graph of TensorFlow, in which Keras's layers are gone. {_IN_KERAS}",
        (".pb",),
    ),
    OtherFormat(_begins(b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM"), "it is a picture, not a model"),
    OtherFormat(_begins(b"%PDF"), "it is a PDF, not a model"),
    OtherFormat(
        lambda name, data, _members: name.endswith((".py", ".ipynb")) and _is_text(data),
        'it is a program in Python, which is not run here. Run it in Python with model.save("model.keras") at its '
        "end, and open that file",
    ),
    OtherFormat(
        _begins(b"\x1f\x8b", b"Rar!", b"7z\xbc\xaf", b"\xfd7zXZ", b"BZh"),
        "it is a packed archive. Unpack it, and open the model in it",
    ),
)
"""What people take for models, in the order in which it is asked; the surest signs come first."""

OTHER_ENDINGS = frozenset(ending for one in OTHER_FORMATS for ending in one.endings)
"""Endings of files that are models elsewhere."""


def unknown_text(name: str, data: bytes, of_models: Collection[str]) -> str:
    """What to say of a file that is neither a model of Keras nor of one of `OTHER_FORMATS`, by its name and content.

    Args:
        name: of the file.
        data: its content.
        of_models: endings of models of Keras.
    """
    ending, is_text = Path(name).suffix.lower(), _is_text(data)
    if ending == ".json" and is_text:
        return "it is damaged, or holds no layers of a model, which model.to_json() gives"
    if ending in of_models:
        return f"it is damaged, or no {ending} file{': it holds a text' if is_text else ''}. Download or copy it again"
    if ending in OTHER_ENDINGS:
        what = "it holds a text" if is_text else "it is damaged, or something else"
        return f"its name ends in {ending}, but it is no such model: {what}. {_OPENED}"
    return f"it is {'a text, not a model' if is_text else 'no model'}. {_OPENED}"


def check_format(name: str, data: bytes, members: Sequence[str] = ()) -> None:
    """Says what a file is that is no model of Keras.

    Args:
        name: of the file.
        data: its content.
        members: the names of what is in it, where it is a zip.

    Raises:
        RefusedError: it is of one of `OTHER_FORMATS`.
    """
    for one in OTHER_FORMATS:
        if one.is_it(Path(name).name.lower(), data, members):
            raise RefusedError(one.text if isinstance(one.text, str) else one.text(data))
