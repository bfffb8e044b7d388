"""What a user should know before a model answers: about its chat template, and its adapter's base."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from orca_desk.errors import UserError
from orca_desk.inventory.templates import Overrides
from orca_desk.models.base_identity import BaseMatch, base_of_adapter, compare_base, template_hash
from orca_desk.models.chat_template import read_chat_template
from orca_desk.prompts.template import ChatTemplate, Remark

# The adapter was trained on another model; on one that was trained further since; on an unknown one; with
# another chat template.
AdapterDoubt = Literal["other", "related", "unknown", "template"]
TemplateNote = Remark | Literal["overridden"]  # what the template does, and that it is the user's


@dataclass(frozen=True, kw_only=True)
class ServingNotes:
    """What is remarkable about a chat template, and whether an adapter may belong to another model."""

    template: tuple[TemplateNote, ...] = ()
    adapter: AdapterDoubt | None = None


def serving_notes(
    model: Path, adapter: Path | None = None, *, overrides: Overrides | None = None
) -> ServingNotes:
    """Describe how `model`, a GGUF file or a folder, is going to answer with `adapter`.

    A file that cannot be read gives no notes: the run itself says why. Takes about a second.
    """
    notes: tuple[TemplateNote, ...] = ()
    try:
        override = overrides.find(model) if overrides else None
        source = read_chat_template(model) if override is None else override
        if source:
            notes = ChatTemplate(source, bos="", eos="").remarks
        if override is not None:
            notes = ("overridden", *notes)
    except UserError:
        pass
    doubt = adapter_doubt(adapter, model, overrides=overrides) if adapter else None
    return ServingNotes(template=notes, adapter=doubt)


def adapter_doubt(adapter: Path, model: Path, *, overrides: Overrides | None = None) -> AdapterDoubt | None:
    """Return why `adapter` may not belong to `model`; None if it does, or if a file cannot be read."""
    try:
        base = base_of_adapter(adapter)
        match = compare_base(base, model) if base else None
        override = overrides.find(model) if overrides else None
        template = template_hash(read_chat_template(model) if override is None else override)
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
