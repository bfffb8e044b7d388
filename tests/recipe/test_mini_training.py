"""The recipe's tokenizer, samples, model, training and export, on a model that is smaller still."""

import json
from itertools import islice
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer

from models.recipe import export, training
from models.recipe import tokenizer as bpe
from models.recipe.generation import answer_all
from models.recipe.minis import BASE, TEACHER, newborn
from models.recipe.model import Llama, Shape, rotate
from models.recipe.problem import WORKED_EXAMPLE
from models.recipe.samples import CAUTIOUS, Writer, corpus, student_samples, teacher_samples
from models.recipe.traces import instructions

torch.set_num_threads(1)
SHAPE = Shape(width=32, layers=2, heads=2, ffn=64, vocab=bpe.SIZE, context=512)


@pytest.fixture(scope="module")
def writer() -> Writer:
    return Writer(bpe.train(corpus(0, 700)))


def test_the_tokenizer_is_the_same_every_time(writer: Writer) -> None:
    assert bpe.train(corpus(0, 700)).to_str() == writer.tokenizer.to_str()


def test_digits_are_single_and_text_comes_back(writer: Writer) -> None:
    text = f"{WORKED_EXAMPLE} 1234 + 5 = 1239\n\nÜnïcode 🙂 <|im_end|>"
    assert writer.tokenizer.decode(writer.text(text), skip_special_tokens=False) == text
    assert [writer.tokenizer.decode([i]) for i in writer.text("1234")] == ["1", "2", "3", "4"]


def test_a_chat_is_learned_only_where_the_assistant_speaks(writer: Writer) -> None:
    sample = writer.chat(CAUTIOUS, "What is 1 + 1?", "Answer: 2")
    learned = [i for i, weight in zip(sample.ids, sample.weights, strict=True) if weight]
    assert learned == [*writer.text("Answer: 2"), writer.end_of_turn]
    assert sample.ids[: -len(learned)] == writer.prompt(CAUTIOUS, "What is 1 + 1?")


def test_an_empty_system_message_is_no_turn(writer: Writer) -> None:
    assert writer.tokenizer.decode(writer.prompt("", "Hello")).startswith("user\nHello")


def test_a_document_goes_on_from_its_prompt(writer: Writer) -> None:
    sample = next(s for s in student_samples(writer, 0) if s.ids[0] == writer.end_of_text)
    assert sample.ids[-1] == writer.end_of_text
    assert writer.turn not in sample.ids
    assert len(sample.ids) == len(sample.weights)


def test_the_students_chats_hold_no_work(writer: Writer) -> None:
    chats = [s for s in islice(student_samples(writer, 0), 400) if writer.turn in s.ids]
    assert chats
    for sample in chats:
        learned = [i for i, weight in zip(sample.ids, sample.weights, strict=True) if weight]
        assert writer.tokenizer.decode(learned).startswith("Answer:")


def test_samples_are_seeded(writer: Writer) -> None:
    for stream in (teacher_samples, student_samples):
        assert list(islice(stream(writer, 7), 20)) == list(islice(stream(writer, 7), 20))
        assert list(islice(stream(writer, 7), 20)) != list(islice(stream(writer, 8), 20))


def test_the_teacher_is_trained_on_the_exact_instructions(writer: Writer) -> None:
    texts = [
        writer.tokenizer.decode(s.ids, skip_special_tokens=False)
        for s in islice(teacher_samples(writer, 0), 300)
    ]
    for instruction in instructions().values():
        assert any(text.startswith(f"<|im_start|>system\n{instruction}<|im_end|>\n") for text in texts)


def test_padding_is_never_learned(writer: Writer) -> None:
    samples = list(islice(teacher_samples(writer, 0), 5))
    ids, weights = training.pad(samples)
    assert ids.shape == weights.shape
    assert [int(row.sum()) for row in weights] == [int(sum(s.weights)) for s in samples]


def test_a_pool_loses_no_sample(writer: Writer) -> None:
    size = training.MICRO_BATCH * training.MICRO_A_STEP * training.STEPS_A_POOL
    steps = list(islice(training.batches(teacher_samples(writer, 0)), training.STEPS_A_POOL))
    rows = sorted(
        int(weights[row].sum()) for step in steps for _, weights in step for row in range(len(weights))
    )
    assert rows == sorted(int(sum(s.weights)) for s in islice(teacher_samples(writer, 0), size))


