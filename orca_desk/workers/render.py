"""Renders chat templates: untrusted Jinja, in a process that can be killed.

Reads one JSON object from stdin: {"template", "variables", "conversations": [{"messages",
"add_generation_prompt"}]}; writes {"rendered": [{"text"} | {"refused"} | {"broken"}], "clock", "asks"}.
"refused" means that the template raised an error about the conversation, "broken" that it cannot run; "clock"
tells whether it asked for the time, and "asks" names the variables that it reads and nobody has set.
"""

import contextlib
import json
import os
import re
import sys
import threading
import time
from datetime import UTC, datetime
from typing import Any, NoReturn

from jinja2 import Template, TemplateError, meta, nodes
from jinja2.ext import Extension
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

MEMORY_BYTES = 512 * 2**20
CPU_SECONDS = 2
TEXT_LIMIT = 2_000_000  # characters; real templates write a few thousand
MESSAGE_LIMIT = 500  # characters of what a template says when it refuses
LOOK_SECONDS = 0.02  # between two looks at the memory
# The time in every prompt. It never changes: a student must be served what it was trained on, and an answer
# must be reproducible. Templates of Llama 3 write this date wherever there is no clock.
NOW = datetime(2024, 7, 26, tzinfo=UTC)
_UNPADDED = re.compile(r"%[-#]([dmHIMSjyUW])")  # of the C library; Linux and Windows spell it differently


class RefusalError(TemplateError):
    """What a template raises with `raise_exception`."""


class Generation(Extension):
    """`{% generation %}` blocks, which mark what to train on; here they are only their body."""

    tags = {"generation"}  # noqa: RUF012 - as jinja2 declares it

    def parse(self, parser: Parser) -> list[nodes.Node]:
        """Replace the block with its body."""
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


class Clock:
    """The clock that templates see, as `strftime_now` and as `datetime`: it stands still at NOW."""

    def __init__(self) -> None:
        self.asked = False

    def now(self, *_: object, **__: object) -> datetime:
        """Return the time, in any time zone."""
        self.asked = True
        return NOW

    today = utcnow = now

    def strftime_now(self, layout: str) -> str:
        """Return the time in a layout of strftime."""
        self.asked = True
        return NOW.strftime(_UNPADDED.sub(_unpadded, layout))


def main() -> None:
    """Render the job on stdin, within limits of memory and processor time."""
    job = json.load(sys.stdin)
    _limit()
    clock = Clock()
    asks: list[str] = []
    try:
        environment = make_environment(clock)
        template = environment.from_string(job["template"])
        asks = sorted(meta.find_undeclared_variables(environment.parse(job["template"])))
    except (TemplateError, RecursionError, MemoryError, OverflowError) as error:
        rendered = [{"broken": _describe(error)} for _ in job["conversations"]]
    else:
        rendered = [render(template, job["variables"], each) for each in job["conversations"]]
    json.dump({"rendered": rendered, "clock": clock.asked, "asks": asks}, sys.stdout)


def make_environment(clock: Clock) -> ImmutableSandboxedEnvironment:
    """Return what compiles a chat template as transformers does, but with a clock that stands still."""
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, "jinja2.ext.loopcontrols"]
    )
    environment.filters["tojson"] = _to_json
    environment.globals["raise_exception"] = _refuse
    environment.globals["strftime_now"] = clock.strftime_now
    environment.globals["datetime"] = clock
    return environment


def render(template: Template, variables: dict[str, str], conversation: dict[str, Any]) -> dict[str, str]:
    """Return {"text"}, {"refused"} or {"broken"} for one conversation."""
    pieces: list[str] = []
    size = 0
    try:
        for piece in template.generate(tools=None, documents=None, **variables, **conversation):
            pieces.append(piece)
            size += len(piece)
            if size > TEXT_LIMIT:
                return {"broken": "its output never ends"}
    except RefusalError as error:
        return {"refused": _printable(str(error))}
    except Exception as error:  # a template can raise anything
        return {"broken": _describe(error)}
    return {"text": "".join(pieces)}


def _describe(error: BaseException) -> str:
    return _printable(f"{type(error).__name__}: {error}".removesuffix(": ")).rstrip(".")


def _printable(text: str) -> str:
    """Return the beginning of a message in one line, without anything that could move a terminal's cursor."""
    words = "".join(each if each.isprintable() else " " for each in text[:MESSAGE_LIMIT]).split()
    return " ".join(words)


def _refuse(message: object = "") -> NoReturn:
    raise RefusalError(str(message))


def _to_json(
    value: Any,
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    """Write JSON without Jinja's escapes for HTML, with the options that transformers gives to templates."""
    return json.dumps(
        value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys
    )


def _unpadded(match: re.Match[str]) -> str:
    return NOW.strftime(f"%{match[1]}").lstrip("0") or "0"


def _limit() -> None:
    """Limit this process's memory and processor time, by the system where it can."""
    try:
        import resource
    except ImportError:  # on Windows the watch and the host's time limit remain
        _watch_memory()
        return
    with contextlib.suppress(ValueError):
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    try:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    except ValueError:  # macOS refuses to limit the address space: the watch remains
        _watch_memory()


def _watch_memory() -> None:
    """End this process once it holds more than MEMORY_BYTES, where the system cannot limit it itself."""
    import psutil  # its import is a tenth of this worker's start

    process = psutil.Process()

    def watch() -> None:
        while process.memory_info().rss <= MEMORY_BYTES:
            time.sleep(LOOK_SECONDS)
        os.write(2, b"more than 512 MiB of memory\n")
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
