"""Snapshots derived from another one: identified by content, out of the lists, with their own account."""

import dataclasses

import pytest
from library_doubles import judged, make_record, make_task

from orca_desk.errors import UserError
from orca_desk.library.care.integrity import check
from orca_desk.library.database import Library
from orca_desk.library.derived import derive_snapshot
from orca_desk.library.lookup import look_up
from orca_desk.library.manifests import manifest
from orca_desk.library.new_records import add_records
from orca_desk.library.overview import overview
from orca_desk.library.snapshots import Snapshot, freeze, get_snapshot, list_snapshots, snapshot_records
from orca_desk.library.tasks import add_tasks
from orca_desk.method.snapshot_rules import SnapshotRules


@pytest.fixture
def source(library: Library) -> Snapshot:
    add_tasks(library, [make_task(n) for n in range(4)])
    add_records(library, [judged(make_record(n), n) for n in range(4)])
    return freeze(library, name="source")


def short(library: Library, source: Snapshot) -> Snapshot:
    records = (
        dataclasses.replace(record, assistant=record.assistant.removeprefix("Answer: "))
        for record in snapshot_records(library, source.id)
    )
    return derive_snapshot(library, source.id, "answers alone", records, {"arm": "answer-only"})


def test_a_derived_snapshot_can_be_trained_on_and_stays_out_of_the_lists(
    library: Library, source: Snapshot
) -> None:
    derived = short(library, source)
    kept = list(snapshot_records(library, derived.id))
    assert {record.assistant for record in kept} == {"0", "1", "2", "3"}
    assert not {record.id for record in kept} & {r.id for r in snapshot_records(library, source.id)}
    assert (derived.records, derived.families, derived.rules) == (4, {"sums": 4}, source.rules)
    assert [one.id for one in list_snapshots(library)] == [source.id]
    assert {one.id for one in list_snapshots(library, derived=True)} == {source.id, derived.id}
    assert overview(library).snapshots == 1
    assert [found.id for found in look_up(library, "answers alone")] == []
    assert check(library, thorough=True) == []


def test_a_snapshot_frozen_by_the_user_stays_listed_whatever_is_derived(
    library: Library, source: Snapshot
) -> None:
    same = derive_snapshot(library, source.id, "erased", snapshot_records(library, source.id), {})
    assert same == source
    assert list_snapshots(library) == [source]


def test_the_same_content_is_derived_once(library: Library, source: Snapshot) -> None:
    assert short(library, source) == short(library, source)
    assert len(list_snapshots(library, derived=True)) == 2


def test_nothing_is_derived_from_nothing(library: Library, source: Snapshot) -> None:
    with pytest.raises(UserError, match="Nothing of the snapshot source is left for none"):
        derive_snapshot(library, source.id, "none", [], {})
    with pytest.raises(UserError, match="no snapshot"):
        derive_snapshot(library, "0" * 32, "none", snapshot_records(library, source.id), {})
    assert get_snapshot(library, source.id) == source


def test_a_derived_snapshot_that_the_user_freezes_too_is_listed(library: Library, source: Snapshot) -> None:
    two = list(snapshot_records(library, source.id))[:2]
    derived = derive_snapshot(library, source.id, "two of them", two, {"arm": "first"})
    assert list_snapshots(library) == [source]
    frozen = freeze(library, name="my own", rules=SnapshotRules(cap=2))
    assert (frozen.id, frozen.name) == (derived.id, "two of them")
    assert {one.id for one in list_snapshots(library)} == {source.id, derived.id}
    assert manifest(library, derived.id)["account"]["considered"] == 4
