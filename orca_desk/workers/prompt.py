"""Shows the prompt that a model receives, by its tokenizer and chat template alone.

Job: {"model"}. Request: {"key", "messages": [[role, text], ...]}. Events: prompt (key, parts: [[role, text,
tokens], ...] in order, control tokens by name), or failure (key, message, hint).
"""

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
    """Render each conversation as it arrives, until the host sends no more."""
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
    """Return the prompt span by span. Users' and models' texts stay text, even if they look like tokens."""
    rendered = renderer.prompt([Message(role, text) for role, text in messages])
    decode = renderer.tokenizer.decode
    return [
        [span.role, decode(rendered.ids[span.start : span.end], control=True), span.end - span.start]
        for span in rendered.spans
    ]
