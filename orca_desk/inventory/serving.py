"""What a user should know before a model answers: about its chat template, and its adapter's base."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from orca_desk.errors import UserError
from orca_desk.models.base_identity import BaseMatch, base_of_adapter, compare_base, template_hash
from orca_desk.models.chat_template import read_chat_template
from orca_desk.prompts.template import ChatTemplate, Remark

# The adapter was trained on another model; on one that was trained further since; on an unknown one; with
# another chat template.
AdapterDoubt = Literal["other", "related", "unknown", "template"]


@dataclass(frozen=True, kw_only=True)
class ServingNotes:
    """What is remarkable about a chat template, and whether an adapter may belong to another model."""

    template: tuple[Remark, ...] = ()
    adapter: AdapterDoubt | None = None


def serving_notes(model: Path, adapter: Path | None = None) -> ServingNotes:
    """Describe how `model`, a GGUF file or a folder, is going to answer with `adapter`.

    A file that cannot be read gives no notes: the run itself tells why. Takes about a second.
    """
    try:
        source = read_chat_template(model)
        template = ChatTemplate(source, bos="", eos="").remarks if source else ()
    except UserError:
        template = ()
    return ServingNotes(template=template, adapter=adapter_doubt(adapter, model) if adapter else None)


def adapter_doubt(adapter: Path, model: Path) -> AdapterDoubt | None:
    """Return why `adapter` may not belong to `model`; None if it does, or if a file cannot be read."""
    try:
        base = base_of_adapter(adapter)
        match = compare_base(base, model) if base else None
        template = template_hash(read_chat_template(model))
    except (UserError, OSError):
        return None
    if base and match is BaseMatch.SAME and base.template and base.template != template:
        return "template"
    doubts: dict[BaseMatch | None, AdapterDoubt] = {
        None: "unknown",
        BaseMatch.RELATED: "related",
        BaseMatch.OTHER: "other",
    }
    return doubts.get(match)
