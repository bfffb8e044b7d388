import json
import os
import struct
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from gguf import LlamaFileType
from hypothesis import given
from hypothesis import strategies as st
from tiny_models import CHATML, TinyModel

from orca_desk.errors import UserError
from orca_desk.models.gguf_header import read_header
from orca_desk.models.hashes import HashCache
from orca_desk.models.identify import identify
from orca_desk.student.convert import write_gguf
from orca_desk.student.gguf_file import FILE_TYPES, Dtype


def text(value: str) -> bytes:
    data = value.encode()
    return struct.pack("<Q", len(data)) + data


def gguf(entries: bytes = b"", count: int = 0, tensors: bytes = b"", tensor_count: int = 0) -> bytes:
    return b"GGUF" + struct.pack("<IQQ", 3, tensor_count, count) + entries + tensors


def refused(path: Path, message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        identify(path)
    assert caught.value.hint and str(path) in caught.value.message


@pytest.mark.parametrize("family", ["tiny_llama", "tiny_qwen"])
def test_a_folder_and_its_gguf_are_the_same_model(family: str, request: pytest.FixtureRequest) -> None:
    tiny: TinyModel = request.getfixturevalue(family)
    folder, file = identify(tiny.folder), identify(tiny.gguf)
    assert (folder.kind, file.kind) == ("safetensors", "gguf")
    assert folder.architecture == file.architecture == {"tiny_llama": "llama", "tiny_qwen": "qwen2"}[family]
    assert folder.quantisation == file.quantisation == "F32"
    assert folder.chat_template == file.chat_template == CHATML
    assert file.size_bytes == tiny.gguf.stat().st_size
    for field in ("parameters", "context", "layers", "width", "ffn", "vocab", "cached_values"):
        assert getattr(folder, field) == getattr(file, field) > 0, field
    assert (folder.context, folder.layers, folder.width, folder.cached_values) == (
        2048,
        2,
        64,
        2 * 2 * 2 * 16,
    )
    assert folder.sha256 is None and file.tokenizer.startswith("gpt2")


@pytest.mark.parametrize(
    ("stored", "told", "right"),
    [
        ("f16", "ALL_F32", "F32"),  # both are plain numbers: the name stays
        ("q8_0", "MOSTLY_Q8_0", "Q8_0"),
        ("q8_0", "MOSTLY_Q4_K_M", "Q4_K_M"),  # a mixture, of which most may be stored as another type
        ("q8_0", "MOSTLY_F16", "Q8_0"),  # its weights were rounded
        ("f16", "MOSTLY_Q4_0", "F16"),  # they were not
        ("q8_0", "GUESSED", "Q8_0"),
    ],
)
def test_a_file_that_calls_its_numbers_something_else_is_not_believed(
    tiny_llama: TinyModel, tmp_path: Path, stored: Dtype, told: str, right: str
) -> None:
    path = tmp_path / "model.gguf"
    write_gguf(tiny_llama.folder, path, dtype=stored)
    key = b"general.file_type" + struct.pack("<I", 4)  # 32 bits without a sign
    honest = key + struct.pack("<I", FILE_TYPES[stored])
    written = path.read_bytes()
    assert written.count(honest) == 1
    path.write_bytes(written.replace(honest, key + struct.pack("<I", LlamaFileType[told])))
    assert identify(path).quantisation == right


def test_a_file_that_is_cut_anywhere_is_refused(tiny_llama: TinyModel, tmp_path: Path) -> None:
    whole = tiny_llama.gguf.read_bytes()
    path = tmp_path / "cut.gguf"
    for length in (0, 3, 4, 8, 23, 24, 100, 1000, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        refused(path, "is not a usable GGUF")


@given(place=st.integers(0, 3000), value=st.integers(0, 255))
def test_a_changed_byte_never_crashes(
    tiny_llama: TinyModel, tmp_path_factory: pytest.TempPathFactory, place: int, value: int
) -> None:
    data = bytearray(tiny_llama.gguf.read_bytes())
    data[place] = value
    path = tmp_path_factory.mktemp("changed") / "model.gguf"
    path.write_bytes(data)
    try:
        identify(path)
    except UserError as error:
        assert error.hint


HUGE = 2**63


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "cut off"),
        (b"PK\x03\x04" + bytes(100), "does not start with GGUF"),
        (b"GGUF" + struct.pack("<I", 9) + bytes(16), "version 9 is unknown"),
        (b"GGUF" + struct.pack(">I", 3) + bytes(16), "big-endian"),
        (gguf(count=HUGE), "more than any model has"),
        (gguf(tensor_count=HUGE), "more than any model has"),
        (gguf(struct.pack("<Q", HUGE), 1), "too long"),
        (gguf(struct.pack("<Q", 60_000), 1), "cut off in its header"),
        (gguf(text("a") + struct.pack("<IQ", 8, HUGE), 1), "too long"),
        (gguf(text("a") + struct.pack("<I", 77), 1), "unknown type 77"),
        (gguf(text("a") + struct.pack("<IIQ", 9, 8, HUGE), 1), "more than any model has"),
        (gguf(text("a") + struct.pack("<IIQ", 9, 4, 10**7), 1), "cut off in its header"),
        (gguf(text("a") + struct.pack("<IIQIQ", 9, 9, 1, 9, 1), 1), "nested"),
        (gguf((text("a") + struct.pack("<IB", 0, 1)) * 2, 2), "appears twice"),
        (gguf(struct.pack("<Q", 2) + b"\xff\xfe" + struct.pack("<IB", 0, 1), 1), "not UTF-8"),
        (gguf(text("general.alignment") + struct.pack("<II", 4, 0), 1), "not a power of two"),
        (gguf(text("general.alignment") + struct.pack("<II", 4, 33), 1), "not a power of two"),
        (gguf(b"", 0, text("t") + struct.pack("<I", 9), 1), "9 dimensions"),
        (gguf(b"", 0, text("t") + struct.pack("<IQIQ", 1, 4, 99, 0), 1), "unknown type 99"),
        (gguf(b"", 0, text("t") + struct.pack("<IQIQ", 1, 0, 0, 0), 1), "impossible shape"),
        (gguf(b"", 0, text("t") + struct.pack("<IQIQ", 1, 33, 8, 0), 1), "impossible shape"),
        (gguf(b"", 0, text("t") + struct.pack("<IQQIQ", 2, HUGE, 2, 0, 0), 1), "cut off"),
        (gguf(b"", 0, text("t") + struct.pack("<IQIQ", 1, 4, 0, 2**40), 1), "cut off"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_hostile_headers_are_refused_at_once(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "hostile.gguf"
    path.write_bytes(data)
    with pytest.raises(UserError, match=message):
        read_header(path)


def test_gguf_files_that_are_not_language_models(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(gguf())
    refused(path, "not a language model")
    path.write_bytes(gguf(text("general.architecture") + struct.pack("<I", 8) + text("clip"), 1))
    refused(path, "not a language model")
    path.write_bytes(gguf(text("general.architecture") + struct.pack("<I", 8) + text("llama"), 1))
    refused(path, "holds no weights")


def test_split_files(tiny_llama: TinyModel, tmp_path: Path) -> None:
    first, second = (tmp_path / f"big-{part:05}-of-00002.gguf" for part in (1, 2))
    first.write_bytes(tiny_llama.gguf.read_bytes())
    refused(first, "lacks 1 of its 2 parts: big-00002-of-00002.gguf")
    second.write_bytes(tiny_llama.gguf.read_bytes())
    refused(second, "is part 2 of 2")
    model = identify(first)
    assert model.files == (first, second)
    assert model.parameters == 2 * identify(tiny_llama.gguf).parameters


def test_pickles_and_other_things_are_refused(tiny_llama: TinyModel, tmp_path: Path) -> None:
    refused(tmp_path / "none.gguf", "does not exist")
    refused(tmp_path, "no config.json")
    (tmp_path / "model.pt").write_bytes(b"\x80\x04")
    refused(tmp_path / "model.pt", "is a pickle")
    refused(tiny_llama.folder / "model.safetensors", "holds only weights")
    config = tmp_path / "config.json"
    config.write_text("{}")
    refused(tmp_path, r"has no model\.safetensors|only pickled")
    (tmp_path / "pytorch_model.bin").write_bytes(b"\x80\x04")
    refused(tmp_path, "only pickled weights")
    for bad in ("[]", "{", "[" * 100_000):
        config.write_text(bad)
        with pytest.raises(UserError, match="JSON"):
            identify(tmp_path)


def safetensors(header: object, data: bytes = b"") -> bytes:
    raw = json.dumps(header).encode()
    return struct.pack("<Q", len(raw)) + raw + data


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"abc", "cut off"),
        (struct.pack("<Q", 2**62) + b"{}", "cut off"),
        (safetensors([]), "not a JSON object"),
        (struct.pack("<Q", 2) + b"{x", "not JSON"),
        (safetensors({"a": 1}), "malformed"),
        (safetensors({"a": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}}, bytes(4)), "malformed"),
        (safetensors({"a": {"dtype": "X", "shape": [2**62] * 500_000, "data_offsets": [0, 0]}}), "malformed"),
        (
            safetensors({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]}}, bytes(4)),
            "does not fit",
        ),
        (safetensors({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}, bytes(4)), "8 bytes"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_bad_safetensors_are_refused(tmp_path: Path, data: bytes, message: str) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.safetensors").write_bytes(data)
    with pytest.raises(UserError, match=message):
        identify(tmp_path)


def test_sharded_folders_need_all_their_files(tiny_llama: TinyModel, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_bytes((tiny_llama.folder / "config.json").read_bytes())
    index = tmp_path / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"a": "one.safetensors", "b": "two.safetensors"}}))
    for name in ("one", "two"):
        refused(tmp_path, f"lacks {name}.safetensors of its 2")
        weights = (tiny_llama.folder / "model.safetensors").read_bytes()
        (tmp_path / f"{name}.safetensors").write_bytes(weights)
    assert len(identify(tmp_path).files) == 2
    index.write_text(json.dumps({"weight_map": {"a": "../one.safetensors"}}))
    with pytest.raises(UserError, match="does not name files of its folder"):
        identify(tmp_path)


