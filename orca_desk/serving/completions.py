"""`/v1/completions`: prompts continued as they are, without a template, and their tokens' log-probabilities.

With `echo` and `logprobs` every token of the prompt is scored, which is what `lm-eval` asks for.
"""

from typing import Any

from starlette.responses import JSONResponse, Response

from orca_desk.serving.clients import EventStream
from orca_desk.serving.queries import COMPLETION_ANSWER, CompletionQuery
from orca_desk.serving.served import ServedModel, TokenPrompt
from orca_desk.serving.shapes import Head, finite, usage
from orca_desk.serving.streams import stream
from orca_desk.teacher.engine import Completion
from orca_desk.teacher.llama import LlamaTokenizer
from orca_desk.teacher.requests import TokenScore


async def complete(model: ServedModel, query: CompletionQuery) -> Response:
    """Continue all prompts. Raises ApiError."""
    prompts = [await model.read(prompt, adds_special=query.adds_special) for prompt in query.prompts]
    tokenizer = model.engine.tokenizer
    head = Head("text_completion", model.name, "cmpl")
    requests = model.requests(head.key, prompts, query, default=COMPLETION_ANSWER, scores_prompt=query.echo)
    model.require_room(requests)
    if query.stream:
        echoed = [tokenizer.decode(request.ids, control=True) if query.echo else "" for request in requests]
        return EventStream(
            stream(
                model, requests, query, head, _piece, opening=lambda index: _piece(index, echoed[index], None)
            )
        )
    answers = await model.complete(requests)
    choices = [
        _choice(tokenizer, index, prompts[index // query.choices], answer, query)
        for index, answer in enumerate(answers)
    ]
    unwanted = sum(answer.completion_tokens for answer in answers) if query.max_tokens == 0 else 0
    return JSONResponse(head.body(choices, usage=usage(answers, choices=query.choices, extra=unwanted)))


def _choice(
    tokenizer: LlamaTokenizer, index: int, prompt: TokenPrompt, answer: Completion, query: CompletionQuery
) -> dict[str, Any]:
    wants_answer = query.max_tokens != 0
    begin = tokenizer.decode(prompt.ids, control=True) if query.echo else ""
    scores = None
    if query.scores is not None:
        first = prompt.ids[:1] if query.echo else ()
        scores = _scored(tokenizer, first, (*answer.prompt_scores, *(answer.scores if wants_answer else ())))
    return {
        "index": index,
        "text": begin + (answer.text if wants_answer else ""),
        "logprobs": scores,
        "finish_reason": answer.finish_reason if wants_answer else "length",
    }


def _piece(index: int, text: str, reason: str | None) -> dict[str, Any]:
    return {"index": index, "text": text, "logprobs": None, "finish_reason": reason}


def _scored(
    tokenizer: LlamaTokenizer, first: tuple[int, ...], scores: tuple[TokenScore, ...]
) -> dict[str, list[Any]]:
    """Return the log-probabilities of the tokens in order. `first` is one that nothing stands before.

    They include the token that ended the answer: `lm-eval` takes all but the last for the prompt's.
    """
    texts = [tokenizer.decode([token], control=True) for token in (*first, *(one.token for one in scores))]
    offsets = [0]
    for text in texts:
        offsets.append(offsets[-1] + len(text))
    return {
        "tokens": texts,
        "token_logprobs": [*(None for _ in first), *(finite(one.logprob) for one in scores)],
        "top_logprobs": [*(None for _ in first), *(_best(tokenizer, one) for one in scores)],
        "text_offset": offsets[:-1],
    }


def _best(tokenizer: LlamaTokenizer, score: TokenScore) -> dict[str, float]:
    """Return the likeliest tokens by text, and the token itself. Of two with one text the likelier stays."""
    found: dict[str, float] = {}
    for token, logprob in (*score.best, (score.token, score.logprob)):
        found.setdefault(tokenizer.decode([token], control=True), finite(logprob))
    return found
