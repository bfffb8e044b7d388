"""Why a family has its strategy, in words: each reason, and what older libraries stored."""

import pytest

from orca_desk.library.pairings import StoredPairing
from orca_desk.method.pairing import Evidence, Pairing, PairingReason, choose
from orca_desk.ui.words.pairing import pairing_reason, probe_summary, source_word


def measured(strategy: str, correct: int, tokens: float) -> Evidence:
    return Evidence(family="sums", strategy=strategy, n=10, correct=correct, mean_tokens=tokens)


@pytest.mark.parametrize(
    ("evidence", "reason", "words"),
    [
        ([measured("direct", 9, 5)], PairingReason.ONLY, "9 of 10 correct, the only strategy measured."),
        (
            [measured("direct", 1, 5), measured("step-by-step", 9, 50)],
            PairingReason.BEST,
            "9 of 10 correct, the best of 2 measured strategies.",
        ),
        (
            [measured("direct", 8, 5), measured("step-by-step", 9, 50)],
            PairingReason.SHORTEST,
            "8 of 10 correct at 5 tokens per answer. step-by-step got 9 of 10 at 50, which is not clearly"
            " better.",
        ),
    ],
)
def test_a_measured_reason(evidence: list[Evidence], reason: PairingReason, words: str) -> None:
    pairing = choose(evidence)["sums"]
    assert (pairing.reason, pairing_reason(pairing)) == (reason, words)


@pytest.mark.parametrize(
    ("stored", "words"),
    [
        (PairingReason.BY_HAND, "Chosen by hand."),
        ("9 of 10 right, the best of 3 measured", "9 of 10 right, the best of 3 measured."),
        ("Chosen by hand.", "Chosen by hand."),
        ("", ""),
    ],
)
def test_a_reason_without_evidence(stored: str, words: str) -> None:
    assert pairing_reason(Pairing(family="sums", strategy="direct", evidence=(), reason=stored)) == words


def test_a_measurement_names_the_families_without_evidence() -> None:
    assert probe_summary(2, {}, 0) == "2 families paired by measurement."
    assert probe_summary(1, {"sums": 6}, 1) == (
        "1 family paired by measurement. No evidence for 1 family: no strategy got a task right in sums."
        " 1 task not answered under every strategy, so not compared."
    )
    many = probe_summary(0, {f"f{n}": 3 for n in range(7)}, 0)
    assert many.endswith("no strategy got a task right in f0, f1, f2, f3, f4 and 2 more.")


def test_a_pairing_that_an_older_version_took_from_nothing_correct_is_not_called_measured() -> None:
    evidence = (measured("direct", 0, 5), measured("step-by-step", 0, 50))
    pairing = Pairing(family="sums", strategy="direct", evidence=evidence, reason=PairingReason.NONE_CORRECT)
    stored = StoredPairing(pairing=pairing, source="measured", created_at="2026-01-31T12:00:00.000+00:00")
    assert source_word(stored) == "no evidence"
    words = "No strategy answered any of the 10 tasks correctly; this one is the shortest."
    assert pairing_reason(pairing) == words
