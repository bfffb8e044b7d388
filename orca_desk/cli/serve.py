"""`orca-desk serve`: serve models to other programs."""

import re
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click

from orca_desk.cli.options import (
    examples,
    json_option,
    library_option,
    open_library,
    runner_options,
)
from orca_desk.cli.output import complain, print_json, say
from orca_desk.cli.running import running
from orca_desk.errors import UserError
from orca_desk.processes.progress import Meter, Progress, Update
from orca_desk.steps.chat.serving import (
    LOCAL,
    PORT,
    NamedModel,
    ServeSettings,
    ServingActivity,
    ServingEvent,
    ServingLoads,
    ServingReady,
    files_to_serve,
    serve,
    training_to_serve,
)
from orca_desk.ui.words.serving import EXPOSED, activity_sentence, notes_on, ready_sentence

NAMED = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)=(.+)", re.DOTALL)


@click.command(
    "serve",
    epilog=examples(
        "orca-desk serve",
        "orca-desk serve training-2 --port 8000",
        "orca-desk serve --model small=student.gguf --adapter small=adapter.gguf --model big=teacher.gguf",
        "ORCA_DESK_API_KEY=... orca-desk serve --host 0.0.0.0",
    ),
)
@click.argument("training", required=False)
@click.option(
    "--model", "models", multiple=True, metavar="[NAME=]FILE",
    help="Serve this GGUF file instead of a training's models. Can be repeated.",
)  # fmt: skip
@click.option(
    "--adapter", "adapters", multiple=True, metavar="[NAME=]FILE",
    help="A LoRA adapter (GGUF file) for the model of this name.",
)  # fmt: skip
@click.option(
    "--host",
    default=LOCAL,
    show_default=True,
    help="The address to listen at. Any but a local one needs a key.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=PORT,
    show_default=True,
    help="The port; 0: any free one.",
)
@click.option(
    "--key", default="", envvar="ORCA_DESK_API_KEY", show_default="$ORCA_DESK_API_KEY, or none",
    help="An API key that clients must send.",
)  # fmt: skip
@runner_options
@library_option
@json_option
def command(
    training: str | None,
    models: Sequence[str],
    adapters: Sequence[str],
    host: str,
    port: int,
    key: str,
    batch: int | None,
    context: int | None,
    threads: int | None,
    folder: Path,
    as_json: bool,
) -> None:
    """Serve models to other programs on this machine, through OpenAI's interface, until Ctrl-C.

    Serves the tuned student, the base and the teacher of TRAINING as "tuned", "base" and "teacher" (of the
    newest training if it is left out; without any, the bundled models), or the files given by --model.
    Without a temperature, answers are greedy; without a limit, a chat's answer has at most 1,024 tokens.
    """
    if training and models:
        raise click.UsageError("Give either TRAINING or --model.")
    settings = ServeSettings(host=host, port=port, key=key, batch=batch, context=context, threads=threads)
    with running(quiet=as_json) as (progress, control):
        if models or adapters:
            named = files_to_serve(folder, _by_name(models), _by_name(adapters))
        else:
            with open_library(folder) as library:
                named = training_to_serve(library, training, progress=progress, control=control)
        for note in notes_on(named):
            complain(f"Note: {note}", "yellow")
        if named:
            serve(named, settings, on_event=_Teller(named, progress, as_json=as_json), control=control)
            control.finished = True  # Ctrl-C is how it ends


class _Teller:
    """Says what the server does: where it is, then how much it has done."""

    def __init__(self, models: Sequence[NamedModel], progress: Progress, *, as_json: bool) -> None:
        self._models, self._progress, self._as_json = models, progress, as_json
        self._loading = Meter(progress, stage="loading", total=len(models), unit="models")

    def __call__(self, event: ServingEvent) -> None:
        if isinstance(event, ServingLoads):
            self._loading.advance(0, event.name)
        elif isinstance(event, ServingReady):
            self._loading.advance(len(self._models))
            self._tell(event)
        elif isinstance(event, ServingActivity):
            self._progress(Update(stage="serving", message=activity_sentence(event)))

    def _tell(self, ready: ServingReady) -> None:
        if self._as_json:
            models = [{"name": one.name} | asdict(one.model) for one in self._models]
            print_json({"url": ready.url, "local": ready.is_local, "models": models})
        else:
            say(ready_sentence(ready, self._models))
        if not ready.is_local:
            complain(EXPOSED, style="yellow")


def _by_name(entries: Sequence[str]) -> dict[str, Path]:
    """Return files by name: the one before "=", or the file's own."""
    found: dict[str, Path] = {}
    for entry in entries:
        match = None if Path(entry).is_file() else NAMED.fullmatch(entry)
        name, path = match.groups() if match else (Path(entry).stem, entry)
        if name in found:
            raise click.UsageError(f"Two files have the name {name!r}: give each another, as in NAME=FILE.")
        if not Path(path).is_file():
            raise UserError(f"{path} is not a file.", "Check the path.")
        found[name] = Path(path)
    return found
