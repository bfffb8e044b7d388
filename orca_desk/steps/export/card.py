"""The model card of an export: README.md with Hugging Face's metadata, beside each form of the model.

It names no path of this machine: the folder may be shared.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orca_desk import __version__
from orca_desk.files import atomic_write
from orca_desk.method.forgetting import Forgetting
from orca_desk.method.statistics import Share
from orca_desk.models.fits import human_bytes
from orca_desk.parity.table import GateRow
from orca_desk.steps.evaluate.scoring import OVERALL, Evaluated
from orca_desk.steps.export.formats import ADAPTERS, APPLICATIONS, WEIGHED, Format
from orca_desk.steps.export.outcome import ExportOutcome
from orca_desk.steps.export.part_folder import PartFolder
from orca_desk.steps.export.request import ExportRequest, base_name
from orca_desk.steps.export.results import HeldOutResults
from orca_desk.steps.export.sources import Sources

TAGS = ("orca-desk", "explanation-tuning", "prompt-erasure")
LIBRARIES = {Format.SAFETENSORS: "transformers", Format.ADAPTER: "peft"}
# Settings of a training that a reader wants to know; the others have little effect or say where it ran
SETTINGS = (
    "rank", "alpha", "rslora", "targets", "dropout", "learning_rate", "schedule", "warmup", "weight_decay",
    "epochs", "batch_tokens", "accumulation", "max_length", "truncation", "thoughts", "seed",
)  # fmt: skip
_HUB_LICENCE = re.compile(r"[a-z0-9][a-z0-9.+-]*")
_FENCE = re.compile(r"`{3,}")


@dataclass(frozen=True, kw_only=True)
class CardFacts:
    """What a card says."""

    request: ExportRequest
    sources: Sources
    outcome: ExportOutcome
    results: HeldOutResults | None
    strategies: Sequence[str]


def write_cards(part: PartFolder, facts: CardFacts) -> None:
    """Write a card into the export's folder and into each folder in it that can be shared alone."""
    atomic_write(part.path / "README.md", card_text(facts, None))
    for kind in (Format.SAFETENSORS, Format.ADAPTER, *APPLICATIONS):
        for folder in {part.path / one.place for one in facts.outcome.files if one.format is kind}:
            atomic_write(folder.parent / "README.md", card_text(facts, kind))


def card_text(facts: CardFacts, kind: Format | None) -> str:
    """Return the card of one form of the model; None: of the export as a whole."""
    from huggingface_hub import ModelCard

    content = f"---\n{metadata(facts, kind)}\n---\n\n" + "\n\n".join(_sections(facts, kind)) + "\n"
    return str(ModelCard(content, ignore_metadata_errors=False))


def metadata(facts: CardFacts, kind: Format | None) -> str:
    """Return the card's metadata as YAML, in the terms of Hugging Face."""
    from huggingface_hub import EvalResult, ModelCardData

    licence = facts.sources.licence
    known: dict[str, Any] = {"license": licence} if _HUB_LICENCE.fullmatch(licence) else {}
    if licence and not known:
        known = {"license": "other", "license_name": re.sub(r"[^a-z0-9.-]+", "-", licence.lower()).strip("-")}
    results = []
    if facts.results is not None:
        found = facts.results.tuned.overall.accuracy
        results = [
            EvalResult(
                task_type="text-generation",
                dataset_type="held-out-tasks",
                dataset_name="Held-out tasks",
                metric_type="accuracy",
                metric_name=f"accuracy ({found.n} tasks)",
                metric_value=round(found.share, 4),
            )
        ]
    more: dict[str, Any] = {"eval_results": results} if results else {}
    data = ModelCardData(
        base_model=base_name(facts.sources.base.path),
        library_name=LIBRARIES.get(kind, "gguf") if kind else "gguf",
        model_name=facts.request.name,
        pipeline_tag="text-generation",
        tags=[*TAGS, *(["lora"] if kind in ADAPTERS else [])],
        **known,
        **more,
    )
    return data.to_yaml().strip()


def _sections(facts: CardFacts, kind: Format | None) -> Iterator[str]:
    yield f"# {facts.request.name}"
    yield _about(facts, kind)
    if facts.outcome.is_overridden:
        yield _override(facts)
    yield _files(facts, kind)
    yield _use(facts, kind)
    yield _training(facts)
    yield _held_out(facts)
    yield _gate(facts.outcome.gate.rows, has_folder=Format.SAFETENSORS in facts.request.formats)
    yield _limits(facts)


