"""Fields in a scrolled form: the mouse wheel scrolls the form instead of changing a value."""

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QAbstractSpinBox, QComboBox, QWidget


class _WheelGuard(QObject):
    """Passes wheel events to the form, unless the field has the focus."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Ignore the wheel over a field without the focus."""
        if event.type() == QEvent.Type.Wheel and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()
            return True
        return False


def leave_wheel_to_form(form: QWidget) -> None:
    """Make the wheel scroll over all number fields and combo boxes inside `form`."""
    guard = _WheelGuard(form)
    for field in (*form.findChildren(QAbstractSpinBox), *form.findChildren(QComboBox)):
        field.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        field.installEventFilter(guard)
