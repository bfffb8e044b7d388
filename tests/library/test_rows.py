"""Rows go in without the libraries that sqlite-utils only looks at."""

import subprocess
import sys

WRITE = """
import sqlite3, sys
from orca_desk.library.rows import table
db = sqlite3.connect(":memory:")
db.execute("CREATE TABLE words (word TEXT)")
table(db, "words").insert_all([{"word": "one"}, {"word": "two"}])
assert db.execute("SELECT count(*) FROM words").fetchone() == (2,)
assert not {"numpy", "pandas"} & sys.modules.keys()
import numpy
assert numpy.zeros(1).sum() == 0
"""


def test_a_write_imports_neither_numpy_nor_pandas_and_keeps_neither_away() -> None:
    subprocess.run([sys.executable, "-c", WRITE], check=True, timeout=60)


BESIDE = """
import sys, threading
from orca_desk.library.rows import sqlite_utils

def beside(event, arguments):
    # While sqlite-utils is imported, and numpy hidden from that, another thread imports numpy
    if event == "import" and arguments[0] == "sqlite_utils.db":
        other = threading.Thread(target=lambda: __import__("numpy"))
        other.start()
        other.join()

sys.addaudithook(beside)
sqlite_utils()
assert sys.modules["numpy"].zeros(1).sum() == 0
"""


def test_another_thread_can_import_numpy_meanwhile() -> None:
    done = subprocess.run([sys.executable, "-c", BESIDE], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
