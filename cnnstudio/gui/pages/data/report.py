"""What was found in a folder of one's own images."""

from html import escape

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from cnnstudio import wording
from cnnstudio.data.report import FolderReport
from cnnstudio.gui.controls.buttons import FoldButton, on_key, push_button, tool_button
from cnnstudio.gui.controls.describe import breakable, describe, label
from cnnstudio.gui.controls.layouts import STRETCH, SectionColumn, column, row
from cnnstudio.gui.look.theme import GRID

DUPLICATES_LESSON = (
    "An image that is both in training and in test is no test: the network may have memorised it. The accuracy comes "
    "out too high. Remove one of the two and scan again."
)


class _FoldedList(QWidget):
    """A long list that unfolds, and can be copied."""

    def __init__(self, name: str, title: str, lines: list[str]) -> None:
        super().__init__()
        text = "\n".join(lines)
        content = describe(QPlainTextEdit(text), f"{name}_list", title, "One file a line, with its path.")
        content.setReadOnly(True)
        content.setFixedHeight(24 * GRID)
        fold = FoldButton(f"show_{name}_button", title, f"Shows or hides the list: {title}.", content)
        copy = tool_button(
            f"copy_{name}_button",
            "Copy the list",
            "Copies the whole list as text.",
            "copy",
            lambda: QGuiApplication.clipboard().setText(text),
        )
        self.setLayout(column(row(fold, copy, STRETCH), content))


class ReportPanel(QWidget):
    """Counts, sizes, files that cannot be read, and duplicates.

    Signals:
        closed(): back to the images.
    """

    closed = Signal()

    def __init__(self, report: FolderReport) -> None:
        super().__init__()
        self.setObjectName("report_panel")
        back = push_button(
            "report_back_button",
            "All images",
            "Back to the images. (Esc)",
            self.closed,
            role="quiet",
            picture="arrow-left",
        )
        on_key(self, Qt.Key.Key_Escape, self.closed)
        self._column = SectionColumn("What was found", edge=0)
        self.setLayout(column((back, 0, Qt.AlignmentFlag.AlignLeft), (self._column, 1)))
        self._fill(report)

    def _fill(self, report: FolderReport) -> None:
        train, validation, test = (int(count) for count in report.counts.sum(axis=1))
        parts = [
            f"{train:,} for training",
            f"{validation:,} for validation" if validation else "",
            f"{test:,} for testing",
        ]
        how = "as the folder says" if report.own_split else "chosen at random, the same share of each class"
        text = f"{train + validation + test:,} usable images: {', '.join(part for part in parts if part)}, {how}."
        add = self._column.add_section
        add("Images", explanation=f"{escape(breakable(str(report.path)))}<br>{text}")
        if report.notes:
            add("Worth knowing", *(label(escape(breakable(note))) for note in report.notes))
        if report.unreadable_count:
            lines = [f"{path}: {why}" for path, why in report.unreadable]
            add(
                "Files that cannot be read",
                _FoldedList("unreadable", "Show the files", lines),
                explanation=f"Skipped: {report.unreadable_count:,}. The others are used.",
            )
        if report.duplicates_count:
            lines = [" = ".join(group) for group in report.duplicates]
            add(
                "The same image in two splits",
                _FoldedList("duplicates", "Show the files", lines),
                explanation=f"{report.duplicates_count:,} validation and test images are training images too. "
                f"{DUPLICATES_LESSON}",
            )
        add("Balance", explanation=_balance(report))
        add("Sizes", explanation=_sizes(report))


def _balance(report: FolderReport) -> str:
    totals = report.counts.sum(axis=0)
    few, many = int(totals.min()), int(totals.max())
    if few == many:
        return f"All classes have {many:,} images each."
    rare, common = (escape(breakable(report.classes[int(place)])) for place in (totals.argmin(), totals.argmax()))
    return (
        f"The smallest class, {rare}, has {wording.counted(few, 'image')}, the largest, {common}, {many:,}. Where "
        "classes differ much, a network learns to prefer the large ones."
    )


def _sizes(report: FolderReport) -> str:
    smallest, largest = (wording.shape(size) for size in (report.smallest, report.largest))
    grey = f" {report.grey:,} {'is' if report.grey == 1 else 'are'} grey." if report.grey else ""
    if smallest == largest:
        return f"All pictures are {smallest} pixels.{grey}"
    sizes = ", ".join(f"{wording.shape((width, height))} ({count:,})" for width, height, count in report.sizes)
    return f"From {smallest} to {largest} pixels. The most common, as width × height: {sizes}.{grey}"
