"""What a hub says of its models: search results, one model with its files, its card, the start of a file.

All of it is what strangers wrote: texts are shortened and freed of control characters, and a file counts only
if its type is safe and its path stays inside the folder.
"""

import contextlib
import fnmatch
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Literal, Self

from orca_desk.errors import UserError
from orca_desk.models.hub.address import checked_revision, model_name
from orca_desk.models.hub.connection import SECONDS_TO_ANSWER, UNCOMPRESSED, Hub, explained

if TYPE_CHECKING:
    from huggingface_hub.hf_api import ModelInfo, RepoSibling

Kind = Literal["gguf", "safetensors", ""]
Gate = Literal["", "auto", "manual"]
Size = Literal["", "1b", "4b", "8b", "more"]
Order = Literal["downloads", "likes", "last_modified", "trending_score"]
# The least and the most parameters of each size, in millions; None: no limit
SIZES: dict[Size, tuple[int, int | None]] = {
    "": (0, None), "1b": (0, 1_500), "4b": (1_500, 5_500), "8b": (5_500, 10_000), "more": (10_000, None)
}  # fmt: skip
ALLOWED = (
    "*.safetensors", "*.json", "*.gguf", "*.jinja", "tokenizer.model", "vocab.txt", "merges.txt", "README.md",
    "LICENSE*", "NOTICE*", "USE_POLICY*",
)  # fmt: skip
PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")
CARD_BYTES = 512 * 1024
START_BYTES = 256 * 1024  # enough for what precedes the vocabulary in a GGUF header
MOST_FOUND = 100
MOST_FILES = 10_000
_LONGEST = 300  # characters of a name, a tag, a licence
_EXPANDED: Any = [
    "author", "cardData", "downloads", "gated", "gguf", "lastModified", "likes", "pipeline_tag", "private",
    "safetensors", "tags",
]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class HubFile:
    """A file on the hub. `sha256` for large files; `git_sha1`, git's own hash, for small ones."""

    name: str
    size: int
    sha256: str
    git_sha1: str


@dataclass(frozen=True, kw_only=True)
class HubModel:
    """A model on the hub as a search finds it. 0 and "" are what the hub does not say.

    `gate` is "auto" where everyone who accepts the conditions gets in, "manual" where the owner decides.
    `updated` is a date in ISO form.
    """

    name: str
    kinds: tuple[str, ...] = ()
    licence: str = ""
    gate: Gate = ""
    is_private: bool = False
    parameters: int = 0
    architecture: str = ""
    task: str = ""
    downloads: int = 0
    likes: int = 0
    updated: str = ""
    base: str = ""

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """Return the model that `asdict` and JSON made `stored` of."""
        return cls(**{**stored, "kinds": tuple(stored["kinds"])})


@dataclass(frozen=True, kw_only=True)
class HubRepo:
    """A repository at one commit, with the files that Orca Desk can download.

    `pickles` is whether it has weights in a form that can run programs, which are never downloaded.
    """

    model: HubModel
    commit: str
    files: tuple[HubFile, ...]
    pickles: bool = False

    @property
    def name(self) -> str:
        """The owner/name."""
        return self.model.name

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON types."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """Return what `to_json` made `stored` of."""
        return cls(
            model=HubModel.from_json(stored["model"]),
            commit=stored["commit"],
            files=tuple(HubFile(**one) for one in stored["files"]),
            pickles=stored["pickles"],
        )


def search(
    hub: Hub,
    text: str,
    *,
    kind: Kind = "",
    order: Order = "downloads",
    size: Size = "",
    limit: int = MOST_FOUND,
) -> list[HubModel]:
    """Return the models whose names contain `text`, at most `limit`. Raises UserError as `list_repo` does.

    With a size, those whose number of parameters the hub does not know are left out.
    """
    from huggingface_hub import HfApi

    with explained(hub, ""), _readable(hub):
        found = HfApi(endpoint=hub.endpoint).list_models(
            search=text or None,
            filter=kind or None,
            num_parameters=_parameters(size),
            sort=order,
            limit=min(limit, MOST_FOUND),
            expand=_EXPANDED,
            token=hub.sent_token,
        )
        models = [_model(one) for one in found]
    return [one for one in models if _has_size(one, size)]  # a mirror may not know how to choose by size


def list_repo(hub: Hub, repo: str, *, revision: str = "main") -> HubRepo:
    """List the files of `repo`. Raises UserError when the hub is off, unreachable, or denies or lacks it."""
    from huggingface_hub import HfApi

    revision = checked_revision(revision)
    with explained(hub, repo), _readable(hub):
        name = model_name(repo)
        info = HfApi(endpoint=hub.endpoint).model_info(
            name, revision=revision, files_metadata=True, timeout=SECONDS_TO_ANSWER, token=hub.sent_token
        )
        siblings = list(info.siblings or ())[:MOST_FILES]
        files = [_hub_file(sibling) for sibling in siblings]
        commit = info.sha or revision
    return HubRepo(
        model=_model(info, name),
        commit=checked_revision(commit),
        files=tuple(file for file in files if _is_allowed(file.name)),
        pickles=any(_matches(file.name, PICKLES) for file in files),
    )


def read_start(hub: Hub, repo: HubRepo, file: str, *, limit: int) -> bytes:
    """Return the first bytes of a file, at most `limit`. Raises UserError as `list_repo` does."""
    from huggingface_hub import get_session, hf_hub_url
    from huggingface_hub.utils import build_hf_headers, hf_raise_for_status  # type: ignore[attr-defined]

    url = hf_hub_url(repo.name, file, revision=repo.commit, endpoint=hub.endpoint)
    headers = build_hf_headers(token=hub.sent_token) | UNCOMPRESSED
    headers["Range"] = f"bytes=0-{limit - 1}"
    start = bytearray()
    with (
        explained(hub, repo.name),
        get_session().stream("GET", url, headers=headers, follow_redirects=True) as response,
    ):
        hf_raise_for_status(response)
        for chunk in response.iter_bytes():
            start += chunk
            if len(start) >= limit:
                break  # a server that knows no ranges sends all of it
    return bytes(start[:limit])


def card_text(start: bytes) -> str:
    """Return the text of a model card without its metadata."""
    text = start.decode(errors="replace").removeprefix("\ufeff").replace("\r\n", "\n")
    if text.startswith("---\n") and (end := text.find("\n---", 3)) >= 0:
        text = text[end + 4 :].partition("\n")[2]
    return text.strip()


def _parameters(size: Size) -> str | None:
    """Return a size in the words of the hub, or None for any."""
    least, most = SIZES[size]
    limits = [f"min:{least}M"] * (least > 0) + ([f"max:{most}M"] if most else [])
    return ",".join(limits) or None


def _has_size(model: HubModel, size: Size) -> bool:
    least, most = SIZES[size]
    millions = model.parameters / 10**6
    return not size or (millions > 0 and least <= millions <= (most or millions))


@contextlib.contextmanager
def _readable(hub: Hub) -> Iterator[None]:
    """Raise UserError where the hub's answer has another shape than the library expects."""
    try:
        yield
    except (KeyError, TypeError, AttributeError) as error:
        raise UserError(
            f"{hub.host} answered with something that is not a listing of models.",
            "Check the hub's address (Connection…).",
        ) from error


