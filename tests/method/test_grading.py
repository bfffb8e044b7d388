"""What people and models write as answers, and how it is graded: one table a kind."""

import pytest

from orca_desk.method.grading import grade, infer_kind
from orca_desk.method.records import AnswerKind
from orca_desk.ui.words.grading import verdict_reason

# Reference -> answers that are right, answers that are wrong.
Table = dict[str, tuple[list[str], list[str]]]

NUMBER: Table = {
    "18": (
        [
            "18",
            "18.",
            "18.0",
            "18.00",
            "$18",
            "Answer: 18",
            "Answer: $18.00",
            "**Answer:** 18",
            "**Answer: 18**",
            "The answer is 18.",
            "the final answer is $\\boxed{18}$. I hope it is correct.",
            "#### 18",
            "A: 18",
            "Step 1: 9*2=18\nAnswer: 18 dollars",
            "She makes 9*2 = <<9*2=18>>$18 every day",
            "x = 18",
            "Answer: x = 18",
            "So she makes $18.",
            "eighteen",
            "Answer: eighteen",
            "answer is: 18",
            "ANSWER: 18",
            "Answer:\n18",
            "Answer:\n\n18 apples",
            "<answer>18</answer>",
            "<think>17? Answer: 17</think>18",
            "Answer: 16 + 2 = 18",
            "Answer: 18 (16 + 2)",
            "Answer: 18 apples in 3 baskets",
            "Answer: In 3 days he earns $18",
            "Answer: not 17 but 18",
            "Answer: 18, not 17",
            "Answer: about 18",
            "18 eggs\n\nHope this helps!",
            "\\[ \\boxed{18} \\]",
            "Answer: \\(18\\)",
            "Answer: $18$",
            "Answer: 18<|im_end|>",
            "Answer: 18</s>",
            "Guess: 5\nCheck: no\nGuess: 18\nCheck: yes\nAnswer: 18",
            "The answer is 17. Wait, that is wrong. The answer is 18.",
            "Answer: 18. This is because 9*2=18.",
            "The answer to the question is 18",
            "My answer would be 18",
            "The answer is therefore 18",
            "The answer is \\text{18 apples}",
            "Final Answer: 18",
            "**Final Answer**\n\n18",
            "Answer - 18",
            "1.8e1",
            "Answer: 1.8 × 10^1",
            "Answer: 36/2",
            "Answer: 18/1",
            "１８",
            "Answer: 18 ≈ 18",
            "Answer: $18 per day",
            "18 - that is the answer",
            "It is 18, since 9 * 2 = 18",
            "Answer: 18 = 9*2",
        ],
        [
            "",
            "  ",
            "17",
            "Answer: 17",
            "Answer: 18 or 17",
            "Answer: 17 or 18",
            "Answer: 18 and 17",
            "18 or 19",
            "Answer: 17-18",
            "Answer: 17 to 18",
            "between 17 and 18",
            "Answer: not 18",
            "-18",
            "−18",
            "Answer: 180",
            "Answer: 1.8",
            "118",
            "Answer: 18.5",
            "18:00",
            "Answer: 12/18/2020",
            "Answer: A18",
            "9 + 18",
            "Answer: 5\nAnswer: 18",
            "The answer is 5. So the answer is 18.",
            "Answer: ?",
            "I don't know",
            "Answer: x = 17, y = 18",
            "18%%%5",
            "Answer: 18 million",
            "Answer: 18k",
            "The answer is 18 - 3 = 15",
            "so 3 * 18 + ",
            "(8 + 18",
            "18 = 9 +",
            "Answer: 3, 18",
            "Answer: 18 / 17",
            "Answer: 18e3",
        ],
    ),
    "5,600": (
        [
            "5600",
            "5,600",
            "5 600",
            "5600.00",
            "$5,600",
            "5'600",
            "5_600",
            "5.6k",
            "5.6 thousand",
            "A: 5600",
            "5600 dollars",
        ],
        [
            "5.6",
            "56",
            "560",
            "5,60",
        ],
    ),
    "0.5": (
        [
            "1/2",
            "50%",
            ".5",
            "0.50",
            "½",
            "Answer: \\frac{1}{2}",
            "0.5",
            "50 percent",
            "5e-1",
            "0,5",
        ],
        [
            "5",
            "0.05",
            "2",
            "1/3",
            "5%",
            "0.55",
        ],
    ),
    "50%": (
        [
            "50%",
            "0.5",
            "1/2",
            "50 percent",
            "50 %",
            "Answer: 50\\%",
        ],
        [
            "50",
            "0.5%",
            "5%",
            "500",
            "5",
        ],
    ),
    "1/3": (
        [
            "1/3",
            "0.33",
            "0.333",
            "33.33%",
            "2/6",
        ],
        [
            "0.3",
            "0.34",
            "3",
            "0.25",
            "1/4",
        ],
    ),
    "3.14": (
        [
            "3.14159",
            "3.14",
            "3.1400",
            "22/7",
        ],
        [
            "3.1",
            "3.2",
            "3.15",
            "3",
            "314",
        ],
    ),
    "2.5": (
        [
            "2.5",
            "2 1/2",
            "5/2",
            "2½",
            "2,5",
            "2.50",
        ],
        [
            "2.46",
            "2.51",
            "25",
            "2",
        ],
    ),
    "-3": (
        [
            "-3",
            "−3",
            "–3",
            "minus three",
            "Answer: -3",
            "Answer: −3.0",
            "x=-3",
            "-3 degrees",
            "-3.",
        ],
        [
            "3",
            "Answer: 3",
        ],
    ),
    "5 km": (
        [
            "5 km",
            "5000 m",
            "5",
            "5 kilometers",
            "5,000 metres",
        ],
        [
            "5 m",
            "5 miles",
            "5 hours",
            "500",
        ],
    ),
    "$2.50": (
        [
            "$2.50",
            "2.5",
            "250 cents",
            "2.50 dollars",
            "US$2.50",
            "2.499999",
        ],
        [
            "€2.50",
            "25",
            "2.05",
            "250 dollars",
        ],
    ),
    "2 hours": (
        [
            "120 minutes",
            "2 hrs",
            "2 h",
            "2",
        ],
        [
            "2 minutes",
            "120 hours",
            "3",
        ],
    ),
    "1000000": (
        [
            "1 million",
            "1,000,000",
            "1e6",
            "1 × 10^6",
            "1.0 million",
        ],
        [
            "1",
            "1 billion",
        ],
    ),
    "10:30": (
        [
            "10:30",
            "Answer: 10:30",
        ],
        [
            "10:31",
            "30",
        ],
    ),
    "12/25/1937": (
        [
            "12/25/1937",
            "Answer: 12/25/1937.",
        ],
        [
            "12/26/1937",
            "25",
        ],
    ),
}

