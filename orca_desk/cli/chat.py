"""`orca-desk chat`: talk to a model, with or without an adapter."""

import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from orca_desk.cli.options import examples, json_option, model_options, sampling_options
from orca_desk.cli.output import console, errors, escape_controls, print_json, say
from orca_desk.method.erasure import CAUTIOUS, EMPTY
from orca_desk.method.messages import Message
from orca_desk.method.records import Sampling
from orca_desk.steps.chat.session import ChatSession

SYSTEMS = {"cautious": CAUTIOUS, "empty": EMPTY}


@click.command(
    "chat",
    epilog=examples(
        "orca-desk chat --model student.gguf --adapter adapter.gguf",
        "orca-desk chat --model teacher.gguf --system 'Answer in one word.'",
        "orca-desk chat --model student.gguf --message 'Where is the ball?' --json",
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
@click.option("--message", help="Answer this one message and end.")
@sampling_options
@click.option("--threads", type=click.IntRange(1), help="CPU threads [default: all cores].")
@click.option("--context", type=click.IntRange(64), help="Tokens the conversation may have.")
@json_option
def command(
    model: Path,
    adapter: Path | None,
    system: str,
    message: str | None,
    sampling: Sampling,
    context: int | None,
    threads: int | None,
    as_json: bool,
) -> None:
    """Chat with a model. Ctrl-C stops an answer, an empty line or Ctrl-D ends the chat."""
    if as_json and message is None:
        raise click.UsageError("--json answers one message: add --message TEXT.")
    messages = [Message("system", SYSTEMS.get(system, system))]
    with ChatSession(model, adapter, context=context, threads=threads) as session:
        if message is not None:
            _answer_one(session, [*messages, Message("user", message)], sampling, as_json=as_json)
        else:
            _converse(session, messages, sampling)


def _answer_one(session: ChatSession, messages: list[Message], sampling: Sampling, *, as_json: bool) -> None:
    began = time.monotonic()
    text = "".join(session.send(messages, sampling))
    if as_json:
        seconds = round(time.monotonic() - began, 3)
        print_json({"response": text, "finish_reason": session.finish_reason, "seconds": seconds})
    else:
        say(text)
        _tell_if_cut(session)


def _converse(session: ChatSession, messages: list[Message], sampling: Sampling) -> None:
    """Ask and answer until the user ends it."""
    errors.print("Ctrl-C stops an answer; an empty line ends the chat.", style="dim")
    while text := _read_line():
        messages.append(Message("user", text))
        pieces: list[str] = []
        with _stoppable(session):
            for piece in session.send(messages, sampling):
                pieces.append(piece)
                sys.stdout.write(escape_controls(piece))
                sys.stdout.flush()
        sys.stdout.write("\n")
        _tell_if_cut(session)
        messages.append(Message("assistant", "".join(pieces)))


def _tell_if_cut(session: ChatSession) -> None:
    if session.finish_reason == "length":
        errors.print("(cut off by the length limit: see --max-tokens)", style="yellow")


def _read_line() -> str:
    try:
        return console.input("[bold]> [/bold]").strip()
    except (EOFError, KeyboardInterrupt):
        return ""


@contextmanager
def _stoppable(session: ChatSession) -> Iterator[None]:
    """Let Ctrl-C end the answer rather than the chat."""
    before = signal.signal(signal.SIGINT, lambda _number, _frame: session.stop())
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
