"""A hub in words: its models, their files, licences and gates, the token, and what going online means."""

from orca_desk.counting import counted
from orca_desk.models.fits import human_bytes
from orca_desk.models.hub.address import host_of
from orca_desk.models.hub.choice import FOLDER, Variant
from orca_desk.models.hub.listing import Gate, HubModel, HubRepo, Kind, Order, Size
from orca_desk.steps.download.download import DownloadOutcome
from orca_desk.steps.download.recommended import GB, ListedRole, Recommended, licences
from orca_desk.steps.download.request import DownloadRequest
from orca_desk.steps.download.token import Kept, Source, Token
from orca_desk.ui.words.models import count, shown_path

KINDS: dict[Kind, str] = {"": "All models", "gguf": "GGUF files", "safetensors": "Safetensors folders"}
KIND_TIPS: dict[Kind, str] = {
    "": "Models of every format",
    "gguf": "One file per model, for the teacher, for chat and for training",
    "safetensors": "Folders with full weights, for training",
}
ORDERS: dict[Order, str] = {
    "downloads": "Most downloaded",
    "likes": "Most liked",
    "last_modified": "Recently updated",
    "trending_score": "Trending",
}
SIZES: dict[Size, str] = {
    "": "Any size",
    "1b": "Up to 1.5 B",
    "4b": "1.5 to 5.5 B",
    "8b": "5.5 to 10 B",
    "more": "Over 10 B",
}
SIZE_TIP = "By the number of parameters. Models of which the hub doesn't know it are left out"
GATES: dict[Gate, str] = {
    "": "",
    "auto": "Gated: log in on the hub's page of the model, accept its conditions, and save a token here."
    " Access is then given at once.",
    "manual": "Gated: log in on the hub's page of the model, ask for access, and save a token here. Its owner"
    " decides, which can take days.",
}
UNKNOWN_LICENCE = "The model states no licence. Without one, you may not assume any right to use it."
OTHER_LICENCE = "Read the licence on the model's page before you use or share what you train with it."
SOURCES: dict[Source, str] = {
    "none": "No token. Most models need none; gated and private ones do.",
    "session": "Your token is kept until Orca Desk closes: this system has no keyring that can store it.",
    "keyring": "Your token is in the system's keyring.",
    "environment": "The token in HF_TOKEN is used.",
    "login": "The token that `hf auth login` stored is used.",
}
KEPT: dict[Kept, str] = {
    "keyring": "Saved in the system's keyring.",
    "session": "Kept until Orca Desk closes: this system has no keyring that can store it.",
}
ROLE: dict[ListedRole, str] = {"teacher": "Teacher", "student": "Student"}
GATED = "Gated: its page on the hub asks for conditions or for access first, and the download for a token."
CARD_OFFLINE = "Its files and its card are on the hub: go online to see them."
NOT_FOUND_FILE = "The recommended file {} is no longer there: choose another one."
OFFLINE = "Works offline"
OFFLINE_TIP = (
    "Models run on this machine. Orca Desk opens a connection only while you are online on the Hub page;"
    " links open in your browser. No telemetry."
)
SEARCH_ONLINE = "Go online and search"
GO_ONLINE_HINT = "Searches, model cards and downloads connect to the hub, and nothing else does."
AFTER_DOWNLOADS = "The downloads are done. Orca Desk is offline again."
AFTER_REST = "Nothing was asked of the hub for 10 minutes. Orca Desk is offline again."
PICKLES = "It also has pickles, which can run programs when opened. Orca Desk never downloads them."


def online_sign(endpoint: str) -> str:
    """Return the status bar's words while the user is online."""
    return f"Online: {host_of(endpoint)}"


def online_tip(endpoint: str) -> str:
    """Return what connects while the user is online."""
    return (
        f"Searches, model cards and downloads connect to {host_of(endpoint)}; nothing else does, and nothing"
        " of your library is sent. Orca Desk goes offline when the downloads are done."
    )


def licence_of(model: HubModel | Recommended) -> str:
    """Return the name of a licence: "Apache 2.0"."""
    known = licences().get(model.licence)
    return known.title if known else model.licence or "not stated"


def licence_terms(licence: str) -> str:
    """Return what a licence allows, in short, or the advice to read it."""
    known = licences().get(licence)
    return known.terms if known else OTHER_LICENCE if licence else UNKNOWN_LICENCE


def gate_sentence(gate: Gate, is_private: bool = False) -> str:
    """Return what to do before a gated or private model can be downloaded; "" for any other."""
    return "Private: only the token of a member can download it." if is_private else GATES[gate]


def facts_of(model: HubModel) -> str:
    """Return the facts of a model in a line."""
    facts = [
        f"{count(model.parameters)} parameters" if model.parameters else "",
        model.architecture,
        counted(model.downloads, "download") + " last month" if model.downloads else "",
        counted(model.likes, "like") if model.likes else "",
        f"updated {model.updated}" if model.updated else "",
        f"made of {model.base}" if model.base else "",
    ]
    return "  ·  ".join(filter(None, facts))


def variant_name(variant: Variant) -> str:
    """Return the name of what one can download: a file, or the folder with the number of its files."""
    if variant.kind == "gguf":
        parts = len(variant.files)
        return variant.name if parts == 1 else f"{variant.name} and {parts - 1} more"
    return f"{FOLDER.capitalize()} ({counted(len(variant.files), 'file')})"


def nothing_to_download(repo: HubRepo) -> str:
    """Return why a repository has nothing that Orca Desk downloads."""
    if repo.pickles:
        return (
            "Its weights are pickles, which can run programs when opened; Orca Desk never downloads them."
            " Look for a copy in safetensors or GGUF."
        )
    return "It has neither safetensors nor GGUF files."


def recommended_line(model: Recommended) -> str:
    """Return the facts of a recommended model in a line."""
    return (
        f"{count(model.parameters)} parameters, about {human_bytes(model.size)}, for {model.memory} GB of"
        f" memory and more. {model.note}"
    )


def memory_class(memory: int) -> str:
    """Return the memory of this machine as people buy it: "16 GB"."""
    exact = memory / GB * 1.1
    return f"{next((size for size in (256, 192, 128, 96, 64, 48, 32, 24, 16, 12, 8) if size <= exact), 4)} GB"


def token_sentence(token: Token) -> str:
    """Return where the token in use comes from, and what keeps it from being stored."""
    return f"{SOURCES[token.source]} {token.problem}".rstrip()


def resuming_hint(endpoint: str) -> str:
    """Return what resuming a download means while offline."""
    return f"Orca Desk is offline. To resume the download, it connects to {host_of(endpoint)}."


def downloaded_sentence(outcome: DownloadOutcome) -> str:
    """Return what a finished download brought."""
    what = f"{counted(outcome.files, 'file')}, {human_bytes(outcome.size)}"
    return f"{what}, each with the hub's hash, in {shown_path(outcome.path)}."


def arrived_sentence(request: DownloadRequest) -> str:
    """Return how much of a download is on the disk."""
    return (
        f"{human_bytes(request.arrived)} of {human_bytes(request.size)} of {request.repo.name} have arrived."
    )
