"""The checks of a training before it starts."""

from dataclasses import replace

import pytest
from doubles import QUICK, open_small, small_snapshot, small_tasks

from orca_desk.library.snapshots import freeze, get_snapshot
from orca_desk.library.strategies import get_strategy
from orca_desk.library.tasks import add_tasks, update_task
from orca_desk.library.trainings import add_events, create_training
from orca_desk.method.records import Task
from orca_desk.models.identify import identify
from orca_desk.paths import bundled_models
from orca_desk.prompts.hf import HFTokenizer
from orca_desk.prompts.renderer import Renderer
from orca_desk.steps.train.checks import (
    Concern,
    FewRecords,
    HeldOutOverlap,
    LittleVariety,
    LongRecords,
    NoValidation,
    RevealedStrategies,
    SnapshotFacts,
    UnusableTokenizer,
    concerns,
    estimate_memory,
    estimate_time,
    heldout_overlap,
    snapshot_facts,
    token_lengths,
)
from orca_desk.student.settings import TrainSettings
from orca_desk.ui.words.training_checks import concern_text

BASE = bundled_models() / "mini-student"


@pytest.fixture
def library(tmp_path):
    with open_small(tmp_path / "library") as library:
        yield library


@pytest.fixture
def facts(library) -> SnapshotFacts:
    return snapshot_facts(library, small_snapshot(library), identify(BASE))


def found(facts: SnapshotFacts, settings: TrainSettings, context: int = 1024) -> list[Concern]:
    return concerns(facts, settings, context=context)


def test_lengths_are_those_that_the_trainer_will_see(library, monkeypatch):
    snapshot = get_snapshot(library, small_snapshot(library))
    measured = token_lengths(library, snapshot, BASE)
    renderer = Renderer(HFTokenizer.load(BASE))
    task = small_tasks(1)[0]
    answer = f"Recall: we are asked this.\nAnswer: {task.answer}"
    one = len(renderer.example(snapshot.instruction, task.user_text, answer).ids)
    assert one in measured.tokens and len(measured.tokens) == snapshot.records and measured.share == 1
    assert measured.longer_than(one - 1) >= 1 and measured.longer_than(measured.tokens[-1]) == 0

    monkeypatch.setattr("orca_desk.steps.train.checks.COUNTED_CHARACTERS", 10)
    monkeypatch.setattr("orca_desk.steps.train.checks.SAMPLE", 8)
    sample = token_lengths(library, snapshot, BASE)
    assert len(sample.tokens) == 8 and sample.share == 8 / snapshot.records
    assert sample.total == pytest.approx(measured.total, rel=0.2)


def test_records_that_are_too_long_stop_the_start_or_are_left_out_or_cut(facts):
    assert facts.lengths is not None
    longest = facts.lengths.tokens[-1]
    short = TrainSettings(max_length=longest - 1)
    first = found(facts, short)[0]
    assert isinstance(first, LongRecords)
    assert first.is_fatal
    assert (first.limit, first.longest, first.records) == (longest - 1, longest, facts.snapshot.records)
    assert not first.by_model
    text, hint = concern_text(first)
    assert "Training would not start" in text
    assert f"Raise max length to {longest}" in hint
    for truncation, words in (("drop", "left out"), ("cut", "cut off")):
        warnings = found(facts, replace(short, truncation=truncation))
        assert not any(one.is_fatal for one in warnings)
        assert any(words in concern_text(one)[0] for one in warnings)
    by_model = found(facts, TrainSettings(), context=longest - 1)[0]
    assert isinstance(by_model, LongRecords)
    assert by_model.by_model
    assert not any(isinstance(one, LongRecords) for one in found(facts, TrainSettings()))


def test_lengths_of_a_sample_are_worded_as_an_estimate(facts):
    assert facts.lengths is not None
    sampled = replace(facts, lengths=replace(facts.lengths, share=0.5))
    first = found(sampled, TrainSettings(max_length=facts.lengths.tokens[-1] - 1))[0]
    assert "about" in concern_text(first)[0]


def test_few_records_little_variety_and_no_validation_are_found(facts):
    problems = found(facts, TrainSettings(eval_fraction=0.0))
    assert problems == [FewRecords(records=32), LittleVariety(families=2, strategies=2), NoValidation()]
    assert [concern_text(one)[0] for one in problems] == [
        "The snapshot has only 32 records.",
        "The snapshot has 2 families and 2 strategies.",
        "No validation loss will be measured.",
    ]


def test_questions_that_are_held_out_are_counted_by_id_and_by_words(library):
    snapshot = small_snapshot(library)
    assert heldout_overlap(library, snapshot) == 0
    trained = [task for task in small_tasks() if task.split == "train"]
    update_task(library, replace(trained[0], split="heldout"))
    same_words = Task(
        family="other", query=trained[1].query.upper() + " ", context=trained[1].context, split="heldout"
    )
    add_tasks(library, [same_words])
    assert heldout_overlap(library, snapshot) == 2
    facts = snapshot_facts(library, snapshot, None)
    assert HeldOutOverlap(count=2) in found(facts, TrainSettings())


def test_an_instruction_that_quotes_a_strategy_is_found(library):
    small_snapshot(library)
    quoting = freeze(library, name="quoting", instruction=get_strategy(library, "step-by-step").instruction)
    facts = snapshot_facts(library, quoting.id, None)
    assert RevealedStrategies(strategies=("step-by-step",)) in found(facts, TrainSettings())


def test_a_base_without_a_tokenizer_is_refused(library, tmp_path):
    facts = snapshot_facts(library, small_snapshot(library), replace(identify(BASE), path=tmp_path))
    assert facts.lengths is None and "tokenizer.json" in facts.unreadable
    first = found(facts, TrainSettings(), context=0)[0]
    assert isinstance(first, UnusableTokenizer)
    assert first.is_fatal
    assert estimate_time(facts, TrainSettings(), context=0) is None


def test_time_is_estimated_from_the_newest_training_on_the_same_base(library, facts):
    time = estimate_time(facts, QUICK, context=1024)
    assert time is not None and time.high == 0 and time.steps > 1
    training = create_training(library, base=BASE, snapshot=facts.snapshot.id, settings=QUICK.to_dict())
    common = {"event": "metrics", "steps": 100, "loss": 1.0}
    events = [common | {"step": step, "tokens_per_second": 1000.0 + step} for step in range(1, 101)]
    add_events(library, training.id, events)
    known = snapshot_facts(library, facts.snapshot.id, identify(BASE))
    assert known.speed is not None and known.speed.training == training.id
    assert 1000 < known.speed.low < known.speed.median < known.speed.high < 1101
    time = estimate_time(known, QUICK, context=1024)
    assert known.lengths is not None and time is not None
    tokens = known.lengths.total * 0.9 * QUICK.epochs
    assert time.low == pytest.approx(tokens / known.speed.high)
    assert time.low < time.high == pytest.approx(tokens / known.speed.low)


def test_memory_depends_on_the_settings():
    model = identify(BASE)
    small = estimate_memory(model, TrainSettings(batch_tokens=512))
    large = estimate_memory(model, TrainSettings(batch_tokens=8192))
    assert small.needed < large.needed
    half = estimate_memory(model, TrainSettings(batch_tokens=8192, dtype="bfloat16"))
    saved = estimate_memory(model, TrainSettings(batch_tokens=8192, gradient_checkpointing="on"))
    assert half.needed < large.needed and saved.needed < large.needed
