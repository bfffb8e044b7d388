"""The files of an export while its rows come: one file, or a folder with a file for each split."""

import os
import secrets
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from orca_desk.errors import UserError
from orca_desk.files import sync_folder
from orca_desk.formats.writers.data_row import DataRow
from orca_desk.formats.writers.lm_eval_task import compared_as
from orca_desk.formats.writers.row_files import RowFile, row_file, rows_sha256
from orca_desk.method.records import question_key
from orca_desk.steps.hand_over.handed_over import DataFile
from orca_desk.steps.hand_over.request import HandOverRequest

VALID_EVERY = 20  # one question in so many validates a training with MLX
_FIRST_VALID = 1


class DataWriter:
    """Takes rows and writes each to its file in `folder`; the one file of an export is `single` there."""

    def __init__(self, request: HandOverRequest, folder: Path, single: str = "") -> None:
        self._request, self._folder, self._single = request, folder, single
        self._open = ExitStack()
        self._files: dict[str, RowFile] = {}
        self.rows: Counter[str] = Counter()  # by file
        self._questions: dict[str, bool] = {}  # whether they validate

    def write(self, row: DataRow, values: dict[str, Any]) -> str:
        """Write the values of a row; return the name of its split."""
        split = self._split(row)
        name = self._single or f"{split}.{self._request.container}"
        if name not in self._files:
            self._files[name] = self._open.enter_context(
                row_file(self._folder / name, self._request.container)
            )
        self._files[name].write(values)
        self.rows[name] += 1
        return split

    def close(self) -> None:
        """Finish the files."""
        self._open.close()

    def data_files(self) -> tuple[DataFile, ...]:
        """Return the finished files, in the order of their names."""
        return tuple(
            DataFile(
                name=name,
                rows=rows,
                size=(self._folder / name).stat().st_size,
                sha256=rows_sha256(self._folder / name),
            )
            for name, rows in sorted(self.rows.items())
        )

    def _split(self, row: DataRow) -> str:
        if self._request.format == "lm-eval":
            return compared_as(row)
        if row.held_out:
            return "test"
        if self._request.format != "mlx":
            return "train"
        # All answers to one question are on the same side
        key = question_key(row.user)
        if key not in self._questions:
            self._questions[key] = len(self._questions) % VALID_EVERY == _FIRST_VALID
        return "valid" if self._questions[key] else "train"


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Yield a hidden folder beside `path` that becomes `path` when the block ends, and vanishes if it raises.

    Raises UserError where something is there already.
    """
    require_free_folder(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    part.mkdir()
    try:
        yield part
        require_free_folder(path)
        for file in part.iterdir():
            with file.open("rb+") as written:
                os.fsync(written.fileno())
        if path.is_dir():
            path.rmdir()
        part.rename(path)
    except BaseException as error:
        shutil.rmtree(part, ignore_errors=True)
        if isinstance(error, OSError) and error.errno is not None and error.filename is None:
            error.filename = str(path)  # writing names no file
        raise
    sync_folder(path.parent)


def require_free_folder(path: Path) -> None:
    """Raise UserError unless `path` is free, or an empty folder."""
    if path.is_dir() and not any(path.iterdir()):
        return
    if path.exists() or path.is_symlink():
        raise UserError(f"{path} already exists.", "Name a new folder: nothing is overwritten.")