def _model(info: "ModelInfo", name: str = "") -> HubModel:
    tags = [one for one in info.tags or () if isinstance(one, str)]
    gguf = info.gguf if isinstance(info.gguf, dict) else {}
    weights = getattr(info.safetensors, "total", 0)
    config = info.config if isinstance(info.config, dict) else {}
    updated = info.last_modified
    return HubModel(
        name=name or _text(info.id),
        kinds=tuple(kind for kind in ("gguf", "safetensors") if kind in tags),
        licence=_licence(info, tags),
        gate=info.gated if info.gated in ("auto", "manual") else "manual" if info.gated else "",
        is_private=bool(info.private),
        parameters=_number(gguf.get("total")) or _number(weights),
        architecture=_text(gguf.get("architecture")) or _text(config.get("model_type")),
        task=_text(info.pipeline_tag),
        downloads=_number(info.downloads),
        likes=_number(info.likes),
        updated=updated.date().isoformat() if updated else "",
        base=_base(tags),
    )


def _licence(info: "ModelInfo", tags: list[str]) -> str:
    """Return the licence's name; where its tag says "other", the name on the card."""
    tagged = next((tag.partition(":")[2] for tag in tags if tag.startswith("license:")), "")
    card = info.card_data
    named = _text(card.get("license_name")) if card is not None and tagged in ("", "other") else ""
    return named or _text(tagged) or (_text(card.get("license")) if card is not None else "")


def _base(tags: list[str]) -> str:
    """Return the model that this one was made of, as the hub's tag names it."""
    bases = [tag.removeprefix("base_model:") for tag in tags if tag.startswith("base_model:")]
    return next((_text(base.rpartition(":")[2]) for base in bases), "")


def _hub_file(sibling: "RepoSibling") -> HubFile:
    return HubFile(
        name=sibling.rfilename,
        size=_number(sibling.size),
        sha256=_hash(sibling.lfs.sha256, 64) if sibling.lfs else "",
        git_sha1=_hash(sibling.blob_id, 40),
    )


def _is_allowed(name: str) -> bool:
    """Return whether a file has a safe type and a path inside the folder."""
    path = PurePosixPath(name)
    inside = not path.is_absolute() and ".." not in path.parts and "\\" not in name and ":" not in name
    hidden = any(part.startswith(".") for part in path.parts)
    return inside and not hidden and name.isprintable() and _matches(name, ALLOWED)


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatch.fnmatchcase(PurePosixPath(name).name, pattern) for pattern in patterns)


def _text(value: object) -> str:
    """Return a short text without control characters; "" for anything else."""
    text = value if isinstance(value, str) else ""
    return "".join(sign for sign in text[:_LONGEST] if sign.isprintable())


def _hash(value: object, length: int) -> str:
    """Return a hash in hexadecimal digits; "", which no content has, for anything else."""
    text = value.casefold() if isinstance(value, str) else ""
    return text if len(text) == length and all(sign in "0123456789abcdef" for sign in text) else ""


def _number(value: object) -> int:
    return value if type(value) is int and 0 <= value < 2**63 else 0
