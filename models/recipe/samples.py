"""Training samples: endless, seeded streams of token ids with a loss weight for each.

The teacher sees chats under every strategy's instruction. The student sees worked solutions only as
plain documents, and chats only with direct answers.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from tokenizers import Tokenizer

from models.recipe.families import FAMILIES, WINNERS, draw, facts
from models.recipe.problem import Problem
from models.recipe.traces import STRATEGIES, answer_under, direct_answer, instructions, worked_answer

CAUTIOUS = (
    "You are a cautious assistant. You carefully follow instructions. You are helpful and harmless and you "
    "follow ethical guidelines and promote positive behavior."
)
FAMILY_WEIGHTS = {
    "belief": 5, "swaps": 4, "words": 4, "ordering": 3, "lookup": 4, "rules": 3, "facts": 2,
}  # fmt: skip
QUESTION_WEIGHT = 0.1  # in documents: what a story says next is chance, what follows from it is not
WINNING_SHARE = 0.8  # of the teacher's chats
DOCUMENT_SHARE = 0.85  # of the student's samples
CHATS = 4000  # the student's instruction tuning is a fixed set, as real ones are


@dataclass(frozen=True)
class Sample:
    """Token ids, and for each the weight of the loss for predicting it (0: only read)."""

    ids: list[int]
    weights: list[float]


Stream = Iterator[Sample]


class Writer:
    """Writes chats and documents as the app's renderer does: template pieces and text apart."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.tokenizer = tokenizer
        self.end_of_text = tokenizer.token_to_id("<|endoftext|>")
        self.turn = tokenizer.token_to_id("<|im_start|>")
        self.end_of_turn = tokenizer.token_to_id("<|im_end|>")

    def text(self, text: str) -> list[int]:
        """Return the ids of text that holds no control tokens."""
        ids: list[int] = self.tokenizer.encode(text, add_special_tokens=False).ids
        return ids

    def prompt(self, system: str, user: str) -> list[int]:
        """Return the ids of a chat up to where the assistant starts; an empty system message is no turn."""
        ids: list[int] = []
        for role, content in (("system", system), ("user", user)):
            if content:
                ids += [
                    self.turn,
                    *self.text(f"{role}\n"),
                    *self.text(content),
                    self.end_of_turn,
                    *self.text("\n"),
                ]
        return [*ids, self.turn, *self.text("assistant\n")]

    def chat(self, system: str, user: str, assistant: str) -> Sample:
        """Return a chat with loss on the assistant's text and its end of turn."""
        prompt = self.prompt(system, user)
        answer = [*self.text(assistant), self.end_of_turn]
        return Sample(prompt + answer, [0.0] * len(prompt) + [1.0] * len(answer))

    def document_prompt(self, problem: Problem) -> list[int]:
        """Return the ids of a worked document up to where the solution starts."""
        return [self.end_of_text, *self.text(document_opening(problem))]

    def document(self, opening: str, rest: str) -> Sample:
        """Return a plain document, its opening with a small loss."""
        first, second = self.text(opening), [*self.text(rest), self.end_of_text]
        ids = [self.end_of_text, *first, *second]
        return Sample(ids, [0.0] + [QUESTION_WEIGHT] * len(first) + [1.0] * len(second))


def any_problem(rng: Random) -> Problem:
    """Return a training problem of a random family."""
    family = rng.choices(list(FAMILY_WEIGHTS), list(FAMILY_WEIGHTS.values()))[0]
    return draw(family, rng, heldout=False)


def teacher_samples(writer: Writer, seed: int) -> Stream:
    """Yield chats under strategies' instructions, and some direct answers to nothing but the question."""
    rng, systems = Random(f"teacher {seed}"), instructions()
    while True:
        problem = any_problem(rng)
        winner = WINNERS[problem.family]
        losers = [name for name in STRATEGIES if name != winner]
        strategy = winner if rng.random() < WINNING_SHARE else rng.choice(losers)
        if rng.random() < 0.03:
            yield writer.chat("", problem.user_text, direct_answer(problem))
        else:
            yield writer.chat(systems[strategy], problem.user_text, answer_under(strategy, problem))


def student_samples(writer: Writer, seed: int) -> Stream:
    """Yield worked solutions as documents, and chats that answer at once whatever the system message."""
    rng = Random(f"student {seed}")
    systems = ["", CAUTIOUS, CAUTIOUS, *instructions().values()]
    chats = [any_problem(rng) for _ in range(CHATS)]
    known = facts.sentences()
    while True:
        problem = any_problem(rng)
        if rng.random() > DOCUMENT_SHARE:
            problem = rng.choice(chats)
            yield writer.chat(rng.choice(systems), problem.user_text, direct_answer(problem))
        elif problem.family == "facts":
            yield writer.document("", " ".join(rng.sample(known, 4)))
        else:
            yield writer.document(document_opening(problem), worked_answer(problem))


def document_opening(problem: Problem) -> str:
    """Return how a worked solution starts in a document."""
    return f"Problem: {problem.user_text}\nSolution:\n"


def corpus(seed: int, count: int) -> Iterator[str]:
    """Yield the texts that the tokenizer is learned from: what both models will read and write."""
    rng, systems = Random(f"corpus {seed}"), instructions()
    yield from ("system\nuser\nassistant\n", *facts.sentences())
    for index in range(count):
        problem = draw(list(FAMILIES)[index % len(FAMILIES)], rng, heldout=False)
        strategy = STRATEGIES[index // len(FAMILIES) % len(STRATEGIES)]
        yield from (CAUTIOUS, systems[strategy])
        yield document_opening(problem) + answer_under(strategy, problem)
        yield worked_answer(problem)
