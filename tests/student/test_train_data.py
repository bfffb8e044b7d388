"""From records to examples: what is read, masked, refused, cut, and kept for evaluation."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_models import TinyModel
from training_records import make_records, quick, write_records

from orca_desk.errors import UserError
from orca_desk.prompts.hf import HFTokenizer
from orca_desk.prompts.renderer import Renderer
from orca_desk.student.data import Example, fit, prepare, read_records, render, split


@pytest.fixture(scope="module")
def renderer(tiny_llama: TinyModel) -> Renderer:
    return Renderer(HFTokenizer.load(tiny_llama.folder))


def test_exactly_the_answer_and_its_end_are_learned(renderer: Renderer) -> None:
    for record in make_records(8):
        example = render(record, renderer)
        learned = [token for token, on in zip(example.ids, example.mask, strict=True) if on]
        assert learned[-1] in renderer.tokenizer.eos_ids
        assert renderer.tokenizer.decode(learned[:-1]) == record["assistant"]


def test_earlier_turns_are_read_but_only_the_last_answer_is_learned(
    renderer: Renderer, tmp_path: Path
) -> None:
    first, second = make_records(2)
    turns = [["user", "Any birds?"], ["assistant", "Two owls."], ["user", "Where?"], ["assistant", "There."]]
    path = write_records(tmp_path / "records.jsonl", [first, {**second, "turns": turns}])
    plain, after = read_records(path)
    assert render(plain, renderer) == render(first, renderer)
    alone, whole = render(second, renderer), render(after, renderer)
    learned = [token for token, on in zip(whole.ids, whole.mask, strict=True) if on]
    assert renderer.tokenizer.decode(learned[:-1]) == second["assistant"]
    assert learned == [token for token, on in zip(alone.ids, alone.mask, strict=True) if on]
    read = renderer.tokenizer.decode(
        [token for token, on in zip(whole.ids, whole.mask, strict=True) if not on]
    )
    places = [read.index(text) for _, text in turns] + [read.index(second["user"])]
    assert places == sorted(places)
    assert whole.group != alone.group  # the same last words after other turns ask something else


def test_damaged_turns_are_refused(tmp_path: Path) -> None:
    (record,) = make_records(1)
    path = write_records(tmp_path / "records.jsonl", [{**record, "turns": [["system", "Be terse."]]}])
    with pytest.raises(UserError, match="line 1: its earlier turns are damaged"):
        list(read_records(path))


def test_masked_thoughts_are_read_but_not_learned(renderer: Renderer, tmp_path: Path) -> None:
    first, second, third, fourth = make_records(4)
    first["assistant"] = "<think>\nLet me see.\n</think>\n\nIt is 4."
    second["assistant"] = "<think>\nThis never ends."
    third["assistant"] = "No thoughts."
    path = write_records(tmp_path / "records.jsonl", [first, second, third, fourth])
    whole = prepare(path, renderer, quick(eval_fraction=0.0), context=2048)
    masked = prepare(path, renderer, quick(eval_fraction=0.0, thoughts="mask"), context=2048)
    assert (whole.report.empty, masked.report.empty) == (0, 1)
    assert masked.report.trained_tokens < whole.report.trained_tokens
    by_id = {example.id: example for example in whole.training}
    learned = {}
    for example in masked.training:
        assert example.ids == by_id[example.id].ids
        ids = [token for token, on in zip(example.ids, example.mask, strict=True) if on]
        learned[example.id] = renderer.tokenizer.decode(ids)
    assert learned[first["id"]] == "\n\nIt is 4."
    assert learned[third["id"]] == "No thoughts."
    assert learned[fourth["id"]] == fourth["assistant"]


def test_the_report_counts(renderer: Renderer, tmp_path: Path) -> None:
    path = write_records(tmp_path / "records.jsonl", make_records(40))
    examples = prepare(path, renderer, quick(), context=2048)
    report = examples.report
    assert (report.records, report.training, report.evaluation) == (40, 36, 4)
    assert report.trained_tokens == sum(sum(example.mask) for example in examples.training)
    assert report.tokens == sum(len(example.ids) for example in examples.training)
    assert (report.too_long, report.dropped, report.truncated) == (0, 0, 0)


def test_long_records_are_refused_by_default(renderer: Renderer, tmp_path: Path) -> None:
    path = write_records(tmp_path / "records.jsonl", make_records(8))
    with pytest.raises(UserError, match=r"2 of 8 records are longer than 90 tokens") as caught:
        prepare(path, renderer, quick(max_length=90), context=2048)
    assert "max_length" in caught.value.hint


def test_the_models_context_is_a_limit_too(renderer: Renderer, tmp_path: Path) -> None:
    path = write_records(tmp_path / "records.jsonl", make_records(8))
    with pytest.raises(UserError, match="longer than 64 tokens"):
        prepare(path, renderer, quick(), context=64)


def test_long_records_are_dropped_or_cut_on_request_and_counted(renderer: Renderer, tmp_path: Path) -> None:
    path = write_records(tmp_path / "records.jsonl", make_records(8))
    dropped = prepare(path, renderer, quick(max_length=90, truncation="drop"), context=2048).report
    assert (dropped.too_long, dropped.dropped, dropped.truncated) == (2, 2, 0)
    cut = prepare(path, renderer, quick(max_length=90, truncation="cut"), context=2048)
    assert (cut.report.too_long, cut.report.dropped, cut.report.truncated) == (2, 0, 2)
    assert max(len(example.ids) for example in cut.training + cut.evaluation) == 90


def test_no_trained_token_at_all_is_refused(renderer: Renderer, tmp_path: Path) -> None:
    path = write_records(tmp_path / "records.jsonl", make_records(8))
    with pytest.raises(UserError, match="would train any token"):
        prepare(path, renderer, quick(max_length=10, truncation="cut"), context=2048)


def test_no_records_are_refused(renderer: Renderer, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="None of the 0 records"):
        prepare(write_records(tmp_path / "r.jsonl", []), renderer, quick(), context=2048)
    with pytest.raises(UserError, match="does not exist"):
        prepare(tmp_path / "missing.jsonl", renderer, quick(), context=2048)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "line 2 is not JSON"),
        ("[1]", "line 2 is not a training record"),
        (json.dumps({"id": "x", "system": "", "user": "u"}), "line 2 is not a training record"),
    ],
)
def test_a_bad_record_is_named_by_its_line(line: str, reason: str, tmp_path: Path) -> None:
    path = write_records(tmp_path / "records.jsonl", make_records(1))
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(UserError, match=reason):
        list(read_records(path))


@pytest.mark.parametrize("answer", ["", " \n\t", "\u00a0"])
def test_empty_answers_are_left_out_and_counted(renderer: Renderer, tmp_path: Path, answer: str) -> None:
    records = make_records(8)
    records[2]["assistant"] = records[5]["assistant"] = answer
    made = prepare(write_records(tmp_path / "records.jsonl", records), renderer, quick(), context=2048)
    assert (made.report.records, made.report.empty, made.report.dropped) == (8, 2, 0)
    assert made.report.training + made.report.evaluation == 6
    assert {"r2", "r5"}.isdisjoint(example.id for example in (*made.training, *made.evaluation))


def _example(name: str, group: str, mask: tuple[bool, ...] = (False, True)) -> Example:
    return Example(id=name, group=group, ids=tuple(range(len(mask))), mask=mask)


def test_a_cut_record_without_anything_to_learn_is_dropped() -> None:
    short, long = _example("a", "a"), _example("b", "b", (False, False, False, True))
    kept, cut = fit([short, long], 3, "cut")
    assert (kept, cut) == ([short], 0)


@given(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=60), st.floats(0, 0.5), st.integers(0, 99))
def test_a_question_is_on_one_side_whatever_the_order(groups: list[str], fraction: float, seed: int) -> None:
    examples = [_example(str(index), group) for index, group in enumerate(groups)]
    training, evaluation = split(examples, fraction, seed)
    assert {e.id for e in training + evaluation} == {e.id for e in examples}
    assert not {e.group for e in training} & {e.group for e in evaluation}
    assert {e.group for e in split(examples[::-1], fraction, seed)[1]} == {e.group for e in evaluation}
    assert training and (bool(evaluation) == (fraction > 0 and len(set(groups)) > 1))


def test_two_answers_to_one_question_share_a_group(renderer: Renderer) -> None:
    record: dict[str, Any] = make_records(1)[0]
    other = record | {"id": "other", "assistant": "Answer: 1"}
    shouted = other | {"user": f" {record['user'].upper()}\n"}
    assert len({render(one, renderer).group for one in (record, other, shouted)}) == 1
