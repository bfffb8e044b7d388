"""Which families and runs a freeze takes, and what becomes of records of sample tasks among one's own."""

from pytestqt.qtbot import QtBot

from orca_desk.library.snapshots import FreezeChoices
from orca_desk.method.snapshot_rules import SnapshotRules
from orca_desk.ui.pages.training.freeze_sources import FreezeSources


def test_records_of_samples_stay_out_until_they_are_asked_for(qtbot: QtBot) -> None:
    sources = FreezeSources()
    qtbot.addWidget(sources)
    sources.offer(
        FreezeChoices(
            families={"own": 3, "sample": 4, "sums": 5},
            runs={},
            left_out=frozenset({"sample"}),
            samples={"sums": 2},
        )
    )
    assert not sources.samples.isHidden() and not sources.samples.isChecked()
    assert sources.samples.text() == "Also records of sample tasks (2)"
    assert not sources.samples_out.isHidden(), "it says why a family is not checked"
    rules = sources.apply(SnapshotRules())
    assert (rules.families, rules.own_only) == (("own", "sums"), ("sums",))
    with qtbot.waitSignal(sources.changed):
        sources.samples.click()
    assert sources.apply(SnapshotRules()).own_only == ()


def test_without_samples_there_is_no_box_and_nothing_is_left_out(qtbot: QtBot) -> None:
    sources = FreezeSources()
    qtbot.addWidget(sources)
    sources.offer(FreezeChoices(families={"own": 3}, runs={}, left_out=frozenset(), samples={}))
    assert sources.samples.isHidden() and sources.samples_out.isHidden()
    rules = sources.apply(SnapshotRules())
    assert (rules.families, rules.own_only) == (None, ())
