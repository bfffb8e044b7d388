"""A model's chat template: shown, tried while it is edited, and replaced by the user's own."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QFont, QFontDatabase
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QScrollArea,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from orca_desk.errors import UserError
from orca_desk.inventory.template_report import TemplateReport, report_template
from orca_desk.inventory.templates import override_of, read_template
from orca_desk.models.model_file import ModelFile
from orca_desk.prompts.renderer import SpanRole
from orca_desk.prompts.switches import split_switches, with_switches
from orca_desk.ui.desk import Desk
from orca_desk.ui.icons import pixmap
from orca_desk.ui.theme import GRID, Role, font
from orca_desk.ui.widgets.dialog_buttons import dialog_buttons
from orca_desk.ui.widgets.edit_dialog import EditDialog
from orca_desk.ui.widgets.marked_text import Mark, MarkedText, with_visible_breaks
from orca_desk.ui.widgets.notice import Notice
from orca_desk.ui.widgets.panes import Panes
from orca_desk.ui.widgets.text import button, label
from orca_desk.ui.words.templates import (
    SWITCH_TIP,
    SWITCH_TITLES,
    TemplateFinding,
    Tone,
    findings_of,
    switch_choices,
    whose,
)

PAUSE_MS = 400  # from the last key to the next try
MARKS: dict[SpanRole, Mark] = {
    "control": "control",
    "end": "control",
    "system": "system",
    "user": "user",
    "assistant": "assistant",
}
SIGNS: dict[Tone, tuple[str, Role]] = {
    "good": ("circle-check", "good"),
    "warn": ("triangle-alert", "warn"),
    "bad": ("circle-x", "bad"),
    "muted": ("info", "muted"),
}
ABOUT = (
    "It turns a conversation into the text that the model reads. Teacher, training, evaluation, chat and "
    "exported files use the same one. The model's own files are not changed."
)
LEGEND = "Highlighted: what the template writes. Then the system message, the user's and the model's text."


class TemplateDialog(EditDialog):
    """Edits the template of one model; `save` gets the text, or None to use the model's own."""

    def __init__(
        self, desk: Desk, parent: QWidget, model: ModelFile, save: Callable[[str | None], None]
    ) -> None:
        super().__init__(parent)
        self.desk, self._model, self._save = desk, model, save
        self._own: str | None = None  # the model's template, once it is read
        self._stored: str | None = None  # the user's
        self._first: str | None = None  # the text that was in use when it opened
        self._exact = "", ""  # the text put into the editor last, and as the editor shows it
        self.report: TemplateReport | None = None
        self.switches: dict[str, QComboBox] = {}
        self.setWindowTitle(f"Chat template of {model.name}")
        self.resize(1040, 720)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
        layout.setSpacing(GRID)
        self.whose = label(bold=True)
        layout.addWidget(self.whose)
        layout.addWidget(label(ABOUT, tone="muted", wrap=True))
        layout.addLayout(self._make_tools())
        layout.addWidget(self._make_sides(), 1)
        self.notice = Notice(desk)
        layout.addWidget(self.notice)
        self.use = button("Use for this model", self._use, primary=True)
        layout.addWidget(dialog_buttons(self, self.use))
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PAUSE_MS)
        self._timer.timeout.connect(self._try)
        self.editor.textChanged.connect(self._edited)
        desk.theme.changed.connect(self._paint)
        self._read()

    def is_changed(self) -> bool:
        """See EditDialog."""
        return self._first is not None and self._text() != self._first

    def _make_tools(self) -> QHBoxLayout:
        self._tools = QHBoxLayout()
        self._tools.setSpacing(GRID)
        self._switch_row = QHBoxLayout()
        self._switch_row.setSpacing(GRID)
        self._tools.addLayout(self._switch_row)
        self._tools.addStretch(1)
        self.open_file = button(
            "Open a file…", self._ask_for_file, tip="Read a template in Jinja from a file"
        )
        self.reset = button("Show the model's own", self._show_own, tip="Put the model's own template here")
        self._tools.addWidget(self.open_file)
        self._tools.addWidget(self.reset)
        return self._tools

    def _make_sides(self) -> Panes:
        self.editor = QPlainTextEdit()
        self.editor.setAccessibleName("Chat template")
        self.editor.setTabChangesFocus(True)
        self.editor.setFont(_fixed_font())
        self.editor.setPlaceholderText("A chat template in Jinja")
        self.preview = MarkedText(self.desk.theme)
        self.preview.setAccessibleName("Preview of a prompt")
        self.findings = QWidget()
        self._found = QVBoxLayout(self.findings)
        self._found.setContentsMargins(0, 0, 0, 0)
        self._found.setSpacing(GRID // 2)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setWidget(self.findings)
        right = QSplitter(Qt.Orientation.Vertical)
        right.setChildrenCollapsible(False)
        right.addWidget(_titled("Preview (bold: what the template writes)", self.preview, LEGEND))
        right.addWidget(_titled("What it does", area))
        right.setSizes([340, 260])
        sides = Panes()
        sides.setHandleWidth(2 * GRID)
        sides.addWidget(_titled("Template", self.editor))
        sides.addWidget(right)
        sides.setStretchFactor(0, 1)
        sides.setStretchFactor(1, 1)
        return sides

    def _read(self) -> None:
        """Read the template in use and try it."""
        library, path = self.desk.library, self._model.path

        def read() -> tuple[str | None, TemplateReport]:
            override = override_of(library, path)
            return override, report_template(path, override)

        self.whose.setText("Reading the template…")
        self.use.setEnabled(False)
        self.desk.background.run(self, read, self._show_stored, failed=self._fail)

    def _show_stored(self, found: tuple[str | None, TemplateReport]) -> None:
        self._stored, report = found
        self._own = self._model.chat_template
        self._first = report.source
        self._put(report.source)
        self._timer.stop()  # it was tried already
        self._show(report)

    def _put(self, text: str) -> None:
        """Put a text into the editor, which shows all line ends alike, and try it soon."""
        self.editor.setPlainText(text)
        self._exact = text, self.editor.toPlainText()

    def _text(self) -> str:
        """Return the text in the editor; one that was not touched since, as it came."""
        exact, shown = self._exact
        text = self.editor.toPlainText()
        return exact if text == shown else text

    def _edited(self) -> None:
        self.use.setEnabled(False)
        self._timer.start()

    def _try(self) -> None:
        text, path, earlier = self._text(), self._model.path, self.report
        self.desk.background.run(
            self,
            lambda: report_template(path, text, earlier=earlier),
            self._show,
            failed=self._fail,
            only_newest="template",
        )

    def _show(self, report: TemplateReport) -> None:
        if report.source != self._text():  # edited since
            return
        self.report = report
        self.notice.hide()
        self.whose.setText(whose(report))
        self.reset.setEnabled(self._own is not None and not report.own)
        preview = report.check.preview if report.check else ()
        self.preview.show_pieces((_visible(span.role, span.text), MARKS[span.role]) for span in preview)
        self._show_findings(findings_of(report))
        self._show_switches(report)
        stored = self._own if self._stored is None else self._stored
        self.use.setEnabled(report.check is not None and report.source != stored)
        self.use.setText("Use the model's own" if report.own and self._stored else "Use for this model")

    def _show_findings(self, found: list[TemplateFinding]) -> None:
        while (item := self._found.takeAt(0)) is not None:
            if widget := item.widget():
                widget.deleteLater()
        for one in found:
            self._found.addWidget(_Finding(self.desk, one))
        self._found.addStretch(1)

    def _show_switches(self, report: TemplateReport) -> None:
        """Offer the switches that the template reads, with the values that are set."""
        names = report.check.switches if report.check else tuple(self.switches)
        if names != tuple(self.switches):
            self._make_switches(names)
        values, _ = split_switches(report.source)
        for name, combo in self.switches.items():
            combo.blockSignals(True)
            combo.setCurrentIndex(max(0, combo.findData(values.get(name, ""))))
            combo.blockSignals(False)

    def _make_switches(self, names: tuple[str, ...]) -> None:
        while (item := self._switch_row.takeAt(0)) is not None:
            if widget := item.widget():
                widget.deleteLater()
        self.switches = {}
        for name in names:
            combo = QComboBox()
            for text, value in switch_choices(name):
                combo.addItem(text, value)
            combo.setAccessibleName(SWITCH_TITLES[name])
            combo.setToolTip(SWITCH_TIP.format(name=name))
            combo.currentIndexChanged.connect(self._switch)
            words = label(SWITCH_TITLES[name], tone="muted")
            words.setBuddy(combo)
            self._switch_row.addWidget(words)
            self._switch_row.addWidget(combo)
            self.switches[name] = combo

    def _switch(self) -> None:
        """Write the chosen switches into the template."""
        chosen = {name: combo.currentData() for name, combo in self.switches.items()}
        text = with_switches(self._text(), {name: value for name, value in chosen.items() if value})
        self._put(text)

    def _ask_for_file(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(
            self, "Open a chat template", "", "Templates (*.jinja *.jinja2 *.j2 *.txt);;All files (*)"
        )
        if chosen:
            self.desk.background.run(self, lambda: read_template(Path(chosen)), self._put, failed=self._fail)

    def _show_own(self) -> None:
        if self._own is not None:
            self._put(self._own)

    def _use(self) -> None:
        if self.report and self.report.check and self.report.source == self._text():
            self._save(None if self.report.own else self.report.source)
            self.accept()

    def _fail(self, error: Exception) -> None:
        if isinstance(error, UserError):
            self.notice.show_error(error)
        else:
            self.desk.report(error)

    def _paint(self) -> None:
        if self.report:
            self._show_findings(findings_of(self.report))


class _Finding(QWidget):
    """One sentence about the template, with a sign."""

    def __init__(self, desk: Desk, finding: TemplateFinding) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID)
        sign = QLabel()
        name, role = SIGNS[finding.tone]
        sign.setPixmap(pixmap(name, desk.theme.colours, role, 15))
        row.addWidget(sign, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(label(finding.text, wrap=True, selectable=True), 1)


def _titled(title: str, widget: QWidget, tip: str = "") -> QWidget:
    whole = QWidget()
    column = QVBoxLayout(whole)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(GRID // 2)
    words = label(title, size="caption", bold=True, tone="muted")
    words.setToolTip(tip)
    column.addWidget(words)
    column.addWidget(widget, 1)
    return whole


def _fixed_font() -> QFont:
    """Return the system's font for code, in the size of the app's text."""
    made = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    made.setPointSizeF(font("body").pointSizeF())
    return made


def _visible(role: SpanRole, text: str) -> str:
    """Return a part's text, with the line breaks of the template made visible."""
    return with_visible_breaks(text) if role in ("control", "end") else text
