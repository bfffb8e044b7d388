"""Exports in words: what became of one, and how each application takes it."""

import os
import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from orca_desk.method.statistics import compare, share_of
from orca_desk.parity.limits import LIMITS
from orca_desk.parity.table import GateRow, GateTable
from orca_desk.steps.export.formats import Format
from orca_desk.steps.export.outcome import (
    ExportedFile,
    ExportOutcome,
    ExportStage,
    FileScore,
    outcome_from_json,
)
from orca_desk.steps.export.places import Application, Target
from orca_desk.ui.words.exports import (
    APPLICATIONS,
    FORMATS,
    STOPPED,
    command_of,
    export_sentence,
    place_sentence,
    stored_sentence,
)
from orca_desk.ui.words.outcomes import outcome_text

ROW = GateRow(
    label="Q8_0", quantised=True, limits=LIMITS["8 bits"], prompts=2, tokens=9, tokens_equal=9, largest=0.1,
    typical=0.01, effect=2.0, strength=1.0,
)  # fmt: skip
FILE = ExportedFile(format=Format.Q8_0, place="a.gguf", bytes=2**20, sha256="0" * 64)
DONE = ExportOutcome(out=Path("/x"), files=(FILE,), gate=GateTable(rows=(ROW,)), scores=())


def test_everything_has_words() -> None:
    assert set(FORMATS) == set(Format)
    assert set(APPLICATIONS) == set(Application)
    assert set(STOPPED) == set(ExportStage)


def test_a_stored_outcome_is_told_as_it_was() -> None:
    assert outcome_text(DONE.to_json()) == export_sentence(DONE)
    assert export_sentence(DONE).startswith("Exported 1 file (1 MiB) to /x. Check passed:")
    assert outcome_text(ExportStage.CHECKING.to_json()).startswith("Stopped while its files were checked.")
    wrong = GateTable(rows=(replace(ROW, strength=0.0),))
    blocked = replace(DONE, gate=wrong, files=(), is_blocked=True)
    assert outcome_text(blocked.to_json()).startswith("Not exported: the check failed for Q8_0.")
    taken = replace(DONE, gate=wrong, is_overridden=True)
    assert "Exported although a check failed" in outcome_text(taken.to_json())


def test_a_quantised_file_is_told_beside_the_unquantised_student() -> None:
    scores = (
        FileScore(label="Unquantised", evaluation="evaluate-1", accuracy=share_of(3, 4)),
        FileScore(
            label="Q8_0",
            evaluation="evaluate-2",
            accuracy=share_of(2, 4),
            against=compare([True, True, False, False], [True, True, True, False]),
        ),
    )
    text = export_sentence(replace(DONE, scores=scores))
    assert "Q8_0: 2 of 4 held-out tasks correct (50.0%), -25.0 points against the unquantised" in text
    assert "Unquantised: " not in text


def test_another_type_than_asked_for_is_said() -> None:
    assert stored_sentence(FILE) == ""
    narrow = replace(FILE, format=Format.Q6_K, stored_as="Q8_0")
    assert "a.gguf holds most weights as Q8_0: the K types pack 256 weights" in stored_sentence(narrow)


@pytest.mark.skipif(os.name == "nt", reason="quoting for POSIX shells")
def test_commands_take_any_path() -> None:
    folder = Path("/my models/a'b")
    served = Target(application=Application.LLAMA_CPP, name="tuned-q8_0", source=folder / "m.gguf")
    assert shlex.split(command_of(served)) == ["llama-server", "-m", str(folder / "m.gguf")]
    ollama = Target(application=Application.OLLAMA, name="tuned-q8_0", source=folder / "Tuned" / "ollama")
    assert shlex.split(command_of(ollama)) == [
        "ollama", "create", "tuned-q8_0", "-f", str(folder / "Tuned" / "ollama" / "Modelfile"),
    ]  # fmt: skip


def test_a_template_that_ollama_guesses_is_told_beside_the_command() -> None:
    sure = Target(application=Application.OLLAMA, name="m", source=Path("/out/ollama"))
    guessed = replace(sure, guesses_template=True)
    assert place_sentence(guessed).startswith(place_sentence(sure))
    assert "Ollama guesses one" in place_sentence(guessed)
    assert command_of(guessed) == command_of(sure)
    told = replace(DONE, guesses_template=True)
    assert outcome_from_json(told.to_json()) == told


def test_each_application_is_told_what_fits() -> None:
    file = Path("/out/m.gguf")
    assert "Export the Ollama folder too" in place_sentence(
        Target(application=Application.OLLAMA, name="tuned-q8_0", source=file)
    )
    assert "two folders deep" in place_sentence(
        Target(application=Application.LM_STUDIO, name="tuned-q8_0", source=file)
    )
    found = Target(
        application=Application.LM_STUDIO, name="tuned-q8_0", source=file, folder=Path("/lms/orca-desk/m")
    )
    assert "put the file into /lms/orca-desk/m" in place_sentence(found)
    assert place_sentence(replace(found, is_there=True)) == "It is in LM Studio's folder."
    assert command_of(found) == ""
