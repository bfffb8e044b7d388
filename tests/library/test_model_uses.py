"""Which models made and used what: the teacher of a snapshot, and the files that rows name."""

from dataclasses import replace
from pathlib import Path

from library_doubles import judged, make_record

from orca_desk.library.chats import create_columns
from orca_desk.library.database import Library
from orca_desk.library.model_uses import (
    ModelUse,
    model_uses,
    records_by_model,
    teacher_of,
    trained_adapters,
)
from orca_desk.library.new_records import NewRecord, add_records
from orca_desk.library.snapshots import freeze
from orca_desk.library.trainings import create_training, set_adapter
from orca_desk.method.snapshot_rules import SnapshotRules


def made_by(model: str, number: int) -> NewRecord:
    record = make_record(number)
    return judged(replace(record, provenance=replace(record.provenance, model_sha256=model)), number)


def test_the_teacher_of_a_snapshot_made_most_of_its_records(library: Library) -> None:
    add_records(library, [made_by("few", 0), made_by("most", 1), made_by("most", 2)])
    assert teacher_of(library, freeze(library, name="mixed").id) == "most"
    assert records_by_model(library) == {"few": 1, "most": 2}
    assert teacher_of(library, "unknown") is None


def test_with_as_many_records_the_first_ones_teacher_counts(library: Library) -> None:
    add_records(library, [made_by("z", 0), made_by("a", 1), made_by("a", 2), made_by("z", 3)])
    assert teacher_of(library, freeze(library, name="tied").id) == "z"
    tied = freeze(library, name="one each", rules=SnapshotRules(cap=2))
    assert teacher_of(library, tied.id) == "z"


def test_uses_name_the_files_of_trainings_and_chats(library: Library) -> None:
    add_records(library, [made_by("teacher", 0)])
    base, adapter = Path("/models/base"), library.folder / "trainings" / "adapter.gguf"
    training = create_training(library, base=base, snapshot=freeze(library, name="one").id, settings={})
    create_columns(library, title="", models=[(Path("/models/a.gguf"), adapter)], system="")
    assert trained_adapters(library) == {}
    set_adapter(library, training.id, adapter=adapter.parent, gguf=adapter, sha256="f")
    assert trained_adapters(library) == {training.id: adapter}
    assert model_uses(library) == [
        ModelUse(user="training", id=training.id, path=base),
        ModelUse(user="chat", id="chat-1", path=Path("/models/a.gguf")),
        ModelUse(user="chat", id="chat-1", path=adapter),
    ]
