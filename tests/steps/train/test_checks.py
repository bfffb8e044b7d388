"""The checks of a training before it starts."""

import json
import shutil
from dataclasses import replace

import pytest
from doubles import QUICK, open_small, small_snapshot, small_tasks
from library_doubles import make_record, update_tasks

from orca_desk.library.new_records import NewRecord, add_records
from orca_desk.library.snapshots import freeze, get_snapshot, write_snapshot
from orca_desk.library.strategies import get_strategy
from orca_desk.library.tasks import add_tasks
from orca_desk.library.trainings import add_events, create_training
from orca_desk.method.records import Task
from orca_desk.method.snapshot_rules import SnapshotRules
from orca_desk.models.fits import training_fit
from orca_desk.models.identify import identify
from orca_desk.paths import bundled_models
from orca_desk.prompts.hf import HFTokenizer
from orca_desk.prompts.renderer import Renderer
from orca_desk.steps.demo.walk import TRAINING
from orca_desk.steps.train.checks import (
    Concern,
    EmptyAnswers,
    FewRecords,
    HeldOutOverlap,
    HighLearningRate,
    LargeCheck,
    LittleVariety,
    LongRecords,
    ManyThreads,
    NoValidation,
    RevealedStrategies,
    SnapshotFacts,
    UnknownTargets,
    UnsoundBase,
    UnusableEngine,
    UnusableTokenizer,
    concerns,
    heldout_overlap,
    snapshot_facts,
    usual_rate,
)
from orca_desk.steps.train.estimates import estimate_time
from orca_desk.steps.train.lengths import token_lengths
from orca_desk.student.data import prepare
from orca_desk.student.packing import schedule_steps
from orca_desk.student.settings import Thoughts, TrainSettings, Truncation
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
    assert measured.longer_than(one - 1) >= 1 and measured.longer_than(measured.longest) == 0

    monkeypatch.setattr("orca_desk.steps.train.lengths.COUNTED_CHARACTERS", 10)
    monkeypatch.setattr("orca_desk.steps.train.lengths.SAMPLE", 8)
    sample = token_lengths(library, snapshot, BASE)
    assert len(sample.tokens) == 8 and sample.share == 8 / snapshot.records
    assert sample.total == pytest.approx(measured.total, rel=0.2)


@pytest.mark.parametrize("thoughts", ["train", "mask"])
@pytest.mark.parametrize("truncation", ["cut", "drop"])
def test_masked_thoughts_choose_the_records_that_the_trainer_chooses(
    library, tmp_path, thoughts: Thoughts, truncation: Truncation
):
    """Where thoughts are masked, a record whose answer lies beyond the limit teaches nothing."""
    tasks = [task for task in small_tasks() if task.split == "train"][:4]
    answers = [
        "<think>Hm.</think>Answer: 1",
        "<think>Hm.</think>",
        f"<think>{'so ' * 40}</think>1",
        "Answer: 4",
    ]
    made = [
        make_record(number, task_id=task.id, family=task.family, user=task.user_text, response=answer)
        for number, (task, answer) in enumerate(zip(tasks, answers, strict=True), start=1)
    ]
    add_records(library, [NewRecord(record=one, verdict=None, leaks=()) for one in made])
    snapshot = freeze(library, name="thoughts", rules=SnapshotRules(only_paired=False, overlap="allow"))
    assert snapshot.records == 3  # one of thoughts alone never gets in
    lengths = token_lengths(library, snapshot, BASE)
    limit = lengths.longest - 10
    settings = replace(QUICK, thoughts=thoughts, truncation=truncation, max_length=limit, eval_fraction=0.0)
    write_snapshot(library, snapshot.id, tmp_path / "records.jsonl")
    renderer = Renderer(HFTokenizer.load(BASE))
    trained = prepare(tmp_path / "records.jsonl", renderer, settings, context=1024).training
    assert sorted(len(one.ids) for one in trained) == sorted(lengths.trained(settings, limit))


