"""The desktop, in PySide6: the only package that knows a screen. No logic of the method lives here."""
