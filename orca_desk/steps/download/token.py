"""The user's token for a hub: in the system's keyring, or for this session only. Never in a file of ours."""

import contextlib
import os
import queue
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from orca_desk.errors import UserError
from orca_desk.models.config import read_text
from orca_desk.models.hub.address import host_of, usual_endpoint

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

T = TypeVar("T")
SERVICE = "orca-desk-hub"
SECONDS_TO_UNLOCK = 60.0  # for the user, whom the system may ask to unlock the keyring
Source = Literal["none", "session", "keyring", "environment", "login"]
Kept = Literal["session", "keyring"]
_VARIABLES = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")
_session: dict[str, str] = {}  # by host, where the system has no keyring
_guard = threading.Lock()


@dataclass(frozen=True, kw_only=True)
class Token:
    """A token ("" for none) and where it comes from; it is never printed.

    `login` is what `hf auth login` stored. `problem` is why the keyring cannot be read, "" where it can.
    """

    value: str = ""
    source: Source = "none"
    problem: str = ""

    def __repr__(self) -> str:
        return f"Token(source={self.source!r})"


def find_token(endpoint: str, env: Mapping[str, str] | None = None) -> Token:
    """Return the token for a hub: this app's own, $HF_TOKEN, or what `hf auth login` stored.

    The last two belong to the hub that the other tools use, and are sent to no other. May take long: the
    system may ask the user to unlock the keyring.
    """
    variables = os.environ if env is None else env
    host = host_of(endpoint)
    with _guard:
        own = _session.get(host)
    if own:
        return Token(value=own, source="session")
    stored, problem = _in_keyring(host)
    if stored:
        return Token(value=stored, source="keyring")
    is_theirs = endpoint == usual_endpoint(variables)
    if is_theirs and not _is_true(variables.get("HF_HUB_DISABLE_IMPLICIT_TOKEN")):
        for name in _VARIABLES:
            if found := _clean(variables.get(name, "")):
                return Token(value=found, source="environment", problem=problem)
        if found := _clean(_login_file(variables)):
            return Token(value=found, source="login", problem=problem)
    return Token(problem=problem)


def keep_token(endpoint: str, value: str) -> Kept:
    """Store a token in the system's keyring; without one, keep it in memory until the app ends. Return which.

    Raises UserError for a text that is not a token.
    """
    token = _clean(value)
    if not token or not token.isascii() or not token.isprintable() or " " in token or len(token) > 500:
        raise UserError("This is not a token.", "A Hugging Face token begins with hf_: copy all of it.")
    host = host_of(endpoint)
    if (backend := _backend()) is not None:
        with contextlib.suppress(*_refusals()):  # locked, or the user declined: kept for this session
            _in_time(lambda: backend.set_password(SERVICE, host, token))
            with _guard:
                _session.pop(host, None)
            return "keyring"
    with _guard:
        _session[host] = token
    return "session"


def forget_token(endpoint: str) -> None:
    """Remove this app's own token for a hub. Raises UserError where the keyring refuses."""
    from keyring.errors import PasswordDeleteError

    host = host_of(endpoint)
    with _guard:
        _session.pop(host, None)
    if (backend := _backend()) is None:
        return
    try:
        _in_time(lambda: backend.delete_password(SERVICE, host))
    except PasswordDeleteError:
        pass  # there was none
    except _refusals() as error:
        raise UserError(f"The keyring did not remove the token: {error}.", "Remove it there.") from error


def _in_keyring(host: str) -> tuple[str, str]:
    """Return the token in the keyring, and why it cannot be read."""
    if (backend := _backend()) is None:
        return "", "This system has no keyring that Orca Desk can use."
    try:
        return _in_time(lambda: backend.get_password(SERVICE, host)) or "", ""
    except _refusals() as error:
        return "", f"The system's keyring cannot be read: {error}."


def _in_time(ask: Callable[[], T]) -> T:
    """Return what the keyring answers; raise what it raises, and TimeoutError where it never does.

    It may wait for the user to unlock it, in a window that nobody sees.
    """
    answers: queue.SimpleQueue[tuple[bool, Any]] = queue.SimpleQueue()

    def run() -> None:
        try:
            answers.put((True, ask()))
        except Exception as error:  # raised below, in the thread that asked
            answers.put((False, error))

    threading.Thread(target=run, name="keyring", daemon=True).start()
    try:
        is_good, answer = answers.get(timeout=SECONDS_TO_UNLOCK)
    except queue.Empty:
        raise TimeoutError("it did not answer") from None
    if not is_good:
        raise answer
    found: T = answer
    return found


def _backend() -> "KeyringBackend | None":
    """Return the system's own store of passwords; no backend of keyrings.alt, which writes plain files."""
    import keyring
    from keyring.backends import chainer, fail, null

    try:
        chosen = keyring.get_keyring()
    except Exception:  # whatever the import of one that its settings name raises
        return None
    candidates = chosen.backends if isinstance(chosen, chainer.ChainerBackend) else [chosen]
    for one in candidates:
        if not isinstance(one, fail.Keyring | null.Keyring) and "keyrings.alt" not in type(one).__module__:
            return one
    return None


def _refusals() -> tuple[type[Exception], ...]:
    """Return what a keyring raises that is locked, declined or out of order."""
    from keyring.errors import KeyringError

    return (KeyringError, OSError, RuntimeError)


def _login_file(variables: Mapping[str, str]) -> str:
    cache = Path(variables.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    home = Path(variables.get("HF_HOME") or cache / "huggingface").expanduser()
    try:
        return read_text(Path(variables.get("HF_TOKEN_PATH") or home / "token").expanduser())
    except UserError:
        return ""


def _clean(text: str) -> str:
    return text.strip().replace("\r", "").replace("\n", "")


def _is_true(text: str | None) -> bool:
    return (text or "").upper() in ("1", "ON", "YES", "TRUE")