CHOICE: Table = {
    "(B)": (
        [
            "(B)",
            "B",
            "B.",
            "B)",
            "b",
            "(b)",
            "Answer: B",
            "Answer: (B)",
            "Answer: B) the box",
            "The answer is (B).",
            "Answer: **B**",
            "Option B",
            "option B is correct",
            "The correct option is B",
            "The correct answer is (B) the box",
            "B because it is larger",
            "(B) because (A) is too small and (C) is too big",
            "Answer: B, not A",
            "Answer: (B) and not (A)",
            "\\boxed{B}",
            "\\boxed{\\text{B}}",
            "Answer: [B]",
            "B: the box",
            "Let's see. A is out. So the answer is B",
            "Answer: The answer is B",
            "Answer: (A) is wrong, so (B)",
            "I choose option B.",
            "It must be (B).",
            "**B**",
            'Answer: "B"',
            "Answer: B - the box",
        ],
        [
            "",
            "A",
            "(A)",
            "Answer: A",
            "Answer: (A), (B), (C)",
            "(A) (B) (C) (D)",
            "Answer: A or B",
            "Answer: (A) red or (B) blue",
            "Answer: (A) and (B)",
            "None of the above",
            "Answer: not B",
            "Answer: A, not B",
            "the box",
            "If we look at (B), it says that X. This is a hyperbole",
            "Answer: AB",
            "Answer: A/B",
            "Answer: B or C",
            "Vitamin B",
            "Answer: A because B is too small",
            "Boat",
            "B, C",
        ],
    ),
    "(A)": (
        [
            "A",
            "(A)",
            "Answer: A",
            "Answer: A.",
            "Answer: A because it is big",
            "Answer: A) cat",
            "a",
            "Option A",
            "Answer: Option A",
            "The answer is A",
        ],
        [
            "A cat sat on the mat",
            "Answer: a cat is B",
            "I",
            "B",
            "Answer: A and B",
        ],
    ),
    "(B) the box": (
        [
            "B",
            "(B)",
            "the box",
            "Answer: box",
            "Answer: (B) the box",
            "Answer: The box.",
            "B. the box",
        ],
        [
            "A",
            "the basket",
            "Answer: A) the box",
            "(C)",
        ],
    ),
}

