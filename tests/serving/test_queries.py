"""Whatever JSON a client sends, it is a query or a refusal that names the parameter; never a bug."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orca_desk.serving.fields import Fields
from orca_desk.serving.guard import _host
from orca_desk.serving.queries import (
    CHAT,
    COMPLETION,
    NEUTRAL,
    ChatQuery,
    CompletionQuery,
    chat_query,
    completion_query,
)
from orca_desk.serving.refusals import ApiError

plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
anything = st.recursive(
    plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
)
message = st.fixed_dictionaries(
    {}, optional={"role": st.sampled_from(["user", "system", "tool"]) | anything, "content": anything}
)
known = sorted(CHAT | COMPLETION | NEUTRAL.keys())
bodies = st.dictionaries(st.sampled_from(known) | st.text(max_size=8), anything, max_size=6)


@given(body=bodies, messages=st.lists(message, max_size=3) | anything)
def test_a_chat(body: dict[str, Any], messages: Any) -> None:
    try:
        query = chat_query(Fields(body | {"messages": messages, "model": "m"}))
    except ApiError as error:
        assert error.status == 400 and error.param is not None and error.message.endswith(".")
        return
    assert isinstance(query, ChatQuery) and query.messages and query.choices >= 1
    assert query.max_tokens is None or query.max_tokens >= 1


@given(body=bodies, prompt=st.lists(st.integers() | st.text(max_size=3), max_size=3) | anything)
def test_a_completion(body: dict[str, Any], prompt: Any) -> None:
    try:
        query = completion_query(Fields(body | {"prompt": prompt, "model": "m"}))
    except ApiError as error:
        assert error.status == 400 and error.param is not None and error.message.endswith(".")
        return
    assert isinstance(query, CompletionQuery) and query.prompts
    assert all(isinstance(one, str) or all(type(token) is int for token in one) for one in query.prompts)


@given(body=st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode("utf-8", "replace")))
def test_a_body(body: bytes) -> None:
    try:
        Fields.parse(body)
    except ApiError as error:
        assert error.status == 400


@pytest.mark.parametrize(
    ("header", "host"),
    [
        ("localhost", "localhost"),
        ("LocalHost:6722", "localhost"),
        ("[::1]:6722", "::1"),
        ("[::1]", "::1"),
        ("127.0.0.1:1:2", ""),
        ("user@127.0.0.1", ""),
        ("127.0.0.1/x", ""),
        ("127.0.0.1#evil", ""),
        ("", ""),
        ("[", ""),
        ("evil.example:6722", "evil.example"),
    ],
)
def test_the_host_of_a_header(header: str, host: str) -> None:
    assert _host(header) == host


@given(header=st.text(alphabet=st.characters(max_codepoint=255), max_size=30))
def test_any_header_has_a_host_or_none(header: str) -> None:
    assert isinstance(_host(header), str)
