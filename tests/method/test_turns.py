"""The turns before a question: keys, identities and what is compared."""

from dataclasses import asdict, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orca_desk.method.erasure import difference, erase
from orca_desk.method.records import (
    Provenance,
    Task,
    TeacherRecord,
    TrainingRecord,
    digest,
    question_key,
)
from orca_desk.method.turns import conversation_text, turns_from_json, turns_to_json

BEFORE = (("user", "What is 2 + 2?"), ("assistant", "4"))
TURNS = st.lists(st.tuples(st.sampled_from(["user", "assistant"]), st.text()), max_size=4).map(tuple)


def record(task: Task) -> TeacherRecord:
    made = Provenance(
        model_sha256="", quantisation="", template_sha256="", sampling=None, engine="", batch=0,
        prompt_tokens=None, completion_tokens=None, finish_reason="stop", created_at="",
    )  # fmt: skip
    return TeacherRecord(
        id="r", task_id=task.id, family=task.family, strategy="s", strategy_version=1, sample=0,
        system="Think step by step.", user=task.user_text, turns=task.turns, response="16", provenance=made,
    )  # fmt: skip


def test_a_task_without_turns_has_the_identity_that_it_always_had() -> None:
    task = Task(family="sums", query="And times 4?", context="Reckon.")
    assert task.id == digest(["sums", "Reckon.", "And times 4?"])
    assert task.conversation == task.user_text == "Reckon.\n\nAnd times 4?"


def test_the_same_last_words_after_other_turns_are_another_task() -> None:
    alone = Task(family="sums", query="And times 4?")
    after = Task(family="sums", query="And times 4?", turns=BEFORE)
    assert alone.id != after.id
    assert question_key(alone.conversation) != question_key(after.conversation)
    assert after.conversation == "User: What is 2 + 2?\n\nAssistant: 4\n\nUser: And times 4?"


def test_only_a_short_question_is_compared_with_its_turns() -> None:
    assert Task(family="f", query="And times 4?", turns=BEFORE).compared_text.startswith("User: What")
    long = "How many eggs do three hens lay in a week if each lays one a day?"
    assert Task(family="f", query=long, turns=BEFORE).compared_text == long


def test_turns_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="who speaks"):
        Task(family="f", query="q", turns=(("system", "Be terse."),))


@given(TURNS)
def test_turns_survive_being_stored(turns: tuple[tuple[str, str], ...]) -> None:
    assert turns_from_json(turns_to_json(turns)) == turns


@given(TURNS, st.text(min_size=1), st.text(max_size=20))
def test_erasure_replaces_the_system_message_and_keeps_the_turns(
    turns: tuple[tuple[str, str], ...], query: str, instruction: str
) -> None:
    taught = record(Task(family="f", query=query, turns=turns))
    training = erase(taught, instruction)
    assert (training.system, training.turns, training.user, training.assistant) == (
        instruction, turns, taught.user, taught.response,
    )  # fmt: skip
    parts = difference(taught, training)
    assert all(part.state == "kept" for part in parts if part.role != "system")
    said = "\n\n".join(f"{role.capitalize()}: {text}" for role, text in turns)
    assert "".join(part.text for part in parts if part.role == "turns") == said
    assert conversation_text(turns, query) == (query if not turns else taught.conversation)


def test_a_training_record_without_turns_has_the_identity_that_it_always_had() -> None:
    training = erase(record(Task(family="f", query="q")), "")
    assert training.id == digest(["r", "", "q", "16"])
    values = {name: value for name, value in asdict(training).items() if name != "id"}
    assert TrainingRecord(**values | {"turns": BEFORE}).id != training.id
    assert replace(training, id="").id == training.id
