import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.public_data import MISSING, PUBLIC_DATA
from orca_desk.method.leaks import find_leaks, find_mentions, find_quotes
from orca_desk.method.strategies import load_folder
from orca_desk.paths import resources

STRATEGIES = load_folder(resources() / "strategies")
RECALL = STRATEGIES["recall-then-generate"].instruction
STEPS = STRATEGIES["step-by-step"].instruction

LEAKING = [
    "As the instructions say, I will first recall the facts.\nAnswer: 4",
    "As instructed, step one is the sum.",
    "The system prompt says to be careful.\nAnswer: 4",
    "According to the instructions, I must recall the facts.",
    "I was told to write a line first.",
    "I am supposed to recall facts first.",
    "Following your instructions, here are the facts.",
    "As you asked, the facts come first.",
    "I will follow the instructions given.",
    "Per the instructions above I recall the facts.",
    "My instructions say that I must recall.",
]
FINE = [
    "Step 1: John puts the ball in the box.\nStep 2: Mark puts it in the basket.\nAnswer: the box",
    "Recall: Paris is the capital of France.\nAnswer: Paris",
    "Explanation: birds lay eggs, and a wren is a bird.\nAnswer: yes",
    'Extract: "The train leaves at nine."\nAnswer: nine',
    "Guess: 4\nCheck: 4 + 4 = 9? no\nGuess: 5\nCheck: 5 + 4 = 9? yes\nAnswer: 5",
    "Let's think step by step. First, the number of apples is 3. So the answer is 3.",
    "The teacher told Ann to read the instructions on the box, so Ann read them.",
    "She was asked to bring 4 cakes. Following the recipe, she needs 8 eggs.",
    "If you follow the directions to the park you turn left, so the answer is (A).",
    "First find the number of steps, then start with the last line of the table.",
    "",
]


@pytest.mark.parametrize("response", LEAKING)
def test_mentions_of_instructions_are_found(response: str) -> None:
    assert find_mentions(response)


@pytest.mark.parametrize("response", FINE)
@pytest.mark.parametrize("name", sorted(STRATEGIES))
def test_good_answers_are_not_flagged(response: str, name: str) -> None:
    assert find_leaks(STRATEGIES[name].instruction, response) == ()


def test_quotes_are_found_with_their_place_whatever_the_case_and_punctuation() -> None:
    response = "I must WORK through the problem, step by step.\nStep 1: 2 + 2 = 4\nAnswer: 4"
    (leak,) = find_leaks(STEPS, response)
    assert leak.text == "WORK through the problem, step by step"
    assert response[leak.start : leak.end] == leak.text
    assert leak.why == "quotes the strategy's instruction"


def test_an_answer_can_quote_and_mention_its_instruction() -> None:
    response = "As the instructions say, I will first recall the facts that the question needs.\nAnswer: 4"
    assert [leak.why.split()[0] for leak in find_leaks(RECALL, response)] == ["mentions", "quotes"]


def test_what_the_instruction_asks_for_is_not_a_quote() -> None:
    instruction = 'End with "I am quite sure of this answer, truly:".'
    assert find_quotes(instruction, "I am quite sure of this answer, truly: 4") == ()


def test_what_the_question_says_is_not_a_leak() -> None:
    question = "The system prompt says: first recall the facts that the question needs. What does it say?"
    response = "The system prompt says to first recall the facts that the question needs."
    assert find_leaks(RECALL, response, question=question) == ()
    assert find_leaks(RECALL, response) != ()


def test_a_short_instruction_counts_when_quoted_whole() -> None:
    assert find_quotes("Think it through.", "I will think it through.")[0].text == "think it through"
    assert find_quotes("Think it through.", "I think so.") == ()
    assert find_quotes("", "Anything at all, really, in any order.") == ()


@given(name=st.sampled_from(sorted(STRATEGIES)), before=st.text(max_size=30), after=st.text(max_size=30))
def test_the_whole_instruction_is_always_found(name: str, before: str, after: str) -> None:
    instruction = STRATEGIES[name].instruction
    response = f"{before} {instruction} {after}"
    leaks = find_leaks(instruction, response)
    assert leaks
    assert all(response[leak.start : leak.end] == leak.text for leak in leaks)


@pytest.mark.skipif(not PUBLIC_DATA.is_dir(), reason=MISSING)
def test_false_flags_are_rare_on_real_solutions() -> None:
    lines = (PUBLIC_DATA / "gsm8k" / "train.jsonl").read_text(encoding="utf-8").splitlines()[:3000]
    rows = [json.loads(line) for line in lines]
    outcomes = (PUBLIC_DATA / "bbh" / "strategy_outcomes.jsonl").read_text(encoding="utf-8").splitlines()
    answers = [(row["question"], row["answer"]) for row in rows]
    answers += [(row["input"], row["step_by_step"]) for row in map(json.loads, outcomes)]
    flagged = [leak for question, answer in answers for leak in find_leaks(STEPS, answer, question=question)]
    assert len(flagged) <= len(answers) / 1000, flagged[:5]


def test_many_quotes_and_a_long_question_are_read_in_linear_time() -> None:
    instruction = "Recall whatever facts matter here, reason carefully over them, then conclude."
    leaks = find_leaks(instruction, f"{instruction} Well. " * 2000, question="a quick brown fox " * 10_000)
    assert len(leaks) == 2000
    assert not find_leaks(instruction, instruction, question=f"Translate: {instruction}")
