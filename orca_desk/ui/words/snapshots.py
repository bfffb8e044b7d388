"""The words for a snapshot: its rules, its mix, the overlap that was refused, and two of them compared."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from orca_desk.counting import counted
from orca_desk.library.overlaps import OverlapPair
from orca_desk.library.selection import CellCount, Selection
from orca_desk.library.snapshot_comparison import SnapshotComparison
from orca_desk.method.erasure import CAUTIOUS
from orca_desk.method.mixing import GroupMix, Mix
from orca_desk.method.snapshot_rules import Balance, GroupedBy, OverlapRule, SnapshotRules, Targets
from orca_desk.steps.train.base_request import BaseMeasured
from orca_desk.ui.words.fitness import ALWAYS
from orca_desk.ui.words.record_rules import rule_sentences, uncounted_text
from orca_desk.ui.words.shorten import shorten

TARGETS: Mapping[Targets, str] = {
    "even": "Even",
    "square-root": "Square root",
    "proportional": "As they come",
    "weights": "Custom weights",
}
OVER: Mapping[GroupedBy, str] = {
    "family": "families",
    "strategy": "strategies",
    "family-and-strategy": "families and strategies",
}
OVERLAP: Mapping[OverlapRule, str] = {
    "refuse": "Refuse exact and near repeats",
    "allow-near": "Refuse exact repeats only",
    "allow": "Do not compare",
}
# Names of rules where two snapshots differ
RULES: Mapping[str, str] = {
    "own_only": "Without records of sample tasks",
    "instruction": "System message",
    "per_task": "Maximum per task and strategy",
    "cap": "Maximum per family",
    "total": "Records in all",
    "long_share": "Share of long answers",
    "long_over": "Long from (tokens)",
    "learnable": "Learnable first",
    "overlap": "Repeats of held-out questions",
    "near": "Similarity of near repeats",
    "overlaps_taken": "Overlaps taken anyway",
}


def describe_rules(rules: SnapshotRules) -> str:
    """Return the rules of a snapshot in one sentence, and what always holds in another."""
    return f"{sentence([*rule_sentences(rules), *_mix_rules(rules)])}. {ALWAYS}"


def _mix_rules(rules: SnapshotRules) -> Iterator[str]:
    if rules.cap is not None:
        yield f"at most {rules.cap:,} per family"
    if rules.families is not None:
        yield f"families {', '.join(rules.families)}"
    if rules.own_only:
        yield f"none of sample tasks in {', '.join(rules.own_only)}"
    if rules.runs is not None:
        yield f"runs {', '.join(rules.runs)}"
    if rules.balance is not None:
        yield balance_text(rules.balance)
    if rules.total is not None:
        yield f"at most {counted(rules.total, 'record')} in all"
    if rules.long_share is not None:
        limit = "the family's median" if rules.long_over is None else counted(rules.long_over, "token")
        yield f"at most {rules.long_share:.0%} answers longer than {limit}"
    if rules.learnable is not None:
        dropped = [
            word
            for word, drops in (
                ("always", rules.learnable.drop_always),
                ("never", rules.learnable.drop_never),
            )
            if drops
        ]
        if dropped:
            yield f"no tasks that the untrained student {' or '.join(dropped)} solves"
    if rules.overlap != "refuse":
        yield {"allow-near": "near repeats of held-out tasks included", "allow": "overlap not compared"}[
            rules.overlap
        ]
    if rules.overlaps_taken:
        yield f"{counted(len(rules.overlaps_taken), 'overlapping question')} taken anyway"


def balance_text(balance: Balance) -> str:
    """Return a balance in words: "even shares over families"."""
    shares = {
        "even": "even shares",
        "square-root": "shares by square root",
        "proportional": "shares as they come",
        "weights": "weighted shares",
    }[balance.targets]
    weights = ", ".join(f"{name} {weight:g}" for name, weight in balance.weights)
    return f"{shares} over {OVER[balance.over]}" + (f" ({weights})" if weights else "")


def selection_lines(found: Selection, *, learnable: bool) -> list[str]:
    """Return what a reader should know of a selection, one sentence each."""
    lines = [uncounted_text(found.unlimited)] if found.unlimited else []
    return lines + _mix_lines(found.mix, learnable=learnable)


def _mix_lines(mix: Mix, *, learnable: bool) -> list[str]:
    lines = []
    if mix.limited_by:
        lines.append(
            f"{mix.limited_by} has the fewest records for its share and limits the others: set a total to"
            " take more of them."
        )
    short = [group for group in mix.groups if group.asked is not None and group.taken < group.asked]
    if short:
        lines.append("Fewer than asked for: {}.".format(", ".join(map(_shortfall, short))))
    if mix.long_over:
        share = mix.long / len(mix.taken) if mix.taken else 0.0
        lines.append(f"Long answers: {mix.long:,} of {len(mix.taken):,} ({share:.0%}).")
    if mix.uncounted:
        answers = counted(mix.uncounted, "answer")
        lines.append(f"Tokens of {answers} were estimated, one per four characters (edits, imports).")
    if learnable and mix.unmeasured:
        lines.append(
            f"{counted(mix.unmeasured, 'record')} taken without a measurement of the student on their tasks."
        )
    if line := asked_once_text(mix.asked_once):
        lines.append(line)
    return lines


def asked_once_text(records: int) -> str:
    """Return that tasks were left out by one answer of the student each; "" for none."""
    if not records:
        return ""
    return (
        f"{counted(records, 'record')} left out by a single answer of the student to their task: one answer"
        " is always or never correct. Measure the student with several samples per task."
    )


def _shortfall(group: GroupMix) -> str:
    return f"{group.name} {group.taken:,} of {group.asked or 0:,}"


def overlap_line(selection: Selection) -> str:
    """Return how many questions overlap with held-out ones, or "" if they were not compared."""
    if not selection.held_out:
        return ""
    exact = sum(pair.kind == "exact" for pair in selection.overlaps)
    near = len(selection.overlaps) - exact
    named = f", {' and '.join(map(shorten, selection.benchmarks))} included" if selection.benchmarks else ""
    return (
        f"Compared with {counted(selection.held_out, 'held-out question')}{named}: "
        f"{exact:,} repeated exactly, {near:,} nearly."
    )


def pair_line(pair: OverlapPair, length: int = 90) -> str:
    """Return a pair in one line: what is asked, and what it repeats."""
    how = "the same as" if pair.kind == "exact" else f"{pair.similarity:.0%} like"
    where = f"a question of {shorten(pair.benchmark) if pair.benchmark else 'the general probe'}"
    if pair.held_out_task:
        where = f"held-out task {pair.held_out_task[:8]}"
    ours, theirs = " ".join(pair.user.split()), " ".join(pair.held_out_user.split())
    start = _difference(ours, theirs, length)
    return (
        f"{pair.task_id[:8]} “{_from(ours, start, length)}” is {how} {where} “{_from(theirs, start, length)}”"
    )


def _difference(ours: str, theirs: str, length: int) -> int:
    """Return where to begin, so that `length` characters show the first difference."""
    same = next((n for n, (a, b) in enumerate(zip(ours, theirs, strict=False)) if a != b), None)
    if same is None or same < length * 2 // 3:
        return 0
    return max(0, ours.rfind(" ", 0, same - length // 3) + 1)


def _from(text: str, start: int, length: int) -> str:
    return f"{'…' if start else ''}{shorten(text[start:], length)}"


def account_text(found: Mapping[str, Any]) -> str:
    """Return in a few words what a manifest says of the mix and of the overlap."""
    if "derived_from" in found:
        return f"Derived from {found['source_name']} by an experiment."
    account = found["account"]
    if account is None:
        return "Frozen by an earlier version, which did not note it."
    mixed, overlap = account["mix"], account["overlap"]
    parts = [f"{found['records']:,} of {counted(account['considered'], 'record')}"]
    if mixed["limited_by"]:
        parts.append(f"limited by {mixed['limited_by']}")
    if mixed["long_over_tokens"]:
        parts.append(f"{mixed['long_answers']:,} long")
    if mixed["not_measured"]:
        parts.append(f"{mixed['not_measured']:,} without a measurement of the student")
    if overlap["compared_with"]:
        questions = counted(overlap["compared_with"], "held-out question")
        parts.append(f"compared with {questions}: {len(overlap['pairs']):,} overlapped")
    else:
        parts.append("not compared with held-out questions")
    return f"{sentence(parts)}."


def cell_rows(cells: Sequence[CellCount]) -> list[list[str]]:
    """Return rows of family, strategy, fit and taken."""
    return [[cell.family, cell.strategy, f"{cell.fit:,}", f"{cell.taken:,}"] for cell in cells]


def message_text(instruction: str) -> str:
    """Return the student's system message with its kind."""
    if not instruction:
        return "Empty"
    return f"Cautious: {instruction}" if instruction == CAUTIOUS else instruction


