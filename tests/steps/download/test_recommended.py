"""The bundled list of recommended models has the shape that the page and the command rely on."""

from urllib.parse import urlsplit

from orca_desk.models.hub.address import model_name
from orca_desk.models.hub.choice import quantisation_of
from orca_desk.steps.download.recommended import GB, for_this_machine, licences, recommended
from orca_desk.ui.words.hub import licence_of, memory_class, recommended_line

CLASSES = {4, 8, 16, 32, 64}


def test_each_entry_is_complete_and_plausible() -> None:
    models = recommended()
    assert len({(one.role, one.repo) for one in models}) == len(models)
    for one in models:
        assert model_name(one.repo) == one.repo
        assert one.memory in CLASSES and one.name and one.note.endswith(".") and one.family
        assert one.licence in licences(), one.repo
        if one.role == "teacher":
            assert one.file.endswith(".gguf") and quantisation_of(one.file).startswith("Q4_")
            assert 0.5 < one.size / one.parameters < 0.9, one.repo  # bytes per weight, at 4 to 5 bits
            assert one.size < one.memory * GB * 0.75
        else:
            assert one.file == "" and 1.9 < one.size / one.parameters < 2.1, one.repo


def test_each_memory_class_has_a_teacher_and_a_student_that_is_not_gated() -> None:
    for memory in CLASSES:
        for role in ("teacher", "student"):
            fitting = [one for one in for_this_machine(memory * GB) if one.role == role and not one.gated]
            assert fitting and all(one.memory <= memory for one in fitting)


def test_licences_say_what_they_allow() -> None:
    for licence in licences().values():
        assert licence.title and licence.terms.endswith(".")
        assert urlsplit(licence.url).scheme == "https"


def test_the_words_name_size_memory_and_licence() -> None:
    one = next(model for model in recommended() if model.repo == "google/gemma-3-1b-it")
    assert recommended_line(one).startswith("1.0 B parameters, about 1.9 GiB, for 16 GB of memory and more.")
    assert one.note in recommended_line(one) and licence_of(one) == "Gemma Terms of Use"
    assert [memory_class(round(size * 2**30)) for size in (3.7, 7.6, 15.5, 31, 62)] == [
        "4 GB", "8 GB", "16 GB", "32 GB", "64 GB",
    ]  # fmt: skip
