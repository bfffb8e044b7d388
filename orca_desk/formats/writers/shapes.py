"""The shapes of a row: what each format makes of a conversation."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from orca_desk.formats.writers.data_row import DataRow

Shape = Callable[[DataRow], dict[str, Any]]
SHAREGPT_ROLES = {"system": "system", "user": "human", "assistant": "gpt"}


@dataclass(frozen=True, kw_only=True)
class BatchOptions:
    """What each request of an OpenAI batch asks for beside its messages."""

    model: str = "model"
    max_tokens: int | None = None


def as_messages(row: DataRow) -> dict[str, Any]:
    """OpenAI's chat messages, as most trainers read them."""
    return {"messages": [*_asked(row), *_reply(row.answer)]}


def as_sharegpt(row: DataRow) -> dict[str, Any]:
    """ShareGPT's conversations."""
    turns = [*_asked(row), *_reply(row.answer)]
    return {
        "conversations": [{"from": SHAREGPT_ROLES[one["role"]], "value": one["content"]} for one in turns]
    }


def as_alpaca(row: DataRow) -> dict[str, Any]:
    """Alpaca's instruction, input and output: the question, its context and the answer."""
    if row.query:
        return {"instruction": row.query, "input": row.context, "output": row.answer or ""}
    return {"instruction": row.user, "input": "", "output": row.answer or ""}


def as_prompt_completion(row: DataRow) -> dict[str, Any]:
    """A prompt and its completion, both as text."""
    return {"prompt": row.user, "completion": row.answer or ""}


def as_prompt_completion_chat(row: DataRow) -> dict[str, Any]:
    """A prompt and its completion, both as lists of messages."""
    return {"prompt": list(_asked(row)), "completion": list(_reply(row.answer))}


def as_preference(row: DataRow) -> dict[str, Any]:
    """A prompt with a chosen and a rejected answer, as trainers of preferences (DPO) read them."""
    return {
        "prompt": list(_asked(row)),
        "chosen": list(_reply(row.answer)),
        "rejected": list(_reply(row.rejected)),
    }


def as_kto(row: DataRow) -> dict[str, Any]:
    """A prompt, an answer and whether it is a good one."""
    return {**as_prompt_completion_chat(row), "label": bool(row.label)}


def as_batch_request(row: DataRow, options: BatchOptions) -> dict[str, Any]:
    """A request of an OpenAI batch: the question alone, to be answered there."""
    body: dict[str, Any] = {"model": options.model, "messages": list(_asked(row))}
    if options.max_tokens is not None:
        body["max_tokens"] = options.max_tokens
    return {"custom_id": row.id, "method": "POST", "url": "/v1/chat/completions", "body": body}


def as_lm_eval(row: DataRow) -> dict[str, Any]:
    """A document of an lm-eval task, whose template asks `question` and grades by `answer`."""
    return {"id": row.id, "family": row.family, "question": row.user, "answer": row.answer or ""}


def _asked(row: DataRow) -> Iterator[dict[str, str]]:
    if row.system:
        yield {"role": "system", "content": row.system}
    for role, text in row.turns:
        yield {"role": role, "content": text}
    yield {"role": "user", "content": row.user}


def _reply(answer: str | None) -> Iterator[dict[str, str]]:
    if answer is not None:
        yield {"role": "assistant", "content": answer}
