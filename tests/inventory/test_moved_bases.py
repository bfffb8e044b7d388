"""A training finds its student again where that was moved, by the content of its weights."""

import json
import shutil
from pathlib import Path

from library_doubles import judged, make_record, make_task
from new_library import new_library
from tiny_models import TinyModel

from orca_desk.files import file_sha256
from orca_desk.inventory.catalogue import add_path
from orca_desk.inventory.moved_bases import training_with_base, with_found_base
from orca_desk.library.new_records import add_records
from orca_desk.library.runs import get_run
from orca_desk.library.snapshots import freeze
from orca_desk.library.tasks import add_tasks
from orca_desk.library.trainings import create_training, get_training
from orca_desk.models.hashes import HashCache
from orca_desk.steps.chat.models import needs_conversion
from orca_desk.steps.evaluate.candidates import training_candidates
from orca_desk.steps.train.training import find_or_create
from orca_desk.student.settings import TrainSettings


def test_a_base_is_found_under_another_name_and_never_taken_for_another(
    tmp_path: Path, tiny_llama: TinyModel
) -> None:
    base, other = tmp_path / "students" / "mine", tmp_path / "there" / "renamed"
    shutil.copytree(tiny_llama.folder, base)
    with new_library(tmp_path / "library") as library:
        add_tasks(library, [make_task(1)])
        add_records(library, [judged(make_record(1), 1)])
        snapshot = freeze(library, name="x").id
        settings = {"base": str(base)}
        training = create_training(library, base=base, snapshot=snapshot, settings={}, request=settings)
        training.folder.mkdir(parents=True)
        weights = {file.name: file_sha256(file) for file in base.glob("*.safetensors")}
        (training.folder / "run.json").write_text(json.dumps({"inputs": {"model": weights}}))
        assert with_found_base(library, training) == training

        shutil.copytree(base, other)
        shutil.rmtree(base)
        assert with_found_base(library, training) == training  # nobody said where
        (file,) = other.glob("*.safetensors")
        content = file.read_bytes()
        add_path(library, other)
        file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        assert with_found_base(library, training) == training  # other weights
        file.write_bytes(content)
        assert training_candidates(library, training.id, ())[0].model.parent == other
        assert get_training(library, training.id).base == other
        assert get_run(library, training.id).request == {"base": str(other)}
        shutil.move(other, base)  # another step looks for it by the same function
        add_path(library, base)
        assert find_or_create(library, other, snapshot, TrainSettings()).base == base
        assert get_training(library, training.id).base == base
        assert not needs_conversion(library, training.id)


def test_a_file_that_was_moved_is_found_by_its_hash(tmp_path: Path, tiny_llama: TinyModel) -> None:
    base, other = tmp_path / "students" / "mine.gguf", tmp_path / "there" / "mine.gguf"
    for path in (base, other):
        path.parent.mkdir()
    shutil.copy(tiny_llama.gguf, base)
    with new_library(tmp_path / "library") as library:
        add_tasks(library, [make_task(1)])
        add_records(library, [judged(make_record(1), 1)])
        snapshot = freeze(library, name="x").id
        training = create_training(library, base=base, snapshot=snapshot, settings={})
        HashCache(library.folder).sha256(base)
        base.rename(other)
        add_path(library, other)
        assert training_with_base(library, training.id).base == other
