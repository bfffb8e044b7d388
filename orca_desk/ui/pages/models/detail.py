"""One model in detail: its facts, whether it fits, what has used it, its path, and its hash on demand."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from orca_desk.inventory.deletable import KEPT
from orca_desk.inventory.serving import ServingNotes, serving_notes
from orca_desk.inventory.templates import Overrides, set_override
from orca_desk.inventory.trainable import why_unsupported, why_untrainable
from orca_desk.inventory.usage import InventoryItem
from orca_desk.models.fits import human_bytes
from orca_desk.models.hashes import HashCache
from orca_desk.models.model_file import ModelFile
from orca_desk.processes.progress import StoppedError, Update
from orca_desk.ui.desk import Desk
from orca_desk.ui.icons import icon, pixmap
from orca_desk.ui.jobs import Job, Tools
from orca_desk.ui.outside import open_outside
from orca_desk.ui.pages.models.template_dialog import TemplateDialog
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.breaking_label import BreakingLabel
from orca_desk.ui.widgets.flow_row import HeaderRow
from orca_desk.ui.widgets.text import button, label
from orca_desk.ui.words.fits import fit_sentence
from orca_desk.ui.words.models import (
    context_of,
    count,
    kind_in_full,
    notes_of,
    origin_of,
    template_of,
    uses_in_full,
)
from orca_desk.ui.words.serving import TEMPLATE_KEPT

FACTS = ("Parameters", "Size", "Quantisation", "Context", "Architecture", "Layers and width", "Vocabulary",
         "Tokenizer", "Chat template", "Internal name", "Licence")  # fmt: skip

TWO_COLUMNS = 52 * GRID  # px
TRAINED = "trained here"  # the origin of an adapter of this library


class ModelDetail(QFrame):
    """Shows one model, or why a file is not a model. `act(name)` asks the page to act on it."""

    def __init__(self, desk: Desk, act: Callable[[str], Any]) -> None:
        super().__init__()
        self.desk = desk
        self.item: InventoryItem | None = None
        self._act = act
        self._hashing: dict[str, Job] = {}
        self._refusal = ""  # why the model can't be trained
        self.setProperty("kind", "card")
        whole = QVBoxLayout(self)
        whole.setContentsMargins(2 * GRID, GRID + 4, 2 * GRID, GRID + 4)
        whole.setSpacing(GRID + 4)
        whole.addLayout(self._make_head())
        self._columns = columns = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        columns.setSpacing(4 * GRID)
        columns.addWidget(self._make_facts())
        columns.addLayout(self._make_about(), 1)
        whole.addLayout(columns)
        whole.addStretch(1)
        desk.theme.changed.connect(self._paint)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Put what a model is used for below its facts where the room is too narrow for both."""
        super().resizeEvent(event)
        is_narrow, direction = event.size().width() < TWO_COLUMNS, QBoxLayout.Direction
        self._columns.setDirection(direction.TopToBottom if is_narrow else direction.LeftToRight)
        self._columns.setSpacing((2 if is_narrow else 4) * GRID)

    def show_model(self, item: InventoryItem | None) -> None:
        """Show another model, or nothing."""
        self.item = item
        self.setVisible(item is not None)
        if item is None:
            return
        model = item.model
        usable = isinstance(model, ModelFile)
        model_type = model.kind if isinstance(model, ModelFile) else None
        self._facts.setVisible(usable)
        for part in (self._fit_row, self._hash_row, self._uses_row):
            part.setVisible(usable)
        self.name.setText(model.name if isinstance(model, ModelFile) else model.path.name)
        self.path.setText(str(model.path))
        self.note.setText(item.note)
        self._note_row.setVisible(bool(item.note))
        self.teach.setVisible(model_type == "gguf")
        self.chat.setVisible(model_type == "gguf")
        self.train.setVisible(model_type == "safetensors")
        trained = any(use.kind == "training" for use in item.uses) or item.origin == TRAINED
        self.export.setVisible(trained and model_type is not None)
        self.template.setVisible(model_type in ("gguf", "safetensors"))
        self.remove.setVisible(item.added_path is not None)
        self.delete.setVisible(usable and item.origin not in KEPT)
        alone = item.added_path == model.path
        self.remove.setText("Remove from list" if alone else "Remove its folder from list")
        what = kind_in_full(model) if isinstance(model, ModelFile) else model.reason
        self.kind.setText(f"{what}  ·  {origin_of(item)}")
        if isinstance(model, ModelFile):
            self._show_facts(model)
            self.uses.setText(uses_in_full(item) or "Not used in this library yet")
            self._show_hash(model)
        self._read_notes()
        self._paint()

    def _read_notes(self) -> None:
        """Find out what the user should know of the model's prompts."""
        model = self.item.model if self.item else None
        self._notes_row.hide()
        self._refusal = ""
        if not isinstance(model, ModelFile) or model.kind == "adapter":
            return
        path, is_student, library = model.path, model.kind == "safetensors", self.desk.library

        def read() -> tuple[ServingNotes, str, bool]:
            own = Overrides.of(library)
            refusal = why_untrainable(path, template=own.find(path)) if is_student else ""
            return serving_notes(path, overrides=own), refusal, is_student or not why_unsupported(model)

        self.desk.background.run(self, read, lambda found: self._show_notes(*found), only_newest="notes")

    def _show_notes(self, notes: ServingNotes, refusal: str, is_trainable: bool) -> None:
        self._refusal = refusal
        self.train.setVisible(is_trainable)
        self._paint()
        usable = self.item is not None and isinstance(self.item.model, ModelFile)
        if "overridden" in notes.template:
            self.facts["Chat template"].setText("yours")
        self.notes.setText("\n".join(notes_of(notes)))
        self._notes_row.setVisible(usable and bool(notes.template))

    def _make_head(self) -> HeaderRow:
        words = QVBoxLayout()
        words.setSpacing(0)
        self.name = label(size="heading", bold=True, selectable=True)
        self.kind = BreakingLabel(tone="muted")
        words.addWidget(self.name)
        words.addWidget(self.kind)
        row = HeaderRow(words)
        self.teach = button("Use as teacher", lambda: self._act("teach"))
        self.chat = button("Chat", lambda: self._act("chat"))
        self.train = button("Train", lambda: self._act("train"))
        self.export = button(
            "Export…",
            lambda: self._act("export"),
            tip="Write a student that was tuned from this model as files for other applications",
        )
        self.template = button(
            "Chat template…", self.edit_template, tip="Show how prompts are written, and change it"
        )
        self.folder = button("Open folder", self.open_folder)
        self.remove = button(
            "Remove from list",
            lambda: self._act("remove"),
            tip="The files are not deleted",
        )
        self.delete = button(
            "Delete…",
            lambda: self._act("delete"),
            tip="Move the files to the system's trash; asks first",
        )
        for one in (
            self.teach,
            self.chat,
            self.train,
            self.export,
            self.template,
            self.folder,
            self.remove,
            self.delete,
        ):
            row.addWidget(one)
        return row

    def _make_facts(self) -> QWidget:
        self._facts = QWidget()
        grid = QGridLayout(self._facts)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(2 * GRID)
        grid.setVerticalSpacing(4)
        self.facts: dict[str, QLabel] = {}
        for row, name in enumerate(FACTS):
            grid.addWidget(label(name, tone="muted"), row, 0)
            self.facts[name] = value = label(selectable=True)
            grid.addWidget(value, row, 1)
        grid.setRowStretch(len(FACTS), 1)
        return self._facts

    def _make_about(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(GRID + 2)
        self._fit_icon = QLabel()
        self.fit = label(wrap=True, selectable=True)
        self._fit_row = _row(self._fit_icon, self.fit)
        self.note = label(wrap=True, selectable=True)
        self.note.setAccessibleName("Your note")
        self._note_row = _titled("Note", self.note)
        self.uses = label(wrap=True, selectable=True)
        self._uses_row = _titled("Used by", self.uses)
        self.path = BreakingLabel()
        self.copy_path = self._tool("Copy path", lambda: self._copy(self.path.text()))
        self._path_row = _titled("Path", _row(self.copy_path, self.path))
        self.hash = BreakingLabel()
        self.copy_hash = self._tool("Copy SHA-256", lambda: self._copy(self.hash.text()))
        self.make_hash = button("Compute", self._hash)
        self.make_hash.setAccessibleName("Compute SHA-256")
        self._hash_row = _titled("SHA-256", _row(self.copy_hash, self.make_hash, self.hash))
        self.notes = label(wrap=True, selectable=True)
        self._notes_row = _titled("Prompts", self.notes)
        for part in (
            self._fit_row,
            self._note_row,
            self._notes_row,
            self._uses_row,
            self._path_row,
            self._hash_row,
        ):
            column.addWidget(part)
        column.addStretch(1)
        return column

    def _show_facts(self, model: ModelFile) -> None:
        shape = f"{model.layers} × {model.width:,}" if model.layers else "–"
        values = (
            f"{model.parameters:,}" if model.parameters < 10**6 else count(model.parameters),
            human_bytes(model.size_bytes),
            model.quantisation or "–",
            f"{context_of(model)} tokens" if model.context else "–",
            model.architecture or "–",
            shape,
            f"{model.vocab:,}" if model.vocab else "–",
            model.tokenizer or "–",
            template_of(model),
            model.title or "–",
            model.licence or "Not stated",
        )
        for value, shown in zip(values, self.facts.values(), strict=True):
            shown.setText(value)
        self._facts.updateGeometry()  # what Qt knows of its width may be from before, while it was hidden

    def _show_hash(self, model: ModelFile) -> None:
        busy = str(model.path) in self._hashing
        self.hash.setText(model.sha256 or ("Computing…" if busy else "Not computed yet"))
        self.make_hash.setVisible(model.sha256 is None and not busy)
        self.copy_hash.setVisible(model.sha256 is not None)

    def _hash(self) -> None:
        model = self.item.model if self.item else None
        if not isinstance(model, ModelFile):
            return
        path, files, folder = str(model.path), model.files, self.desk.library.folder

        def work(tools: Tools) -> str | None:
            done = 0

            def add(count: int) -> None:
                nonlocal done
                done += count
                tools.progress(
                    Update(stage="reading", done=done / 1e6, total=model.size_bytes / 1e6, unit="MB")
                )
                tools.control.require_running()

            try:
                return HashCache(folder).sha256_of(files, on_bytes=add)
            except StoppedError:
                return None

        job = self.desk.jobs.start(f"SHA-256 of {model.name}", "hash", work, heavy=False)
        self._hashing[path] = job
        job.ended.connect(lambda: self._hashed(path, job))
        self._show_hash(model)

    def _hashed(self, path: str, job: Job) -> None:
        del self._hashing[path]
        if job.error:
            self.desk.report(job.error)
        if job.result:
            self._act("hashed")
        elif self.item and isinstance(self.item.model, ModelFile):
            self._show_hash(self.item.model)

    def edit_template(self) -> None:
        """Show the model's chat template, and let the user give it another one."""
        model = self.item.model if self.item else None
        if isinstance(model, ModelFile) and model.kind != "adapter":
            self.template_dialog = TemplateDialog(
                self.desk, self.window(), model, lambda template: self._give_template(model, template)
            )
            self.template_dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            self.template_dialog.open()

    def _give_template(self, model: ModelFile, template: str | None) -> None:
        library, path = self.desk.library, model.path
        self.desk.do(
            f"chat template of {model.name}",
            lambda: set_override(library, path, template),
            lambda earlier: set_override(library, path, earlier),
            "models",
            then=lambda _: self._template_given(),
            undone=self._template_given,
        )

    def _template_given(self) -> None:
        self._read_notes()
        if self.desk.serving.state != "off":
            self.desk.say(TEMPLATE_KEPT, "warn")

    def open_folder(self) -> None:
        """Show the model in the system's file manager."""
        if self.item:
            path = self.item.model.path
            open_outside(path if path.is_dir() else path.parent)

    def _copy(self, text: str) -> None:
        QGuiApplication.clipboard().setText(text)
        self.desk.say("Copied to the clipboard.")

    def _tool(self, name: str, run: Callable[[], Any]) -> QToolButton:
        made = QToolButton()
        made.setAccessibleName(name)
        made.setToolTip(name)
        made.clicked.connect(lambda checked=False: run())
        return made

    def _paint(self) -> None:
        colours = self.desk.theme.colours
        for one in (self.copy_path, self.copy_hash):
            one.setIcon(icon("copy", colours, "muted"))
        self.teach.setIcon(icon("graduation-cap", colours))
        self.chat.setIcon(icon("message-circle", colours))
        self.train.setIcon(icon("chart-line", colours))
        self.template.setIcon(icon("file-text", colours))
        self.export.setIcon(icon("file-output", colours))
        self.folder.setIcon(icon("folder-open", colours))
        self.remove.setIcon(icon("x", colours))
        self.delete.setIcon(icon("trash-2", colours))
        fit = self.item.fit if self.item else None
        self._fit_row.setVisible(fit is not None)
        if fit is not None:
            self.fit.setText(fit_sentence(fit))
            name = "circle-check" if fit.fits else "triangle-alert"
            self._fit_icon.setPixmap(pixmap(name, colours, "good" if fit.fits else "warn"))
        if self._refusal:
            self._fit_row.show()
            self.fit.setText(f"It can't be trained. {self._refusal}")
            self._fit_icon.setPixmap(pixmap("triangle-alert", colours, "warn"))


def _row(*widgets: QWidget) -> QWidget:
    """Return a row of widgets in which the last one takes the remaining width."""
    whole = QWidget()
    row = QHBoxLayout(whole)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(GRID)
    for widget in widgets:
        row.addWidget(widget, 1 if widget is widgets[-1] else 0, Qt.AlignmentFlag.AlignVCenter)
    return whole


def _titled(title: str, *widgets: QWidget) -> QWidget:
    whole = QWidget()
    column = QVBoxLayout(whole)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(2)
    column.addWidget(label(title, size="caption", bold=True, tone="muted"))
    for widget in widgets:
        column.addWidget(widget)
    return whole
