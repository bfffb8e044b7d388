"""What an export is asked for: a training, formats, a folder, and what stands in the card."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orca_desk.errors import UserError, other_version
from orca_desk.paths import expanded
from orca_desk.steps.export.formats import APPLICATIONS, DEFAULT_PACKED, MERGED, QUANTISED, Format

PUBLISHER = "orca-desk"  # the first folder of LM Studio's pair
HELD_OUT = 100  # held-out tasks that each quantised file answers
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9_-])?")
# Names of devices on Windows, with whatever ending: a folder of this name cannot be made there
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)
_TYPE = re.compile(r"[-._](F32|F16|BF16|I?Q\d\w*|fp16|fp32)$", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class ExportRequest:
    """An export of a training's student into the new folder `out`.

    `name` is that of the model in files, cards and applications. `heldout` tasks are answered by each
    quantised file and by the unquantised student; 0 skips that. `override` hands over files that the gate
    has refused. Raises UserError for values that make no export.
    """

    training: str
    formats: tuple[Format, ...]
    out: Path
    name: str
    publisher: str = PUBLISHER
    heldout: int = HELD_OUT
    override: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "formats", tuple(one for one in Format if one in self.formats))
        object.__setattr__(self, "out", expanded(self.out).absolute())
        if not self.formats:
            raise UserError("No format is chosen.", "Choose at least one.")
        for what, text in (("name", self.name), ("publisher", self.publisher)):
            if _DEVICE.fullmatch(text):
                raise UserError(f"{text!r} is the name of a device on Windows.", "Choose another name.")
            if not _NAME.fullmatch(text):
                raise UserError(
                    f"{text!r} is not a valid {what} for a model.",
                    "Use letters, digits, '.', '_' and '-'. Begin with a letter or digit, end with no '.'.",
                )
        if self.heldout < 0:
            raise UserError("The number of held-out tasks is negative.", "Use 0 to skip them.")

    @property
    def packed(self) -> Format | None:
        """The merged file that Ollama and LM Studio get: the smallest chosen, or Q8_0; None without these."""
        if not set(self.formats) & set(APPLICATIONS):
            return None
        chosen = [one for one in MERGED if one in self.formats]
        return chosen[-1] if chosen else DEFAULT_PACKED

    @property
    def merged(self) -> tuple[Format, ...]:
        """The types of the merged GGUF files that are handed over, in whatever folder."""
        wanted = {*self.formats, self.packed}
        return tuple(one for one in MERGED if one in wanted)

    @property
    def judged(self) -> tuple[Format, ...]:
        """The types of the merged files that the gate judges: those handed over, and a folder's source."""
        wanted = {*self.merged, *((Format.F16,) if Format.SAFETENSORS in self.formats else ())}
        return tuple(one for one in MERGED if one in wanted)

    @property
    def scored(self) -> tuple[Format, ...]:
        """The types that answer held-out tasks, beside the unquantised student."""
        return tuple(one for one in QUANTISED if one in self.merged and self.heldout)

    def identity(self) -> dict[str, Any]:
        """Return what identifies the run, so that the same request resumes it."""
        return {key: value for key, value in self.to_json().items() if key != "override"}

    def to_json(self) -> dict[str, Any]:
        """Return the request as JSON values; see `request_from_json`."""
        return {
            "training": self.training,
            "formats": [one.value for one in self.formats],
            "out": str(self.out),
            "name": self.name,
            "publisher": self.publisher,
            "heldout": self.heldout,
            "override": self.override,
        }


def request_from_json(stored: Mapping[str, Any]) -> ExportRequest:
    """Return what `to_json` wrote. Raises UserError for what another version of Orca Desk wrote."""
    try:
        values = dict(stored)
        return ExportRequest(
            **values | {"formats": formats_of(values["formats"]), "out": Path(values["out"])}
        )
    except (KeyError, TypeError, ValueError) as error:
        raise other_version("this export", "Choose its settings again.") from error


def formats_of(names: Iterable[str]) -> tuple[Format, ...]:
    """Return the formats with these names. Raises ValueError for an unknown one."""
    return tuple(Format(name) for name in names)


def default_name(base: Path, training_id: str) -> str:
    """Return a name for a tuned student: that of its base, without a type, and the training's id."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", base_name(base)).strip("-._")[:64] or "student"
    return f"{plain}-{training_id}"


def base_name(base: Path) -> str:
    """Return the name of a base: that of its repository, folder or file, without the type of its weights."""
    return _TYPE.sub("", base.stem if base.suffix == ".gguf" else _repository(base) or base.name)


def _repository(folder: Path) -> str:
    """Return the name of a repository in the Hugging Face cache, or ""."""
    if folder.parent.name != "snapshots":
        return ""
    return folder.parent.parent.name.rpartition("--")[2]
