"""`cnnstudio code`: a network and its training as a script of plain Keras."""

import shlex
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from cnnstudio.cli.console import complain, engine_at_work
from cnnstudio.cli.failures import WrongUseError, wrong_use
from cnnstudio.cli.options import DATASET_HELP, architecture_named, dataset_named
from cnnstudio.cli.training_options import TrainingOptions, with_training_options
from cnnstudio.data.library import find_dataset
from cnnstudio.data.published.catalogue import DATASETS
from cnnstudio.data.splits import CHANNELS
from cnnstudio.errors import StudioError, reason
from cnnstudio.models.architectures.catalogue import ARCHITECTURES
from cnnstudio.models.keras_config.graph import Config
from cnnstudio.models.layer_table import describe
from cnnstudio.models.networks.building import network_config
from cnnstudio.models.networks.files import Network, saved_path
from cnnstudio.models.trained.adopt import read_image_config, remembered
from cnnstudio.models.trained.card import CONFIG_FILE, read_card
from cnnstudio.models.trained.files import NoCardError, embedded_card
from cnnstudio.models.trained.library import find_model
from cnnstudio.models.trained.parts import model_file
from cnnstudio.storage import exists, is_folder, write_atomically
from cnnstudio.training.config import TrainingConfig
from cnnstudio.training.runs import config_of_run
from cnnstudio.wording import counted, shape


@with_training_options()
def code(
    network: Annotated[
        str,
        typer.Argument(
            metavar="NAME|FILE|MODEL",
            help="A name of “cnnstudio architectures”, or of one you saved, or an architecture's file; or a trained "
            "model, by its name or path.",
            show_default=False,
        ),
    ],
    *,
    dataset: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|PATH",
            help=DATASET_HELP.format("The data set")
            + " By default mnist, or what the model was trained on. A model is written as it is, so the data set must "
            "have such images and as many classes.",
        ),
    ] = None,
    training: TrainingOptions,
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where to write the script; by default it is printed.")
    ] = None,
) -> None:
    """Print a script of plain Keras that builds, trains and saves the same network."""
    given = dict(training)
    if dataset is not None:
        given["dataset"] = dataset
    with engine_at_work():
        script = _script(network, given)
    if output is None:
        sys.stdout.write(script)
        return
    try:
        write_atomically(output.expanduser(), script)
    except OSError as error:
        raise StudioError(f"The script cannot be written to {output}: {reason(error)}. Name another file.") from error
    complain(f"Written to {output}.")


def _script(text: str, given: dict[str, Any]) -> str:
    from cnnstudio.exporting.training_script import keras_script

    if text in ARCHITECTURES or saved_path(text) or text.endswith(".json"):
        network = architecture_named(text)
        made_for = _fitting_dataset(network.config) if isinstance(network, Network) else None
        training = TrainingConfig(**{"dataset": made_for or TrainingConfig.dataset} | given)
        config = network_config(network, *_size(training))
        source, name = (network.source, network.title) if isinstance(network, Network) else (network.name, "")
    else:
        path = _model_named(text)
        source = name = ""
        config = read_image_config(model_file(path))
        training = _for_model(TrainingConfig(**_told_by(path, config, given) | given), config, path)
    with wrong_use():
        training.check()
    return keras_script(config, training, source, name)


def _for_model(training: TrainingConfig, config: Config, path: Path) -> TrainingConfig:
    """A training on images of the size that a model takes, which is written as it is.

    Raises:
        WrongUseError: the images of the data set do not come in that size, or have other classes.
    """
    table = describe(config)
    height, width, channels = table.input_shape
    entry = dataset_named(training.dataset, training.image_size, training.channels, training.layout)
    if entry.path is not None and height == width and channels in CHANNELS:
        side, depth = training.image_size or height, training.channels or channels
        training = replace(training, image_size=side, channels=depth)
        entry = replace(entry, image_shape=(side, side, depth))
    if (entry.image_shape, len(entry.classes)) == (table.input_shape, table.told_apart):
        return training
    raise WrongUseError(
        f"{path.name} takes images of {shape(table.input_shape)} and tells {table.told_apart:,} classes apart, but "
        f"{entry.called} has images of {shape(entry.image_shape)} and {counted(len(entry.classes), 'class', 'classes')}"
        ": name another data set. To train the same network on these images: cnnstudio train "
        f"{shlex.join(['--architecture', str(path), '--dataset', training.dataset])}"
    )


def _model_named(text: str) -> Path:
    try:
        return find_model(text)
    except StudioError:
        names = ", ".join(ARCHITECTURES)
        raise WrongUseError(
            f"There is no architecture and no model “{text}”. Choose one of: {names}; or one that “cnnstudio models” "
            "lists; or give an architecture's file."
        ) from None


def _told_by(path: Path, config: Config, given: dict[str, Any]) -> dict[str, Any]:
    """What is known of a model's own training, beside what is given.

    Raises:
        WrongUseError: not even its data set is known.
        StudioError: its config is there, but cannot be read, and no data set is given.
    """
    if exists(path / CONFIG_FILE):
        try:
            return config_of_run(path)
        except StudioError as error:
            if "dataset" not in given:
                raise StudioError(f"{error} Name its data set with --dataset.") from error
            complain(str(error))
            return {}
    dataset = _known_dataset(path) or _fitting_dataset(config) or ""
    if not dataset and "dataset" not in given:
        raise WrongUseError(f"It is not known what {path.name} was trained on: name it with --dataset.")
    return {"dataset": dataset}


def _known_dataset(path: Path) -> str:
    """The data set that a model's card names, or the user's answers about it; empty where none is named or here."""
    try:
        dataset = read_card(path).dataset if is_folder(path) else embedded_card(path).dataset
    except NoCardError:
        answers = remembered(path)
        dataset = answers.dataset if answers else ""
    except StudioError:
        return ""
    try:
        return dataset if dataset and find_dataset(dataset) else ""
    except StudioError:
        return ""


def _fitting_dataset(config: Config) -> str | None:
    """The first of the published data sets that has images and classes for which a network is made."""
    size = _size_of(config)
    return next((name for name, entry in DATASETS.items() if (entry.image_shape, len(entry.classes)) == size), None)


def _size(training: TrainingConfig) -> tuple[tuple[int, int, int], int]:
    """The shape of the images and the number of classes."""
    entry = dataset_named(training.dataset, training.image_size, training.channels, training.layout)
    return entry.image_shape, len(entry.classes)


def _size_of(config: Config) -> tuple[tuple[int, int, int], int]:
    table = describe(config)
    return table.input_shape, table.told_apart
