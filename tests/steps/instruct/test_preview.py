"""What a teacher would be sent and would answer, before a whole run."""

import pytest
from doubles import SHORT, open_small, small_tasks

from orca_desk.errors import UserError
from orca_desk.library.records import count_records, get_record
from orca_desk.library.runs import list_runs
from orca_desk.library.strategies import get_strategy
from orca_desk.library.tasks import TaskFilter, add_tasks
from orca_desk.method.records import Sampling, Task
from orca_desk.processes.asking import Runner
from orca_desk.prompts.hf import HFTokenizer
from orca_desk.prompts.messages import Message
from orca_desk.prompts.renderer import Renderer
from orca_desk.steps.instruct.generate import generate
from orca_desk.steps.instruct.preview import preview, workload
from orca_desk.steps.instruct.prompt_preview import PromptViewer
from orca_desk.steps.pair.tournament import tournament
from orca_desk.steps.teaching import Arrival

TRAIN = TaskFilter(split="train")


@pytest.fixture
def library(tmp_path):
    with open_small(tmp_path / "library") as library:
        yield library


@pytest.fixture
def teacher(tiny_llama):
    return Runner(model=tiny_llama.gguf, threads=1, context=512)


def test_a_prompt_is_shown_as_the_renderer_makes_it(tiny_llama):
    with PromptViewer() as viewer:
        shown = viewer.show(tiny_llama.gguf, "Be short.", "Where is <|im_end|>?")
        again = viewer.show(tiny_llama.gguf, "", "Where is John?")
    ids = Renderer(HFTokenizer.load(tiny_llama.folder)).prompt(
        [Message("system", "Be short."), Message("user", "Where is <|im_end|>?")]
    )
    assert shown.tokens == len(ids.ids)
    assert [part.role for part in shown.parts] == ["control", "system", "control", "user", "control"]
    assert shown.parts[0].text == "<|im_start|>system\n"
    assert shown.parts[3].text == "Where is <|im_end|>?"
    assert shown.tokens_of("system", "user") < shown.tokens
    assert shown.tokens_of("user") > 6  # the name of a control token in a text is read letter by letter
    assert "system" not in [part.role for part in again.parts]


def test_what_is_no_model_is_refused_and_the_viewer_goes_on(tiny_llama, tmp_path):
    (tmp_path / "no.gguf").write_bytes(b"no model")
    with PromptViewer() as viewer:
        with pytest.raises(UserError, match="GGUF"):
            viewer.show(tmp_path / "no.gguf", "", "x")
        assert viewer.show(tiny_llama.gguf, "", "x").tokens
    with pytest.raises(UserError, match="closed"):
        viewer.show(tiny_llama.gguf, "", "x")


def test_five_answers_are_graded_and_not_kept(library, teacher):
    told = []
    made = preview(library, teacher, TRAIN, sampling=SHORT, on_answer=told.append)
    assert len(made.answers) == 5 and tuple(told) == made.answers and not made.failed
    for each in made.answers:
        assert each.task.split == "train" and each.answer.record.task_id == each.task.id
        assert (
            each.strategy.name == {"belief": "recall-then-generate", "sums": "step-by-step"}[each.task.family]
        )
        assert each.answer.verdict is not None and each.seconds > 0
    assert count_records(library) == 0 and list_runs(library) == []
    estimate = made.time_for(1000)
    assert estimate and 0 < estimate.low <= estimate.seconds <= estimate.high
    assert estimate.seconds == pytest.approx(1000 * _mean(made) / made.rate)


def test_what_cannot_be_answered_in_a_preview_says_why(library, teacher):
    add_tasks(library, [Task(family="long", query="box " * 2000, strategy="direct")])
    made = preview(library, teacher, TaskFilter(family="long"), sampling=SHORT)
    assert not made.answers and "context" in made.failed[0][1] and made.time_for(1) is None
    with pytest.raises(UserError, match="no tasks"):
        preview(library, teacher, TaskFilter(family="none"), sampling=SHORT)


def test_the_outlook_counts_what_is_missing(library, teacher):
    def look(sampling=SHORT, samples=1, wanted=TRAIN, strategy=None):
        return workload(library, teacher, wanted, strategy=strategy, samples=samples, sampling=sampling)

    assert (look().tasks, look().answers, look().known) == (32, 32, 0)
    train = [task for task in small_tasks() if task.split == "train"]
    generate(library, teacher, train[:4], sampling=SHORT)
    assert (look().known, look().missing) == (4, 28)
    assert look(sampling=Sampling(max_tokens=9)).known == 0
    assert look(samples=2).missing == 60
    assert look(wanted=TaskFilter(split="train", limit=3)).missing == 0
    add_tasks(
        library, [Task(family="new", query="Why?"), Task(family="own", query="Why?", strategy="direct")]
    )
    assert look().unpaired == ("new",)
    assert look(strategy="direct").unpaired == ()


def test_a_restored_library_does_not_say_that_nothing_is_answered(library, teacher):
    generate(library, teacher, small_tasks(3), sampling=SHORT)
    (library.folder / "model-hashes.json").unlink()  # no backup has it
    look = workload(library, teacher, TRAIN, strategy=None, samples=1, sampling=SHORT)
    assert (look.answers, look.known) == (32, None)


def test_records_are_told_of_once_they_are_stored(library, teacher):
    arrived: list[Arrival] = []

    def receive(arrival: Arrival) -> None:
        for new in arrival.records:
            assert get_record(library, new.record.id).run == arrival.run
        arrived.append(arrival)

    long = Task(family="sums", query="box " * 2000)
    add_tasks(library, [long])
    made = generate(library, teacher, [*small_tasks(3), long], sampling=SHORT, on_arrival=receive)
    assert sum(len(arrival.records) for arrival in arrived) == made.new == 6
    assert [(asked.task.id, bool(why)) for each in arrived for asked, why in each.failed] == [(long.id, True)]
    arrived.clear()
    tournament(library, teacher, families=["belief"], strategies=["direct"], per_family=2, sampling=SHORT,
          on_arrival=receive)  # fmt: skip
    assert {new.record.strategy for each in arrived for new in each.records} == {"direct"}
    assert get_strategy(library, "direct").version == 1


def _mean(made) -> float:
    lengths = [each.answer.record.provenance.completion_tokens for each in made.answers]
    return sum(lengths) / len(lengths)
