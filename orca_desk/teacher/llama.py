"""A GGUF model and its tokenizer, loaded through llama.cpp's low-level interface."""

import ctypes
import os
import re
import unicodedata
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from orca_desk.errors import UserError
from orca_desk.machine.resources import has_matrix_unit
from orca_desk.models.gguf_header import read_header
from orca_desk.prompts.thoughts import TAG_NAMES
from orca_desk.prompts.tokenizer import answer_ends
from orca_desk.teacher.devices import device_handle
from orca_desk.teacher.native import MemoryRanOutError, last_errors, library
from orca_desk.teacher.offload import Placement

# llama.cpp's names for pre-tokenizers whose tokenizer.json first composes characters (NFC), which llama.cpp
# omits.
COMPOSING = frozenset({"qwen2", "qwen35"})
_NO_MEMORY = re.compile("alloc|memory", re.IGNORECASE)
NOWHERE = Placement(cells=0)  # all in the machine's own memory


class LlamaModel:
    """The weights and vocabulary of one GGUF file. Close it, or use it in a `with` block."""

    def __init__(
        self,
        path: Path,
        *,
        vocabulary_only: bool = False,
        template: str | None = None,
        placement: Placement = NOWHERE,
        copy: Path | None = None,
    ) -> None:
        """Load `path` as `placement` says, or only its vocabulary, which takes a moment even for the largest.

        `template` is used instead of the chat template in the file. `copy` is a file of the same model to
        load instead, whole, so that it can be deleted afterwards.

        Raises UserError for a file that is missing, not a GGUF, damaged, or of an unknown architecture, and
        MemoryRanOutError where a device has too little memory for its layers.
        """
        self.path, self.template = path, template
        self.lib = library()
        _require_gguf(path)
        last_errors.clear()
        parameters = self.lib.llama_model_default_params()
        parameters.vocab_only = vocabulary_only
        parameters.use_mmap = copy is None
        # llama.cpp's products of quantised matrices by AMX end the process (illegal instruction): seen with
        # Q8_0, Q4_1 and Q4_K on an Emerald Rapids in a virtual machine. Without its own layouts of the
        # weights it does not use them; products of 16-bit weights are as fast without.
        parameters.use_extra_bufts = not has_matrix_unit()
        arrays = _place(self.lib, parameters, placement)
        self.handle: Any = self.lib.llama_model_load_from_file(os.fsencode(copy or path), parameters)
        del arrays  # they had to live until here
        if not self.handle and _is_adapter(path):
            raise UserError(f"{path} is an adapter, not a model.", "Choose the model that it was trained on.")
        if not self.handle and placement.layers and _NO_MEMORY.search(" ".join(last_errors)):
            raise MemoryRanOutError(
                f"{path.name} does not fit into the memory of {', '.join(placement.devices)}.",
                "Close other programs that use it, or choose the CPU.",
            )
        if not self.handle:
            raise UserError(f"{path} cannot be loaded: {_explanation()}.", _hint())

    def close(self) -> None:
        """Free the weights; the model and its adapters are unusable afterwards."""
        if self.handle:
            self.lib.llama_model_free(self.handle)
            self.handle = None

    def __enter__(self) -> "LlamaModel":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @cached_property
    def tokenizer(self) -> "LlamaTokenizer":
        """The model's own tokenizer."""
        return LlamaTokenizer(self)

    @property
    def context(self) -> int:
        """The longest sequence, in tokens, of the model's training."""
        return int(self.lib.llama_model_n_ctx_train(self.handle))

    @property
    def short_context(self) -> int:
        """The largest context in which a longrope model reads short texts as it was trained to; 0 for others.

        llama.cpp chooses the rotary factors for long texts by the size of the context, whatever is in it.
        """
        scaling = self.metadata("rope.scaling.type")
        if scaling not in (None, "longrope") or self.metadata("rope.scaling.attn_factor") is None:
            return 0
        return int(self.metadata("rope.scaling.original_context_length") or 0)

    @property
    def parameters(self) -> int:
        """The number of weights."""
        return int(self.lib.llama_model_n_params(self.handle))

    @property
    def kv_bytes_per_token(self) -> int:
        """Bytes of memory per token of context: keys and values of all layers, 16 bits each."""
        width = self.lib.llama_model_n_embd(self.handle) // max(1, self.lib.llama_model_n_head(self.handle))
        width = int(self.metadata("attention.key_length") or width)
        heads = self.lib.llama_model_n_head_kv(self.handle)
        return int(self.lib.llama_model_n_layer(self.handle) * heads * width * 2 * 2)

    def metadata(self, key: str) -> str | None:
        """Return a metadata value as text. A key without a known prefix belongs to the architecture."""
        if not key.startswith(("general.", "tokenizer.")):
            key = f"{self.metadata('general.architecture')}.{key}"
        size = self.lib.llama_model_meta_val_str(self.handle, key.encode(), None, 0)
        if size < 0:
            return None
        buffer = ctypes.create_string_buffer(size + 1)
        self.lib.llama_model_meta_val_str(self.handle, key.encode(), buffer, size + 1)
        return buffer.raw[:size].decode("utf-8", "replace")

    def load_adapter(self, path: Path) -> Any:
        """Return the handle of a LoRA GGUF file; it lives as long as the model.

        Raises UserError for a file that is missing, not a GGUF, or made for another model.
        """
        _require_gguf(path)
        last_errors.clear()
        adapter = self.lib.llama_adapter_lora_init(self.handle, os.fsencode(path))
        if not adapter:
            raise UserError(
                f"The adapter {path} does not fit {self.path.name}: {_explanation()}.",
                "Use the model that the adapter was trained on.",
            )
        return adapter


