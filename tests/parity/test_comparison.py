import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_models import TinyModel

from orca_desk.errors import UserError
from orca_desk.parity.accounts import END, Judged, Reference, Served, judge
from orca_desk.parity.comparison import compare
from orca_desk.parity.limits import LIMITS, is_quantised, limits_for
from orca_desk.parity.table import (
    FirstDifference,
    GateFinding,
    GateRow,
    GateTable,
    WeightCheck,
    table_from_json,
)
from orca_desk.steps.train.refusal import require_passed
from orca_desk.student.convert import write_gguf
from orca_desk.ui.words.outcomes import outcome_text
from orca_desk.ui.words.parity import gate_sentence

ENDS = {0, 3}
PROMPTS = ((1, 2), (1, 2, 4))
PROBES = ((7, 8), (1, 7), (), (1, 7, 3))
FINE = WeightCheck(
    tensor="blk.0.attn_q.weight",
    rounding=0.0,
    limit=1e-5,
    strength=1.0,
    layer="blk.0.attn_q.weight",
    layer_strength=1.0,
    layer_beyond=0.0,
)


def accounts(
    *, tokens: tuple[int, ...] = (5, END), noise: float = 0.0, strength: float = 1.0, alone: bool = False
) -> tuple[Reference, Served, list[Judged]]:
    """Two accounts of two prompts, whose base logits have the standard deviation 1 and an adapter's effect.

    `alone` is a file of the adapter alone, which has logits without it too.
    """
    random = np.random.default_rng(0)
    base = random.standard_normal((2, 64)).astype(np.float32)
    base = (base - base.mean(-1, keepdims=True)) / base.std()
    effect = random.standard_normal((2, 64)).astype(np.float32) * 0.5
    shown = base + np.float32(strength) * effect + np.float32(noise)
    rows = np.zeros((len(tokens), 64), np.float32)
    for row, token in zip(rows, tokens, strict=True):
        row[3 if token == END else token] = 5.0
    reference = Reference(prompts=PROMPTS, probes=PROBES, end=3, logits=base + effect, base_logits=base)
    served = Served(
        prompts=PROMPTS,
        probes=PROBES,
        tokens=(tokens, tokens),
        ends=(0, 3),
        logits=shown,
        base_logits=base if alone else base[:0],
    )
    return reference, served, [judge(rows, tokens, ENDS)] * 2


def row_of(
    reference: Reference,
    served: Served,
    judged: list[Judged],
    kind: str = "F32",
    weights: WeightCheck | None = None,
) -> GateRow:
    """The row of a whole file, or of an adapter alone where that was served without it too."""
    if weights is None and not len(served.base_logits):
        weights = FINE
    return compare(
        reference,
        served,
        judged,
        label="merged",
        limits=LIMITS[kind],
        quantised=kind not in ("F32", "F16", "BF16"),
        weights=weights,
    )


def test_equal_accounts_pass() -> None:
    for alone in (False, True):
        found = row_of(*accounts(alone=alone))
        assert found.passed and found.first_difference is None
        assert (found.prompts, found.tokens, found.tokens_equal, found.near_ties) == (2, 4, 4, 0)
        assert (found.ends, found.ends_expected) == (2, 2)
        assert found.largest == found.typical == found.divergence == 0.0
        assert found.strength == pytest.approx(1.0)
        assert found.base_largest == (0.0 if alone else None)


@pytest.mark.parametrize(("noise", "passed"), [(0.009, True), (0.06, False)])
def test_logits_must_stay_within_the_limit(noise: float, passed: bool) -> None:
    found = row_of(*accounts(noise=noise))
    assert found.passed is passed
    assert found.largest == pytest.approx(noise, abs=1e-5)
    assert found.finding is (GateFinding.PASSED if passed else GateFinding.DIFFERS)
    if not passed:
        assert found.first_difference is not None and found.first_difference.where == "logits"


