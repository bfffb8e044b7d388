"""How a teacher record was made, in words: by which model and how, or from which file it was imported."""

from orca_desk.counting import counted
from orca_desk.method.records import TeacherRecord

UNKNOWN = "unknown"
MISSING = "model not on this machine"


def made_summary(record: TeacherRecord, *, model: str | None, time: str) -> str:
    """Return how a record was made in one line; `model` is the teacher's name if it is on this machine."""
    made = record.provenance
    if made.imported is not None:
        who = made.imported.model or "unknown model"
        return f"Imported from {made.imported.file} · answered by {who} · {time}"
    name = model or MISSING
    tokens = counted(made.completion_tokens or 0, "token")
    return f"{name} · {made.quantisation} · {tokens} · {made.finish_reason} · {time}"


def made_lines(
    record: TeacherRecord, *, model: str | None, time: str, run: str | None
) -> list[tuple[str, str]]:
    """Return how a record was made as pairs of name and value; what a file does not tell is unknown."""
    made = record.provenance
    strategy = ("Strategy", f"{record.strategy}, version {record.strategy_version}")
    first = ("Record", f"{record.id}, sample {record.sample}")
    if made.imported is not None:
        source = made.imported
        return [
            first,
            ("Imported from", f"{source.file}, line {source.line:,}"),
            ("File", f"SHA-256 {source.sha256[:16]}…"),
            strategy,
            ("Answered by", source.model or UNKNOWN),
            ("Sampling, engine, tokens", UNKNOWN),
            ("Finish reason", made.finish_reason),
            ("Imported", f"{time}, {run}" if run else time),
        ]
    lines = [
        first,
        ("Model", f"{model or MISSING}, SHA-256 {made.model_sha256[:16]}…, {made.quantisation}"),
        strategy,
    ]
    if sampling := made.sampling:
        lines.append((
            "Sampling",
            f"temperature {sampling.temperature:g}, seed {sampling.seed}, top-k {sampling.top_k}, "
            f"top-p {sampling.top_p:g}, min-p {sampling.min_p:g}, "
            f"at most {counted(sampling.max_tokens, 'token')}",
        ))  # fmt: skip
    return [
        *lines,
        ("Engine", f"{made.engine}, batch of {made.batch}"),
        (
            "Tokens",
            f"{made.prompt_tokens or 0:,} in the prompt, {made.completion_tokens or 0:,} generated,"
            f" finish reason {made.finish_reason}",
        ),
        ("Template", f"SHA-256 {made.template_sha256[:16]}…"),
        ("Created", f"{time}, {run or 'imported'}"),
    ]
