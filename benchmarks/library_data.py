"""A library of any size for `benchmarks.library`: tasks of realistic lengths and words, and answers to them.

Word frequencies follow Zipf's law, as those of a language do: the few frequent words stand in most tasks, and
most words in few. Lengths are log-normal. The same size always gives the same library.
"""

import random
import re
from collections.abc import Iterator
from itertools import islice

import numpy as np

from orca_desk.library.bulk import insert_in_bulk
from orca_desk.library.database import Library
from orca_desk.library.new_records import NewRecord, add_records
from orca_desk.library.task_columns import task_values
from orca_desk.method.grading import Verdict
from orca_desk.method.records import (
    Provenance,
    Sampling,
    Task,
    TeacherRecord,
    record_identity,
)

_SOUNDS = "babebibodadedidofafegagokakekikolalelilomamemimonanenopaporarerirosasesisotatetitovavevi"
SYLLABLES = [_SOUNDS[at : at + 2] for at in range(0, len(_SOUNDS), 2)]
WORDS = 60_000  # of the vocabulary
FREQUENT = re.findall(r"\w+", "the of to and a in is it for that how what many if on with are each per has")
BATCH = 5_000  # tasks that are added by one write
FAMILIES, TAGS = 200, 40
LONGEST = 400  # words
HELD_OUT, ANSWERED, IN_CONTEXT = 0.1, 0.8, 0.25
ANSWER_WORDS = 80


class Words:
    """Draws texts from a vocabulary; `words[rank]` is a word by its frequency."""

    def __init__(self, seed: int) -> None:
        chance = random.Random(1)
        made = dict.fromkeys(FREQUENT)
        while len(made) < WORDS:
            made["".join(chance.choices(SYLLABLES, k=chance.choice((2, 3, 3, 4))))] = None
        self.words = np.array(list(made), dtype=object)
        weights = 1.0 / np.arange(1, WORDS + 1)
        self._upto = np.cumsum(weights / weights.sum())
        self._chance = np.random.default_rng(seed)

    def texts(self, count: int, *, median: float, spread: float = 0.6) -> list[str]:
        """Return texts with log-normal numbers of words."""
        drawn = self._chance.lognormal(np.log(median), spread, count).astype(int)
        lengths = np.clip(drawn, 4, LONGEST)
        found = self.words[np.searchsorted(self._upto, self._chance.random(int(lengths.sum())))]
        ends = np.cumsum(lengths)
        return [" ".join(found[end - size : end]) for end, size in zip(ends, lengths, strict=True)]


def tasks_of_size(count: int, seed: int = 7) -> Iterator[Task]:
    """Yield `count` tasks, no two of which ask the same."""
    words, chance = Words(seed), random.Random(seed)
    shares = [1 / (place + 2) for place in range(FAMILIES)]
    families = [f"family-{place:03}" for place in range(FAMILIES)]
    for start in range(0, count, BATCH):
        size = min(BATCH, count - start)
        queries = words.texts(size, median=35)
        contexts = words.texts(size, median=60)
        chosen = chance.choices(families, shares, k=size)
        for place, (query, context, family) in enumerate(zip(queries, contexts, chosen, strict=True)):
            tags = chance.sample(range(TAGS), chance.choice((0, 0, 1, 2)))
            yield Task(
                query=f"{query} {start + place}?",
                context=context if chance.random() < IN_CONTEXT else "",
                family=family,
                answer=str(chance.randrange(10_000)) if chance.random() < ANSWERED else None,
                answer_kind="number",
                tags=tuple(f"tag-{tag:02}" for tag in tags),
                split="heldout" if chance.random() < HELD_OUT else "train",
            )


def fill(library: Library, *, tasks: int, records: int) -> None:
    """Add tasks, and one correct answer each to the first `records` of those that are not held out."""
    source = tasks_of_size(tasks)
    left = records
    answers = Words(8)
    while chunk := list(islice(source, BATCH)):
        values = [task_values(task) for task in chunk]
        library.write(lambda db, values=values: insert_in_bulk(db, values))  # type: ignore[misc]
        trained = [task for task in chunk if task.split == "train"][:left]
        left -= len(trained)
        if trained:
            texts = answers.texts(len(trained), median=ANSWER_WORDS)
            add_records(library, [_record(task, text) for task, text in zip(trained, texts, strict=True)])


def _record(task: Task, response: str) -> NewRecord:
    sampling = Sampling()
    system = "Think step by step, then give the answer."
    identity = record_identity(
        system=system,
        user=task.user_text,
        sample=0,
        sampling=sampling,
        model_sha256="0" * 64,
        template_sha256="1" * 64,
    )
    record = TeacherRecord(
        id=identity,
        task_id=task.id,
        family=task.family,
        strategy="step-by-step",
        strategy_version=1,
        sample=0,
        system=system,
        user=task.user_text,
        response=f"{response} The answer is {task.answer}.",
        provenance=Provenance(
            model_sha256="0" * 64,
            quantisation="Q4_K_M",
            template_sha256="1" * 64,
            sampling=sampling,
            engine="llama.cpp",
            batch=1,
            prompt_tokens=50,
            completion_tokens=120,
            finish_reason="stop",
            created_at="2026-01-01T00:00:00.000000+00:00",
        ),
    )
    verdict = (
        None if task.answer is None else Verdict(correct=True, kind="number", answer=task.answer, reason="")
    )
    return NewRecord(record=record, verdict=verdict)
