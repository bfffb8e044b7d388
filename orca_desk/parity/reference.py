"""torch's side: what the trained model itself would have answered, token by token of the served answers."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, PreTrainedModel

from orca_desk.errors import UserError
from orca_desk.parity.accounts import Ids, Reference, Served, judge
from orca_desk.prompts.hf import HFTokenizer
from orca_desk.prompts.messages import Message
from orca_desk.prompts.renderer import Renderer
from orca_desk.student.safetensors_files import Floats

Conversation = Sequence[Message]


class TorchSide:
    """The student as it was trained: the Hugging Face folder in float32 on the processor.

    Half precision would blur the very differences that the check looks for, and an accelerator's kernels
    would add their own.
    """

    def __init__(self, base: Path) -> None:
        """Load the model and its tokenizer. Raises UserError when the folder does not hold one."""
        self._tokenizer = HFTokenizer.load(base)
        self._renderer = Renderer(self._tokenizer)
        try:
            model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32, local_files_only=True)
        except (OSError, ValueError) as error:
            raise UserError(f"{base} cannot be loaded: {error}", "Choose a model's own folder.") from error
        self._model: PreTrainedModel | PeftModel = model.eval()

    def add_adapter(self, adapter: Path) -> None:
        """Add a PEFT adapter to the model, which answers with it from now on."""
        self._model = PeftModel.from_pretrained(self._model, adapter).eval()

    def account(
        self,
        conversations: Sequence[Conversation],
        served: Served,
        *,
        proceed: Callable[[], bool],
        judged_one: Callable[[], None] = lambda: None,
    ) -> Reference | None:
        """Judge the served answers; return None once `proceed`, called before each, returns False.

        Calls `judged_one` after each.
        """
        prompts, judged, first = [], [], []
        for conversation, tokens in zip(conversations, served.tokens, strict=True):
            if not proceed():
                return None
            prompt = self._renderer.prompt(conversation).ids
            rows = self._choices(prompt, tokens)
            prompts.append(prompt)
            judged.append(judge(rows, tokens, self._tokenizer.eos_ids))
            first.append(rows[0])
            judged_one()
        return Reference(
            prompts=tuple(prompts),
            best=tuple(best for best, _ in judged),
            gaps=tuple(gaps for _, gaps in judged),
            logits=np.stack(first),
        )

    def _choices(self, prompt: Ids, tokens: Ids) -> Floats:
        """Return the logits [tokens, vocabulary] from which each of `tokens` is chosen, in one pass.

        The last token, which can be END rather than an id, is chosen but never read.
        """
        ids = torch.tensor([[*prompt, *tokens[:-1]]])
        with torch.inference_mode():
            logits = self._model(input_ids=ids, logits_to_keep=len(tokens)).logits
        return np.asarray(logits[0].numpy(), np.float32)
