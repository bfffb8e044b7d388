"""Shows the prompt that a model receives, by its tokenizer and chat template alone, and checks a template.

Job: {"model", "template"?}, a GGUF file or a student's folder, and a chat template instead of its own.
Request: {"key", "messages": [[role, text], ...]}, or {"key", "check": true}. Events: prompt (key, parts:
[[role, text, tokens], ...] in order, control tokens by name), checked (key, check: `TemplateCheck` as JSON),
or failure (key, message, hint).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orca_desk.errors import UserError
from orca_desk.prompts.messages import Message
from orca_desk.workers.runtime import Channel, serve

if TYPE_CHECKING:
    from orca_desk.prompts.renderer import Renderer


def main() -> None:
    """Serve one job."""
    serve(show)


def show(channel: Channel) -> None:
    """Answer each request as it arrives, until the host sends no more."""
    job = channel.job
    with _renderer(Path(job["model"]), job.get("template")) as renderer:
        for content in channel.requests(ahead=1):
            try:
                event = _checked(renderer) if content.get("check") else _prompt(renderer, content["messages"])
            except UserError as error:
                event = {"event": "failure", "message": error.message, "hint": error.hint}
            channel.emit(event | {"key": content["key"]})


@contextmanager
def _renderer(model: Path, template: str | None) -> Iterator["Renderer"]:
    from orca_desk.prompts.renderer import Renderer

    if model.is_dir():
        from orca_desk.prompts.hf import HFTokenizer

        yield Renderer(HFTokenizer.load(model, template=template))
        return
    from orca_desk.teacher.llama import LlamaModel

    with LlamaModel(model, vocabulary_only=True, template=template) as loaded:
        yield Renderer(loaded.tokenizer)


def _prompt(renderer: "Renderer", messages: list[list[Any]]) -> dict[str, Any]:
    from orca_desk.prompts.template_check import spans_of

    spans = spans_of(renderer, [Message(role, text) for role, text in messages])
    return {"event": "prompt", "parts": [[span.role, span.text, span.tokens] for span in spans]}


def _checked(renderer: "Renderer") -> dict[str, Any]:
    from orca_desk.prompts.template_check import check_template

    return {"event": "checked", "check": check_template(renderer).to_json()}
