"""Tasks of lm-evaluation-harness: a YAML file that says how the rows of a local file become questions."""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import yaml
from jinja2 import StrictUndefined, TemplateError

from orca_desk.errors import UserError
from orca_desk.formats.archives import Files, text_of
from orca_desk.formats.choices import LETTERS
from orca_desk.formats.file_sets import YAML, OpenRows
from orca_desk.formats.parts import ContainerFormat, Form, Part
from orca_desk.formats.rows import BadRow, Literal, Row, native
from orca_desk.formats.sandbox import Sandbox
from orca_desk.formats.shapes import EARLIER
from orca_desk.formats.task_rows import RowReader
from orca_desk.method.records import Split

_MOST = 200_000  # bytes of a YAML file
_LONGEST = 1_000_000  # characters of a rendered text
_SPLITS: dict[str, Split] = {
    "test_split": "heldout",
    "validation_split": "heldout",
    "training_split": "train",
    "fewshot_split": "train",
}  # fmt: skip
_SOURCES = {"json": (".jsonl", ".json"), "csv": (".csv",), "parquet": (".parquet",), "text": (".txt",)}
_TASK = re.compile(r"^(?:doc_to_text|dataset_path)\s*:", re.MULTILINE)
_KEPT = ("id", "family", "split", "tags", "answer_kind", "strategy")
_DEPTH = 5  # files that include each other


class _Code:
    """What `!function` names: code, which is never run."""


class _Loader(yaml.SafeLoader):  # type: ignore[misc]
    """Reads YAML with lm-eval's own tag."""


_Loader.add_constructor("!function", lambda loader, node: _Code())


class _RefusedTaskError(Exception):
    """A task that cannot be read; the text says why."""


_FAULTS = (
    TemplateError, _RefusedTaskError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError,
    RecursionError, SyntaxError, MemoryError,
)  # fmt: skip


def is_task(text: str) -> bool:
    """Return whether a text is the YAML of a task, perhaps a broken one."""
    return _TASK.search(text) is not None


