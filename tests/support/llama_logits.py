"""Run as a program: the logits that llama.cpp computes for the same tokens with several files.

    python llama_logits.py JOB.json

The job is {"ids": [...], "runs": [{"model": GGUF, "adapter": GGUF or null, "out": NPY}]}. The cache is
float32, so that what remains of a difference is the order of the sums.
"""

import json
import sys
from pathlib import Path

import llama_cpp
import numpy as np


def main(job: dict) -> None:
    """Do every run of the job."""
    for run in job["runs"]:
        model = llama_cpp.Llama(
            run["model"],
            lora_path=run["adapter"],
            n_ctx=256,
            n_threads=1,
            n_threads_batch=1,
            logits_all=True,
            type_k=llama_cpp.GGML_TYPE_F32,
            type_v=llama_cpp.GGML_TYPE_F32,
            flash_attn=False,
            verbose=False,
        )
        model.eval(job["ids"])
        np.save(run["out"], model.scores[: len(job["ids"])])
        model.close()


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text()))
