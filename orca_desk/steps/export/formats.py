"""The formats of an export, and which of them are GGUF files of the merged model."""

from enum import StrEnum


class Format(StrEnum):
    """What an export can write; the value is its name on the command line."""

    F16 = "f16"
    BF16 = "bf16"
    Q8_0 = "q8_0"
    Q6_K = "q6_k"
    Q5_K_M = "q5_k_m"
    Q4_K_M = "q4_k_m"
    SAFETENSORS = "safetensors"  # a folder: the merged model for transformers and what builds on it
    ADAPTER = "adapter"  # a folder: the PEFT adapter
    ADAPTER_GGUF = "adapter-gguf"  # beside an unquantised GGUF file of the base
    OLLAMA = "ollama"  # a folder with a Modelfile
    LM_STUDIO = "lm-studio"  # publisher/model/file.gguf


MERGED = (Format.F16, Format.BF16, Format.Q8_0, Format.Q6_K, Format.Q5_K_M, Format.Q4_K_M)  # by size
QUANTISED = (Format.Q8_0, Format.Q6_K, Format.Q5_K_M, Format.Q4_K_M)
APPLICATIONS = (Format.OLLAMA, Format.LM_STUDIO)  # folders around one of the merged files
ADAPTERS = (Format.ADAPTER, Format.ADAPTER_GGUF)
DEFAULT_PACKED = Format.Q8_0  # what applications get where no merged file is chosen

# How many weights of a row each type packs together, and the bits per weight of such rows and of all others,
# which llama.cpp stores as a wider type. The mixtures are counted as a bit more than they take.
_PACKED = {
    Format.F16: (1, 16.0, 16.0),
    Format.BF16: (1, 16.0, 16.0),
    Format.Q8_0: (32, 8.5, 16.0),
    Format.Q6_K: (256, 6.5625, 8.5),
    Format.Q5_K_M: (256, 6.0, 7.0),
    Format.Q4_K_M: (256, 5.2, 6.5),
}


def bits_per_weight(kind: Format, row: int) -> float:
    """Return about how many bits a merged file takes per weight of a matrix with rows of `row` weights."""
    block, bits, wider = _PACKED[kind]
    return bits if row % block == 0 else wider


def label_of(kind: Format) -> str:
    """Return the name of a merged file's type as files and tables have it: Q4_K_M."""
    return kind.value.upper()