class TaskFolder:
    """The tasks in a folder of YAML files, or in the files `only`."""

    format: ContainerFormat = "lm-eval"
    by_family = False

    def __init__(self, files: Files, path: Path, open_rows: OpenRows, only: Sequence[str] = ()) -> None:
        self._files, self._path, self._open_rows = files, path, open_rows
        self._environment = Sandbox(undefined=StrictUndefined, keep_trailing_newline=True)
        self._sets: dict[Part, tuple[dict[str, Any], list[str]]] = {}
        refused: dict[str, str] = {}
        for name in only or tasks_in(files):
            try:
                self._add(name)
            except _RefusedTaskError as error:
                refused[name] = str(error)
        self.aside: Sequence[str] = tuple(f"{name} ({reason})" for name, reason in refused.items())
        if refused and not self._sets:
            name, reason = next(iter(refused.items()))
            raise UserError(
                f"The lm-eval task {self._files.path(name)} cannot be read: {reason}.",
                "Import the file with its rows instead, or what lm-eval writes with --log_samples.",
            )

    def parts(self) -> tuple[Part, ...]:
        """Return the splits of the tasks."""
        return tuple(self._sets)

    def form(self, part: Part, inside: str) -> Form:
        """Return how the rows are held: by the names that `rows` gives."""
        return Form()

    def rows(self, part: Part, inside: str) -> Iterator[Row | BadRow]:
        """Yield the questions of a split, as the templates of its task write them."""
        task, names = self._sets[part]
        for name in names:
            with self._files.open(name) as stream:
                for row in self._open_rows(stream, self._files.path(name), "")[1]:
                    yield self._asked(task, row) if isinstance(row, Row) else row

    def _add(self, name: str) -> None:
        task = self._whole(name, ())
        if not isinstance(task.get("task"), str) or "doc_to_text" not in task:
            return  # a part that others include, or a group
        for key in ("process_docs", "doc_to_text", "doc_to_target", "doc_to_choice", "custom_dataset"):
            if isinstance(task.get(key), _Code):
                raise _RefusedTaskError(f"{key} is Python code (!function), which an import never runs")
        files = self._data(task, name)
        for key, split in _SPLITS.items():
            wanted = task.get(key)
            if isinstance(wanted, str) and wanted in files:
                part = Part(name=f"{task['task']}/{wanted}", kind="split", split=split)
                if all(part.name != one.name for one in self._sets):
                    self._sets[part] = (task, files[wanted])

    def _whole(self, name: str, seen: tuple[str, ...]) -> dict[str, Any]:
        """Return a task with what its file includes."""
        found = _load(text_of(self._files, name, _MOST))
        included = found.pop("include", None)
        if isinstance(included, str):
            other = str(PurePosixPath(name).parent / included)
            if other not in self._files.names() or other in seen or len(seen) > _DEPTH:
                raise _RefusedTaskError(f"it includes {included}, which is not beside it")
            found = {**self._whole(other, (*seen, name)), **found}
        return found

    def _data(self, task: Mapping[str, Any], name: str) -> dict[str, list[str]]:
        """Return the files of each split."""
        source, options = task.get("dataset_path"), task.get("dataset_kwargs")
        files = options.get("data_files") if isinstance(options, dict) else None
        if source not in _SOURCES:
            raise _RefusedTaskError(
                f"its rows are the data set {source!r}, which is not in the folder: import that data set"
            )
        if isinstance(files, (str, list)):
            files = {"train": files}  # as the library that lm-eval loads them with calls them
        if not isinstance(files, dict):
            raise _RefusedTaskError("dataset_kwargs names no data_files")
        return {
            str(split): [self._found(str(one), name) for one in (some if isinstance(some, list) else [some])]
            for split, some in files.items()
        }

    def _found(self, wanted: str, name: str) -> str:
        """Return the file of the folder that a task means; files elsewhere are never opened."""
        names = self._files.names()
        place = PurePosixPath(wanted.replace("\\", "/"))
        near = str(PurePosixPath(name).parent / place)
        for one in (near, str(place)):
            if one in names:
                return one
        alike = [one for one in names if PurePosixPath(one).name == place.name]
        if len(alike) != 1:
            raise _RefusedTaskError(f"its file {wanted} is not in the folder")
        return alike[0]

    def _asked(self, task: Mapping[str, Any], row: Row) -> Row | BadRow:
        """Return a row with question, answer and choices as the templates write them."""
        doc = {name: native(value) for name, value in row.values.items()}
        try:
            values = self._exchange(task, doc)
            values["context"] = self._text(task.get("description", ""), doc)
            samples = (task.get("fewshot_config") or {}).get("samples")
            if isinstance(samples, list):
                shown = [self._exchange(task, one) for one in samples[: int(task.get("num_fewshot") or 0)]]
                values[EARLIER] = [
                    turn
                    for one in shown
                    for turn in (
                        {"role": "user", "content": str(one["question"])},
                        {"role": "assistant", "content": str(one["answer"])},
                    )
                ]
        except _FAULTS as error:
            what = f"a template of the task does not fit the row ({str(error)[:200]})"
            return BadRow(line=row.line, what=what, hint="Correct the row or the task.", raw=row.raw)
        values["family"] = task["task"]
        if RowReader.is_ours(row.values.get("id")):  # an export of Orca Desk's keeps what it knew of the task
            values |= {name: row.values[name] for name in _KEPT if name in row.values}
        if task.get("num_fewshot") and EARLIER not in values:
            values["num_fewshot"] = task["num_fewshot"]  # drawn from a split by lm-eval: reported as not read
        return Row(line=row.line, values=values, raw=row.raw)

    def _exchange(self, task: Mapping[str, Any], doc: Mapping[str, Any]) -> dict[str, Any]:
        question, choices = (
            self._text(task["doc_to_text"], doc),
            self._choices(task.get("doc_to_choice"), doc),
        )
        target = self._target(task.get("doc_to_target", ""), doc)
        if choices and isinstance(target, int) and not isinstance(target, bool):
            target = LETTERS[target] if 0 <= target < min(len(choices), len(LETTERS)) else None
        found: dict[str, Any] = {"question": question, "answer": target if target is None else _said(target)}
        if choices:
            found["choices"] = choices
        return found

    def _target(self, spec: Any, doc: Mapping[str, Any]) -> Any:
        if isinstance(spec, str) and spec in doc:
            return doc[spec]
        if not isinstance(spec, str):
            return spec
        text = self._text(spec, doc).strip()
        return int(text) if text.isdigit() else text

    def _choices(self, spec: Any, doc: Mapping[str, Any]) -> list[str]:
        if isinstance(spec, str):
            spec = doc[spec] if spec in doc else ast.literal_eval(self._text(spec, doc))
        if isinstance(spec, dict):
            spec = list(spec.values())
        return [str(one) for one in spec or ()]

    def _text(self, spec: Any, doc: Mapping[str, Any]) -> str:
        if isinstance(spec, str) and spec in doc:
            return str(doc[spec])
        pieces, size = [], 0
        for piece in self._environment.from_string(str(spec)).generate(**doc):
            pieces.append(piece)
            size += len(piece)
            if size > _LONGEST:
                raise _RefusedTaskError("its output never ends")
        return "".join(pieces)


def tasks_in(files: Files) -> list[str]:
    """Return the YAML files that are tasks."""
    names = [name for name in files.names() if name.casefold().endswith(YAML)]
    return [name for name in names if is_task(text_of(files, name, _MOST))]


def _load(text: str) -> dict[str, Any]:
    try:
        found = yaml.load(text, _Loader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise _RefusedTaskError(f"it is not valid YAML ({' '.join(str(error).split())[:120]})") from error
    if not isinstance(found, dict):
        raise _RefusedTaskError("it is not a list of settings")
    return found


def _said(target: Any) -> Any:
    """Return a target as a row gives it: numbers as written, a list if there are several."""
    if isinstance(target, (int, float)) and not isinstance(target, bool):
        return Literal(target)
    return [str(one) for one in target] if isinstance(target, list) else target