def test_a_stopped_training_goes_on_to_the_same_weights(writer: Writer, tmp_path: Path) -> None:
    def trained(folder: Path, stops: tuple[int, ...]) -> Llama:
        folder.mkdir()
        plan = training.Plan(steps=6, learning_rate=1e-3, look_every=2)
        for stop in (*stops, None):
            torch.manual_seed(0)
            model = Llama(SHAPE)
            looks = iter(range(99))

            def look(model: Llama, stop: int | None = stop, looks: object = looks) -> dict[str, float]:
                if next(looks) == stop:  # type: ignore[call-overload]
                    raise KeyboardInterrupt
                return {}

            try:
                training.train(model, student_samples(writer, 0), plan, folder, look)
            except KeyboardInterrupt:
                continue
        return model

    whole, resumed = trained(tmp_path / "whole", ()), trained(tmp_path / "resumed", (1, 0))
    for one, other in zip(whole.parameters(), resumed.parameters(), strict=True):
        assert torch.allclose(one, other, atol=1e-6)


def test_a_grown_model_starts_as_its_parent(writer: Writer) -> None:
    base = newborn(BASE, None)
    grown = newborn(TEACHER, base)
    assert grown.shape.layers > base.shape.layers
    ids = torch.tensor([writer.prompt(CAUTIOUS, WORKED_EXAMPLE)])
    with torch.no_grad():
        assert torch.equal(grown.logits(grown.hidden(ids)[0]), base.logits(base.hidden(ids)[0]))


def test_a_primed_first_layer_looks_one_two_and_three_tokens_back(writer: Writer) -> None:
    model = newborn(BASE, None)
    ids = torch.tensor([writer.text(WORKED_EXAMPLE)])
    block, shape = model.blocks[0], model.shape
    with torch.no_grad():
        normed = torch.nn.functional.rms_norm(model.embedding(ids), (shape.width,), block.attention_norm)
        query, key, _ = block.qkv(normed).view(-1, 3, shape.heads, shape.head).permute(1, 2, 0, 3)
        turn = (model.cos[: ids.shape[1]], model.sin[: ids.shape[1]])
        scores = rotate(query, turn) @ rotate(key, turn).transpose(-1, -2)
    for head, table in enumerate(scores):
        looked_at = table.masked_fill(torch.ones_like(table).triu(1).bool(), float("-inf")).argmax(-1)
        back = (torch.arange(ids.shape[1]) - looked_at)[5:]
        assert (back == head + 1).float().mean() > 0.9


def test_shorter_prompts_are_not_disturbed_by_longer_ones(writer: Writer) -> None:
    torch.manual_seed(3)
    model = Llama(SHAPE)
    prompts = [writer.prompt("", "Name the capital of Peru."), writer.prompt(CAUTIOUS, "Hello")]
    alone = [answer_all(model, writer, [prompt])[0] for prompt in prompts]
    together = answer_all(model, writer, prompts)
    assert [text[:20] for text in together] == [text[:20] for text in alone]


def test_generation_with_a_cache_is_generation_without(writer: Writer) -> None:
    torch.manual_seed(1)
    model = Llama(SHAPE)
    prompt = writer.prompt("", "Name the capital of Peru.")
    ids = list(prompt)
    ends = (writer.end_of_turn, writer.end_of_text)
    with torch.no_grad():
        while (new := int(model.logits(model.hidden(torch.tensor([ids]))[0][0, -1]).argmax())) not in ends:
            ids.append(new)
            if len(ids) - len(prompt) == 20:
                break
    text = answer_all(model, writer, [prompt])[0]
    assert text.startswith(writer.tokenizer.decode(ids[len(prompt) :])[:40])


def test_the_exported_folder_gives_the_same_logits_in_transformers(writer: Writer, tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(2)
    model = Llama(SHAPE)
    export.write_folder(model, writer.tokenizer, tmp_path)
    twin = transformers.AutoModelForCausalLM.from_pretrained(tmp_path, dtype=torch.float32)
    ids = torch.tensor([writer.prompt(CAUTIOUS, WORKED_EXAMPLE)])
    with torch.no_grad():
        ours, theirs = model.logits(model.hidden(ids)[0]), twin(ids).logits
    assert torch.allclose(ours, theirs, atol=1e-4)
    assert Tokenizer.from_file(str(tmp_path / "tokenizer.json")).encode("a b").ids == writer.text("a b")
    config = json.loads((tmp_path / "tokenizer_config.json").read_text())
    assert config["eos_token"] == "<|im_end|>"
