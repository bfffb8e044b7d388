"""Why rows are left out of exported data, and what formats cannot hold: in words that follow a count."""

from collections.abc import Mapping

from orca_desk.method.fitness import NEVER_FIT, UNFIT

LEFT_OUT: Mapping[str, str] = {
    **{one.value: UNFIT[one] for one in NEVER_FIT},
    "no-answer": "without an answer",
    "no-label": "not graded, so neither good nor bad",
    "turns": "with earlier turns, which the format cannot hold",
    "unpaired": "answers without a partner: no correct and incorrect answer to the same question",
    "deleted": "deleted while the export ran",
}
LOSSES: Mapping[str, str] = {
    "system": "without their system message, which the format cannot hold",
    "joined": "with context and question joined in one text",
    "taken-back": "dropped or held out since the snapshot was frozen, and still in it",
}
NOTES: Mapping[str, str] = {
    "no-valid": "There is no valid.jsonl, which mlx_lm needs: one question is too few to validate with.",
    "over-batch": "OpenAI takes 50,000 requests in one batch: split the file.",
    "graded-otherwise": (
        "lm-eval compares texts: a number or a letter from the end of the answer, or else its last line. Orca"
        " Desk's own grading understands more, so the two scores differ."
    ),
}
