"""The held-out results of a tuned student and its base that the library already holds, for the card."""

from dataclasses import dataclass

from orca_desk.files import file_sha256
from orca_desk.library.database import Library
from orca_desk.library.evaluations import Evaluation, list_evaluations
from orca_desk.method.forgetting import Forgetting
from orca_desk.method.statistics import Comparison
from orca_desk.steps.evaluate.forgetting import forgetting_of
from orca_desk.steps.evaluate.scoring import OVERALL, Evaluated, compare_evaluations, score
from orca_desk.steps.export.sources import Sources


@dataclass(frozen=True, kw_only=True)
class HeldOutResults:
    """The newest finished evaluation of the tuned student, and one of its base on the same questions.

    `lost` is what it lost on general questions, where that was measured.
    """

    tuned: Evaluated
    base: Evaluated | None
    gain: Comparison | None
    lost: Forgetting | None = None


def held_out_results(library: Library, sources: Sources) -> HeldOutResults | None:
    """Return what the library knows of the student on held-out tasks; None where it was never evaluated.

    Evaluations under another system message than the trained one do not count. Of several, the one of most
    questions counts, and among those the newest.
    """
    adapter = file_sha256(sources.adapter_gguf)
    done = [one for one in list_evaluations(library) if one.run.status == "done"]
    told = sources.snapshot.instruction  # told otherwise, such as its strategy, it is another candidate
    tuned = [one for one in done if one.run.settings.get("adapter") == adapter and one.system == told]
    if not tuned:
        return None
    best = max(tuned, key=lambda one: one.run.total or 0)
    base = next((one for one in done if _is_base_of(one, best)), None)
    return HeldOutResults(
        tuned=score(library, best.id),
        base=score(library, base.id) if base else None,
        gain=compare_evaluations(library, best.id, base.id)[OVERALL] if base else None,
        lost=forgetting_of(library, best.id),
    )


def _is_base_of(base: Evaluation, tuned: Evaluation) -> bool:
    """Whether `base` asked the same model without the adapter the same questions."""
    ours, theirs = tuned.run.settings, base.run.settings
    same = ("model", "asked", "sampling")
    return theirs.get("adapter") is None and all(ours.get(key) == theirs.get(key) for key in same)
