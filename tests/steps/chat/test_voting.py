"""A message that is asked several times: the answers vote, and each is stored as it ends."""

from collections.abc import Iterator

import pytest
from scripted_session import Heard, ScriptedSession

from orca_desk.errors import UserError
from orca_desk.inventory.bundled import mini_teacher
from orca_desk.library.chats import columns, messages
from orca_desk.library.database import Library
from orca_desk.library.tasks import add_tasks
from orca_desk.method.records import Sampling, Task
from orca_desk.steps.chat.asking import Asking
from orca_desk.steps.chat.conversation import Conversation
from orca_desk.steps.chat.draft import Draft
from orca_desk.steps.chat.events import AnswerEnded, Sampled, State
from orca_desk.steps.chat.models import ChatModel
from orca_desk.steps.chat.transcript import read_transcript

WARM = Sampling(temperature=0.8, seed=5, max_tokens=20)
TASK = Task(family="sums", query="What is 3 + 4?", answer="7", answer_kind="number")


class Scene:
    """One scripted model in a conversation."""

    def __init__(self, library: Library | None) -> None:
        self.heard = Heard()
        self.session = ScriptedSession()
        self.conversation = Conversation(
            library, self.heard, open_session=lambda _model, _threads: self.session
        )
        self.conversation.use([self.session.model])

    def ask(self, *answers: str, votes: int) -> None:
        """Send the task's question and give these answers, one after the other."""
        for text in answers:
            self.session.say(text)
            self.session.finish()
        draft = Draft.of_task(TASK)
        assert self.conversation.send(draft, Asking(sampling=WARM, votes=votes), system="")
        self.conversation.wait()


@pytest.fixture
def scene(library: Library) -> Iterator[Scene]:
    add_tasks(library, [TASK])
    made = Scene(library)
    yield made
    made.conversation.close()


def test_the_most_frequent_answer_stands_and_all_are_stored(scene: Scene, library: Library) -> None:
    scene.ask("Answer: 8", "I get 7. Answer: 7", "Answer: 9", "Answer: 7.0", "Answer: 7", votes=5)
    (turn,) = scene.conversation.turns
    (answer,), (vote,), (verdict,) = turn.answers, turn.votes, turn.verdicts
    assert answer and answer.content == "I get 7. Answer: 7"
    assert answer.sampled and (answer.sampled.asked, answer.sampled.shown) == (5, 1)
    assert [one.content for one in answer.sampled.samples][2:4] == ["Answer: 9", "Answer: 7.0"]
    assert vote and vote.winner and vote.winner.samples == (1, 3, 4)
    assert verdict and verdict.correct
    assert [sampling.seed for _, sampling in scene.session.asked if sampling] == [5, 6, 7, 8, 9]
    assert [(event.count, event.of) for event in scene.heard.of(Sampled)] == [(n, 5) for n in range(1, 6)]
    (ended,) = scene.heard.of(AnswerEnded)
    assert ended.vote == vote
    assert read_transcript(library, scene.conversation.chat_id).turns == scene.conversation.turns


def test_asking_ends_when_more_answers_cannot_change_the_vote(scene: Scene) -> None:
    scene.ask("Answer: 7", "Answer: 7", "Answer: 7", votes=5)
    (answer,) = scene.conversation.turns[0].answers
    assert answer and answer.sampled
    assert (answer.sampled.asked, len(answer.sampled.samples)) == (5, 3)


def test_without_a_winner_the_first_of_the_most_frequent_answers_stands(scene: Scene) -> None:
    scene.ask("Answer: 8", "Answer: 7", votes=2)
    turn = scene.conversation.turns[0]
    (answer,), (vote,) = turn.answers, turn.votes
    assert vote and vote.is_tied and vote.winner is None
    assert answer and answer.sampled and answer.content == "Answer: 8"


def test_a_message_that_is_asked_once_has_no_vote(scene: Scene) -> None:
    scene.ask("Answer: 7", votes=1)
    turn = scene.conversation.turns[0]
    assert turn.votes == (None,) and turn.answers[0] and turn.answers[0].sampled is None


def test_every_answer_is_stored_as_it_ends_and_a_stop_keeps_them(scene: Scene, library: Library) -> None:
    for text in ("Answer: 7", "Answer: 8"):
        scene.session.say(text)
        scene.session.finish()
    scene.session.say("Answer: 9, beca")
    scene.conversation.send(Draft.of_task(TASK), Asking(sampling=WARM, votes=5), system="")
    scene.heard.until(lambda: len(scene.heard.of(Sampled)) == 2)
    (column,) = columns(library, scene.conversation.chat_id)
    kept = messages(library, column.id)[-1].sampled
    assert kept and [one.content for one in kept.samples] == ["Answer: 7", "Answer: 8"]
    scene.heard.until(lambda: len(scene.session.asked) == 3)
    scene.conversation.stop()
    scene.conversation.wait()
    assert scene.conversation.state is State.STOPPED
    stopped = messages(library, column.id)[-1]
    assert len(messages(library, column.id)) == 2  # the question and one answer
    assert stopped.sampled and [one.finish_reason for one in stopped.sampled.samples] == [
        "stop",
        "stop",
        "cancelled",
    ]
    vote = scene.conversation.turns[0].votes[0]
    assert vote and vote.without_vote == (2,)


def test_a_failure_keeps_the_answers_before_it(scene: Scene) -> None:
    scene.session.say("Answer: 7")
    scene.session.finish()
    scene.session.fail(UserError("It died.", "Try again."))
    scene.conversation.send(Draft.of_task(TASK), Asking(sampling=WARM, votes=3), system="")
    scene.conversation.wait()
    (answer,) = scene.conversation.turns[0].answers
    assert answer and answer.content == "Answer: 7" and answer.sampled


def test_at_temperature_0_there_is_nothing_to_vote_on(scene: Scene) -> None:
    draft = Draft.of_task(TASK)
    with pytest.raises(UserError, match="At temperature 0 all answers"):
        scene.conversation.send(draft, Asking(sampling=Sampling(), votes=3), system="")
    assert not scene.conversation.is_busy and not scene.conversation.turns


def test_regenerating_takes_seeds_that_were_not_used(scene: Scene) -> None:
    scene.ask("Answer: 7", "Answer: 7", votes=3)
    for text in ("Answer: 8", "Answer: 8"):
        scene.session.say(text)
        scene.session.finish()
    assert scene.conversation.regenerate(Asking(sampling=WARM, votes=3))
    scene.conversation.wait()
    assert [sampling.seed for _, sampling in scene.session.asked if sampling] == [5, 6, 8, 9]


def test_a_real_model_votes(library: Library) -> None:
    pytest.importorskip("llama_cpp")
    with Conversation(library, Heard()) as conversation:
        conversation.use([ChatModel(part="teacher", model=mini_teacher())])
        draft = Draft(question="Which city is the capital of France?")
        assert conversation.send(draft, Asking(sampling=WARM, votes=3), system="")
        conversation.wait()
        (answer,), (vote,) = conversation.turns[0].answers, conversation.turns[0].votes
    assert answer and answer.sampled and len(answer.sampled.samples) >= 2
    assert vote and vote.n == len(answer.sampled.samples)