TEXT: Table = {
    "Yes": (
        [
            "Yes",
            "yes.",
            "Yes, he does.",
            "YES!",
            "Answer: Yes",
            "Answer: yes, because he did",
            "Yes - he did",
            "The answer is Yes.",
            "So the answer is yes",
        ],
        [
            "No",
            "yes and no",
            "Yes or no",
            "Answer: no",
            "No, yes",
            "Not yes",
            "",
            "I say nothing",
            "Yesterday",
        ],
    ),
    "the box": (
        [
            "box",
            "The box.",
            "Answer: the box",
            "Answer: It is in the box.",
            "It's in the box",
            "in the box",
            'Answer: "the box"',
            "Answer: the box, not the basket",
            "Answer: the box because he put it there",
            "Answer: the box (he put it there)",
            "The ball is in the box.",
            "He put it there. So it is in the box.",
            "Answer: box\n\nDone",
            "BOX",
            "Answer: **The Box**",
        ],
        [
            "the basket",
            "Answer: the box or the basket",
            "box, basket",
            "Answer: not the box",
            "the blue box",
            "boxes",
            "the box and the basket",
            "It is not in the box",
        ],
    ),
    "Paris": (
        [
            "Paris",
            "paris",
            "The capital of France is Paris.",
            "Answer: Paris.",
            "Paris!",
            "**Paris**",
            "Answer: “Paris”",
        ],
        [
            "The capital of France is not Paris.",
            "London",
            "Paris or London",
            "Paris, London",
        ],
    ),
    "café": (
        [
            "cafe",
            "CAFÉ",
            "café",
        ],
        [
            "coffee",
        ],
    ),
    "C++": (
        [
            "C++",
            "c++",
        ],
        [
            "C",
            "C#",
        ],
    ),
    "syndrome therefrom": (
        [
            "syndrome therefrom",
            "Answer: syndrome therefrom",
            "syndrome, therefrom",
        ],
        [
            "therefrom syndrome",
        ],
    ),
    ") ]": (
        [
            ") ]",
            ")]",
            "Answer: ) ]",
        ],
        [
            "] )",
            ")",
        ],
    ),
}

