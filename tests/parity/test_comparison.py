from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_models import TinyModel

from orca_desk.parity.accounts import END, Reference, Served, judge
from orca_desk.parity.comparison import compare, make_report, tolerance_for
from orca_desk.parity.report import ParityFinding, ParityReport, report_from_json
from orca_desk.student.convert import write_gguf
from orca_desk.ui.words.outcomes import outcome_text
from orca_desk.ui.words.parity import parity_sentence

ENDS = {0, 3}


def accounts(*, tokens: tuple[int, ...] = (5, END), noise: float = 0.0) -> tuple[Reference, Served]:
    """Two accounts of two prompts whose logits have the standard deviation 1."""
    random = np.random.default_rng(0)
    logits = random.standard_normal((2, 64)).astype(np.float32)
    logits = (logits - logits.mean(-1, keepdims=True)) / logits.std()
    rows = np.zeros((len(tokens), 64), np.float32)
    for row, token in zip(rows, tokens, strict=True):
        row[3 if token == END else token] = 5.0
    prompts = ((1, 2), (1, 2, 4))
    best, gaps = judge(rows, tokens, ENDS)
    reference = Reference(prompts=prompts, best=(best, best), gaps=(gaps, gaps), logits=logits)
    served = Served(prompts=prompts, tokens=(tokens, tokens), logits=logits + np.float32(noise))
    return reference, served


def test_equal_accounts_agree() -> None:
    found = compare(*accounts(), 0.05)
    assert found.agree is True
    assert (found.prompts, found.tokens, found.tokens_equal, found.near_ties) == (2, 4, 4, 0)
    assert found.max_logit_difference == found.divergence == 0.0


@pytest.mark.parametrize(("noise", "agree"), [(0.04, True), (0.06, False)])
def test_logits_must_stay_within_the_tolerance(noise: float, agree: bool) -> None:
    found = compare(*accounts(noise=noise), 0.05)
    assert found.agree is agree
    assert found.relative_difference == pytest.approx(noise, abs=1e-5)


@pytest.mark.parametrize(("gap", "agree"), [(0.04, True), (0.06, False)])
def test_another_token_is_excused_by_a_near_tie_alone(gap: float, agree: bool) -> None:
    reference, served = accounts()
    reference = replace(reference, best=((5, END), (7, END)), gaps=((0.0, 0.0), (gap, 0.0)))
    found = compare(reference, served, 0.05)
    assert (found.agree, found.tokens_equal, found.near_ties) == (agree, 3, int(agree))


def test_other_tokens_of_a_prompt_are_no_agreement() -> None:
    reference, served = accounts()
    found = compare(replace(reference, prompts=((1, 2), (1, 2, 5))), served, None)
    assert found.agree is False
    assert found.prompts_differ == 1


def test_quantised_files_are_not_judged() -> None:
    assert compare(*accounts(noise=3.0), None).agree is None


def test_judge_takes_all_end_tokens_for_one() -> None:
    rows = np.array([[0.0, 1.0, 2.0, 4.0], [3.0, 2.0, 0.0, 1.0], [0.0, 5.0, 4.5, 0.5]], np.float32)
    assert judge(rows, (END, END, END), ENDS) == ((END, END, 1), (0.0, 0.0, 4.5))
    assert judge(rows, (2, 1, 2), ENDS) == ((END, END, 1), (2.0, 1.0, 0.5))


@pytest.mark.parametrize(("effect", "no_op"), [(1e-4, True), (0.01, False)])
def test_an_adapter_must_change_something(effect: float, no_op: bool) -> None:
    base, adapter = accounts(), accounts()
    change = np.zeros_like(base[0].logits)
    change[0, 0] = effect
    adapter = (
        replace(adapter[0], logits=adapter[0].logits + change),
        replace(adapter[1], logits=adapter[1].logits + change),
    )
    found = make_report(base, adapter, 0.05)
    assert found.is_no_op is no_op
    assert found.agree is not no_op
    assert found.effect == pytest.approx(effect, rel=0.1)
    assert found.finding is (ParityFinding.NO_EFFECT_IN_TORCH if no_op else ParityFinding.AGREES)


