"""The outcome of asking the teacher, in words."""

from orca_desk.counting import counted
from orca_desk.method.fitness import UNFIT
from orca_desk.steps.instruct.estimate import TeachingTime
from orca_desk.steps.teaching import Taught, TeachCounts
from orca_desk.ui.words.progress import between


def teach_details(made: Taught) -> str:
    """Return the answers that were not new or not usable, with the reasons, or an empty text."""
    parts = [f"{made.known:,} already in the library"] if made.known else []
    if made.spared:
        parts.append(f"{made.spared:,} not needed: the vote was decided without them")
    parts += [f"{count:,} rejected: {UNFIT[reason]}" for reason, count in made.rejected.items()]
    parts += [f"{count:,} failed: {reason.rstrip('.')}" for reason, count in made.failed.items()]
    return f"{'; '.join(parts)}." if parts else ""


def teaching_time_text(time: TeachingTime) -> str:
    """Return how long a run will take, and where the estimate comes from."""
    span = between(time.low, time.high)
    if time.earlier is None:
        rough = f"{span[:1].upper()}{span[1:]}: rough, from the speed of this machine."
        return f"{rough} A preview gives a better estimate."
    return f"{span[:1].upper()}{span[1:]}, at the speed and length of {time.earlier}."


def usable_text(made: TeachCounts) -> str:
    """Return how many answers are usable, and how many of those nobody has graded."""
    usable = f"{made.usable:,} usable for training"
    if not made.ungraded:
        return usable
    which = "none of them graded" if made.ungraded == made.usable else f"{made.ungraded:,} of them not graded"
    return f"{usable}, {which}"


def teach_summary(made: Taught) -> str:
    """Return the outcome of a run in a few sentences, with the speed if it generated answers."""
    if not made.new:
        return f"No new records. {teach_details(made)}".rstrip()
    new = f"{counted(made.new, 'new record')}, {usable_text(made)}."
    speed = f"{made.tokens / made.seconds:,.0f} tokens/s." if made.seconds else ""
    return " ".join(filter(None, (new, teach_details(made), speed)))
