"""The data files of a folder or a zip archive, as the sets of rows that they are: splits, or a file each.

It knows the folders that MLX trains from (train.jsonl, valid.jsonl, test.jsonl), those that Hugging Face's
`save_to_disk` writes, and repositories of data sets, whose README or file names say which file is which.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from orca_desk.errors import UserError
from orca_desk.formats.archives import Files, text_of
from orca_desk.formats.packed import without_packing
from orca_desk.formats.parts import ContainerFormat, Form, Part
from orca_desk.formats.rows import BadRow, Row
from orca_desk.formats.values import split_of
from orca_desk.method.records import Split

OpenRows = Callable[[BinaryIO, Path, str], tuple[Form, Iterator[Row | BadRow]]]
_DATA = frozenset({
    ".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".tab", ".parquet", ".arrow", ".xlsx", ".xlsm", ".xls",
    ".xlsb", ".ods", ".db", ".sqlite", ".sqlite3",
})  # fmt: skip
YAML = (".yaml", ".yml")  # endings
_TEXT = frozenset({".txt", ".md"})  # read where there is nothing better
_ABOUT = frozenset({  # names of files about the rows, or of a model's
    "dataset_info.json", "dataset_infos.json", "dataset_dict.json", "state.json", "manifest.json",
    "croissant.json", "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json",
    "special_tokens_map.json", "added_tokens.json", "vocab.json", "package.json", "adapter_config.json",
    "readme.md", "license.md", "license.txt", "readme.txt", "requirements.txt", "contributing.md",
    "changelog.md",
})  # fmt: skip
_FRONT_MATTER = re.compile(r"\A---\s*\n(.*?)\n---\s*(?:\n|\Z)", re.DOTALL)
_SHARD = re.compile(r"-\d{5}-of-\d{5}")
_WHOLE = frozenset({"data", "default", ""})  # folders whose names say nothing


class FileSet:
    """The data files among `files`, as parts; `open_rows` reads one of them."""

    def __init__(self, files: Files, path: Path, kind: ContainerFormat, open_rows: OpenRows) -> None:
        self._files, self._path, self._open_rows = files, path, open_rows
        self.format = kind
        names = files.names()
        data = _data_files(files, names)
        self._sets = _by_card(files, names, data) or _by_name(data)
        self._families = _families([name for part, names in self._sets if part.split for name in names])
        read = {name for _, found in self._sets for name in found}
        self.aside: Sequence[str] = tuple(
            name for name in names if name not in read and PurePosixPath(name).name.casefold() not in _ABOUT
        )
        self.by_family = all(part.kind == "file" and not part.split for part, _ in self._sets)

    def parts(self) -> tuple[Part, ...]:
        """Return the splits, or a part for each file."""
        return tuple(part for part, _ in self._sets)

    def form(self, part: Part, inside: str) -> Form:
        """Return how the first file of a part holds its rows."""
        name = self._names(part)[0]
        with self._files.open(name) as stream:
            return self._open_rows(stream, self._files.path(name), inside)[0]

    def rows(self, part: Part, inside: str) -> Iterator[Row | BadRow]:
        """Yield the rows of the files of a part. A file that cannot be read is one refused row."""
        names = self._names(part)
        for name in names:
            try:
                with self._files.open(name) as stream:
                    for row in self._open_rows(stream, self._files.path(name), inside)[1]:
                        if len(names) > 1 and not row.part:
                            object.__setattr__(row, "part", name)  # it is new, and nobody else has it
                        if isinstance(row, Row) and (family := self._families.get(name)):
                            row.values.setdefault("family", family)
                        yield row
            except UserError as error:
                if len(self._sets) == len(names) == 1:
                    raise
                yield BadRow(line=1, what=str(error).rstrip("."), hint=error.hint or "", part=name)

    def _names(self, part: Part) -> list[str]:
        return next(names for one, names in self._sets if one == part)


def _data_files(files: Files, names: Sequence[str]) -> list[str]:
    """Return the files that may hold rows; of a folder of `save_to_disk`, those that it lists."""
    listed: dict[str, set[str]] = {}
    for name in names:
        if PurePosixPath(name).name == "state.json":
            listed[str(PurePosixPath(name).parent)] = _listed(files, name)
    found, texts = [], []
    for name in names:
        place = PurePosixPath(name)
        ending = without_packing(Path(name)).suffix.casefold()
        if place.name.casefold() in _ABOUT:
            continue
        if (known := listed.get(str(place.parent))) and place.name not in known:
            continue
        if ending in _DATA:
            found.append(name)
        elif ending in _TEXT:
            texts.append(name)
    return found or texts


def _listed(files: Files, name: str) -> set[str]:
    try:
        state = json.loads(text_of(files, name))
        return {one["filename"] for one in state["_data_files"]}
    except (ValueError, KeyError, TypeError):
        return set()


def _by_card(files: Files, names: Sequence[str], data: Sequence[str]) -> list[tuple[Part, list[str]]]:
    """Return the splits that the front matter of a README lists, as Hugging Face reads it; none without."""
    if "README.md" not in names or not (head := _FRONT_MATTER.match(text_of(files, "README.md"))):
        return []
    import yaml

    try:
        configs = yaml.safe_load(head[1])["configs"]
        found = []
        for config in configs:
            group = str(config.get("config_name", "default"))
            for split, patterns in _patterns(config["data_files"]):
                chosen = [name for name in data if any(fnmatchcase(name, one) for one in patterns)]
                if chosen:
                    part = Part(name=f"{group}/{split}", kind="split", split=_split_in(split))
                    found.append((part, chosen))
    except (yaml.YAMLError, KeyError, TypeError, AttributeError, RecursionError):
        return []
    return found


def _patterns(data_files: Any) -> Iterator[tuple[str, list[str]]]:
    """Yield split and patterns of a configuration's data files, in each form that they have."""
    if isinstance(data_files, dict):
        data_files = [{"split": split, "path": path} for split, path in data_files.items()]
    if isinstance(data_files, list) and all(isinstance(one, dict) for one in data_files):
        for one in data_files:
            paths = one["path"]
            yield str(one["split"]), [str(path) for path in (paths if isinstance(paths, list) else [paths])]
    else:
        paths = data_files if isinstance(data_files, list) else [data_files]
        yield "train", [str(path) for path in paths]


