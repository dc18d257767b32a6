"""What the views of the Inside page have in common, and the table of them."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PySide6.QtCore import Signal

from cnnstudio.explaining.scores import ClassScores
from cnnstudio.gui.look.styled import Styled
from cnnstudio.gui.pages import class_at
from cnnstudio.gui.pages.choosers.network_input.session import Answer
from cnnstudio.gui.settings import Settings
from cnnstudio.lab.experiment import Origin
from cnnstudio.models.layer_kinds import group_of
from cnnstudio.models.trained.classifier import Classifier, Prediction
from cnnstudio.models.trained.library import ModelEntry


@dataclass(frozen=True, eq=False)
class Subject:
    """An image, and the network that is looked into while it answers it.

    A Keras model is used by one thread at a time. Whoever computes with the classifier does so in a thread of its own,
    and holds the lock meanwhile, for one short step at a time: the pen waits for it.

    Attributes:
        classifier: its weights are frozen: whoever changes weights takes a model of its own.
        answer: to the image: how it was asked for (`input`), and all that is known of it.
        lock: to be held while the classifier is used.
        extra: what the view's own `extra` returned for it.
    """

    classifier: Classifier
    answer: Answer
    lock: threading.Lock
    extra: object = None

    @property
    def image(self) -> np.ndarray:
        """uint8 (height, width, channels), as the network gets it."""
        assert self.answer.image is not None
        return self.answer.image

    @property
    def prediction(self) -> Prediction:
        """With the outputs of the layers that the view in front had asked for."""
        assert self.answer.prediction is not None
        return self.answer.prediction

    @property
    def classes(self) -> tuple[str, ...]:
        """The class names, in the order of the probabilities."""
        return self.classifier.classes


@dataclass(frozen=True, eq=False)
class OpenNetwork:
    """The network that is open.

    Attributes:
        classifier: as of `Subject`.
        lock: likewise.
        name: what people call it.
        models: returns what models there are now, of those that can be chosen.
    """

    classifier: Classifier
    lock: threading.Lock
    name: str
    models: Callable[[], Sequence[ModelEntry]] = tuple

    @cached_property
    def scores(self) -> ClassScores:
        """The scores of its classes; what one view has compiled of them, the others find."""
        return ClassScores(self.classifier, self.lock)


_SAME = ("Input", "Regularisation", "Shape")
"""Groups of layers whose units are those of the layer before."""

Extra = Callable[[Classifier, Answer], object]
"""What a view has computed for an image, within milliseconds and away from the GUI thread."""


def has_units(kind: str) -> bool:
    """Whether the units of a kind of layer are others than those of the layer before."""
    return group_of(kind) not in _SAME


class View(Styled):
    """One way to look into a network. A view is made with `ItsClass(settings)` when it is first chosen.

    Of these, `set_network` is called first, and whenever another model is open; then `show_subject` for every image, at
    each move of the pen. A view that is not seen is told when it comes to the front.

    Signals:
        layers_wanted(): other layers are wanted of the image that is shown: `layers` names them.
        failed(object): an exception that the page is to say.
        image_wanted(object): a `ModelInput` is to be the image of the page.
        navigate(str, object): as of a page.
        concepts_changed(): `concepts` are others.
        unit_wanted(str, int): what a unit likes is to be shown: its layer, and its number from 0.
    """

    concepts_changed = Signal()
    layers_wanted = Signal()
    failed = Signal(object)
    image_wanted = Signal(object)
    navigate = Signal(str, object)
    unit_wanted = Signal(str, int)

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.settings = settings

    @property
    def layers(self) -> tuple[str, ...]:
        """The names of the layers whose outputs it wants in the prediction of each image; the fewer, the faster."""
        return ()

    @property
    def concepts(self) -> tuple[str, ...]:
        """What is shown, the most special first: there may be a lesson about it."""
        return ()

    @property
    def extra(self) -> Extra | None:
        """What is to be computed for each image besides, at once and in the same thread; None for nothing."""
        return None

    def set_network(self, network: OpenNetwork | None) -> None:
        """Another network is open; None for none any more."""

    def show_subject(self, subject: Subject) -> None:
        """Shows another image, or the same with the outputs of other layers."""

    def forget(self) -> None:
        """There is no image, or none any more."""

    def show_unit(self, layer: str, unit: int) -> None:
        """Shows a unit, by its layer and its number from 0."""

    def look_at(self, layer: str, operation: str, origin: Origin | None) -> None:
        """Goes down to one number that a layer makes, now or once there is an image; as of `LookInside`."""

    def go_back(self) -> bool:
        """Goes back one level; returns False where it is at its uppermost one."""
        return False

    def shut_down(self) -> None:
        """Stops what it has running, and waits for it."""


@dataclass(frozen=True)
class ViewEntry:
    """A view as its chip shows it.

    Attributes:
        name: its key; its chip's `objectName` is `view_<name>`.
        title: the words on the chip, with `&` before the letter that presses it.
        tip: what one sees there, in a sentence.
        invitation: what will be there and what to do for it, said while the network is being opened; `{choose}` stands
            for how one comes to an image (`InputTexts.choose`).
        path: `module:class`, imported when the view is first chosen; a leading dot stands for this package.
        needs_image: whether there is little to see until there is an image.
    """

    name: str
    title: str
    tip: str
    invitation: str
    path: str
    needs_image: bool = True

    def make(self, settings: Settings) -> View:
        """Imports the view and makes it."""
        view: View = class_at(self.path, __package__)(settings)
        view.setObjectName(f"inside_{self.name}")
        return view


VIEWS: dict[str, ViewEntry] = {
    entry.name: entry
    for entry in (
        ViewEntry(
            "network",
            "&Network",
            "All layers with their maps, and the way down to one number.",
            "Every layer of the network appears here, with its maps.\n{choose}: the maps follow at once.",
            ".network_view:NetworkView",
        ),
        ViewEntry(
            "kernels",
            "&Kernels",
            "The filters of every convolution, and what training made of them.",
            "The filters of every convolution appear here.\n{choose}, to see what they answer.",
            ".kernels_view:KernelsView",
        ),
        ViewEntry(
            "why",
            "&Why this answer",
            "Which parts of the image speak for a class, in several ways, and how far to trust them.",
            "What in the image speaks for the answer appears here.\n{choose}: it is explained at once.",
            ".why_view:WhyView",
        ),
        ViewEntry(
            "units",
            "What does a &unit like?",
            "The test images that excite one unit most, a map of a layer or a number of a dense one, and a picture "
            "made up to do so.",
            "The test images that excite one unit most appear here.\n"
            "They need no image of yours: choose a layer and a unit.",
            ".units_view:UnitsView",
            needs_image=False,
        ),
        ViewEntry(
            "map",
            "Map of &the data",
            "Test images as dots: those that the network finds alike lie side by side, and your image among them.",
            "A map of the test images appears here: those that the network finds alike lie side by side.\n"
            "{choose}, to see where it lands.",
            ".map_view:MapView",
        ),
        ViewEntry(
            "robust",
            "&Robust or not?",
            "What the network makes of the image when it is moved, turned or made noisy, beside another network; and "
            "how little it takes to flip the answer.",
            "How far an image can be moved, turned or made noisy until the answer flips appears here.\n"
            "{choose}, and move a slider.",
            ".robust_view:RobustView",
        ),
    )
}
"""Every view, in the order of the chips."""
