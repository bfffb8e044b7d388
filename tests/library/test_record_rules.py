"""Records judged in a real library: rules in force, best of several, votes, and texts read once."""

from dataclasses import replace

import pytest
from library_doubles import judged, make_record, make_task

from orca_desk.errors import UserError
from orca_desk.library import votes
from orca_desk.library.database import Library
from orca_desk.library.fitness import count_usable, judge, prepare_facts, standings
from orca_desk.library.new_records import NewRecord, add_records
from orca_desk.library.overview import overview
from orca_desk.library.record_edits import decide, revise
from orca_desk.library.record_rules import current_rules, set_rules
from orca_desk.library.settings import set_setting
from orca_desk.library.snapshots import freeze, preview_freeze
from orca_desk.library.tasks import add_tasks
from orca_desk.method import answer_format
from orca_desk.method.fitness import DEFAULT_RULES, FitnessRules, RecordBasis, RecordStanding, Unfit
from orca_desk.method.snapshot_rules import SnapshotRules
from orca_desk.steps.erase.rules_preview import preview_rules
from orca_desk.ui.words.record_rules import uncounted_text

REFUSAL = "I'm sorry, but I can't help with that."


def answer(name: str, response: str, *, task: int = 1, tokens: int = 10, **fields: object) -> NewRecord:
    """An answer to a task without a reference."""
    record = make_record(task, id=name, response=response, **fields)
    return NewRecord(record=replace(record, provenance=replace(record.provenance, completion_tokens=tokens)))


def how(library: Library, rules: FitnessRules = DEFAULT_RULES) -> dict[str, RecordStanding]:
    """How all records stand, by id."""
    prepare_facts(library, rules)
    with library.read() as db:
        return {one.id: one.standing for one in judge(db, rules)}


def out(library: Library, rules: FitnessRules = DEFAULT_RULES) -> dict[str, Unfit]:
    """Those that are not used, with the first reason."""
    return {key: one.reason for key, one in how(library, rules).items() if one.reason}


def test_a_library_starts_with_the_default_rules_and_remembers_others(library: Library) -> None:
    assert current_rules(library) == DEFAULT_RULES
    other = FitnessRules(per_task=1, languages=("en", "de"), max_tokens=300, must_match="A$")
    assert set_rules(library, other) == DEFAULT_RULES
    assert current_rules(library) == other
    set_setting(library, "records.rules", {"per_task": -3})
    assert current_rules(library) == DEFAULT_RULES


def test_home_counts_by_the_rules_in_force(library: Library) -> None:
    add_records(library, [judged(make_record(1, id="a"), 1), answer("b", REFUSAL, task=2)])
    assert overview(library).usable == 2
    set_rules(library, FitnessRules(no_refusals=True))
    assert overview(library).usable == 1


def test_a_task_keeps_its_four_best_answers(library: Library) -> None:
    texts = [f"{'so ' * n}Answer: 1" for n in range(6)]
    add_records(
        library,
        [
            judged(
                replace(
                    make_record(1, id=f"r{n}", response=text),
                    provenance=replace(make_record(1).provenance, completion_tokens=10 - n),
                ),
                1,
            )
            for n, text in enumerate(texts)
        ],
    )
    assert out(library) == {"r0": Unfit.NOT_BEST, "r1": Unfit.NOT_BEST}
    assert overview(library).usable == preview_freeze(library).records == 4
    assert out(library, FitnessRules(per_task=1)).keys() == {"r0", "r1", "r2", "r3", "r4"}
    assert out(library, FitnessRules(per_task=None)) == {}
    decide(library, ["r0", "r1"], "keep")
    assert out(library, FitnessRules(per_task=1)).keys() == {"r2", "r3", "r4", "r5"}


def test_an_edit_is_what_counts(library: Library) -> None:
    add_records(library, [answer("a", REFUSAL), answer("b", "Anna looks into the box.", task=2)])
    rules = FitnessRules(no_refusals=True, max_characters=60)
    assert out(library, rules) == {"a": Unfit.REFUSAL}
    revise(library, "a", "Ben looks into the basket.", verdict=None)
    revise(library, "b", "Anna looks into the box. " * 3, verdict=None)
    assert out(library, rules) == {"b": Unfit.TOO_LONG}
    assert out(library, FitnessRules(must_match="basket")) == {"b": Unfit.FORMAT}


def test_texts_that_were_never_read_are_read_once(library: Library) -> None:
    add_records(library, [answer(f"r{n}", REFUSAL, task=n) for n in range(3)])
    library.write(lambda db: db.execute("DELETE FROM answer_facts"))
    seen: list[tuple[int, int]] = []
    rules = FitnessRules(no_refusals=True)
    prepare_facts(library, rules, on_progress=lambda done, total: seen.append((done, total)))
    assert seen == [(3, 3)]
    prepare_facts(library, rules, on_progress=lambda done, total: seen.append((done, total)))
    assert seen == [(3, 3)]
    assert set(out(library, rules).values()) == {Unfit.REFUSAL}


