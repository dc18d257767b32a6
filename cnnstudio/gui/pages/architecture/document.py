"""The network that is being edited: Keras's own config, its steps to undo, and whether it has been saved."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QUndoCommand, QUndoStack
from typing_extensions import override

from cnnstudio.gui.garbage import unowned
from cnnstudio.models.keras_config.graph import Config
from cnnstudio.models.layer_table import LayerTable, describe
from cnnstudio.models.networks import editing
from cnnstudio.models.networks.files import Network
from cnnstudio.models.networks.repairs import Repair

STEPS = 200
"""How many can be undone."""

_MERGING = 1


@dataclass(frozen=True)
class _State:
    """What a step leads to: the network's config, and the name of the layer that is worked on."""

    config: Config
    selected: str


class _Step(QUndoCommand):
    """One step; steps with the same key that follow each other become one, those without a key never do."""

    def __init__(
        self, text: str, before: _State, after: _State, show: Callable[[_State], None], key: object = None
    ) -> None:
        super().__init__(text)
        self._before = before
        self._after = after
        self._show = show
        self._key = key

    @override
    def id(self) -> int:
        """Qt asks only steps with the same number whether they merge."""
        return -1 if self._key is None else _MERGING

    @override
    def mergeWith(self, other: QUndoCommand) -> bool:
        if not isinstance(other, _Step) or other._key != self._key:
            return False
        self._after = other._after
        return True

    @override
    def undo(self) -> None:
        self._show(self._before)

    @override
    def redo(self) -> None:
        self._show(self._after)