def _about(facts: CardFacts, kind: Format | None) -> str:
    base = base_name(facts.sources.base.path)
    what = {
        Format.ADAPTER: f"A LoRA adapter for {base}, in PEFT's form",
        Format.SAFETENSORS: f"{base} with a LoRA adapter merged into its weights",
    }.get(kind or Format.F16, f"{base}, tuned with LoRA")
    text = (
        f"{what}. A teacher model answered tasks under instructions that prescribe a strategy; the "
        "instruction was then replaced by a general one, so this model has learned to choose the strategy "
        "itself (the method of Orca 2, arXiv:2311.11045). "
        f"Made with Orca Desk {__version__}."
    )
    if rounded := facts.sources.rounded_from:
        text += (
            f"\n\n**It starts from rounded weights**: the base was a {rounded} file, whose rounding training "
            "does not undo. One that starts from the publisher's 16-bit weights would be closer to them."
        )
    if facts.sources.licence:
        return f"{text}\n\nThe base states the licence `{facts.sources.licence}`, which binds this model too."
    return f"{text}\n\nThe base states no licence: ask its publisher before you share this model."


def _override(facts: CardFacts) -> str:
    names = ", ".join(row.label for row in facts.outcome.gate.failed)
    return (
        f"> **Exported although a check failed: {names}.** The table of checks below says how it differs "
        "from what was trained."
    )


def _files(facts: CardFacts, kind: Format | None) -> str:
    rows = [
        [f"`{one.place}`", human_bytes(one.bytes), f"`{one.sha256}`"]
        for one in facts.outcome.files
        if kind is None or one.format is kind
    ]
    text = "## Files\n\n" + _table(["file", "size", "SHA-256"], rows)
    if {one.format for one in facts.outcome.files} & set(WEIGHED) or facts.request.packed in WEIGHED:
        text += (
            "\n\nThe files of fewer than 8 bits were quantised with an importance matrix, measured on "
            "training records."
        )
    for one in facts.outcome.files:
        if one.stored_as and kind in (None, one.format):
            text += (
                f"\n\n`{one.place}` holds most weights as {one.stored_as}: the K types pack 256 weights of a "
                "row together, and this model's rows are no multiple of that."
            )
    return text


def _use(facts: CardFacts, kind: Format | None) -> str:
    instruction = facts.sources.snapshot.instruction
    text = "## How to ask it\n\n"
    if instruction:
        text += f"With the system message that it was trained with:\n\n{fenced(instruction)}"
    else:
        text += "Without a system message: it was trained without one."
    if facts.outcome.guesses_template and kind in (None, Format.OLLAMA):
        text += (
            "\n\n**The Modelfile has no TEMPLATE**: the model's chat template cannot be written in Ollama's "
            "language. Ollama takes one of its own that resembles it, or none, so its answers may differ."
        )
    return text


def _training(facts: CardFacts) -> str:
    training, snapshot = facts.sources.training, facts.sources.snapshot
    families = ", ".join(f"{name} ({count:,})" for name, count in snapshot.families.items())
    rows = [
        ["training", f"`{training.id}`"],
        ["snapshot", f"{snapshot.name} (SHA-256 begins with `{snapshot.id}`)"],
        ["records", f"{snapshot.records:,}"],
        ["families", families],
        ["strategies", ", ".join(facts.strategies)],
        *([name.replace("_", " "), str(value)] for name, value in _settings(training.settings)),
        ["best step", "–" if training.best_step is None else f"{training.best_step:,}"],
        ["validation loss there", "–" if training.best_eval is None else f"{training.best_eval:.4f}"],
    ]
    return "## Training\n\n" + _table(["", ""], rows)