def test_an_adapter_folder(tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").write_text(
        '{"peft_type": "LORA", "base_model_name_or_path": "me/base"}'
    )
    (tmp_path / "adapter_model.bin").write_bytes(b"\x80")
    refused(tmp_path, r"has no adapter_model\.safetensors")
    entry = {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}
    (tmp_path / "adapter_model.safetensors").write_bytes(safetensors({"lora_A": entry}, bytes(24)))
    model = identify(tmp_path)
    assert (model.kind, model.base, model.parameters, model.architecture) == ("adapter", "me/base", 6, "LORA")


def test_hashes_are_remembered_and_renewed(tiny_llama: TinyModel, tmp_path: Path) -> None:
    hashes = HashCache(tmp_path / "cache")
    path = tmp_path / "model.gguf"
    path.write_bytes(tiny_llama.gguf.read_bytes())
    first = identify(path, hashes=hashes).sha256
    assert first == identify(tiny_llama.gguf, hashes=HashCache(tmp_path / "other")).sha256
    stored = json.loads((tmp_path / "cache" / "model-hashes.json").read_text())
    stored[str(path.resolve())][2] = "remembered"
    (tmp_path / "cache" / "model-hashes.json").write_text(json.dumps(stored))
    assert identify(path, hashes=hashes).sha256 == "remembered"
    path.write_bytes(path.read_bytes() + b"x")
    assert identify(path, hashes=hashes).sha256 not in (first, "remembered", None)
    (tmp_path / "cache" / "model-hashes.json").write_text("damaged")
    assert len(identify(tiny_llama.folder, hashes=hashes).sha256 or "") == 64


