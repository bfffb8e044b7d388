"""What tests of several packages share: the tiny models, made once a session."""

import gc
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from tiny_models import TinyModel, make_tiny

pytest_plugins = ["without_models"]
# No test is about time: a busy machine would fail some.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
# For `make quick`, where a test names no number of its own; all other runs have hypothesis's 100.
settings.register_profile("quick", settings.get_profile("any machine"), max_examples=20)
settings.load_profile("any machine")
# The desktops that tests start write no settings of the user's; the folder is made only if one does.
os.environ["ORCA_DESK_SETTINGS"] = str(Path(tempfile.gettempdir()) / f"orca-desk-settings-{os.getpid()}")
# Tests compare whole trainings to the bit, and on tiny shapes the two libraries are about equally fast.
os.environ["ORCA_DESK_KEEP_AWAKE"] = "0"
os.environ["ORCA_DESK_PRODUCTS"] = "blas"


def pytest_collection_finish() -> None:
    """Let no later collection of garbage look through ten thousand tests: that was a third of the time."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def tiny_llama(tmp_path_factory: pytest.TempPathFactory) -> TinyModel:
    """A llama-family model with random weights; read only."""
    return make_tiny(Path(tmp_path_factory.mktemp("tiny-llama")), "llama")


@pytest.fixture(scope="session")
def tiny_qwen(tmp_path_factory: pytest.TempPathFactory) -> TinyModel:
    """A qwen2-family model with random weights; read only."""
    return make_tiny(Path(tmp_path_factory.mktemp("tiny-qwen")), "qwen2")