def test_records_that_are_too_long_stop_the_start_or_are_left_out_or_cut(facts):
    assert facts.lengths is not None
    longest = facts.lengths.longest
    short = TrainSettings(max_length=longest - 1)
    first = found(facts, short)[0]
    assert isinstance(first, LongRecords)
    assert first.is_fatal
    assert (first.limit, first.longest, first.records) == (longest - 1, longest, facts.snapshot.records)
    assert not first.by_model
    text, hint = concern_text(first)
    assert "Training would not start" in text
    assert f"Raise longest record to {longest}" in hint
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
    first = found(sampled, TrainSettings(max_length=facts.lengths.longest - 1))[0]
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
    update_tasks(library, [replace(trained[0], split="heldout")])
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


def test_a_check_that_needs_too_much_memory_is_told_before(library, monkeypatch):
    base = replace(identify(BASE), parameters=7_000_000_000)
    monkeypatch.setattr("orca_desk.models.fits.free_memory", lambda: 24 * 2**30)
    told = found(snapshot_facts(library, small_snapshot(library), base), TrainSettings())
    (check,) = [one for one in told if isinstance(one, LargeCheck)]
    assert check.needed > 26 * 2**30 and not check.is_fatal
    text = concern_text(check)[0]
    assert text.startswith("The check at the end needs about 26")
    assert text.endswith("24.0 GiB is available now.")
    small = found(snapshot_facts(library, small_snapshot(library), identify(BASE)), TrainSettings())
    assert not [one for one in small if isinstance(one, LargeCheck)]


def test_a_base_without_a_tokenizer_is_refused(library, tmp_path):
    facts = snapshot_facts(library, small_snapshot(library), replace(identify(BASE), path=tmp_path))
    assert facts.lengths is None and "tokenizer.json" in facts.unreadable
    first = found(facts, TrainSettings(), context=0)[0]
    assert isinstance(first, UnusableTokenizer)
    assert first.is_fatal
    assert estimate_time(facts.lengths, None, TrainSettings(), identify(BASE)) is None


def test_time_is_estimated_from_the_newest_training_on_the_same_base(library, facts):
    time = estimate_time(facts.lengths, None, QUICK, identify(BASE))
    assert time is not None and 0 < time.low < time.high and time.steps > 1
    training = create_training(library, base=BASE, snapshot=facts.snapshot.id, settings=QUICK.to_dict())
    common = {"event": "metrics", "steps": 100, "loss": 1.0}
    events = [common | {"step": step, "tokens_per_second": 1000.0 + step} for step in range(1, 101)]
    add_events(library, training.id, events)
    known = snapshot_facts(library, facts.snapshot.id, identify(BASE))
    speed = known.speed(QUICK)
    assert speed is not None and speed.training == training.id
    assert 1000 < speed.low < speed.median < speed.high < 1101
    assert known.speed(replace(QUICK, engine="mlx")) is None  # which is not as fast
    time = estimate_time(known.lengths, speed, QUICK, identify(BASE))
    assert known.lengths is not None and time is not None
    tokens = sum(known.lengths.trained(QUICK, 1024)) * QUICK.epochs
    assert time.low == pytest.approx(tokens / speed.high)
    assert time.low < time.high == pytest.approx(tokens / speed.low)


@pytest.mark.parametrize(
    ("change", "limit"),
    [({}, 2048), ({"truncation": "drop"}, 70), ({"truncation": "cut"}, 60), ({"eval_fraction": 0.5}, 2048)],
)
@pytest.mark.parametrize("accumulation", [1, 3])
def test_the_steps_are_those_that_the_trainer_takes(library, tmp_path, change, limit, accumulation):
    """For every mixture of lengths, also with records that are dropped, cut or empty."""
    snapshot = get_snapshot(library, small_snapshot(library))
    settings = replace(
        QUICK, epochs=3, batch_tokens=300, max_length=limit, accumulation=accumulation, **change
    )
    records = tmp_path / "records.jsonl"
    write_snapshot(library, snapshot.id, records)
    renderer = Renderer(HFTokenizer.load(BASE))
    trained = prepare(records, renderer, settings, context=1024).training
    taken = list(schedule_steps([len(example.ids) for example in trained], settings))
    lengths = token_lengths(library, snapshot, BASE)
    estimate = estimate_time(lengths, None, settings, identify(BASE))
    assert estimate is not None and estimate.is_exact
    assert estimate.steps == len(taken) >= 3


