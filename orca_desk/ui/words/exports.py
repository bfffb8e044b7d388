"""Exports in words; free of Qt, as the commands say the same."""

import os
import shlex
from typing import NamedTuple

from orca_desk.counting import counted
from orca_desk.models.fits import human_bytes
from orca_desk.models.pace import TimeRange
from orca_desk.steps.export.formats import MERGED, Format
from orca_desk.steps.export.outcome import ExportedFile, ExportOutcome, ExportStage, FileScore
from orca_desk.steps.export.places import Application, Target
from orca_desk.steps.export.request import ExportRequest
from orca_desk.ui.words.evaluations import p_value
from orca_desk.ui.words.parity import gate_sentence
from orca_desk.ui.words.progress import between


class FormatWords(NamedTuple):
    """A format's name on screen, and what it is for."""

    title: str
    about: str


FORMATS = {
    Format.F16: FormatWords("GGUF, F16", "Merged, 16 bits per weight: the reference, and large."),
    Format.BF16: FormatWords("GGUF, BF16", "Merged, 16 bits with the range of 32: for bfloat16 models."),
    Format.Q8_0: FormatWords("GGUF, Q8_0", "Quantised to 8 bits: half the size, hardly any loss."),
    Format.Q6_K: FormatWords("GGUF, Q6_K", "Quantised to 6 bits: little loss."),
    Format.Q5_K_M: FormatWords("GGUF, Q5_K_M", "Quantised to 5 bits: some loss, more on small models."),
    Format.Q4_K_M: FormatWords("GGUF, Q4_K_M", "Quantised to 4 bits: the usual choice for large models."),
    Format.SAFETENSORS: FormatWords(
        "Merged safetensors folder", "For transformers, vLLM, MLX and further training."
    ),
    Format.ADAPTER: FormatWords("PEFT adapter", "The LoRA alone, for transformers and PEFT. Small."),
    Format.ADAPTER_GGUF: FormatWords("Adapter as GGUF", "The LoRA alone, for llama.cpp beside its base."),
    Format.OLLAMA: FormatWords("Ollama folder", "A Modelfile with the smallest chosen file, else Q8_0."),
    Format.LM_STUDIO: FormatWords(
        "LM Studio folders", "Publisher and model, with the smallest chosen file, else Q8_0."
    ),
}
GROUPS = {
    "For llama.cpp and applications built on it (merged GGUF)": MERGED,
    "Ready for an application": (Format.OLLAMA, Format.LM_STUDIO),
    "For other tools, and to train on": (Format.SAFETENSORS, Format.ADAPTER, Format.ADAPTER_GGUF),
}
APPLICATIONS = {
    Application.LM_STUDIO: "LM Studio",
    Application.OLLAMA: "Ollama",
    Application.LLAMA_CPP: "llama.cpp",
    Application.JAN: "Jan",
    Application.GPT4ALL: "GPT4All",
}
STOPPED = {
    ExportStage.WRITING: "Stopped while its files were written. The same export resumes.",
    ExportStage.CHECKING: "Stopped while its files were checked. The same export resumes.",
    ExportStage.SCORING: "Stopped while its files answered held-out tasks. The same export resumes.",
}
BLOCKED = "Not exported: a file failed its check. The files are kept in a hidden folder."
GUESSES_TEMPLATE = (
    "The model's chat template cannot be written in Ollama's language: Ollama guesses one, so compare an "
    "answer with Orca Desk's."
)
OVERRIDDEN = "Exported although a check failed, as you chose; the model card says so."


def export_sentence(outcome: ExportOutcome) -> str:
    """Return what became of an export, in a few sentences."""
    if outcome.is_blocked:
        failed = ", ".join(row.label for row in outcome.gate.failed)
        return f"Not exported: the check failed for {failed}. {gate_sentence(outcome.gate)}"
    parts = [done_sentence(outcome), OVERRIDDEN if outcome.is_overridden else "", gate_sentence(outcome.gate)]
    return " ".join([*(part for part in parts if part), *map(score_sentence, outcome.scores[1:])])


def request_sentence(request: ExportRequest) -> str:
    """Return what an export makes, and where."""
    formats = ", ".join(FORMATS[one].title for one in request.formats)
    return (
        f"{request.name} from {request.training}: {formats}. It appears in {request.out} once it is checked."
    )


def export_time_text(time: TimeRange) -> str:
    """Return how long an export will take."""
    return f"It takes {between(time.low, time.high)} on this machine, and the writing of the files."


def done_sentence(outcome: ExportOutcome) -> str:
    """Return what was handed over, and where."""
    size = human_bytes(sum(one.bytes for one in outcome.files))
    return f"Exported {counted(len(outcome.files), 'file')} ({size}) to {outcome.out}."


def score_sentence(score: FileScore) -> str:
    """Return how a quantised file did on held-out tasks, beside the unquantised student."""
    found = score.accuracy
    text = (
        f"{score.label}: {found.correct:,} of {counted(found.n, 'held-out task')} correct ({found.share:.1%})"
    )
    if score.against is None:
        return f"{text}."
    low, high = score.against.low * 100, score.against.high * 100
    return (
        f"{text}, {score.against.difference * 100:+.1f} points against the unquantised student "
        f"({low:+.1f} to {high:+.1f}, {p_value(score.against.p)})."
    )


def stored_sentence(file: ExportedFile) -> str:
    """Return as what most weights of a quantised file are stored, where that is another type; else ""."""
    if not file.stored_as:
        return ""
    return (
        f"{file.place} holds most weights as {file.stored_as}: the K types pack 256 weights of a row "
        "together, and this model's rows are no multiple of that."
    )


def place_sentence(target: Target) -> str:
    """Return how an export gets into an application."""
    source = target.source
    if target.is_there:
        return f"It is in {APPLICATIONS[target.application]}'s folder."
    match target.application:
        case Application.LM_STUDIO if target.folder is None:
            return (
                "Put the file two folders deep, as publisher/model/file.gguf, below LM Studio's models "
                "folder: it sees no file that lies directly in it."
            )
        case Application.GPT4ALL if target.folder is None:
            return "Put the file into the folder that GPT4All's settings name as the download path."
        case Application.LM_STUDIO | Application.GPT4ALL:
            return f"Its folder was found: put the file into {target.folder}."
        case Application.OLLAMA if source.suffix == ".gguf":
            return "Export the Ollama folder too: Ollama needs its Modelfile."
        case Application.OLLAMA if target.guesses_template:
            return f"Run: {command_of(target)}\n{GUESSES_TEMPLATE}"
        case Application.OLLAMA | Application.LLAMA_CPP:
            return f"Run: {command_of(target)}"
        case _:
            return f"In Jan, open Settings, Model Providers, Llama.cpp, Import, and choose {source}."


def command_of(target: Target) -> str:
    """Return the command that an application takes the export by; "" for one without."""
    source = target.source
    match target.application:
        case Application.OLLAMA if source.suffix != ".gguf":
            return f"ollama create {target.name} -f {_quoted(str(source / 'Modelfile'))}"
        case Application.LLAMA_CPP:
            return f"llama-server -m {_quoted(str(source))}"
        case _:
            return ""


def _quoted(text: str) -> str:
    """Return a path as a shell takes it; Windows has no shlex."""
    return f'"{text}"' if os.name == "nt" else shlex.quote(text)