def compared_names(found: SnapshotComparison) -> tuple[str, str]:
    """Return what to call two snapshots: by their names, and by their ids too where those are the same."""
    first, second = found.first, found.second
    if first.name != second.name:
        return first.name, second.name
    return f"{first.name} ({first.id[:8]})", f"{second.name} ({second.id[:8]})"


def comparison_sentence(found: SnapshotComparison) -> str:
    """Return what two snapshots have in common and what only one of them has."""
    first, second = compared_names(found)
    parts = [f"{counted(found.equal, 'record')} in both"]
    if found.changed:
        parts.append(f"{found.changed:,} with another system message or answer")
    parts.append(f"{found.only_first:,} only in {first}")
    parts.append(f"{found.only_second:,} only in {second}")
    return f"{', '.join(parts)}."


def setting_rows(found: SnapshotComparison) -> list[list[str]]:
    """Return rows of a setting's name and its two values, where they differ."""
    return [
        [
            RULES.get(one.name, one.name.replace("_", " ").capitalize()),
            value_text(one.name, one.first),
            value_text(one.name, one.second),
        ]
        for one in found.settings
    ]


def value_text(name: str, value: Any) -> str:
    """Return a stored value of a rule in words."""
    if name == "instruction":
        return message_text(value)
    if value is None or value == ():
        return "–"
    if name == "overlap":
        return OVERLAP[value]
    if name == "balance":
        return balance_text(Balance(**value))
    if name in ("long_share", "near", "agreement"):
        return f"{value:.0%}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(
            f"{key.replace('_', ' ')} {value_text(key, one)}" for key, one in value.items() if one != ()
        )
    if isinstance(value, tuple | list):
        return ", ".join(value_text("", one) for one in value)
    return (
        f"{value:,}" if isinstance(value, int) else f"{value:g}" if isinstance(value, float) else str(value)
    )


def measured_sentence(found: BaseMeasured) -> str:
    """Return how the untrained student did on the training tasks."""
    if not found.finished:
        return f"Stopped after {counted(found.answers, 'answer')}; the same measurement resumes."
    text = (
        f"{found.correct:,} of {counted(found.answers, 'answer')} correct."
        f" Of {counted(found.tasks, 'task')}, the student solved {found.always:,} always,"
        f" {found.never:,} never, {found.tasks - found.always - found.never:,} sometimes."
    )
    if found.answers == found.tasks > 0:
        text += " Each was asked once, which cannot tell them apart: ask for several samples per task."
    if found.failed:
        reasons = ", ".join(f"{reason}: {n:,}" for reason, n in found.failed.items())
        text += f" Without an answer: {reasons}."
    return text


def sentence(parts: Sequence[str]) -> str:
    """Join the parts with semicolons and capitalise the first letter."""
    text = "; ".join(parts)
    return text[:1].upper() + text[1:]
