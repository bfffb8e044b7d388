"""What is served to other programs, and by which names."""

from pathlib import Path

import pytest
from tiny_adapters import make_adapter
from tiny_models import CHATML, TinyModel

from orca_desk.errors import SettingError, UserError
from orca_desk.inventory.templates import set_override
from orca_desk.library.database import Library
from orca_desk.library.trainings import create_training, set_adapter
from orca_desk.processes.progress import JobControl, silent
from orca_desk.steps.chat.serving import ServeSettings, files_to_serve, new_key, training_to_serve
from orca_desk.student.export import export_adapter

OTHER = CHATML.replace("<|im_end|>", "<|endoftext|>")


@pytest.fixture
def training(library: Library, tiny_llama: TinyModel, tmp_path: Path) -> str:
    """A finished training."""
    library.write(
        lambda db: db.execute("INSERT INTO snapshots VALUES ('s', 's', 0, '', '{}', '{}', '')").rowcount
    )
    made = create_training(library, base=tiny_llama.folder, snapshot="s", settings={})
    adapter = make_adapter(tmp_path / "adapter", tiny_llama.folder)
    export_adapter(adapter, tiny_llama.folder, tmp_path / "adapter.gguf")
    set_adapter(library, made.id, adapter=adapter, gguf=tmp_path / "adapter.gguf", sha256="0" * 64)
    return made.id


def test_a_trainings_models_have_the_names_of_their_parts(
    library: Library, training: str, tiny_llama: TinyModel
) -> None:
    for chosen in (training, None):
        found = training_to_serve(library, chosen, progress=silent, control=JobControl())
        assert [(one.name, one.model.part) for one in found] == [("tuned", "student"), ("base", "base")]
        assert {one.model.model for one in found} == {tiny_llama.gguf}
        assert found[0].model.training == training and found[0].model.adapter


def test_without_a_training_the_bundled_models_are_served(library: Library) -> None:
    found = training_to_serve(library, None, progress=silent, control=JobControl())
    assert [one.name for one in found] == ["base", "teacher"]
    with pytest.raises(UserError, match="no training"):
        training_to_serve(library, "train-9", progress=silent, control=JobControl())


def test_the_users_template_is_served(library: Library, tiny_qwen: TinyModel) -> None:
    set_override(library, tiny_qwen.gguf, OTHER)
    (found,) = files_to_serve(library.folder, {"mine": tiny_qwen.gguf}, {})  # the library may be open
    assert (found.name, found.template) == ("mine", OTHER)
    set_override(library, tiny_qwen.gguf, None)
    assert files_to_serve(library.folder, {"mine": tiny_qwen.gguf}, {})[0].template is None


@pytest.mark.parametrize(
    ("values", "setting"),
    [
        ({"port": -1}, "port"),
        ({"port": 70_000}, "port"),
        ({"host": " "}, "host"),
        ({"key": "two words"}, "key"),
        ({"key": "ключ"}, "key"),
        ({"key": "a\nb"}, "key"),
    ],
)
def test_settings_that_mean_nothing(values: dict[str, object], setting: str) -> None:
    with pytest.raises(SettingError) as refused:
        ServeSettings(**values)  # type: ignore[arg-type]
    assert refused.value.setting == setting


def test_who_can_reach_an_address() -> None:
    local = {"127.0.0.1": True, "127.5.0.1": True, "::1": True, "localhost": True, "0.0.0.0": False}
    others = {"192.168.1.5": False, "::": False, "desk.example": False}
    assert {host: ServeSettings(host=host).is_local for host in local | others} == local | others


def test_keys_are_long_and_never_the_same() -> None:
    keys = {new_key() for _ in range(50)}
    assert len(keys) == 50 and all(len(key) >= 32 and ServeSettings(key=key).key for key in keys)
    assert "secret" not in repr(ServeSettings(key="secret"))