def _settings(settings: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [(name, settings[name]) for name in SETTINGS if settings.get(name) is not None]


def _held_out(facts: CardFacts) -> str:
    text = "## Held-out tasks\n\nThe model was trained on none of these. Intervals are 95% (Wilson)."
    if facts.results is None:
        text += "\n\nThe tuned model was not evaluated on all of them."
    else:
        text += "\n\n" + _results(facts.results)
    if not facts.outcome.scores:
        return f"{text}\n\nThe quantised files were not measured on held-out tasks."
    rows = []
    for one in facts.outcome.scores:
        against = "–"
        if one.against is not None:
            low, high = one.against.low * 100, one.against.high * 100
            against = f"{one.against.difference * 100:+.1f} points ({low:+.1f} to {high:+.1f})"
        rows.append([one.label, str(one.accuracy.n), _percent(one.accuracy), against])
    table = _table(["file", "tasks", "correct", "difference to unquantised"], rows)
    return f"{text}\n\nWhat quantisation costs, on the same tasks:\n\n{table}"


def _results(results: HeldOutResults) -> str:
    heads = ["family", "tasks", "tuned"] + (["base"] if results.base else [])
    rows = [_result(name, results.tuned, results.base) for name in (*results.tuned.families, OVERALL)]
    text = f"Measured before the export, as the adapter on its base.\n\n{_table(heads, rows)}"
    if results.gain is not None:
        low, high = results.gain.low * 100, results.gain.high * 100
        text += (
            f"\n\nTuned against base, task by task: {results.gain.difference * 100:+.1f} points "
            f"({low:+.1f} to {high:+.1f}), {results.gain.finding}."
        )
    if results.tuned.adherence.n:
        text += f"\n\n{_percent(results.tuned.adherence)} of its answers follow their family's strategy."
    if results.lost is not None:
        text += f"\n\n{_lost(results.lost)}"
    return text


def _lost(found: Forgetting) -> str:
    """Return what the student lost against its base, on general questions that no student is trained on."""
    one, nats, ratio = found.overall, found.divergence.nats, found.ratio
    return (
        f"What training cost, on {one.n:,} general questions: {found.student.correct:,} correct,"
        f" {found.base.correct:,} before training ({one.difference * 100:+.1f} points,"
        f" {one.low * 100:+.1f} to {one.high * 100:+.1f}, {one.finding}). Mean KL divergence from the base,"
        f" on everyday requests: {nats.value:.2f} nats per token ({nats.low:.2f} to {nats.high:.2f}). Answers"
        f" are {ratio.value:.2f} times as long as before ({ratio.low:.2f} to {ratio.high:.2f})."
    )


def _result(name: str, tuned: Evaluated, base: Evaluated | None) -> list[str]:
    found = tuned.overall if name == OVERALL else tuned.families[name]
    row = [name, str(found.accuracy.n), _percent(found.accuracy)]
    if base is not None:
        other = base.overall if name == OVERALL else base.families.get(name)
        row.append(_percent(other.accuracy) if other else "–")
    return row


def _gate(rows: Sequence[GateRow], *, has_folder: bool) -> str:
    cells = [
        [
            row.label,
            "passed" if row.passed else f"**failed** ({row.finding.value})",
            f"{row.prompts_differ} of {row.prompts}",
            _rounding(row),
            "–" if row.typical is None else f"{row.typical:.2%} (up to {row.limits.typical:.0%})",
            f"{row.tokens_equal:,} of {row.tokens:,}"
            + (f", {row.near_ties} near ties" if row.near_ties else ""),
            _strength(row),
        ]
        for row in rows
    ]
    heads = ["file", "check", "prompts that differ", "weights off by", "logits off by", "greedy tokens equal",
             "adapter"]  # fmt: skip
    text = (
        "## Checks\n\nEach file was run in llama.cpp on held-out prompts and compared with what was trained, "
        "in PyTorch: the prompts' tokens, the weights (root mean square difference of the tensor that is "
        "furthest off), the logits after the prompts (as a share of their spread), the greedy tokens of each "
        "answer, and how much of the adapter the file holds. In brackets: what rounding explains."
        f"\n\n{_table(heads, cells)}"
    )
    if has_folder:
        text += (
            "\n\nThe safetensors folder was compared with the F16 file: weights, settings, tokenizer and "
            "template."
        )
    if any(row.rounds_again for row in rows):
        text += (
            "\n\nRounded again: the base's weights had been rounded to few bits before the training, and the "
            "adapter is finer than that. To round their sum to few bits takes parts of it away, or enlarges "
            "them."
        )
    return text


def _strength(row: GateRow) -> str:
    if row.strength is None:
        return "none"
    return f"{row.strength:.0%}{', rounded again' if row.rounds_again else ''}"


def _rounding(row: GateRow) -> str:
    if row.weights is None:  # an adapter alone has none of the model's
        return "–"
    if row.weights.rounding is None:
        return "missing"
    return f"{row.weights.rounding:.2%} (up to {row.weights.limit:.1%})"


def _limits(facts: CardFacts) -> str:
    families = len(facts.sources.snapshot.families)
    of = "one family" if families == 1 else f"{families} families"
    return (
        f"## Limits\n\nIt was trained on tasks of {of} and measured on tasks of the same kind; nothing is "
        "known about others. It can be wrong in a confident tone, like every model of its size. The limits "
        "on the use of its base apply to it too."
    )


def fenced(text: str) -> str:
    """Return `text` as a block of Markdown that shows it verbatim."""
    longest = max((len(found) for found in _FENCE.findall(text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}\n{text}\n{fence}"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def _cell(text: str) -> str:
    """Return a text that stays in its cell, whoever wrote it: family names are the user's."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def _percent(share: Share) -> str:
    if not share.n:
        return "–"
    return f"{share.share:.1%} ({share.low:.1%} to {share.high:.1%})"