def test_samples_that_agree_are_in_and_never_count_as_correct(library: Library) -> None:
    add_tasks(library, [make_task(1, answer=None), make_task(2, answer=None)])
    add_records(
        library,
        [
            answer("a", "Answer: 7", sample=0),
            answer("b", "So it is. Answer: 7", sample=1),
            answer("c", "Answer: 8", sample=2),
            answer("alone", "Answer: 3", task=2),
        ],
    )
    rules = FitnessRules(agreement=0.6)
    assert out(library) == {}
    assert out(library, rules) == {"c": Unfit.NO_AGREEMENT, "alone": Unfit.NO_AGREEMENT}
    assert {one.basis for one in how(library, rules).values() if not one.reason} == {RecordBasis.AGREEMENT}
    assert out(library, FitnessRules(agreement=0.7)).keys() == {"a", "b", "c", "alone"}
    with library.read() as db:
        assert count_usable(db, rules) == 2
    assert preview_freeze(library).records == 4


def test_a_vote_is_counted_again_when_its_answers_change(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_records(library, [answer("a", "Answer: 7"), answer("b", "Answer: 8", sample=1)])
    rules = FitnessRules(agreement=0.6)
    assert out(library, rules).keys() == {"a", "b"}  # a tie
    add_records(library, [answer("c", "I say: Answer: 7", sample=2)])
    assert out(library, rules).keys() == {"b"}
    revise(library, "b", "It is 7.", verdict=None)
    assert out(library, rules) == {}
    decide(library, ["a"], "drop")
    assert out(library, rules) == {"a": Unfit.DROPPED}

    def no_vote(*texts: object, **more: object) -> None:
        raise AssertionError("counted again")

    prepare_facts(library, rules, vote=no_vote)  # type: ignore[arg-type]
    assert votes.LEAST == 2


def test_the_standing_of_a_few_records_is_that_among_all(library: Library) -> None:
    new = [
        judged(make_record(task, id=f"r{task}-{n}", response=f"{'so ' * (n // 2)}Answer: {task}"), task)
        for task in range(4)
        for n in range(7)
    ]
    add_records(library, new)
    decide(library, ["r1-3", "r2-6"], "keep")
    with library.read() as db:
        for rules in (DEFAULT_RULES, FitnessRules(per_task=1)):
            every = {one.n: one.standing for one in judge(db, rules)}
            for n in every:
                assert standings(db, rules, [n]) == {n: every[n]}


def test_an_expression_that_takes_too_long_is_told_and_ends(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answer_format, "LIMIT_S", 0.02)
    slow = "a" * 5000 + "b"
    rules = FitnessRules(must_not_match="(a+)+$")
    add_records(library, [answer(f"slow{n}", f"{slow}{n}", task=n) for n in range(2)])
    assert set(out(library, rules).values()) == {Unfit.FORMAT_UNCHECKED}
    add_records(library, [answer(f"more{n}", f"{slow}{n}", task=n + 5) for n in range(12)])
    assert set(out(library, rules).values()) == {Unfit.FORMAT_UNCHECKED}
    with pytest.raises(UserError, match="more than 10 answers"):
        freeze(library, name="slow", rules=SnapshotRules(must_not_match="(a+)+$"))
    set_rules(library, rules)
    assert overview(library).usable == 0
    with pytest.raises(UserError, match="more than 10 answers"):
        preview_rules(library, rules)
    assert preview_rules(library, DEFAULT_RULES).entering == 14, "there is a way out of the rules in force"


def test_a_preview_counts_what_a_limit_in_tokens_does_not_apply_to(library: Library) -> None:
    answers = [answer("a", "Answer: 1", tokens=0), answer("b", "Answer: 2", task=2, tokens=4)]
    add_records(library, answers)
    found = preview_rules(library, FitnessRules(max_tokens=5))
    assert (found.usable, found.uncounted) == (2, 1)
    assert uncounted_text(found.uncounted).startswith("The limits in tokens do not apply to 1 record:")
    assert uncounted_text(preview_rules(library, DEFAULT_RULES).uncounted) == ""


def test_only_what_is_considered_competes(library: Library) -> None:
    add_records(library, [judged(make_record(1, id="old", response="Answer: 1"), 1)], run=None)
    add_records(library, [judged(make_record(2, id="x", task_id=make_task(1).id, family="other"), 2)])
    with library.read() as db:
        assert [one.id for one in judge(db, FitnessRules(per_task=1), families=["other"])] == ["x"]
        assert judge(db, DEFAULT_RULES, runs=["none"]) == []