@pytest.mark.parametrize(("gap", "passed"), [(0.04, True), (0.06, False), (float("nan"), False)])
def test_another_token_is_excused_by_a_near_tie_alone(gap: float, passed: bool) -> None:
    reference, served, judged = accounts()
    judged[1] = Judged(best=(7, END), gaps=(gap, 0.0))
    found = row_of(reference, served, judged)
    assert (found.passed, found.tokens_equal, found.near_ties) == (passed, 3, int(passed))
    if not passed:
        where = found.first_difference
        assert where is not None
        assert (where.where, where.prompt, where.place, where.expected, where.got) == (
            "answer",
            2,
            1,
            "7",
            "5",
        )


def test_other_tokens_of_a_prompt_fail_whatever_the_limits() -> None:
    reference, served, judged = accounts()
    for changed in (
        replace(reference, prompts=((1, 2), (1, 2, 5))),
        replace(reference, probes=((7, 9), *PROBES[1:])),
    ):
        found = row_of(changed, served, judged, "4 bits")
        assert found.finding is GateFinding.PROMPTS_DIFFER and found.prompts_differ
        assert found.first_difference is not None and found.first_difference.where == "prompt"


def test_a_file_with_another_vocabulary_fails() -> None:
    reference, served, judged = accounts()
    found = row_of(reference, replace(served, logits=served.logits[:, :60]), judged)
    assert found.finding is GateFinding.VOCABULARY_DIFFERS


def test_a_file_that_does_not_know_the_end_of_an_answer_fails() -> None:
    reference, served, judged = accounts()
    assert row_of(reference, replace(served, ends=(0,)), judged).finding is GateFinding.END_UNKNOWN


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_logits_that_are_no_numbers_fail(value: float) -> None:
    reference, served, judged = accounts()
    broken = served.logits.copy()
    broken[1, 3] = value
    found = row_of(reference, replace(served, logits=broken), judged)
    assert found.finding is GateFinding.NO_NUMBERS
    assert table_from_json(GateTable(rows=(found,)).to_json()) == GateTable(rows=(found,))


@pytest.mark.parametrize("kind", LIMITS)
@pytest.mark.parametrize(
    ("strength", "finding"),
    [(0.0, GateFinding.NO_EFFECT_IN_LLAMA_CPP), (1.2, GateFinding.WRONG_STRENGTH)],
)
def test_an_adapter_that_is_missing_or_too_strong_fails_in_every_format(
    kind: str, strength: float, finding: GateFinding
) -> None:
    assert row_of(*accounts(strength=strength, alone=True), kind).finding is finding
    assert row_of(*accounts(), kind, replace(FINE, strength=strength)).finding is finding


def test_a_layer_without_its_adapter_and_a_tensor_that_is_not_rounded_fail() -> None:
    layer = replace(FINE, layer="blk.1.ffn_up.weight", layer_strength=0.0, layer_beyond=0.9)
    assert row_of(*accounts(), weights=layer).finding is GateFinding.WRONG_STRENGTH
    for rounding in (1.0, None):
        found = row_of(*accounts(), "4 bits", replace(FINE, rounding=rounding))
        assert found.finding is GateFinding.WEIGHTS_DIFFER


def test_weights_that_are_rounded_again_may_hold_another_share_of_the_adapter() -> None:
    """The adapter can be finer than the steps between the base's own weights."""
    lost = replace(FINE, strength=0.7, layer_strength=0.0, layer_beyond=0.9)
    again = replace(lost, rounded_base=True)
    assert row_of(*accounts(), "4 bits", lost).finding is GateFinding.WRONG_STRENGTH
    assert row_of(*accounts(), "F16", again).finding is GateFinding.WRONG_STRENGTH
    found = row_of(*accounts(strength=0.9), "4 bits", again)
    assert found.passed and found.rounds_again
    assert found.shown == pytest.approx(0.9)
    gone = row_of(*accounts(strength=0.1), "4 bits", replace(again, strength=0.2))
    assert gone.finding is GateFinding.NO_EFFECT_IN_LLAMA_CPP
    doubled = row_of(*accounts(strength=1.8), "4 bits", replace(again, strength=1.7))
    assert doubled.finding is GateFinding.WRONG_STRENGTH


def test_an_adapter_that_changes_nothing_fails() -> None:
    reference, served, judged = accounts()
    nothing = replace(reference, logits=reference.base_logits)
    found = row_of(nothing, replace(served, logits=reference.base_logits), judged)
    assert found.finding is GateFinding.NO_EFFECT_IN_TORCH