ORDERING: Table = {
    "red, green, blue": (
        [
            "red, green, blue",
            "Answer: red, green, blue",
            "Answer: red; green; blue",
            "red > green > blue",
            "red -> green -> blue",
            "Answer: red then green then blue",
            "red, green and blue",
            "red, green, and blue.",
            "1. red\n2. green\n3. blue",
            "Answer:\n1. red\n2. green\n3. blue",
            "- red\n- green\n- blue",
            "Answer: First red, then green, and finally blue.",
            "the red ball, the green ball, the blue ball",
            "[red, green, blue]",
            "Answer: red green blue",
            "Red, Green, Blue",
            "The order is: red, green, blue",
            "Answer: 1) red, 2) green, 3) blue",
            "red\ngreen\nblue",
            "Step 1: x\nAnswer: red, green, blue",
            "Answer: red → green → blue",
            "The order from left to right is red, green, blue.",
        ],
        [
            "red, blue, green",
            "red, green",
            "red, green, blue, white",
            "blue, green, red",
            "Answer: red",
            "",
            "red, green, green",
            "not red, green, blue",
            "Answer: red, green, blue or red, blue, green",
        ],
    ),
    "1, 2, 3": (
        [
            "1, 2, 3",
            "1,2,3",
            "[1, 2, 3]",
            "1 2 3",
            "1 < 2 < 3",
            "1 -> 2 -> 3",
        ],
        [
            "1, 3, 2",
            "123",
            "6",
        ],
    ),
}

KEYED: Table = {
    "John: the box. Mark: the basket.": (
        [
            "John: the box. Mark: the basket.",
            "Answer: John: the box. Mark: the basket.",
            "Answer: John: box, Mark: basket",
            "John thinks the ball is in the box and Mark thinks it is in the basket",
            "John thinks the ball is in the box. Mark thinks the ball is in the basket.",
            "Answer: John thinks it's in the box, Mark thinks it's in the basket.",
            "Answer:\nJohn: the box\nMark: the basket",
            "- **John**: the box\n- **Mark**: the basket",
            "John = box; Mark = basket",
            "John -> box, Mark -> basket",
            "Mark: the basket. John: the box.",
            "JOHN: THE BOX, MARK: THE BASKET",
            "The box for John and the basket for Mark.",
            "in the box (John) and in the basket (Mark)",
            "John and Mark think it is in the box and the basket, respectively.",
            "John will look in the box, while Mark will look in the basket.",
            "John: in the box. Mark: in the basket.",
            "John put the ball in the box and left. Mark moved the ball from the box to the basket. "
            "So John thinks the ball is in the box, and Mark thinks the ball is in the basket.",
            "John does not know that Mark moved the ball to the basket, so John thinks it is in the box. "
            "Mark thinks it is in the basket.",
            "John thinks it is in the box, not the basket. Mark thinks it is in the basket.",
            "Recall: John left.\nAnswer: John: the box. Mark: the basket.",
            "John believes that the ball is still in the box because he put it there. "
            "Mark believes the ball is in the basket because he moved it there.",
        ],
        [
            "John: the basket. Mark: the box.",
            "John: the box.",
            "John and Mark: the box",
            "Both think it is in the box",
            "John thinks it is in the basket and Mark thinks it is in the box",
            "",
            "John: the box or the basket. Mark: the basket.",
            "John: the box. Mark: the box.",
            "John thinks that Mark thinks it is in the basket",
            "John puts the ball in the box. Mark puts the ball in the basket.",
            "Step 1: John puts it in the box, ball box.\nStep 2: Mark moved it to the basket.\nStep",
            "John: the blue box. Mark: the basket.",
            "the box, the basket",
            "John: the cupboard. Mark: the basket.",
            "They both think the ball is in the basket",
            "John: not the box. Mark: the basket.",
            "Answer: John: the box. Mark: the basket or the box.",
            "John thinks it is in the box or the basket and Mark thinks it is in the basket.",
        ],
    ),
    "x = 5, y = 3": (
        [
            "x = 5, y = 3",
            "x=5 and y=3",
            "Answer: x = 5, y = 3",
            "y = 3, x = 5",
            "x is 5 and y is 3",
            "x: 5; y: 3",
        ],
        [
            "x = 3, y = 5",
            "x = 5",
            "x = 5, y = 30",
            "x = 5.3, y=3",
        ],
    ),
    "Ann: the box. Bob: the box.": (
        [
            "Ann and Bob both think it is in the box.",
            "Ann and Bob: the box",
            "Ann: the box. Bob: the box.",
        ],
        [
            "Ann: the box",
        ],
    ),
}

