"""A column of a page: where the image comes from, and what the network gets of it."""

from pathlib import Path

import numpy as np
from PySide6.QtCore import QEvent, QObject, QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QAction, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QStackedWidget, QWidget
from typing_extensions import override

from cnnstudio.gui.controls.buttons import chip, chip_group
from cnnstudio.gui.controls.describe import describe, label
from cnnstudio.gui.controls.layouts import STRETCH, ButtonRows, ScrollColumn, column, row
from cnnstudio.gui.controls.message_bar import MessageBar
from cnnstudio.gui.look.theme import GRID
from cnnstudio.gui.pages.choosers.network_input.camera_source import CameraSource
from cnnstudio.gui.pages.choosers.network_input.draw_source import MINIMUM_SIDE, NARROW, DrawSource, Source
from cnnstudio.gui.pages.choosers.network_input.input_texts import InputTexts, texts_for
from cnnstudio.gui.pages.choosers.network_input.photo_source import PhotoSource
from cnnstudio.gui.pages.choosers.network_input.sample_source import SampleSource, why_no_samples
from cnnstudio.gui.pages.choosers.network_input.session import Answer, Drawing, ModelInput, Picture, TestImage
from cnnstudio.gui.widgets.images.pixel_view import PixelView
from cnnstudio.models.trained.card import Card

_SMALLEST_INPUT, _SMALL_INPUT, _LARGE_INPUT = 14 * GRID + 4, 18 * GRID, 28 * GRID + 4
"""Sides of what the network gets: four or five pixels a pixel of MNIST, or 224 pixels as they are."""

_SAMPLE_TIP = "An image of its data set that the network was not trained on, with its true class."

_ROOM_FOR_LARGE_INPUT = 110 * GRID
"""Height of the page from which on the large one fits."""


