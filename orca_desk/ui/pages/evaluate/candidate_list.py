"""The models to evaluate together: a row each with name, model, adapter and system message."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QGridLayout,
    QLabel,
    QLineEdit,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from orca_desk.errors import UserError
from orca_desk.inventory.serving import AdapterDoubt, adapter_doubt
from orca_desk.inventory.templates import Overrides
from orca_desk.library.trainings import Training
from orca_desk.models.model_file import ModelFile
from orca_desk.steps.evaluate.evaluation import PER_TASK, System
from orca_desk.steps.evaluate.plan import Candidate
from orca_desk.ui.desk import Desk
from orca_desk.ui.icons import icon, pixmap
from orca_desk.ui.theme import GRID, Role
from orca_desk.ui.widgets.family_chart import ROLES
from orca_desk.ui.widgets.model_picker import ModelPicker
from orca_desk.ui.widgets.text import label
from orca_desk.ui.words.models import DOUBTS

NAMES = ("base", "tuned", "teacher")
SYSTEMS = ("cautious", "empty", "strategy", "wrong", "own")
FILE = "file"  # the adapter entry that asks for a file
COLUMNS = 6
HEADINGS = "", "Name", "Model", "Adapter", "System message"
LINES = 4  # of the grid, for the controls of one model
NARROW = 96 * GRID, 40 * GRID  # px; the width of a row of controls, and of controls below each other


def role_of(name: str) -> Role:
    """Return the colour of the model named `name`."""
    return ROLES.get(name, "accent")


class CandidateList(QWidget):
    """Rows of models under their headings. `changed` follows each edit."""

    changed = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.rows: list[CandidateRow] = []
        self._trainings: Sequence[Training] = ()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(GRID)
        self._grid.setVerticalSpacing(GRID)
        for column, stretch in enumerate((0, 2, 4, 3, 4, 0)):
            self._grid.setColumnStretch(column, stretch)
        self._is_narrow = False
        self._headings = [label(text, size="caption", tone="muted") for text in HEADINGS]
        for column, heading in enumerate(self._headings):
            self._grid.addWidget(heading, 0, column)
        outer.addLayout(self._grid)
        self.doubts = label(tone="warn", wrap=True)
        self.doubts.hide()
        outer.addWidget(self.doubts)
        self.changed.connect(self._check_adapters)

    def set_trainings(self, trainings: Sequence[Training]) -> None:
        """Offer the adapters of these trainings."""
        self._trainings = trainings
        for row in self.rows:
            row.offer(trainings)

    def set_candidates(self, candidates: Sequence[Candidate]) -> None:
        """Replace all rows by these candidates."""
        for row in list(self.rows):
            self._drop(row)
        for candidate in candidates:
            self.add(candidate)
        self.changed.emit()

    def add(self, candidate: Candidate | None = None) -> "CandidateRow":
        """Add a row for `candidate`, or an empty one."""
        row = CandidateRow(self.desk, self, self._trainings)
        taken = {one.name for one in self.rows}
        row.set_name(candidate.name if candidate else next((one for one in NAMES if one not in taken), ""))
        if candidate:
            row.set_candidate(candidate)
        self.rows.append(row)
        self._place()
        row.changed.connect(self.changed)
        row.removed.connect(lambda: self._remove(row))
        self.changed.emit()
        return row

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the width of controls below each other: that is how they lie in a narrow window."""
        return QSize(NARROW[1], super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Lay the controls of a model in one row, or below each other."""
        super().resizeEvent(event)
        if self._is_narrow != (event.size().width() < NARROW[0]):
            self._is_narrow = not self._is_narrow
            self._place()

    def _place(self) -> None:
        for heading in self._headings:
            heading.setVisible(not self._is_narrow)
        for place, row in enumerate(self.rows):
            row.place(self._grid, 1 + LINES * place, narrow=self._is_narrow)

    def has_strategy(self) -> bool:
        """Return whether any row's system message depends on each family's strategy."""
        return any(row.system.currentData() in PER_TASK for row in self.rows)

    def students(self) -> list[ModelFile | None]:
        """Return the selected base of each row with an adapter."""
        return [row.model.selected() for row in self.rows if row.adapter.currentData() is not None]

    def chosen(self) -> tuple[Candidate, ...]:
        """Return the candidates of all rows. Raises UserError naming a row that cannot be used."""
        candidates = tuple(row.candidate() for row in self.rows)
        for candidate in candidates:
            twice = [one for one in candidates if one.name == candidate.name]
            if len(twice) > 1:
                raise UserError(
                    f"{len(twice)} models are named {candidate.name}.",
                    "Give each model a unique name; results are labelled with it.",
                )
        return candidates

    def _check_adapters(self) -> None:
        """Find out which adapters may not belong to their models."""
        pairs = [row.adapted() for row in self.rows]
        library = self.desk.library

        def look() -> list[tuple[str, AdapterDoubt | None]]:
            own = Overrides.of(library)
            return [(one[0], adapter_doubt(one[1], one[2], overrides=own)) for one in pairs if one]

        self.desk.background.run(
            self,
            look,
            self._show_doubts,
            only_newest="doubts",
        )

    def _show_doubts(self, found: Sequence[tuple[str, AdapterDoubt | None]]) -> None:
        lines = [f"{name}: {DOUBTS[doubt]}" for name, doubt in found if doubt]
        self.doubts.setText("\n".join(lines))
        self.doubts.setVisible(bool(lines))

    def _remove(self, row: "CandidateRow") -> None:
        self._drop(row)
        self.changed.emit()

    def _drop(self, row: "CandidateRow") -> None:
        self.rows.remove(row)
        row.delete()
        self._place()


class CandidateRow(QObject):
    """The controls of one model, laid out in the list's grid so that all rows align."""

    changed = Signal()
    removed = Signal()

    def __init__(self, desk: Desk, parent: QWidget, trainings: Sequence[Training]) -> None:
        super().__init__(parent)
        self.desk = desk
        self._bases: dict[str, Path] = {}
        self._wanted: Path | None = None
        self.marker = QLabel()
        self.name_box = QComboBox()
        self.name_box.setEditable(True)
        self.name_box.addItems(NAMES)
        self.name_box.setAccessibleName("Name")
        self.name_box.setToolTip(
            "Base, tuned and teacher have colours of their own. Any other name works too."
        )
        self.model = ModelPicker(desk, "gguf", "safetensors", prefer="mini-student.gguf")
        self.model.setAccessibleName("Model")
        self.adapter = QComboBox()
        self.adapter.setAccessibleName("Adapter")
        self.adapter.addItem("No adapter", None)
        self.adapter.addItem("A file…", FILE)
        self.system = QComboBox()
        self.system.setAccessibleName("System message")
        for kind, text, tip in self._systems():
            self.system.addItem(text, kind)
            self.system.setItemData(self.system.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self.own = QLineEdit()
        self.own.setPlaceholderText("Custom system message")
        self.own.setAccessibleName("Custom system message")
        self.own.setMaxLength(100_000)
        self.remove = QToolButton()
        self.remove.setAccessibleName("Remove this model")
        self.remove.setToolTip("Remove this model")
        for box, least in ((self.name_box, 10), (self.model, 18), (self.adapter, 12), (self.system, 12)):
            box.setMinimumContentsLength(least)
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.offer(trainings)
        self._connect()
        self._paint()

    @property
    def name(self) -> str:
        """The model's name."""
        return self.name_box.currentText().strip()

    @property
    def widgets(self) -> tuple[QWidget, ...]:
        """The controls in the order of the columns, then the custom message."""
        return (self.marker, self.name_box, self.model, self.adapter, self.system, self.remove, self.own)

    def place(self, grid: QGridLayout, line: int, *, narrow: bool) -> None:
        """Lay out the controls on a line of the grid, or on three, and the custom message below them."""
        for widget in self.widgets:
            grid.removeWidget(widget)
        if narrow:
            grid.addWidget(self.marker, line, 0)
            grid.addWidget(self.name_box, line, 1, 1, 4)
            grid.addWidget(self.remove, line, 5)
            grid.addWidget(self.model, line + 1, 1, 1, 4)
            grid.addWidget(self.adapter, line + 2, 1, 1, 2)
            grid.addWidget(self.system, line + 2, 3, 1, 2)
            grid.addWidget(self.own, line + 3, 1, 1, 4)
        else:
            for column, widget in enumerate(self.widgets[:COLUMNS]):
                grid.addWidget(widget, line, column)
            grid.addWidget(self.own, line + 1, 2, 1, 3)
        self.own.setVisible(self.system.currentData() == "own")

    def offer(self, trainings: Sequence[Training]) -> None:
        """Offer the adapters of these trainings, between none and a file."""
        for training in trainings:
            path = training.adapter_gguf
            if path is not None and self.adapter.findData(str(path)) < 0:
                self._bases[str(path)] = training.base
                self.adapter.insertItem(self.adapter.count() - 1, training.id, str(path))

    def set_name(self, name: str) -> None:
        """Name the model `name`; a teacher gets each family's strategy."""
        self.name_box.setCurrentText(name)
        self._renamed()

    def set_candidate(self, candidate: Candidate) -> None:
        """Show `candidate` in this row."""
        self.name_box.setCurrentText(candidate.name)
        self._wanted = candidate.model
        self.model.choose(candidate.model)
        self._choose_adapter(candidate.adapter)
        self.system.setCurrentIndex(SYSTEMS.index(candidate.system.kind))
        self.own.setText(candidate.system.text)
        self._paint()

    def candidate(self) -> Candidate:
        """Return the row's candidate. Raises UserError for whatever cannot be used."""
        model, name = self.model.selected(), self.name
        if not name:
            raise UserError("A model has no name.", "Name it base, tuned, teacher or as you like.")
        if self._wanted is not None and (model is None or model.path != self._wanted):
            raise UserError(
                f"The model of {name} was not found: {self._wanted}",
                "Add its folder on the Models page, or select another model.",
            )
        if model is None:
            raise UserError(f"No model is selected for {name}.", "Add a GGUF file on the Models page.")
        kind, adapter = self.system.currentData(), self.adapter.currentData()
        text = self.own.text() if kind == "own" else ""
        if kind == "own" and not text.strip():
            raise UserError(
                f"The system message of {name} is blank.", "Enter a message, or select another type."
            )
        return Candidate(
            name=name,
            model=model.path,
            adapter=Path(adapter) if adapter else None,
            system=System(kind=kind, text=text),
        )

    def adapted(self) -> tuple[str, Path, Path] | None:
        """Return the name, the adapter and the model of a row that has both."""
        model, adapter = self.model.path, self.adapter.currentData()
        return (self.name, Path(adapter), model) if model and adapter and adapter != FILE else None

    def delete(self) -> None:
        """Remove the controls."""
        for widget in self.widgets:
            widget.hide()
            widget.deleteLater()
        self.deleteLater()

    def _systems(self) -> list[tuple[str, str, str]]:
        return [
            ("cautious", "Cautious", "The generic message of the Orca 2 paper"),
            ("empty", "Empty", "No system message at all"),
            ("strategy", "Each family's strategy", "The instruction that the teacher gets"),
            ("wrong", "A wrong strategy", "The instruction of a strategy other than the task's own"),
            ("own", "Custom…", "Your own message, the same for every task"),
        ]

    def _connect(self) -> None:
        self.name_box.editTextChanged.connect(self._renamed)
        self.model.activated.connect(self._model_chosen)
        self.model.chosen.connect(lambda model: self.changed.emit())
        self.adapter.activated.connect(self._adapter_chosen)
        self.system.currentIndexChanged.connect(self._system_changed)
        self.own.textChanged.connect(self.changed)
        self.remove.clicked.connect(self.removed)
        self.desk.theme.changed.connect(self._paint)

    def _renamed(self) -> None:
        if self.name == "teacher" and self.system.currentData() == "cautious":
            self.system.setCurrentIndex(SYSTEMS.index("strategy"))
        self._paint()
        self.changed.emit()

    def _model_chosen(self) -> None:
        self._wanted = None
        self.changed.emit()

    def _system_changed(self) -> None:
        self.own.setVisible(self.system.currentData() == "own" and self.name_box.isVisible())
        self.changed.emit()

    def _adapter_chosen(self) -> None:
        chosen = self.adapter.currentData()
        if chosen == FILE:
            self.adapter.setCurrentIndex(0)
            self._ask_for_adapter()
        elif chosen in self._bases:
            self._choose_base(self._bases[chosen])
        self.changed.emit()

    def _choose_base(self, base: Path) -> None:
        """Select the base model of an adapter: it works with no other."""
        model = self.model.selected()
        if model is None or (model.path != base and model.path.parent != base):
            self._wanted = base
            self.model.choose(base)

    def _ask_for_adapter(self) -> None:
        dialog = QFileDialog(self.name_box, "Select a LoRA adapter", "", "Adapters (*.gguf)")
        dialog.fileSelected.connect(lambda text: self._choose_adapter(Path(text)))
        dialog.open()

    def _choose_adapter(self, path: Path | None) -> None:
        if path is not None and self.adapter.findData(str(path)) < 0:
            self.adapter.insertItem(self.adapter.count() - 1, path.name, str(path))
        self.adapter.setCurrentIndex(0 if path is None else self.adapter.findData(str(path)))
        self.changed.emit()

    def _paint(self) -> None:
        colours = self.desk.theme.colours
        self.marker.setPixmap(pixmap("target", colours, role_of(self.name)))
        self.remove.setIcon(icon("x", colours))
