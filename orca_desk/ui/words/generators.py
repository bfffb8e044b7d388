"""Generators and diversity in words."""

from orca_desk.counting import counted
from orca_desk.method.diversity import Diversity
from orca_desk.method.procedural import LICENCE
from orca_desk.steps.grow.generators import Generator

NO_REFERENCE = "Several answers are correct, so its tasks get no reference answer and are not graded."
TEMPLATES = (
    "Wording that more than 20 questions share does not count: two questions of one template are not alike."
)
SPLITS = "Training and held-out questions come from different seeds, and no question is in both."


def source_sentence(version: str, count: int) -> str:
    """Return where the generators are from."""
    return f"{counted(count, 'generator')} of reasoning-gym {version} ({LICENCE}), which run on this machine."


def levels_text(generator: Generator) -> str:
    """Return a generator's levels of difficulty: "1-5"."""
    levels = generator.levels
    return f"{levels[0]}-{levels[-1]}" if len(levels) > 1 else str(levels[0]) if levels else "one"


def diversity_lines(measured: Diversity) -> list[str]:
    """Return what was measured, a line for each measure."""
    if not measured.tasks:
        return ["There are no proposals to measure."]
    largest = next(iter(measured.families.items()))
    share = f"{largest[1] / measured.tasks:.0%}"
    repeated, known = measured.repeated / measured.tasks, measured.known / measured.tasks
    whole = f"{counted(measured.tasks, 'proposal')} in"
    if measured.of > measured.tasks:
        whole = f"Of {counted(measured.of, 'proposal')}, the first {measured.tasks:,}:"
    return [
        f"{whole} {counted(len(measured.families), 'family')}; the largest, {largest[0]}, has {share}",
        f"Questions of {measured.shortest:,} to {measured.longest:,} words (median {measured.median:,})",
        f"{counted(measured.openings, 'different opening')} (first three words)",
        f"{repeated:.1%} ask nearly what another proposal asks",
        f"{known:.1%} ask nearly what one of {counted(measured.compared, 'task')} in the library asks",
    ]
