"""The stored outcome of a run, in words; free of Qt, since the commands print the same."""

from orca_desk.counting import counted
from orca_desk.library.runs import final_failure
from orca_desk.method.judging import JudgeCheck
from orca_desk.method.statistics import share_of
from orca_desk.parity.earlier import earlier_from_json
from orca_desk.parity.table import table_from_json
from orca_desk.steps.collect.imported import outcome_from_json
from orca_desk.steps.collect.imported_records import records_outcome_from_json
from orca_desk.steps.demo.stages import FrozenOutcome, PairedOutcome, StageOutcome, stage_from_json
from orca_desk.steps.download.download import downloaded_from_json
from orca_desk.steps.evaluate.benchmarks import benchmark_from_json
from orca_desk.steps.evaluate.outcome import EvaluationOutcome, evaluation_from_json
from orca_desk.steps.experiment.outcome import experiment_from_json
from orca_desk.steps.export.outcome import outcome_from_json as export_from_json
from orca_desk.steps.export.outcome import stage_from_json as export_stage_from_json
from orca_desk.steps.grow.grown import grown_from_json
from orca_desk.steps.hand_over.handed_over import handed_over_from_json
from orca_desk.steps.teaching import taught_from_json
from orca_desk.steps.train.base_request import measured_from_json
from orca_desk.steps.train.outcome import StoppedAt, stopped_from_json
from orca_desk.ui.words.answers_import import answers_outcome_words
from orca_desk.ui.words.benchmarks import benchmark_sentence
from orca_desk.ui.words.demo import asked_text
from orca_desk.ui.words.evaluations import unasked_text
from orca_desk.ui.words.experiments import experiment_outcome
from orca_desk.ui.words.exports import STOPPED as EXPORT_STOPPED
from orca_desk.ui.words.exports import export_sentence
from orca_desk.ui.words.fitness import describe_left_out
from orca_desk.ui.words.growing import grown_sentence
from orca_desk.ui.words.hand_over import handed_over_notes, handed_over_sentence
from orca_desk.ui.words.hub import downloaded_sentence
from orca_desk.ui.words.imports import outcome_words
from orca_desk.ui.words.pairing import judge_check_text, probe_summary
from orca_desk.ui.words.parity import earlier_sentence, gate_sentence
from orca_desk.ui.words.snapshots import measured_sentence
from orca_desk.ui.words.teaching import teach_summary

STOPPED = {
    StoppedAt.TRAINING: "Stopped. The same training resumes from its newest checkpoint.",
    StoppedAt.CHECK: "Stopped. The adapter is trained, but not exported and checked yet.",
}


def outcome_text(stored: str) -> str:
    """Return an outcome that was stored as data in words, and any other text as it is."""
    if (failure := final_failure(stored)) is not None:
        return failure
    if table := table_from_json(stored):
        return gate_sentence(table)
    if earlier := earlier_from_json(stored):
        return earlier_sentence(earlier)
    if found := taught_from_json(stored):
        taught, more = found
        if "paired" not in more:
            return teach_summary(taught)
        paired = probe_summary(
            more["paired"],
            more.get("fruitless", ()),
            more.get("left_out", 0),
            more.get("still_open", ()),
            more.get("without_verdict", ()),
        )
        if check := more.get("judge_check"):
            paired = f"{paired} {judge_check_text(JudgeCheck(**check))}"
        return f"{paired} {teach_summary(taught)}"
    if evaluated := evaluation_from_json(stored):
        return _evaluated(evaluated)
    if benchmark := benchmark_from_json(stored):
        return benchmark_sentence(benchmark)
    if stopped := stopped_from_json(stored):
        return STOPPED[stopped]
    if handed := handed_over_from_json(stored):
        return " ".join([handed_over_sentence(handed, folder=True), *handed_over_notes(handed)])
    if brought := downloaded_from_json(stored):
        return downloaded_sentence(brought)
    if imported := outcome_from_json(stored):
        return outcome_words(imported)
    if brought_in := records_outcome_from_json(stored):
        return answers_outcome_words(brought_in)
    if grown := grown_from_json(stored):
        return grown_sentence(grown)
    if tried := experiment_from_json(stored):
        return experiment_outcome(tried)
    if measured := measured_from_json(stored):
        return measured_sentence(measured)
    if exported := export_from_json(stored):
        return export_sentence(exported)
    if stage := export_stage_from_json(stored):
        return EXPORT_STOPPED[stage]
    if staged := stage_from_json(stored):
        return _stage(staged)
    return stored


def _stage(found: StageOutcome) -> str:
    match found:
        case PairedOutcome():
            return _paired(found)
        case FrozenOutcome():
            return _frozen(found)
        case _:
            return asked_text(found)


def _paired(found: PairedOutcome) -> str:
    lines = []
    for chosen, *others in found.pairs:
        behind = "".join(f", next best {one.strategy} {one.correct}/{one.n}" for one in others)
        lines.append(f"{chosen.family}: {chosen.strategy} {chosen.correct}/{chosen.n}{behind}")
    return "\n".join(lines)


def _frozen(found: FrozenOutcome) -> str:
    records = counted(found.records, "training record")
    return f"{records} with the cautious system message. Left out: {describe_left_out(found.left_out)}."


def _evaluated(found: EvaluationOutcome) -> str:
    unasked = sum(found.failed.values())
    share = share_of(found.correct, found.graded + unasked)
    text = f"{found.correct:,} of {share.n:,} correct"
    if share.n:
        text += f" ({share.share:.1%}, {share.low:.1%} to {share.high:.1%})"
    said = f"{text}. {unasked_text(unasked, found.failed)}" if unasked else f"{text}."
    return f"{said} Computed by {'; '.join(found.engines)}." if found.engines else said
