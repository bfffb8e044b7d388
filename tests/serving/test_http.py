"""What clients get that are wrong, hostile, impatient or gone: an answer in OpenAI's shape, and no harm."""

import http.client
import json
import socket
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from live_server import LiveServer, live_server
from tiny_models import TinyModel

from orca_desk.errors import UserError
from orca_desk.steps.chat.models import ChatModel
from orca_desk.steps.chat.serving import NamedModel, ServeSettings

CHAT = "/v1/chat/completions"
COMPLETION = "/v1/completions"
QUESTION = {"model": "base", "messages": [{"role": "user", "content": "Where is the ball?"}], "max_tokens": 2}
PROMPT = {"model": "base", "prompt": "Where is", "max_tokens": 2}


def call(
    server: LiveServer,
    path: str,
    body: Any = None,
    *,
    method: str = "",
    headers: dict[str, str] | None = None,
) -> tuple[int, Any]:
    """Return the status and the JSON of a response. A body that is no bytes is sent as JSON."""
    parts = urlsplit(server.url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
    connection.request(method or ("GET" if body is None else "POST"), path, data, headers or {})
    response = connection.getresponse()
    found = json.loads(response.read())
    connection.close()
    return response.status, found


def refusal(status: int, found: Any) -> tuple[int, str | None, str | None]:
    """Return the status, parameter and code of a refusal, whose shape it checks."""
    assert set(found) == {"error"} and set(found["error"]) == {"message", "type", "param", "code"}
    assert found["error"]["message"].endswith(".")
    return status, found["error"]["param"], found["error"]["code"]


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"messages": None}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": "Hello"}, "messages"),
        ({"messages": ["Hello"]}, "messages[0]"),
        ({"messages": [{"role": "robot", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": ["user"], "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": 5}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": "x"}]}]},
         "messages[0].content"),
        ({"messages": [{"role": "assistant", "content": "", "tool_calls": [{}]}]}, "messages[0]"),
        ({"model": None}, "model"),
        ({"model": 7}, "model"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": -1}, "max_tokens"),
        ({"max_tokens": 1.5}, "max_tokens"),
        ({"max_tokens": True}, "max_tokens"),
        ({"max_tokens": 10**400}, "max_tokens"),
        ({"temperature": "hot"}, "temperature"),
        ({"temperature": float("nan")}, "temperature"),
        ({"temperature": float("inf")}, "temperature"),
        ({"top_p": 2}, "top_p"),
        ({"n": 0}, "n"),
        ({"n": 10_000}, "n"),
        ({"seed": "x"}, "seed"),
        ({"stop": {"a": 1}}, "stop"),
        ({"stop": ["a"] * 100}, "stop"),
        ({"stream": "yes"}, "stream"),
        ({"stream": True, "logprobs": True}, "logprobs"),
        ({"stream_options": []}, "stream_options"),
        ({"top_logprobs": 2}, "top_logprobs"),
        ({"logprobs": 2}, "logprobs"),
        ({"presence_penalty": 0.5}, "presence_penalty"),
        ({"logit_bias": {"5": 100}}, "logit_bias"),
        ({"response_format": {"type": "json_object"}}, "response_format"),
        ({"something_else": 1}, "something_else"),
    ],
)  # fmt: skip
def test_a_bad_chat_is_told_which_parameter(server: LiveServer, change: dict[str, Any], param: str) -> None:
    status, named, _ = refusal(*call(server, CHAT, QUESTION | change))
    assert (status, named) == (400, param)


@pytest.mark.parametrize(
    "change",
    [
        {"prompt": None}, {"prompt": ""}, {"prompt": []}, {"prompt": [[]]}, {"prompt": [1.5]},
        {"prompt": [True]}, {"prompt": [-1]}, {"prompt": [10**9]}, {"prompt": [10**30]},
        {"prompt": ["x"] * 1000}, {"prompt": [["x"]]}, {"prompt": {"a": "b"}},
    ],
)  # fmt: skip
def test_a_bad_prompt_is_refused(server: LiveServer, change: dict[str, Any]) -> None:
    assert refusal(*call(server, COMPLETION, PROMPT | change))[:2] == (400, "prompt")


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'"text"', b"\xff\xfe", b"[" * 200_000, b'{"model": "base"'], ids=repr
)
def test_a_body_that_is_no_json_object(server: LiveServer, body: bytes) -> None:
    assert refusal(*call(server, CHAT, body, method="POST"))[0] == 400


