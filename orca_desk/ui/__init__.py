"""The desktop, in PySide6: the only package that uses a screen. No logic of the method lives here."""

import os

# By default PySide creates each of its types at its first use, and sometimes crashes if two threads do so at
# the same time: a script of 40 lines crashed in 26 of 300 runs, and in none of 300 with this option. The app
# imports the code of pages and plots in threads. The option adds less than 0.1 s to the start.
os.environ.setdefault("PYSIDE6_OPTION_LAZY", "0")