class ImagePanel(ScrollColumn):
    """A row of chips that chooses where the image comes from, the source itself, and what the network gets.

    Args:
        message: where it says what could not be used.
        share: of the page's width that it takes, in hundredths, where that is more than it needs.

    Signals:
        asked(): there is something else to classify, or nothing any more.
        source_changed(): another source was chosen.
    """

    asked = Signal()
    source_changed = Signal()

    def __init__(self, message: MessageBar, share: int = 31) -> None:
        super().__init__()
        self._message = message
        self._share = share
        self._card: Card | None = None
        self._flattened = 0
        self._room = (0, 0)
        self._narrow = False
        self.draw, self.photo, self.camera, self.sample = DrawSource(), PhotoSource(), CameraSource(), SampleSource()
        self._sources: tuple[Source, ...] = (self.draw, self.photo, self.camera, self.sample)
        self._stack = QStackedWidget()
        self._stack.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Maximum)
        for source in self._sources:
            self._stack.addWidget(source)
            source.input_changed.connect(self.asked)
            source.failed.connect(message.show_error)
        self._make_room()
        self.photo.pasted.connect(self.open_picture)
        self.camera.unavailable.connect(self._leave_camera)
        self._chips = [
            chip("draw_chip", "&Draw", "Draw with mouse, pen, finger or keyboard."),
            chip("photo_chip", "P&hoto", "Open, drop or paste a picture."),
            chip("camera_chip", "&Camera", "The camera's live picture."),
            chip("test_image_chip", "Test i&mage", _SAMPLE_TIP),
        ]
        chip_group(self, self._chips, self._choose)
        self._chip_rows = ButtonRows(self._chips)
        self._pixels = PixelView()
        self._pixels.setObjectName("network_input")
        self._note = label(role="secondary", name="network_input_note")
        top = Qt.AlignmentFlag.AlignTop
        gets = row((self._pixels, 0, top), (self._note, 1, top), gap=2 * GRID)
        gets.addStretch()  # the note has a largest width
        # Below what the network gets, which would be out of sight otherwise.
        self.photo.details.hide()
        self.set_content(column(self._chip_rows, self._stack, gets, self.photo.details, STRETCH, gap=2 * GRID))

    @property
    def source(self) -> Source:
        """The source that is chosen."""
        return self._sources[self._stack.currentIndex()]

    @property
    def texts(self) -> InputTexts:
        """What is said for the model whose sources are offered."""
        return texts_for(self._card)

    def choose(self, source: Source) -> None:
        """Chooses a source, as its chip does."""
        self._chips[self._sources.index(source)].click()

    def add_keys(self, page: QWidget) -> None:
        """Has the page paste and open pictures with the usual keys."""
        for name, key, act in (
            ("paste", QKeySequence.StandardKey.Paste, self.photo.paste),
            ("open_file", QKeySequence.StandardKey.Open, self.photo.ask),
        ):
            here = Qt.ShortcutContext.WidgetWithChildrenShortcut
            action = QAction(page, shortcut=QKeySequence(key), shortcutContext=here)
            action.setObjectName(name)
            action.triggered.connect(act)
            page.addAction(action)

    @Slot(object)
    def open_picture(self, source: Path | bytes | np.ndarray, name: str = "") -> None:
        """Takes a picture from outside, and asks about it once; `name` where it has no file of its own."""
        if self.source is self.photo:
            self.photo.open(source, name)
            return
        with QSignalBlocker(self.photo):
            self.photo.open(source, name)
        self.choose(self.photo)

    def takes(self, model_input: ModelInput) -> bool:
        """Whether there is a source for it: for networks that take photos nobody draws."""
        return not isinstance(model_input, Drawing) or texts_for(self._card).draws

    def show_input(self, model_input: ModelInput) -> None:
        """Takes over what another page's panel has, and asks about it."""
        match model_input:
            case Drawing(strokes):
                with QSignalBlocker(self.draw):
                    self.draw.canvas.set_drawing(strokes)
                self._take_over(self.draw)
            case TestImage():
                with QSignalBlocker(self.sample):
                    self.sample.show_input(model_input)
                self._take_over(self.sample)
            case Picture(source):
                self.open_picture(source)

    def _take_over(self, source: Source) -> None:
        if self.source is source:
            self.asked.emit()
        else:
            self.choose(source)

    def is_current(self, model_input: ModelInput | None) -> bool:
        """Whether an answer is worth showing: a pen, a camera and a crop may have moved on since it was asked for."""
        wanted = self.source.input
        if wanted is None:
            return False
        if self.source is self.photo and isinstance(model_input, Picture) and isinstance(wanted, Picture):
            return model_input.source is wanted.source
        kind = {self.draw: Drawing, self.camera: Picture}.get(self.source)
        return model_input is wanted if kind is None else isinstance(model_input, kind)

    def use(self, card: Card) -> None:
        """Speaks of what a model takes, and offers the sources that make sense for it."""
        if card == self._card:
            return
        before, texts = texts_for(self._card), texts_for(card)
        first, self._card = self._card is None, card
        self._chips[0].setVisible(texts.draws)
        describe(self._chips[1], "photo_chip", "Photo", texts.photo_tip)
        self._describe_input()
        for source in self._sources:
            source.use(card, texts)
        self._share_room()
        if self.source is self.draw and not texts.draws:
            self.choose(self.photo)
        elif self.source is self.photo and texts.draws and not before.draws and not first:
            self.choose(self.draw)

    def tell_flattened(self, numbers: int) -> None:
        """Says that the network takes the numbers of an image, so many, as one row; 0 where it does not."""
        self._flattened = numbers
        self._describe_input()

    def offer_samples(self, card: Card, known: bool) -> None:
        """Lets test images be chosen, or says why there are none; `known`: whether the data set is known here."""
        why = "" if known else why_no_samples(card)
        chip = self._chips[self._sources.index(self.sample)]
        chip.setEnabled(known)
        describe(chip, "test_image_chip", "Test image", why or _SAMPLE_TIP)
        if not known and self.source is self.sample:
            self.choose(self.draw if texts_for(card).draws else self.photo)

    def show_answer(self, answer: Answer) -> None:
        """Shows what the network got."""
        self._pixels.set_image(answer.image)
        self.source.show_answer(answer)

    def forget(self) -> None:
        """Shows that there is no answer."""
        self._pixels.set_image(None)
        self.source.forget()

    def shut_down(self) -> None:
        """Stops what the sources have running."""
        for source in self._sources:
            source.shut_down()

    def fit_into(self, width: int, height: int) -> None:
        """Grows with the page, as far as the rest leaves room; sizes in device-independent pixels."""
        self._room = width, height
        self._share_room()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_sources()

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """What is around the sources may need more room than before: buttons get their height when they are shown."""
        if watched is self.widget() and event.type() == QEvent.Type.LayoutRequest:
            self._fit_sources()
        return super().eventFilter(watched, event)

    def _share_room(self) -> None:
        width, height = self._room
        side = max(MINIMUM_SIDE, min(height - 48 * GRID, width * self._share // 100)) // GRID * GRID
        for source in self._sources:
            source.set_side(side)
        self._stack.setFixedWidth(side)
        self._chip_rows.fit(side)
        # The bar comes and goes with what a picture brings: its room is kept, so that nothing moves or is cut.
        self.setFixedWidth(side + GRID + self.verticalScrollBar().sizeHint().width())
        large = self._card is not None and max(self._card.input_shape) > _SMALL_INPUT
        small = _SMALL_INPUT if side >= NARROW else _SMALLEST_INPUT
        seen = _LARGE_INPUT if large and height >= _ROOM_FOR_LARGE_INPUT else small
        self._pixels.setFixedSize(seen, seen)
        self._note.setMaximumWidth(side - seen - 2 * GRID)
        self._narrow = side < NARROW
        self._describe_input()
        self._fit_sources()

    def _fit_sources(self) -> None:
        """Leaves room for what the network gets."""
        others = self._chip_rows.sizeHint().height() + self._pixels.minimumHeight() + 2 * 2 * GRID
        side, shown = self._stack.maximumWidth(), self.source
        for source in self._sources:
            source.fit(side, self.viewport().height() - others)
        # Qt asks all sources how high they are at a width, not only the one that is seen.
        flows = shown.hasHeightForWidth()
        self._stack.setMaximumHeight(shown.heightForWidth(side) if flows else shown.sizeHint().height())

    def _make_room(self) -> None:
        """Gives the source that is chosen the room that it needs, whatever the others would need."""
        for source in self._sources:
            policy = QSizePolicy.Policy.Preferred if source is self.source else QSizePolicy.Policy.Ignored
            source.setSizePolicy(policy, policy)
        self._stack.adjustSize()

    def _describe_input(self) -> None:
        texts = texts_for(self._card)
        gets = texts.gets_sample if self.source is self.sample else texts.gets
        if self._flattened:
            gets += f" Its {self._flattened:,} numbers then become one row: the network knows of no neighbours."
        title = "<b>What the network gets</b>"
        self._note.setText(title if self._narrow else f"{title}<br>{gets}")
        self._note.setToolTip(f"<p>{gets}</p>")

    @Slot(str)
    def _leave_camera(self, why: str) -> None:
        """Back to photos from a camera that cannot be used."""
        self.choose(self.photo)
        self._message.show_info(why)

    @Slot(int)
    def _choose(self, index: int) -> None:
        self._stack.setCurrentIndex(index)
        self.photo.details.setVisible(self.source is self.photo)
        self._describe_input()
        self._make_room()
        self.source_changed.emit()
        if self.source is self.camera:
            self.camera.start()  # which may lead to another source at once
        else:
            self.camera.stop()
