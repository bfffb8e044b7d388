"""A host for the kill tests: `killable_download.py LIBRARY ENDPOINT FOLDER` downloads me/tiny."""

import sys
from pathlib import Path

from orca_desk.library.database import Library
from orca_desk.models.hub.choice import choose
from orca_desk.steps.download.download import download
from orca_desk.steps.download.request import request_for
from orca_desk.steps.download.session import HubSession


def main(library: Path, endpoint: str, folder: Path) -> None:
    """Download me/tiny."""
    with HubSession(endpoint) as hub:
        repo = hub.open("me/tiny").repo
    with Library.open(library, samples=False) as opened:
        download(opened, request_for(endpoint, repo, choose(repo, None), folder))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
