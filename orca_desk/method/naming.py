"""Whether a sentence names the answer to a short question, where the grader asks for the answer alone.

A student that was taught to end with "Answer: ..." is graded as correct where its base says the same in a
sentence: what it gained in form would hide what it lost in knowledge. A published model of 135M parameters
went from 28 to 62 correct answers of 220, with 23 more of its base's in sentences.
"""

import re

from orca_desk.method.thoughts import split_thoughts

LONGEST = 15  # words; a longer sentence tells more than the answer
_SENTENCE = re.compile(r"(?<=[.!?])\s|\n")
_DOUBT = re.compile(r"\b(?:or|nor|not|neither|never|either|maybe|perhaps)\b|n['’]t\b")
# What follows is what the answer is compared with: "The red box is lighter than the blue box."
_COMPARED = re.compile(r"\b(?:than|but|while|whereas)\b|(?<=\bcomes )(?:before|after)\b(?!.*\bis\b)")
_OPTIONS = re.compile(r"[:,]\s*([^:.?]*?\bor\b[^:.?]*)")
_ARTICLE = re.compile(r"^(?:the|a|an|in|on|at)\s+")


def names_answer(question: str, response: str, answer: str) -> bool:
    """Return whether the first sentence of a response names the answer and no other option of the question.

    A long sentence names nothing, nor does one with an alternative or a denial, or that repeats the question.
    What it compares the answer with does not count.
    """
    visible = split_thoughts(response)[1].strip()
    sentence = _SENTENCE.split(visible, maxsplit=1)[0].casefold()
    asked = question.casefold()
    if (
        not sentence
        or len(sentence.split()) > LONGEST
        or _DOUBT.search(sentence)
        or sentence.rstrip(".!? ") in asked
    ):
        return False
    others = [one for one in options(asked) if one != answer.casefold()]
    said = _COMPARED.split(sentence, maxsplit=1)[0]
    return _has(said, answer.casefold()) and not any(_has(said, one) for one in others)


def options(question: str) -> list[str]:
    """Return what a question offers to choose from: "start, finish or wait" after a colon or a comma."""
    found = _OPTIONS.search(question)
    if found is None:
        return []
    parts = re.split(r",|\bor\b", found[1])
    return [_ARTICLE.sub("", part.strip(" \"'").casefold()) for part in parts if part.strip(" \"'")]


def _has(sentence: str, words: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(words)}(?!\w|['’]s\b)", sentence) is not None
