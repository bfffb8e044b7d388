"""The server for other programs, in words."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from orca_desk.counting import counted
from orca_desk.steps.chat.serving import NamedModel, ServingActivity, ServingReady
from orca_desk.ui.words.models import notes_before_run

TITLE = "Serve to other programs"
ABOUT = "Off. Offers the tuned student, its base and its teacher at one OpenAI-compatible address."
DIALOG = (
    "Programs ask for the models by the names tuned, base and teacher. Without a temperature they get greedy"
    " answers, as everywhere in Orca Desk."
)
SWITCH_TIP = (
    "Start or stop a server for programs that can use OpenAI's API. It answers this machine only, unless you"
    " choose otherwise, and ends when Orca Desk closes."
)
OPTIONS_TIP = "Which models, the address, the port and the API key"
KEY_TIP = (
    "Programs must send it as their API key. Without one, every program on this machine may ask. Orca Desk"
    " does not store it: set it again after a restart."
)
KEY_NEEDED = "Other machines can reach this address, so an API key is required."
EXPOSED = (
    "Other machines can reach this server. It speaks plain HTTP: use it only on a network that you trust."
)
NEWEST = "Newest training, or the bundled models"
TEMPLATE_KEPT = "What is being served keeps its chat template until you start serving again."
STATES = {"starting": "Starting the server", "on": "Serving", "stopping": "Stopping the server"}


def ready_sentence(ready: ServingReady, models: Sequence[NamedModel]) -> str:
    """Return where which models are served."""
    return f"Serving {names_of(models)} at {ready.url}"


def on_sentence(ready: ServingReady, models: Sequence[NamedModel]) -> str:
    """Return what the switch says while the server is on."""
    where = ready.url if ready.is_local else f"{ready.url}, for the whole network"
    return f"{names_of(models)} at {where}"


def names_of(models: Sequence[NamedModel]) -> str:
    """Return the names of models: "tuned, base and teacher"."""
    names = [one.name for one in models]
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)


def files_of(models: Sequence[NamedModel]) -> str:
    """Return the models' names with their files, a line each."""
    lines = []
    for one in models:
        adapter = f" with {one.model.training or one.model.adapter.name}" if one.model.adapter else ""
        lines.append(f"{one.name}: {one.model.model.name}{adapter}")
    return "\n".join(lines)


def notes_on(models: Sequence[NamedModel]) -> list[str]:
    """Return what a user should know of the models, in sentences that name them if there are several."""
    return [
        f"{one.name}: {note}" if len(models) > 1 else note
        for one in models
        for note in notes_before_run(one.notes)
    ]


def activity_sentence(activity: ServingActivity) -> str:
    """Return what a server does and has done."""
    now = f"{counted(activity.running, 'answer')} running" if activity.running else "idle"
    if not activity.answered:
        return now
    return f"{now}; {counted(activity.answered, 'answer')}, {counted(activity.tokens, 'token')} so far"


def sign(state: str, ready: ServingReady | None) -> str:
    """Return the status bar's few words."""
    if state != "on" or ready is None:
        return STATES.get(state, "")
    place = urlsplit(ready.url).netloc
    return f"Serving at {place}" if ready.is_local else f"Serving to the network at {place}"


def sign_tip(ready: ServingReady | None, models: Sequence[NamedModel], activity: ServingActivity) -> str:
    """Return everything about the server."""
    if ready is None:
        return files_of(models)
    lines = [ready.url, files_of(models), activity_sentence(activity), *notes_on(models)]
    return "\n".join(lines if ready.is_local else [*lines, EXPOSED])