def test_what_asks_for_nothing_is_accepted(server: LiveServer) -> None:
    neutral = {"frequency_penalty": 0, "presence_penalty": 0.0, "logit_bias": {}, "tools": [], "user": "me",
               "response_format": {"type": "text"}, "stop": None, "metadata": {"a": "b"}, "stream": False,
               "parallel_tool_calls": True, "top_k": 5, "min_p": 0.1, "max_completion_tokens": 3}  # fmt: skip
    assert call(server, CHAT, QUESTION | neutral)[0] == 200
    assert call(server, COMPLETION, PROMPT | {"best_of": 2, "n": 2, "suffix": ""})[0] == 200


def test_texts_of_any_kind_are_answered(server: LiveServer) -> None:
    for text in ("\ud800 lone", "\x00\x07", "", "🙂" * 50, "<|im_end|>", "ORCAxUSER", "{{ 7 * 7 }}"):
        messages = [{"role": "user", "content": text}]
        assert call(server, CHAT, QUESTION | {"messages": messages})[0] == 200
    assert call(server, COMPLETION, PROMPT | {"prompt": "\ud800 lone", "echo": True})[0] == 200


def test_paths_and_methods_that_are_not_there(server: LiveServer) -> None:
    assert refusal(*call(server, "/v1/embeddings", {}))[0] == 404
    assert refusal(*call(server, "/"))[0] == 404
    assert refusal(*call(server, CHAT))[0] == 405
    assert refusal(*call(server, "/v1/models/other")) == (404, "model", "model_not_found")
    assert refusal(*call(server, COMPLETION, PROMPT | {"model": "x" * 5000}))[0] == 404


def test_a_body_that_is_too_large(server: LiveServer) -> None:
    assert refusal(*call(server, CHAT, b"x", headers={"Content-Length": "9000001"}))[0] == 413
    parts = urlsplit(server.url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    pieces = (b" " * 0x10000 for _ in range(150))  # 9.8 MB
    headers = {"Transfer-Encoding": "chunked"}
    connection.request("POST", CHAT, body=pieces, encode_chunked=True, headers=headers)
    answer = connection.getresponse()
    said = json.loads(answer.read())
    connection.close()
    assert answer.status == 413 and "larger than 8 MB" in said["error"]["message"]
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=60) as client:
        head = f"POST {CHAT} HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n"
        client.sendall(head.encode())
        with pytest.raises(OSError):  # it says 413 and closes the connection
            for _ in range(1000):
                client.sendall(b"10000\r\n" + b" " * 0x10000 + b"\r\n")


def test_a_conversation_of_more_messages_than_the_context_has_tokens(server: LiveServer) -> None:
    turns = [{"role": "user", "content": ""}, {"role": "assistant", "content": ""}] * 30_000
    refused = refusal(*call(server, CHAT, QUESTION | {"messages": turns}))
    assert refused == (400, "messages", "context_length_exceeded")


def test_more_answers_than_a_server_takes(server: LiveServer) -> None:
    """64 choices of 9 prompts are 576; none of them begins."""
    many = PROMPT | {"prompt": ["x"] * 9, "n": 64}
    assert refusal(*call(server, COMPLETION, many)) == (429, None, "rate_limit_exceeded")
    assert call(server, CHAT, QUESTION)[0] == 200


def test_other_names_for_this_machine_and_web_pages_are_refused(server: LiveServer) -> None:
    port = urlsplit(server.url).port
    for host in ("evil.example", f"evil.example:{port}", "", "127.0.0.1.evil.example", "[", "0.0.0.0"):
        assert refusal(*call(server, "/v1/models", headers={"Host": host})) == (403, None, "host_not_allowed")
    for host in ("localhost", f"localhost:{port}", f"127.0.0.1:{port}", "LOCALHOST", "[::1]:80"):
        assert call(server, "/v1/models", headers={"Host": host})[0] == 200
    page = {"Origin": "https://evil.example", "Content-Type": "text/plain"}
    assert refusal(*call(server, CHAT, QUESTION, headers=page)) == (403, None, "origin_not_allowed")
    assert refusal(*call(server, "/v1/models", headers={"Origin": "null"}))[0] == 403


def test_a_limit_above_the_room_is_the_room(server: LiveServer) -> None:
    status, found = call(server, COMPLETION, PROMPT | {"prompt": [5] * 2045, "max_tokens": 4096})
    assert status == 200 and found["usage"]["completion_tokens"] <= 3


