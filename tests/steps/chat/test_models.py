"""Which models a chat offers, and what they are called."""

from pathlib import Path

import pytest
from tiny_models import TinyModel

from orca_desk.errors import UserError
from orca_desk.library.chats import create_columns
from orca_desk.library.database import Library
from orca_desk.library.settings import set_setting
from orca_desk.library.tasks import add_tasks
from orca_desk.library.trainings import create_training
from orca_desk.method.records import Sampling, Task
from orca_desk.processes.progress import JobControl, silent
from orca_desk.steps.chat.models import (
    ChatModel,
    fingerprint,
    mini_models,
    models_of,
    needs_conversion,
    part_of,
    training_models,
)
from orca_desk.steps.chat.offer import SAMPLING, find_tasks, read_offer, save_sampling, save_system


def test_the_role_of_a_model(tiny_llama: TinyModel, tmp_path: Path) -> None:
    assert part_of(tiny_llama.gguf, tmp_path / "a.gguf") == "student"
    assert part_of(tiny_llama.gguf, None) == "base"
    assert part_of(tmp_path / "big.gguf", None) == "teacher"
    assert part_of(tmp_path / "big.gguf", None, [tmp_path]) == "base"
    assert [one.part for one in mini_models()] == ["base", "teacher"]


def test_a_base_in_shards_is_a_base(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors.index.json").touch()
    assert part_of(tmp_path / "big.gguf", None) == "base"


def test_the_models_of_a_training(library: Library, tiny_llama: TinyModel) -> None:
    library.write(
        lambda db: db.execute("INSERT INTO snapshots VALUES ('s', 's', 0, '', '{}', '{}', '')").rowcount
    )
    training = create_training(library, base=tiny_llama.folder, snapshot="s", settings={})
    assert not needs_conversion(library, training.id)
    found = training_models(library, training.id, progress=silent, control=JobControl())
    assert found == [ChatModel(part="base", model=tiny_llama.gguf)]
    with pytest.raises(UserError, match="no training"):
        training_models(library, "train-9", progress=silent, control=JobControl())


def test_a_stored_chat_names_its_models(library: Library, tiny_llama: TinyModel, tmp_path: Path) -> None:
    adapter = tmp_path / "a.gguf"
    models = [(tiny_llama.gguf, None), (tiny_llama.gguf, adapter)]
    assert models_of(library, create_columns(library, title="x", models=models, system="")) == [
        ChatModel(part="base", model=tiny_llama.gguf),
        ChatModel(part="student", model=tiny_llama.gguf, adapter=adapter),
    ]


def test_a_fingerprint_names_the_files(library: Library, tiny_llama: TinyModel, tmp_path: Path) -> None:
    adapter = tmp_path / "adapter.gguf"
    adapter.write_bytes(b"x")
    alone = fingerprint(library, ChatModel(part="base", model=tiny_llama.gguf))
    both = fingerprint(library, ChatModel(part="student", model=tiny_llama.gguf, adapter=adapter))
    assert len(alone) == 8
    assert both == f"{alone} + 2d711642"


def test_a_chat_starts_with_the_mini_models_and_the_settings_last_used(library: Library) -> None:
    offer = read_offer(library)
    assert offer.models == mini_models()
    assert (offer.sampling, offer.system) == (Sampling(), None)
    save_sampling(library, Sampling(temperature=0.5))
    save_system(library, "Be brief.")
    offer = read_offer(library)
    assert (offer.sampling, offer.system) == (Sampling(temperature=0.5), "Be brief.")
    set_setting(library, SAMPLING, {"of another version": 1})
    assert read_offer(library).sampling == Sampling()


def test_the_examples_are_the_worked_one_and_held_out_ones_of_other_families(library: Library) -> None:
    worked = Task(family="belief", query="Where?", answer="box", tags=("worked-example",))
    others = [
        Task(family=family, query=f"{family} {split}?", answer="yes", split=split)
        for family in ("belief", "facts")
        for split in ("train", "heldout")
    ]
    add_tasks(library, [worked, *others])
    assert [task.query for task in read_offer(library).examples] == ["Where?", "facts heldout?"]
    assert [task.split for task in find_tasks(library, "facts")] == ["heldout", "train"]
