"""Where a token is kept: the system's keyring or memory, never a file; and which one is sent to which hub."""

import threading
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import fail
from keyring.errors import KeyringLocked, PasswordDeleteError

from orca_desk.errors import UserError
from orca_desk.steps.download.token import SERVICE, find_token, forget_token, keep_token
from orca_desk.ui.words.hub import token_sentence

HUB = "https://huggingface.co"
OTHER = "https://hub.example"


class MemoryKeyring(KeyringBackend):
    """A keyring as systems have one."""

    priority = 9  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}
        self.is_locked = False

    def get_password(self, service: str, username: str) -> str | None:
        if self.is_locked:
            raise KeyringLocked("locked")
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        if self.is_locked:
            raise KeyringLocked("locked")
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if self.kept.pop((service, username), None) is None:
            raise PasswordDeleteError("none")


@pytest.fixture
def system() -> Iterator[MemoryKeyring]:
    before, made = keyring.get_keyring(), MemoryKeyring()
    keyring.set_keyring(made)
    yield made
    keyring.set_keyring(before)


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return {"HF_HOME": str(tmp_path)}


def test_the_keyring_keeps_a_token_for_one_hub(system: MemoryKeyring, env: dict[str, str]) -> None:
    assert keep_token(HUB, " hf_abc\n") == "keyring"
    assert system.kept == {(SERVICE, "huggingface.co"): "hf_abc"}
    found = find_token(HUB, env)
    assert (found.value, found.source) == ("hf_abc", "keyring") and "hf_abc" not in repr(found)
    assert find_token(OTHER, env).source == "none"
    forget_token(HUB)
    forget_token(HUB)
    assert find_token(HUB, env).source == "none" and system.kept == {}


def test_without_a_keyring_a_token_lives_until_the_app_ends(env: dict[str, str], tmp_path: Path) -> None:
    before = keyring.get_keyring()
    keyring.set_keyring(fail.Keyring())
    try:
        assert keep_token(HUB, "hf_abc") == "session"
        assert find_token(HUB, env).source == "session"
        forget_token(HUB)
        found = find_token(HUB, env)
        assert found.source == "none" and "has no keyring" in token_sentence(found)
    finally:
        keyring.set_keyring(before)
    assert list(tmp_path.iterdir()) == []


def test_settings_that_name_no_keyring_are_as_none(
    env: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing() -> KeyringBackend:
        raise ModuleNotFoundError("No module named 'nope'")

    monkeypatch.setattr(keyring, "get_keyring", missing)
    assert "has no keyring" in find_token(HUB, env).problem
    assert keep_token(HUB, "hf_abc") == "session"
    forget_token(HUB)


def test_a_locked_keyring_is_told(system: MemoryKeyring, env: dict[str, str]) -> None:
    system.is_locked = True
    assert keep_token(HUB, "hf_abc") == "session"
    forget_token(HUB)  # of this session; a locked keyring had none
    assert "cannot be read" in find_token(HUB, env).problem


def test_a_keyring_that_never_answers_is_told(
    system: MemoryKeyring, env: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = threading.Event()
    monkeypatch.setattr("orca_desk.steps.download.token.SECONDS_TO_UNLOCK", 0.05)
    monkeypatch.setattr(system, "get_password", lambda service, host: answered.wait(20) or None)
    assert "did not answer" in find_token(HUB, env).problem
    answered.set()


def test_other_tools_tokens_are_used_for_their_hub_alone(system: MemoryKeyring, env: dict[str, str]) -> None:
    Path(env["HF_HOME"], "token").write_text("hf_login\n", encoding="utf-8")
    assert find_token(HUB, env).source == "login"
    with_variable = env | {"HF_TOKEN": "hf_env"}
    assert find_token(HUB, with_variable).value == "hf_env"
    assert find_token(OTHER, with_variable).source == "none"
    assert find_token(OTHER, with_variable | {"HF_ENDPOINT": OTHER}).value == "hf_env"
    assert find_token(HUB, with_variable | {"HF_HUB_DISABLE_IMPLICIT_TOKEN": "1"}).source == "none"
    keep_token(HUB, "hf_own")
    assert find_token(HUB, with_variable).source == "keyring"


def test_nonsense_is_no_token() -> None:
    for text in ("", "  ", "two words", "hf_\x1b", "hf_é", "x" * 501):
        with pytest.raises(UserError, match="not a token"):
            keep_token(HUB, text)
