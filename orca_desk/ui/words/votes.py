"""The vote of several answers to one message, in words."""

from orca_desk.counting import counted
from orca_desk.method.agreement import Agreement, VotedAnswer, is_settled

HELP = (
    "Each model answers this many times, each time with another seed; the most frequent answer is shown."
    " It stops early when more answers cannot change the vote. Agreement is not accuracy."
)
NO_VOTE_HELP = "These answers show no final answer, or two different ones; or they were stopped."


def vote_summary(vote: Agreement, asked: int) -> str:
    """Return a vote in one line; `asked` is how often the message was to be asked."""
    answers = counted(vote.n, "answer")
    if not vote.candidates:
        said = f"None of {answers} shows a final answer, so the first is shown"
    elif vote.winner is not None:
        said = f"{vote.winner.votes} of {answers} agree ({vote.share:.0%})"
    else:
        said = f"No majority among {answers}: the first of the most frequent ones is shown"
    rest = asked - vote.n
    if rest and is_settled(vote, rest):
        said += f"; {counted(rest, 'more answer')} could not change that"
    elif rest:
        said += f"; it was stopped before the other {rest:,}"
    return f"{said}."


def candidate_votes(candidate: VotedAnswer, vote: Agreement) -> str:
    """Return how many answers gave this one: "3 of 5 (60%)"."""
    return f"{candidate.votes} of {vote.n} ({candidate.votes / vote.n:.0%})"
