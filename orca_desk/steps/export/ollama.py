"""An Ollama folder's Modelfile: the merged file, how a prompt is written, and what ends an answer."""

from collections.abc import Sequence
from pathlib import Path

from orca_desk.files import atomic_write
from orca_desk.steps.export.plan import merged_name
from orca_desk.steps.export.request import ExportRequest
from orca_desk.steps.export.serving import ServingNeeds
from orca_desk.steps.export.sources import Sources

QUOTES = '"""'
WITHOUT_TEMPLATE = (
    "The model's chat template cannot be written in Ollama's language, so there is no TEMPLATE here.",
    "Ollama then takes one of its own that resembles the template in the GGUF file, or none.",
    "Compare an answer with Orca Desk's before you rely on it.",
)


def modelfile(
    *, gguf: str, template: str | None, stops: Sequence[str], system: str, licence: str, licence_text: str
) -> str:
    """Return the Modelfile for the file `gguf` in the same folder.

    Without `template` Ollama guesses by the one in the GGUF file. Texts that Ollama cannot quote are left
    out, which a comment says. It never has ADAPTER, which Ollama refuses since 0.34.1.
    """
    lines = [f"FROM ./{gguf}", ""]
    if template is None:
        lines += [*(f"# {line}" for line in WITHOUT_TEMPLATE), ""]
    else:
        lines += [*_quoted("TEMPLATE", template), ""]
    lines += [f'PARAMETER stop "{stop}"' for stop in stops if "\n" not in stop]
    lines += ["PARAMETER temperature 0", ""]
    if system:
        lines += [*_quoted("SYSTEM", system), ""]
    if licence_text or licence:
        lines += [*_quoted("LICENSE", licence_text or licence), ""]
    else:
        lines += ["# The base model states no licence: ask its publisher before you share this one.", ""]
    return "\n".join(lines)


def _quoted(instruction: str, text: str) -> list[str]:
    """Return an instruction with its text verbatim; Ollama ends it at the first line that ends in quotes."""
    if any(line.rstrip().endswith(QUOTES) for line in text.split("\n")[:-1]):
        return [f"# {instruction} is left out: Ollama cannot quote a line that ends in {QUOTES}."]
    return [f"{instruction} {QUOTES}{text}{QUOTES}"]


def write_modelfile(folder: Path, request: ExportRequest, sources: Sources, serving: ServingNeeds) -> None:
    """Write the Modelfile into `folder`, beside its GGUF file."""
    assert request.packed is not None
    text = modelfile(
        gguf=merged_name(request, request.packed),
        template=serving.template,
        stops=serving.stops,
        system=sources.snapshot.instruction,
        licence=sources.licence,
        licence_text=sources.licence_text,
    )
    atomic_write(folder / "Modelfile", text)
