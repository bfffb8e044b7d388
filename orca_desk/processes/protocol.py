"""The lines between host and worker: JSON objects, one per line, UTF-8.

Host to worker, on its stdin: first the job (any object), then
    {"request": {...}}     a request, only as many as the worker has asked for with `more`
    {"control": WORD}      pause, resume, stop (end soon, save finished work), end (no request will follow),
                           cancel (with "key": drop the request with that key; only for chat),
                           round (no request will follow in this round), again (another round begins)
and the end of the stream means that the host has ended: the worker exits at once.

Worker to host, on its stdout: events, `{"event": NAME, ...}`. These names belong to the protocol:
    hello (protocol)       the first one
    round                  all requests of a round are answered; the worker waits for again, end or stop
    more (count)           send that many more requests; so a control line never waits behind a pile of them
    error (message, hint, final)  a UserError, or if final a FinalError; the worker ends
    crash (trace)          a bug; the worker ends
    done                   the job is finished, or was stopped cleanly; the worker ends
All others belong to the job and reach the caller as they are.
"""

import json
from collections.abc import Mapping
from typing import Any, Literal

PROTOCOL = 1
Message = dict[str, Any]
ControlWord = Literal["pause", "resume", "stop", "end", "cancel", "round", "again"]
OWN_EVENTS = frozenset({"hello", "round", "more", "error", "crash", "done"})


def encode(message: Mapping[str, Any]) -> bytes:
    """Return `message` as one line. Its ASCII escapes can carry lone surrogates, which UTF-8 cannot."""
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"


def decode(line: bytes) -> Message | None:
    """Return the object on `line`, or None for any other line (such as one that native code printed)."""
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
