"""A run, a network and a collected set to fill a library with."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from cnnstudio.data.collected.sets import create_collection
from cnnstudio.data.library import collected_folder
from cnnstudio.models.networks.building import network_config
from cnnstudio.models.networks.files import Network, networks_folder, write_network
from cnnstudio.models.trained.card import CARD_FILE, read_card
from cnnstudio.storage import runs_folder, shipped


def run(name: str) -> Path:
    """A run that has the model of one that ships."""
    folder, source = runs_folder() / name, shipped("trained/lenet5-mnist")
    shutil.copytree(source, folder)
    (folder / CARD_FILE).write_text(replace(read_card(source), name=name).to_json(), "utf-8")
    return folder


def network(name: str) -> Network:
    path = networks_folder() / f"{name}.cnn.json"
    return write_network(Network(name, name, network_config("softmax"), "softmax"), path)


def collected(name: str) -> Path:
    path = create_collection(collected_folder(), name, "drawings", ["a", "b"])
    for one in "ab":
        for number in range(4):
            Image.fromarray(np.full((28, 28), 60 * number, np.uint8)).save(path / one / f"{number}.png")
    return path
