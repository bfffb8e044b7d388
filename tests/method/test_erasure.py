import pytest
from hypothesis import given
from hypothesis import strategies as st

from orca_desk.errors import UserError
from orca_desk.method.erasure import (
    CAUTIOUS,
    EMPTY,
    difference,
    erase,
    revealed_strategies,
    student_instruction,
)
from orca_desk.method.records import Provenance, Sampling, TeacherRecord
from orca_desk.method.strategies import load_folder
from orca_desk.paths import resources

PROVENANCE = Provenance(
    model_sha256="0" * 64,
    quantisation="F16",
    template_sha256="1" * 64,
    sampling=Sampling(),
    engine="test",
    batch=1,
    prompt_tokens=1,
    completion_tokens=1,
    finish_reason="stop",
    created_at="2026-01-01T00:00:00Z",
)
texts = st.text(max_size=40)


def record(system: str, user: str, response: str) -> TeacherRecord:
    return TeacherRecord(
        id="r1",
        task_id="t1",
        family="belief",
        strategy="step-by-step",
        strategy_version=3,
        sample=0,
        system=system,
        user=user,
        response=response,
        provenance=PROVENANCE,
    )


@given(system=texts, user=texts, response=texts, instruction=texts)
def test_erasure_is_exact_and_pure(system: str, user: str, response: str, instruction: str) -> None:
    teacher = record(system, user, response)
    training = erase(teacher, instruction)
    assert (training.system, training.user, training.assistant) == (instruction, user, response)
    assert (training.teacher_record_id, training.task_id, training.family) == ("r1", "t1", "belief")
    assert erase(teacher, instruction) == training
    assert teacher == record(system, user, response)


@given(system=texts, user=texts, response=texts, instruction=texts)
def test_the_difference_joins_to_both_records(
    system: str, user: str, response: str, instruction: str
) -> None:
    teacher = record(system, user, response)
    training = erase(teacher, instruction)
    segments = difference(teacher, training)
    befores = {"system": system, "user": user, "assistant": response}
    afters = {"system": training.system, "user": training.user, "assistant": training.assistant}
    for role in ("system", "user", "assistant"):
        mine = [segment for segment in segments if segment.role == role]
        assert "".join(s.text for s in mine if s.state != "inserted") == befores[role]
        assert "".join(s.text for s in mine if s.state != "erased") == afters[role]
    assert all(segment.text for segment in segments)


def test_no_generic_message_reveals_a_bundled_instruction() -> None:
    for strategy in load_folder(resources() / "strategies").values():
        teacher = record(strategy.instruction, "Where is the ball?", "Answer: box")
        for message in (CAUTIOUS, EMPTY):
            assert strategy.instruction not in erase(teacher, message).system
        states = [(s.role, s.state) for s in difference(teacher, erase(teacher, CAUTIOUS))]
        assert states == [
            ("system", "erased"),
            ("system", "inserted"),
            ("user", "kept"),
            ("assistant", "kept"),
        ]


def test_the_student_instruction() -> None:
    assert student_instruction() == CAUTIOUS
    assert student_instruction("empty") == ""
    assert student_instruction("own", "Be brief. ") == "Be brief. "
    for kind, text in (("own", "  "), ("empty", "text"), ("cautious", "text"), ("other", "")):
        with pytest.raises(UserError) as caught:
            student_instruction(kind, text)
        assert caught.value.hint


def test_an_own_instruction_that_reveals_a_strategy_is_flagged() -> None:
    strategies = load_folder(resources() / "strategies")
    for strategy in strategies.values():
        assert strategy.name in revealed_strategies(strategy.instruction, strategies.values())
    partly = "Be kind. Always work through the problem step by step."
    assert list(revealed_strategies(partly, strategies.values())) == ["step-by-step"]
    for fine in (CAUTIOUS, EMPTY, "You are a helpful assistant. Answer the question carefully."):
        assert revealed_strategies(fine, strategies.values()) == {}
