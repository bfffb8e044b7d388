"""A process that only trains keeps its memory."""

import subprocess
import sys

CODE = """
import gc
from orca_desk.workers.settling import settle
settle()
print(gc.get_freeze_count())
"""


def test_what_is_loaded_is_left_out_of_garbage_collection() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert int(done.stdout) > 0
