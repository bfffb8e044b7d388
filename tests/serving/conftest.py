"""One server for the tests of a file: a tuned student, its base, and a teacher of another family."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from live_server import LiveServer, live_server
from tiny_adapters import make_adapter
from tiny_models import TinyModel

from orca_desk.steps.chat.models import ChatModel
from orca_desk.steps.chat.serving import NamedModel
from orca_desk.student.export import export_adapter


@pytest.fixture(scope="session")
def tuned(tiny_llama: TinyModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random adapter for the tiny llama, as a GGUF file."""
    folder = Path(tmp_path_factory.mktemp("served"))
    made = make_adapter(folder / "adapter", tiny_llama.folder)
    export_adapter(made, tiny_llama.folder, folder / "tuned.gguf")
    return folder / "tuned.gguf"


@pytest.fixture(scope="module")
def server(tiny_llama: TinyModel, tiny_qwen: TinyModel, tuned: Path) -> Iterator[LiveServer]:
    """A server of three models."""
    models = [
        NamedModel(name="tuned", model=ChatModel(part="student", model=tiny_llama.gguf, adapter=tuned)),
        NamedModel(name="base", model=ChatModel(part="base", model=tiny_llama.gguf)),
        NamedModel(name="teacher", model=ChatModel(part="teacher", model=tiny_qwen.gguf)),
    ]
    with live_server(models, batch=4, context=2048) as server:
        yield server
