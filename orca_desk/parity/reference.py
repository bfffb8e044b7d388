"""torch's side: what the trained model itself would have answered, token by token of the served answers."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, PreTrainedModel

from orca_desk.errors import UserError
from orca_desk.parity.accounts import END, Ids, Judged, Reference, Served, judge
from orca_desk.parity.probes import probe_ids
from orca_desk.prompts.hf import HFTokenizer
from orca_desk.prompts.messages import Message
from orca_desk.prompts.renderer import Renderer
from orca_desk.student.safetensors_files import Floats

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
        try:
            model: PreTrainedModel = AutoModelForCausalLM.from_pretrained(
                base, dtype=torch.float32, local_files_only=True
            )
        except (OSError, ValueError) as error:
            raise UserError(f"{base} cannot be loaded: {error}", "Choose a model's own folder.") from error
        self._model = PeftModel.from_pretrained(model, adapter).eval()
        self._judged: dict[tuple[Ids, Ids], Judged] = {}  # files of one student often answer the same

    def refer(
        self,
        conversations: Sequence[Conversation],
        *,
        proceed: Callable[[], bool],
        did_one: Callable[[], None] = lambda: None,
    ) -> Reference | None:
        """Return torch's account of the prompts; None once `proceed`, called before each, returns False.

        Calls `did_one` after each.
        """
        prompts, tuned, base = [], [], []
        for conversation in conversations:
            if not proceed():
                return None
            prompt = self._renderer.prompt(conversation).ids
            prompts.append(prompt)
            tuned.append(self._choices(prompt, (END,))[0])
            with self._model.disable_adapter():
                base.append(self._choices(prompt, (END,))[0])
            did_one()
        probes = probe_ids(self._renderer)
        return Reference(
            prompts=tuple(prompts),
            probes=probes,
            end=probes[-1][-1],
            logits=np.stack(tuned),
            base_logits=np.stack(base),
        )

    def judge(
        self,
        reference: Reference,
        served: Served,
        *,
        proceed: Callable[[], bool],
        did_one: Callable[[], None] = lambda: None,
    ) -> list[Judged] | None:
        """Judge the answers of one file; return None once `proceed`, called before each, returns False.

        An answer to another prompt, or with tokens that the model doesn't have, is not judged. Calls
        `did_one` after each.
        """
        size = reference.logits.shape[1]
        found = []
        for prompt, theirs, tokens in zip(reference.prompts, served.prompts, served.tokens, strict=True):
            if not proceed():
                return None
            key = prompt, tokens
            if prompt != theirs or max(tokens) >= size:
                found.append(Judged(best=(), gaps=()))
            else:
                if key not in self._judged:
                    self._judged[key] = judge(self._choices(prompt, tokens), tokens, self._renderer.ends)
                found.append(self._judged[key])
            did_one()
        return found

    def name_of(self, token: int) -> str:
        """Return the text of a token; of END, the name of the token that a trained answer ends with."""
        if token == END:
            token = self._renderer.example("", "", "").ids[-1]
        return self._tokenizer.decode([token], control=True) or f"token {token}"

    def _choices(self, prompt: Ids, tokens: Ids) -> Floats:
        """Return the logits [tokens, vocabulary] from which each of `tokens` is chosen, in one pass.

        The last token, which can be END rather than an id, is chosen but never read.
        """
        ids = torch.tensor([[*prompt, *tokens[:-1]]])
        with torch.inference_mode():
            logits = self._model(input_ids=ids, logits_to_keep=len(tokens)).logits
        return np.asarray(logits[0].float().numpy(), np.float32)
