"""The words for likely problems of a training that has not started."""

from orca_desk.steps.train.checks import (
    Concern,
    FewRecords,
    HeldOutOverlap,
    LittleVariety,
    LongRecords,
    NoValidation,
    RevealedStrategies,
    UnusableTokenizer,
)
from orca_desk.ui.words.counting import counted

TRUNCATION = {
    "refuse": "Training would not start",
    "drop": "They will be left out",
    "cut": "Their ends will be cut off",
}


def concern_text(concern: Concern) -> tuple[str, str]:
    """Return a problem in a sentence, and its remedy."""
    match concern:
        case UnusableTokenizer():
            return "The base model's tokenizer cannot be used.", concern.reason
        case LongRecords():
            return _long_records(concern)
        case HeldOutOverlap():
            return (
                f"The questions of {counted(concern.count, 'record')} are now held out for evaluation.",
                "The evaluation would look better than it is. Freeze a new snapshot, or change the split.",
            )
        case RevealedStrategies():
            return (
                f"The student's system message quotes the strategy {', '.join(concern.strategies)}.",
                "A student that is told the strategy does not learn to choose one. Use a general message.",
            )
        case FewRecords():
            return (
                f"The snapshot has only {counted(concern.records, 'record')}.",
                "A student learns little from so few. Aim for several hundred per family.",
            )
        case LittleVariety():
            families = counted(concern.families, "family", "families")
            strategies = counted(concern.strategies, "strategy", "strategies")
            return (
                f"The snapshot has {families} and {strategies}.",
                "To learn which strategy a task needs, the student must see several of both.",
            )
        case NoValidation():
            return (
                "No validation loss will be measured.",
                "The last adapter is used then, not the best. Set the eval fraction above 0.",
            )


def _long_records(concern: LongRecords) -> tuple[str, str]:
    about = "about " if concern.is_estimate else ""
    text = (
        f"Longer than {concern.limit:,} tokens: {about}{concern.count:,} of "
        f"{counted(concern.records, 'record')}{', by a sample' if concern.is_estimate else ''}. "
        f"{TRUNCATION[concern.truncation]}."
    )
    longest = f"The longest has {concern.longest:,}."
    if concern.by_model:
        return text, f"{longest} The model's context has {concern.limit:,}: set truncation to drop or cut."
    enough = min(concern.longest, concern.context or concern.longest)
    return text, f"{longest} Raise max length to {enough:,}, or set truncation to drop or cut."
