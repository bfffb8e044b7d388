"""An answer as a stream of server-sent events: what chats and completions have in common."""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from orca_desk.serving.queries import ClientQuery
from orca_desk.serving.served import ServedModel, failure
from orca_desk.serving.shapes import DONE, Head, error_event, event, usage
from orca_desk.teacher.engine import Completion, Request, RequestFailure

Choice = Callable[[int, str, str | None], dict[str, Any]]  # index, text, finish reason or None


async def stream(
    model: ServedModel,
    requests: Sequence[Request],
    query: ClientQuery,
    head: Head,
    choice: Choice,
    *,
    opening: Callable[[int], dict[str, Any]] | None = None,
) -> AsyncIterator[str]:
    """Yield the events of all answers as they grow; text that has arrived meanwhile goes into one event.

    `choice` makes a choice of an event, `opening` the one that an answer begins with.
    """
    indices = {request.key: index for index, request in enumerate(requests)}
    usage_so_far = {"usage": None} if query.with_usage else {}
    answers: dict[str, Completion] = {}

    def piece(key: str, text: str, reason: str | None) -> str:
        return event(head.body([choice(indices[key], text, reason)], **usage_so_far))

    if opening:
        for index in indices.values():
            yield event(head.body([opening(index)], **usage_so_far))
    async with model.ask(requests) as events:
        async for arrived in events:
            texts: dict[str, str] = {}
            for one in arrived:
                if isinstance(one, RequestFailure):
                    yield error_event(failure(one))
                    return
                if isinstance(one, tuple):
                    texts[one[0]] = texts.get(one[0], "") + one[1]
            for key, text in texts.items():
                yield piece(key, text, None)
            for one in arrived:
                if isinstance(one, Completion):
                    answers[one.key] = one
                    yield piece(one.key, "", one.finish_reason)
    if query.with_usage:
        ordered = [answers[request.key] for request in requests]
        yield event(head.body([], usage=usage(ordered, choices=query.choices)))
    yield DONE
