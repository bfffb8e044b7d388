"""The words for likely problems of a training that has not started."""

from orca_desk.counting import counted
from orca_desk.models.fits import human_bytes
from orca_desk.steps.train.checks import (
    Concern,
    EmptyAnswers,
    FewRecords,
    HeldOutOverlap,
    HighLearningRate,
    LargeCheck,
    LittleVariety,
    LongRecords,
    ManyThreads,
    NoValidation,
    RevealedStrategies,
    RoundedWeights,
    UnknownTargets,
    UnsoundBase,
    UnusableEngine,
    UnusableTokenizer,
)
from orca_desk.steps.train.estimates import evaluations_in
from orca_desk.student.settings import TrainSettings
from orca_desk.ui.words.settings import title

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
        case UnsoundBase():
            return "The base model cannot be trained as it is.", concern.reason
        case RoundedWeights():
            return (
                f"The student starts from weights rounded to {counted(concern.bits, 'bit')} "
                f"({concern.quantisation}).",
                "Its answers are a bit worse than the original's."
                + (" The file is unpacked once, at the start." if concern.unpacks else ""),
            )
        case LargeCheck():
            return (
                f"The check at the end needs about {human_bytes(concern.needed)} of memory; "
                f"{human_bytes(concern.available)} is available now.",
                "Close other programs by then, or choose a smaller model. The training itself is kept.",
            )
        case UnknownTargets():
            return (
                f"The model has no layer named {', '.join(concern.targets)}.",
                f"Set the adapted layers to all-linear, or choose from {', '.join(concern.layers)}.",
            )
        case UnusableEngine():
            return concern.reason, concern.remedy
        case HighLearningRate():
            return (
                f"The learning rate {concern.rate:g} is {concern.rate / concern.usual:.0f} times the usual "
                "one for this base.",
                f"Training at such a rate tends to do harm. {concern.usual:g} is a good start.",
            )
        case ManyThreads():
            return (
                f"{counted(concern.threads, 'thread')} are asked for; this machine has "
                f"{counted(concern.cores, 'core')}.",
                f"As many as it has are used: {concern.cores:,}.",
            )
        case EmptyAnswers():
            return (
                f"{counted(concern.count, 'record')} without an answer.",
                "They teach nothing, and are left out. Freeze a new snapshot to be rid of them.",
            )
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
            reason = (
                "All records ask the same question, which is needed for training."
                if concern.by_records
                else f"Set {title('eval_fraction').lower()} above 0."
            )
            stops = ", and the training never stops early" if concern.stops_early else ""
            return (
                "No validation loss will be measured.",
                f"The last adapter is used then, not the best{stops}. {reason}",
            )


def stop_rule_sentence(steps: int, settings: TrainSettings) -> str:
    """Return when the stop rule can act in a training of so many steps; an empty text without a rule."""
    patience, looks = settings.early_stop, evaluations_in(steps, settings)
    if not patience or not looks:
        return ""  # without a validation loss, the check of that says it
    if looks <= patience:
        remedy = "Lower" if settings.eval_every else "Set"
        return (
            f"The stop rule cannot act: it waits for {counted(patience, 'evaluation')} without improvement, "
            f"and there are {looks:,}. {remedy} {title('eval_every').lower()}."
        )
    first = (
        patience * settings.eval_every if settings.eval_every else round(patience * steps / settings.epochs)
    )
    return f"The stop rule can end it from step {first:,} on."


def _long_records(concern: LongRecords) -> tuple[str, str]:
    about = "about " if concern.is_estimate else ""
    text = (
        f"Longer than {concern.limit:,} tokens: {about}{concern.count:,} of "
        f"{counted(concern.records, 'record')}{', by a sample' if concern.is_estimate else ''}. "
        f"{TRUNCATION[concern.truncation]}."
    )
    longest = f"The longest has {concern.longest:,}."
    remedy = f"set {title('truncation').lower()} to drop or cut."
    if concern.by_model:
        return text, f"{longest} The model's context has {concern.limit:,}: {remedy}"
    enough = min(concern.longest, concern.context or concern.longest)
    return text, f"{longest} Raise {title('max_length').lower()} to {enough:,}, or {remedy}"
