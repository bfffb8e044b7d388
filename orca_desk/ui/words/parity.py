"""What a parity check found, in words; free of Qt, as the commands say the same."""

from orca_desk.parity.report import ParityFinding, ParityReport


def parity_sentence(report: ParityReport) -> str:
    """Return what a check found, with its figures, in one sentence."""
    ours = report.adapter
    match report.finding:
        case ParityFinding.PROMPTS_DIFFER:
            prompts = f"{ours.prompts_differ} of {ours.prompts} prompts"
            return f"Check failed: torch and llama.cpp read {prompts} as different tokens."
        case ParityFinding.NO_EFFECT_IN_TORCH:
            return "The adapter changes nothing in torch: its logits equal those of the base."
        case ParityFinding.NO_EFFECT_IN_LLAMA_CPP:
            return "The adapter changes nothing in llama.cpp: its logits equal those of the base."
        case ParityFinding.QUANTISED:
            return (
                "Not checked: the served file is quantised, so it must differ from the trained model: "
                f"{_found(report)}."
            )
        case ParityFinding.DISAGREES:
            found = f"{_found(report)}; {_tolerance(report)}"
            return f"Check failed: llama.cpp does not serve what torch trained: {found}."
        case ParityFinding.AGREES:
            found = f"{_found(report)}; {_tolerance(report)}"
            return f"Check passed: llama.cpp serves what torch trained: {found}."


def _found(report: ParityReport) -> str:
    ours = report.adapter
    ties = f" (and {ours.near_ties} near-tied)" if ours.near_ties else ""
    return (
        f"{ours.tokens_equal:,} of {ours.tokens:,} tokens in {ours.prompts:,} answers are equal{ties}, "
        f"logits within {ours.max_logit_difference:.3g}, {ours.relative_difference:.2%} of their spread"
    )


def _tolerance(report: ParityReport) -> str:
    return f"rounding explains up to {report.adapter.tolerance or 0.0:.0%}"
