"""The files that the user named as benchmarks: no snapshot takes what they ask, unless the user says so."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from orca_desk.errors import UserError
from orca_desk.library.clock import now
from orca_desk.library.database import Library
from orca_desk.method.records import digest


@dataclass(frozen=True, kw_only=True)
class Benchmark:
    """A file of questions that students are tested on, as it was when it was named."""

    id: str
    name: str
    path: Path
    questions: int
    added_at: str

    def to_json(self) -> dict[str, Any]:
        """Return the benchmark as JSON."""
        return {**asdict(self), "path": str(self.path)}


@dataclass(frozen=True, kw_only=True)
class RemovedBenchmark:
    """A benchmark with its questions by key: `restore_benchmark` restores it."""

    benchmark: Benchmark
    questions: Mapping[str, str]


def add_benchmark(library: Library, name: str, path: Path, questions: Mapping[str, str]) -> Benchmark:
    """Remember a file with its questions (texts by `question_key`); one of the same name is replaced.

    Raises UserError for a blank name.
    """
    name = name.strip()
    if not name:
        raise UserError("The benchmark has no name.", "Name it after its questions, e.g. GSM8K test.")
    added = Benchmark(
        id=digest([name]), name=name, path=path.absolute(), questions=len(questions), added_at=now()
    )
    _store(library, added, questions)
    return added


def list_benchmarks(library: Library) -> list[Benchmark]:
    """Return all named benchmarks, in the order of their names."""
    rows = library.rows("SELECT id, name, path, questions, added_at FROM benchmarks ORDER BY name")
    return [Benchmark(**{**dict(row), "path": Path(row["path"])}) for row in rows]


def remove_benchmark(library: Library, name: str) -> RemovedBenchmark:
    """Forget a benchmark; its file stays. Raises UserError if there is none of this name."""
    found = next((one for one in list_benchmarks(library) if one.name == name), None)
    if found is None:
        known = ", ".join(one.name for one in list_benchmarks(library)) or "none so far"
        raise UserError(f"There is no benchmark named {name}.", f"Known benchmarks: {known}.")
    rows = library.rows("SELECT question, user FROM benchmark_questions WHERE benchmark = ?", (found.id,))
    removed = RemovedBenchmark(benchmark=found, questions=dict(map(tuple, rows)))
    library.write(
        lambda db: [
            db.execute("DELETE FROM benchmark_questions WHERE benchmark = ?", (found.id,)),
            db.execute("DELETE FROM benchmarks WHERE id = ?", (found.id,)),
        ]
    )
    return removed


def restore_benchmark(library: Library, removed: RemovedBenchmark) -> None:
    """Undo `remove_benchmark`."""
    _store(library, removed.benchmark, removed.questions)


def _store(library: Library, benchmark: Benchmark, questions: Mapping[str, str]) -> None:
    values = {**asdict(benchmark), "path": str(benchmark.path)}
    rows = [(benchmark.id, key, user) for key, user in questions.items()]
    library.write(
        lambda db: [
            db.execute("DELETE FROM benchmark_questions WHERE benchmark = ?", (benchmark.id,)),
            db.execute(
                "INSERT OR REPLACE INTO benchmarks VALUES (:id, :name, :path, :questions, :added_at)", values
            ),
            db.executemany("INSERT INTO benchmark_questions VALUES (?, ?, ?)", rows),
        ]
    )
