"""Deleting tasks for good, in words: what goes, what stays, and what cannot be taken back."""

from orca_desk.counting import counted
from orca_desk.library.backups.kept import SUFFIX
from orca_desk.library.deleting.traces import Traces

CONFIRMATION = "delete"
NOT_UNDONE = "This cannot be undone."


def going_lines(traces: Traces) -> list[str]:
    """Return what is deleted, one line each."""
    lines = [counted(traces.tasks, "task")]
    if traces.records:
        edits = f", with {counted(traces.edits, 'edit')}" if traces.edits else ""
        lines.append(counted(traces.records, "teacher record") + edits)
    lines += [
        f"{counted(one.records, 'record')} of {one.of:,} in the snapshot {one.name}:"
        " it can no longer be trained on"
        for one in traces.snapshots
    ]
    if traces.answers:
        names = ", ".join(traces.evaluations)
        lines.append(
            f"The text of {counted(traces.answers, 'answer')} in {names}; whether they were correct stays"
        )
    if traces.chats:
        lines.append(f"{counted(len(traces.chats), 'chat')} about them: {', '.join(traces.chats)}")
    if traces.proposals:
        lines.append(counted(traces.proposals, "proposal"))
    if traces.benchmark_questions:
        lines.append(
            f"{counted(traces.benchmark_questions, 'question')} of named benchmarks with the same text:"
            " freezing no longer looks for them"
        )
    if traces.trash:
        lines.append(
            f"All of the trash, whose files may have their texts:"
            f" {counted(traces.trash, 'deletion')} can no longer be undone"
        )
    lines += [f"The file {path}, which has their texts" for path in traces.files]
    return lines


def lasting_lines(traces: Traces) -> list[str]:
    """Return what cannot be taken back from here, one line each."""
    lines = []
    if traces.twins:
        what = "asks the same and stays" if traces.twins == 1 else "ask the same and stay"
        lines.append(f"{counted(traces.twins, 'other task')} {what}; choose all of them to delete the text")
    lines += [
        f"{one.id} was trained on them: its weights have learned from them,"
        " and so have models that were exported or merged from it"
        for one in traces.trainings
    ]
    lines += [f"{path} was written from this library and may hold them" for path in traces.written]
    lines += [f"{path} cannot be looked into here and may hold them" for path in traces.unread_backups]
    lines.append("Copies of this library elsewhere, and the files that the tasks were imported from")
    return lines


def weights_line(traces: Traces) -> str:
    """Return which files with learned weights can be deleted too; empty without any."""
    count = sum(len(one.weights) for one in traces.trainings)
    names = ", ".join(one.id for one in traces.trainings if one.weights)
    return f"Delete the adapters and checkpoints of {names} too" if count else ""


def backups_line(traces: Traces) -> str:
    """Return which backups hold the tasks; empty without any."""
    names = ", ".join(path.name.removesuffix(SUFFIX) for path in traces.backups)
    return f"Delete {counted(len(traces.backups), 'backup')} with them in it too: {names}" if names else ""
