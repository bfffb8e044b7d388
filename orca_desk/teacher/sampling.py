"""How the next token is chosen: llama.cpp's own samplers, one chain a record."""

from types import ModuleType
from typing import Any

from orca_desk.method.records import Sampling

RANDOM_SEED = 0xFFFFFFFF  # llama.cpp takes this one to mean "any seed"


def make_chain(lib: ModuleType, sampling: Sampling) -> Any | None:
    """Return a sampler chain, which the caller frees, or None for greedy.

    The order is llama.cpp's: top-k, top-p, min-p, temperature, then a draw with the record's own seed;
    filters set to their neutral value are left out.
    """
    if sampling.temperature <= 0:
        return None
    chain = lib.llama_sampler_chain_init(lib.llama_sampler_chain_default_params())
    if sampling.top_k > 0:
        lib.llama_sampler_chain_add(chain, lib.llama_sampler_init_top_k(sampling.top_k))
    if sampling.top_p < 1:
        lib.llama_sampler_chain_add(chain, lib.llama_sampler_init_top_p(sampling.top_p, 1))
    if sampling.min_p > 0:
        lib.llama_sampler_chain_add(chain, lib.llama_sampler_init_min_p(sampling.min_p, 1))
    lib.llama_sampler_chain_add(chain, lib.llama_sampler_init_temp(sampling.temperature))
    lib.llama_sampler_chain_add(chain, lib.llama_sampler_init_dist(sampling.seed % RANDOM_SEED))
    return chain
