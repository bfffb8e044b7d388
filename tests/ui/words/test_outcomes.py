"""Outcomes that runs store as data read as sentences; older ones stay as they are."""

from orca_desk.method.fitness import Unfit
from orca_desk.steps.demo.stages import FrozenOutcome, PairedOutcome, ProbedStrategy
from orca_desk.steps.evaluate.outcome import EvaluationOutcome
from orca_desk.steps.teaching import Taught
from orca_desk.steps.train.outcome import StoppedAt
from orca_desk.ui.words.outcomes import outcome_text

TAUGHT = Taught(
    asked=2_450,
    known=1_447,
    usable=1_000,
    rejected={Unfit.INCORRECT: 2},
    failed={"Too long.": 1},
    tokens=9_000,
    seconds=10.0,
    finished=True,
)


def test_an_outcome_is_worded_with_its_reasons() -> None:
    assert outcome_text(TAUGHT.to_json()) == (
        "1,002 new records, 1,000 usable for training."
        " 1,447 already in the library; 2 rejected: incorrect answer; 1 failed: Too long. 900 tokens/s."
    )
    probed = outcome_text(TAUGHT.to_json(paired=1))
    assert probed.startswith("1 family paired by measurement. 1,002 new records")


def test_an_evaluation_is_worded_with_its_interval_and_failures() -> None:
    found = EvaluationOutcome(correct=3, graded=4, failed={"Too long.": 1})
    assert outcome_text(found.to_json()) == (
        "3 of 5 correct (60.0%, 23.1% to 88.2%). 1 task could not be asked and counts as incorrect: Too long."
    )
    computed = EvaluationOutcome(correct=1, graded=1, failed={}, engines=["orca-desk 1, CUDA0, batch of 32"])
    assert outcome_text(computed.to_json()).endswith(" Computed by orca-desk 1, CUDA0, batch of 32.")
    nothing = EvaluationOutcome(correct=0, graded=0, failed={})
    assert outcome_text(nothing.to_json()) == "0 of 0 correct."


def test_a_stopped_training_is_worded_by_where_it_stopped() -> None:
    assert "resumes from its newest checkpoint" in outcome_text(StoppedAt.TRAINING.to_json())
    assert "not exported and checked yet" in outcome_text(StoppedAt.CHECK.to_json())


def test_any_other_text_stays_as_it_is() -> None:
    for text in (
        "",
        "Interrupted.",
        "3",
        "[]",
        "{}",
        '{"stopped": "elsewhere"}',
        '{"evaluated": {}}',
        '{"taught": {}}',
    ):
        assert outcome_text(text) == text


def test_the_stages_of_the_demo_are_worded() -> None:
    best = ProbedStrategy(family="belief", strategy="step-by-step", correct=15, n=16)
    other = ProbedStrategy(family="belief", strategy="direct", correct=9, n=16)
    assert outcome_text(PairedOutcome(pairs=((best, other), (best,))).to_json()) == (
        "belief: step-by-step 15/16, next best direct 9/16\nbelief: step-by-step 15/16"
    )
    frozen = FrozenOutcome(records=2_194, left_out={Unfit.HELD_OUT: 3})
    assert outcome_text(frozen.to_json()) == (
        "2,194 training records with the cautious system message. Left out: held out for evaluation: 3."
    )
