"""What can be downloaded of a repository, and what its names say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orca_desk.errors import UserError
from orca_desk.models.hub.address import checked_endpoint, checked_revision, host_of, model_name
from orca_desk.models.hub.choice import FOLDER, choose, model_of_file, quantisation_of, variants_of
from orca_desk.models.hub.listing import HubFile, HubModel, HubRepo, card_text


def repo(*names: str) -> HubRepo:
    files = tuple(
        HubFile(name=name, size=10 + place, sha256="", git_sha1="") for place, name in enumerate(names)
    )
    return HubRepo(model=HubModel(name="me/tiny"), commit="a" * 40, files=files)


def test_a_split_gguf_is_one_choice_with_all_its_parts() -> None:
    parts = [f"Q8_0/m-Q8_0-{part:05}-of-00002.gguf" for part in (1, 2)]
    listed = repo("m-Q4_K_M.gguf", *parts, "mmproj-F16.gguf", "m-BF16-00001-of-00003.gguf", "README.md")
    small, large = variants_of(listed)
    assert (small.name, small.quantisation, len(small.files)) == ("m-Q4_K_M.gguf", "Q4_K_M", 1)
    assert (large.name, large.quantisation, large.size) == (parts[0], "Q8_0", 11 + 12)
    assert choose(listed, parts[1]) == large


def test_a_folder_has_one_copy_of_the_weights() -> None:
    listed = repo(
        "config.json", "model-00001-of-00001.safetensors", "consolidated.safetensors", "tokenizer.json",
        "onnx/model.safetensors", "m-f16.gguf", "README.md",
    )  # fmt: skip
    folder, gguf = variants_of(listed)
    names = ["config.json", "model-00001-of-00001.safetensors", "tokenizer.json", "README.md"]
    assert [file.name for file in folder.files] == names and gguf.quantisation == "F16"
    assert choose(listed, None) == folder
    assert [file.name for file in choose(listed, "tokenizer.json").files] == ["tokenizer.json"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("qwen2.5-0.5b-instruct-q4_k_m.gguf", "Q4_K_M"),
        ("Qwen3-8B-UD-Q4_K_XL.gguf", "UD-Q4_K_XL"),
        ("gemma-3-4b-it-q4_0.gguf", "Q4_0"),
        ("m.IQ2_XXS.gguf", "IQ2_XXS"),
        ("m-fp16.gguf", "F16"),
        ("gpt-oss-20b-MXFP4.gguf", "MXFP4"),
        ("model.gguf", ""),
    ],
)
def test_a_name_tells_the_quantisation(name: str, said: str) -> None:
    assert quantisation_of(name) == said


def test_a_name_without_its_format_tells_the_model() -> None:
    assert model_of_file("Qwen3-8B-Q4_K_M.gguf") == model_of_file("bf16/qwen3-8b-BF16-00001-of-00002.gguf")
    assert model_of_file("Qwen3-8B-Q4_K_M.gguf") != model_of_file("Qwen3-4B-Q4_K_M.gguf")
    assert model_of_file(FOLDER) == FOLDER


def test_names_and_addresses_are_checked() -> None:
    assert model_name(" https://huggingface.co/Qwen/Qwen3-8B/tree/main ") == "Qwen/Qwen3-8B"
    for bad in ("Qwen", "a/b/c", "../x", "a/..", "a--b/c", "a b/c", "https://huggingface.co/Qwen", ""):
        with pytest.raises(UserError):
            model_name(bad)
    assert checked_endpoint("https://hub.example/") == "https://hub.example"
    assert host_of(checked_endpoint("http://127.0.0.1:8080")) == "127.0.0.1:8080"
    for bad in (
        "hub.example",
        "http://hub.example",
        "ftp://x",
        "https://",
        "https://a:b@x",
        "https://x?y",
        "https://x:port",
    ):
        with pytest.raises(UserError):
            checked_endpoint(bad)
    with pytest.raises(UserError):
        checked_revision("../../x")


def test_a_card_is_shown_without_its_metadata() -> None:
    assert card_text(b"---\nlicense: mit\n---\n\n# Hello\n") == "# Hello"
    assert card_text(b"---\nnever closed") == "---\nnever closed"


@given(st.binary(max_size=200))
def test_any_bytes_are_a_card(start: bytes) -> None:
    text = card_text(start)
    assert text == text.strip()
    assert text in start.decode(errors="replace").replace("\r\n", "\n")


@given(st.text(max_size=60))
def test_any_text_is_a_name_or_refused(text: str) -> None:
    try:
        owner, name = model_name(text).split("/")
    except UserError:
        return
    assert ".." not in owner + name and owner and name


NAMES = (
    "a.gguf",
    "a-00001-of-00002.gguf",
    "a-00002-of-00002.gguf",
    "model.safetensors",
    "config.json",
    "b/model.safetensors",
    "README.md",
)


@given(st.lists(st.sampled_from(NAMES), unique=True))
def test_variants_share_no_file(names: list[str]) -> None:
    files = [file.name for one in variants_of(repo(*names)) for file in one.files]
    assert len(files) == len(set(files)) and set(files) <= set(names)
