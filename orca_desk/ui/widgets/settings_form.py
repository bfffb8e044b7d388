"""A form built from the fields of a settings dataclass: their types, defaults and help texts."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, Generic, Literal, TypeVar, get_args, get_origin, get_type_hints

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QGridLayout,
    QLabel,
    QLineEdit,
    QScrollArea,
    QSpinBox,
    QWidget,
)

from orca_desk.errors import SettingError
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.text import label
from orca_desk.ui.words.settings import title

Settings = TypeVar("Settings")
Control = QCheckBox | QComboBox | QLineEdit | QSpinBox
LARGEST = 2**31 - 1


class SettingsForm(QWidget, Generic[Settings]):
    """One row per field: its name, control and help. `changed` fires on each edit.

    A field's metadata has "help", and "level": "simple" fields are shown at once, "all" ones after
    `show_all(True)`. Constructing the dataclass checks the values.
    """

    changed = Signal()

    def __init__(
        self, kind: type[Settings], value: Settings | None = None, *, skip: Sequence[str] = ()
    ) -> None:
        super().__init__()
        self._kind = kind
        self._controls: dict[str, Control] = {}
        self._advanced: list[QWidget] = []
        self._problems: dict[str, QLabel] = {}  # below each field, shown while its value is invalid
        hints = get_type_hints(kind)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(2 * GRID)
        grid.setVerticalSpacing(GRID // 2)
        grid.setColumnStretch(2, 1)
        for field in fields(kind):  # type: ignore[arg-type]
            if field.name not in skip:
                control = _control(hints[field.name])
                self._controls[field.name] = control
                self._add_row(grid, field.name, control, dict(field.metadata))
                self._problems[field.name] = problem = label(size="caption", tone="bad", wrap=True)
                problem.hide()
                grid.addWidget(problem, grid.rowCount(), 1, 1, -1)
                _signal(control).connect(self.changed)
        self.set_value(value or kind())
        self.show_all(False)

    def value(self) -> Settings:
        """Return the settings, and mark the field with an invalid value.

        Raises SettingError for that, in the words of the form.
        """
        try:
            value = self._kind(**self._values())
        except SettingError as error:
            told = SettingError(error.setting, error.problem, error.hint, label=title(error.setting))
            self._mark(told.setting, str(told))
            raise told from None
        self._mark("", "")
        return value

    def reveal_problem(self) -> None:
        """Bring the marked field into view, also one that is shown on demand, and put the cursor into it."""
        name = next((name for name, problem in self._problems.items() if problem.text()), None)
        if name is None:
            return
        control, problem = self._controls[name], self._problems[name]
        if control in self._advanced:
            place = self._advanced.index(control)
            for widget in self._advanced[place - 1 : place + 2]:  # its name, itself, its help
                widget.show()
        control.setFocus()
        QTimer.singleShot(0, control, lambda: _scroll_to(control, problem))  # once it is laid out

    def _values(self) -> dict[str, Any]:
        values = {}
        for name, control in self._controls.items():
            try:
                values[name] = _read(control, get_type_hints(self._kind)[name])
            except ValueError:
                raise SettingError(name, f"{_text(control)!r} is not a number") from None
        return values

    def _mark(self, name: str, text: str) -> None:
        """Mark one field as invalid, with what is wrong below it, and no other."""
        for other, problem in self._problems.items():
            is_bad = other == name
            if is_bad or problem.text():
                problem.setText(text if is_bad else "")
                problem.setVisible(is_bad)
                control = self._controls[other]
                control.setProperty("invalid", is_bad)
                control.style().unpolish(control)
                control.style().polish(control)

    def set_value(self, value: Settings) -> None:
        """Show `value`."""
        for name, control in self._controls.items():
            _write(control, getattr(value, name))

    def show_all(self, shown: bool) -> None:
        """Show all settings, or only the simple ones."""
        for widget in self._advanced:
            widget.setVisible(shown)

    def control(self, name: str) -> Control:
        """Return the control of a field."""
        return self._controls[name]

    def _add_row(self, grid: QGridLayout, name: str, control: Control, about: dict[str, str]) -> None:
        row = grid.rowCount()
        words: QLabel = label(title(name))
        words.setBuddy(control)
        help_text = label(about.get("help", ""), size="caption", tone="muted", wrap=True)
        control.setToolTip(about.get("help", ""))
        control.setAccessibleName(title(name))
        control.setAccessibleDescription(about.get("help", ""))
        control.setMinimumWidth(16 * GRID)
        grid.addWidget(words, row, 0)
        grid.addWidget(control, row, 1)
        grid.addWidget(help_text, row, 2)
        if about.get("level", "simple") == "all":
            self._advanced += [words, control, help_text]


def _scroll_to(*widgets: QWidget) -> None:
    """Scroll so that the widgets are visible; the first one for certain."""
    parent = widgets[0].parentWidget()
    while parent is not None and not isinstance(parent, QScrollArea):
        parent = parent.parentWidget()
    if parent is not None:
        for widget in reversed(widgets):
            parent.ensureWidgetVisible(widget)


def number_box(low: int, high: int) -> QSpinBox:
    """Return a box for whole numbers from `low` to `high`."""
    box = QSpinBox()
    box.setRange(low, high)
    box.setGroupSeparatorShown(True)
    indent(box)
    return box


def indent(box: QSpinBox | QDoubleSpinBox) -> None:
    """Indent the number in a box, which a style sheet cannot do."""
    box.lineEdit().setTextMargins(GRID - 2, 0, 0, 0)


def _control(hint: Any) -> Control:
    if hint is bool:
        return QCheckBox()
    if get_origin(hint) is Literal:
        box = QComboBox()
        box.addItems([str(choice) for choice in get_args(hint)])
        return box
    if hint is int:
        return number_box(0, LARGEST)
    return QLineEdit()


def _signal(control: Control) -> Any:
    if isinstance(control, QCheckBox):
        return control.toggled
    if isinstance(control, QComboBox):
        return control.currentTextChanged
    return control.valueChanged if isinstance(control, QSpinBox) else control.textChanged


def _text(control: Control) -> str:
    return control.text() if isinstance(control, QLineEdit) else ""


def _read(control: Control, hint: Any) -> Any:
    if isinstance(control, QCheckBox):
        return control.isChecked()
    if isinstance(control, QComboBox):
        return control.currentText()
    if isinstance(control, QSpinBox):
        return control.value()
    return float(control.text()) if hint is float else control.text()


def _write(control: Control, value: Any) -> None:
    if isinstance(control, QCheckBox):
        control.setChecked(value)
    elif isinstance(control, QComboBox):
        control.setCurrentText(str(value))
    elif isinstance(control, QSpinBox):
        control.setValue(value)
    else:
        short = f"{value:g}" if isinstance(value, float) else str(value)
        control.setText(short if type(value)(short) == value else repr(value))