EXACT: Table = {
    "abc": (
        [
            "abc",
            "Answer: abc",
            "The answer is abc.",
            " abc\n",
        ],
        [
            "ABC",
            "Answer: Abc",
            "abcd",
        ],
    ),
    "a_b*c`": (
        [
            "a_b*c`",
            "Answer: a_b*c`",
        ],
        [
            "abc",
        ],
    ),
}

# More of the same, met in the wild.
MORE: dict[AnswerKind, Table] = {
    "number": {
        "18": (
            [
                "Answer: she has 18",
                "Answer: The total is 18.",
                "Answer: 18 people (out of 30)",
                "So the final answer is: 18",
                "Answer: **$18**",
                "Therefore, the number of eggs is 18.",
                "Answer: 18\n\nLet me know if you need more than 5 examples!",
                "The answer is:\n\n$$18$$",
                "$$\\boxed{18}$$",
                "\\boxed{\\$18}",
                "\\boxed{18\\text{ dollars}}",
                "\\boxed{18 \\text{ dollars}}",
                "The result is 18!",
                "Total: 18",
                "= 18",
                "Answer: 18 cm²",
                "Answer: 18cm",
                "Answer: $18/day",
                "Answer: 18 per 2 hours",
                "Answer: (18)",
                "Answer: [18]",
                "Answer: {18}",
                "Answer: 18,",
                "Answer: '18'",
                "Answer: 18 – done",
                "My final answer: 18.",
                "Answer = 18",
                "ANSWER IS 18",
                "So the total cost comes to $18",
                "18",
                "Answer: (16 + 2) = 18",
                "Answer: 6 × 3 = 18",
                "There are 18 of them",
                "The answer is eighteen dollars",
                "Answer: It costs $18 in total",
                "The answers is 18",
                "answer：18",
                "答案：18",
                "Answer: 18​",
            ],
            [
                "Answer: either 17 or 18",
                "Answer: 17/18",
                "Answer: 18-20",
                "Answer: 18–20",
                "Answer: 18, 19",
                "Answer: 2018",
                "Answer: 0.18",
                "answer: -18",
                "Answer: 18 thousand",
                "Answer: 5. Or 18",
                "Answer: 5 (or 18)",
                "Answer: 18 (or 20)",
                "Answer: 18 or maybe 20",
                "Answer: 18, or possibly 20",
                "Answer: isn't 18",
                "The answer cannot be 18",
                "I think the answer is not 18.",
                "Answer: 1 8",
                "Answer: 18^2",
                "Answer: 18 + 3",
                "Answer: 18*2",
                "Answer: $18 - $3",
            ],
        ),
    },
    "choice": {
        "(B)": (
            [
                "The answer is option (B)",
                "Answer: (B) 12/24/1936",
                "(B) 12/24/1936",
                "Correct answer: B",
                "The answer is: B.",
                "B is the correct answer",
                "B is correct.",
                "Therefore, the answer is B",
                "I'd go with B.",
                "So B",
                "Answer: B (the box)",
                "Answer: B: the box",
                "Answer:B",
                "The correct choice is (B).",
                "Choice B",
                "Answer: \\textbf{B}",
                "Answer: \\textbf{(B)}",
                "B",
                "Answer: The correct option is B",
                "(A) is wrong because it is small.\n(B) fits.\nAnswer: (B)",
                "**B)** the box",
                "The best answer is B.",
                "B\n\nExplanation: A is too small.",
                "(B)\nbecause (A) is wrong",
                "Answer: B.",
                "answer: (b)",
                "The answer is \\boxed{(B)}.",
            ],
            [
                "Answer: (A) or (B)",
                "Both A and B",
                "Answer: all of the above",
                "Answer: A, B",
                "Either (A) or (B)",
                "Answer: A & B",
                "(A) the box (B) the bag",
                "A or B",
                "Answer: AB.",
                "I'd go with A, but B is possible",
                "Answer: B and C",
                "Answer: B, C, D",
                "B or C",
                "Answer: (B) (C)",
            ],
        ),
    },
    "text": {
        "Yes": (
            [
                "Yes.\n\nBecause he did.",
                "I think yes",
                "Answer: **Yes**",
                "Yes; he did",
                "Answer: yes!",
                "So, yes.",
                "Therefore the answer is yes, because there is no way back.",
            ],
            [
                "Answer: No, yes is wrong",
                "It is not yes",
                "The answer is no, not yes",
            ],
        ),
        "True": (
            [
                "True",
                "true.",
                "The statement is true.",
                "Answer: TRUE",
            ],
            [
                "The statement is not true.",
                "False",
                "untrue",
            ],
        ),
        "valid": (
            [
                "valid",
                "The argument is valid.",
            ],
            [
                "invalid",
                "not valid",
                "The argument is invalid.",
            ],
        ),
        "the box": (
            [
                "Answer: He thinks it is in the box",
                "Answer: They will look in the box",
                "Answer: Box.",
                "The answer is: in the box",
                "box",
            ],
            [
                "Answer: the box then the basket",
                "the box / the basket",
                "Answer: box or basket, or both",
                "not in the box",
            ],
        ),
    },
}

