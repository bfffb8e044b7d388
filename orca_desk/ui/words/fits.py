"""Whether a model fits in memory, in words; free of Qt, as the commands say the same."""

from orca_desk.counting import counted
from orca_desk.models.fits import Fit, Part, Purpose, human_bytes
from orca_desk.models.remedies import Remedy

PARTS: dict[Part, str] = {
    "weights": "weights",
    "cache": "key/value cache",
    "computing": "computing",
    "adapter": "adapter, gradients and optimizer",
    "activations": "activations",
    "logits": "logits",
    "torch": "torch",
}
# What an estimate is made for: pages with other settings show other figures
SETTINGS: dict[Purpose, str] = {
    "serving": "with {} in its cache",
    "training": "in batches of {}",
    "exporting": "",
}
ADVICE: dict[Part, str] = {
    "weights": "choose a smaller or more strongly quantised model",
    "cache": "choose fewer or shorter answers at once",
    "activations": "choose a smaller batch, or gradient checkpointing",
    "logits": "choose a smaller batch",
}
CLOSE = "close other programs"
ADVICE_WITH_CHECKPOINTING = "choose a smaller batch"


def fit_sentence(fit: Fit) -> str:
    """Return how much memory a model takes, and, where it does not fit, what to do about it."""
    what = f"{fit.purpose.capitalize()} {fit.model}"
    if fit.tokens:
        what += f" {SETTINGS[fit.purpose].format(counted(fit.tokens, 'token'))}"
    whose = f"the memory of {fit.device}" if fit.device else "memory"
    memory = f"about {human_bytes(fit.needed)} of {whose}; {human_bytes(fit.available)} is available"
    if fit.is_split:
        return f"{what} takes {memory}, so a part of it runs on the processor, which is slower."
    if fit.fits:
        with_checkpointing = " with gradient checkpointing" if fit.checkpointing else ""
        if fit.offloading:
            with_checkpointing += " and activations in the computer's memory"
        return f"{what}{with_checkpointing} takes {memory}."
    if fit.largest == "activations" and fit.checkpointing:
        return f"{what} needs {memory}: {ADVICE_WITH_CHECKPOINTING}."
    # Before an export the model is chosen already
    advice = CLOSE if fit.purpose == "exporting" else ADVICE.get(fit.largest, CLOSE)
    return f"{what} needs {memory}: {advice}."


def remedy_text(remedy: Remedy) -> str:
    """Return what to change so that a job fits: "Use batches of 1,024 tokens, and turn ... on"."""
    steps = [_change(name, value) for name, value in remedy.changes.items()]
    return ", and ".join([steps[0][0].upper() + steps[0][1:], *steps[1:]])


def _change(name: str, value: object) -> str:
    match name:
        case "gradient_checkpointing":
            return "turn gradient checkpointing on"
        case "batch_tokens":
            return f"use batches of {value:,} tokens"
        case "quantisation":
            return f"make a copy in {str(value).upper()}"
        case "batch":
            return f"generate {counted(int(str(value)), 'answer')} at a time"
        case "context":
            return f"use a context of {value:,} tokens"
        case "dtype":
            return f"hold the base model in {value}"
    return f"lower the adapter's rank to {value}"


def parts_of(fit: Fit) -> str:
    """Return the parts with their sizes: "weights 2.6 GiB, key/value cache 512 MiB"."""
    return ", ".join(f"{PARTS[name]} {human_bytes(size)}" for name, size in fit.parts)