def test_steps_from_a_sample_are_an_estimate(facts):
    assert facts.lengths is not None
    sampled = replace(facts.lengths, share=0.5)
    whole = estimate_time(facts.lengths, None, QUICK, identify(BASE))
    half = estimate_time(sampled, None, QUICK, identify(BASE))
    assert whole is not None and half is not None
    assert (whole.is_exact, half.is_exact, half.steps) == (True, False, 2 * whole.steps)


@pytest.mark.parametrize(
    ("rate", "usual", "is_said"),
    [(5e-3, 2e-4, True), (2e-3, 2e-4, False), (5e-3, 5e-3, False), (0.06, 5e-3, True)],
)
def test_a_rate_far_beyond_the_usual_one_is_said(facts, rate, usual, is_said):
    said = concerns(facts, TrainSettings(learning_rate=rate), context=1024, rate=usual)
    high = [one for one in said if isinstance(one, HighLearningRate)]
    assert high == ([HighLearningRate(rate=rate, usual=usual)] if is_said else [])
    assert not any(one.is_fatal for one in high)


def test_the_mini_students_usual_rate_is_the_demos(tmp_path):
    assert usual_rate(BASE) == TRAINING.learning_rate
    assert usual_rate(tmp_path) == TrainSettings().learning_rate


def test_layers_that_the_model_lacks_prevent_the_start(facts):
    first = found(facts, TrainSettings(targets="q_proj,foo_proj"))[0]
    assert isinstance(first, UnknownTargets) and first.is_fatal
    text, hint = concern_text(first)
    assert text == "The model has no layer named foo_proj."
    assert "down_proj, gate_proj, k_proj" in hint
    assert not any(isinstance(one, UnknownTargets) for one in found(facts, TrainSettings(targets="v_proj")))


def test_an_engine_that_is_not_there_prevents_the_start(facts, monkeypatch):
    monkeypatch.setattr("orca_desk.student.engines.find_spec", lambda name: None)
    first = found(facts, TrainSettings(engine="mlx"))[0]
    assert isinstance(first, UnusableEngine) and first.is_fatal
    text, hint = concern_text(first)
    assert "MLX is not installed" in text and "engine to torch" in hint
    assert not any(isinstance(one, UnusableEngine) for one in found(facts, TrainSettings()))


def test_more_threads_than_cores_are_said(facts, monkeypatch):
    monkeypatch.setattr("orca_desk.steps.train.checks.usable_cores", lambda: 2)
    assert ManyThreads(threads=500, cores=2) in found(facts, TrainSettings(threads=500))
    assert not any(isinstance(one, ManyThreads) for one in found(facts, TrainSettings(threads=2)))


def test_a_base_whose_weights_and_configuration_disagree_prevents_the_start(library, tmp_path):
    base = tmp_path / "base"
    shutil.copytree(BASE, base)
    config = json.loads((base / "config.json").read_text())
    (base / "config.json").write_text(json.dumps(config | {"tie_word_embeddings": True}))
    facts = snapshot_facts(library, small_snapshot(library), identify(base))
    first = found(facts, TrainSettings())[0]
    assert isinstance(first, UnsoundBase) and first.is_fatal
    assert "ties the head" in concern_text(first)[1]


def test_one_question_leaves_nothing_for_the_validation_loss(facts):
    assert facts.lengths is not None
    one = replace(facts.lengths, groups=("same",) * len(facts.lengths.groups))
    said = found(replace(facts, lengths=one), TrainSettings())
    assert NoValidation(by_records=True) in said


def test_records_without_an_answer_are_counted(facts):
    assert facts.lengths is not None
    said = found(replace(facts, lengths=replace(facts.lengths, empty=3)), TrainSettings())
    assert EmptyAnswers(count=3) in said


def test_memory_depends_on_the_settings():
    model = identify(BASE)
    small = training_fit(model, TrainSettings(batch_tokens=512))
    large = training_fit(model, TrainSettings(batch_tokens=8192))
    assert small.needed < large.needed
    half = training_fit(model, TrainSettings(batch_tokens=8192, dtype="bfloat16"))
    saved = training_fit(model, TrainSettings(batch_tokens=8192, gradient_checkpointing="on"))
    assert half.needed < large.needed and saved.needed < large.needed