INFERRED: dict[AnswerKind, list[str]] = {
    "number": [
        "12/25/1937",
        "2019-06-01",
        "10:30",
        "5 pm",
        "1 January",
        "1st January",
        "3 hours 20 minutes",
        "5:3",
        "10-15",
        "±5",
        "21st",
        "18",
        "-5",
        "$18",
        "1,000",
        "18 apples",
        "5 km/h",
        "1/2",
        "2 1/2",
        "50%",
        "3.14",
        "1e5",
        "twelve",
        "twenty-five",
        "A: 18",
        "#### 18",
        "\\boxed{18}",
        "Answer: 7",
        "½",
        "-0.5",
        "$1,234.56",
        "3 million",
        "A: 1,000",
        "6.02 × 10^23",
        "the answer is 5",
        "x = 5",
    ],
    "choice": [
        "(A)",
        "A",
        "A.",
        "A)",
        "(b)",
        "(B) the box",
        "B. the box",
        "Option C",
        "B: the box",
    ],
    "ordering": [
        "red, green, blue",
        "red > green > blue",
        "a; b",
        "red\ngreen\nblue",
        "1, 2, 3",
        "[3, 1, 2]",
        "first -> second",
        "1. red\n2. blue",
    ],
    "keyed": [
        "John: the box. Mark: the basket.",
        "x = 5, y = 3",
        "John: box; Mark: basket",
        "John: the box\nMark: the basket",
    ],
    "text": [
        "Yes",
        "True",
        "valid",
        "syndrome therefrom",
        "Paris, France",
        "the box",
        "Paris",
        "I think so",
        "3 of clubs",
        "A cat",
        "",
        "  ",
        "?!",
        ") ]",
        "He said: no",
        "A: the box",
        "x",
        "Mr. Smith",
    ],
}


TABLES: dict[AnswerKind, Table] = {
    "number": NUMBER,
    "choice": CHOICE,
    "text": TEXT,
    "ordering": ORDERING,
    "keyed": KEYED,
    "exact": EXACT,
}
# Kinds that a reference does not show, so they are asked for.
ASKED = {"exact": set(EXACT), "text": {"C++"}}


