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

# Bits per weight of each kind's matrices; where a row is no multiple of 256, llama.cpp takes the wider type.
BITS = {
    Format.F16: (16.0, 16.0),
    Format.BF16: (16.0, 16.0),
    Format.Q8_0: (8.5, 16.0),
    Format.Q6_K: (6.5625, 8.5),
    Format.Q5_K_M: (6.0, 7.0),
    Format.Q4_K_M: (5.2, 6.5),
}


def label_of(kind: Format) -> str:
    """Return the name of a merged file's type as files and tables have it: Q4_K_M."""
    return kind.value.upper()
