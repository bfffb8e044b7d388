"""Outcomes that runs store as data read as sentences; older ones stay as they are."""

from orca_desk.method.fitness import Unfit
from orca_desk.steps.teaching import Taught
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
    assert outcome_text(TAUGHT.to_json(paired=1)).startswith("1 family paired. 1,002 new records")


def test_any_other_text_stays_as_it_is() -> None:
    for text in ("", "Interrupted.", "3", "[]", "{}", '{"taught": {}}'):
        assert outcome_text(text) == text
