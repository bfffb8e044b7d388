"""The dialog that imports tasks: a preview of the source, how it is read, and the rows that are refused."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from orca_desk.counting import counted
from orca_desk.formats.preview import ImportPreview
from orca_desk.formats.rows import BadRow
from orca_desk.method.records import Task
from orca_desk.steps.collect.preview import PreviewedImport, PreviewedOther, preview_import, preview_others
from orca_desk.steps.collect.questions import LibraryQuestions
from orca_desk.steps.collect.request import ImportRequest, TaskSource
from orca_desk.ui.desk import Desk
from orca_desk.ui.pages.tasks.import_choices import ColumnChoices, ImportChoices
from orca_desk.ui.pages.tasks.import_tables import PreviewModel, preview_table
from orca_desk.ui.pages.tasks.source_dialog import PROBLEMS, SourceDialog, heading_of
from orca_desk.ui.theme import GRID, grown
from orca_desk.ui.widgets.layouts import scrolled
from orca_desk.ui.widgets.save_file import ask_for_file
from orca_desk.ui.widgets.text import button, label
from orca_desk.ui.words.answers_import import ARE_ANSWERS
from orca_desk.ui.words.imports import other_file, preview_doubts, preview_summary
from orca_desk.ui.words.shorten import shorten
from orca_desk.ui.words.tasks import SPLITS, sentence

OTHERS = 12 * GRID  # px, what the other files take: there may be hundreds


class ImportDialog(SourceDialog[PreviewedImport]):
    """Shows the first rows of `source` as tasks, and passes the user's choices to `start`."""

    def __init__(
        self,
        desk: Desk,
        parent: QWidget,
        *,
        source: TaskSource,
        families: Sequence[str],
        start: Callable[[ImportRequest], Any],
        save_refused: Callable[[ImportRequest, Path], Any],
        as_answers: Callable[[], Any],
        position: str = "",
        others: Sequence[TaskSource] = (),
    ) -> None:
        """`as_answers` opens the import of answers instead; `position` says which of several sources this is,
        such as "file 2 of 3". `others` are those that follow, which can be imported in the same way.
        """
        self.import_choices = ImportChoices(source, families)
        super().__init__(
            desk,
            parent,
            title="Import tasks",
            heading=heading_of(f"Import {source.name}", position),
            others_follow=bool(others),
            remarks="warn",
            choices=self.import_choices,
            fields=ColumnChoices(),
        )
        self.source, self._start, self._save_refused = source, start, save_refused
        self._as_answers, self._others = as_answers, tuple(others)
        self._readable: tuple[TaskSource, ...] | None = ()  # of these; None while they are being read
        self._seen: ImportPreview | None = None
        self._questions = LibraryQuestions(desk.library)
        self.rows = PreviewModel(
            desk.theme, ("Line", "Question", "Context", "Answer", "Family", "Split", "Tags")
        )
        widths = (56, 340, 120, 120, 100, 80, 60)
        self.table = self.add_table(self.rows, widths, "First rows", "First rows as tasks")
        self.tabs.addTab(self._refused(), PROBLEMS)
        self._add_others()
        self.read()

    @property
    def takes_others(self) -> bool:
        """Whether the sources that follow are imported too, in the same way."""
        return self.all_alike.isChecked()

    def request(self) -> ImportRequest:
        """Return what to import and how."""
        request = self.import_choices.request(self.fields.chosen)
        return replace(request, more=self._readable or ()) if self.takes_others else request

    def read(self) -> None:
        """Read the preview again, and what would become of the sources that follow."""
        self._seen, self._readable = None, None if self.takes_others else ()
        super().read()
        self.others_area.setVisible(self.takes_others)
        if self.takes_others:
            wanted, questions = replace(self.request(), more=self._others), self._questions
            self.others.setText("Reading the other files…")
            self.desk.background.run(
                self,
                lambda: preview_others(wanted, questions),
                self._show_others,
                failed=self._fail,
                only_newest="others",
            )

    def begin(self) -> None:
        """Start the import."""
        self._start(self.request())

    def previewing(self) -> Callable[[], PreviewedImport]:
        """Return what reads the first rows as tasks."""
        wanted, questions = self.request(), self._questions
        return lambda: preview_import(wanted, questions)

    def show_preview(self, preview: PreviewedImport) -> None:
        """Show the rows as tasks, and whether they look like answers instead."""
        seen = preview.preview
        self.fields.show_columns(seen.columns, seen.mapping)
        self.choices.show_file(seen.read_as)
        bad = {place for place, (_, row) in enumerate(seen.rows) if isinstance(row, BadRow)}
        self.rows.set_rows([_cells(line, row, preview) for line, row in seen.rows], bad)
        self.table.clearSpans()
        for place in bad:
            self.table.setSpan(place, 1, 1, self.rows.columnCount() - 1)
        self.show_problems(seen.problems, seen.bad)
        self._seen = seen
        self._offer_import()
        self.summary.setText(preview_summary(preview))
        self.remark(preview_doubts(preview))
        if preview.are_answers:
            self.notice.show_message(
                ARE_ANSWERS, kind="warn", action="Import as answers…", run=self._change_to_answers
            )

    def _add_others(self) -> None:
        """Offer to import the sources that follow in the same way, above the buttons."""
        count = "other file" if len(self._others) == 1 else counted(len(self._others), "other file")
        self.all_alike = QCheckBox(f"Import the {count} in the same way")
        self.all_alike.setToolTip("With these columns and choices, as one import that is undone as a whole")
        self.all_alike.setVisible(bool(self._others))
        self.all_alike.toggled.connect(lambda _: self.read())
        self.others = label(tone="muted", wrap=True)
        self.others.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.others_area = scrolled(self.others, "What to do with the other files")
        self.others_area.setFixedHeight(grown(OTHERS))
        self.others_area.hide()
        layout = self.layout()
        assert isinstance(layout, QVBoxLayout)
        for widget in (self.all_alike, self.others_area):
            layout.insertWidget(layout.count() - 1, widget)

    def _offer_import(self) -> None:
        """Let the user import, once it is known which of the other sources can be read."""
        if self._seen is None:
            return
        self.offer("task", good=self._seen.good, whole=self._seen.whole)
        if self._readable is None:
            self.import_button.setEnabled(False)
        elif self.takes_others and self._seen.good:
            self.import_button.setText(f"Import {counted(1 + len(self._readable), 'file')}")

    def _show_others(self, previews: Sequence[PreviewedOther]) -> None:
        pairs = zip(self._others, previews, strict=True)
        self._readable = tuple(source for source, one in pairs if one.preview is not None)
        self._offer_import()
        family = (
            f"Rows without a family go to the family {self.import_choices.family_chosen}, as in this file."
        )
        unreadable_first = sorted(previews, key=lambda one: one.preview is not None)
        self.others.setText("\n".join([family, *map(other_file, unreadable_first)]))

    def _refused(self) -> QWidget:
        refused = QWidget()
        column = QVBoxLayout(refused)
        column.setContentsMargins(0, 0, 0, 0)
        problems = preview_table(self.problems, (56, 420, 300))
        problems.setAccessibleName("Refused rows")
        column.addWidget(problems, 1)
        self.save_button = button("Save the refused rows…", self._choose_file)
        self.save_button.setAutoDefault(False)
        column.addWidget(self.save_button, 0, Qt.AlignmentFlag.AlignLeft)
        return refused

    def _change_to_answers(self) -> None:
        self._as_answers()
        self.skip()

    def _choose_file(self) -> None:
        wanted = self.request()
        path = self.source.path
        ask_for_file(
            self,
            self.desk,
            title="Save the refused rows",
            name=f"refused-{path.name}" if path else "refused.txt",
            kinds="All files (*)",
            then=lambda chosen: self._save_refused(wanted, chosen),
        )


def _cells(line: int, row: Task | BadRow, preview: PreviewedImport) -> tuple[str, ...]:
    if isinstance(row, BadRow):
        return (f"{line:,}", f"{sentence(row.what)} {row.hint}", "", "", "", "", "")
    texts = (row.query, row.context, row.answer or "", row.family)
    return (f"{line:,}", *map(shorten, texts), SPLITS[preview.split(row)], ", ".join(row.tags))
