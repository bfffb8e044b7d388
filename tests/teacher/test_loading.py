"""Model files that cannot be used are explained; the native library keeps quiet."""

from pathlib import Path

import pytest
from tiny_adapters import make_adapter
from tiny_models import TinyModel

from orca_desk.errors import UserError
from orca_desk.student.export import export_adapter
from orca_desk.teacher.engine import Engine
from orca_desk.teacher.llama import LlamaModel


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not exist"):
        LlamaModel(tmp_path / "none.gguf")


def test_a_file_that_is_no_gguf(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(b"PK\x03\x04 something else")
    with pytest.raises(UserError, match="is not a GGUF file"):
        LlamaModel(path)


def test_a_folder_instead_of_a_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read"):
        LlamaModel(tmp_path)


def test_a_truncated_file_and_quiet(
    tiny_llama: TinyModel, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "half.gguf"
    whole = tiny_llama.gguf.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UserError, match=r"corrupted or incomplete.*Download the file again"):
        LlamaModel(path)
    with LlamaModel(tiny_llama.gguf):
        pass
    assert capfd.readouterr() == ("", "")


def test_an_unknown_architecture(tiny_llama: TinyModel, tmp_path: Path) -> None:
    path = tmp_path / "other.gguf"
    length = (5).to_bytes(8, "little")
    path.write_bytes(tiny_llama.gguf.read_bytes().replace(length + b"llama", length + b"lxama", 1))
    with pytest.raises(UserError, match=r"unknown model architecture: 'lxama'.*another family"):
        LlamaModel(path)


def test_an_adapter_that_is_a_model(tiny_llama: TinyModel) -> None:
    with pytest.raises(UserError, match="holds a model, not an adapter"):
        Engine(tiny_llama.gguf, adapter=tiny_llama.gguf)


def test_a_model_that_is_an_adapter(tiny_llama: TinyModel, tmp_path: Path) -> None:
    made = make_adapter(tmp_path / "made", tiny_llama.folder)
    export_adapter(made, tiny_llama.folder, tmp_path / "a.gguf")
    with pytest.raises(UserError, match=r"a\.gguf is an adapter, not a model"):
        LlamaModel(tmp_path / "a.gguf")


def test_what_a_model_says_of_itself(tiny_llama: TinyModel) -> None:
    with LlamaModel(tiny_llama.gguf) as model:
        assert model.context == 2048
        assert model.metadata("general.architecture") == "llama"
        assert model.metadata("block_count") == "2"
        assert model.metadata("no.such.key") is None
        assert model.kv_bytes_per_token == 2 * 2 * 16 * 2 * 2
        assert 100_000 < model.parameters < 200_000
