"""What the gate found, in words; free of Qt, as the commands say the same."""

from orca_desk.counting import counted
from orca_desk.parity.earlier import EarlierCheck
from orca_desk.parity.table import STRENGTH, GateFinding, GateRow, GateTable


def gate_sentence(table: GateTable) -> str:
    """Return what a check found: for one file its own sentence, for several how many passed."""
    if len(table.rows) == 1:
        return row_sentence(table.rows[0])
    if table.passed:
        return f"Check passed: all {len(table.rows)} files answer in llama.cpp as trained."
    failed = table.failed
    found = " ".join(f"{row.label}: {_found_and_where(row)}" for row in failed)
    return f"Check failed for {len(failed)} of {len(table.rows)} files. {found}"


def earlier_sentence(check: EarlierCheck) -> str:
    """Return what a check of an earlier version found, in one sentence."""
    if check.agree is None:
        verdict = "Not checked, as the served file is quantised"
    else:
        verdict = "Check passed" if check.agree else "Check failed"
    tokens, answers = counted(check.tokens, "token"), counted(check.prompts, "answer")
    return f"{verdict}: {check.tokens_equal:,} of {tokens} in {answers} equal."


def row_sentence(row: GateRow) -> str:
    """Return what was found of one file, with its figures and the first difference, in one sentence."""
    return f"Check {'passed' if row.passed else 'failed'}: {_found_and_where(row)}"


def tokens_text(row: GateRow) -> str:
    """Return how many greedy tokens are equal: "2,010 of 2,048, 12 near-tied"."""
    ties = f", {row.near_ties:,} near-tied" if row.near_ties else ""
    return f"{row.tokens_equal:,} of {row.tokens:,}{ties}"


def logits_text(row: GateRow) -> str:
    """Return how far the logits are apart, and what rounding explains, as shares of their spread."""
    if row.largest is None or row.typical is None:
        return "no numbers"
    if row.limits.largest is None:
        return f"{row.typical:.1%} (up to {row.limits.typical:.0%})"
    return f"{row.largest:.2%} (up to {row.limits.largest:.0%})"


def ends_text(row: GateRow) -> str:
    """Return how many answers ended, in llama.cpp and in torch."""
    if not row.end_known:
        return "never"
    if row.ends == row.ends_expected:
        return f"{row.ends:,} of {row.prompts:,}"
    return f"{row.ends:,} (torch {row.ends_expected:,}) of {row.prompts:,}"


def rounding_text(row: GateRow) -> str:
    """Return how far the weights of a whole file are from what was trained, and what rounding explains."""
    if row.weights is None:
        return "–"
    if row.weights.rounding is None:
        return "missing"
    return f"{row.weights.rounding:.2%} (up to {row.weights.limit:.1%})"


def strength_text(row: GateRow) -> str:
    """Return how much of the adapter the file holds."""
    if row.strength is None:
        return "none"
    again = ", rounded again" if row.rounds_again else ""
    return f"{row.strength:.0%}{again}"


def _found_and_where(row: GateRow) -> str:
    where = f" First difference: {row.first_difference}." if row.first_difference else ""
    return f"{_finding(row)}{where}"


def _finding(row: GateRow) -> str:
    match row.finding:
        case GateFinding.PROMPTS_DIFFER:
            return (
                f"torch and llama.cpp read {row.prompts_differ:,} of "
                f"{counted(row.prompts, 'prompt')} as different tokens: another tokenizer or chat template."
            )
        case GateFinding.VOCABULARY_DIFFERS:
            return "the file does not have as many tokens as the trained student."
        case GateFinding.END_UNKNOWN:
            return "llama.cpp would not stop at the token that ends an answer."
        case GateFinding.NO_NUMBERS:
            return "the student computes infinite or undefined numbers."
        case GateFinding.NO_EFFECT_IN_TORCH:
            return "the adapter changes nothing in torch: its logits equal those of the base."
        case GateFinding.NO_EFFECT_IN_LLAMA_CPP:
            return f"the file does not hold the adapter: {strength_text(row)} of it shows."
        case GateFinding.WRONG_STRENGTH:
            return f"the adapter is not in the file at its strength: {_strengths(row)}."
        case GateFinding.WEIGHTS_DIFFER:
            return f"the weights are not those that were trained: {_weights(row)}."
        case GateFinding.BASE_DIFFERS:
            return (
                "already without the adapter, llama.cpp's logits differ from torch's by "
                f"{row.base_largest or 0.0:.0%} of their spread: another base model."
            )
        case GateFinding.DIFFERS:
            return f"llama.cpp does not serve what was trained: {_found(row)}."
        case GateFinding.PASSED:
            return f"llama.cpp serves what was trained: {_found(row)}."


def _strengths(row: GateRow) -> str:
    whole = f"{strength_text(row)} of it in all"
    if row.weights is None or row.weights.layer_beyond <= STRENGTH:
        return whole
    return f"{row.weights.layer_strength:.0%} of it in {row.weights.layer}, {whole}"


def _weights(row: GateRow) -> str:
    found = row.weights
    assert found is not None
    if found.rounding is None:
        return f"{found.tensor} is missing, of another shape or holds no numbers"
    return (
        f"{found.tensor} differs by {found.rounding:.1%} of the size of its values; rounding explains up to "
        f"{found.limit:.1%}"
    )


def _found(row: GateRow) -> str:
    largest, limit = row.largest or 0.0, row.limits.largest
    ties = f" (and {row.near_ties:,} near-tied)" if row.near_ties else ""
    equal = (
        f"{row.tokens_equal:,} of {counted(row.tokens, 'token')} in {counted(row.prompts, 'answer')} "
        f"equal{ties}"
    )
    if limit is None:
        return (
            f"{equal}, logits typically within {row.typical or 0.0:.1%} of their spread; "
            f"rounding to {row.limits.kind} explains up to {row.limits.typical:.0%}"
        )
    return f"{equal}, logits within {largest:.2%} of their spread; rounding explains up to {limit:.0%}"