def test_tokens_there_and_back(server: LiveServer) -> None:
    text = "Where is <|im_end|> the ball? 日本語"
    _, found = call(server, "/tokenize", {"model": "base", "prompt": text})
    assert found["count"] == len(found["tokens"]) and found["max_model_len"] == 2048
    _, back = call(server, "/detokenize", {"model": "base", "tokens": found["tokens"]})
    assert back == {"prompt": text}
    _, info = call(server, "/tokenizer_info?model=base")
    assert info["eos_token"] == "<|im_end|>" and "im_start" in info["chat_template"]
    assert refusal(*call(server, "/tokenize", {"prompt": text}))[:2] == (400, "model")  # which of the two?
    assert refusal(*call(server, "/detokenize", {"model": "base", "tokens": [10**9]}))[0] == 400
    assert refusal(*call(server, "/tokenize", {"model": ["base"], "prompt": text}))[0] == 400


@pytest.mark.parametrize(
    "change",
    [
        {"prompt": ["Where is"] * 8, "n": 64, "max_tokens": 2000, "temperature": 5, "stream": True},
        {"prompt": ["Where is"] * 8, "n": 64, "max_tokens": 2000, "temperature": 5},
        {"prompt": [[5] * 2000] * 128, "max_tokens": 1, "echo": True, "logprobs": 1},
    ],
    ids=["streaming", "waiting", "prompts being read"],
)
def test_a_client_that_leaves_frees_its_slots(server: LiveServer, change: dict[str, Any]) -> None:
    """Hundreds of answers are for four slots. Most of them never end.

    64 were written before the server had told once what it did.
    """
    asked = len(change["prompt"]) * change.get("n", 1)
    before = call_and_count(server)
    parts = urlsplit(server.url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    connection.request("POST", COMPLETION, json.dumps(PROMPT | change))
    if "stream" in change:
        response = connection.getresponse()
        assert response.readline().startswith(b"data: ")
        response.close()
    server.wait_until(lambda told: told.running > 8)
    connection.close()
    server.wait_until(lambda told: told.running == 0)
    assert call_and_count(server) < before + asked / 2


def call_and_count(server: LiveServer) -> int:
    """Let a client ask one question; return how many answers the server has written."""
    known = server.wait_until(lambda told: told.running == 0).answered
    assert call(server, CHAT, QUESTION)[0] == 200
    return server.wait_until(lambda told: told.running == 0 and told.answered > known).answered


@pytest.fixture
def small(tiny_llama: TinyModel) -> list[NamedModel]:
    return [NamedModel(name="base", model=ChatModel(part="base", model=tiny_llama.gguf))]


def test_a_key_is_asked_for_everywhere(small: list[NamedModel]) -> None:
    with live_server(small, key="secret-5", batch=1, context=512) as server:
        for shown in ("", "Bearer other", "secret-5", "Bearer secret-5x", "Basic secret-5", "Bearer "):
            headers = {"Authorization": shown} if shown else {}
            for path, body in (("/v1/models", None), (CHAT, QUESTION), ("/tokenize", {}), ("/x", None)):
                found = refusal(*call(server, path, body, headers=headers))
                assert found == (401, None, "invalid_api_key")
        known = {"Authorization": "Bearer secret-5"}
        assert call(server, "/v1/models", headers=known)[0] == 200
        assert call(server, CHAT, QUESTION, headers=known | {"Origin": "app://notes"})[0] == 200
        assert call(server, "/tokenizer_info", headers=known)[0] == 200  # one model needs no name


def test_an_address_that_others_reach_needs_a_key(small: list[NamedModel]) -> None:
    with pytest.raises(UserError, match="an API key is required"):
        LiveServer(small, ServeSettings(host="0.0.0.0"))
    with live_server(small, host="0.0.0.0", key="k", batch=1, context=512) as server:
        port = urlsplit(server.url).port
        server.url = f"http://127.0.0.1:{port}/v1"
        known = {"Authorization": "Bearer k", "Host": "desk.example"}
        assert call(server, "/v1/models", headers=known)[0] == 200


def test_addresses_that_can_not_be_had(small: list[NamedModel]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(UserError, match=f"Port {port} is in use by another program"):
            LiveServer(small, ServeSettings(port=port))
    with pytest.raises(UserError, match="does not have the address"):
        LiveServer(small, ServeSettings(host="192.0.2.1", key="k"))
    with pytest.raises(UserError, match="is not an address"):
        LiveServer(small, ServeSettings(host="desk.example"))


def test_a_model_that_can_not_be_loaded(small: list[NamedModel], tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF and nothing more")
    models = [*small, NamedModel(name="x", model=ChatModel(part="teacher", model=broken))]
    with pytest.raises(UserError, match=r"broken\.gguf cannot be loaded"):
        LiveServer(models, ServeSettings(port=0))
