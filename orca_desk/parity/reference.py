"""torch's side: what the trained model itself would have answered, token by token of the served answers."""

import copy
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from peft import PeftModel
from transformers import Cache

from orca_desk.parity.accounts import END, Ids, Judged, Reference, Served, judge
from orca_desk.parity.probes import probe_ids
from orca_desk.prompts.hf import HFTokenizer
from orca_desk.prompts.messages import Message
from orca_desk.prompts.renderer import Renderer
from orca_desk.student.safetensors_files import Floats
from orca_desk.student.torch.model import load_base

Conversation = Sequence[Message]


class TorchSide:
    """The student as it was trained: the Hugging Face folder in float32 on the processor, with its adapter.

    Half precision would blur the very differences that the check looks for, and an accelerator's kernels
    would add their own.
    """

    def __init__(self, base: Path, adapter: Path) -> None:
        """Load the model, its tokenizer and the PEFT adapter. Raises UserError for an unusable folder."""
        self._tokenizer = HFTokenizer.load(base)
        self._renderer = Renderer(self._tokenizer)
        self._model = PeftModel.from_pretrained(load_base(base, "float32"), adapter).eval()

    def account(
        self,
        conversations: Sequence[Conversation],
        files: Sequence[Served],
        *,
        proceed: Callable[[], bool],
        did_one: Callable[[], None] = lambda: None,
    ) -> tuple[Reference, list[list[Judged]]] | None:
        """Return torch's account of the prompts, and for each file its judgement of every served answer.

        An answer to other ids than torch's, or with tokens that the model doesn't have, is not judged.
        Returns None once `proceed`, called before each prompt and answer, returns False. Calls `did_one`
        after each.
        """
        prompts, tuned, base = [], [], []
        judged: list[list[Judged]] = [[] for _ in files]
        for place, conversation in enumerate(conversations):
            if not proceed():
                return None
            prompt = self._renderer.prompt(conversation).ids
            with self._model.disable_adapter():
                base.append(self._read(prompt)[0])
            first, memory = self._read(prompt)
            prompts.append(prompt)
            tuned.append(first)
            did_one()
            known: dict[Ids, Judged] = {}  # files of one student often answer the same
            for served, found in zip(files, judged, strict=True):
                if not proceed():
                    return None
                tokens = served.tokens[place]
                if prompt != served.prompts[place] or max(tokens) >= len(first):
                    found.append(Judged(best=(), gaps=()))
                else:
                    if tokens not in known:
                        rows = self._choices(first, memory, tokens)
                        known[tokens] = judge(rows, tokens, self._renderer.ends)
                    found.append(known[tokens])
                did_one()
        probes = probe_ids(self._renderer)
        reference = Reference(
            prompts=tuple(prompts),
            probes=probes,
            end=probes[-1][-1],
            logits=np.stack(tuned),
            base_logits=np.stack(base),
        )
        return reference, judged

    def name_of(self, token: int) -> str:
        """Return the text of a token; of END, the name of the token that a trained answer ends with."""
        if token == END:
            token = self._renderer.example("", "", "").ids[-1]
        return self._tokenizer.decode([token], control=True) or f"token {token}"

    def _read(self, prompt: Ids) -> tuple[Floats, Cache]:
        """Return the logits after a prompt [vocabulary], and what the model keeps of it for what follows."""
        with torch.inference_mode():
            read = self._model(input_ids=torch.tensor([prompt]), logits_to_keep=1, use_cache=True)
        return _array(read.logits[0, -1]), read.past_key_values

    def _choices(self, first: Floats, memory: Cache, tokens: Ids) -> Floats:
        """Return the logits [tokens, vocabulary] from which each of `tokens` is chosen, in one pass.

        The last token, which can be END rather than an id, is chosen but never read.
        """
        if len(tokens) == 1:
            return first[None]
        with torch.inference_mode():
            ids, earlier = torch.tensor([tokens[:-1]]), copy.deepcopy(memory)
            logits = self._model(input_ids=ids, past_key_values=earlier, use_cache=True).logits
        return np.concatenate([first[None], _array(logits[0])])


def _array(logits: torch.Tensor) -> Floats:
    return np.asarray(logits.float().numpy(), np.float32)
