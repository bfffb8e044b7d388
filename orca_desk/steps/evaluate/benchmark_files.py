"""Standard benchmarks as `lm-eval` has them: is it installed, and which tasks do a folder's files define?"""

import importlib.util
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from orca_desk.errors import UserError

NEEDED = ("lm_eval", "tenacity", "aiohttp")  # the last two are its extra `api`
MOST_FILES, LARGEST = 20_000, 1_000_000  # task files, and bytes of one
_NAME = re.compile(r"^(task|group):[ \t]*[\"']?([A-Za-z0-9][\w./+-]*)[\"']?[ \t]*(?:#.*)?$", re.MULTILINE)
_CODE = re.compile(r"!function\b|^class[ \t]*:", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class BenchmarkTasks:
    """The tasks and groups that the YAML files of a folder name, and whether any file names Python code.

    lm-eval runs such code, also that of a file which others include: it counts for every task.
    """

    folder: Path
    names: tuple[str, ...]
    runs_code: bool


def lm_eval_problem() -> str:
    """Return why `lm-eval` cannot be run here; "" where it can."""
    if getattr(sys, "frozen", False):
        return "The packaged app has no lm-eval. Install Orca Desk by pip to use it."
    if any(importlib.util.find_spec(name) is None for name in NEEDED):
        return 'lm-eval is not installed. Install it: pip install "orca-desk[lm-eval]".'
    return ""


def benchmark_tasks(folder: Path) -> BenchmarkTasks:
    """Return the tasks of a folder. Raises UserError where there is none."""
    if not folder.is_dir():
        raise UserError(f"{folder} is not a folder.", "Choose the folder with the task files.")
    names: dict[str, None] = {}
    runs_code = False
    files = [path for path in sorted(folder.rglob("*")) if path.suffix in (".yaml", ".yml")][:MOST_FILES]
    for path in files:
        try:
            text = path.read_text(encoding="utf-8") if path.stat().st_size <= LARGEST else ""
        except (OSError, UnicodeDecodeError):
            continue
        names |= dict.fromkeys(match[2] for match in _NAME.finditer(text))
        runs_code = runs_code or _CODE.search(text) is not None
    if not names:
        raise UserError(
            f"{folder} contains no lm-eval task.", "A task is a YAML file with a line such as task: my_task."
        )
    return BenchmarkTasks(folder=folder, names=tuple(names), runs_code=runs_code)


def check_tasks(known: BenchmarkTasks, wanted: tuple[str, ...], *, allow_code: bool) -> None:
    """Raise UserError for a task that the folder lacks, and for Python code unless that is allowed."""
    if not wanted:
        raise UserError("No task is selected.", "Select at least one.")
    if unknown := [name for name in wanted if name not in known.names]:
        shown = ", ".join(known.names[:8])
        raise UserError(f"{known.folder} has no task {unknown[0]}.", f"It has: {shown}.")
    if known.runs_code and not allow_code:
        raise UserError(
            f"Task files in {known.folder} run Python code of their own.",
            "Read it first; if you trust it, allow code and run again.",
        )