def test_another_base_is_named_as_the_cause() -> None:
    reference, served, judged = accounts(alone=True)
    other = replace(served, base_logits=served.base_logits + 1, logits=served.logits + 1)
    assert row_of(reference, other, judged).finding is GateFinding.BASE_DIFFERS


def test_judge_takes_all_end_tokens_for_one() -> None:
    rows = np.array([[0.0, 1.0, 2.0, 4.0], [3.0, 2.0, 0.0, 1.0], [0.0, 5.0, 4.5, 0.5]], np.float32)
    assert judge(rows, (END, END, END), ENDS) == Judged(best=(END, END, 1), gaps=(0.0, 0.0, 4.5))
    assert judge(rows, (2, 1, 2), ENDS) == Judged(best=(END, END, 1), gaps=(2.0, 1.0, 0.5))


def test_an_answer_that_goes_on_after_its_end_is_no_near_tie() -> None:
    rows = np.array([[0.0, 1.0, 2.0, 4.0]], np.float32)
    assert judge(rows, (3,), ENDS) == Judged(best=(END,), gaps=(float("inf"),))


def findings() -> dict[GateFinding, GateRow]:
    """A row for every finding."""
    fine = row_of(*accounts(alone=True))
    return {
        GateFinding.PROMPTS_DIFFER: replace(fine, prompts_differ=1),
        GateFinding.VOCABULARY_DIFFERS: replace(fine, vocabulary_differs=True),
        GateFinding.END_UNKNOWN: replace(fine, end_known=False),
        GateFinding.NO_NUMBERS: replace(fine, largest=None),
        GateFinding.NO_EFFECT_IN_TORCH: replace(fine, effect=0.0),
        GateFinding.BASE_DIFFERS: replace(fine, base_largest=1.0),
        GateFinding.NO_EFFECT_IN_LLAMA_CPP: replace(fine, strength=0.0),
        GateFinding.WEIGHTS_DIFFER: replace(fine, weights=replace(FINE, rounding=1.0)),
        GateFinding.WRONG_STRENGTH: replace(fine, strength=1.2),
        GateFinding.DIFFERS: row_of(*accounts(noise=0.5)),
        GateFinding.PASSED: fine,
    }


def test_every_finding_has_words_and_survives_its_storage() -> None:
    made = findings()
    assert set(made) == set(GateFinding)
    words = {
        GateFinding.PROMPTS_DIFFER: "Check failed: torch and llama.cpp read 1 of 2 prompts as",
        GateFinding.VOCABULARY_DIFFERS: "Check failed: the file does not have as many tokens",
        GateFinding.END_UNKNOWN: "Check failed: llama.cpp would not stop",
        GateFinding.NO_NUMBERS: "Check failed: the student computes infinite or undefined numbers",
        GateFinding.NO_EFFECT_IN_TORCH: "Check failed: the adapter changes nothing in torch",
        GateFinding.BASE_DIFFERS: "Check failed: already without the adapter",
        GateFinding.NO_EFFECT_IN_LLAMA_CPP: "Check failed: the file does not hold the adapter: 0%",
        GateFinding.WEIGHTS_DIFFER: "Check failed: the weights are not those that were trained: blk.0",
        GateFinding.WRONG_STRENGTH: "Check failed: the adapter is not in the file at its strength: 120%",
        GateFinding.DIFFERS: "Check failed: llama.cpp does not serve what was trained: 4 of 4 tokens",
        GateFinding.PASSED: "Check passed: llama.cpp serves what was trained: 4 of 4 tokens in 2 answers",
    }
    for finding, row in made.items():
        table = GateTable(rows=(row,))
        assert row.finding is finding
        assert table_from_json(table.to_json()) == table
        assert gate_sentence(table).startswith(words[finding])
        assert outcome_text(table.to_json()) == gate_sentence(table)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (
            FirstDifference(where="answer", prompt=3, place=7, expected="\n", got="x" * 99),
            f"prompt 3, token 7 of the answer: '\\n' in torch, '{'x' * 29}…' in llama.cpp",
        ),
        (
            FirstDifference(where="prompt", prompt=0, place=1, expected="", got="b"),
            "a test text, token 1: nothing in torch, 'b' in llama.cpp",
        ),
        (
            FirstDifference(where="logits", prompt=2, place=1, expected="1.5", got="-2", token=" "),
            "prompt 2, logit of ' ': 1.5 in torch, -2 in llama.cpp",
        ),
    ],
)
def test_the_first_difference_in_words(found: FirstDifference, words: str) -> None:
    assert str(found) == words
    row = replace(findings()[GateFinding.DIFFERS], first_difference=found)
    assert words in gate_sentence(GateTable(rows=(row,)))
    with pytest.raises(UserError, match=re.escape(f"First difference: {words}. So the adapter is not used.")):
        require_passed(GateTable(rows=(row,)))


