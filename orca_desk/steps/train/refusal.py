"""Why a trained adapter is not used: what the gate found, as the error that ends the training's run."""

from orca_desk.errors import FinalError, UserError
from orca_desk.parity.table import GateFinding, GateRow, GateTable

CHECK_AGAIN = (
    "Remove the GGUF file from the model's folder and resume the training: Orca Desk makes a new one, and "
    "checks again."
)
UNUSED = "So the adapter is not used."


def require_passed(table: GateTable) -> None:
    """Raise UserError for an adapter that does nothing, or that llama.cpp does not serve as trained.

    It is a FinalError where the training itself is at fault, so that resuming it would not help.
    """
    for row in table.failed:
        if row.finding is GateFinding.NO_NUMBERS:
            raise FinalError(
                "The training went wrong: with its adapter, the student computes infinite or undefined "
                f"numbers. {UNUSED}",
                "Train again, at a lower learning rate.",
            )
        if row.finding is GateFinding.NO_EFFECT_IN_TORCH:
            raise FinalError(
                f"The adapter changes nothing: the student answers as its base does. {UNUSED}",
                "Train for more epochs, or at a higher learning rate.",
            )
        where = f" First difference: {row.first_difference}." if row.first_difference else ""
        raise UserError(f"{_difference(row)}{where} {UNUSED}", _remedy(row))


def _difference(row: GateRow) -> str:
    match row.finding:
        case GateFinding.PROMPTS_DIFFER:
            return (
                f"llama.cpp reads {row.prompts_differ:,} of {row.prompts:,} prompts as other tokens than "
                "torch does."
            )
        case GateFinding.VOCABULARY_DIFFERS:
            return "llama.cpp's model does not have as many tokens as the student."
        case GateFinding.END_UNKNOWN:
            return "llama.cpp does not stop at the token that ends an answer."
        case GateFinding.BASE_DIFFERS:
            return (
                "llama.cpp does not answer as torch does, not even without the adapter: logits differ by "
                f"{row.base_largest or 0.0:.0%} of their spread."
            )
        case GateFinding.NO_EFFECT_IN_LLAMA_CPP | GateFinding.WRONG_STRENGTH:
            return f"In llama.cpp the adapter acts at {row.strength or 0.0:.0%} of its strength in torch."
    return (
        f"llama.cpp does not answer as torch does: {row.tokens_equal:,} of {row.tokens:,} tokens are equal, "
        f"and logits differ by {row.largest or 0.0:.0%} of their spread."
    )


def _remedy(row: GateRow) -> str:
    if row.finding is GateFinding.DIFFERS and row.base_largest is not None:
        return (
            "Without the adapter both agree, and it acts at its full strength: its weights are so large that "
            "rounding decides, as after a training that went wrong. Train again, at a lower learning rate."
        )
    if row.finding in (GateFinding.PROMPTS_DIFFER, GateFinding.END_UNKNOWN):
        return f"The GGUF file does not have the folder's tokenizer or chat template. {CHECK_AGAIN}"
    cause = (
        "The GGUF file was made from other weights than the folder's, or a part of it is served otherwise."
    )
    return f"{cause} {CHECK_AGAIN}"
