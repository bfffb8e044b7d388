"""Fields in a scrolled form: the wheel scrolls the form and never changes a value on the way."""

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QAbstractSpinBox, QComboBox, QWidget


class _WheelGuard(QObject):
    """Hands the wheel on to the form, unless the field has the focus."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Ignore the wheel over a field that the user is not in."""
        if event.type() == QEvent.Type.Wheel and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()
            return True
        return False


def leave_wheel_to_form(form: QWidget) -> None:
    """Let the wheel scroll over all number fields and choices inside `form`."""
    guard = _WheelGuard(form)
    for field in (*form.findChildren(QAbstractSpinBox), *form.findChildren(QComboBox)):
        field.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        field.installEventFilter(guard)
