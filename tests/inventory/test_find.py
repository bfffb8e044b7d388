import json
import os
import shutil
from pathlib import Path

import pytest
from tiny_models import TinyModel

from orca_desk.inventory.find import find_models, model_folders
from orca_desk.models.model_file import ModelFile, NotAModel


def test_all_known_kinds_of_places(tiny_llama: TinyModel, tmp_path: Path) -> None:
    hub, studio, ollama = tmp_path / "hub", tmp_path / "studio", tmp_path / "ollama"
    snapshot = hub / "models--me--tiny" / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    blobs = hub / "models--me--tiny" / "blobs"
    blobs.mkdir()
    for name in ("config.json", "model.safetensors"):
        shutil.copy(tiny_llama.folder / name, blobs / f"blob-{name}")
        (snapshot / name).symlink_to(blobs / f"blob-{name}")
    (studio / "me" / "repo").mkdir(parents=True)
    shutil.copy(tiny_llama.gguf, studio / "me" / "repo" / "tiny.gguf")
    (studio / "broken.gguf").write_bytes(b"GGUF")
    (studio / "notes.txt").write_text("no model")
    manifest = ollama / "manifests" / "registry" / "library" / "tiny" / "latest"
    manifest.parent.mkdir(parents=True)
    (ollama / "blobs").mkdir()
    shutil.copy(tiny_llama.gguf, ollama / "blobs" / "sha256-123")
    layers = [
        {"mediaType": "application/vnd.ollama.image.license", "digest": "sha256:9"},
        {"mediaType": "application/vnd.ollama.image.model", "digest": "sha256:123"},
        {"mediaType": "application/vnd.ollama.image.model", "digest": "../../etc/passwd"},
    ]
    manifest.write_text(json.dumps({"layers": layers}))
    (manifest.parent / ".DS_Store").write_bytes(b"\0")

    found = list(find_models([hub, studio, ollama, hub, tmp_path / "missing"]))
    models = [(m.kind, m.name, m.path) for m in found if isinstance(m, ModelFile)]
    assert [(kind, path) for kind, _, path in models] == [
        ("safetensors", snapshot),
        ("gguf", studio / "me" / "repo" / "tiny.gguf"),
        ("gguf", ollama / "blobs" / "sha256-123"),
    ]
    assert models[0][1] == "me/tiny" and models[2][1] == "tiny:latest"
    (broken,) = [m for m in found if isinstance(m, NotAModel)]
    assert broken.path == studio / "broken.gguf" and "cut off" in broken.reason


def test_known_places_heed_the_tools_own_variables(tmp_path: Path) -> None:
    plain = model_folders(tmp_path / "models", home=tmp_path, env={})
    assert plain["bundled"] == tmp_path / "models"
    assert plain["Hugging Face"] == tmp_path / ".cache" / "huggingface" / "hub"
    assert plain["Ollama"] == tmp_path / ".ollama" / "models"
    moved = model_folders(tmp_path, home=tmp_path, env={"HF_HOME": "hf", "OLLAMA_MODELS": "o"})
    assert (moved["Hugging Face"], moved["Ollama"]) == (Path("hf/hub"), Path("o"))
    assert model_folders(tmp_path, home=tmp_path, env={"HF_HUB_CACHE": "c"})["Hugging Face"] == Path("c")


@pytest.mark.skipif(os.name != "posix", reason="making links takes rights on this system")
def test_a_link_to_itself_is_told_and_passed_over(tmp_path: Path) -> None:
    (tmp_path / "loop.gguf").symlink_to("loop.gguf")
    (found,) = find_models([tmp_path])
    assert isinstance(found, NotAModel)