class ArchitectureDocument(QObject):
    """One network that is edited; it has no layers until one is opened.

    The operations raise `StudioError` where they make no sense, and then change nothing. An impossible layer is no
    error: it is the `misfit` of the table, so that one can go on from there.

    Args:
        parent: the owner.

    Attributes:
        stack: the steps.
        kept: the network as it was opened, or saved last.
        table: its layers as they are now.
        title: its name for people as it is now.
    """

    changed = Signal(object)
    """The network is another now: its `LayerTable`."""

    selected = Signal(str)
    """The layer of this name is worked on now."""

    state_changed = Signal()
    """Its title, whether it is saved, or what can be undone is other than before."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.stack = QUndoStack(self)
        self.stack.setUndoLimit(STEPS)
        self.kept = Network("", "", {})
        self.table = LayerTable("", (0, 0, 0), 0, (), None)
        self.title = ""
        self._state = _State({}, "")
        self._edit = 0
        for signal in (
            self.stack.cleanChanged,
            self.stack.canUndoChanged,
            self.stack.canRedoChanged,
            self.stack.undoTextChanged,
            self.stack.redoTextChanged,
        ):
            signal.connect(self.state_changed)

    @property
    def network(self) -> Network:
        """The network as it is now."""
        return replace(self.kept, title=self.title, config=self._state.config)

    @property
    def selected_layer(self) -> str:
        """The name of the layer that is worked on; empty where there is none."""
        return self._state.selected

    @property
    def unsaved(self) -> bool:
        """Something would be lost."""
        return not self.stack.isClean() or self.title != self.kept.title

    def open(self, network: Network, title: str = "", saved: bool = True, table: LayerTable | None = None) -> None:
        """Begins with a network; what was undone and done before is forgotten.

        Args:
            network: what is edited.
            title: under which it will be saved; its own, where empty.
            saved: whether nothing would be lost if it were closed now.
            table: its layers, where they are known.

        Raises:
            StudioError: it is no image classifier.
        """
        table = table or describe(network.config)
        self.title = title or network.title
        self.kept, self.table = replace(network, title=self.title), table
        names = [row.name for row in table.rows]
        select = next((row.name for row in table.rows if row.kind not in _PLAIN), names[0])
        self._state = _State(network.config, select)
        self.stack.clear()
        if not saved:
            self.stack.resetClean()
        self.changed.emit(table)
        self.selected.emit(select)
        self.state_changed.emit()

    def saved_as(self, network: Network) -> None:
        """The network lies on disk now, as it is given here."""
        self.renamed_to(network)
        self.stack.setClean()

    def renamed_to(self, network: Network) -> None:
        """The network lies on disk under another name now, as it is given here; what is not saved stays so."""
        self.kept, self.title = network, network.title
        self.state_changed.emit()

    def discard(self) -> None:
        """What is not saved is not wanted any more."""
        self.title = self.kept.title
        self.stack.setClean()
        self.state_changed.emit()

    @Slot(str)
    def rename(self, title: str) -> None:
        """Gives the network another name for people."""
        self.title = title
        self.state_changed.emit()

    @Slot(str)
    def select(self, name: str) -> None:
        """Works on another layer; a name that is not there changes nothing."""
        if name != self._state.selected and any(row.name == name for row in self.table.rows):
            self.finish_edit()
            self._state = replace(self._state, selected=name)
            self.selected.emit(name)

    @Slot()
    def finish_edit(self) -> None:
        """What is typed next is another step."""
        self._edit += 1

    def undo(self) -> None:
        """Takes the last step back; what is typed next is another one."""
        self.finish_edit()
        self.stack.undo()

    def change(self, field: str, value: object) -> None:
        """Gives a field of the selected layer another value; a field that is edited on makes one step."""
        config, name = self._state.config, self._state.selected
        if editing.values(config, name).get(field) != value:
            changed = editing.change_layer(config, name, **{field: value})
            self._push(f"change {name}", changed, name, (name, field, self._edit))

    def rename_layer(self, new: str) -> None:
        """Gives the selected layer another name."""
        self._push(f"rename to {new}", editing.rename_layer(self._state.config, self._state.selected, new))

    def add(self, kind: str) -> None:
        """Adds a layer after the selected one; `kind` is a key of `LAYER_KINDS`."""
        self._push("add a layer", editing.add_layer(self._state.config, self._state.selected, kind))

    def add_residual_block(self, stride: int = 1) -> None:
        """Adds a residual block after the selected layer.

        Args:
            stride: 1 keeps the shape; 2 halves height and width and doubles the channels, as in ResNets.
        """
        config, name = self._state.config, self._state.selected
        shape = self.table.row(name).output_shape
        filters = stride * shape[-1] if shape else 16
        self._push("add a residual block", editing.add_residual_block(config, name, filters, stride))

    def duplicate(self) -> None:
        """Adds a copy of the selected layer after it."""
        config, name = self._state.config, self._state.selected
        self._push(f"duplicate {name}", editing.duplicate_layer(config, name))

    def remove(self) -> None:
        """Takes the selected layer away; the one that takes its place is worked on next."""
        config, name = self._state.config, self._state.selected
        self._push(f"remove {name}", editing.remove_layer(config, name))

    def move(self, by: int) -> None:
        """Moves the selected layer.

        Args:
            by: −1 towards the image, +1 towards the output.
        """
        config, name = self._state.config, self._state.selected
        self._push(f"move {name}", editing.move_layer(config, name, by))

    def repair(self, repair: Repair) -> None:
        """Makes an impossible network possible again."""
        self._push(f"“{repair.title}”", repair.config, self._state.selected)

    def _push(self, text: str, config: Config, selected: str = "", key: object = None) -> None:
        """Makes a step.

        Args:
            text: what it does, as “Undo …” says it.
            config: what it leads to.
            selected: the layer that is worked on next; empty for one that is new, or takes the selected one's place.
            key: of what is edited; None where the step stands for itself.
        """
        if key is None:
            self.finish_edit()
        after = _State(config, selected or _next_selected(self._state, config))
        self.stack.push(_Step(text, self._state, after, unowned(self._show), key))

    def _show(self, state: _State) -> None:
        selection_moved = state.selected != self._state.selected
        self.table = describe(state.config)
        self._state = state
        self.changed.emit(self.table)
        if selection_moved:
            self.selected.emit(state.selected)


_PLAIN = frozenset({"InputLayer", "Rescaling"})
"""Layers that a newcomer does not begin with."""


def _names(config: Config) -> list[str]:
    return [layer["config"]["name"] for layer in config["config"]["layers"]]


def _next_selected(before: _State, config: Config) -> str:
    """The first new layer; where there is none, the selected one, or what stands in its place."""
    old, names = _names(before.config), _names(config)
    place = old.index(before.selected)
    before_it, now = set(old), set(names)
    wanted = (*(name for name in names if name not in before_it), *old[place:], *reversed(old[:place]))
    return next(name for name in wanted if name in now)
