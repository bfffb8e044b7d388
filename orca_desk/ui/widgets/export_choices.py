"""The form of an export: formats with their sizes, the model's name, the folder, how many tasks to answer."""

import contextlib
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QFormLayout,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from orca_desk.errors import UserError
from orca_desk.models.fits import human_bytes
from orca_desk.models.pace import TimeRange
from orca_desk.models.space import MARGIN, free_space
from orca_desk.paths import expanded
from orca_desk.steps.export.formats import Format
from orca_desk.steps.export.offer import ExportOffer, time_for
from orca_desk.steps.export.request import HELD_OUT, ExportRequest
from orca_desk.steps.export.serving import has_ollama_template
from orca_desk.ui.desk import Desk
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.settings_form import number_box
from orca_desk.ui.widgets.text import button, label, set_tone
from orca_desk.ui.widgets.wheel import leave_wheel_to_form
from orca_desk.ui.words.exports import FORMATS, GROUPS, GUESSES_TEMPLATE, export_time_text
from orca_desk.ui.words.fits import fit_sentence

MOST_TASKS = 100_000


class ExportChoices(QWidget):
    """Asks what to export, and where to. `changed` fires on each edit."""

    changed = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.offer: ExportOffer | None = None
        self.space = label(wrap=True)  # the dialog shows it beside its buttons
        self.boxes: dict[Format, QCheckBox] = {}
        self._sizes = {kind: label(tone="muted") for kind in Format}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID + GRID // 2)
        self.about = label(tone="muted", wrap=True)
        layout.addWidget(self.about)
        layout.addLayout(self._build_formats())
        self.template_note = label(GUESSES_TEMPLATE, tone="warn", size="caption", wrap=True)
        self.template_note.hide()
        self._lacks_template: dict[str, bool | None] = {}  # by training, once it was asked
        layout.addWidget(self.template_note)
        layout.addLayout(self._build_form())
        layout.addStretch(1)
        leave_wheel_to_form(self)

    def show_offer(self, offer: ExportOffer) -> None:
        """Begin with what a training offers, and with the choices of last time."""
        self.offer = offer
        last = offer.last
        formats = last.formats if last else offer.suggested
        for kind, box in self.boxes.items():
            box.setChecked(kind in formats)
            self._sizes[kind].setText(f"about {human_bytes(offer.sizes[kind])}")
        self.name.setText(offer.name)
        self.folder.setText(str(last.out.parent if last else Path.home()))
        self.publisher.setText(last.publisher if last else "orca-desk")
        wanted = last.heldout if last else HELD_OUT
        self.heldout.setValue(min(wanted, offer.heldout))
        self.heldout.setMaximum(min(offer.heldout, MOST_TASKS))
        rounded = f" It starts from weights rounded to {offer.rounded_from}." if offer.rounded_from else ""
        licence = (
            f"The base states the licence {offer.licence}."
            if offer.licence
            else ("The base states no licence: ask its publisher before you share the model.")
        )
        self.about.setText(f"{offer.training} of {offer.base}.{rounded} {licence}")
        self._show_space()
        self._show_template()

    def request(self, *, override: bool = False) -> ExportRequest:
        """Return what is chosen. Raises UserError for a name that no file can have, and without a format."""
        assert self.offer is not None
        name = self.name.text().strip()
        return ExportRequest(
            training=self.offer.training,
            formats=self.formats(),
            out=Path(self.folder.text().strip() or Path.home()) / (name or "export"),
            name=name,
            publisher=self.publisher.text().strip(),
            heldout=self.heldout.value(),
            override=override,
        )

    def formats(self) -> tuple[Format, ...]:
        """Return the chosen formats."""
        return tuple(kind for kind, box in self.boxes.items() if box.isChecked())

    def choose_folder(self) -> None:
        """Ask for the folder in which the export's own folder is made."""
        chosen = QFileDialog.getExistingDirectory(self, "Save the export in", self.folder.text())
        if chosen:
            self.folder.setText(chosen)

    def _build_formats(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(2 * GRID)
        grid.setVerticalSpacing(GRID // 2)
        grid.setColumnStretch(2, 1)
        row = 0
        for title, kinds in GROUPS.items():
            if row:
                grid.setRowMinimumHeight(row, GRID // 2)
                row += 1
            grid.addWidget(label(title, bold=True), row, 0, 1, 3)
            row += 1
            for kind in kinds:
                words = FORMATS[kind]
                self.boxes[kind] = box = QCheckBox(words.title)
                box.setToolTip(words.about)
                box.toggled.connect(self._edited)
                grid.addWidget(box, row, 0)
                grid.addWidget(self._sizes[kind], row, 1, Qt.AlignmentFlag.AlignRight)
                grid.addWidget(label(words.about, tone="muted", size="caption", wrap=True), row, 2)
                row += 1
        return grid

    def _build_form(self) -> QFormLayout:
        form = QFormLayout()
        form.setHorizontalSpacing(2 * GRID)
        form.setVerticalSpacing(GRID)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        self.name, self.publisher, self.folder = QLineEdit(), QLineEdit(), QLineEdit()
        self.name.setToolTip("The model's name in files, cards and applications, and that of the new folder")
        self.publisher.setToolTip("The first of the two folders in which LM Studio looks for models")
        self.folder.setToolTip("The export's own folder is made in this one")
        row = QHBoxLayout()
        row.addWidget(self.folder, 1)
        self.browse = button("Choose…", self.choose_folder, tip="Choose the folder to save in")
        self.browse.setAutoDefault(False)
        row.addWidget(self.browse)
        self.heldout = number_box(0, MOST_TASKS)
        self.heldout.setSpecialValueText("none")
        self.heldout.setSuffix(" held-out tasks")
        self.heldout.setToolTip(
            "Each quantised file answers them, beside the unquantised student, to measure what rounding costs"
        )
        form.addRow("&Name", self.name)
        save_in = label("Save &in")
        save_in.setBuddy(self.folder)
        form.addRow(save_in, row)
        form.addRow("&Publisher", self.publisher)
        form.addRow("&Measure on", self.heldout)
        self.folder.setAccessibleName("Folder to save in")
        for field in (self.name, self.publisher, self.folder):
            field.textChanged.connect(self._edited)
        return form

    def _edited(self) -> None:
        self.publisher.setEnabled(Format.LM_STUDIO in self.formats())
        self._show_space()
        self._show_template()
        self.changed.emit()

    def _show_template(self) -> None:
        """Say before the export that Ollama would have to guess a chat template."""
        training = self.offer.training if self.offer and Format.OLLAMA in self.formats() else ""
        self.template_note.setVisible(bool(self._lacks_template.get(training)))
        if training and training not in self._lacks_template:
            self._lacks_template[training] = None
            library = self.desk.library
            self.desk.background.run(
                self,
                lambda: has_ollama_template(library, training),
                lambda has: self._note_template(training, has),
                failed=self._template_failed,
            )

    def _template_failed(self, error: Exception) -> None:
        if not isinstance(error, UserError):  # the export says what is wrong with the training
            self.desk.report(error)

    def _note_template(self, training: str, has: bool | None) -> None:
        self._lacks_template[training] = has is False
        self._show_template()

    def _show_space(self) -> None:
        """Tell how much the export takes, and how much the disk has."""
        if self.offer is None:
            return
        if not self.formats():
            self.space.setText("Choose at least one format.")
            set_tone(self.space, "warn")
            return
        folder = expanded(Path(self.folder.text().strip() or Path.home())).absolute()
        model = self.offer.model
        wanted: ExportRequest | None = None
        with contextlib.suppress(UserError):  # an unusable name is reported at the start
            wanted = self.request()
        self.desk.background.run(
            self,
            lambda: (free_space(folder), time_for(model, wanted) if wanted else None),
            self._compare_space,
            only_newest="space",
        )

    def _compare_space(self, found: tuple[int, TimeRange | None]) -> None:
        if self.offer is None or not self.formats():
            return
        free, time = found
        needed = self.offer.bytes_of(self.formats())
        disk = f"About {human_bytes(needed)} while it works; {human_bytes(free)} free on that disk."
        took = export_time_text(time) if time else ""
        self.space.setText(f"{disk} {fit_sentence(self.offer.fit)} {took}".rstrip())
        set_tone(self.space, "bad" if needed + MARGIN > free else "muted" if self.offer.fit.fits else "warn")
