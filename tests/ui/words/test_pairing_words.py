"""Why a family has its strategy, in words: each reason, and what older libraries stored."""

import pytest

from orca_desk.method.pairing import Evidence, Pairing, PairingReason, choose
from orca_desk.ui.words.pairing import pairing_reason


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
        (
            [measured("direct", 0, 5), measured("step-by-step", 0, 50)],
            PairingReason.NONE_CORRECT,
            "No strategy answered any of the 10 tasks correctly; this one is the shortest.",
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
