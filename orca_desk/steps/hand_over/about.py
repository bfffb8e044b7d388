"""What stands beside exported data: the manifest for programs, the data set card for readers."""

import json
import re
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from orca_desk import __version__
from orca_desk.formats.writers.lm_eval_task import FOLDER_NOTE
from orca_desk.library.clock import now
from orca_desk.library.database import Library
from orca_desk.library.evaluations import get_evaluation
from orca_desk.library.manifests import manifest
from orca_desk.steps.hand_over.handed_over import HandedOver
from orca_desk.steps.hand_over.request import TABLE_NAMES, HandOverRequest
from orca_desk.steps.hand_over.wording import LEFT_OUT, LOSSES, NOTES

FORMAT = 1
_SIZES = (
    (1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
)  # fmt: skip
_SHOWN_FAMILIES = 30
_FENCE = re.compile(r"([\\`*_\[\]<>|#])")


def manifest_text(library: Library, request: HandOverRequest, made: HandedOver) -> str:
    """Return the manifest as JSON: what was asked for, what was written, and what was left out and why."""
    found: dict[str, Any] = {
        "manifest": FORMAT,
        "made_by": {"app": "Orca Desk", "version": __version__},
        "created_at": now(),
        "table": made.table,
        "format": made.format,
        "filters": dict(request.filtered),
        "written": made.written,
        "files": [asdict(one) for one in made.files],
        "splits": dict(made.splits),
        "families": dict(made.families),
        "left_out": _counted(made.left_out, LEFT_OUT),
        "not_as_they_were": _counted(made.losses, LOSSES),
        "notes": [NOTES[one] for one in made.notes],
    }
    if request.table in ("training", "preferences"):
        found["instruction"] = request.instruction
    if request.table == "snapshot":
        found["snapshot"] = manifest(library, request.of)
    if request.table == "evaluation":
        evaluation = get_evaluation(library, request.of)
        found["evaluation"] = {
            "id": evaluation.id, "name": evaluation.name, "model": evaluation.model.name,
            "system_kind": evaluation.system_kind, "system": evaluation.system,
        }  # fmt: skip
    return json.dumps(found, ensure_ascii=False, indent=1) + "\n"


def card_text(request: HandOverRequest, made: HandedOver) -> str:
    """Return the data set card: Markdown, with the metadata that Hugging Face reads before it."""
    import yaml

    head = yaml.safe_dump(_metadata(request, made), sort_keys=False, allow_unicode=True)
    return f"---\n{head}---\n\n" + "\n\n".join(_sections(request, made)) + "\n"


def _metadata(request: HandOverRequest, made: HandedOver) -> dict[str, Any]:
    size = next((name for limit, name in _SIZES if made.written < limit), "n>10M")
    found: dict[str, Any] = {
        "pretty_name": request.path.stem or request.path.name,
        "size_categories": [size],
        "task_categories": ["text-generation"],
        "tags": ["orca-desk"],
    }
    if request.format not in ("lm-eval", "openai-batch"):
        found["configs"] = [{
            "config_name": "default",
            "data_files": [
                {"split": _split(Path(one.name).stem, made), "path": one.name} for one in made.files
            ],
        }]  # fmt: skip
    return found


def _split(stem: str, made: HandedOver) -> str:
    """Return the split of a file as the Hub calls it."""
    if len(made.files) == 1 and stem not in ("train", "valid", "test"):
        return "test" if set(made.splits) == {"test"} else "train"
    return "validation" if stem == "valid" else stem


def _sections(request: HandOverRequest, made: HandedOver) -> Iterator[str]:
    yield f"# {_escaped(request.path.stem or request.path.name)}"
    rows = "row" if made.written == 1 else "rows"
    yield (
        f"{made.written:,} {rows}: {TABLE_NAMES[made.table]} of a library of Orca Desk {__version__}, in the"
        f" format `{made.format}`. Nobody has stated a licence for them: add yours before you share them."
    )
    yield "| file | rows | bytes | SHA-256 |\n| --- | --: | --: | --- |\n" + "\n".join(
        f"| `{one.name}` | {one.rows:,} | {one.size:,} | `{one.sha256}` |" for one in made.files
    )
    if "test" in made.splits and len(made.splits) > 1:
        yield "The test split is held out: train on none of it."
    shown = list(made.families.items())
    if shown:
        more = len(shown) - _SHOWN_FAMILIES
        lines = [f"| {_escaped(name)} | {count:,} |" for name, count in shown[:_SHOWN_FAMILIES]]
        if more > 0:
            lines.append(f"| … and {more:,} more | {sum(n for _, n in shown[_SHOWN_FAMILIES:]):,} |")
        yield "| family | rows |\n| --- | --: |\n" + "\n".join(lines)
    for title, counts, words in (
        ("Left out", made.left_out, LEFT_OUT),
        ("Not as they were", made.losses, LOSSES),
    ):
        if counts:
            lines = [f"- {count:,}: {words[reason]}" for reason, count in counts.items()]
            yield f"## {title}\n\n" + "\n".join(lines)
    if made.notes:
        yield "\n\n".join(NOTES[one] for one in made.notes)
    if made.format == "lm-eval":
        yield FOLDER_NOTE


def _counted(counts: Any, words: Any) -> dict[str, Any]:
    return {reason: {"rows": count, "why": words[reason]} for reason, count in counts.items()}


def _escaped(text: str) -> str:
    """Return a name so that Markdown shows it as it is."""
    return _FENCE.sub(r"\\\1", " ".join(text.split()))
