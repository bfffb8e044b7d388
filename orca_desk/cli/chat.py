"""`orca-desk chat`: chat with a model, with or without an adapter."""

import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from orca_desk.cli.options import (
    device_option,
    examples,
    existing_library_option,
    json_option,
    model_options,
    sampling_options,
)
from orca_desk.cli.output import complain, console, errors, escape_controls, print_json, say
from orca_desk.cli.running import tell_notes
from orca_desk.inventory.templates import Overrides
from orca_desk.library.chats import ChatMessage
from orca_desk.method.agreement import Agreement
from orca_desk.method.erasure import CAUTIOUS, EMPTY
from orca_desk.method.records import Sampling
from orca_desk.steps.chat.asking import Asking
from orca_desk.steps.chat.conversation import Conversation
from orca_desk.steps.chat.draft import Draft
from orca_desk.steps.chat.events import AnswerEnded, AnswerFailed, Event, Piece
from orca_desk.steps.chat.models import ChatModel, part_of
from orca_desk.steps.chat.session import ChatSession
from orca_desk.steps.chat.voting import MOST_VOTES, check_votes
from orca_desk.ui.words.votes import candidate_votes, vote_summary

SYSTEMS = {"cautious": CAUTIOUS, "empty": EMPTY}


@click.command(
    "chat",
    epilog=examples(
        "orca-desk chat --model student.gguf --adapter adapter.gguf",
        "orca-desk chat --model teacher.gguf --system 'Answer in one word.'",
        "orca-desk chat --model student.gguf --message 'Where is the ball?' --json",
        "orca-desk chat --model student.gguf --message 'What is 7 * 8?' --vote 5 --temperature 0.7",
    ),
)
@model_options
@click.option(
    "--system",
    default="cautious",
    show_default=True,
    metavar="cautious|empty|TEXT",
    help="The system message: the cautious one, none, or your own text.",
)
@click.option("--message", help="Answer this one message, then exit.")
@click.option(
    "--vote",
    default=1,
    show_default=True,
    type=click.IntRange(1, MOST_VOTES),
    help="Ask each message this many times and show the most frequent answer; needs a temperature above 0.",
)
@sampling_options
@click.option("--threads", type=click.IntRange(1), help="CPU threads [default: all cores].")
@click.option("--context", type=click.IntRange(64), help="Context window in tokens.")
@existing_library_option
@device_option
@json_option
def command(
    folder: Path,
    model: Path,
    adapter: Path | None,
    system: str,
    message: str | None,
    vote: int,
    sampling: Sampling,
    context: int | None,
    threads: int | None,
    as_json: bool,
) -> None:
    """Chat with a model. Ctrl-C stops an answer; an empty line or Ctrl-D ends the chat.

    Only your chat templates are read from the library, so the desktop may have it open.
    """
    if as_json and message is None:
        raise click.UsageError("--json answers one message: add --message TEXT.")
    if message is not None and not message.strip():
        raise click.UsageError("--message is empty.")

    def open_session(chosen: ChatModel, _threads: int) -> ChatSession:
        return ChatSession(
            chosen.model,
            chosen.adapter,
            context=context,
            threads=threads,
            template=lambda: Overrides.in_folder(folder).find(chosen.model),
        )

    check_votes(vote, sampling)
    tell_notes(model, adapter, folder=folder)
    terminal = _Terminal(streams=message is None and vote == 1)
    with Conversation(None, terminal, open_session=open_session) as conversation:
        conversation.use([ChatModel(part=part_of(model, adapter), model=model, adapter=adapter)])
        asked = _Chat(
            conversation, terminal, SYSTEMS.get(system, system), Asking(sampling=sampling, votes=vote)
        )
        if message is not None:
            asked.answer_one(message, as_json=as_json)
        else:
            asked.talk()


class _Terminal:
    """A conversation's listener: prints an answer while it comes, and notes how it ended."""

    def __init__(self, *, streams: bool) -> None:
        self._streams = streams
        self.answer: ChatMessage | None = None
        self.vote: Agreement | None = None
        self.error: Exception | None = None

    def __call__(self, event: Event) -> None:
        if isinstance(event, Piece) and self._streams:
            sys.stdout.write(escape_controls(event.text))
            sys.stdout.flush()
        elif isinstance(event, AnswerEnded):
            self.answer, self.vote, self.error = event.answer, event.vote, None
        elif isinstance(event, AnswerFailed):
            self.answer, self.vote, self.error = event.answer, event.vote, event.error


class _Chat:
    """Asks one model under one system message."""

    def __init__(self, conversation: Conversation, terminal: _Terminal, system: str, asking: Asking) -> None:
        self._conversation, self._terminal = conversation, terminal
        self._system, self._asking = system, asking

    def answer_one(self, message: str, *, as_json: bool) -> None:
        """Print the answer to one message."""
        began = time.monotonic()
        answer = self._ask(message)
        if as_json:
            seconds = round(time.monotonic() - began, 3)
            print_json(
                {"response": answer.content, "finish_reason": answer.finish_reason, "seconds": seconds}
                | _vote_json(answer, self._terminal.vote)
            )
        else:
            say(answer.content)
            self._show_vote(answer)
            _warn_if_cut(answer)

    def talk(self) -> None:
        """Read messages and print answers until the user ends it."""
        errors.print("Ctrl-C stops an answer; an empty line ends the chat.", style="dim")
        while text := _read_line():
            with _stoppable(self._conversation):
                answer = self._ask(text)
            if self._asking.votes > 1:
                say(answer.content)
            else:
                sys.stdout.write("\n")
            self._show_vote(answer)
            _warn_if_cut(answer)

    def _ask(self, message: str) -> ChatMessage:
        """Return the answer to a message. Raises what prevents it."""
        self._conversation.send(Draft(question=message), self._asking, system=self._system)
        self._conversation.wait()
        if self._terminal.error:
            raise self._terminal.error
        return self._terminal.answer or ChatMessage(role="assistant", content="")

    def _show_vote(self, answer: ChatMessage) -> None:
        """Print the vote behind an answer on stderr, so that stdout holds the answer alone."""
        vote = self._terminal.vote
        if vote is not None and answer.sampled is not None:
            complain(vote_summary(vote, answer.sampled.asked), style="dim")
            for candidate in vote.candidates:
                complain(f"  {candidate_votes(candidate, vote)}  {candidate.answer}", style="dim")


def _vote_json(answer: ChatMessage, vote: Agreement | None) -> dict[str, Any]:
    if vote is None or answer.sampled is None:
        return {}
    return {
        "vote": {
            "asked": answer.sampled.asked,
            "answers": vote.n,
            "shown": answer.sampled.shown,
            "tied": vote.is_tied,
            "share": vote.share,
            "without_vote": vote.without_vote,
            "candidates": [
                {"answer": one.answer, "votes": one.votes, "samples": one.samples} for one in vote.candidates
            ],
            "samples": answer.sampled.samples,
        }
    }


def _warn_if_cut(answer: ChatMessage) -> None:
    if answer.finish_reason == "length":
        errors.print("(cut off by the length limit: see --max-tokens)", style="yellow")


def _read_line() -> str:
    try:
        return console.input("[bold]> [/bold]").strip()
    except (EOFError, KeyboardInterrupt):
        return ""


@contextmanager
def _stoppable(conversation: Conversation) -> Iterator[None]:
    """Let Ctrl-C end the answer, not the chat."""
    before = signal.signal(signal.SIGINT, lambda _number, _frame: conversation.stop())
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
