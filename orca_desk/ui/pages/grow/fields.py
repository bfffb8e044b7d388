"""The fields that the forms of this page share."""

from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QFormLayout, QSizePolicy, QVBoxLayout, QWidget

from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.settings_form import indent
from orca_desk.ui.widgets.text import label


def form(layout: QVBoxLayout) -> QFormLayout:
    """Return a form at the end of `layout`."""
    rows = QFormLayout()
    rows.setContentsMargins(0, 0, 0, 0)
    rows.setHorizontalSpacing(2 * GRID)
    rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    rows.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
    layout.addLayout(rows)
    return rows


def add_row(rows: QFormLayout, words: str, field: QWidget) -> None:
    """Add a field with its name, which is read out too."""
    name = label(words)
    name.setBuddy(field)
    field.setAccessibleName(words.replace("&", ""))
    rows.addRow(name, field)


def family_box() -> QComboBox:
    """Return a box to select a family, or to name a new one."""
    box = QComboBox()
    box.setEditable(True)
    box.setMinimumContentsLength(12)  # a family can have a long name
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    if line := box.lineEdit():
        line.setPlaceholderText("Select or name it")
    return box


def decimal_box(low: float, high: float) -> QDoubleSpinBox:
    """Return a box for a number with one decimal."""
    box = QDoubleSpinBox()
    box.setRange(low, high)
    box.setDecimals(1)
    box.setSingleStep(0.1)
    indent(box)
    return box
