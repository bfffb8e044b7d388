"""Run as a program: llama.cpp's own server, of another build than ours, answers through its chat endpoint.

    python other_server.py JOB

JOB is a JSON file {"model", "conversations": [[{"role", "content"}, ...], ...], "tokens", "threads"}. Prints
a list with, for each conversation, the `ids` of the prompt that the server makes of it by the file's own
template, how many `prompt_tokens` it counted, its greedy `answer`, whether the model `stopped` by itself, and
for each token of the answer its likeliest `choices`, [bytes, log-probability] each.
"""

import json
import sys
import urllib.request
from pathlib import Path
from typing import Any

import xllamacpp


def main(job: dict[str, Any]) -> None:
    """Answer all conversations, one after the other."""
    parameters = xllamacpp.CommonParams()
    parameters.model.path = job["model"]
    parameters.n_ctx, parameters.n_parallel, parameters.warmup = 1024, 1, False
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = job["threads"]
    parameters.port, parameters.hostnames = 0, ["127.0.0.1"]
    server = xllamacpp.Server(parameters)
    print(
        json.dumps([answer(server.listening_address, turns, job["tokens"]) for turns in job["conversations"]])
    )


def answer(address: str, conversation: list[dict[str, str]], tokens: int) -> dict[str, Any]:
    """Return what the server makes of one conversation."""
    prompt = ask(address, "/apply-template", {"messages": conversation})["prompt"]
    ids = ask(address, "/tokenize", {"content": prompt, "add_special": True, "parse_special": True})["tokens"]
    wanted = {"messages": conversation, "temperature": 0, "max_tokens": tokens, "cache_prompt": False}
    wanted |= {"logprobs": True, "top_logprobs": 3}
    said = ask(address, "/v1/chat/completions", wanted)
    choice = said["choices"][0]
    return {
        "ids": ids,
        "prompt_tokens": said["usage"]["prompt_tokens"],
        "answer": choice["message"]["content"],
        "stopped": choice["finish_reason"] == "stop",
        "choices": [
            [[one["bytes"], one["logprob"]] for one in token["top_logprobs"]]
            for token in choice["logprobs"]["content"]
        ],
    }


def ask(address: str, path: str, content: dict[str, Any]) -> Any:
    """Post JSON to the server, and return its answer."""
    request = urllib.request.Request(
        f"{address}{path}", json.dumps(content).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=120) as response:
        return json.load(response)


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text()))