class LlamaTokenizer:
    """See `orca_desk.prompts.tokenizer.Tokenizer`."""

    def __init__(self, model: LlamaModel) -> None:
        self._lib = model.lib
        self._model = model  # keeps the vocabulary alive
        self._vocab = model.lib.llama_model_get_vocab(model.handle)
        self._composes = model.metadata("tokenizer.ggml.pre") in COMPOSING
        self._pieces: dict[int, bytes] = {}
        self.size = int(self._lib.llama_vocab_n_tokens(self._vocab))

    @cached_property
    def chat_template(self) -> str:
        """The template that the model was loaded with, or its own. Raises UserError if there is none."""
        if self._model.template is not None:
            return self._model.template
        template = self._lib.llama_model_chat_template(self._model.handle, None)
        if not template:
            raise UserError(
                f"{self._model.path} has no chat template.",
                "Use its instruction-tuned variant, which has one.",
            )
        return str(template.decode("utf-8", "replace"))

    @cached_property
    def bos(self) -> str:
        """The text of the beginning-of-sequence token; empty if there is none."""
        return self._name(self._lib.llama_vocab_bos(self._vocab))

    @cached_property
    def eos(self) -> str:
        """The text of the end-of-sequence token; empty if there is none."""
        return self._name(self._lib.llama_vocab_eos(self._vocab))

    @cached_property
    def adds_bos(self) -> bool:
        """Whether the beginning-of-sequence token stands before every text, where no template writes it."""
        return bool(self.bos) and bool(self._lib.llama_vocab_get_add_bos(self._vocab))

    @cached_property
    def eos_ids(self) -> frozenset[int]:
        """All tokens that end an answer: those that llama.cpp knows, and those with a known name."""
        return answer_ends(self.control, self.own_ends)

    @cached_property
    def own_ends(self) -> frozenset[int]:
        """The tokens at which llama.cpp by itself ends an answer, in every application that uses it."""
        is_end = self._lib.llama_vocab_is_eog
        return frozenset(token for token in range(self.size) if is_end(self._vocab, token))

    @cached_property
    def control(self) -> dict[int, str]:
        """The names of all control tokens by id."""
        return {
            token: self._name(token)
            for token in range(self.size)
            if self._lib.llama_vocab_is_control(self._vocab, token)
        }

    def encode(self, text: str, *, control: bool) -> list[int]:
        """See `Tokenizer.encode`."""
        data = (unicodedata.normalize("NFC", text) if self._composes else text).encode()
        room = len(data) + 8
        buffer = (ctypes.c_int32 * room)()
        count = self._lib.llama_tokenize(self._vocab, data, len(data), buffer, room, False, control)
        if count < 0:
            raise RuntimeError(f"llama_tokenize needs {-count} tokens for {len(data)} bytes")
        return buffer[:count]

    def decode(self, ids: Sequence[int], *, control: bool = False) -> str:
        """See `Tokenizer.decode`."""
        names = self.control if control else {}
        pieces = (names[i].encode() if i in names else self.piece_bytes(i) for i in ids)
        return b"".join(pieces).decode("utf-8", "replace")

    def piece_bytes(self, token: int) -> bytes:
        """See `Tokenizer.piece_bytes`."""
        piece = self._pieces.get(token)
        if piece is None:
            piece = self._pieces[token] = self._piece(token)
        return piece

    def _piece(self, token: int) -> bytes:
        if self.control.get(token) in TAG_NAMES:
            return self.control[token].encode()
        buffer = ctypes.create_string_buffer(64)
        size = self._lib.llama_token_to_piece(self._vocab, token, buffer, len(buffer), 0, False)
        if size < 0:
            buffer = ctypes.create_string_buffer(-size)
            size = self._lib.llama_token_to_piece(self._vocab, token, buffer, len(buffer), 0, False)
        return buffer.raw[:size]

    def _name(self, token: int) -> str:
        if token < 0:
            return ""
        return str(self._lib.llama_vocab_get_text(self._vocab, token).decode("utf-8", "replace"))


def _place(lib: Any, parameters: Any, placement: Placement) -> list[Any]:
    """Fill in what goes where; return the arrays that `parameters` then points to."""
    names = placement.devices
    handles = (ctypes.c_void_p * (len(names) + 1))(*[device_handle(name) for name in names])  # ends with NULL
    shares = (ctypes.c_float * max(1, lib.llama_max_devices()))(*placement.shares)
    parameters.devices = ctypes.addressof(handles)
    parameters.n_gpu_layers = placement.layers
    if placement.shares:
        parameters.tensor_split = ctypes.cast(shares, ctypes.POINTER(ctypes.c_float))
    return [handles, shares]


def _require_gguf(path: Path) -> None:
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except FileNotFoundError:
        raise UserError(f"{path} does not exist.", "Check the path.") from None
    except OSError as error:
        raise UserError(
            f"{path} cannot be read: {error.strerror}.", "Check the path and its permissions."
        ) from error
    if magic != b"GGUF":
        raise UserError(f"{path} is not a GGUF file.", "Choose a .gguf model file.")


def _is_adapter(path: Path) -> bool:
    try:
        return read_header(path).text("general.type") == "adapter"
    except UserError:  # a damaged header
        return False


def _explanation() -> str:
    """Return the native library's first error message of the last call."""
    for line in last_errors:
        return line.removeprefix("llama_model_load: error loading model: ").rstrip(".")
    return "the file is damaged"


def _hint() -> str:
    if any("unknown model architecture" in line for line in last_errors):
        return "This build of llama.cpp cannot run it: choose a model of another family."
    return "Download the file again; it may be damaged or incomplete."
