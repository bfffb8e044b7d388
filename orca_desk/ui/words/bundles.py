"""What is said about a bundle: what it has, what it has not, and which models the other computer needs."""

from collections.abc import Mapping, Sequence

from orca_desk.counting import counted
from orca_desk.models.fits import human_bytes
from orca_desk.steps.carry.manifest import CarriedModel, ContentKind, Manifest
from orca_desk.steps.carry.pack import Packed
from orca_desk.steps.carry.unpack import Unpacked

KINDS: Mapping[ContentKind, str] = {
    "database": "tasks, records, chats and settings",
    "trained": "trained adapters",
    "checkpoints": "checkpoints, to resume trainings",
    "logs": "logs",
    "models": "the models that it uses",
    "others": "other files",
}
CHOICES: tuple[ContentKind, ...] = ("checkpoints", "logs", "models")
NAMED = 6  # models that a sentence names
LEAVES_OUT = "Backups, the trash and what is converted again when needed are never in a bundle."


def packed_lines(made: Packed) -> list[str]:
    """Return what a new bundle has and lacks, a sentence each."""
    manifest = made.manifest
    lines = [
        f"{human_bytes(made.size)}, {counted(len(manifest.files), 'file')}, each read back and checked by its"
        " SHA-256."
    ]
    if manifest.left_out:
        left = [f"{KINDS[kind]} ({human_bytes(size)})" for kind, size in manifest.left_out.items()]
        lines.append(f"Not in it: {', '.join(left)}.")
    lines += missing_models(manifest.missing_models)
    if made.links:
        lines.append(f"Left out as well: {counted(made.links, 'link')} to files elsewhere.")
    if made.unfit:
        named = ", ".join(repr(name) for name in made.unfit[:NAMED])
        more = f" and {len(made.unfit) - NAMED:,} more" if len(made.unfit) > NAMED else ""
        lines.append(
            f"Left out, as not every system has files of such names: {named}{more}."
            " Rename them to take them along."
        )
    return lines


def unpacked_lines(made: Unpacked) -> list[str]:
    """Return what a library from a bundle has, and which models it lacks, a sentence each."""
    counts = made.counts
    parts = [
        counted(counts.tasks, "task"),
        counted(counts.records, "record"),
        counted(counts.snapshots, "snapshot"),
        counted(counts.trainings, "training"),
    ]
    return [f"It has {', '.join(parts[:-1])} and {parts[-1]}.", *missing_models(made.manifest.missing_models)]


def bundle_about(manifest: Manifest) -> str:
    """Return what a bundle is, before it is opened: its name, age and size."""
    when = f"packed on {manifest.made_at[:10]} by {manifest.made_with}"
    return f"{manifest.name}, {when}, {human_bytes(manifest.size)}"


def missing_models(models: Sequence[CarriedModel]) -> list[str]:
    """Return the sentence that names the models which a bundle lacks; none if it has all."""
    if not models:
        return []
    named = [_model(one) for one in models[:NAMED]]
    if len(models) > NAMED:
        named.append(f"{len(models) - NAMED:,} more")
    return [
        f"Models to have on the other computer: {', '.join(named)}. Add them on the Models page there: they"
        " are recognised by their content."
    ]


def _model(one: CarriedModel) -> str:
    known = f"SHA-256 {one.sha256[:12]}…" if one.sha256 else "never read"
    size = f"{human_bytes(one.size)}, " if one.size else ""
    return f"{one.name} ({size}{known})" if one.name else f"one of which only the {known} is known"
