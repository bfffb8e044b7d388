"""What the user saved under a name, for every library: one JSON file in the folder of the user's settings."""

import json
import unicodedata
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from filelock import FileLock, Timeout

from orca_desk.errors import UserError, cannot_write
from orca_desk.files import atomic_write
from orca_desk.paths import user_settings

LONGEST_NAME = 80  # characters
LOCK_SECONDS = 10.0
# Categories of characters that no name can have, as they cannot be seen or stored: controls, halves of pairs
UNSEEN = ("Cc", "Cs")
TURNING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"  # they make a name read as another
T = TypeVar("T")


class NamedStore:
    """Values by name, and which of them is the default of what. Any process and thread may use it.

    Reading raises UserError for a file that is damaged; it is never replaced then.
    """

    def __init__(self, file: str, *, what: str) -> None:
        """`file` is the name of the file, `what` one of its values in words ("preset")."""
        self._file, self._what = file, what

    @property
    def path(self) -> Path:
        """The file, which need not exist."""
        return user_settings() / self._file

    @property
    def stamp(self) -> tuple[int, int]:
        """What changes whenever any process has changed the file."""
        try:
            found = self.path.stat()
        except OSError:
            return (0, 0)
        return (found.st_mtime_ns, found.st_ino)

    def all(self) -> dict[str, Any]:
        """Return the values by name, in the order of the names."""
        return dict(sorted(self._read()["values"].items(), key=lambda one: one[0].casefold()))

    def defaults(self) -> dict[str, str]:
        """Return the name of the default of each key."""
        return {key: name for key, name in self._read()["defaults"].items() if isinstance(name, str)}

    def save(self, name: str, value: Mapping[str, Any] | str) -> Any:
        """Store a value under a name; return what it replaced, or None. Raises UserError for a bad name."""
        name = self.checked(name)

        def change(stored: dict[str, Any]) -> Any:
            before = stored["values"].get(name)
            stored["values"][name] = value
            return before

        return self._change(change)

    def rename(self, name: str, new: str) -> None:
        """Give a value another name. Raises UserError if that is taken, or there is none of the old name."""
        new = self.checked(new)

        def change(stored: dict[str, Any]) -> None:
            self._require(stored, name)
            if new != name and new in stored["values"]:
                raise UserError(f"There is already a {self._what} named {new!r}.", "Choose another name.")
            stored["values"][new] = stored["values"].pop(name)
            for key, default in stored["defaults"].items():
                stored["defaults"][key] = new if default == name else default

        self._change(change)

    def delete(self, name: str) -> tuple[Any, list[str]]:
        """Delete a value; return it with the keys whose default it was. Raises UserError if there is none."""

        def change(stored: dict[str, Any]) -> tuple[Any, list[str]]:
            self._require(stored, name)
            keys = [key for key, default in stored["defaults"].items() if default == name]
            for key in keys:
                del stored["defaults"][key]
            return stored["values"].pop(name), keys

        return self._change(change)

    def set_default(self, key: str, name: str | None) -> str | None:
        """Make a value the default of a key, None for none any more; return the default before."""

        def change(stored: dict[str, Any]) -> str | None:
            before: str | None = stored["defaults"].pop(key, None)
            if name is not None:
                stored["defaults"][key] = name
            return before

        return self._change(change)

    def checked(self, name: str) -> str:
        """Return a name as it is stored. Raises UserError for an empty, a very long or an unreadable one."""
        name = " ".join(name.split())
        if problem := _problem(name):
            raise UserError(f"The name of the {self._what} {problem}.", "Choose a short name.")
        return name

    def _require(self, stored: dict[str, Any], name: str) -> None:
        if name not in stored["values"]:
            known = ", ".join(sorted(stored["values"])) or "none"
            raise UserError(f"There is no {self._what} {name!r}.", f"Those that you saved: {known}.")

    def _read(self) -> dict[str, Any]:
        try:
            stored = json.loads(self.path.read_text("utf-8"))
        except FileNotFoundError:
            return {"values": {}, "defaults": {}}
        except OSError as error:
            raise UserError(f"{self.path} cannot be read: {error.strerror}.", "Check the file.") from error
        except (ValueError, RecursionError):
            stored = None
        match stored:
            case {"values": dict(values), "defaults": dict(defaults)}:
                return {"values": values, "defaults": defaults}
        raise UserError(f"{self.path} is damaged.", "Repair it, or delete it to start again.")

    def _change(self, change: Callable[[dict[str, Any]], T]) -> T:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(f"{self.path}.lock", timeout=LOCK_SECONDS):
                stored = self._read()
                result = change(stored)
                atomic_write(self.path, json.dumps(stored, ensure_ascii=False, indent=1) + "\n")
        except Timeout:
            raise UserError(f"{self.path} is in use by another program.", "Try again in a moment.") from None
        except OSError as error:
            raise cannot_write(self.path, error) from error
        return result


def _problem(name: str) -> str:
    """Return what is wrong with a name, or ""."""
    kinds = [unicodedata.category(one) for one in name]
    if all(kind == "Cf" for kind in kinds):
        return "is empty"
    if len(name) > LONGEST_NAME:
        return f"has more than {LONGEST_NAME} characters"
    if any(kind in UNSEEN for kind in kinds) or any(one in TURNING for one in name):
        return "has characters that cannot be seen"
    return ""