def rows(kind: AnswerKind, *, right: bool) -> list[tuple[str, str]]:
    """Return (reference, response) of every case of a kind that is right (or wrong)."""
    return [
        (reference, response)
        for table in (TABLES.get(kind, {}), MORE.get(kind, {}))
        for reference, answers in table.items()
        for response in answers[0 if right else 1]
    ]


def asked(kind: AnswerKind, reference: str) -> AnswerKind | None:
    return kind if reference in ASKED.get(kind, ()) else None


@pytest.mark.parametrize("kind", TABLES | MORE)
def test_a_correct_answer_counts_in_every_form(kind: AnswerKind) -> None:
    for reference, response in rows(kind, right=True):
        verdict = grade(response, reference, asked(kind, reference))
        assert verdict.correct, (response, verdict.reason)
        assert verdict.kind == kind, (reference, response)
        assert verdict.answer is not None, (reference, response)


@pytest.mark.parametrize("kind", TABLES | MORE)
def test_an_incorrect_answer_counts_in_no_form(kind: AnswerKind) -> None:
    for reference, response in rows(kind, right=False):
        verdict = grade(response, reference, asked(kind, reference))
        assert not verdict.correct, (response, verdict.reason)
        assert verdict.kind == kind, (reference, response)
        assert verdict_reason(verdict.reason).endswith("."), verdict.reason


@pytest.mark.parametrize(
    ("kind", "reference"),
    [(kind, reference) for kind, references in INFERRED.items() for reference in references],
)
def test_the_kind_is_inferred_from_the_form_of_the_reference(kind: AnswerKind, reference: str) -> None:
    assert infer_kind(reference) == kind
    assert grade(reference, reference).correct == bool(reference.strip())


@pytest.mark.parametrize(
    ("response", "reference", "reason"),
    [
        ("Answer: 18", "18", "The answer is 18, as expected."),
        ("Answer: $18.00", "18", "The answer is $18.00, the same as 18."),
        ("Answer: 17", "A: 18", "The answer is 17, but 18 was expected."),
        ("John: the box.", "John: the box.", "The answer is John: the box, as expected."),
        ("", "18", "The response is empty; 18 was expected."),
        ("I cannot say.", "18", "The response has no final number; 18 was expected."),
        ("Answer: 5 or 6", "5", "The response gives more than one answer (5 or 6); only 5 was expected."),
        ("Answer: 5\nAnswer: 6", "6", "The response gives two different final answers: 5 and 6."),
        ("18", " ", "There is no reference answer to compare with."),
        (
            "Answer: red, blue, green",
            "red, green, blue",
            "The answer is red, blue, green, but red, green, blue was expected. The items are correct, "
            "but their order differs from item 2 on.",
        ),
        (
            "John: the box. Mark: the box.",
            "John: the box. Mark: the basket.",
            "The answer is incorrect: for Mark it says the box, but the basket was expected.",
        ),
    ],
)
def test_the_reason_says_what_was_found_and_what_was_expected(
    response: str, reference: str, reason: str
) -> None:
    assert verdict_reason(grade(response, reference).reason) == reason


def test_a_kind_that_the_reference_does_not_have_is_compared_as_text() -> None:
    assert grade("Answer: the box", "the box", "number").correct
    assert not grade("Answer: 5", "the box", "number").correct
    assert grade("the box", "the box", "choice").correct
    assert grade("the box", "the box", "keyed").correct


def test_words_can_be_an_ordering_without_separators_when_asked_for() -> None:
    assert grade("Answer: apple, bear, cat", "apple bear cat", "ordering").correct
    assert not grade("Answer: apple cat bear", "apple bear cat", "ordering").correct


def test_a_whole_solution_can_be_the_reference() -> None:
    assert grade("The answer is 1,018 eggs.", "She has 1000 + 18 = 1018 eggs.\n#### 1018").correct
    assert grade("\\boxed{7}", "We get $x = \\boxed{7}$.").correct
