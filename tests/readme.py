"""README in parts: its text, and the commands that stand in it."""

import re
from pathlib import Path

from cnnstudio.models.trained.card import read_card
from cnnstudio.storage import shipped

TOP = Path(__file__).resolve().parents[1]
README = (TOP / "README.md").read_text(encoding="utf-8")

TRAINED_HERE = {"lenet5-mnist": "MNIST", "resnet20-fashion-mnist": "Fashion-MNIST", "resnet9-cifar10": "CIFAR-10"}
"""Models that ship and their data sets."""


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.S)


def commands() -> list[str]:
    return [line for block in blocks("sh") for line in block.splitlines()]


def shipped_commands() -> list[str]:
    """Those that trained what ships, which takes too long here: the last of a block is on the model's card."""
    last = {read_card(shipped(f"trained/{name}")).command for name in TRAINED_HERE}
    found = [block.splitlines() for block in blocks("sh") if block.splitlines()[-1] in last]
    assert len(found) == len(last)
    return [line for lines in found for line in lines]
