"""Larger classifiers for photos, trained on ImageNet by others, that can be downloaded.

Architectures and weights are those of `keras.applications`. Each is an ordinary model here: it takes raw pixel values,
red first.
"""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from cnnstudio.data.downloads.fetch import fetch
from cnnstudio.data.downloads.http import Patience, TransferError, UnreachableError, size_on_server
from cnnstudio.data.downloads.remote import RemoteFile, RemoteFolder
from cnnstudio.errors import StudioError, reason
from cnnstudio.models.backend import import_keras
from cnnstudio.models.trained.card import CARD_FILE, MODEL_FILE, Card, provenance, read_card
from cnnstudio.models.trained.classifier import Classifier
from cnnstudio.models.trained.value_ranges import IMAGENET_OFFSET, IMAGENET_SCALE
from cnnstudio.progress import OnProgress, Progress
from cnnstudio.storage import alone, downloads_folder, is_file, remove, shipped, writing

if TYPE_CHECKING:
    import keras

MAX_BYTES = 2**30
"""Largest file of weights that is downloaded."""


@dataclass(frozen=True)
class Pretrained:
    """A classifier that can be downloaded, and its description.

    Attributes:
        name: the key, and the name of the model once it is here.
        title: the name as people say it.
        year: when it was published.
        authors: by whom.
        paper: title and place of the publication.
        link: its address.
        idea: one sentence for somebody new.
        side: height and width of its images.
        parameters: numbers in its layers, running statistics included.
        top1: share of ImageNet's validation images that it gets right, as Keras reports.
        megabytes: size of the download, as Keras reports.
        licence: of the weights.
        function: what builds it in `keras.applications`.
        module: where that keeps the addresses and checksums, in `keras.src.applications`.
        weights: its key there.
        file: its file on the server.
        scaling: (scale, offset), each for red, green and blue: value × scale + offset brings raw values into the range
            of the training.
        blue_first: whether the weights were trained on images with blue before green and red.
        options: for the function.
    """

    name: str
    title: str
    year: int
    authors: str
    paper: str
    link: str
    idea: str
    side: int
    parameters: int
    top1: float
    megabytes: int
    licence: str
    function: str
    module: str
    weights: str
    file: str
    scaling: tuple[tuple[float, ...], tuple[float, ...]]
    blue_first: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)


_EFFICIENTNET_V2: dict[str, Any] = {
    "year": 2021,
    "authors": "Tan, Le",
    "paper": "EfficientNetV2: Smaller Models and Faster Training, ICML",
    "link": "https://arxiv.org/abs/2104.00298",
    "licence": "Apache-2.0, The AutoML Authors and the Keras team",
    "module": "efficientnet_v2",
    "options": {"include_preprocessing": False},
}


PRETRAINED: dict[str, Pretrained] = {
    entry.name: entry
    for entry in (
        Pretrained(
            name="efficientnetv2-b0",
            title="EfficientNetV2-B0",
            idea="Blocks found by an automatic search, with attention to whole maps; more accurate than the network "
            "that ships.",
            side=224,
            parameters=7_200_312,
            top1=0.787,
            megabytes=29,
            function="EfficientNetV2B0",
            weights="b0",
            file="efficientnetv2-b0.h5",
            scaling=(IMAGENET_SCALE, IMAGENET_OFFSET),
            **_EFFICIENTNET_V2,
        ),
        Pretrained(
            name="efficientnetv2-b3",
            title="EfficientNetV2-B3",
            idea="The same blocks, deeper and wider, on larger images.",
            side=300,
            parameters=14_467_622,
            top1=0.820,
            megabytes=59,
            function="EfficientNetV2B3",
            weights="b3",
            file="efficientnetv2-b3.h5",
            scaling=(IMAGENET_SCALE, IMAGENET_OFFSET),
            **_EFFICIENTNET_V2,
        ),
        Pretrained(
            name="efficientnetv2-s",
            title="EfficientNetV2-S",
            idea="A deeper one still, on images of 384×384: the most accurate here, and the slowest.",
            side=384,
            parameters=21_612_360,
            top1=0.839,
            megabytes=88,
            function="EfficientNetV2S",
            weights="-s",
            file="efficientnetv2-s.h5",
            scaling=((1 / 128,) * 3, (-1.0,) * 3),
            **_EFFICIENTNET_V2,
        ),
        Pretrained(
            name="resnet50",
            title="ResNet-50",
            year=2015,
            authors="He, Zhang, Ren, Sun",
            paper="Deep Residual Learning for Image Recognition, CVPR 2016",
            link="https://arxiv.org/abs/1512.03385",
            idea="Fifty layers with shortcuts around every three: the network that made great depth trainable.",
            side=224,
            parameters=25_636_712,
            top1=0.749,
            megabytes=98,
            licence="MIT, Microsoft Research",
            function="ResNet50",
            module="resnet",
            weights="resnet50",
            file="resnet50_weights_tf_dim_ordering_tf_kernels.h5",
            scaling=((1.0,) * 3, (-123.68, -116.779, -103.939)),
            blue_first=True,
        ),
        Pretrained(
            name="resnet50v2",
            title="ResNet-50 v2",
            year=2016,
            authors="He, Zhang, Ren, Sun",
            paper="Identity Mappings in Deep Residual Networks, ECCV",
            link="https://arxiv.org/abs/1603.05027",
            idea="ResNet-50 with normalisation and ReLU before each convolution, so that the shortcuts stay free.",
            side=224,
            parameters=25_613_800,
            top1=0.760,
            megabytes=98,
            licence="Apache-2.0, the Keras team",
            function="ResNet50V2",
            module="resnet",
            weights="resnet50v2",
            file="resnet50v2_weights_tf_dim_ordering_tf_kernels.h5",
            scaling=((1 / 127.5,) * 3, (-1.0,) * 3),
        ),
    )
}
"""Every classifier that can be downloaded, by its key."""


