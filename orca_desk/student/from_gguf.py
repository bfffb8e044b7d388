"""Writes the folder of a student that is a GGUF file: the same model, as numbers that can be trained.

Rounded weights stay as they were rounded: a student from 4 bits starts a little worse than the original.
"""

import contextlib
import glob
import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import psutil

from orca_desk.errors import UserError
from orca_desk.files import sync_folder
from orca_desk.models.gguf_header import Header
from orca_desk.models.identify import identify
from orca_desk.models.rounding import CONFIG_KEY
from orca_desk.models.space import require_space
from orca_desk.student.families import Family, family_of_gguf
from orca_desk.student.families.rope import TABLES
from orca_desk.student.folder_tokenizer import ends, tokenizer_files
from orca_desk.student.gguf_tokenizer import read_gguf_tokenizer, why_not_usable
from orca_desk.student.gguf_weights import GgufWeights, unreadable_kinds
from orca_desk.student.safetensors_files import Floats
from orca_desk.student.safetensors_out import LARGEST_HALF, SHARD, TensorToWrite, write_weights

NARROW = ("F16", "BF16")  # stored as they are
OnTensor = Callable[[int, int], None]
_NAMES = {"F16": "float16", "BF16": "bfloat16", "F32": "float32"}


@dataclass(frozen=True, kw_only=True)
class GgufStudent:
    """A GGUF model that can be trained: its weights, and its family with the settings of the folder."""

    weights: GgufWeights
    family: Family


class _TooWideError(Exception):
    """A dequantised value that float16 cannot hold."""


def read_student(model: Path) -> GgufStudent:
    """Describe the GGUF model as a student, by its headers alone.

    Raises UserError, in one sentence, for an architecture, a number format, a tokenizer or a tensor that
    Orca Desk cannot train, and for a damaged file.
    """
    weights = GgufWeights.of(model)
    if kinds := unreadable_kinds(weights.header):
        raise UserError(
            f"{model} holds weights as {', '.join(kinds)}, which Orca Desk cannot turn into trainable ones.",
            "Choose another quantisation of the model, such as Q8_0 or F16.",
        )
    if reason := why_not_usable(weights.header):
        raise UserError(
            f"{model} cannot be trained: {reason}, which Orca Desk cannot give to torch.",
            "Choose another model, or its original folder.",
        )
    table = next((weights.places[name] for name in TABLES if name in weights.places), weights.files[0])
    family = family_of_gguf(table, weights.header)
    family.require_plain()
    names = {family.folder_tensor(name, one.shape) for name, one in weights.header.tensors.items()}
    needed = set(family.shapes) - ({"lm_head.weight"} if family.is_tied else set())
    if missing := sorted(needed - names):
        raise UserError(
            f"{model} lacks {len(missing):,} of the model's tensors, {missing[0]} first.",
            "Download or export it again.",
        )
    return GgufStudent(weights=weights, family=family)


def write_folder(
    model: Path,
    out: Path,
    *,
    shard: int = SHARD,
    on_tensor: OnTensor = lambda done, total: None,
) -> None:
    """Write the GGUF model as the Hugging Face folder `out`, the whole folder or nothing.

    Weights become float16, those of BF16 stay so, and what float16 cannot hold is float32; with one tensor
    in memory at a time. `on_tensor` gets the tensors written and their number; an exception from it ends the
    work. Raises UserError as `read_student` does, for values that are not numbers, and for a full disk.
    """
    student = read_student(model)
    keys = read_gguf_tokenizer(student.weights.files)
    if len(keys.tokens) > student.family.vocabulary:
        raise UserError(
            f"{model} names {len(keys.tokens):,} tokens, but has rows for {student.family.vocabulary:,}.",
            "Download or export it again.",
        )
    require_space(out.parent, folder_bytes(student.weights.header), "The student's folder")
    part = _part_folder(out)
    try:
        for name, text in tokenizer_files(keys).items():
            (part / name).write_text(text, "utf-8")
        _write_weights(student, part, shard, on_tensor)
        config = student.family.config | {"eos_token_id": ends(keys)} | _dtype(student) | _rounding(model)
        (part / "config.json").write_text(json.dumps(config, indent=2), "utf-8")
        (part / "README.md").write_text(_card(model, student.weights.header), "utf-8")
        if not out.is_dir():  # another worker may have been faster
            part.rename(out)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    shutil.rmtree(part, ignore_errors=True)
    sync_folder(out.parent)


