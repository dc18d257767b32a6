"""The Keras code of a network: written in a thread, shown in a dialog."""

import weakref

from PySide6.QtCore import QObject, QSize, Qt, QTimer, Slot
from PySide6.QtGui import QGuiApplication, QKeySequence
from PySide6.QtWidgets import QDialog, QWidget

from cnnstudio.data.library import find_dataset
from cnnstudio.data.published.catalogue import DATASETS
from cnnstudio.errors import StudioError
from cnnstudio.gui.controls.buttons import on_key, push_button
from cnnstudio.gui.controls.code_view import Code, CodeView, take_apart
from cnnstudio.gui.controls.describe import label
from cnnstudio.gui.controls.layouts import STRETCH, column, row
from cnnstudio.gui.controls.message_bar import MessageBar
from cnnstudio.gui.controls.saving import Format, save_as
from cnnstudio.gui.look.theme import GRID, SECTION, icon
from cnnstudio.gui.task import LatestTask
from cnnstudio.models import layer_table
from cnnstudio.models.architectures.catalogue import ARCHITECTURES
from cnnstudio.models.networks.building import fitted
from cnnstudio.models.networks.files import Network
from cnnstudio.training.config import TrainingConfig
from cnnstudio.wording import shape

_COPIED_FOR = 2_000

_LESSON = (
    "A complete script that builds, trains and saves this network with Keras alone. Run it with “python” and the name "
    "of its file."
)


def script_of(network: Network, dataset: str, as_it_is: bool = False) -> str:
    """Writes the script of a network; imports Keras.

    Args:
        network: fitted to the data set where it is made for other images.
        dataset: its name or path; empty for the one whose images the network is made for, or the usual one.
        as_it_is: it is not fitted to the usual one.

    Raises:
        StudioError: the network cannot be fitted to the data set, or there is none for it.
    """
    from cnnstudio.exporting.training_script import keras_script  # nobody needs it before the code is asked for

    table = layer_table.describe(network.config)
    made_for = (table.input_shape, table.told_apart)
    entry = find_dataset(dataset or TrainingConfig().dataset)
    if not dataset:
        alike = (one for one in DATASETS.values() if (one.image_shape, len(one.classes)) == made_for)
        found = next(alike, None)
        if found is None and as_it_is:
            raise StudioError(
                f"“{network.title}” takes images of {shape(table.input_shape)} and tells {table.told_apart:,} classes "
                "apart, and it is not known on which images to train it. Choose them under “On images of” first."
            )
        entry = found or entry
    wanted = (entry.image_shape, len(entry.classes))
    try:
        config = network.config if made_for == wanted else fitted(network.config, *wanted)
    except StudioError as error:
        raise StudioError(f"The script would train on {entry.called}, but the network does not fit. {error}") from error
    keys = {entry.title: entry.name for entry in ARCHITECTURES.values()}
    name = keys.get(network.title, network.title)
    return keras_script(config, TrainingConfig(entry.name), network.source, name)


def _written(network: Network, dataset: str, as_it_is: bool) -> Code:
    return take_apart(script_of(network, dataset, as_it_is))


class KerasCode(QObject):
    """Shows the Keras code of networks, one at a time.

    Args:
        message: where it says what keeps it waiting, and why there is no code.
        parent: its owner; the dialog is shown over its window.
    """

    def __init__(self, message: MessageBar, parent: QWidget) -> None:
        super().__init__(parent)
        self._message = message
        self._parent: QWidget = weakref.proxy(parent)
        self._network: Network | None = None
        self._task = LatestTask(self)
        self._task.finished.connect(self._show)
        self._task.failed.connect(message.show_failure)

    def show(self, network: Network, dataset: str, table: layer_table.LayerTable, as_it_is: bool = False) -> None:
        """Shows the script that builds and trains a network.

        Args:
            network: whose code is shown.
            dataset: the data set on which it trains; empty for one that the network is made for.
            table: the layers of the network.
            as_it_is: where it is made for none, it is not fitted to another.
        """
        if table.misfit is not None:
            self._message.show_error(
                f"There is no code for a network with a layer that does not fit. {table.misfit.text}"
            )
            return
        # Keras is asked for its defaults, and takes its time where it was not imported yet.
        self._message.show_info("Writing the code …")
        self._network = network
        self._task.submit(_written, network, dataset, as_it_is)

    def shut_down(self) -> None:
        """Waits for what is being written."""
        self._task.shut_down()

    @Slot(object)
    def _show(self, code: Code) -> None:
        self._message.hide()
        if self._network is not None:
            KerasCodeDialog(self._network.title, self._network.name, code, self._parent.window()).open()


class KerasCodeDialog(QDialog):
    """A script that builds, trains and saves a network, to read, copy and save.

    Args:
        title: the network's name for people.
        name: of the file that is proposed, without suffix.
        code: the script.
        parent: the parent widget.
    """

    def __init__(self, title: str, name: str, code: Code, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("keras_code_dialog")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(f"Keras code of {title}")
        self._name = name
        self.view = CodeView()
        self.view.set_code(code)
        self._copy = push_button(
            "copy_code_button",
            "&Copy",
            "Copies the whole script to the clipboard. (Ctrl+Shift+C)",
            self.copy,
            picture="copy",
        )
        save = push_button(
            "save_code_button", "&Save as…", "Saves the script as a Python file. (Ctrl+S)", self.save, picture="save"
        )
        close = push_button("close_code_button", "C&lose", "Back to the network. (Escape)", self.accept)
        on_key(self, "Ctrl+Shift+C", self.copy)
        on_key(self, QKeySequence.StandardKey.Save, self.save)
        self.setLayout(
            column(
                label(title, "heading"),
                label(_LESSON, "secondary"),
                (self.view, 1),
                row(self._copy, save, STRETCH, close),
                gap=2 * GRID,
                edge=SECTION,
            )
        )
        self.view.setFocus()
        available = self.screen().availableSize() - QSize(4 * GRID, 8 * GRID)
        self.resize(QSize(100 * GRID, 90 * GRID).boundedTo(available))

    @Slot()
    def copy(self) -> None:
        """Copies the whole script, and says so on the button."""
        QGuiApplication.clipboard().setText(self.view.code)
        self._copy.setText("&Copied")
        self._copy.setIcon(icon("check"))
        QTimer.singleShot(_COPIED_FOR, self._copy, self._offer_copy)

    @Slot()
    def save(self) -> None:
        """Asks where to and saves the script."""
        code = self.view.code.encode()
        save_as(self, "Save the Keras code", self._name, (Format(".py", "Python script", lambda: code),))

    @Slot()
    def _offer_copy(self) -> None:
        self._copy.setText("&Copy")
        self._copy.setIcon(icon("copy"))
