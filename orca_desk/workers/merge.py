"""Adds an adapter to a base, and reads of a student's folder what an application needs beside the weights.

Jobs: {"folder", "adapter", "out"} writes a safetensors folder; with "dtype" and "keys" (some of its texts) it
writes a GGUF file. {"folder", "adds_bos"} emits `served`: the `template` in Go's syntax (null where it has
none), and the `stops` that end an answer. `written` gives the bytes so far.
"""

from pathlib import Path

from orca_desk.errors import cannot_write
from orca_desk.workers.runtime import Channel, serve
from orca_desk.workers.writing import telling_size


def main() -> None:
    """Serve one job."""
    serve(merge)


def merge(channel: Channel) -> None:
    """Write or read what the job describes. Raises UserError for what does not fit or cannot be written."""
    job = channel.job
    if "out" not in job:
        _describe(channel)
        return
    out = Path(job["out"])
    try:
        with telling_size(channel, out):
            _write(channel, out)
    except OSError as error:
        raise cannot_write(out, error) from error


def _write(channel: Channel, out: Path) -> None:
    from orca_desk.student.convert import write_gguf
    from orca_desk.student.merged_folder import write_merged

    job = channel.job
    folder, adapter = Path(job["folder"]), Path(job["adapter"])
    if "dtype" in job:
        write_gguf(folder, out, dtype=job["dtype"], adapter=adapter, keys=job["keys"])
    else:
        write_merged(folder, adapter, out)


def _describe(channel: Channel) -> None:
    from orca_desk.prompts.go_template import go_template
    from orca_desk.prompts.hf import HFTokenizer
    from orca_desk.prompts.renderer import Renderer
    from orca_desk.prompts.template import ChatTemplate

    job = channel.job
    tokenizer = HFTokenizer.load(Path(job["folder"]))
    template = ChatTemplate(tokenizer.chat_template, bos=tokenizer.bos, eos=tokenizer.eos)
    renderer = Renderer(tokenizer)
    names = [tokenizer.control[token] for token in sorted(renderer.ends) if token in tokenizer.control]
    channel.emit(
        {
            "event": "served",
            "template": go_template(template, bos=tokenizer.bos, adds_bos=job["adds_bos"]),
            "stops": list(dict.fromkeys([*names, *renderer.stops])),
        }
    )
