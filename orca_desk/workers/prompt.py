"""A model's tokenizer and chat template alone: shows what a model would be sent.

Job: {"model"}. Request: {"key", "messages": [[role, text], ...]}. Events: prompt (key, parts: [[role, text,
tokens], ...] in order, control tokens by their names), or failure (key, message, hint).
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from orca_desk.errors import UserError
from orca_desk.method.messages import Message
from orca_desk.workers.runtime import Channel, serve

if TYPE_CHECKING:
    from orca_desk.prompts.renderer import Renderer


def main() -> None:
    """Serve one job."""
    serve(show)


def show(channel: Channel) -> None:
    """Render each conversation as it comes, until there are no more."""
    from orca_desk.prompts.renderer import Renderer
    from orca_desk.teacher.llama import LlamaModel

    with LlamaModel(Path(channel.job["model"]), vocabulary_only=True) as model:
        renderer = Renderer(model.tokenizer)
        for content in channel.requests(ahead=1):
            try:
                event = {"event": "prompt", "parts": _parts(renderer, content["messages"])}
            except UserError as error:
                event = {"event": "failure", "message": error.message, "hint": error.hint}
            channel.emit(event | {"key": content["key"]})


def _parts(renderer: "Renderer", messages: list[list[Any]]) -> list[list[Any]]:
    """Return the prompt span by span. The user's and the model's text stay text, whatever they look like."""
    rendered = renderer.prompt([Message(role, text) for role, text in messages])
    decode = renderer.tokenizer.decode
    return [
        [span.role, decode(rendered.ids[span.start : span.end], control=True), span.end - span.start]
        for span in rendered.spans
    ]