def is_downloaded(entry: Pretrained) -> bool:
    """Whether it is here already."""
    folder = downloads_folder() / entry.name
    return all(is_file(folder / file) for file in (MODEL_FILE, CARD_FILE))


def build_pretrained(entry: Pretrained, weights: Path | None) -> "keras.Model":
    """Builds a classifier of raw values 0–255, red first.

    Args:
        entry: which one.
        weights: the file that Keras publishes; None leaves it untrained.

    Returns:
        A functional model, uncompiled.
    """
    keras = import_keras()
    inputs = keras.Input((entry.side, entry.side, 3), name="image")
    model = keras.Model(inputs, _answer(entry, inputs, top=True), name=entry.name)
    if weights is not None:
        build = getattr(keras.applications, entry.function)
        published = build(weights=str(weights), **entry.options)
        theirs = (layer.get_weights() for layer in published.layers if layer.weights)
        ours = [layer for layer in model.layers if layer.weights]
        for layer, values in zip(ours, theirs, strict=True):
            layer.set_weights(values)
        if entry.blue_first:
            kernel, *rest = ours[0].get_weights()
            ours[0].set_weights([kernel[:, :, ::-1], *rest])
    return model


def features(entry: Pretrained, x: Any) -> Any:
    """The last feature maps of a classifier without its weights.

    Args:
        entry: which one.
        x: a Keras tensor (n, height, width, 3) of raw values 0–255, red first.
    """
    return _answer(entry, x, top=False)


def _answer(entry: Pretrained, x: Any, top: bool) -> Any:
    from keras import applications, layers

    x = layers.Rescaling(*map(list, entry.scaling), name="preprocessing")(x)
    build = getattr(applications, entry.function)
    return build(weights=None, input_tensor=x, include_top=top, **entry.options).output


def fetch_pretrained(name: str, on_progress: OnProgress, patience: Patience | None = None) -> Path:
    """Downloads a classifier, unless it is here already.

    Args:
        name: a key of `PRETRAINED`.
        on_progress: called several times a second; what it raises ends the download, and the next call continues it.
        patience: for the server.

    Returns:
        The folder of an ordinary model.

    Raises:
        StudioError: there is no such classifier, the server does not give the weights, or there is no room for them.
    """
    if name not in PRETRAINED:
        raise StudioError(f"There is no model “{name}” to download. Choose one of: {', '.join(PRETRAINED)}.")
    entry = PRETRAINED[name]
    folder = downloads_folder() / entry.name
    waiting = Progress(f"Waiting for another CNN Studio that downloads {entry.title}", 0, None, "bytes")
    if not is_downloaded(entry):
        with writing(folder.parent):
            folder.parent.mkdir(parents=True, exist_ok=True)
            with alone(folder.with_name(f".{name}.lock"), lambda: on_progress(waiting)):
                if not is_downloaded(entry):
                    _download(entry, folder, on_progress, patience)
    return folder


def _download(entry: Pretrained, folder: Path, on_progress: OnProgress, patience: Patience | None) -> None:
    """Makes the folder of a classifier; nobody else does meanwhile."""
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
    remove(weights)  # the model holds them now


def weights_source(entry: Pretrained) -> tuple[str, str]:
    """Where the weights lie and their MD5 in hex, as the installed Keras says.

    Raises:
        StudioError: it does not say.
    """
    keras = import_keras()
    try:
        module = importlib.import_module(f"keras.src.applications.{entry.module}")
        md5 = module.WEIGHTS_HASHES[entry.weights][0]
        return f"{module.BASE_WEIGHTS_PATH}{entry.file}", md5
    except (ImportError, AttributeError, KeyError, IndexError) as error:
        raise StudioError(
            f"The Keras that is installed ({keras.__version__}) does not say where the weights of {entry.title} are. "
            "Update CNN Studio."
        ) from error


def _size(entry: Pretrained, url: str, on_progress: OnProgress, patience: Patience) -> int:
    """Asks the server how large the file is, which Keras does not say exactly."""
    server = urlsplit(url).netloc
    asking = Progress(f"Asking for {entry.title}", 0, None, "bytes")
    on_progress(asking)
    failed = f"{entry.title} cannot be downloaded"
    try:
        size = size_on_server(url, patience, lambda: on_progress(asking))
    except UnreachableError as error:
        raise StudioError(f"{failed}: {server} {error}. Check the connection to the internet and try again.") from error
    except TransferError as error:
        raise StudioError(f"{failed}: {server} {error}. Try again later.") from error
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
        licence=entry.licence,
        **provenance(model),
    )
