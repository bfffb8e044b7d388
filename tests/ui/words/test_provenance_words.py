"""A record tells how it was made; one that was imported says what is unknown, and invents nothing."""

from dataclasses import replace

from library_doubles import make_record

from orca_desk.method.records import ImportedFrom, Provenance
from orca_desk.ui.words.provenance import made_lines, made_summary

TIME = "2026-11-27 21:00"


def test_a_record_of_the_teacher_names_its_model_and_sampling() -> None:
    lines = dict(made_lines(make_record(7), model="mini", time=TIME, run="generate-1"))
    assert lines["Model"].startswith("mini, SHA-256")
    assert "temperature 0, seed 7" in lines["Sampling"]
    assert lines["Tokens"] == "10 in the prompt, 7 generated, finish reason stop"
    assert made_summary(make_record(7), model=None, time=TIME).startswith("model not on this machine · F16")


def test_an_imported_record_names_its_file_and_invents_nothing() -> None:
    source = ImportedFrom(file="rows.jsonl", sha256="ab" * 32, line=1_234, model="gpt-4")
    made = Provenance.of_import(source, finish_reason="unknown", created_at="2026-01-01T00:00:00+00:00")
    record = replace(make_record(7), provenance=made)
    lines = dict(made_lines(record, model=None, time=TIME, run="import-answers-1"))
    assert lines["Imported from"] == "rows.jsonl, line 1,234"
    assert lines["Answered by"] == "gpt-4"
    assert lines["Sampling, engine, tokens"] == lines["Finish reason"] == "unknown"
    assert not lines.keys() & {"Model", "Sampling", "Engine", "Tokens", "Template"}
    unnamed = replace(record, provenance=replace(made, imported=replace(source, model="")))
    assert made_summary(unnamed, model=None, time=TIME) == (
        f"Imported from rows.jsonl · answered by unknown model · {TIME}"
    )
