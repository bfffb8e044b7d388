"""`/v1/chat/completions`: the next answer of a conversation, by the model's own chat template."""

from typing import Any

from starlette.responses import JSONResponse, Response

from orca_desk.serving.clients import EventStream
from orca_desk.serving.queries import CHAT_ANSWER, ChatQuery
from orca_desk.serving.served import ServedModel
from orca_desk.serving.shapes import Head, finite, usage
from orca_desk.serving.streams import stream
from orca_desk.teacher.engine import Completion
from orca_desk.teacher.llama import LlamaTokenizer


async def chat(model: ServedModel, query: ChatQuery) -> Response:
    """Answer a conversation. Raises ApiError."""
    prompt = await model.render(query.messages)
    head = Head("chat.completion.chunk" if query.stream else "chat.completion", model.name, "chatcmpl")
    requests = model.requests(head.key, [prompt], query, default=CHAT_ANSWER)
    model.require_room(requests)
    if query.stream:
        return EventStream(stream(model, requests, query, head, _piece, opening=_opening))
    answers = await model.complete(requests)
    choices = [_choice(model.engine.tokenizer, index, answer, query) for index, answer in enumerate(answers)]
    return JSONResponse(head.body(choices, usage=usage(answers, choices=query.choices)))


def _choice(tokenizer: LlamaTokenizer, index: int, answer: Completion, query: ChatQuery) -> dict[str, Any]:
    scores = None if query.scores is None else {"content": _scored(tokenizer, answer), "refusal": None}
    return {
        "index": index,
        "message": {"role": "assistant", "content": answer.text, "refusal": None},
        "logprobs": scores,
        "finish_reason": answer.finish_reason,
    }


def _piece(index: int, text: str, reason: str | None) -> dict[str, Any]:
    delta = {} if reason else {"content": text}
    return {"index": index, "delta": delta, "logprobs": None, "finish_reason": reason}


def _opening(index: int) -> dict[str, Any]:
    delta = {"role": "assistant", "content": ""}
    return {"index": index, "delta": delta, "logprobs": None, "finish_reason": None}


def _scored(tokenizer: LlamaTokenizer, answer: Completion) -> list[dict[str, Any]]:
    """Return the answer's tokens with their log-probabilities, without the one that ended it."""
    return [
        _token(tokenizer, score.token, score.logprob)
        | {"top_logprobs": [_token(tokenizer, token, logprob) for token, logprob in score.best]}
        for score in answer.scores[: len(answer.ids)]
    ]


def _token(tokenizer: LlamaTokenizer, token: int, logprob: float) -> dict[str, Any]:
    piece = tokenizer.piece_bytes(token)
    text = tokenizer.decode([token], control=True)
    return {"token": text, "logprob": finite(logprob), "bytes": list(piece)}
