"""An experiment's estimate and outcome in words."""

from orca_desk.steps.experiment.estimate import ExperimentEstimate
from orca_desk.steps.experiment.outcome import ExperimentOutcome, experiment_from_json
from orca_desk.ui.words.experiments import estimate_sentence, experiment_outcome
from orca_desk.ui.words.outcomes import outcome_text


def estimate(training: str | None, evaluation: str | None) -> ExperimentEstimate:
    return ExperimentEstimate(
        trainings=15,
        evaluations=64,
        records=2_194,
        tasks=421,
        answers=64 * 421,
        low=540.0,
        high=1_560.0,
        training=training,
        evaluation=evaluation,
    )


def test_an_estimate_says_where_it_is_from() -> None:
    what = "15 trainings of 2,194 records each and 64 evaluations on 421 tasks: 9 min to 26 min, "
    assert estimate_sentence(estimate("train-1", "evaluate-2")) == f"{what}by train-1 and evaluate-2."
    assert estimate_sentence(estimate(None, "evaluate-2")) == f"{what}a rough estimate."


def test_an_outcome_says_how_far_it_came() -> None:
    whole = ExperimentOutcome(trained=2, trainings=2, evaluated=6, evaluations=6, failed=0)
    assert experiment_from_json(whole.to_json()) == whole
    assert outcome_text(whole.to_json()) == ("2 trainings and 6 evaluations. The report says what they show.")
    part = ExperimentOutcome(trained=1, trainings=3, evaluated=1, evaluations=8, failed=1)
    assert experiment_outcome(part) == (
        "1 of 3 trainings and 1 of 8 evaluations done; 1 training cannot be done."
    )
    assert experiment_from_json("Done.") is None