def _part_folder(out: Path) -> Path:
    """Make the folder that becomes `out`, named after this process; remove what killed ones have left."""
    for left in out.parent.glob(f".{glob.escape(out.name)}.*.part"):
        owner = left.name.split(".")[-2]
        if not (owner.isdecimal() and psutil.pid_exists(int(owner))):
            shutil.rmtree(left, ignore_errors=True)
    part = out.with_name(f".{out.name}.{os.getpid()}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    return part


def folder_bytes(header: Header) -> int:
    """Return how many bytes the folder of a GGUF model takes at most, but for values beyond float16."""
    return sum(count * (4 if kind == "F32" else 2) for kind, count in header.elements.items())


def _write_weights(student: GgufStudent, out: Path, shard: int, on_tensor: OnTensor) -> None:
    """Write the weights as half of their width, or as more where a value needs it."""
    for looks in (False, True):
        with contextlib.suppress(_TooWideError):
            plan = list(_plan(student, looks=looks, on_tensor=on_tensor))
            write_weights(out, plan, shard=shard)
            return
    raise AssertionError("a tensor that was looked at is too wide for its type")


def _plan(student: GgufStudent, *, looks: bool, on_tensor: OnTensor) -> Iterator[TensorToWrite]:
    """Yield the tensors; with `looks`, each is read once before, to find those that need float32."""
    tensors = student.weights.header.tensors
    named = {name: student.family.folder_tensor(name, one.shape) for name, one in tensors.items()}
    total = sum(ours is not None for ours in named.values())
    done = iter(range(1, total + 1))
    for name, ours in named.items():
        if ours is None:
            continue
        load = partial(_load, student, name, ours)
        dtype = _stored_type(tensors[name].kind, tensors[name].shape, load, looks=looks)
        yield TensorToWrite(
            name=ours,
            dtype=dtype,
            shape=tensors[name].shape,
            load=partial(_next, load, dtype, lambda: on_tensor(next(done), total)),
        )


def _stored_type(kind: str, shape: tuple[int, ...], load: Callable[[], Floats], *, looks: bool) -> str:
    """Return the narrowest type that holds a tensor: exactly, or of a quantised one in its range."""
    if kind == "F32" or len(shape) == 1:  # what a norm loses to an offset shows only in its values
        return _exact_type(load())
    if kind in NARROW:
        return kind
    return "F32" if looks and _is_too_wide(load()) else "F16"


def _exact_type(values: Floats) -> str:
    with np.errstate(over="ignore"):
        if bool((values.astype(np.float16).astype(np.float32) == values).all()):
            return "F16"
    bits = np.ascontiguousarray(values).view(np.uint32)
    return "F32" if bool((bits & 0xFFFF).any()) else "BF16"


def _is_too_wide(values: Floats) -> bool:
    return float(np.abs(values).max(initial=0.0)) > LARGEST_HALF


def _load(student: GgufStudent, name: str, ours: str) -> Floats:
    return student.family.restore(ours, student.weights.load(name))


def _next(load: Callable[[], Floats], dtype: str, then: Callable[[], None]) -> Floats:
    values = load()
    if dtype == "F16" and _is_too_wide(values):
        raise _TooWideError
    then()
    return values


def _dtype(student: GgufStudent) -> dict[str, Any]:
    kinds = student.weights.header.elements
    most = max(kinds, key=lambda kind: kinds[kind])
    return {"torch_dtype": _NAMES.get(most, "float16")}


def _rounding(model: Path) -> dict[str, str]:
    kind = identify(model).rounded_from
    return {CONFIG_KEY: kind} if kind else {}


def _card(model: Path, header: Header) -> str:
    """Return a card that says where the folder's weights come from, with the licence that the file states."""
    licence = header.text(gguf.Keys.General.LICENSE)
    meta = f"---\nlicense: {json.dumps(licence)}\n---\n\n" if licence else ""
    kinds = ", ".join(sorted(header.elements))
    return f"{meta}Made by Orca Desk from {model.name}, whose weights are stored as {kinds}.\n"
