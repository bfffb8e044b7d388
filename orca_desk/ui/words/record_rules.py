"""The rules for records in words, shared by the Records page, snapshots and the commands."""

from orca_desk.counting import counted
from orca_desk.method.fitness import FitnessRules

AGREEMENT_TIP = (
    "Agreement: of all answers to one question, the share that gives the same final answer. It is no proof: "
    "samples can agree on what is wrong. One answer alone never agrees."
)
LANGUAGE_TIP = (
    "Detected by py3langid from the words of an answer, without formulas and code. "
    "An answer too short to tell stays."
)
BEST_TIP = "Best of k: answers you kept first, then correct ones, then the shortest."
REPETITION_TIP = "The same words at least four times, one after the other, and at least 16 words in all."
REFUSAL_TIP = "An answer that begins by declining to answer, in one of eight languages. A correct one stays."
FORMAT_TIP = "A regular expression, searched anywhere in the answer; ^ and $ are the ends of a line."


def rule_sentences(rules: FitnessRules) -> list[str]:
    """Return what each rule in force asks, one phrase per rule."""
    said = [
        "correct answers where a reference exists" if rules.only_correct else "incorrect answers too",
        _agreement(rules.agreement),
        "the paired strategy" if rules.only_paired else "any strategy",
    ]
    if rules.allow_leaks:
        said.append("answers that mention their instruction too")
    if rules.allow_cut_off:
        said.append("answers that were cut off too")
    if rules.only_kept:
        said.append("only records kept in review")
    if rules.per_task is None:
        said.append("every distinct answer to a task")
    else:
        best = counted(rules.per_task, "answer")
        said.append(f"at most {best} per task and strategy, the correct and then the shortest first")
    if rules.no_refusals:
        said.append("no refusals")
    if rules.no_repetition:
        said.append("no loops")
    if rules.languages:
        said.append(f"in {', '.join(rules.languages)}")
    for unit in ("tokens", "characters"):
        if text := _length(getattr(rules, f"min_{unit}"), getattr(rules, f"max_{unit}"), unit):
            said.append(text)
    if rules.must_match:
        said.append(f"matches {rules.must_match}")
    if rules.must_not_match:
        said.append(f"does not match {rules.must_not_match}")
    return said


def rules_text(rules: FitnessRules) -> str:
    """Return the rules in one sentence."""
    text = "; ".join(rule_sentences(rules))
    return f"{text[:1].upper()}{text[1:]}."


def uncounted_text(records: int) -> str:
    """Return that a limit in tokens does not apply to some of the records that are in; "" for none."""
    if not records:
        return ""
    return (
        f"The limits in tokens do not apply to {counted(records, 'record')}: the tokens were not counted "
        "(edits, imports). Limit characters instead."
    )


def _agreement(share: float | None) -> str:
    if share is None:
        return "answers without a reference unchecked"
    return f"answers without a reference if {share:.0%} of the samples agree"


def _length(low: int | None, high: int | None, unit: str) -> str:
    if low is None and high is None:
        return ""
    if low is None:
        return f"up to {high:,} {unit}"
    return f"at least {low:,} {unit}" if high is None else f"{low:,} to {high:,} {unit}"
