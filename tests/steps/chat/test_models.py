"""Which models a chat offers, and what they are called."""

import shutil
from pathlib import Path

import pytest
from scripted_session import Heard, ScriptedSession
from tiny_models import TinyModel

from orca_desk.errors import UserError
from orca_desk.inventory.student_files import student_gguf
from orca_desk.library.chats import columns, create_columns, list_chats
from orca_desk.library.database import Library
from orca_desk.library.settings import set_setting
from orca_desk.library.tasks import add_tasks
from orca_desk.library.trainings import create_training, set_adapter
from orca_desk.method.records import Sampling, Task
from orca_desk.processes.progress import JobControl, silent
from orca_desk.steps.chat.asking import Asking
from orca_desk.steps.chat.conversation import Conversation
from orca_desk.steps.chat.draft import Draft
from orca_desk.steps.chat.models import (
    ChatModel,
    fingerprint,
    mini_models,
    models_of,
    needs_conversion,
    part_of,
    training_models,
)
from orca_desk.steps.chat.offer import (
    MODELS,
    SAMPLING,
    find_tasks,
    read_offer,
    save_models,
    save_sampling,
    save_system,
)


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


def test_a_stored_chat_keeps_the_roles_that_its_models_had(library: Library, tmp_path: Path) -> None:
    """Also where the file alone would tell another one, such as a base that was converted for a training."""
    models = [
        ChatModel(part="base", model=tmp_path / "student-f16.gguf"),
        ChatModel(part="teacher", model=tmp_path / "teacher.gguf"),
    ]
    heard = Heard()
    with Conversation(library, heard, open_session=lambda model, _: ScriptedSession(model)) as conversation:
        conversation.use(models)
        conversation.send(Draft(question="Hello"), Asking(sampling=Sampling()), system="")
    (chat,) = list_chats(library)
    assert models_of(library, columns(library, chat.id)) == models


def test_a_chat_of_an_older_version_knows_a_converted_base(library: Library) -> None:
    converted = library.folder / "cache" / "abc" / "student-f16.gguf"
    made = create_columns(library, title="x", models=[(converted, None)], system="")
    assert [one.part for one in models_of(library, made)] == ["base"]


def finish_training(library: Library, base: Path) -> str:
    """Return the id of a new training on `base` that has an adapter."""
    library.write(
        lambda db: (
            db.execute("INSERT OR IGNORE INTO snapshots VALUES ('s', 's', 0, '', '{}', '{}', '')").rowcount
        )
    )
    training = create_training(library, base=base, snapshot="s", settings={})
    adapter = library.folder / "trainings" / training.id / "adapter.gguf"
    adapter.parent.mkdir(parents=True)
    adapter.write_bytes(b"x")
    set_adapter(library, training.id, adapter=adapter.parent, gguf=adapter, sha256="")
    return training.id


def test_a_chat_starts_with_the_models_last_chosen(library: Library, tiny_llama: TinyModel) -> None:
    chosen = [
        ChatModel(part="base", model=Path("/gone.gguf")),  # it is shown as missing, not replaced
        ChatModel(
            part="student", model=tiny_llama.gguf, adapter=library.folder / "a.gguf", training="train-7"
        ),
    ]
    warm = Sampling(temperature=0.7)
    save_models(library, chosen, {1: warm})
    assert read_offer(library).models == chosen and read_offer(library).own == {1: warm}
    set_setting(library, MODELS, {"newest_training": "", "columns": [{"of another": "version"}]})
    assert read_offer(library).models == mini_models()


def test_a_training_that_finished_since_comes_first(library: Library, tiny_llama: TinyModel) -> None:
    save_models(library, mini_models())
    first = finish_training(library, tiny_llama.folder)
    assert [(one.part, one.training) for one in read_offer(library).models] == [
        ("student", first),
        ("base", ""),
    ]
    save_models(library, mini_models())
    assert read_offer(library).models == mini_models()
    second = finish_training(library, tiny_llama.folder)
    assert [one.training for one in read_offer(library).models] == [second, ""]


def test_a_training_whose_base_was_converted_comes_first_too(
    library: Library, tiny_llama: TinyModel, tmp_path: Path
) -> None:
    base = tmp_path / "student"
    shutil.copytree(tiny_llama.folder, base, ignore=shutil.ignore_patterns("*.gguf"))
    training = finish_training(library, base)
    assert needs_conversion(library, training)
    assert read_offer(library).models == mini_models()
    converted = student_gguf(library, base, progress=silent, control=JobControl())
    assert not needs_conversion(library, training)
    assert [one.model for one in read_offer(library).models] == [converted, converted]


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


def test_the_gguf_file_that_was_trained_is_a_base(tmp_path: Path) -> None:
    file = tmp_path / "alone.gguf"
    assert part_of(file, None) == "teacher"
    assert part_of(file, None, [file]) == "base"
