"""What a training was worth and what became of its records, in words."""

import pytest

from orca_desk.student.settings import TrainSettings
from orca_desk.ui.words.training_checks import stop_rule_sentence
from orca_desk.ui.words.trainings import (
    changed_sentence,
    device_sentence,
    early_sentence,
    is_worse,
    loss_sentence,
    records_sentence,
    records_summary,
)

REPORT = {
    "records": 300,
    "training": 280,
    "evaluation": 15,
    "empty": 0,
    "dropped": 0,
    "truncated": 0,
    "limit": 512,
}


@pytest.mark.parametrize(
    ("changes", "sentence", "summary"),
    [
        ({}, "Trained on 280 of 300 records; 15 held out for the validation loss.", "280 of 300"),
        (
            {"dropped": 4, "empty": 1, "truncated": 3},
            "Trained on 280 of 300 records; 15 held out for the validation loss; 4 left out: longer than 512 "
            "tokens; 1 left out: empty answer; 3 cut to 512 tokens, without an end.",
            "280 of 300, 5 left out, 3 cut",
        ),
        (
            {"records": 1, "training": 1, "evaluation": 0},
            "Trained on 1 of 1 record. No validation loss is measured: no record is held out of training for "
            "it.",
            "1 of 1",
        ),
    ],
)
def test_every_record_is_accounted_for(changes: dict[str, int], sentence: str, summary: str) -> None:
    assert records_sentence(REPORT | changes) == sentence
    assert records_summary(REPORT | changes) == summary


def test_a_report_of_an_earlier_version_says_nothing() -> None:
    assert records_sentence({"records": 3}) == records_summary({}) == ""


@pytest.mark.parametrize(
    ("best", "base", "worse"),
    [
        (1.6734, 1.4978, True),
        (1.4978, 1.4978, True),
        (1.2, 1.4978, False),
        (1.2, None, False),
        (None, 1.0, False),
    ],
)
def test_a_student_is_judged_against_the_untrained_one(
    best: float | None, base: float | None, worse: bool
) -> None:
    assert is_worse(best, base) is worse
    assert ("The untrained model was better: 1.4978" in loss_sentence(54, best, base)) is worse


def test_the_loss_before_the_training_is_beside_that_after_it() -> None:
    told = "Best checkpoint: step 54, validation loss 1.2000 (1.4978 before the training)."
    assert loss_sentence(54, 1.2, 1.4978) == told
    assert loss_sentence(None, None, 1.4978) == "The adapter of the last step is used."


def test_changed_files_are_named() -> None:
    assert changed_sentence(()) == ""
    assert changed_sentence(("chat_template.jinja",)).startswith("The chat template has changed since.")
    assert "(config.json, tokenizer.json)" in changed_sentence(("config.json", "tokenizer.json"))


DEVICE = {
    "device": "cuda:0",
    "device_name": "NVIDIA L4",
    "device_note": "",
    "dtype": "bfloat16",
    "attention": "varlen",
    "variant": "compiled",
    "gradient_checkpointing": True,
    "offload": True,
    "repeats_exactly": True,
}


@pytest.mark.parametrize(
    ("report", "sentence"),
    [
        ({}, ""),
        ({"device": "cpu", "device_note": ""}, ""),
        (
            {"device": "cpu", "device_note": "NVIDIA L4 fails, so the training uses the CPU."},
            "NVIDIA L4 fails, so the training uses the CPU.",
        ),
        (
            DEVICE,
            "Computed on NVIDIA L4 (cuda:0) in bfloat16, records packed into rows, layers compiled, only the "
            "layers' inputs stored to fit, held in the computer's memory. The same gradient came twice bit "
            "for bit.",
        ),
        (
            DEVICE
            | {"attention": "rows", "variant": "plain", "gradient_checkpointing": False}
            | {"repeats_exactly": False, "repeats_within": 0.0021, "resumed_within": 0.0004},
            "Computed on NVIDIA L4 (cuda:0) in bfloat16. The same gradient came twice only within 0.002 of "
            "its norm, so the same seed gives a slightly different adapter each time. Resumed with a loss "
            "within 0.0004 of the one at the checkpoint.",
        ),
        (
            {"engine": "mlx", "mlx_lm": "0.32.2", "device": "cpu", "device_name": "AMD EPYC"}
            | {"dtype": "float32", "gradient_checkpointing": False},
            "Computed with MLX (mlx-lm 0.32.2) on AMD EPYC (cpu) in float32.",
        ),
    ],
)
def test_where_a_training_was_computed(report: dict[str, object], sentence: str) -> None:
    assert device_sentence(report) == sentence


def test_an_early_stop_says_what_the_rule_saw() -> None:
    losses = {0: 2.0, 4: 1.5, 8: 1.497, 12: 1.52}
    said = early_sentence({"early_stop": 2, "early_stop_margin": 0.01}, 12, 60, losses)
    assert said == (
        "Stopped early at step 12 of 60: the validation loss did not fall by more than 0.01 in 2 evaluations "
        "in a row (1.5000, 1.4970, 1.5200)."
    )
    assert early_sentence({"early_stop": 1}, 12, 60, {}) == (
        "Stopped early at step 12 of 60: the validation loss did not fall in the last evaluation."
    )


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (TrainSettings(), ""),
        (TrainSettings(early_stop=2, eval_fraction=0.0), ""),
        (TrainSettings(early_stop=2, eval_every=20), "The stop rule can end it from step 40 on."),
        (TrainSettings(early_stop=2, eval_every=0, epochs=4), "The stop rule can end it from step 50 on."),
        (
            TrainSettings(early_stop=2, eval_every=50),
            "The stop rule cannot act: it waits for 2 evaluations without improvement, and there are 2. "
            "Lower steps per validation.",
        ),
    ],
)
def test_it_is_said_when_the_stop_rule_can_act(settings: TrainSettings, sentence: str) -> None:
    assert stop_rule_sentence(100, settings) == sentence
