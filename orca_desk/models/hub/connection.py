"""The one connection to a hub: how long it waits, where it may be led, and how its failures read.

A redirect to another host loses the token (the HTTP library's rule), and may not lead from an encrypted
address to one that is not.
"""

import contextlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orca_desk.errors import UserError, explain_os_error
from orca_desk.models.hub.address import host_of

if TYPE_CHECKING:
    import httpx2

SECONDS_TO_ANSWER = 20.0  # of silence, then the connection counts as lost
LONGEST_WAIT = 60  # s that a hub may ask to wait within a job; the user decides about more
# A compressed answer could not be resumed in the middle
UNCOMPRESSED = {"Accept-Encoding": "identity"}
_RANGE = re.compile(r"bytes=(\d+)-")
_CONTENT_RANGE = re.compile(r"bytes (\d+)-")


class ConnectionLostError(UserError):
    """The connection to the hub was lost, or never came about: another attempt may resume."""


@dataclass(frozen=True, kw_only=True)
class Hub:
    """A hub: its address, and the token that it gets ("" for none)."""

    endpoint: str
    token: str = ""

    @property
    def host(self) -> str:
        """Its host, as people name it."""
        return host_of(self.endpoint)

    @property
    def sent_token(self) -> str | bool:
        """The token as huggingface_hub takes it: False, so that it looks for none by itself."""
        return self.token or False


@contextlib.contextmanager
def connected(hub: Hub, *, waiting: Callable[[int], None] = lambda seconds: None) -> Iterator[None]:
    """Connect by our rules inside the block. `waiting` receives the seconds for which the hub asks to wait.

    Sets the client of huggingface_hub for the whole process.
    """
    from huggingface_hub import close_session, set_client_factory
    from huggingface_hub.utils._http import default_client_factory

    def keep_encrypted(request: "httpx2.Request") -> None:
        if hub.endpoint.startswith("https:") and request.url.scheme != "https":
            raise UserError(
                f"{hub.host} leads to {request.url.host}, which is not encrypted: nothing was fetched there.",
                "Try again later, or choose another hub.",
            )

    def check(response: "httpx2.Response") -> None:
        if response.status_code == 429:
            _wait_or_refuse(hub, response, waiting)
        _require_same_start(hub, response)

    def client() -> "httpx2.Client":
        made = default_client_factory()
        before = made.event_hooks  # refuse what HF_HUB_OFFLINE forbids
        made.event_hooks = {"request": [*before["request"], keep_encrypted], "response": [check]}
        made.timeout = SECONDS_TO_ANSWER
        return made

    set_client_factory(client)
    try:
        yield
    finally:
        close_session()
        set_client_factory(default_client_factory)


def _wait_or_refuse(hub: Hub, response: "httpx2.Response", waiting: Callable[[int], None]) -> None:
    """Report a wait that the hub asks for, which huggingface_hub then observes; raise for a long one."""
    from huggingface_hub.utils import parse_ratelimit_headers  # type: ignore[attr-defined]

    limits = parse_ratelimit_headers(response.headers)
    asked = response.headers.get("Retry-After", "").strip()
    seconds = int(asked) if asked.isdigit() else limits.reset_in_seconds if limits else 1
    if seconds > LONGEST_WAIT:
        minutes = -(-seconds // 60)
        raise UserError(
            f"{hub.host} takes no more requests for {minutes} minutes (status 429).",
            "Try again then. With a token the limits are higher.",
        )
    waiting(seconds)


def _require_same_start(hub: Hub, response: "httpx2.Response") -> None:
    """Raise UserError where the rest of a file begins at a byte that was not requested."""
    asked = _RANGE.match(response.request.headers.get("Range", ""))
    if response.status_code == 206 and asked:
        sent = _CONTENT_RANGE.match(response.headers.get("Content-Range", ""))
        if sent is None or sent[1] != asked[1]:
            raise UserError(
                f"{hub.host} sent a different part of the file from the one requested.",
                "Try again; if this repeats, a server in between changes what is sent.",
            )


@contextlib.contextmanager
def explained(hub: Hub, repo: str) -> Iterator[None]:
    """Turn the errors of the hub, of the network and of the disk inside the block into UserErrors.

    `repo` is "" where the hub is asked for no model in particular.
    """
    from huggingface_hub import errors

    log_in = "save a token that may read it (Hub page, Connection…), or log in with `hf auth login`"
    try:
        yield
    except errors.OfflineModeIsEnabled as error:
        raise UserError(
            "Access to the hub is switched off.", "Unset HF_HUB_OFFLINE to allow this."
        ) from error
    except errors.GatedRepoError as error:
        page = f"{hub.endpoint}/{repo}"
        raise UserError(
            f"{repo} requires you to accept its conditions first.",
            f"Log in and accept them on its page, {page}; then {log_in}.",
        ) from error
    except errors.RevisionNotFoundError as error:
        raise UserError(
            f"{repo} has no such revision.", "Choose the newest: this one may have been removed from the hub."
        ) from error
    except errors.DisabledRepoError as error:
        raise UserError(f"{hub.host} has disabled {repo}.", "Choose another model.") from error
    except errors.EntryNotFoundError as error:
        raise UserError(
            f"{repo} no longer has this file at this version.", "Open the model again and choose again."
        ) from error
    except (errors.RepositoryNotFoundError, errors.HFValidationError) as error:
        raise UserError(
            f"The hub has no model {repo!r}, or it is private.",
            f"Check the name (owner/name). For a private one, {log_in}.",
        ) from error
    except errors.HfHubHTTPError as error:
        raise _by_status(hub, repo, error) from error
    except ValueError as error:
        raise UserError(
            f"{hub.host} answered with something that is not a listing of models.",
            "Check the hub's address (Connection…).",
        ) from error
    except OSError as error:
        if error.filename and (refusal := explain_os_error(error)):
            raise refusal from error
        raise _lost(hub, repo, error) from error
    except Exception as error:
        # The bases of HfHubHTTPError are the HTTP library's own error, whichever library it is, and OSError
        if isinstance(error, errors.HfHubHTTPError.__bases__):
            raise _lost(hub, repo, error) from error
        raise


def _by_status(hub: Hub, repo: str, error: Exception) -> UserError:
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status == 401:
        return UserError(
            f"{hub.host} does not accept the token.",
            "Save a new one (Hub page, Connection…), or remove it: most models need none.",
        )
    if status == 403:
        return UserError(
            f"{hub.host} does not let this token read {repo or 'its list of models'}.",
            f"Ask for access on its page, {hub.endpoint}/{repo}, or save a token with read permission.",
        )
    if status == 429:
        return UserError(
            f"{hub.host} takes no more requests for now (status 429).",
            _again("Try again in a few minutes", repo),
        )
    if status is not None and status >= 500:
        return UserError(
            f"{hub.host} has an internal problem (status {status}).",
            _again("Try again later", repo),
        )
    return _lost(hub, repo, error)


def _again(text: str, repo: str) -> str:
    """Add that a download resumes; a search for no model in particular downloads nothing."""
    return f"{text}; a download resumes where it stopped." if repo else f"{text}."


def _lost(hub: Hub, repo: str, error: Exception) -> ConnectionLostError:
    reason = str(error).strip().splitlines()
    return ConnectionLostError(
        f"The connection to {hub.host} failed: {(reason or [type(error).__name__])[0]}.".replace("..", "."),
        _again("Check the connection, then try again", repo),
    )
