"""The logits of a model as transformers computes them, by which another engine is measured."""

from collections.abc import Sequence
from pathlib import Path

import torch

from orca_desk.errors import UserError
from orca_desk.student.safetensors_files import Floats
from orca_desk.student.torch.model import load_base


def own_logits(folder: Path, dtype: str, ids: Sequence[int], *, last: int) -> Floats:
    """Return the logits [last, vocabulary] of the last tokens of `ids`, computed on the CPU.

    Raises UserError for a model that cannot be loaded, and for logits that are not finite.
    """
    with torch.no_grad():
        model = load_base(folder, dtype).eval()
        logits: Floats = model(input_ids=torch.tensor([ids]), logits_to_keep=last).logits[0].float().numpy()
    if not bool(torch.from_numpy(logits).isfinite().all()):
        raise UserError("The model's weights are damaged: its logits are not numbers.", "Download it again.")
    return logits
