"""One model on the hub: its facts, licence and gate, its files, the download, and its card."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QItemSelection, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from orca_desk.models.hub.choice import Variant, variants_of
from orca_desk.models.hub.listing import HubModel, HubRepo
from orca_desk.steps.download.fit import VariantFit
from orca_desk.steps.download.recommended import Recommended
from orca_desk.steps.download.session import OpenedModel
from orca_desk.ui.desk import Desk
from orca_desk.ui.icons import icon, pixmap
from orca_desk.ui.pages.hub.results import FileRow, FilesTable, hub_table
from orca_desk.ui.theme import GRID, font, grown
from orca_desk.ui.widgets.breaking_label import BreakingLabel
from orca_desk.ui.widgets.browser import Browser
from orca_desk.ui.widgets.flow_row import HeaderRow
from orca_desk.ui.widgets.row_table import ROW
from orca_desk.ui.widgets.text import button, label, set_tone
from orca_desk.ui.words.fits import fit_sentence
from orca_desk.ui.words.hub import (
    CARD_OFFLINE,
    GATED,
    NOT_FOUND_FILE,
    PICKLES,
    facts_of,
    gate_sentence,
    licence_of,
    licence_terms,
    nothing_to_download,
    recommended_line,
)
from orca_desk.ui.words.models import shown_path

WIDTHS = (108, 76, 124)  # px: quantisation, size, memory
MOST_ROWS = 6  # files in sight


class HubDetail(QFrame):
    """Shows one model. `wanted` carries the variant to download; `folder_wanted` asks for another folder."""

    wanted = Signal(object)
    folder_wanted = Signal()

    def __init__(self, desk: Desk, open_page: Callable[[], Any]) -> None:
        """`open_page` opens the model's page in the browser."""
        super().__init__()
        self.desk = desk
        self.repo: HubRepo | None = None
        self.name = ""
        self._file = ""  # the file that the list of recommended models names
        self._folder = Path()
        self.setProperty("kind", "card")
        whole = QVBoxLayout(self)
        whole.setContentsMargins(2 * GRID, GRID + 4, 2 * GRID, GRID + 4)
        whole.setSpacing(GRID)
        self.title = BreakingLabel()
        self.title.setFont(font("heading", bold=True))
        self.facts = label(tone="muted", wrap=True, selectable=True)
        self.licence = label(wrap=True, selectable=True)
        self._gate_icon = QLabel()
        self.gate = label(wrap=True, selectable=True)
        self.page_button = button("Open its page…", open_page, tip="Open the model's page in your browser")
        words = QVBoxLayout()
        words.addWidget(self.title)
        head = HeaderRow(words)
        head.addWidget(self.page_button)
        whole.addLayout(head)
        whole.addWidget(self.facts)
        whole.addWidget(self.licence)
        self._gate_row = _row(self._gate_icon, self.gate)
        whole.addWidget(self._gate_row)
        self.note = label(tone="muted", wrap=True)
        whole.addWidget(self.note)
        self.files = FilesTable(desk.theme)
        self.table = hub_table(self.files, "Files of the model", WIDTHS)
        self.table.selectionModel().selectionChanged.connect(self._picked)
        whole.addWidget(self.table)
        self._fit_icon = QLabel()
        self.fit = label(wrap=True, selectable=True)
        self._fit_row = _row(self._fit_icon, self.fit)
        whole.addWidget(self._fit_row)
        whole.addLayout(self._make_action())
        whole.addWidget(self.where)
        self.card = Browser()
        self.card.setAccessibleName("Model card")
        self.card.setMinimumHeight(12 * GRID)
        whole.addWidget(self.card, 1)
        whole.addStretch(0)
        desk.theme.changed.connect(self._paint)
        desk.online.changed.connect(self._show_action)
        desk.jobs.changed.connect(self._show_action)
        self._clear()
        self.hide()

    @property
    def variant(self) -> Variant | None:
        """What is chosen for the download."""
        rows = self.table.selectionModel().selectedRows()
        return self.files.rows[rows[0].row()].variant if rows else None

    def show_found(self, model: HubModel) -> None:
        """Show what a search said of a model, until its files arrive."""
        self._begin(model.name, "")
        self._show_facts(model)
        self.note.setText("Reading its files…")
        self.note.show()

    def show_recommended(self, model: Recommended) -> None:
        """Show what the bundled list says of a model."""
        self._begin(model.repo, model.file)
        self.facts.setText(recommended_line(model))
        self._show_licence(licence_of(model), model.licence)
        self._show_gate(GATED if model.gated else "")
        self.note.setText("Reading its files…" if self.desk.online.is_online else CARD_OFFLINE)
        self.note.show()

    def show_opened(self, opened: OpenedModel, folder: Path) -> None:
        """Show a model with its files and its card; `folder` is where a download would go."""
        repo = self.repo = opened.repo
        self._folder = folder
        self._show_facts(repo.model)
        variants = variants_of(repo)
        self.files.show([FileRow(variant=one) for one in variants])
        self.table.setFixedHeight((min(len(variants), MOST_ROWS) + 1) * grown(ROW) + 4)
        self.table.setVisible(bool(variants))
        chosen = next((n for n, one in enumerate(variants) if one.name == self._file), None)
        notes = [nothing_to_download(repo)] if not variants else [PICKLES] if repo.pickles else []
        if self._file and chosen is None and variants:
            notes.append(NOT_FOUND_FILE.format(self._file))
        self.note.setText(" ".join(notes))
        self.note.setVisible(bool(notes))
        if variants:
            shown = [row.variant for row in self.files.rows]
            self.table.selectRow(shown.index(variants[chosen]) if chosen is not None else 0)
        self.card.set_markdown(opened.card or "This model has no card.")
        self.card.show()
        self._show_action()

    def show_fits(self, fits: dict[str, VariantFit]) -> None:
        """Show how the files fit; those of a model that is no longer shown are ignored."""
        rows = self.files.given
        self.files.show(
            [FileRow(variant=row.variant, fit=fits.get(row.variant.name, row.fit)) for row in rows]
        )
        self._show_fit()

    def show_failed(self, message: str) -> None:
        """Show why the files could not be read."""
        set_tone(self.note, "bad")
        self.note.setText(message)
        self.note.show()

    def set_folder(self, folder: Path) -> None:
        """Show where a download would go."""
        self._folder = folder
        self._show_action()

    @property
    def folder(self) -> Path:
        """Where a download goes."""
        return self._folder

    def _make_action(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(GRID)
        self.download = button("Download", self._want, primary=True)
        self.where = BreakingLabel(tone="muted")
        self.change = button("Change folder…", self.folder_wanted.emit, tip="For this and later downloads")
        row.addWidget(self.download)
        row.addWidget(self.change)
        row.addStretch(1)
        return row

    def _begin(self, name: str, file: str) -> None:
        self._clear()
        self.name, self._file = name, file
        self.title.setText(name)
        self.facts.clear()  # those of the model before
        self.show()

    def _clear(self) -> None:
        self.repo = None
        set_tone(self.note, "muted")
        self.files.show([])
        for part in (self.table, self._fit_row, self._gate_row, self.note, self.card):
            part.hide()
        self._show_action()

    def _show_facts(self, model: HubModel) -> None:
        facts = facts_of(model)
        if facts:
            self.facts.setText(facts)
        self._show_licence(licence_of(model), model.licence)
        self._show_gate(gate_sentence(model.gate, model.is_private))

    def _show_licence(self, name: str, licence: str) -> None:
        self.licence.setText(f"Licence: {name}. {licence_terms(licence)}")

    def _show_gate(self, text: str) -> None:
        self.gate.setText(text)
        self._gate_row.setVisible(bool(text))
        self._paint()

    def _picked(self, chosen: QItemSelection, before: QItemSelection) -> None:
        self._show_fit()
        self._show_action()

    def _show_fit(self) -> None:
        rows = self.table.selectionModel().selectedRows()
        found = self.files.rows[rows[0].row()].fit if rows else None
        text = ""
        if found is not None:
            text = found.refusal or (fit_sentence(found.fit) if found.fit else "")
            if found.refusal:
                text = f"It can't be trained. {text}"
        self.fit.setText(text)
        self._fit_row.setVisible(bool(text))
        self._paint()

    def _show_action(self) -> None:
        variant, online = self.variant, self.desk.online
        is_running = self.repo is not None and online.is_downloading_into(self._folder)
        for part in (self.where, self.change):
            part.setVisible(variant is not None)
        self.download.setVisible(variant is not None)
        self.download.setEnabled(not is_running)
        if is_running:
            self.download.setText("Downloading…")
        elif online.is_online:
            self.download.setText("Download")
        else:
            self.download.setText("Go online and download")
        self.where.setText(f"to {shown_path(self._folder)}" if variant else "")

    def _want(self) -> None:
        self.wanted.emit(self.variant)

    def _paint(self) -> None:
        colours = self.desk.theme.colours
        self._gate_icon.setPixmap(pixmap("lock", colours, "warn"))
        self.download.setIcon(icon("download", colours, "on_accent"))
        self.page_button.setIcon(icon("external-link", colours))
        rows = self.table.selectionModel().selectedRows()
        found = self.files.rows[rows[0].row()].fit if rows else None
        good = found is not None and not found.refusal and (found.fit is None or found.fit.fits)
        self._fit_icon.setPixmap(
            pixmap("circle-check" if good else "triangle-alert", colours, "good" if good else "warn")
        )


def _row(*widgets: QWidget) -> QWidget:
    whole = QWidget()
    row = QHBoxLayout(whole)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(GRID)
    for widget in widgets:
        row.addWidget(widget, 1 if widget is widgets[-1] else 0)
    return whole
