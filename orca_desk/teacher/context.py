"""One llama.cpp context: a cache of keys and values, and the batch that it decodes.

The cache is unified: all sequences share its cells, and copying a sequence only tags cells. The batch is
numpy arrays that the native struct points into, filled by slices: one Python assignment per column.
"""

import ctypes
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orca_desk.teacher.llama import LlamaModel
from orca_desk.teacher.native import MemoryRanOutError, last_errors
from orca_desk.teacher.offload import BATCH_TOKENS, CacheType

NO_ROOM = 1
NO_MEMORY, NOT_COMPUTED = (
    -2,
    -3,
)  # what llama_decode returns when memory runs out, on the host and on a device
FLASH_AUTOMATIC, FLASH_OFF = -1, 0
State = NDArray[np.uint8]  # a sequence, as llama.cpp writes it
TYPES: dict[CacheType, str] = {"F16": "GGML_TYPE_F16", "Q8_0": "GGML_TYPE_Q8_0"}


class Context:
    """A context over `model`, with room for `cells` tokens of `sequences` sequences in all.

    At most `outputs` rows of one decode can ask for logits, as the native side reserves memory for them: one
    per sequence, and `scored` more, for prompts whose tokens are scored. Close the context before the model.
    """

    def __init__(
        self,
        model: LlamaModel,
        *,
        cells: int,
        sequences: int,
        threads: int,
        flash_attention: bool,
        cache: CacheType = "F16",
        scored: int = 0,
    ) -> None:
        """Create the context; `cache` is the type of its keys and values. Raises MemoryRanOutError."""
        self.lib = model.lib
        self.vocabulary = model.tokenizer.size
        parameters = self.lib.llama_context_default_params()
        parameters.n_ctx = cells
        parameters.n_batch = parameters.n_ubatch = BATCH_TOKENS
        parameters.n_seq_max = sequences
        parameters.n_outputs_max = sequences + scored  # llama.cpp aborts on fewer
        parameters.n_threads = parameters.n_threads_batch = threads
        parameters.flash_attn_type = FLASH_AUTOMATIC if flash_attention else FLASH_OFF
        parameters.type_k = parameters.type_v = getattr(self.lib, TYPES[cache])
        parameters.kv_unified = True
        parameters.no_perf = True
        last_errors.clear()
        self.handle: Any = self.lib.llama_init_from_model(model.handle, parameters)
        if not self.handle:
            raise MemoryRanOutError(
                f"{model.path.name} cannot start with a context of {cells} tokens: {_reason()}.",
                "Use a smaller context, or close other programs to free memory.",
            )
        self.cells = int(self.lib.llama_n_ctx(self.handle))
        self.outputs = sequences + scored
        self.rows = int(self.lib.llama_n_batch(self.handle))  # per decode; a small cache has fewer
        self._memory = self.lib.llama_get_memory(self.handle)
        self._tokens = np.zeros(BATCH_TOKENS, np.int32)
        self._positions = np.zeros(BATCH_TOKENS, np.int32)
        self._sequences = np.zeros(BATCH_TOKENS, np.int32)
        self._wanted = np.zeros(BATCH_TOKENS, np.int8)
        self._batch = self._native_batch()
        self._view_key = (0, 0)
        self._view = np.zeros((0, self.vocabulary), np.float32)

    def close(self) -> None:
        """Free the context."""
        if self.handle:
            self.lib.llama_free(self.handle)
            self.handle = None

    def set_adapter(self, adapter: Any, scale: float) -> None:
        """Add a LoRA, loaded by `LlamaModel.load_adapter`, to the weights at `scale`."""
        handles = (self.lib.llama_adapter_lora_p_ctypes * 1)(adapter)
        scales = (ctypes.c_float * 1)(scale)
        status = self.lib.llama_set_adapters_lora(self.handle, handles, 1, scales)
        if status != 0:
            raise RuntimeError(f"llama_set_adapters_lora returned {status}")

    def decode(
        self,
        tokens: Sequence[int],
        positions: Sequence[int],
        sequences: Sequence[int],
        wanted: Sequence[int],
    ) -> bool:
        """Run the model over at most `rows` rows of (token, position, sequence, 1 if logits are wanted).

        Returns False, with nothing changed, when the cache has no room for them. Raises MemoryRanOutError.
        """
        count = len(tokens)
        self._tokens[:count] = tokens
        self._positions[:count] = positions
        self._sequences[:count] = sequences
        self._wanted[:count] = wanted
        self._batch.n_tokens = count
        status = self.lib.llama_decode(self.handle, self._batch)
        if status == NO_ROOM:
            return False
        if status in (NO_MEMORY, NOT_COMPUTED):
            raise MemoryRanOutError(
                f"Memory ran out while the model was answering: {_reason()}.",
                "Use a smaller context or batch, or close other programs to free memory.",
            )
        if status != 0:
            raise RuntimeError(f"llama_decode returned {status}: {'; '.join(last_errors)}")
        return True

    def logits(self, rows: int) -> NDArray[np.float32]:
        """Return the logits of the last decode, [rows, vocabulary]: a view until the next decode."""
        pointer = self.lib.llama_get_logits(self.handle)
        key = ctypes.addressof(pointer.contents), rows
        if key != self._view_key:  # making a view takes longer than a small model's argmax
            block = (ctypes.c_float * (rows * self.vocabulary)).from_address(key[0])
            self._view = np.ctypeslib.as_array(block).reshape(rows, self.vocabulary)
            self._view_key = key
        return self._view

    def copy_sequence(self, source: int, target: int) -> None:
        """Let `target` begin with all of `source`, sharing its cells."""
        self.lib.llama_memory_seq_cp(self._memory, source, target, -1, -1)

    def drop_sequence(self, sequence: int) -> None:
        """Forget a sequence; cells that no other sequence shares become free."""
        self.lib.llama_memory_seq_rm(self._memory, sequence, -1, -1)

    def state_bytes(self, sequence: int) -> int:
        """Return how many bytes `save_sequence` takes."""
        return int(self.lib.llama_state_seq_get_size(self.handle, sequence))

    def save_sequence(self, sequence: int) -> State:
        """Return a sequence's keys and values, for `load_sequence` of any context of the model."""
        state = np.empty(self.state_bytes(sequence), np.uint8)
        written = self.lib.llama_state_seq_get_data(self.handle, _bytes_of(state), state.size, sequence)
        if written != state.size:
            raise RuntimeError(f"llama_state_seq_get_data wrote {written} of {state.size} bytes")
        return state

    def load_sequence(self, state: State, sequence: int) -> bool:
        """Fill an empty sequence with a saved one; return False, and leave it empty, if there is no room."""
        if self.lib.llama_state_seq_set_data(self.handle, _bytes_of(state), state.size, sequence):
            return True
        self.drop_sequence(sequence)
        return False

    def _native_batch(self) -> Any:
        """Return the struct that llama_decode takes, pointing into this object's arrays."""
        batch = self.lib.llama_batch()
        int32, int8 = ctypes.POINTER(ctypes.c_int32), ctypes.POINTER(ctypes.c_int8)
        self._one_each = np.ones(BATCH_TOKENS, np.int32)
        start, step = self._sequences.ctypes.data, self._sequences.itemsize
        self._sequence_rows = start + step * np.arange(BATCH_TOKENS, dtype=np.uintp)
        batch.token = self._tokens.ctypes.data_as(int32)
        batch.pos = self._positions.ctypes.data_as(int32)
        batch.n_seq_id = self._one_each.ctypes.data_as(int32)
        batch.seq_id = self._sequence_rows.ctypes.data_as(ctypes.POINTER(int32))
        batch.logits = self._wanted.ctypes.data_as(int8)
        return batch


def _bytes_of(state: State) -> Any:
    return state.ctypes.data_as(ctypes.POINTER(ctypes.c_uint8))


def _reason() -> str:
    return last_errors[0].rstrip(".") if last_errors else "llama.cpp gives no reason"