def test_where_hashes_cannot_be_kept_they_are_made_anew(tiny_llama: TinyModel, tmp_path: Path) -> None:
    (tmp_path / "no folder").write_text("")
    hashes = HashCache(tmp_path / "no folder")
    assert hashes.sha256(tiny_llama.gguf) == hashes.sha256(tiny_llama.gguf)


def test_numbers_that_no_model_has_count_as_untold(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(
        safetensors({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}, bytes(4))
    )
    (tmp_path / "config.json").write_text(json.dumps({"num_hidden_layers": 10**400, "hidden_size": -1}))
    assert (identify(tmp_path).layers, identify(tmp_path).width) == (0, 0)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "model.gguf")
    refused(tmp_path / "model.gguf", "not a file")


def test_a_header_without_end_is_refused_before_it_fills_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "endless.gguf"
    texts = 20  # of 16 MiB each, in a file that takes no room on the disk
    with path.open("wb") as file:
        file.write(gguf(count=texts))
        for number in range(texts):
            file.write(text(f"key-{number}") + struct.pack("<IQ", 8, 2**24))
            file.truncate(file.seek(2**24, os.SEEK_CUR))
    refused(path, "header is longer")


def test_a_file_is_read_again_only_when_it_has_changed(
    tiny_llama: TinyModel, tiny_qwen: TinyModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(tiny_llama.gguf.read_bytes())
    first = identify(path)
    with monkeypatch.context() as patch:
        patch.setattr("orca_desk.models.identify.read_header", None)
        assert identify(path) == first
    path.write_bytes(tiny_qwen.gguf.read_bytes())
    assert identify(path).architecture == "qwen2"


def test_hashes_from_many_threads_are_all_stored(tmp_path: Path) -> None:
    files = [tmp_path / str(number) for number in range(16)]
    for file in files:
        file.write_bytes(file.name.encode() * 1000)
    hashes = HashCache(tmp_path / "cache")
    with ThreadPoolExecutor(16) as pool:
        digests = list(pool.map(hashes.sha256, files))
    assert [hashes.known().sha256_of([file]) for file in files] == digests
