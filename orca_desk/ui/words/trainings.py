"""The words for trainings and snapshots."""

from collections.abc import Mapping, Sequence
from typing import Any

from orca_desk.counting import counted
from orca_desk.steps.train.base_changes import is_template_alone
from orca_desk.student.settings import TrainSettings
from orca_desk.ui.words.settings import title

MOST_LOSSES = 6  # that a sentence lists
NOT_MEASURED = "No validation loss is measured: no record is held out of training for it."


def resumes_from(checkpoint: int | None) -> str:
    """Return where a training would resume, given the step of its newest checkpoint."""
    if checkpoint is None:
        return "No checkpoint was saved, so it would start again from step 0."
    return f"It can be resumed from step {checkpoint:,}, its last checkpoint."


def records_sentence(report: Mapping[str, Any]) -> str:
    """Return what became of a snapshot's records, from the trainer's report (see `student.data.DataReport`).

    An empty text for a report of an earlier version, which says less.
    """
    if "limit" not in report:
        return ""
    used = f"Trained on {report['training']:,} of {counted(report['records'], 'record')}"
    parts = [f"{report['evaluation']:,} held out for the validation loss"] if report["evaluation"] else []
    if report["dropped"]:
        parts.append(f"{report['dropped']:,} left out: longer than {report['limit']:,} tokens")
    if report["empty"]:
        parts.append(f"{report['empty']:,} left out: empty answer")
    if report["truncated"]:
        parts.append(f"{report['truncated']:,} cut to {report['limit']:,} tokens, without an end")
    sentence = "; ".join([used, *parts]) + "."
    return sentence if report["evaluation"] else f"{sentence} {NOT_MEASURED}"


def device_sentence(report: Mapping[str, Any]) -> str:
    """Return where and how a training was computed, from the trainer's report.

    An empty text for a training with torch on a CPU as it is, and for a report of an earlier version.
    """
    note = report.get("device_note", "")
    is_mlx = report.get("engine") == "mlx"
    if report.get("device", "cpu") == "cpu" and not is_mlx:
        return str(note)
    name = report.get("device_name", report["device"])
    library = f" with MLX (mlx-lm {report['mlx_lm']})" if is_mlx else ""
    parts = [f"Computed{library} on {name} ({report['device']}) in {report['dtype']}"]
    if report.get("attention", "rows") != "rows":
        parts.append("records packed into rows")
    parts += [_VARIANTS[report["variant"]]] if report.get("variant") in _VARIANTS else []
    if report["gradient_checkpointing"]:
        held = ", held in the computer's memory" if report.get("offload") else ""
        parts.append(f"only the layers' inputs stored to fit{held}")
    sentences = [", ".join(parts), _repeated(report)]
    if (apart := report.get("resumed_within")) is not None:
        sentences.append(f"Resumed with a loss within {apart:.1g} of the one at the checkpoint")
    return " ".join(f"{sentence}." for sentence in [*sentences, note.removesuffix(".")] if sentence)


_VARIANTS = {"liger": "with Liger Kernel", "compiled": "layers compiled"}


def _repeated(report: Mapping[str, Any]) -> str:
    """Return whether the same seed gives the same adapter there."""
    if "repeats_exactly" not in report:
        return ""
    if report["repeats_exactly"]:
        return "The same gradient came twice bit for bit"
    return (
        f"The same gradient came twice only within {report['repeats_within']:.1g} of its norm, so the same "
        "seed gives a slightly different adapter each time"
    )


def records_summary(report: Mapping[str, Any]) -> str:
    """Return the same for a table: "270 of 300, 12 cut"."""
    if "limit" not in report:
        return ""
    parts = [f"{report['training']:,} of {report['records']:,}"]
    if left_out := report["dropped"] + report["empty"]:
        parts.append(f"{left_out:,} left out")
    if report["truncated"]:
        parts.append(f"{report['truncated']:,} cut")
    return ", ".join(parts)


def is_worse(best: float | None, base: float | None) -> bool:
    """Return whether the best trained step has no lower validation loss than the untrained student."""
    return best is not None and base is not None and best >= base


def loss_sentence(step: int | None, best: float | None, base: float | None) -> str:
    """Return the validation loss of the adapter at `step`, against `base`, that of the untrained student."""
    if step is None or best is None:
        return "The adapter of the last step is used."
    found = f"Best checkpoint: step {step:,}, validation loss {best:.4f}."
    if is_worse(best, base):
        return (
            f"{found} The untrained model was better: {base:.4f} before the training. "
            "There were too few records, or the learning rate was too high."
        )
    return found if base is None else f"{found[:-1]} ({base:.4f} before the training)."


def early_sentence(settings: Mapping[str, Any], step: int, steps: int, losses: Mapping[int, float]) -> str:
    """Return why the stop rule ended a training at `step` of `steps`; `losses` are by step, from 0 on."""
    patience, margin = settings.get("early_stop", 0), settings.get("early_stop_margin", 0.0)
    where = f"Stopped early at step {step:,} of {steps:,}" if steps else f"Stopped early at step {step:,}"
    enough = f" by more than {margin:g}" if margin else ""
    newest = [losses[each] for each in sorted(losses) if each <= step][-patience - 1 :]
    seen = f" ({', '.join(f'{loss:.4f}' for loss in newest)})" if 1 < len(newest) <= MOST_LOSSES else ""
    evaluations = "the last evaluation" if patience == 1 else f"{patience:,} evaluations in a row"
    return f"{where}: the validation loss did not fall{enough} in {evaluations}{seen}."


def changed_sentence(files: Sequence[str]) -> str:
    """Return that files of the base have changed since a training; an empty text if none has."""
    if not files:
        return ""
    if is_template_alone(files):
        return (
            "The chat template has changed since. The adapter was trained and checked with the"
            " earlier one: restore it, or the adapter gets prompts that it does not know."
        )
    return (
        f"The base model has changed since ({', '.join(files)}). The adapter was trained and checked with "
        "the earlier model, and may not fit the present one."
    )


def differing(settings: Mapping[str, Any]) -> str:
    """Return the settings that differ from the defaults, as "Learning rate 0.005, Epochs 4"."""
    usual = TrainSettings().to_dict()
    changed = [
        f"{title(name)} {shown(value)}" for name, value in settings.items() if value != usual.get(name)
    ]
    return ", ".join(changed) or "Defaults"


def shown(value: Any) -> str:
    """Return a setting's value as text."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)
