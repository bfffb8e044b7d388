import json
import os
import shutil
from pathlib import Path

import pytest
from tiny_models import TinyModel

from orca_desk.inventory.find import find_models
from orca_desk.inventory.places import model_folders, tool_of
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
    plain = model_folders(home=tmp_path, env={}, platform="linux")
    assert plain == {
        "Hugging Face": tmp_path / ".cache" / "huggingface" / "hub",
        "llama.cpp": tmp_path / ".cache" / "llama.cpp",
        "LM Studio": tmp_path / ".lmstudio" / "models",
        "LM Studio (old)": tmp_path / ".cache" / "lm-studio" / "models",
        "Ollama": tmp_path / ".ollama" / "models",
        "Ollama (service)": Path("/usr/share/ollama/.ollama/models"),
        "Jan": tmp_path / ".local" / "share" / "Jan" / "data" / "llamacpp" / "models",
        "Jan (old)": tmp_path / "jan" / "models",
        "GPT4All": tmp_path / ".local" / "share" / "nomic.ai" / "GPT4All",
    }
    assert {tool_of(place) for place in plain} >= {"LM Studio", "Ollama", "Jan"}


@pytest.mark.parametrize(
    ("variables", "tool", "folder"),
    [
        ({"HF_HOME": "/hf"}, "Hugging Face", "/hf/hub"),
        ({"HF_HUB_CACHE": "/c", "HF_HOME": "/hf"}, "Hugging Face", "/c"),
        ({"HUGGINGFACE_HUB_CACHE": "/c"}, "Hugging Face", "/c"),
        ({"XDG_CACHE_HOME": "/x"}, "Hugging Face", "/x/huggingface/hub"),
        ({"XDG_CACHE_HOME": "/x"}, "llama.cpp", "/x/llama.cpp"),
        ({"HF_HOME": "~/hf"}, "Hugging Face", "HOME/hf/hub"),
        ({"LLAMA_CACHE": "/l"}, "llama.cpp", "/l"),
        ({"OLLAMA_MODELS": "/o"}, "Ollama", "/o"),
        ({"OLLAMA_MODELS": ""}, "Ollama", "HOME/.ollama/models"),
        ({"XDG_DATA_HOME": "/d"}, "Jan", "/d/Jan/data/llamacpp/models"),
        ({"XDG_DATA_HOME": "/d"}, "GPT4All", "/d/nomic.ai/GPT4All"),
    ],
)
def test_variables_move_a_tools_folder(
    variables: dict[str, str], tool: str, folder: str, tmp_path: Path
) -> None:
    found = model_folders(home=tmp_path, env=variables, platform="linux")
    assert found[tool] == Path(folder.replace("HOME", str(tmp_path)))


@pytest.mark.parametrize(
    ("platform", "tool", "folder"),
    [
        ("darwin", "llama.cpp", "Library/Caches/llama.cpp"),
        ("darwin", "Jan", "Library/Application Support/Jan/data/llamacpp/models"),
        ("darwin", "GPT4All", "Library/Application Support/nomic.ai/GPT4All"),
        ("win32", "llama.cpp", "AppData/Local/llama.cpp"),
        ("win32", "Jan", "AppData/Roaming/Jan/data/llamacpp/models"),
        ("win32", "GPT4All", "AppData/Local/nomic.ai/GPT4All"),
    ],
)
def test_each_system_has_its_own_folders(platform: str, tool: str, folder: str, tmp_path: Path) -> None:
    assert model_folders(home=tmp_path, env={}, platform=platform)[tool] == tmp_path / folder


def test_a_tools_settings_move_its_folder(tmp_path: Path) -> None:
    def folders() -> dict[str, Path]:
        return model_folders(home=tmp_path, env={}, platform="linux")

    (tmp_path / ".lmstudio-home-pointer").write_text("/big/studio\n")
    assert folders()["LM Studio"] == Path("/big/studio/models")
    (tmp_path / ".lmstudio-home-pointer").unlink()
    files = {
        ".lmstudio/settings.json": json.dumps({"downloadsFolder": "/big/models"}),
        ".local/share/Jan/settings.json": json.dumps({"data_folder": "/big/jan"}),
        ".config/nomic.ai/GPT4All.ini": "[General]\nmodelPath=/big/gpt4all\nlastVersionStarted=%1\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    found = folders()
    assert found["LM Studio"] == Path("/big/models")
    assert found["Jan"] == Path("/big/jan/llamacpp/models")
    assert found["GPT4All"] == Path("/big/gpt4all")
    for name in files:
        (tmp_path / name).write_text("{damaged")
    assert folders()["LM Studio"] == tmp_path / ".lmstudio" / "models"
    assert folders()["GPT4All"] == tmp_path / ".local/share/nomic.ai/GPT4All"


def test_models_that_jan_uses_in_place_are_found(tiny_llama: TinyModel, tmp_path: Path) -> None:
    folder = tmp_path / "data" / "llamacpp" / "models"
    own, elsewhere = folder / "own" / "model.gguf", tmp_path / "elsewhere.gguf"
    for path in (own, folder / "linked" / "model.yml", folder / "bad" / "model.yml"):
        path.parent.mkdir(parents=True)
    shutil.copy(tiny_llama.gguf, own)
    shutil.copy(tiny_llama.gguf, elsewhere)
    (own.parent / "model.yml").write_text('name: "my\\n own"\nmodel_path: llamacpp/models/own/model.gguf\n')
    (folder / "linked" / "model.yml").write_text(f"model_path: {elsewhere}\nsize_bytes: 1\n")
    (folder / "bad" / "model.yml").write_text("!!python/object/apply:os.system ['true']\n")
    found = {one.name: one.path for one in find_models([folder]) if isinstance(one, ModelFile)}
    assert found == {"my own": own, "linked": elsewhere}


@pytest.mark.skipif(os.name != "posix", reason="making links takes rights on this system")
def test_a_link_to_itself_is_told_and_passed_over(tmp_path: Path) -> None:
    (tmp_path / "loop.gguf").symlink_to("loop.gguf")
    (found,) = find_models([tmp_path])
    assert isinstance(found, NotAModel)
