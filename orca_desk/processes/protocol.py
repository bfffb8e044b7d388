"""What host and worker say to each other: JSON objects, one a line, UTF-8.

Host to worker, on its stdin: first the job (any object), then
    {"request": {...}}     one of the things asked for, only as many as the worker has asked for with `more`
    {"control": WORD}      pause, resume, stop (end soon, keep what is done), end (no request will follow),
                           cancel (with "key": leave off the request of that key; chat alone)
and the end of the stream means that the host is gone: the worker exits at once.

Worker to host, on its stdout: events, `{"event": NAME, ...}`. These names belong to the protocol:
    hello (protocol)       the first one
    more (count)           send so many requests more; so a control line never waits behind a pile of requests
    error (message, hint)  a UserError; the worker ends
    crash (trace)          a bug; the worker ends
    done                   everything was done, or was stopped in good order; the worker ends
All others belong to the job and reach the caller as they are.
"""

import json
from collections.abc import Mapping
from typing import Any, Literal

PROTOCOL = 1
Message = dict[str, Any]
ControlWord = Literal["pause", "resume", "stop", "end", "cancel"]
OWN_EVENTS = frozenset({"hello", "more", "error", "crash", "done"})


def encode(message: Mapping[str, Any]) -> bytes:
    """Return `message` as one line. ASCII escapes keep lone surrogates of odd texts from breaking it."""
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"


def decode(line: bytes) -> Message | None:
    """Return the object on `line`, or None where it is none of ours (native code printed something)."""
    try:
        value = json.loads(line)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def request(content: Mapping[str, Any]) -> Message:
    """Return the line that carries one request."""
    return {"request": dict(content)}


def control(word: ControlWord, **more: str) -> Message:
    """Return the line that carries one control word."""
    return {"control": word, **more}
