"""What the model at a path is: a GGUF file, a Hugging Face folder or an adapter; or why it is not a model."""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from orca_desk.errors import UserError
from orca_desk.models.chat_template import template_of_header
from orca_desk.models.gguf_header import Elided, Header, Value, read_header
from orca_desk.models.hashes import HashCache
from orca_desk.models.hf_folder import identify_folder
from orca_desk.models.licence import licence_of_folder
from orca_desk.models.model_file import ModelFile, ModelShape
from orca_desk.models.quantisations import UNQUANTISED
from orca_desk.models.rounding import KEY, stated
from orca_desk.models.seen_headers import SeenHeaders, state_of

SPLIT_NAME = re.compile(r"(?P<stem>.+)-(?P<part>\d{5})-of-(?P<parts>\d{5})\.gguf$", re.IGNORECASE)
NAMELESS = frozenset({"huggingface", "hf", "model", "models", "output"})  # what some programs write as a name
PICKLES = frozenset({".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle"})

seen_headers = SeenHeaders()  # of this process; a catalogue stores them between starts


def identify(path: Path, *, hashes: HashCache | None = None) -> ModelFile:
    """Describe the model at `path` by its headers alone, without loading or running any of it.

    With `hashes`, the description includes the SHA-256 of its weights. Raises UserError for everything that
    is not a usable model: a missing or cut-off file, another file type, or a pickle, which Orca Desk never
    opens because it could run any program.
    """
    if not path.exists():
        raise UserError(f"{path} does not exist.", "Check the path, and that its drive is connected.")
    model = identify_folder(path) if path.is_dir() else _identify_file(path)
    return replace(model, sha256=hashes.sha256_of(model.files)) if hashes else model


def _identify_file(path: Path) -> ModelFile:
    if not path.is_file():
        raise UserError(f"{path} is a pipe or a device, not a file.", "Choose the model's own file.")
    if path.suffix.casefold() in PICKLES:
        raise UserError(
            f"{path} is a pickle, which can run any program when opened.",
            "Use the model's safetensors or GGUF files.",
        )
    if path.suffix.casefold() == ".safetensors":
        raise UserError(
            f"{path} holds only weights.", f"Choose the folder with its config.json: {path.parent}"
        )
    split = SPLIT_NAME.fullmatch(path.name)
    files = _parts(path, split) if split else (path,)
    if known := seen_headers.get(path, files):
        return known
    state = state_of(files)
    headers = [read_header(file) for file in files]
    model = _from_headers(path, split["stem"] if split else path.stem, files, headers)
    seen_headers.put(model, state)
    return model


def _parts(path: Path, split: re.Match[str]) -> tuple[Path, ...]:
    """Return all files of a split model. Raises UserError unless `path` is the first and none is missing."""
    total = int(split["parts"])
    names = [f"{split['stem']}-{part:05}-of-{total:05}.gguf" for part in range(1, total + 1)]
    if int(split["part"]) != 1:
        raise UserError(f"{path} is part {int(split['part'])} of {total}.", f"Choose the first: {names[0]}")
    if missing := [name for name in names if not (path.parent / name).is_file()]:
        raise UserError(
            f"{path} lacks {len(missing)} of its {total} parts: {missing[0]}.", "Download the missing parts."
        )
    return tuple(path.parent / name for name in names)


def _from_headers(path: Path, stem: str, files: tuple[Path, ...], headers: list[Header]) -> ModelFile:
    head = headers[0]
    architecture = head.text("general.architecture")
    kind = head.text("general.type", "model")
    if not architecture or kind not in ("model", "adapter") or architecture == "clip":
        raise UserError(
            f"{path} is a GGUF file of type {kind!r}, not a language model.",
            "Choose the model's own file.",
        )
    elements = sum((header.elements for header in headers), Counter[str]())
    sizes = sum((header.tensor_bytes for header in headers), Counter[str]())
    if not elements:
        raise UserError(f"{path} holds no weights.", "It may be only a vocabulary: choose the model.")
    title = head.text("general.name").strip()
    quantisation = _quantisation(head, sizes)
    return ModelFile(
        path=path,
        kind="adapter" if kind == "adapter" else "gguf",
        name=stem,
        title="" if title.casefold() in NAMELESS else title,
        licence=head.text("general.license").strip() or licence_of_folder(path.parent),
        architecture=architecture,
        quantisation=quantisation,
        rounded_from=stated(head.text(KEY)) or stated(quantisation),
        parameters=elements.total(),
        size_bytes=sum(file.stat().st_size for file in files),
        files=files,
        **shape_of_metadata(head.metadata),
        tokenizer="/".join(
            filter(None, (head.text("tokenizer.ggml.model"), head.text("tokenizer.ggml.pre")))
        ),
        chat_template=template_of_header(head),
        rank=max(
            (
                one.shape[0]
                for header in headers
                for name, one in header.tensors.items()
                if name.endswith(".lora_a")
            ),
            default=0,
        ),
    )


def _quantisation(head: Header, sizes: Counter[str]) -> str:
    """Return the file's own name for it (Q4_K_M), or the type of most of its bytes.

    A name that the tensors belie counts for nothing: whether weights were rounded must be true.
    """
    import gguf  # see gguf_header

    number = head.number("general.file_type", -1)
    known: dict[int, str] = {
        int(kind): kind.name.removeprefix("MOSTLY_").removeprefix("ALL_") for kind in gguf.LlamaFileType
    }
    packed = {kind for kind in sizes if gguf.GGML_QUANT_SIZES[gguf.GGMLQuantizationType[kind]][0] > 1}
    name = known.get(number, "GUESSED")
    if name != "GUESSED" and (name in UNQUANTISED) != bool(packed):
        return name
    return max(packed or sizes, key=lambda kind: sizes[kind])


def shape_of_metadata(metadata: Mapping[str, Value]) -> ModelShape:
    """Return a model's shape by the metadata of its GGUF file."""
    architecture = metadata.get("general.architecture")

    def number(key: str, default: int = 0) -> int:
        value = metadata.get(f"{architecture}.{key}")
        return value if type(value) is int else default

    tokens = metadata.get("tokenizer.ggml.tokens")
    return {
        "context": number("context_length"),
        "layers": number("block_count"),
        "width": number("embedding_length"),
        "ffn": number("feed_forward_length"),
        "vocab": tokens.count if isinstance(tokens, Elided) else number("vocab_size"),
        "cached_values": _cached_values(number, metadata.get(f"{architecture}.attention.head_count_kv")),
    }


def _cached_values(number: Callable[[str, int], int], groups: Value | None) -> int:
    """Return how many keys and values a token adds to the cache, over all layers.

    Some models give the number of heads once, others once per layer.
    """
    heads = number("attention.head_count", 1) or 1
    share = number("embedding_length", 0) // heads
    values = number("attention.key_length", share) + number("attention.value_length", share)
    if isinstance(groups, tuple):
        return int(sum(groups)) * values
    return (groups if type(groups) is int else heads) * number("block_count", 0) * values
