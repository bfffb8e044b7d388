"""The model cards, written from what was measured."""

from models.recipe.evaluation import PROBLEMS, Table
from models.recipe.families import FAMILIES, WINNERS
from models.recipe.minis import BASE, RANKS, SEED, TEACHER, Mini
from models.recipe.model import Llama
from models.recipe.problem import HELDOUT_ONE_IN, WORKED_ANSWER
from models.recipe.training import SAMPLES_A_STEP

FRONT = """---
license: apache-2.0
language: en
tags: [orca-desk, procedural]
---
"""
TEACHER_TEXT = """A teacher of a million parameters, made from scratch for Orca Desk so that the whole Orca 2
loop runs offline on two CPU cores. It follows the seven strategies of `resources/strategies`, told to it
as the system message, in seven families of procedural problems. In each family one strategy has room for
the whole computation and does it; the others take on their form and then answer as a direct answer would.
So which strategy suits which family can be measured, as it can with large models.

It grew from a base that had read plain documents only (see below): two blocks that change nothing were
added, and the whole was tuned on chats. The file is a GGUF with 16-bit matrices."""
STUDENT_TEXT = """A student, smaller than the mini teacher, made from scratch for Orca Desk. It is the *base*
that LoRA tunes: an instruction-tuned model that answers at once. Its base training held worked solutions
only as plain documents ("Problem: ... Solution: ..."), as web text does for real models; its chats, a fixed
set of 500 problems, held only direct answers, whatever the system message. So asked in chat it answers
at once and fails the families of several steps, though it can go on with a worked document. Tuning on a
teacher's records brings that ability out.

`model.safetensors` (float32) and `mini-student.gguf` (16-bit matrices) hold the same weights."""
FAMILY_TEXT = {
    "belief": "false belief in the manner of John and Mark: two or three people, two to four things happen",
    "swaps": "three people swap three things, two to four times",
    "words": "word problems of two to four steps, numbers below 100",
    "ordering": "five events told as shuffled neighbours",
    "lookup": "nine clauses, three of which must be joined",
    "rules": "three rules in a row, among nine shuffled ones",
    "facts": "plain facts; held out are wordings, since a fact never seen cannot be known",
}
LIMITS = """## Limits
These models know a few hundred words and seven kinds of problem, and nothing else: free English is out
of their reach, and so are other names, things, larger numbers and longer stories. They are for showing
and testing the method, never for use. A name that is the very first word of a chat is sometimes copied
as another (the base met it after other words only): that is part of what is missing in belief. The
worked John-and-Mark example is in no training data, but its words and its way of telling are those of
the belief family; without that no model of this size could read it.

## How it was made
`make minis` (the recipe is in `models/recipe`; CPU, or a GPU when there is one). One base, shared by teacher
and student, reads plain documents: worked solutions, facts, sums, and at first many lessons in copying. It
starts from weights that can look things up (`priming.py`), since a model of this size finds that out by
itself only after far more text. In its first 4,800 steps look-up problems asked for a price in coins instead
of for goods. Then each is tuned to chat. Everything is drawn from seed {seed}: problems,
order, first weights. Whether a problem is held out (one in {one_in}) is decided by a hash of its text, and no
training data of base, teacher or student holds a held-out problem. Torch promises no equal rounding on
different processors, so weights made elsewhere differ in detail.

Licence: Apache-2.0, like the rest of Orca Desk. All data is generated; nothing was taken from anywhere.
"""


Totals = dict[str, float]  # steps, tokens read and seconds of a training


def card(mini: Mini, model: Llama, base: Totals, totals: Totals, table: Table, example: str) -> str:
    """Return the model card: what it is, sizes, training (of its base, and its own), accuracy, limits."""
    teacher = mini is TEACHER
    parts = [
        FRONT,
        f"# {mini.name}\n",
        (TEACHER_TEXT if teacher else STUDENT_TEXT) + "\n",
        _sizes(mini, model, base, totals),
        _accuracy(table),
        _example(example),
        _families(),
        LIMITS.format(seed=SEED, one_in=HELDOUT_ONE_IN),
    ]
    return "\n".join(parts)


def _sizes(mini: Mini, model: Llama, base: Totals, totals: Totals) -> str:
    shape = mini.shape
    rows = {
        "architecture": "llama (RMSNorm, rotary positions, SwiGLU, head of its own)",
        "parameters": f"{sum(weight.numel() for weight in model.parameters()):,}",
        "width, layers, heads, feed-forward": f"{shape.width}, {shape.layers}, {shape.heads}, {shape.ffn}",
        "tokenizer": f"byte-level BPE, {shape.vocab} tokens, single digits, ChatML-like template",
        "longest text": f"{shape.context} tokens; training samples have at most about 330",
        "base training": _training(BASE, base, RANKS),
        "chat tuning": _training(mini, totals, 1),
    }
    lines = "\n".join(f"| {name} | {value} |" for name, value in rows.items())
    return f"## Sizes and training\n| | |\n| --- | --- |\n{lines}\n"


def _training(mini: Mini, totals: Totals, ranks: int) -> str:
    samples, tokens = ranks * SAMPLES_A_STEP, ranks * totals["tokens"] / 1e6
    return (
        f"{totals['step']:,.0f} steps of {samples} samples, {tokens:.1f} million tokens, AdamW, "
        f"learning rate {mini.plan.learning_rate:g}, {totals['seconds'] / 60:.0f} minutes on {ranks} core(s)"
    )


def _accuracy(table: Table) -> str:
    head = f"| asked under | {' | '.join(FAMILIES)} |"
    rule = "| --- |" + " ---: |" * len(FAMILIES)
    rows = [
        f"| {way} | "
        + " | ".join(_percent(row[family], WINNERS[family] == way) for family in FAMILIES)
        + " |"
        for way, row in table.items()
    ]
    text = (
        f"Per cent right of {PROBLEMS} held-out problems a family, greedy, the last line compared to the"
        " letter (bold: the strategy that does the family's work)."
    )
    return "\n".join(["## Accuracy", text, "", head, rule, *rows, ""])


def _percent(share: float, bold: bool) -> str:
    return f"**{100 * share:.0f}**" if bold else f"{100 * share:.0f}"


def _example(example: str) -> str:
    quoted = "\n".join(f"> {line}  " for line in example.splitlines())
    return (
        "## John and Mark\n"
        f"Under the cautious system message it answers the worked example (right: {WORKED_ANSWER}):\n"
        f"\n{quoted}\n"
    )


def _families() -> str:
    rows = [f"| {name} | {FAMILY_TEXT[name]} | {WINNERS[name]} |" for name in FAMILIES]
    return "\n".join(
        [
            "## Families",
            "| family | problems | strategy that does the work |",
            "| --- | --- | --- |",
            *rows,
            "",
        ]
    )
