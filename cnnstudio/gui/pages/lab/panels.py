"""The panels of the Lab: what every panel is, and the table of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import Signal

from cnnstudio.gui.library import Library
from cnnstudio.gui.look.styled import Styled
from cnnstudio.gui.pages import class_at
from cnnstudio.gui.pages.choosers.network_input.session import LookInside, ModelInput
from cnnstudio.gui.settings import Settings
from cnnstudio.lab.experiment import Origin


class Panel(Styled):
    """One experiment of the Lab. The page around it shows its title and its sentence; all below is the panel's own.

    A panel is made with `ItsClass(settings, library)` when it is first shown. It is readable from 520 pixels of width
    on, and scrolls down where it is higher than the page.

    Signals:
        changed(): its state or its facts are others than before.
        navigate(str, object): as of a page.
    """

    changed = Signal()
    navigate = Signal(str, object)

    def state(self) -> dict[str, Any]:
        """Everything that one could set here, by name: numbers, texts, truth values, and lists of these.

        Lessons write it into their files, and bring it back when they are left.
        """
        raise NotImplementedError

    def show_state(self, state: Mapping[str, Any]) -> None:
        """Sets what is named, as `state` gives it, and leaves the rest as it is.

        Raises:
            StudioError: something named does not exist here, or cannot have that value; then nothing is changed.
        """
        raise NotImplementedError

    def facts(self) -> dict[str, Any]:
        """What a lesson may ask for: the state, and what has come of it, such as an output; NaN where there is none."""
        return self.state()

    @property
    def own_image(self) -> ModelInput | None:
        """The image of the user's own that is shown here; None where there is none."""
        return None

    def shut_down(self) -> None:
        """Stops everything and waits for it, within some seconds; nothing is called after it."""


@dataclass(frozen=True)
class PanelEntry:
    """A panel as the page lists it.

    Attributes:
        name: its key; the panel's `objectName` is `<name>_panel`.
        title: on the list, and above the panel.
        tip: what one sees and does there, in a sentence.
        path: `module:class`, imported when the panel is first shown; a leading dot stands for this package.
        operation: what a trained network does of it, as of `LookInside`; empty where no single layer does it.
        view: of the Inside page, which shows it.
    """

    name: str
    title: str
    tip: str
    path: str
    operation: str = ""
    view: str = "network"

    def in_network(self, panel: Panel, origin: Origin | None) -> LookInside:
        """What the Inside page is sent to show the same in the network in use; `origin`: of the panel's numbers."""
        return LookInside(None, panel.own_image, self.view, self.operation, origin)

    def make(self, settings: Settings, library: Library) -> Panel:
        """Imports the panel and makes it."""
        panel: Panel = class_at(self.path, __package__)(settings, library)
        panel.setObjectName(f"{self.name}_panel")
        panel.setProperty("concept", self.name)  # the lesson about any control in it
        return panel


PANELS: dict[str, PanelEntry] = {
    entry.name: entry
    for entry in (
        PanelEntry(
            "convolution",
            "Convolution, step by step",
            "A kernel slides over the input; at each place the products of the numbers that meet are added up.",
            ".convolution_panel:ConvolutionPanel",
            "convolution",
        ),
        PanelEntry(
            "size",
            "Stride, padding, size",
            "How far the window steps and what lies around the input decide how large the output gets.",
            ".size_panel:SizePanel",
            "convolution",
        ),
        PanelEntry(
            "filters",
            "Filters on pictures",
            "The same arithmetic on a whole picture: a few weights decide what is left of it.",
            ".filters_panel:FiltersPanel",
            view="kernels",
        ),
        PanelEntry(
            "learning",
            "Learn this filter",
            "Gradient descent finds the weights of a hidden filter from nothing but its input and its output.",
            ".learning_panel:LearningPanel",
            view="kernels",
        ),
        PanelEntry(
            "pooling",
            "Pooling",
            "Of each window one number is left: the map gets smaller, and cares less where exactly something is.",
            ".pooling_panel:PoolingPanel",
            "pooling",
        ),
        PanelEntry(
            "dense",
            "Flatten and dense",
            "Maps become one vector, and every unit of a dense layer adds all of it up with weights of its own.",
            ".dense_panel:DensePanel",
            "dense",
        ),
        PanelEntry(
            "activation",
            "Activation",
            "A bend in the line: without it, many layers could do no more than one.",
            ".activation_panel:ActivationPanel",
            "activation",
        ),
        PanelEntry(
            "softmax",
            "Softmax and loss",
            "What the last layer says becomes probabilities; the loss says how wrong they are.",
            ".softmax_panel:SoftmaxPanel",
            "softmax",
        ),
        PanelEntry(
            "normalisation",
            "Batch normalisation",
            "Numbers between the layers are brought to mean 0 and variance 1, so that deep networks learn fast.",
            ".normalisation_panel:NormalisationPanel",
            "normalisation",
        ),
        PanelEntry(
            "dropout",
            "Dropout",
            "In training, numbers are left out by chance, so that none relies on another one.",
            ".dropout_panel:DropoutPanel",
            "dropout",
        ),
        PanelEntry(
            "gradient",
            "A gradient step",
            "From the loss back to each weight and each input: backpropagation through one small convolution.",
            ".gradient_panel:GradientPanel",
            view="why",
        ),
        PanelEntry(
            "mlp",
            "MLP against CNN",
            "A weight for every pixel, or the same few everywhere: what it costs, and what a moved digit shows.",
            ".mlp_panel:MlpPanel",
            "dense",
        ),
    )
}
"""Every panel, in the order of the lecture."""