def test_a_table_of_several_files_names_those_that_failed() -> None:
    made = findings()
    fine, bad = made[GateFinding.PASSED], replace(made[GateFinding.DIFFERS], label="Q4_K_M")
    assert gate_sentence(GateTable(rows=(fine, fine))).startswith("Check passed: all 2 files")
    table = GateTable(rows=(fine, bad))
    assert (table.passed, table.failed) == (False, (bad,))
    assert gate_sentence(table).startswith("Check failed for 1 of 2 files. Q4_K_M: llama.cpp does not")
    assert not GateTable(rows=()).passed


@pytest.mark.parametrize(
    "stored", ["", "12 records were written.", "{", "{}", '{"gate": 5}', '{"gate": {"rows": [{"label": 1}]}}']
)
def test_other_outcomes_stay_as_they_are(stored: str) -> None:
    assert table_from_json(stored) is None
    assert outcome_text(stored) == stored


@pytest.mark.parametrize(
    ("agree", "says"), [("true", "Check passed"), ("false", "Check failed"), ("null", "Not checked")]
)
def test_what_an_earlier_version_stored_is_still_worded(agree: str, says: str) -> None:
    stored = (
        '{"base": {"prompts": 50}, "adapter": {"prompts": 50, "tokens": 1600, "tokens_equal": 1599}, '
        f'"effect": 0.5, "agree": {agree}}}'
    )
    assert outcome_text(stored).startswith(says)
    assert "1,599 of 1,600 tokens in 50 answers" in outcome_text(stored)


@settings(deadline=None)  # it writes files
@given(
    st.lists(st.lists(st.integers(0, 200_000), max_size=5).map(tuple), min_size=1, max_size=4).map(tuple),
    st.lists(st.lists(st.integers(-1, 200_000), max_size=5).map(tuple), min_size=1, max_size=4).map(tuple),
    st.lists(st.integers(0, 200_000), max_size=3).map(tuple),
)
def test_accounts_survive_their_files(
    tmp_path_factory: pytest.TempPathFactory,
    prompts: tuple[tuple[int, ...], ...],
    tokens: tuple[tuple[int, ...], ...],
    ends: tuple[int, ...],
) -> None:
    path = tmp_path_factory.mktemp("account") / "served.npz"
    logits = np.ones((len(prompts), 7), np.float32)
    served = Served(
        prompts=prompts, probes=((), (3,)), tokens=tokens, ends=ends, logits=logits, base_logits=logits[:0]
    )
    served.save(path)
    again = Served.load(path)
    assert (again.prompts, again.probes, again.tokens, again.ends) == (prompts, ((), (3,)), tokens, ends)
    np.testing.assert_array_equal(again.logits, logits)
    assert again.base_logits.shape == (0, 7)


def test_limits_follow_the_coarsest_type(tmp_path: Path, tiny_qwen: TinyModel) -> None:
    found = {}
    for dtype in ("f32", "f16", "bf16", "q8_0"):
        write_gguf(tiny_qwen.folder, tmp_path / f"{dtype}.gguf", dtype=dtype)
        found[dtype] = limits_for(tmp_path / f"{dtype}.gguf").kind
        assert is_quantised(tmp_path / f"{dtype}.gguf") is (dtype == "q8_0")
    assert found == {"f32": "F32", "f16": "F16", "bf16": "BF16", "q8_0": "8 bits"}
