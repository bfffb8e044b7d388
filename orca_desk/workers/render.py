"""Renders chat templates: untrusted Jinja, in a process that can be killed.

Reads one JSON object from stdin: {"template", "variables", "conversations": [{"messages",
"add_generation_prompt"}]}; writes {"rendered": [{"text"} | {"refused"} | {"broken"}]}. "refused" means
that the template raised an error about the conversation, "broken" that it cannot run.
"""

import json
import sys
from collections.abc import Callable
from typing import Any, NoReturn

from jinja2 import Template, TemplateError, nodes
from jinja2.ext import Extension
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

MEMORY_BYTES = 512 * 2**20
CPU_SECONDS = 2
TEXT_LIMIT = 2_000_000  # characters; real templates write a few thousand


class RefusalError(TemplateError):
    """What a template raises with `raise_exception`."""


class Generation(Extension):
    """`{% generation %}` blocks, which mark what to train on; here they are only their body."""

    tags = {"generation"}  # noqa: RUF012 - as jinja2 declares it

    def parse(self, parser: Parser) -> list[nodes.Node]:
        """Replace the block with its body."""
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


def main() -> None:
    """Render the job on stdin, within limits of memory and processor time."""
    job = json.load(sys.stdin)
    _limit()
    try:
        template = compile_template(job["template"])
    except (TemplateError, RecursionError, MemoryError, OverflowError) as error:
        rendered = [{"broken": _describe(error)} for _ in job["conversations"]]
    else:
        rendered = [render(template, job["variables"], each) for each in job["conversations"]]
    json.dump({"rendered": rendered}, sys.stdout)


def compile_template(source: str) -> Template:
    """Compile a chat template as transformers does, but without its clock (`strftime_now`)."""
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, "jinja2.ext.loopcontrols"]
    )
    environment.filters["tojson"] = _to_json
    environment.globals["raise_exception"] = _refuse
    return environment.from_string(source)


def render(template: Template, variables: dict[str, str], conversation: dict[str, Any]) -> dict[str, str]:
    """Return {"text"}, {"refused"} or {"broken"} for one conversation."""
    pieces: list[str] = []
    size = 0
    try:
        for piece in template.generate(**variables, **conversation):
            pieces.append(piece)
            size += len(piece)
            if size > TEXT_LIMIT:
                return {"broken": "its output never ends"}
    except RefusalError as error:
        return {"refused": str(error)}
    except Exception as error:  # a template can raise anything
        return {"broken": _describe(error)}
    return {"text": "".join(pieces)}


def _describe(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".removesuffix(": ")[:500]


def _refuse(message: str) -> NoReturn:
    raise RefusalError(message)


def _to_json(value: Any, indent: int | None = None, **_: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent)


def _limit() -> None:
    """Limit this process's memory and processor time where the platform can."""
    try:
        import resource
    except ImportError:  # on Windows only the host's time limit applies
        return
    _lower(resource.setrlimit, resource.RLIMIT_AS, MEMORY_BYTES)
    _lower(resource.setrlimit, resource.RLIMIT_CPU, CPU_SECONDS)


def _lower(setrlimit: Callable[[int, tuple[int, int]], None], what: int, limit: int) -> None:
    try:
        setrlimit(what, (limit, limit))
    except ValueError:  # macOS refuses to limit the address space; the host's time limit remains.
        return