def test_an_adapter_that_only_one_side_applies_is_a_no_op() -> None:
    base, adapter = accounts(), accounts()
    change = np.eye(2, 64, dtype=np.float32)
    found = make_report(base, (replace(adapter[0], logits=adapter[0].logits + change), adapter[1]), 0.05)
    assert found.is_no_op and found.finding is ParityFinding.NO_EFFECT_IN_LLAMA_CPP
    assert found.agree is False


def reports() -> dict[ParityFinding, ParityReport]:
    """A report for every finding."""
    change = np.eye(2, 64, dtype=np.float32)
    base, (reference, served) = accounts(), accounts()
    reference = replace(reference, logits=reference.logits + change)
    moved = replace(served, logits=served.logits + change)
    others = replace(reference, prompts=((1, 2), (1, 2, 5)))
    worse = replace(moved, logits=moved.logits + 1)
    return {
        ParityFinding.AGREES: make_report(base, (reference, moved), 0.05),
        ParityFinding.QUANTISED: make_report(base, (reference, moved), None),
        ParityFinding.DISAGREES: make_report(base, (reference, worse), 0.05),
        ParityFinding.PROMPTS_DIFFER: make_report(base, (others, moved), 0.05),
        ParityFinding.NO_EFFECT_IN_TORCH: make_report(base, accounts(), 0.05),
        ParityFinding.NO_EFFECT_IN_LLAMA_CPP: make_report(base, (reference, served), 0.05),
    }


def test_every_finding_has_words_and_survives_its_storage() -> None:
    made = reports()
    assert set(made) == set(ParityFinding)
    words = {
        ParityFinding.AGREES: "Check passed: llama.cpp serves what torch trained: 4 of 4 tokens in 2 answers",
        ParityFinding.QUANTISED: "Not checked: the served file is quantised",
        ParityFinding.DISAGREES: "Check failed: llama.cpp does not serve what torch trained: 4 of 4 tokens",
        ParityFinding.PROMPTS_DIFFER: "Check failed: torch and llama.cpp read 1 of 2 prompts as",
        ParityFinding.NO_EFFECT_IN_TORCH: "The adapter changes nothing in torch",
        ParityFinding.NO_EFFECT_IN_LLAMA_CPP: "The adapter changes nothing in llama.cpp",
    }
    for finding, report in made.items():
        assert report.finding is finding
        assert report_from_json(report.to_json()) == report
        assert parity_sentence(report).startswith(words[finding])
        assert outcome_text(report.to_json()) == parity_sentence(report)


@pytest.mark.parametrize(
    "stored", ["", "12 records were written.", "{", "{}", '{"base": 5}', '{"base": {"prompts": 1}}']
)
def test_other_outcomes_stay_as_they_are(stored: str) -> None:
    assert report_from_json(stored) is None
    assert outcome_text(stored) == stored


@given(
    st.lists(st.lists(st.integers(0, 200_000), max_size=5).map(tuple), min_size=1, max_size=4).map(tuple),
    st.lists(st.lists(st.integers(-1, 200_000), max_size=5).map(tuple), min_size=1, max_size=4).map(tuple),
)
def test_accounts_survive_their_files(
    tmp_path_factory: pytest.TempPathFactory,
    prompts: tuple[tuple[int, ...], ...],
    tokens: tuple[tuple[int, ...], ...],
) -> None:
    path = tmp_path_factory.mktemp("account") / "served.npz"
    served = Served(prompts=prompts, tokens=tokens, logits=np.ones((len(prompts), 7), np.float32))
    served.save(path)
    again = Served.load(path)
    assert (again.prompts, again.tokens) == (prompts, tokens)
    np.testing.assert_array_equal(again.logits, served.logits)


def test_tolerance_follows_the_coarsest_type(tmp_path: Path, tiny_qwen: TinyModel) -> None:
    found = {}
    for dtype in ("f32", "f16", "bf16", "q8_0"):
        write_gguf(tiny_qwen.folder, tmp_path / f"{dtype}.gguf", dtype=dtype)
        found[dtype] = tolerance_for(tmp_path / f"{dtype}.gguf")
    assert found == {"f32": 0.05, "f16": 0.1, "bf16": 0.3, "q8_0": None}
