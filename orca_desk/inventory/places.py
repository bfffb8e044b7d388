"""Where other tools keep their models: as their own variables and settings say, or else where they put them.

These are the tools' places in November 2026. Where one moves later, the user adds its folder by hand.
"""

import configparser
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from orca_desk.errors import UserError
from orca_desk.models.config import read_json, read_text

OLD = "old"
MOST_NAME = 200  # characters that are shown


@dataclass(frozen=True, kw_only=True)
class User:
    """The user as the tools see them: their home, their variables, and the operating system."""

    home: Path
    variables: Mapping[str, str]
    platform: str

    def path(self, text: str) -> Path:
        """Return the path that a variable or a setting names; "~" is the user's home."""
        if text == "~" or text.startswith(("~/", "~\\")):
            return self.home / text[2:]
        return Path(text)

    def named(self, *names: str) -> Path | None:
        """Return the path in the first of these variables that is set."""
        return next((self.path(self.variables[name]) for name in names if self.variables.get(name)), None)

    @property
    def cache(self) -> Path:
        """The folder for caches, of tools that heed XDG_CACHE_HOME on every system."""
        return self.named("XDG_CACHE_HOME") or self.home / ".cache"

    @property
    def data(self) -> Path:
        """The folder for an application's data that does not roam."""
        if self.platform == "darwin":
            return self.home / "Library" / "Application Support"
        if self.platform == "win32":
            return self.named("LOCALAPPDATA") or self.home / "AppData" / "Local"
        return self.named("XDG_DATA_HOME") or self.home / ".local" / "share"

    @property
    def roaming(self) -> Path:
        """The folder for an application's settings."""
        if self.platform == "win32":
            return self.named("APPDATA") or self.home / "AppData" / "Roaming"
        if self.platform == "darwin":
            return self.home / "Library" / "Application Support"
        return self.named("XDG_CONFIG_HOME") or self.home / ".config"


def model_folders(
    *, home: Path | None = None, env: Mapping[str, str] | None = None, platform: str = ""
) -> dict[str, Path]:
    """Return the folders where other tools keep models, by tool; a second one has more after the tool's name.

    The tools are Hugging Face, llama.cpp, LM Studio, Ollama, Jan and GPT4All. The folders need not exist.
    """
    user = User(
        home=home or Path.home(),
        variables=os.environ if env is None else env,
        platform=platform or sys.platform,
    )
    return {
        "Hugging Face": _hugging_face(user),
        "llama.cpp": _llama_cpp(user),
        "LM Studio": _lm_studio(user),
        f"LM Studio ({OLD})": user.cache / "lm-studio" / "models",
        "Ollama": user.named("OLLAMA_MODELS") or user.home / ".ollama" / "models",
        "Ollama (service)": Path("/usr/share/ollama/.ollama/models"),
        "Jan": _jan(user),
        f"Jan ({OLD})": user.home / "jan" / "models",
        "GPT4All": _gpt4all(user),
    }


def tool_of(place: str) -> str:
    """Return the tool of one of the folders of `model_folders`: "Ollama" for "Ollama (service)"."""
    return place.partition(" (")[0]


def _hugging_face(user: User) -> Path:
    cache = user.named("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE")
    return cache or (user.named("HF_HOME") or user.cache / "huggingface") / "hub"


def _llama_cpp(user: User) -> Path:
    """Return its own cache: LLAMA_CACHE, or that of before March 2026, when it moved to Hugging Face's."""
    caches = {
        "darwin": user.home / "Library" / "Caches",
        "win32": user.named("LOCALAPPDATA") or user.home / "AppData" / "Local",
    }
    return user.named("LLAMA_CACHE") or caches.get(user.platform, user.cache) / "llama.cpp"


def _lm_studio(user: User) -> Path:
    home = user.home / ".lmstudio"
    pointer = _text(user.home / ".lmstudio-home-pointer").strip()
    if pointer:
        home = user.path(pointer)
    return _setting(user, home / "settings.json", "downloadsFolder") or home / "models"


def _jan(user: User) -> Path:
    """Return its data folder's models for llama.cpp; `find` reads the files beside them that name others."""
    settings = (
        user.data / "Jan" / "settings.json"
        if user.platform != "win32"
        else user.roaming / "Jan/settings.json"
    )
    places = {"darwin": user.data / "Jan" / "data", "win32": user.roaming / "Jan" / "data"}
    data = _setting(user, settings, "data_folder") or places.get(user.platform, user.data / "Jan" / "data")
    return data / "llamacpp" / "models"


def _gpt4all(user: User) -> Path:
    roaming = user.roaming if user.platform != "darwin" else user.home / ".config"
    for vendor in ("nomic.ai", "gpt4all.io"):
        parser = configparser.ConfigParser(interpolation=None, strict=False)
        try:
            parser.read_string(_text(roaming / vendor / "GPT4All.ini"))
        except configparser.Error:
            continue
        if chosen := parser.get("General", "modelPath", fallback="").strip('"'):
            return user.path(chosen)
    return user.data / "nomic.ai" / "GPT4All"


def _setting(user: User, file: Path, key: str) -> Path | None:
    """Return the path under `key` of another tool's settings, or None where there is none."""
    try:
        value = read_json(file).get(key)
    except UserError:
        return None
    return user.path(value) if isinstance(value, str) and value else None


def _text(file: Path) -> str:
    try:
        return read_text(file)
    except UserError:
        return ""


def _shown(name: object) -> str:
    """Return a name that a line can show; "" for what is not text."""
    return "".join(sign for sign in name[:MOST_NAME] if sign.isprintable()) if isinstance(name, str) else ""


def jan_models(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield the models that a model.yml below Jan's `folder` points to, with their names.

    `model_path` is relative to Jan's data folder, two levels above, or absolute for a model that was imported
    without copying.
    """
    import yaml

    for file in sorted(folder.rglob("model.yml")):
        try:
            stored = yaml.safe_load(read_text(file))
        except (UserError, yaml.YAMLError, RecursionError):
            continue
        match stored:
            case {"model_path": str(path), **rest} if path:
                name = rest.get("name")
                yield folder.parent.parent / path, _shown(name) or file.parent.name
