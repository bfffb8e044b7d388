"""The server for other programs, in words."""

from collections.abc import Sequence

from orca_desk.steps.chat.serving import NamedModel, ServingActivity, ServingReady
from orca_desk.ui.words.counting import counted

PARTS = {"student": "tuned student", "base": "base", "teacher": "teacher"}
KEY_TIP = "Clients send it as a bearer token. Without one, every program on this machine may ask."
EXPOSED = (
    "Other machines can reach this server. It speaks plain HTTP: use it only in a network that you trust."
)


def ready_sentence(ready: ServingReady, models: Sequence[NamedModel]) -> str:
    """Return where which models are served."""
    return f"Serving {names_of(models)} at {ready.url}"


def names_of(models: Sequence[NamedModel]) -> str:
    """Return the names of models: "tuned, base and teacher"."""
    names = [one.name for one in models]
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)


def activity_sentence(activity: ServingActivity) -> str:
    """Return what a server does and has done."""
    now = f"{counted(activity.running, 'answer')} running" if activity.running else "idle"
    if not activity.answered:
        return now
    done = f"{counted(activity.answered, 'answer')}, {counted(activity.tokens, 'token')} so far"
    return f"{now}; {done}"