def _by_name(data: Sequence[str]) -> list[tuple[Part, list[str]]]:
    """Return the splits that the files' names say, or a part for each file where one says none."""
    places = {name: _place(name) for name in data}
    if not all(split for _, split, _ in places.values()):
        found = []
        for name, shards in _without_shards(data).items():
            found.append((Part(name=name, kind="file", split=_split_in(name)), shards))
        return found
    sets: dict[tuple[str, str], list[str]] = {}
    splits: dict[tuple[str, str], Split | None] = {}
    for name, (group, split, word) in places.items():
        sets.setdefault((group, word), []).append(name)
        splits[group, word] = split
    return [
        (
            Part(name="/".join(filter(None, key)), kind="split", split=splits[key]),
            names,
        )
        for key, names in sets.items()
    ]


def _families(names: Sequence[str]) -> dict[str, str]:
    """Return what the files of splits are about: "botany" for "test/botany_test.csv"; none of mere shards."""
    found = {}
    for name in names:
        stem = _SHARD.sub("", PurePosixPath(name).name.split(".")[0])
        words = [word for word in re.split(r"[_\W]+", stem) if word and split_of(word) is None]
        if any(any(map(str.isalpha, word)) for word in words):
            found[name] = "_".join(words)
    return found if len(set(found.values())) > 1 else {}


def _without_shards(data: Sequence[str]) -> dict[str, list[str]]:
    """Return the files by their names, the shards of one together."""
    found: dict[str, list[str]] = {}
    for name in data:
        found.setdefault(_SHARD.sub("", name), []).append(name)
    return found


def _place(name: str) -> tuple[str, Split | None, str]:
    """Return the configuration of a file, its split, and the word that says it."""
    pieces = PurePosixPath(name).parts
    for place, piece in enumerate(pieces):
        is_last = place == len(pieces) - 1
        text = piece.split(".")[0] if is_last else piece
        if split := _split_in(text):
            group = "/".join(one for one in pieces[:place] if one.casefold() not in _WHOLE)
            return group, split, _SHARD.sub("", text)
    return "", None, ""


def _split_in(text: str) -> Split | None:
    """Return the split that a word of a name says: "train" of "auxiliary_train"."""
    stem = PurePosixPath(text).name.split(".")[0]
    return next((split for word in re.split(r"[^A-Za-z]+", stem) if word and (split := split_of(word))), None)
