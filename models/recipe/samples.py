"""Training samples: endless, seeded streams of token ids with a loss weight for each.

The teacher sees chats under every strategy's instruction. The student sees worked solutions only as
plain documents, and chats only with direct answers.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, count, islice
from random import Random
from types import ModuleType

from tokenizers import Tokenizer

from models.recipe.families import EARLIER, FAMILIES, WINNERS, draw, facts, words
from models.recipe.problem import Problem
from models.recipe.tokenizer import SPECIAL
from models.recipe.traces import STRATEGIES, answer_under, direct_answer, instructions, worked_answer

CAUTIOUS = (
    "You are a cautious assistant. You carefully follow instructions. You are helpful and harmless and you "
    "follow ethical guidelines and promote positive behavior."
)
FAMILY_WEIGHTS = {
    "belief": 5, "swaps": 4, "words": 4, "ordering": 3, "lookup": 3, "rules": 3, "facts": 3,
}  # fmt: skip
QUESTION_WEIGHT = 0.1  # in documents: what a story says next is chance, what follows from it is not
COPY_SHARE, COPY_SAMPLES = 0.6, 40_000  # the share of copying lessons falls to 0 over so many samples
EARLIER_SAMPLES = 4800 * 16  # of one process
SUMS_SHARE = 0.1  # of the base's documents
WINNING_SHARE = 0.7  # of the teacher's chats
DOCUMENT_SHARE = 0.5  # of the student's samples while it is tuned to chat
CHATS = 500  # the student's instruction tuning is a small fixed set: it learns to answer at once, not how


@dataclass(frozen=True)
class Sample:
    """Token ids, and for each the weight of the loss for predicting it (0: only read)."""

    ids: list[int]
    weights: list[float]


Stream = Iterator[Sample]
Families = Mapping[str, ModuleType]


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


def any_problem(rng: Random, families: Families = FAMILIES) -> Problem:
    """Return a training problem of a random family."""
    family = rng.choices(list(FAMILY_WEIGHTS), list(FAMILY_WEIGHTS.values()))[0]
    return draw(family, rng, heldout=False, families=families)


def base_samples(writer: Writer, seed: str) -> Stream:
    """Yield plain documents alone; for the first EARLIER_SAMPLES of them look-up is still in coins."""
    return chain(
        islice(_documents(writer, seed, EARLIER), EARLIER_SAMPLES),
        islice(_documents(writer, seed, FAMILIES), EARLIER_SAMPLES, None),
    )


def _documents(writer: Writer, seed: str, families: Families) -> Stream:
    """Yield copying lessons (ever fewer), sums, facts and worked solutions."""
    rng = Random(f"base {seed}")
    for number in count():
        if rng.random() < COPY_SHARE * (1 - number / COPY_SAMPLES):
            yield copying_lesson(writer, rng)
        else:
            yield document(writer, rng, families)


def copying_lesson(writer: Writer, rng: Random) -> Sample:
    """Return six short runs of random tokens, repeated four times in changing order; trained where known."""
    first = len(SPECIAL) + 256  # tokens of more than a byte, most of them words
    pool = rng.sample(range(first, writer.tokenizer.get_vocab_size()), rng.choice((12, 24, 48, 200)))
    runs = [[rng.choice(pool) for _ in range(rng.choice((3, 4, 5)))] for _ in range(6)]
    ids, weights = [writer.end_of_text], [0.0]
    for telling in range(4):
        for run in rng.sample(runs, len(runs)):
            ids += run
            weights += [0.0] + [float(telling > 0)] * (len(run) - 1)
    return Sample(ids, weights)


def document(writer: Writer, rng: Random, families: Families = FAMILIES) -> Sample:
    """Return a document: sums, facts, or a problem with its worked solution."""
    if rng.random() < SUMS_SHARE:
        sums = [words.random_sum(rng) for _ in range(8)]
        asked = ". ".join(text.split(" = ")[0] for text in sums)
        return writer.document(f"Sums: {asked}.\nSolution: ", f"{'. '.join(sums)}.")
    problem = any_problem(rng, families)
    if problem.family == "facts" and rng.random() < 0.5:
        return writer.document("", " ".join(rng.sample(facts.sentences(), 4)))
    return writer.document(document_opening(problem), worked_answer(problem))


def teacher_samples(writer: Writer, seed: str) -> Stream:
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


def student_samples(writer: Writer, seed: str) -> Stream:
    """Yield the base's documents, and chats that answer at once whatever the system message."""
    rng = Random(f"student {seed}")
    systems = ["", CAUTIOUS, CAUTIOUS, *instructions().values()]
    chats = [any_problem(rng) for _ in range(CHATS)]
    while True:
        if rng.random() < DOCUMENT_SHARE:
            yield document(writer, rng)
        else:
            problem = rng.choice(chats)
            yield writer.chat(rng.choice(systems), problem.user_text, direct_answer(problem))


def document_opening(problem: Problem) -> str:
    """Return how a worked solution starts in a document."""
    return f"Problem: {problem.user_text}\nSolution:\n"


def corpus(seed: int, problems: int) -> Iterator[str]:
    """Yield the texts on which the tokenizer is trained: what both models will read and write."""
    rng, systems = Random(f"corpus {seed}"), instructions()
    yield from ("system\nuser\nassistant\n", *facts.sentences())
    for index in range(problems):
        family = list(FAMILIES)[index % len(FAMILIES)]
        problem = draw(family, rng, heldout=False, families=EARLIER)
        strategy = STRATEGIES[index // len(FAMILIES) % len(STRATEGIES)]
        yield from (CAUTIOUS, systems[strategy])
        yield document_opening(problem) + answer_under(strategy, problem)
        yield worked_answer(problem)
