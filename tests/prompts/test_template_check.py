"""What is found out about a chat template before it is used."""

import json
import re
from pathlib import Path

import pytest
from chat_templates import ALPACA, DEEPSEEK_R1, GEMMA, MISTRAL, QWEN3, SMOLLM2, THINKING
from tiny_models import CHATML, TinyModel, make_tiny

from orca_desk.errors import UserError
from orca_desk.inventory.template_report import report_template
from orca_desk.prompts.hf import HFTokenizer
from orca_desk.prompts.renderer import Renderer
from orca_desk.prompts.switches import split_switches, with_switches
from orca_desk.prompts.template_check import TemplateCheck, check_template, first_difference
from orca_desk.ui.words.templates import findings_of, switch_choices, whose


def check(tiny: TinyModel, template: str) -> TemplateCheck:
    return check_template(Renderer(HFTokenizer.load(tiny.folder, template=template)))


def test_a_usual_template(tiny_llama: TinyModel) -> None:
    found = check(tiny_llama, CHATML)
    assert (found.end, found.stops, found.own_system, found.injected) == ("<|im_end|>", (), False, ())
    assert (found.multi_turn, found.thoughts, found.switches, found.remarks) == (True, "none", (), ())
    assert [span.role for span in found.preview if span.role != "control"] == [
        "system",
        "user",
        "assistant",
        "user",
    ]
    assert TemplateCheck.from_json(json.loads(json.dumps(found.to_json()))) == found


def test_what_a_template_lacks_or_adds(tiny_llama: TinyModel) -> None:
    assert check(tiny_llama, ALPACA).stops == ("### Instruction:",)
    assert check(tiny_llama, ALPACA).end == ""
    assert check(tiny_llama, GEMMA).remarks == ("system_in_user",)
    assert check(tiny_llama, SMOLLM2).own_system
    assert check(tiny_llama, THINKING).thoughts == "dropped"
    assert check(tiny_llama, QWEN3).switches == ("enable_thinking",)
    assert check(tiny_llama, DEEPSEEK_R1).remarks == ("opens_thoughts",)
    assert check(tiny_llama, "{{ pad_token }}" + CHATML).unset == ("pad_token",)
    once = "{% if messages|length > 2 %}{{ raise_exception('one question') }}{% endif %}" + CHATML
    assert not check(tiny_llama, once).multi_turn
    assert check(tiny_llama, MISTRAL).multi_turn


def test_the_first_difference_is_shown(tiny_llama: TinyModel) -> None:
    own, other = check(tiny_llama, CHATML), check(tiny_llama, CHATML.replace("\\n'", "\\t'"))
    found = first_difference(own, other)
    assert found is not None
    assert found[0].startswith("<|im_start|>system\n"[-13:-1])
    assert found[1][:12] == found[0][:12]
    assert found[0] != found[1]
    assert first_difference(own, own) is None


@pytest.mark.parametrize("kind", ["gguf", "folder"])
def test_a_report_in_a_worker(tiny_llama: TinyModel, kind: str) -> None:
    model: Path = getattr(tiny_llama, kind)
    own = report_template(model)
    assert own.own
    assert own.check is not None
    same = report_template(model, "{# mine #}" + CHATML, earlier=own)
    assert (same.own, same.difference) == (False, None)
    assert "the same as with the model's own" in findings_of(same)[-1].text
    switched = report_template(model, with_switches(CHATML, {"thinking": "true"}), earlier=own)
    assert switched.switched
    assert whose(switched) == "The model's own template, with a switch set by you"
    broken = report_template(model, "{% for %}", earlier=own)
    assert broken.check is None
    assert broken.problem.startswith("The model's chat template cannot run: TemplateSyntaxError")
    assert broken.hint == "Correct the template, or use the model's own."
    assert [one.tone for one in findings_of(broken)] == ["bad"]


def test_a_bomb_ends_in_a_sentence(tiny_llama: TinyModel) -> None:
    bomb = "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}"
    report = report_template(tiny_llama.folder, bomb + CHATML)
    assert re.search("exceeded its time or memory|runs forever", report.problem)


def test_a_model_without_a_template(tmp_path: Path) -> None:
    made = make_tiny(tmp_path, template="")
    report = report_template(made.gguf)
    assert (report.problem, report.check) == ("The model has no chat template.", None)
    given = report_template(made.gguf, CHATML)
    assert given.check is not None
    assert given.check.end == "<|im_end|>"
    with pytest.raises(UserError):
        report_template(tmp_path / "gone.gguf")


def test_switches_stand_before_the_template() -> None:
    source = "{% set x = true %}\n" + CHATML
    assert split_switches(source) == ({}, source)  # the template's own variable
    once = with_switches(source, {"thinking": "true", "enable_thinking": "false"})
    assert with_switches(once, {"thinking": "false"}) == "{% set thinking = false %}\n" + source
    assert with_switches(once, {}) == source
    assert switch_choices("reasoning_effort")[1:] == [
        ("Low", '"low"'),
        ("Medium", '"medium"'),
        ("High", '"high"'),
    ]
