"""Downloads the classifiers of `pretrained`; the installed Keras says where their weights lie and how to check them."""

import importlib
import math
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cnnstudio.data.downloads import fetch
from cnnstudio.data.remote import RemoteFile, RemoteFolder
from cnnstudio.data.responses import Patience, Response, TransferError, UnreachableError
from cnnstudio.data.splits import OnProgress, Progress
from cnnstudio.errors import StudioError, reason
from cnnstudio.models.backend import import_keras
from cnnstudio.models.card import Card, read_card
from cnnstudio.models.classifier import Classifier
from cnnstudio.models.pretrained import Pretrained, build_pretrained, find_pretrained, is_downloaded
from cnnstudio.storage import downloads_folder, shipped

if TYPE_CHECKING:
    import keras

MAX_BYTES = 2**30
"""Largest file of weights that is downloaded."""


def fetch_pretrained(name: str, on_progress: OnProgress, patience: Patience | None = None) -> Path:
    """Downloads a classifier, unless it is here already.

    Args:
        name: a key of `PRETRAINED`.
        on_progress: told several times a second how far it is; what it raises ends it, and the next time goes on.
        patience: for the server.

    Returns:
        The folder of an ordinary model.

    Raises:
        StudioError: there is no such classifier, the server does not give the weights, or there is no room for them.
    """
    entry = find_pretrained(name)
    folder = downloads_folder() / entry.name
    if is_downloaded(entry):
        return folder
    url, md5 = weights_source(entry)
    size = _size(entry, url, on_progress, patience or Patience())
    remote = RemoteFolder(entry.title, ("keras-applications",), (RemoteFile(entry.file, (url,), size, md5),))
    [weights] = fetch(remote, on_progress, patience)
    on_progress(Progress(f"Preparing {entry.title}", 0, None, "bytes"))
    try:
        model = build_pretrained(entry, weights)
    except (ValueError, OSError, KeyError) as error:
        raise StudioError(
            f"The weights of {entry.title} do not fit the Keras that is installed ({reason(error)}). Update Keras."
        ) from error
    on_progress(Progress(f"Saving {entry.title}", 0, None, "bytes"))
    Classifier(model, _card(entry, model)).save(folder)
    weights.unlink(missing_ok=True)  # the model holds them now
    return folder


def weights_source(entry: Pretrained) -> tuple[str, str]:
    """Where the weights lie and their MD5 in hex, as the installed Keras says.

    Raises:
        StudioError: it does not say.
    """
    import_keras()
    try:
        module = importlib.import_module(f"keras.src.applications.{entry.module}")
        md5 = module.WEIGHTS_HASHES[entry.weights][0]
        return f"{module.BASE_WEIGHTS_PATH}{entry.file}", md5
    except (ImportError, AttributeError, KeyError, IndexError) as error:
        raise StudioError(
            f"The Keras that is installed ({version('keras')}) does not say where the weights of {entry.title} are. "
            "Update CNN Studio."
        ) from error


def _size(entry: Pretrained, url: str, on_progress: OnProgress, patience: Patience) -> int:
    """Asks the server how large the file is, which Keras does not say exactly."""
    server = urlsplit(url).netloc
    asking = Progress(f"Asking for {entry.title}", 0, None, "bytes")
    on_progress(asking)
    headers = {"Accept-Encoding": "identity", "User-Agent": "cnnstudio"}
    failed = f"{entry.title} cannot be downloaded"
    try:
        with Response(url, headers, patience, lambda: on_progress(asking)) as response:
            head = response.head()
    except UnreachableError as error:
        raise StudioError(f"{failed}: {server} {error}. Check the connection to the internet and try again.") from error
    except TransferError as error:
        raise StudioError(f"{failed}: {server} {error}. Try again later.") from error
    if head.status != 200:
        raise StudioError(f"{failed}: {server} answered with error {head.status}. Try again later.")
    size = head.number("content-length")
    if size is None or not 0 < size <= MAX_BYTES:
        said = "does not say how large the file is" if size is None else f"has another file there, of {size:,} bytes"
        raise StudioError(f"{failed}: {server} {said}. Try again later.")
    return size


def _card(entry: Pretrained, model: "keras.Model") -> Card:
    return Card(
        name=entry.name,
        classes=read_card(shipped("trained/efficientnet-lite0-imagenet")).classes,
        input_shape=(entry.side, entry.side, 3),
        input_rule="imagenet",
        dataset="imagenet",
        architecture=entry.name,
        command=f"cnnstudio models --download {entry.name}",
        parameters=sum(math.prod(weight.shape) for weight in model.trainable_weights),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        versions={package: version(package) for package in ("cnnstudio", "tensorflow", "keras", "numpy")},
        licence=entry.licence,
    )
