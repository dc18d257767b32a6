"""What the Inside page is sent by a page whose user wants to look inside."""

from dataclasses import dataclass
from pathlib import Path

from cnnstudio.gui.pages.choosers.network_input.session import ModelInput


@dataclass(frozen=True, eq=False)
class LookInside:
    """A network to look into, with an image.

    Attributes:
        path: the model's.
        input: the image as it was chosen; None for none.
        view: the name of the view that is wanted, of `cnnstudio.gui.pages.inside.view.VIEWS`; empty for the one shown.
    """

    path: Path
    input: ModelInput | None = None
    view: str = ""
